"""Home village and shares: everything inside the town belongs to villages exactly once."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain import apportion
from gis.domain.crs import METRIC

NONE = np.array([], dtype=object)
quick = settings(max_examples=25, deadline=None, derandomize=True)


def villages(seed: int = 3, gap_m: float = 0.0) -> np.ndarray:
    """Tile a town of 6 x 4 km with twelve crooked villages; neighbours may part by a hair."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(5) * 1500.0, np.arange(4) * 4000.0 / 3)
    wobble = np.zeros((2, *x.shape))
    wobble[:, 1:-1, 1:-1] = rng.uniform(-300, 300, size=(2, 2, 3))
    corners = np.stack([x, y], axis=-1) + np.moveaxis(wobble, 0, -1)
    shapes: list[shapely.Polygon] = []
    for row in range(3):
        for column in range(4):
            ring = [corners[row + i, column + j] for i, j in ((0, 0), (0, 1), (1, 1), (1, 0))]
            shapes.append(shapely.Polygon(np.array(ring) + (len(shapes) % 2) * gap_m))
    return np.array(shapes, dtype=object)


TOWN = shapely.box(0, 0, 6000, 4000)


def borders(areas: np.ndarray) -> np.ndarray:
    """Return the shared borders of a tiling, as lines."""
    first, second = shapely.STRtree(areas).query(areas, predicate="intersects")
    seams = shapely.intersection(areas[first], areas[second])[first < second]
    lines: np.ndarray = seams[shapely.get_dimensions(seams) == 1]
    return lines


@pytest.mark.parametrize("gap_m", [0.0, 1e-9, -1e-9])
def test_a_point_on_any_shared_border_belongs_to_exactly_one_village(gap_m: float) -> None:
    areas = villages(gap_m=gap_m)
    lines = borders(villages())
    along = [shapely.line_interpolate_point(lines, part, normalized=True) for part in STEPS]
    points = np.concatenate([*along, shapely.points(shapely.get_coordinates(areas))])
    rows = apportion.home(points, areas)
    assert (rows >= 0).all()
    shares = apportion.shares(points, areas)
    assert shares["row"].is_unique
    assert (shares["share"] == 1.0).all()


STEPS = np.linspace(0, 1, 23)


def test_a_point_on_a_border_falls_to_the_smaller_code() -> None:
    areas = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    assert apportion.home(np.array([shapely.Point(10, 5)]), areas).tolist() == [0]
    assert apportion.home(np.array([shapely.Point(10, 5)]), areas[::-1]).tolist() == [0]


def test_equal_halves_fall_to_the_smaller_code_and_the_larger_part_decides_else() -> None:
    areas = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    shapes = np.array([shapely.box(8, 1, 12, 3), shapely.box(8, 1, 13, 3)])
    assert apportion.home(shapes, areas).tolist() == [0, 1]


def test_what_lies_outside_belongs_to_none() -> None:
    areas = villages()
    shapes = np.array(
        [
            shapely.Point(-5, 5),
            shapely.box(6000, 0, 6100, 50),
            shapely.LineString([(0, -9), (99, -9)]),
        ]
    )
    assert apportion.home(shapes, areas).tolist() == [-1, -1, -1]
    assert len(apportion.shares(shapes, areas)) == 0
    frame = gpd.GeoDataFrame({"code": [f"{n:02}" for n in range(12)]}, geometry=areas, crs=METRIC)
    assert apportion.home_codes(shapes, frame).tolist() == [None, None, None]


def test_codes_decide_and_not_the_order_of_rows() -> None:
    areas = villages()
    frame = gpd.GeoDataFrame({"code": [f"{n:02}" for n in range(12)]}, geometry=areas, crs=METRIC)
    points = shapely.line_interpolate_point(borders(areas), 0.3, normalized=True)
    mixed = frame.iloc[np.random.default_rng(1).permutation(12)]
    expected = apportion.home_codes(points, frame).tolist()
    assert apportion.home_codes(points, mixed).tolist() == expected


@quick
@given(st.integers(0, 2**32 - 1))
def test_shares_of_what_lies_inside_sum_to_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    areas = villages(seed % 7)
    shapes = np.array([_inside(rng) for _ in range(30)], dtype=object)
    shares = apportion.shares(shapes, areas).groupby("row")["share"].sum()
    assert len(shares) == len(shapes)
    assert np.abs(shares - 1.0).max() < 1e-9


@quick
@given(st.integers(0, 2**32 - 1))
def test_the_town_is_the_sum_of_its_villages_and_the_part_outside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    areas = villages(seed % 7)
    shapes = np.array([_anywhere(rng) for _ in range(30)], dtype=object)
    inside = apportion.measure(shapely.intersection(shapes, TOWN))
    whole = apportion.measure(shapes)
    shares = apportion.shares(shapes, areas).groupby("row")["share"].sum()
    placed = shares.reindex(range(len(shapes)), fill_value=0.0).to_numpy() * whole
    assert np.abs(placed - inside).max() < 1e-9 * whole.max()


@pytest.mark.parametrize("gap_m", [0.0, 1e-9, -1e-9])
def test_a_line_along_the_borders_is_counted_once(gap_m: float) -> None:
    lines = borders(villages())
    shares = apportion.shares(lines, villages(gap_m=gap_m)).groupby("row")["share"].sum()
    assert len(shares) == len(lines)
    assert np.abs(shares - 1.0).max() < 1e-6


def test_a_line_along_a_border_and_into_a_third_village_keeps_all_its_parts() -> None:
    areas = np.array([shapely.box(0, 0, 9, 9), shapely.box(9, 0, 18, 9), shapely.box(0, 9, 18, 18)])
    line = np.array([shapely.LineString([(9, 0), (9, 18)])])
    assert apportion.shares(line, areas)["area"].tolist() == [0, 2]
    assert apportion.shares(line, areas)["share"].tolist() == pytest.approx([0.5, 0.5])


def test_a_polygon_without_area_counts_as_a_point() -> None:
    areas = np.array([shapely.box(0, 0, 9, 9)])
    flat = np.array([shapely.Polygon([(1, 1), (2, 2), (1, 1)]), shapely.MultiPoint([(3, 3)])])
    assert apportion.shares(flat, areas)["share"].tolist()[-1] == 1.0


def test_pieces_make_up_the_polygon_again() -> None:
    areas = villages()
    shape = shapely.box(1000, 1000, 3000, 3000)
    cut = apportion.pieces(np.array([shape]), areas)
    assert shapely.union_all(cut["geometry"].to_numpy()).symmetric_difference(shape).area < 1e-6
    assert shapely.area(cut["geometry"].to_numpy()).sum() == pytest.approx(shape.area)


def test_nothing_has_no_home() -> None:
    areas = villages()
    assert apportion.home(NONE, areas).shape == (0,)
    assert list(apportion.shares(NONE, areas).columns) == ["row", "area", "share"]
    assert len(apportion.pieces(NONE, areas)) == 0
    assert apportion.home(np.array([shapely.Point(1, 1)]), NONE).tolist() == [-1]


def _inside(rng: np.random.Generator) -> shapely.Geometry:
    x, y = rng.uniform(100, 4800), rng.uniform(100, 2800)
    width, height = rng.uniform(1, 1100, size=2)
    box = shapely.box(x, y, x + width, y + height)
    diagonal = shapely.LineString([(x, y), (x + width, y + height), (x + width, y)])
    return (box, diagonal, box.centroid)[rng.integers(3)]


def _anywhere(rng: np.random.Generator) -> shapely.Geometry:
    x, y = rng.uniform(-500, 6000), rng.uniform(-500, 4000)
    width, height = rng.uniform(1, 2500, size=2)
    box = shapely.box(x, y, x + width, y + height)
    return (box, shapely.LineString([(x, y), (x + width, y + height)]))[rng.integers(2)]
