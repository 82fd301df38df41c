"""Logging in and out, and who somebody is by what their browser or program shows."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from gis.domain import throttle
from gis.domain.accounts import (
    FIRST_PASSWORD_HOLDS,
    IDLE,
    LONGEST,
    SECRET_BYTES,
    SEEN_EVERY,
    Account,
    clean_login,
)
from gis.domain.rights import GUEST, NOBODY, Actor
from gis.errors import InvalidDataError, NotLoggedInError
from gis.services import passwords, tries
from gis.services.access import log, of_account, of_address, writing
from gis.services.clock import now
from gis.services.manage_accounts import end_all
from gis.storage import accounts, dialect, register, schema
from gis.storage.accounts import load_counter, save_counter
from gis.workspace import Workspace

AGENT_LONGEST = 200

TOO_MANY = "试得太多，暂停登录：请 {minutes} 分钟后再试，或请管理员解除"

WRONG = "登录名或口令不对，或账号已停用"
"""The same for all of them: who tries must not learn which."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is logged in.

    Attributes
    ----------
    actor
        Who asks; ``NOBODY`` while they must change their password first.
    session
        Id of the log-in.
    """

    account: Account
    session: int
    actor: Actor


def anonymous(ws: Workspace, address: str | None) -> Actor:
    """Return who asks without an account: a guest where the database grants it, else nobody."""
    with dialect.reading(ws.engine) as conn:
        found = register.load(conn)
    granted = found.anonymous_reads and found.purpose == "demonstration"
    base = GUEST if granted else NOBODY
    return Actor(base.name, base.powers, base.villages, base.industries, address=address)


def log_in(ws: Workspace, login: str, password: str, *, address: str, agent: str) -> str:
    """Check a password and begin a session.

    Every try is counted before the password is looked at, in the database: many at once, from
    several processes, count as well.

    Parameters
    ----------
    address, agent
        Where the browser is, and what it calls itself.

    Returns
    -------
    The secret of the new session, 256 random bits, for the browser to keep.

    Raises
    ------
    TooManyTriesError
        If the account or the address tried too often; the password was not looked at.
    NotLoggedInError
        If there is no such account, it may not log in, or the password is another.
    """
    try:
        name = clean_login(login)
    except InvalidDataError:
        name = ""
    with dialect.reading(ws.engine) as conn:
        account = accounts.find(conn, name)
        stored = accounts.password_of(conn, account.id) if account else None
    # What was typed is written down only where it is a name: it may be a password, misplaced.
    who = Actor(account.login if account else NOBODY.name, NOBODY.powers, address=address)
    _take_a_try(ws, who, name, address)
    right = passwords.fits(password, stored)
    if account is None or not right or not account.active:
        with writing(ws) as conn:
            log(conn, who, "login_failed", account.login if account else "")
        raise NotLoggedInError(WRONG)
    if account.must_change and now() - account.password_at > FIRST_PASSWORD_HOLDS:
        with writing(ws) as conn:
            log(conn, who, "login_failed", account.login)
        raise NotLoggedInError("首次口令已过期，请管理员重置")
    fresh = passwords.hashed(password) if passwords.is_outdated(stored or "") else None
    return _begin(ws, account, address, agent, checked=stored or "", fresh_hash=fresh)


def _take_a_try(ws: Workspace, who: Actor, name: str, address: str) -> None:
    """Count a try of the address, and if that may try, of the account."""
    at = now()
    limits = {of_address(address): throttle.OF_ADDRESS, of_account(name): throttle.OF_ACCOUNT}
    with writing(ws) as conn:
        accounts.forget_counters(conn, before=at - dt.timedelta(days=1))
        for key, limit in limits.items():
            counter, closes = tries.take(conn, key, limit, at)
            if closes:
                log(conn, who, "locked", key.partition(":")[0])
            if counter.is_closed(at):
                break  # a closed address must not lock accounts as well
    tries.refuse_closed(counter, at, TOO_MANY)


def _begin(
    ws: Workspace,
    account: Account,
    address: str,
    agent: str,
    *,
    checked: str,
    fresh_hash: str | None,
) -> str:
    """Begin a session, if the password that was checked is still the account's."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    at = now()
    with writing(ws) as conn:
        accounts.alone(conn)
        now_is = accounts.load(conn, account.id)
        if now_is is None or not now_is.active or accounts.password_of(conn, account.id) != checked:
            raise NotLoggedInError(WRONG)
        accounts.forget_counter(conn, of_account(account.login))
        given_back = throttle.give_back(load_counter(conn, of_address(address)))
        if given_back is not None:
            save_counter(conn, of_address(address), given_back)
        accounts.forget_sessions(conn, seen_before=at - IDLE, begun_before=at - LONGEST)
        values = {"last_login_at": at, **({"password": fresh_hash} if fresh_hash else {})}
        accounts.update(conn, account.id, values)
        session = {"account": account.id, "created_at": at, "seen_at": at, "address": address}
        accounts.begin_session(conn, secret, {**session, "agent": agent[:AGENT_LONGEST]})
        log(conn, account.actor(address), "login", account.login)
    return secret


def resume(ws: Workspace, secret: str, *, address: str | None) -> SignedIn | None:
    """Return who a session's secret belongs to; None if it does not hold (any more)."""
    at = now()
    with dialect.reading(ws.engine) as conn:
        schema.require_newest(conn)
        session = accounts.find_session(conn, secret)
        account = accounts.load(conn, session.account) if session else None
    if session is None or account is None or not account.active or not session.holds(at):
        return None
    if at - session.seen_at >= SEEN_EVERY:
        with dialect.writing(ws.engine) as conn:
            accounts.touch_session(conn, session.id, at)
    actor = account.actor(address)
    if account.must_change:
        actor = Actor(
            actor.name, NOBODY.powers, NOBODY.villages, NOBODY.industries, account.id, address
        )
    return SignedIn(account, session.id, actor)


def log_out(ws: Workspace, who: SignedIn) -> None:
    """End the session that somebody is in."""
    with writing(ws) as conn:
        accounts.end_sessions(conn, [who.session])
        log(conn, who.actor, "logout", who.account.login)


def change_password(ws: Workspace, who: SignedIn, old: str, new: str) -> str:
    """Change one's own password; all sessions of the account end, and a new one begins.

    Returns
    -------
    The secret of the new session, for this browser to keep.

    Raises
    ------
    TooManyTriesError
        If the old one was given wrongly too often.
    InvalidDataError
        If the old password is another, or the new one is easily guessed or the same.
    """
    confirm(ws, who, old)
    account = who.account
    if new == old:
        raise InvalidDataError("新口令要和现在的不同")
    passwords.require_good(new, about=(account.login, account.name))
    fresh, at, secret = passwords.hashed(new), now(), secrets.token_urlsafe(SECRET_BYTES)
    with writing(ws) as conn:
        accounts.alone(conn)
        values = {"password": fresh, "must_change": False, "password_at": at}
        accounts.update(conn, account.id, values)
        here = next((s for s in accounts.sessions(conn, account.id) if s.id == who.session), None)
        end_all(conn, account.id)
        accounts.begin_session(
            conn,
            secret,
            {
                "account": account.id,
                "created_at": at,
                "seen_at": at,
                "address": who.actor.address,
                "agent": here.agent if here else None,
            },
        )
        log(conn, who.actor, "password", account.login)
    return secret


def confirm(ws: Workspace, who: SignedIn, password: str) -> None:
    """Ask somebody who is logged in for their password again; tries count as at the log-in.

    Raises
    ------
    TooManyTriesError
        If it was given wrongly too often.
    InvalidDataError
        If it is another.
    """
    key, at = of_account(who.account.login), now()
    with writing(ws) as conn:
        counter, closes = tries.take(conn, key, throttle.OF_ACCOUNT, at)
        if closes:
            log(conn, who.actor, "locked", "account")
        stored = accounts.password_of(conn, who.account.id)
    tries.refuse_closed(counter, at, TOO_MANY)
    right = passwords.fits(password, stored)
    with writing(ws) as conn:
        if right:
            accounts.forget_counter(conn, key)
        else:
            log(conn, who.actor, "login_failed", who.account.login)
    if not right:
        raise InvalidDataError("现在的口令不对")
