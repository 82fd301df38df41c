"""The relief: heights between cells, slope and aspect."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.relief import Relief, aspect_at, aspect_deg, slope_at, slope_deg


def _plane(east: float, north: float, shape: tuple[int, int] = (7, 9)) -> Relief:
    """Return a plane that rises so many metres a metre, 100 m high at its south-west corner."""
    rows, columns = np.indices(shape)
    x, y = 1000.0 + 30.0 * (columns + 0.5), 2000.0 + 30.0 * (shape[0] - rows - 0.5)
    height = 100.0 + east * (x - 1000.0) + north * (y - 2000.0)
    return Relief(1000.0, 2000.0 + 30.0 * shape[0], 30.0, height, "a plane", synthetic=True)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(15, 255), st.floats(15, 195))
def test_a_plane_is_read_exactly_between_its_cells(
    east: float, north: float, x_m: float, y_m: float
) -> None:
    found = _plane(east, north).at(np.array([1000.0 + x_m]), np.array([2000.0 + y_m]))
    assert found == pytest.approx(100.0 + east * x_m + north * y_m, abs=1e-9)


def test_heights_end_at_the_rim() -> None:
    relief = _plane(0.1, 0.0)
    x_m = np.array([999.9, 1000.0, 1005.0, 1015.0, 1270.0, 1270.1])
    found = relief.at(x_m, np.full(6, 2100.0))
    assert np.isnan(found[[0, 5]]).all()
    assert found[1:5] == pytest.approx([101.5, 101.5, 101.5, 125.5])
    assert np.isnan(relief.at(np.array([1100.0, 1100.0]), np.array([1999.0, 2211.0]))).all()


def test_an_unknown_height_spoils_its_neighbourhood_only() -> None:
    height = np.array([[10.0, 20.0, np.nan], [10.0, 20.0, 30.0]])
    relief = Relief(0.0, 20.0, 10.0, height, "by hand", synthetic=True)
    found = relief.at(np.array([5.0, 10.0, 15.0, 20.0, 25.0, 25.0]), np.array([15.0] * 5 + [5.0]))
    assert found[[0, 1, 2, 5]] == pytest.approx([10.0, 15.0, 20.0, 30.0])
    assert np.isnan(found[[3, 4]]).all()


@pytest.mark.parametrize(
    ("east", "north", "slope", "aspect"),
    [
        (0.0, 1.0, 45.0, 180.0),
        (0.0, -1.0, 45.0, 0.0),
        (1.0, 0.0, 45.0, 270.0),
        (-1.0, 0.0, 45.0, 90.0),
        (-0.3, 0.4, 26.565, 143.130),
        (0.0, 0.0, 0.0, np.nan),
    ],
)
def test_slope_and_aspect_of_planes(east: float, north: float, slope: float, aspect: float) -> None:
    relief = _plane(east, north)
    inner = (slice(1, -1), slice(1, -1))
    assert slope_deg(relief)[inner] == pytest.approx(slope, abs=1e-3)
    facing = aspect_deg(relief)[inner]
    assert np.isnan(facing).all() if np.isnan(aspect) else facing == pytest.approx(aspect, abs=1e-3)
    assert np.isnan(slope_deg(relief)[[0, -1]]).all()
    assert np.isnan(aspect_deg(relief)[:, [0, -1]]).all()


def test_slope_and_aspect_are_those_of_the_cell_at_a_place() -> None:
    relief = _plane(-0.3, 0.4)
    x_m, y_m = np.array([1040.0, 1010.0, 900.0]), np.array([2040.0, 2040.0, 2040.0])
    assert slope_at(relief, x_m, y_m)[0] == pytest.approx(26.565, abs=1e-3)
    assert aspect_at(relief, x_m, y_m)[0] == pytest.approx(143.130, abs=1e-3)
    assert np.isnan(slope_at(relief, x_m, y_m)[1:]).all()


def test_a_relief_too_small_for_a_slope_has_none() -> None:
    relief = Relief(0.0, 20.0, 10.0, np.ones((2, 5)), "two rows", synthetic=True)
    assert slope_deg(relief).shape == (2, 5)
    assert np.isnan(slope_deg(relief)).all()
