"""Lines of sight over the relief: worked values, other programs, and laws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.relief import Relief, aspect_deg, slope_deg
from gis.domain.viewshed import Eye, bend, sees, viewshed

GOLDEN = Path(__file__).parent.parent / "golden" / "relief.csv"
SIDE, CELL_M = 61, 30.0
BEND = bend(0.85714, 6_378_137.0)
SEEDS = st.integers(0, 2**32 - 1)


def table() -> dict[str, np.ndarray]:
    """Return the columns of the golden table as grids."""
    found = pd.read_csv(GOLDEN, comment="#")
    return {str(name): column.to_numpy().reshape(SIDE, SIDE) for name, column in found.items()}


def land(height_m: np.ndarray) -> Relief:
    """Return heights on cells of 30 m whose south-west corner is 0, 0."""
    return Relief(0.0, CELL_M * height_m.shape[0], CELL_M, height_m, "test", synthetic=True)


def middle(row: int, column: int, rows: int = SIDE) -> tuple[float, float]:
    """Return the middle of a cell."""
    return CELL_M * (column + 0.5), CELL_M * (rows - row - 0.5)


def random_land(seed: int, side: int = 21) -> Relief:
    """Return rough land."""
    rng = np.random.default_rng(seed)
    return land(np.cumsum(rng.normal(0, 8, (side, side)), axis=int(rng.integers(2))))


def rolling_land(seed: int, side: int = 21) -> Relief:
    """Return hills that are long beside the cells."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((side, side))
    height = np.zeros((side, side))
    for _ in range(4):
        x, y = rng.uniform(-0.6, 0.6, 2)
        height += rng.uniform(0, 15) * np.sin(x * columns + y * rows + rng.uniform(0, 6))
    return land(height)


# METHOD 12.9: flat land, a ridge of 30 m at 1000 m, an eye at 20 m.


@pytest.mark.parametrize(
    ("above_m", "bend_per_m", "seen"),
    [(40.0, 0.0, True), (39.9, 0.0, False), (40.14, BEND, True), (40.13, BEND, False)],
)
@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_the_lowest_target_behind_a_ridge(
    above_m: float, bend_per_m: float, *, seen: bool, turned: int
) -> None:
    height = np.zeros((201, 201))
    height[60, :] = 30.0  # 40 cells of 25 m north of the middle
    relief = Relief(-2512.5, 2512.5, 25.0, np.rot90(height, turned), "ridge", synthetic=True)
    x_m, y_m = [(0.0, 2000.0), (-2000.0, 0.0), (0.0, -2000.0), (2000.0, 0.0)][turned]
    eye = Eye(0.0, 0.0, 20.0, 3000.0)
    there = np.array([x_m]), np.array([y_m])
    found = sees(relief, eye, *there, above_m=above_m, bend_per_m=bend_per_m)
    assert found.tolist() == [seen]


@pytest.mark.parametrize("metres", [(2000, 0.27), (3000, 0.60), (5000, 1.68)])
def test_the_bend_of_the_earth_is_that_of_the_method(metres: tuple[float, float]) -> None:
    assert BEND * metres[0] ** 2 == pytest.approx(metres[1], abs=0.005)


# Other programs (the golden table says which).


@pytest.mark.parametrize(
    ("name", "cell", "eye_m", "above_m", "range_m", "bend_per_m"),
    [
        ("a", (30, 30), 20.0, 0.0, 5000.0, 0.0),
        ("b", (8, 50), 35.0, 10.0, 900.0, BEND),
        ("c", (55, 5), 1.5, 20.0, 5000.0, BEND),
    ],
)
def test_other_programs_see_the_same_cells(
    name: str,
    cell: tuple[int, int],
    eye_m: float,
    above_m: float,
    range_m: float,
    bend_per_m: float,
) -> None:
    known = table()
    x_m, y_m = middle(*cell)
    found = viewshed(
        land(known["height_m"]), Eye(x_m, y_m, eye_m, range_m),
        above_m=above_m, bend_per_m=bend_per_m,
    )  # fmt: skip
    rows, columns = np.indices(found.shape)
    within = CELL_M * np.hypot(rows - cell[0], columns - cell[1]) <= range_m
    gdal, xrs = known[f"gdal_{name}"] == 1, known[f"xrs_{name}"] == 1
    assert not found[~within].any()
    assert (found == xrs)[within].mean() > 0.99
    assert (found == gdal)[within].mean() > 0.965
    assert (found == gdal)[within & (gdal == xrs)].mean() > 0.99


def test_slope_and_aspect_are_those_of_gdal() -> None:
    known = table()
    relief = land(known["height_m"])
    assert slope_deg(relief) == pytest.approx(known["slope_deg"], abs=0.01, nan_ok=True)
    turn = np.abs(aspect_deg(relief) - known["aspect_deg"])
    assert np.nanmax(np.minimum(turn, 360 - turn)) < 0.01
    assert (np.isnan(turn) == np.isnan(known["aspect_deg"])).all()


# Laws.


def brute_force(relief: Relief, eye: Eye, x_m: float, y_m: float, above_m: float) -> float:
    """Return by how much a place is seen over the land between, a slope; many points on the way."""
    part = np.linspace(0, 1, 3001)[1:-1]
    away_m = float(np.hypot(x_m - eye.x_m, y_m - eye.y_m))
    way = eye.x_m + part * (x_m - eye.x_m), eye.y_m + part * (y_m - eye.y_m)
    eye_m = relief.at(np.array([eye.x_m]), np.array([eye.y_m]))[0] + eye.above_m
    top_m = relief.at(np.array([x_m]), np.array([y_m]))[0] + above_m
    steepest = ((relief.at(*way) - eye_m) / (part * away_m)).max()
    return float((top_m - eye_m) / away_m - steepest)


@given(SEEDS)
def test_what_is_plainly_seen_or_hidden_is_found_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    relief = rolling_land(seed)
    eye = Eye(rng.uniform(60, 570), rng.uniform(60, 570), 10.0, 9000.0)
    x_m, y_m = rng.uniform(60, 570, (2, 12))
    found = sees(relief, eye, x_m, y_m, above_m=5.0)
    by = [brute_force(relief, eye, *spot, 5.0) for spot in zip(x_m, y_m, strict=True)]
    # Between the rows that a line of sight crosses, the two surfaces are not quite the same.
    plain = np.abs(by) > 0.01
    assert plain.any()
    assert (found == (np.array(by) > 0))[plain].all()


@given(SEEDS)
def test_a_higher_eye_or_target_sees_no_less_and_an_obstacle_hides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    relief = random_land(seed)
    eye = Eye(rng.uniform(0, 630), rng.uniform(0, 630), 8.0, 9000.0)
    found = viewshed(relief, eye, above_m=2.0)
    assert (viewshed(relief, replace(eye, above_m=15.0), above_m=2.0) >= found).all()
    assert (viewshed(relief, eye, above_m=6.0) >= found).all()
    trees = np.where(rng.random(relief.height_m.shape) < 0.3, 12.0, 0.0)
    assert (viewshed(relief, eye, above_m=2.0, cover_m=trees) <= found).all()
    assert (viewshed(relief, replace(eye, range_m=200.0), above_m=2.0) <= found).all()


@given(SEEDS, st.integers(1, 3))
def test_turned_land_is_seen_turned(seed: int, turns: int) -> None:
    relief = random_land(seed)
    rng = np.random.default_rng(seed)
    x_m, y_m = rng.uniform(0, 630, 2)
    found = viewshed(relief, Eye(x_m, y_m, 5.0, 400.0))
    turned = replace(relief, height_m=np.rot90(relief.height_m, turns))
    for _ in range(turns):
        x_m, y_m = 630.0 - y_m, x_m
    again = viewshed(turned, Eye(x_m, y_m, 5.0, 400.0))
    differing = (again != np.rot90(found, turns)).sum()
    assert differing <= 1  # a diagonal crosses rows and columns alike


def test_flat_land_is_seen_up_to_the_range() -> None:
    relief = land(np.zeros((41, 41)))
    found = viewshed(relief, Eye(615.0, 615.0, 1.5, 300.0))
    rows, columns = np.indices(found.shape)
    assert (found == (30 * np.hypot(rows - 20, columns - 20) <= 300)).all()


def test_nothing_is_seen_through_unknown_land_or_from_outside() -> None:
    height = np.zeros((5, 9))
    height[:, 4] = np.nan
    relief = land(height)
    y_m = np.full(3, 75.0)
    found = sees(relief, Eye(15.0, 75.0, 30.0, 900.0), np.array([75.0, 135.0, 255.0]), y_m)
    assert found.tolist() == [True, False, False]
    for x_m in (-15.0, 9999.0):
        eye = Eye(x_m, 75.0, 30.0, 99_999.0)
        assert not sees(relief, eye, np.array([15.0, 75.0, 105.0]), y_m).any()


def test_an_eye_sees_where_it_stands_and_an_empty_list() -> None:
    relief = land(np.zeros((5, 5)))
    eye = Eye(75.0, 75.0, 0.0, 100.0)
    assert sees(relief, eye, np.array([75.0]), np.array([75.0])).tolist() == [True]
    assert sees(relief, eye, np.array([]), np.array([])).tolist() == []
