"""Distances edge to edge on the ellipsoid, boxes around a point, what is wrong with a geometry."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import shapely

from gis.domain.arrays import Floats, Geometries
from gis.domain.crs import EDGE_DEG, METRIC, STORED

GEOD = pyproj.Geod(ellps="GRS80")
"""The ellipsoid of CGCS2000."""

TO_METRIC = pyproj.Transformer.from_crs(STORED, METRIC, always_xy=True)
TO_STORED = pyproj.Transformer.from_crs(METRIC, STORED, always_xy=True)

MAX_RADIUS_M = 200_000.0
"""Of a box: up to here its margin is more than enough."""

BOX_MARGIN = 1.002
BOX_EXTRA_M = 1.0
"""A box reaches this much farther than its circle: it must never cut off what lies inside."""

ON_M = 0.005
"""Nearer than this is on the edge: half the last decimal of a stored coordinate, and more than
an edge of 500 m leaves its straight line in longitude/latitude when it is projected (3 mm)."""

LON_RANGE, LAT_RANGE = (73.0, 136.0), (3.0, 54.0)
"""Where places of this country can be, degrees (METHOD 9.3)."""


def box_around(lon: float, lat: float, radius_m: float) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a box that holds the geodesic circle.

    Parameters
    ----------
    lon, lat
        Centre, degrees, in this country's range.
    radius_m
        Metres on the ellipsoid, 0 to 200,000.

    Raises
    ------
    ValueError
        If a number is outside its range or not finite.

    Notes
    -----
    A geometry whose nearest point lies in the circle has that point in the box, and so a
    bounding box that touches it: no edge can pass between the two. The circle reaches farthest
    north and south on its own meridian, but farthest east a little poleward of due east: beyond
    the point due east by a part of at most (tan(lat) radius / R)^2 / 2 of the radius, which is
    0.0010 at 54 N and 200 km, 0.000012 here at 50 km. The margin is twice the former; the extra
    metre covers edges that are straight in longitude/latitude and not in the plane (3 mm).
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and 0 <= radius_m <= MAX_RADIUS_M):
        raise ValueError(f"no box around {lon}, {lat} with a radius of {radius_m} m")
    reach = radius_m * BOX_MARGIN + BOX_EXTRA_M
    lons, lats, _ = GEOD.fwd([lon] * 4, [lat] * 4, [0, 90, 180, 270], [reach] * 4)
    return float(lons[3]), float(lats[2]), float(lons[1]), float(lats[0])


def nearest(
    lon: float, lat: float, geometries: Geometries
) -> tuple[Floats, Floats, Floats, Floats]:
    """Measure from a point to the nearest point of each geometry.

    Parameters
    ----------
    lon, lat
        The point, degrees (EPSG:4490).
    geometries
        Points, lines, polygons, multiples or collections of them, degrees, shape (N,). May be
        empty.

    Returns
    -------
    distance_m, bearing_deg, lon, lat
        Geodesic distance on GRS80, metres, 0 inside a polygon and on an edge; bearing from the
        point, 0 to below 360 clockwise from north, NaN at distance 0; the nearest point, degrees.
        Shape (N,) each; NaN where a geometry is missing or has no points.

    Notes
    -----
    Edges are straight in longitude/latitude (RFC 7946): they are segmentised to 500 m, the
    nearest point is found in EPSG:4549, and the GRS80 inverse gives the distance (METHOD 9.2).
    The plane only chooses the point: within 50 km of a place in the town its scale changes by
    less than 0.0002, so the choice costs far less than 0.1 % of the distance.
    """
    shapes = np.asarray(geometries, dtype=object)
    found: Floats = np.full((4, len(shapes)), np.nan)
    rows = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    if len(rows):
        found[:, rows] = _nearest(lon, lat, shapes[rows])
    return found[0], found[1], found[2], found[3]


def _nearest(lon: float, lat: float, shapes: Geometries) -> Floats:
    shapes_m = shapely.transform(shapely.segmentize(shapes, EDGE_DEG), _to_metric)
    centre_m = shapely.Point(*TO_METRIC.transform(lon, lat))
    ends = shapely.get_coordinates(shapely.shortest_line(shapes_m, centre_m)).reshape(-1, 2, 2)
    near_lon, near_lat = TO_STORED.transform(ends[:, 0, 0], ends[:, 0, 1])
    count = len(shapes)
    azimuth, _, distance_m = GEOD.inv(np.full(count, lon), np.full(count, lat), near_lon, near_lat)
    measured = np.array([distance_m, np.mod(azimuth, 360.0), near_lon, near_lat])
    return np.where(distance_m < ON_M, [[0.0], [np.nan], [lon], [lat]], measured)


def problems(geometries: Geometries) -> list[str | None]:
    """Say what is wrong with each geometry (degrees) and where; None where nothing is.

    Missing geometries are not judged. Coordinates outside the country are told apart: swapped
    axes, projected metres (and of which system), or merely elsewhere. The first fault found is
    the one said: no points, not finite, out of place, not valid.
    """
    shapes = np.asarray(geometries, dtype=object)
    present = ~shapely.is_missing(shapes)
    empty = shapely.is_empty(shapes)
    finite = _finite(shapes)
    valid = np.ones(len(shapes), dtype=bool)
    judged = present & finite
    valid[judged] = shapely.is_valid(shapes[judged])
    bounds = np.full((len(shapes), 4), np.nan)
    bounds[judged] = shapely.bounds(shapes[judged])
    placed = _within(bounds[:, ::2], LON_RANGE) & _within(bounds[:, 1::2], LAT_RANGE)
    said: list[str | None] = [None] * len(shapes)
    for row in np.flatnonzero(present & (empty | ~finite | ~placed | ~valid)):
        if empty[row]:
            said[row] = "几何为空：没有坐标"
        elif not finite[row]:
            said[row] = "坐标不是有限的数字"
        elif not placed[row]:
            said[row] = _astray(bounds[row])
        else:
            said[row] = f"几何无效：{_reason(shapely.is_valid_reason(shapes[row]))}"
    return said


def repaired(geometries: Geometries) -> tuple[Geometries, list[str | None]]:
    """Make invalid polygons and lines valid where that loses no dimension.

    Parameters
    ----------
    geometries
        Degrees (EPSG:4490); may be missing. What is valid, not finite or not in the country is
        left as it is: ``problems`` says what is wrong with that.

    Returns
    -------
    The geometries, and for each mended one what was wrong, where, and the area before and after;
    None for the others. What cannot be mended (nothing of its dimension is left) stays invalid.

    Notes
    -----
    GEOS's ``structure`` method: shells are merged, holes taken out, overlaps filled once.
    """
    shapes = np.array(geometries, dtype=object)
    said: list[str | None] = [None] * len(shapes)
    judged = np.flatnonzero(~shapely.is_missing(shapes) & _finite(shapes))
    bad = judged[~shapely.is_valid(shapes[judged])]
    if not len(bad):
        return shapes, said
    mended = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    whole = shapely.get_dimensions(mended) == shapely.get_dimensions(shapes[bad])
    whole &= ~shapely.is_empty(mended)
    whole &= shapely.get_type_id(mended) != shapely.GeometryType.GEOMETRYCOLLECTION
    before_m2, after_m2 = (
        shapely.area(shapely.transform(found, _to_metric)) for found in (shapes[bad], mended)
    )
    for i in np.flatnonzero(whole):
        row = bad[i]
        why = _reason(shapely.is_valid_reason(shapes[row]))
        said[row] = f"几何已修复：{why}，面积 {before_m2[i]:,.0f} → {after_m2[i]:,.0f} 平方米"
        shapes[row] = mended[i]
    return shapes, said


def _finite(shapes: Geometries) -> np.ndarray:
    xy, row = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[row[~np.isfinite(xy).all(axis=1)]] = False
    return finite


def _within(values: Floats, limits: tuple[float, float]) -> np.ndarray:
    """Tell for each row whether all its values lie within the limits; never for NaN."""
    return np.asarray(((values >= limits[0]) & (values <= limits[1])).all(axis=-1))


EASTINGS = {
    "EPSG:4549": (380_000.0, 560_000.0),
    "EPSG:4528": (40_380_000.0, 40_560_000.0),
}
"""Eastings of the county in CGCS2000 3-degree Gauss-Krüger, CM 120E, without and with the zone's
number (METHOD 9.3)."""

NORTHINGS = (3_430_000.0, 3_600_000.0)
"""Of latitudes 31 to 32.5."""

MERCATOR_X, MERCATOR_Y = (8_126_000.0, 15_140_000.0), (334_000.0, 7_171_000.0)
"""Of the country's range in Web Mercator."""

METRES = 1000.0
"""A coordinate beyond this cannot be a degree."""


def _astray(bounds: Floats) -> str:
    """Say what coordinates outside the country's range probably are."""
    x, y = bounds[::2], bounds[1::2]
    at = f"坐标（{bounds[0]:.10g}, {bounds[1]:.10g}）"
    if _within(x, LAT_RANGE) and _within(y, LON_RANGE):
        return f"{at}像是经纬度写反了：经度在前，纬度在后"
    if np.abs(bounds).max() <= METRES:
        limits = (
            f"经度 {LON_RANGE[0]:g} 至 {LON_RANGE[1]:g}，纬度 {LAT_RANGE[0]:g} 至 {LAT_RANGE[1]:g}"
        )
        return f"{at}不在国内范围（{limits}）"
    for crs, eastings in EASTINGS.items():
        if _within(x, eastings) and _within(y, NORTHINGS):
            return f"{at}像是投影坐标（米）：请声明坐标系 {crs}"
        if _within(y, eastings) and _within(x, NORTHINGS):
            return f"{at}像是 {crs} 的投影坐标（米）而且北坐标在前：请改为东坐标在前，并声明 {crs}"
    if _within(x, MERCATOR_X) and _within(y, MERCATOR_Y):
        return f"{at}像是网络墨卡托坐标（米）：请声明坐标系 EPSG:3857"
    return f"{at}像是投影坐标（米），不是经纬度：请声明它的坐标系，例如 EPSG:4549"


REASONS = {
    "Self-intersection": "自相交",
    "Ring Self-intersection": "环自相交",
    "Too few points in geometry component": "点数不足",
    "Hole lies outside shell": "孔在外环之外",
    "Holes are nested": "孔互相包含",
    "Nested shells": "外环互相包含",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Ring is not closed": "环未闭合",
    "Repeated Point": "点重复",
}


def _reason(text: str) -> str:
    """Put GEOS's words into Chinese and keep its place, as in ``Self-intersection[119.3 31.7]``."""
    words, bracket, place = text.partition("[")
    where = f"，位于（{place.rstrip(']').replace(' ', ', ')}）" if bracket else ""
    return f"{REASONS.get(words, words)}{where}"


def _to_metric(degrees: Floats) -> Floats:
    return np.column_stack(TO_METRIC.transform(degrees[:, 0], degrees[:, 1]))
