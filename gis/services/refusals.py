"""What was refused to somebody is written down, so that knocking at doors is seen."""

from __future__ import annotations

from gis.domain import throttle
from gis.domain.rights import Actor
from gis.services import access, tries
from gis.services.clock import now
from gis.workspace import Workspace

TARGET_LONGEST = 200


def note_refusal(ws: Workspace, actor: Actor, target: str, why: str) -> None:
    """Write into the audit log that somebody was refused; of one address not more than some.

    Parameters
    ----------
    target
        What they asked for: an address of ours; nothing that they sent along.
    why
        What they were told.
    """
    with access.writing(ws) as conn:
        counter, _ = tries.take(conn, f"refused:{actor.address}", throttle.OF_REFUSALS, now())
        if not counter.is_closed(now()):
            shown = target if target.isprintable() else repr(target)
            access.log(conn, actor, "refused", shown[:TARGET_LONGEST], why=why)
