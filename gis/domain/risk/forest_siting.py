"""Which place for a further camera adds most, one after the other (METHOD 4.6)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints

COLUMNS = ("place", "high_m2", "all_m2")


def ranked(seen: Bools, watched: Bools, high_m2: Floats, all_m2: Floats) -> pd.DataFrame:
    """Order candidate places by what each adds to those before it (greedy).

    Parameters
    ----------
    seen
        What would be seen from each place, shape (C, N).
    watched
        What is seen already, shape (N,).
    high_m2, all_m2
        High-hazard forest, and forest, of each cell, shape (N,), >= 0.

    Returns
    -------
    One row a place, in the order in which they are best added: ``place``, its row in ``seen``;
    ``high_m2`` and ``all_m2``, what it adds. First counts high-hazard forest, then all, then the
    order given.

    Notes
    -----
    The first k places see at least 1 - 1/e of what the best k would (Nemhauser, Wolsey and Fisher
    1978): what is added can only shrink as places are.
    """
    weight = np.column_stack([high_m2, all_m2])
    missing, left, rows = ~watched, np.arange(len(seen)), []
    while len(left):
        gain = (seen[left] & missing) @ weight
        best = _best(gain)
        rows.append((left[best], *gain[best]))
        missing = missing & ~seen[left[best]]
        left = np.delete(left, best)
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return found.astype({"place": np.int64, "high_m2": np.float64, "all_m2": np.float64})


def only(seen: Bools) -> Bools:
    """Tell which cells each device sees and no other does, shape (D, N) as ``seen``."""
    alone: Ints = seen.sum(axis=0)
    found: Bools = seen & (alone == 1)
    return found


def _best(gain: Floats) -> int:
    """Return the first row with the largest numbers, the first column before the second."""
    return int(np.lexsort((-np.arange(len(gain)), gain[:, 1], gain[:, 0]))[-1])
