"""Which forest the devices see and the water reaches, and what is left over."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from gis.domain.crs import METRIC
from gis.domain.relief import Relief
from gis.domain.risk import forest_cover, forest_devices
from gis.domain.risk.assess import Snapshot, assess
from gis.domain.risk.fire_water import reached
from tests import toyland

VALUES = toyland.VALUES
RELIEF = VALUES["relief"]
WOOD = shapely.box(0, 0, 4000, 2000)
"""8 km2 of forest, half of it in village A, half in B."""

Rows = Sequence[Mapping[str, Any]]
point = shapely.Point


def land(height_m: np.ndarray, cell_m: float = 50.0) -> Relief:
    """Return heights whose south-west corner is at -1000, -1000."""
    north_m = -1000.0 + cell_m * len(height_m)
    return Relief(-1000.0, north_m, cell_m, height_m, "test", synthetic=True)


FLAT = land(np.full((80, 160), 50.0))

EAST_M = np.tile(np.arange(-975.0, 7000.0, 50.0), (80, 1))
"""Of the middles of its cells."""

RIDGE = land(np.where(EAST_M == 1025.0, 150.0, 50.0))
"""Flat land with a ridge 100 m high, as wide as a cell, from north to south at x = 1025."""


def snapshot(devices: Rows, relief: Relief | None = None, wood: Any = WOOD) -> Snapshot:
    """Return a township with one pine wood on record and some devices."""
    fuel = {"species": "针叶纯林", "slope_deg": 35.0, "aspect": "西南", "ignition_distance_m": 0.0,
            "fires_10y": 2}  # fmt: skip
    rows = [{"id": 100 + i, "status": "在线", **row} for i, row in enumerate(devices)]
    sites = {
        **toyland.empty_sites(),
        "forest": toyland.site_frame("forest", [{"id": 1, "geometry": wood, **fuel}]),
        "fire_monitor": toyland.site_frame("fire_monitor", rows),
    }
    return dataclasses.replace(toyland.snapshot(sites), relief=relief)


def watched(devices: Rows, relief: Relief | None = None, **more: Any) -> pd.DataFrame:
    """Return the cells of the wood with what is seen of them."""
    found = snapshot(devices, relief, **more)
    people = toyland.scene(found.sites_m).people
    return forest_cover.watched(found, found.scene(people, VALUES), VALUES)


def camera(x_m: float, y_m: float, **more: Any) -> dict[str, Any]:
    """Return a camera on a mast of 30 m that sees 3 km."""
    mast = {"device": "摄像机", "mast_height_m": 30.0, "range_m": 3000.0}
    return {"geometry": point(x_m, y_m), **mast, **more}


def xy(cells: pd.DataFrame) -> np.ndarray:
    """Return the middles of cells."""
    return shapely.get_coordinates(cells["geometry"].to_numpy())


def test_without_a_relief_a_device_sees_its_circle() -> None:
    cells = watched([camera(50, 50, range_m=1000.0)])
    away_m = np.hypot(*(xy(cells) - 50.0).T)
    assert len(cells) == 800
    assert cells["high"].all()
    assert (cells["seen_by"] == (away_m <= 1000.0)).all()


def test_a_ridge_hides_what_lies_behind_it() -> None:
    cells = watched([camera(50, 1050)], RIDGE)
    x_m = xy(cells)[:, 0]
    # The eye is 31.5 m over the land, the ridge with its trees 112 m, the smoke 32 m.
    assert (cells["seen_by"][x_m > 1100] == 0).all()
    assert (cells["seen_by"][x_m < 900] == 1).all()
    low = watched([camera(50, 1050)], FLAT)
    away_m = np.hypot(*(xy(low) - (50, 1050)).T)
    assert (low["seen_by"] == (away_m <= 3000)).all()


def test_trees_hide_from_a_low_eye() -> None:
    post = {"geometry": point(-500, 1050), "device": "巡护点", "range_m": 5000.0}
    bare = {**RELIEF, "canopy_m": 0.0}
    cells = watched([post], FLAT)
    smoke = cells["seen_by"].to_numpy()
    # The first trees, 12 m high at x = 25, hide smoke of 32 m from 1.5 m where it is more than
    # 30.5 / 10.5 times as far: beyond x = 1025.
    x_m = xy(cells)[:, 0]
    assert smoke[x_m < 1000].all()
    assert not smoke[x_m > 1100].any()
    found = snapshot([post], FLAT)
    scene = found.scene(toyland.scene(found.sites_m).people, VALUES)
    open_land = forest_cover.watched(found, scene, {**VALUES, "relief": bare})
    assert open_land["seen_by"].sum() > smoke.sum()


def test_a_flame_on_the_ground_is_hidden_where_smoke_over_the_trees_is_not() -> None:
    """An eye of 31.5 m at x = 50: the first trees, 12 m high at x = 25 .. 75, stand around it.

    A flame at 0 m and 1000 m away shows over trees of 12 m only beyond 31.5 / 19.5 of their
    distance: trees stand all the way, so 100 m before the flame, at 900 m, hides it.
    """
    found = snapshot([camera(50, 1050)], FLAT)
    scene = found.scene(toyland.scene(found.sites_m).people, VALUES)
    cells = forest_cover.watched(found, scene, VALUES)
    devices = forest_devices.working(found, RELIEF)
    eyes = forest_devices.eyes(devices, np.array([3000.0]), RELIEF)
    hidden = forest_cover.canopy(FLAT, cells, 100.0, RELIEF)
    flame = forest_cover.seen(cells, eyes, FLAT, hidden, RELIEF, target_m=0.0)[0]
    away_m = np.hypot(*(xy(cells) - (50, 1050)).T)
    assert not flame[away_m > 500].any()
    assert (cells["seen_by"][away_m < 2900] == 1).all()
    bare = forest_cover.seen(cells, eyes, FLAT, None, RELIEF, target_m=0.0)[0]
    assert bare[away_m < 2900].all()


def test_nothing_is_seen_where_the_relief_is_unknown() -> None:
    hole = land(np.where(EAST_M > 2000.0, np.nan, 50.0))
    cells = watched([camera(50, 1050, range_m=5000.0)], hole)
    x_m = xy(cells)[:, 0]
    assert (cells["seen_by"][x_m < 1900] == 1).all()
    assert (cells["seen_by"][x_m > 2100] == 0).all()
    assert watched([camera(3900, 1050)], hole)["seen_by"].sum() == 0


@pytest.mark.parametrize(
    ("state", "works"),
    [
        ({"status": "在线"}, True),
        ({"status": "离线", "offline_since": "2026-06-30"}, True),
        ({"status": "离线", "offline_since": "2026-06-29"}, False),
        ({"status": "离线", "offline_since": "2026-07-01"}, False),
        ({"status": "离线"}, False),
        ({"status": "停用", "offline_since": "2026-06-30"}, False),
        ({"status": None}, False),
        ({"status": "拟建"}, False),
    ],
)
def test_a_device_down_for_more_than_a_day_is_left_out(state: dict[str, Any], works: bool) -> None:
    found = snapshot([camera(50, 50, **state)])
    assert len(forest_devices.working(found, RELIEF)) == works


@pytest.mark.parametrize(
    ("device", "range_m"),
    [
        ({"device": "摄像机"}, 3000.0),
        ({"device": "瞭望塔"}, 3000.0),
        ({"device": "巡护点"}, 0.0),
        ({"device": None}, 0.0),
        ({"device": "巡护点", "range_m": 800.0}, 800.0),
        ({"device": "摄像机", "range_m": 15_000.0}, 5000.0),
        ({"device": "热成像"}, 3000.0),
        ({"device": "热成像", "range_m": 15_000.0}, 3000.0),
        ({"device": "热成像", "range_m": 2_000.0}, 2000.0),
    ],
)
def test_an_unknown_range_is_3_km_and_no_claim_beyond_5_km_holds_nor_3_km_of_thermal_cameras(
    device: dict[str, Any], range_m: float
) -> None:
    found = snapshot([{"geometry": point(50, 60), **device}])
    devices = forest_devices.working(found, RELIEF)
    ranges_m = forest_devices.ranges(devices, VALUES["exposure"])
    eye = forest_devices.eyes(devices, ranges_m, RELIEF)[0]
    assert (eye.x_m, eye.y_m, eye.above_m, eye.range_m) == (50.0, 60.0, 1.5, range_m)


def test_devices_are_counted_and_added_up_by_village() -> None:
    devices = [camera(50, 50, range_m=1000.0), camera(150, 50, range_m=1000.0), camera(3950, 1950)]
    cells = watched(devices)
    by_area = forest_cover.covered(cells, toyland.areas()).set_index("area")
    assert by_area["forest_m2"].tolist() == pytest.approx([4e6, 4e6, 0.0])
    assert (by_area["high_m2"] == by_area["forest_m2"]).all()
    middle = xy(cells)
    away = [np.hypot(*(middle - spot).T) for spot in ((50, 50), (150, 50), (3950, 1950))]
    seen_by = (away[0] <= 1000).astype(int) + (away[1] <= 1000) + (away[2] <= 3000)
    west = middle[:, 0] < 2000
    assert by_area.loc[toyland.A, "seen_m2"] == pytest.approx(1e4 * (seen_by[west] > 0).sum())
    assert by_area.loc[toyland.A, "high_twice_m2"] == pytest.approx(1e4 * (seen_by[west] > 1).sum())
    assert by_area.loc[toyland.B, "high_seen_m2"] == pytest.approx(1e4 * (seen_by[~west] > 0).sum())


def test_only_high_hazard_forest_counts_as_such() -> None:
    cells = watched([]).assign(score=[59.9, 60.0] * 400)
    high = cells["score"] >= 60
    by_area = forest_cover.covered(cells.assign(high=high), toyland.areas())
    assert by_area["high_m2"].sum() == pytest.approx(4e6)


def test_the_index_knows_what_is_not_watched() -> None:
    """The chain from devices to the indicator: 4 km2 of forest in A, of which a circle is seen."""
    found = assess(snapshot([camera(1000, 1000, range_m=500.0)], FLAT), VALUES).indicators
    rows = found[found["name"] == "forest_unwatched"].set_index("area")
    assert rows.loc[toyland.A, "value"] == pytest.approx(1 - math.pi * 0.25 / 4, abs=0.01)
    assert rows.loc[toyland.B, "value"] == 1.0
    assert rows.loc[toyland.C, "weight"] == 0.0
    hilly = assess(snapshot([camera(50, 1050)], RIDGE), VALUES).indicators
    hidden = hilly[hilly["name"] == "forest_unwatched"].set_index("area")
    assert hidden.loc[toyland.A, "value"] == pytest.approx(0.45, abs=0.06)
    assert hidden.loc[toyland.A, "dq"] == ""


def test_blind_spots_are_stretches_of_more_than_5_ha() -> None:
    cells = watched([])
    x_m, y_m = xy(cells).T
    seen = np.ones(len(cells), dtype=np.int64)
    seen[(x_m < 300) & (y_m < 200)] = 0  # 6 ha
    seen[(x_m > 1000) & (x_m < 1500) & (y_m < 100)] = 0  # 5 ha: not more
    seen[(x_m > 2000) & (x_m < 2400) & (y_m < 200)] = 0  # 8 ha, touching the next at a corner
    seen[(x_m > 2400) & (x_m < 2500) & (y_m > 200) & (y_m < 300)] = 0  # 1 ha
    high = x_m < 100
    spots = forest_cover.blind_spots(cells.assign(seen_by=seen, high=high), 100.0, RELIEF, METRIC)
    assert spots["area_ha"].tolist() == pytest.approx([8.0, 6.0])
    assert spots["high_ha"].tolist() == pytest.approx([0.0, 2.0])
    assert spots.geometry.iloc[1].equals(shapely.box(0, 0, 300, 200))
    assert not len(forest_cover.blind_spots(cells.assign(seen_by=1), 100.0, RELIEF, METRIC))


def test_water_reaches_along_a_path_not_too_steep_and_near_a_road() -> None:
    places = shapely.points([(0, 0), (760, 0), (780, 0), (0, 490), (0, 510)])
    pond, road = np.array([shapely.box(-50, -50, 0, 50)]), np.array([shapely.box(-90, -9, 900, 0)])
    # 1000 m of path are 769 m straight.
    assert reached(places, pond, road, None, RELIEF).tolist() == [True, True, False, True, False]
    assert not reached(places, pond, road[:0], None, RELIEF).any()
    assert not reached(places, pond[:0], road, None, RELIEF).any()
    slope = land(0.15 * EAST_M)
    steep = reached(shapely.points([(660, 0), (680, 0)]), pond, road, slope, RELIEF)
    assert steep.tolist() == [True, False]  # 0.15 x 667 m are 100 m
    unknown = land(np.full((80, 160), np.nan))
    assert not reached(places, pond, road, unknown, RELIEF).any()


def test_a_town_without_forest_or_devices_has_an_empty_cover() -> None:
    found = toyland.snapshot({})
    scene = found.scene(toyland.scene(toyland.empty_sites()).people, VALUES)
    for relief in (None, FLAT):
        bare = dataclasses.replace(found, relief=relief)
        cells = forest_cover.watched(bare, dataclasses.replace(scene, relief=relief), VALUES)
        assert len(cells) == 0
        by_area = forest_cover.covered(cells, toyland.areas())
        assert by_area["area"].tolist() == [toyland.A, toyland.B, toyland.C]
        assert (by_area.drop(columns="area") == 0).all(axis=None)


def test_coverage_reads_only_what_it_names() -> None:
    rng = np.random.default_rng(4)
    sites = {
        kind: toyland.random_sites(kind, rng, 20, first_id=1 + 1000 * i)
        for i, kind in enumerate(toyland.KINDS)
    }
    people = toyland.scene(sites).people
    named = {kind: frame for kind, frame in sites.items() if kind in forest_cover.READS}
    whole, part = (
        pd.DataFrame(forest_cover.watched(s, s.scene(people, VALUES), VALUES))
        for s in (toyland.snapshot(sites), toyland.snapshot(named))
    )
    pd.testing.assert_frame_equal(whole, part)
