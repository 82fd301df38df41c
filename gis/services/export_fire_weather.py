"""The fire weather of all stations, day by day, as a table for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gis.domain.document import Document
from gis.domain.rights import Actor
from gis.files.tables import table_chunks
from gis.services.describe import Register, describe
from gis.services.export_layer import log_export
from gis.services.watch_fire_weather import OFFICIAL, watch_fire_weather
from gis.workspace import Workspace

SLUG = "fire_weather"

HEADER = (
    "站点编号",
    "名称",
    "日期",
    "火险等级",
    "来源",
    "火险天气指数（GB/T 36743）",
    "火险天气指数（LY/T 1172）",
    "日降水量（mm）",
    "加拿大干旱码",
    "加拿大火险天气指数",
    "12时连续缺测（天）",
    "数据截至",
    "说明",
)


def export_fire_weather(ws: Workspace, actor: Actor) -> Document:
    """Return every day since the season began of every station, and log that it left.

    Every row says the notices and the date: a table has no other place for them.
    """
    about = describe(ws, actor)
    found = watch_fire_weather(ws, actor)
    rows = list(_rows(found["stations"], about))
    log_export(ws, actor, SLUG, format="csv", count=len(rows))
    return Document("text/csv; charset=utf-8", SLUG, table_chunks(HEADER, rows))


def _rows(stations: Sequence[dict[str, Any]], about: Register) -> Iterator[Sequence[str]]:
    said = (about.as_of.isoformat(), "；".join(notice.zh for notice in about.notices))
    for station in stations:
        for day in station["series"]:
            level = day["shown_class"]
            numbers = (day[name] for name in ("u", "htz", "rain_mm", "dc", "fwi"))
            yield (
                station["code"],
                station["name"] or "",
                day["day"],
                "" if level is None else str(level),
                "" if level is None else OFFICIAL[day["official"]],
                *("" if number is None else f"{number:g}" for number in numbers),
                str(day["gap_days"]),
                *said,
            )
