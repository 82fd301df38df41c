"""Coordinates out of texts as offices write them: decimal, in degrees, minutes and seconds, paired.

What is not plainly a coordinate is none: a row to mend costs less than a place that is wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Objects
from gis.domain.geometry import LON_RANGE

Values = Sequence[Any] | Objects | pd.Series
"""A column as a file has it: texts, numbers, missing values."""


def degrees(values: Values) -> Floats:
    """Read a column of coordinates.

    Parameters
    ----------
    values
        Numbers, or texts such as ``119.37``, ``东经119.37°``, ``119°22′12″E``, ``119-22-12``; in
        full width too. Numbers may be metres of a projected system.

    Returns
    -------
    One number a row, shape (N,): degrees are decimal, to the west and to the south negative. NaN
    where there is no coordinate, as with minutes or seconds of 60 and more, degrees beyond 180, or
    beyond 90 to the north or south.
    """
    rows, unique = _distinct(values)
    read = [np.nan if (number := _number(value)) is None else number for value in unique]
    found: Floats = np.array([*read, np.nan])[rows]
    return found


def pairs(values: Values) -> tuple[Floats, Floats]:
    """Read a column that has both coordinates in one text.

    Parameters
    ----------
    values
        Texts such as ``119.39, 31.72``, ``(119.39 31.72)``, ``北纬31°43′12″ 东经119°23′24″``.

    Returns
    -------
    x, y
        To the east and to the north, as ``degrees`` would read them, shape (N,) each. Each pair is
        put in order by its words or letters for the directions, else by what can only be a
        longitude of this country, else it stays in its order. Both are NaN where the text is not
        two coordinates in exactly one way.
    """
    rows, unique = _distinct(values)
    read = [_pair(value) if isinstance(value, str) else NOWHERE for value in unique]
    x, y = np.array([*read, NOWHERE]).T
    return x[rows], y[rows]


NOWHERE = (np.nan, np.nan)

NUMBERS: tuple[type[Any], ...] = (int, float, np.integer, np.floating)

BEYOND = 1e9
"""No coordinate is so large: a telephone number is none."""


def _distinct(values: Values) -> tuple[np.ndarray, list[Any]]:
    """Return the distinct values and which of them each row has; -1, so the last, if missing."""
    rows, unique = pd.factorize(pd.Series(list(values), dtype=object))
    return rows, list(unique)


DECIMAL = re.compile(r"-?[0-9]{1,9}\.[0-9]+")


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        if DECIMAL.fullmatch(value):
            return float(value)  # as most are: four times as fast
        found = _value(_plain(value))
        return None if found is None else found[0]
    if isinstance(value, NUMBERS) and not isinstance(value, bool):
        return float(value) if abs(value) < BEYOND else None
    return None


def _pair(text: str) -> tuple[float, float]:
    plain = _plain(text).strip(" ()[]{}【】,;、/|")
    halves = SEPARATORS.split(plain)
    if len(halves) == 1:
        cuts = {found.end() for found in BOUNDARIES.finditer(plain)}
        ways = {(plain[:cut].strip(), plain[cut:].strip()) for cut in cuts}
        readings = {_two(*way) for way in ways if _alike(*way)} - {None}
    else:
        readings = {_two(*halves)} - {None} if len(halves) == 2 else set()
    both = readings.pop() if len(readings) == 1 else None
    return NOWHERE if both is None else _ordered(*both)


SEPARATORS = re.compile(r"[,;、/|]")
BOUNDARIES = re.compile(r"\s|(?<=[°'\"EWNS])|(?=[EWNS])")
"""Where a text without separators may fall into two."""

Value = tuple[float, str]
"""A coordinate, and ``E`` or ``N`` where the text says which; else ``""``."""


def _two(one: str, other: str) -> tuple[Value, Value] | None:
    first, second = _value(one), _value(other)
    return None if first is None or second is None else (first, second)


def _alike(one: str, other: str) -> bool:
    """Tell whether both halves have signs or letters, or neither: ``119°22 31`` is one, unclear."""
    return bool(SIGNS.search(one)) == bool(SIGNS.search(other))


SIGNS = re.compile(r"[°EWNS]")


def _ordered(first: Value, second: Value) -> tuple[float, float]:
    one, other = first[0], second[0]
    ways = (first[1], second[1])
    if ways in {("E", "E"), ("N", "N")}:
        return NOWHERE
    if "E" in ways or "N" in ways:
        turned = ways[0] == "N" or ways[1] == "E"
    else:
        low, high = LON_RANGE
        turned = low <= other <= high and not low <= one <= high
    return (other, one) if turned else (one, other)


def _plain(text: str) -> str:
    """Write a text with one sign for each thing: half width, ``°'"``, E W N S."""
    plain = unicodedata.normalize("NFKC", text.translate(SAME)).upper()
    plain = plain.replace("''", '"')
    for letter, words in WORDS.items():
        plain = words.sub(letter, plain)
    return " ".join(plain.replace("度", "°").split())


SAME = str.maketrans(
    {
        **dict.fromkeys("º˚゜∘", "°"),
        **dict.fromkeys("′’‘＇`´ʹ分", "'"),
        **dict.fromkeys("″”“＂ʺ秒", '"'),
        **dict.fromkeys("−–—―‐", "-"),
        "。": ".",
    }
)
"""Before compatible characters are made equal: that would turn ″ into two ′ and º into o."""

WORDS = {
    "E": re.compile(r"东经|经度?|东|LONGITUDE|LON|LNG"),
    "N": re.compile(r"北纬|纬度?|北|LATITUDE|LAT"),
    "W": re.compile(r"西E|西"),
    "S": re.compile(r"南N|南"),
}
"""In this order: of 西经 the second sign has become an E when its turn comes."""


def _value(plain: str) -> Value | None:
    """Read one coordinate."""
    found = VALUE.fullmatch(LOOSE.sub(r"\1", plain.strip()))
    if found is None:
        return None
    before, after = found["before"] or "", found["after"] or ""
    if before and after and before != after:
        return None
    letter = before or after
    way = {"W": "E", "S": "N"}.get(letter, letter)
    number = _size(found)
    if number is None or (letter in {"W", "S"} and found["sign"]):
        return None
    is_degrees = bool(letter or found["degree"] or not found["decimal"])
    if number >= BEYOND or (is_degrees and number > (90.0 if way == "N" else 180.0)):
        return None
    return (-number if found["sign"] == "-" or letter in {"W", "S"} else number), way


def _size(found: re.Match[str]) -> float | None:
    if found["decimal"]:
        return float(found["decimal"])
    parts = [part for part in re.split(r"[^0-9.]", found["parts"]) if part]
    degree, minute, second = (*map(float, parts), 0.0, 0.0)[:3]
    if minute >= 60 or second >= 60:
        return None
    return (degree * 3600 + minute * 60 + second) / 3600


LOOSE = re.compile(r"\s*([°'\".:+\-EWNS])\s*")
"""Spaces beside a sign mean nothing; between digits they do."""

VALUE = re.compile(
    r"""
    (?P<before>[EWNS])? :? (?P<sign>[+-])?
    (?:
        (?P<decimal>[0-9]+(?:\.[0-9]*)?(?:E[+-][0-9]{1,2})?|\.[0-9]+)(?P<degree>°)?
      | (?P<parts>
            [0-9]{1,3} ° [0-9]{1,2} ' [0-9]{1,2}(?:\.[0-9]+)? "?
          | [0-9]{1,3} ° [0-9]{1,2}(?:\.[0-9]+)? '?
          | [0-9]{1,3} (?P<between>[-:\ ]) [0-9]{1,2} (?P=between) [0-9]{1,2}(?:\.[0-9]+)?
          | [0-9]{1,3} [-:] [0-9]{1,2}(?:\.[0-9]+)?
        )
    )
    (?P<after>[EWNS])?
    """,
    re.VERBOSE,
)
