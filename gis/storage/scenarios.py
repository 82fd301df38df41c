"""Scenarios that somebody kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.storage.tables import scenario


def save(
    conn: Connection,
    *,
    name: str,
    account: int | None,
    actor: str,
    at: dt.datetime,
    run: int,
    changes: Sequence[Mapping[str, Any]],
    result: Mapping[str, Any],
) -> int:
    """Keep a scenario; return its id."""
    row = sa.insert(scenario).values(
        name=name,
        account=account,
        actor=actor,
        at=at,
        run=run,
        changes=list(changes),
        result=dict(result),
    )
    return int(conn.execute(row.returning(scenario.c.id)).scalar_one())


def load_all(conn: Connection) -> Sequence[RowMapping]:
    """Return every scenario kept, the newest first."""
    return conn.execute(sa.select(scenario).order_by(scenario.c.id.desc())).mappings().all()


def load_one(conn: Connection, number: int) -> RowMapping | None:
    """Return a scenario; None if it was thrown away or never was."""
    return conn.execute(sa.select(scenario).where(scenario.c.id == number)).mappings().first()


def delete(conn: Connection, number: int) -> None:
    """Throw a scenario away."""
    conn.execute(sa.delete(scenario).where(scenario.c.id == number))
