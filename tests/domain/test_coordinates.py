"""Coordinates as offices write them: tables of texts, and what is formatted is read back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.domain import coordinates

NAN = math.nan
SIXTIETH = 119 + 22 / 60 + 12 / 3600

ONE: list[tuple[Any, float]] = [
    (119.37, 119.37),
    (119, 119.0),
    (np.float32(119.5), 119.5),
    ("119.37", 119.37),
    (" 119.37 ", 119.37),
    ("119. 37", 119.37),
    ("１１９．３７", 119.37),
    ("119。37", 119.37),
    ("119.37°", 119.37),
    ("119.37度", 119.37),
    ("119.37°E", 119.37),
    ("119.37 e", 119.37),
    ("东经119.37", 119.37),
    ("东经：119.37°", 119.37),
    ("经度119.37", 119.37),
    ("E119.37", 119.37),
    ("lon: 119.37", 119.37),
    ("119°22′12″", SIXTIETH),
    ("119°22'12\"E", SIXTIETH),
    ("119º22’12”", SIXTIETH),
    ("119°22''", NAN),
    ("119°22'12''", SIXTIETH),
    ("１１９°２２＇１２＂", SIXTIETH),
    ("119 ° 22 ′ 12 ″", SIXTIETH),
    ("东经 119 度 22 分 12 秒", SIXTIETH),
    ("119度22分12.5秒", SIXTIETH + 0.5 / 3600),
    ("119°22.2′", SIXTIETH),
    ("119-22-12", SIXTIETH),
    ("119:22:12", SIXTIETH),
    ("119：22：12", SIXTIETH),
    ("119 22 12", SIXTIETH),
    ("119-22.2", SIXTIETH),
    ("N31°43′", 31 + 43 / 60),
    ("北纬31°43′", 31 + 43 / 60),
    ("31°43'12\" N", 31.72),
    ("西经119.37", -119.37),
    ("31.5S", -31.5),
    ("南纬31°30′", -31.5),
    ("-119.37", -119.37),
    ("−119.37", -119.37),
    ("440288.579", 440288.579),
    ("40440288.579", 40440288.579),
    ("4.40288579E+05", 440288.579),
    (3510977.416, 3510977.416),
    ("0", 0.0),
    # None of these is a coordinate:
    ("", NAN),
    ("   ", NAN),
    (None, NAN),
    (pd.NA, NAN),
    (NAN, NAN),
    (math.inf, NAN),
    (True, NAN),
    ("nan", NAN),
    ("无", NAN),
    ("薛埠镇", NAN),
    ("E", NAN),
    ("°", NAN),
    (".", NAN),
    ("119°60′", NAN),
    ("119°22′60″", NAN),
    ("119-75-12", NAN),
    ("119.5°22′", NAN),
    ("119°22.5′12″", NAN),
    ("190°", NAN),
    ("E190", NAN),
    ("N91", NAN),
    ("-119.37W", NAN),
    ("E119.37N", NAN),
    ("119,37", NAN),
    ("119.37.12", NAN),
    ("119 37", NAN),
    ("119.39 31.72", NAN),
    ("13812345678", NAN),
    (13812345678, NAN),
    ("9" * 400, NAN),
    (10**400, NAN),
    ("1E+99", NAN),
    ("٣١٫٧", NAN),
]


@pytest.mark.parametrize(("written", "expected"), ONE)
def test_one_coordinate_is_read(written: Any, expected: float) -> None:
    assert coordinates.degrees([written]) == pytest.approx([expected], abs=1e-12, nan_ok=True)


def test_a_column_is_read_row_by_row() -> None:
    written = [text for text, _ in ONE if text is not True]  # which is the same as 1 in a column
    expected = [number for text, number in ONE if text is not True]
    for column in (written, pd.Series(written, dtype=object), np.array(written, dtype=object)):
        assert coordinates.degrees(column) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    again = coordinates.degrees([*written[::-1], *written])
    assert again == pytest.approx([*expected[::-1], *expected], abs=1e-12, nan_ok=True)


def test_a_column_of_numbers_stays_as_it_is() -> None:
    given_x = np.array([119.37, np.nan, 440288.579, -np.inf])
    kept = given_x.copy()
    assert coordinates.degrees(given_x) == pytest.approx(
        [119.37, NAN, 440288.579, NAN], nan_ok=True
    )
    assert np.array_equal(given_x, kept, equal_nan=True)


def test_empty_columns_have_no_coordinates() -> None:
    assert coordinates.degrees([]).shape == (0,)
    x, y = coordinates.pairs([])
    assert x.shape == y.shape == (0,)


NOWHERE = (NAN, NAN)
HERE = (119.39, 31.72)
SIXTIETHS = (SIXTIETH, 31.72)

TWO: list[tuple[Any, tuple[float, float]]] = [
    ("119.39, 31.72", HERE),
    ("119.39,31.72", HERE),
    ("31.72,119.39", HERE),
    ("(119.39 31.72)", HERE),
    ("（119.39，31.72）", HERE),
    ("【119.39，31.72】", HERE),
    ("[119.39; 31.72]", HERE),
    ("119.39，31.72", HERE),
    ("119.39、31.72", HERE),
    ("119.39/31.72", HERE),
    ("119.39\t31.72", HERE),
    ("119.39\n31.72", HERE),
    ("119.39\u300031.72", HERE),
    ("119.39，31.72；", HERE),
    ("１１９．３９，３１．７２", HERE),
    ("东经119.39 北纬31.72", HERE),
    ("北纬31.72，东经119.39", HERE),
    ("东经119.39北纬31.72", HERE),
    ("北纬31.72度东经119.39度", HERE),
    ("经度：119.39，纬度：31.72", HERE),
    ("lat: 31.72 lon: 119.39", HERE),
    ("N31.72 E119.39", HERE),
    ("N31.72E119.39", HERE),
    ("31.72N119.39E", HERE),
    ("119.39E,31.72N", HERE),
    ("31.72, E119.39", HERE),
    ("119°22′12″,31°43′12″", SIXTIETHS),
    ("31°43′12″, 119°22′12″", SIXTIETHS),
    ("119°22′12″ 31°43′12″", SIXTIETHS),
    ("119°22′12″31°43′12″", SIXTIETHS),
    ("东经119度22分12秒，北纬31度43分12秒", SIXTIETHS),
    ("N 31° 43' 12\" E 119° 22' 12\"", SIXTIETHS),
    ("119-22-12 31-43-12", SIXTIETHS),
    ("119 22 12 31 43 12", SIXTIETHS),
    ("119:22:12,31:43:12", SIXTIETHS),
    ("440288.579,3510977.416", (440288.579, 3510977.416)),
    ("3510977.416 440288.579", (3510977.416, 440288.579)),  # nobody says which is which
    ("100.5, 100.6", (100.5, 100.6)),
    ("40.1, 30.2", (40.1, 30.2)),
    ("北纬100.5，东经31.72", NOWHERE),
    ("W119.39 N31.72", (-119.39, 31.72)),
    # None of these is a pair:
    ("", NOWHERE),
    (None, NOWHERE),
    (119.39, NOWHERE),
    ("119.39", NOWHERE),
    ("119.3931.72", NOWHERE),
    ("119,39,31,72", NOWHERE),
    ("119.39,31.72,12", NOWHERE),
    ("119.39,", NOWHERE),
    ("119.39,北", NOWHERE),
    ("119°22 31", NOWHERE),
    ("119 22 12", NOWHERE),
    ("E119.39,E31.72", NOWHERE),
    ("N119,N31", NOWHERE),
    ("119°75′,31°43′", NOWHERE),
    ("薛埠镇, 31.72", NOWHERE),
]


@pytest.mark.parametrize(("written", "expected"), TWO)
def test_a_pair_is_read_east_first(written: Any, expected: tuple[float, float]) -> None:
    x, y = coordinates.pairs([written])
    assert (x[0], y[0]) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_column_of_pairs_is_read_row_by_row() -> None:
    x, y = coordinates.pairs(pd.Series([written for written, _ in TWO * 2], dtype=object))
    expected = np.array([place for _, place in TWO * 2])
    assert x == pytest.approx(expected[:, 0], abs=1e-12, nan_ok=True)
    assert y == pytest.approx(expected[:, 1], abs=1e-12, nan_ok=True)


MILLISECONDS_A_DEGREE = 3_600_000
LON = st.integers(73 * MILLISECONDS_A_DEGREE + 1, 136 * MILLISECONDS_A_DEGREE - 1)
LAT = st.integers(3 * MILLISECONDS_A_DEGREE, 54 * MILLISECONDS_A_DEGREE)
"""Places of the country, in thousandths of a second."""


def sixtieths(value: int) -> tuple[int, int, str]:
    whole, rest = divmod(value, MILLISECONDS_A_DEGREE)
    minutes, thousandths = divmod(rest, 60_000)
    return whole, minutes, f"{thousandths // 1000}.{thousandths % 1000:03d}"


FORMATS = {
    "decimal": lambda v: f"{v / MILLISECONDS_A_DEGREE:.12f}",
    "degree sign": lambda v: f"{v / MILLISECONDS_A_DEGREE:.12f}°",
    "signs": lambda v: "{}°{}′{}″".format(*sixtieths(v)),
    "quotes": lambda v: "{}° {}' {}\"".format(*sixtieths(v)),
    "words": lambda v: "{}度{}分{}秒".format(*sixtieths(v)),
    "dashes": lambda v: "{}-{:02d}-{}".format(*sixtieths(v)),
    "colons": lambda v: "{}:{:02d}:{}".format(*sixtieths(v)),
    "spaces": lambda v: "{} {} {}".format(*sixtieths(v)),
}
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
"""To full width."""


@given(
    LON, st.sampled_from(sorted(FORMATS)), st.booleans(), st.sampled_from(["{}", "东经{}", "{}E"])
)
def test_a_coordinate_that_is_written_is_read_back(
    value: int, way: str, wide: bool, frame: str
) -> None:
    written = frame.format(FORMATS[way](value))
    read = coordinates.degrees([written.translate(WIDE) if wide else written])
    assert read == pytest.approx([value / MILLISECONDS_A_DEGREE], abs=1e-11)


@given(
    LON,
    LAT,
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from([",", "，", " ", ", ", "；", "/"]),
    st.sampled_from([("{}", "{}"), ("东经{}", "北纬{}"), ("{}E", "{}N"), ("E{}", "N{}")]),
    st.booleans(),
)
def test_a_pair_that_is_written_is_read_back_in_order(
    lon: int, lat: int, way: str, between: str, frames: tuple[str, str], turned: bool
) -> None:
    parts = [
        frame.format(FORMATS[way](value)) for frame, value in zip(frames, (lon, lat), strict=True)
    ]
    x, y = coordinates.pairs([between.join(parts[::-1] if turned else parts)])
    place = (lon / MILLISECONDS_A_DEGREE, lat / MILLISECONDS_A_DEGREE)
    assert (x[0], y[0]) == pytest.approx(place, abs=1e-11)


@given(st.lists(st.one_of(st.text(max_size=12), st.floats(), st.none(), st.integers()), max_size=6))
def test_whatever_a_column_holds_is_read_without_failing(column: list[Any]) -> None:
    assert coordinates.degrees(column).shape == (len(column),)
    x, y = coordinates.pairs(column)
    assert (np.isnan(x) == np.isnan(y)).all()
