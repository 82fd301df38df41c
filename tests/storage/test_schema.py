"""The schema on both databases."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from gis.domain.rights import OPERATOR
from gis.errors import ConfigError
from gis.services import changes, clock
from gis.storage import dialect, register, schema, tables
from gis.workspace import Workspace


def test_migrations_make_what_the_tables_say(workspace: Workspace) -> None:
    with dialect.reading(workspace.engine) as conn:
        context = MigrationContext.configure(conn, opts={"include_object": schema.is_ours})
        assert compare_metadata(context, tables.metadata) == []


def test_upgrading_twice_changes_nothing(workspace: Workspace) -> None:
    assert schema.upgrade(workspace.engine) == schema.upgrade(workspace.engine) == schema.newest()


def test_every_geometry_column_has_a_spatial_index(workspace: Workspace) -> None:
    box = (119.0, 31.0, 120.0, 32.0)
    with dialect.reading(workspace.engine) as conn:
        for table in tables.SPATIAL:
            query = sa.select(table.c.id).where(dialect.in_box(conn, table, box))
            assert conn.execute(query).all() == []


def test_an_empty_database_says_which_command_makes_it_ready(tmp_path: Path) -> None:
    engine = dialect.open_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with pytest.raises(ConfigError, match=r"make_office"), dialect.reading(engine) as conn:
        register.load(conn)


def test_a_database_without_a_purpose_says_which_command_gives_it_one(
    workspace: Workspace,
) -> None:
    with pytest.raises(ConfigError, match="make_office"), dialect.reading(workspace.engine) as conn:
        register.load(conn)


@pytest.mark.parametrize("url", ["mysql://x/y", "no url at all", "postgresql://x/y"])
def test_another_sort_of_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigError, match="RISKMAP_DATABASE_URL"):
        dialect.open_engine(url)


def test_instants_come_back_in_utc_and_need_their_offset(workspace: Workspace) -> None:
    shanghai = dt.timezone(dt.timedelta(hours=8))
    at = dt.datetime(2026, 1, 1, 8, 30, tzinfo=shanghai)
    with dialect.writing(workspace.engine) as conn:
        register.create(conn, "office", None, at)
        stored = conn.scalar(sa.select(tables.register.c.created_at))
    assert stored == at
    assert stored is not None
    assert stored.utcoffset() == dt.timedelta(0)
    with (
        pytest.raises(sa.exc.StatementError, match="offset"),
        dialect.writing(workspace.engine) as conn,
    ):
        register.create(conn, "office", None, at.replace(tzinfo=None))


def test_an_error_in_a_change_leaves_no_trace(workspace: Workspace) -> None:
    with dialect.writing(workspace.engine) as conn:
        register.create(conn, "office", None, clock.now())

    def fail() -> None:
        with dialect.writing(workspace.engine) as conn:
            register.advance(conn, changes.stamp_of(conn, OPERATOR))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with dialect.reading(workspace.engine) as conn:
        assert register.load(conn).revision == 0


def test_a_revision_is_taken_only_by_a_change_that_changed_something(
    workspace: Workspace,
) -> None:
    with dialect.writing(workspace.engine) as conn:
        register.create(conn, "office", None, clock.now())
        assert [register.next_revision(conn) for _ in range(2)] == [1, 1]
        register.advance(conn, changes.stamp_of(conn, OPERATOR))
        assert register.next_revision(conn) == 2


def test_a_database_has_one_purpose_only(workspace: Workspace) -> None:
    with dialect.writing(workspace.engine) as conn:
        register.create(conn, "office", None, clock.now())
    with pytest.raises(sa.exc.IntegrityError), dialect.writing(workspace.engine) as conn:
        register.create(conn, "demonstration", None, clock.now())


def test_an_embedded_database_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "office.sqlite"
    engine = dialect.open_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    with dialect.writing(engine) as conn:
        register.create(conn, "office", None, clock.now())
        journals = [other for other in path.parent.iterdir() if other != path]
        assert journals
        for file in (path, *journals):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("sqlite:///x.sqlite", True),
        ("postgresql+psycopg://u@/db", True),
        ("postgresql+psycopg://u@/db?host=/run/postgresql", True),
        ("postgresql+psycopg://u@127.0.0.1/db", True),
        ("postgresql+psycopg://u@db.example/db", False),
        ("postgresql+psycopg://u@/db?host=db.example", False),
        ("postgresql+psycopg://u@/db?hostaddr=10.0.0.5", False),
        ("postgresql+psycopg://u@localhost/db?hostaddr=10.0.0.5", False),
        ("postgresql+psycopg://u@/db?service=far", False),
        ("postgresql+psycopg://u@db.example/db?sslmode=require", False),
        ("postgresql+psycopg://u@db.example/db?sslmode=verify-full", True),
    ],
)
def test_a_database_elsewhere_is_safe_only_by_checked_tls(url: str, safe: bool) -> None:
    assert dialect.is_reached_safely(sa.create_engine(url)) is safe


def test_a_database_that_the_environment_puts_elsewhere_is_not_safe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    assert not dialect.is_reached_safely(sa.create_engine("postgresql+psycopg://u@/db"))
    assert dialect.is_reached_safely(sa.create_engine("postgresql+psycopg://u@127.0.0.1/db"))
