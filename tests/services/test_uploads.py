"""Files on their way in: tried out, decided on, imported, cancelled; and whose they are."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from gis.domain.plans import Plan
from gis.domain.rights import OPERATOR, Actor, Role
from gis.errors import ForbiddenError, InvalidDataError, NotFoundError
from gis.services import uploads, work
from gis.services.import_sites import import_sites
from gis.services.manage_accounts import change_account, find_account
from gis.storage import dialect
from gis.storage.tables import audit, site
from gis.workspace import ROOT, Workspace
from scripts.import_sites import main
from tests.people import TOWN, VISITOR, WEST, make_account
from tests.samples import write_geojson
from tests.services.test_import_files import FIRM, HEADER, OTHER, shifted_schools, write_csv
from tests.services.test_imports import a_school, rows


@pytest.fixture
def clerk(office: Workspace) -> Actor:
    """Return somebody of the town office, with an account."""
    return actor(office, Role.TOWN_OFFICE, "clerk")


def actor(ws: Workspace, role: Role, login: str, **scope: list[str]) -> Actor:
    """Make an account; return who it is."""
    return find_account(ws, OPERATOR, make_account(ws, role, login, **scope)).actor("127.0.0.1")


def send(ws: Workspace, who: Actor, kind: str, path: Path, name: str | None = None) -> int:
    """Upload a file and have it tried out."""
    files = [(name or path.name, io.BytesIO(path.read_bytes()))]
    made = uploads.start_upload(ws, who, kind, files)
    work.run_waiting(ws)
    return made


def firms(path: Path, *more: list[Any]) -> Path:
    """Write two firms, and what else is given."""
    data = [
        ["甲厂", FIRM, "村1", 119.32, 31.72, "张三"],
        ["乙厂", OTHER, "村2", 119.38, 31.72, ""],
    ]
    return write_csv(path, HEADER, [*data, *more], "gb18030")


def test_an_upload_is_tried_out_and_then_imported_as_it_was(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    upload = send(office, clerk, "enterprise", firms(tmp_path / "a.csv"))
    found = uploads.load_upload(office, clerk, upload)
    assert (found.state, found.ready) == ("checked", True)
    assert found.found["encoding"].lower().startswith("gb")
    assert found.found["mapping"]["name"] == "单位名称"
    assert found.report["counts"] == {"new": 2, "changed": 0, "same": 0, "rejected": 0}
    assert rows(office, site) == []
    uploads.confirm(office, clerk, upload)
    work.run_waiting(office)
    done = uploads.load_upload(office, clerk, upload)
    assert (done.state, done.report["counts"]["new"]) == ("done", 2)
    assert len(rows(office, site)) == 2
    with dialect.reading(office.engine) as conn:
        actions = [row["action"] for row in conn.execute(audit.select()).mappings()]
    assert actions.count("upload") == 1
    assert actions[-1] == "import"


def test_next_month_the_same_columns_are_read_as_they_were(
    office: Workspace, clerk: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = ["单位", "代码", "在", "x1", "y1", "老板"]
    path = write_csv(tmp_path / "a.csv", header, [["甲", FIRM, "村1", 119.32, 31.72, "张三"]])
    upload = send(office, clerk, "enterprise", path)
    found = uploads.load_upload(office, clerk, upload)
    assert not found.ready
    assert "统一社会信用代码" in found.found["problem"]
    mapping = {"name": "单位", "uscc": "代码", "village": "在", "owner": "老板"}
    plan = Plan(mapping=mapping, place={"lon": "x1", "lat": "y1"})
    uploads.try_again(office, clerk, upload, plan)
    work.run_waiting(office)
    uploads.confirm(office, clerk, upload, remember_as="监管系统")
    work.run_waiting(office)
    path = write_csv(tmp_path / "b.csv", header, [["甲甲", FIRM, "村1", 119.32, 31.72, "李四"]])
    found = uploads.load_upload(office, clerk, send(office, clerk, "enterprise", path))
    assert (found.ready, found.found["profile"]) == (True, "监管系统")
    assert found.report["counts"]["changed"] == 1
    (entry,) = uploads.outcome(office, clerk, found.id, "changed", page=1, size=10)
    said = {d["title"]: (d["old"], d["new"]) for d in entry["differences"]}
    assert said["名称"] == ("甲", "甲甲")
    assert said["负责人"] == ("***", "***")
    assert uploads.find_profile(office, OPERATOR, "enterprise", "监管系统").mapping == mapping
    monkeypatch.setenv("RISKMAP_DATABASE_URL", office.settings.database_url)
    monkeypatch.setenv("RISKMAP_DATA_DIR", str(office.settings.data_dir))
    told = CliRunner().invoke(main, ["enterprise", str(path), "--profile", "监管系统", "--dry-run"])
    assert (told.exit_code, "更新 1" in told.output) == (0, True), told.output
    gone = CliRunner().invoke(main, ["enterprise", str(path), "--profile", "别的"])
    assert "可以用：监管系统" in gone.output


def test_a_shifted_file_is_asked_about_and_one_answer_puts_it_right(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    path, _ = shifted_schools(tmp_path / "a.csv")
    upload = send(office, clerk, "school", path)
    found = uploads.load_upload(office, clerk, upload)
    assert (found.found["question"], found.ready) == (True, False)
    assert found.found["proposed"]["system"] == "GCJ-02"
    shown = uploads.preview(office, clerk, upload)["features"]
    assert {f["properties"]["which"] for f in shown} == {"read", "proposed"}
    with pytest.raises(InvalidDataError, match="回答"):
        uploads.confirm(office, clerk, upload)
    uploads.try_again(office, clerk, upload, Plan(system="GCJ-02", decided=True))
    work.run_waiting(office)
    found = uploads.load_upload(office, clerk, upload)
    assert (found.ready, found.report["counts"].get("astray", 0)) == (True, 0)


def test_a_profile_does_not_shift_a_file_that_its_system_has_put_right_since(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    path, true = shifted_schools(tmp_path / "a.csv")
    upload = send(office, clerk, "school", path)
    uploads.try_again(office, clerk, upload, Plan(system="GCJ-02", decided=True))
    work.run_waiting(office)
    uploads.confirm(office, clerk, upload, remember_as="教育系统")
    work.run_waiting(office)
    same = uploads.load_upload(office, clerk, send(office, clerk, "school", path))
    assert (same.idle, same.found["question"]) == (True, False)
    assert same.report["counts"]["same"] == len(true)
    names = ["村1" if lon < 119.35 else "村2" for lon, _ in true]
    data = [[f"S{i}", names[i], lon, lat] for i, (lon, lat) in enumerate(true)]
    write_csv(path, ["编号", "所在村", "经度", "纬度"], data)
    right = uploads.load_upload(office, clerk, send(office, clerk, "school", path))
    assert (right.ready, right.found["proposed"]["system"]) == (False, "EPSG:4490")
    plan = uploads.find_profile(office, OPERATOR, "school", "教育系统")
    with pytest.raises(InvalidDataError, match="坐标可能不是 GCJ-02"):
        import_sites(office, OPERATOR, "school", path, plan=plan)


def test_rejected_rows_come_back_as_a_spreadsheet_and_are_taken_when_corrected(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    wrong = ["=cmd|' /C calc'!A0", FIRM[:-1] + "4", "村1", 119.33, 31.73, "王五"]
    upload = send(office, clerk, "enterprise", firms(tmp_path / "a.csv", wrong))
    book = uploads.rejected_rows(office, clerk, upload).read()
    path = tmp_path / "back.xlsx"
    path.write_bytes(book)
    assert b"<f>" not in _sheet(path)
    (header, row) = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert header == ["原行号", "未收原因", *HEADER]
    assert row[0] == 4
    assert "校验" in str(row[1])
    assert row[2] == wrong[0]
    fixed = write_csv(tmp_path / "back.csv", header, [[*row[:3], "91330000142927960N", *row[4:]]])
    again = send(office, clerk, "enterprise", fixed)
    found = uploads.load_upload(office, clerk, again)
    assert (found.report["counts"]["new"], found.report["unmapped"]) == (1, [])


def test_rejected_geometries_come_back_as_wkt(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    wrong = a_school("1", 119.32, pupils=-1)
    upload = send(office, clerk, "school", write_geojson(tmp_path / "a.geojson", [wrong]))
    path = tmp_path / "back.xlsx"
    path.write_bytes(uploads.rejected_rows(office, clerk, upload).read())
    (header, row) = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert (header[-1], row[-1]) == ("wkt", "POINT (119.32 31.72)")
    fixed = [[*row[: header.index("pupils")], 120, *row[header.index("pupils") + 1 :]]]
    again = send(office, clerk, "school", write_csv(tmp_path / "b.csv", header, fixed))
    assert uploads.load_upload(office, clerk, again).report["counts"]["new"] == 1


def _sheet(path: Path) -> bytes:
    with zipfile.ZipFile(path) as book:
        return book.read("xl/worksheets/sheet1.xml")


def test_what_a_village_remembers_does_not_decide_how_the_towns_files_are_read(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    west = actor(office, Role.VILLAGE, "west", villages=[WEST])
    path = firms(tmp_path / "a.csv")
    upload = send(office, west, "enterprise", path)
    uploads.confirm(office, west, upload, remember_as="x")
    work.run_waiting(office)
    assert uploads.load_upload(office, clerk, send(office, clerk, "enterprise", path)).ready
    assert uploads.list_profiles(office, clerk) == []
    assert [row["name"] for row in uploads.list_profiles(office, west)] == ["x"]
    towns = send(office, clerk, "enterprise", firms(tmp_path / "b.csv"))
    uploads.confirm(office, clerk, towns, remember_as="y")
    (shared,) = (row for row in uploads.list_profiles(office, west) if row["name"] == "y")
    with pytest.raises(ForbiddenError, match="共用"):
        uploads.forget_profile(office, west, shared["id"])


def test_a_file_that_cannot_be_kept_keeps_nobody_else_from_uploading(
    office: Workspace, clerk: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a." + "x" * 300, "a.docx", "noending"):
        with pytest.raises(InvalidDataError, match="可以用"):
            uploads.start_upload(office, clerk, "school", [(name, io.BytesIO(b"x"))])
    with monkeypatch.context() as small:
        small.setattr(uploads, "MOST_BYTES", 3)
        with pytest.raises(InvalidDataError, match="超过"):
            uploads.start_upload(office, clerk, "school", [("a.csv", io.BytesIO(b"xxxxx"))])
    assert list(office.settings.uploads_dir.iterdir()) == []
    assert send(office, clerk, "enterprise", firms(tmp_path / "a.csv"))
    with monkeypatch.context() as full:
        full.setattr(uploads, "MOST_KEPT", 1)
        with pytest.raises(InvalidDataError, match="先删除"):
            send(office, clerk, "enterprise", firms(tmp_path / "a.csv"))


def test_an_import_changes_what_its_dry_run_showed_and_nothing_newer(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    first = firms(tmp_path / "a.csv")
    import_sites(office, OPERATOR, "enterprise", first)
    text = first.read_text("gb18030")
    renamed = tmp_path / "b.csv"
    renamed.write_text(text.replace("甲厂", "甲厂改名"), encoding="gb18030")
    upload = send(office, clerk, "enterprise", renamed)
    newer = tmp_path / "c.csv"
    newer.write_text(text.replace("甲厂", "别人刚改"), encoding="gb18030")
    import_sites(office, OPERATOR, "enterprise", newer)
    uploads.confirm(office, clerk, upload)
    work.run_waiting(office)
    assert "重新试算" in uploads.load_upload(office, clerk, upload).found["stopped"]
    assert {row["name"] for row in rows(office, site)} == {"别人刚改", "乙厂"}


def test_an_upload_is_seen_by_whoever_sent_it_and_nobody_else(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    upload = send(office, clerk, "enterprise", firms(tmp_path / "a.csv"))
    for other in (TOWN, actor(office, Role.ADMINISTRATOR, "boss")):
        with pytest.raises(NotFoundError):
            uploads.load_upload(office, other, upload)
    with pytest.raises(ForbiddenError):
        uploads.list_uploads(office, VISITOR)
    with pytest.raises(ForbiddenError):
        uploads.start_upload(office, VISITOR, "school", [("a.csv", io.BytesIO(b"x"))])
    assert [u.id for u in uploads.list_uploads(office, clerk)] == [upload]


def test_a_village_clerk_may_import_their_own_rows(office: Workspace, tmp_path: Path) -> None:
    west = actor(office, Role.VILLAGE, "west", villages=[WEST])
    upload = send(office, west, "enterprise", firms(tmp_path / "a.csv"))
    counts = uploads.load_upload(office, west, upload).report["counts"]
    assert (counts["new"], counts["rejected"]) == (1, 1)


def test_a_register_that_changed_since_the_dry_run_is_not_overwritten(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    path = firms(tmp_path / "a.csv")
    first, second = (send(office, clerk, "enterprise", path) for _ in range(2))
    for upload in (first, second):
        uploads.confirm(office, clerk, upload)
    work.run_waiting(office)
    found = uploads.load_upload(office, clerk, second)
    assert found.state == "checked"
    assert "重新试算" in found.found["stopped"]


def test_a_file_that_is_none_says_so(office: Workspace, clerk: Actor, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"not a workbook")
    found = uploads.load_upload(office, clerk, send(office, clerk, "school", path))
    assert found.state == "failed"
    assert found.message
    uploads.discard(office, clerk, found.id)
    assert uploads.load_upload(office, clerk, found.id).state == "cancelled"


def test_an_account_that_was_closed_meanwhile_imports_nothing(
    office: Workspace, clerk: Actor, tmp_path: Path
) -> None:
    upload = send(office, clerk, "enterprise", firms(tmp_path / "a.csv"))
    uploads.confirm(office, clerk, upload)
    account = find_account(office, OPERATOR, "clerk")
    change_account(
        office, OPERATOR, account.id, name="x", role=account.role, villages=(), industries=(),
        active=False,
    )  # fmt: skip
    work.run_waiting(office)
    assert rows(office, site) == []
    assert uploads.load_upload(office, clerk, upload).state == "checked"


def many(path: Path, count: int) -> Path:
    """Write many schools."""
    dice = np.random.default_rng(2)
    lon, lat = dice.uniform(119.30, 119.40, count), dice.uniform(31.70, 31.75, count)
    lines = (f"S{i},学校{i},{x:.6f},{y:.6f}" for i, (x, y) in enumerate(zip(lon, lat, strict=True)))
    path.write_text("编号,名称,经度,纬度\n" + "\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def worker(office: Workspace) -> Callable[[], subprocess.Popen[bytes]]:
    """Return what starts a worker on the office, a process of its own as the server starts it."""

    def start() -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "RISKMAP_DATABASE_URL": office.settings.database_url,
            "RISKMAP_DATA_DIR": str(office.settings.data_dir),
        }
        return subprocess.Popen([sys.executable, "-m", "scripts.work"], cwd=ROOT, env=environment)

    return start


def until(true: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["kill", "cancel"])
def test_an_import_that_is_killed_or_cancelled_in_its_middle_leaves_the_register_as_it_was(
    office: Workspace,
    clerk: Actor,
    tmp_path: Path,
    worker: Callable[[], subprocess.Popen[bytes]],
    how: str,
) -> None:
    upload = send(office, clerk, "school", many(tmp_path / "a.csv", 6_000))
    uploads.confirm(office, clerk, upload)
    shelf = uploads.shelf_of(office, upload)
    process = worker()
    try:
        until(lambda: 0.2 < shelf.progress() < 1)
        if how == "kill":
            process.send_signal(signal.SIGKILL)
            process.wait()
            process = worker()
        else:
            uploads.cancel(office, clerk, upload)
        until(lambda: uploads.load_upload(office, clerk, upload).state == "checked")
        found = uploads.load_upload(office, clerk, upload)
        assert ("中断" if how == "kill" else "取消") in found.found["stopped"]
        assert rows(office, site) == []
        uploads.confirm(office, clerk, upload)
        until(lambda: uploads.load_upload(office, clerk, upload).state == "done")
        assert "stopped" not in uploads.load_upload(office, clerk, upload).found
        assert len(rows(office, site)) == 6_000
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_what_is_kept_too_long_is_deleted(
    office: Workspace, clerk: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = send(office, clerk, "enterprise", firms(tmp_path / "a.csv"))
    folder = uploads.shelf_of(office, upload).folder
    assert folder.stat().st_mode & 0o077 == 0
    work.recover(office)
    assert folder.exists()
    monkeypatch.setattr(uploads, "KEPT", -uploads.KEPT)
    work.recover(office)
    assert not folder.exists()
