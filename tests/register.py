"""What tests of single places share: files taken in, rows as they are stored, cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import shapely
import sqlalchemy as sa

from gis.domain.audit import Search
from gis.domain.credit_code import check_character
from gis.domain.rights import OPERATOR, Actor
from gis.services.import_hazards import import_hazards
from gis.services.import_sites import import_sites
from gis.services.read_audit import search_audit
from gis.storage import dialect, register
from gis.storage.dialect import geometry_wkb
from gis.storage.tables import hazard, site, site_shown
from gis.workspace import Settings, Workspace, open_workspace
from tests.conftest import Databases
from tests.samples import write_geojson

CODE = "9132041300000001" + "X"
"""First 17 characters of an invented credit code."""
USCC = CODE + check_character(CODE)
OTHER_USCC = CODE[:-1] + "Y" + check_character(CODE[:-1] + "Y")

WEST_POINT, EAST_POINT = shapely.Point(119.32, 31.72), shapely.Point(119.38, 31.72)
NEAR_WEST = shapely.Point(119.3203, 31.72)
"""28 m east of ``WEST_POINT``."""


@contextmanager
def own_copy(ready: Databases, folder: Path) -> Iterator[Workspace]:
    """Open a copy of a database that was filled once, for one test to change."""
    folder.mkdir()
    with ready(folder) as url:
        ws = open_workspace(Settings(url, folder / "var"))
        yield ws
        ws.engine.dispose()


def take(
    ws: Workspace,
    folder: Path,
    rows: Sequence[tuple[shapely.Geometry | None, dict[str, Any]]],
    kind: str = "enterprise",
    name: str = "plants.geojson",
    actor: Actor = OPERATOR,
) -> dict[str, int]:
    """Import rows of a kind; return key to id of all places."""
    report = import_sites(ws, actor, kind, write_geojson(folder / name, rows))
    assert report.rejected == ()
    return ids(ws)


def ids(ws: Workspace) -> dict[str, int]:
    """Return key to id of every place, merged ones too."""
    with dialect.reading(ws.engine) as conn:
        return dict(conn.execute(sa.select(site.c.key, site.c.id)).all())


def take_case(ws: Workspace, folder: Path, code: str, site_code: str, **said: Any) -> None:
    """Import an open case at a plant."""
    case = {
        "code": code,
        "title": code,
        "site_kind": "enterprise",
        "site_code": site_code,
        "channel": "督导检查",
        "level": "重大",
        "state": "整改中",
        "found_on": "2026-01-01",
        **said,
    }
    report = import_hazards(ws, OPERATOR, write_geojson(folder / "cases.geojson", [(None, case)]))
    assert report.rejected == ()


ABOUT_A_CHANGE = ("revision", "known_from")
"""Columns that say when a row was last written: every change sets them."""


def rows(ws: Workspace, table: sa.Table) -> dict[int, dict[str, Any]]:
    """Return all rows of a table by id, whole, but for what every change sets."""
    columns = [c for c in table.c if c.key not in ("geom", *ABOUT_A_CHANGE)]
    with dialect.reading(ws.engine) as conn:
        query = sa.select(*columns, geometry_wkb(table.c.geom)).order_by(table.c.id)
        found = conn.execute(query).mappings().all()
    return {row["id"]: dict(row) for row in found}


def everything(ws: Workspace) -> tuple[dict[int, dict[str, Any]], ...]:
    """Return places, what is shown of them, and cases, whole."""
    shown = {(row.pop("site"), row.pop("audience")): row for row in rows(ws, site_shown).values()}
    for row in shown.values():
        del row["id"]
    return rows(ws, site), shown, rows(ws, hazard)  # type: ignore[return-value]


def revision(ws: Workspace) -> int:
    """Return the register's revision."""
    with dialect.reading(ws.engine) as conn:
        return register.load(conn).revision


def logged(ws: Workspace, action: str) -> list[dict[str, Any]]:
    """Return the facts of the entries of an action, newest first, with their target."""
    entries = search_audit(ws, OPERATOR, Search(action=action)).entries
    return [{"target": entry.target, **entry.facts} for entry in entries]
