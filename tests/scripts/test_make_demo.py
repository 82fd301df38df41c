"""The demonstration town: made again byte for byte, whole, consistent and plainly invented."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from gis.domain import hazards as cases
from gis.domain.apportion import home_codes
from gis.domain.crs import to_metres
from gis.domain.kinds import RecordKind
from gis.files.passports import load_kinds, load_levels, load_records
from gis.files.rasters import read_heights
from gis.files.read import read_places
from scripts.demo_town.coverage import UNKNOWN_BUT
from scripts.demo_town.villages import NAMES, PROFILES, UNKNOWN_VILLAGE
from scripts.make_demo import DATA, main

KINDS = {slug: kind for slug, kind in load_kinds(DATA / "sites").items() if kind.registered}
"""What people register; what instruments tell of is not made up."""
LEVELS = load_levels(DATA / "boundaries")
TOLD = [
    sort
    for sort in load_records(DATA / "records", KINDS).values()
    if (DATA / "records" / f"模拟_{sort.slug}.csv").exists()
]
COMMON = ["code", "name", "accuracy_m", "verified_on", "source", "synthetic"]
COUNTS = {
    "enterprise": 756,
    "mine": 6,
    "self_built_house": 3000,
    "fire_monitor": 40,
    "small_place": 2000,
    "school": 16,
    "hospital": 2,
    "elderly_home": 3,
    "gas_station": 6,
    "lpg_station": 4,
    "water_source": 30,
}
RELIEF = DATA / "boundaries" / "模拟_relief.tif"
AS_OF = dt.date.fromisoformat((DATA / "sites" / "模拟_as_of.txt").read_text("utf-8").strip())


def files() -> list[Path]:
    """Return the committed files that the command makes, relative to the data folder."""
    made = [*DATA.glob("*/模拟_*"), DATA / "codes" / "small_place_type.csv"]
    return sorted(path.relative_to(DATA) for path in made)


@cache
def features(name: str) -> list[dict[str, Any]]:
    """Return the features of a committed file."""
    folder = "boundaries" if name in LEVELS else "sites"
    text = (DATA / folder / f"模拟_{name}.geojson").read_text("utf-8")
    found: list[dict[str, Any]] = json.loads(text)["features"]
    return found


def records(name: str) -> list[dict[str, Any]]:
    """Return the properties of a committed file."""
    return [feature["properties"] for feature in features(name)]


@cache
def frame_m(name: str) -> gpd.GeoDataFrame:
    """Return a committed file in metres."""
    return to_metres(gpd.GeoDataFrame.from_features(features(name), crs="EPSG:4490"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the town once more."""
    folder = tmp_path_factory.mktemp("demo")
    done = CliRunner().invoke(main, ["--out", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def test_the_same_files_come_out_byte_for_byte(made: Path) -> None:
    again = sorted(p.relative_to(made) for p in made.rglob("*") if p.is_file())
    assert again == files()
    changed = [str(p) for p in again if (made / p).read_bytes() != (DATA / p).read_bytes()]
    assert changed == []


def test_all_files_together_stay_below_six_megabytes() -> None:
    assert sum((DATA / path).stat().st_size for path in files()) < 6_000_000


def test_the_numbers_of_places_are_those_of_the_town() -> None:
    assert {kind: len(features(kind)) for kind in COUNTS} == COUNTS
    assert 5_900 < sum(len(features(kind)) for kind in KINDS) < 6_700
    categories = Counter(r["category"] for r in records("enterprise"))
    assert categories["铝加工深井铸造"] == 2
    assert 5 <= categories["危化品生产储存"] <= 15
    assert Counter(r["source_type"] for r in records("water_source"))["蓄水池"] == 6


def test_the_relief_is_small_and_says_that_it_is_invented() -> None:
    content = RELIEF.read_bytes()
    assert len(content) < 400_000
    assert "模拟数据".encode() in content


def test_the_relief_has_low_mountains_in_the_west_and_flat_reservoirs() -> None:
    town_m = frame_m("town").total_bounds.tolist()
    found = read_heights(
        RELIEF, box_m=(town_m[0], town_m[1], town_m[2], town_m[3]), crs="EPSG:4549"
    )
    rows, columns = np.indices(found.height_m.shape)
    x_m = found.west_m + found.cell_m * (columns + 0.5)
    y_m = found.north_m - found.cell_m * (rows + 0.5)
    third_m = found.west_m + (town_m[2] - town_m[0]) / 3
    assert 250 < found.height_m[x_m < third_m].max() < 400
    assert found.height_m[x_m > third_m + 3000].max() < 60
    assert found.height_m.min() >= 2
    lakes = frame_m("water_source").geometry
    wet = [found.height_m[shapely.contains_xy(lake, x_m, y_m)] for lake in lakes[lakes.area > 0]]
    assert len(wet) == 24
    assert all(np.ptp(level) == 0 for level in wet if len(level))
    assert sum(len(level) > 1 for level in wet) > 10


@pytest.mark.parametrize("sort", TOLD, ids=[sort.slug for sort in TOLD])
def test_every_record_belongs_to_a_place_and_says_that_it_is_invented(sort: RecordKind) -> None:
    path = DATA / "records" / f"模拟_{sort.slug}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    fields = [field.name for field in sort.fields]
    assert list(rows[0]) == ["code", *fields, "source", "synthetic"]
    assert {row["code"] for row in rows} <= {place["code"] for place in records(sort.of)}
    assert {(row["source"], row["synthetic"]) for row in rows} == {("模拟数据", "True")}
    keys = [(row["code"], *(row[name] for name in sort.key)) for row in rows]
    assert len(set(keys)) == len(keys)


def test_the_villages_tile_the_town_without_gap_or_overlap() -> None:
    villages = frame_m("village").geometry.to_numpy()
    town = frame_m("town").geometry.iloc[0]
    assert len(villages) == 16
    assert shapely.is_valid(villages).all()
    assert shapely.coverage_is_valid(villages)
    assert shapely.symmetric_difference(shapely.union_all(villages), town).area < 1.0
    assert abs(shapely.area(villages).sum() - town.area) < 1.0


def test_stored_degrees_tile_too() -> None:
    shapes = gpd.GeoDataFrame.from_features(features("village")).geometry.to_numpy()
    town = gpd.GeoDataFrame.from_features(features("town")).geometry.iloc[0]
    assert shapely.coverage_is_valid(shapes)
    assert shapely.coverage_union_all(shapes).equals(town)


def test_the_town_is_about_as_large_as_published() -> None:
    assert frame_m("town").area.iloc[0] / 1e6 == pytest.approx(234.7, rel=0.01)


def test_the_villages_have_their_real_codes_and_names() -> None:
    lines = [line for line in NAMES.read_text("utf-8").splitlines() if not line.startswith("#")]
    real = {row["code"]: row["name"].removesuffix("村委会") for row in csv.DictReader(lines)}
    assert {r["code"]: r["name"] for r in records("village")} == real
    assert set(PROFILES) == set(real)


def test_about_forty_eight_thousand_people_live_there() -> None:
    known = [r for r in records("village") if r["residents"] is not None]
    assert 45_000 < sum(r["residents"] for r in known) < records("town")[0]["residents"] < 50_000
    assert all(r["aged_65"] + r["aged_14"] < r["residents"] for r in known)


@pytest.mark.parametrize("name", [*KINDS, *("village", "town", "hazard")])
def test_every_feature_says_that_it_is_synthetic(name: str) -> None:
    assert {(r["synthetic"], r["source"]) for r in records(name)} == {(True, "模拟数据")}


@pytest.mark.parametrize("kind", KINDS)
def test_no_place_has_a_name_without_moni(kind: str) -> None:
    assert all(r["name"].startswith("模拟") for r in records(kind))
    codes = [r["code"] for r in records(kind)]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", KINDS)
def test_no_person_and_no_firm_is_real(kind: str) -> None:
    for record in records(kind):
        assert re.fullmatch(r"模拟[甲乙丙丁戊己庚辛壬癸]\d{3}", record.get("owner") or "模拟甲000")
        assert re.fullmatch(r"000-0000\d{4}", record.get("phone") or "000-00000000")
        assert (record.get("uscc") or "MOCK").startswith("MOCK")  # O is no letter of a real code
        assert (record.get("operator") or "模拟").startswith("模拟")


@pytest.mark.parametrize("kind", KINDS)
def test_the_reader_takes_every_row_and_column(kind: str) -> None:
    path = DATA / "sites" / f"模拟_{kind}.geojson"
    passport = KINDS[kind]
    codes = {"small_place_type": {row["code"]: row["code"] for row in place_types()}}
    incoming = read_places(path, passport.fields, passport.geometry, codes=codes)
    assert incoming.rejected == ()
    assert incoming.unmapped == ()
    assert len(incoming.rows) == len(features(kind))
    columns = [*COMMON, *(field.name for field in passport.fields)]
    assert all(list(record) == columns for record in records(kind))


@pytest.mark.parametrize("level", ["village", "town"])
def test_the_reader_takes_every_area(level: str) -> None:
    path = DATA / "boundaries" / f"模拟_{level}.geojson"
    incoming = read_places(path, LEVELS[level].fields, frozenset({"polygon"}))
    assert (incoming.rejected, incoming.unmapped) == ((), ())


def test_the_reader_takes_every_hazard_case() -> None:
    path = DATA / "sites" / "模拟_hazard.geojson"
    point = frozenset({"point"})
    incoming = read_places(path, cases.FIELDS, point, place_needed=False)  # type: ignore[arg-type]
    assert (incoming.rejected, incoming.unmapped) == ((), ())


def test_coordinates_are_short_and_numbers_finite_and_lines_hold_one_feature() -> None:
    for path in (p for p in files() if p.suffix == ".geojson"):
        text = (DATA / path).read_text("utf-8")
        assert "NaN" not in text
        lines = text.splitlines()[1:-1]
        assert all(line.startswith('{"type":"Feature"') for line in lines)
        assert len(lines) == len(json.loads(text)["features"])
        assert not re.search(r"1\d\d\.\d{7}", text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_is_valid_and_lies_in_a_village(kind: str) -> None:
    shapes = frame_m(kind).geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    homes = home_codes(shapes, frame_m("village"))
    assert all(code is not None for code in homes)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("enterprise", "risk_colour"), ("enterprise", "workers_max_shift"),
        ("self_built_house", "structure"), ("self_built_house", "residents"),
        ("small_place", "peak_people"), ("small_place", "exits"),
        ("forest", "species"), ("gas_pipeline", "built_year"), ("fire_monitor", "operator"),
    ],
)  # fmt: skip
def test_some_records_lack_attributes_as_in_life(kind: str, field: str) -> None:
    values = [record[field] for record in records(kind)]
    assert 0.02 < values.count(None) / len(values) < 0.18


def test_houses_do_not_overlap() -> None:
    shapes = frame_m("self_built_house").geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = a < b
    assert shapely.area(shapely.intersection(shapes[a[pairs]], shapes[b[pairs]])).sum() < 1.0


def test_forest_compartments_are_about_2000_ha_and_do_not_overlap() -> None:
    shapes = frame_m("forest").geometry.to_numpy()
    assert shapely.area(shapes).sum() / 1e4 == pytest.approx(2000, rel=0.02)
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(shapely.area(shapes).sum())
    middle = frame_m("town").geometry.iloc[0].centroid.x
    assert shapely.get_x(shapely.centroid(shapes)).max() < middle


def test_pipelines_are_120_km_and_one_of_them_goes_far() -> None:
    pipes = frame_m("gas_pipeline")
    assert pipes.length.sum() == pytest.approx(120_000, rel=0.01)
    far = pipes[pipes["regime"] == "长输管道"].geometry
    assert shapely.line_merge(shapely.union_all(far.to_numpy())).geom_type == "LineString"


def test_somebody_lives_in_the_band_of_one_quarry_only() -> None:
    mines, houses = frame_m("mine"), frame_m("self_built_house")
    near = [houses.distance(pit) < 300 for pit in mines.geometry]
    assert sorted(int(hit.sum()) for hit in near) == [0, 0, 0, 0, 0, 3]
    home = home_codes(houses.geometry[np.any(near, axis=0)], frame_m("village"))
    assert PROFILES[home[0]].raised


def test_the_plans_houses_are_there() -> None:
    named = Counter(r["use"] == "经营" for r in records("self_built_house") if "对象" in r["name"])
    assert named == {True: 1, False: 3}


def test_a_few_monitoring_points_are_down_since_a_known_day() -> None:
    down = [r for r in records("fire_monitor") if r["status"] == "离线"]
    assert 3 <= len(down) <= 4
    assert sum(r["offline_since"] is None for r in down) == 1


def test_at_most_six_villages_may_be_raised_by_a_flag() -> None:
    assert sum(profile.raised for profile in PROFILES.values()) <= 6


def test_major_hazard_installations_lie_where_a_class_may_be_raised() -> None:
    plants = frame_m("enterprise")
    major = plants[plants["mhi_level"].isin(["一级", "二级", "三级", "四级"])]
    assert (major["mhi_level"].isin(["一级", "二级"])).sum() <= 1
    assert len(major) >= 3
    assert all(PROFILES[v].raised for v in home_codes(major.geometry, frame_m("village")))


def test_hazard_cases_are_consistent() -> None:
    for case in records("hazard"):
        found = dt.date.fromisoformat(case["found_on"])
        assert dt.date(2023, 1, 1) <= found <= AS_OF
        assert case["state"] in cases.STATES
        assert case["due_on"] is None or case["due_on"] > case["found_on"]
        assert (case["closed_on"] is not None) == (case["state"] in {"已销号", "归档"})
        if case["closed_on"]:
            assert case["found_on"] < case["closed_on"] <= AS_OF.isoformat()
            archived = (AS_OF - dt.date.fromisoformat(case["closed_on"])).days > 90
            assert archived == (case["state"] == "归档")
        assert (case["level"] == "重大") == (case["judge_std"] is not None)
        assert (case["inspection_id"] is not None) == (case["channel"] == "督导检查")


def test_hazard_cases_are_as_many_as_asked_and_few_are_overdue() -> None:
    found = records("hazard")
    assert len(found) == 800
    assert sum(case["state"] in cases.OPEN_STATES for case in found) >= 100
    late = [
        c for c in found if c["state"] in cases.DUE_STATES and (c["due_on"] or "9") < str(AS_OF)
    ]
    assert 5 <= len(late) <= 15
    assert sum(case["level"] == "重大" for case in late) == 2


def test_hazard_cases_belong_to_sites_that_exist_or_have_a_place() -> None:
    known = {(kind, record["code"]) for kind in KINDS for record in records(kind)}
    for feature in features("hazard"):
        site = feature["properties"]["site_kind"], feature["properties"]["site_code"]
        assert site in known or (site == (None, None) and feature["geometry"] is not None)


def test_open_major_cases_lie_where_a_class_may_be_raised() -> None:
    homes = {
        (kind, code): village
        for kind in KINDS
        for code, village in zip(
            frame_m(kind)["code"],
            home_codes(frame_m(kind).geometry, frame_m("village")),
            strict=True,
        )
    }
    major = [
        homes[case["site_kind"], case["site_code"]]
        for case in records("hazard")
        if case["level"] == "重大" and case["state"] in cases.OPEN_STATES
    ]
    assert major
    assert all(PROFILES[village].raised for village in major)


def test_no_four_cases_share_a_position() -> None:
    spots = Counter(str(f["geometry"]) for f in features("hazard") if f["geometry"])
    assert max(spots.values()) <= 3  # METHOD 8.7 takes more for a village's centre


def test_coverage_has_a_row_for_every_kind_and_village() -> None:
    with (DATA / "sites" / "模拟_coverage.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(r["kind"], r["village"]) for r in rows} == {(k, v) for k in KINDS for v in PROFILES}
    assert len(rows) == len(KINDS) * len(PROFILES)
    gaps = Counter(r["status"] for r in rows if r["village"] != UNKNOWN_VILLAGE)
    assert gaps["none"] == 0
    assert gaps["partial"] > 0
    blank = [r for r in rows if r["village"] == UNKNOWN_VILLAGE and r["status"] == "none"]
    assert len(blank) == len(KINDS) - len(UNKNOWN_BUT)


def test_of_one_village_nearly_nothing_is_known() -> None:
    without = [r["code"] for r in records("village") if r["residents"] is None]
    assert without == [UNKNOWN_VILLAGE]


def test_twelve_types_of_small_places_and_temples_say_that_they_are_examples() -> None:
    rows = place_types()
    assert len(rows) == 13
    assert all(row["title_zh"].endswith("（示例类型，待镇里核定）") for row in rows)
    used = {record["place_type"] for record in records("small_place")} - {None}
    assert used == {row["code"] for row in rows} - {"temple"}
    shares = {row["code"]: float(row["occupancy"]) for row in rows}
    assert {code: share for code, share in shares.items() if share != 0.3} == {"temple": 0.05}


def place_types() -> list[dict[str, str]]:
    """Return the rows of the code table."""
    with (DATA / "codes" / "small_place_type.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
