"""What an office set otherwise than the method comes with: every version, the newest in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.storage.tables import parameter_set


def save(
    conn: Connection, *, at: dt.datetime, actor: str, reason: str, values: Mapping[str, Any]
) -> int:
    """Add a version; return its number. Earlier ones stay."""
    row = sa.insert(parameter_set).values(at=at, actor=actor, reason=reason, values=dict(values))
    return int(conn.execute(row.returning(parameter_set.c.id)).scalar_one())


def latest(conn: Connection) -> RowMapping | None:
    """Return the version in force; None: the constants as they come with the software."""
    query = sa.select(parameter_set).order_by(parameter_set.c.id.desc()).limit(1)
    return conn.execute(query).mappings().first()


def load_all(conn: Connection) -> Sequence[RowMapping]:
    """Return every version, the newest first."""
    query = sa.select(parameter_set).order_by(parameter_set.c.id.desc())
    return conn.execute(query).mappings().all()


def load_one(conn: Connection, number: int | None) -> RowMapping | None:
    """Return a version; None for none."""
    query = sa.select(parameter_set).where(parameter_set.c.id == number)
    return conn.execute(query).mappings().first()
