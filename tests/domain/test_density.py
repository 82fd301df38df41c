"""The density surface: worked values, what it adds up to, fixed bands."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from gis.domain import density
from gis.domain.arrays import Floats

TOWN = shapely.box(430_000, 3_500_000, 442_000, 3_512_000)
MIDDLE = np.array([(436_050.0, 3_506_050.0)])
BREAKS = (0.5, 1.0, 2.0, 4.0, 8.0)


def surface(xy: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    return density.surface(xy, weight, TOWN, bandwidth_m=1000, cell_m=100)


def held(x: Floats, y: Floats, per_km2: Floats) -> float:
    """Add up the density over the town."""
    inside = shapely.contains_xy(TOWN, *np.meshgrid(x, y))
    return float(per_km2[inside].sum() * 0.01)


def test_the_worked_heights_of_method_12_8_come_out() -> None:
    x, y, per_km2 = surface(MIDDLE, np.ones(1))
    row, column = np.flatnonzero(y == 3_506_050)[0], np.flatnonzero(x == 436_050)[0]
    assert per_km2[row, column] == pytest.approx(0.9549, abs=5e-5)
    assert per_km2[row, column + 5] == pytest.approx(0.5371, abs=5e-5)
    assert per_km2[row + 10, column] == 0


PLACES = st.lists(
    st.tuples(st.floats(430_000, 442_000), st.floats(3_500_000, 3_512_000), st.integers(1, 5)),
    min_size=1,
    max_size=20,
)


@settings(max_examples=30, deadline=None)
@given(PLACES)
def test_the_town_holds_every_event_whole(places: list[tuple[float, float, int]]) -> None:
    events = np.array(places)
    assert held(*surface(events[:, :2], events[:, 2])) == pytest.approx(
        events[:, 2].sum(), rel=1e-3
    )


@settings(max_examples=20, deadline=None)
@given(PLACES, PLACES)
def test_densities_add(
    one: list[tuple[float, float, int]], other: list[tuple[float, float, int]]
) -> None:
    a, b = np.array(one), np.array(other)
    both = np.vstack([a, b])
    together = surface(both[:, :2], both[:, 2])[2]
    apart = surface(a[:, :2], a[:, 2])[2] + surface(b[:, :2], b[:, 2])[2]
    assert together == pytest.approx(apart, abs=1e-9)


def test_the_grid_does_not_move_with_the_ground() -> None:
    moved = shapely.box(430_033, 3_500_077, 442_000, 3_512_000)
    x, y, _ = density.surface(MIDDLE, np.ones(1), moved, bandwidth_m=1000, cell_m=100)
    whole_x, whole_y, _ = surface(MIDDLE, np.ones(1))
    assert set(x.tolist()) <= set(whole_x.tolist())
    assert set(y.tolist()) <= set(whole_y.tolist())


def test_an_event_far_outside_is_left_out() -> None:
    far = np.array([(450_000.0, 3_506_000.0)])
    assert surface(far, np.ones(1))[2].max() == 0


def test_many_events_are_worked_off_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    xy = np.column_stack([rng.uniform(430_000, 442_000, 50), rng.uniform(3_500_000, 3_512_000, 50)])
    at_once = surface(xy, np.ones(50))[2]
    monkeypatch.setattr(density, "EVENTS_AT_ONCE", 7)
    assert_array_equal(surface(xy, np.ones(50))[2], at_once)


def bands(xy: Floats, weight: Floats) -> gpd.GeoDataFrame:
    return density.bands(xy, weight, TOWN, bandwidth_m=1000, cell_m=100, breaks_per_km2=BREAKS)


def test_one_event_in_an_empty_town_does_not_glow() -> None:
    found = bands(MIDDLE, np.ones(1))
    assert found["from_per_km2"].tolist() == [0.5]
    assert found["to_per_km2"].tolist() == [1.0]
    assert found["use"].tolist() == ["仅供浏览"]
    # 0.9549 (1 - d2)2 = 0.5 where d = 526 m
    assert found.geometry.area.iloc[0] == pytest.approx(np.pi * 526**2, rel=0.02)


def test_bands_are_nested_valid_and_lie_in_the_town() -> None:
    rng = np.random.default_rng(4)
    xy = np.vstack(
        [
            rng.normal((434_000, 3_504_000), 700, (60, 2)),
            rng.normal((430_200, 3_509_000), 300, (20, 2)),
        ]
    )
    found = bands(xy, np.ones(80))
    assert found["from_per_km2"].tolist() == list(BREAKS)
    assert np.isnan(found["to_per_km2"].iloc[-1])
    assert found.geometry.is_valid.all()
    assert shapely.difference(found.union_all(), TOWN).area < 1e-3
    total = found.geometry.area.sum()
    assert found.union_all().area == pytest.approx(total, rel=1e-9)
    assert found.crs == "EPSG:4549"


def test_the_order_of_bands_follows_the_density() -> None:
    rng = np.random.default_rng(4)
    xy = rng.normal((434_000, 3_504_000), 700, (60, 2))
    x, y, per_km2 = surface(xy, np.ones(60))
    found = bands(xy, np.ones(60))
    east, north = np.meshgrid(x, y)
    for low, high, shape in zip(
        found["from_per_km2"], found["to_per_km2"].fillna(np.inf), found.geometry, strict=True
    ):
        inside = shapely.contains_xy(shape, east, north)
        assert (per_km2[inside] >= low).all()
        assert (per_km2[inside] <= high).all()


def test_no_events_give_no_bands_but_all_columns() -> None:
    found = bands(np.empty((0, 2)), np.empty(0))
    assert found.empty
    assert list(found.columns) == ["from_per_km2", "to_per_km2", "use", "geometry"]
