"""A place as those see it who are not in charge of it: the squares of a grid that it touches."""

from __future__ import annotations

import numpy as np
import shapely

from gis.domain.arrays import Geometries


def touched_cells(shapes_m: Geometries, cell_m: float) -> Geometries:
    """Replace each geometry by the squares of a fixed grid that it touches, put together.

    Parameters
    ----------
    shapes_m
        In a metric CRS, shape (N,). May be empty; none may be missing or empty.
    cell_m
        Width of a square, metres, > 0. The grid starts at the origin of the CRS.

    Returns
    -------
    Polygons or multipolygons, shape (N,). They depend on the geometry alone, so the same place
    looks the same each time, in every answer and export; a change of the place inside its
    squares changes nothing.

    Notes
    -----
    Squares and not a rounded line: what is shown says nothing but "somewhere in here", and
    nobody can average the true course out of many rounded points.
    """
    low, high = np.hsplit(np.floor(shapely.bounds(shapes_m) / cell_m).astype(np.int64), 2)
    width, height = (high - low + 1).T
    count = width * height
    row = np.repeat(np.arange(len(shapes_m)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    x = (low[row, 0] + place % width[row]) * cell_m
    y = (low[row, 1] + place // width[row]) * cell_m
    squares = shapely.box(x, y, x + cell_m, y + cell_m)
    hit = shapely.intersects(squares, shapes_m[row])
    together = shapely.geometrycollections(squares[hit], indices=row[hit])
    return np.asarray(shapely.union_all(together[:, None], axis=1), dtype=object)
