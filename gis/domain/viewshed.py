"""What can be seen from a point over the relief: lines of sight, all at once (METHOD 4.6)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.relief import Relief


@dataclass(frozen=True, slots=True)
class Eye:
    """Where somebody looks from.

    Attributes
    ----------
    x_m, y_m
        In the relief's CRS.
    above_m
        Height of the eye above the ground, metres.
    range_m
        How far it sees, metres.
    """

    x_m: float
    y_m: float
    above_m: float
    range_m: float


def sees(
    relief: Relief,
    eye: Eye,
    x_m: Floats,
    y_m: Floats,
    *,
    above_m: float | Floats = 0.0,
    cover_m: Floats | None = None,
    bend_per_m: float = 0.0,
) -> Bools:
    """Tell which places can be seen.

    Parameters
    ----------
    x_m, y_m
        Of the places, in the relief's CRS, shape (N,).
    above_m
        How high above the ground each is looked at, metres, one number or shape (N,).
    cover_m
        What stands on the ground of each cell and hides what is behind it, metres, shape (H, W).
    bend_per_m
        How much lower a place is seen for the bend of the earth, by the square of its distance:
        ``bend``.

    Returns
    -------
    Shape (N,). False beyond the range, and wherever a height on the way is unknown.

    Notes
    -----
    A line of sight is compared with the surface where it crosses a column of the grid's middles,
    or a row, whichever it crosses more often; between two middles the surface is straight (the
    method known as R3: Franklin and Ray 1994, "Higher isn't necessarily better"). What stands at
    the place itself hides nothing of it.
    """
    here = np.array([eye.x_m]), np.array([eye.y_m])
    eye_m = float(relief.at(*here)[0]) + eye.above_m
    to_x, to_y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    away_m = np.hypot(to_x - eye.x_m, to_y - eye.y_m)
    top_m = relief.at(to_x, to_y) + above_m - bend_per_m * away_m**2 - eye_m
    found = np.zeros(len(away_m), dtype=bool)
    near = np.flatnonzero((away_m <= eye.range_m) & ~np.isnan(top_m))
    if not len(near):
        return found
    surface, corner = _around(relief, eye, cover_m, bend_per_m)
    start, ends = (
        np.stack(relief.place(*spot)) - corner for spot in (here, (to_x[near], to_y[near]))
    )
    steepest = _steepest(surface - eye_m, start[:, 0], ends) / relief.cell_m
    found[near] = top_m[near] / np.maximum(away_m[near], NOWHERE_M) >= steepest - ROUNDING
    return found


NOWHERE_M = 1e-6
"""Nearer to the eye than this there is no slope."""

ROUNDING = 1e-9
"""Slopes that differ by less are equal."""


def viewshed(
    relief: Relief,
    eye: Eye,
    *,
    above_m: float = 0.0,
    cover_m: Floats | None = None,
    bend_per_m: float = 0.0,
) -> Bools:
    """Tell which cells can be seen at their middles, shape (H, W); the rest as ``sees``."""
    height, width = relief.height_m.shape
    x_m, y_m = np.meshgrid(
        relief.west_m + relief.cell_m * (np.arange(width) + 0.5),
        relief.north_m - relief.cell_m * (np.arange(height) + 0.5),
    )
    near = np.hypot(x_m - eye.x_m, y_m - eye.y_m) <= eye.range_m
    found = np.zeros(near.shape, dtype=bool)
    found[near] = sees(
        relief, eye, x_m[near], y_m[near],
        above_m=above_m, cover_m=cover_m, bend_per_m=bend_per_m,
    )  # fmt: skip
    return found


def bend(curvature: float, radius_m: float) -> float:
    """Return how much lower a place is seen, by the square of its distance, one over metres.

    Parameters
    ----------
    curvature
        0: a flat earth; 1: without refraction; 0.85714, as light is bent by usual air.
    radius_m
        Of the earth.
    """
    return curvature / (2.0 * radius_m)


def _around(
    relief: Relief, eye: Eye, cover_m: Floats | None, bend_per_m: float
) -> tuple[Floats, Floats]:
    """Return the surface within range of the eye as it is seen, and where that part begins.

    Metres, lower by the bend of the earth the farther it is from the eye; and its first column and
    row, shape (2, 1).
    """
    (column,), (row,) = relief.place(np.array([eye.x_m]), np.array([eye.y_m]))
    reach = math.ceil(eye.range_m / relief.cell_m) + 2
    left, top = (max(0, math.floor(middle) - reach) for middle in (column, row))
    right, bottom = (max(1, math.ceil(middle) + reach) for middle in (column, row))
    part = np.s_[top:bottom, left:right]
    surface = relief.height_m[part] if cover_m is None else relief.height_m[part] + cover_m[part]
    columns = np.arange(surface.shape[1]) + left - column
    rows = np.arange(surface.shape[0])[:, None] + top - row
    away2_m2 = (columns**2 + rows**2) * relief.cell_m**2
    return surface - bend_per_m * away2_m2, np.array([[left], [top]], dtype=np.float64)


def _steepest(surface: Floats, start: Floats, ends: Floats) -> Floats:
    """Return the steepest slope between the eye and each place, metres a cell.

    Parameters
    ----------
    surface
        Height over the eye, metres, shape (H, W).
    start, ends
        Fractional column and row of the eye, shape (2,), and of the places, shape (2, N).

    Returns
    -------
    Shape (N,); -inf where nothing is between, NaN where something on the way is unknown.
    """
    to = ends - start[:, None]
    level = np.abs(to[0]) >= np.abs(to[1])
    found = np.full(len(level), -np.inf)
    # The grid is turned so that a line of sight crosses rows more often than columns.
    for grid, along, across, which in ((surface.T, 0, 1, level), (surface, 1, 0, ~level)):
        padded = np.pad(grid, 1, mode="edge")
        for way in (1, -1):
            some = np.flatnonzero(which & (way * to[along] > 0))
            found[some] = _steepest_along(
                padded, start[along] + 1, start[across] + 1, to[along][some], to[across][some]
            )
    return found


def _steepest_along(
    grid: Floats, row: float, column: float, ahead: Floats, aside: Floats
) -> Floats:
    """Return the steepest slope on lines of sight that all go up, or all go down, the rows.

    ``row`` and ``column`` are the eye's; ``ahead`` and ``aside``, shape (N,), lead from it to the
    places, ``aside`` never farther. Metres a cell, shape (N,).
    """
    way = 1 if ahead.size and ahead[0] > 0 else -1
    first = math.floor(way * row) + 1
    count = np.maximum(np.ceil(way * (row + ahead)) - first, 0).astype(np.int64)
    found = np.full(len(ahead), -np.inf)
    order = np.argsort(count, kind="stable")
    order = order[count[order] > 0]
    for some in np.array_split(order, count.sum() // SAMPLES + 1):
        if len(some):
            rows = way * np.arange(first, first + count[some[-1]])
            found[some] = _steepest_at(
                grid, rows, rows - row, column, aside[some] / ahead[some], count[some]
            )
    found /= np.hypot(1.0, aside / ahead)
    return found


SAMPLES = 100_000
"""Points of lines of sight that are looked at together: they stay in the processor's cache."""


def _steepest_at(
    grid: Floats, rows: Ints, steps: Floats, column: float, lean: Floats, count: Ints
) -> Floats:
    """Return the steepest rise a row on lines of sight, each up to a number of rows of its own.

    ``rows`` are those crossed, ``steps`` how far they are from the eye, shape (K,); ``lean`` is how
    many columns a line goes aside a row, shape (n,).
    """
    beside = column + lean[:, None] * steps
    left = beside.astype(np.int64)
    part = beside - left
    place = left + rows * grid.shape[1]
    # What lies beyond a line's own end is read from anywhere and not counted.
    low, high = (grid.take(place + next_, mode="clip") for next_ in (0, 1))
    rise = (low + part * (high - low)) / np.abs(steps)
    rise[np.arange(len(rows)) >= count[:, None]] = -np.inf
    found: Floats = rise.max(axis=1)
    return found
