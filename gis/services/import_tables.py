"""Read the small tables of an office: code tables, and coverage."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from gis.domain.rights import Actor
from gis.domain.risk.rollup import BEYOND
from gis.errors import InvalidDataError
from gis.files.tables import read_table
from gis.services import access, changes
from gis.services.describe import DEMONSTRATION_NOTICE
from gis.storage import areas, codes, register
from gis.workspace import Workspace

CODE_COLUMNS = ("code", "title_zh", "title_en")
COVERAGE_COLUMNS = ("kind", "village", "status", "as_of", "source")
COVERAGE = "coverage"
STATUSES = {"complete": "完整", "partial": "不全", "none": "未普查"}
COVERAGE_TITLES = dict(
    zip(("类别", "村代码", "普查情况", "截至日期", "来源"), COVERAGE_COLUMNS, strict=True)
)
"""The same table in Chinese: headers, and the words for a status; a kind goes by its title too."""

BEYOND_ZH = "界外"


def import_codes(ws: Workspace, actor: Actor, table: str, path: Path) -> dict[str, int]:
    """Make a code table hold the rows of a CSV file.

    Parameters
    ----------
    table
        A table that a field of some kind names.
    path
        CSV with code, title_zh, title_en, and columns of numbers that models read.

    Returns
    -------
    How many codes are new, changed, same and retired.

    Raises
    ------
    InvalidDataError
        If no kind uses such a table, or the file is not a code table (``read_codes``).
    """
    access.require_governor(actor, "修改代码表")
    used = {f.codes for kind in ws.kinds.values() for f in kind.fields if f.codes}
    if table not in used:
        raise InvalidDataError(f"没有代码表 {table}；可以用：{', '.join(sorted(used))}")
    rows = read_codes(path)
    with changes.changing(ws, actor) as (conn, stamp):
        counts = codes.replace(conn, table, rows, stamp)
        if counts["new"] or counts["changed"] or counts["retired"]:
            register.advance(conn, stamp)
        access.log(conn, actor, "import", table, file=path.name, **counts)
        return counts


def read_codes(path: Path) -> list[dict[str, Any]]:
    """Read a code table: code, titles, and finite numbers >= 0 under ``numbers``.

    Raises
    ------
    InvalidDataError
        With the row, if a column is missing, a code is blank or stands twice, a number is none,
        or there is no row at all: an empty file would retire every code.
    """
    table = read_table(path, CODE_COLUMNS)
    if not table:
        raise InvalidDataError(f"{path.name} 里一行也没有，代码表保持不变")
    _refuse_twice([row["code"] for row in table], "编号")
    return [
        {
            **{name: row[name] for name in CODE_COLUMNS},
            "numbers": {
                name: _number(number, name, text)
                for name, text in row.items()
                if name not in CODE_COLUMNS
            },
        }
        for number, row in enumerate(table, start=2)
    ]


def import_coverage(ws: Workspace, actor: Actor, path: Path) -> dict[str, int]:
    """Take how complete each kind is in each village from a CSV file, in English or Chinese.

    Rows of other kinds and villages stay as they are. In place of a village may stand ``beyond``
    (界外): what is registered of the ground around the town.

    Returns
    -------
    The number of rows by status.

    Raises
    ------
    InvalidDataError
        With the row, if a kind, village or status is unknown, a date is none, a pair stands
        twice, or the table is of the demonstration and the database is an office's.
    """
    access.require_governor(actor, "修改普查情况")
    slugs = {kind.title.zh: slug for slug, kind in ws.kinds.items()}
    statuses = {word: status for status, word in STATUSES.items()}
    table = [
        {
            **row,
            "kind": slugs.get(row["kind"], row["kind"]),
            "village": BEYOND if row["village"] == BEYOND_ZH else row["village"],
            "status": statuses.get(row["status"], row["status"]),
        }
        for row in read_table(path, COVERAGE_COLUMNS, titles=COVERAGE_TITLES)
    ]
    _refuse_twice([f"{row['kind']} {row['village']}" for row in table], "类别和村")
    with changes.changing(ws, actor) as (conn, stamp):
        stored = areas.load_stored(conn, ws.home_level.slug)
        villages = {BEYOND, *(row["code"] for row in stored)}
        rows = [
            _coverage(number, row, ws.kinds, villages) for number, row in enumerate(table, start=2)
        ]
        _refuse_synthetic(conn, table)
        codes.save_coverage(conn, rows, stamp)
        register.advance(conn, stamp)
        counts = {status: sum(row["status"] == status for row in rows) for status in STATUSES}
        access.log(conn, actor, "import", COVERAGE, file=path.name, **counts)
    return counts


def _coverage(
    number: int, row: dict[str, str], kinds: Collection[str], villages: Collection[str]
) -> dict[str, Any]:
    allowed = {"kind": kinds, "village": villages, "status": STATUSES}
    for name, values in allowed.items():
        if row[name] not in values:
            known = "、".join(sorted(values)) or "还没有导入村界"
            raise InvalidDataError(f"第 {number} 行：{name}「{row[name]}」不在其中（{known}）")
    try:
        return {name: row[name] for name in COVERAGE_COLUMNS} | {
            "as_of": dt.date.fromisoformat(row["as_of"])
        }
    except ValueError as error:
        raise InvalidDataError(
            f"第 {number} 行：as_of「{row['as_of']}」不是日期，应如 2026-01-05"
        ) from error


def _refuse_synthetic(conn: Connection, table: list[dict[str, str]]) -> None:
    synthetic = any(DEMONSTRATION_NOTICE.zh in row["source"] for row in table)
    if synthetic and register.load(conn).purpose == "office":
        raise InvalidDataError("这是正式库，不收模拟数据。演示请用：bash scripts/start")


def _refuse_twice(keys: list[str], what: str) -> None:
    seen: set[str] = set()
    for number, key in enumerate(keys, start=2):
        if not key.strip():
            raise InvalidDataError(f"第 {number} 行：{what}是空的")
        if key in seen:
            raise InvalidDataError(f"第 {number} 行：{what}「{key}」在文件里重复")
        seen.add(key)


def _number(number: int, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InvalidDataError(f"第 {number} 行：{name}「{text}」不是不小于 0 的数字")
    return value
