"""Everything about accounts and the audit log by command, on a database of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gis.domain.rights import OPERATOR
from gis.services import make_database, read_audit
from gis.storage import dialect
from gis.workspace import Settings, Workspace, open_workspace
from scripts import (
    accounts,
    audit,
    check_address,
    import_areas,
    make_office,
    prune_audit,
    sessions,
    tokens,
    verify_audit,
)
from tests.people import EAST, WEST
from tests.samples import write_villages

Run = Callable[..., Result]


@pytest.fixture
def run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command on the test's database, expecting an exit code."""
    monkeypatch.setenv("RISKMAP_DATABASE_URL", workspace.settings.database_url)
    monkeypatch.setenv("RISKMAP_DATA_DIR", str(workspace.settings.data_dir))

    def call(command: click.Command, *arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(command, arguments)
        assert done.exit_code == code, done.output
        return done

    return call


def test_an_office_from_nothing_to_a_checked_log_by_command(run: Run, tmp_path: Path) -> None:
    refused = run(make_office.main, code=1)
    assert "--administrator" in refused.output
    made = run(make_office.main, "--administrator", "张管理")
    password = re.findall(r"首次口令.*：([\w-]+)", made.output)[0]
    assert "首次口令" not in run(make_office.main, "--administrator", "x2").output
    run(import_areas.main, "village", str(write_villages(tmp_path / "v.geojson")))

    added = run(
        accounts.main, "add", "west", "--name", "西村", "--role", "village", "--village", WEST
    )
    assert re.search(r"首次口令.*：([\w-]+)", added.output)
    assert (
        "东村" in run(accounts.main, "change", "west", "--name", "东村", "--village", EAST).output
    )
    assert EAST in run(accounts.main, "list").output
    assert "停用" in run(accounts.main, "change", "west", "--inactive").output
    run(accounts.main, "change", "west", "--active")
    assert "首次口令" in run(accounts.main, "reset-password", "west").output
    run(accounts.main, "unlock", "west")
    assert "district_reader" in run(accounts.main, "roles").output
    assert "没有登录名" in run(accounts.main, "unlock", "nobody", code=1).output
    assert "管理员" in run(accounts.main, "change", "张管理", "--inactive", code=1).output

    token = run(tokens.main, "add", "west", "--name", "QGIS").output
    assert re.search(r"xrm_[\w-]{43}", token)
    listed = run(tokens.main, "list").output
    assert "QGIS" in listed
    assert token.strip().rpartition("：")[2] not in listed
    run(tokens.main, "revoke", listed.split("\t")[0])
    assert "无效" in run(tokens.main, "list").output
    assert run(sessions.main, "list").output == ""
    assert "没有编号为 1 的会话" in run(sessions.main, "end", "1", code=1).output

    log = run(audit.main, "--text", "west").output
    assert [line.split("\t")[4] for line in log.splitlines()[:-1]] == [
        "新增账号", "修改账号", "修改账号", "修改账号",
        "重置口令", "解除锁定", "新增令牌", "撤销令牌",
    ]  # fmt: skip
    assert "命令行（" in log
    assert password not in log
    out = tmp_path / "log.csv"
    run(audit.main, "--out", str(out))
    assert "新增账号" in out.read_text("utf-8-sig")
    assert "完好" in run(verify_audit.main).output
    assert "180" in run(prune_audit.main, "--before", "2100-01-01", code=1).output
    assert "什么也没有删" in run(prune_audit.main, "--before", "2020-01-01").output


def test_a_changed_entry_is_named_and_the_exit_code_says_so(run: Run, workspace: Workspace) -> None:
    run(make_office.main, "--administrator", "admin")
    with dialect.writing(workspace.engine) as conn:
        drop = {"spatialite": "DROP TRIGGER audit_no_update",
                "postgis": "ALTER TABLE audit DISABLE TRIGGER USER"}  # fmt: skip
        conn.exec_driver_sql(drop[dialect.backend(conn)])
        conn.exec_driver_sql("UPDATE audit SET target = 'adnin' WHERE id = 2")
    found = run(verify_audit.main, code=2).output
    assert "第 2 条" in found
    assert "account_add" in found


def test_a_changed_byte_in_the_file_itself_is_found(tmp_path: Path) -> None:
    """Not through the database: the byte on the disk."""
    path = tmp_path / "office.sqlite"
    ws = open_workspace(Settings(f"sqlite:///{path}", tmp_path / "var"))
    make_database.make_office(ws, OPERATOR, "administrator-x")
    with ws.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    ws.engine.dispose()
    content = path.read_bytes()
    at = content.rindex(b"account_addadministrator-x")
    path.write_bytes(content[:at] + b"account_addadministratos-x" + content[at + 26 :])
    again = open_workspace(Settings(f"sqlite:///{path}", tmp_path / "var"))
    assert "第 2 条" in "".join(read_audit.verify_audit(again, OPERATOR).faults)
    again.engine.dispose()


def test_the_address_of_an_office_is_checked_before_it_is_served(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(make_office.main, "--administrator", "admin")
    run(check_address.main)
    monkeypatch.setenv("RISKMAP_HOST", "0.0.0.0")
    assert "RISKMAP_PUBLIC_URL" in run(check_address.main, code=1).output
    monkeypatch.setenv("RISKMAP_PUBLIC_URL", "https://map.example.cn/")
    run(check_address.main)
    for name, value in (("RISKMAP_PUBLIC_URL", "map.example.cn"), ("RISKMAP_PROXY", "a proxy")):
        monkeypatch.setenv(name, value)
        assert name in run(check_address.main, code=1).output
        monkeypatch.delenv(name)
