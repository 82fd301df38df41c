"""Accounts: who may log in, as what, and in charge of what. For administrators only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.engine import Connection

from gis.domain.accounts import FIRST_PASSWORD_HOLDS, Account, clean_login
from gis.domain.rights import ROLES, Actor, Role
from gis.errors import InvalidDataError, NotFoundError
from gis.services import access, passwords
from gis.services.access import log, reading, require_administrator, writing
from gis.services.clock import now
from gis.storage import accounts, areas
from gis.workspace import Workspace

NAME_LONGEST = 60


def list_accounts(ws: Workspace, actor: Actor) -> list[Account]:
    """Return all accounts, by log-in name."""
    require_administrator(actor)
    with reading(ws, actor) as conn:
        return accounts.load_all(conn)


def load_account(ws: Workspace, actor: Actor, account_id: int) -> Account:
    """Return an account; NotFoundError if there is none of that id."""
    require_administrator(actor)
    with reading(ws, actor) as conn:
        return _found(conn, account_id)


def find_account(ws: Workspace, actor: Actor, login: str) -> Account:
    """Return the account of a log-in name; NotFoundError if there is none."""
    require_administrator(actor)
    with reading(ws, actor) as conn:
        found = accounts.find(conn, clean_login(login))
    if found is None:
        raise NotFoundError(f"没有登录名为 {login} 的账号")
    return found


def has_administrator(ws: Workspace, actor: Actor) -> bool:
    """Tell whether somebody can log in who manages accounts."""
    require_administrator(actor)
    with reading(ws, actor) as conn:
        return _administrators(conn) > 0


def choices(ws: Workspace, actor: Actor) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what an account can be in charge of: village code to name, and the industries."""
    require_administrator(actor)
    with reading(ws, actor) as conn:
        return _villages(conn, ws), _industries(ws)


def add_account(
    ws: Workspace,
    actor: Actor,
    *,
    login: str,
    name: str,
    role: Role,
    villages: Iterable[str] = (),
    industries: Iterable[str] = (),
) -> str:
    """Make an account.

    Returns
    -------
    Its first password: told once, stored nowhere, to be changed at the first log-in.

    Raises
    ------
    ForbiddenError
        If the actor is no administrator.
    InvalidDataError
        If the log-in name is taken or cannot be one, or the scope does not fit the role.
    """
    require_administrator(actor)
    password = passwords.first_password()
    stored = passwords.hashed(password)
    with writing(ws) as conn:
        values = _values(conn, ws, name=name, role=role, villages=villages, industries=industries)
        values["login"] = clean_login(login)
        accounts.alone(conn)
        if accounts.find(conn, values["login"]):
            raise InvalidDataError(f"登录名 {values['login']} 已经有人用了")
        at = now()
        secret = {"password": stored, "must_change": True, "password_at": at}
        accounts.insert(conn, {**values, **secret, "active": True, "created_at": at})
        log(conn, actor, "account_add", values["login"], **_said(values))
    return password


def change_account(
    ws: Workspace,
    actor: Actor,
    account_id: int,
    *,
    name: str,
    role: Role,
    villages: Iterable[str],
    industries: Iterable[str],
    active: bool,
) -> None:
    """Change what an account is; its sessions end if it may see less or nothing from now on.

    Raises
    ------
    ForbiddenError, NotFoundError, InvalidDataError
        As ``add_account``; also if nobody would be left who manages accounts.
    """
    require_administrator(actor)
    with writing(ws) as conn:
        accounts.alone(conn)
        old = _found(conn, account_id)
        new = _values(conn, ws, name=name, role=role, villages=villages, industries=industries)
        new["active"] = active
        before = {name: _plain(getattr(old, name)) for name in new}
        changed = {
            name: [before[name], value] for name, value in new.items() if before[name] != value
        }
        if not changed:
            return
        accounts.update(conn, account_id, new)
        if _administrators(conn) == 0:
            raise InvalidDataError("至少要留一个能登录的管理员")
        if set(changed) - {"name"}:
            end_all(conn, account_id)
        log(conn, actor, "account_change", old.login, **changed)


def reset_password(ws: Workspace, actor: Actor, account_id: int) -> str:
    """Give an account a new first password; all its sessions end and its tokens are revoked.

    Returns
    -------
    The password: told once, to be changed at the next log-in.
    """
    require_administrator(actor)
    password = passwords.first_password()
    stored = passwords.hashed(password)
    with writing(ws) as conn:
        account = _found(conn, account_id)
        values = {"password": stored, "must_change": True, "password_at": now()}
        accounts.update(conn, account_id, values)
        accounts.forget_counter(conn, access.of_account(account.login))
        end_all(conn, account_id)
        accounts.revoke_tokens(conn, account_id, now())
        log(conn, actor, "password_reset", account.login)
    return password


def unlock(ws: Workspace, actor: Actor, account_id: int) -> None:
    """Let an account try to log in again at once."""
    require_administrator(actor)
    with writing(ws) as conn:
        account = _found(conn, account_id)
        accounts.forget_counter(conn, access.of_account(account.login))
        log(conn, actor, "unlock", account.login)


def is_locked(ws: Workspace, actor: Actor, account: Account) -> bool:
    """Tell whether an account may not try to log in now."""
    require_administrator(actor)
    with reading(ws, actor) as conn:
        counter = accounts.load_counter(conn, access.of_account(account.login))
    return counter is not None and counter.is_closed(now())


def end_all(conn: Connection, account_id: int, *, but: int | None = None) -> None:
    """End the sessions of an account, but for one."""
    ids = [session.id for session in accounts.sessions(conn, account_id) if session.id != but]
    accounts.end_sessions(conn, ids)


def _administrators(conn: Connection) -> int:
    return accounts.count_administrators(conn, given_since=now() - FIRST_PASSWORD_HOLDS)


def _found(conn: Connection, account_id: int) -> Account:
    found = accounts.load(conn, account_id)
    if found is None:
        raise NotFoundError(f"没有编号为 {account_id} 的账号")
    return found


def _values(
    conn: Connection,
    ws: Workspace,
    *,
    name: str,
    role: Role,
    villages: Iterable[str],
    industries: Iterable[str],
) -> dict[str, Any]:
    """Return the columns of an account; what its role does not ask for is left out."""
    called = name.strip()
    if not (0 < len(called) <= NAME_LONGEST and called.isprintable()):
        raise InvalidDataError(f"姓名或单位要写 1 至 {NAME_LONGEST} 个字")
    scope = ROLES[role].scope
    asked = {"villages": sorted(set(villages)), "industries": sorted(set(industries))}
    known = {"villages": _villages(conn, ws), "industries": _industries(ws)}
    words = {"villages": "村", "industries": "行业"}
    chosen: dict[str, list[str]] = {}
    for part, values in asked.items():
        chosen[part] = values if part == scope else []
        if part == scope and not values:
            raise InvalidDataError(f"{ROLES[role].title.zh}至少要选一个{words[part]}")
        if strange := [value for value in chosen[part] if value not in known[part]]:
            there = "、".join(known[part]) or "还没有"
            raise InvalidDataError(f"没有{words[part]} {'、'.join(strange)}；可以用：{there}")
    return {"name": called, "role": role.value, **chosen}


def _villages(conn: Connection, ws: Workspace) -> dict[str, str]:
    found = areas.load_stored(conn, ws.home_level.slug)
    return {row["code"]: row["name"] for row in found}


def _industries(ws: Workspace) -> tuple[str, ...]:
    return tuple(sorted({kind.industry for kind in ws.kinds.values()}))


def _plain(value: Any) -> Any:
    """Return a value of an account as its row has it."""
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, Role) else value


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "login"}
