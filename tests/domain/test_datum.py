"""Shifted coordinates against a table computed elsewhere, and files told by the villages named."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pyproj
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain import datum, geometry
from gis.domain.arrays import Geometries
from gis.domain.datum import Candidate, Detection
from gis.errors import InvalidDataError

GRS80 = Geodesic(6378137.0, 1 / 298.257222101)

TABLE = np.array(
    [
        [119.37, 31.72, 119.37540562, 31.71820268, 119.38189662, 31.72430737],
        [119.28, 31.66, 119.28524232, 31.65805778, 119.29163327, 31.66439756],
        [119.45, 31.80, 119.45535508, 31.79816338, 119.46194581, 31.80381507],
        [119.40, 31.75, 119.40542516, 31.74822050, 119.41182567, 31.75456221],
        [116.404, 39.915, 116.41024450, 39.91640428, 116.41662724, 39.92269955],
    ]
)
"""CGCS2000, GCJ-02, BD-09: METHOD 12.5, which agrees with the packages ``coord-convert`` and, to
1 cm, ``eviltransform``. Tolerance there: 0.05 m."""

OFFSETS_M = {
    "GCJ-02": [549.7, 541.8, 546.5, 550.6, 556.2],
    "BD-09": [1224.5, 1206.2, 1207.7, 1229.3, 1377.1],
}
"""Of the same table."""

FORWARD = {"GCJ-02": datum.gcj02_of, "BD-09": datum.bd09_of}
BACK = {"GCJ-02": datum.from_gcj02, "BD-09": datum.from_bd09}
COLUMNS = {"GCJ-02": slice(2, 4), "BD-09": slice(4, 6)}
each_shift = pytest.mark.parametrize("system", list(FORWARD))


def apart_m(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Measure by geographiclib between places, row by row."""
    ends = np.array([*one, *other]).reshape(4, -1).T
    return np.array([GRS80.Inverse(a, b, c, d)["s12"] for b, a, d, c in ends])


@each_shift
def test_shifts_agree_with_the_table(system: str) -> None:
    lon, lat = TABLE[:, 0], TABLE[:, 1]
    shifted = FORWARD[system](lon, lat)
    expected = TABLE[:, COLUMNS[system]].T
    assert apart_m(shifted, (expected[0], expected[1])).max() < 0.05
    assert apart_m(shifted, (lon, lat)) == pytest.approx(OFFSETS_M[system], abs=0.06)


@each_shift
def test_inverses_agree_with_the_table(system: str) -> None:
    found = BACK[system](*TABLE[:, COLUMNS[system]].T)
    assert apart_m(found, (TABLE[:, 0], TABLE[:, 1])).max() < 0.05


@each_shift
@settings(max_examples=50, deadline=None)
@given(places=st.lists(st.tuples(st.floats(73.1, 135.9), st.floats(3.1, 53.9)), max_size=8))
def test_what_is_shifted_and_taken_back_is_where_it_was(
    system: str, places: list[tuple[float, float]]
) -> None:
    lon, lat = np.array(places).reshape(-1, 2).T
    shifted = FORWARD[system](lon, lat)
    assert np.max(apart_m(BACK[system](*shifted), (lon, lat)), initial=0.0) < 0.001
    again = FORWARD[system](*BACK[system](lon, lat))
    assert np.max(np.abs(np.array(again) - [lon, lat]), initial=0.0) < 1e-9


@each_shift
def test_nothing_is_shifted_outside_the_country_and_what_is_missing_stays_missing(
    system: str,
) -> None:
    lon = np.array([2.35, 119.0, 140.0, -119.0, np.nan, np.inf, 119.0])
    lat = np.array([48.86, 60.0, 35.0, 31.0, 31.0, 31.0, np.nan])
    for convert in (FORWARD[system], BACK[system]):
        found = convert(lon, lat)
        assert np.array_equal(found, (lon, lat), equal_nan=True)


@each_shift
def test_shifts_keep_shapes_and_leave_their_input_untouched(system: str) -> None:
    for shape in ((), (0,), (5,), (2, 3)):
        lon, lat = np.full(shape, 119.37), np.full(shape, 31.72)
        for convert in (FORWARD[system], BACK[system]):
            found_lon, found_lat = convert(lon, lat)
            assert found_lon.shape == found_lat.shape == shape
            assert (lon == 119.37).all()
            assert (lat == 31.72).all()


@pytest.mark.parametrize("system", list(datum.SYSTEMS))
@pytest.mark.parametrize("swapped", [False, True])
def test_every_system_leads_back_to_the_same_place(system: str, swapped: bool) -> None:
    x, y = held_in(system, TABLE[:4, 0], TABLE[:4, 1])
    kept = x.copy(), y.copy()
    pair = (y, x) if swapped else (x, y)
    assert apart_m(
        datum.to_stored(system, *pair, swapped=swapped), tuple(TABLE[:4, :2].T)
    ).max() < (0.001)
    assert np.array_equal((x, y), kept)


def held_in(system: str, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a file in the system holds for the places, east first."""
    if system in FORWARD:
        return FORWARD[system](lon, lat)
    x, y = pyproj.Transformer.from_crs("EPSG:4490", system, always_xy=True).transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def test_metres_agree_with_the_worked_place() -> None:
    for system, zone_m in (("EPSG:4549", 0.0), ("EPSG:4528", 40e6)):
        found = datum.to_stored(system, [440288.579 + zone_m], [3510977.416])
        assert apart_m(found, (TABLE[:1, 0], TABLE[:1, 1])).max() < 0.001  # METHOD 12.5


@pytest.mark.parametrize("system", [s.slug for s in datum.SYSTEMS.values() if s.projected])
def test_titles_say_the_meridian_and_the_zone_that_the_register_of_epsg_says(system: str) -> None:
    crs = pyproj.CRS(system)
    assert crs.coordinate_operation
    values = {p.name: p.value for p in crs.coordinate_operation.params}
    meridian, easting = (
        float(values[name]) for name in ("Longitude of natural origin", "False easting")
    )
    title = datum.SYSTEMS[system].title
    assert f"{meridian:g}°E" in title.zh
    assert f"CM {meridian:g}E" in title.en
    zone = int((easting - 500_000) / 1e6)
    assert (f"带号 {zone}" if zone else "不带带号") in title.zh
    assert "CGCS2000" in crs.name


@pytest.mark.parametrize(
    "system", ["EPSG:4326", "epsg:4490", "EPSG:4480", pyproj.CRS(4490).to_wkt()]
)
def test_degrees_of_other_systems_of_the_same_ellipsoid_stay_as_they_are(system: str) -> None:
    assert not datum.is_projected(system)
    assert np.array_equal(datum.to_stored(system, [119.37], [31.72]), [[119.37], [31.72]])


@pytest.mark.parametrize(
    "system", ["EPSG:32650", "EPSG:3857", "EPSG:4509", pyproj.CRS(4549).to_wkt("WKT1_ESRI")]
)
def test_metres_of_other_systems_of_the_same_ellipsoid_are_converted(system: str) -> None:
    assert datum.is_projected(system)
    x, y = held_in(system, TABLE[:4, 0], TABLE[:4, 1])
    assert apart_m(datum.to_stored(system, x, y), tuple(TABLE[:4, :2].T)).max() < 0.001


@pytest.mark.parametrize("system", ["EPSG:4214", "EPSG:4610", "EPSG:2437", "EPSG:2385"])
def test_systems_of_an_old_ellipsoid_are_refused(system: str) -> None:
    with pytest.raises(InvalidDataError, match="椭球不是 CGCS2000 或 WGS84"):
        datum.to_stored(system, [119.37], [31.72])


@pytest.mark.parametrize("system", ["EPSG:5773", "EPSG:4479"])
def test_heights_and_coordinates_in_space_are_refused(system: str) -> None:
    with pytest.raises(InvalidDataError, match="既不是经纬度也不是投影坐标"):
        datum.to_stored(system, [119.37], [31.72])


@pytest.mark.parametrize(
    "system", ["", "GCJ02", "EPSG:999999", "EPSG:", "WGS 84", "+proj=longlat", "GEOGCS[", "x" * 900]
)
def test_an_unknown_system_is_refused_with_the_known_ones(system: str) -> None:
    with pytest.raises(InvalidDataError) as caught:
        datum.to_stored(system, [119.37], [31.72])
    assert all(slug in str(caught.value) for slug in datum.SYSTEMS)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("system", [*datum.SYSTEMS, "EPSG:4326", "EPSG:3857"])
def test_what_has_no_place_has_neither_longitude_nor_latitude(system: str) -> None:
    nowhere = [np.nan, 119.0, np.inf, 31.0, -np.inf]
    lon, lat = datum.to_stored(system, nowhere, nowhere[::-1])
    assert np.isnan([lon[[0, 2, 4]], lat[[0, 2, 4]]]).all()
    assert np.array_equal(np.isnan(lon), np.isnan(lat))


@pytest.mark.parametrize("system", [s.slug for s in datum.SYSTEMS.values() if s.projected])
def test_metres_beyond_a_projection_have_no_place(system: str) -> None:
    assert np.isnan(datum.to_stored(system, [1e300, 9e9], [1e300, 9e9])).all()


# Files: which system are they in?

WEST, SOUTH, EAST, NORTH = 119.28, 31.66, 119.45, 31.791
"""A town of 16.1 x 14.5 km."""

DRAWS = range(100)
ROWS = 500
COUNT = 16
M_LON, M_LAT = 94_740.0, 110_880.0
"""Metres of a degree there."""


@cache
def villages(seed: int = 0) -> np.ndarray:
    """Tile the town with sixteen villages."""
    rng = np.random.default_rng(seed)
    places = (np.indices((4, 4)).reshape(2, -1).T + 0.5 + rng.uniform(-0.3, 0.3, (16, 2))) / 4
    seeds = shapely.multipoints(places * [EAST - WEST, NORTH - SOUTH] + [WEST, SOUTH])
    town = shapely.box(WEST, SOUTH, EAST, NORTH)
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=town))
    tiles: np.ndarray = shapely.intersection(cells, town)
    return tiles


File = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Longitudes, latitudes and the village that each row names."""


def true_file(rng: np.random.Generator, areas: np.ndarray, rows: int = ROWS) -> File:
    lon, lat = rng.uniform((WEST, SOUTH), (EAST, NORTH), (rows, 2)).T
    return lon, lat, village_of(lon, lat, areas)


def village_of(lon: np.ndarray, lat: np.ndarray, areas: np.ndarray) -> np.ndarray:
    found = np.full(len(lon), -1)
    points: Geometries = shapely.points(np.column_stack([lon, lat]))
    area, point = shapely.STRtree(points).query(areas, predicate="intersects")
    found[point] = area
    return found


def some_wrong_names(rng: np.random.Generator, areas: np.ndarray) -> File:
    lon, lat, named = true_file(rng, areas)
    wrong = rng.random(ROWS) < 0.05
    return lon, lat, np.where(wrong, (named + rng.integers(1, COUNT, ROWS)) % COUNT, named)


def coarse_places(rng: np.random.Generator, areas: np.ndarray) -> File:
    lon, lat, named = true_file(rng, areas)
    off_m = rng.normal(0.0, 100.0, (2, ROWS))
    return lon + off_m[0] / M_LON, lat + off_m[1] / M_LAT, named


def village_centres(rng: np.random.Generator, areas: np.ndarray) -> File:
    named = rng.integers(0, COUNT, ROWS)
    middle = shapely.get_coordinates(shapely.centroid(areas))[named]
    return middle[:, 0], middle[:, 1], named


def one_street(rng: np.random.Generator, areas: np.ndarray) -> File:
    """Draw shops that lie 200 m east of a border and name the village to its west."""
    seam = shapely.intersection(areas[5], areas)
    length = shapely.length(seam)
    length[5] = 0.0
    middle = shapely.line_interpolate_point(seam[np.argmax(length)], 0.5, normalized=True)
    lon = shapely.get_x(middle) + rng.uniform(-400, 400, ROWS) / M_LON
    lat = shapely.get_y(middle) + rng.uniform(-400, 400, ROWS) / M_LAT
    return lon, lat, village_of(*datum.from_gcj02(lon, lat), areas)


def of_the_county(rng: np.random.Generator, _areas: np.ndarray) -> File:
    """Draw places without village names, all to the east of the town's middle and beyond it."""
    lon, lat = rng.uniform((EAST - 0.08, SOUTH + 0.01), (EAST + 0.12, NORTH - 0.01), (ROWS, 2)).T
    return lon, lat, np.full(ROWS, -1)


FILES = [true_file, some_wrong_names, coarse_places, village_centres, one_street, of_the_county]


def found_in(
    make: Callable[[np.random.Generator, np.ndarray], File],
    seed: int,
    system: str = "EPSG:4490",
    swapped: bool = False,
) -> Detection:
    areas = villages(seed)
    lon, lat, named = make(np.random.default_rng(seed), areas)
    x, y = held_in(system, lon, lat) if system != "EPSG:4490" else (lon, lat)
    return datum.detect(*((y, x) if swapped else (x, y)), named, areas)


def proposed(found: Detection) -> tuple[str, bool] | None:
    return (found.proposed.system, found.proposed.swapped) if found.proposed else None


def test_the_drawn_town_is_as_large_as_the_real_one() -> None:
    tiles = [geometry.GEOD.geometry_area_perimeter(tile)[0] / 1e6 for tile in villages()]
    assert abs(sum(tiles)) == pytest.approx(234, abs=2)
    assert len(tiles) == COUNT
    assert shapely.union_all(villages()).equals(shapely.box(WEST, SOUTH, EAST, NORTH))


@each_shift
def test_a_shifted_file_is_told(system: str) -> None:
    found = [found_in(true_file, seed, system) for seed in DRAWS]
    hits = sum(proposed(f) == (system, False) and f.reason == "shifted" for f in found)
    assert hits >= 95
    assert all(f.certain for f in found if f.reason == "shifted")


@each_shift
@pytest.mark.parametrize("make", [some_wrong_names, coarse_places])
def test_wrong_names_and_coarse_places_hide_no_shift(
    system: str, make: Callable[..., File]
) -> None:
    found = [found_in(make, seed, system) for seed in range(20)]
    assert {proposed(f) for f in found} == {(system, False)}


@pytest.mark.parametrize("make", FILES)
def test_an_unshifted_file_is_never_called_shifted(make: Callable[..., File]) -> None:
    found = [found_in(make, seed) for seed in DRAWS]
    assert {proposed(f) for f in found} == {("EPSG:4490", False)}
    assert {f.reason for f in found} <= {"as_given", "undecided", "no_names"}


def test_a_file_that_is_as_it_should_be_is_called_so() -> None:
    found = [found_in(make, seed) for make in (true_file, some_wrong_names) for seed in range(20)]
    assert {(f.reason, f.certain) for f in found} == {("as_given", True)}
    assert all(f.proposed == f.as_given == f.candidates[0] for f in found)


@pytest.mark.parametrize("system", ["EPSG:4490", *FORWARD])
def test_swapped_coordinates_are_told_with_their_shift(system: str) -> None:
    found = [found_in(true_file, seed, system, swapped=True) for seed in range(20)]
    assert {proposed(f) for f in found} == {(system, True)}
    assert {f.reason for f in found} == {"swapped" if system == "EPSG:4490" else "shifted"}
    assert all(f.certain and f.as_given is None for f in found)


@pytest.mark.parametrize("system", [s.slug for s in datum.SYSTEMS.values() if s.projected])
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("draw", [true_file, of_the_county])
def test_metres_are_told_with_their_zone_and_order(
    system: str, swapped: bool, draw: Callable[..., File]
) -> None:
    found = found_in(draw, 0, system, swapped)
    assert proposed(found) == (system, swapped)
    assert (found.reason, found.certain) == ("projected", True)
    assert len(found.candidates) == 1


@pytest.mark.parametrize("system", list(geometry.EASTINGS))
def test_metres_in_the_ranges_of_the_method_are_of_the_system_it_says(system: str) -> None:
    x, y = np.meshgrid(geometry.EASTINGS[system], (3_432_000.0, 3_595_000.0))
    found = datum.detect(x.ravel(), y.ravel(), np.full(4, -1), np.array([], dtype=object))
    assert proposed(found) == (system, False)


def test_a_file_of_a_few_rows_is_not_judged() -> None:
    found = [found_in(few_rows, seed, system) for seed in range(20) for system in FORWARD]
    assert {(proposed(f), f.reason, f.certain) for f in found} == {
        (("EPSG:4490", False), "undecided", False)
    }


def few_rows(rng: np.random.Generator, areas: np.ndarray) -> File:
    return true_file(rng, areas, rows=12)


def test_a_shift_between_the_two_known_ones_is_not_certain() -> None:
    def between(rng: np.random.Generator, areas: np.ndarray) -> File:
        lon, lat, named = true_file(rng, areas)
        both = np.array([datum.gcj02_of(lon, lat), datum.bd09_of(lon, lat)])
        return *both.mean(axis=0), named

    found = [found_in(between, seed) for seed in range(10)]
    assert {f.reason for f in found} <= {"shifted", "undecided"}
    assert any(f.reason == "shifted" for f in found)
    assert not any(f.certain for f in found)


@pytest.mark.parametrize("guessed", [0.6, 1.0])
def test_names_that_are_mostly_wrong_decide_nothing(guessed: float) -> None:
    def make(rng: np.random.Generator, areas: np.ndarray) -> File:
        lon, lat, named = true_file(rng, areas)
        return lon, lat, np.where(rng.random(ROWS) < guessed, rng.integers(0, COUNT, ROWS), named)

    for system in ("EPSG:4490", *FORWARD):
        found = [found_in(make, seed, system) for seed in range(10)]
        assert {(proposed(f), f.reason) for f in found} == {(("EPSG:4490", False), "undecided")}


@each_shift
def test_without_names_the_outer_border_tells_when_it_is_clear_and_is_never_certain(
    system: str,
) -> None:
    def nameless(rng: np.random.Generator, areas: np.ndarray) -> File:
        lon, lat, _ = true_file(rng, areas, rows=1500)
        return lon, lat, np.full(1500, -1)

    found = [found_in(nameless, seed, system) for seed in range(8)]
    assert {(proposed(f), f.reason) for f in found} == {((system, False), "shifted")}
    assert not any(f.certain or f.judged for f in found)
    few = datum.detect([119.37], [31.72], np.array([-1]), villages())
    assert (proposed(few), few.reason) == (("EPSG:4490", False), "no_names")
    assert not few.certain


def test_without_coordinates_nothing_is_proposed() -> None:
    for x in ([], [np.nan, np.inf]):
        found = datum.detect(x, x, np.zeros(len(x), dtype=int), villages())
        assert found == Detection((), None, None, 0, 0, certain=False, reason="no_coordinates")


def test_coordinates_of_no_system_are_said_to_be_so() -> None:
    for x, y in (([0.0, 500.0], [0.0, 3.0]), ([119.37, 1.0, 1.0], [31.72, 1.0, 1.0])):
        found = datum.detect(x, y, np.zeros(len(x), dtype=int), villages())
        assert (found.proposed, found.certain, found.reason) == (None, False, "no_system")
        assert found.placed == len(x)


def test_a_few_stray_rows_do_not_hide_the_system_of_the_others() -> None:
    lon, lat, named = true_file(np.random.default_rng(1), villages(1))
    x, y = datum.gcj02_of(lon, lat)
    x[:100], y[:100] = y[:100].copy(), x[:100].copy()
    x[100:120], y[100:120], x[120:140] = 0.0, 0.0, np.nan
    found = datum.detect(x, y, named, villages(1))
    assert proposed(found) == ("GCJ-02", False)
    assert (found.placed, found.judged) == (480, 480)
    shares = {(c.system, c.swapped): c.in_named for c in found.candidates}
    assert shares["GCJ-02", False] == 360
    assert shares["GCJ-02", True] == 100


def test_areas_may_be_lacking_and_names_beyond_them_are_not_known() -> None:
    none = np.array([], dtype=object)
    found = datum.detect([119.37, 119.38], [31.72, 31.72], np.array([0, 3]), none)
    assert (proposed(found), found.reason, found.judged) == (("EPSG:4490", False), "no_names", 0)
    assert {(c.in_named, c.in_any) for c in found.candidates} == {(0, 0)}


def test_a_point_on_a_border_lies_in_both_villages() -> None:
    one, other = shapely.box(119.36, 31.7, 119.37, 31.73), shapely.box(119.37, 31.7, 119.38, 31.73)
    off_m = np.array([0.0, 0.0, 0.0008, -0.0008, 0.002, -0.002])
    named = np.array([0, 1, 0, 1, 0, 1])
    found = datum.detect(
        119.37 + off_m / M_LON, np.full(6, 31.72), named, np.array([one, other], dtype=object)
    )
    assert found.as_given == Candidate("EPSG:4490", swapped=False, in_named=4, in_any=6)
    assert (found.judged, found.placed) == (6, 6)


def test_rows_in_another_order_are_told_alike_and_inputs_stay_untouched() -> None:
    areas = villages(2)
    lon, lat, named = true_file(np.random.default_rng(2), areas)
    x, y = datum.bd09_of(lon, lat)
    kept = x.copy(), y.copy(), named.copy(), areas.copy()
    found = datum.detect(x, y, named, areas)
    assert all(np.array_equal(a, b) for a, b in zip((x, y, named, areas), kept, strict=True))
    mixed = np.random.default_rng(3).permutation(ROWS)
    assert datum.detect(x[mixed], y[mixed], named[mixed], areas) == found
