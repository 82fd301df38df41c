"""Facts beside the score: which rule, which floor, which village; and what a floor does."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.domain.risk import flags, index, register, registry
from tests import toyland

IN_A, IN_B = shapely.Point(1000, 1000), shapely.Point(3000, 1000)
QUARRY = shapely.box(1500, 500, 1800, 800)


def _flags(
    slug: str, areas: gpd.GeoDataFrame | None = None, **rows: list[dict[str, Any]]
) -> pd.DataFrame:
    """Return the flags that a model raises from these places; they stand in A by default."""
    model = registry.model(slug)
    sites = {
        kind: toyland.site_frame(
            kind, [{"id": 1 + n + 10 * place, "geometry": IN_A, **row} for n, row in enumerate(at)]
        )
        for place, (kind, at) in enumerate(rows.items())
    }
    facts = model.flags(toyland.scene(sites), toyland.VALUES[model.constants])
    return flags.locate(facts, toyland.areas() if areas is None else areas)


@pytest.mark.parametrize(
    ("slug", "kind", "row", "rule", "floor"),
    [
        ("industry", "enterprise", {"mhi_level": "一级"}, "industry_mhi_1", 5),
        ("industry", "enterprise", {"mhi_level": "二级"}, "industry_mhi_2", 4),
        ("industry", "enterprise", {"mhi_level": "三级"}, "industry_mhi_3", 3),
        ("industry", "enterprise", {"mhi_level": "四级"}, "industry_mhi_4", 3),
        ("industry", "enterprise", {"mhi_level": "四级"}, "industry_mhi_unassessed", 0),
        ("industry", "enterprise", {"risk_colour": "红"}, "industry_red_unreported", 0),
        (
            "industry",
            "enterprise",
            {"category": "铝镁金属粉尘", "multi_storey_dust": True},
            "industry_dust_multi_storey",
            0,
        ),
        (
            "industry",
            "enterprise",
            {"category": "铝加工深井铸造", "monitoring": "应接未接"},
            "industry_casting_unmonitored",
            0,
        ),
        ("mine", "mine", {"licence_valid_to": "2026-06-29"}, "mine_licence_expired", 0),
        ("mine", "mine", {"slope_height_m": 200.0}, "mine_slope_unmonitored", 0),
        ("house", "self_built_house", {"grade": "D", "residents": 30}, "house_ruin_crowded", 5),
        (
            "house",
            "self_built_house",
            {"screening": "严重安全隐患", "sleepers": 40, "use": "经营"},
            "house_ruin_crowded",
            5,
        ),
        (
            "house",
            "self_built_house",
            {"grade": "D", "residents": 16, "sleepers": 14, "use": "经营"},
            "house_ruin_crowded",
            5,
        ),
        ("house", "self_built_house", {"grade": "D", "residents": 29}, "house_ruin_in_use", 0),
        ("house", "self_built_house", {"grade": "D"}, "house_ruin_in_use", 0),
        ("house", "self_built_house", {"grade": "D"}, "house_ruin_crowded_unsure", 0),
        ("house", "self_built_house", {"grade": "C", "use": "经营"}, "house_c_business", 3),
        (
            "house",
            "self_built_house",
            {"use": "经营", "storeys": 3, "alterations": 1},
            "house_altered_business",
            0,
        ),
        ("house", "self_built_house", {"use": "经营"}, "house_business_unappraised", 0),
        (
            "house",
            "self_built_house",
            {"use": "经营", "sleepers": 10, "exits": 1},
            "house_hostel_one_exit",
            0,
        ),
        ("house", "small_place", {"sleeping": True}, "small_place_sleeping", 0),
        ("gas", "gas_pipeline", {"hca": "Ⅰ"}, "gas_hca_1", 3),
        ("gas", "gas_pipeline", {"hca": "Ⅱ"}, "gas_hca_2", 3),
        ("gas", "gas_pipeline", {"hca": "Ⅲ"}, "gas_hca_3", 4),
        ("gas", "gas_pipeline", {"encroached": True}, "gas_encroached_recorded", 4),
        ("gas", "gas_pipeline", {"material": "灰口铸铁"}, "gas_renewal", 0),
        ("gas", "gas_pipeline", {"built_year": 1996}, "gas_renewal", 0),
    ],
)
def test_a_fact_gives_its_flag_and_floor(
    slug: str, kind: str, row: dict[str, Any], rule: str, floor: int
) -> None:
    shape = {"gas_pipeline": shapely.LineString([(900, 900), (1100, 900)]), "mine": QUARRY}
    found = _flags(slug, **{kind: [{**row, "geometry": shape.get(kind, IN_A)}]})
    flag = found.set_index("rule").loc[rule]
    assert (flag["area"], flag["site"], flag["floor"]) == (toyland.A, 1, floor)
    assert flag["text_zh"]


@pytest.mark.parametrize(
    ("slug", "kind", "row"),
    [
        ("house", "self_built_house", {"grade": "D", "residents": 90, "use": "闲置"}),
        ("house", "self_built_house", {"grade": "B", "screening": "严重安全隐患"}),
        (
            "industry",
            "enterprise",
            {"mhi_level": "不构成", "risk_reported_on": "2026-01-01"},
        ),
        ("industry", "enterprise", {"risk_colour": "红", "risk_reported_on": "2026-01-01"}),
        ("gas", "gas_pipeline", {"hca": "非高后果区", "material": "PE", "regime": "城镇燃气"}),
        ("forest_fire", "forest", {"species": "针叶纯林"}),
    ],
)
def test_what_is_no_fact_gives_no_flag(slug: str, kind: str, row: dict[str, Any]) -> None:
    shape = shapely.LineString([(900, 900), (1100, 900)]) if kind == "gas_pipeline" else IN_A
    assert len(_flags(slug, **{kind: [{**row, "geometry": shape}]})) == 0


def test_dwellings_in_the_band_of_a_small_hillside_quarry_raise_their_own_village() -> None:
    quarry = {"geometry": QUARRY, "small_hillside": True}
    houses = [
        {"geometry": shapely.box(2090, 600, 2100, 610), "name": "over the border, 290 m"},
        {"geometry": shapely.box(2000, 600, 2010, 610), "name": "200 m"},
        {"geometry": shapely.box(2101, 600, 2110, 610), "name": "301 m"},
        {"geometry": shapely.box(1900, 600, 1910, 610), "use": "闲置"},
    ]
    found = _flags("mine", mine=[quarry], self_built_house=houses)
    band = found[found["rule"] == "mine_band_dwelling"]
    assert band["area"].tolist() == [toyland.B]
    assert band["floor"].tolist() == [4]
    evidence = band["evidence"].iloc[0]
    assert (evidence["count"], evidence["nearest_m"]) == (2, 200.0)
    assert [place["name"] for place in evidence["places"]] == ["200 m", "over the border, 290 m"]
    assert "200" not in band["text_zh"].iloc[0]


def test_a_quarry_not_known_to_be_small_is_only_noted() -> None:
    house = {"geometry": shapely.box(1900, 600, 1910, 610)}
    quarry = {"geometry": QUARRY, "method": "机械开采"}
    found = _flags("mine", mine=[quarry], self_built_house=[house])
    assert dict(zip(found["rule"], found["floor"], strict=True)) == {"mine_band_dwelling_unsure": 0}


def test_a_high_consequence_area_counts_in_every_village_it_crosses() -> None:
    line = {"hca": "Ⅲ", "geometry": shapely.LineString([(1000, 500), (5000, 500)])}
    found = _flags("gas", gas_pipeline=[line])
    assert found["area"].tolist() == [toyland.A, toyland.B, toyland.C]


@pytest.mark.parametrize(
    ("regime", "accuracy", "house", "rules"),
    [
        ("长输管道", 1.0, {}, ["gas_encroached"]),
        ("长输管道", None, {}, ["gas_encroached"]),
        ("长输管道", 50.0, {}, ["gas_encroached_unsure"]),
        ("长输管道", 1.0, {"use": "闲置"}, []),
        ("城镇燃气", 1.0, {}, []),
    ],
)
def test_a_building_within_five_metres_of_a_long_distance_line_encroaches(
    regime: str, accuracy: float | None, house: dict[str, Any], rules: list[str]
) -> None:
    line = shapely.LineString([(500, 500), (5000, 500)])
    pipe = {"regime": regime, "material": "PE", "geometry": line, "accuracy_m": accuracy}
    near_by = {**house, "geometry": shapely.box(3000, 504, 3010, 514)}
    far_off = {"geometry": shapely.box(3000, 506, 3010, 516)}
    found = _flags("gas", gas_pipeline=[pipe], self_built_house=[near_by, far_off])
    assert found["rule"].tolist() == rules
    assert set(found["area"]) <= {toyland.B}


def test_protected_places_inside_an_assessed_distance_are_noted_where_they_are() -> None:
    plant = {
        "geometry": shapely.box(2050, 900, 2250, 1100),
        "ext_safety_dist_m": 160.0,
        "risk_reported_on": "2026-01-01",
    }
    school = {"geometry": shapely.Point(1900, 1000)}
    found = _flags("industry", enterprise=[plant], school=[school])
    assert found[["area", "rule"]].to_numpy().tolist() == [
        [toyland.A, "industry_target_in_safety_distance"]
    ]


def test_a_fact_outside_every_village_is_left_out() -> None:
    house = {"grade": "C", "use": "经营", "geometry": shapely.Point(-9, -9)}
    assert len(_flags("house", self_built_house=[house])) == 0


HAZARD_CASES = [
    ({"level": "重大"}, "hazard_major_open", 3),
    ({"level": "重大", "due_on": None}, "hazard_major_open", 3),
    ({"level": "重大", "due_on": "2026-06-30"}, "hazard_major_open", 3),
    ({"level": "重大", "due_on": "2026-06-29"}, "hazard_major_overdue", 4),
    ({"level": "重大", "due_on": "2026-05-31"}, "hazard_major_overdue", 4),
    ({"level": "重大", "due_on": "2026-05-30"}, "hazard_major_overdue_long", 5),
    ({"level": "重大", "due_on": "2026-05-30", "state": "已登记"}, "hazard_major_open", 3),
    ({"level": "重大", "state": "已销号"}, None, 0),
    ({"level": "重大", "state": "待核实"}, None, 0),
    ({"level": "一般", "due_on": "2025-01-01"}, None, 0),
]


@pytest.mark.parametrize(("case", "rule", "floor"), HAZARD_CASES)
def test_open_major_hazards_raise_the_village_of_their_site(
    case: dict[str, Any], rule: str | None, floor: int
) -> None:
    hazards = toyland.hazard_frame([{**case, "site": toyland.PLANT, "geometry": IN_A}])
    facts = register.facts(hazards, toyland.sites(), toyland.AS_OF, toyland.INDEX)
    found = flags.locate(facts, toyland.areas())
    assert found["rule"].tolist() == ([rule] if rule else [])
    assert found["area"].tolist() == ([toyland.B] if rule else [])
    assert found["floor"].tolist() == ([floor] if rule else [])


def test_a_free_hazard_counts_where_it_lies_or_in_its_own_village() -> None:
    rows = [
        {"level": "重大", "geometry": IN_B, "code": "x"},
        {"level": "重大", "village": toyland.areas()["code"][2], "code": "y"},
        {"level": "重大", "code": "nowhere"},
    ]
    facts = register.facts(toyland.hazard_frame(rows), {}, toyland.AS_OF, toyland.INDEX)
    found = flags.locate(facts, toyland.areas())
    assert found["area"].tolist() == [toyland.B, toyland.C]
    assert found["site"].tolist() == [None, None]


def test_flags_with_and_without_a_site_stand_in_one_frame() -> None:
    rows = [{"level": "重大", "site": toyland.PLANT}, {"level": "重大", "geometry": IN_A}]
    facts = register.facts(
        toyland.hazard_frame(rows), toyland.sites(), toyland.AS_OF, toyland.INDEX
    )
    found = flags.locate(facts, toyland.areas())
    assert [repr(site) for site in found["site"]] == ["None", "11"]
    assert json.dumps(found.to_dict("records"), ensure_ascii=False)


def test_several_major_hazards_of_one_site_are_one_flag() -> None:
    rows = [{"level": "重大", "site": toyland.PLANT, "code": str(n)} for n in range(3)]
    facts = register.facts(
        toyland.hazard_frame(rows), toyland.sites(), toyland.AS_OF, toyland.INDEX
    )
    found = flags.locate(facts, toyland.areas())
    assert len(found) == 1
    assert found["text_zh"][0] == "有未销号的重大事故隐患"
    assert found["evidence"][0]["count"] == 3


def test_a_case_without_a_deadline_says_nothing_of_one() -> None:
    rows = [{"level": "重大", "site": toyland.PLANT, "due_on": None}]
    facts = register.facts(
        toyland.hazard_frame(rows), toyland.sites(), toyland.AS_OF, toyland.INDEX
    )
    evidence = flags.locate(facts, toyland.areas())["evidence"][0]
    assert "due_on" not in evidence
    assert json.dumps(evidence, allow_nan=False)


UPLIFTS = [
    ([{}, {}], 1.2),
    ([{"channel": "企业自查"}, {"channel": "企业自查"}], 1.0),
    ([{"channel": "企业自查", "due_on": "2026-06-01"}], 1.35),
    ([{"channel": "企业自查", "level": "重大"}], 1.5),
    ([{"level": "重大", "due_on": "2026-06-01"}], 1.75),
    ([{}] * 15, 2.0),
    ([{"level": "重大"}] * 5, 3.0),
    ([{"state": "待核实"}, {"state": "已销号"}, {"state": "不成立"}], 1.0),
]


@pytest.mark.parametrize(("rows", "expected"), UPLIFTS)
def test_open_hazards_lift_their_site_and_honesty_is_not_punished(
    rows: list[dict[str, Any]], expected: float
) -> None:
    hazards = toyland.hazard_frame([{"site": toyland.PLANT, **row} for row in rows])
    lifts = register.uplift(hazards, toyland.AS_OF, toyland.INDEX)
    found = register.apply(toyland.sources(), lifts)
    assert found["uplift"].tolist() == pytest.approx([expected, 1.0])


def test_a_register_without_cases_changes_nothing() -> None:
    none = toyland.hazard_frame([])
    lifts = register.uplift(none, toyland.AS_OF, toyland.INDEX)
    assert register.apply(toyland.sources(), lifts)["uplift"].tolist() == [1.0, 1.0]
    assert len(register.facts(none, {}, toyland.AS_OF, toyland.INDEX)) == 0


def _flag_frame(*rows: tuple[int, int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [(area, None, f"rule {floor}", floor, text, {}) for area, floor, text in rows],
        columns=list(flags.FLAGS),
    )


def test_the_shown_class_is_the_higher_of_index_and_floor() -> None:
    found = index.classes(
        [1, 2, 3],
        np.array([18.27, 70.0, 40.0]),
        _flag_frame((1, 3, "有三级重大危险源"), (1, 0, "noted"), (2, 4, "x"), (3, 0, "noted")),
        toyland.INDEX,
    )
    assert found["index_class"].tolist() == [1, 5, 3]
    assert found["floor"].tolist() == [3, 4, 0]
    assert found["shown"].tolist() == [3, 5, 3]
    assert found["reason_zh"][0] == "综合指数为“低”；因有三级重大危险源，按规则不低于“中”"


def test_a_village_without_a_score_shows_no_class_but_keeps_its_floor() -> None:
    found = index.classes([1], np.array([np.nan]), _flag_frame((1, 5, "x")), toyland.INDEX)
    assert found["index_class"].tolist() == [None]
    assert found["shown"].tolist() == [None]
    assert found["floor"].tolist() == [5]
    assert found["reason_zh"][0].startswith("数据不足，不评级")
