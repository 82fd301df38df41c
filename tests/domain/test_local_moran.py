"""Local Moran's I: an independent library, chances counted by hand, laws; outliers on the map."""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.arrays import Floats
from gis.domain.crs import METRIC
from gis.domain.local_moran import (
    HIGH_HIGH,
    HIGH_LOW,
    local_moran,
    nearest,
    outliers,
    permutation_p,
)
from tests import toyland

CONSTANTS = toyland.VALUES["hotspots"]
EAST, NORTH = 440_000.0, 3_505_000.0
TOWN = shapely.box(EAST, NORTH, EAST + 12_000, NORTH + 12_000)
PERMUTATIONS = 9999


def test_an_independent_library_agrees() -> None:
    esda = pytest.importorskip("esda.moran")
    weights = pytest.importorskip("libpysal.weights")
    rng = np.random.default_rng(12)
    xy_m, x = rng.uniform(0, 5000, (60, 2)), rng.gamma(2.0, 3.0, 60)  # no two values are equal
    x[xy_m[:, 0] < 1500] += 12
    near = nearest(xy_m, 8)
    neighbours = {i: row.tolist() for i, row in enumerate(near)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w = weights.W(neighbours, silence_warnings=True)
        theirs = esda.Moran_Local(x, w, permutations=PERMUTATIONS, seed=7, n_jobs=1)
    assert local_moran(x, near) == pytest.approx(theirs.Is, abs=1e-9)
    p = permutation_p(x, near, np.arange(60), permutations=PERMUTATIONS, seed=7)
    asked = np.isfinite(p)
    assert (asked == (x > x.mean())).all()
    # Theirs is one-sided, of the smaller tail; ours twice that of the side that the place is on.
    same = asked & (np.nan_to_num(p) < 0.8)
    assert same.sum() > 10
    noise = 10 * np.sqrt(theirs.p_sim / PERMUTATIONS) + 4e-4
    assert (np.abs(p - 2 * theirs.p_sim) < noise)[same].all()
    assert p[same].min() < 0.005


def test_the_neighbours_are_those_of_an_independent_library() -> None:
    weights = pytest.importorskip("libpysal.weights")
    xy_m = np.random.default_rng(3).uniform(0, 5000, (50, 2))
    theirs = weights.KNN.from_array(xy_m, k=8)
    assert [set(row.tolist()) for row in nearest(xy_m, 8)] == [
        set(theirs.neighbors[i]) for i in range(50)
    ]


def test_of_others_at_one_spot_those_of_the_smaller_row_are_the_neighbours() -> None:
    xy_m = np.array([(0.0, 0.0)] * 5 + [(10.0, 0.0)] * 2)
    assert nearest(xy_m, 2).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1], [6, 0], [5, 0]]


def test_the_worked_i() -> None:
    # By hand: x 1 2 3 6, mean 3, z -2 -1 0 3, sum z2 14, m2 14/3. The neighbours of the last are
    # the first two: mean z -1.5, I = 3 x -1.5 / (14/3) = -27/28; of the first the next two: mean z
    # -0.5, I = -2 x -0.5 / (14/3) = 3/14.
    near = np.array([[1, 2], [0, 2], [1, 3], [0, 1]])
    found = local_moran(np.array([1.0, 2.0, 3.0, 6.0]), near)
    assert found[[0, 3]].tolist() == pytest.approx([3 / 14, -27 / 28], abs=1e-12)


def test_the_chance_of_neighbours_is_the_one_that_counting_gives() -> None:
    # The first has 9, its two neighbours the only two 0 among nine others: 1 pair of C(9, 2) = 36
    # has so little, two-sided 2/36. With the two 7 beside it instead, as much comes once in 36.
    x = np.array([9.0, 0, 0, 5, 5, 5, 5, 5, 7, 7])
    low, high = (np.full((10, 2), 3), np.full((10, 2), 3))
    low[0], high[0] = (1, 2), (8, 9)
    for near in (low, high):
        p = permutation_p(x, near, np.arange(10), permutations=99_999, seed=1)
        assert p[0] == pytest.approx(2 / 36, abs=0.003)


def test_where_most_have_none_a_lone_bad_one_is_nothing_rare() -> None:
    # 88 of 100 others have none: eight without any come in (0.88)^8 = 36 of 100 draws.
    x = np.concatenate([[20.0], np.zeros(88), np.ones(12)])
    near = np.tile(np.arange(1, 9), (101, 1))
    p = permutation_p(x, near, np.arange(101), permutations=PERMUTATIONS, seed=1)
    assert 0.6 < p[0] < 0.8


@given(st.lists(st.integers(0, 9), min_size=20, max_size=20), st.permutations(range(20)))
@settings(max_examples=20)
def test_rows_in_any_order_give_the_same_bits(values: list[int], order: list[int]) -> None:
    rows = np.array(order)
    xy_m = np.array([(i % 5, i // 5 + (i // 10)) for i in range(20)], dtype=float)  # many ties
    x, near = np.array(values, dtype=float), nearest(xy_m, 4)
    place = np.argsort(rows)  # the same neighbours, under their new rows
    given_p, again = (
        permutation_p(*of, permutations=199, seed=5)
        for of in ((x, near, np.arange(20)), (x[rows], place[near[rows]], rows))
    )
    np.testing.assert_array_equal(again, given_p[rows])
    assert local_moran(x[rows], place[near[rows]]) == pytest.approx(
        local_moran(x, near)[rows], abs=1e-12, nan_ok=True
    )


@given(st.integers(0, 9), st.integers(0, 2**32))
def test_equal_values_are_no_finding(value: int, seed: int) -> None:
    x, near = np.full(20, float(value)), nearest(np.arange(40.0).reshape(20, 2), 4)
    assert np.isnan(local_moran(x, near)).all()
    assert np.isnan(permutation_p(x, near, np.arange(20), permutations=99, seed=seed)).all()


def grid(count: int = 12, step_m: float = 800.0) -> gpd.GeoDataFrame:
    """Return enterprises on a square grid, ids from 500."""
    at = [
        (EAST + 400 + step_m * (i % count), NORTH + 400 + step_m * (i // count))
        for i in range(count**2)
    ]
    return gpd.GeoDataFrame(
        {"id": 500 + np.arange(count**2)}, geometry=shapely.points(at), crs=METRIC
    )


def events(weights: Floats, **more: Any) -> pd.DataFrame:
    """Return an event at each enterprise of ``grid`` that has a weight."""
    frame = pd.DataFrame({"site": 500.0 + np.arange(len(weights)), "weight": weights, "count": 1})
    return frame[frame["weight"] > 0].assign(**more)


def found(happened: pd.DataFrame, places: gpd.GeoDataFrame, seed: int = 4) -> gpd.GeoDataFrame:
    told = outliers(happened, places, TOWN, CONSTANTS, seed=seed)
    assert told is not None
    return told


def one_bad_among_good() -> tuple[Floats, int]:
    """Return weights of 1 to 3 everywhere, none around the middle, and 25 in the middle."""
    x = np.random.default_rng(8).integers(1, 4, 144).astype(float)
    middle = 5 * 12 + 5
    for row in (-1, 0, 1):
        x[middle + 12 * row - 1 : middle + 12 * row + 2] = 0.0
    x[middle] = 25.0
    return x, middle


def test_one_bad_enterprise_among_good_ones_is_found_and_told() -> None:
    x, middle = one_bad_among_good()
    told = found(events(x), grid())
    assert told["site"].tolist() == [500 + middle]
    (row,) = told.to_dict("records")
    assert row["class"] == HIGH_LOW
    assert (row["weight"], row["count"], row["around"]) == (25.0, 1, 0.0)
    assert row["moran"] < 0
    assert row["p"] <= row["q"] <= 0.05
    assert told.crs == METRIC


def test_bad_enterprises_together_are_high_among_high() -> None:
    x = np.zeros(144)
    for row in range(4):
        x[12 * row : 12 * row + 4] = 6.0
    told = found(events(x), grid())
    assert set(told["class"]) == {HIGH_HIGH}
    assert 8 <= len(told) <= 16
    assert (told["moran"] > 0).all()
    assert set(told["site"] - 500) <= set(np.flatnonzero(x))


def test_hazards_scattered_by_chance_make_no_outlier() -> None:
    wrong = 0
    for seed in range(20):
        x = np.random.default_rng(seed).poisson(1.5, 144).astype(float)
        wrong += bool(len(found(events(x), grid(), seed)))
    assert wrong <= 4  # 1 expected at most; 5 or more of 20 would come once in 400 times


def test_places_and_events_in_any_order_give_the_same_answer() -> None:
    x, _ = one_bad_among_good()
    rng = np.random.default_rng(1)
    happened, places = events(x), grid()
    again = found(happened.iloc[rng.permutation(len(happened))], places.iloc[rng.permutation(144)])
    pd.testing.assert_frame_equal(again, found(happened, places))


def test_several_events_of_a_place_add_up_and_those_of_no_such_place_do_not_count() -> None:
    x, middle = one_bad_among_good()
    happened = pd.concat(
        [
            events(x).assign(weight=lambda frame: frame["weight"] / 2),
            events(x).assign(weight=lambda frame: frame["weight"] / 2, count=2),
            pd.DataFrame({"site": [np.nan, 9.0], "weight": 500.0, "count": 1}),
        ]
    )
    (row,) = found(happened, grid()).to_dict("records")
    assert (row["site"], row["weight"], row["count"]) == (500 + middle, 25.0, 3)


def test_fewer_than_a_hundred_places_are_too_few_for_an_answer() -> None:
    assert outliers(events(np.ones(81)), grid(9), TOWN, CONSTANTS, seed=1) is None
    assert outliers(events(np.ones(0)), grid().head(0), TOWN, CONSTANTS, seed=1) is None
    # Those beyond the town are not of it: 12 rows of 12, of which 8 lie within.
    part = shapely.box(EAST, NORTH, EAST + 12_000, NORTH + 8 * 800 - 200)
    assert outliers(events(np.ones(144)), grid(), part, CONSTANTS, seed=1) is None


def test_many_at_one_spot_are_answered_too_and_without_hazards_nothing_is_found() -> None:
    places = grid()
    places.geometry = shapely.points(np.tile([EAST + 900, NORTH + 900], (144, 1)))
    x, _ = one_bad_among_good()
    told = found(events(x), places)
    pd.testing.assert_frame_equal(told, found(events(x), places.iloc[::-1]))
    assert found(events(np.zeros(144)), grid()).empty
    assert found(events(np.ones(144)), grid()).empty
