"""A computation on other ground: kept with the run, shown, and adding up on every ground."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.domain.rights import GUEST, OPERATOR
from gis.domain.risk.rollup import EDGE_ZH, OUTSIDE
from gis.services.compute_risk import compute_risk
from gis.services.explain_area import explain_area
from gis.services.import_areas import import_areas
from gis.services.load_layer import HEXAGON, VIEW_TITLES, list_layers, load_layer
from gis.storage import dialect, runs
from gis.workspace import Workspace
from tests.conftest import Databases
from tests.people import TOWN, VISITOR, WEST
from tests.register import own_copy
from tests.samples import write_geojson

CODE = "320413109"


@pytest.fixture
def ws(offices: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return a copy of the small office, this test's own."""
    with own_copy(offices, tmp_path / "office") as found:
        yield found


def features(ws: Workspace, slug: str) -> list[dict[str, Any]]:
    """Return what a layer says of each feature."""
    found = json.loads(load_layer(ws, GUEST, slug).read())["features"]
    return [feature["properties"] for feature in found]


def sums(ws: Workspace) -> dict[str, dict[str, float]]:
    """Return level to sector to the load summed over all its rows, outside included."""
    found: dict[str, dict[str, float]] = {}
    with dialect.reading(ws.engine) as conn:
        run = runs.latest(conn, runs.RISK)
        assert run is not None
        for level in ("village", "town", HEXAGON):
            _, loads = runs.load_rolled(conn, run["id"], level)
            by_sector = found.setdefault(level, {})
            for row in loads:
                by_sector[row["sector"]] = by_sector.get(row["sector"], 0.0) + row["load"]
    return found


def test_what_a_run_keeps_of_each_ground_has_the_same_sum(demo: Workspace) -> None:
    found = sums(demo)
    assert len(found["village"]) == 5
    for level in ("town", HEXAGON):
        assert found[level] == pytest.approx(found["village"], rel=1e-9)


def test_the_town_of_the_run_is_its_villages_and_what_lies_outside(demo: Workspace) -> None:
    whole = explain_area(demo, GUEST, "town", CODE)["rolled"]
    assert whole["only"]
    villages = [explain_area(demo, GUEST, "village", v["code"]) for v in features(demo, "village")]
    for sector in whole["sectors"]:
        own = [s for v in villages for s in v["sectors"] if s["sector"] == sector["sector"]]
        assert sector["areas"] == pytest.approx(sum(s["load"] for s in own), rel=1e-9)
        both = sector["areas"] + sector["outside"]
        assert sector["load"] + sector["beyond"] == pytest.approx(both, rel=1e-9)


def test_the_town_has_no_score_but_counts_its_villages_by_class(demo: Workspace) -> None:
    found = explain_area(demo, GUEST, "town", CODE)
    assert (found["score"], found["class"], found["data_quality"]["grade"]) == (None, None, None)
    assert "指数不能相加" in found["class_reason_zh"]
    shown = [v["class"] for v in features(demo, "risk_composite")]
    assert None in shown
    assert found["rolled"]["classes"] == [
        {"class": number, "count": shown.count(number)} for number in (5, 4, 3, 2, 1, None)
    ]
    assert 0 < found["rolled"]["sectors"][0]["known_share"] < 1  # one village has no data


def test_who_does_not_see_every_row_learns_the_classes_of_the_town_and_no_load(
    demo: Workspace,
) -> None:
    less = explain_area(demo, VISITOR, "town", CODE)["rolled"]
    whole = explain_area(demo, GUEST, "town", CODE)["rolled"]
    assert less["classes"] == whole["classes"]
    assert (less["totals"], less["sectors"]) == (None, [])


def test_hexagons_cover_the_town_and_one_without_data_says_nothing(demo: Workspace) -> None:
    (info,) = (info for info in list_layers(demo, GUEST) if info.slug == HEXAGON)
    cells = features(demo, HEXAGON)
    assert info.count == len(cells)
    empty = [cell for cell in cells if not cell["data"]]
    assert 0 < len(empty) < len(cells)
    for name in ("load", "per_km2", "class_per_km2", "people", "load_house"):
        assert {cell[name] for cell in empty} == {None}
    assert all("class" not in cell and "score" not in cell for cell in cells)
    for cell in cells:
        if cell["load"] is not None:
            parts = [value or 0.0 for name, value in cell.items() if name.startswith("load_")]
            assert cell["load"] == pytest.approx(sum(parts), rel=1e-9)
            assert cell["per_km2"] == pytest.approx(cell["load"] / cell["area_km2"], rel=1e-9)


def test_a_cell_in_a_village_nobody_surveyed_has_no_load(demo: Workspace) -> None:
    unknown = [c for c in features(demo, HEXAGON) if c["data"] and c["load"] is None]
    known = [c for c in features(demo, HEXAGON) if c["load"] is not None]
    assert known
    for cell in unknown:
        assert cell["class_per_km2"] is None


def test_the_three_views_of_the_layers_are_those_of_the_explanation(demo: Workspace) -> None:
    for name in VIEW_TITLES:
        for village in features(demo, f"view_{name}"):
            told = explain_area(demo, GUEST, "village", village["code"])["views"]
            if told[name] is None:
                assert village[name] is None
                assert village[f"class_{name}"] is None
            else:
                assert village[name] == pytest.approx(told[name], abs=0.005)
                assert village[f"class_{name}"] == told[f"class_{name}"]
            assert village["small"] == told["small"]


def test_the_layers_name_the_breaks_and_units_that_the_run_used(demo: Workspace) -> None:
    style = {info.slug: info.style for info in list_layers(demo, GUEST)}
    assert style["view_load"]["breaks"] == [30, 100, 300, 1000]
    assert style["view_per_1000"]["breaks"] == [10, 30, 100, 300]
    assert style[HEXAGON]["breaks"] == style["view_per_km2"]["breaks"] == [3, 10, 30, 100]
    assert style["view_per_1000"]["unit"].zh == "当量人/千人"
    assert style[HEXAGON]["width_m"] == 500


def test_a_village_within_reach_of_the_boundary_says_that_data_beyond_is_missing(
    demo: Workspace,
) -> None:
    marked = {v["code"]: v["edge_incomplete"] for v in features(demo, "risk_composite")}
    assert set(marked.values()) == {True, False}
    for code, incomplete in marked.items():
        quality = explain_area(demo, GUEST, "village", code)["data_quality"]
        assert quality["edge_incomplete"] is incomplete
        assert (EDGE_ZH in quality["notes"]) is incomplete


def test_without_a_town_there_are_villages_and_hexagons_all_the_same(ws: Workspace) -> None:
    with dialect.reading(ws.engine) as conn:
        run = runs.latest(conn, runs.RISK)
        assert run is not None
        assert runs.load_rolled(conn, run["id"], "town") == ([], [])
        totals, _ = runs.load_rolled(conn, run["id"], "village")
    assert OUTSIDE in {row["code"] for row in totals}
    assert any(cell["data"] for cell in features(ws, HEXAGON))


def test_a_town_that_came_after_the_run_has_nothing_until_the_next(
    ws: Workspace, tmp_path: Path
) -> None:
    around = shapely.box(119.2, 31.6, 119.6, 31.9)
    row = (around, {"code": CODE, "name": "薛埠镇", "residents": 100})
    import_areas(ws, OPERATOR, "town", write_geojson(tmp_path / "town.geojson", [row]))
    before = explain_area(ws, TOWN, "town", CODE)["rolled"]
    assert (before["totals"], before["sectors"], before["only"]) == (None, [], False)
    compute_risk(ws, OPERATOR)
    after = explain_area(ws, TOWN, "town", CODE)["rolled"]
    assert after["totals"]["people"] > 0
    assert sum(entry["count"] for entry in after["classes"]) == 2


def test_a_score_is_told_by_day_by_night_and_on_holidays(ws: Workspace) -> None:
    told = explain_area(ws, TOWN, "village", WEST)
    assert set(told["occasions"]) == {"day", "night", "holiday"}
    assert told["occasions"]["night"] != told["occasions"]["day"]
    assert all(0 <= score <= 100 for score in told["occasions"].values())
    assert explain_area(ws, VISITOR, "village", WEST)["occasions"] is None
