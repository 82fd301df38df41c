"""Houses and fire clusters: steps of the scores, separation, clusters, lanes and water, facts."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.risk import fire_clusters, flags, registry
from gis.domain.risk.pairs import near
from tests import toyland

MODEL = registry.model("house")
HOUSE = toyland.VALUES["house"]
GOLDEN = Path(__file__).parent.parent / "golden" / "fire_cluster.csv"
ARITHMETIC = {"log2": math.log2, "min": min, "max": max}
SEEDS = st.integers(0, 2**32 - 1)
quick = settings(max_examples=15, deadline=None, derandomize=True)


def _sources(**rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    return MODEL.sources(toyland.scene(_sites(**rows)), HOUSE)


def _sites(**rows: list[dict[str, Any]]) -> dict[str, gpd.GeoDataFrame]:
    """Return frames of kinds whose ids follow on each other."""
    numbered = {
        kind: [{"id": 1 + n + 10_000 * k, **row} for n, row in enumerate(at)]
        for k, (kind, at) in enumerate(rows.items())
    }
    return {kind: toyland.site_frame(kind, at) for kind, at in numbered.items()}


def _clusters(**rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    return fire_clusters.clusters(_sites(**rows), near, HOUSE)


def _row(n: int, side_m: float, gap_m: float, **attributes: Any) -> list[dict[str, Any]]:
    """Return n square houses in a row along the x axis."""
    step = side_m + gap_m
    return [
        {"geometry": shapely.box(k * step, 0, k * step + side_m, side_m), **attributes}
        for k in range(n)
    ]


STEPS = [
    # Read off the tables of METHOD 3.2 and 6.2.
    ("self_built_house", {"grade": "C", "screening": "未发现"}, {"grade": 75}),
    ("self_built_house", {"screening": "一定安全隐患"}, {"screening": 55}),
    (
        "self_built_house",
        {"structure": "砖木", "built_year": 1979, "storeys": 3, "alterations": 1,
         "hazardous_ground": True, "qualified_parties": False},
        {"structure": 25, "age": 20, "storeys": 8, "alteration": 25, "ground": 10},
    ),
    (
        "self_built_house",
        {"structure": "框架", "built_year": 2015, "storeys": 2, "alterations": 0,
         "hazardous_ground": False, "qualified_parties": True},
        {"structure": 5, "age": 3, "qualified": -10, "bounds": 7},
    ),
    ("self_built_house", {},
     {"structure": 18, "age": 12, "storeys": 8, "alteration": 8, "ground": 2.5}),
    (
        "small_place",
        {"place_type": "02", "sleeping": True, "bottled_lpg": True, "exits": 1,
         "barred_windows": True, "ebike_charging": True, "detector": True},
        {"type": 55, "sleeping": 25, "bottled_lpg": 15, "exits": 10, "barred_windows": 10,
         "ebike_charging": 15, "detector": -10, "limit": -20},
    ),
    ("small_place", {"place_type": "02", "risk_colour": "橙"}, {"colour": 75}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "attributes", "steps"), STEPS)
def test_a_score_is_told_in_steps(
    kind: str, attributes: dict[str, Any], steps: dict[str, float]
) -> None:
    sources = _sources(**{kind: [{"geometry": shapely.Point(0, 0), **attributes}]})
    assert sources["evidence"][0]["steps"] == steps


def test_the_steps_of_a_fire_cluster_are_the_terms_of_its_formula() -> None:
    rows = _row(40, 10, 5, structure="框架")
    rows[0]["structure"] = "土木石砌"
    cluster = _sources(self_built_house=rows).set_index("part").loc[1]
    steps = cluster["evidence"]["steps"]
    assert steps == {
        "cluster_base": 20, "cluster_size": 20, "cluster_rating": 0.5,
        "cluster_lane": 15, "cluster_water": 10,
    }  # fmt: skip
    assert (cluster["r1_m"], cluster["r2_m"]) == (0.0, 12.0)


def _cases() -> list[Any]:
    lines = GOLDEN.read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [pytest.param(row, id=row["case"]) for row in rows]


@pytest.mark.parametrize("row", _cases())
def test_a_cluster_scores_what_was_worked_by_hand(row: Mapping[str, str]) -> None:
    sources = _sources(
        self_built_house=_houses(row),
        **_lane(row["lane"]),
        **_water(row["water"], float(row["side_m"])),
    )
    clusters = sources[sources["part"] == 1]
    if not row["score"]:
        assert len(clusters) == 0
        return
    (cluster,) = clusters.to_dict("records")
    assert cluster["intensity"] * 100 == pytest.approx(float(row["score"]), abs=1e-4)
    assert sorted(cluster["evidence"]["dq"]) == row["dq"].split()
    assert cluster["evidence"]["buildings"] == int(row["n"])


@pytest.mark.parametrize("row", _cases())
def test_the_expected_number_follows_from_its_working(row: Mapping[str, str]) -> None:
    if row["score"]:
        worked = eval(row["score_worked"], {"__builtins__": {}}, ARITHMETIC)
        assert worked == pytest.approx(float(row["score"]), abs=1e-4)
    else:
        assert row["score_worked"] == ""


def _houses(row: Mapping[str, str]) -> list[dict[str, Any]]:
    known = {name: row[name] for name in ("structure", "fire_rating") if row[name]}
    houses = _row(int(row["n"]), float(row["side_m"]), float(row["gap_m"]), **known)
    for house in houses[: int(row["second"])]:
        house["structure"] = row["second_structure"]
    return houses


def _lane(width: str) -> dict[str, list[dict[str, Any]]]:
    """Return a road whose edge runs 40 m from the row, or none."""
    if not width:
        return {}
    width_m = 3.0 if width == "none" else float(width)
    y = -40.0 - width_m / 2
    line = shapely.LineString([(-50, y), (10_000, y)])
    return {"road": [{"geometry": line, "width_m": width_m, "road_class": "村道"}]}


def _water(usable: str, side_m: float) -> dict[str, list[dict[str, Any]]]:
    pond = {"geometry": shapely.Point(0, side_m + 140), "usable": usable == "true"}
    return {"water_source": [pond]} if usable else {}


def test_the_separation_is_that_of_the_table_for_both_ratings() -> None:
    # GB 50016-2014 Table 5.2.2, copied out for the test.
    table = [[6, 7, 9], [7, 8, 10], [9, 10, 12]]
    assert fire_clusters.required_m(HOUSE).tolist() == table


@pytest.mark.parametrize(
    ("first", "second", "least_m"),
    [("框架", "砖木", 7), ("砖木", "土木石砌", 10), ("框架", "土木石砌", 9), ("框架", None, 9)],
)
def test_two_buildings_keep_the_separation_of_their_pair(
    first: str, second: str | None, least_m: float
) -> None:
    for gap_m, close in ((least_m - 0.1, 1), (least_m, 0)):
        pair: list[dict[str, Any]] = [
            {"geometry": shapely.box(0, 0, 10, 10), "structure": first},
            {"geometry": shapely.box(10 + gap_m, 0, 20 + gap_m, 10), "structure": second},
        ]
        found = fire_clusters.buildings(_sites(self_built_house=pair), HOUSE)
        assert len(fire_clusters.too_close(found, near, HOUSE)[0]) == close


def test_buildings_belong_to_the_graph_but_factories_and_warehouses_do_not() -> None:
    rows = _row(40, 10, 5, structure="框架")
    for row, use in zip(rows[10:13], ("公共", None, "闲置"), strict=True):
        row["use"] = use
    whole = _clusters(self_built_house=rows[:10], building=rows[10:])
    assert whole["buildings"].tolist() == [40]
    assert whole["id"].tolist() == [1]
    rows[20]["use"] = "生产"
    split = _clusters(self_built_house=rows[:10], building=rows[10:])
    assert split["buildings"].tolist() == []


def test_a_house_known_as_a_point_counts_as_a_square_and_a_shared_spot_as_one() -> None:
    points = [{"geometry": shapely.Point(14 * k, 0), "structure": "框架"} for k in range(40)]
    (cluster,) = _clusters(self_built_house=points).to_dict("records")
    assert (cluster["buildings"], cluster["points"]) == (40, 40)
    assert cluster["footprint_m2"] == pytest.approx(4000)
    village = [{"geometry": shapely.Point(0, 0), "structure": "框架"} for _ in range(90)]
    assert len(_clusters(self_built_house=village)) == 0


@quick
@given(SEEDS)
def test_clusters_are_the_connected_components_of_networkx(seed: int) -> None:
    sites = _hamlet(seed)
    nodes = fire_clusters.buildings(sites, HOUSE)
    required = fire_clusters.required_m(HOUSE)
    shapes, group = nodes.geometry.to_numpy(), nodes["group"].to_numpy()
    graph = nx.Graph()
    graph.add_nodes_from(range(len(nodes)))
    for a in range(len(nodes)):
        for b in range(a):
            if shapes[a].distance(shapes[b]) < required[group[a], group[b]]:
                graph.add_edge(a, b)
    ids = nodes["id"].to_numpy()
    area = shapely.area(shapes)
    expected = {
        int(ids[list(part)].min()): (len(part), area[list(part)].sum())
        for part in nx.connected_components(graph)
        if len(part) > 30 or (len(part) > 1 and area[list(part)].sum() > 2500)
    }
    found = fire_clusters.clusters(sites, near, HOUSE)
    assert found["id"].tolist() == sorted(expected)
    for id_, count, m2 in found[["id", "buildings", "footprint_m2"]].to_numpy():
        assert (count, m2) == pytest.approx(expected[id_])


def _hamlet(seed: int, n: int = 120) -> dict[str, gpd.GeoDataFrame]:
    """Return houses of all structures, some as points, in and out of each other's reach."""
    rng = np.random.default_rng(seed)
    structures = [*toyland.KINDS["self_built_house"].field("structure").values, None]
    rows = []
    for x, y in rng.uniform(0, 250, (n, 2)):
        box = shapely.box(x, y, x + rng.uniform(5, 15), y + rng.uniform(5, 15))
        shape = box if rng.random() > 0.1 else box.centroid
        rows.append({"geometry": shape, "structure": structures[rng.integers(len(structures))]})
    return _sites(self_built_house=rows[: n // 2], building=[
        {**row, "geometry": row["geometry"].buffer(4).envelope} for row in rows[n // 2 :]
    ])  # fmt: skip


@quick
@given(SEEDS, st.floats(0.3, 0.99))
def test_closing_the_distances_splits_no_cluster(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 200, (60, 2))
    wide, narrow = (_squares(at * scale, rng_seed=seed) for scale in (1.0, factor))
    before, after = (
        fire_clusters.components(60, *fire_clusters.too_close(found, near, HOUSE))
        for found in (wide, narrow)
    )
    for label in np.unique(before):
        assert len(np.unique(after[before == label])) == 1


def _squares(corners: np.ndarray, rng_seed: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(rng_seed)
    structures = ("框架", "砖木", "土木石砌")
    rows = [
        {"geometry": shapely.box(x, y, x + 8, y + 8), "structure": structures[rng.integers(3)]}
        for x, y in corners
    ]
    return fire_clusters.buildings(_sites(self_built_house=rows), HOUSE)


@quick
@given(SEEDS, st.floats(0.1, 12.0))
def test_a_wider_road_raises_no_cluster(seed: int, wider_m: float) -> None:
    rng = np.random.default_rng(seed)
    rows = _row(35, 10, 5, structure="框架")
    ends = rng.uniform(-60, 560, (3, 2, 2))
    widths = rng.uniform(0.5, 6, 3)
    scores = []
    for added in (0.0, wider_m):
        roads = [
            {"geometry": shapely.LineString(line), "width_m": width + added}
            for line, width in zip(ends, widths, strict=True)
        ]
        sources = _sources(self_built_house=rows, road=roads)
        scores.append(sources.set_index("part").loc[1, "intensity"])
    assert scores[1] <= scores[0]


@quick
@given(SEEDS)
def test_one_more_alteration_or_a_worse_grade_lowers_no_house(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = toyland.random_sites("self_built_house", rng, 40)
    frame = frame[shapely.get_dimensions(frame.geometry) == 0].reset_index(drop=True)
    base = frame.assign(alterations=frame["alterations"].fillna(0.0), grade=None)
    more = base.assign(alterations=base["alterations"] + 1)
    assert (_scores(more) >= _scores(base)).all()
    by_grade = [_scores(base.assign(grade=grade)) for grade in "ABCD"]
    assert (np.diff(by_grade, axis=0) > 0).all()


def _scores(frame: gpd.GeoDataFrame) -> np.ndarray:
    sources = MODEL.sources(toyland.scene({"self_built_house": frame}), HOUSE)
    return np.asarray(sources.loc[sources["part"] == 0, "intensity"])


def test_a_road_of_unknown_width_is_no_lane_but_leaves_it_open() -> None:
    road = {"geometry": shapely.LineString([(0, -30), (600, -30)])}
    (cluster,) = _clusters(self_built_house=_row(35, 10, 5), road=[road]).to_dict("records")
    assert (cluster["without_lane"], cluster["lane_unknown"]) == (35, True)
    narrow = _clusters(self_built_house=_row(35, 10, 5), road=[{**road, "width_m": 3.0}])
    assert narrow["lane_unknown"].tolist() == [False]


def test_a_motorway_is_no_fire_lane() -> None:
    line = shapely.LineString([(0, -30), (600, -30)])
    road = {"geometry": line, "width_m": 26.0, "road_class": "高速公路"}
    assert _clusters(self_built_house=_row(35, 10, 5), road=[road])["without_lane"][0] == 35


def test_a_lane_at_one_end_serves_the_cluster_and_its_far_houses_are_told() -> None:
    # The road's edge lies 48 m before the first house; the second begins 15 m further on.
    road = {"geometry": shapely.LineString([(-51, -99), (-51, 99)]), "width_m": 6.0}
    sites = _sites(self_built_house=_row(35, 10, 5, structure="框架"), road=[road])
    cluster = MODEL.sources(toyland.scene(sites), HOUSE).set_index("part").loc[1]
    assert "cluster_lane" not in cluster["evidence"]["steps"]
    assert cluster["evidence"]["without_lane"] == 34
    raised = flags.locate(MODEL.flags(toyland.scene(sites), HOUSE), toyland.areas())
    lane = raised.set_index("rule").loc["house_cluster_lane"]
    assert (lane["site"], lane["floor"], lane["evidence"]["without_lane"]) == (1, 0, 34)


@pytest.mark.parametrize(("usable", "unknown"), [(False, False), (None, True)])
def test_a_pond_that_cannot_be_drawn_from_is_no_water(usable: bool | None, unknown: bool) -> None:
    pond = {"geometry": shapely.Point(0, -20), "usable": usable}
    found = _clusters(self_built_house=_row(35, 10, 5), water_source=[pond])
    assert found["without_water"].tolist() == [35]
    assert found["water_unknown"].tolist() == [unknown]


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ({"use": "经营", "storeys": 3, "grade": "B"}, "house_altered_business_unsure"),
        ({"sleepers": 10}, "house_hostel_one_exit_unsure"),
        ({"sleepers": 10, "exits": 1}, "house_hostel_one_exit"),
        ({"campaign_state": "整治中"}, "house_campaign_open"),
    ],
)
def test_what_is_not_on_record_or_not_finished_is_noted(
    attributes: dict[str, Any], rule: str
) -> None:
    house = {"geometry": shapely.Point(1000, 1000), **attributes}
    facts = MODEL.flags(toyland.scene(_sites(self_built_house=[house])), HOUSE)
    assert (facts["rule"].tolist(), facts["floor"].tolist()) == ([rule], [0])


@pytest.mark.parametrize(
    "counted", [{"residents": 3}, {"residents": 3, "sleepers": 0, "use": "出租"}, {"use": "闲置"}]
)
def test_a_ruin_whose_people_are_counted_or_gone_leaves_nothing_to_check(
    counted: dict[str, Any],
) -> None:
    house = {"geometry": shapely.Point(1000, 1000), "grade": "D", **counted}
    facts = MODEL.flags(toyland.scene(_sites(self_built_house=[house])), HOUSE)
    assert "house_ruin_crowded_unsure" not in set(facts["rule"])


@pytest.mark.parametrize("state", ["销号", "未列入", None])
def test_a_campaign_that_is_over_is_no_fact(state: str | None) -> None:
    house = {"geometry": shapely.Point(1000, 1000), "campaign_state": state}
    assert len(MODEL.flags(toyland.scene(_sites(self_built_house=[house])), HOUSE)) == 0


def test_a_cluster_across_a_border_is_a_fact_of_both_villages() -> None:
    rows = [
        {**row, "geometry": shapely.affinity.translate(row["geometry"], 1900, 1000)}
        for row in _row(35, 10, 5)
    ]
    scene = toyland.scene(_sites(self_built_house=rows))
    found = flags.locate(MODEL.flags(scene, HOUSE), toyland.areas())
    clusters = found[found["rule"] == "house_fire_cluster"]
    assert clusters["area"].tolist() == [toyland.A, toyland.B]
    assert clusters["evidence"].iloc[0]["buildings"] == 35


def test_a_house_and_the_cluster_it_belongs_to_are_two_objects_of_two_uids() -> None:
    sources = _sources(self_built_house=_row(35, 10, 5, structure="框架"))
    assert sources["uid"].is_unique
    assert sources["object_uid"].is_unique
    assert sources.loc[sources["site"] == 1, "part"].tolist() == [0, 1]
    union = shapely.union_all(sources.loc[sources["part"] == 0].geometry.to_numpy())
    assert sources.loc[sources["part"] == 1].geometry.iloc[0].equals(union)


# Small places

NOTHING: dict[str, Any] = {
    "sleeping": False, "bottled_lpg": False, "exits": 2.0, "barred_windows": False,
    "ebike_charging": False, "detector": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("place", "colour"),
    [
        # METHOD 6.2: colours at 80/60/40; types 01 50, 02 55, 03 35 points, as the table of codes.
        ({"place_type": "01", "sleeping": True, "exits": 1.0}, "红（筛查）"),
        ({"place_type": "02", "sleeping": True}, "红（筛查）"),
        ({"place_type": "01", "bottled_lpg": True, "exits": 1.0}, "橙（筛查）"),
        ({"place_type": "01", "exits": 1.0}, "橙（筛查）"),
        ({"place_type": "02"}, "黄（筛查）"),
        ({"place_type": "01", "detector": True}, "黄（筛查）"),
        ({"place_type": "03"}, "蓝（筛查）"),
        ({"place_type": "01", "risk_colour": "蓝"}, None),
    ],
)
def test_a_small_place_without_a_colour_is_screened_for_one(
    place: dict[str, Any], colour: str | None
) -> None:
    row = {**NOTHING, "geometry": shapely.Point(0, 0), **place}
    told = _sources(small_place=[row])["evidence"].iloc[0]
    assert told.get("screening_colour") == colour


def test_unqualified_hoses_are_told_and_score_nothing() -> None:
    row = {**NOTHING, "geometry": shapely.Point(0, 0), "place_type": "01"}
    none, some = (
        _sources(small_place=[{**row, "unqualified_count": count}]).iloc[0] for count in (None, 3.0)
    )
    assert none["intensity"] == some["intensity"]
    assert "unqualified_count" not in none["evidence"]
    assert some["evidence"]["unqualified_count"] == 3


@pytest.mark.parametrize("blank", [{"sleepers": 0}, {"residents": 25, "use": "出租"}])
def test_a_ruin_of_which_some_people_are_not_counted_is_to_be_checked(
    blank: dict[str, Any],
) -> None:
    house = {"geometry": shapely.Point(1000, 1000), "grade": "D", **blank}
    facts = MODEL.flags(toyland.scene(_sites(self_built_house=[house])), HOUSE)
    assert "house_ruin_crowded_unsure" in set(facts["rule"])
