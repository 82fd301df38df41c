"""What lies within a radius: distances edge to edge, nearest first, totals by kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gis.domain import geometry
from gis.domain.document import Document
from gis.domain.features import collection, splice
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.services.access import reading, require_reader
from gis.services.describe import Register, describe_open
from gis.services.load_layer import GEOJSON
from gis.storage import wire
from gis.workspace import Workspace

MAX_RADIUS_M = 50_000.0
MAX_LIMIT = 10_000
MEMBERSHIP_TOLERANCE_M = 1e-6
"""A place exactly on the ring is inside (METHOD 9.2)."""


def query_near(
    ws: Workspace,
    actor: Actor,
    *,
    lon: float,
    lat: float,
    radius_m: float,
    kinds: Sequence[str] | None = None,
    limit: int = 200,
) -> Document:
    """Find the places within a radius of a point.

    Parameters
    ----------
    lon, lat
        Centre, degrees, CGCS2000.
    radius_m
        Metres on the ellipsoid, 1 to 50,000; the ring itself belongs to it.
    kinds
        Slugs to look for; all kinds where None.
    limit
        How many features to return at most, the nearest first; the totals count all.

    Returns
    -------
    A FeatureCollection; each feature has ``distance_m`` (to its edge, 0 inside, rounded to
    0.1 m) and ``bearing_deg`` (from the centre to its nearest point, null at 0 m) before its
    own properties.

    Raises
    ------
    InvalidDataError
        If a number is outside its range; axes that look swapped are named.
    NotFoundError
        If a kind is unknown.
    """
    require_reader(actor)
    _check(lon, lat, radius_m, limit)
    for kind in kinds or ():
        ws.kind(kind)
    with reading(ws, actor) as conn:
        about = describe_open(conn, ws)
        box = geometry.box_around(lon, lat, radius_m)
        found = wire.candidates(conn, box, actor, kinds)
    distance_m, bearing_deg, _, _ = geometry.nearest(lon, lat, found.shapes)
    near = np.flatnonzero(distance_m <= radius_m + MEMBERSHIP_TOLERANCE_M)
    near = near[np.lexsort((found.ids[near], distance_m[near]))]
    said = {
        "query": {"lon": lon, "lat": lat, "radius_m": radius_m, "kinds": kinds and list(kinds)},
        "totals": _totals(ws, found.kinds[near]),
        "number_matched": len(near),
        "number_returned": min(len(near), limit),
        **_said(about),
    }
    texts = _texts(found.texts, distance_m, bearing_deg, near[:limit])
    asked = (lon, lat, radius_m, limit, *sorted(kinds or ws.kinds), actor.tag)
    tag = "-".join(map(str, ("near", about.revision, about.as_of, about.version, *asked)))
    return Document(GEOJSON, tag, collection(texts, name="near", members=said))


def _texts(
    texts: np.ndarray, distance_m: np.ndarray, bearing_deg: np.ndarray, rows: np.ndarray
) -> Iterator[str]:
    for row in rows:
        bearing = float(bearing_deg[row])
        yield splice(
            texts[row],
            {
                "distance_m": round(float(distance_m[row]), 1),
                "bearing_deg": None if math.isnan(bearing) else round(bearing, 1),
            },
        )


def _totals(ws: Workspace, kinds: np.ndarray) -> dict[str, int]:
    names, counts = np.unique(kinds.astype(str), return_counts=True)
    found = dict(zip(names.tolist(), counts.tolist(), strict=True))
    return {slug: found[slug] for slug in ws.kinds if slug in found}


def _said(about: Register) -> Mapping[str, Any]:
    return {
        "notice": "；".join(notice.zh for notice in about.notices),
        "synthetic": about.purpose == "demonstration",
        "as_of": about.as_of.isoformat(),
    }


def check_position(lon: float, lat: float) -> None:
    """Refuse a point outside the country; InvalidDataError names axes that look swapped."""
    if not all(map(math.isfinite, (lon, lat))):
        raise InvalidDataError("经度、纬度要是有限的数字")
    if _within(lat, geometry.LON_RANGE) and _within(lon, geometry.LAT_RANGE):
        raise InvalidDataError(
            f"经度 {lon:g}、纬度 {lat:g} 像是写反了：经度在前，例如 119.37,31.72"
        )
    if not (_within(lon, geometry.LON_RANGE) and _within(lat, geometry.LAT_RANGE)):
        raise InvalidDataError(
            f"经度 {lon:g}、纬度 {lat:g} 不在范围内："
            f"经度 {_span(geometry.LON_RANGE)}，纬度 {_span(geometry.LAT_RANGE)}"
        )


def _check(lon: float, lat: float, radius_m: float, limit: int) -> None:
    if not math.isfinite(radius_m):
        raise InvalidDataError("半径要是有限的数字")
    check_position(lon, lat)
    if not 1 <= radius_m <= MAX_RADIUS_M:
        raise InvalidDataError(f"半径 {radius_m:g} 米不在范围内：请用 1 至 {MAX_RADIUS_M:g} 米")
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidDataError(f"limit 为 {limit}，请用 1 至 {MAX_LIMIT}")


def _span(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:g} 至 {bounds[1]:g}"


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
