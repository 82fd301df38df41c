"""The relief of the land: heights on a grid of square cells, their slope and aspect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gis.domain.arrays import Bools, Floats

LOWEST_M, HIGHEST_M = -100.0, 9000.0
"""Between these lie the heights of land; a grid with others is in another unit, or has marks for
unknown that it does not name."""


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """Heights of the land (docs/methods/relief.md).

    Attributes
    ----------
    west_m, north_m
        Outer corner of the north-west cell, in the metric CRS of the town.
    cell_m
        Side of a cell, metres, > 0.
    height_m
        Height in the middle of each cell, metres; rows from the north, columns from the west; NaN
        where unknown. Shape (H, W).
    source
        Where it is from, in words for people.
    synthetic
        Whether it was made up for a demonstration.
    """

    west_m: float
    north_m: float
    cell_m: float
    height_m: Floats
    source: str
    synthetic: bool

    def at(self, x_m: Floats, y_m: Floats) -> Floats:
        """Return heights at places, metres, bilinear between the middles of cells.

        Parameters
        ----------
        x_m, y_m
            In the relief's CRS, any one shape.

        Returns
        -------
        The same shape. Within half a cell of the rim the rim's own heights go on; NaN outside, and
        where a height that counts is unknown.
        """
        column, row = self.place(x_m, y_m)
        height, width = self.height_m.shape
        inside = (np.abs(2 * row + 1 - height) <= height) & (
            np.abs(2 * column + 1 - width) <= width
        )
        rows = np.clip(np.where(inside, row, 0.0), 0, height - 1)
        columns = np.clip(np.where(inside, column, 0.0), 0, width - 1)
        return np.where(inside, _bilinear(self.height_m, rows, columns), np.nan)

    def place(self, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Return column and row of places, fractional; whole numbers are the middles of cells."""
        column = (np.asarray(x_m, dtype=np.float64) - self.west_m) / self.cell_m - 0.5
        row = (self.north_m - np.asarray(y_m, dtype=np.float64)) / self.cell_m - 0.5
        return column, row


def slope_deg(relief: Relief) -> Floats:
    """Return the slope of each cell, degrees 0..90, shape (H, W).

    Horn (1981) over the eight cells around it; NaN where one of them, or the cell itself, is
    unknown, and along the rim.
    """
    return _steepness(_everywhere(relief), relief.cell_m)


def aspect_deg(relief: Relief) -> Floats:
    """Return which way each cell faces, downhill: degrees clockwise from north, [0, 360).

    Shape (H, W). Horn (1981); NaN where it is flat or the slope is unknown.
    """
    return _facing(_everywhere(relief), relief.cell_m)


def slope_at(relief: Relief, x_m: Floats, y_m: Floats) -> Floats:
    """Return the slope of the cells in which places lie, degrees; NaN outside or unknown."""
    return _steepness(_around(relief, x_m, y_m), relief.cell_m)


def aspect_at(relief: Relief, x_m: Floats, y_m: Floats) -> Floats:
    """Return which way the cells face in which places lie (``aspect_deg``); NaN outside too."""
    return _facing(_around(relief, x_m, y_m), relief.cell_m)


def _bilinear(values: Floats, rows: Floats, columns: Floats) -> Floats:
    """Read a grid between its middles; rows and columns lie within it, any one shape.

    A neighbour that has no weight does not count, be it unknown.
    """
    top, left = np.floor(rows).astype(np.int64), np.floor(columns).astype(np.int64)
    down, across = rows - top, columns - left
    bottom, right = np.where(down > 0, top + 1, top), np.where(across > 0, left + 1, left)
    upper = values[top, left] * (1 - across) + values[top, right] * across
    lower = values[bottom, left] * (1 - across) + values[bottom, right] * across
    found: Floats = upper * (1 - down) + lower * down
    return found


def _everywhere(relief: Relief) -> Floats:
    """Return the heights around each cell and its own, shape (H, W, 3, 3), NaN beyond the rim."""
    return sliding_window_view(np.pad(relief.height_m, 1, constant_values=np.nan), (3, 3))


def _around(relief: Relief, x_m: Floats, y_m: Floats) -> Floats:
    """Return the heights around the cells in which places lie: their shape, then (3, 3)."""
    column, row = (np.floor(part + 0.5) for part in relief.place(x_m, y_m))
    height, width = relief.height_m.shape
    inner: Bools = (row >= 1) & (row < height - 1) & (column >= 1) & (column < width - 1)
    rows, columns = (np.where(inner, part, 1).astype(np.int64) for part in (row, column))
    found = np.full((*inner.shape, 3, 3), np.nan)
    if inner.any():
        beside = np.arange(-1, 2)
        near = relief.height_m[
            rows[..., None, None] + beside[:, None], columns[..., None, None] + beside
        ]
        found[inner] = near[inner]
    return found


def _steepness(around: Floats, cell_m: float) -> Floats:
    east, north = _gradient(around, cell_m)
    return np.degrees(np.arctan(np.hypot(east, north)))


def _facing(around: Floats, cell_m: float) -> Floats:
    east, north = _gradient(around, cell_m)
    facing = np.degrees(np.arctan2(-east, -north)) % 360.0
    # The remainder of a tiny negative number is 360 itself.
    facing[facing >= 360.0] = 0.0
    return np.where((east == 0.0) & (north == 0.0), np.nan, facing)


def _gradient(around: Floats, cell_m: float) -> tuple[Floats, Floats]:
    """Return the rise eastward and northward, metres a metre; NaN where it is not known."""
    known = np.where(np.isnan(around[..., 1, 1]), np.nan, 8.0 * cell_m)
    weights = np.array([1.0, 2.0, 1.0])
    east = (around[..., 2] @ weights - around[..., 0] @ weights) / known
    north = (around[..., 0, :] @ weights - around[..., 2, :] @ weights) / known
    return east, north
