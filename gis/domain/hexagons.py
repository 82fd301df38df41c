"""A grid of equal hexagons with a fixed origin: the same cells month after month.

A hexagon stands on a corner: it is as wide as it is flat to flat, and its rows lie above one
another. It has whole-number coordinates (column, row) along two axes 60 degrees apart, east and
north-east, and its centre at origin + width * (column + row / 2, row * sqrt(3) / 2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Floats, Ints
from gis.domain.crs import METRIC

Ground = shapely.Polygon | shapely.MultiPolygon

ROW = math.sqrt(3.0) / 2.0
"""Distance between rows, in widths; also the area of a hexagon, in squares of its width."""

RING = np.array([(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)], dtype=np.int64)
"""Steps from a hexagon to its six neighbours."""

CORNERS = np.array([(0.5, -1), (0.5, 1), (0, 2), (-0.5, 1), (-0.5, -1), (0, -2)])
"""Counter-clockwise; x in widths, y in halves of a side."""

HALF_SIDE = 1.0 / (2.0 * math.sqrt(3.0))
"""In widths."""


def sound_width_m(
    area_m2: float, count: int, *, limits_m: tuple[float, float], step_m: float
) -> int:
    """Return the width at which a cell holds about two of the events: area 2A/N.

    Parameters
    ----------
    area_m2
        Of the ground, m2, > 0.
    count
        Number of events; 0 gives the widest.
    limits_m
        Narrowest and widest, metres.
    step_m
        The width is a whole number of these, metres.

    Notes
    -----
    METHOD 8.3: ``clip(sqrt(2A/N x 2/sqrt(3)), 500, 2000)``, rounded to 100 m.
    """
    wanted = math.sqrt(2.0 * area_m2 / count / ROW) if count else math.inf
    low, high = limits_m
    return int(round(min(max(wanted, low), high) / step_m) * step_m)


def locate(xy_m: Floats, width_m: float, origin_m: Sequence[float]) -> Ints:
    """Find the hexagon that each point lies in.

    Parameters
    ----------
    xy_m
        Points, metres, shape (N, 2), finite. May be empty.
    width_m
        Of the hexagons, flat to flat, metres.
    origin_m
        Centre of the hexagon (0, 0), metres.

    Returns
    -------
    Column and row, shape (N, 2); a point on a border has one of its hexagons, always the same.
    """
    x, y = ((xy_m - np.asarray(origin_m)) / width_m).T
    row = y / ROW
    column = x - row / 2.0
    cube = np.stack([column, row, -column - row])
    near = np.floor(cube + 0.5)
    # The three must add up to 0: the one that was rounded most follows from the others.
    worst = np.abs(near - cube).argmax(axis=0)
    mended = np.where(worst == np.arange(3)[:, None], near - near.sum(axis=0), near)
    return mended[:2].T.astype(np.int64)


def cover(ground_m: Ground, width_m: float, origin_m: Sequence[float]) -> gpd.GeoDataFrame:
    """Lay hexagons over a ground.

    Parameters
    ----------
    ground_m
        Polygon in EPSG:4549.
    width_m, origin_m
        As for ``locate``.

    Returns
    -------
    Frame in EPSG:4549 with ``column``, ``row`` (int64) and ``geometry`` (whole hexagons) of every
    cell that meets the ground, sorted by row and column.
    """
    west, south, east, north = ground_m.bounds
    corners = np.array([(west, south), (west, north), (east, south), (east, north)])
    found = locate(corners, width_m, origin_m)
    (first_column, first_row), (last_column, last_row) = found.min(axis=0), found.max(axis=0)
    rows, columns = np.mgrid[first_row - 1 : last_row + 2, first_column - 1 : last_column + 2]
    cells = np.column_stack([columns.ravel(), rows.ravel()]).astype(np.int64)
    shapes = shapes_m(cells, width_m, origin_m)
    shapely.prepare(ground_m)
    meets = shapely.intersects(ground_m, shapes)
    return gpd.GeoDataFrame(
        {"column": cells[meets, 0], "row": cells[meets, 1]}, geometry=shapes[meets], crs=METRIC
    )


def shapes_m(cells: Ints, width_m: float, origin_m: Sequence[float]) -> np.ndarray:
    """Return the hexagons of (column, row), shape (N, 2), as polygons in metres, shape (N,)."""
    column, row = cells[:, 0], cells[:, 1]
    centres = np.column_stack([column + row / 2.0, row * ROW]) * width_m + np.asarray(origin_m)
    corners = CORNERS * [1.0, HALF_SIDE] * width_m
    polygons: np.ndarray = shapely.polygons(centres[:, None, :] + corners)
    return polygons


def rows_of(cells: Ints, wanted: Ints) -> Ints:
    """Return the row of each wanted (column, row), shape (N, 2), among the cells; -1 for none."""
    rows: Ints = _index(cells).get_indexer(_index(wanted)).astype(np.int64)
    return rows


def neighbours(cells: Ints) -> Ints:
    """Find the neighbours of each cell among the cells.

    Parameters
    ----------
    cells
        Column and row, shape (C, 2), each cell once.

    Returns
    -------
    Row numbers of the six neighbours, shape (C, 6), in the order of ``RING``; -1 where there is
    none.
    """
    return np.column_stack([rows_of(cells, cells + step) for step in RING])


def _index(cells: Ints) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([cells[:, 0], cells[:, 1]])
