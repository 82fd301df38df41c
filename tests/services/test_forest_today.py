"""The forest of today: the land's hazard times the day's weather, kept as a run of its own."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.domain.audit import Search
from gis.domain.rights import NOBODY, OPERATOR
from gis.errors import ForbiddenError, NotLoggedInError
from gis.services import clock
from gis.services.import_records import import_records
from gis.services.import_sites import import_sites
from gis.services.load_layer import FOREST_BLIND, FOREST_TODAY, list_layers, load_layer
from gis.services.rate_forest_today import rate_forest_today
from gis.services.read_audit import search_audit
from gis.storage import dialect, runs, wire
from gis.workspace import Workspace
from tests.people import DISTRICT, VISITOR, WEST, village
from tests.samples import write_geojson
from tests.services.test_import_files import write_csv

TODAY = dt.date(2026, 3, 20)
WOOD = shapely.box(119.330, 31.730, 119.336, 31.733)
PINE = {"species": "针叶纯林", "slope_deg": 35, "aspect": "西南"}
# Every factor is 1, so I_FOR is 100; of the other wood F 0.25, S 0.15, H exp(-10), N 0: 11.75.
WORST = {**PINE, "ignition_distance_m": 0, "fires_10y": 2}
BEST = {"species": "茶园果园", "slope_deg": 0, "aspect": "平地",
        "ignition_distance_m": 3000, "fires_10y": 0}  # fmt: skip


@pytest.fixture
def hills(office: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return an office with two woods and a weather station, on a day of the fire season."""
    monkeypatch.setattr(clock, "today", lambda _register: TODAY)
    tiny = shapely.box(119.320, 31.740, 119.3202, 31.7402)
    woods = [(WOOD, {"code": "F-1", "name": "松林", **WORST}),
             (tiny, {"code": "F-2", "name": "茶园", **BEST})]  # fmt: skip
    station = [(shapely.Point(119.32, 31.72), {"code": "WS-1", "name": "甲站"})]
    for kind, rows in (("forest", woods), ("weather_station", station)):
        import_sites(office, OPERATOR, kind, write_geojson(tmp_path / f"{kind}.geojson", rows))
    return office


def issue(ws: Workspace, folder: Path, fire_class: int, back: int = 0) -> None:
    """Import the class that the authority issued so many days ago."""
    day = (TODAY - dt.timedelta(days=back)).isoformat()
    file = write_csv(folder / "o.csv", ["code", "day", "official_class"],
                     [["WS-1", day, fire_class]])  # fmt: skip
    import_records(ws, OPERATOR, "observation", file)


def cells(ws: Workspace, run_id: int) -> list[dict[str, Any]]:
    """Return the properties of the features that a run kept."""
    with dialect.reading(ws.engine) as conn:
        texts = list(wire.run_features(conn, run_id, FOREST_TODAY))
    return [json.loads(text)["properties"] for text in texts]


@pytest.mark.parametrize(
    ("fire_class", "worst", "best"),
    # METHOD 4.4: g 0.3, 0.5, 0.75, 1.0, 1.2; clipped at 100.
    [(1, 30.0, 3.5), (2, 50.0, 5.9), (3, 75.0, 8.8), (4, 100.0, 11.8), (5, 100.0, 14.1)],
)
def test_every_cell_is_its_land_times_the_class_of_the_day(
    hills: Workspace, tmp_path: Path, fire_class: int, worst: float, best: float
) -> None:
    issue(hills, tmp_path, fire_class)
    summary = rate_forest_today(hills, OPERATOR)
    found = cells(hills, summary["run"])
    pines = [cell for cell in found if cell["code"] == "F-1"]
    (tea,) = (cell for cell in found if cell["code"] == "F-2")
    # The wood is 570 x 333 m: as many middles of cells as its area has hectares, or nearly.
    assert 14 <= len(pines) <= 24
    assert {(cell["score"], cell["today"]) for cell in pines} == {(100.0, worst)}
    assert tea["today"] == pytest.approx(best, abs=0.051)
    assert (tea["fire_class"], tea["by"], tea["day"]) == (fire_class, "气象部门发布", "2026-03-20")
    assert summary["cells"] == len(found)
    assert summary["high"] == (len(pines) if worst >= 60 else 0)
    assert [cell["band"] for cell in (pines[0], tea)] == [1 + int(min(worst, 99) // 20), 1]


def test_weather_of_yesterday_holds_and_older_is_unknown(hills: Workspace, tmp_path: Path) -> None:
    issue(hills, tmp_path, 4, back=2)
    old = rate_forest_today(hills, OPERATOR)
    assert (old["fire_class"], old["day"], old["high"]) == (None, None, 0)
    assert {(cell["today"], cell["band"]) for cell in cells(hills, old["run"])} == {(None, None)}
    issue(hills, tmp_path, 4, back=1)
    assert rate_forest_today(hills, OPERATOR)["fire_class"] == 4


def test_the_run_is_no_computation_of_risk_and_is_logged(hills: Workspace, tmp_path: Path) -> None:
    issue(hills, tmp_path, 4)
    with dialect.reading(hills.engine) as conn:
        before = runs.latest(conn, runs.RISK)
    run_id = rate_forest_today(hills, OPERATOR)["run"]
    with dialect.reading(hills.engine) as conn:
        assert runs.latest(conn, runs.RISK) == before
        kept = runs.latest(conn, FOREST_TODAY)
    assert kept is not None
    assert (kept["id"], kept["as_of"]) == (run_id, TODAY)
    assert kept["parameters"]["forest_fire"]["class_g"] == [0.3, 0.5, 0.75, 1.0, 1.2]
    logged = search_audit(hills, OPERATOR, Search()).entries[0]
    assert (logged.action, logged.target) == ("compute", FOREST_TODAY)


def test_what_no_device_sees_is_kept_beside_it(hills: Workspace, tmp_path: Path) -> None:
    """The wood of 19 ha is one stretch; a camera beside it sees all of it."""
    issue(hills, tmp_path, 4)

    def told() -> list[dict[str, Any]]:
        summary = rate_forest_today(hills, OPERATOR)
        found = json.loads(b"".join(load_layer(hills, DISTRICT, FOREST_BLIND).chunks))
        assert summary["blind"] == len(found["features"])
        return [feature["properties"] for feature in found["features"]]

    (spot,) = told()
    assert spot["area_ha"] == spot["high_ha"] == pytest.approx(19.0, abs=0.2)
    assert (spot["over"], spot["as_of"]) == ("监测范围未考虑地形遮挡", "2026-03-20")
    camera = {"code": "C-1", "device": "摄像机", "range_m": 3000, "status": "在线"}
    rows = [(shapely.Point(119.330, 31.730), camera)]
    import_sites(hills, OPERATOR, "fire_monitor", write_geojson(tmp_path / "c.geojson", rows))
    assert told() == []
    for actor in (VISITOR, village(WEST)):
        assert FOREST_BLIND not in {info.slug for info in list_layers(hills, actor)}


def test_only_who_governs_the_town_may_rate_it(hills: Workspace) -> None:
    for actor in (DISTRICT, VISITOR, village(WEST)):
        with pytest.raises(ForbiddenError, match="镇级用户"):
            rate_forest_today(hills, actor)
    with pytest.raises(NotLoggedInError):
        rate_forest_today(hills, NOBODY)


def test_the_layer_is_for_those_who_see_every_row(hills: Workspace, tmp_path: Path) -> None:
    bare = {info.slug: info for info in list_layers(hills, OPERATOR)}[FOREST_TODAY]
    assert (bare.count, bare.run) == (0, None)
    issue(hills, tmp_path, 4)
    run_id = rate_forest_today(hills, OPERATOR)["run"]
    (info,) = (info for info in list_layers(hills, DISTRICT) if info.slug == FOREST_TODAY)
    shown = json.loads(b"".join(load_layer(hills, DISTRICT, FOREST_TODAY).chunks))
    assert (info.run, info.count) == (run_id, len(shown["features"]))
    assert info.style == {"limits": [20, 40, 60, 80], "day": "2026-03-20"}
    assert shown["run"] == run_id
    for actor in (VISITOR, village(WEST)):
        assert FOREST_TODAY not in {info.slug for info in list_layers(hills, actor)}
