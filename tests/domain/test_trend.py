"""Mann-Kendall: the worked series, another library, laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gis.domain.trend import mann_kendall

WORKED = [2, 3, 3, 5, 4, 6, 7, 6, 8, 9, 9, 11]
"""METHOD 12.8."""
series = st.lists(st.integers(0, 9), min_size=2, max_size=30)


def test_the_worked_series_rises() -> None:
    found = mann_kendall(WORKED)
    assert (found.steps, found.s) == (12, 59)
    assert found.variance == pytest.approx(209.667, abs=0.0005)
    assert found.z == pytest.approx(4.0056, abs=0.00005)
    assert found.p == pytest.approx(0.0001, abs=0.00005)


@given(series)
def test_s_is_that_of_kendalls_tau_in_another_library(values: list[int]) -> None:
    found = mann_kendall(values)
    tau = stats.kendalltau(np.arange(len(values)), values).statistic
    pairs = len(values) * (len(values) - 1) / 2
    ties = sum(c * (c - 1) / 2 for c in np.unique(values, return_counts=True)[1])
    if ties == pairs:
        assert found.s == 0
        return
    assert found.s == pytest.approx(tau * math.sqrt(pairs * (pairs - ties)), abs=1e-9)


@given(series)
def test_the_same_backwards_falls_as_much_as_it_rose(values: list[int]) -> None:
    there, back = mann_kendall(values), mann_kendall(values[::-1])
    assert (there.s, there.variance) == (-back.s, back.variance)
    assert there.p == pytest.approx(back.p, nan_ok=True)


@given(series)
def test_only_the_order_of_values_counts(values: list[int]) -> None:
    curved = mann_kendall([float(v) ** 3 + 7 for v in values])
    straight = mann_kendall(values)
    assert (curved.s, curved.variance) == (straight.s, straight.variance)


@given(series)
def test_what_is_not_known_is_left_out(values: list[int]) -> None:
    gaps = [v for value in values for v in (float(value), math.nan)]
    assert mann_kendall(gaps).s == mann_kendall(values).s
    assert mann_kendall(gaps).steps == len(values)


@pytest.mark.parametrize("values", [[], [3], [5, 5, 5], [math.nan, 2.0]])
def test_a_series_that_cannot_rise_has_no_p(values: list[float]) -> None:
    found = mann_kendall(values)
    assert (found.s, found.variance) == (0, 0.0)
    assert math.isnan(found.p)
