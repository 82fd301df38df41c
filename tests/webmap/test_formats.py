"""How values are written for people."""

from __future__ import annotations

import math

import pytest
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st

from webmap import formats


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_rounded_parts_add_up_to_the_rounded_total(parts: list[float]) -> None:
    total = sum(parts)
    shown = formats.add_up(parts, total)
    assert round(sum(shown), 1) == pytest.approx(math.floor(total * 10 + 1e-6) / 10, abs=1e-6)
    assert all(abs(own - part) <= 0.1 + 1e-9 for own, part in zip(shown, parts, strict=True))


@given(st.floats(0, 100), st.sampled_from([20, 35, 50, 65]))
def test_a_score_that_is_shown_stands_on_its_own_side_of_every_class_limit(
    number: float, limit: int
) -> None:
    assume(abs(number - limit) > formats.ROUNDING)
    assert (int(formats.score(number)) >= limit) == (number >= limit)


@pytest.mark.parametrize(
    ("number", "said"),
    [(34.96, "34"), (35.0, "35"), (34.9999999, "35"), (0.0, "0"), (None, "未知")],
)
def test_a_score_is_cut_and_not_rounded(app: Flask, number: float | None, said: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert formats.score(number) == said


@pytest.mark.parametrize(
    ("found", "unit", "said"),
    [
        (None, "m", "未知"),
        ("", None, "未知"),
        (True, None, "是"),
        (False, None, "否"),
        (0, "人", "0 人"),
        (1234.5, "m3", "1,234.5 m³"),
        (0.1 + 0.2, "MPa", "0.3 MPa"),
        ("红", None, "红"),
    ],
)
def test_a_value_comes_with_its_unit_and_unknown_is_said(
    app: Flask, found: object, unit: str | None, said: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert formats.value(found, unit) == said


@pytest.mark.parametrize(
    ("bearing_deg", "said"),
    [(0.0, "北 0°"), (44.9, "东北 45°"), (359.9, "北 0°"), (181.0, "南 181°"), (None, "—")],
)
def test_a_bearing_is_a_direction_and_degrees(
    app: Flask, bearing_deg: float | None, said: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert formats.direction(bearing_deg) == said


def test_an_instant_is_told_in_the_time_of_the_town() -> None:
    assert formats.instant("2026-11-23T16:05:59+00:00") == "2026-11-24 00:05"
