"""Bring a database to the schema that this version needs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import alembic_helpers
from sqlalchemy.engine import Connection, Engine

from gis.errors import ConfigError
from gis.storage import dialect

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> str:
    """Make or update the schema, in one transaction.

    Returns
    -------
    The schema version reached.

    Raises
    ------
    ConfigError
        If a later version of this software made the database.
    """
    with dialect.writing(engine) as conn:
        dialect.prepare(conn)
        _refuse_newer(version(conn))
        command.upgrade(_config(conn), "head")
        return version(conn) or ""


def version(conn: Connection) -> str | None:
    """Return the schema version of a database; None for an empty one."""
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    return MigrationContext.configure(conn).get_current_revision()


def newest() -> str | None:
    """Return the schema version that this software needs."""
    return _steps().get_current_head()


def require_newest(conn: Connection) -> None:
    """Check that the database is ready.

    Raises
    ------
    ConfigError
        If it is empty, older or newer than this software.
    """
    found = version(conn)
    _refuse_newer(found)
    if found != newest():
        raise ConfigError(
            f"数据库结构版本为 {found or '空'}，本软件需要 {newest()}："
            "正式库请运行 python -m scripts.make_office，演示库请运行 bash scripts/start"
        )


def is_ours(item: Any, name: str | None, type_: Any, reflected: bool, compare_to: Any) -> bool:
    """Tell Alembic which things in the database are ours and not SpatiaLite's or PostGIS's."""
    known: Any = alembic_helpers.include_object  # untyped in GeoAlchemy2
    return bool(known(item, name, type_, reflected, compare_to)) and name not in SPATIALITE_OWN


SPATIALITE_OWN = frozenset(
    {"sql_statements_log", "KNN", "KNN2", "ElementaryGeometries", "SpatialIndex", "data_licenses"}
)


def _refuse_newer(found: str | None) -> None:
    """Refuse a schema that this software does not know: a later one made it."""
    known = {step.revision for step in _steps().walk_revisions()}
    if found is not None and found not in known:
        raise ConfigError(f"数据库结构版本 {found} 比本软件新：请更新软件后再打开")


@cache
def _steps() -> ScriptDirectory:
    """Read the steps once: every request asks for the newest."""
    return ScriptDirectory(str(MIGRATIONS))


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    return config
