"""Rates of areas and circles: which stand out once the places looked at are counted."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.domain import hexagons, relative
from gis.domain.arrays import Floats
from gis.domain.crs import METRIC
from tests import toyland

CONSTANTS = toyland.VALUES["hotspots"]
ALL = {f"v{n}" for n in range(5)}
EAST, NORTH = 440_000, 3_505_000


def spread(rng: np.random.Generator, box: tuple[float, ...], count: int) -> Floats:
    """Return random points in a box, metres from the corner of the ground."""
    west, south, east, north = box
    corner = (EAST + west, NORTH + south), (EAST + east, NORTH + north)
    return rng.uniform(*corner, (count, 2))


def happened(xy: Floats) -> pd.DataFrame:
    """Return events as ``hotspots.events`` gives them."""
    return pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "count": 1, "weight": 1.0})


def four_areas() -> gpd.GeoDataFrame:
    """Return four areas side by side, 2 x 2 km, and an empty one."""
    shapes = [
        shapely.box(EAST + x, NORTH, EAST + x + 2000, NORTH + 2000) for x in range(0, 10000, 2000)
    ]
    codes = [f"v{n}" for n in range(5)]
    return gpd.GeoDataFrame({"area": range(1, 6), "code": codes}, geometry=shapes, crs=METRIC)


def test_an_area_stands_out_by_its_rate_and_not_by_its_count() -> None:
    rng = np.random.default_rng(1)
    boxes = [(x + 50, 50, x + 1950, 1950) for x in range(0, 8000, 2000)]
    places = np.concatenate(
        [spread(rng, b, n) for b, n in zip(boxes, (400, 50, 400, 40), strict=True)]
    )
    events = np.concatenate(
        [spread(rng, b, n) for b, n in zip(boxes, (80, 30, 40, 8), strict=True)]
    )
    found = relative.area_rates(
        happened(events), shapely.points(places), four_areas().iloc[::-1], CONSTANTS, surveyed=ALL
    )
    assert found["area"].tolist() == [1, 2, 3, 4, 5]
    assert found["events"].tolist() == [80, 30, 40, 8, 0]
    assert found["places"].tolist() == [400, 50, 400, 40, 0]
    # All: 158 of 890, 17.8 per 100. v1 has most of the rate, v0 most of the count.
    assert found["rate"].tolist()[:4] == pytest.approx([20.0, 60.0, 10.0, 20.0])
    assert found["finding"].tolist() == [
        relative.INSIDE, relative.FAR, relative.UNDER, relative.INSIDE, None,
    ]  # fmt: skip
    assert found[["rate", "low", "high", "shrunk"]].isna().all(axis=1).tolist() == [False] * 4 + [
        True
    ]
    # 30 events: Garwood 20.24 to 42.83, a table of the Poisson distribution; over 50 places.
    assert found["low"].tolist()[1] == pytest.approx(40.48, abs=0.01)
    assert found["high"].tolist()[1] == pytest.approx(85.65, abs=0.01)
    shrunk = found["shrunk"].tolist()
    assert 17.8 < shrunk[1] < 60
    assert 17.7 < shrunk[3] < 20


def test_where_nobody_looked_for_places_there_is_no_rate_and_it_is_no_part_of_the_mean() -> None:
    rng = np.random.default_rng(1)
    places, events = spread(rng, (0, 0, 4000, 2000), 200), spread(rng, (0, 0, 2000, 2000), 20)
    points = shapely.points(places)
    found = relative.area_rates(
        happened(events), points, four_areas(), CONSTANTS, surveyed={"v1", "v2"}
    )
    assert found["rate"].isna().tolist() == [True, False, True, True, True]
    assert found["events"].tolist() == [0] * 5
    assert found["finding"].tolist() == [None, relative.INSIDE, None, None, None]


def test_a_circle_is_told_where_a_corner_is_worse_than_its_places_explain() -> None:
    rng = np.random.default_rng(2)
    town = shapely.box(EAST, NORTH, EAST + 8000, NORTH + 6000)
    places = spread(rng, (0, 0, 8000, 6000), 600)
    events = np.concatenate(
        [spread(rng, (0, 0, 8000, 6000), 60), spread(rng, (500, 500, 2000, 2000), 40)]
    )
    cells = hexagons.cover(town, 1000, [430_000, 3_500_000])
    found = relative.clusters(
        happened(events), shapely.points(places), cells, 1000, CONSTANTS, seed=5
    )
    assert len(found) == 1
    (circle,) = found.to_dict("records")
    assert circle["p"] <= 0.05
    assert circle["ratio"] == pytest.approx(circle["events"] / circle["expected"])
    assert circle["geometry"].contains(shapely.Point(EAST + 1250, NORTH + 1250))
    assert circle["ratio"] > 2


def test_many_events_among_many_places_are_no_circle() -> None:
    rng = np.random.default_rng(3)
    town = shapely.box(EAST, NORTH, EAST + 8000, NORTH + 6000)
    dense = (500, 500, 2000, 2000)
    places = np.concatenate([spread(rng, (0, 0, 8000, 6000), 300), spread(rng, dense, 600)])
    events = places[rng.permutation(len(places))[:90]]
    cells = hexagons.cover(town, 1000, [430_000, 3_500_000])
    found = relative.clusters(
        happened(events), shapely.points(places), cells, 1000, CONSTANTS, seed=5
    )
    assert found.empty
    assert found.crs == METRIC


def test_events_in_a_cell_without_places_are_not_counted() -> None:
    town = shapely.box(EAST, NORTH, EAST + 4000, NORTH + 4000)
    cells = hexagons.cover(town, 1000, [430_000, 3_500_000])
    places = spread(np.random.default_rng(4), (2500, 2500, 4000, 4000), 30)
    events = spread(np.random.default_rng(4), (100, 100, 900, 900), 30)
    found = relative.clusters(
        happened(events), shapely.points(places), cells, 1000, CONSTANTS, seed=5
    )
    assert found.empty


def found_cases(*by_area: list[int], as_of: dt.date, state: str = "整改中") -> gpd.GeoDataFrame:
    """Return cases found in the months before that of a day, the earliest month first.

    One more, outside every area, was the first of the register, in the month before those.
    """
    first = max(len(counts) for counts in by_area) + 1
    rows = [(_month(as_of, first), -9)] + [
        (_month(as_of, ago), area)
        for area, counts in enumerate(by_area)
        for ago, count in zip(range(len(counts), 0, -1), counts, strict=True)
        for _ in range(count)
    ]
    days, rank = zip(*rows, strict=True)
    spots = [shapely.Point(EAST + 2000 * n + 900, NORTH + 700) for n in rank]
    states = ["归档", *[state] * (len(rows) - 1)]
    return gpd.GeoDataFrame({"found_on": days, "state": states}, geometry=spots, crs=METRIC)


def _month(as_of: dt.date, ago: int) -> str:
    month = 12 * as_of.year + as_of.month - 1 - ago
    return f"{month // 12:04}-{month % 12 + 1:02}-15"


UP = [2, 3, 3, 5, 4, 6, 7, 6, 8, 9, 9, 11]
"""METHOD 12.8: S 59, Z 4.006."""


def test_hazards_found_month_by_month_rise_fall_or_do_neither() -> None:
    as_of = dt.date(2026, 3, 20)
    cases = found_cases(UP, UP[::-1], [3, 4] * 6, as_of=as_of)
    told = relative.trends(cases, four_areas(), as_of, CONSTANTS)
    assert told["trend"].tolist() == [
        relative.RISING, relative.FALLING, relative.STEADY, None, None,
    ]  # fmt: skip
    assert told["new"].tolist() == [0] * 5


def test_the_month_that_is_not_over_is_new_and_no_part_of_the_trend() -> None:
    # Of ten months S -25, z -2.15; with a sudden eleventh S -15, z -1.09 (Kendall 1975).
    cases = found_cases([10, 9, 8, 7, 6, 1, 2, 3, 4, 5], as_of=dt.date(2026, 3, 20))
    march = gpd.GeoDataFrame(
        {"found_on": ["2026-03-02"] * 40, "state": "整改中"},
        geometry=[shapely.Point(EAST + 900, NORTH + 700)] * 40,
        crs=METRIC,
    )
    both = gpd.GeoDataFrame(pd.concat([cases, march], ignore_index=True), crs=METRIC)
    days = dt.date(2026, 3, 30), dt.date(2026, 3, 31), dt.date(2026, 4, 3)
    told = [relative.trends(both, four_areas(), day, CONSTANTS).iloc[0] for day in days]
    assert [row["new"] for row in told] == [40, 40, 0]
    assert [row["trend"] for row in told] == [relative.FALLING, relative.STEADY, relative.STEADY]


def test_before_the_register_began_nothing_is_known_and_no_trend() -> None:
    as_of = dt.date(2026, 3, 20)
    # A steady register half a year old rises from nothing if the months before it count as 0.
    young = found_cases([5] * 6, as_of=as_of)
    assert relative.trends(young, four_areas(), as_of, CONSTANTS)["trend"].isna().all()
    old_enough = found_cases([5] * 10, as_of=as_of)
    assert relative.trends(old_enough, four_areas(), as_of, CONSTANTS)["trend"][0] == (
        relative.STEADY
    )


def test_cases_that_are_no_hazards_make_no_trend() -> None:
    as_of = dt.date(2026, 3, 20)
    for state in ("待核实", "不成立"):
        told = relative.trends(found_cases(UP, as_of=as_of, state=state), four_areas(), as_of,
                               CONSTANTS)  # fmt: skip
        assert told["trend"].isna().all()


def test_without_any_case_there_is_no_trend_and_nothing_new() -> None:
    nothing = found_cases(UP, as_of=dt.date(2026, 3, 20)).iloc[:0]
    told = relative.trends(nothing, four_areas(), dt.date(2026, 3, 20), CONSTANTS)
    assert told["trend"].isna().all()
    assert told["new"].tolist() == [0] * 5
