"""The doors of every service: who may read, who may change, and what is written down of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Connection

from gis.domain.audit import HEAD_EVERY, Head
from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.errors import ConfigError, ForbiddenError, NotLoggedInError
from gis.files import heads, keys
from gis.services.clock import now
from gis.storage import audit, dialect
from gis.workspace import Workspace

LOGGER = logging.getLogger(__name__)


@contextmanager
def reading(ws: Workspace, actor: Actor) -> Iterator[Connection]:
    """Open one consistent snapshot for somebody who may read.

    Raises
    ------
    NotLoggedInError
        If they may read nothing. What they see of the rest is decided row by row.
    """
    require_reader(actor)
    with dialect.reading(ws.engine) as conn:
        yield conn


@contextmanager
def writing(ws: Workspace) -> Iterator[Connection]:
    """Open one transaction for writing; afterwards the head of the audit log is kept.

    Whoever calls it has asked for the right before. A head that cannot be written is an error in
    the server's log and a warning on the page of the audit log, and keeps nobody from working:
    what was changed is in the database already.
    """
    with dialect.writing(ws.engine) as conn:
        yield conn
    try:
        keep_head(ws)
    except ConfigError:
        LOGGER.exception("the head of the audit log was not written")


def log(conn: Connection, actor: Actor, action: str, target: str = "", /, **detail: Any) -> None:
    """Write into the audit log what an actor does, in the transaction that does it.

    Parameters
    ----------
    action
        A word of ``gis.domain.audit.ACTIONS``.
    target
        To what.
    detail
        The rest; nothing personal, no password, no token.
    """
    audit.append(
        conn,
        at=now(),
        actor=actor.name,
        address=actor.address,
        action=action,
        target=target,
        detail=detail,
    )


def keep_head(ws: Workspace) -> bool:
    """Write the head of the audit log outside the database, if it is time.

    That is: something was written since the last head, and that is an hour old. It is called
    after every change and by a clock of the server, so every day on which anything was done has
    a head, and about an hour of work is all that could be cut off unseen.

    Returns
    -------
    Whether it was written.

    Raises
    ------
    ConfigError
        If the file cannot be written, or what the last head says is no longer in the database:
        then the log was changed, and nothing of it is signed again.
    """

    def make(last: Head | None) -> Head | None:
        with dialect.reading(ws.engine) as conn:
            entry = audit.newest(conn)
            stands = last is None or audit.holds(conn, last.id, last.digest)
        if not stands:
            raise ConfigError(
                "审计记录与库外最后一个链头不符：请运行 python -m scripts.verify_audit"
            )
        if entry is None or (last is not None and entry.id == last.id):
            return None
        number = last.number + 1 if last else 1
        bare = Head(number, now(), entry.id, entry.digest, "")
        return replace(bare, signature=keys.sign(ws.settings.key_dir, bare.signed))

    return heads.keep_head(ws.settings.heads_file, now(), HEAD_EVERY, make)


def require_reader(actor: Actor) -> None:
    """Refuse whoever may read nothing."""
    if not actor.may_read:
        raise NotLoggedInError("请先登录")


def require_governor(actor: Actor, what: str) -> None:
    """Refuse whoever may not change what the whole town shares; ``what`` says it in Chinese."""
    require_reader(actor)
    if not actor.powers.governs:
        raise ForbiddenError(f"您没有{what}的权限，请找镇级用户或管理员")


def require_every_row(actor: Actor, what: str) -> None:
    """Refuse whoever does not see every row: an answer that tells of all of them is not theirs."""
    require_reader(actor)
    if not actor.reads_everything:
        raise ForbiddenError(f"{what}涉及全部场所，您只能看到其中一部分，请找镇级用户")


def require_administrator(actor: Actor) -> None:
    """Refuse whoever may not manage accounts or read the audit log."""
    require_reader(actor)
    if not actor.powers.administers:
        raise ForbiddenError("这里只有管理员可以进入")


def require_change(actor: Actor, kind: SiteKind) -> None:
    """Refuse whoever may change no place of a kind at all; rows are judged one by one later."""
    require_reader(actor)
    if not could_change(actor, kind):
        raise ForbiddenError(f"您不负责{kind.title.zh}，不能改动")


def require_keeper(actor: Actor) -> None:
    """Refuse whoever may change no place at all."""
    require_reader(actor)
    if not actor.powers.changes:
        raise ForbiddenError("您没有改动场所的权限，请找镇级用户或管理员")


def could_change(actor: Actor, kind: SiteKind) -> bool:
    """Tell whether an actor could be in charge of a place of a kind, and may change it then."""
    trade = actor.industries is None or kind.industry in actor.industries
    return actor.powers.changes and kind.secrecy in actor.cleared and trade


NOT_YOURS = "不在您负责的范围内"
"""Said of a row that somebody else is in charge of. Keys are shared by the whole town: who imports
one that another village has learns that it is taken, and nothing else."""


def of_account(login: str) -> str:
    """Return the key under which the tries at an account are counted."""
    return f"account:{login}"


def of_address(address: str) -> str:
    """Return the key under which the tries from an address are counted."""
    return f"address:{address}"
