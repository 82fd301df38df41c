"""The grid of hexagons: its width, its fixed place, its neighbours."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from gis.domain import hexagons

ORIGIN = (430_000.0, 3_500_000.0)
LIMITS = (500.0, 2000.0)
TOWN = shapely.box(433_000, 3_500_000, 450_000, 3_514_000)
XY = st.tuples(
    st.floats(420_000, 460_000, allow_nan=False), st.floats(3_490_000, 3_530_000, allow_nan=False)
)


@pytest.mark.parametrize(
    ("count", "width_m"),
    [(150, 1900), (300, 1300), (600, 900), (1200, 700), (0, 2000), (10, 2000), (1_000_000, 500)],
)
def test_the_width_follows_method_8_3(count: int, width_m: int) -> None:
    found = hexagons.sound_width_m(234e6, count, limits_m=LIMITS, step_m=100)
    assert found == width_m
    assert isinstance(found, int)


def test_a_hexagon_of_500_m_has_the_worked_area() -> None:
    (cell,) = hexagons.shapes_m(np.array([(0, 0)]), 500, ORIGIN)
    assert cell.area / 1e6 == pytest.approx(0.2165, abs=1e-4)
    assert 234e6 / cell.area == pytest.approx(1081, abs=0.5)
    assert cell.exterior.is_ccw
    west, _, east, _ = cell.bounds
    assert east - west == pytest.approx(500)


@given(XY, st.sampled_from([500, 700, 1300, 2000]))
def test_a_point_lies_in_the_cell_it_is_given(xy: tuple[float, float], width_m: int) -> None:
    found = hexagons.locate(np.array([xy]), width_m, ORIGIN)
    (cell,) = hexagons.shapes_m(found, width_m, ORIGIN)
    assert shapely.distance(cell, shapely.Point(xy)) < 1e-6


@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from([500, 1300, 2000]))
def test_the_middle_of_a_cell_lies_in_that_cell(column: int, row: int, width_m: int) -> None:
    cells = np.array([(column, row)])
    (cell,) = hexagons.shapes_m(cells, width_m, ORIGIN)
    middle = np.array([(cell.centroid.x, cell.centroid.y)])
    assert_array_equal(hexagons.locate(middle, width_m, ORIGIN), cells)


def test_the_cells_cover_the_ground_once() -> None:
    cells = hexagons.cover(TOWN, 900, ORIGIN)
    shapes = cells.geometry.to_numpy()
    assert shapely.difference(TOWN, shapely.union_all(shapes)).area < 1e-3
    assert sum(shapely.intersection(TOWN, shape).area for shape in shapes) == pytest.approx(
        TOWN.area, rel=1e-9
    )
    assert shapely.intersects(shapes, TOWN).all()
    assert cells.crs == "EPSG:4549"


def test_the_grid_stays_where_it_is_while_the_ground_changes() -> None:
    whole = hexagons.cover(TOWN, 900, ORIGIN)
    part = hexagons.cover(shapely.box(440_000, 3_505_000, 442_000, 3_507_000), 900, ORIGIN)
    both = part.merge(whole, on=["column", "row"], suffixes=("", "_whole"))
    assert len(both) == len(part)
    assert_array_equal(
        shapely.equals(both.geometry.to_numpy(), both["geometry_whole"].to_numpy()), True
    )


def test_neighbours_touch_and_know_each_other() -> None:
    cells = hexagons.cover(TOWN, 900, ORIGIN)
    near = hexagons.neighbours(cells[["column", "row"]].to_numpy())
    shapes = cells.geometry.to_numpy()
    i, k = np.nonzero(near >= 0)
    j = near[i, k]
    assert shapely.distance(shapes[i], shapes[j]).max() < 1e-6
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == set(
        zip(j.tolist(), i.tolist(), strict=True)
    )
    inner = shapely.contains_properly(shapely.buffer(TOWN, -1000), shapes)
    assert ((near >= 0).sum(axis=1)[inner] == 6).all()
    middle = np.array([shapely.get_coordinates(shape.centroid)[0] for shape in shapes])
    assert np.hypot(*(middle[i] - middle[j]).T) == pytest.approx(np.full(len(i), 900.0))
