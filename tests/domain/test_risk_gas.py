"""Class location, impact radii and sections of pipelines, against tables worked elsewhere."""

from __future__ import annotations

import csv
import math
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.risk import high_consequence, registry
from gis.domain.risk.class_location import CLASSES, dwellings, elements
from gis.domain.risk.consequence import impact_radius_m
from gis.domain.risk.pairs import near
from tests import toyland

GOLDEN = Path(__file__).parent.parent / "golden"
VALUES = toyland.VALUES["gas"]
STEP_M = 50.0
HOUSES = re.compile(r"(-?\d+):(-?\d+):(\d+)@(\d+)(?:=(\d+)/(\d+))?")
FOOT_M, PSI_MPA, INCH_MM = 0.3048, 0.006894757, 25.4


def golden(name: str) -> list[dict[str, str]]:
    """Return the rows of a golden table."""
    lines = (GOLDEN / name).read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def located() -> list[Any]:
    """Return the cases of class location: length, houses, and the rows expected."""
    found = []
    for case, rows in groupby(golden("class_location.csv"), key=lambda row: row["case"]):
        listed = list(rows)
        found.append(pytest.param(listed[0], listed, id=case))
    return found


def beside(said: str) -> dict[str, gpd.GeoDataFrame]:
    """Return the houses and blocks that a case has beside its line."""
    houses: list[dict[str, Any]] = []
    blocks: list[dict[str, Any]] = []
    for first, last, step, lateral, homes, storeys in HOUSES.findall(said):
        for x in range(int(first), int(last) + 1, int(step)):
            key, y = str(len(houses) + len(blocks)), float(lateral)
            if homes:
                shape = shapely.box(x - 5, y, x + 5, y + 10)
                many = {"use": "居住", "households": float(homes), "storeys": float(storeys)}
                blocks.append({"id": 50_000 + len(blocks), "key": key, "geometry": shape, **many})
            else:
                one = {"use": "自住", "storeys": 2.0, "geometry": shapely.Point(x, y)}
                houses.append({"id": 10 + len(houses), "key": key, **one})
    return {
        "self_built_house": toyland.site_frame("self_built_house", houses),
        "building": toyland.site_frame("building", blocks),
    }


def line(length_m: float, *, backwards: bool = False, **said: Any) -> gpd.GeoDataFrame:
    """Return a straight long-distance gas line."""
    ends = [(0.0, 0.0), (length_m, 0.0)]
    shape = shapely.LineString(ends[::-1] if backwards else ends)
    plain = {"regime": "长输管道", "medium": "天然气", "pressure_mpa": 6.3, "diameter_mm": 508.0}
    row = {"id": 7, "key": "7", "name": "line", "geometry": shape, **plain, **said}
    return toyland.site_frame("gas_pipeline", [row])


@pytest.mark.parametrize(("case", "expected"), located())
def test_class_location_is_as_worked(case: dict[str, str], expected: list[dict[str, str]]) -> None:
    length_m = float(case["length_m"])
    homes = dwellings(beside(case["houses"]), VALUES)
    found, _ = elements(line(length_m), homes, near, VALUES)
    assert [row["households"] for row in expected] == [
        str(round(n)) for _, _, _, n in read_off(found, length_m)
    ]
    assert [(float(r["from_m"]), float(r["to_m"]), r["class"]) for r in expected] == [
        (start, stop, name) for start, stop, name, _ in read_off(found, length_m)
    ]


def read_off(found: gpd.GeoDataFrame, length_m: float) -> list[tuple[float, float, str, float]]:
    """Return the stretches of equal class as they are read off every 50 m along the line."""
    spots = np.arange(0.0, length_m + 1.0, STEP_M)
    rows = []
    for spot in spots:
        touching = found[(found["from_m"] <= spot + 1e-6) & (found["to_m"] >= spot - 1e-6)]
        rank = max(1, touching["rank"].max())  # both kinds of the first class are told as one
        own = touching[touching["rank"].clip(lower=1) == rank]
        rows.append((float(spot), rank, float(own["households"].max())))
    stretches = []
    for rank, part in groupby(rows, key=lambda row: row[1]):
        listed = list(part)
        name = "一级" if rank == 1 else CLASSES[int(rank)]
        stretches.append((listed[0][0], listed[-1][0], name, max(n for _, _, n in listed)))
    return stretches


@pytest.mark.parametrize(
    "row", golden("pir.csv"), ids=lambda row: f"{row['case']} {row['radius_m']}"
)
def test_impact_radii_are_those_worked_and_published(row: dict[str, str]) -> None:
    coefficient = float(VALUES["impact_coefficient"])  # type: ignore[arg-type]
    if row["radius_m"]:
        size, pressure = float(row["diameter_mm"]), float(row["pressure_mpa"])
        expected, tolerance = float(row["radius_m"]), 0.05
    else:
        size = float(row["diameter_in"]) * INCH_MM
        pressure = float(row["pressure_psi"]) * PSI_MPA
        expected = float(row["radius_ft"]) * FOOT_M
        tolerance = 0.01 * expected
    radius = impact_radius_m(np.array([size]), np.array([pressure]), coefficient)[0]
    assert radius == pytest.approx(expected, abs=tolerance)


TOWN = "100:1990:15@60 2500:2900:40@150 4200:4260:20@20"


def sections(pipes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the sections of a line through a town."""
    scene = toyland.scene({**toyland.empty_sites(), **beside(TOWN), "gas_pipeline": pipes})
    return high_consequence.sections(pipes, scene, VALUES)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(length_m=st.floats(300, 7000))
def test_the_sections_of_a_line_cover_it_and_are_told_apart(length_m: float) -> None:
    found = sections(line(length_m))
    assert found.length.sum() == pytest.approx(length_m, abs=1e-6)
    assert shapely.line_merge(shapely.union_all(found.geometry.to_numpy())).length == pytest.approx(
        length_m, abs=1e-6
    )
    assert found["part"].is_unique
    scene = toyland.scene({**toyland.empty_sites(), **beside(TOWN), "gas_pipeline": line(length_m)})
    assert registry.model("gas").sources(scene, VALUES)["uid"].is_unique


def test_a_line_read_backwards_has_the_same_classes() -> None:
    forth, back = (sections(line(6000, backwards=turned)) for turned in (False, True))
    told = [
        sorted(zip(found["class_used"], np.round(found.length, 3), strict=True))
        for found in (forth, back)
    ]
    assert told[0] == told[1]
    assert len(set(forth["class_used"])) > 1


def test_one_more_dwelling_lowers_no_class() -> None:
    rng = np.random.default_rng(3)
    fewer = dwellings(beside(TOWN), VALUES)
    for _ in range(10):
        x = int(rng.uniform(0, 5900))
        more = dwellings(beside(f"{TOWN} {x}:{x}:1@{int(rng.uniform(0, 199))}"), VALUES)
        before, after = (elements(line(6000), homes, near, VALUES)[0] for homes in (fewer, more))
        assert (after["rank"] >= before["rank"]).all()


def test_what_is_on_record_outranks_what_is_counted() -> None:
    found = sections(line(3000, class_location="四级"))
    assert set(found["class_used"]) == {"四级"}


@settings(max_examples=30, deadline=None, derandomize=True)
@given(size=st.floats(50, 1500), pressure=st.floats(0.1, 15), more=st.floats(1.01, 3))
def test_the_impact_radius_grows_with_size_and_pressure(
    size: float, pressure: float, more: float
) -> None:
    base, wider, higher = impact_radius_m(
        np.array([size, more * size, size]), np.array([pressure, pressure, more * pressure]), 0.099
    )
    assert wider == pytest.approx(more * base)
    assert higher == pytest.approx(math.sqrt(more) * base)


@pytest.mark.parametrize(
    ("said", "away_m", "items"),
    [
        # GB 32167-2015 Table 2; 0.099 sqrt(813^2 x 10) = 254.5 m, 0.099 sqrt(219^2 x 1) = 21.7 m.
        ({"medium": "天然气", "diameter_mm": 813.0, "maop_mpa": 10.0}, 230.0, "气c"),
        ({"medium": "液化石油气", "diameter_mm": 813.0, "maop_mpa": 10.0}, 230.0, None),
        ({"medium": "液化石油气", "diameter_mm": 813.0, "maop_mpa": 10.0}, 190.0, "气e"),
        ({"medium": "天然气", "diameter_mm": 219.0, "maop_mpa": 1.0}, 20.0, "气d"),
        ({"medium": "天然气", "diameter_mm": 219.0, "maop_mpa": 1.0}, 190.0, None),
        ({"medium": "液化石油气", "diameter_mm": 219.0, "maop_mpa": 1.0}, 190.0, "气e"),
    ],
)
def test_only_natural_gas_has_items_that_rest_on_the_impact_radius(
    said: dict[str, Any], away_m: float, items: str | None
) -> None:
    pipes = line(1000, class_location="一级", **said)
    school = {"id": 9, "key": "9", "geometry": shapely.Point(500, away_m)}
    schools = toyland.site_frame("school", [school])
    sites = {**toyland.empty_sites(), "gas_pipeline": pipes, "school": schools}
    found = high_consequence.sections(pipes, toyland.scene(sites), VALUES)
    assert set(found["hca_items"].dropna()) == ({items} if items else set())


def test_an_assessed_lpg_line_says_that_its_reach_is_fixed_and_has_no_gap() -> None:
    pipes = line(
        500, medium="液化石油气", assessment_no="识别〔2026〕1号", class_location="一级",
        hca="非高后果区", built_year=2015.0, encroached=False, third_party_works=False,
        cathodic_fault=False,
    )  # fmt: skip
    scene = toyland.scene({**toyland.empty_sites(), "gas_pipeline": pipes})
    told = registry.model("gas").sources(scene, VALUES)["evidence"].iloc[0]
    assert told["dq"] == []
    assert "不适用" in told["radius_basis"]
    assert "impact_radius_m" not in told


def raised(pipes: gpd.GeoDataFrame, works: list[dict[str, Any]], **sites: Any) -> dict[str, Any]:
    """Return rule and evidence of what is noted of works and mines beside a line."""
    columns = ("site", "works", "works_type", "clear_m", "approved", "starts_on", "ends_on")
    table = pd.DataFrame(
        {name: np.array([row.get(name) for row in works], dtype=object) for name in columns}
    ).astype({"site": np.int64, "clear_m": np.float64})
    frames = {kind: toyland.site_frame(kind, rows) for kind, rows in sites.items()}
    scene = toyland.scene(
        {**toyland.empty_sites(), "gas_pipeline": pipes, **frames},
        records={"pipeline_works": table},
    )
    found = registry.model("gas").flags(scene, VALUES)
    told = zip(found["rule"], found["evidence"], strict=True)
    return {rule: evidence for rule, evidence in told if "works" in rule or "ing_" in rule}


@pytest.mark.parametrize(
    ("crossing", "works_type", "clear_m", "approved", "rule", "level"),
    [
        # METHOD 5.2: 5 m forbidden (red), 50 m any works, 200 m what digs, drills or blasts
        # (orange); 500 m at river crossings, 1000 m at dedicated tunnels.
        (None, "其他", 5.0, True, "gas_works_forbidden", "红"),
        (None, "其他", 50.0, False, "gas_works_strip", "橙"),
        (None, "其他", 51.0, False, None, None),
        (None, "爆破", 200.0, False, "gas_works_strip", "橙"),
        (None, "爆破", 201.0, False, None, None),
        (None, "采砂采石", 200.0, False, "gas_works_strip", "橙"),
        ("河流穿越", "爆破", 200.0, False, "gas_works_strip", "橙"),
        ("河流穿越", "爆破", 500.0, False, "gas_works_crossing", "橙"),
        ("河流穿越", "采砂采石", 500.0, None, "gas_works_crossing", "橙"),
        ("河流穿越", "爆破", 501.0, False, None, None),
        ("河流穿越", "爆破", 400.0, True, None, None),
        ("河流穿越", "开挖", 400.0, False, None, None),
        ("专用隧道", "爆破", 1000.0, False, "gas_works_crossing", "橙"),
        ("专用隧道", "爆破", 1001.0, False, None, None),
    ],
)
def test_works_beside_a_long_distance_line_are_noted_with_their_level(
    crossing: str | None,
    works_type: str,
    clear_m: float,
    approved: bool | None,
    rule: str | None,
    level: str | None,
) -> None:
    works = {"site": 7, "works_type": works_type, "clear_m": clear_m, "approved": approved}
    found = raised(line(1000, crossing=crossing), [works])
    assert {name: told.get("level") for name, told in found.items()} == (
        {rule: level} if rule else {}
    )


@pytest.mark.parametrize(
    ("crossing", "away_m", "rule"),
    [
        (None, 200.0, "gas_mining_beside"),
        (None, 201.0, None),
        ("河流穿越", 200.0, "gas_mining_beside"),
        ("河流穿越", 500.0, "gas_mining_crossing"),
        ("河流穿越", 501.0, None),
        ("专用隧道", 1000.0, "gas_mining_crossing"),
        ("专用隧道", 1001.0, None),
    ],
)
def test_mines_are_noted_farther_off_where_a_line_crosses_a_river_or_lies_in_a_tunnel(
    crossing: str | None, away_m: float, rule: str | None
) -> None:
    mine = {"id": 9, "key": "9", "geometry": shapely.box(400, away_m, 600, away_m + 100)}
    found = raised(line(1000, crossing=crossing), [], mine=[mine])
    assert {name: told["level"] for name, told in found.items()} == ({rule: "橙"} if rule else {})


def test_works_beside_city_gas_have_no_level_of_the_pipeline_law() -> None:
    works = {"site": 7, "works_type": "爆破", "clear_m": 0.4}
    city = line(1000, regime="城镇燃气", pressure_class="低压", crossing="专用隧道")
    found = raised(city, [works, {**works, "clear_m": 400.0}])
    assert set(found) == {"gas_works_forbidden"}
    assert "level" not in found["gas_works_forbidden"]
