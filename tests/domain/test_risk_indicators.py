"""Vulnerability and lack of coping: a township worked by hand, and that unknown is never low."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.risk.assess import Snapshot
from gis.domain.risk.indicators import (
    COLUMNS,
    INDICATORS,
    as_json,
    dimensions,
    indicators,
    score,
)
from gis.domain.risk.receptors import receptors
from tests import toyland

EXPOSURE = toyland.VALUES["exposure"]
GOLDEN = Path(__file__).parent.parent / "golden" / "exposure.csv"
NAMES = [entry.name for entry in INDICATORS]
AREAS = {"A": toyland.A, "B": toyland.B, "C": toyland.C}
SEEDS = st.integers(0, 2**32 - 1)
quick = settings(max_examples=8, deadline=None, derandomize=True)
point = shapely.Point

Rows = Sequence[Mapping[str, Any]]

HOUSES: Rows = [
    {"id": 1, "x": 500, "residents": 125, "built_year": 1985},
    {"id": 2, "x": 1000, "residents": 125, "built_year": 1995, "screening": "未发现"},
    {"id": 3, "x": 1500, "residents": 125, "built_year": 2001, "grade": "A"},
    {"id": 4, "x": 1800, "residents": 125},
    {"id": 5, "x": 2500, "residents": 400, "built_year": 2005, "screening": "未发现"},
    {"id": 6, "x": 3500, "residents": 400, "built_year": 2010, "grade": "B"},
    {"id": 7, "x": 4500, "residents": 100, "built_year": 2000, "grade": "D"},
    {"id": 8, "x": 5000, "residents": 100},
    {"id": 9, "x": 5500, "residents": 100, "built_year": 1990},
    {"id": 10, "x": 5600, "residents": 0, "built_year": 1950, "use": "闲置"},
]
TOWNSHIP: Mapping[str, Rows] = {
    "self_built_house": HOUSES,
    "school": [{"id": 11, "x": 1900, "pupils": 300, "staff": 0}],
    "elderly_home": [{"id": 12, "x": 5100, "residents": 60, "staff": 0}],
    "enterprise": [
        {"id": 13, "geometry": shapely.box(2050, 900, 2250, 1100), "workers_max_shift": 120}
    ],
    "small_place": [
        {"id": 14, "x": 5900, "peak_people": 90, "fire_staff": True},
        {"id": 15, "x": 5900, "peak_people": 0},
    ],
    "building": [{"id": 16, "geometry": shapely.box(3900, 990, 3920, 1010)}],
    "fire_station": [
        {"id": 17, "x": 0, "station_type": "专职消防队"},
        {"id": 18, "x": 5000, "station_type": "微型消防站"},
    ],
    "road": [
        {"id": 19, "geometry": shapely.LineString([(0, 1000), (6000, 1000)]), "road_class": "村道"}
    ],
    "water_source": [
        {"id": 20, "geometry": point(1000, 1100), "source_type": "消火栓", "usable": True},
        {"id": 21, "geometry": point(3500, 1000), "source_type": "水塘"},
        {"id": 22, "x": 4500, "source_type": "蓄水池", "volume_m3": 20, "usable": True},
        {"id": 23, "geometry": point(5000, 1150), "source_type": "水塘", "usable": True},
    ],
    "forest": [
        {"id": 24, "geometry": shapely.box(0, 0, 1000, 1000)},
        {"id": 25, "geometry": shapely.box(2000, 0, 3000, 300)},
        {"id": 26, "geometry": shapely.box(4000, 0, 5000, 600)},
    ],
    "fire_monitor": [
        {"id": 27, "geometry": point(500, 500), "range_m": 300, "status": "在线"},
        {"id": 28, "geometry": point(4500, 300), "range_m": 5000, "status": "离线"},
    ],
}
COVERED = pd.DataFrame(
    {
        "area": [toyland.A, toyland.B, toyland.C],
        "forest_m2": [1_000_000.0, 300_000.0, 600_000.0],
        "high_m2": [1_000_000.0, 300_000.0, 600_000.0],
        "high_seen_m2": [math.pi * 300**2, 0.0, 0.0],
    }
)
"""What devices see of the forest: a circle of 300 m in A; B has only 30 ha of it."""

PEOPLE_OF = {
    "aged_65": [150.0, 80.0, 150.0],
    "aged_14": [50.0, 240.0, 0.0],
    "disabled": [25.0, np.nan, 0.0],
    "drill_share": [1.0, 0.65, np.nan],
}
KEPT = {"state": "已销号", "due_on": "2026-03-01", "closed_on": "2026-03-01"}
LATE = {"state": "归档", "due_on": "2025-12-01", "closed_on": "2025-12-02"}
OPEN = {"state": "整改中", "due_on": "2026-06-29"}
LEFT_OUT: Rows = [
    {**KEPT, "due_on": "2025-06-29", "closed_on": "2025-06-01", "site": 13},
    {**OPEN, "due_on": "2026-06-30", "site": 13},
    {**OPEN, "state": "待核实", "site": 13},
    {**OPEN, "state": "不成立", "site": 13},
    {**OPEN, "due_on": None, "site": 13},
]
HAZARDS: Rows = [
    *({**KEPT, "site": 11} for _ in range(4)),
    {**LATE, "site": 11},
    {**OPEN, "geometry": point(100, 100)},
    {**KEPT, "site": 13},
    {**OPEN, "village": "320413109002"},
    *({**KEPT, "site": 12} for _ in range(5)),
    *LEFT_OUT,
]


def _golden() -> list[dict[str, str]]:
    lines = GOLDEN.read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return _indicators(_snapshot())


@pytest.mark.parametrize("row", _golden(), ids=lambda row: f"{row['area']} {row['name']}")
def test_an_indicator_is_what_was_worked_by_hand(found: pd.DataFrame, row: dict[str, str]) -> None:
    entry = _one(found, AREAS[row["area"]], row["name"])
    assert entry["weight"] == float(row["weight"])
    assert entry["value"] == pytest.approx(_worked(row["value_worked"]), abs=1e-9, nan_ok=True)
    scored = _worked(row["score_worked"])
    assert entry["score"] == pytest.approx(scored, abs=1e-8, nan_ok=True)
    assert entry["known"] == (row["value_worked"] != "")
    if not entry["known"]:
        assert entry["least"] == pytest.approx(_worked(row["least_worked"]))
        assert entry["dq"]


def test_the_township_was_worked_whole() -> None:
    assert [(row["area"], row["name"]) for row in _golden()] == [
        (area, name) for area in AREAS for name in NAMES
    ]


def test_the_dimensions_are_the_weighted_means_worked_by_hand(found: pd.DataFrame) -> None:
    both = dimensions(found, EXPOSURE)
    assert both["area"].tolist() == list(AREAS.values())
    # A: 0.3 x 6.667 + 0.15 x 4 + 0.25 x 6.667 + 0.15 x 10; unknown dependent of B counts its 10,
    # the unknown dwellings of C count their 10.
    assert both["V"].tolist() == pytest.approx([5.766667, 1.891304, 6.772727], abs=1e-6)
    assert both["v_known"].tolist() == pytest.approx([1.0, 0.85, 0.75])
    # A: (1.125 + 1.333333 + 0.896571) / 0.9; B: (0.3 + 1.5 + 0.923077 + 0.75) / 0.8;
    # C: 0.9 + 1.125 + 0 + 0.25 + 1 + 0.15 x 5.
    assert both["C"].tolist() == pytest.approx([3.727673, 4.341346, 4.025], abs=1e-4)
    assert both["c_known"].tolist() == pytest.approx([1.0, 1.0, 0.85])


def test_what_is_kept_with_a_score_is_plain_json_in_per_cent(found: pd.DataFrame) -> None:
    kept = as_json(found, dimensions(found, EXPOSURE), EXPOSURE)
    assert json.loads(json.dumps(kept[toyland.B], allow_nan=False)) == kept[toyland.B]
    vulnerability = kept[toyland.B]["vulnerability"]
    assert vulnerability["score"] == pytest.approx(1.891304, abs=1e-6)
    assert (vulnerability["known"], vulnerability["known_share"]) == (True, pytest.approx(0.85))
    aged, dependent = vulnerability["indicators"][:2]
    assert (aged["value"], aged["unit"], aged["weight"]) == (pytest.approx(10.0), "%", 0.3)
    assert (dependent["value"], dependent["score"], dependent["known"]) == (None, None, False)
    assert [row["name"] for row in kept[toyland.B]["coping"]["indicators"]] == NAMES[5:]
    assert kept[toyland.B]["coping"]["indicators"][0]["value"] == pytest.approx(7.0)


def test_what_is_unknown_and_why_is_said(found: pd.DataFrame) -> None:
    said = dimensions(found, EXPOSURE)["dq"]
    assert "14岁及以下与残疾人比例：登记不全" in said[1]
    assert "隐患按期整改率：到期隐患不足5件，按全镇平均" in said[1]
    assert "老旧和危险住房比例：查明的不足一半" in said[2]
    assert not any("不计此项" in words for words in said[1])


@pytest.mark.parametrize(
    ("name", "good", "bad", "between", "expected"),
    [
        ("aged_65", 0.10, 0.40, 0.25, 5.0),
        ("dependent", 0.05, 0.30, 0.10, 2.0),
        ("old_dwellings", 0.0, 0.50, 0.05, 1.0),
        ("sensitive_places", 0.0, 30.0, 9.0, 3.0),
        ("non_resident", 0.0, 0.50, 0.35, 7.0),
        ("engine_minutes", 5.0, 25.0, 13.0, 4.0),
        ("water_far", 0.0, 1.0, 0.6, 6.0),
        ("closed_on_time", 1.0, 0.50, 0.90, 2.0),
        ("fire_staff", 1.0, 0.20, 0.36, 8.0),
        ("forest_unwatched", 0.0, 0.80, 0.20, 2.5),
        ("drill", 1.0, 0.30, 0.93, 1.0),
    ],
)
def test_the_anchors_are_those_of_method_6_3(
    name: str, good: float, bad: float, between: float, expected: float
) -> None:
    beyond_good, beyond_bad = 2 * good - bad, 2 * bad - good
    values = np.array([good, bad, between, beyond_good, beyond_bad, np.nan])
    scores = [0.0, 10.0, expected, 0.0, 10.0, np.nan]
    assert score(values, EXPOSURE, name).tolist() == pytest.approx(scores, nan_ok=True)


def test_the_weights_of_a_dimension_sum_to_one_and_are_those_of_method(found: pd.DataFrame) -> None:
    weights = {entry.name: EXPOSURE[entry.name]["weight"] for entry in INDICATORS}  # type: ignore[call-overload, index]
    assert list(weights.values()) == [0.3, 0.15, 0.25, 0.15, 0.15, 0.3, 0.15, 0.2, 0.1, 0.1, 0.15]
    assert [entry.dimension for entry in INDICATORS] == ["V"] * 5 + ["C"] * 6
    assert list(found.columns) == list(COLUMNS)


def test_where_nothing_at_all_is_known_both_dimensions_are_5() -> None:
    snapshot = toyland.snapshot(toyland.empty_sites(), coverage_of=toyland.coverage("none"))
    bare = COVERED.assign(forest_m2=0.0, high_m2=0.0, high_seen_m2=0.0)
    both = dimensions(_indicators(snapshot, bare), EXPOSURE)
    assert both["V"].tolist() == pytest.approx([5.0] * 3)
    assert both["C"].tolist() == pytest.approx([5.0] * 3)
    assert both["v_known"].tolist() == both["c_known"].tolist() == [0.0] * 3


def test_the_best_village_still_has_a_dimension_of_1() -> None:
    all_good = _indicators(_snapshot()).assign(score=0.0, known=True, weight=0.2)
    both = dimensions(all_good, EXPOSURE)
    assert both["V"].tolist() == both["C"].tolist() == [1.0] * 3


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("self_built_house", {"old_dwellings", "water_far", "non_resident"}),
        ("school", {"sensitive_places"}),
        ("hospital", {"sensitive_places"}),
        ("elderly_home", {"sensitive_places"}),
        ("enterprise", {"non_resident"}),
        ("tenant", {"non_resident"}),
        ("mine", {"non_resident"}),
        ("small_place", {"non_resident", "fire_staff"}),
        ("fire_station", {"engine_minutes"}),
        ("water_source", {"water_far"}),
        ("forest", {"forest_unwatched"}),
        ("fire_monitor", {"forest_unwatched"}),
    ],
)
def test_a_kind_that_nobody_surveyed_makes_its_indicators_unknown_never_good(
    found: pd.DataFrame, kind: str, names: set[str]
) -> None:
    blind = _indicators(_snapshot(coverage=toyland.coverage(**{kind: "none"})))
    counted = (found["weight"] > 0).to_numpy()
    unknown = blind[counted & found["known"].to_numpy() & ~blind["known"].to_numpy()]
    assert set(unknown["name"]) == names
    assert _filled(unknown).min() >= 5.0


@pytest.mark.parametrize(
    ("kind", "still_known"),
    [
        ("fire_station", True),
        ("water_source", True),
        ("fire_monitor", True),
        ("school", False),
        ("enterprise", False),
        ("self_built_house", False),
        ("small_place", False),
        ("forest", False),
    ],
)
def test_a_survey_in_part_will_do_only_where_more_finds_cannot_make_it_worse(
    found: pd.DataFrame, kind: str, still_known: bool
) -> None:
    part = _indicators(_snapshot(coverage=toyland.coverage(**{kind: "partial"})))
    assert (part["known"] == found["known"]).all() == still_known


def test_what_was_found_counts_although_the_survey_is_not_complete() -> None:
    part = _indicators(_snapshot(coverage=toyland.coverage(school="partial")))
    assert _one(part, toyland.A, "sensitive_places")["least"] == 10.0
    assert _filled(part)[(part["name"] == "sensitive_places").to_numpy()].tolist() == pytest.approx(
        [10.0, 5.0, 10 * 20 / 30]
    )


def test_where_the_town_is_known_to_have_no_fire_station_it_counts_as_the_worst() -> None:
    bare = {**TOWNSHIP, "fire_station": [TOWNSHIP["fire_station"][1]]}
    none = _indicators(_snapshot(bare))
    rows = none["name"] == "engine_minutes"
    assert not none.loc[rows, "known"].any()
    assert _filled(none[rows]).tolist() == [10.0] * 3
    coverage = toyland.coverage()
    elsewhere = (coverage["kind"] == "fire_station") & (coverage["village"] == "320413109003")
    coverage.loc[elsewhere, "status"] = "none"
    unsure = _indicators(_snapshot(bare, coverage=coverage))
    assert _filled(unsure[rows]).tolist() == [5.0] * 3


def test_without_roads_the_time_is_reckoned_straight_and_that_is_said() -> None:
    found = _indicators(_snapshot({**TOWNSHIP, "road": []}))
    entry = _one(found, toyland.B, "engine_minutes")
    assert entry["known"]
    assert entry["value"] == pytest.approx(1.4 * 3.5 / 40 * 60)
    assert entry["dq"] == "消防车到达九成人口的时间：100%的人口没有路网可循，按直线距离估算"


def test_without_a_register_or_with_too_few_cases_closing_is_unknown() -> None:
    for hazards in (None, toyland.hazard_frame([KEPT] * 4), toyland.hazard_frame([])):
        snapshot = dataclasses.replace(_snapshot(), hazards_m=hazards)
        rows = _indicators(snapshot).query("name == 'closed_on_time'")
        assert not rows["known"].any()
        assert rows["value"].isna().all()
        assert _filled(rows).tolist() == [5.0] * 3


def test_cases_at_no_village_count_for_the_mean_of_the_town() -> None:
    far = [{**OPEN, "geometry": point(9000, 9000)} for _ in range(13)]
    found = _indicators(_snapshot(hazards=[*HAZARDS, *far]))
    assert _one(found, toyland.B, "closed_on_time")["value"] == pytest.approx(10 / 26)
    assert _one(found, toyland.A, "closed_on_time")["value"] == pytest.approx(4 / 6)


def test_without_a_relief_what_is_watched_is_unknown_and_never_counts_less_than_with_one(
    found: pd.DataFrame,
) -> None:
    flat = dataclasses.replace(_snapshot(), relief=None)
    seen = COVERED.assign(high_seen_m2=[1_000_000.0, 0.0, 0.0])
    for covered, counts in ((seen, 5.0), (COVERED, 10 * (1 - math.pi * 0.09) / 0.8)):
        guessed = _indicators(flat, covered=covered)
        entry = _one(guessed, toyland.A, "forest_unwatched")
        assert not entry["known"]
        assert entry["dq"] == "监测未覆盖的高火险森林比例：监测范围未考虑地形遮挡"
        rows = (guessed["name"] == "forest_unwatched").to_numpy()
        assert _filled(guessed)[rows].tolist() == pytest.approx([counts, 5.0, 10.0])
    assert _one(found, toyland.C, "forest_unwatched")["dq"] == ""


def test_forest_without_high_hazard_leaves_its_watching_out() -> None:
    tame = COVERED.assign(high_m2=0.0, high_seen_m2=0.0)
    entry = _one(_indicators(_snapshot(), covered=tame), toyland.A, "forest_unwatched")
    assert entry["weight"] == 0.0
    assert entry["dq"] == "监测未覆盖的高火险森林比例：没有高火险森林，不计此项"


def test_a_place_that_records_no_beds_counts_the_people_it_holds() -> None:
    homes = [{"id": 12, "x": 5100, "residents": 60, "staff": 0, "beds": 90}]
    found = _indicators(_snapshot({**TOWNSHIP, "elderly_home": homes}))
    assert _one(found, toyland.C, "sensitive_places")["value"] == pytest.approx(30.0)
    guessed = [{"id": 12, "x": 5100}]
    unsure = _indicators(_snapshot({**TOWNSHIP, "elderly_home": guessed}))
    assert not _one(unsure, toyland.C, "sensitive_places")["known"]


def test_a_village_of_nobody_is_not_divided_by_zero() -> None:
    snapshot = toyland.snapshot(
        toyland.empty_sites(), coverage_of=toyland.coverage(), a=0, b=0, c=0
    )
    areas = snapshot.areas_m.assign(aged_65=0.0)
    found = _indicators(dataclasses.replace(snapshot, areas_m=areas))
    assert found.query("name == 'aged_65'")["score"].tolist() == [0.0] * 3
    assert found.query("name == 'non_resident'")["score"].tolist() == [0.0] * 3
    assert np.isfinite(dimensions(found, EXPOSURE)[["V", "C"]].to_numpy()).all()


def test_where_residents_are_not_recorded_those_of_a_complete_survey_stand_in() -> None:
    snapshot = _snapshot()
    areas = snapshot.areas_m.assign(residents=np.nan)
    counted = _indicators(dataclasses.replace(snapshot, areas_m=areas))
    assert _one(counted, toyland.A, "aged_65")["value"] == pytest.approx(0.3)
    part = toyland.coverage(self_built_house="partial")
    unknown = _indicators(dataclasses.replace(snapshot, areas_m=areas, coverage=part))
    assert not unknown.query("name == 'aged_65'")["known"].any()


@quick
@given(st.lists(st.floats(0, 500), min_size=2, max_size=2))
def test_more_elderly_never_lower_the_vulnerability(aged: list[float]) -> None:
    fewer, more = sorted(aged)
    v = []
    for count in (fewer, more):
        snapshot = _snapshot()
        areas = snapshot.areas_m.assign(aged_65=[count, 80.0, 150.0])
        found = _indicators(dataclasses.replace(snapshot, areas_m=areas))
        v.append(dimensions(found, EXPOSURE)["V"][0])
    assert v[1] >= v[0] - 1e-12


@quick
@given(SEEDS)
def test_an_unknown_indicator_counts_5_or_what_was_found_if_worse(seed: int) -> None:
    found = _indicators(_random(seed))
    unknown = found[~found["known"] & (found["weight"] > 0)]
    assert (_filled(unknown) >= 5.0).all()
    assert unknown[["value", "score"]].isna().all(axis=None)
    known = found[found["known"]]
    assert known["score"].between(0, 10).all()
    both = dimensions(found, EXPOSURE)
    for name, least, most in (("V", 1, 10), ("C", 1, 10), ("v_known", 0, 1), ("c_known", 0, 1)):
        assert both[name].between(least, most).all()


@quick
@given(SEEDS)
def test_the_less_is_known_of_houses_the_less_good_they_look(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        {"id": n, "x": 100 * n, "residents": 3, "built_year": year, "screening": "未发现"}
        for n, year in enumerate(rng.integers(1960, 2020, size=12).astype(float), start=1)
    ]
    blank: Any = {"built_year": None, "screening": None}
    hidden: Rows = [
        row | blank if row["built_year"] >= 1990 and rng.random() < 0.5 else row for row in rows
    ]
    looks = []
    for houses in (rows, hidden):
        found = _indicators(_snapshot({"self_built_house": houses}))
        looks.append(_filled(found.query("name == 'old_dwellings'")))
    clear, dim = looks
    assert (dim >= clear - 1e-12).all()


@quick
@given(SEEDS)
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    snapshot = _random(seed)
    rng = np.random.default_rng(seed)
    mixed = dataclasses.replace(
        snapshot,
        sites_m={kind: _shuffled(frame, rng) for kind, frame in snapshot.sites_m.items()},
        areas_m=snapshot.areas_m.iloc[[2, 0, 1]],
        hazards_m=_shuffled(snapshot.hazards_m, rng),
    )
    pd.testing.assert_frame_equal(_indicators(snapshot), _indicators(mixed), rtol=1e-12)


def test_the_inputs_are_left_untouched() -> None:
    snapshot = _random(5)
    people = receptors(snapshot.sites_m, snapshot.kinds, snapshot.areas_m, toyland.INDEX)
    frames = [*snapshot.sites_m.values(), snapshot.areas_m, snapshot.hazards_m, people]
    before = [frame.copy(deep=True) for frame in frames if frame is not None]
    dimensions(indicators(snapshot, people, EXPOSURE, COVERED), EXPOSURE)
    assert all(was.equals(now) for was, now in zip(before, frames, strict=True))


def _snapshot(
    rows: Mapping[str, Rows] = TOWNSHIP,
    *,
    hazards: Rows = HAZARDS,
    coverage: pd.DataFrame | None = None,
) -> Snapshot:
    """Return the township; a place without a geometry stands at x on the road y = 1,000."""
    sites = {
        **toyland.empty_sites(),
        **{
            kind: toyland.site_frame(
                kind, [{"geometry": point(row.get("x", 0), 1000), **row} for row in of]
            )
            for kind, of in rows.items()
        },
    }
    known = toyland.coverage() if coverage is None else coverage
    snapshot = toyland.snapshot(sites, toyland.hazard_frame(hazards), known, a=500, b=800, c=300)
    areas_m = snapshot.areas_m.assign(**PEOPLE_OF)
    return dataclasses.replace(snapshot, areas_m=areas_m, relief=toyland.relief())


def _random(seed: int) -> Snapshot:
    rng = np.random.default_rng(seed)
    kinds = sorted(TOWNSHIP)
    sites = {
        kind: toyland.random_sites(kind, rng, int(rng.integers(0, 7)), first_id=100 * n)
        for n, kind in enumerate(kinds, start=1)
    }
    states = ["整改中", "已销号", "待核实"]
    cases = [
        {
            "code": str(n),
            "state": str(rng.choice(states)),
            "due_on": f"2026-0{rng.integers(1, 8)}-01",
            "closed_on": f"2026-0{rng.integers(1, 8)}-01",
            "geometry": point(rng.uniform(0, 6000), 500),
        }
        for n in range(int(rng.integers(0, 12)))
    ]
    coverage = toyland.coverage()
    coverage["status"] = rng.choice(["complete", "partial", "none"], size=len(coverage))
    snapshot = toyland.snapshot(
        {**toyland.empty_sites(), **sites}, toyland.hazard_frame(cases), coverage, a=400, b=90
    )
    drawn = {
        name: np.where(rng.random(3) < 0.3, np.nan, rng.uniform(0, 200, 3))
        for name in ("aged_65", "aged_14", "disabled")
    }
    return dataclasses.replace(snapshot, areas_m=snapshot.areas_m.assign(**drawn))


def _indicators(snapshot: Snapshot, covered: pd.DataFrame = COVERED) -> pd.DataFrame:
    people = receptors(snapshot.sites_m, snapshot.kinds, snapshot.areas_m, toyland.INDEX)
    return indicators(snapshot, people, EXPOSURE, covered)


def _filled(frame: pd.DataFrame) -> np.ndarray:
    """Return what each indicator counts in its dimension: alone in it, it is the dimension."""
    alone = frame.assign(area=range(len(frame)), weight=1.0)
    both = [alone.assign(dimension=dimension) for dimension in ("V", "C")]
    return dimensions(pd.concat(both), {**EXPOSURE, "least_dimension": 0.0})["V"].to_numpy()


def _one(found: pd.DataFrame, area: int, name: str) -> pd.Series:
    rows = found[(found["area"] == area) & (found["name"] == name)]
    assert len(rows) == 1
    return rows.iloc[0]


def _shuffled(frame: gpd.GeoDataFrame | None, rng: np.random.Generator) -> gpd.GeoDataFrame:
    assert frame is not None
    return frame.iloc[rng.permutation(len(frame))]


def _worked(working: str) -> float:
    if working == "":
        return math.nan
    return float(eval(working, {"__builtins__": {}}, {"pi": math.pi}))
