"""Which place a row is, where the file has no code: laws, and cases by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.identity import KNOWN, SAME_PREMISES_M, Keys, Met, keys_by_operator
from gis.domain.plans import Elsewhere

NOTHING: list[tuple[str, str, Any]] = []


def at(*xs: float | None) -> np.ndarray:
    """Return points on a line, in metres; None where there is none."""
    return np.array([None if x is None else shapely.Point(x, 0) for x in xs], dtype=object)


def keys(
    operators: list[str | None],
    places: np.ndarray,
    known: list[tuple[str, str, Any]] = NOTHING,
    met: Met | None = None,
    elsewhere: Elsewhere = "second",
) -> Keys:
    """Tell the rows apart."""
    frame = pd.DataFrame(known, columns=list(KNOWN), dtype=object)
    return keys_by_operator(
        np.array(operators, dtype=object), places, frame, {} if met is None else met, elsewhere
    )


HERE, FAR = shapely.Point(0, 0), shapely.Point(5000, 0)


def test_the_first_place_of_an_operator_has_its_code_and_the_next_are_numbered() -> None:
    found = keys(["A", "A", "B", "A"], at(0, 900, 0, 2000))
    assert found.keys.tolist() == ["A", "A#2", "B", "A#3"]


def test_a_row_near_a_known_place_is_that_place_and_one_far_off_a_second() -> None:
    found = keys(["A", "A"], at(SAME_PREMISES_M, SAME_PREMISES_M + 1), [("A", "plant", HERE)])
    assert found.keys.tolist() == ["plant", "A"]
    assert found.elsewhere.tolist() == [None, "plant"]


def test_a_plant_drawn_as_its_fence_is_measured_from_the_edge() -> None:
    fence = shapely.box(-500, -10, 450, 10)
    assert keys(["A"], at(500), [("A", "plant", fence)]).keys.tolist() == ["plant"]


def test_an_operator_that_moved_keeps_its_only_place() -> None:
    found = keys(["A"], at(3000), [("A", "plant", HERE)], elsewhere="moved")
    assert (found.keys[0], found.elsewhere[0]) == ("plant", "plant")
    two = [("A", "one", HERE), ("A", "two", FAR)]
    assert keys(["A"], at(2500), two, elsewhere="moved").keys.tolist() == ["A"]


def test_who_moved_is_whoever_no_other_row_says_is_still_there() -> None:
    found = keys(["A", "A"], at(3000, 0), [("A", "plant", HERE)], elsewhere="moved")
    assert found.keys.tolist() == ["A", "plant"]


def test_a_code_that_is_in_use_is_nobody_elses() -> None:
    frame = pd.DataFrame([("A", "A", HERE)], columns=list(KNOWN), dtype=object)
    operators = np.array(["A", "B"], dtype=object)
    found = keys_by_operator(operators, at(900, 0), frame, {}, "second", {"A", "A#2", "B"})
    assert found.keys.tolist() == ["A#3", "B#2"]


def test_of_several_places_the_nearest_is_meant() -> None:
    two = [("A", "one", HERE), ("A", "two", FAR)]
    assert keys(["A", "A"], at(4990, 20), two).keys.tolist() == ["two", "one"]


def test_a_row_without_a_position_is_the_only_place_or_cannot_be_told() -> None:
    assert keys(["A"], at(None), [("A", "one", HERE)]).keys.tolist() == ["one"]
    found = keys(["A"], at(None), [("A", "one", HERE), ("A", "two", FAR)])
    assert found.keys.tolist() == [None]
    assert "多处" in found.refused[0]


def test_a_place_that_waits_for_its_position_gets_it() -> None:
    assert keys(["A"], at(70), [("A", "one", None)]).keys.tolist() == ["one"]


def test_a_row_without_an_operator_is_refused() -> None:
    found = keys([None, "A"], at(0, 0))
    assert found.keys.tolist() == [None, "A"]
    assert "代码" in found.refused[0]


def test_parts_of_a_file_know_of_each_other() -> None:
    met: Met = {}
    first = keys(["A"], at(0), met=met)
    second = keys(["A", "A"], at(10, 4000), met=met)
    assert [*first.keys, *second.keys] == ["A", "A", "A#2"]


ROWS = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(0, 4).map(lambda n: n * 1000.0)), max_size=12
)


@given(ROWS, ROWS)
def test_reading_a_file_again_adds_no_place(
    first: list[tuple[str, float]], again: list[tuple[str, float]]
) -> None:
    """What a file made is found again, in any order and however it is cut into parts."""
    operators, places = [o for o, _ in first], at(*(x for _, x in first))
    made: list[str] = keys([*operators], places).keys.tolist() if first else []
    stored = {key: (o, key, p) for o, key, p in zip(operators, made, places, strict=True)}
    seen = [row for row in again if row in first]
    if seen:
        found = keys([o for o, _ in seen], at(*(x for _, x in seen)), list(stored.values()))
        wanted = dict(zip(first, made, strict=True))
        assert found.keys.tolist() == [wanted[row] for row in seen]


@given(ROWS)
def test_no_code_is_of_two_places(rows: list[tuple[str, float]]) -> None:
    if rows:
        found = keys([o for o, _ in rows], at(*(x for _, x in rows))).keys
        places = {(key, row) for key, row in zip(found, rows, strict=True)}
        assert len({key for key, _ in places}) == len({row for _, row in places})
