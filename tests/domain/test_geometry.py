"""Distances against an independent geodesic; boxes; what is wrong with a geometry."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gis.domain import geometry

LON, LAT = 119.37, 31.72
GRS80 = Geodesic(6378137.0, 1 / 298.257222101)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PIPELINES = SHARED / "gem_pipelines_through_jintan.geojson"

AROUND = st.tuples(st.floats(-0.5, 0.5), st.floats(-0.44, 0.44)).map(
    lambda step: (LON + step[0], LAT + step[1])
)
"""Places up to about 50 km away."""

SPOTS = st.builds(shapely.Point, AROUND)
LINES = st.lists(AROUND, min_size=2, max_size=5, unique=True).map(shapely.LineString)
PLOTS = st.lists(AROUND, min_size=3, max_size=7, unique=True).map(
    lambda corners: shapely.MultiPoint(corners).convex_hull
)


def geodesic_m(lon: float, lat: float) -> float:
    return float(GRS80.Inverse(LAT, LON, lat, lon, Geodesic.DISTANCE)["s12"])


def to_edge_m(start: np.ndarray, end: np.ndarray) -> float:
    """Return the shortest geodesic to an edge straight in longitude/latitude.

    Steps along the edge, then a ternary search between the neighbours of the best step.
    """
    steps = np.linspace(0.0, 1.0, 33)
    far = [geodesic_m(*(start + t * (end - start))) for t in steps]
    best = int(np.argmin(far))
    low, high = steps[max(best - 1, 0)], steps[min(best + 1, 32)]
    for _ in range(60):
        third = (high - low) / 3.0
        one, two = low + third, high - third
        if geodesic_m(*(start + one * (end - start))) < geodesic_m(*(start + two * (end - start))):
            high = two
        else:
            low = one
    return min(far[best], geodesic_m(*(start + low * (end - start))))


def independent_m(shape: shapely.Geometry) -> float:
    """Measure by geographiclib along every edge; 0 inside."""
    if shapely.intersects(shape, shapely.Point(LON, LAT)):
        return 0.0
    far = []
    for part in shapely.get_parts(shape):
        for ring in shapely.get_parts(shapely.boundary(part)) if part.area else [part]:
            xy = shapely.get_coordinates(ring)
            edges = pairwise(xy)
            far += [to_edge_m(a, b) for a, b in edges] or [geodesic_m(*xy[0])]
    return min(far)


def measure(*shapes: shapely.Geometry | None) -> tuple[np.ndarray, ...]:
    return geometry.nearest(LON, LAT, np.array(shapes, dtype=object))


@settings(max_examples=60, deadline=None)
@given(st.one_of(SPOTS, LINES, PLOTS))
def test_distances_agree_with_an_independent_geodesic(shape: shapely.Geometry) -> None:
    distance_m, bearing_deg, lon, lat = (values[0] for values in measure(shape))
    expected = independent_m(shape)
    assert distance_m == pytest.approx(expected, rel=1e-3, abs=0.006)
    if distance_m:
        there = GRS80.Inverse(LAT, LON, lat, lon)
        assert there["s12"] == pytest.approx(distance_m, abs=1e-6)
        assert (there["azi1"] - bearing_deg + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
        assert 0 <= bearing_deg < 360
        assert shapely.distance(shape, shapely.Point(lon, lat)) < 5e-8
    else:
        assert math.isnan(bearing_deg)
        assert (lon, lat) == (LON, LAT)


@pytest.mark.parametrize(
    ("lon", "lat", "expected_m"),
    [
        (119.38, 31.72, 947.792),
        (119.37, 31.73, 1108.820),
        (119.45, 31.80, 11667.480),
        (119.25, 31.65, 13773.072),
    ],
)
def test_the_worked_distances_of_method_12_5_come_out(
    lon: float, lat: float, expected_m: float
) -> None:
    assert measure(shapely.Point(lon, lat))[0][0] == pytest.approx(expected_m, abs=1e-3)


def test_the_worked_coordinates_of_method_12_5_come_out() -> None:
    assert geometry.TO_METRIC.transform(LON, LAT) == pytest.approx(
        (440288.579, 3510977.416), abs=1e-3
    )


def test_a_plant_is_as_near_as_its_edge_and_not_as_its_middle() -> None:
    east, north = geometry.TO_METRIC.transform(LON, LAT)
    plant_m = shapely.box(east + 250, north - 200, east + 650, north + 200)
    plant = shapely.transform(
        plant_m, lambda xy: np.column_stack(geometry.TO_STORED.transform(*xy.T))
    )
    edge_m, middle_m = measure(plant, plant.centroid)[0]
    assert edge_m == pytest.approx(250, abs=0.05)
    assert middle_m == pytest.approx(450, abs=0.05)


def test_inside_a_hole_is_not_inside() -> None:
    box = shapely.box(LON - 0.02, LAT - 0.02, LON + 0.02, LAT + 0.02)
    hole = shapely.box(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01)
    whole_m, ring_m = measure(box, shapely.difference(box, hole))[0]
    assert whole_m == 0
    assert ring_m == pytest.approx(947.7, abs=0.5)


def test_a_place_on_an_edge_is_at_distance_0_and_has_no_bearing() -> None:
    across = shapely.LineString([(LON - 5, LAT), (LON + 5, LAT)])
    corner = shapely.box(LON, LAT, LON + 0.1, LAT + 0.1)
    distance_m, bearing_deg, lon, lat = measure(across, corner, shapely.Point(LON, LAT))
    assert distance_m.tolist() == [0, 0, 0]
    assert np.isnan(bearing_deg).all()
    assert (lon == LON).all()
    assert (lat == LAT).all()


def test_a_centimetre_is_a_distance() -> None:
    (distance_m, *_) = measure(shapely.Point(LON, LAT + 1e-7))
    assert distance_m[0] == pytest.approx(0.011, abs=1e-3)


def test_multiples_and_collections_are_as_near_as_their_nearest_part() -> None:
    near, far = shapely.Point(LON + 0.01, LAT), shapely.box(LON + 1, LAT, LON + 1.1, LAT + 0.1)
    line = shapely.LineString([(LON - 1, LAT + 0.2), (LON + 1, LAT + 0.2)])
    found = measure(
        shapely.GeometryCollection([far, line, near]),
        shapely.MultiPoint([(LON + 1, LAT), (LON + 0.01, LAT)]),
        shapely.GeometryCollection(
            [shapely.MultiPolygon([far]), shapely.GeometryCollection([near])]
        ),
        near,
    )
    assert found[0] == pytest.approx(np.full(4, found[0][3]))


def test_rows_do_not_influence_one_another_and_gaps_stay_gaps() -> None:
    shapes = [shapely.Point(LON + 0.01, LAT), None, shapely.Point(), shapely.Polygon()]
    distance_m, bearing_deg, lon, lat = measure(*shapes, shapely.Point(LON, LAT + 0.01))
    assert np.isnan([*distance_m[1:4], *bearing_deg[1:4], *lon[1:4], *lat[1:4]]).all()
    assert distance_m[[0, 4]] == pytest.approx([947.792, 1108.820], abs=1e-3)


def test_nothing_is_near_nothing() -> None:
    assert [values.shape for values in measure()] == [(0,)] * 4


def test_the_real_pipelines_are_as_far_as_an_independent_geodesic_says() -> None:
    """Routes across half the country, read from ../shared."""
    if not PIPELINES.exists():
        pytest.skip(f"{PIPELINES.name} of ../shared is not here")
    shapes = gpd.read_file(PIPELINES).geometry.to_numpy()
    assert np.ptp(shapely.total_bounds(shapes)[::2]) > 10
    distance_m, _, lon, lat = measure(*shapes)
    for shape, found_m, x, y in zip(shapes, distance_m, lon, lat, strict=True):
        near = shapely.clip_by_rect(shape, LON - 0.6, LAT - 0.6, LON + 0.6, LAT + 0.6)
        assert found_m == pytest.approx(independent_m(near), rel=1e-3)
        assert shapely.distance(shape, shapely.Point(x, y)) < 5e-8


@settings(max_examples=200, deadline=None)
@given(
    st.floats(73, 136),
    st.floats(3, 54),
    st.floats(0, geometry.MAX_RADIUS_M),
    st.floats(0, 360),
)
def test_the_box_holds_the_circle(
    lon: float, lat: float, radius_m: float, azimuth_deg: float
) -> None:
    west, south, east, north = geometry.box_around(lon, lat, radius_m)
    there = GRS80.Direct(lat, lon, azimuth_deg, radius_m)
    assert west < there["lon2"] < east
    assert south < there["lat2"] < north


@settings(max_examples=200, deadline=None)
@given(st.floats(3, 54), st.floats(1000, geometry.MAX_RADIUS_M))
def test_the_box_holds_the_point_farthest_east(lat: float, radius_m: float) -> None:
    _, _, east, _ = geometry.box_around(LON, lat, radius_m)
    for azimuth_deg in np.linspace(80, 90, 101):
        assert GRS80.Direct(lat, LON, float(azimuth_deg), radius_m)["lon2"] < east


def test_the_box_is_not_much_wider_than_the_circle() -> None:
    west, south, east, north = geometry.box_around(LON, LAT, 2000)
    assert GRS80.Inverse(LAT, west, LAT, east)["s12"] < 4020
    assert GRS80.Inverse(south, LON, north, LON)["s12"] < 4020


@settings(max_examples=60, deadline=None)
@given(st.one_of(LINES, PLOTS), st.floats(100, 50_000))
def test_what_is_within_the_radius_touches_the_box(
    shape: shapely.Geometry, radius_m: float
) -> None:
    assume(measure(shape)[0][0] <= radius_m)
    assert shapely.intersects(
        shapely.box(*shapely.bounds(shape).tolist()),
        shapely.box(*geometry.box_around(LON, LAT, radius_m)),
    )


@pytest.mark.parametrize("radius_m", [-1, math.nan, math.inf, 300_000])
def test_a_box_that_cannot_be_vouched_for_is_refused(radius_m: float) -> None:
    with pytest.raises(ValueError, match="no box"):
        geometry.box_around(LON, LAT, radius_m)


@pytest.mark.parametrize(
    ("wkt", "said"),
    [
        ("POINT (31.72 119.37)", "写反"),
        ("POINT (440288.579 3510977.416)", "EPSG:4549"),
        ("POINT (40440288.579 3510977.416)", "EPSG:4528"),
        ("POINT (3510977.416 440288.579)", "北坐标在前"),
        ("POINT (13288207 3727435)", "EPSG:3857"),
        ("POINT (725000 3510000)", "投影坐标"),
        ("POINT (0 0)", "不在国内范围"),
        ("POINT (-119.37 31.72)", "不在国内范围"),
        ("LINESTRING (119.37 31.72, 0 0)", "不在国内范围"),
        ("POINT EMPTY", "空"),
        ("MULTIPOLYGON EMPTY", "空"),
        (
            "POLYGON ((119 31, 119.1 31.1, 119.1 31, 119 31.1, 119 31))",
            "自相交，位于（119.05, 31.05）",
        ),
        ("LINESTRING (119 31, 119 31)", "点数不足"),
        (
            "POLYGON ((119 31, 120 31, 120 32, 119 31), (121 31, 121.1 31, 121.1 31.1, 121 31))",
            "孔",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(wkt: str, said: str) -> None:
    (found,) = geometry.problems([shapely.from_wkt(wkt)])
    assert found is not None
    assert said in found


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_said(bad: float) -> None:
    with np.errstate(invalid="ignore"):  # shapely itself complains when it makes one
        line = shapely.LineString([(119.3, 31.7), (119.4, bad), (119.5, 31.7)])
    assert geometry.problems([line]) == ["坐标不是有限的数字"]


def test_what_is_right_or_missing_is_not_blamed_for_its_neighbours() -> None:
    right = shapely.box(119.3, 31.7, 119.4, 31.8)
    wrong = shapely.Point(31.7, 119.3)
    found = geometry.problems([right, None, wrong, right, shapely.Point(119.3, 31.7)])
    assert [text is None for text in found] == [True, True, False, True, True]
    assert geometry.problems([]) == []
