"""Single places that somebody is in charge of: found, seen, and theirs to change."""

from __future__ import annotations

import shapely
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.errors import ForbiddenError, InvalidDataError, NotFoundError
from gis.services import access
from gis.storage import areas, sites
from gis.workspace import Workspace


def find_in_charge(conn: Connection, actor: Actor, site_id: int) -> RowMapping:
    """Return a place, without its personal fields; also one that was merged into another.

    Raises
    ------
    NotFoundError
        If there is no such place, or the actor may not see it as it is.
    ForbiddenError
        If they may see it and are not in charge of it.
    """
    row = sites.load_one(conn, site_id)
    if row is not None and actor.in_charge(row["secrecy"], row["village"], row["industry"]):
        return row
    is_true, _ = sites.load_shown(conn, actor, site_id) or (False, "")
    if row is None or not is_true:
        raise NotFoundError(f"没有编号为 {site_id} 的场所")
    raise ForbiddenError(f"“{row['name']}”{access.NOT_YOURS}")


def find_changeable(
    conn: Connection, ws: Workspace, actor: Actor, site_id: int
) -> tuple[RowMapping, SiteKind]:
    """Return a place that an actor may change, and its kind; errors as ``find_in_charge``."""
    row = find_in_charge(conn, actor, site_id)
    kind = ws.kind(row["kind"])
    access.require_change(actor, kind)
    return row, kind


def require_there(
    conn: Connection, ws: Workspace, actor: Actor, kind: SiteKind, village: str | None
) -> None:
    """Refuse to bring a place into a village where the actor is not in charge of it."""
    if not actor.in_charge(kind.secrecy, village, kind.industry):
        where = village_name(conn, ws, village) or "任何村的边界之外"
        raise ForbiddenError(f"这样改以后它在{where}，{access.NOT_YOURS}：请找镇级用户")


def village_name(conn: Connection, ws: Workspace, code: str | None) -> str | None:
    """Return the name of a village; its code where it is not there today, None for none."""
    found = areas.load_one(conn, ws.home_level.slug, code) if code else None
    return found["name"] if found else code


def takes_point(kind: SiteKind, geom: bytes | None) -> bool:
    """Tell whether a place may be given a point: it has none, or that, and no boundary to lose."""
    shape = shapely.from_wkb(geom)
    bare = shape is None or shape.geom_type == "Point"
    return bare and "point" in kind.geometry


def refuse_merged(row: RowMapping) -> None:
    """Refuse to change a place that was merged into another: that one stands for it."""
    if row["merged_into"] is not None:
        raise InvalidDataError(f"“{row['name']}”已并入场所 {row['merged_into']}：请先撤销合并")
