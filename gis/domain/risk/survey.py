"""What is known of each area, and whether enough of it is known: what indicators are read off."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk.constants import Constants, number, table
from gis.domain.risk.coverage import COMPLETE, PARTIAL, surveyed
from gis.domain.risk.engines import Engines
from gis.domain.risk.homes import Homes

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator as it was read off.

    Attributes
    ----------
    value
        The best that can be said from what was found; NaN where that is nothing. Shape (A,).
    known
        Whether enough was found to go by it, shape (A,).
    said
        What is to be said of it, in Chinese, else empty; shape (A,).
    applies
        Where it means anything, shape (A,).
    """

    value: Floats
    known: Bools
    said: Objects
    applies: Bools


@dataclass(frozen=True, slots=True)
class Survey:
    """A snapshot, seen by area.

    Attributes
    ----------
    snapshot
        What the register knew.
    people
        Its receptors frame.
    areas
        Its areas in code order, A of them.
    residents
        Of each area, NaN where unknown, shape (A,).
    constants
        The values of ``exposure.toml``.
    homes
        The home areas of its places.
    engines
        When fire engines are at its receptors.
    covered
        What devices see of the forest: see ``indicators.indicators``.
    """

    snapshot: Snapshot
    people: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    residents: Floats
    constants: Constants
    homes: Homes
    engines: Engines
    covered: pd.DataFrame
    ids: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Keep the ids of the areas."""
        object.__setattr__(self, "ids", self.areas["area"].to_numpy(dtype=np.int64))

    def sites(self, kind: str) -> gpd.GeoDataFrame:
        """Return the places of a kind in id order; no rows where there are none."""
        rows = self.homes.get(kind, np.empty(0, dtype=np.int64))
        frame = self.snapshot.places(kind).assign(**{HOME: rows})
        return frame.sort_values("id", ignore_index=True)

    def home(self, frame: gpd.GeoDataFrame) -> Ints:
        """Return the row of the area of each place of ``sites``, -1 outside; shape (n,)."""
        rows: Ints = frame[HOME].to_numpy(dtype=np.int64)
        return rows

    def column(self, name: str) -> Floats:
        """Return a number that is recorded of the areas, NaN where it is not; shape (A,)."""
        if name not in self.areas:
            return np.full(len(self.ids), np.nan)
        recorded: Floats = self.areas[name].to_numpy(dtype=np.float64)
        return recorded

    def complete(self, kinds: Collection[str]) -> Bools:
        """Tell where all of these kinds were surveyed completely, shape (A,)."""
        return self._surveyed(kinds, (COMPLETE,))

    def seen(self, kinds: Collection[str]) -> Bools:
        """Tell where all of these kinds were surveyed, be it in part, shape (A,)."""
        return self._surveyed(kinds, (COMPLETE, PARTIAL))

    def count(self, row: Ints, which: Bools | Floats) -> Floats:
        """Add up by area what lies in it, shape (A,); a negative row lies in none."""
        inside = row >= 0
        weights = np.asarray(which, dtype=np.float64)[inside]
        summed = np.bincount(row[inside], weights=weights, minlength=len(self.ids))
        return summed.astype(np.float64)

    def people_by_area(self, which: Bools) -> tuple[Floats, Floats]:
        """Add up people of these receptors, and those of them whose number was known; (A,) each."""
        chosen = self.people[which]
        row = self.row_of(chosen["area"].to_numpy(dtype=np.int64))
        heads = chosen["people"].to_numpy()
        counted = heads * ~chosen["dq"].to_numpy(dtype=bool)
        return self.count(row, heads), self.count(row, counted)

    def row_of(self, areas: Ints) -> Ints:
        """Return the row of each area id, -1 where there is none."""
        return pd.Index(self.ids).get_indexer(pd.Index(areas)).astype(np.int64)

    def enough(self, judged: Floats, total: Floats) -> Bools:
        """Tell where so much of the total is judged that it can be gone by."""
        found: Bools = judged >= number(self.constants, "known_share") * total
        return found

    def share(self, name: str, hits: Floats, judged: Floats, total: Floats) -> Floats:
        """Return the share of ``hits`` when not all were judged, shape (A,); NaN without any.

        Those nobody judged are taken to be as the others, or as what stands for unknown if that
        is worse: between the anchors of the indicator, where its score is that of unknown.
        """
        anchor = table(self.constants, name)
        part = number(self.constants, "unknown_score") / 10.0
        middle = anchor["a0"] + part * (anchor["a10"] - anchor["a0"])
        worse = np.fmax if anchor["a10"] > anchor["a0"] else np.fmin
        rest = worse(ratio(hits, judged), middle)
        return ratio(hits + (total - judged) * rest, total)

    def _surveyed(self, kinds: Collection[str], statuses: Collection[str]) -> Bools:
        codes = self.areas["code"].to_numpy(dtype=object)
        grid = surveyed(self.snapshot.coverage, codes, list(kinds), statuses)
        found: Bools = np.all(grid, axis=1)
        return found


HOME = "home_row"
"""Column of the places of a survey."""


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; NaN where the whole is 0."""
    found: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return found


def reading(
    value: Floats,
    known: Bools,
    unknown: str | Objects,
    *,
    said: Objects | None = None,
    applies: Bools | None = None,
) -> Reading:
    """Make a reading; where it is unknown, ``unknown`` tells why, else ``said`` stands."""
    everywhere = np.ones(len(value), dtype=bool) if applies is None else applies
    known = known & ~np.isnan(value) & everywhere
    beside = np.full(len(value), "", dtype=object) if said is None else said
    words = np.where(known | ~everywhere, beside, unknown)
    return Reading(value, known, words.astype(object), everywhere)
