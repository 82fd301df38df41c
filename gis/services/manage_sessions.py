"""Sessions: who is logged in, and ending a log-in; everybody their own, administrators all."""

from __future__ import annotations

from gis.domain.accounts import Session
from gis.domain.rights import Actor
from gis.errors import NotFoundError
from gis.services.access import log, reading, require_reader, writing
from gis.services.clock import now
from gis.storage import accounts
from gis.workspace import Workspace


def list_sessions(ws: Workspace, actor: Actor, *, everybodys: bool = False) -> list[Session]:
    """Return the actor's own sessions, or everybody's to an administrator; that still hold."""
    require_reader(actor)
    everybodys = everybodys and actor.powers.administers
    if actor.account is None and not everybodys:
        return []
    at = now()
    with reading(ws, actor) as conn:
        found = accounts.sessions(conn, None if everybodys else actor.account)
    return [one for one in found if one.holds(at)]


def end_session(ws: Workspace, actor: Actor, session_id: int) -> None:
    """End a session: one's own, or anybody's by an administrator.

    Raises
    ------
    NotFoundError
        If there is none, or it is somebody else's.
    """
    require_reader(actor)
    with writing(ws) as conn:
        found = accounts.load_session(conn, session_id)
        if found is None or not (actor.powers.administers or found.account == actor.account):
            raise NotFoundError(f"没有编号为 {session_id} 的会话")
        accounts.end_sessions(conn, [session_id])
        log(conn, actor, "session_end", found.login, session=session_id)
