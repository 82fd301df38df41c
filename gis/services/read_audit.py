"""Reading, checking and shortening the audit log. For administrators only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from gis.domain import audit as chain
from gis.domain.audit import ACTIONS, KEPT_DAYS, Checkpoint, Entry, Search, Verdict
from gis.domain.days import LEGAL_ZONE
from gis.domain.document import Document
from gis.domain.rights import Actor
from gis.errors import ConfigError, InvalidDataError
from gis.files import keys
from gis.files.heads import read_heads
from gis.files.tables import table_chunks
from gis.services.access import log, reading, require_administrator, writing
from gis.services.clock import now
from gis.storage import audit
from gis.workspace import Workspace

PER_PAGE = 100
A_DAY = dt.timedelta(days=1)
CSV_HEADER = ("编号", "时间", "人", "地址", "操作", "对象", "内容", "前一条校验值", "校验值")


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, the newest first.

    Attributes
    ----------
    count
        How many fit in all.
    before
        Number to ask for the next page with; None where there is none.
    oldest_at
        Instant of the oldest entry that is kept at all.
    head_at
        Instant of the newest head outside the database; None where there is none to read.
    head_is_late
        Whether there are entries a day younger than that: then heads are not being written.
    """

    entries: tuple[Entry, ...]
    count: int
    before: int | None
    oldest_at: dt.datetime | None
    head_at: dt.datetime | None
    head_is_late: bool


def search_audit(ws: Workspace, actor: Actor, wanted: Search) -> Page:
    """Return the newest entries that fit, a page of them.

    Raises
    ------
    ForbiddenError
        If the actor is no administrator.
    InvalidDataError
        If there is no such action.
    """
    require_administrator(actor)
    _check(wanted)
    with reading(ws, actor) as conn:
        found = audit.search(conn, wanted, PER_PAGE + 1)
        count = audit.count(conn, replace(wanted, before=None))
        oldest_at = audit.oldest_at(conn)
        newest = audit.newest(conn)
    head_at = _head_at(ws)
    late = newest is not None and (head_at is None or newest.at - head_at > A_DAY)
    more = len(found) > PER_PAGE
    shown = tuple(found[:PER_PAGE])
    return Page(shown, count, shown[-1].id if more else None, oldest_at, head_at, late)


def _head_at(ws: Workspace) -> dt.datetime | None:
    try:
        heads = read_heads(ws.settings.heads_file)
    except ConfigError:
        return None  # verifying says what is wrong with it
    return heads[-1].at if heads else None


def export_audit(ws: Workspace, actor: Actor, wanted: Search) -> Document:
    """Return the entries that fit as a CSV file for spreadsheets, and log that they left."""
    require_administrator(actor)
    _check(wanted)
    with writing(ws) as conn:
        said = {"actor": wanted.actor, "action": wanted.action, "text": wanted.text}
        instants = {"since": wanted.since, "until": wanted.until}
        said |= {name: at.isoformat() if at else "" for name, at in instants.items()}
        log(conn, actor, "audit_read", "audit", **{k: v for k, v in said.items() if v})
    return Document("text/csv; charset=utf-8", "audit", _csv(ws, actor, wanted))


def _csv(ws: Workspace, actor: Actor, wanted: Search) -> Iterator[bytes]:
    with reading(ws, actor) as conn:
        yield from table_chunks(CSV_HEADER, map(_row, _found(conn, wanted)))


def _found(conn: Connection, wanted: Search) -> Iterator[Entry]:
    """Yield what fits, the newest first, a page at a time."""
    while page := audit.search(conn, wanted, audit.PAGE):
        yield from page
        wanted = replace(wanted, before=page[-1].id)


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        str(entry.id),
        entry.at.astimezone(LEGAL_ZONE).strftime("%Y-%m-%d %H:%M:%S"),
        entry.actor,
        entry.address or "",
        ACTIONS.get(entry.action, entry.action),
        entry.target,
        entry.detail,
        entry.previous,
        entry.digest,
    )


def _check(wanted: Search) -> None:
    if wanted.action and wanted.action not in ACTIONS:
        raise InvalidDataError(f"没有操作 {wanted.action}；可以用：{'、'.join(ACTIONS)}")


def verify_audit(ws: Workspace, actor: Actor) -> Verdict:
    """Compare the log with its hashes, its checkpoints and the heads kept outside the database."""
    require_administrator(actor)
    heads = read_heads(ws.settings.heads_file)
    folder = ws.settings.key_dir
    with reading(ws, actor) as conn:
        return chain.verify(
            audit.in_order(conn),
            heads,
            audit.checkpoints(conn),
            lambda said, signature: keys.holds(folder, said, signature),
            now(),
        )


def prune_audit(ws: Workspace, actor: Actor, before: dt.date) -> Checkpoint | None:
    """Delete the entries before a day, and leave a signed checkpoint in their place.

    Returns
    -------
    The checkpoint; None if there is nothing so old.

    Raises
    ------
    InvalidDataError
        If the day is not at least 180 days ago, or the log was tampered with: what is wrong
        must not be deleted.
    """
    require_administrator(actor)
    at = now()
    oldest_allowed = at.astimezone(LEGAL_ZONE).date() - dt.timedelta(days=KEPT_DAYS)
    if before > oldest_allowed:
        raise InvalidDataError(
            f"审计记录至少保留 {KEPT_DAYS} 天：最晚可清理到 {oldest_allowed} 之前，不能是 {before}"
        )
    if verify_audit(ws, actor).faults:
        raise InvalidDataError(
            "审计记录有改动的痕迹，不能清理：先运行 python -m scripts.verify_audit"
        )
    start = dt.datetime.combine(before, dt.time(), LEGAL_ZONE)
    with writing(ws) as conn:
        audit.alone(conn)
        old = audit.last_before(conn, start)
        if old is None:
            return None
        first, last, count = old
        bare = Checkpoint(
            at, actor.name, last.id, last.digest, count, first.at, last.at, signature=""
        )
        signed = replace(bare, signature=keys.sign(ws.settings.key_dir, bare.signed))
        audit.prune(conn, signed)
        log(conn, actor, "audit_prune", "audit", upto=last.id, count=count, before=f"{before}")
    return signed
