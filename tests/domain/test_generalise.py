"""What others see of a place: squares that hold it, and nothing finer."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.generalise import touched_cells

CELL_M = 1000.0
metres = st.floats(-20_000, 20_000).map(lambda value: round(value, 2))
lines = st.lists(st.tuples(metres, metres), min_size=2, max_size=6, unique=True).map(
    shapely.LineString
)


def squares_by_hand(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the squares that a shape touches, by asking every square around it."""
    west, south, east, north = (int(np.floor(edge / CELL_M)) for edge in shapely.bounds(shape))
    boxes = [
        shapely.box(x * CELL_M, y * CELL_M, (x + 1) * CELL_M, (y + 1) * CELL_M)
        for x in range(west - 1, east + 2)
        for y in range(south - 1, north + 2)
    ]
    return shapely.union_all([box for box in boxes if box.intersects(shape)])


@given(st.lists(lines, min_size=1, max_size=4))
def test_each_place_becomes_the_squares_that_it_touches(shapes: list[shapely.Geometry]) -> None:
    found = touched_cells(np.array(shapes, dtype=object), CELL_M)
    for shape, squares in zip(shapes, found, strict=True):
        assert squares.equals(squares_by_hand(shape))
        assert squares.covers(shape)


def test_a_line_across_the_country_is_done_at_once() -> None:
    far = shapely.LineString([(0, 0), (3_000_123, 2_000_456)])
    (squares,) = touched_cells(np.array([far]), CELL_M)
    assert squares.covers(far)
    assert 3_000 < squares.area / CELL_M**2 < 5_100


def test_a_place_on_the_edge_of_squares_touches_both() -> None:
    (squares,) = touched_cells(np.array([shapely.Point(1000, 2000)]), CELL_M)
    assert squares.equals(shapely.box(0, 1000, 2000, 3000))


def test_a_move_inside_a_square_shows_nothing() -> None:
    here = shapely.LineString([(100, 100), (900, 200)])
    there = shapely.LineString([(120, 800), (700, 750)])
    first, second = touched_cells(np.array([here, there]), CELL_M)
    assert first.equals(second)
    assert first.equals(shapely.box(0, 0, 1000, 1000))


def test_no_places_are_no_squares() -> None:
    assert touched_cells(np.array([], dtype=object), CELL_M).shape == (0,)
