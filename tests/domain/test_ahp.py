"""Weights from judgements in pairs: the worked matrix of METHOD 12.9, laws, what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.risk import ahp, parameters
from gis.domain.risk import constants as constant
from gis.errors import InvalidDataError
from gis.workspace import DATA
from tests import toyland

RANDOM = constant.table(toyland.INDEX, "random_index")
DOCS = DATA.parent / "docs" / "methods"
quick = settings(max_examples=50, deadline=None, derandomize=True)


def test_the_judgements_on_the_sectors_give_the_worked_values_of_the_method() -> None:
    # METHOD 12.9, sectors IND GAS HOU FOR MIN: four decimals are printed there.
    found = ahp.of_sectors(toyland.INDEX)
    assert found.weights.round(4).tolist() == [0.3281, 0.2164, 0.1884, 0.1428, 0.1243]
    assert found.eigenvalue == pytest.approx(5.0966, abs=5e-5)
    assert found.index == pytest.approx(0.0242, abs=5e-5)
    assert found.ratio == pytest.approx(0.0216, abs=5e-5)


def test_the_matrix_kept_as_data_is_that_of_the_method() -> None:
    (written,) = constant.texts(toyland.INDEX, "sector_judgements")
    h = 0.5
    assert ahp.read(written).tolist() == [
        [1, 2, 2, 2, 2], [h, 1, 1, 2, 2], [h, 1, 1, 1, 2], [h, h, 1, 1, 1], [h, h, h, 1, 1]
    ]  # fmt: skip


def test_the_weights_in_use_follow_from_the_judgements() -> None:
    weights = constant.table(toyland.INDEX, "sector_weights")
    assert list(weights) == ["IND", "GAS", "HOU", "FOR", "MIN"]
    assert ahp.of_sectors(toyland.INDEX).weights.round(2).tolist() == list(weights.values())


def test_several_judges_are_brought_together_entry_by_entry() -> None:
    # By hand: sqrt(4 x 1) = 2, so two to one: weights 2/3 and 1/3.
    one, other = ahp.read("1 4; 1/4 1"), ahp.read("1 1; 1 1")
    assert ahp.geometric_mean([one, other]) == pytest.approx(np.array([[1, 2], [0.5, 1]]))
    found = ahp.judge([one, other], {"2": 1.0})
    assert found.weights == pytest.approx(np.array([2 / 3, 1 / 3]))
    # METHOD 12.9: (6.2, 4.0, 5.5)^(1/3) = 5.1476.
    mean = ahp.geometric_mean([np.array([value]) for value in (6.2, 4.0, 5.5)])
    assert mean[0] == pytest.approx(5.1476, abs=5e-5)


@quick
@given(st.lists(st.floats(0.2, 5), min_size=3, max_size=7))
def test_judgements_without_a_contradiction_give_back_their_weights(weight: list[float]) -> None:
    w = np.array(weight)
    found = ahp.judge([w[:, np.newaxis] / w[np.newaxis, :]], RANDOM)
    assert found.weights == pytest.approx(w / w.sum())
    assert found.eigenvalue == pytest.approx(len(w))
    assert found.ratio == pytest.approx(0.0, abs=1e-9)


def _judged(upper: list[float]) -> Any:
    """Return the matrix of five that has these ten entries above its diagonal."""
    matrix = np.ones((5, 5))
    matrix[np.triu_indices(5, 1)] = upper
    return np.triu(matrix) + np.tril(1 / matrix.T, -1)


JUDGES = st.lists(st.lists(st.floats(1 / 9, 9), min_size=10, max_size=10), min_size=1, max_size=4)


@quick
@given(JUDGES, st.randoms(use_true_random=False))
def test_neither_the_order_of_judges_nor_that_of_sectors_matters(
    uppers: list[list[float]], random: Any
) -> None:
    matrices = [_judged(upper) for upper in uppers]
    found = ahp.judge(matrices, RANDOM)
    order = random.sample(range(5), 5)
    mixed = [matrix[np.ix_(order, order)] for matrix in matrices[::-1]]
    again = ahp.judge(mixed, RANDOM)
    assert again.weights == pytest.approx(found.weights[order])
    assert again.ratio == pytest.approx(found.ratio, abs=1e-9)
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.ratio >= -1e-9


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        ([[1, 2, 2], [0.5, 1, 1]], "方阵"),
        ([[1, 2, 2], [0.5, 1, 0], [0.5, 1, 1]], "大于 0"),
        ([[1, -2, 2], [-0.5, 1, 1], [0.5, 1, 1]], "大于 0"),
        ([[1, 2, 2], [0.5, 1, float("inf")], [0.5, 0.0, 1]], "大于 0"),
        ([[1, 2, 2], [0.5, 1, 1], [0.4, 1, 1]], "互反"),
        ([[2, 2, 2], [0.5, 1, 1], [0.5, 1, 1]], "互反"),
        (np.ones((8, 8)), "没有 8 阶"),
    ],
)
def test_what_is_no_matrix_of_judgements_is_refused(matrix: Any, said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        ahp.judge([np.array(matrix, dtype=float)], RANDOM)


def test_judges_must_speak_of_the_same_number_of_things() -> None:
    with pytest.raises(InvalidDataError, match="一样大"):
        ahp.judge([np.ones((3, 3)), np.ones((4, 4))], RANDOM)
    with pytest.raises(InvalidDataError, match="没有判断矩阵"):
        ahp.judge([], RANDOM)


CIRCLE = "1 9 1/9 1 1; 1/9 1 9 1 1; 9 1/9 1 1 1; 1 1 1 1 1; 1 1 1 1 1"
"""The first weighs more than the second, that more than the third, that more than the first."""


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (CIRCLE, "CR 为 .*应小于 0.10"),
        ("1 2; 1/2 1", "没有 2 阶"),
        ("1 2 2; 1/2 1 1; 1/2 1 1", "应为 5 阶"),
        ("1 2 a; 1 1 1; 1 1 1", "分号"),
        ("1 1/0; 1 1", "分号"),
        ("1 2 2; 1/2 1; 1/2 1 1", "分号"),
    ],
)
def test_judgements_that_contradict_themselves_are_not_taken_from_an_administrator(
    written: str, said: str
) -> None:
    with pytest.raises(InvalidDataError, match=f"index 的 sector_judgements：第 1 个矩阵.*{said}"):
        parameters.check(toyland.METHODS, {"index": {"sector_judgements": [written]}})


def test_judgements_that_do_not_are_taken() -> None:
    other = "1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1"
    methods = parameters.changed(toyland.METHODS, {"index": {"sector_judgements": [other]}})
    assert ahp.of_sectors(methods["index"].values).weights == pytest.approx(np.full(5, 0.2))


@pytest.mark.parametrize("page", ["index.md", "index.en.md"])
def test_the_page_tells_the_numbers_that_come_out(page: str) -> None:
    found = ahp.of_sectors(toyland.INDEX)
    text = (DOCS / page).read_text("utf-8")
    told = re.findall(r"λ = ([\d.]+).*?CI = ([\d.]+).*?CR = ([\d.]+)", text, re.DOTALL)
    assert told == [(f"{found.eigenvalue:.4f}", f"{found.index:.4f}", f"{found.ratio:.4f}")]
    assert "、".join(f"{w:.4f}" for w in found.weights) in text.replace(", ", "、")


@pytest.mark.parametrize(
    "written", ["1 1e400; 1 1", "1 1e999999999; 1 1", "1 1/0; 1 1", "1 x; 1 1"]
)
def test_an_entry_that_is_no_judgement_is_refused_and_not_reckoned(written: str) -> None:
    with pytest.raises(InvalidDataError, match="判断矩阵应逐行写成"):
        ahp.read(written)
