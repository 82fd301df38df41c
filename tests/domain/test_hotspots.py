"""Hotspots: which hazards are events, which cells have data, when nothing is said."""

from __future__ import annotations

import datetime as dt
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from gis.domain import hotspots
from gis.domain.hazards import STATES
from gis.errors import InvalidDataError
from gis.files.methods import load_methods

METHODS = load_methods(Path(__file__).parents[2] / "data" / "methods")
CONSTANTS = METHODS["hotspots"].values
TOWN = shapely.box(434_000, 3_500_000, 449_000, 3_515_000)
SEED = 11


def hazards(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Return a hazards frame; a row says only what matters to its test."""
    usual = {
        "site": np.nan,
        "inspection_id": None,
        "level": "一般",
        "state": "整改中",
        "found_on": "2026-03-01",
        "overdue": False,
        "at": (440_000.0, 3_505_000.0),
    }
    full = [{"id": i + 1, **usual, **row} for i, row in enumerate(rows)]
    columns = ["id", *usual]
    frame = pd.DataFrame(full, columns=columns).drop(columns="at")
    frame["site"] = frame["site"].astype(float)
    shapes = [None if row["at"] is None else shapely.Point(row["at"]) for row in full]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4549")


def spots(count: int) -> list[tuple[float, float]]:
    """Return as many places, all different, inside the town."""
    return [(435_000.0 + 137 * i, 3_501_000.0 + 91 * i) for i in range(count)]


def events(rows: list[dict[str, Any]], **more: Any) -> tuple[pd.DataFrame, dict[str, int]]:
    return hotspots.events(hazards(rows), TOWN, CONSTANTS, **more)


@pytest.fixture(scope="module")
def town() -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Return 300 hazards, most of them around one place, and 900 sites spread evenly."""
    rng = np.random.default_rng(2)
    near = rng.normal((438_000, 3_504_000), 900, (140, 2))
    even = rng.uniform((434_100, 3_500_100), (448_900, 3_514_900), (160, 2))
    rows = [
        {"at": tuple(xy), "site": i % 250, "inspection_id": f"J{i // 3}" if i % 2 else None}
        for i, xy in enumerate(np.vstack([near, even]).tolist())
    ]
    rows[7]["level"] = "重大"
    sites = shapely.points(rng.uniform((434_000, 3_500_000), (449_000, 3_515_000), (900, 2)))
    return hazards(rows), np.asarray(sites)


@pytest.fixture(scope="module")
def found(town: tuple[gpd.GeoDataFrame, np.ndarray]) -> hotspots.Found:
    return hotspots.find(*town, TOWN, CONSTANTS, seed=SEED)


def test_a_major_hazard_weighs_as_much_as_five_general_ones() -> None:
    found, _ = events([{"at": spots(2)[0]}, {"at": spots(2)[1], "level": "重大"}])
    assert found["weight"].tolist() == [1.0, 5.0]


def test_an_inspection_with_twenty_trivial_items_counts_as_five() -> None:
    found, _ = events([{"site": 4, "inspection_id": "J1"}] * 20)
    assert (found["count"].tolist(), found["weight"].tolist()) == ([20], [5.0])


def test_inspections_and_sites_are_told_apart() -> None:
    found, _ = events(
        [
            {"site": 4, "inspection_id": "J1"},
            {"site": 4, "inspection_id": "J1"},
            {"site": 4, "inspection_id": "J2"},
            {"site": 5, "inspection_id": "J1"},
        ]
    )
    assert found["count"].tolist() == [2, 1, 1]


def test_hazards_without_an_inspection_stand_alone() -> None:
    found, _ = events([{"site": 4}, {"site": 4}, {"at": spots(1)[0]}])
    assert found["count"].tolist() == [1, 1, 1]


def test_coordinates_that_four_free_hazards_share_are_those_of_a_village() -> None:
    found, excluded = events([{}] * 4 + [{"at": spots(1)[0]}])
    assert len(found) == 1
    assert excluded == {"no_place": 0, "village_located": 4, "outside": 0}


def test_three_hazards_at_one_spot_and_many_at_one_site_are_kept() -> None:
    found, excluded = events([{}] * 3 + [{"site": 9, "at": spots(1)[0]}] * 9)
    assert found["count"].sum() == 12
    assert excluded["village_located"] == 0


def test_closed_hazards_help_to_tell_what_lies_at_a_village() -> None:
    found, excluded = events([{"state": "归档"}] * 3 + [{}])
    assert found.empty
    assert excluded["village_located"] == 1


def test_open_cases_are_asked_for_by_default() -> None:
    found, _ = events([{"state": s, "at": at} for s, at in zip(STATES, spots(10), strict=True)])
    assert len(found) == 6


def test_a_period_asks_for_every_case_found_in_it() -> None:
    days = ["2025-12-31", "2026-01-01", "2026-06-30", "2026-07-01", None]
    rows = [{"found_on": day, "at": at} for day, at in zip(days, spots(5), strict=True)]
    rows += [{"state": s, "at": at} for s, at in zip(STATES, spots(10), strict=True)]
    found, _ = events(rows, period=(dt.date(2026, 1, 1), dt.date(2026, 6, 30)))
    assert len(found) == 2 + 8  # neither unverified tips nor what proved to be nothing


def test_what_has_no_place_or_lies_outside_is_counted_out() -> None:
    found, excluded = events(
        [{"at": None}, {"at": (433_950.0, 3_505_000.0)}, {"at": (433_800.0, 3_505_000.0)}]
    )
    assert len(found) == 1  # 50 m across an outline that is only indicative
    assert excluded == {"no_place": 1, "village_located": 0, "outside": 1}


def test_a_level_without_a_weight_is_refused_by_name() -> None:
    with pytest.raises(InvalidDataError, match="特大"):
        events([{"level": "特大"}])


def test_no_hazards_give_no_events() -> None:
    found, excluded = events([])
    assert found.empty
    assert sum(excluded.values()) == 0


def cells(sites: list[shapely.Geometry], **more: Any) -> gpd.GeoDataFrame:
    return hotspots.cells_with_data(TOWN, np.array(sites, dtype=object), 1000, CONSTANTS, **more)


def test_a_cell_with_a_site_has_data() -> None:
    found = cells([shapely.Point(440_000, 3_505_000)])
    assert len(found) == 1
    assert shapely.contains_xy(found.geometry.iloc[0], 440_000, 3_505_000)


def test_every_cell_that_a_line_passes_has_data() -> None:
    line = shapely.LineString([(436_000, 3_505_000), (444_000, 3_505_500)])
    found = cells([line])
    assert len(found) > 8
    assert found.intersects(line).all()


def test_a_cell_needs_a_hectare_of_a_footprint_whose_site_stands_elsewhere() -> None:
    (cell,) = cells([shapely.Point(440_000, 3_505_000)]).geometry
    edge = cell.bounds[2]
    y = cell.centroid.y
    outside = [shapely.box(edge + 20, y - 200, edge + 400, y + 200)]
    for width_m, expected in ((20, 1), (30, 2)):  # 400 m deep: 0.8 ha and 1.2 ha across the edge
        plot = shapely.box(edge - width_m, y - 200, edge + 400, y + 200)
        assert len(cells([plot])) == expected
    twice = [shapely.box(edge - 20, y - 200, edge, y + 200)] * 2
    assert len(cells(outside, built_up_m=twice)) == 1  # the same 0.8 ha, said twice


def test_built_up_land_alone_gives_data() -> None:
    built = [shapely.box(440_000, 3_505_000, 440_100, 3_505_101)]
    assert len(cells([], built_up_m=built)) >= 1
    assert len(cells([])) == 0


def test_the_cluster_is_found_and_nothing_far_from_it(found: hotspots.Found) -> None:
    assert found.summary.status == "已检验"
    hot = found.cells[found.cells["class"] == "hotspot"]
    assert len(hot) == found.summary.hotspots > 0
    assert (hot["q"] <= 0.05).all()
    assert hot.distance(shapely.Point(438_000, 3_504_000)).max() < 3000
    middle = found.cells[found.cells.contains(shapely.Point(438_000, 3_504_000))]
    assert middle["class"].tolist() == ["hotspot"]


def test_the_summary_says_what_the_result_stands_on(
    town: tuple[gpd.GeoDataFrame, np.ndarray], found: hotspots.Found
) -> None:
    summary, table = found.summary, found.cells
    assert summary.n_cells == len(table) >= 60
    assert summary.n_hazards == table["count"].sum()
    assert summary.n_hazards + sum(summary.excluded.values()) == len(town[0])
    assert summary.n_events <= summary.n_hazards
    assert (summary.permutations, summary.seed, summary.period) == (9999, SEED, None)
    assert summary.as_json()["excluded"] == dict(summary.excluded)
    assert summary.as_json()["width_m"] == summary.width_m
    with pytest.raises(FrozenInstanceError):
        summary.seed = 3  # type: ignore[misc]  # what is tested


def test_the_frame_has_the_columns_of_the_layer(found: hotspots.Found) -> None:
    assert list(found.cells.columns) == [
        *("code", "column", "row", "count", "weight", "z", "p", "q", "class", "status"),
        "geometry",
    ]
    assert found.cells.crs == found.heat.crs == "EPSG:4549"
    assert found.cells["code"].is_unique
    assert found.cells["p"].between(1e-4, 1).all()
    assert (found.cells["q"] >= found.cells["p"]).all()
    assert set(found.cells["class"]) <= {"hotspot", "suspected", "none"}


@settings(max_examples=5, deadline=None)
@given(st.randoms(use_true_random=False))
def test_rows_in_any_order_give_the_same_bits(
    town: tuple[gpd.GeoDataFrame, np.ndarray], found: hotspots.Found, random: Any
) -> None:
    rows, sites = list(range(len(town[0]))), list(town[1])
    random.shuffle(rows)
    random.shuffle(sites)
    again = hotspots.find(town[0].iloc[rows], sites, TOWN, CONSTANTS, seed=SEED)
    assert_frame_equal(again.cells, found.cells, check_exact=True)
    assert_frame_equal(again.heat, found.heat, check_exact=True)
    assert again.summary == found.summary


def test_another_seed_moves_p_by_noise_only(
    town: tuple[gpd.GeoDataFrame, np.ndarray], found: hotspots.Found
) -> None:
    again = hotspots.find(*town, TOWN, CONSTANTS, seed=SEED + 1)
    assert (again.cells["p"] != found.cells["p"]).any()
    assert (again.cells["p"] - found.cells["p"]).abs().max() < 0.04
    assert (again.cells["z"] == found.cells["z"]).all()


def test_the_input_is_left_as_it_was(town: tuple[gpd.GeoDataFrame, np.ndarray]) -> None:
    before = town[0].copy(deep=True)
    hotspots.find(*town, TOWN, CONSTANTS, seed=SEED)
    assert_frame_equal(town[0], before)


def test_too_few_events_give_counts_and_density_but_no_class(
    town: tuple[gpd.GeoDataFrame, np.ndarray],
) -> None:
    few = hotspots.find(town[0].head(90), town[1], TOWN, CONSTANTS, seed=SEED)
    assert few.summary.status == "样本不足"
    assert set(few.cells["status"]) == {"样本不足"}
    assert few.cells["class"].isna().all()
    assert few.cells[["z", "p", "q"]].isna().all(axis=None)
    assert few.cells["count"].sum() == few.summary.n_hazards > 0
    assert not few.heat.empty
    assert (few.summary.hotspots, few.summary.suspected) == (0, 0)


def test_too_few_cells_give_no_class(town: tuple[gpd.GeoDataFrame, np.ndarray]) -> None:
    few = hotspots.find(town[0], town[1], TOWN, CONSTANTS, seed=SEED, width_m=2000)
    assert few.summary.n_cells < 90
    sites = shapely.points([(438_000, 3_504_000), (439_000, 3_504_000)])
    few = hotspots.find(town[0], sites, TOWN, CONSTANTS, seed=SEED)
    assert few.summary.status == "样本不足"
    assert few.summary.excluded["no_data_cell"] > 0


def test_no_hazards_and_no_sites_are_too_few() -> None:
    none = hotspots.find(hazards([]), [], TOWN, CONSTANTS, seed=SEED)
    assert none.summary.status == "样本不足"
    assert (none.summary.n_cells, none.summary.n_events, none.summary.width_m) == (0, 0, 2000)
    assert none.cells.empty
    assert none.heat.empty
    assert "class" in none.cells.columns


def test_one_more_hazard_lowers_no_count_and_leaves_the_p_of_its_own_cell(
    town: tuple[gpd.GeoDataFrame, np.ndarray],
) -> None:
    at = (438_000.0, 3_504_000.0)
    more = pd.concat([town[0], hazards([{"id": 9999, "at": at}])], ignore_index=True)
    before, after = (
        hotspots.find(frame, town[1], TOWN, CONSTANTS, seed=SEED, width_m=1300)
        for frame in (town[0], more)
    )
    assert (after.cells["weight"] >= before.cells["weight"]).all()
    own = before.cells.contains(shapely.Point(at))
    assert after.cells["weight"][own].iloc[0] == before.cells["weight"][own].iloc[0] + 1
    assert (after.cells["p"][own] == before.cells["p"][own]).all()
