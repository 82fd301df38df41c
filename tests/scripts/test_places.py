"""History and duplicates by command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gis.workspace import Workspace
from scripts import duplicates, history
from tests.register import NEAR_WEST, WEST_POINT, take

Run = Callable[..., str]


@pytest.fixture
def run(own_office: Workspace, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command on the test's office, expecting an exit code."""
    monkeypatch.setenv("RISKMAP_DATABASE_URL", own_office.settings.database_url)
    monkeypatch.setenv("RISKMAP_DATA_DIR", str(own_office.settings.data_dir))

    def call(command: click.Command, *arguments: object, code: int = 0) -> str:
        done = CliRunner().invoke(command, [str(argument) for argument in arguments])
        assert done.exit_code == code, done.output
        return done.output

    return call


def test_a_pair_is_found_merged_told_and_taken_apart_by_command(
    own_office: Workspace, run: Run, tmp_path: Path
) -> None:
    plants = [
        (WEST_POINT, {"code": "A", "name": "金东水泥", "tenants": 3}),
        (NEAR_WEST, {"code": "B", "name": "金东水泥厂", "shifts": 2}),
    ]
    found = take(own_office, tmp_path, plants)
    keep, drop = found["A"], found["B"]
    listed = run(duplicates.main, "list")
    assert f"{keep}\t{drop}\t金东水泥\t金东水泥厂\t企业\t名称相同，相距 28 米" in listed
    assert "共 1 对" in listed
    assert "共 0 对" in run(duplicates.main, "list", "--kind", "school")
    assert "补入：班次数；隐患 0 件" in run(duplicates.main, "merge", keep, drop)
    told = run(history.main, keep)
    assert "第 2 版" in told
    assert "  班次数：空 → 2" in told
    assert "plants.geojson 第 1 行" in told
    assert "恢复到合并以前" in run(duplicates.main, "undo", drop)
    assert "没有可撤销的" in run(duplicates.main, "undo", drop, code=1)
    assert "已记下" in run(duplicates.main, "apart", drop, keep)
    assert "没有改动" in run(duplicates.main, "apart", keep, drop)
    assert "共 0 对" in run(duplicates.main, "list")
    assert "已收回" in run(duplicates.main, "apart", keep, drop, "--undo")
    assert "改动：班次数" in run(history.main, keep, "--restore", 2)
    assert "与现在相同" in run(history.main, keep, "--restore", 2)
    assert "没有第 9 版；最后是第 4 版" in run(history.main, keep, "--restore", 9, code=1)
    assert "没有编号为 999 的场所" in run(history.main, 999, code=1)
