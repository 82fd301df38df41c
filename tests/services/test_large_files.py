"""Files much larger than an office's: within 600 MB of memory, whatever their size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from gis.storage import dialect
from gis.storage.tables import site, site_shown, site_version
from gis.workspace import ROOT, Workspace

MOST_MB = 600

MEASURED = """
import resource, sys
from scripts.import_sites import main
main(sys.argv[1:], standalone_mode=False)
own, children = (resource.getrusage(who).ru_maxrss for who in
                 (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print("MB", max(own, children) // 1024)
"""
"""The command, and how much memory it or the process that opened its file took at most."""


def write(path: Path, megabytes: int) -> int:
    """Write a table of about that size; return its number of rows."""
    dice, count, size = np.random.default_rng(3), 0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write("编号,名称,所在村,学段,学生数,经度,纬度,来源,核实日期\n")
        while size < megabytes * 1_000_000:
            lon, lat = dice.uniform(119.30, 119.3499, 5000), dice.uniform(31.70, 31.75, 5000)
            block = "".join(
                f"S{count + i:08d},第{count + i}小学,村1,小学,{100 + i % 900},{lon[i]:.6f},"
                f"{lat[i]:.6f},教育局台账,2026-01-05\n"
                for i in range(5000)
            )
            file.write(block)
            count, size = count + 5000, size + len(block.encode())
    return count


def imported(ws: Workspace, path: Path, *options: str) -> tuple[str, int]:
    """Import a file by the command; return what that said, and the memory it took, MB."""
    environment = {
        **os.environ,
        "RISKMAP_DATABASE_URL": ws.settings.database_url,
        "RISKMAP_DATA_DIR": str(ws.settings.data_dir),
    }
    command = [sys.executable, "-c", MEASURED, "school", str(path), *options]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    said, _, megabytes = done.stdout.rpartition("MB ")
    return said, int(megabytes)


@pytest.mark.slow
def test_a_csv_of_20_mb_is_committed_within_600_mb(office: Workspace, tmp_path: Path) -> None:
    count = write(tmp_path / "a.csv", 20)
    said, megabytes = imported(office, tmp_path / "a.csv")
    assert f"新增 {count}" in said
    assert megabytes < MOST_MB
    with dialect.reading(office.engine) as conn:
        for table in (site, site_version, site_shown):
            assert conn.scalar(sa.select(sa.func.count()).select_from(table)) == count


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["spatialite"], indirect=True)
def test_a_csv_of_200_mb_is_tried_out_within_600_mb(office: Workspace, tmp_path: Path) -> None:
    count = write(tmp_path / "a.csv", 200)
    said, megabytes = imported(office, tmp_path / "a.csv", "--dry-run")
    assert f"新增 {count}" in said
    assert megabytes < MOST_MB
    with dialect.reading(office.engine) as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(site)) == 0
