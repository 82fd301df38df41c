"""Rates of few events: worked values, what defines the limits, laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gis.domain import rates

GOLDEN = pd.read_csv(Path(__file__).parents[1] / "golden/rates.csv", comment="#")
counts = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 200)), min_size=2, max_size=20)


def golden(what: str) -> pd.DataFrame:
    """Return the worked rows of one statistic."""
    return GOLDEN[GOLDEN["what"] == what]


def test_the_exact_limits_are_the_worked_ones() -> None:
    worked = golden("garwood")
    low, high = rates.poisson_limits(worked["events"].to_numpy(), 0.95)
    assert low == pytest.approx(worked["low"].to_numpy(), abs=0.0005)
    assert high == pytest.approx(worked["high"].to_numpy(), abs=0.0005)


def test_rates_are_drawn_to_the_mean_as_worked() -> None:
    worked = golden("shrunk")
    found = rates.shrink(worked["events"].to_numpy(), worked["over"].to_numpy())
    assert found.rates == pytest.approx(worked["value"].to_numpy(), abs=0.00005)
    assert found.mean == pytest.approx(golden("mean")["value"].item(), abs=0.00005)
    assert found.variance == pytest.approx(golden("variance")["value"].item(), abs=0.0000005)


def test_the_funnel_is_interpolated_as_worked_by_hand() -> None:
    (worked,) = golden("funnel").to_dict("records")
    low, high = rates.funnel_limits(1.0, np.array([worked["over"]]), 0.95)
    assert low[0] == pytest.approx(worked["low"], abs=0.0001)
    assert high[0] == pytest.approx(worked["high"], abs=0.0001)


@given(st.integers(0, 500), st.sampled_from([0.9, 0.95, 0.998]))
def test_at_its_limits_a_mean_gives_the_count_with_the_probability_that_is_left(
    count: int, confidence: float
) -> None:
    low, high = rates.poisson_limits(np.array([count]), confidence)
    tail = (1 - confidence) / 2
    assert stats.poisson.cdf(count, high[0]) == pytest.approx(tail, rel=1e-6)
    if count:
        assert stats.poisson.sf(count - 1, low[0]) == pytest.approx(tail, rel=1e-6)
    else:
        assert low[0] == 0


@given(counts)
def test_a_rate_drawn_to_the_mean_lies_between_itself_and_the_mean(
    rows: list[tuple[int, int]],
) -> None:
    events, over = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = rates.shrink(events, over)
    raw = events / over
    assert (found.rates >= np.minimum(raw, found.mean) - 1e-12).all()
    assert (found.rates <= np.maximum(raw, found.mean) + 1e-12).all()
    far = np.abs(raw - found.mean) > 1e-9
    kept = np.abs(found.rates - found.mean)[far] / np.abs(raw - found.mean)[far]
    order = np.argsort(over[far], kind="stable")
    assert (np.diff(kept[order]) >= -1e-6).all()  # what stands on more keeps more of itself


@given(counts, st.sampled_from([0.95, 0.998]))
def test_the_mean_lies_in_the_funnel_and_a_surer_funnel_is_wider(
    rows: list[tuple[int, int]], confidence: float
) -> None:
    events, over = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    mean = events.sum() / over.sum()
    low, high = rates.funnel_limits(mean, over, confidence)
    assert (low <= mean + 1e-12).all()
    wide_low, wide_high = rates.funnel_limits(mean, over, 0.9995)
    assert (wide_low <= low + 1e-12).all()
    assert (wide_high >= high - 1e-12).all()


def test_who_stands_out_is_said_and_nothing_over_nothing_is_not_judged() -> None:
    events = np.array([40.0, 10.0, 0.0, 0.0, 5.0])
    over = np.array([100.0, 100.0, 100.0, 0.0, 50.0])
    # Mean 55/350 = 0.157: of 100 about 16, by chance 8 to 24; of 50 about 8.
    assert rates.stands_out(events, over, 0.95).tolist() == [
        rates.HIGH, None, rates.LOW, None, None,
    ]  # fmt: skip
    assert rates.stands_out(events, np.zeros(5), 0.95).tolist() == [None] * 5


def test_over_nothing_at_all_no_rate_is_known() -> None:
    found = rates.shrink(np.zeros(2), np.zeros(2))
    assert np.isnan(found.mean)
    assert np.isnan(found.rates).all()


def test_where_nothing_was_counted_over_the_mean_is_the_best_guess() -> None:
    found = rates.shrink(np.array([0.0, 9.0, 1.0]), np.array([0.0, 30.0, 30.0]))
    assert found.rates[0] == found.mean == pytest.approx(10 / 60)


def test_no_events_give_no_rates_above_0() -> None:
    found = rates.shrink(np.zeros(3), np.array([5.0, 9.0, 2.0]))
    assert found.rates.tolist() == [0.0, 0.0, 0.0]
