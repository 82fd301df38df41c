"""Say of two places that look alike that they are two; they are not suspected again."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.services import access, changes, charge
from gis.storage import merges
from gis.workspace import Workspace


def keep_apart(ws: Workspace, actor: Actor, one: int, other: int) -> bool:
    """Note that two places are not the same, in either order; tell whether that is new.

    Raises
    ------
    NotFoundError
        If one of them is not there, or the actor may not see it as it is.
    ForbiddenError
        If they are not in charge of both.
    InvalidDataError
        If they are one place, or of two kinds: such are never suspected.
    """
    access.require_reader(actor)
    with changes.changing(ws, actor) as (conn, stamp):
        kind = _kind(conn, ws, actor, one, other)
        new = merges.set_apart(conn, (min(one, other), max(one, other)), stamp)
        if new:
            access.log(conn, actor, "apart", kind.slug, site=one, other=other)
    return new


def undo_apart(ws: Workspace, actor: Actor, one: int, other: int) -> bool:
    """Take back that two places are not the same; tell whether anybody had said so.

    Errors as ``keep_apart``.
    """
    access.require_reader(actor)
    with access.writing(ws) as conn:
        kind = _kind(conn, ws, actor, one, other)
        known = merges.forget_apart(conn, (min(one, other), max(one, other)))
        if known:
            access.log(conn, actor, "apart", kind.slug, site=one, other=other, undone=True)
    return known


def _kind(conn: Connection, ws: Workspace, actor: Actor, one: int, other: int) -> SiteKind:
    _, kind = charge.find_changeable(conn, ws, actor, one)
    _, its = charge.find_changeable(conn, ws, actor, other)
    if one == other:
        raise InvalidDataError("这是同一个场所：请选两个")
    if kind != its:
        raise InvalidDataError(f"一个是{kind.title.zh}，一个是{its.title.zh}，本来就不算重复")
    return kind
