"""Two surveys of the ground around a mine: what changed beyond its licence (METHOD 2.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.crs import METRIC
from gis.domain.relief import Relief
from gis.domain.risk.boundary_change import Beyond, beyond
from tests import toyland

MINE = toyland.VALUES["mine"]
LICENCE = shapely.box(40, 40, 60, 60)
"""In the middle of 100 x 100 m of flat ground at 80 m."""


def survey(*works: tuple[int, int, int, int, float], cell_m: float = 1.0) -> Relief:
    """Return flat ground with works: from east, to east, from north, to north, metres of change."""
    cells = round(100 / cell_m)
    height_m = np.full((cells, cells), 80.0)
    for west, east, south, north, change_m in works:
        columns = slice(round(west / cell_m), round(east / cell_m))
        rows = slice(round((100 - north) / cell_m), round((100 - south) / cell_m))
        height_m[rows, columns] += change_m
    return Relief(0.0, 100.0, cell_m, height_m, "toy", synthetic=True)


def found(after: Relief, before: Relief | None = None, others: Any = ()) -> Beyond:
    """Compare with the ground before anything was done."""
    boundaries = np.array(others, dtype=object)
    return beyond(before or survey(), after, LICENCE, boundaries, MINE, crs=METRIC)


def test_a_pit_beyond_the_licence_is_found_with_its_size_and_depth() -> None:
    # 10 x 8 m, 3 m deep, right at the eastern boundary: 80 m2, 240 m3.
    patches = found(survey((60, 70, 45, 53, -3.0))).patches
    (patch,) = patches.drop(columns="geometry").to_dict("records")
    assert patch == {"area_m2": 80.0, "change_m": -3.0, "removed_m3": 240.0, "added_m3": 0.0}
    assert patches.geometry[0].equals(shapely.box(60, 45, 70, 53))


@pytest.mark.parametrize(
    ("works", "areas"),
    [
        ([(45, 55, 45, 55, -9.0)], []),  # within the licence
        ([(55, 70, 45, 55, -3.0)], [100.0]),  # 10 m of 15 beyond it
        ([(60, 70, 45, 55, -1.0)], []),  # not more than 1 m
        ([(60, 70, 45, 55, -1.01)], [100.0]),
        ([(60, 70, 45, 50, -3.0)], []),  # 50 m2: not more
        ([(60, 70, 45, 50, -3.0), (70, 71, 50, 51, -3.0)], [51.0]),  # touching at a corner
        ([(60, 70, 45, 50, -3.0), (72, 82, 45, 50, -3.0)], []),  # apart
        ([(60, 70, 45, 55, 2.0)], [100.0]),  # heaped up
        ([(60, 70, 70, 80, -3.0), (5, 25, 5, 25, 4.0)], [400.0, 100.0]),
    ],
)
def test_more_than_a_metre_over_more_than_50_m2_counts(
    works: list[tuple[int, int, int, int, float]], areas: list[float]
) -> None:
    assert found(survey(*works)).patches["area_m2"].tolist() == areas


def test_what_is_dug_and_heaped_in_one_patch_is_told_apart() -> None:
    (patch,) = found(survey((60, 66, 45, 55, -3.0), (66, 70, 45, 55, 2.0))).patches.to_dict(
        "records"
    )
    assert (patch["removed_m3"], patch["added_m3"]) == (180.0, 80.0)
    assert patch["change_m"] == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("other_from", "areas"),
    [
        # Two pits, 2 and 11 m from the licence; the other mine begins so far east.
        (71, []),
        (80, [80.0]),
        (90, [80.0]),
        (95, [90.0, 80.0]),
    ],
)
def test_what_lies_within_another_mine_or_nearer_to_it_is_its_own(
    other_from: int, areas: list[float]
) -> None:
    pits = survey((62, 70, 45, 55, -3.0), (71, 80, 45, 55, -3.0))
    other = shapely.box(other_from, 40, other_from + 20, 60)
    assert found(pits, others=[other]).patches["area_m2"].tolist() == areas


def test_what_one_survey_does_not_know_is_told_and_is_no_patch() -> None:
    after = survey((60, 70, 45, 55, -3.0))
    after.height_m[:, 60:70] = np.nan
    seen = found(after)
    assert len(seen.patches) == 0
    # Beyond the licence the files hold 100 x 100 - 20 x 20; 10 x 100 of them are unknown.
    assert seen.known_m2 == 9600 - 1000
    # The licence grown by 200 m, round at the corners, without itself.
    assert seen.looked_m2 == pytest.approx(4 * 20 * 200 + np.pi * 200**2, rel=0.01)


def test_a_survey_moved_by_half_a_cell_finds_the_same_pit() -> None:
    after = survey((60, 70, 45, 55, -4.0))
    moved = Relief(-0.5, 100.5, 1.0, np.full((102, 102), 80.0), "toy", synthetic=True)
    (area,) = found(after, moved).patches["area_m2"]
    assert area == 100.0


def test_surveys_of_two_resolutions_are_compared_on_the_coarser() -> None:
    seen = found(survey((60, 80, 40, 60, -4.0), cell_m=1.0), survey(cell_m=5.0))
    assert seen.cell_m == 5.0
    assert seen.patches["area_m2"].tolist() == [400.0]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.floats(1.1, 30), st.integers(8, 38), st.integers(8, 40), st.booleans())
def test_the_two_surveys_changed_about_change_only_the_sign(
    depth_m: float, wide: int, high: int, heaped: bool
) -> None:
    after = survey((60, 60 + wide, 40, 40 + high, depth_m if heaped else -depth_m))
    one, other = found(after).patches, found(survey(), after).patches
    assert one["area_m2"].tolist() == other["area_m2"].tolist() == [float(wide * high)]
    assert one["change_m"].to_numpy() == pytest.approx(-other["change_m"].to_numpy())
    assert one["removed_m3"].tolist() == other["added_m3"].tolist()
