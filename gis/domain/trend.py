"""Whether a series rises or falls: Mann-Kendall, for few and uneven numbers (METHOD 8.6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, slots=True)
class Trend:
    """What a series tells.

    Attributes
    ----------
    steps
        Values that are known.
    s
        Pairs that rise less pairs that fall.
    variance
        Of s were there no trend; 0 for equal values, or fewer than two.
    z
        s in standard deviations, with the correction for continuity; NaN without a variance.
    p
        Two-sided, 0..1; NaN without a variance.
    """

    steps: int
    s: int
    variance: float
    z: float
    p: float


def mann_kendall(values: Sequence[float]) -> Trend:
    """Test whether later values tend to be larger, or smaller, than earlier ones.

    Parameters
    ----------
    values
        In the order of time, at equal steps; NaN where unknown, which is left out.

    Notes
    -----
    METHOD 8.6, 12.8. S = sum over i < j of sign(x_j - x_i); Var = (n(n-1)(2n+5) - sum over ties of
    t(t-1)(2t+5)) / 18; z = (S -+ 1) / sqrt(Var). Kendall 1975. It says nothing of how fast, needs
    values that do not depend on each other, and with fewer than ten steps next to nothing.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    n = len(known)
    signs = np.sign(known[None, :] - known[:, None])
    s = int(np.triu(signs, k=1).sum())
    ties = np.unique(known, return_counts=True)[1].astype(np.float64)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if variance <= 0:
        return Trend(n, s, 0.0, math.nan, math.nan)
    z = (s - np.sign(s)) / math.sqrt(variance)
    return Trend(n, s, variance, float(z), float(2.0 * stats.norm.sf(abs(z))))
