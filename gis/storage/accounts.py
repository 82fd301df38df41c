"""Accounts, their sessions and tokens, and the counters of tries to log in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.accounts import Account, Session, Token, fingerprint
from gis.domain.rights import Role
from gis.domain.throttle import Counter
from gis.storage import dialect
from gis.storage.tables import account, session, throttle, token

# ---- Accounts ----------------------------------------------------------------------------


def load_all(conn: Connection) -> list[Account]:
    """Return all accounts, by log-in name."""
    rows = conn.execute(sa.select(account).order_by(account.c.login)).mappings()
    return [_account(row) for row in rows]


def load(conn: Connection, account_id: int) -> Account | None:
    """Return an account; None if there is none of that id."""
    return _first(conn, account.c.id == account_id)


def find(conn: Connection, login: str) -> Account | None:
    """Return the account of a log-in name; None if there is none."""
    return _first(conn, account.c.login == login)


def password_of(conn: Connection, account_id: int) -> str:
    """Return the argon2 hash of an account's password."""
    return str(conn.scalar(sa.select(account.c.password).where(account.c.id == account_id)))


def insert(conn: Connection, values: Mapping[str, Any]) -> int:
    """Add an account; return its id."""
    return int(
        conn.execute(sa.insert(account).values(**values).returning(account.c.id)).scalar_one()
    )


def update(conn: Connection, account_id: int, values: Mapping[str, Any]) -> None:
    """Change an account."""
    conn.execute(sa.update(account).where(account.c.id == account_id).values(**values))


def count_administrators(conn: Connection, *, given_since: dt.datetime) -> int:
    """Return how many administrators may log in.

    One whose first password was given before an instant, and never changed, may not any more.
    """
    usable = sa.or_(sa.not_(account.c.must_change), account.c.password_at >= given_since)
    query = sa.select(sa.func.count()).select_from(account)
    active = query.where(account.c.role == Role.ADMINISTRATOR.value, account.c.active, usable)
    return int(conn.execute(active).scalar_one())


def _first(conn: Connection, where: sa.ColumnElement[bool]) -> Account | None:
    row = conn.execute(sa.select(account).where(where)).mappings().first()
    return _account(row) if row else None


def _account(row: RowMapping) -> Account:
    return Account(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        role=Role(row["role"]),
        villages=tuple(row["villages"]),
        industries=tuple(row["industries"]),
        active=row["active"],
        must_change=row["must_change"],
        created_at=row["created_at"],
        password_at=row["password_at"],
        last_login_at=row["last_login_at"],
    )


# ---- Sessions ----------------------------------------------------------------------------


def begin_session(conn: Connection, secret: str, values: Mapping[str, Any]) -> int:
    """Write down a session; of its secret only the hash. Return its id."""
    row = sa.insert(session).values(fingerprint=fingerprint(secret), **values)
    return int(conn.execute(row.returning(session.c.id)).scalar_one())


def find_session(conn: Connection, secret: str) -> Session | None:
    """Return the session of a secret; None if there is none."""
    return next(iter(_sessions(conn, session.c.fingerprint == fingerprint(secret))), None)


def load_session(conn: Connection, session_id: int) -> Session | None:
    """Return a session; None if there is none of that id."""
    return next(iter(_sessions(conn, session.c.id == session_id)), None)


def sessions(conn: Connection, account_id: int | None = None) -> list[Session]:
    """Return the sessions (of an account, if given), the one used last first."""
    return _sessions(conn, sa.true() if account_id is None else session.c.account == account_id)


def touch_session(conn: Connection, session_id: int, at: dt.datetime) -> None:
    """Note that a session was used."""
    conn.execute(sa.update(session).where(session.c.id == session_id).values(seen_at=at))


def end_sessions(conn: Connection, ids: Sequence[int]) -> None:
    """End sessions."""
    conn.execute(sa.delete(session).where(session.c.id.in_(list(ids))))


def forget_sessions(
    conn: Connection, *, seen_before: dt.datetime, begun_before: dt.datetime
) -> None:
    """Delete the sessions that have ended by themselves."""
    over = sa.or_(session.c.seen_at < seen_before, session.c.created_at < begun_before)
    conn.execute(sa.delete(session).where(over))


def _sessions(conn: Connection, where: sa.ColumnElement[bool]) -> list[Session]:
    query = sa.select(session, account.c.login).join(account).where(where)
    rows = conn.execute(query.order_by(session.c.seen_at.desc(), session.c.id)).mappings()
    return [Session(**{name: row[name] for name in row if name != "fingerprint"}) for row in rows]


# ---- Tokens ------------------------------------------------------------------------------


def insert_token(conn: Connection, secret: str, values: Mapping[str, Any]) -> int:
    """Write down a token; of its secret only the hash. Return its id."""
    row = sa.insert(token).values(fingerprint=fingerprint(secret), **values)
    return int(conn.execute(row.returning(token.c.id)).scalar_one())


def find_token(conn: Connection, secret: str) -> Token | None:
    """Return the token of a secret; None if there is none."""
    return next(iter(_tokens(conn, token.c.fingerprint == fingerprint(secret))), None)


def load_token(conn: Connection, token_id: int) -> Token | None:
    """Return a token; None if there is none of that id."""
    return next(iter(_tokens(conn, token.c.id == token_id)), None)


def tokens(conn: Connection, account_id: int | None = None) -> list[Token]:
    """Return the tokens (of an account, if given), the newest first, revoked ones too."""
    return _tokens(conn, sa.true() if account_id is None else token.c.account == account_id)


def update_token(conn: Connection, token_id: int, values: Mapping[str, Any]) -> None:
    """Change a token: when it was used, or revoked."""
    conn.execute(sa.update(token).where(token.c.id == token_id).values(**values))


def revoke_tokens(conn: Connection, account_id: int, at: dt.datetime) -> None:
    """Revoke all tokens of an account that are not revoked yet."""
    held = sa.and_(token.c.account == account_id, token.c.revoked_at.is_(None))
    conn.execute(sa.update(token).where(held).values(revoked_at=at))


def _tokens(conn: Connection, where: sa.ColumnElement[bool]) -> list[Token]:
    query = sa.select(token, account.c.login).join(account).where(where)
    rows = conn.execute(query.order_by(token.c.id.desc())).mappings()
    return [Token(**{name: row[name] for name in row if name != "fingerprint"}) for row in rows]


# ---- Tries to log in ---------------------------------------------------------------------


TURN = 320_413_111
"""Number of the turn that whoever counts takes."""


def alone(conn: Connection) -> None:
    """Wait until nobody else counts tries or administrators: each must see the one before."""
    dialect.take_turn(conn, TURN)


def load_counter(conn: Connection, key: str) -> Counter | None:
    """Return the counter of an account or address; None where nobody tried."""
    query = sa.select(throttle).where(throttle.c.key == fingerprint(key))
    row = conn.execute(query).mappings().first()
    return Counter(row["tries"], row["since"], row["closed_until"]) if row else None


def save_counter(conn: Connection, key: str, counter: Counter) -> None:
    """Put a counter in the place of the earlier one."""
    forget_counter(conn, key)
    conn.execute(
        sa.insert(throttle).values(
            key=fingerprint(key),
            tries=counter.tries,
            since=counter.since,
            closed_until=counter.closed_until,
        )
    )


def forget_counter(conn: Connection, key: str) -> None:
    """Begin counting anew."""
    conn.execute(sa.delete(throttle).where(throttle.c.key == fingerprint(key)))


def forget_counters(conn: Connection, *, before: dt.datetime) -> None:
    """Delete counters that stand for nothing any more."""
    over = sa.and_(
        throttle.c.since < before, sa.func.coalesce(throttle.c.closed_until, before) <= before
    )
    conn.execute(sa.delete(throttle).where(over))
