"""The audit log: entries are added and read, and deleted only behind a checkpoint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.audit import FIRST, Checkpoint, Entry, Search, canonical, digest
from gis.storage import dialect
from gis.storage.tables import audit, audit_checkpoint

TURN = 320_413_110
"""Number of the turn that writers of the log take: two entries never follow on the same one."""

PAGE = 2000
"""Entries fetched at once: memory stays bounded."""


def append(
    conn: Connection,
    *,
    at: dt.datetime,
    actor: str,
    address: str | None,
    action: str,
    target: str,
    detail: dict[str, Any],
) -> Entry:
    """Add an entry behind the newest; whoever else wants to add one waits for this transaction."""
    dialect.take_turn(conn, TURN)
    number, previous = _end(conn)
    text = canonical(detail).decode("utf-8", "replace")
    facts = (number + 1, at, actor, address, action, target, text, previous)
    entry = Entry(*facts, digest=digest(*facts))
    conn.execute(sa.insert(audit).values({c.name: getattr(entry, c.name) for c in audit.c}))
    return entry


def newest(conn: Connection) -> Entry | None:
    """Return the newest entry; None in an empty log."""
    row = conn.execute(sa.select(audit).order_by(audit.c.id.desc()).limit(1)).mappings().first()
    return _entry(row) if row else None


def holds(conn: Connection, number: int, digest_: str) -> bool:
    """Tell whether the entry of a number has a digest, or was deleted behind a checkpoint."""
    left = checkpoints(conn)
    if left and number <= left[-1].upto:
        return True
    return conn.scalar(sa.select(audit.c.digest).where(audit.c.id == number)) == digest_


def oldest_at(conn: Connection) -> dt.datetime | None:
    """Return the instant of the oldest entry that is kept; None in an empty log."""
    return conn.scalar(sa.select(audit.c.at).order_by(audit.c.id).limit(1))


def in_order(conn: Connection) -> Iterator[Entry]:
    """Yield all entries by number, a page at a time."""
    query = sa.select(audit).order_by(audit.c.id).limit(PAGE)
    further: sa.ColumnElement[bool] = sa.true()
    while rows := conn.execute(query.where(further)).mappings().all():
        yield from map(_entry, rows)
        further = audit.c.id > rows[-1]["id"]


def search(conn: Connection, wanted: Search, limit: int) -> list[Entry]:
    """Return the entries that fit, the newest first, at most so many."""
    query = sa.select(audit).where(*_conditions(wanted))
    rows = conn.execute(query.order_by(audit.c.id.desc()).limit(limit)).mappings()
    return [_entry(row) for row in rows]


def count(conn: Connection, wanted: Search) -> int:
    """Return how many entries fit."""
    query = sa.select(sa.func.count()).select_from(audit).where(*_conditions(wanted))
    return int(conn.execute(query).scalar_one())


def last_before(conn: Connection, at: dt.datetime) -> tuple[Entry, Entry, int] | None:
    """Return the first and the last of the oldest entries that all are before an instant.

    Returns
    -------
    They and how many there are; None without any. Behind the first that is younger nothing
    counts as old, whatever its clock said.
    """
    young = sa.select(sa.func.min(audit.c.id)).where(audit.c.at >= at).scalar_subquery()
    old = sa.select(audit).where(audit.c.id < sa.func.coalesce(young, sa.literal(2**62)))
    first = conn.execute(old.order_by(audit.c.id).limit(1)).mappings().first()
    last = conn.execute(old.order_by(audit.c.id.desc()).limit(1)).mappings().first()
    if first is None or last is None:
        return None
    return _entry(first), _entry(last), last["id"] - first["id"] + 1


def checkpoints(conn: Connection) -> list[Checkpoint]:
    """Return what is left of deleted entries, the oldest first."""
    rows = conn.execute(sa.select(audit_checkpoint).order_by(audit_checkpoint.c.upto)).mappings()
    return [Checkpoint(**{str(name): row[name] for name in row}) for row in rows]


def alone(conn: Connection) -> None:
    """Wait until nobody else writes the log."""
    dialect.take_turn(conn, TURN)


def prune(conn: Connection, checkpoint: Checkpoint) -> None:
    """Write a checkpoint and delete the entries it stands for; the database checks their age."""
    values = {c.name: getattr(checkpoint, c.name) for c in audit_checkpoint.c}
    conn.execute(sa.insert(audit_checkpoint).values(values))
    conn.execute(sa.delete(audit).where(audit.c.id <= checkpoint.upto))


def _end(conn: Connection) -> tuple[int, str]:
    """Return number and hash of the newest entry, or of what stands for it."""
    if entry := newest(conn):
        return entry.id, entry.digest
    left = checkpoints(conn)
    return (left[-1].upto, left[-1].digest) if left else (0, FIRST)


def _conditions(wanted: Search) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.actor:
        found.append(audit.c.actor == wanted.actor)
    if wanted.action:
        found.append(audit.c.action == wanted.action)
    if wanted.text:
        text = wanted.text
        found.append(
            sa.or_(
                audit.c.target.icontains(text, autoescape=True),
                audit.c.detail.icontains(text, autoescape=True),
            )
        )
    if wanted.since:
        found.append(audit.c.at >= wanted.since)
    if wanted.until:
        found.append(audit.c.at < wanted.until)
    if wanted.before is not None:
        found.append(audit.c.id < wanted.before)
    return found


def _entry(row: RowMapping) -> Entry:
    return Entry(**{str(name): row[name] for name in row})
