"""What a database is for, its own today, and the one counter of revisions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gis.domain.rights import Purpose
from gis.errors import ConfigError
from gis.storage import schema
from gis.storage.tables import import_batch, register


@dataclass(frozen=True, slots=True)
class Register:
    """The one row of the table ``register``.

    Attributes
    ----------
    as_of
        A demonstration's own today; None where today is the clock's.
    revision
        Number of the latest change.
    anonymous_reads
        Whether a grant lets anonymous readers see everything, as in a demonstration.
    """

    purpose: Purpose
    as_of: dt.date | None
    revision: int
    anonymous_reads: bool


@dataclass(frozen=True, slots=True)
class Stamp:
    """What stands beside every row that one transaction writes.

    Attributes
    ----------
    revision
        Number of this change; later changes have greater ones.
    at
        The instant.
    today
        The date on which the changed facts begin to hold.
    batch
        Id of the import, where the rows come from a file.
    """

    revision: int
    at: dt.datetime
    today: dt.date
    actor: str
    batch: int | None = None


def found(conn: Connection) -> Register | None:
    """Return the register row; None in a database without one."""
    row = conn.execute(sa.select(register)).mappings().first()
    if row is None:
        return None
    return Register(row["purpose"], row["as_of"], row["revision"], row["anonymous_reads"])


def load(conn: Connection) -> Register:
    """Return the register row.

    Raises
    ------
    ConfigError
        If the schema is not the one needed, or nobody has said what the database is for.
    """
    schema.require_newest(conn)
    row = found(conn)
    if row is None:
        raise ConfigError(
            "数据库还没有初始化：演示库请运行 bash scripts/start，"
            "正式库请运行 python -m scripts.make_office"
        )
    return row


def create(conn: Connection, purpose: Purpose, as_of: dt.date | None, at: dt.datetime) -> None:
    """Say once what the database is for; a demonstration is granted to anonymous readers."""
    conn.execute(
        sa.insert(register).values(
            id=1,
            purpose=purpose,
            as_of=as_of,
            revision=0,
            created_at=at,
            anonymous_reads=purpose == "demonstration",
        )
    )


def next_revision(conn: Connection) -> int:
    """Return the revision that a change would get; other writers wait from here on.

    It is taken by ``advance`` only: a change that changes nothing leaves the register, and all
    that was computed from it, as fresh as it was.
    """
    query = sa.select(register.c.revision).with_for_update()  # SQLite has its one lock already
    return int(conn.execute(query).scalar_one()) + 1


def advance(conn: Connection, stamp: Stamp) -> None:
    """Take the stamp's revision: something changed."""
    conn.execute(sa.update(register).values(revision=stamp.revision))


def record_import(
    conn: Connection,
    *,
    at: dt.datetime,
    actor: str,
    target: str,
    file_name: str,
    sha256: str,
    mapping: dict[str, str],
    reading: dict[str, Any],
) -> int:
    """Write down that a file is read; return the import's id."""
    row = sa.insert(import_batch).values(
        at=at,
        actor=actor,
        target=target,
        file_name=file_name,
        sha256=sha256,
        mapping=mapping,
        reading=reading,
        counts={},
    )
    return int(conn.execute(row.returning(import_batch.c.id)).scalar_one())


def count_import(conn: Connection, stamp: Stamp, counts: dict[str, int]) -> None:
    """Write down how many rows of the stamp's import were new, changed and so on."""
    change = sa.update(import_batch).where(import_batch.c.id == stamp.batch)
    conn.execute(change.values(counts=counts))
