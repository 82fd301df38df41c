"""Kulldorff's scan: the worked ratio, an account taken one circle at a time, laws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.arrays import Floats, Ints
from gis.domain.scan import log_likelihood_ratio, scan
from gis.errors import InvalidDataError

GRID = np.array([(1000.0 * x, 1000.0 * y) for y in range(7) for x in range(7)])
SEEDS = st.integers(0, 2**32 - 1)


def look(
    xy_m: Floats, events: Ints, at_risk: Floats, *, replicates: int = 99, most_m: float = 5000
) -> pd.DataFrame:
    """Scan with the largest circle of METHOD 8.5."""
    return scan(xy_m, events, at_risk, most_share=0.5, most_m=most_m, replicates=replicates, seed=7)


def test_the_worked_ratio() -> None:
    # METHOD 12.8: c 18, e 9, C 120.
    found = log_likelihood_ratio(np.array([18.0, 9.0, 4.0]), np.array([9.0, 9.0, 9.0]), 120.0)
    assert found[0] == pytest.approx(3.8518, abs=0.00005)
    assert found[1:].tolist() == [0.0, 0.0]


def test_all_events_inside_have_a_ratio_too() -> None:
    found = log_likelihood_ratio(np.array([10.0]), np.array([2.0]), 10.0)
    assert found[0] == pytest.approx(10 * math.log(5))


def test_a_planted_cluster_is_found_with_its_places() -> None:
    centre = np.abs(GRID - [4000, 4000]).max(axis=1) <= 0
    ring = np.hypot(*(GRID - [4000, 4000]).T) <= 1000
    events = np.where(ring, 8, 1)
    found = look(GRID, events, np.full(len(GRID), 10.0), replicates=999)
    first = found.iloc[0]
    assert sorted(first["rows"]) == np.flatnonzero(ring).tolist()
    assert (first["x_m"], first["y_m"]) == tuple(GRID[centre][0])
    assert first["events"] == 40
    assert first["expected"] == pytest.approx(events.sum() * 5 / 49)
    assert first["p"] == 0.001
    assert all(not set(a) & set(b) for a, b in itertools.combinations(found["rows"], 2))


def test_many_events_where_much_is_at_risk_are_no_cluster() -> None:
    at_risk = np.where(np.hypot(*(GRID - [4000, 4000]).T) <= 1000, 80.0, 10.0)
    events = (at_risk / 10).astype(int)
    assert look(GRID, events, at_risk).empty


@settings(max_examples=25)
@given(SEEDS)
def test_the_likeliest_circle_is_that_of_an_account_one_circle_at_a_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    xy_m = (rng.integers(0, 6, size=(14, 2)) * 700).astype(np.float64)  # ties of all sorts
    at_risk = rng.integers(0, 6, size=14).astype(float) + 0.5
    events = rng.poisson(at_risk)
    total = events.sum()
    best = 0.0
    for centre in xy_m:
        away = np.array([math.dist(centre, other) for other in xy_m])
        for radius in set(away):
            inside = away <= radius
            share = at_risk[inside].sum() / at_risk.sum()
            c, e = events[inside].sum(), share * total
            if share > 0.5 or radius > 2500 or c <= e:
                continue
            rest = (total - c) * math.log((total - c) / (total - e)) if c < total else 0.0
            best = max(best, c * math.log(c / e) + rest)
    found = look(xy_m, events, at_risk, replicates=9, most_m=2500)
    assert (found["llr"].iloc[0] if len(found) else 0.0) == pytest.approx(best, abs=1e-9)


@settings(max_examples=10)
@given(SEEDS)
def test_the_same_seed_gives_the_same_p_and_it_is_one_of_the_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    events = rng.poisson(2.0, len(GRID))
    at_risk = np.full(len(GRID), 5.0)
    one, two = (look(GRID, events, at_risk, replicates=19) for _ in range(2))
    assert one["p"].tolist() == two["p"].tolist()
    assert all(0.05 <= p <= 1 and (p * 20) == pytest.approx(round(p * 20)) for p in one["p"])
    assert one["p"].is_monotonic_increasing


def test_by_chance_alone_a_cluster_is_rarely_found() -> None:
    rng = np.random.default_rng(3)
    at_risk = np.full(len(GRID), 5.0)
    found = [look(GRID, rng.poisson(2.0, len(GRID)), at_risk, replicates=99) for _ in range(40)]
    firsts = np.array([frame["p"].iloc[0] for frame in found])
    # Binomial with 40 tries at 5 %: more than 6 has a chance of 0.3 %.
    assert (firsts <= 0.05).sum() <= 6
    assert firsts.mean() > 0.3


def test_without_events_or_places_at_risk_there_is_no_cluster() -> None:
    none = np.zeros(len(GRID), dtype=int)
    assert look(GRID, none, np.ones(len(GRID))).empty
    assert look(GRID, none, np.zeros(len(GRID))).empty


def test_events_where_nothing_is_at_risk_are_refused() -> None:
    events = np.ones(len(GRID), dtype=int)
    with pytest.raises(InvalidDataError, match="分母"):
        look(GRID, events, np.where(GRID[:, 0] > 0, 1.0, 0.0))
