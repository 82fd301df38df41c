"""Which forest is watched and has water, as a reader is told it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner

from gis.domain.rights import GUEST, OPERATOR
from gis.errors import ForbiddenError, InvalidDataError
from gis.services import clock
from gis.services.import_records import import_records
from gis.services.import_sites import import_sites
from gis.services.show_forest_cover import MOST_CANDIDATES, Look, show_forest_cover
from gis.storage import dialect, register
from gis.workspace import Workspace
from scripts.forest_cover import main
from tests.people import WEST, village
from tests.samples import write_geojson
from tests.services.test_import_files import write_csv

PINE = {"species": "针叶纯林", "slope_deg": 35, "aspect": "西南", "ignition_distance_m": 0,
        "fires_10y": 2}  # fmt: skip


@pytest.fixture
def wooded(office: Workspace, tmp_path: Path) -> Workspace:
    """Return an office with a pine wood, a camera that sees all of it, and no water."""
    wood = shapely.box(119.31, 31.71, 119.32, 31.72)
    camera = {"device": "摄像机", "range_m": 3000, "status": "在线"}
    for kind, shape, fields in (
        ("forest", wood, PINE),
        ("fire_monitor", wood.centroid, camera),
        ("fire_monitor", shapely.Point(119.39, 31.71), camera | {"status": "停用"}),
    ):
        code = f"{kind}-{shape.centroid.x:.2f}"
        rows = [(shape, {"code": code, "name": code, **fields})]
        import_sites(office, OPERATOR, kind, write_geojson(tmp_path / f"{code}.geojson", rows))
    return office


def test_without_a_relief_circles_are_told_and_said_to_be_such(wooded: Workspace) -> None:
    found = show_forest_cover(wooded, OPERATOR)
    assert (found["relief"], found["said"]) == (None, "监测范围未考虑地形遮挡")
    assert found["devices"] == 1
    west, east, town = found["villages"]
    # 0.01 x 0.01 degrees are 947 x 1109 m at 31.7 degrees.
    assert west["forest_ha"] == town["forest_ha"] == pytest.approx(105.0, abs=0.5)
    assert (west["seen"], west["high_seen"], west["high_twice"]) == (1.0, 1.0, 0.0)
    assert west["high_watered"] == 0.0
    assert (east["forest_ha"], east["seen"]) == (0.0, None)
    assert found["blind"] == []


def tell_visibility(ws: Workspace, folder: Path, visibility_km: float) -> None:
    """Import a weather station beside the wood and what it observed today."""
    station = (shapely.Point(119.315, 31.705), {"code": "WS-1", "name": "甲站"})
    import_sites(ws, OPERATOR, "weather_station", write_geojson(folder / "ws.geojson", [station]))
    with dialect.reading(ws.engine) as conn:
        today = clock.today(register.load(conn))
    rows = [["WS-1", today.isoformat(), visibility_km]]
    file = write_csv(folder / "seen.csv", ["code", "day", "visibility_km"], rows)
    import_records(ws, OPERATOR, "observation", file)


def test_haze_halves_what_a_camera_sees_and_an_unknown_visibility_is_said(
    wooded: Workspace, tmp_path: Path
) -> None:
    """The wood is a box whose corners lie 729 m from the camera in its middle.

    A range of 1200 m sees all of it; half of it, 600 m, not its corners.
    """
    near = {"device": "摄像机", "range_m": 1200, "status": "在线", "patrol_cycle_min": 45}
    rows = [(shapely.Point(119.315, 31.715), {"code": "fire_monitor-119.31", **near})]
    import_sites(wooded, OPERATOR, "fire_monitor", write_geojson(tmp_path / "near.geojson", rows))
    before = show_forest_cover(wooded, OPERATOR)
    assert (before["hazed"], before["unknown_visibility"]) == (0, 1)
    tell_visibility(wooded, tmp_path, 5.0)
    clear = show_forest_cover(wooded, OPERATOR)
    assert (clear["hazed"], clear["unknown_visibility"]) == (0, 0)
    assert clear["villages"][-1]["seen"] == before["villages"][-1]["seen"] == 1.0
    tell_visibility(wooded, tmp_path, 4.9)
    hazy = show_forest_cover(wooded, OPERATOR)
    assert (hazy["hazed"], hazy["unknown_visibility"]) == (1, 0)
    (camera,) = hazy["watching"]
    assert (camera["range_m"], camera["visibility_km"], camera["slow"]) == (600.0, 4.9, True)
    assert 0.9 < hazy["villages"][-1]["seen"] < 1.0
    assert camera["only_ha"] == camera["seen_ha"]


def test_the_careful_view_believes_no_camera_beyond_3_km(wooded: Workspace, tmp_path: Path) -> None:
    far = {"device": "摄像机", "range_m": 4500, "status": "在线"}
    rows = [(shapely.Point(119.315, 31.745), {"code": "fire_monitor-119.31", **far})]
    import_sites(wooded, OPERATOR, "fire_monitor", write_geojson(tmp_path / "far.geojson", rows))
    usual, careful = (show_forest_cover(wooded, OPERATOR, Look(careful=c)) for c in (False, True))
    assert usual["villages"][-1]["seen"] == 1.0
    # The wood's northern edge is 2772 m away, its middle 3327 m.
    assert 0.0 < careful["villages"][-1]["seen"] < 0.5
    assert careful["watching"][0]["range_m"] == 3000.0


def test_candidates_are_ranked_and_planned_ones_are_no_devices(
    wooded: Workspace, tmp_path: Path
) -> None:
    out = {"code": "fire_monitor-119.31", "device": "摄像机", "status": "停用"}
    planned = {"code": "new", "name": "拟建一号", "device": "摄像机", "range_m": 300}
    rows: list[tuple[shapely.Geometry | None, dict[str, Any]]] = [
        (shapely.Point(119.315, 31.715), out),
        (shapely.Point(119.316, 31.715), planned | {"status": "拟建"}),
    ]
    import_sites(wooded, OPERATOR, "fire_monitor", write_geojson(tmp_path / "c.geojson", rows))
    found = show_forest_cover(wooded, OPERATOR, Look(spots=[(119.395, 31.75), (119.315, 31.715)]))
    assert (found["devices"], found["registered"]) == (0, 2)
    best, *others = found["gains"]
    assert (best["name"], best["site"]) == ("119.315, 31.715", None)
    assert best["high_ha"] == pytest.approx(105.0, abs=0.5)
    assert (best["high_seen"], best["seen"]) == pytest.approx((1.0, 1.0))
    # Of equals the one on record stands first.
    assert [row["name"] for row in others] == ["拟建一号", "119.395, 31.75"]
    assert [row["all_ha"] for row in others] == [0.0, 0.0]
    for far in ((119.8, 31.7), (31.7, 119.3), (500.0, 31.7)):
        with pytest.raises(InvalidDataError, match="离本镇太远"):
            show_forest_cover(wooded, OPERATOR, Look(spots=[far]))
    with pytest.raises(InvalidDataError, match="候选点"):
        show_forest_cover(wooded, OPERATOR, Look(spots=[(119.3, 31.7)] * (MOST_CANDIDATES + 1)))


def test_a_flame_is_seen_on_less_forest_than_smoke(demo: Workspace) -> None:
    smoke, flame = (show_forest_cover(demo, GUEST, Look(flame=f)) for f in (False, True))
    assert flame["villages"][-1]["seen"] < smoke["villages"][-1]["seen"]
    assert flame["villages"][-1]["high_watered"] == smoke["villages"][-1]["high_watered"]


def test_whoever_sees_a_part_of_the_places_is_told_nothing(wooded: Workspace) -> None:
    with pytest.raises(ForbiddenError):
        show_forest_cover(wooded, village(WEST))


def test_the_demonstration_has_watched_forest_and_blind_spots(demo: Workspace) -> None:
    found = show_forest_cover(demo, GUEST)
    assert "模拟数据" in found["relief"]
    assert found["said"] == ""
    *villages, town = found["villages"]
    assert town["forest_ha"] == pytest.approx(sum(row["forest_ha"] for row in villages))
    assert 0.5 < town["high_seen"] < 1.0
    assert town["high_twice"] < town["high_seen"]
    areas_ha = [spot["area_ha"] for spot in found["blind"]]
    assert areas_ha == sorted(areas_ha, reverse=True)
    assert min(areas_ha) > 5
    names = {row["name"] for row in villages}
    assert {spot["village"] for spot in found["blind"]} <= names | {None}
    assert len(found["watching"]) == found["devices"] < found["registered"]
    assert (found["hazed"], found["unknown_visibility"]) == (0, 0)  # 20.8 km at the one station


def test_the_command_prints_a_line_a_village(
    wooded: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.forest_cover.opened", lambda: wooded)
    done = CliRunner().invoke(main, ["--careful", "--at", "119.315", "31.715"])
    assert done.exit_code == 0, done.output
    assert "候选 1：119.315, 31.715，多看到高火险 0 公顷" in done.output
    assert "未考虑地形遮挡" in done.output
    assert "全镇\t105\t105\t100%\t100%\t0%\t0%" in done.output
