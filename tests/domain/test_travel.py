"""How long a fire engine takes: worked by hand, and by another library on the same grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain import travel
from tests import toyland

EXPOSURE = toyland.VALUES["exposure"]
SEEDS = st.integers(0, 2**32 - 1)
quick = settings(max_examples=20, deadline=None, derandomize=True)
point = shapely.Point


def test_an_engine_drives_along_the_road_at_the_speed_of_its_class() -> None:
    # 3,000 m at 60 km/h = 3 min; then 100 m on foot at 5 km/h = 1.2 min.
    assert _minutes([point(3000, 100)], [("国道", [(0, 0), (5000, 0)])]) == pytest.approx([4.2])


def test_without_roads_it_is_the_straight_line_times_1_4_at_40_kmh() -> None:
    found = _travel([point(2000, 0), point(0, 0)], [])
    assert found["minutes"].tolist() == pytest.approx([1.4 * 2.0 / 40 * 60, 0.0])
    assert found["straight"].tolist() == [True, True]


def test_the_nearest_of_two_stations_counts() -> None:
    found = _minutes(
        [point(4000, 0)], [("国道", [(0, 0), (5000, 0)])], [point(0, 0), point(5000, 0)]
    )
    assert found == pytest.approx([1.0])


def test_a_station_off_the_road_first_gets_to_it() -> None:
    # 50 m at 5 km/h = 0.6 min, twice 500 m at 30 km/h: 2 min.
    found = _minutes([point(1000, 0)], [("村道", [(0, 0), (2000, 0)])], [point(0, 50)])
    assert found == pytest.approx([2.6])


@pytest.mark.parametrize(
    ("roads", "minutes"),
    [
        ([("国道", [(0, 0), (1000, 0)]), ("国道", [(1000, 0), (1000, 1000)])], 2.0),
        ([("国道", [(0, 0), (2000, 0)]), ("国道", [(1000, -500), (1000, 1000)])], 2.0),
        ([("国道", [(0, 0), (1000, 0), (2000, 0)]), ("国道", [(1000, 1000), (1000, 0)])], 2.0),
        ([("国道", [(0, 0), (2000, 0)]), ("国道", [(1000, 1.5), (1000, 1000)])], 1.9985),
        ([("国道", [(0, 0), (1000, 0)]), ("国道", [(1001, 0), (1001, 1000)])], 2.012),
        ([("国道", [(0, 0), (2000, 0)]), ("国道", [(500, 0), (1000, 0), (1000, 1000)])], 2.0),
    ],
    ids=["ends", "crossing", "vertex", "end near a road", "ends nearly", "side by side"],
)
def test_roads_meet_at_ends_crossings_and_shared_vertices(roads: Any, minutes: float) -> None:
    found = _travel([point(1000, 1000)], roads)
    assert found["minutes"].tolist() == pytest.approx([minutes], abs=2e-3)
    assert not found["straight"].any()


def test_an_end_too_far_from_a_road_does_not_reach_it() -> None:
    roads = [("国道", [(0, 0), (2000, 0)]), ("国道", [(1000, 3), (1000, 1000)])]
    found = _travel([point(1000, 1000)], roads)
    assert found["straight"].tolist() == [True]
    assert found["minutes"][0] == pytest.approx(1.4 * np.sqrt(2) / 40 * 60)


def test_a_motorway_passes_over_what_it_crosses_and_is_entered_at_its_ends() -> None:
    across = ("高速公路", [(1000, -500), (1000, 1000)])
    crossed = _travel([point(1000, 1000)], [("国道", [(0, 0), (2000, 0)]), across])
    assert crossed["straight"].tolist() == [True]
    entered = _travel([point(1000, 1000)], [("国道", [(0, 0), (2000, 0), (1000, -500)]), across])
    way_m = 2000 + np.hypot(1000, 500)
    assert entered["minutes"][0] == pytest.approx(way_m / 1000 + 1500 / (80 / 60 * 1000))


def test_the_faster_of_two_ways_counts_not_the_shorter() -> None:
    short = ("村道", [(0, 0), (1000, 0)])
    fast = ("国道", [(0, 0), (0, 400), (1000, 400), (1000, 0)])
    assert _minutes([point(1000, 0)], [short, fast]) == pytest.approx([1.8])


def test_the_faster_of_two_roads_between_the_same_junctions_counts() -> None:
    # Both are 1,000 m to the place and drawn twice: at 30 km/h and at 60 km/h.
    line = [(0, 0), (1000, 0)]
    assert _minutes([point(1000, 0)], [("村道", line), ("国道", line)]) == pytest.approx([1.0])


def test_what_a_road_records_outranks_its_class_and_unknown_is_slowest() -> None:
    line = [(0, 0), (2000, 0)]
    here = [point(2000, 0)]
    assert _minutes(here, [("国道", line, {"speed_kmh": 40})]) == pytest.approx([3.0])
    assert _minutes(here, [(None, line)]) == pytest.approx([6.0])


def test_a_road_narrower_than_an_engine_is_no_way_for_it() -> None:
    line = [(0, 0), (2000, 0)]
    narrow, wide = ("国道", line, {"width_m": 2.5}), ("国道", line, {"width_m": 3.0})
    assert _travel([point(2000, 0)], [narrow])["straight"].tolist() == [True]
    assert _travel([point(2000, 0)], [wide])["straight"].tolist() == [False]


def test_a_road_that_leads_to_no_station_catches_nobody() -> None:
    roads = [("国道", [(0, 0), (5000, 0)]), ("国道", [(2000, 20), (3000, 20)])]
    found = _travel([point(2500, 20)], roads)
    assert found["minutes"].tolist() == pytest.approx([2.5 + 20 / 5000 * 60])


def test_a_place_far_from_every_road_that_is_reached_is_reckoned_straight() -> None:
    found = _travel([point(1000, 301), point(1000, 300)], [("国道", [(0, 0), (5000, 0)])])
    assert found["straight"].tolist() == [True, False]
    assert found["minutes"].tolist() == pytest.approx(
        [1.4 * np.hypot(1.0, 0.301) / 40 * 60, 1.0 + 0.3 / 5 * 60]
    )


def test_of_two_roads_equally_near_the_sooner_counts_in_any_order() -> None:
    roads = [
        ("国道", [(0, 0), (1000, 0)]),
        ("村道", [(0, 0), (0, 100), (1000, 100)]),
    ]
    sooner = 0.5 + 50 / 5000 * 60
    assert _minutes([point(500, 50)], roads) == pytest.approx([sooner])
    assert _minutes([point(500, 50)], roads[::-1]) == pytest.approx([sooner])


def test_a_polygon_is_reached_at_its_edge() -> None:
    yard = shapely.box(990, 50, 1010, 90)
    found = _minutes([yard], [("国道", [(0, 0), (5000, 0)])])
    assert found[0] == pytest.approx(1.0 + 50 / 5000 * 60, abs=0.01 + 1e-9)


def test_without_a_station_nothing_is_known() -> None:
    found = _travel([point(0, 0)], [("国道", [(0, 0), (5000, 0)])], stations=[])
    assert found["minutes"].isna().all()
    assert len(_travel([], [("国道", [(0, 0), (5000, 0)])])) == 0


def test_only_stations_with_engines_count() -> None:
    types = ["消防救援站", "微型消防站", None, "专职消防队"]
    rows = [{"id": n, "geometry": point(0, 0), "station_type": t} for n, t in enumerate(types, 1)]
    stations = toyland.site_frame("fire_station", rows)
    assert travel.engines(stations, EXPOSURE).tolist() == [True, False, False, True]


@quick
@given(SEEDS)
def test_another_library_finds_the_same_times_on_a_broken_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph, roads = _grid(rng)
    corners = sorted(graph.nodes)
    ends = [tuple(corners[i]) for i in rng.choice(len(corners), size=3, replace=False)]
    known = nx.multi_source_dijkstra_path_length(graph, set(ends), weight="minutes")
    found = _travel([point(c) for c in corners], roads, [point(e) for e in ends])
    reached = np.array([corner in known for corner in corners])
    expected = np.array([known.get(corner, np.nan) for corner in corners])
    assert np.allclose(found["minutes"][reached], expected[reached], atol=1e-9)
    # A corner that nothing leads to may be near a road that is reached, but never on it.
    on_foot = 400.0 / 5000.0 * 60.0
    assert (found["straight"][~reached] | (found["minutes"][~reached] >= on_foot)).all()


@quick
@given(SEEDS)
def test_the_order_of_roads_places_and_stations_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [rng.uniform(0, 3000, size=(4, 2)) for _ in range(12)]
    roads = [(str(rng.choice(["国道", "村道"])), line) for line in lines]
    places = [point(xy) for xy in rng.uniform(0, 3000, size=(20, 2))]
    stations = [point(xy) for xy in rng.uniform(0, 3000, size=(3, 2))]
    first = _travel(places, roads, stations)
    order = rng.permutation(len(places))
    second = _travel(
        [places[i] for i in order], [roads[i] for i in rng.permutation(12)], stations[::-1]
    )
    assert np.allclose(first["minutes"].to_numpy()[order], second["minutes"], rtol=1e-12)
    assert (first["straight"].to_numpy()[order] == second["straight"]).all()


@quick
@given(SEEDS)
def test_one_more_station_lengthens_no_way_over_the_roads(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lines = [[(0, y), (3000, y)] for y in range(0, 3001, 500)]
    roads: list[Any] = [("村道", line) for line in [*lines, [(0, 0), (0, 3000)]]]
    places = [point(xy) for xy in rng.uniform(0, 3000, size=(20, 2))]
    stations = [point(xy) for xy in rng.uniform(0, 3000, size=(4, 2))]
    fewer, more = _minutes(places, roads, stations[:-1]), _minutes(places, roads, stations)
    assert (np.array(more) <= np.array(fewer) + 1e-12).all()


def test_nine_of_ten_are_reached_by_the_ninth() -> None:
    area = np.zeros(10, dtype=np.int64)
    times = np.arange(10.0, 0.0, -1.0)
    assert travel.slowest(times, np.ones(10), area, 2, 0.9)[0] == 9.0
    heads = np.array([11.0, *[1.0] * 9])
    assert travel.slowest(times, heads, area, 2, 0.9)[0] == 10.0
    assert np.isnan(travel.slowest(times, heads, area, 2, 0.9)[1])


@quick
@given(SEEDS, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_the_time_is_the_least_that_so_many_do_not_exceed(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 6, size=30).astype(float)
    heads = rng.integers(0, 4, size=30).astype(float)
    area = rng.integers(-1, 3, size=30)
    found = travel.slowest(times, heads, area, 4, share)
    for row in range(4):
        mine, weight = times[area == row], heads[area == row]
        good = [t for t in mine if weight[mine <= t].sum() >= share * weight.sum() - 1e-9]
        expected = min(good) if weight.sum() > 0 else np.nan
        assert found[row] == expected or (np.isnan(found[row]) and np.isnan(expected))


def test_the_inputs_are_left_untouched() -> None:
    roads = _roads([("国道", [(0, 0), (5000, 0)]), ("村道", [(100, -50), (100, 50)])])
    before = roads.copy(deep=True)
    travel.minutes(np.array([point(5, 5)]), np.array([point(0, 0)]), roads, EXPOSURE)
    assert roads.equals(before)


def _grid(rng: np.random.Generator) -> tuple[nx.Graph, list[Any]]:
    """Return a grid of 6 x 6 corners 400 m apart, a fifth of its streets missing.

    Streets run straight through several corners, as roads in a file do.
    """
    graph, roads = nx.Graph(), []
    graph.add_nodes_from((400.0 * i, 400.0 * j) for i in range(6) for j in range(6))
    for turned in (False, True):
        for k in range(6):
            name, kmh = [("国道", 60.0), ("乡道", 40.0), ("村道", 30.0)][rng.integers(3)]
            run = [(400.0 * k, 0.0) if turned else (0.0, 400.0 * k)]
            for i in range(1, 6):
                corner = (400.0 * k, 400.0 * i) if turned else (400.0 * i, 400.0 * k)
                if rng.random() < 0.2:
                    roads += [(name, run)] * (len(run) > 1)
                    run = [corner]
                    continue
                graph.add_edge(run[-1], corner, minutes=400.0 / (kmh * 1000.0 / 60.0))
                run = [*run, corner]
            roads += [(name, run)] * (len(run) > 1)
    return graph, roads


def _minutes(places: Sequence[Any], roads: Sequence[Any], *stations: Sequence[Any]) -> list[float]:
    found = _travel(places, roads, *stations)
    assert not found["straight"].any()
    return [float(value) for value in found["minutes"]]


def _travel(
    places: Sequence[Any], roads: Sequence[Any], stations: Sequence[Any] = (point(0, 0),)
) -> pd.DataFrame:
    to, base = (np.array(list(shapes), dtype=object) for shapes in (places, stations))
    return travel.minutes(to, base, _roads(roads), EXPOSURE)


def _roads(roads: Sequence[Any]) -> gpd.GeoDataFrame:
    rows = [
        {
            "id": n,
            "road_class": road[0],
            "geometry": shapely.LineString(road[1]),
            **(road[2] if len(road) > 2 else {}),
        }
        for n, road in enumerate(roads, start=1)
    ]
    return toyland.site_frame("road", rows)
