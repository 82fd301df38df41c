"""How the headings of a file are understood."""

from __future__ import annotations

import pytest

from gis.domain.plans import COMMON, VILLAGE, Plan, check_place, guess_mapping, guess_place
from gis.errors import InvalidDataError

FIELDS = (*COMMON, VILLAGE)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("编号", "code"),
        ("* 编号", "code"),
        ("编号（必填）", "code"),
        ("场所编号", "code"),
        ("CODE", "code"),
        ("单位名称：", "name"),
        ("企业名称(全称)", "name"),
        ("所在村（社区）", "village"),
        ("定位精度 (m)", "accuracy_m"),
        ("核实日期", "verified_on"),
    ],
)
def test_a_heading_is_found_with_what_offices_put_around_it(heading: str, field: str) -> None:
    assert guess_mapping(["序号", heading, "备注"], FIELDS, {}) == {field: heading}


def test_no_column_serves_two_fields_and_a_row_number_is_no_code() -> None:
    assert guess_mapping(["序号", "名称"], FIELDS, {"code": "名称"}) == {"code": "名称"}


def test_what_was_said_goes_before_the_heading_and_nothing_can_be_said_too() -> None:
    columns = ["编号", "新编号", "名称"]
    found = guess_mapping(columns, FIELDS, {"code": "新编号", "name": ""})
    assert found == {"code": "新编号"}


@pytest.mark.parametrize(
    ("said", "message"), [({"nothing": "编号"}, "没有字段"), ({"code": "gone"}, "没有列 gone")]
)
def test_what_was_said_wrongly_says_what_there_is(said: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidDataError, match=message):
        guess_mapping(["编号"], FIELDS, said)


@pytest.mark.parametrize(
    ("columns", "place"),
    [
        (["经度", "纬度"], {"lon": "经度", "lat": "纬度"}),
        (["Y", "X"], {"lon": "X", "lat": "Y"}),
        (["地址", "坐标"], {"pair": "坐标"}),
        (["wkt", "经度"], {"wkt": "wkt"}),
        (["经度"], {}),
    ],
)
def test_positions_are_found_by_their_headings(columns: list[str], place: dict[str, str]) -> None:
    assert guess_place(columns, []) == place


def test_half_a_position_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="经度和纬度"):
        check_place({"lon": "经度"}, ["经度"])


def test_a_plan_survives_being_kept() -> None:
    plan = Plan({"code": "编号"}, {"pair": "坐标"}, "BD-09", True, True, "gb18030", "表1", "moved")
    assert Plan.from_json({**plan.as_json(), "gone": 1}) == plan
