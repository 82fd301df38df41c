"""The town's plane: metres while the town is made, rounded degrees when it is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from gis.domain.crs import METRIC, STORED
from scripts.demo_town.dice import Dice

DECIMALS = 6
"""Decimals of stored degrees: 0.1 m."""

_TO_METRES = pyproj.Transformer.from_crs(STORED, METRIC, always_xy=True)
_TO_DEGREES = pyproj.Transformer.from_crs(METRIC, STORED, always_xy=True)

Spot = tuple[float, float]
"""East and north in metres, EPSG:4549."""


def spot(lon: float, lat: float) -> Spot:
    """Return a place given in degrees in metres (EPSG:4490 to EPSG:4549)."""
    x, y = _TO_METRES.transform(lon, lat)
    return float(x), float(y)


def to_metres(geometries: Any) -> Any:
    """Return geometries (EPSG:4490) in EPSG:4549, vertex by vertex; array in, array out."""
    return shapely.transform(geometries, _metres)


def to_degrees(geometries: Any) -> Any:
    """Return geometries (EPSG:4549, metres) in EPSG:4490, rounded to ``DECIMALS``.

    Equal vertices stay equal, so polygons that share their border go on sharing it. Rings come
    out as RFC 7946 wants them: the outer one counter-clockwise.
    """
    return shapely.orient_polygons(shapely.transform(geometries, _degrees))


def _metres(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack(_TO_METRES.transform(lonlat[:, 0], lonlat[:, 1]))


def _degrees(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.round(np.column_stack(_TO_DEGREES.transform(xy[:, 0], xy[:, 1])), DECIMALS)


def polar(centre: Spot, angle: float, distance_m: float) -> Spot:
    """Return the place at an angle (radians, from east, counter-clockwise) and a distance."""
    return centre[0] + distance_m * math.cos(angle), centre[1] + distance_m * math.sin(angle)


def rectangle(centre: Spot, angle: float, length_m: float, width_m: float) -> shapely.Polygon:
    """Return a rectangle whose long side lies at the angle."""
    ux, uy = math.cos(angle) * length_m / 2, math.sin(angle) * length_m / 2
    vx, vy = -math.sin(angle) * width_m / 2, math.cos(angle) * width_m / 2
    x, y = centre
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return shapely.Polygon([(x + a * ux + b * vx, y + a * uy + b * vy) for a, b in signs])


def blob(dice: Dice, centre: Spot, radius_m: float, *, corners: int = 14) -> shapely.Polygon:
    """Return a rounded, irregular polygon that is about a disc of that radius."""
    waves = [(k, dice.between(0.04, 0.28 / k), dice.between(0, 2 * math.pi)) for k in (2, 3, 5)]
    ring = []
    for corner in range(corners):
        angle = 2 * math.pi * corner / corners
        swing = sum(size * math.cos(k * angle + shift) for k, size, shift in waves)
        ring.append(polar(centre, angle, radius_m * (1 + swing)))
    return shapely.Polygon(ring)


def wiggled(
    dice: Dice, ends: Sequence[Spot], *, step_m: float, amplitude_m: float, bow: float = 0.0
) -> shapely.LineString:
    """Return a bent way between two ends.

    Parameters
    ----------
    step_m
        Distance of its vertices, about.
    amplitude_m
        Largest sideways jitter of a vertex; at most a tenth of the length, 0 at the ends.
    bow
        Sideways bend of the whole as a share of its length, either sign.
    """
    (x0, y0), (x1, y1) = ends
    length = math.hypot(x1 - x0, y1 - y0)
    parts = max(1, round(length / step_m))
    side = (-(y1 - y0) / length, (x1 - x0) / length)
    most = min(amplitude_m, 0.1 * length)
    vertices = [(x0, y0)]
    for part in range(1, parts):
        t = part / parts
        hump = 4 * t * (1 - t)
        aside = bow * length * hump + dice.between(-most, most) * min(1.0, hump)
        vertices.append(
            (x0 + t * (x1 - x0) + aside * side[0], y0 + t * (y1 - y0) + aside * side[1])
        )
    return shapely.LineString([*vertices, (x1, y1)])


def faces(
    dice: Dice,
    region: BaseGeometry,
    seeds: npt.NDArray[np.float64],
    *,
    step_m: float,
    amplitude_m: float,
) -> list[shapely.Polygon]:
    """Cut a region into cells around seeds, with bent borders.

    Each border is bent once, before it is cut into the region's linework, so neighbours share
    every vertex of it: no gap, no overlap, also after rounding.

    Returns
    -------
    The cells from west to east; a cell that the region's edge cuts in two comes as two.
    """
    points = shapely.MultiPoint(seeds)
    straight = shapely.voronoi_polygons(points, extend_to=region, only_edges=True)
    ends = sorted(
        (tuple(line.coords[0]), tuple(line.coords[-1])) for line in shapely.get_parts(straight)
    )
    lines = [wiggled(dice, pair, step_m=step_m, amplitude_m=amplitude_m) for pair in ends]
    work = shapely.union_all([*lines, region.boundary])
    cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(work)))
    inside = [cell for cell in cells if region.contains(cell.representative_point())]
    return sorted(inside, key=lambda cell: (cell.bounds, cell.area))
