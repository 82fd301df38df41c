"""Make a database: an empty one for the office, or the demonstration town."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from gis.domain.rights import Actor, Purpose
from gis.errors import ConfigError, InvalidDataError
from gis.services import changes
from gis.services.changes import Report
from gis.services.compute_risk import compute_risk
from gis.services.find_hotspots import find_hotspots
from gis.services.import_areas import import_areas
from gis.services.import_hazards import import_hazards
from gis.services.import_sites import import_sites
from gis.services.import_tables import import_coverage, read_codes
from gis.storage import codes, dialect, register, runs, schema, sites
from gis.workspace import DATA, Workspace

SYNTHETIC = "模拟_"
"""Prefix of every file of the demonstration."""

Say = Callable[[str], Any]


def make_office(ws: Workspace, actor: Actor) -> str:
    """Make an empty office database, or bring one to the newest schema.

    Returns
    -------
    What was done, in words.

    Raises
    ------
    ConfigError
        If the database is a demonstration.
    """
    made = _make(ws, actor, "office", None)
    return "正式库已建好" if made else "正式库已在，结构已更新到最新"


def is_ready(ws: Workspace) -> bool:
    """Tell whether the database can be served: made, of the newest schema, and computed.

    An office database that has its purpose counts as ready before its first computation.
    """
    with dialect.reading(ws.engine) as conn:
        if schema.version(conn) != schema.newest():
            return False
        found = register.found(conn)
        if found is None:
            return False
        return found.purpose == "office" or runs.latest(conn, runs.HOTSPOTS) is not None


def load_demo(ws: Workspace, actor: Actor, *, say: Say = lambda _line: None) -> None:
    """Load the demonstration town by the same imports as real data, and compute its layers.

    Parameters
    ----------
    say
        Told in one line what is being done.

    Raises
    ------
    ConfigError
        If the database is an office's.
    InvalidDataError
        If a row of the demonstration's own files is rejected.
    """
    folder = DATA / "sites"
    as_of = dt.date.fromisoformat((folder / f"{SYNTHETIC}as_of.txt").read_text("utf-8").strip())
    _make(ws, actor, "demonstration", as_of)
    for level in ws.levels:
        path = DATA / "boundaries" / f"{SYNTHETIC}{level}.geojson"
        if path.exists():
            say(_line(import_areas(ws, actor, level, path)))
    import_coverage(ws, actor, folder / f"{SYNTHETIC}coverage.csv")
    for kind in ws.kinds:
        path = folder / f"{SYNTHETIC}{kind}.geojson"
        if path.exists():
            say(_line(import_sites(ws, actor, kind, path)))
    say(_line(import_hazards(ws, actor, folder / f"{SYNTHETIC}hazard.geojson")))
    say("计算各村风险 / computing risk")
    compute_risk(ws, actor)
    say("查找隐患热点 / finding hotspots")
    find_hotspots(ws, actor)


def _make(ws: Workspace, actor: Actor, purpose: Purpose, as_of: dt.date | None) -> bool:
    """Bring the schema up, say what the database is for, load the default code tables.

    Returns
    -------
    Whether the database is new.
    """
    schema.upgrade(ws.engine)
    with dialect.writing(ws.engine) as conn:
        found = register.found(conn)
        if found is not None and found.purpose != purpose:
            raise ConfigError(
                f"这个数据库已是{PURPOSES[found.purpose]}，不能再作{PURPOSES[purpose]}："
                "请把 RISKMAP_DATABASE_URL 指向另一个库"
            )
        if found is None:
            register.create(conn, purpose, as_of, changes.now())
            stamp = changes.stamp_of(conn, actor)
            for path in sorted((DATA / "codes").glob("*.csv")):
                codes.replace(conn, path.stem, read_codes(path), stamp)
            register.advance(conn, stamp)
        sites.sync_indexes(conn, ws.kinds.values())
    return found is None


PURPOSES: dict[Purpose, str] = {"demonstration": "演示库", "office": "正式库"}


def _line(report: Report) -> str:
    """Say what an import did; a row of the demonstration that is rejected is a fault."""
    if report.rejected:
        first = report.rejected[0]
        raise InvalidDataError(f"{report.target} 第 {first.row} 行未收：{first.reason}")
    return f"导入 {report.target}：{report.new + report.changed + report.same}"
