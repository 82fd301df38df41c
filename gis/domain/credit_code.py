"""The unified social credit code of companies and other organisations (GB 32100-2015)."""

from __future__ import annotations

import re
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of the code, by their value: no I, O, S, V, Z."""

MODULUS = 31
WEIGHTS = tuple(pow(3, place, MODULUS) for place in range(17))

LENGTH = 18
OLD_LENGTH = 15
"""Of the business registration number that came before."""

MEANT = {"I": "1", "O": "0", "S": "5", "Z": "2"}
"""What a letter that no code has was probably meant to be."""

SPREADSHEET = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]{1,2}|[0-9]{15,18}\.0*|[0-9]{15}000")
"""What spreadsheets make of 18 digits: they keep 15, and show an exponent or zeros."""

SPOILT = "像是被电子表格当成数字改写了，末几位已丢失：请把该列设为文本后重新填写"


def check_character(first17: str) -> str:
    """Return the last character of the code that begins with these 17.

    Notes
    -----
    GB 32100-2015: C18 = 31 - sum(Ci Wi) mod 31, Wi = 3^(i-1) mod 31, and 0 for 31. It finds
    every single character that is wrong and every two neighbours that changed places.

    Raises
    ------
    ValueError
        If it is not 17 characters of ``ALPHABET``.
    """
    if len(first17) != len(WEIGHTS):
        raise ValueError(f"17 characters are needed, not {len(first17)}")
    weighed = sum(ALPHABET.index(c) * w for c, w in zip(first17, WEIGHTS, strict=True))
    return ALPHABET[-weighed % MODULUS]


def problem(code: str) -> str | None:
    """Say what is wrong with a code, as a person would read on; None if nothing is.

    It is judged as ``normalised`` writes it.
    """
    written = normalised(code)
    fault = _stray(written) or _wrong_length(written) or _wrong_check(written)
    return SPOILT if fault and SPREADSHEET.fullmatch(written) else fault


def normalised(code: str) -> str:
    """Write a code in half-width capitals, without spaces and dashes."""
    return DROPPED.sub("", unicodedata.normalize("NFKC", code)).upper()


DROPPED = re.compile(r"[\s\-‐‑‒–—―−\u200b\ufeff]")


def _stray(written: str) -> str | None:
    for place, character in enumerate(written, start=1):
        if character in ALPHABET:
            continue
        if not (character.isascii() and character.isalpha()):
            return f"第 {place} 位的「{character}」不是数字或大写字母"
        meant = f"，可能是 {MEANT[character]}" if character in MEANT else ""
        return f"第 {place} 位的 {character} 不会出现在代码里（没有 I、O、S、V、Z）{meant}"
    return None


def _wrong_length(written: str) -> str | None:
    if len(written) == LENGTH:
        return None
    old = "，像是旧的工商注册号" if len(written) == OLD_LENGTH and written.isdecimal() else ""
    return f"应为 {LENGTH} 位，现有 {len(written)} 位{old}"


def _wrong_check(written: str) -> str | None:
    right = check_character(written[:-1])
    return None if written[-1] == right else f"校验位不对：前 17 位无误时，最后一位应为 {right}"
