"""The toy villages of docs/methods/calibration.md: houses alone, all of one appraisal grade."""

from __future__ import annotations

import math

import geopandas as gpd
import pytest
import shapely

from gis.domain.risk.assess import assess
from tests import toyland

RESIDENTS = 3.3
"""Of a house."""


def houses(count: int, grade: str) -> dict[str, gpd.GeoDataFrame]:
    """Return the places of a village of sound brick houses of 100 m2 on a grid of 20 m."""
    side = math.ceil(math.sqrt(count))
    ordinary = {
        "residents": RESIDENTS, "grade": grade, "storeys": 2, "height_m": 7, "use": "自住",
        "built_year": 2015, "structure": "砖混现浇",
    }  # fmt: skip
    rows = []
    for number in range(count):
        x, y = 10 + 20 * (number % side), 10 + 20 * (number // side)
        shape = shapely.box(x, y, x + 10, y + 10)
        rows.append({"id": 10 + number, "key": str(number), "geometry": shape, **ordinary})
    return {
        **toyland.empty_sites(), "self_built_house": toyland.site_frame("self_built_house", rows),
    }  # fmt: skip


def score(count: int, grade: str) -> tuple[float, int]:
    """Return R and the class of the index of village A with these houses."""
    found = assess(toyland.snapshot(houses(count, grade), a=count * RESIDENTS), toyland.VALUES)
    return found.result.scores["R"][0], found.classes["index_class"][0]


@pytest.mark.parametrize("count", [30, 300, 1500, 2500])
def test_a_village_of_grade_a_houses_and_nothing_else_is_class_1_however_large(count: int) -> None:
    assert score(count, "A")[1] == 1


@pytest.mark.parametrize(
    ("count", "grade", "expected", "number"),
    [
        (30, "A", 10.8, 1), (300, "A", 15.4, 1), (1500, "A", 18.5, 1), (2500, "A", 19.4, 1),
        (300, "B", 24.3, 2), (300, "C", 42.1, 3), (300, "D", 43.0, 3),
    ],
)  # fmt: skip
def test_the_published_table_holds(count: int, grade: str, expected: float, number: int) -> None:
    found, number_found = score(count, grade)
    assert round(found, 1) == expected
    assert number_found == number
