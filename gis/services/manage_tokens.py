"""Tokens: keys for GIS clients to read with; everybody their own, administrators all."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from gis.domain.accounts import HINT, SECRET_BYTES, SEEN_EVERY, TOKEN_PREFIX, Account, Token
from gis.domain.rights import Actor
from gis.errors import InvalidDataError, NotFoundError, NotLoggedInError
from gis.services.access import log, reading, require_reader, writing
from gis.services.clock import now
from gis.storage import accounts, dialect, schema
from gis.workspace import Workspace

DAYS = (30, 90, 365)
"""For how long a token may be made to hold."""

NAME_LONGEST = 60
MOST = 20
"""Tokens of an account that hold at the same time."""


def list_tokens(ws: Workspace, actor: Actor, *, everybodys: bool = False) -> list[Token]:
    """Return the actor's own tokens, or everybody's to an administrator; the newest first."""
    require_reader(actor)
    everybodys = everybodys and actor.powers.administers
    if actor.account is None and not everybodys:
        return []
    with reading(ws, actor) as conn:
        return accounts.tokens(conn, None if everybodys else actor.account)


def add_token(
    ws: Workspace, actor: Actor, account: Account, *, name: str, days: int = DAYS[1]
) -> str:
    """Make a token for an account: one's own, or anybody's by an administrator.

    Returns
    -------
    The token: shown once, of it only the SHA-256 is stored.

    Raises
    ------
    NotFoundError
        If it is somebody else's account.
    InvalidDataError
        If the name or the time is not allowed, or there are too many.
    """
    require_reader(actor)
    if account.id != actor.account and not actor.powers.administers:
        raise NotFoundError(f"没有编号为 {account.id} 的账号")
    called = name.strip()
    if not (0 < len(called) <= NAME_LONGEST and called.isprintable()):
        raise InvalidDataError(f"令牌要有名称，1 至 {NAME_LONGEST} 个字，写明给哪个程序用")
    if days not in DAYS:
        raise InvalidDataError(f"有效期请用 {'、'.join(map(str, DAYS))} 天")
    token = TOKEN_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    at = now()
    with writing(ws) as conn:
        accounts.alone(conn)
        owner = accounts.load(conn, account.id)
        if owner is None or not owner.active:
            raise NotFoundError(f"没有编号为 {account.id} 的账号，或已停用")
        if sum(found.holds(at) for found in accounts.tokens(conn, account.id)) >= MOST:
            raise InvalidDataError(f"一个账号最多 {MOST} 个有效令牌：先撤销不用的")
        expires_at = at + dt.timedelta(days=days)
        values = {"name": called, "hint": token[:HINT], "created_at": at, "expires_at": expires_at}
        id_ = accounts.insert_token(conn, token, {"account": account.id, **values})
        log(conn, actor, "token_add", account.login, token=id_, name=called, days=days)
    return token


def revoke_token(ws: Workspace, actor: Actor, token_id: int) -> None:
    """Revoke a token: one's own, or anybody's by an administrator; it is refused from now on.

    Raises
    ------
    NotFoundError
        If there is none, or it is somebody else's.
    """
    require_reader(actor)
    with writing(ws) as conn:
        found = accounts.load_token(conn, token_id)
        if found is None or not (actor.powers.administers or found.account == actor.account):
            raise NotFoundError(f"没有编号为 {token_id} 的令牌")
        if found.revoked_at is None:
            accounts.update_token(conn, token_id, {"revoked_at": now()})
            log(conn, actor, "token_revoke", found.login, token=token_id, name=found.name)


def actor_of_token(ws: Workspace, secret: str, *, address: str | None) -> Actor:
    """Return who reads with a token: its account, without the right to change or unmask anything.

    Raises
    ------
    NotLoggedInError
        If it does not hold: unknown, revoked, over, or its account may not log in or has a
        password that it must change first.
    """
    at = now()
    with dialect.reading(ws.engine) as conn:
        schema.require_newest(conn)
        token = accounts.find_token(conn, secret)
        account = accounts.load(conn, token.account) if token else None
    usable = account is not None and account.active and not account.must_change
    if token is None or account is None or not usable or not token.holds(at):
        raise NotLoggedInError("令牌无效、已撤销或已过期")
    if token.used_at is None or at - token.used_at >= SEEN_EVERY:
        with dialect.writing(ws.engine) as conn:
            accounts.update_token(conn, token.id, {"used_at": at})
    return account.actor(address).reading_only(f"{account.login}（令牌 {token.name}）")


def valid(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens that hold now."""
    return [token for token in tokens if token.holds(now())]
