"""In what one snapshot differs from another: what has to be made again, and what stands."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gis.domain.arrays import Bools

CASES = "hazard"
"""In place of a kind: the cases of the hazard register differ, or the places where they lie."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs; all else is the same, and in the same order.

    Attributes
    ----------
    kinds
        Kinds of the places that differ, and sorts of records; ``CASES``.
    places
        Ids of the places that are gone, new or otherwise.
    """

    kinds: frozenset[str] = frozenset()
    places: frozenset[int] = frozenset()

    def of(self, frame: pd.DataFrame, column: str = "id") -> Bools:
        """Tell which rows are of a place that differs; shape (n,)."""
        found: Bools = frame[column].isin(self.places).to_numpy(dtype=bool)
        return found
