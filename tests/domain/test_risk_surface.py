"""The hazard surface: worked intensities, what it must not lose, bands, unknown ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from gis.domain.arrays import Floats
from gis.domain.risk import index, register, registry, surface
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.receptors import receptors
from gis.errors import InvalidDataError
from tests import toyland

SECTORS = index.sectors(toyland.INDEX)
IND, GAS = SECTORS.index("IND"), SECTORS.index("GAS")
ORIGIN = (0.0, 0.0)
TOWN = shapely.box(0, 0, 6000, 2000)
EAST = "320413109003"


def lifted() -> gpd.GeoDataFrame:
    """Return the plant with its two open hazards, and the gas line."""
    lifts = register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    return register.apply(toyland.sources(), lifts)


def at(sources: gpd.GeoDataFrame, *xy: tuple[float, float]) -> Floats:
    """Return the intensity at places, (S, N)."""
    return surface.intensity(sources, np.array([shapely.Point(place) for place in xy]), SECTORS)


def grid(sources: gpd.GeoDataFrame) -> tuple[Floats, Floats, Floats]:
    """Return the surface of the toy township."""
    return surface.surface(sources, TOWN, SECTORS, cell_m=100.0, origin_m=ORIGIN)


def small(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return sources of enterprises; what a row does not say reaches 30 m from (1020, 1020)."""
    ordinary = {"intensity": 0.5, "r1_m": 10.0, "r2_m": 30.0, "geometry": shapely.Point(1020, 1020)}
    return toyland.source_frame(
        [{"site": number, **ordinary, **row} for number, row in enumerate(rows, start=1)]
    )


def test_the_worked_intensities_of_method_12_7_come_out() -> None:
    places = [(1900, 1000), (2150, 1000), (5000, 1000), (5100, 1000), (1000, 1000)]
    found = at(lifted(), *places)
    assert found[IND].round(2).tolist() == [74.05, 76.42, 0, 0, 0]
    assert found[GAS].round(2).tolist() == [0, 0, 44.60, 0, 0]


@pytest.mark.parametrize(
    ("intensities", "together"),
    [([0.8, 0.3, 0.1], 87.4), ([0.5, 0.5], 75.0), ([0.05] * 20, 64.2)],
)
def test_sources_act_together_as_worked_in_method_7_4_and_12_9(
    intensities: Sequence[float], together: float
) -> None:
    found = at(small(*({"intensity": value} for value in intensities)), (1020, 1020))
    assert found[IND, 0] == pytest.approx(together, abs=0.05)


def test_an_object_on_record_twice_counts_once() -> None:
    twice = small({"object_uid": "one", "intensity": 0.3}, {"object_uid": "one", "intensity": 0.5})
    assert at(twice, (1020, 1020))[IND, 0] == pytest.approx(50.0)


def test_a_sector_without_a_weight_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="IND"):
        at(small({"sector": "XXX"}), (0, 0))


def test_away_from_sources_a_cell_has_what_its_centre_has() -> None:
    x, y, values = grid(lifted())
    row, column = np.flatnonzero(y == 1050)[0], np.flatnonzero(x == 1850)[0]
    assert values[IND, row, column] == at(lifted(), (1850, 1050))[IND, 0]
    # 200 m from the plant: K = (1 - (100/400)^2)^2 = 0.8789; 76.42 x 0.8789 = 67.17
    assert values[IND, row, column] == pytest.approx(67.17, abs=0.01)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.Point(1005, 1005),
        shapely.Point(1005, 1005, 30),
        shapely.LineString([(1005, 1005), (1008, 1008)]),
        shapely.box(1002, 1002, 1010, 1010),
    ],
    ids=["point", "height", "line", "polygon"],
)
def test_what_reaches_no_centre_is_not_lost(shape: shapely.Geometry) -> None:
    source = small({"geometry": shape, "r1_m": 0.0, "r2_m": 6.0})
    assert at(source, (1050, 1050))[IND, 0] == 0
    x, y, values = grid(source)
    row, column = np.flatnonzero(y == 1050)[0], np.flatnonzero(x == 1050)[0]
    assert values[IND, row, column] == pytest.approx(50.0)
    assert (values > 0).sum() == 1


def test_a_thin_line_is_one_band_without_gaps() -> None:
    line = shapely.LineString([(330, 270), (5630, 1810)])
    result = evaluated(small({"geometry": line, "r1_m": 1.0, "r2_m": 15.0}))
    coloured = shapely.union_all(surface_of(result).query("sector == 'IND'").geometry.to_numpy())
    assert coloured.geom_type == "Polygon"
    assert coloured.covers(line)


def test_the_grid_stays_where_it_is_when_the_town_changes() -> None:
    whole = surface.surface(lifted(), TOWN, SECTORS, cell_m=100.0, origin_m=ORIGIN)
    part = shapely.box(1410, 333, 3010, 1777)
    x, y, values = surface.surface(lifted(), part, SECTORS, cell_m=100.0, origin_m=ORIGIN)
    columns, rows = np.searchsorted(whole[0], x), np.searchsorted(whole[1], y)
    assert_array_equal(whole[0][columns], x)
    assert_array_equal(whole[2][:, rows][:, :, columns], values)


RANDOM = st.lists(
    st.tuples(
        st.integers(0, 6000),
        st.integers(0, 2000),
        st.floats(0, 1),
        st.floats(0, 300),
        st.floats(0, 600),
        st.sampled_from(SECTORS),
        st.integers(0, 3),
    ),
    max_size=12,
)


def random_sources(rows: Sequence[tuple[Any, ...]]) -> gpd.GeoDataFrame:
    """Return sources; some of them are one and the same object."""
    return small(
        *(
            {
                "geometry": shapely.box(x, y, x + 40 * which, y + 30 * which)
                if which
                else shapely.Point(x, y),
                "intensity": strength,
                "r1_m": inner,
                "r2_m": outer,
                "sector": sector,
                "object_uid": f"object {x % 5}",
            }
            for x, y, strength, inner, outer, sector, which in rows
        )
    )


@settings(max_examples=25, deadline=None)
@given(RANDOM.filter(bool), st.integers(0, 11))
def test_one_more_source_lowers_the_surface_nowhere(
    rows: list[tuple[Any, ...]], which: int
) -> None:
    more = random_sources(rows)
    fewer = more.drop(index=which % len(more))
    assert (grid(more)[2] >= grid(fewer)[2] - 1e-9).all()


@settings(max_examples=15, deadline=None)
@given(RANDOM.filter(bool), st.randoms(use_true_random=False))
def test_the_order_of_sources_changes_not_a_bit(rows: list[tuple[Any, ...]], random: Any) -> None:
    sources = random_sources(rows)
    order = list(range(len(sources)))
    random.shuffle(order)
    assert_array_equal(grid(sources.iloc[order])[2], grid(sources)[2])


def test_batches_change_not_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    before = grid(lifted())[2]
    monkeypatch.setattr(surface, "SPOTS_AT_ONCE", 97)
    assert_array_equal(grid(lifted())[2], before)


def evaluated(sources: gpd.GeoDataFrame, blind: Sequence[str] = ()) -> Result:
    """Return an evaluation in which villages without any survey are unknown."""
    areas = toyland.areas(a=500, b=800, c=300)
    coverage = toyland.coverage()
    coverage.loc[coverage["village"].isin(blind), "status"] = "none"
    people = receptors(toyland.sites(), toyland.KINDS, areas, toyland.INDEX)
    return evaluate(
        sources,
        people,
        areas,
        constants=toyland.INDEX,
        reads=registry.reads(registry.models()),
        coverage=coverage,
    )


def surface_of(result: Result) -> gpd.GeoDataFrame:
    """Return the bands of an evaluation of the toy township."""
    return surface.bands(result, toyland.areas(), toyland.INDEX, ORIGIN)


def test_bands_have_fixed_limits_and_none_lies_below_the_first() -> None:
    found = surface_of(evaluated(lifted()))
    assert set(found["use"]) == {"仅供浏览"}
    plant = found[found["sector"] == "IND"]
    assert plant["band"].tolist() == [1, 2, 3, 4]
    assert plant["from_intensity"].tolist() == [5, 20, 40, 60]
    assert plant["to_intensity"].tolist() == [20, 40, 60, 80]
    at_plant = plant[plant.contains(shapely.Point(2150, 1000))]
    assert at_plant["band"].tolist() == [4]  # 76.42
    assert not plant.intersects(shapely.Point(1000, 1000)).any()
    assert shapely.area(plant.geometry.to_numpy()).sum() == pytest.approx(
        shapely.union_all(plant.geometry.to_numpy()).area, rel=1e-9
    )
    assert set(found["sector"]) == {"IND", "GAS"}
    assert found["data"].all()


def test_a_source_hits_the_ground_as_far_as_it_does_by_hand() -> None:
    # 5 of 76.42: (1 - t^2)^2 = 0.0654, t = 0.863, d = 100 + 400 t = 445 m from the plant's edge;
    # between centres the surface is straight, so the limit may lie half a cell off.
    plant = surface_of(evaluated(lifted())).query("sector == 'IND'").geometry
    assert shapely.union_all(plant.to_numpy()).bounds[0] == pytest.approx(2050 - 445, abs=50)


def test_ground_nobody_surveyed_lies_in_no_band_but_that_without_data() -> None:
    found = surface_of(evaluated(lifted(), blind=[EAST]))
    east = shapely.box(4000, 0, 6000, 2000)
    for sector in SECTORS:
        of_sector = found[found["sector"] == sector]
        unknown = of_sector[~of_sector["data"]]
        assert unknown.geometry.area.sum() == pytest.approx(east.area)
        assert unknown["band"].isna().all()
        assert unknown["from_intensity"].isna().all()
        known = of_sector[of_sector["data"]]
        assert shapely.area(shapely.intersection(known.geometry.to_numpy(), east)).sum() == 0
    assert found[found["sector"] == "GAS"]["band"].isna().all()  # the line lies in the east


def test_a_hazard_of_unknown_ground_still_hits_the_neighbour() -> None:
    near = small({"geometry": shapely.Point(4050, 1000), "r1_m": 100.0, "r2_m": 300.0})
    found = surface_of(evaluated(near, blind=[EAST])).query("sector == 'IND'")
    assert (found.contains(shapely.Point(3990, 1000)) & found["band"].notna()).any()


def test_a_town_without_sources_has_no_bands_and_no_error() -> None:
    none = surface_of(evaluated(toyland.source_frame([])))
    assert len(none) == 0
    assert none.crs == toyland.areas().crs


def test_the_same_evaluation_gives_the_same_bands_and_is_left_as_it_was() -> None:
    result = evaluated(lifted())
    before = result.sources.copy(deep=True)
    first = surface_of(result)
    areas = toyland.areas().iloc[::-1]
    again = surface.bands(result, areas, toyland.INDEX, ORIGIN)
    assert_geodataframe_equal(first, again)
    assert shapely.to_wkb(first.geometry.array).tolist() == (
        shapely.to_wkb(again.geometry.array).tolist()
    )
    assert_geodataframe_equal(result.sources, before)
