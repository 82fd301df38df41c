"""What is taken already: new places are put where nothing stands in the way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from scripts.demo_town.dice import Dice
from scripts.demo_town.plane import Spot, polar

TRIES = 400
"""Darts thrown before a place counts as impossible: the knobs ask too much of the town."""


class Ground:
    """Claims of land in metres (EPSG:4549)."""

    def __init__(self) -> None:
        """Begin with empty land."""
        self._taken: list[BaseGeometry] = []
        self._tree: shapely.STRtree | None = None

    @property
    def taken(self) -> tuple[BaseGeometry, ...]:
        """Everything taken so far."""
        return tuple(self._taken)

    def claim(self, geometries: Iterable[BaseGeometry]) -> None:
        """Take land."""
        self._taken.extend(geometries)
        self._tree = None

    def free(self, geometries: Sequence[Any], clear_m: float) -> npt.NDArray[np.bool_]:
        """Tell which geometries keep ``clear_m`` metres from everything taken."""
        if self._tree is None:
            self._tree = shapely.STRtree(self._taken)
        found = np.ones(len(geometries), dtype=bool)
        hit, _ = self._tree.query(np.asarray(geometries), predicate="dwithin", distance=clear_m)
        found[hit] = False
        return found

    def dart(
        self,
        dice: Dice,
        inside: BaseGeometry,
        centre: Spot,
        reach_m: tuple[float, float],
        clear_m: float,
    ) -> Spot:
        """Find a free spot around a centre.

        Parameters
        ----------
        inside
            Where the spot must lie.
        reach_m
            Least and greatest distance from the centre, metres; widened while nothing is free.
        clear_m
            Distance to keep from everything taken, metres.

        Raises
        ------
        RuntimeError
            If nothing was free after ``TRIES`` darts.
        """
        near, far = reach_m
        for attempt in range(TRIES):
            wide = far * (1 + 3 * attempt / TRIES)
            distance = math.sqrt(dice.between(near**2, wide**2))
            found = polar(centre, dice.between(0, 2 * math.pi), distance)
            point = shapely.Point(found)
            if inside.contains(point) and self.free([point], clear_m)[0]:
                return found
        raise RuntimeError(f"no free land within {far:.0f} m of {centre}")
