"""Read the small tables of an office: code tables, and coverage."""

from __future__ import annotations

from pathlib import Path

from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.files.tables import read_table
from gis.services import changes
from gis.storage import codes
from gis.workspace import Workspace

CODE_COLUMNS = ("code", "title_zh", "title_en")
COVERAGE_COLUMNS = ("kind", "village", "status", "as_of", "source")
STATUSES = ("complete", "partial", "none")


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
        If no kind uses such a table, a column is missing, or a number is none.
    """
    used = {f.codes for kind in ws.kinds.values() for f in kind.fields if f.codes}
    if table not in used:
        raise InvalidDataError(f"没有代码表 {table}；可以用：{', '.join(sorted(used))}")
    rows = [
        {
            **{name: row[name] for name in CODE_COLUMNS},
            "numbers": {k: _number(k, v) for k, v in row.items() if k not in CODE_COLUMNS},
        }
        for row in read_table(path, CODE_COLUMNS)
    ]
    with changes.changing(ws, actor) as (conn, stamp):
        return codes.replace(conn, table, rows, stamp)


def import_coverage(ws: Workspace, actor: Actor, path: Path) -> dict[str, int]:
    """Take how complete each kind is in each village from a CSV file.

    Returns
    -------
    The number of rows by status.

    Raises
    ------
    InvalidDataError
        If a kind or status is unknown, a date is none, or a column is missing.
    """
    table = read_table(path, COVERAGE_COLUMNS)
    for number, row in enumerate(table, start=2):
        if row["status"] not in STATUSES or row["kind"] not in ws.kinds:
            raise InvalidDataError(
                f"第 {number} 行：kind 要是已有类别，status 要是 {'、'.join(STATUSES)} 之一"
            )
    rows = [{**row, "as_of": changes.as_date(row["as_of"])} for row in table]
    with changes.changing(ws, actor) as (conn, stamp):
        codes.save_coverage(conn, rows, stamp)
    return {status: sum(row["status"] == status for row in rows) for status in STATUSES}


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidDataError(f"列 {name} 里的「{text}」不是数字") from error
