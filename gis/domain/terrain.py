"""Elevation on a square grid, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from gis.domain.arrays import Floats


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights of the ground on a square grid.

    Attributes
    ----------
    heights_m
        Shape (rows, cols), the northernmost row first; NaN where nothing is known.
    west_m, north_m
        Outer corner of the first cell in ``crs``, metres.
    cell_m
        Side of a cell, metres.
    crs
        Metric coordinate system, for example ``EPSG:4549``.
    source
        Where the heights are from, in words.
    synthetic
        Whether they are invented.
    """

    heights_m: Floats
    west_m: float
    north_m: float
    cell_m: float
    crs: str
    source: str
    synthetic: bool
