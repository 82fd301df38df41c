"""Which village a text names."""

from __future__ import annotations

import pytest

from gis.domain.villages import recognise

CODES = ["320413109229", "320413109208", "320413109001", "320413109200"]
NAMES = ["西旸村", "东进村", "薛埠社区", "薛埠村"]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("西旸村", 0),
        ("西旸", 0),
        ("薛埠镇西旸村", 0),
        ("西旸村村民委员会", 0),
        ("西旸村委会", 0),
        (" 西 旸 村 ", 0),
        ("320413109208", 1),
        ("薛埠社区", 2),
        ("薛埠社区居委会", 2),
        ("薛埠", -1),
        ("薛埠村", 3),
        ("石马村", -1),
        ("", -1),
        (None, -1),
    ],
)
def test_a_village_is_found_by_what_offices_write(text: str | None, row: int) -> None:
    assert recognise([text], CODES, NAMES).tolist() == [row]


def test_without_villages_nothing_is_named() -> None:
    assert recognise(["西旸村", None], [], []).tolist() == [-1, -1]
