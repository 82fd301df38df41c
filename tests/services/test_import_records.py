"""Records come in by the place they belong to; what they replace stays for earlier runs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import shapely

from gis.domain.rights import OPERATOR
from gis.errors import ForbiddenError, InvalidDataError, NotFoundError
from gis.services.import_records import import_records
from gis.services.import_sites import import_sites
from gis.services.show_site import show_site
from gis.storage import dialect, records
from gis.workspace import Workspace
from tests.people import DISTRICT, EAST, village
from tests.register import ids
from tests.samples import write_geojson
from tests.services.test_import_files import write_csv

HEADER = ["站点编号", "日期", "日最高气温", "日最小相对湿度", "日最大风速", "日降水量"]
POINTS = [(shapely.Point(119.32, 31.72), {"code": "WS-1", "name": "甲站"})]


@pytest.fixture
def station(office: Workspace, tmp_path: Path) -> Workspace:
    """Return an office with one weather station."""
    import_sites(office, OPERATOR, "weather_station", write_geojson(tmp_path / "s.geojson", POINTS))
    return office


def days(ws: Workspace, revision: int | None = None) -> list[tuple[str, float]]:
    """Return day and highest temperature of every observation held."""
    with dialect.reading(ws.engine) as conn:
        found = records.load(conn, ws.record("observation"), revision=revision)
    return list(zip(found["day"], found["t_max_c"], strict=True))


def test_observations_come_in_by_their_stations_code(station: Workspace, tmp_path: Path) -> None:
    rows = [["WS-1", "2026-03-02", 12, 40, 3.5, 0], ["WS-1", "2026/3/1", 10, 55, 2, 1.5]]
    file = write_csv(tmp_path / "o.csv", HEADER, rows)
    report = import_records(station, OPERATOR, "observation", file, mapping={"code": "站点编号"})
    assert (report.new, report.refused) == (2, 0)
    assert days(station) == [("2026-03-01", 10.0), ("2026-03-02", 12.0)]


def test_a_corrected_day_takes_the_place_of_the_earlier_one_which_is_kept(
    station: Workspace, tmp_path: Path
) -> None:
    header = ["code", "day", "t_max_c", "rain_mm"]
    first = write_csv(tmp_path / "1.csv", header, [["WS-1", "2026-03-01", 10, 2]])
    import_records(station, OPERATOR, "observation", first)
    with dialect.reading(station.engine) as conn:
        before = records.load_stored(conn, station.record("observation"))
    revision = next(iter(before.values()))["revision"]
    second = write_csv(tmp_path / "2.csv", header[:3], [["WS-1", "2026-03-01", 11]])
    report = import_records(station, OPERATOR, "observation", second)
    assert (report.new, report.changed, report.same) == (0, 1, 0)
    assert days(station) == [("2026-03-01", 11.0)]
    assert days(station, revision) == [("2026-03-01", 10.0)]
    with dialect.reading(station.engine) as conn:
        kept = records.load(conn, station.record("observation"))
    assert kept["rain_mm"].tolist() == [2.0]  # the second file has no such column
    again = import_records(station, OPERATOR, "observation", second)
    assert (again.new, again.changed, again.same) == (0, 0, 1)


def test_rows_of_unknown_places_and_rows_that_come_twice_are_sent_back(
    station: Workspace, tmp_path: Path
) -> None:
    rows = [
        ["WS-9", "2026-03-01", 10],
        ["WS-1", "2026-03-01", 10],
        ["WS-1", "2026-03-01", 11],
        ["WS-1", "2026-03-02", 99],
        ["WS-1", "", 9],
    ]
    file = write_csv(tmp_path / "o.csv", ["code", "day", "t_max_c"], rows)
    report = import_records(station, OPERATOR, "observation", file)
    assert report.new == 1
    said = {rejection.row: rejection.reason for rejection in report.rejected}
    assert "WS-9" in said[2]
    assert "重复" in said[4]
    assert "日最高气温" in said[5]
    assert "必须填写" in said[6]


def test_only_who_is_in_charge_of_a_place_brings_in_its_records(
    station: Workspace, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "o.csv", ["code", "day"], [["WS-1", "2026-03-01"]])
    with pytest.raises(ForbiddenError):
        import_records(station, DISTRICT, "observation", file)
    report = import_records(station, village(EAST), "observation", file)
    assert (report.new, report.refused) == (0, 1)


def test_only_who_may_see_a_place_as_it_is_reads_its_records(
    office: Workspace, tmp_path: Path
) -> None:
    line = shapely.LineString([(119.321, 31.72), (119.322, 31.721)])
    file = write_geojson(tmp_path / "g.geojson", [(line, {"code": "GX-1", "name": "甲线"})])
    import_sites(office, OPERATOR, "gas_pipeline", file)
    table = write_csv(tmp_path / "w.csv", ["code", "works", "clear_m"], [["GX-1", "SG-1", 4]])
    import_records(office, OPERATOR, "pipeline_works", table)
    place = ids(office)["GX-1"]
    told = show_site(office, OPERATOR, place)["records"]
    assert [(sort["slug"], sort["count"]) for sort in told] == [("pipeline_works", 1)]
    assert [field["name"] for field in told[0]["fields"]] == ["works", "clear_m"]
    assert told[0]["rows"] == [["SG-1", 4.0]]
    others = show_site(office, village(EAST), place)
    assert others["generalised"]
    assert others["records"] == []


def test_wrong_names_are_told_with_the_right_ones(station: Workspace, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "o.csv", ["code", "x"], [["WS-1", "1"]])
    with pytest.raises(NotFoundError, match="observation"):
        import_records(station, OPERATOR, "observations", file)
    with pytest.raises(InvalidDataError, match="日期"):
        import_records(station, OPERATOR, "observation", file)
    assert dt.date(2026, 3, 1).isoformat() not in [day for day, _ in days(station)]
