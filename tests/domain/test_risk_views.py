"""Three views of one load: the worked township, what is unknown, and where numbers are small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.risk import register, registry
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.receptors import receptors
from gis.domain.risk.views import VIEWS, views
from tests import toyland

EXPOSURE = toyland.VALUES["exposure"]
RESIDENTS = {"a": 500.0, "b": 800.0, "c": 300.0}
SEEDS = st.integers(0, 2**32 - 1)
quick = settings(max_examples=12, deadline=None, derandomize=True)
READS = registry.reads(registry.models())


def test_the_views_of_the_worked_township_follow_from_its_loads() -> None:
    # METHOD 12.7: L 140.50, 22.01, 86.97; each village has 4 km2; 500, 800 and 300 residents.
    found = _views(_result())
    assert found["area"].tolist() == [toyland.A, toyland.B, toyland.C]
    assert found["load"].tolist() == pytest.approx([140.50, 22.01, 86.97], abs=0.005)
    assert found["per_km2"].tolist() == pytest.approx([35.125, 5.5025, 21.7425], abs=0.002)
    assert found["per_1000"].tolist() == pytest.approx([281.0, 27.5125, 289.9], abs=0.02)
    assert found["area_km2"].tolist() == [4.0] * 3
    assert not found["at_least"].any()


def test_which_village_is_worst_depends_on_what_is_asked() -> None:
    found = _views(_result()).set_index("area")
    assert found["load"].idxmax() == toyland.A
    assert found["per_1000"].idxmax() == toyland.C


def test_classes_are_fixed_and_a_limit_belongs_to_the_class_above() -> None:
    found = _views(_result())
    assert found["class_load"].tolist() == [3, 1, 2]
    assert found["class_per_km2"].tolist() == [4, 2, 3]
    assert found["class_per_1000"].tolist() == [4, 2, 4]
    at_limits = {**EXPOSURE, "breaks_load": tuple(sorted(found["load"]))}
    assert views(_result(), _areas(), at_limits)["class_load"].tolist() == [4, 2, 3]


def test_one_plant_hitting_one_place_is_a_small_number_and_says_so() -> None:
    found = _views(_result())
    assert found["sources"].tolist() == [1, 1, 1]
    assert found["receptors"].tolist() == [1, 1, 1]
    assert found["small"].all()
    assert found["warning_zh"][2] == (
        "基数小（常住300人，1处风险源，1处受影响场所）：每千人数值多一处少一处就大不相同，不宜据以比较或排名"
    )


@pytest.mark.parametrize(
    ("sources", "houses", "residents", "small"),
    [(5, 5, 500, False), (4, 5, 500, True), (5, 4, 500, True), (5, 5, 499, True)],
)
def test_numbers_are_small_below_five_places_or_500_residents(
    sources: int, houses: int, residents: float, small: bool
) -> None:
    result = _evaluated(_near_houses(sources), _houses(houses), _areas(a=residents))
    found = views(result, _areas(a=residents), EXPOSURE).iloc[0]
    assert (found["sources"], found["receptors"]) == (sources, houses)
    assert found["small"] == small
    assert (found["warning_zh"] != "") == small


def test_a_place_counts_once_however_many_sources_it_is() -> None:
    doubled = _near_houses(1)
    again = doubled.assign(uid=doubled["uid"] + 1, part=1, object_uid="another")
    result = _evaluated(pd.concat([doubled, again]), _houses(2), _areas())
    assert _views(result)["sources"].tolist() == [1, 0, 0]


def test_a_sector_that_is_unknown_is_left_out_and_named_and_gives_no_class() -> None:
    coverage = toyland.coverage(gas_pipeline="none", lpg_station="none")
    result = _result(coverage)
    found = _views(result)
    assert found["missing"].tolist() == [["GAS"]] * 3
    assert found["at_least"].all()
    assert found["load"].tolist() == pytest.approx([140.50, 22.01, 0.0], abs=0.005)
    assert found[[f"class_{name}" for name in VIEWS]].isna().all(axis=None)


def test_where_no_sector_is_known_nothing_is_shown_not_zero() -> None:
    found = _views(_result(toyland.coverage("none")))
    assert found[list(VIEWS)].isna().all(axis=None)
    assert not found["at_least"].any()
    assert found["missing"].map(len).tolist() == [5] * 3
    assert not found["small"][0]


def test_residents_that_nobody_knows_leave_the_last_view_empty() -> None:
    bare = _areas(a=np.nan, b=np.nan, c=0.0)
    part = toyland.coverage(self_built_house="partial")
    unknown = views(_result(part, bare), bare, EXPOSURE)
    assert unknown["per_1000"].isna().all()
    counted = views(_result(toyland.coverage(), bare), bare, EXPOSURE)
    assert counted["residents"].tolist() == [500.0, 800.0, 0.0]
    assert counted["per_1000"].tolist() == pytest.approx(
        [281.0, 27.51, np.nan], abs=0.02, nan_ok=True
    )


@quick
@given(SEEDS)
def test_one_more_source_lowers_no_view(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sources = toyland.source_frame(
        [
            {
                "site": 100 + n,
                "geometry": shapely.Point(rng.uniform(0, 6000), 1000),
                "intensity": rng.uniform(0.05, 0.9),
                "r1_m": 50.0,
                "r2_m": rng.uniform(60, 900),
                "sector": str(rng.choice(["IND", "GAS", "MIN"])),
            }
            for n in range(8)
        ]
    )
    people = receptors(toyland.sites(), toyland.KINDS, _areas(), toyland.INDEX)
    fewer, more = (_views(_evaluated(s, people, _areas())) for s in (sources.iloc[:-1], sources))
    for name in VIEWS:
        assert (more[name] >= fewer[name] - 1e-9).all()
    assert (more["sources"] >= fewer["sources"]).all()


def test_the_order_of_the_areas_changes_nothing() -> None:
    mixed = views(_result(), _areas().iloc[[2, 0, 1]], EXPOSURE)
    pd.testing.assert_frame_equal(mixed, _views(_result()))


def _views(result: Result) -> pd.DataFrame:
    return views(result, _areas(), EXPOSURE)


def _areas(**residents: float) -> gpd.GeoDataFrame:
    return toyland.areas(**{**RESIDENTS, **residents})


def _result(coverage: pd.DataFrame | None = None, areas: gpd.GeoDataFrame | None = None) -> Result:
    lifts = register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    ground = _areas() if areas is None else areas
    people = receptors(toyland.sites(), toyland.KINDS, ground, toyland.INDEX)
    return _evaluated(register.apply(toyland.sources(), lifts), people, ground, coverage)


def _evaluated(
    sources: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    coverage: pd.DataFrame | None = None,
) -> Result:
    return evaluate(sources, people, areas, constants=toyland.INDEX, reads=READS, coverage=coverage)


def _near_houses(count: int) -> gpd.GeoDataFrame:
    rows: Sequence[dict[str, Any]] = [
        {
            "site": 50 + n,
            "geometry": shapely.Point(1000, 1000 + n),
            "intensity": 0.5,
            "r1_m": 100.0,
            "r2_m": 200.0,
        }
        for n in range(count)
    ]
    return toyland.source_frame(rows)


def _houses(count: int) -> gpd.GeoDataFrame:
    rows = [
        {"id": n, "residents": 10, "geometry": shapely.Point(1000 + n, 1000)}
        for n in range(1, count + 1)
    ]
    sites = {"self_built_house": toyland.site_frame("self_built_house", rows)}
    return receptors(sites, toyland.KINDS, toyland.areas(), toyland.INDEX)
