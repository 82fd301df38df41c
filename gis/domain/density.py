"""Kernel density as filled bands with fixed limits: a picture to look at, not a finding."""

from __future__ import annotations

import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Floats, Ints
from gis.domain.contours import VIEW_ONLY, centres, filled
from gis.domain.crs import METRIC
from gis.domain.hexagons import Ground

PER_KM2 = 1e6
"""Square metres in a square kilometre."""

EVENTS_AT_ONCE = 2000
"""Bounds the memory that the kernels of a batch take."""


def bands(
    xy_m: Floats,
    weight: Floats,
    ground_m: Ground,
    *,
    bandwidth_m: float,
    cell_m: float,
    breaks_per_km2: Sequence[float],
    origin_m: Sequence[float] = (0.0, 0.0),
) -> gpd.GeoDataFrame:
    """Return the density surface as filled contour bands, clipped to the ground.

    Parameters
    ----------
    xy_m, weight, ground_m, bandwidth_m, cell_m, origin_m
        As for ``surface``.
    breaks_per_km2
        Limits of the bands, events per km2, rising. Absolute and fixed: a band means the same in
        every month and every town, and a single event in an empty town does not glow.

    Returns
    -------
    Frame in EPSG:4549, one row per band that occurs, lowest first: ``from_per_km2``,
    ``to_per_km2`` (NaN for the highest, which has no upper limit), ``use`` (仅供浏览) and
    ``geometry`` (Polygon or MultiPolygon). Below the first limit there is no band. Empty, with
    all columns, where there is nothing.
    """
    x, y, per_km2 = surface(
        xy_m, weight, ground_m, bandwidth_m=bandwidth_m, cell_m=cell_m, origin_m=origin_m
    )
    frame = gpd.GeoDataFrame(
        {
            "from_per_km2": np.array(breaks_per_km2),
            "to_per_km2": np.array([*breaks_per_km2[1:], np.nan]),
            "use": VIEW_ONLY,
        },
        geometry=filled(x, y, per_km2, breaks_per_km2, ground_m),
        crs=METRIC,
    )
    return frame[~frame.geometry.is_empty].reset_index(drop=True)


def surface(
    xy_m: Floats,
    weight: Floats,
    ground_m: Ground,
    *,
    bandwidth_m: float,
    cell_m: float,
    origin_m: Sequence[float] = (0.0, 0.0),
) -> tuple[Floats, Floats, Floats]:
    """Compute the quartic kernel density on a grid, corrected at the ground's edge.

    Parameters
    ----------
    xy_m
        Events, metres, shape (N, 2), finite, on the ground or close to it. May be empty.
    weight
        Of each event, shape (N,), >= 0.
    ground_m
        Polygon in EPSG:4549.
    bandwidth_m
        Radius h of the kernel, metres.
    cell_m
        Of the grid, metres.
    origin_m
        A corner of the grid, metres: it stays where it is while the ground changes.

    Returns
    -------
    x, y, per_km2
        Centres of the columns and rows, metres, shapes (X,) and (Y,); density, events per km2,
        shape (Y, X). The grid reaches one bandwidth beyond the ground, so that contours end
        outside it.

    Notes
    -----
    METHOD 8.2: (3 / (pi h2)) sum w (1 - d2 / h2)2 over d < h. Each event's kernel is divided by
    the part of it that lies on the ground, so that the ground holds every event whole: the
    density adds up to the number of events. An event with no part of its kernel on the ground is
    left out. The rows' order changes no more than the last bits: sort them to keep those too.
    """
    # An event may lie a bandwidth outside, and its kernel reaches another one.
    x, y = centres(ground_m, 2.0 * (bandwidth_m + cell_m), cell_m, origin_m)
    on_ground = shapely.contains_xy(ground_m, *np.meshgrid(x, y)).ravel()
    total = np.zeros(len(x) * len(y))
    near = shapely.dwithin(ground_m, shapely.points(xy_m), bandwidth_m)
    points, weights = xy_m[near], weight[near]
    for first in range(0, len(points), EVENTS_AT_ONCE):
        batch = slice(first, first + EVENTS_AT_ONCE)
        cell, kernel = _kernels(points[batch], x, y, bandwidth_m, cell_m)
        kept = (kernel * on_ground[cell]).sum(axis=(1, 2))
        part = np.divide(kernel.sum(axis=(1, 2)), kept, out=np.zeros_like(kept), where=kept > 0)
        np.add.at(total, cell, kernel * (weights[batch] * part)[:, None, None])
    peak = 3.0 / (math.pi * bandwidth_m**2) * PER_KM2
    return x, y, (total * peak).reshape(len(y), len(x))


def _kernels(
    points: Floats, x: Floats, y: Floats, bandwidth_m: float, cell_m: float
) -> tuple[Ints, Floats]:
    """Return the grid cells around each point and the height of its kernel there, 0..1."""
    reach = math.ceil(bandwidth_m / cell_m) + 1
    steps = np.arange(-reach, reach + 1)
    column = np.floor((points[:, :1] - x[0]) / cell_m + 0.5).astype(np.int64) + steps
    row = np.floor((points[:, 1:] - y[0]) / cell_m + 0.5).astype(np.int64) + steps
    dx2 = (x[column] - points[:, :1]) ** 2
    dy2 = (y[row] - points[:, 1:]) ** 2
    d2 = dy2[:, :, None] + dx2[:, None, :]
    kernel: Floats = np.maximum(1.0 - d2 / bandwidth_m**2, 0.0) ** 2
    return row[:, :, None] * len(x) + column[:, None, :], kernel
