"""What of each kind was surveyed in each area: the table of coverage, laid out to be asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Ints, Objects

COMPLETE, PARTIAL = "complete", "partial"
"""What of a kind there is in an area was surveyed, all or some; else nobody looked."""


def surveyed(
    coverage: pd.DataFrame | None,
    codes: Objects,
    kinds: Sequence[str],
    statuses: Collection[str] = (COMPLETE,),
) -> Bools:
    """Tell where kinds were surveyed so.

    Parameters
    ----------
    coverage
        Rows (``kind``, ``village``, ``status``); no row is no survey. None: it is not judged, and
        everything counts as surveyed.
    codes
        Of the areas, shape (A,).
    kinds
        K of them.
    statuses
        Which count.

    Returns
    -------
    Shape (A, K).
    """
    if coverage is None:
        return np.ones((len(codes), len(kinds)), dtype=bool)
    row, column = cells(coverage, codes, kinds)
    good = coverage["status"].isin(list(statuses)).to_numpy(dtype=bool)
    met = good & (row >= 0) & (column >= 0)
    grid = np.zeros((len(codes), len(kinds)), dtype=bool)
    grid[row[met], column[met]] = True
    return grid


def cells(coverage: pd.DataFrame, codes: Objects, kinds: Sequence[str]) -> tuple[Ints, Ints]:
    """Return area and kind of each row of the coverage as places in these; -1 is none of them."""
    row = pd.Index(codes, dtype=object).get_indexer(pd.Index(coverage["village"], dtype=object))
    column = pd.Index(list(kinds), dtype=object).get_indexer(
        pd.Index(coverage["kind"], dtype=object)
    )
    return row.astype(np.int64), column.astype(np.int64)
