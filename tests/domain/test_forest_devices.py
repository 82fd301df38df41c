"""Haze, rounds that take too long, and where a further camera adds most."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.risk import forest_devices, forest_siting
from gis.domain.risk.assess import Snapshot
from tests import toyland

RELIEF = toyland.VALUES["relief"]
WEST, EAST = 71, 72
"""Weather stations at x = 0 and x = 4000."""


def snapshot(
    devices: list[dict[str, Any]], observed: list[tuple[int, str, float | None]]
) -> Snapshot:
    """Return devices along the x axis, two stations, and what these saw on days in June 2026."""
    rows = [
        {"id": 100 + i, "status": "在线", "geometry": shapely.Point(500.0 * i, 0), **device}
        for i, device in enumerate(devices)
    ]
    stations = [
        {"id": WEST, "geometry": shapely.Point(0, 0)},
        {"id": EAST, "geometry": shapely.Point(4000, 0)},
    ]
    sites = {
        **toyland.empty_sites(),
        "fire_monitor": toyland.site_frame("fire_monitor", rows),
        "weather_station": toyland.site_frame("weather_station", stations),
    }
    records = pd.DataFrame(observed, columns=["site", "day", "visibility_km"])
    return dataclasses.replace(toyland.snapshot(sites), records={"observation": records})


CAMERA = {"device": "摄像机"}


@pytest.mark.parametrize(
    ("observed", "told_km"),
    [
        ([(WEST, "2026-06-30", 4.0)], 4.0),
        ([(WEST, "2026-06-29", 4.0)], 4.0),
        ([(WEST, "2026-06-28", 4.0)], None),  # not of today or yesterday
        ([(WEST, "2026-07-01", 4.0)], None),  # not yet
        ([(WEST, "2026-06-29", 4.0), (WEST, "2026-06-30", 20.0)], 20.0),  # it has cleared
        ([(WEST, "2026-06-30", 20.0), (WEST, "2026-06-29", 4.0)], 20.0),  # in any order
        ([(WEST, "2026-06-30", None), (WEST, "2026-06-29", 4.0)], 4.0),
        ([(WEST, "2026-06-30", 20.0), (EAST, "2026-06-30", 1.0)], 20.0),
        ([(EAST, "2026-06-30", 1.0)], 1.0),  # the nearer one does not tell
        ([], None),
    ],
)
def test_the_latest_visibility_of_the_nearest_station_that_tells_it_counts(
    observed: list[tuple[int, str, float | None]], told_km: float | None
) -> None:
    found = snapshot([CAMERA], observed)
    devices = forest_devices.working(found, RELIEF)
    (visibility_km,) = forest_devices.visibility(devices, found, RELIEF)
    assert (None if np.isnan(visibility_km) else visibility_km) == told_km


@pytest.mark.parametrize(
    ("device", "visibility_km", "hazed"),
    [
        ("摄像机", 4.9, True),
        ("摄像机", 5.0, False),
        ("瞭望塔", 4.9, True),
        ("热成像", 0.1, False),
        (None, 4.9, True),
        ("摄像机", np.nan, False),
    ],
)
def test_haze_takes_from_whoever_looks_by_light(
    device: str | None, visibility_km: float, hazed: bool
) -> None:
    devices = forest_devices.working(snapshot([{"device": device}], []), RELIEF)
    assert forest_devices.hazed(devices, np.array([visibility_km]), RELIEF).tolist() == [hazed]


def test_a_round_of_more_than_30_minutes_is_slow_and_an_unknown_one_is_not_said_to_be() -> None:
    cycles = [{"patrol_cycle_min": minutes} for minutes in (30.0, 31.0, None)]
    devices = forest_devices.working(snapshot(cycles, []), RELIEF)
    assert forest_devices.slow(devices, RELIEF).tolist() == [False, True, False]


def test_planned_devices_are_candidates_and_no_eyes() -> None:
    found = snapshot([CAMERA, {**CAMERA, "status": "拟建"}, {**CAMERA, "status": "停用"}], [])
    assert forest_devices.working(found, RELIEF)["id"].tolist() == [100]
    assert forest_devices.planned(found)["id"].tolist() == [101]


def test_a_register_without_devices_or_stations_tells_of_none() -> None:
    bare = toyland.snapshot({})
    devices = forest_devices.working(bare, RELIEF)
    assert len(devices) == len(forest_devices.planned(bare)) == 0
    assert len(forest_devices.visibility(devices, bare, RELIEF)) == 0
    assert len(forest_devices.ranges(devices, toyland.VALUES["exposure"])) == 0


def test_places_are_ordered_by_what_they_add_to_those_before() -> None:
    """Worked by hand: four cells of 1, 2, 4, 8 m2, the last one seen already.

    A sees 1 + 2 = 3; B sees 2 + 4 = 6; C sees 4 + 8, of which 4 are new. B first (6), then A adds
    1, then C adds nothing.
    """
    seen = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], dtype=bool)
    area = np.array([1.0, 2.0, 4.0, 8.0])
    found = forest_siting.ranked(seen, np.array([0, 0, 0, 1], dtype=bool), area, area)
    assert found["place"].tolist() == [1, 0, 2]
    assert found["high_m2"].tolist() == [6.0, 1.0, 0.0]


def test_all_forest_decides_between_places_that_add_as_much_high_hazard_forest() -> None:
    seen = np.eye(3, dtype=bool)
    none = np.zeros(3, dtype=bool)
    found = forest_siting.ranked(seen, none, np.array([5.0, 5.0, 5.0]), np.array([5.0, 9.0, 5.0]))
    assert found["place"].tolist() == [1, 0, 2]
    assert not len(forest_siting.ranked(seen[:0], none, np.ones(3), np.ones(3)))


@given(st.integers(0, 2**32 - 1))
def test_gains_fall_add_up_and_the_first_two_see_three_quarters_of_the_best_two(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen, area = rng.random((5, 12)) < 0.4, rng.random(12)
    watched = rng.random(12) < 0.3
    found = forest_siting.ranked(seen, watched, area, area)
    gain = found["high_m2"].to_numpy()
    assert sorted(found["place"]) == [0, 1, 2, 3, 4]
    assert (np.diff(gain) <= 1e-12).all()
    assert gain.sum() == pytest.approx(area[seen.any(axis=0) & ~watched].sum())
    best = max(
        area[(seen[a] | seen[b]) & ~watched].sum() for a, b in itertools.combinations(range(5), 2)
    )
    assert gain[:2].sum() >= (1 - 0.5**2) * best - 1e-12


def test_what_only_one_device_sees_is_lost_with_it() -> None:
    seen = np.array([[1, 1, 0], [0, 1, 0]], dtype=bool)
    assert forest_siting.only(seen).tolist() == [[True, False, False], [False, False, False]]
