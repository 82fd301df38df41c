"""One result on other ground: sums are the same everywhere, and unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain import hotspots
from gis.domain.crs import METRIC
from gis.domain.risk import register, registry, rollup
from gis.domain.risk.assess import assess
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.receptors import receptors
from gis.domain.risk.rollup import OUTSIDE, Rolled, roll_up
from tests import toyland

EXPOSURE = toyland.VALUES["exposure"]
HOTSPOTS = toyland.VALUES["hotspots"]
TOWN = shapely.box(0, 0, 6000, 2000)
SEEDS = st.integers(0, 2**32 - 1)
quick = settings(max_examples=10, deadline=None, derandomize=True)
COUNTS = ["exposed", "people", "receptors", "sources"]


def test_the_town_is_the_sum_of_the_worked_villages() -> None:
    # METHOD 12.7: L_IND 140.50 + 22.01, L_GAS 86.97; E 514.74 + 548.80 + 384.74.
    found = _rolled(_worked(), {"town": _cells([TOWN])})
    loads = found.loads.set_index(["level", "code", "sector"])["load"]
    assert loads["town", "c0", "IND"] == pytest.approx(162.51, abs=0.01)
    assert loads["town", "c0", "GAS"] == pytest.approx(86.97, abs=0.005)
    town = _totals(found, "town").loc["c0"]
    assert town["exposed"] == pytest.approx(1448.28, abs=0.01)
    assert town["people"] == 500 + 800 + 300 + 300 + 60 + 120
    assert town["area_km2"] == 12.0
    assert (town["receptors"], town["sources"]) == (6, 2)


def test_the_areas_of_the_evaluation_come_out_as_they_were() -> None:
    result = _worked()
    found = _rolled(result, {})
    loads = found.loads[found.loads["code"] != OUTSIDE]
    assert loads["load"].tolist() == result.sectors["L"].tolist()
    assert loads["exposed"].tolist() == result.sectors["E"].tolist()
    inside = _totals(found, "village").drop(index=OUTSIDE)
    assert inside["exposed"].tolist() == pytest.approx(result.scores["E"].tolist(), rel=1e-12)


@quick
@given(SEEDS)
def test_loads_people_and_counts_have_the_same_sum_on_any_ground(seed: int) -> None:
    rng = np.random.default_rng(seed)
    result = _random(rng)
    found = _rolled(
        result,
        {
            "town": _cells([TOWN]),
            "part": _cells(_tiles(rng, shapely.box(500, 100, 4000, 1500))),
            "tiles": _cells(_tiles(rng, TOWN)),
            "none": _cells([]),
        },
    )
    sums = found.loads.groupby(["level", "sector"])[["load", "exposed"]].sum()
    first = sums.loc["village"]
    for level in ("town", "part", "tiles", "none"):
        assert np.allclose(sums.loc[level], first, rtol=1e-9, atol=1e-9)
    totals = found.totals.groupby("level")[COUNTS].sum()
    assert np.allclose(totals, totals.loc["village"], rtol=1e-9)
    inside = found.loads[found.loads["code"] != OUTSIDE].groupby(["level", "sector"])["load"].sum()
    assert np.allclose(inside["town"], inside["tiles"], rtol=1e-9, atol=1e-9)
    villages = inside["village"].reindex(result.sectors["sector"].unique())
    own = result.sectors.groupby("sector", sort=False)["L"].sum()
    assert np.allclose(villages, own, rtol=1e-12)


@quick
@given(SEEDS)
def test_a_cell_holds_what_its_own_receptors_bear(seed: int) -> None:
    rng = np.random.default_rng(seed)
    result = _random(rng, forest=0)
    shapes = _tiles(rng, TOWN)
    found = _rolled(result, {"tiles": _cells(shapes)})
    loads = found.loads[found.loads["level"] == "tiles"].set_index(["code", "sector"])["load"]
    for number, shape in enumerate(shapes):
        own = [r for r in result.receptors.itertuples() if shape.covers(r.geometry)]
        for sector in ("IND", "GAS", "HOU"):
            borne = sum(r.weight * _harm(r.geometry, sector, result.sources) for r in own)
            assert loads[f"c{number}", sector] == pytest.approx(borne, rel=1e-9, abs=1e-9)


def test_forest_that_spans_cells_is_cut_and_each_has_its_hectares() -> None:
    wood = {"id": 9, "geometry": shapely.box(0, 0, 1000, 100)}
    result = _assessed({"forest": toyland.site_frame("forest", [wood])})
    cells = _cells([shapely.box(0, 0, 300, 2000), shapely.box(300, 0, 900, 2000)])
    found = _rolled(result, {"cells": cells})
    loads = found.loads.query("level == 'cells' and sector == 'FOR'").set_index("code")
    whole = result.sectors.query("sector == 'FOR'")["L"].sum()
    assert whole > 0
    shares = {"c0": 0.3, "c1": 0.6, OUTSIDE: 0.1}
    for code, share in shares.items():
        assert loads.loc[code, "load"] == pytest.approx(share * whole, rel=1e-9)
        assert loads.loc[code, "exposed"] == pytest.approx(share * 20.0, rel=1e-9)
    assert _totals(found, "cells")["receptors"].sum() == 0
    assert _totals(found, "cells")["sources"].tolist() == [0, 1, 0]


def test_people_at_a_place_that_spans_cells_are_in_one_of_them() -> None:
    school = {"id": 9, "pupils": 100, "staff": 0, "geometry": shapely.box(100, 100, 400, 200)}
    result = _assessed({"school": toyland.site_frame("school", [school])})
    cells = _cells([shapely.box(0, 0, 200, 2000), shapely.box(200, 0, 6000, 2000)])
    totals = _totals(_rolled(result, {"cells": cells}), "cells")
    assert totals["people"].tolist() == [0, 100, 0]
    assert totals["receptors"].tolist() == [0, 1, 0]


def test_people_around_a_yard_are_not_in_the_cell_of_the_yard() -> None:
    yard = shapely.box(200, 200, 400, 400)
    walls = shapely.box(150, 150, 450, 450).difference(yard)
    school = {"id": 9, "pupils": 100, "staff": 0, "geometry": walls}
    result = _assessed({"school": toyland.site_frame("school", [school])})
    cells = _cells([yard, TOWN.difference(yard)])
    assert _totals(_rolled(result, {"cells": cells}), "cells")["people"].tolist() == [0, 100, 0]


def test_a_place_on_the_border_of_two_cells_is_in_the_first() -> None:
    school = {"id": 9, "pupils": 100, "staff": 0, "geometry": shapely.Point(200, 100)}
    result = _assessed({"school": toyland.site_frame("school", [school])})
    cells = _cells([shapely.box(0, 0, 200, 2000), shapely.box(200, 0, 6000, 2000)])
    assert _totals(_rolled(result, {"cells": cells.iloc[::-1]}), "cells")["people"].tolist() == [
        100, 0, 0,
    ]  # fmt: skip


def test_a_cell_is_known_as_far_as_its_ground_was_surveyed() -> None:
    coverage = toyland.coverage()
    blind = (coverage["village"] == "320413109001") & (coverage["kind"] == "gas_pipeline")
    coverage.loc[blind, "status"] = "none"
    result = _worked(coverage)
    cells = _cells(
        [
            shapely.box(500, 0, 2500, 10),
            shapely.box(1500, 0, 2500, 10),
            shapely.box(5000, 0, 9000, 1),
        ]
    )
    loads = _rolled(result, {"cells": cells, "town": _cells([TOWN])}).loads
    gas = dict(iter(loads[loads["sector"] == "GAS"].groupby("level")))
    # The last cell lies in the town by a quarter: all of that is known, which is not enough of it.
    assert gas["cells"]["known_share"].tolist() == pytest.approx([0.25, 0.5, 1.0, 0.0])
    assert gas["cells"]["known"].tolist() == [False, True, False, False]
    assert gas["cells"]["known"].tolist() == [False, True, False, False]
    assert gas["town"]["known_share"].tolist() == pytest.approx([2 / 3, 0.0])
    assert gas["village"]["known"].tolist() == [False, True, True, False]
    mines = loads.query("level == 'cells' and sector == 'MIN'")
    assert mines["known"].tolist() == [True, True, False, False]


def test_the_load_of_a_cell_is_that_of_its_known_sectors_over_its_ground() -> None:
    # Of the worked township: the plant's load in the west, the pipe's in the east, 6 km2 each.
    halves = _cells([shapely.box(0, 0, 3000, 2000), shapely.box(3000, 0, 6000, 2000)])
    found = rollup.summed(_rolled(_worked(), {"halves": halves}), "halves", EXPOSURE)
    assert found["code"].tolist() == ["c0", "c1"]
    assert found["load"].tolist() == pytest.approx([162.51, 86.97], abs=0.01)
    assert found["per_km2"].tolist() == pytest.approx([162.51 / 6, 86.97 / 6], abs=0.01)
    assert found["class_per_km2"].tolist() == [3, 3]  # 10 to 30 per km2
    assert found["IND"].tolist() == pytest.approx([162.51, 0.0], abs=0.01)
    assert found["small"].tolist() == [True, True]  # 4 and 2 places of people, fewer than 5


def test_a_cell_of_which_a_sector_is_not_known_has_no_class_and_one_without_any_no_load() -> None:
    coverage = toyland.coverage()
    west = coverage["village"] == "320413109001"
    coverage.loc[west & (coverage["kind"] == "gas_pipeline"), "status"] = "none"
    coverage.loc[coverage["village"] == "320413109003", "status"] = "none"
    shapes = [shapely.box(x, 0, x + 2000, 2000) for x in (0, 2000, 4000)]
    rolled = _rolled(_worked(coverage), {"cells": _cells(shapes)})
    found = rollup.summed(rolled, "cells", EXPOSURE)
    assert found["at_least"].tolist() == [True, False, False]
    assert found["missing"][0] == ["GAS"]
    assert found["load"].isna().tolist() == [False, False, True]
    assert found["class_per_km2"].tolist() == [None, 2, None]
    assert found["GAS"].isna().tolist() == [True, False, True]
    assert rollup.summed(_rolled(_worked(), {"none": _cells([])}), "none", EXPOSURE).empty


def test_a_cell_of_which_a_part_is_not_known_says_at_least_and_has_no_class() -> None:
    coverage = toyland.coverage()
    west = coverage["village"] == "320413109001"
    coverage.loc[west & (coverage["kind"] == "gas_pipeline"), "status"] = "none"
    cells = _cells([shapely.box(1500, 0, 3500, 2000), shapely.box(2000, 0, 4000, 2000)])
    found = rollup.summed(_rolled(_worked(coverage), {"cells": cells}), "cells", EXPOSURE)
    assert found["at_least"].tolist() == [True, False]
    assert found["missing"].tolist() == [["GAS"], []]
    assert found["class_per_km2"].isna().tolist() == [True, False]
    assert found["load"].notna().all()


def test_the_index_has_no_sum() -> None:
    found = _rolled(_worked(), {})
    assert "R" not in found.totals
    assert "R" not in found.loads
    assert rollup.distribution([3, 1, None, 3]) == {
        "低": 1, "较低": 0, "中": 2, "较高": 0, "高": 0, "无数据": 1,
    }  # fmt: skip


def test_a_village_counts_in_the_town_that_has_most_of_it() -> None:
    areas = toyland.areas()  # three of 2 x 2 km, side by side
    towns = _cells([shapely.box(0, 0, 2900, 2000), shapely.box(2900, 0, 3500, 2000)])
    found = rollup.distributions([2, 5, None], areas, towns)
    assert {code: {k: n for k, n in of.items() if n} for code, of in found.items()} == {
        "c0": {"较低": 1, "高": 1}, "c1": {}, OUTSIDE: {"无数据": 1},
    }  # fmt: skip


def test_hexagons_have_the_codes_of_the_hotspots_and_end_at_the_towns_boundary() -> None:
    town = shapely.box(440_000, 3_505_000, 446_000, 3_508_000)
    sites = shapely.points(
        np.column_stack([np.linspace(440_100, 445_900, 40), np.full(40, 3_506_500)])
    )
    every = rollup.hexagon_cells(town, sites, 4000, HOTSPOTS)
    assert every.area.sum() == pytest.approx(town.area)
    assert set(every["width_m"]) == {500}
    found = every[every["data"]]
    whole = hotspots.cells_with_data(town, sites, 500, HOTSPOTS)
    assert found["code"].tolist() == [
        f"500_{c}_{r}" for c, r in zip(whole["column"], whole["row"], strict=True)
    ]
    assert shapely.covers(town.buffer(1e-6), found.geometry.to_numpy()).all()
    assert shapely.union_all(found.geometry.array).area == pytest.approx(found.area.sum())
    assert found.area.max() < whole.area.max() * (1 + 1e-9)
    # 3 km of town north to south, but only the cells along the row of places have data.
    assert found.total_bounds[3] - found.total_bounds[1] < 1500


def test_few_places_have_wide_hexagons() -> None:
    town = shapely.box(440_000, 3_505_000, 446_000, 3_508_000)
    found = rollup.hexagon_cells(town, [shapely.Point(441_000, 3_506_000)], 20, HOTSPOTS)
    assert (
        found["code"].str.startswith("1400_").all()
    )  # sqrt(2 x 18 km2 / 20 x 2 / sqrt 3) = 1,442 m


def test_hexagons_hold_all_people_of_the_town() -> None:
    rng = np.random.default_rng(7)
    result = _random(rng)
    sites = np.concatenate([result.receptors.geometry, result.sources.geometry])
    cells = rollup.hexagon_cells(TOWN, sites, 100, HOTSPOTS)
    cells = cells[cells["data"]]
    found = _rolled(result, {"hexagon": cells, "town": _cells([TOWN])})
    for name in ("people", "receptors", "exposed"):
        assert _totals(found, "hexagon")[name].drop(OUTSIDE).sum() == pytest.approx(
            _totals(found, "town").loc["c0", name]
        )


def test_villages_that_a_source_beyond_the_boundary_could_reach_are_marked() -> None:
    squares = [
        shapely.box(x, y, x + 2000, y + 2000) for x in (0, 2000, 4000) for y in (0, 2000, 4000)
    ]
    areas = _cells(squares).assign(area=range(1, 10))
    town = shapely.box(0, 0, 6000, 6000)
    sources = toyland.sources()  # the farthest reaches 500 m; the middle village is 2,000 m in
    near = rollup.edge_incomplete(areas, town, sources)
    assert near["edge_incomplete"].tolist() == [True] * 4 + [False] + [True] * 4
    assert set(near["reach_m"]) == {500.0}
    far = rollup.edge_incomplete(areas, town, sources.assign(r2_m=2000.0))
    assert far["edge_incomplete"].all()
    none = rollup.edge_incomplete(areas, town, sources.iloc[:0])
    assert not none["edge_incomplete"].any()


def test_what_is_known_beyond_the_boundary_marks_nobody() -> None:
    areas = _cells([shapely.box(0, 0, 6000, 6000), shapely.box(300, 300, 400, 400)])
    areas = areas.assign(area=[1, 2])
    town = shapely.box(0, 0, 6000, 6000)
    sources = toyland.sources()  # the plant reaches 500 m, the pipe 126.2 m
    known = rollup.edge_incomplete(areas, town, sources, known_beyond={"IND"})
    assert known["edge_incomplete"].tolist() == [True, False]
    assert known["reach_m"][0] == pytest.approx(126.2)
    both = rollup.edge_incomplete(areas, town, sources, known_beyond={"IND", "GAS"})
    assert not both["edge_incomplete"].any()


def test_a_sector_is_known_beyond_where_all_its_kinds_are_covered_there() -> None:
    reads = {"IND": ["enterprise", "installation"], "GAS": ["gas_pipeline"], "NEW": []}
    rows = [
        ("enterprise", rollup.BEYOND, "complete"),
        ("installation", rollup.BEYOND, "partial"),
        ("gas_pipeline", rollup.BEYOND, "complete"),
        ("installation", "320413109001", "complete"),
    ]
    coverage = pd.DataFrame(rows, columns=["kind", "village", "status"])
    assert rollup.sectors_beyond(reads, coverage) == {"GAS"}
    assert rollup.sectors_beyond(reads, None) == set()


def test_places_within_30_m_of_a_border_may_be_another_villages() -> None:
    xs = {1: 1969.0, 2: 1970.0, 3: 2030.0, 4: 2031.0, 5: -5.0}
    rows = [{"id": n, "residents": 3, "geometry": shapely.Point(x, 1000)} for n, x in xs.items()]
    sites = {"self_built_house": toyland.site_frame("self_built_house", rows)}
    people = receptors(sites, toyland.KINDS, toyland.areas(), toyland.INDEX)
    near = rollup.near_border(people, toyland.areas(), EXPOSURE)
    assert near.tolist() == [False, True, True, False, False]


def _worked(coverage: pd.DataFrame | None = None) -> Result:
    lifts = register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    sources = register.apply(toyland.sources(), lifts)
    people = receptors(toyland.sites(), toyland.KINDS, toyland.areas(), toyland.INDEX)
    reads = registry.reads(registry.models())
    return evaluate(
        sources, people, toyland.areas(), constants=toyland.INDEX, reads=reads, coverage=coverage
    )


def _assessed(sites: Mapping[str, gpd.GeoDataFrame]) -> Result:
    return assess(toyland.snapshot({**toyland.empty_sites(), **sites}), toyland.VALUES).result


def _random(rng: np.random.Generator, forest: int = 4) -> Result:
    """Return houses and forest in and around the town, and sources of three sectors."""
    spots = rng.uniform((-300, -300), (6300, 2300), size=(40, 2))
    houses: list[dict[str, Any]] = [
        {"id": n, "residents": int(rng.integers(1, 9)), "geometry": shapely.Point(xy)}
        for n, xy in enumerate(spots, start=1)
    ]
    sites = {
        "self_built_house": toyland.site_frame("self_built_house", houses),
        "forest": toyland.random_sites("forest", rng, forest, first_id=100),
    }
    people = receptors(sites, toyland.KINDS, toyland.areas(), toyland.INDEX)
    rows: list[dict[str, Any]] = [
        {
            "site": 200 + n,
            "geometry": shapely.Point(rng.uniform((0, 0), (6000, 2000))),
            "intensity": rng.uniform(0.1, 0.9),
            "r1_m": 50.0,
            "r2_m": rng.uniform(100, 1500),
            "sector": ("IND", "GAS", "HOU")[n % 3],
        }
        for n in range(9)
    ]
    woods = [
        {
            "site": w.id,
            "geometry": w.geometry,
            "intensity": 0.4,
            "r1_m": 30.0,
            "r2_m": 200.0,
            "sector": "FOR",
        }
        for w in sites["forest"].itertuples()
    ]
    return evaluate(
        toyland.source_frame([*rows, *woods]), people, toyland.areas(), constants=toyland.INDEX
    )


def _harm(at: Any, sector: str, sources: gpd.GeoDataFrame) -> float:
    """Noisy-or of METHOD 7.4 with the kernel of 7.2, one source after the other."""
    left = 1.0
    for s in sources[sources["sector"] == sector].itertuples():
        d, r1, r2 = at.distance(s.geometry), s.r1_m, s.r2_m
        k = 1.0 if d <= r1 else 0.0 if d >= r2 else (1 - ((d - r1) / (r2 - r1)) ** 2) ** 2
        left *= 1.0 - s.intensity * k
    return 1.0 - left


def _tiles(rng: np.random.Generator, ground: shapely.Polygon) -> list[shapely.Polygon]:
    """Partition the ground into the cells nearest to some random points."""
    west, south, east, north = ground.bounds
    points = shapely.multipoints(rng.uniform((west, south), (east, north), size=(7, 2)))
    cells = shapely.voronoi_polygons(points, extend_to=ground)
    return [shapely.intersection(cell, ground) for cell in shapely.get_parts(cells)]


def _cells(shapes: list[Any]) -> gpd.GeoDataFrame:
    codes = np.array([f"c{n}" for n in range(len(shapes))], dtype=object)
    return gpd.GeoDataFrame({"code": codes}, geometry=shapes, crs=METRIC)


def _rolled(result: Result, ground: Mapping[str, gpd.GeoDataFrame]) -> Rolled:
    return roll_up(result, ground, toyland.areas(), EXPOSURE)


def _totals(found: Rolled, level: str) -> pd.DataFrame:
    return found.totals[found.totals["level"] == level].set_index("code")
