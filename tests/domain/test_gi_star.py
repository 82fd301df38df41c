"""Getis-Ord Gi*: worked values, an independent library, exact probabilities, laws."""

from __future__ import annotations

import warnings
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from gis.domain import gi_star, hexagons
from gis.domain.arrays import Floats, Ints

SIDE = 7
PERMUTATIONS = 9999
SQUARES = np.array([(column, row) for row in range(SIDE) for column in range(SIDE)])
BLOCK = np.array(
    [3.0 if 2 <= c <= 4 and 2 <= r <= 4 else float((c + r) % 2 == 0) for c, r in SQUARES.tolist()]
)
"""METHOD 12.8: 3 in the central 3 x 3, elsewhere a chessboard of 1 and 0."""


def queen(side: int = SIDE) -> Ints:
    """Return the up to eight neighbours of each square of a board, -1 where there is none."""
    steps = [(c, r) for c in (-1, 0, 1) for r in (-1, 0, 1) if (c, r) != (0, 0)]
    rows = []
    for c, r in SQUARES.tolist():
        near = [(c + dc, r + dr) for dc, dr in steps]
        rows.append([b * side + a if 0 <= a < side and 0 <= b < side else -1 for a, b in near])
    return np.array(rows)


def hexes(columns: int, rows: int) -> Ints:
    return np.array([(column, row) for row in range(rows) for column in range(columns)])


def p_of(x: Floats, cells: Ints, *, seed: int = 7, permutations: int = 199) -> Floats:
    near = hexagons.neighbours(cells)
    return gi_star.permutation_p(x, near, cells, permutations=permutations, seed=seed)


def exact_p(x: Floats, near: Ints) -> Floats:
    """Return the p that endless permutations would give, by counting the subsets of each size."""
    p = []
    for i, members in enumerate(near):
        members = members[members >= 0]
        ways = {(0, 0): 1}
        for value in np.delete(x, i).astype(int).tolist():
            more = dict(ways)
            for (size, total), count in ways.items():
                if size < len(members):
                    key = (size + 1, total + value)
                    more[key] = more.get(key, 0) + count
            ways = more
        reached = sum(
            count
            for (size, total), count in ways.items()
            if size == len(members) and total >= x[members].sum()
        )
        p.append(reached / comb(len(x) - 1, len(members)))
    return np.array(p)


def test_the_worked_z_of_method_12_8_come_out() -> None:
    z = gi_star.z_scores(BLOCK, queen())
    assert z[3 * SIDE + 3] == pytest.approx(6.2782, abs=5e-5)
    assert z[0] == pytest.approx(-0.8879, abs=5e-5)
    assert z[3 * SIDE + 1] == pytest.approx(1.1510, abs=5e-5)


def test_the_worked_p_of_method_12_8_comes_out() -> None:
    p = gi_star.permutation_p(BLOCK, queen(), SQUARES, permutations=PERMUTATIONS, seed=7)
    assert p[3 * SIDE + 3] == 1e-4


def test_an_independent_library_agrees() -> None:
    esda = pytest.importorskip("esda.getisord")
    weights = pytest.importorskip("libpysal.weights")
    near = queen()
    neighbours = {i: row[row >= 0].tolist() for i, row in enumerate(near)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces a change of its default to two-sided
        theirs = esda.G_Local(
            BLOCK,
            weights.W(neighbours, silence_warnings=True),
            transform="B",
            star=True,
            permutations=PERMUTATIONS,
            seed=7,
            n_jobs=1,
        )
    z = gi_star.z_scores(BLOCK, near)
    p = gi_star.permutation_p(BLOCK, near, SQUARES, permutations=PERMUTATIONS, seed=7)
    assert z == pytest.approx(theirs.Zs, abs=1e-12)
    above = theirs.Gs > theirs.EG_sim  # elsewhere its p is that of the other tail
    noise = 5 * np.sqrt(2 * p * (1 - p) / PERMUTATIONS) + 2e-4
    assert above.sum() > 15
    assert (np.abs(p - theirs.p_sim) < noise)[above].all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=20, max_size=20), st.integers(0, 2**63))
def test_permutations_estimate_the_exact_probability(values: list[int], seed: int) -> None:
    cells, x = hexes(5, 4), np.array(values, dtype=float)
    expected = exact_p(x, hexagons.neighbours(cells))
    found = p_of(x, cells, seed=seed, permutations=PERMUTATIONS)
    noise = 6 * np.sqrt(expected * (1 - expected) / PERMUTATIONS) + 3e-4
    assert (np.abs(found - expected) < noise).all()


def test_the_draws_are_distinct_and_even() -> None:
    drawn = gi_star._samples(1, np.array([3, -4]), 9, 6, 30_000)
    assert all(len(set(draw)) == 6 for draw in drawn.T.tolist())
    shares = np.bincount(drawn.ravel(), minlength=9) / drawn.size
    assert shares == pytest.approx(np.full(9, 1 / 9), abs=0.002)


VALUES = st.lists(st.integers(0, 9), min_size=30, max_size=30)
CELLS = hexes(6, 5)


@settings(max_examples=30, deadline=None)
@given(VALUES, st.integers(0, 29), st.integers(1, 5), st.integers(0, 1000))
def test_one_more_event_moves_p_only_the_way_it_must(
    values: list[int], at: int, more: int, seed: int
) -> None:
    before, near = np.array(values, dtype=float), hexagons.neighbours(CELLS)
    after = before.copy()
    after[at] += more
    p, p_after = p_of(before, CELLS, seed=seed), p_of(after, CELLS, seed=seed)
    beside = np.zeros(30, dtype=bool)
    beside[near[at][near[at] >= 0]] = True
    itself = np.arange(30) == at
    assert p_after[at] == p[at]
    assert (p_after[beside] <= p[beside]).all()
    assert (p_after[~beside & ~itself] >= p[~beside & ~itself]).all()


@settings(max_examples=30, deadline=None)
@given(VALUES, st.permutations(range(30)), st.integers(0, 1000))
def test_permuted_rows_give_the_same_z_and_p(
    values: list[int], order: list[int], seed: int
) -> None:
    x, rows = np.array(values, dtype=float), np.array(order)
    z = gi_star.z_scores(x, hexagons.neighbours(CELLS))
    z_permuted = gi_star.z_scores(x[rows], hexagons.neighbours(CELLS[rows]))
    assert z_permuted == pytest.approx(z[rows], abs=1e-12, nan_ok=True)
    assert_array_equal(p_of(x[rows], CELLS[rows], seed=seed), p_of(x, CELLS, seed=seed)[rows])


@settings(max_examples=30, deadline=None)
@given(VALUES, st.integers(1, 50), st.integers(-20, 20))
def test_z_and_p_do_not_depend_on_the_unit(values: list[int], factor: int, shift: int) -> None:
    x, near = np.array(values, dtype=float), hexagons.neighbours(CELLS)
    other = factor * x + shift
    assert gi_star.z_scores(other, near) == pytest.approx(
        gi_star.z_scores(x, near), abs=1e-9, nan_ok=True
    )
    assert_array_equal(p_of(other, CELLS), p_of(x, CELLS))


@settings(max_examples=30, deadline=None)
@given(VALUES)
def test_z_is_a_correlation_with_the_neighbourhood(values: list[int]) -> None:
    """Gi* is sqrt(n - 1) times Pearson's r of x with being in the neighbourhood: |z| has a bound.

    This is why one more event can lower the z of its own cell: an outlier spoils a correlation.
    """
    x, near = np.array(values, dtype=float), hexagons.neighbours(CELLS)
    z = gi_star.z_scores(x, near)
    if np.ptp(x) == 0:
        assert np.isnan(z).all()
        return
    for i in range(30):
        member = np.zeros(30)
        member[[i, *near[i][near[i] >= 0]]] = 1.0
        r = np.corrcoef(member, x)[0, 1]
        assert z[i] == pytest.approx(np.sqrt(29) * r, abs=1e-9)


def test_a_cell_without_neighbours_is_never_a_hotspot() -> None:
    cells = np.vstack([hexes(8, 8), [(100, 100)]])
    x = np.zeros(65)
    x[:10], x[-1] = 1.0, 50.0
    p = p_of(x, cells)
    assert p[-1] == 1.0
    assert gi_star.z_scores(x, hexagons.neighbours(cells))[-1] > 7


def test_equal_cells_have_no_z_and_no_small_p() -> None:
    x = np.full(30, 4.0)
    assert np.isnan(gi_star.z_scores(x, hexagons.neighbours(CELLS))).all()
    assert (p_of(x, CELLS) == 1.0).all()


def test_nothing_gives_nothing() -> None:
    none, near = np.empty(0), np.empty((0, 6), dtype=np.int64)
    assert len(gi_star.z_scores(none, near)) == 0
    assert len(p_of(none, np.empty((0, 2), dtype=np.int64))) == 0
    assert len(gi_star.benjamini_hochberg(none)) == 0


def test_the_worked_false_discovery_control_of_method_12_8_comes_out() -> None:
    p = np.array([0.0002, 0.0011, 0.004, 0.012, 0.03, 0.04, 0.2, 0.5, 0.7, 0.9])
    q = gi_star.benjamini_hochberg(p)
    assert p[q <= 0.05].max() == 0.012
    assert (q <= 0.05).sum() == 4
    assert p[q <= 0.10].max() == 0.04
    assert (q <= 0.10).sum() == 6


def test_chance_alone_seldom_makes_a_hotspot() -> None:
    rng, cells = np.random.default_rng(5), hexes(10, 10)
    near = hexagons.neighbours(cells)
    wrong = 0
    for seed in range(60):
        x = rng.poisson(1.5, 100).astype(float)
        p = gi_star.permutation_p(x, near, cells, permutations=1999, seed=seed)
        wrong += bool((gi_star.benjamini_hochberg(p) <= 0.05).any())
    assert wrong <= 8  # 3 expected at most; 9 or more of 60 would come once in 500 times
