"""What if: the answer is what a computation would give, and the register stays as it was."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa

from gis.domain.rights import OPERATOR
from gis.errors import ForbiddenError, InvalidDataError
from gis.services.compute_risk import compute_risk
from gis.services.import_sites import import_sites
from gis.services.show_runs import show_run
from gis.services.try_scenario import try_scenario
from gis.storage.tables import hazard, register, site
from gis.workspace import Workspace
from tests.conftest import Databases
from tests.people import EAST, TOWN, WEST, village
from tests.register import ids, own_copy
from tests.samples import write_geojson

POINT = {"type": "Point", "coordinates": [119.32, 31.72]}
LINE = {"type": "LineString", "coordinates": [[119.32, 31.72], [119.33, 31.73]]}
MIXED = {"type": "GeometryCollection", "geometries": [POINT, LINE]}
HUGE = json.loads(shapely.to_geojson(shapely.box(100, 25, 122, 40)))


@pytest.fixture
def ws(offices: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return a copy of the small office, this test's own."""
    with own_copy(offices, tmp_path / "office") as found:
        yield found


def then(ws: Workspace, *changes: dict[str, Any]) -> dict[str, float]:
    """Return the score that each village would have."""
    return {area["code"]: area["score_then"] for area in try_scenario(ws, TOWN, changes)["areas"]}


def computed(ws: Workspace) -> dict[str, float]:
    """Compute, and return the score of each village."""
    areas = show_run(ws, TOWN, compute_risk(ws, OPERATOR)["run"])["areas"]
    return {area["code"]: area["score"] for area in areas}


def test_without_changes_everything_stays(ws: Workspace) -> None:
    found = try_scenario(ws, TOWN, [])
    assert [area["moved"] for area in found["areas"]] == [0.0, 0.0]
    assert then(ws) == computed(ws)


def test_rectified_cases_give_what_a_computation_after_closing_them_gives(ws: Workspace) -> None:
    told = then(ws, {"do": "rectify", "site": ids(ws)["P-west"]})
    today = dt.date.fromisoformat(try_scenario(ws, TOWN, [])["present"]["as_of"])
    with ws.engine.begin() as conn:
        of_place = sa.select(site.c.id).where(site.c.key == "P-west").scalar_subquery()
        closing = sa.update(hazard).where(hazard.c.site == of_place)
        conn.execute(closing.values(state="已销号", closed_on=today))
        conn.execute(sa.update(register).values(revision=register.c.revision + 1))
    assert told == computed(ws)


def test_an_added_and_an_altered_place_give_what_importing_them_gives(
    ws: Workspace, tmp_path: Path
) -> None:
    lon, lat = 119.3215, 31.7203
    new = {"do": "add", "kind": "enterprise", "name": "新厂", "lon": lon, "lat": lat}
    told = then(
        ws,
        {**new, "values": {"risk_colour": "红", "workers_max_shift": 12}},
        {"do": "alter", "site": ids(ws)["P-west"], "values": {"risk_colour": "蓝"}},
    )
    row = {"code": "P-new", "name": "新厂", "risk_colour": "红", "workers_max_shift": 12}
    old = {"code": "P-west", "name": "west plant", "risk_colour": "蓝"}
    rows: list[tuple[shapely.Geometry | None, dict[str, Any]]] = [
        (shapely.Point(lon, lat), row),
        (shapely.Point(119.32, 31.72), old),
    ]
    import_sites(ws, OPERATOR, "enterprise", write_geojson(tmp_path / "new.geojson", rows))
    assert told == pytest.approx(computed(ws), abs=1e-9)


def test_a_line_that_is_added_gives_what_importing_it_gives(ws: Workspace, tmp_path: Path) -> None:
    line = shapely.LineString([(119.3195, 31.7195), (119.3205, 31.7205)])
    given = {"regime": "长输管道", "medium": "天然气", "diameter_mm": 508, "pressure_mpa": 6.3}
    new = {"do": "add", "kind": "gas_pipeline", "name": "新线", "values": given}
    drawn = json.loads(shapely.to_geojson(line))
    told = then(ws, {**new, "geometry": drawn})
    assert told == then(ws, {**new, "geometry": json.dumps(drawn)})
    row = (line, {"code": "G-new", "name": "新线", **given})
    import_sites(ws, OPERATOR, "gas_pipeline", write_geojson(tmp_path / "new.geojson", [row]))
    assert told == pytest.approx(computed(ws), abs=1e-9)


def test_a_closed_and_a_moved_place_change_the_villages_they_leave_and_reach(
    ws: Workspace,
) -> None:
    now = then(ws)
    closed = then(ws, {"do": "close", "site": ids(ws)["P-west"]})
    assert closed[WEST] < now[WEST]
    assert closed[EAST] == now[EAST]
    gone = {"do": "move", "site": ids(ws)["P-west"], "lon": 119.3801, "lat": 31.7201}
    moved = then(ws, gone)
    assert moved[WEST] < now[WEST]
    assert moved[EAST] > now[EAST]


def test_nothing_in_the_register_changes(ws: Workspace) -> None:
    def everything() -> list[Any]:
        with ws.engine.connect() as conn:
            tables = (site, hazard, register)
            return [list(conn.execute(sa.select(t).order_by(t.c.id))) for t in tables]

    before = everything()
    then(ws, {"do": "close", "site": ids(ws)["P-west"]}, {"do": "rectify", "case": "C-P-west"})
    assert everything() == before
    assert then(ws) == computed(ws)


def test_the_present_is_taken_anew_when_the_register_changed(ws: Workspace, tmp_path: Path) -> None:
    now = then(ws)
    row = {"code": "P-west", "name": "west plant", "risk_colour": "蓝"}
    file = write_geojson(tmp_path / "p.geojson", [(shapely.Point(119.32, 31.72), row)])
    import_sites(ws, OPERATOR, "enterprise", file)
    assert then(ws)[WEST] < now[WEST]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"do": "close", "site": 999}, "999"),
        ({"do": "close"}, "site"),
        ({"do": "explode", "site": 1}, "close、alter、move、add、rectify"),
        ({"do": "add", "kind": "castle", "name": "x", "lon": 1, "lat": 1}, "castle"),
        ({"do": "add", "kind": "school", "name": "x", "lon": "east", "lat": 1}, "east"),
        ({"do": "rectify", "case": "none"}, "none"),
        ({"do": "close", "site": True}, "True"),
        ({"do": "alter", "site": 1, "values": ["risk_colour"]}, "values"),
        ({"do": "alter", "site": 1, "values": {"risk_colour": {"a": 1}}}, "values"),
        ({"do": "alter", "site": 1, "values": {"owner": "x"}}, "owner"),
        ({"do": "add", "kind": "gas_pipeline", "name": "x", "lon": 119.32, "lat": 31.72}, "不是点"),
        (
            {"do": "add", "kind": "gas_pipeline", "name": "x", "geometry": "LINESTRING (1 1)"},
            "GeoJSON",
        ),
        ({"do": "add", "kind": "gas_pipeline", "name": "x", "geometry": POINT}, "应为线"),
        ({"do": "add", "kind": "gas_pipeline", "name": "x", "geometry": MIXED}, "应为线"),
        ({"do": "add", "kind": "forest", "name": "x", "geometry": HUGE}, "公里"),
        (
            {
                "do": "add",
                "kind": "school",
                "name": "x",
                "geometry": {**POINT, "coordinates": [31.72, 119.32]},
            },
            "反",
        ),
        (
            {
                "do": "add",
                "kind": "school",
                "name": "x",
                "geometry": {**POINT, "coordinates": [117.32, 31.72]},
            },
            "公里",
        ),
        ({"do": "add", "kind": "school", "name": "x", "lon": 31.72, "lat": 119.32}, "经纬度"),
        ({"do": "add", "kind": "school", "name": "x", "lon": 31.72, "lat": 19.32}, "写反"),
        ({"do": "add", "kind": "school", "name": "x", "lon": float("nan"), "lat": 1}, "经纬度"),
    ],
)
def test_a_change_that_cannot_be_is_told(ws: Workspace, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        try_scenario(ws, TOWN, [change])


def test_a_value_that_cannot_be_is_told_as_a_files_would_be(ws: Workspace) -> None:
    change = {"do": "alter", "site": ids(ws)["P-west"], "values": {"risk_colour": "紫"}}
    with pytest.raises(InvalidDataError, match="第 1 项设想：风险等级颜色「紫」"):
        try_scenario(ws, TOWN, [change])


def test_only_who_sees_every_row_may_ask(ws: Workspace) -> None:
    with pytest.raises(ForbiddenError):
        try_scenario(ws, village(WEST), [])
