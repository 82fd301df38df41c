"""The relief comes in from a GeoTIFF; whoever computes next sees it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gis.domain.relief import Relief
from gis.domain.rights import GUEST, OPERATOR
from gis.errors import ForbiddenError, InvalidDataError
from gis.services.changes import Report
from gis.services.import_relief import import_relief
from gis.services.make_database import make_office
from gis.services.take_snapshot import take_snapshot
from gis.storage import areas, dialect, tables
from gis.workspace import Workspace
from scripts.demo_town import geotiff
from scripts.demo_town.geotiff import write_geotiff
from scripts.demo_town.terrain import Terrain
from scripts.import_relief import main
from tests.people import DISTRICT, WEST, village

WEST_M, NORTH_M = 431_280.0, 3_516_600.0
"""The two villages lie between 433.6 and 443.2 km east, 3508.7 and 3514.4 km north."""


@pytest.fixture(autouse=True)
def _real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the files be such as an office has: they do not say that they are made up."""
    monkeypatch.setattr(geotiff, "DESCRIPTION", "DEM")


def heights(path: Path, *, columns: int = 240, tilt: float = 0.5) -> Path:
    """Write a slope that rises eastward, on 60 m cells around the villages."""
    rise = 20.0 + tilt * np.arange(columns)
    write_geotiff(path, Terrain(WEST_M, NORTH_M, np.tile(rise, (170, 1))))
    return path


def taken(ws: Workspace, path: Path, source: str = "某测绘产品 60 米") -> Report:
    """Import a file."""
    return import_relief(ws, OPERATOR, path, source=source, surveyed_on=dt.date(2021, 3, 1))


def seen(ws: Workspace) -> Relief | None:
    """Return the relief that an assessment is made of."""
    with dialect.reading(ws.engine) as conn:
        ground = areas.load(conn, ws.home_level)
        return take_snapshot(conn, ws, ground, dt.date(2026, 1, 1)).relief


def test_a_relief_is_cut_to_the_villages_and_two_kilometres_around(
    office: Workspace, tmp_path: Path
) -> None:
    report = taken(office, heights(tmp_path / "d.tif"))
    assert (report.new, report.changed, report.same) == (1, 0, 0)
    found = seen(office)
    assert found is not None
    assert found.cell_m == 60.0
    assert (found.source, found.synthetic) == ("某测绘产品 60 米", False)
    # The villages' corners by pyproj, EPSG:4490 to 4549.
    assert found.west_m == pytest.approx(433_639.6 - 2000, abs=121)
    assert found.north_m == pytest.approx(3_514_344.5 + 2000, abs=121)
    middle = found.at(np.array([440_010.0]), np.array([3_511_000.0]))
    assert middle == pytest.approx(20.0 + 0.5 * (440_010 - WEST_M - 30) / 60)


def test_the_same_file_again_changes_nothing(office: Workspace, tmp_path: Path) -> None:
    path = heights(tmp_path / "d.tif")
    taken(office, path)
    again = taken(office, path)
    assert (again.new, again.changed, again.same) == (0, 0, 1)
    other = taken(office, heights(tmp_path / "e.tif", tilt=0.2))
    assert (other.new, other.changed, other.same) == (0, 1, 0)
    with dialect.reading(office.engine) as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(tables.relief)) == 2


def test_an_import_is_in_the_audit_log(office: Workspace, tmp_path: Path) -> None:
    taken(office, heights(tmp_path / "d.tif"))
    query = sa.select(tables.audit).order_by(tables.audit.c.id.desc()).limit(1)
    with dialect.reading(office.engine) as conn:
        entry = conn.execute(query).mappings().one()
        row = conn.execute(sa.select(tables.relief)).mappings().one()
    assert (entry["action"], entry["target"]) == ("import", "relief")
    detail = json.loads(entry["detail"])
    assert (detail["file"], detail["new"]) == ("d.tif", 1)
    assert (row["import_batch"], row["surveyed_on"]) == (detail["batch"], dt.date(2021, 3, 1))


def test_land_that_a_file_does_not_cover_is_told(office: Workspace, tmp_path: Path) -> None:
    report = taken(office, heights(tmp_path / "d.tif", columns=120))
    assert any("未知" in note for note in report.notes)
    found = seen(office)
    assert found is not None
    assert np.isnan(found.at(np.array([442_000.0]), np.array([3_511_000.0]))).all()


def test_an_office_takes_no_invented_relief(
    office: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = heights(tmp_path / "d.tif")
    with pytest.raises(InvalidDataError, match="正式库"):
        taken(office, path, source="模拟数据")
    monkeypatch.setattr(geotiff, "DESCRIPTION", "模拟数据：虚构")
    with pytest.raises(InvalidDataError, match="正式库"):
        taken(office, heights(tmp_path / "e.tif"))
    assert seen(office) is None


def test_who_may_not_change_the_town_brings_no_relief(office: Workspace, tmp_path: Path) -> None:
    path = heights(tmp_path / "d.tif")
    for actor in (village(WEST), DISTRICT):
        with pytest.raises(ForbiddenError, match="权限"):
            import_relief(office, actor, path, source="x")
    with pytest.raises(ForbiddenError):
        import_relief(office, GUEST, path, source="x")


def test_a_relief_needs_a_source_and_villages(workspace: Workspace, tmp_path: Path) -> None:
    make_office(workspace, OPERATOR, "admin")
    path = heights(tmp_path / "d.tif")
    with pytest.raises(InvalidDataError, match="来源"):
        taken(workspace, path, source=" ")
    with pytest.raises(InvalidDataError, match="边界"):
        taken(workspace, path)


def test_the_command_reads_a_file(
    office: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.import_relief.opened", lambda: office)
    arguments = [
        str(heights(tmp_path / "d.tif")),
        "--source",
        "某产品",
        "--surveyed-on",
        "2021-03-01",
    ]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "格网 60.0 米" in done.output
    refused = CliRunner().invoke(main, [str(tmp_path / "none.tif"), "--source", "某产品"])
    assert refused.exit_code == 1
    assert "找不到" in refused.output
