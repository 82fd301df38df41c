"""Forest fire: cells of a fixed grid, ignition, fires on record, terrain, official zones, today."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.relief import Relief
from gis.domain.risk import forest_ignition
from gis.domain.risk.forest_cells import CELLS, cells, centres, outlines
from gis.domain.risk.forest_today import of_day, today
from gis.domain.risk.model import Scene
from gis.domain.risk.models.forest_fire import MODEL
from gis.errors import ConfigError, InvalidDataError
from tests import toyland

FOREST = toyland.VALUES["forest_fire"]
WEATHER = toyland.VALUES["fire_weather"]
GOLDEN = Path(__file__).parent.parent / "golden" / "forest_scene.csv"
MIDDLE = (50.0, 50.0)
PINE = {"species": "针叶纯林", "slope_deg": 35, "aspect": "西南"}
SURVEYED = {**PINE, "ignition_distance_m": 300, "fires_10y": 0}
SEEDS = st.integers(0, 2**32 - 1)
quick = settings(max_examples=15, deadline=None, derandomize=True)


def _scene(**rows: list[dict[str, Any]]) -> Scene:
    """Return a scene of places whose ids follow on each other."""
    numbered = {
        kind: [{"id": 1 + n + 10_000 * k, **row} for n, row in enumerate(at)]
        for k, (kind, at) in enumerate(rows.items())
    }
    sites = {kind: toyland.site_frame(kind, at) for kind, at in numbered.items()}
    return toyland.scene(sites)


def _on(relief: Relief, wood: dict[str, Any]) -> Scene:
    return replace(_scene(forest=[wood]), relief=relief)


def _sources(scene: Scene) -> gpd.GeoDataFrame:
    return MODEL.sources(scene, FOREST)


def _evidence(scene: Scene) -> dict[str, Any]:
    (found,) = _sources(scene)["evidence"]
    return dict(found)


def _cases() -> list[Any]:
    lines = GOLDEN.read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [pytest.param(row, id=row["case"]) for row in rows]


@pytest.mark.parametrize("row", _cases())
def test_a_cell_scores_what_was_worked_by_hand(row: Mapping[str, str]) -> None:
    wood = {**PINE, "geometry": shapely.box(0, 0, 100, 100)}
    for column, field in (("survey_m", "ignition_distance_m"), ("fires", "fires_10y")):
        if row[column]:
            wood[field] = float(row[column])
    scene = _scene(forest=[wood], **_around(row))
    (source,) = _sources(scene).to_dict("records")
    evidence = source["evidence"]
    assert source["intensity"] * 100 == pytest.approx(float(row["score"]), abs=1e-4)
    assert evidence["human_ignition"] == pytest.approx(_worked(row["h_worked"]), abs=1e-4)
    assert evidence["fire_history"] == pytest.approx(_worked(row["n_worked"]), abs=1e-4)
    assert evidence["ignition_by"] == row["by"]
    assert sorted(evidence["dq"]) == row["dq"].split()
    assert evidence["cells"] == 1


@pytest.mark.parametrize("row", _cases())
def test_the_expected_score_follows_from_its_working(row: Mapping[str, str]) -> None:
    h, n = _worked(row["h_worked"]), _worked(row["n_worked"])
    score = 100 * (0.35 + 0.20 + 0.25 * h + 0.20 * n) * 0.75
    assert score == pytest.approx(float(row["score"]), abs=1e-4)


def _worked(text: str) -> float:
    return float(eval(text, {"__builtins__": {}}, {"exp": math.exp}))


def _around(row: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the places of a case, east and west of the middle of the cell."""
    x, y = MIDDLE
    places: dict[str, list[dict[str, Any]]] = {}
    for column, kind, shape in (
        ("house_m", "self_built_house", lambda d: shapely.Point(x + d, y)),
        ("road_m", "road", lambda d: shapely.LineString([(x - d, -9000), (x - d, 9000)])),
        ("cemetery_m", "cemetery", lambda d: shapely.box(x + d, y - 5, x + d + 10, y + 5)),
        ("line_m", "power_line", lambda d: shapely.LineString([(x + d, -9000), (x + d, 9000)])),
    ):
        if row[column] != "none":
            places[kind] = [{"geometry": shape(float(row[column]))}]
    if row["fires_at"]:
        fires = [entry.split(" ") for entry in row["fires_at"].split(";")]
        places["wildfire"] = [
            {"burnt_on": None if day == "?" else day, "geometry": shapely.Point(x, y + float(d))}
            for day, d in fires
        ]
    return places


def test_a_score_is_told_in_steps() -> None:
    # F 1, S 1, H exp(-1), N 0, g 0.75.
    wood = {**SURVEYED, "geometry": shapely.box(0, 0, 100, 100)}
    steps = _evidence(_scene(forest=[wood]))["steps"]
    land = 35 + 20 + 25 * math.exp(-1)
    assert steps == pytest.approx(
        {"fuel": 35, "slope_aspect": 20, "ignition": 25 * math.exp(-1), "season": -0.25 * land}
    )


def test_a_place_where_people_are_of_any_kind_is_a_source_of_ignition() -> None:
    wood = {**PINE, "fires_10y": 0, "geometry": shapely.box(0, 0, 100, 100)}
    far = shapely.LineString([(0, 9000), (1, 9000)])
    beside: dict[str, list[dict[str, Any]]] = {
        "road": [{"geometry": far}], "power_line": [{"geometry": far}],
        "cemetery": [{"geometry": shapely.Point(0, 9000)}],
    }  # fmt: skip
    here = shapely.Point(350, 50)
    for kind in ("school", "small_place", "enterprise", "elderly_home"):
        evidence = _evidence(_scene(forest=[wood], **{kind: [{"geometry": here}]}, **beside))
        assert evidence["human_ignition"] == pytest.approx(math.exp(-1), abs=1e-4)
    idle = [{"geometry": shapely.box(350, 0, 360, 100), "use": "闲置"}]
    evidence = _evidence(_scene(forest=[wood], building=idle, **beside))
    assert evidence["human_ignition"] == pytest.approx(math.exp(-1), abs=1e-4)


def test_a_wood_is_no_ignition_of_its_own() -> None:
    wood = {**PINE, "geometry": shapely.box(0, 0, 100, 100)}
    assert _evidence(_scene(forest=[wood]))["ignition_by"] == "未知"


def test_a_compartment_has_the_mean_of_its_cells() -> None:
    # Three cells, their middles 50, 150 and 250 m from the road; and the survey holds for all.
    wood = {**PINE, "fires_10y": 0, "geometry": shapely.box(0, 0, 300, 100)}
    road = {"geometry": shapely.LineString([(0, -100), (0, 200)])}
    near = [math.exp(-d / 300) for d in (50, 150, 250)]
    wood["ignition_distance_m"] = 200
    expected = sum(max(h, math.exp(-200 / 300)) for h in near) / 3
    evidence = _evidence(_scene(forest=[wood], road=[road]))
    assert evidence["human_ignition"] == pytest.approx(expected, abs=1e-4)
    rated = cells(_scene(forest=[wood], road=[road]), FOREST)
    assert rated["ignition"].tolist() == pytest.approx([near[0], near[1], math.exp(-200 / 300)])
    assert rated["score"].tolist() == pytest.approx(
        [100 * (0.55 + 0.25 * h) for h in rated["ignition"]]
    )


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (shapely.box(0, 0, 200, 100), [(50, 50), (150, 50)]),
        (shapely.box(30, 30, 60, 60), [(50, 50)]),
        (shapely.box(50, 50, 150, 60), [(50, 50), (150, 50)]),
        (shapely.box(-160, -60, -40, -40), [(-150, -50), (-50, -50)]),
        (shapely.box(0, 0, 300, 300).difference(shapely.box(90, 90, 210, 210)),
         [(50, 50), (150, 50), (250, 50), (50, 150), (250, 150), (50, 250), (150, 250),
          (250, 250)]),
        (shapely.MultiPolygon([shapely.box(40, 40, 60, 60), shapely.box(940, 40, 960, 60)]),
         [(50, 50), (950, 50)]),
    ],
)  # fmt: skip
def test_cells_lie_on_the_fixed_grid_and_belong_by_their_middle(
    shape: shapely.Geometry, expected: list[tuple[float, float]]
) -> None:
    row, points = centres(np.array([shape], dtype=object), 100.0)
    assert row.tolist() == [0] * len(expected)
    assert [(point.x, point.y) for point in points] == expected


def test_a_compartment_that_holds_no_middle_keeps_a_point_of_its_own() -> None:
    strip = shapely.box(0, 60, 1000, 90)
    rated = cells(_scene(forest=[{"geometry": strip}]), FOREST)
    assert len(rated) == 1
    assert strip.contains(rated.geometry.iloc[0])
    assert rated["area_m2"].tolist() == [30_000]


def test_a_cell_is_drawn_as_its_square_and_a_lonely_one_as_its_compartment() -> None:
    woods = [{"geometry": shapely.box(0, 0, 210, 90)}, {"geometry": shapely.box(400, 60, 900, 90)}]
    scene = _scene(forest=woods)
    shapes = scene.sites_m["forest"].geometry.to_numpy()
    drawn = outlines(cells(scene, FOREST), shapes, 100.0)
    expected = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100), woods[1]["geometry"]]
    assert [a.equals(b) for a, b in zip(drawn, expected, strict=True)] == [True] * 3


@quick
@given(SEEDS)
def test_the_cells_are_those_found_point_by_point_and_their_areas_add_up(seed: int) -> None:
    forest = _forest(np.random.default_rng(seed))
    rated = cells(toyland.scene({"forest": forest}), FOREST)
    x, y = np.meshgrid(np.arange(-950.0, 8000, 100), np.arange(-950.0, 4000, 100))
    grid = shapely.points(x.ravel(), y.ravel())
    for row, shape in enumerate(forest.geometry):
        found = rated.geometry[rated["row"] == row]
        inside = grid[[shape.covers(point) for point in grid]]
        if len(inside):
            assert set(shapely.to_wkt(found)) == set(shapely.to_wkt(inside))
        else:
            assert len(found) == 1
    areas = rated.groupby("row")["area_m2"].sum()
    assert areas.to_numpy() == pytest.approx(forest.area.to_numpy())
    assert tuple(rated.columns) == tuple(CELLS)


# Heights of planes: a slope of s degrees that faces some way rises against it by tan s a metre.
def _plane(slope_deg: float, facing_deg: float, side_m: float = 1000.0) -> Relief:
    x, y = np.meshgrid(
        np.arange(-side_m, side_m, 25.0) + 12.5, np.arange(side_m, -side_m, -25.0) - 12.5
    )
    rise = math.tan(math.radians(slope_deg))
    east, north = math.sin(math.radians(facing_deg)), math.cos(math.radians(facing_deg))
    return Relief(
        -side_m, side_m, 25.0, 100 - rise * (east * x + north * y), "演练地形", synthetic=True
    )


@pytest.mark.parametrize(
    ("slope_deg", "facing_deg", "term"),
    [
        # S = 0.7 slope/35 + 0.3 aspect, aspects read off the table of METHOD 4.4.
        (17.5, 225, 0.35 + 0.3), (35, 180, 0.7 + 0.24), (60, 90, 0.7 + 0.15),
        (7, 0, 0.14 + 0.06), (7, 350, 0.14 + 0.06), (7, 22, 0.14 + 0.06),
        (7, 45, 0.14 + 0.3 * 0.35), (7, 135, 0.14 + 0.3 * 0.65), (7, 270, 0.14 + 0.24),
        (7, 315, 0.14 + 0.15), (3.5, 225, 0.07 + 0.15), (0, 0, 0.15),
    ],
)  # fmt: skip
def test_slope_and_aspect_are_the_reliefs_where_none_are_on_record(
    slope_deg: float, facing_deg: float, term: float
) -> None:
    wood = {"geometry": shapely.box(0, 0, 200, 100)}
    evidence = _evidence(_on(_plane(slope_deg, facing_deg), wood))
    assert evidence["slope_aspect"] == pytest.approx(term, abs=1e-4)
    assert evidence["mean_slope_deg"] == pytest.approx(slope_deg, abs=1e-3)
    assert evidence["terrain"] == "地形数据：演练地形"
    assert not {"slope_deg", "aspect"} & set(evidence["dq"])


def test_what_is_on_record_outranks_the_relief_field_by_field() -> None:
    wood = {"geometry": shapely.box(0, 0, 200, 100), "slope_deg": 35.0}
    evidence = _evidence(_on(_plane(7, 180), wood))
    assert evidence["slope_aspect"] == pytest.approx(0.7 + 0.24, abs=1e-4)
    both = _evidence(_on(_plane(7, 180), {**wood, "aspect": "北"}))
    assert both["slope_aspect"] == pytest.approx(0.7 + 0.06, abs=1e-4)
    assert both["terrain"] == "小班登记"


def test_beyond_the_relief_slope_and_aspect_stay_unknown() -> None:
    # One cell on the relief (south, 7 degrees), one beyond it.
    wood = {"geometry": shapely.box(800, 0, 1100, 100)}
    rated = cells(_on(_plane(7, 180), wood), FOREST)
    assert rated["slope_aspect"].tolist() == pytest.approx([0.14 + 0.24, 0.14 + 0.24, 0.7])
    evidence = _evidence(_on(_plane(7, 180), wood))
    assert {"slope_deg", "aspect"} <= set(evidence["dq"])
    assert evidence["slope_aspect"] == pytest.approx((0.38 + 0.38 + 0.7) / 3, abs=1e-4)


def test_the_index_does_not_jump_with_the_day_but_today_does() -> None:
    wood = {**SURVEYED, "ignition_distance_m": 3000, "geometry": shapely.box(0, 0, 100, 100)}
    scene = _scene(forest=[wood], cemetery=[{"geometry": shapely.Point(*MIDDLE)}])
    winter, sweeping = (
        replace(scene, as_of=day) for day in (dt.date(2026, 1, 10), dt.date(2026, 4, 5))
    )
    assert _sources(winter)["intensity"].tolist() == _sources(sweeping)["intensity"].tolist()
    assert today(winter, 4, FOREST)["today"].tolist() == pytest.approx([100 * (0.55 + 0.25 * 0.6)])
    assert today(sweeping, 4, FOREST)["today"].tolist() == pytest.approx([100 * (0.55 + 0.25)])


@pytest.mark.parametrize(
    ("day", "swept"),
    [("03-24", False), ("03-25", True), ("04-10", True), ("04-11", False), ("02-29", False)],
)
def test_graves_are_swept_from_25_march_to_10_april(day: str, swept: bool) -> None:
    assert forest_ignition.is_sweeping(dt.date.fromisoformat(f"2028-{day}"), FOREST) is swept


def test_graves_are_swept_on_17_of_the_181_days_of_the_season() -> None:
    assert forest_ignition.sweeping_share(FOREST, WEATHER) == pytest.approx(17 / 181)


def test_the_season_of_the_graves_is_that_of_the_weather() -> None:
    # From 1 April to 30 April: 30 days, on the first ten of which graves are swept.
    april = {**WEATHER, "season_first": {"month": 4, "day": 1}}
    assert forest_ignition.sweeping_share(FOREST, april) == pytest.approx(10 / 30)
    wood = {**SURVEYED, "ignition_distance_m": 3000, "geometry": shapely.box(0, 0, 100, 100)}
    scene = _scene(forest=[wood], cemetery=[{"geometry": shapely.Point(*MIDDLE)}])
    shorter = replace(scene, methods={**scene.methods, "fire_weather": april})
    one, other = (_sources(told)["intensity"].iloc[0] for told in (scene, shorter))
    assert other > one
    assert "season_days" not in FOREST


@pytest.mark.parametrize("days", [("04-31", "05-02"), ("清明", "04-10"), ("03-25-01", "04-10")])
def test_a_day_that_is_none_is_refused_by_name(days: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"sweeping_days.*03-25"):
        forest_ignition.sweeping_share({**FOREST, "sweeping_days": days}, WEATHER)


@pytest.mark.parametrize(
    ("score", "fire_class", "expected"),
    [(60, 1, 18), (60, 2, 30), (60, 3, 45), (60, 4, 60), (60, 5, 72), (90, 5, 100), (0, 5, 0)],
)
def test_the_day_multiplies_by_its_class(score: float, fire_class: int, expected: float) -> None:
    # METHOD 4.4: g = 0.3, 0.5, 0.75, 1.0, 1.2, clipped at 100.
    assert of_day(np.array([float(score)]), fire_class, FOREST).tolist() == pytest.approx(
        [expected]
    )


def test_a_day_without_weather_is_unknown_and_not_quiet() -> None:
    found = of_day(np.array([60.0, 60.0]), np.array([np.nan, 4.0]), FOREST)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(60)
    with pytest.raises(InvalidDataError, match="1 至 5"):
        of_day(np.array([60.0]), 6, FOREST)


def test_beside_an_official_zone_the_score_is_a_screening_value_and_the_same() -> None:
    wood = {**SURVEYED, "geometry": shapely.box(0, 0, 100, 100)}
    zone = {"official_zone": 1, "zone_document": "模拟〔2024〕1号", "zone_on": "2024-03-01"}
    plain, zoned = (_sources(_scene(forest=[row])) for row in (wood, {**wood, **zone}))
    assert plain["intensity"].tolist() == zoned["intensity"].tolist()
    evidence = zoned["evidence"].iloc[0]
    assert {name: evidence[name] for name in zone} == zone
    assert evidence["basis"] == "筛查值；以官方森林火险区划等级为准（1 级）"
    assert "筛查值" not in plain["evidence"].iloc[0]["basis"]
    assert "official_zone" not in plain["evidence"].iloc[0]


@quick
@given(SEEDS)
def test_scores_stay_within_bounds_and_a_compartment_is_the_mean_of_its_cells(seed: int) -> None:
    scene = _hills(seed)
    rated, sources = cells(scene, FOREST), _sources(scene)
    assert rated["score"].between(0, 100).all()
    assert sources["intensity"].between(0, 1).all()
    mean = rated.groupby("site")["score"].mean()
    assert sources.set_index("site")["intensity"].to_numpy() == pytest.approx(0.75 * mean / 100)


@quick
@given(SEEDS, st.sampled_from(["cemetery", "road", "power_line", "building", "self_built_house"]))
def test_one_more_source_of_ignition_lowers_no_cell(seed: int, kind: str) -> None:
    scene = _hills(seed)
    fewer = replace(scene, sites_m={**scene.sites_m, kind: scene.sites_m[kind].iloc[:-1]})
    for day in (None, dt.date(2026, 4, 1), dt.date(2026, 1, 1)):
        before, after = (_seen(found, day)["score"] for found in (fewer, scene))
        assert (after >= before - 1e-9).all()


@quick
@given(SEEDS)
def test_one_fire_less_raises_no_cell(seed: int) -> None:
    scene = _hills(seed)
    fewer = replace(
        scene, sites_m={**scene.sites_m, "wildfire": scene.sites_m["wildfire"].iloc[1:]}
    )
    before, after = (_seen(found)["score"] for found in (scene, fewer))
    assert (after <= before + 1e-9).all()


@quick
@given(SEEDS, st.integers(-10, 10), st.integers(-10, 10))
def test_moving_everything_by_whole_cells_changes_nothing(seed: int, east: int, north: int) -> None:
    scene = _hills(seed)
    dx, dy = 1000.0 * east, 1000.0 * north
    moved = {kind: _moved(frame, dx, dy) for kind, frame in scene.sites_m.items()}
    relief = toyland.relief()
    shifted = replace(relief, west_m=relief.west_m + dx, north_m=relief.north_m + dy)
    there = replace(scene, sites_m=moved, people=_moved(scene.people, dx, dy), relief=shifted)
    here = replace(scene, relief=relief)
    assert _sources(there)["intensity"].to_numpy() == pytest.approx(
        _sources(here)["intensity"].to_numpy(), abs=1e-9
    )


@quick
@given(SEEDS)
def test_rows_in_another_order_give_the_same_bits(seed: int) -> None:
    scene = _hills(seed)
    rng = np.random.default_rng(seed)
    mixed = {kind: frame.iloc[rng.permutation(len(frame))] for kind, frame in scene.sites_m.items()}
    other = replace(scene, sites_m=mixed, people=scene.people.iloc[::-1])
    pd.testing.assert_frame_equal(_sources(scene), _sources(other), check_exact=True)


def _seen(scene: Scene, day: dt.date | None = None) -> gpd.GeoDataFrame:
    """Return the cells, with the people of the places that are there."""
    people = toyland.scene(scene.sites_m).people
    return cells(replace(scene, people=people), FOREST, day=day)


def _moved(frame: gpd.GeoDataFrame, dx: float, dy: float) -> gpd.GeoDataFrame:
    return frame.set_geometry(frame.geometry.translate(dx, dy))


def _forest(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return compartments of all sizes, blunted so that no edge runs along the grid."""
    forest = toyland.random_sites("forest", rng, int(rng.integers(1, 8)))
    turned = [shapely.affinity.rotate(shape, rng.uniform(5, 85)) for shape in forest.geometry]
    return forest.set_geometry(turned)


def _hills(seed: int) -> Scene:
    """Return random woods, with some of everything that the model looks at."""
    rng = np.random.default_rng(seed)
    kinds = ("self_built_house", "building", "road", "cemetery", "power_line", "wildfire")
    beside = {
        kind: toyland.random_sites(kind, rng, int(rng.integers(2, 8)), first_id=10_000 * place)
        for place, kind in enumerate(kinds, start=1)
    }
    return toyland.scene({"forest": _forest(rng), **beside})


def test_the_season_is_the_observed_one_where_a_whole_one_is_on_record() -> None:
    # 151 of 181 days (83 %) of 2025-11-01 to 2026-04-30, all of class 2 as issued: g = 0.5; the
    # 30 days missing count 0.75 each.
    days = pd.date_range("2025-11-01", periods=151).strftime("%Y-%m-%d")
    columns = toyland.RECORDS["observation"].fields
    records = pd.DataFrame({field.name: np.full(len(days), None) for field in columns})
    records = records.assign(site=1, day=days, official_class=2.0)
    scene = replace(
        _scene(forest=[{**SURVEYED, "geometry": shapely.box(0, 0, 100, 100)}]),
        records={"observation": records}, methods=toyland.VALUES,
    )  # fmt: skip
    evidence = _evidence(scene)
    assert evidence["season_mean_g"] == pytest.approx((151 * 0.5 + 30 * 0.75) / 181)
    assert evidence["season_basis"].startswith("本地观测的防火期均值（缺 30 站日")
    fewer = replace(scene, records={"observation": records.iloc[:100]})
    assert _evidence(fewer)["season_mean_g"] == 0.75
