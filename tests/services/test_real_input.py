"""Real routes and a real outline in an office database: nothing clipped, nothing lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import shape

from gis.domain.rights import GUEST, OPERATOR
from gis.services.describe import describe
from gis.services.import_areas import import_areas
from gis.services.import_sites import import_sites
from gis.services.load_layer import load_layer
from gis.services.make_database import make_office
from gis.services.query_near import query_near
from gis.workspace import Workspace

ROUTES = "gem_pipelines_through_jintan.geojson"
COUNTY = "county_320413_tianditu_cgcs2000.geojson"


def features(document: Any) -> list[dict[str, Any]]:
    """Return the features of a document."""
    found: list[dict[str, Any]] = json.loads(b"".join(document.chunks))["features"]
    return found


@pytest.fixture
def real(workspace: Workspace, shared_data: Path) -> Workspace:
    """Return an office database with the real routes and the real outline of the county."""
    make_office(workspace, OPERATOR, "admin")
    areas = import_areas(
        workspace, OPERATOR, "county", shared_data / COUNTY, mapping={"code": "gb"}
    )
    lines = import_sites(
        workspace,
        OPERATOR,
        "gas_pipeline",
        shared_data / ROUTES,
        mapping={"code": "project_id", "name": "note"},
    )
    assert (areas.new, areas.rejected) == (1, ())
    assert lines.rejected == ()
    return workspace


def test_every_route_comes_out_as_it_went_in(real: Workspace, shared_data: Path) -> None:
    given = gpd.read_file(shared_data / ROUTES)
    found = {f["properties"]["code"]: f for f in features(load_layer(real, GUEST, "gas_pipeline"))}
    assert set(found) == set(given["project_id"])
    for code, name, line in zip(given["project_id"], given["note"], given.geometry, strict=True):
        assert found[code]["properties"]["name"] == name
        stored = shape(found[code]["geometry"])
        assert shapely.get_num_coordinates(stored) == shapely.get_num_coordinates(line)
        assert shapely.hausdorff_distance(stored, line) < 1e-7


def test_the_real_outline_is_on_the_map(real: Workspace, shared_data: Path) -> None:
    given = gpd.read_file(shared_data / COUNTY).geometry.iat[0]
    (found,) = features(load_layer(real, GUEST, "county"))
    assert found["properties"]["name"] == "金坛区"
    assert found["properties"]["synthetic"] is False
    assert shapely.symmetric_difference(shape(found["geometry"]), given).area < 1e-9


def test_real_routes_answer_a_radius_query(real: Workspace) -> None:
    near = features(query_near(real, GUEST, lon=119.39, lat=31.7236, radius_m=2000))
    assert "P4650" in {f["properties"]["code"] for f in near}


def test_an_office_database_is_not_called_synthetic(real: Workspace) -> None:
    about = describe(real, GUEST)
    assert about.purpose == "office"
    assert [n.zh for n in about.notices] == ["边界示意，不作划界依据"]


def test_importing_the_same_real_files_again_changes_nothing(
    real: Workspace, shared_data: Path
) -> None:
    again = import_sites(
        real,
        OPERATOR,
        "gas_pipeline",
        shared_data / ROUTES,
        mapping={"code": "project_id", "name": "note"},
    )
    assert (again.new, again.changed) == (0, 0)
