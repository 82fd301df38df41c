"""What an office may set otherwise: shapes, signs, order hold; the source says who set it."""

from __future__ import annotations

from typing import Any

import pytest

from gis.domain.risk import constants as given
from gis.domain.risk import parameters
from gis.errors import InvalidDataError
from tests import toyland

METHODS = toyland.METHODS


def test_a_value_that_was_set_is_in_force_and_no_longer_the_standards() -> None:
    methods = parameters.changed(METHODS, {"gas": {"impact_coefficient": 0.12}})
    set_here = methods["gas"].constants["impact_coefficient"]
    own = METHODS["gas"].constants["impact_coefficient"]
    assert set_here.value == 0.12
    assert (set_here.tag, set_here.standard) == ("M", parameters.SET_HERE)
    assert "0.099" in set_here.clause
    assert own.standard in set_here.clause
    assert methods["gas"].constants["city"] == METHODS["gas"].constants["city"]
    assert methods["house"].constants == METHODS["house"].constants


@pytest.mark.parametrize(
    ("method", "name", "value", "said"),
    [
        ("gas", "no_such", 1, "没有这个常数"),
        ("index", "uplift_max", "3", "数值"),
        ("index", "uplift_max", True, "数值"),
        ("index", "uplift_max", float("nan"), "数值"),
        ("index", "uplift_max", -1, "不能小于 0"),
        ("hotspots", "cell_width_m", 1, "应为 0，或 500 至 2000"),
        ("hotspots", "period_months", 0.5, "整数"),
        ("index", "class_limits", [20, 35, 50], "4 个值"),
        ("index", "class_limits", [20, 35, 35, 65], "由小到大"),
        ("index", "sector_weights", {"IND": 1}, "一张表"),
        (
            "index",
            "sector_weights",
            dict.fromkeys(given.table(toyland.INDEX, "sector_weights"), 0),
            "大于 0",
        ),
        ("gas", "city", " ", "不能空着"),
        ("index", "quality_limits", [0.1, "x", 0.6], "数值"),
        ("uncertainty", "draws", 999, "不能小于 1000"),
        ("uncertainty", "draws", 1e9, "不能大于 20000"),
        ("hotspots", "heat_cell_m", 0, "不能小于 25"),
    ],
)
def test_a_value_that_cannot_take_the_place_is_refused_by_name(
    method: str, name: str, value: Any, said: str
) -> None:
    with pytest.raises(InvalidDataError, match=f"{method} 的 {name}.*{said}"):
        parameters.check(METHODS, {method: {name: value}})


def test_all_faults_are_told_at_once() -> None:
    values = {"nothing": {}, "index": {"uplift_max": -1, "no_such": 1}}
    with pytest.raises(InvalidDataError) as told:
        parameters.check(METHODS, values)
    assert all(word in str(told.value) for word in ("nothing", "uplift_max", "no_such"))


def test_the_methods_own_values_all_pass_and_differ_in_nothing() -> None:
    values = {slug: method.as_json() for slug, method in METHODS.items()}
    parameters.check(METHODS, values)
    assert parameters.differing(METHODS, values) == {}
    values["index"]["uplift_max"] = 2.5
    assert parameters.differing(METHODS, values) == {"index": {"uplift_max": 2.5}}
