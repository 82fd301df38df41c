"""The radius query, against an independent geodesic and the plan of the database."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from geographiclib.geodesic import Geodesic

from gis.domain import geometry
from gis.domain.rights import GUEST, OPERATOR, Actor
from gis.errors import InvalidDataError, NotFoundError
from gis.services.import_sites import import_sites
from gis.services.query_near import query_near
from gis.storage import dialect, wire
from gis.workspace import Workspace
from tests.people import VISITOR, village
from tests.samples import write_geojson

LON, LAT = 119.37, 31.72
GRS80 = Geodesic(6378137.0, 1 / 298.257222101)


def ask(ws: Workspace, radius_m: float, actor: Actor = GUEST, **more: Any) -> dict[str, Any]:
    """Return the parsed answer around the middle of the samples."""
    document = query_near(ws, actor, lon=LON, lat=LAT, radius_m=radius_m, **more)
    found: dict[str, Any] = json.loads(b"".join(document.chunks))
    return found


def independent_distance_m(shape: shapely.Geometry) -> float:
    """Walk along every edge in steps of about 2 m and take the shortest geodesic."""
    if shapely.intersects(shape, shapely.Point(LON, LAT)):
        return 0.0
    line = shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape
    dense = shapely.get_coordinates(shapely.segmentize(line, 2e-5))
    return float(min(GRS80.Inverse(LAT, LON, y, x)["s12"] for x, y in dense))


@pytest.fixture(name="places")
def imported_places(office: Workspace, tmp_path: Path) -> dict[str, shapely.Geometry]:
    """Import points, lines and polygons around the middle."""
    rng = np.random.default_rng(7)
    points = {
        f"p{i}": shapely.Point(LON + dx, LAT + dy)
        for i, (dx, dy) in enumerate(rng.uniform(-0.02, 0.02, (30, 2)))
    }
    lines = {
        "l0": shapely.LineString([(LON - 0.2, LAT + 0.004), (LON + 0.2, LAT + 0.01)]),
        "l1": shapely.LineString([(LON + 0.005, LAT - 0.1), (LON + 0.008, LAT + 0.1)]),
    }
    plots = {
        "q0": shapely.box(LON - 0.001, LAT - 0.001, LON + 0.001, LAT + 0.001),
        "q1": shapely.box(LON + 0.0026, LAT - 0.002, LON + 0.0068, LAT + 0.002),
    }
    for kind, found in (("school", points), ("gas_pipeline", lines), ("enterprise", plots)):
        path = write_geojson(
            tmp_path / f"{kind}.geojson", [(s, {"code": c}) for c, s in found.items()]
        )
        import_sites(office, OPERATOR, kind, path)
    return {**points, **lines, **plots}


def test_distances_agree_with_an_independent_geodesic_on_the_same_edges(
    office: Workspace, places: dict[str, shapely.Geometry]
) -> None:
    found = {f["properties"]["code"]: f["properties"] for f in ask(office, 5000)["features"]}
    assert set(found) == set(places)
    for code, shape in places.items():
        expected = independent_distance_m(shape)
        assert found[code]["distance_m"] == pytest.approx(expected, rel=1e-3, abs=0.1), code
    assert found["q0"]["distance_m"] == 0
    assert found["q0"]["bearing_deg"] is None


@pytest.mark.usefixtures("places")
def test_the_bearing_points_at_the_nearest_point(office: Workspace) -> None:
    for feature in ask(office, 5000, kinds=["school"])["features"]:
        lon, lat = feature["geometry"]["coordinates"]
        expected = GRS80.Inverse(LAT, LON, lat, lon)["azi1"] % 360
        off = (feature["properties"]["bearing_deg"] - expected + 180) % 360 - 180
        assert abs(off) < 0.1


@pytest.mark.usefixtures("places")
def test_nearest_comes_first_and_totals_count_what_the_limit_cuts(office: Workspace) -> None:
    whole, cut = ask(office, 5000), ask(office, 5000, limit=3)
    distances = [f["properties"]["distance_m"] for f in whole["features"]]
    assert distances == sorted(distances)
    assert cut["features"] == whole["features"][:3]
    assert cut["totals"] == whole["totals"] == {"enterprise": 2, "gas_pipeline": 2, "school": 30}
    assert (cut["number_matched"], cut["number_returned"]) == (34, 3)


@pytest.mark.usefixtures("places")
def test_a_larger_ring_holds_all_of_a_smaller_one(office: Workspace) -> None:
    rings = [
        {f["id"] for f in ask(office, radius)["features"]} for radius in (200, 500, 1000, 3000)
    ]
    assert all(small <= large for small, large in itertools.pairwise(rings))


def test_the_ring_itself_belongs_to_the_circle(office: Workspace, tmp_path: Path) -> None:
    there = GRS80.Direct(LAT, LON, 37.0, 400.0)
    path = write_geojson(
        tmp_path / "a.geojson", [(shapely.Point(there["lon2"], there["lat2"]), {"code": "1"})]
    )
    import_sites(office, OPERATOR, "school", path)
    assert ask(office, 400.001)["number_matched"] == 1
    assert ask(office, 399.999)["number_matched"] == 0


@pytest.mark.usefixtures("places")
def test_who_may_not_see_a_kind_learns_nothing_of_it(office: Workspace) -> None:
    answer = ask(office, 5000, actor=VISITOR)
    assert set(answer["totals"]) <= {"school", "gas_pipeline"}
    pipes = [f for f in answer["features"] if f["properties"]["kind"] == "gas_pipeline"]
    assert pipes
    assert all(pipe["properties"]["generalised"] for pipe in pipes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lon": 31.72, "lat": 119.37}, "写反"),
        ({"lon": 0.0}, "不在范围内"),
        ({"lat": math.nan}, "有限的数字"),
        ({"radius_m": math.inf}, "有限的数字"),
        ({"radius_m": 0}, "半径"),
        ({"radius_m": -5}, "半径"),
        ({"radius_m": 60_000}, "半径"),
        ({"limit": 0}, "limit"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    office: Workspace, change: dict[str, float], message: str
) -> None:
    asked: dict[str, Any] = {"lon": LON, "lat": LAT, "radius_m": 500, **change}
    with pytest.raises(InvalidDataError, match=message):
        query_near(office, GUEST, **asked)


def test_an_unknown_kind_lists_the_known_ones(office: Workspace) -> None:
    with pytest.raises(NotFoundError, match="enterprise"):
        ask(office, 500, kinds=["factory"])


@pytest.mark.parametrize("actor", [GUEST, VISITOR, village("320413109201")])
@pytest.mark.parametrize("kinds", [None, ["self_built_house"]])
def test_the_spatial_index_is_used(demo: Workspace, kinds: list[str] | None, actor: Actor) -> None:
    box = geometry.box_around(LON, LAT, 500)
    with demo.engine.connect() as conn:
        conn.execute(sa.text("ANALYZE"))
        explain = "EXPLAIN" if dialect.backend(conn) == "postgis" else "EXPLAIN QUERY PLAN"
        query = wire.candidates_query(conn, box, actor, kinds)
        text = query.compile(conn.engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(str(row) for row in conn.exec_driver_sql(f"{explain} {text}"))
    assert "idx_site_shown_geom" in plan
