"""What a computation says of a level without a score of its own: what adds up, and classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from gis.domain.risk import registry
from gis.domain.risk.rollup import OUTSIDE
from gis.services.show_runs import counts
from gis.storage import runs
from gis.workspace import Workspace

NO_SCORE_ZH = "不评级：指数不能相加，这里列各村的级别和可以相加的负荷"
"""In place of the reason for a class."""

TOTALS = ("area_km2", "people", "exposed", "receptors", "sources")


def told(
    conn: Connection, ws: Workspace, run: RowMapping | None, level: str, code: str
) -> dict[str, Any]:
    """Return what a computation keeps of a whole.

    Returns
    -------
    ``classes``: how many areas show each class, the highest first, those without data last.
    ``totals``: area, people, equivalent persons, places of people, places that are a source.
    ``sectors``: ``load`` and ``exposed`` (equivalent persons), ``known_share`` of the ground and
    ``known``, whether it is enough; ``areas``, ``outside`` and ``beyond``, the same load summed
    over the areas that are scored, in none of them, and in none of this level: where ``only``
    says that the whole is the one of its level, load + beyond = areas + outside. None or empty
    before the first computation, and for a boundary that it did not know.
    """
    totals, loads = runs.load_rolled(conn, run["id"], level) if run else ([], [])
    own = next((row for row in totals if row["code"] == code), None)
    if run is None or own is None:
        return {"classes": counts({}), "totals": None, "sectors": [], "only": False}
    parts = runs.load_rolled(conn, run["id"], ws.home_level.slug)[1]
    return {
        "classes": counts(own["classes"] or {}),
        "totals": {name: own[name] for name in TOTALS},
        "sectors": [_sector(row, loads, parts) for row in loads if row["code"] == code],
        "only": {row["code"] for row in totals} == {code, OUTSIDE},
    }


def _sector(
    row: RowMapping, loads: Sequence[RowMapping], parts: Sequence[RowMapping]
) -> dict[str, Any]:
    model = next((m for m in registry.models() if m.sector == row["sector"]), None)
    return {
        "sector": row["sector"],
        "title": model.title.zh if model else row["sector"],
        "title_en": model.title.en if model else row["sector"],
        **{name: row[name] for name in ("load", "exposed", "known_share", "known")},
        "areas": sum(part["load"] for part in _of(parts, row) if part["code"] != OUTSIDE),
        "outside": sum(part["load"] for part in _of(parts, row) if part["code"] == OUTSIDE),
        "beyond": sum(part["load"] for part in _of(loads, row) if part["code"] == OUTSIDE),
    }


def _of(rows: Sequence[RowMapping], sector: RowMapping) -> list[RowMapping]:
    return [row for row in rows if row["sector"] == sector["sector"]]
