"""Give a place its position, and list those that wait for one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import history
from gis.domain.crs import STORED
from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.services import access, changes, charge
from gis.services.import_sites import home_villages
from gis.services.query_near import check_position
from gis.storage import areas, hazards, register, sites
from gis.workspace import Workspace

MAX_ACCURACY_M = 100_000.0
PAGE = 100
"""Places to be placed that are listed at once."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Places that wait for a position.

    Attributes
    ----------
    groups
        Per village and kind, all that the actor is in charge of: ``village`` (code, None outside
        all), ``village_name``, ``kind``, ``title``, ``title_en``, ``count``, and ``by_hand``:
        whether a point will do.
    places
        Those asked for, by village, kind and id, a page of them: ``id``, ``code``, ``name`` and
        the same of its group.
    matched
        How many were asked for, on all pages.
    """

    groups: list[dict[str, Any]]
    places: list[dict[str, Any]]
    matched: int


def list_unplaced(
    ws: Workspace,
    actor: Actor,
    kind: str | None = None,
    village: str | None = None,
    *,
    page: int = 1,
) -> Waiting:
    """List the places without a position that an actor is in charge of.

    Parameters
    ----------
    kind, village
        Limit the places listed, not the groups; the empty text is what lies in no village.
    page
        1, 2, 3 ..., ``PAGE`` places each.

    Raises
    ------
    ForbiddenError
        If the actor may change no place at all.
    NotFoundError
        If the kind is unknown.
    """
    access.require_keeper(actor)
    if kind is not None:
        ws.kind(kind)
    with access.reading(ws, actor) as conn:
        names = areas.names(conn, ws.home_level.slug)
        counts = sites.count_unplaced(conn, keeper=actor)
        rows = sites.load_unplaced(
            conn, actor, kind=kind, village=village, limit=PAGE, offset=(page - 1) * PAGE
        )
    asked = (
        count
        for (of_kind, of_village), count in counts.items()
        if kind in (None, of_kind) and village in (None, of_village)
    )
    groups = [
        {**_group(ws.kind(of_kind), of_village or None, names), "count": count}
        for (of_kind, of_village), count in sorted(counts.items(), key=lambda one: one[0][::-1])
    ]
    return Waiting(groups, [_place(ws, row, names) for row in rows], sum(asked))


def _group(kind: SiteKind, village: str | None, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "village": village,
        "village_name": names.get(village or "", village),
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
        "by_hand": "point" in kind.geometry,
    }


def _place(ws: Workspace, row: RowMapping, names: Mapping[str, str]) -> dict[str, Any]:
    group = _group(ws.kind(row["kind"]), row["village"], names)
    return {"id": row["id"], "code": row["key"], "name": row["name"], **group}


def show_placing(ws: Workspace, actor: Actor, site_id: int) -> dict[str, Any]:
    """Return what somebody needs to know who gives a place its position; errors as ``place_site``.

    Returns
    -------
    ``id``, ``code``, ``name``, the members of a group of ``Waiting``, and as they are now
    ``lon``, ``lat``, ``accuracy_m`` (None: no position yet) and ``note``.
    """
    with access.reading(ws, actor) as conn:
        row, _ = _placeable(conn, ws, actor, site_id)
        names = areas.names(conn, ws.home_level.slug)
    at = shapely.from_wkb(row[history.GEOMETRY])
    return {
        **_place(ws, row, names),
        "lon": at.x if at else None,
        "lat": at.y if at else None,
        "accuracy_m": row["accuracy_m"],
        "note": row["note"],
    }


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a place.

    Attributes
    ----------
    name
        Of the place.
    changed
        Whether it lies somewhere else than before.
    village
        Name of the village it lies in; None outside all.
    notes
        What somebody should know, in words.
    """

    name: str
    changed: bool
    village: str | None
    notes: tuple[str, ...]


def place_site(
    ws: Workspace,
    actor: Actor,
    site_id: int,
    lon: float,
    lat: float,
    accuracy_m: float | None = None,
) -> Placed:
    """Give a place a point as its position, or another point than it had.

    A point outside the village that the place named is taken, and that is told: the village is
    the one the point lies in. Its cases move with it.

    Parameters
    ----------
    lon, lat
        Degrees, CGCS2000.
    accuracy_m
        How far off the point may be, metres; None: nobody knows.

    Raises
    ------
    NotFoundError
        If there is no such place, or the actor may not see it as it is.
    ForbiddenError
        If they are not in charge of it, as it is or where the point puts it.
    InvalidDataError
        If a number is outside its range, the place has or needs a boundary, or it was merged.
    """
    access.require_reader(actor)
    check_position(lon, lat)
    _check_accuracy(accuracy_m)
    with changes.changing(ws, actor) as (conn, stamp):
        before, kind = _placeable(conn, ws, actor, site_id)
        point = shapely.Point(lon, lat)
        (village,) = home_villages(conn, ws, gpd.GeoDataFrame(geometry=[point], crs=STORED))
        charge.require_there(conn, ws, actor, kind, village)
        name = charge.village_name(conn, ws, village)
        named = charge.village_name(conn, ws, before["village"])
        notes = _notes(named if before[history.GEOMETRY] is None else None, name)
        geom = shapely.to_wkb(point, byte_order=1)
        if before[history.GEOMETRY] == geom and before["accuracy_m"] == accuracy_m:
            return Placed(before["name"], False, name, notes)
        row = {
            "geom": geom,
            "accuracy_m": accuracy_m,
            "elevation_m": None,
            "village": village,
            "note": "；".join(notes) or None,
            "import_batch": None,  # this is from no file
            "source_row": None,
        }
        sites.update(conn, [{"site_id": site_id, **row}], stamp)
        sites.record(conn, kind, stamp, change="place")
        hazards.follow_sites(conn, stamp)
        hazards.record(conn, stamp)
        register.advance(conn, stamp)
        said = {"lon": lon, "lat": lat, "accuracy_m": accuracy_m, "revision": stamp.revision}
        access.log(conn, actor, "place", kind.slug, site=site_id, **said)
    return Placed(before["name"], True, name, notes)


def _check_accuracy(accuracy_m: float | None) -> None:
    if accuracy_m is None:
        return
    if not (math.isfinite(accuracy_m) and 0 <= accuracy_m <= MAX_ACCURACY_M):
        raise InvalidDataError(
            f"定位精度 {accuracy_m:g} 米不在范围内：请用 0 至 {MAX_ACCURACY_M:g}，不知道就留空"
        )


def _placeable(
    conn: Connection, ws: Workspace, actor: Actor, site_id: int
) -> tuple[RowMapping, SiteKind]:
    """Return a place that a point may be given to, and its kind."""
    row, kind = charge.find_changeable(conn, ws, actor, site_id)
    charge.refuse_merged(row)
    if "point" not in kind.geometry:
        raise InvalidDataError(f"{kind.title.zh}要有{_families(kind)}，一个点不够：{BY_FILE}")
    if not charge.takes_point(kind, row[history.GEOMETRY]):
        raise InvalidDataError(f"“{row['name']}”有边界，改成一个点会丢掉它：{BY_FILE}")
    return row, kind


BY_FILE = "请在“数据 → 导入”里导入带边界的文件"

FAMILIES = {"line": "走向（线）", "polygon": "边界（面）"}


def _families(kind: SiteKind) -> str:
    return "或".join(said for family, said in FAMILIES.items() if family in kind.geometry)


def _notes(named: str | None, village: str | None) -> tuple[str, ...]:
    """Say where a point lies, if that is not where its place said it would."""
    notes: Sequence[str] = ()
    if village is None:
        notes = ("这个点不在任何村的边界里，请核对坐标",)
    elif named is not None and named != village:
        notes = (f"登记的村是{named}，这个点在{village}：已按点的位置归{village}，请核对",)
    return tuple(notes)
