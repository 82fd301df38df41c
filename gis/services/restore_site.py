"""Put a place back to an earlier version: a new version with the facts of that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import history
from gis.domain.crs import STORED
from gis.domain.days import LEGAL_ZONE
from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.errors import NotFoundError
from gis.services import access, changes, charge
from gis.services.import_sites import home_villages
from gis.services.show_history import words_of
from gis.storage import areas, hazards, register, sites, versions
from gis.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Restored:
    """What restoring a version does.

    Attributes
    ----------
    name
        Of the place as it is now.
    number
        Of the version, counted from the first.
    differences
        What changes from now, as ``show_history`` tells it; empty: nothing is done.
    gone
        Fields of that version that the passport no longer has: they do not come back.
    personal
        Titles of the personal fields: they are in no version and stay as they are.
    """

    name: str
    number: int
    differences: list[dict[str, Any]]
    gone: tuple[str, ...]
    personal: tuple[str, ...]


def preview_restore(ws: Workspace, actor: Actor, site_id: int, version_id: int) -> Restored:
    """Tell what ``restore_site`` would do; the same errors."""
    with access.reading(ws, actor) as conn:
        restored, _, _ = _plan(conn, ws, actor, site_id, version_id)
    return restored


def restore_site(ws: Workspace, actor: Actor, site_id: int, version_id: int) -> Restored:
    """Give a place the facts of an earlier version, as a new version.

    Its home village is that of today's boundaries, secrecy and industry are those of today's
    passport. Restoring what is the same already changes nothing. Its cases move with it.

    Raises
    ------
    NotFoundError
        If there is no such place or version, or the actor may not see the place as it is.
    ForbiddenError
        If they are not in charge of the place, as it is or as it would be.
    InvalidDataError
        If the place was merged into another.
    """
    access.require_reader(actor)
    with changes.changing(ws, actor) as (conn, stamp):
        restored, kind, row = _plan(conn, ws, actor, site_id, version_id)
        if restored.differences:
            sites.update(conn, [{"site_id": site_id, **row}], stamp)
            sites.record(conn, kind, stamp, change="restore")
            hazards.follow_sites(conn, stamp)
            hazards.record(conn, stamp)
            register.advance(conn, stamp)
            access.log(
                conn,
                actor,
                "restore",
                kind.slug,
                site=site_id,
                version=restored.number,
                revision=stamp.revision,
                fields=[one["name"] for one in restored.differences],
            )
    return restored


def _plan(
    conn: Connection, ws: Workspace, actor: Actor, site_id: int, version_id: int
) -> tuple[Restored, SiteKind, dict[str, Any]]:
    """Return what would be done, and the columns to write."""
    now, kind = charge.find_changeable(conn, ws, actor, site_id)
    charge.refuse_merged(now)
    number, version = _version(conn, site_id, version_id)
    names = [field.name for field in kind.open_fields]
    columns = history.restorable(version, names)
    same = columns == history.restorable(now, names)
    village = now["village"] if same else _village(conn, ws, version, now)
    charge.require_there(conn, ws, actor, kind, village)
    row = {
        **columns,
        "village": village,
        "secrecy": kind.secrecy,
        "industry": kind.industry,
        "note": _note(number, version),
        # The values are those of that file, whoever brought them back.
        "import_batch": version["import_batch"],
        "source_row": version["source_row"],
    }
    found = history.differences(now, {**now, **row})
    told = words_of(conn, ws, kind).told(found)
    gone = tuple(name for name in version["attrs"] if name not in names)
    personal = tuple(field.title.zh for field in kind.personal_fields)
    return Restored(now["name"], number, told if not same else [], gone, personal), kind, row


def _version(conn: Connection, site_id: int, version_id: int) -> tuple[int, RowMapping]:
    for number, row in enumerate(versions.load(conn, site_id), 1):
        if row["id"] == version_id:
            return number, row
    raise NotFoundError(f"场所 {site_id} 没有这个版本：请从它的历史里选")


def _village(conn: Connection, ws: Workspace, version: RowMapping, now: RowMapping) -> str | None:
    """Return the home village by today's boundaries; of a place without position its named one."""
    if version[history.GEOMETRY] is not None:
        shape = shapely.from_wkb(version[history.GEOMETRY])
        (found,) = home_villages(conn, ws, gpd.GeoDataFrame(geometry=[shape], crs=STORED))
        return found
    named: str | None = version["village"]
    stands = named is None or areas.load_one(conn, ws.home_level.slug, named) is not None
    return named if stands else now["village"]


def _note(number: int, version: RowMapping) -> str:
    at = version["known_from"].astimezone(LEGAL_ZONE)
    return f"恢复到第 {number} 版（{at:%Y-%m-%d %H:%M}，{version['actor']}）"
