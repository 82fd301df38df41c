"""Unknown is never low: coverage, population, and the grade beside each score."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from gis.domain.risk.assess import Assessment, assess
from tests import toyland


def _assess(
    coverage: pd.DataFrame | None, sites: dict[str, Any] | None = None, **residents: float
) -> Assessment:
    given = toyland.sites() if sites is None else sites
    snapshot = toyland.snapshot(given, toyland.hazards(), coverage)
    return assess(replace(snapshot, areas_m=toyland.areas(**residents)), toyland.VALUES)


def test_a_sector_is_unknown_where_none_of_its_kinds_is_covered() -> None:
    found = _assess(toyland.coverage(enterprise="none", gas_station="none"))
    sectors = found.result.sectors
    blind = sectors["sector"] == "IND"
    assert not sectors["known"][blind].any()
    assert sectors["known"][~blind].all()
    assert sectors["HE"][blind].isna().all()
    assert found.result.scores["R"].isna().all()
    assert found.classes["shown"].tolist() == [None, None, None]
    assert found.quality["grade"].tolist() == ["D", "D", "D"]
    assert found.result.loads["share"].isna().all()
    assert "没有企业、加油加气站数据，不评分" in found.quality["notes_zh"][0]


def test_one_covered_kind_is_enough_to_know_a_sector_that_has_a_load() -> None:
    coverage = toyland.coverage(enterprise="none", gas_station="partial")
    sectors = _assess(coverage, a=500, b=800, c=300).result.sectors
    assert sectors["known"][sectors["sector"] == "IND"].tolist() == [False, True, False]
    assert sectors["known"][sectors["sector"] != "IND"].all()


def test_no_coverage_row_is_no_coverage() -> None:
    coverage = toyland.coverage()
    code = toyland.areas()["code"][1]
    kept = coverage[(coverage["kind"] != "forest") | (coverage["village"] != code)]
    found = _assess(kept)
    assert found.result.scores["R"].isna().tolist() == [False, True, False]


def test_a_village_nobody_counted_has_no_score() -> None:
    sites = toyland.sites()
    sites["self_built_house"] = sites["self_built_house"].iloc[[0, 2]]
    sites["enterprise"] = sites["enterprise"].iloc[:0]
    found = _assess(toyland.coverage(), sites)
    assert found.result.scores["population_known"].tolist() == [True, False, True]
    assert np.isnan(found.result.scores["R"][1])


def test_places_right_at_a_border_are_counted_as_perhaps_another_villages() -> None:
    sites = toyland.sites()
    assert not any(
        "村界" in note for notes in _assess(None, sites).quality["notes_zh"] for note in notes
    )
    moved = sites["self_built_house"].copy()
    moved.loc[moved.index[1], "geometry"] = shapely.Point(3980, 1000)
    found = _assess(None, {**sites, "self_built_house": moved}).quality["notes_zh"]
    assert [[note for note in notes if "村界" in note] for notes in found] == [
        [], ["1 处有人的场所紧挨村界，可能属邻村"], [],
    ]  # fmt: skip


def test_residents_without_a_dwelling_to_hold_them_give_no_score() -> None:
    sites = toyland.sites()
    sites["self_built_house"] = sites["self_built_house"].iloc[[0, 2]]
    found = _assess(toyland.coverage(), sites, b=800)
    assert not found.result.scores["population_known"][1]
    assert "常住人口未知或无法落到房屋，不评分" in found.quality["notes_zh"][1]


def test_no_load_under_a_partial_survey_is_unknown_and_not_low() -> None:
    partial = toyland.coverage()
    partial.loc[partial["kind"] == "mine", "status"] = "partial"
    found = _assess(partial, a=500, b=800, c=300)
    mines = found.result.sectors.set_index("sector").loc["MIN"]
    assert mines["HE"].isna().all()
    assert found.classes["shown"].isna().all()
    complete = _assess(toyland.coverage(), a=500, b=800, c=300)
    assert complete.result.sectors.set_index("sector").loc[["MIN"], "HE"].eq(0).all()


def test_a_load_under_a_partial_survey_is_known() -> None:
    partial = toyland.coverage()
    partial.loc[partial["kind"] == "enterprise", "status"] = "partial"
    found = _assess(partial, a=500, b=800, c=300)
    plants = found.result.sectors.set_index("sector").loc["IND"]
    assert plants["known"].tolist() == [False, True, False]


def test_a_few_houses_in_a_village_that_nobody_counted_give_no_score() -> None:
    counted = _assess(toyland.coverage("complete"))
    assert counted.result.scores["population_known"].all()
    glimpsed = _assess(toyland.coverage("partial"))
    assert not glimpsed.result.scores["population_known"].any()
    assert glimpsed.result.sectors["HE"].isna().all()
    assert glimpsed.classes["shown"].isna().all()


def test_a_village_where_nobody_lives_is_known_to_be_empty() -> None:
    sites = toyland.sites()
    sites["self_built_house"] = sites["self_built_house"].iloc[[0, 2]]
    sites["enterprise"] = sites["enterprise"].iloc[:0]
    found = _assess(toyland.coverage(), sites, b=0)
    assert found.result.scores["R"][1] == 0.0


@pytest.mark.parametrize(
    ("status", "grade", "known", "expected"),
    [("complete", "A", "自住", "B"), ("partial", "A", "自住", "D"), ("complete", None, None, "D")],
)
def test_the_grade_falls_with_what_is_unknown(
    status: str, grade: str | None, known: str | None, expected: str
) -> None:
    sites = toyland.sites()
    houses = sites["self_built_house"].assign(storeys=2.0)
    sites["self_built_house"] = houses.assign(
        grade=np.array([grade] * 3, dtype=object), use=np.array([known] * 3, dtype=object)
    )
    found = _assess(toyland.coverage(status), sites, a=500, b=800, c=300)
    assert found.quality["grade"][0] == expected
    assert "脆弱性或应对能力的多数指标未知，按默认值计" in found.quality["notes_zh"][0]


def test_people_spread_over_houses_are_told() -> None:
    found = _assess(toyland.coverage(), a=1000)
    assert found.quality["people_spread"].tolist() == pytest.approx([500 / 1300, 0.0, 0.0])
    assert "38%的人数由村总人口按房屋面积分摊" in found.quality["notes_zh"][0]


def test_an_assessment_stands_on_every_frame_in_the_same_order() -> None:
    found = _assess(toyland.coverage())
    for frame in (found.result.scores, found.classes, found.quality):
        assert frame["area"].tolist() == [toyland.A, toyland.B, toyland.C]
