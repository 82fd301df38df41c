"""Hotspots of an office: what a run finds with planted hazards, and says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.domain.rights import OPERATOR
from gis.services.find_hotspots import find_hotspots
from gis.services.import_hazards import import_hazards
from gis.services.import_sites import import_sites
from gis.services.load_layer import list_layers, load_layer
from gis.workspace import Workspace
from tests.people import DISTRICT
from tests.samples import write_geojson

SIDE, MIDDLE = 12, 5 * 12 + 5


def fill(ws: Workspace, folder: Path, *, plants: int) -> None:
    """Register plants on a grid, each with a case but those around the middle, which has many."""
    at = [(119.302 + 0.004 * (i % SIDE), 31.702 + 0.004 * (i // SIDE)) for i in range(plants)]
    places = [
        (shapely.Point(*xy), {"code": f"P{i}", "name": f"plant {i}"}) for i, xy in enumerate(at)
    ]
    import_sites(ws, OPERATOR, "enterprise", write_geojson(folder / "plants.geojson", places))
    ring = {MIDDLE + SIDE * row + column for row in (-1, 0, 1) for column in (-1, 0, 1)}
    counts = {i: 0 if i in ring else 1 + i % 2 for i in range(plants)} | {MIDDLE: 12}
    cases = [
        (None, case(f"C{i}-{n}", i, "2026-01-10" if n else "2026-03-20"))
        for i, count in counts.items()
        for n in range(count)
    ]
    import_hazards(ws, OPERATOR, write_geojson(folder / "cases.geojson", cases))


def case(code: str, plant: int, found_on: str) -> dict[str, Any]:
    """Return the row of a case at a plant."""
    return {
        "code": code,
        "title": code,
        "channel": "督导检查",
        "level": "一般",
        "state": "整改中",
        "found_on": found_on,
        "due_on": "2026-02-01" if found_on < "2026-02" else "2099-01-01",
        "site_kind": "enterprise",
        "site_code": f"P{plant}",
    }


def properties(ws: Workspace, slug: str) -> list[dict[str, Any]]:
    """Return what the features of a layer say."""
    read = json.loads(b"".join(load_layer(ws, DISTRICT, slug).chunks))
    return [feature["properties"] for feature in read["features"]]


def test_one_bad_plant_among_good_ones_is_told_by_name(office: Workspace, tmp_path: Path) -> None:
    fill(office, tmp_path, plants=SIDE * SIDE)
    told = find_hotspots(office, OPERATOR)
    assert (told["outlier_status"], told["outliers"]) == ("已检验", 1)
    (plant,) = properties(office, "hazard_outlier")
    assert (plant["name"], plant["class"]) == (f"plant {MIDDLE}", "高-低")
    assert (plant["count"], plant["weight"], plant["around"]) == (12, 12.0, 0.0)
    assert plant["q"] <= 0.05
    assert isinstance(plant["site"], int)
    info = next(info for info in list_layers(office, DISTRICT) if info.slug == "hazard_outlier")
    assert (info.count, info.family, info.style["status"]) == (1, "point", "已检验")
    assert info.style["moran_neighbours"] == 8


def test_cases_of_one_plant_are_a_patch_with_their_share_overdue(
    office: Workspace, tmp_path: Path
) -> None:
    fill(office, tmp_path, plants=SIDE * SIDE)
    find_hotspots(office, OPERATOR)
    here = [patch for patch in properties(office, "hazard_cluster") if patch["events"] == 12]
    # Plants stand 380 m or more apart: within 500 m they would link, but its neighbours have none.
    # Eleven of January, due on 1 February, and one of March that is due much later.
    (space,) = [patch for patch in here if patch["how"] == "空间"]
    assert space["count"] == 12
    assert space["overdue"] == pytest.approx(11 / 12, abs=0.0005)
    assert (space["first_on"], space["last_on"]) == ("2026-01-10", "2026-03-20")
    assert space["days"] == 69
    timed = [patch for patch in properties(office, "hazard_cluster") if patch["how"] == "时空"]
    assert 11 in {patch["events"] for patch in timed}


def test_with_too_few_plants_the_run_says_so_and_shows_none(
    office: Workspace, tmp_path: Path
) -> None:
    fill(office, tmp_path, plants=8 * SIDE)
    told = find_hotspots(office, OPERATOR)
    assert (told["outlier_status"], told["outliers"]) == ("样本不足", 0)
    assert properties(office, "hazard_outlier") == []
    info = next(info for info in list_layers(office, DISTRICT) if info.slug == "hazard_outlier")
    assert info.style["status"] == "样本不足"
