"""The unified social credit code: the standard's example, published codes, what it must find."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gis.domain import credit_code
from gis.domain.credit_code import ALPHABET, check_character, normalised, problem

STANDARD = "91350100M000100Y43"
"""The example printed in GB 32100-2015."""

PUBLISHED = [
    STANDARD,
    "914403001922038216",
    "9144030071526726XG",
    "91440300708461136T",
    "91330100799655058B",
    "91110000802100433B",
]
"""With codes that large companies print on their invoices' titles and sites."""

CODES = st.text(ALPHABET, min_size=17, max_size=17).map(lambda c: c + check_character(c))


@pytest.mark.parametrize("code", PUBLISHED)
def test_published_codes_are_valid(code: str) -> None:
    assert problem(code) is None
    assert check_character(code[:17]) == code[17]


def test_the_letters_are_those_of_the_standard() -> None:
    assert len(ALPHABET) == credit_code.MODULUS
    assert not set("IOSVZ") & set(ALPHABET)


@given(CODES)
def test_a_code_with_its_check_character_is_valid(code: str) -> None:
    assert problem(code) is None


@given(CODES, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_changed_character_is_found(code: str, place: int, other: str) -> None:
    assume(code[place] != other)
    assert problem(code[:place] + other + code[place + 1 :])


@given(CODES, st.integers(0, 16))
def test_two_different_neighbours_that_changed_places_are_found(code: str, place: int) -> None:
    one, two = code[place], code[place + 1]
    assume(one != two)
    assert problem(code[:place] + two + one + code[place + 2 :])


@given(CODES)
def test_normalising_changes_nothing_in_a_code_that_is_written_well(code: str) -> None:
    assert normalised(code) == code


@given(st.text(max_size=30))
def test_any_text_is_judged_and_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert problem(text) == problem(once)


@pytest.mark.parametrize(
    "written",
    [
        "91350100m000100y43",
        "９１３５０１００Ｍ０００１００Ｙ４３",
        " 9135 0100 M000 100Y 43\n",
        "91350100-M000100Y4-3",
        "91350100—M000100Y4—3",
        "\ufeff91350100M000100Y43\u3000",
    ],
)
def test_ways_to_write_the_same_code_become_one(written: str) -> None:
    assert normalised(written) == STANDARD
    assert problem(written) is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "应为 18 位，现有 0 位"),
        (STANDARD[:-1], "应为 18 位，现有 17 位"),
        (STANDARD + "1", "应为 18 位，现有 19 位"),
        ("350100100012345", "应为 18 位，现有 15 位，像是旧的工商注册号"),
        (
            "9135O100M000100Y43",
            "第 5 位的 O 不会出现在代码里（没有 I、O、S、V、Z），可能是 0",
        ),
        ("91350100M000100V43", "第 16 位的 V 不会出现在代码里（没有 I、O、S、V、Z）"),
        ("91350100M000无0Y43", "第 13 位的「无」不是数字或大写字母"),
        ("91350100M000100Y44", "校验位不对：前 17 位无误时，最后一位应为 3"),
        ("9.13501E+17", credit_code.SPOILT),
        ("9.13501000001E17", credit_code.SPOILT),
        ("9E+17", credit_code.SPOILT),
        ("913501000001000000", credit_code.SPOILT),
        ("913501000001000123.0", credit_code.SPOILT),
    ],
)
def test_what_is_wrong_is_said(code: str, said: str) -> None:
    assert problem(code) == said


def test_a_valid_code_that_ends_in_zeros_is_not_called_spoilt() -> None:
    codes = (f"{n:015d}00" for n in range(913501000000000, 913501000000400))
    zeros = [code + "0" for code in codes if check_character(code) == "0"]
    assert zeros
    assert not any(problem(code) for code in zeros)


@pytest.mark.parametrize("first17", ["", STANDARD, "9135O100M000100Y4", "91350100m000100y4"])
def test_only_17_characters_of_the_alphabet_have_a_check_character(first17: str) -> None:
    with pytest.raises(ValueError, match=r"17|substring"):
        check_character(first17)
