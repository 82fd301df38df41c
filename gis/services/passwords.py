"""Passwords: what is good enough, how they are kept, and the ones made for a first log-in."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from gis.errors import InvalidDataError

SHORTEST, LONGEST = 10, 128
"""Characters; a phrase of several words is welcome. No rule about kinds of characters: those
make people choose worse ones (NIST SP 800-63B-4, OWASP ASVS 5.0 6.2.5)."""

LEAST_GUESSES_LOG10 = 9.0
"""Ten times what zxcvbn's score 3 asks for: it knows English better than pinyin."""

LOOKED_AT = 28
"""Characters that zxcvbn looks at: about 0.2 s at the most."""

LEAST_LETTERS = 6
"""Letters (Chinese ones too) besides names and places; a telephone number has none."""

LOCAL_WORDS = ("xuebu", "薛埠", "jintan", "金坛", "changzhou", "常州", "riskmap", "yingji", "应急")
"""Somebody who knows the office tries these first."""

_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
"""argon2id, memory in KiB; RFC 9106 section 4, second recommended option, on one lane."""

_AT_ONCE = threading.BoundedSemaphore(2)
"""Each takes 64 MiB: a crowd at the door must not take the memory of the machine."""

_NOBODYS = _HASHER.hash(secrets.token_urlsafe())
"""Compared where there is no account, so that a missing one takes as long as a wrong password."""


def hashed(password: str) -> str:
    """Return what is stored of a password: argon2id with its salt and parameters."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def fits(password: str, stored: str | None) -> bool:
    """Tell whether a password is the stored one; None, for no account, is never."""
    whole = len(password) <= LONGEST
    try:
        with _AT_ONCE:
            _HASHER.verify(stored or _NOBODYS, password if whole else "")
    except (VerificationError, InvalidHashError):
        return False
    return whole and stored is not None


def is_outdated(stored: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def require_good(password: str, *, about: Iterable[str]) -> None:
    """Refuse a password that is easily guessed.

    Parameters
    ----------
    about
        Words that somebody who knows the person tries: their names.

    Raises
    ------
    InvalidDataError
        With what to do instead.
    """
    if len(password) < SHORTEST:
        raise InvalidDataError(f"新口令太短：至少 {SHORTEST} 个字符，可以用几个不相干的词连起来")
    if len(password) > LONGEST:
        raise InvalidDataError(f"新口令太长：最多 {LONGEST} 个字符")
    words = [word.casefold() for word in (*about, *LOCAL_WORDS) if word]
    left = password.casefold()
    for word in words:
        left = left.replace(word, "")
    if sum(character.isalpha() for character in left) < LEAST_LETTERS:
        raise InvalidDataError("新口令里除了姓名、地名和数字，至少还要有几个别的字母或汉字")
    # Of the first characters only: its time grows fast with the length, and they are enough.
    found = zxcvbn(password[:LOOKED_AT], user_inputs=words)
    if found["guesses_log10"] < LEAST_GUESSES_LOG10:
        raise InvalidDataError(
            "新口令容易猜到：不要用常见口令、姓名、地名、键盘顺序或日期，换几个不相干的词"
        )


ALPHABET = "abcdefghjkmnpqrstuvwxyz"
"""Without characters that are mistaken for others when read out or copied by hand; no digits,
for a password drawn at random must not lack the ``LEAST_LETTERS`` that are asked of everybody."""


def first_password() -> str:
    """Return a random password to be told once: 4 x 4 letters, 72 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)
