"""A place as those see it who are not in charge of it: the squares of a grid that it touches."""

from __future__ import annotations

import numpy as np
import shapely

from gis.domain.arrays import Floats, Geometries, Ints


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
    Squares and not a rounded line, whose many points could be averaged. A long straight line
    is told better than one square: which squares it does *not* touch narrows it down, the
    course of 10 km over squares of 2 km to about 150 m (standard deviation of the lines that
    touch the same squares), of 20 km to about 100 m.

    Squares are found from large to small: only those that are touched are cut in four.
    """
    bounds = shapely.bounds(shapes_m) / cell_m
    spans = np.maximum(bounds[:, 2:] - bounds[:, :2], 1.0)
    size = 2 ** int(np.ceil(np.log2(spans.max(initial=1.0))))
    row, x, y = _first_squares(bounds / size)
    shapely.prepare(shapes_m)
    while True:
        width = size * cell_m
        squares = shapely.box(x * width, y * width, (x + 1) * width, (y + 1) * width)
        hit = shapely.intersects(shapes_m[row], squares)
        row, x, y, squares = row[hit], x[hit], y[hit], squares[hit]
        if size == 1:
            break
        size //= 2
        row = np.repeat(row, 4)
        x = np.repeat(2 * x, 4) + np.tile([0, 1, 0, 1], len(x))
        y = np.repeat(2 * y, 4) + np.tile([0, 0, 1, 1], len(y))
    order = np.argsort(row, kind="stable")
    together = shapely.geometrycollections(squares[order], indices=row[order])
    return np.asarray(shapely.union_all(together[:, None], axis=1), dtype=object)


def _first_squares(bounds: Floats) -> tuple[Ints, Ints, Ints]:
    """Return row, x and y of the largest squares that the box of each shape touches.

    ``bounds`` are in widths of such a square, and no box is wider than one: so it touches three
    in a row at the most, where it fills one from edge to edge.
    """
    low = np.ceil(bounds[:, :2]).astype(np.int64) - 1
    high = np.floor(bounds[:, 2:]).astype(np.int64)
    steps = np.array([(dx, dy) for dx in range(3) for dy in range(3)])
    corners = (low[:, None, :] + steps).reshape(-1, 2)
    row = np.repeat(np.arange(len(bounds)), len(steps))
    inside = (corners <= high[row]).all(axis=1)
    x, y = corners[inside].T
    return row[inside], x, y
