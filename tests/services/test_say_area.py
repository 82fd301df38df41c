"""The sentence of an area: what METHOD 7.12 wants in it, and nothing that does not apply."""

from __future__ import annotations

from typing import Any

import pytest

from gis.services.say_area import say_area
from tests import toyland


def answer(**other: Any) -> dict[str, Any]:
    """Return what an explanation says of a village, as far as the sentence reads it."""
    return {
        "name": "甲村", "class": 5, "index_class": 4, "floor": 5, "score": 57.9,
        "uncertainty": {"low": 48.2, "high": 66.7, "first": False},
        "sectors": [
            {"sector": "IND", "title": "工业企业", "title_en": "Industry", "share": 30.0},
            {"sector": "FOR", "title": "森林火灾", "title_en": "Forest fire", "share": 27.9},
        ],
        "contributions": [source()],
        "flags": [{"text": "有逾期未改的重大事故隐患", "floor": 5}, {"text": "旧", "floor": 0}],
        **other,
    }  # fmt: skip


def source(**other: Any) -> dict[str, Any]:
    """Return the largest source: a plant of I 70 with two cases, 150 m from a school."""
    return {
        "share": 30.0, "sector": "IND", "intensity": 0.7, "uplift": 1.2,
        "site": {"id": 11, "name": "化工厂", "kind": "enterprise"},
        "receptor": {"id": 12, "name": "小学", "title": "学校", "title_en": "School"},
        "receptor_m": 150.2, "evidence": {"open_hazards": {"general": 2, "major": 0, "overdue": 0}},
        **other,
    }  # fmt: skip


def test_the_sentence_is_that_of_the_method() -> None:
    said = say_area(answer(), toyland.KINDS)
    # 70 with two general cases is lifted to 100(1 - 0.3^1.2) = 76.4 (METHOD 12.9).
    assert said.zh == (
        "甲村综合风险高（57分，90%区间48–66）。"
        "主要来自工业企业：化工厂距小学 150米；2条未销号隐患使该源评分由70升至76。"
        "因有逾期未改的重大事故隐患按规则不低于高（综合指数为较高）。"
    )
    assert said.en == (
        "甲村: composite risk high (57 points, 90% interval 48–66)."
        " Mostly from industry: 化工厂, 150 m from 小学;"
        " 2 open hazards lift its score from 70 to 76."
        " By rule at least high (by the index fairly high): 有逾期未改的重大事故隐患."
    )


def test_what_does_not_apply_is_left_out() -> None:
    bare = source(uplift=1.0, evidence={})
    less = answer(contributions=[bare], floor=0, flags=[], uncertainty=None)
    said = say_area(less, toyland.KINDS)
    assert said.zh == "甲村综合风险高（57分）。主要来自工业企业：化工厂距小学 150米。"


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"receptor": None, "receptor_m": None}, "工业企业：化工厂；"),
        ({"receptor": {"id": 11, "name": "化工厂"}, "receptor_m": 0.0}, "化工厂，人员就在场所内；"),
        ({"receptor_m": 0.2}, "化工厂紧邻小学；"),
        ({"intensity": 1.0}, "小学 150米。"),
        (
            {"receptor": {"id": 12, "name": "", "title": "学校", "title_en": "School"}},
            "化工厂距学校 150米；",
        ),
    ],
)
def test_the_place_at_risk_is_named_as_far_as_it_may_be(other: dict[str, Any], words: str) -> None:
    assert words in say_area(answer(contributions=[source(**other)]), toyland.KINDS).zh


def test_a_village_is_called_the_first_only_where_that_is_likely_enough() -> None:
    doubt = {"low": 48.2, "high": 66.7}
    sure, unsure = (
        say_area(answer(uncertainty={**doubt, "first": first}), toyland.KINDS)
        for first in (True, False)
    )
    assert "居全镇第1位" in sure.zh
    assert "第1" not in unsure.zh
    assert "first" not in unsure.en


def test_unknown_is_said_to_be_unknown_and_its_flags_stand_beside() -> None:
    unknown = {"class": None, "index_class": None, "score": None, "uncertainty": None}
    said = say_area(answer(**unknown), toyland.KINDS)
    assert said.zh.startswith("甲村数据不足，不评级")
    assert "另有标志：有逾期未改的重大事故隐患（按规则不低于高）。" in said.zh
    assert not any(word in said.zh for word in ("较低", "57", "主要来自"))
    assert say_area(answer(**unknown, sectors=[], flags=[], floor=0), toyland.KINDS).zh == (
        "甲村尚未计算。"
    )


def test_no_source_is_named_where_a_larger_one_may_not_be_seen() -> None:
    hidden = {"share": 40.0, "site": None, "sector": None}
    sectors = [{**row, "share": None} for row in answer()["sectors"]]
    said = say_area(answer(sectors=sectors, contributions=[source(), hidden]), toyland.KINDS)
    assert "主要来自" not in said.zh
    less = say_area(
        answer(sectors=sectors, contributions=[source(), {**hidden, "share": 5.0}]), toyland.KINDS
    )
    assert "主要来自工业企业：化工厂" in less.zh
