"""What this database is, how fresh it is, and whether it is well."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gis.domain.kinds import Title
from gis.domain.rights import Actor, Purpose
from gis.services import access, clock
from gis.storage import dialect, register, runs, schema
from gis.version import VERSION
from gis.workspace import Workspace

DEMONSTRATION_NOTICE = Title("模拟数据", "Synthetic data")
"""Stands on every page, print and export of a demonstration."""


@dataclass(frozen=True, slots=True)
class Register:
    """What every page says about the data it shows.

    Attributes
    ----------
    as_of
        The date that everything speaks of.
    last_run
        Newest computation of risk: ``id``, ``at`` (ISO, UTC), ``as_of``, ``method_version``,
        ``stale`` (the register changed since); None before the first.
    notices
        What must stand on every page, print and export.
    """

    purpose: Purpose
    as_of: dt.date
    revision: int
    schema: str
    database: str
    version: str
    last_run: dict[str, Any] | None
    notices: tuple[Title, ...]


def describe(ws: Workspace, actor: Actor) -> Register:
    """Describe the open database.

    Raises
    ------
    NotLoggedInError
        If the actor may read nothing.
    ConfigError
        If the database is not ready; the message says which command makes it so.
    """
    with access.reading(ws, actor) as conn:
        return describe_open(conn, ws)


def purpose_of(ws: Workspace) -> Purpose:
    """Return what the open database is for: no secret, and asked before anybody is known.

    Raises
    ------
    ConfigError
        If the database is not ready; the message says which command makes it so.
    """
    with dialect.reading(ws.engine) as conn:
        return register.load(conn).purpose


def describe_open(conn: Connection, ws: Workspace) -> Register:
    """Describe the database of an open transaction."""
    found = register.load(conn)
    return Register(
        purpose=found.purpose,
        as_of=clock.today(found),
        revision=found.revision,
        schema=schema.version(conn) or "",
        database=dialect.backend(conn),
        version=VERSION,
        last_run=_last_run(conn, found.revision),
        notices=notices(ws, found.purpose),
    )


def notices(ws: Workspace, purpose: Purpose) -> tuple[Title, ...]:
    """Return the sentences that must stand on every page, print and export."""
    boundary = ws.home_level.notice
    return (DEMONSTRATION_NOTICE, boundary) if purpose == "demonstration" else (boundary,)


def _last_run(conn: Connection, revision: int) -> dict[str, Any] | None:
    row = runs.latest(conn, runs.RISK)
    if row is None:
        return None
    return {
        "id": row["id"],
        "at": row["at"].isoformat(),
        "as_of": row["as_of"].isoformat(),
        "method_version": row["method_version"],
        "stale": revision > row["revision"],
    }
