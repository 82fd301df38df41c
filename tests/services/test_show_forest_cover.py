"""Which forest is watched and has water, as a reader is told it."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner

from gis.domain.rights import GUEST, OPERATOR
from gis.errors import ForbiddenError
from gis.services.import_sites import import_sites
from gis.services.show_forest_cover import show_forest_cover
from gis.workspace import Workspace
from scripts.forest_cover import main
from tests.people import WEST, village
from tests.samples import write_geojson

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


def test_the_command_prints_a_line_a_village(
    wooded: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.forest_cover.opened", lambda: wooded)
    done = CliRunner().invoke(main)
    assert done.exit_code == 0, done.output
    assert "未考虑地形遮挡" in done.output
    assert "全镇\t105\t105\t100%\t100%\t0%\t0%" in done.output
