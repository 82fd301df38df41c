"""Filled bands with fixed limits from a grid of values: how surfaces to look at are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import contourpy
import numpy as np
import shapely

from gis.domain.arrays import Floats, Ints, Objects
from gis.domain.hexagons import Ground

VIEW_ONLY = "仅供浏览"
"""Stands on every band (METHOD 8.2)."""


def centres(
    ground_m: Ground, margin_m: float, cell_m: float, origin_m: Sequence[float]
) -> tuple[Floats, Floats]:
    """Return the centres of the columns and rows of a grid over a ground, metres, rising.

    Parameters
    ----------
    ground_m
        Polygon in EPSG:4549, not empty.
    margin_m
        How far the grid reaches beyond the ground's box at least, metres.
    cell_m, origin_m
        Side of a cell, and a corner of one, metres: the grid stays where it is while the ground
        changes.
    """
    west, south, east, north = ground_m.bounds
    axes: list[Floats] = []
    for low, high, origin in ((west, east, origin_m[0]), (south, north, origin_m[1])):
        first = math.floor((low - margin_m - origin) / cell_m)
        last = math.ceil((high + margin_m - origin) / cell_m)
        axes.append(origin + (np.arange(first, last, dtype=np.float64) + 0.5) * cell_m)
    return axes[0], axes[1]


def filled(
    x: Floats, y: Floats, values: Floats, limits: Sequence[float], ground_m: Ground
) -> Objects:
    """Return the ground of each band: from its limit to the next, the last without an upper one.

    Parameters
    ----------
    x, y
        Centres of the columns and rows, shapes (X,) and (Y,), at least two each.
    values
        At the centres, shape (Y, X), finite; straight in between.
    limits
        Rising.
    ground_m
        What the bands are cut off at. May be empty.

    Returns
    -------
    MultiPolygons, shape (len(limits),), empty where a band does not occur.
    """
    contours = contourpy.contour_generator(x, y, values, fill_type="OuterOffset")
    shapes = np.empty(len(limits), dtype=object)
    shapes[:] = [
        _clipped(contours.filled(low, high), ground_m)
        for low, high in pairwise([*limits, math.inf])
    ]
    return shapes


def _clipped(outlines: Any, ground_m: Ground) -> shapely.MultiPolygon:
    """Build the polygons of one band and keep what lies on the ground."""
    polygons = [_polygon(points, offsets) for points, offsets in zip(*outlines, strict=True)]
    if not polygons:
        return shapely.MultiPolygon()
    # Contours may touch themselves at a saddle of the surface.
    whole = shapely.union_all(shapely.make_valid(polygons))
    parts = shapely.get_parts(shapely.intersection(whole, ground_m))
    return shapely.MultiPolygon(list(parts[shapely.get_dimensions(parts) == 2]))


def _polygon(points: Floats, offsets: Ints) -> shapely.Polygon:
    rings = [points[a:b] for a, b in pairwise(offsets)]
    return shapely.Polygon(rings[0], rings[1:])
