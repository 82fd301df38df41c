"""The list of what must be verified, as a table for spreadsheets."""

from __future__ import annotations

from collections.abc import Sequence

from gis.domain.document import Document
from gis.domain.rights import Actor
from gis.files.tables import table_chunks
from gis.services.assess_quality import Row, worst_records
from gis.services.describe import Register, describe
from gis.services.export_layer import log_export
from gis.workspace import Workspace

HEADER = (
    "类别",
    "编号",
    "名称",
    "村代码",
    "所在村",
    "行业",
    "核实日期",
    "距核实天数",
    "核实周期（天）",
    "超期天数",
    "已填项数",
    "应填项数",
    "缺少的项",
    "位置精度（米）",
    "等级",
    "数据截至",
    "说明",
)

NEVER, UNPLACED, UNKNOWN, OUTSIDE_WORD = "从未核实", "待落图", "未知", "不在任何村"
"""In a cell that has no number, or no village."""


def export_quality(
    ws: Workspace, actor: Actor, *, village: str | None = None, kind: str | None = None
) -> Document:
    """Return the whole list of ``worst_records`` as a CSV file, and log that it left.

    Every row says the notices and the date: a table has no other place for them.

    Raises
    ------
    NotFoundError
        As ``worst_records``.
    """
    about = describe(ws, actor)
    found = worst_records(ws, actor, village=village, kind=kind, limit=None)
    asked = {
        "villages": [] if village is None else [village or OUTSIDE_WORD],
        "kinds": [] if kind is None else [kind],
    }
    said = {name: value for name, value in asked.items() if value}
    log_export(ws, actor, "quality", format="csv", count=found.count, **said)
    rows = (_cells(row, about) for row in found.rows)
    return Document("text/csv; charset=utf-8", "quality", table_chunks(HEADER, rows))


def _cells(row: Row, about: Register) -> Sequence[str]:
    never = row["days_since_verified"] is None
    place = UNPLACED if row["position"] == "unplaced" else _written(row["accuracy_m"], UNKNOWN)
    return (
        row["title"],
        row["key"],
        row["name"] or "",
        row["village"],
        row["village_name"] or OUTSIDE_WORD,
        row["industry"],
        row["verified_on"] or "",
        NEVER if never else _written(row["days_since_verified"]),
        str(row["verify_days"]),
        NEVER if never else _written(row["overdue_days"]),
        str(row["filled"]),
        str(row["fields"]),
        "、".join(title.zh for title in row["missing"]),
        place,
        row["grade"],
        about.as_of.isoformat(),
        "；".join(notice.zh for notice in about.notices),
    )


def _written(number: float | None, otherwise: str = "") -> str:
    return otherwise if number is None else f"{number:g}"
