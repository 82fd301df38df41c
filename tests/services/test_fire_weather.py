"""The fire weather of an office: whose class holds, how old it is, and who sees it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.domain.audit import Search
from gis.domain.rights import NOBODY, OPERATOR
from gis.errors import InvalidDataError, NotLoggedInError
from gis.services import clock
from gis.services.export_fire_weather import export_fire_weather
from gis.services.import_records import import_records
from gis.services.import_sites import import_sites
from gis.services.read_audit import search_audit
from gis.services.watch_fire_weather import estimate_spread, fuels, watch_fire_weather
from gis.workspace import Workspace
from tests.people import EAST, TOWN, VISITOR, village
from tests.samples import write_geojson
from tests.services.test_import_files import write_csv

FIELDS = ["t_max_c", "rh_min_pct", "wind_max_ms", "rain_mm",
          "t_noon_c", "rh_noon_pct", "wind_noon_ms", "rain_noon_mm"]  # fmt: skip
MILD = [20, 40, 4, 0, 18, 45, 3, 0]
WINDY = [22, 28, 6, 0, 20, 33, 5, 0]
STATIONS: list[tuple[shapely.Geometry | None, dict[str, Any]]] = [
    (shapely.Point(119.32, 31.72), {"code": "WS-1", "name": "甲站", "station_type": "国家站"}),
    (shapely.Point(119.33, 31.72), {"code": "WS-2", "name": "乙站", "wind_height_m": 4}),
    (shapely.Point(119.34, 31.72), {"code": "WS-3", "name": "丙站"}),
]
PAPER = "火险〔2026〕7号"
TODAY = dt.date(2026, 3, 31)


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda _register: TODAY)


@pytest.fixture
def stations(office: Workspace, tmp_path: Path) -> Workspace:
    """Return an office with three weather stations and no observation."""
    import_sites(
        office, OPERATOR, "weather_station", write_geojson(tmp_path / "s.geojson", STATIONS)
    )
    return office


def tell(
    ws: Workspace, folder: Path, station: str, days: int, back: int = 0,
    values: list[Any] = MILD, official: int | None = None,
) -> None:  # fmt: skip
    """Import so many days of a station; the last of them lies ``back`` days before today."""
    last = TODAY - dt.timedelta(days=back)
    rows = [
        [station, (last - dt.timedelta(days=ago)).isoformat(), *values, official or "",
         PAPER if official else ""]
        for ago in range(days)
    ]  # fmt: skip
    header = ["code", "day", *FIELDS, "official_class", "official_document"]
    file = write_csv(folder / "o.csv", header, rows)
    report = import_records(ws, OPERATOR, "observation", file)
    assert (report.new + report.changed, report.refused) == (days, 0)


def test_without_stations_or_observations_nothing_is_known(
    office: Workspace, tmp_path: Path
) -> None:
    bare = watch_fire_weather(office, OPERATOR)
    assert (bare["town"], bare["stations"]) == (None, [])
    import_sites(
        office, OPERATOR, "weather_station", write_geojson(tmp_path / "s.geojson", STATIONS)
    )
    found = watch_fire_weather(office, OPERATOR)
    assert found["town"] is None
    assert [station["latest"] for station in found["stations"]] == [None] * 3
    assert found["season_began"] == "2025-11-01"


def test_the_town_has_the_highest_class_of_its_stations(
    stations: Workspace, tmp_path: Path
) -> None:
    tell(stations, tmp_path, "WS-1", 40)
    tell(stations, tmp_path, "WS-2", 40, values=WINDY)
    found = watch_fire_weather(stations, OPERATOR)
    assert found["town"] == {
        "class": 4, "name": "高", "day": "2026-03-31", "official": False,
        "by": "本系统计算（参考）", "age_days": 0, "stale": False,
    }  # fmt: skip
    one, two, three = found["stations"]
    assert (one["name"], one["station_type"], two["wind_height_m"]) == ("甲站", "国家站", 4)
    assert (one["latest"]["shown_class"], two["latest"]["shown_class"]) == (3, 4)
    assert two["latest"]["u"] == pytest.approx(15.382 + 12.5 + 15.384 + 38, abs=0.01)
    assert two["latest"]["htz"] == 16 + 20 + 50 + 20
    assert two["latest"]["htz_name"] == "极度危险"
    assert two["latest"]["gaps"] == ["dry_days"]  # since when it was dry nobody recorded
    assert (two["days"], two["missing_days"]) == (40, 0)
    assert two["latest"]["fwi"] > one["latest"]["fwi"] > 0
    assert not one["latest"]["settled"]
    assert three["latest"] is None


def test_half_a_record_of_today_takes_no_class_from_the_day_before(
    stations: Workspace, tmp_path: Path
) -> None:
    tell(stations, tmp_path, "WS-1", 40, back=1, values=WINDY)
    tell(stations, tmp_path, "WS-2", 40, back=1)
    before = watch_fire_weather(stations, OPERATOR)["town"]
    tell(stations, tmp_path, "WS-1", 1, values=["", "", "", 0, "", "", "", ""])
    found = watch_fire_weather(stations, OPERATOR)
    assert found["town"] == before
    assert (before["class"], before["day"]) == (4, "2026-03-30")
    assert found["stations"][0]["latest"]["day"] == "2026-03-31"


def test_the_authoritys_class_holds_even_if_it_is_lower(
    stations: Workspace, tmp_path: Path
) -> None:
    tell(stations, tmp_path, "WS-2", 40, values=WINDY)
    tell(stations, tmp_path, "WS-1", 1, official=2)
    found = watch_fire_weather(stations, OPERATOR)
    assert (found["town"]["class"], found["town"]["official"]) == (2, True)
    assert found["town"]["by"] == "气象部门发布"
    latest = found["stations"][0]["latest"]
    assert (latest["shown_class"], latest["u_class"], latest["by"]) == (2, 3, "气象部门发布")
    assert latest["official_document"] == PAPER
    assert found["stations"][1]["latest"]["shown_class"] == 4


@pytest.mark.parametrize(("back", "stale"), [(0, False), (1, False), (2, True), (30, True)])
def test_observations_older_than_yesterday_are_not_todays(
    stations: Workspace, tmp_path: Path, back: int, stale: bool
) -> None:
    tell(stations, tmp_path, "WS-1", 20, back)
    found = watch_fire_weather(stations, OPERATOR)
    assert (found["town"]["age_days"], found["town"]["stale"]) == (back, stale)
    latest = found["stations"][0]["latest"]
    assert latest["day"] == (TODAY - dt.timedelta(days=back)).isoformat()
    assert found["stations"][0]["missing_days"] == back


def test_a_station_that_fell_silent_does_not_speak_for_the_town(
    stations: Workspace, tmp_path: Path
) -> None:
    tell(stations, tmp_path, "WS-2", 20, back=5, values=WINDY)
    tell(stations, tmp_path, "WS-1", 20)
    found = watch_fire_weather(stations, OPERATOR)
    assert (found["town"]["class"], found["town"]["stale"]) == (3, False)
    assert found["stations"][1]["latest"]["stale"]


def test_the_season_is_told_day_by_day_and_month_by_month(
    stations: Workspace, tmp_path: Path
) -> None:
    tell(stations, tmp_path, "WS-1", 160)  # since 23 October, before the season
    (one, *_) = watch_fire_weather(stations, OPERATOR)["stations"]
    assert [row["day"] for row in one["series"]][::150] == ["2025-11-01", "2026-03-31"]
    assert {row["shown_class"] for row in one["series"]} == {3}
    months = {row["month"]: row for row in one["months"]}
    assert list(months) == ["2025-11", "2025-12", "2026-01", "2026-02", "2026-03"]
    assert (months["2026-02"]["class_3"], months["2026-02"]["unknown"]) == (28, 0)
    assert sum(row[f"class_{level}"] for row in one["months"] for level in range(1, 6)) == 151
    assert one["latest"]["settled"]
    assert months["2026-03"]["fwi_max"] >= months["2026-03"]["fwi_mean"] > 0


def test_what_a_corrected_day_says_counts(stations: Workspace, tmp_path: Path) -> None:
    tell(stations, tmp_path, "WS-1", 20)
    tell(stations, tmp_path, "WS-1", 1, values=[20, 90, 1, 12.5, 18, 95, 1, 12.5])
    latest = watch_fire_weather(stations, OPERATOR)["stations"][0]["latest"]
    assert (latest["u"], latest["shown_class"], latest["dry_days"]) == (0, 1, 0)


def test_a_station_that_waits_to_be_placed_counts_too(office: Workspace, tmp_path: Path) -> None:
    rows = [(None, {"code": "WS-1", "name": "甲站", "village": EAST})]
    import_sites(office, OPERATOR, "weather_station", write_geojson(tmp_path / "s.geojson", rows))
    tell(office, tmp_path, "WS-1", 20)
    assert watch_fire_weather(office, OPERATOR)["town"]["class"] == 3


def test_stations_are_public_and_whoever_reads_nothing_sees_none(
    stations: Workspace, tmp_path: Path
) -> None:
    tell(stations, tmp_path, "WS-1", 20)
    everything = watch_fire_weather(stations, OPERATOR)
    for actor in (VISITOR, village(EAST)):
        assert watch_fire_weather(stations, actor) == everything
    for asked in (watch_fire_weather, export_fire_weather, fuels):
        with pytest.raises(NotLoggedInError):
            asked(stations, NOBODY)


def test_the_table_has_every_day_with_its_notices_and_leaves_a_trace(
    stations: Workspace, tmp_path: Path
) -> None:
    tell(stations, tmp_path, "WS-1", 20, official=4)
    document = export_fire_weather(stations, TOWN)
    text = b"".join(document.chunks).decode("utf-8-sig")
    header, *rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 20
    last = dict(zip(header, rows[-1], strict=True))
    assert (last["站点编号"], last["日期"], last["火险等级"]) == ("WS-1", "2026-03-31", "4")
    assert last["来源"] == "气象部门发布"
    assert last["数据截至"] == "2026-03-31"
    assert "不作划界依据" in last["说明"]
    (entry,) = search_audit(stations, OPERATOR, Search(action="export")).entries
    assert (entry.action, entry.target, entry.actor) == ("export", "fire_weather", "town")


def test_the_spread_is_estimated_and_what_is_out_of_range_is_refused(office: Workspace) -> None:
    weather = {"t_c": 26.0, "rh_pct": 25.0, "wind_ms": 4.0, "slope_deg": 15.0}
    assert "平铺针叶" in fuels(office, VISITOR)
    found = estimate_spread(office, VISITOR, weather, "平铺针叶")
    assert found["rate_m_min"] == pytest.approx(4.36, abs=0.005)
    with pytest.raises(InvalidDataError, match="45"):
        estimate_spread(office, VISITOR, {**weather, "slope_deg": 60}, "平铺针叶")
