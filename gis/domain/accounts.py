"""Accounts, their sessions and their tokens, as frozen values; and what a name may be."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from dataclasses import dataclass

from gis.domain.rights import GUEST, NOBODY, OPERATOR, Actor, Role, actor_of
from gis.errors import InvalidDataError

IDLE = dt.timedelta(hours=2)
"""A session ends when nothing was asked for so long."""

LONGEST = dt.timedelta(hours=12)
"""A session ends after so long in any case: one working day."""

FIRST_PASSWORD_HOLDS = dt.timedelta(days=7)
"""Somebody else has seen it: it does not wait for ever to be changed."""

SEEN_EVERY = dt.timedelta(minutes=5)
"""How exactly it is noted when a session or a token was used last."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in.

    Attributes
    ----------
    login
        What they type; lower case, unique.
    name
        What others call them.
    villages, industries
        Codes and names of what they are in charge of, as far as the role asks for them.
    active
        Whether they may log in, and their tokens hold.
    must_change
        Whether the password is one that somebody else gave them: they must change it first.
    """

    id: int
    login: str
    name: str
    role: Role
    villages: tuple[str, ...]
    industries: tuple[str, ...]
    active: bool
    must_change: bool
    created_at: dt.datetime
    password_at: dt.datetime
    last_login_at: dt.datetime | None

    def actor(self, address: str | None) -> Actor:
        """Return this account as one who asks."""
        return actor_of(
            self.role,
            self.login,
            villages=frozenset(self.villages),
            industries=frozenset(self.industries),
            account=self.id,
            address=address,
        )


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in that still holds; what the browser holds of it is not stored, only its hash."""

    id: int
    account: int
    login: str
    created_at: dt.datetime
    seen_at: dt.datetime
    address: str | None
    agent: str | None

    def holds(self, at: dt.datetime) -> bool:
        """Tell whether it has not ended by itself."""
        return at - self.seen_at < IDLE and at - self.created_at < LONGEST


@dataclass(frozen=True, slots=True)
class Token:
    """A key for a program to read with, in place of a password; only its hash is stored.

    ``hint`` are its first characters, to tell it from others.
    """

    id: int
    account: int
    login: str
    name: str
    hint: str
    created_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def holds(self, at: dt.datetime) -> bool:
        """Tell whether it is neither revoked nor over."""
        return self.revoked_at is None and at < self.expires_at


SECRET_BYTES = 32
"""Random bytes of a session's and a token's secret: 256 bits."""

TOKEN_PREFIX = "xrm_"
"""What every token begins with, so that one is recognised where it should not be."""

HINT = 10
"""Characters of a token that are kept to tell it from others: 36 of its 256 random bits."""


def fingerprint(secret: str) -> str:
    """Return what is stored of a random secret: its SHA-256, in hex.

    Enough for 256 random bits, which nobody guesses; a password needs a slow hash instead.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


LOGIN = re.compile(r"[^\W_][\w.-]{1,39}")


def clean_login(text: str) -> str:
    """Return a log-in name as it is stored: compatibility forms and case folded.

    Raises
    ------
    InvalidDataError
        If it is not 2 to 40 letters (Chinese too), digits, ``.``, ``-``, ``_``.
    """
    login = unicodedata.normalize("NFKC", text).strip().casefold()
    if not LOGIN.fullmatch(login):
        raise InvalidDataError(
            "登录名要用 2 至 40 个字母、汉字、数字、点、连字符或下划线，以字母、汉字或数字开头"
        )
    if login in (OPERATOR.name, GUEST.name, NOBODY.name):
        raise InvalidDataError(f"登录名不能是 {login}：审计记录里另有所指")
    return login
