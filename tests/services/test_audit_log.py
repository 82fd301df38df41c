"""The audit log in the database: what is written, what the database refuses, what is found."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gis.domain.audit import ACTIONS, WORDS, Search
from gis.domain.rights import OPERATOR, Role
from gis.errors import InvalidDataError
from gis.files.heads import read_heads
from gis.services import access, clock, read_audit
from gis.services.compute_risk import compute_risk
from gis.services.export_layer import export_layer
from gis.services.import_sites import import_sites
from gis.services.make_database import make_office
from gis.services.manage_accounts import add_account
from gis.services.read_audit import export_audit, prune_audit, search_audit, verify_audit
from gis.storage import audit, dialect
from gis.storage.tables import audit as table
from gis.workspace import Workspace
from tests.samples import write_geojson

TRIGGERS = {
    "spatialite": [
        "DROP TRIGGER audit_no_update",
        "DROP TRIGGER audit_no_delete",
        "DROP TRIGGER audit_in_order",
    ],
    "postgis": ["ALTER TABLE audit DISABLE TRIGGER USER"],
}
"""What somebody does first who owns the database."""


def write(ws: Workspace, count: int = 12) -> None:
    """Write some entries."""
    for number in range(count):
        with access.writing(ws) as conn:
            access.log(conn, OPERATOR, "export", "village", count=number, name="模拟")


def tamper(ws: Workspace, *statements: str, **values: Any) -> None:
    """Change the log as somebody would who owns the database."""
    with dialect.writing(ws.engine) as conn:
        for statement in TRIGGERS[dialect.backend(conn)]:
            conn.exec_driver_sql(statement)
        for statement in statements:
            conn.execute(sa.text(statement), values)


def faults(ws: Workspace) -> str:
    """Return what verifying finds, in one text."""
    return "；".join(verify_audit(ws, OPERATOR).faults)


def hours_ago(monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    """Set the clock of the log back."""
    at = clock.now() - dt.timedelta(hours=hours)
    for module in (access, read_audit):
        monkeypatch.setattr(module, "now", lambda: at)


def test_every_change_import_export_and_computation_is_in_the_log(
    office: Workspace, tmp_path: Path
) -> None:
    school = [(None, {"code": "1", "pupils": -1})]
    path = write_geojson(tmp_path / "a.geojson", school)
    import_sites(office, OPERATOR, "school", path)
    compute_risk(office, OPERATOR)
    export_layer(office, OPERATOR, "village", "csv", tmp_path / "out.csv")
    add_account(office, OPERATOR, login="li", name="李", role=Role.VISITOR)
    page = search_audit(office, OPERATOR, Search())
    found = [(entry.action, entry.target) for entry in reversed(page.entries)]
    assert found == [
        ("make", "office"),
        ("account_add", "admin"),
        ("import", "village"),
        ("import", "school"),
        ("compute", "compute_risk"),
        ("export", "village"),
        ("account_add", "li"),
    ]
    assert page.entries[3].facts["rejected"] == 1
    assert {entry.action for entry in page.entries} <= set(ACTIONS)
    assert {name for entry in page.entries for name in entry.facts} <= set(WORDS)
    assert faults(office) == ""


def test_a_change_that_fails_leaves_no_entry_and_a_change_never_goes_without_one(
    office: Workspace,
) -> None:
    before = search_audit(office, OPERATOR, Search()).count

    def fail() -> None:
        with access.writing(office) as conn:
            access.log(conn, OPERATOR, "export", "village")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert search_audit(office, OPERATOR, Search()).count == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'somebody' WHERE id = 1",
        "DELETE FROM audit WHERE id = 1",
        "DELETE FROM audit",
        "UPDATE audit_checkpoint SET actor = 'x'",
        "DELETE FROM audit_checkpoint",
    ],
)
def test_the_database_itself_refuses_to_change_the_log(office: Workspace, statement: str) -> None:
    checkpoint = (
        "INSERT INTO audit_checkpoint VALUES (0, '2026-01-01 00:00:00+00', 'x', 'x', 0,"
        " '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00', 'x')"
    )
    with dialect.writing(office.engine) as conn:
        conn.execute(sa.text(checkpoint))
    with pytest.raises(sa.exc.DatabaseError, match="audit"), dialect.writing(office.engine) as conn:
        conn.execute(sa.text(statement))
    assert search_audit(office, OPERATOR, Search()).count == 3


def test_a_fresh_entry_is_not_deleted_behind_a_checkpoint_either(office: Workspace) -> None:
    checkpoint = (
        "INSERT INTO audit_checkpoint VALUES (2, '2026-01-01 00:00:00+00', 'x', 'x', 2,"
        " '2026-01-01 00:00:00+00', '2026-01-01 00:00:00+00', 'x')"
    )
    with dialect.writing(office.engine) as conn:
        conn.execute(sa.text(checkpoint))
    with pytest.raises(sa.exc.DatabaseError, match="180"), dialect.writing(office.engine) as conn:
        conn.execute(sa.text("DELETE FROM audit WHERE id <= 2"))


@pytest.mark.parametrize("number", [-7, 0, 2, 5, 100])
@pytest.mark.parametrize("verb", ["INSERT", "REPLACE"])
def test_an_entry_is_added_at_the_end_only(office: Workspace, number: int, verb: str) -> None:
    if verb == "REPLACE" and office.engine.dialect.name != "sqlite":
        verb = "INSERT"
    before = search_audit(office, OPERATOR, Search()).count
    assert number != before + 1
    statement = (
        f"{verb} INTO audit VALUES ({number}, '2026-01-01 00:00:00+00', 'x', NULL, 'login',"
        " 'x', '{}', 'x', 'x')"
    )
    with pytest.raises(sa.exc.DatabaseError, match="audit"), dialect.writing(office.engine) as conn:
        conn.execute(sa.text(statement))
    assert search_audit(office, OPERATOR, Search()).count == before


def test_an_entry_put_before_the_first_is_found(office: Workspace) -> None:
    forged = (
        "INSERT INTO audit VALUES (-7, '2026-01-01 00:00:00+00', 'x', NULL, 'login', 'x', '{}',"
        " 'x', 'x')"
    )
    tamper(office, forged)
    assert "第 -7 条" in faults(office)


def test_what_was_changed_is_not_signed_again(
    office: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hours_ago(monkeypatch, -2)
    write(office, 1)
    before = read_heads(office.settings.heads_file)
    tamper(office, "DELETE FROM audit WHERE id = 4")
    hours_ago(monkeypatch, -4)
    write(office, 1)
    assert read_heads(office.settings.heads_file) == before
    assert "was not written" in caplog.text
    assert "第 4 条" in faults(office)


def test_the_clock_of_the_server_keeps_the_head_of_what_no_change_follows(
    office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(office, 1)
    assert not access.keep_head(office)
    hours_ago(monkeypatch, -2)
    assert access.keep_head(office)
    assert not access.keep_head(office)
    hours_ago(monkeypatch, -4)
    assert not access.keep_head(office)  # nothing was written since
    assert verify_audit(office, OPERATOR).uncovered == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "命令行x"), ("action", "import"), ("target", "villagf"), ("address", "10.0.0.1"),
        ("detail", '{"count":6,"name":"模拟"}'), ("digest", "0" * 64), ("previous", "0" * 64),
    ],
)  # fmt: skip
def test_a_changed_byte_is_found_and_its_entry_named(
    office: Workspace, column: str, value: str
) -> None:
    write(office)
    assert faults(office) == ""
    tamper(office, f"UPDATE audit SET {column} = :value WHERE id = 8", value=value)
    found = faults(office)
    assert "第 8 条" in found
    assert "第 7 条" not in found
    assert "export" in found or column == "action"


def test_a_moved_instant_is_found(office: Workspace) -> None:
    write(office)
    with dialect.reading(office.engine) as conn:
        at = conn.scalar(sa.select(table.c.at).where(table.c.id == 8))
    assert at is not None
    with dialect.writing(office.engine) as conn:
        for statement in TRIGGERS[dialect.backend(conn)]:
            conn.exec_driver_sql(statement)
        moved = at + dt.timedelta(microseconds=1)
        conn.execute(sa.update(table).where(table.c.id == 8).values(at=moved))
    assert "第 8 条" in faults(office)


def test_a_deleted_entry_and_a_cut_tail_are_found(
    office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(office)
    tamper(office, "DELETE FROM audit WHERE id = 8")
    assert "第 8 至 8 条不在" in faults(office)
    hours_ago(monkeypatch, -2)  # the next entry comes two hours later, and a head with it
    write(office, 1)
    tamper_only = "DELETE FROM audit WHERE id > 9"
    with dialect.writing(office.engine) as conn:
        conn.execute(sa.text(tamper_only))
    assert "第 10 至 16 条被删去" in faults(office)


def test_a_chain_computed_anew_does_not_lead_to_the_head_outside(
    office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(office)
    hours_ago(monkeypatch, -2)
    write(office, 1)
    with dialect.reading(office.engine) as conn:
        entries = list(audit.in_order(conn))
    tamper(office, "DELETE FROM audit")
    with dialect.writing(office.engine) as conn:
        for entry in entries:
            actor = "somebody else" if entry.id == 8 else entry.actor
            audit.append(
                conn,
                at=entry.at,
                actor=actor,
                address=entry.address,
                action=entry.action,
                target=entry.target,
                detail=entry.facts,
            )
    found = faults(office)
    assert "第 16 条" in found
    assert "整段改写" in found
    office.settings.heads_file.unlink()
    assert "应有写在库外的链头而没有" in faults(office)


def test_a_head_is_kept_outside_when_the_last_one_is_an_hour_old(
    office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = office.settings.heads_file
    (first,) = read_heads(path)
    write(office, 3)
    assert read_heads(path) == [first]
    for hours in (1, 2, 26):
        hours_ago(monkeypatch, -hours)
        write(office, 2)
    heads = read_heads(path)
    assert len(heads) == 4
    assert [head.at.date() for head in heads][-1] > first.at.date()
    assert faults(office) == ""
    lines = path.read_text("utf-8").splitlines()
    changed = json.loads(lines[1]) | {"id": 2}
    path.write_text("\n".join([lines[0], json.dumps(changed), *lines[2:]]) + "\n", "utf-8")
    assert "签名不符" in faults(office)


def test_writers_at_the_same_time_make_one_chain(office: Workspace) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: write(office, 5), range(6)))
    verdict = verify_audit(office, OPERATOR)
    assert (verdict.count, verdict.faults) == (33, ())


# ---- Keeping and deleting --------------------------------------------------------------------


@pytest.fixture
def aged(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return an office with twelve entries of a year ago, ten of 100 days ago, and a new one."""
    hours_ago(monkeypatch, 24 * 365)
    make_office(workspace, OPERATOR, "admin")
    for days, count in ((365, 10), (100, 10), (0, 1)):
        hours_ago(monkeypatch, 24 * days)
        write(workspace, count)
    monkeypatch.undo()
    return workspace


def days_ago(days: int) -> dt.date:
    """Return the day so many days ago."""
    return clock.now().date() - dt.timedelta(days=days)


def test_what_is_younger_than_180_days_is_not_deleted(aged: Workspace) -> None:
    for days in (-1, 0, 100, 178):
        with pytest.raises(InvalidDataError, match="180"):
            prune_audit(aged, OPERATOR, days_ago(days))
    assert search_audit(aged, OPERATOR, Search()).count == 23


def test_an_entry_with_a_wrong_clock_among_young_ones_is_not_deleted_with_the_old(
    aged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours_ago(monkeypatch, 24 * 300)
    write(aged, 1)
    monkeypatch.undo()
    assert "早于前一条" in faults(aged)


def test_nothing_that_is_old_enough_is_nothing_to_delete(office: Workspace) -> None:
    assert prune_audit(office, OPERATOR, days_ago(200)) is None


def test_a_log_with_traces_of_change_is_not_shortened(aged: Workspace) -> None:
    tamper(aged, "UPDATE audit SET actor = 'x' WHERE id = 20")
    with pytest.raises(InvalidDataError, match="verify_audit"):
        prune_audit(aged, OPERATOR, days_ago(200))


# ---- Reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Search(), 15),
        (Search(action="export"), 12),
        (Search(actor="nobody"), 0),
        (Search(text="模拟"), 12),
        (Search(text='"count":7'), 1),
        (Search(text="100%_"), 0),
        (Search(text="VILLAGE"), 14),
        (Search(since=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)), 15),
        (Search(until=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)), 0),
        (Search(before=4), 15),
    ],
)
def test_a_search_finds_what_fits(office: Workspace, wanted: Search, count: int) -> None:
    write(office)
    page = search_audit(office, OPERATOR, wanted)
    assert page.count == count
    assert len(page.entries) == (3 if wanted.before else count)


def test_pages_hold_every_entry_once(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_audit, "PER_PAGE", 4)
    write(office)
    seen, before = [], None
    while True:
        page = search_audit(office, OPERATOR, Search(before=before))
        seen += [entry.id for entry in page.entries]
        if page.before is None:
            break
        before = page.before
    assert seen == list(range(15, 0, -1))


def test_an_unknown_action_lists_the_known_ones(office: Workspace) -> None:
    with pytest.raises(InvalidDataError, match="login"):
        search_audit(office, OPERATOR, Search(action="nothing"))


@pytest.mark.parametrize("page", [2, 1000])
def test_the_table_holds_all_that_fits_runs_nothing_and_is_itself_logged(
    office: Workspace, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(audit, "PAGE", page)
    name = "=1+1"
    with access.writing(office) as conn:
        access.log(conn, OPERATOR, "export", name, count=1)
    text = export_audit(office, OPERATOR, Search(action="export")).read()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert [row[5] for row in rows] == ["对象", f"'{name}"]
    assert search_audit(office, OPERATOR, Search()).entries[0].action == "audit_read"
    everything = export_audit(office, OPERATOR, Search()).read().decode("utf-8-sig")
    assert len(everything.splitlines()) == 7


def test_a_deletion_leaves_a_signed_checkpoint_and_the_chain_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours_ago(monkeypatch, 24 * 365)
    make_office(workspace, OPERATOR, "admin")
    write(workspace, 8)
    hours_ago(monkeypatch, 24 * 100)
    write(workspace, 5)
    monkeypatch.undo()
    left = prune_audit(workspace, OPERATOR, days_ago(190))
    assert left is not None
    assert (left.upto, left.count) == (10, 10)
    page = search_audit(workspace, OPERATOR, Search())
    assert [entry.id for entry in page.entries] == [16, 15, 14, 13, 12, 11]
    assert page.entries[0].action == "audit_prune"
    verdict = verify_audit(workspace, OPERATOR)
    assert (verdict.count, verdict.faults) == (6, ())
    assert prune_audit(workspace, OPERATOR, days_ago(190)) is None
    tamper(workspace, "DELETE FROM audit WHERE id <= 12")
    assert "第 11 至 12 条不在" in faults(workspace)
