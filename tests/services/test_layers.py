"""Layers: what a GIS gets, checked by GDAL itself."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from shapely.geometry import shape

from gis.domain.rights import GUEST, OPERATOR, Actor
from gis.errors import InvalidDataError, NotFoundError
from gis.services.export_layer import FORMATS, export_layer
from gis.services.load_layer import list_layers, load_layer
from gis.workspace import Workspace
from tests.people import VISITOR

SLUGS = [
    "village",
    "town",
    "enterprise",
    "mine",
    "self_built_house",
    "forest",
    "gas_pipeline",
    "fire_monitor",
    "water_source",
    "school",
    "hospital",
    "elderly_home",
    "small_place",
    "gas_station",
    "lpg_station",
    "hazard",
    "hotspot",
    "risk_composite",
    "risk_industry",
    "risk_mine",
    "risk_house",
    "risk_forest_fire",
    "risk_gas",
    "view_load",
    "view_per_km2",
    "view_per_1000",
    "hexagon",
    "surface_industry",
    "surface_mine",
    "surface_house",
    "surface_forest_fire",
    "surface_gas",
    "forest_today",
    "forest_blind",
    "hazard_rate",
    "hazard_circle",
    "hazard_cluster",
]


def collection(ws: Workspace, slug: str, actor: Actor = GUEST) -> dict[str, Any]:
    """Return a layer, parsed strictly: NaN and Infinity are refused."""

    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is not JSON")

    content = b"".join(load_layer(ws, actor, slug).chunks)
    parsed: dict[str, Any] = json.loads(content, parse_constant=refuse)
    return parsed


def test_every_promised_layer_is_there_with_its_count(demo: Workspace) -> None:
    layers = {info.slug: info for info in list_layers(demo, GUEST)}
    assert set(SLUGS) <= set(layers)
    empty = [slug for slug in SLUGS if not layers[slug].count]
    assert empty == []


@pytest.mark.parametrize("slug", SLUGS)
def test_a_layer_is_rfc_7946_and_says_that_it_is_synthetic(demo: Workspace, slug: str) -> None:
    found = collection(demo, slug)
    count = next(info.count for info in list_layers(demo, GUEST) if info.slug == slug)
    assert len(found["features"]) == count
    assert "crs" not in found
    assert "模拟数据" in found["notice"]
    assert "边界示意，不作划界依据" in found["notice"]
    for feature in found["features"]:
        place = shape(feature["geometry"])
        west, south, east, north = place.bounds
        assert 118 < west <= east < 121
        assert 31 < south <= north < 33
        for part in shapely.get_parts(place):
            if isinstance(part, shapely.Polygon):
                assert shapely.is_ccw(part.exterior)
    names = {f["properties"].get("name") for f in found["features"]}
    assert names


@pytest.mark.parametrize("slug", SLUGS)
def test_gdal_opens_each_layer_without_a_warning_and_counts_the_same(
    demo: Workspace, slug: str, tmp_path: Path
) -> None:
    out = tmp_path / f"{slug}.geojson"
    count = export_layer(demo, OPERATOR, slug, "geojson", out)
    info = subprocess.run(
        ["ogrinfo", "-so", "-al", str(out)], capture_output=True, text=True, check=True
    )
    assert info.stderr == ""
    assert "Warning" not in info.stdout
    assert int(re.search(r"Feature Count: (\d+)", info.stdout)[1]) == count  # type: ignore[index]
    assert count == len(collection(demo, slug)["features"])


HIDDEN = {
    *("enterprise", "self_built_house", "hazard", "hotspot", "hazard_heat"),
    *("view_load", "view_per_km2", "view_per_1000", "hexagon", "hazard_rate", "hazard_circle"),
    *("hazard_cluster", "hazard_outlier"),
    *("surface_industry", "surface_mine", "surface_house", "surface_forest_fire", "surface_gas"),
}
"""What only those see who see every row, for it counts them all; and closed kinds."""


def test_who_may_not_see_a_kind_is_told_of_no_such_layer(demo: Workspace) -> None:
    slugs = {info.slug for info in list_layers(demo, VISITOR)}
    assert {"risk_composite", "school", "gas_pipeline"} <= slugs
    for hidden in HIDDEN:
        assert hidden not in slugs
        with pytest.raises(NotFoundError):
            load_layer(demo, VISITOR, hidden)


def test_hazards_that_lie_together_are_outlined_in_space_and_in_time(demo: Workspace) -> None:
    found = [feature["properties"] for feature in collection(demo, "hazard_cluster")["features"]]
    assert {patch["how"] for patch in found} == {"空间", "时空"}
    for patch in found:
        assert patch["events"] >= (5 if patch["how"] == "空间" else 4)
        assert patch["count"] >= patch["events"]
        assert 0 <= patch["overdue"] <= 1
        assert patch["first_on"] <= patch["last_on"]
    assert len({patch["overdue"] for patch in found}) > 1


def test_an_unknown_layer_lists_the_known_ones(demo: Workspace) -> None:
    with pytest.raises(NotFoundError, match="risk_composite"):
        load_layer(demo, GUEST, "risks")


def test_an_unknown_format_lists_the_known_ones(demo: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="gpkg"):
        export_layer(demo, OPERATOR, "village", "dwg", tmp_path / "a.dwg")


def test_nothing_personal_is_in_any_layer(demo: Workspace) -> None:
    personal = {f.name for kind in demo.kinds.values() for f in kind.personal_fields}
    for slug in demo.kinds:
        for feature in collection(demo, slug)["features"]:
            assert not personal & set(feature["properties"])


def test_an_unknown_score_has_no_class(demo: Workspace) -> None:
    villages = collection(demo, "risk_composite")["features"]
    unknown = [f["properties"] for f in villages if f["properties"]["score"] is None]
    assert unknown
    assert all(p["class"] is None for p in unknown)


def test_all_classes_and_no_data_appear_and_few_are_raised(demo: Workspace) -> None:
    villages = [f["properties"] for f in collection(demo, "risk_composite")["features"]]
    assert {p["class"] for p in villages} == {None, 1, 2, 3, 4, 5}
    raised = [p for p in villages if p["class"] and p["class"] > p["index_class"]]
    assert 0 < len(raised) <= 6


def test_a_flag_raises_the_layer_of_its_own_model_too(demo: Workspace) -> None:
    mines = {f["properties"]["name"]: f["properties"] for f in features(demo, "risk_mine")}
    quarry = mines["连山村"]
    assert quarry["index_class"] < quarry["class"] == quarry["floor"] == 4
    assert "300米内有住户" in quarry["class_reason"]
    for slug in ("risk_house", "risk_forest_fire"):
        others = {f["properties"]["name"]: f["properties"] for f in features(demo, slug)}
        assert others["连山村"]["floor"] < 4


def features(ws: Workspace, slug: str) -> list[dict[str, Any]]:
    """Return the features of a layer."""
    found: list[dict[str, Any]] = collection(ws, slug)["features"]
    return found


def test_the_tag_of_a_layer_is_the_same_until_something_changes(demo: Workspace) -> None:
    assert load_layer(demo, GUEST, "village").etag == load_layer(demo, GUEST, "village").etag
    assert load_layer(demo, GUEST, "village").etag != load_layer(demo, GUEST, "town").etag


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("slug", ["village", "school", "risk_composite", "hotspot", "hexagon"])
def test_every_export_says_on_every_row_that_it_is_synthetic(
    demo: Workspace, slug: str, format_: str, tmp_path: Path
) -> None:
    out = tmp_path / f"{slug}.{format_}"
    count = export_layer(demo, OPERATOR, slug, format_, out)
    found = pyogrio.read_dataframe(out)
    assert len(found) == count > 0
    assert set(found["notice"]) == {"模拟数据；边界示意，不作划界依据"}
