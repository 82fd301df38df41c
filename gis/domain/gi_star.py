"""Getis-Ord Gi* on cells: the statistic, its p by permutation, false-discovery control."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from gis.domain.arrays import Floats, Ints


def z_scores(x: Floats, near: Ints) -> Floats:
    """Compute Getis-Ord Gi* with binary weights, each cell being a neighbour of itself.

    Parameters
    ----------
    x
        Value of each cell, shape (C,), finite.
    near
        Row numbers of the neighbours of each cell, shape (C, K), -1 where there is none.

    Returns
    -------
    z, shape (C,); NaN where all cells are equal or a cell has all others as neighbours.

    Notes
    -----
    METHOD 8.4: (sum_j w_ij x_j - xbar W_i) / (S sqrt((n sum_j w_ij2 - W_i2) / (n - 1))), W_i =
    sum_j w_ij with j = i, S the population's standard deviation. Ord and Getis 1995, equation 6.
    """
    n = len(x)
    z: Floats = np.full(n, np.nan)
    if n < 2 or np.ptp(x) == 0:
        return z
    members = 1.0 + (near >= 0).sum(axis=1)
    above = x + _sum_near(x, near) - x.mean() * members
    error = x.std() * np.sqrt(members * (n - members) / (n - 1))
    np.divide(above, error, out=z, where=error > 0)
    return z


def permutation_p(x: Floats, near: Ints, cells: Ints, *, permutations: int, seed: int) -> Floats:
    """Estimate how often chance gives a cell neighbours with at least the sum it has.

    Parameters
    ----------
    x, near
        As for ``z_scores``.
    cells
        Column and row of each cell, or its id alone, shape (C, 2) or (C, 1), each once: they key
        its random numbers.
    permutations
        How many; p cannot be smaller than 1 / (permutations + 1).
    seed
        Any whole number.

    Returns
    -------
    One-sided p for many, shape (C,), in (0, 1]: (M + 1) / (R + 1), where M of R permutations
    reach the sum. A cell without neighbours has p = 1: nothing speaks for a cluster.

    Notes
    -----
    Conditional permutation: the cell keeps its own value, its K neighbours are drawn from the
    other n - 1 without replacement (Floyd's sampling). The draws of a cell depend on the seed,
    the cell, n and K only, and rows in any order give the same bits. It follows exactly that p
    does not depend on the cell's own value, does not rise with a neighbour's and does not fall
    with another cell's.
    """
    observed = _sum_near(x, near)
    slack = 1e-9 * np.maximum(np.abs(observed), 1.0)  # sums of fractions differ by their order
    order = np.lexsort(cells.T)
    ordered, place = x[order], np.argsort(order)
    p = np.ones(len(x))
    for i, count in enumerate((near >= 0).sum(axis=1)):
        if count:
            others = np.delete(ordered, place[i])
            drawn = others[_samples(seed, cells[i], len(others), int(count), permutations)]
            reached = (drawn.sum(axis=0) >= observed[i] - slack[i]).sum()
            p[i] = (reached + 1.0) / (permutations + 1.0)
    return p


def benjamini_hochberg(p: Floats) -> Floats:
    """Return the smallest false-discovery rate at which each test counts; shape (C,).

    Benjamini and Hochberg 1995; an empty array stays empty.
    """
    q: Floats = stats.false_discovery_control(p, method="bh") if len(p) else np.empty(0)
    return q


def _sum_near(x: Floats, near: Ints) -> Floats:
    total: Floats = np.where(near >= 0, x[near], 0.0).sum(axis=1) if len(x) else np.empty(0)
    return total


def _samples(seed: int, cell: Ints, n: int, count: int, permutations: int) -> Ints:
    """Draw ``count`` of n rows without replacement, ``permutations`` times; shape (count, R)."""
    uniform = _uniform(seed, cell, count * permutations).reshape(count, permutations)
    picked = np.empty((count, permutations), dtype=np.int64)
    for step, last in enumerate(range(n - count, n)):
        row = (uniform[step] * (last + 1)).astype(np.int64)
        taken = (picked[:step] == row).any(axis=0)
        picked[step] = np.where(taken, last, row)
    return picked


GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""Step of splitmix64 (Steele, Lea and Flood 2014)."""

Words = npt.NDArray[np.uint64]


def _uniform(seed: int, cell: Ints, count: int) -> Floats:
    """Return numbers in [0, 1) that depend on the seed, the cell and their position only."""
    key = np.zeros(1, dtype=np.uint64)
    for part in (seed, *cell):
        key = _mix(key + GOLDEN + np.array([int(part) & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64))
    words = _mix(key + GOLDEN * np.arange(1, count + 1, dtype=np.uint64))
    return np.asarray(words >> np.uint64(11), dtype=np.float64) * 2.0**-53


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Words = words ^ (words >> np.uint64(31))
    return mixed
