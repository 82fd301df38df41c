"""The invented relief: a plain in the east, low mountains along the ridge, flat reservoirs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.hills import ridge
from scripts.demo_town.records import Place
from scripts.demo_town.villages import Town

Grid = npt.NDArray[np.float64]

CELL_M = 60.0
MARGIN_M = 2100.0
"""Beyond the town: a little more than an import keeps."""

PLAIN_M = 7.0
WEST_RISE = 0.0012
"""The plain rises towards the hills, metres a metre."""

SUMMIT_M = 230.0
FOOT_M = 1500.0
"""How far from the ridge the hills have lost most of their height."""

ROUGH_M = 95.0
"""Height of the crags along the ridge; elsewhere in proportion to the hills."""

SWELL_M = 4.0
"""Height of the swells of the plain."""

OCTAVES = ((2400.0, 1.0), (1200.0, 0.5), (600.0, 0.27), (300.0, 0.12))
"""Wavelength in metres and weight of the noise."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights in metres, rows from the north; ``west_m``, ``north_m`` the outer corner."""

    west_m: float
    north_m: float
    height_m: Grid


def terrain(town: Town, water: Sequence[Place]) -> Terrain:
    """Make the relief of the town and of the land around it.

    Parameters
    ----------
    water
        The reservoirs and ponds; their surfaces are flat.
    """
    west, south, east, north = town.outline.bounds
    left, bottom = (math.floor((edge - MARGIN_M) / CELL_M) for edge in (west, south))
    right, top = (math.ceil((edge + MARGIN_M) / CELL_M) for edge in (east, north))
    x, y = np.meshgrid(
        CELL_M * (np.arange(left, right) + 0.5), CELL_M * (np.arange(top, bottom, -1) - 0.5)
    )
    away_m = shapely.distance(ridge(), shapely.points(x, y))
    hills = np.exp(-((away_m / FOOT_M) ** 1.6))
    noise = _noise(Dice("terrain"), x, y)
    rolling = PLAIN_M + WEST_RISE * (x.max() - x) + SWELL_M * noise
    height_m = rolling + SUMMIT_M * hills * (0.75 + 0.25 * noise) + ROUGH_M * hills * noise
    _flatten(height_m, x, y, water)
    return Terrain(left * CELL_M, top * CELL_M, np.round(np.maximum(height_m, 2.0), 1))


def _noise(dice: Dice, x: Grid, y: Grid) -> Grid:
    """Return fractal noise between about -1 and 1: smooth waves of several lengths."""
    total = np.zeros(x.shape)
    for length_m, weight in OCTAVES:
        columns, rows = (x - x.min()) / length_m, (y - y.min()) / length_m
        shape = (int(rows.max()) + 2, int(columns.max()) + 2)
        knots = np.array([dice.between(-1, 1) for _ in range(shape[0] * shape[1])]).reshape(shape)
        total += weight * _between(knots, rows, columns)
    return total


def _between(knots: Grid, rows: Grid, columns: Grid) -> Grid:
    """Return values between knots, with level tangents at each."""
    row, column = rows.astype(np.int64), columns.astype(np.int64)
    down, across = (part * part * (3 - 2 * part) for part in (rows - row, columns - column))
    upper = knots[row, column] * (1 - across) + knots[row, column + 1] * across
    lower = knots[row + 1, column] * (1 - across) + knots[row + 1, column + 1] * across
    return upper * (1 - down) + lower * down


def _flatten(height_m: Grid, x: Grid, y: Grid, water: Sequence[Place]) -> None:
    """Give every reservoir and the cell around it the height of its lowest shore."""
    lakes = [place.geometry for place in water if place.geometry.geom_type == "Polygon"]
    for lake in lakes:
        wet = shapely.contains_xy(lake.buffer(CELL_M / 2), x, y)
        height_m[wet] = height_m[wet].min(initial=np.inf)
