"""Make a database: an empty one for the office, or the demonstration town."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gis.domain.accounts import clean_login
from gis.domain.rights import Actor, Purpose, Role
from gis.errors import ConfigError, InvalidDataError
from gis.services import access, changes, clock
from gis.services.changes import Report
from gis.services.compute_risk import compute_risk
from gis.services.find_hotspots import find_hotspots
from gis.services.import_areas import import_areas
from gis.services.import_hazards import import_hazards
from gis.services.import_records import import_records
from gis.services.import_relief import import_relief
from gis.services.import_sites import import_sites
from gis.services.import_tables import import_coverage, read_codes
from gis.services.manage_accounts import add_account, has_administrator
from gis.services.rate_forest_today import rate_forest_today
from gis.storage import codes, dialect, register, runs, schema, sites
from gis.workspace import DATA, Workspace

SYNTHETIC = "模拟_"
"""Prefix of every file of the demonstration."""

Say = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Office:
    """What ``make_office`` did.

    Attributes
    ----------
    made
        Whether the database is new; else its schema is now the newest.
    administrator, password
        Log-in name and first password of the administrator it made; None if there is one.
    """

    made: bool
    administrator: str | None = None
    password: str | None = None


def make_office(ws: Workspace, actor: Actor, administrator: str | None = None) -> Office:
    """Make an empty office database, or bring one to the newest schema.

    Parameters
    ----------
    administrator
        Log-in name of the first administrator. Their first password is made at random, told
        once, and must be changed at the first log-in.

    Raises
    ------
    ConfigError
        If the database is a demonstration, or nobody administers it and nobody is named.
    InvalidDataError
        If the log-in name cannot be one.
    """
    access.require_administrator(actor)
    login = clean_login(administrator) if administrator else None
    made = _make(ws, actor, "office", None)
    if has_administrator(ws, actor):
        return Office(made)
    if login is None:
        raise ConfigError(
            "正式库已就绪，但还没有管理员：请运行 "
            "python -m scripts.make_office --administrator 登录名"
        )
    password = add_account(ws, actor, login=login, name="管理员", role=Role.ADMINISTRATOR)
    return Office(made, login, password)


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


def refresh_shown(ws: Workspace, actor: Actor) -> list[str]:
    """Make again what is shown of kinds whose passport changed; do nothing where none did.

    Who may see those places may have changed with it: it counts as a change of the register,
    so that no browser keeps what it had.

    Returns
    -------
    Slugs of those kinds.
    """
    access.require_administrator(actor)
    with changes.changing(ws, actor) as (conn, stamp):
        changed = sites.sync_shown(conn, ws.kinds.values())
        if changed:
            register.advance(conn, stamp)
            access.log(conn, actor, "refresh", "passport", kinds=changed)
    return changed


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
    access.require_administrator(actor)
    folder = DATA / "sites"
    as_of = dt.date.fromisoformat((folder / f"{SYNTHETIC}as_of.txt").read_text("utf-8").strip())
    _make(ws, actor, "demonstration", as_of)
    for level in ws.levels:
        path = DATA / "boundaries" / f"{SYNTHETIC}{level}.geojson"
        if path.exists():
            say(_line(import_areas(ws, actor, level, path)))
    import_coverage(ws, actor, folder / f"{SYNTHETIC}coverage.csv")
    relief = DATA / "boundaries" / f"{SYNTHETIC}relief.tif"
    say(_line(import_relief(ws, actor, relief, source="模拟数据，60米格网")))
    for kind in ws.kinds:
        path = folder / f"{SYNTHETIC}{kind}.geojson"
        if path.exists():
            say(_line(import_sites(ws, actor, kind, path)))
    for sort in ws.records:
        path = DATA / "records" / f"{SYNTHETIC}{sort}.csv"
        if path.exists():
            say(_line(import_records(ws, actor, sort, path)))
    say(_line(import_hazards(ws, actor, folder / f"{SYNTHETIC}hazard.geojson")))
    say("计算各村风险 / computing risk")
    compute_risk(ws, actor)
    say("评定当日林火 / rating the forest of the day")
    rate_forest_today(ws, actor)
    say("查找隐患热点 / finding hotspots")
    find_hotspots(ws, actor)


def _make(ws: Workspace, actor: Actor, purpose: Purpose, as_of: dt.date | None) -> bool:
    """Bring the schema up, say what the database is for, load the default code tables.

    Returns
    -------
    Whether the database is new.
    """
    schema.upgrade(ws.engine)
    with access.writing(ws) as conn:
        found = register.found(conn)
        if found is not None and found.purpose != purpose:
            raise ConfigError(
                f"这个数据库已是{PURPOSES[found.purpose]}，不能再作{PURPOSES[purpose]}："
                "请把 RISKMAP_DATABASE_URL 指向另一个库"
            )
        if found is None:
            register.create(conn, purpose, as_of, clock.now())
            stamp = changes.stamp_of(conn, actor)
            for path in sorted((DATA / "codes").glob("*.csv")):
                codes.replace(conn, path.stem, read_codes(path), stamp)
            register.advance(conn, stamp)
            access.log(conn, actor, "make", purpose)
        if (changed := sites.sync_shown(conn, ws.kinds.values())) and found is not None:
            register.advance(conn, changes.stamp_of(conn, actor))
            access.log(conn, actor, "refresh", "passport", kinds=changed)
        sites.sync_indexes(conn, ws.kinds.values())
    return found is None


PURPOSES: dict[Purpose, str] = {"demonstration": "演示库", "office": "正式库"}


def _line(report: Report) -> str:
    """Say what an import did; a row of the demonstration that is rejected is a fault."""
    if report.rejected:
        first = report.rejected[0]
        raise InvalidDataError(f"{report.target} 第 {first.row} 行未收：{first.reason}")
    return f"导入 {report.target}：{report.new + report.changed + report.same}"
