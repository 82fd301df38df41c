"""Who is where: numbers, medians, residents spread over houses, forest as an asset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pytest
import shapely

from gis.domain.crs import METRIC
from gis.domain.kinds import OCCASIONS
from gis.domain.risk.homes import homes
from gis.domain.risk.major_hazard import residents_around
from gis.domain.risk.pairs import near
from gis.domain.risk.receptors import receptors, receptors_again
from gis.errors import InvalidDataError
from tests import toyland

HERE = shapely.Point(1000, 1000)


def test_people_count_by_the_passport_of_their_kind() -> None:
    found = _receptors(
        hospital=[{"id": 1, "beds": 100, "staff": 30}],
        enterprise=[{"id": 2, "workers_max_shift": 50, "shifts": 3}],
        small_place=[{"id": 3, "peak_people": 60}],
    )
    weights = dict(zip(found["kind"], found["weight"], strict=True))
    assert weights["hospital"] == pytest.approx((85 + 10) * math.sqrt(10))
    assert weights["enterprise"] == pytest.approx(50 * 0.24 * 3)
    assert weights["small_place"] == pytest.approx(20 * 0.3)
    assert found["own"].tolist() == [0, 0, 0]


def test_an_unknown_number_is_the_median_of_the_known_and_is_told() -> None:
    schools = [{"id": n, "pupils": p, "staff": 10} for n, p in ((1, 100), (2, 300), (3, 200))]
    found = _receptors(school=[*schools, {"id": 4}])
    assert found["people"].tolist() == [110, 310, 210, 210]
    assert found["dq"].tolist() == [False, False, False, True]
    assert found["sigma"].tolist() == [0.1, 0.1, 0.1, 0.3]


def test_where_no_number_is_known_at_all_a_constant_stands_in() -> None:
    found = _receptors(gas_station=[{"id": 1}], self_built_house=[{"id": 2}])
    assert found["people"].tolist() == [30.0, 4.0]
    assert found["dq"].all()


def test_residents_beyond_those_of_the_houses_are_spread_by_floor_area() -> None:
    houses: list[Mapping[str, Any]] = [
        {"id": 1, "residents": 4, "storeys": 1, "geometry": shapely.box(0, 0, 10, 10)},
        {"id": 2, "residents": 6, "storeys": 3, "geometry": shapely.box(50, 0, 60, 10)},
        {"id": 3, "residents": 0, "storeys": 2, "use": "闲置", "geometry": HERE},
    ]
    found = _receptors(toyland.areas(a=90), self_built_house=houses)
    assert found["spread"].tolist() == [20.0, 60.0, 0.0]
    assert found["people"].tolist() == [24.0, 66.0, 0.0]
    assert found["sigma"].tolist() == [0.3, 0.3, 0.1]
    assert found["weight"].tolist() == pytest.approx([24 * 0.65, 66 * 0.65, 0.0])


def test_a_point_counts_as_a_house_of_ordinary_size() -> None:
    houses = [
        {"id": 1, "residents": 0, "storeys": 2, "geometry": HERE},
        {"id": 2, "residents": 0, "geometry": shapely.box(0, 0, 10, 10)},
    ]
    found = _receptors(toyland.areas(a=100), self_built_house=houses)
    assert found["spread"].tolist() == [50.0, 50.0]


def test_a_village_that_records_fewer_than_its_houses_hold_loses_nobody() -> None:
    found = _receptors(toyland.areas(a=10), self_built_house=[{"id": 1, "residents": 500}])
    assert found["people"].tolist() == [500.0]


def test_an_idle_house_of_unknown_residents_holds_nobody() -> None:
    houses: list[dict[str, Any]] = [
        {"id": 1, "residents": 4},
        {"id": 2, "use": "闲置"},
        {"id": 3},
    ]
    found = _receptors(toyland.areas(a=20), self_built_house=houses)
    assert found["people"].tolist() == [10.0, 0.0, 10.0]


def test_a_place_outside_every_village_has_no_area() -> None:
    found = _receptors(school=[{"id": 1, "pupils": 9, "geometry": shapely.Point(-5000, 0)}])
    assert found["area"].tolist() == [-1]


def test_forest_is_cut_by_village_and_answers_only_to_itself() -> None:
    found = _receptors(forest=[{"id": 9, "geometry": shapely.box(1000, 0, 5000, 100)}])
    assert found["weight"].tolist() == pytest.approx([20.0, 40.0, 20.0])
    assert found["area"].tolist() == [toyland.A, toyland.B, toyland.C]
    assert set(found["own"]) == {9 * 4096}
    assert found["people"].tolist() == [0.0, 0.0, 0.0]


def test_receptors_come_in_uid_order_whatever_the_order_of_villages() -> None:
    forest = [{"id": 9, "geometry": shapely.box(1000, 0, 5000, 100)}]
    schools = [{"id": 12, "pupils": 1}, {"id": 3, "pupils": 1}]
    areas = toyland.areas()
    straight = _receptors(areas, forest=forest, school=schools)
    mixed = _receptors(areas.iloc[[1, 2, 0]], forest=forest, school=schools)
    assert straight["uid"].is_monotonic_increasing
    assert straight.equals(mixed)


@pytest.mark.parametrize(
    ("occasion", "house", "school", "enterprise", "hospital"),
    [
        (None, 100 * 0.65, 300 * 0.2, 50 * 0.24 * 3, 85),
        ("day", 100 * 0.4, 300, 50, 85),
        ("night", 100 * 0.95, 0, 50 * 0.2, 85),
        ("holiday", 100 * 0.65, 0, 50 * 0.2, 85),
    ],
)
def test_an_occasion_counts_who_is_there_then_by_method_6_1(
    occasion: str | None, house: float, school: float, enterprise: float, hospital: float
) -> None:
    found = _receptors(
        occasion=occasion,
        self_built_house=[{"id": 1, "residents": 100}],
        school=[{"id": 2, "pupils": 300, "staff": 0}],
        enterprise=[{"id": 3, "workers_max_shift": 50, "shifts": 3}],
        hospital=[{"id": 4, "beds": 100, "staff": 0}],
    )
    sensitive = math.sqrt(10)
    wanted = [house, school * sensitive, enterprise, hospital * sensitive]
    assert found["weight"].tolist() == pytest.approx(wanted)
    assert found["people"].tolist() == [100, 300, 50, 85]


def test_an_unknown_occasion_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidDataError, match="day, night, holiday"):
        _receptors(occasion="noon")


@pytest.mark.parametrize(
    ("occasion", "share"), [(None, 0.5), ("day", 0.5), ("night", 1.0), ("holiday", 1.0)]
)
def test_paying_sleepers_count_beside_the_residents_of_a_house(
    occasion: str | None, share: float
) -> None:
    found = _receptors(
        occasion=occasion,
        self_built_house=[{"id": 1, "use": "经营", "residents": 5, "sleepers": 14}],
    )
    assert found["uid"].tolist() == [4096, 4097]
    assert found["people"].tolist() == [5, 14]
    assert found["resident"].tolist() == [True, False]
    assert found["weight"].tolist()[1] == pytest.approx(14 * share)


def test_unknown_sleepers_are_estimated_only_where_a_house_is_let_or_does_business() -> None:
    ordinary = {"residents": 3, "storeys": 1}
    found = _receptors(
        self_built_house=[
            {"id": 1, "use": "经营", "sleepers": 6, **ordinary},
            {"id": 2, "use": "出租", **ordinary},
            {"id": 3, "use": "自住", **ordinary},
            {"id": 4, "use": "闲置", **ordinary},
            {"id": 5, **ordinary},
            {"id": 6, "use": "自住", "sleepers": 2, **ordinary},
            {"id": 7, "use": "经营", "sleepers": 0, **ordinary},
        ],
    )
    guests = found[~found["resident"]]
    assert guests["site"].tolist() == [1, 2, 6]
    assert guests["people"].tolist() == [6, 2, 2]
    assert guests["dq"].tolist() == [False, True, False]


@pytest.mark.parametrize(("occasion", "share"), [(None, 0.5), ("night", 1), ("holiday", 1)])
def test_a_guest_house_counts_its_beds_where_they_are_known(
    occasion: str | None, share: float
) -> None:
    places = [
        {"id": 1, "beds": 20, "peak_people": 60},
        {"id": 2, "peak_people": 60},
        {"id": 3, "beds": 0, "peak_people": 30},
    ]
    found = _receptors(occasion=occasion, small_place=places)
    assert found["uid"].tolist() == [4096 + 1, 2 * 4096, 3 * 4096]
    assert found["people"].tolist() == pytest.approx([7, 20, 10])
    assert found["weight"].tolist() == pytest.approx([7 * share, 20 * 0.3, 10 * 0.3])
    assert not found["dq"].any()


def test_the_code_table_tells_the_share_of_a_sort_of_small_places() -> None:
    rows = [{"id": n, "peak_people": 60, "geometry": HERE} for n in (1, 2, 3)]
    frame = toyland.site_frame("small_place", rows)
    told = frame.assign(place_type_occupancy=[0.05, math.nan, 5.0])
    found = receptors({"small_place": told}, toyland.KINDS, toyland.areas(), toyland.INDEX)
    assert found["weight"].tolist() == pytest.approx([1.0, 6.0, 20.0])


def test_tenants_count_beside_the_own_people_of_their_landlord() -> None:
    tenants: list[Mapping[str, Any]] = [
        {"id": 2, "workers": 40},
        {"id": 3, "use": "闲置"},
        {"id": 4},
    ]
    host = [{"id": 1, "workers_max_shift": 8, "shifts": 2}]
    found = _receptors(enterprise=host, tenant=tenants)
    assert found["people"].tolist() == [8, 40, 0, 40]
    assert found["weight"].tolist() == pytest.approx([8 * 0.24 * 2, 9.6, 0, 9.6])
    by_day = _receptors(occasion="day", enterprise=host, tenant=tenants)
    assert by_day["weight"].tolist() == [8, 40, 0, 40]


def test_a_building_holds_its_households_at_2_6_each_whatever_else_it_is_used_for() -> None:
    found = _receptors(
        building=[
            {"id": 1, "use": "居住", "households": 24},
            {"id": 2, "use": "宿舍", "households": 10},
            {"id": 3, "use": "商业", "households": 5},
            {"id": 4, "use": "居住"},
            {"id": 5, "use": "生产"},
            {"id": 6, "use": "闲置"},
            {"id": 7},
        ],
    )
    assert found["site"].tolist() == [1, 2, 3, 4]
    assert found["people"].tolist() == pytest.approx([62.4, 26, 13, 10 * 2.6])
    assert found["weight"].tolist() == pytest.approx([62.4 * 0.65, 16.9, 8.45, 16.9])
    assert found["dq"].tolist() == [False, False, False, True]
    assert found["resident"].all()


def test_those_who_live_in_buildings_are_residents_around_a_major_hazard() -> None:
    block = {"id": 1, "use": "居住", "households": 24, "geometry": shapely.Point(400, 0)}
    guests = {"id": 2, "use": "经营", "residents": 5, "sleepers": 9}
    found = _receptors(
        building=[block, {**block, "id": 3, "geometry": shapely.Point(900, 0)}],
        self_built_house=[{**guests, "geometry": shapely.Point(0, 200)}],
    )
    plant = gpd.GeoSeries([shapely.box(-10, -10, 10, 10)], crs=METRIC)
    around = residents_around(plant, found, near, toyland.VALUES["industry"])
    assert around.tolist() == pytest.approx([24 * 2.6 + 5])


def test_the_residents_of_a_village_are_spread_over_all_its_dwellings() -> None:
    flats = {"use": "居住", "storeys": 6, "geometry": shapely.box(100, 0, 120, 10)}
    house = {"id": 1, "residents": 4, "storeys": 2, "geometry": shapely.box(0, 0, 10, 10)}
    shop = {"id": 3, "use": "商业", "storeys": 9, "geometry": shapely.box(200, 0, 250, 10)}
    found = _receptors(
        toyland.areas(a=152),
        self_built_house=[house],
        building=[{"id": 2, "households": 30, **flats}, shop],
    )
    # 152 - 4 - 78 = 70 over 200 + 1200 m2 of floor.
    assert found["people"].tolist() == pytest.approx([4 + 10, 78 + 60], abs=1e-9)
    assert found["people"].sum() == pytest.approx(152, abs=1e-9)


def test_the_walls_of_a_house_that_is_a_building_too_hold_people_once() -> None:
    walls = shapely.box(0, 0, 10, 10)
    building = {"id": 2, "use": "居住", "households": 1, "storeys": 2, "geometry": walls}
    house = {"id": 1, "residents": 4, "storeys": 2, "geometry": walls.buffer(0.4)}
    found = _receptors(toyland.areas(a=9), self_built_house=[house], building=[building])
    assert found["people"].tolist() == [9, 0]
    empty = _receptors(self_built_house=[{**house, "use": "闲置"}], building=[building])
    assert empty["people"].tolist() == pytest.approx([4, 2.6])
    beside = {**house, "geometry": shapely.box(11, 0, 20, 10)}
    apart = _receptors(self_built_house=[beside], building=[building])
    assert apart["people"].tolist() == pytest.approx([4, 2.6])


def test_a_house_that_moves_into_a_building_changes_it_as_made_anew() -> None:
    areas = toyland.areas(a=90)
    block = {"id": 2, "use": "居住", "households": 9, "geometry": shapely.box(0, 0, 20, 20)}
    block_m = toyland.site_frame("building", [block])
    was, now = (
        {"building": block_m, "self_built_house": toyland.site_frame("self_built_house", [house])}
        for house in (
            {"id": 1, "residents": 3, "geometry": shapely.Point(x, 10)} for x in (500, 10)
        )
    )
    before = receptors(was, toyland.KINDS, areas, toyland.INDEX)
    again = receptors_again(
        before,
        now,
        toyland.KINDS,
        areas,
        toyland.INDEX,
        home=homes(now, areas),
        changed={"self_built_house"},
    )
    assert again.equals(receptors(now, toyland.KINDS, areas, toyland.INDEX))
    assert again["people"].tolist() == [90, 0]


def test_sleepers_are_no_residents_of_their_village() -> None:
    house = {"id": 1, "use": "经营", "residents": 4, "sleepers": 14}
    found = _receptors(toyland.areas(a=10), self_built_house=[house])
    assert found["people"].tolist() == [10, 14]
    assert found["spread"].tolist() == [6, 0]


def test_every_passport_names_only_occasions_that_there_are() -> None:
    named = [set(group.occasions) for kind in toyland.KINDS.values() for group in kind.people]
    assert set().union(*named) == set(OCCASIONS)


def _receptors(
    areas: gpd.GeoDataFrame | None = None,
    *,
    occasion: str | None = None,
    **rows: Sequence[Mapping[str, Any]],
) -> gpd.GeoDataFrame:
    sites = {
        kind: toyland.site_frame(kind, [{"geometry": HERE, **row} for row in found])
        for kind, found in rows.items()
    }
    ground = toyland.areas() if areas is None else areas
    return receptors(sites, toyland.KINDS, ground, toyland.INDEX, occasion=occasion)
