"""Two surveys as GeoTIFFs: what changed beyond the mines on record."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from click.testing import CliRunner

from gis.domain.crs import METRIC, STORED
from gis.domain.rights import OPERATOR
from gis.errors import ForbiddenError, InvalidDataError
from gis.services.compare_relief import compare_relief
from gis.workspace import Workspace
from scripts.compare_relief import main
from scripts.demo_town.geotiff import write_geotiff
from scripts.demo_town.terrain import CELL_M, Terrain
from tests.people import village
from tests.register import logged, take

WEST_M, NORTH_M = 437_000.0, 3_512_000.0
"""Of 40 x 40 cells of 60 m between the two villages."""


def survey(path: Path, *dug: tuple[int, int]) -> Path:
    """Write flat ground at 90 m, with cells (row, column) that are 5 m lower."""
    height_m = np.full((40, 40), 90.0)
    for cell in dug:
        height_m[cell] -= 5.0
    write_geotiff(path, Terrain(WEST_M, NORTH_M, height_m))
    return path


def square(row: int, column: int, cells: int) -> shapely.Geometry:
    """Return a square of so many cells a side from the north-west one, in degrees."""
    west, north = WEST_M + CELL_M * column, NORTH_M - CELL_M * row
    box = shapely.box(west, north - CELL_M * cells, west + CELL_M * cells, north)
    degrees: shapely.Geometry = gpd.GeoSeries([box], crs=METRIC).to_crs(STORED)[0]
    return degrees


@pytest.fixture
def mines(office: Workspace, tmp_path: Path) -> Workspace:
    """Return an office with a mine on the surveys, and one far from them."""
    rows = [
        (square(18, 18, 4), {"code": "KS-1", "name": "一号"}),
        (square(18, -40, 4), {"code": "KS-2", "name": "二号"}),
    ]
    take(office, tmp_path, rows, kind="mine", name="mines.geojson")
    return office


def test_ground_dug_beyond_a_mine_is_listed_and_written(mines: Workspace, tmp_path: Path) -> None:
    before = survey(tmp_path / "before.tif")
    # Row 19, columns 22 and 23: two cells right beyond the eastern boundary; (20, 20) is within.
    after = survey(tmp_path / "after.tif", (19, 22), (19, 23), (20, 20))
    out = tmp_path / "found.geojson"
    found = compare_relief(mines, OPERATOR, before, after, out)
    assert found.patches["mine"].tolist() == ["KS-1"]
    assert found.patches["area_m2"].tolist() == pytest.approx([2 * CELL_M**2])
    assert found.patches["change_m"].tolist() == pytest.approx([-5.0])
    assert found.notes[0].startswith("KS-1：1 处；矿界外已比对 9")
    assert found.notes[1].startswith("KS-2：没有比对，数据不覆盖本镇")
    (feature,) = json.loads(out.read_text("utf-8"))["features"]
    assert feature["properties"]["removed_m3"] == pytest.approx(2 * CELL_M**2 * 5)
    assert "现场核实" in feature["properties"]["note"]
    assert [entry["target"] for entry in logged(mines, "export")] == ["boundary_violation"]


def test_the_command_lists_what_it_found(
    mines: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.compare_relief.opened", lambda: mines)
    before, after = survey(tmp_path / "a.tif"), survey(tmp_path / "b.tif", (19, 22))
    done = CliRunner().invoke(main, [str(before), str(after), "--out", str(tmp_path / "o.csv")])
    assert done.exit_code == 0, done.output
    assert "  KS-1：3600 平方米，平均 -5.0 米" in done.output
    assert "KS-1,一号,3600" in (tmp_path / "o.csv").read_text("utf-8-sig")


def test_who_does_not_see_every_mine_may_not_compare(mines: Workspace, tmp_path: Path) -> None:
    path = survey(tmp_path / "a.tif")
    with pytest.raises(ForbiddenError):
        compare_relief(mines, village("320413109201"), path, path)


def test_surveys_of_elsewhere_and_other_formats_are_refused(
    mines: Workspace, tmp_path: Path
) -> None:
    path = survey(tmp_path / "a.tif")
    with pytest.raises(InvalidDataError, match="没有格式 xlsx"):
        compare_relief(mines, OPERATOR, path, path, tmp_path / "o.xlsx")
    away = tmp_path / "away.tif"
    write_geotiff(away, Terrain(WEST_M + 90_000, NORTH_M, np.full((40, 40), 90.0)))
    with pytest.raises(InvalidDataError, match="没有一处矿山可以比对"):
        compare_relief(mines, OPERATOR, path, away)
