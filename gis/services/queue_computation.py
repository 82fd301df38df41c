"""Computing risk in the background: begun by a page, shown while it lasts, stopped on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gis.domain.rights import Actor, Powers
from gis.services import access, clock
from gis.services.clock import now
from gis.services.compute_risk import compute_risk
from gis.services.tasks import Job, Task
from gis.storage import dialect, jobs, register, runs
from gis.workspace import Workspace

COMPUTE = "compute_risk"
"""Verb of its jobs."""


@dataclass(frozen=True, slots=True)
class Computation:
    """How the newest computation that a page began stands.

    Attributes
    ----------
    busy
        Whether it waits or is being done.
    state
        As in ``jobs``.
    message
        Why it did not come to its end; None: it did, or is not there yet.
    """

    busy: bool
    state: str
    message: str | None


def start_computation(ws: Workspace, actor: Actor) -> None:
    """Have risk computed; where that is being done already, nothing is added.

    Raises
    ------
    ForbiddenError
        If the actor does not govern.
    """
    access.require_governor(actor, "重新计算")
    with access.writing(ws) as conn:
        _add(conn, {"account": actor.account, "address": actor.address}, actor.name)


def start_daily(ws: Workspace) -> None:
    """Have risk computed where the newest computation is of an earlier day (METHOD 7.11).

    Deadlines pass and documents expire although nobody changes anything. Where nothing was ever
    computed somebody has to begin; one that was cancelled or failed is not begun again that day.
    """
    with dialect.reading(ws.engine) as conn:
        newest, today = runs.latest(conn, runs.RISK), clock.today(register.load(conn))
        tried = jobs.newest(conn, COMPUTE)
    begun = tried is not None and clock.legal_date(tried["created_at"]) >= today
    if newest is not None and newest["as_of"] < today and not begun:
        with access.writing(ws) as conn:
            _add(conn, {"daily": True, "address": None}, DAILY.name)


DAILY = Actor("每日计算", Powers("restricted", governs=True))
"""Who computes every day, unasked."""


def _add(conn: Connection, arguments: dict[str, Any], name: str) -> None:
    """Put a computation into the queue, unless one is there."""
    newest = jobs.newest(conn, COMPUTE)
    if newest is None or newest["state"] not in jobs.ACTIVE:
        jobs.add(conn, COMPUTE, arguments, actor=name, at=now())


def show_computation(ws: Workspace, actor: Actor) -> Computation | None:
    """Return how the newest one stands; None: none was begun."""
    with access.reading(ws, actor) as conn:
        newest = jobs.newest(conn, COMPUTE)
    if newest is None:
        return None
    state = newest["state"]
    return Computation(state in jobs.ACTIVE, state, SAID.get(state, newest["message"]))


SAID = {
    jobs.CANCELLED: "计算已取消，以前的结果没有改动",
    jobs.INTERRUPTED: "计算被中断（服务停止或重启），以前的结果没有改动：请重新计算",
}
"""What is told of a computation that did not fail by itself."""


def cancel_computation(ws: Workspace, actor: Actor) -> None:
    """Stop the computation that waits or is being done; nothing of it is kept.

    One that has just come to its end is left as it is.

    Raises
    ------
    ForbiddenError
        If the actor does not govern.
    """
    access.require_governor(actor, "取消计算")
    with access.writing(ws) as conn:
        newest = jobs.newest(conn, COMPUTE)
        if newest is None or newest["state"] not in jobs.ACTIVE:
            return
        if jobs.cancel_waiting(conn, newest["id"], now()):
            access.log(conn, actor, "cancel", runs.RISK)
        else:
            jobs.ask_to_stop(conn, newest["id"])


def _do(ws: Workspace, actor: Actor, _job: Job) -> None:
    compute_risk(ws, actor)


def _is_written(conn: Connection, job: Job) -> bool:
    """Tell whether a run was kept since it was asked for."""
    newest = runs.latest(conn, runs.RISK)
    return newest is not None and bool(newest["at"] >= job["created_at"])


def _stopped(_conn: Connection, _job: Job, _message: str) -> None:
    """Put nothing back: a run is kept whole or not at all."""


def _should_stop(ws: Workspace, job: Job) -> bool:
    with dialect.reading(ws.engine) as conn:
        found = jobs.load(conn, job["id"])
    return found is not None and bool(found["cancel_requested"])


TASK = Task(_do, _is_written, _stopped, _should_stop, target=runs.RISK)
