"""A table of satellite heat becomes pixels on the map, each once, judged against all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner

from gis.domain.audit import Search
from gis.domain.rights import GUEST, OPERATOR
from gis.errors import ForbiddenError, InvalidDataError
from gis.services.assess_quality import assess_quality
from gis.services.find_duplicates import find_duplicates
from gis.services.import_satellite_heat import import_satellite_heat
from gis.services.import_sites import import_sites
from gis.services.read_audit import search_audit
from gis.storage import dialect, sites
from gis.workspace import Workspace
from scripts.import_firms import main
from tests.people import VISITOR
from tests.samples import write_geojson

HEADER = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,"
    "confidence,version,bright_ti5,frp,daynight"
)


def line(lon: float, lat: float, day: str, clock: str = "0530", **more: str) -> str:
    """Return a line of a VIIRS table."""
    said = {"satellite": "N", "confidence": "n", **more}
    return (
        f"{lat},{lon},334.2,0.39,0.36,{day},{clock},{said['satellite']},VIIRS,"
        f"{said['confidence']},2.0NRT,290.9,3.1,D"
    )


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def wooded(office: Workspace, tmp_path: Path) -> Workspace:
    """Return an office with a wood in the west."""
    rows = [(shapely.box(119.31, 31.71, 119.32, 31.72), {"code": "F-1", "name": "甲"})]
    import_sites(office, OPERATOR, "forest", write_geojson(tmp_path / "wood.geojson", rows))
    return office


def stored(ws: Workspace) -> dict[str, dict[str, Any]]:
    """Return the detections on record by code."""
    with dialect.reading(ws.engine) as conn:
        frame = sites.load(conn, ws.kind("satellite_heat"))
    return {row["key"]: row for row in frame.to_dict("records")}


def test_a_table_becomes_pixels_and_comes_in_once(wooded: Workspace, tmp_path: Path) -> None:
    file = write(
        tmp_path / "fire_nrt.csv",
        line(119.315, 31.715, "2026-03-04", "1759"),
        line(119.315, 31.715, "2026-03-04", "1759"),
        line(119.38, 31.74, "2026-03-04", "0530"),
        line(119.315, 31.715, "2026-03-05", confidence="l"),
        line(121.0, 31.0, "2026-03-04"),
        line(31.715, 119.315, "2026-03-04"),
        "31.7,119.3,334.2,0.39",
    )
    report = import_satellite_heat(wooded, OPERATOR, file)
    assert (report.new, report.refused) == (3, 2)
    assert [r.row for r in report.rejected] == [7, 8]
    assert "写反" in report.rejected[0].reason
    assert "不完整" in report.rejected[1].reason
    assert any("1 个热点远离本镇" in note for note in report.notes)
    assert any("1 行重复" in note for note in report.notes)
    found = stored(wooded)
    wood = found["N-202603041759-31.71500,119.31500"]
    assert (wood["judged"], wood["acquired_at"]) == ("林区热点", "2026-03-05 01:59")
    assert wood["source"] == "NASA FIRMS"
    assert wood["geometry"].geom_type == "Polygon"
    assert wood["geometry"].centroid.distance(shapely.Point(119.315, 31.715)) < 1e-6
    assert sorted(row["judged"] for row in found.values()) == ["林区以外", "林区热点", "置信度低"]
    again = import_satellite_heat(wooded, OPERATOR, file)
    assert (again.new, again.changed, again.same) == (0, 0, 3)
    entries = search_audit(wooded, OPERATOR, Search(action="import")).entries
    logged = [entry for entry in entries if entry.target == "satellite_heat"]
    assert len(logged) == 2
    assert '"fire_nrt.csv"' in logged[0].detail


def test_later_months_make_standing_heat_of_earlier_detections(
    wooded: Workspace, tmp_path: Path
) -> None:
    kiln = (119.318, 31.718)
    first = write(tmp_path / "a.csv", line(*kiln, "2026-01-10"), line(*kiln, "2026-02-10"))
    import_satellite_heat(wooded, OPERATOR, first)
    assert {row["judged"] for row in stored(wooded).values()} == {"林区热点"}
    second = write(tmp_path / "b.csv", line(119.320, 31.718, "2026-03-10"))
    tried = import_satellite_heat(wooded, OPERATOR, second, dry_run=True)
    assert (tried.new, tried.changed) == (1, 2)
    assert len(stored(wooded)) == 2
    done = import_satellite_heat(wooded, OPERATOR, second)
    assert (done.new, done.changed) == (1, 2)
    assert {row["judged"] for row in stored(wooded).values()} == {"固定热源"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "空"),
        (HEADER + "\n", "没有数据行"),
        ("name,lon,lat\na,119.3,31.7\n", "不是 FIRMS"),
        ("\x00\x01\x02", "损坏"),
    ],
)
def test_a_file_that_is_none_is_refused_and_changes_nothing(
    wooded: Workspace, tmp_path: Path, content: str, told: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidDataError, match=told):
        import_satellite_heat(wooded, OPERATOR, file)
    assert stored(wooded) == {}


def test_a_table_without_a_detection_near_the_town_changes_nothing(
    wooded: Workspace, tmp_path: Path
) -> None:
    report = import_satellite_heat(
        wooded, OPERATOR, write(tmp_path / "far.csv", line(121.0, 31.0, "2026-03-04"))
    )
    assert report.counts == {"new": 0, "changed": 0, "same": 0, "rejected": 0}
    assert stored(wooded) == {}


def test_whoever_changes_nothing_imports_none_and_a_demonstration_takes_no_real_heat(
    wooded: Workspace, demo: Workspace, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.csv", line(119.315, 31.715, "2026-03-04"))
    with pytest.raises(ForbiddenError):
        import_satellite_heat(wooded, VISITOR, file)
    with pytest.raises(ForbiddenError):
        import_satellite_heat(demo, GUEST, file)
    with pytest.raises(InvalidDataError, match="演示"):
        import_satellite_heat(demo, OPERATOR, file, dry_run=True)


def test_what_an_instrument_tells_is_no_record_to_be_verified_nor_a_duplicate(
    wooded: Workspace, tmp_path: Path
) -> None:
    places = [line(119.315, 31.715, "2026-03-04"), line(119.3152, 31.715, "2026-03-04")]
    before = assess_quality(wooded, OPERATOR)
    import_satellite_heat(wooded, OPERATOR, write(tmp_path / "a.csv", *places))
    assert len(stored(wooded)) == 2
    after = assess_quality(wooded, OPERATOR)
    assert after == before
    assert find_duplicates(wooded, OPERATOR).matched == 0


def test_the_command_says_what_was_done(
    wooded: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.import_firms.opened", lambda: wooded)
    file = write(tmp_path / "a.csv", line(119.315, 31.715, "2026-03-04"))
    done = CliRunner().invoke(main, [str(file)])
    assert done.exit_code == 0, done.output
    assert "satellite_heat：新增 1" in done.output
