"""Work to be done in the background: one queue, taken from in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.storage.tables import job

QUEUED, RUNNING, DONE, FAILED, CANCELLED, INTERRUPTED = (
    "queued",
    "running",
    "done",
    "failed",
    "cancelled",
    "interrupted",
)

ACTIVE = frozenset({QUEUED, RUNNING})


def add(
    conn: Connection, verb: str, arguments: Mapping[str, Any], *, actor: str, at: dt.datetime
) -> int:
    """Put a job at the end of the queue; return its id."""
    row = sa.insert(job).values(
        verb=verb,
        arguments=dict(arguments),
        actor=actor,
        state=QUEUED,
        progress=0.0,
        created_at=at,
        cancel_requested=False,
    )
    return int(conn.execute(row.returning(job.c.id)).scalar_one())


def load(conn: Connection, job_id: int) -> RowMapping | None:
    """Return a job; None if there is none of that id."""
    return conn.execute(sa.select(job).where(job.c.id == job_id)).mappings().first()


def newest(conn: Connection, verb: str) -> RowMapping | None:
    """Return the newest job of a verb; None if there is none."""
    query = sa.select(job).where(job.c.verb == verb).order_by(job.c.id.desc()).limit(1)
    return conn.execute(query).mappings().first()


def waiting(conn: Connection) -> bool:
    """Tell whether a job waits."""
    return conn.scalar(sa.select(job.c.id).where(job.c.state == QUEUED).limit(1)) is not None


def claim(conn: Connection, at: dt.datetime) -> RowMapping | None:
    """Take the oldest job that waits, on a transaction for writing; None if none does."""
    query = sa.select(job).where(job.c.state == QUEUED).order_by(job.c.id).limit(1)
    row = conn.execute(query.with_for_update(skip_locked=True)).mappings().first()
    if row is not None:
        change = sa.update(job).where(job.c.id == row["id"])
        conn.execute(change.values(state=RUNNING, started_at=at, heartbeat_at=at))
    return row


def finish(
    conn: Connection, job_id: int, state: str, *, message: str | None, at: dt.datetime
) -> None:
    """Say how a job ended."""
    change = sa.update(job).where(job.c.id == job_id)
    conn.execute(change.values(state=state, message=message, finished_at=at, progress=1.0))


def cancel_waiting(conn: Connection, job_id: int, at: dt.datetime) -> bool:
    """Take a job out of the queue; return whether it still waited."""
    change = sa.update(job).where(job.c.id == job_id, job.c.state == QUEUED)
    found = conn.execute(change.values(state=CANCELLED, finished_at=at, cancel_requested=True))
    return bool(found.rowcount)


def ask_to_stop(conn: Connection, job_id: int) -> None:
    """Say that somebody wants a job to stop."""
    conn.execute(sa.update(job).where(job.c.id == job_id).values(cancel_requested=True))


def interrupt_all(conn: Connection, at: dt.datetime) -> list[RowMapping]:
    """Mark what was being done as interrupted: whoever did it is gone. Return those jobs."""
    rows = conn.execute(sa.select(job).where(job.c.state == RUNNING)).mappings().all()
    change = sa.update(job).where(job.c.state == RUNNING)
    conn.execute(change.values(state=INTERRUPTED, finished_at=at))
    return list(rows)
