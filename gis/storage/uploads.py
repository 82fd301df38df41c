"""Files that were uploaded to be imported, and the profiles by which they are known again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.storage.tables import import_profile, job, upload


def add(
    conn: Connection,
    *,
    kind: str,
    file_name: str,
    account: int | None,
    actor: str,
    at: dt.datetime,
    state: str,
    plan: Mapping[str, Any],
) -> int:
    """Write down that a file was uploaded; return its id."""
    row = sa.insert(upload).values(
        kind=kind,
        file_name=file_name,
        account=account,
        actor=actor,
        at=at,
        state=state,
        plan=dict(plan),
        found={},
        report={},
    )
    return int(conn.execute(row.returning(upload.c.id)).scalar_one())


def change(conn: Connection, upload_id: int, *, only_if: str | None = None, **values: Any) -> bool:
    """Change what is known of an upload, if it is in a state; tell whether it was."""
    where = upload.c.id == upload_id
    if only_if is not None:
        where = sa.and_(where, upload.c.state == only_if)
    return bool(conn.execute(sa.update(upload).where(where).values(**values)).rowcount)


def load(conn: Connection, upload_id: int) -> RowMapping | None:
    """Return an upload with ``job_state`` and ``job_message``; None if there is none of the id."""
    return conn.execute(_query().where(upload.c.id == upload_id)).mappings().first()


def listed(conn: Connection, *, account: int | None, limit: int) -> Sequence[RowMapping]:
    """Return the newest uploads, first the newest; ``account`` limits them to its own."""
    query = _query().order_by(upload.c.id.desc()).limit(limit)
    if account is not None:
        query = query.where(upload.c.account == account)
    return conn.execute(query).mappings().all()


def older(conn: Connection, at: dt.datetime) -> list[int]:
    """Return the ids of the uploads from before an instant."""
    return list(conn.scalars(sa.select(upload.c.id).where(upload.c.at < at)))


def _query() -> sa.Select[Any]:
    said = (job.c.state.label("job_state"), job.c.message.label("job_message"))
    return sa.select(upload, *said).outerjoin(job, upload.c.job == job.c.id)


def profiles(conn: Connection, kind: str | None = None) -> Sequence[RowMapping]:
    """Return the profiles (of a kind), by kind and name."""
    query = sa.select(import_profile).order_by(import_profile.c.kind, import_profile.c.name)
    if kind is not None:
        query = query.where(import_profile.c.kind == kind)
    return conn.execute(query).mappings().all()


def save_profile(
    conn: Connection,
    *,
    kind: str,
    name: str,
    shared: bool,
    columns: Sequence[str],
    plan: Mapping[str, Any],
    actor: str,
    at: dt.datetime,
) -> None:
    """Keep a profile in the place of an earlier one of the same kind and name."""
    same = sa.and_(import_profile.c.kind == kind, import_profile.c.name == name)
    conn.execute(sa.delete(import_profile).where(same))
    conn.execute(
        sa.insert(import_profile).values(
            kind=kind,
            name=name,
            shared=shared,
            columns=list(columns),
            plan=dict(plan),
            actor=actor,
            at=at,
        )
    )


def drop_profile(conn: Connection, profile_id: int) -> None:
    """Forget a profile."""
    conn.execute(sa.delete(import_profile).where(import_profile.c.id == profile_id))
