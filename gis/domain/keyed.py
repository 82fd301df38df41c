"""Random numbers that are keyed, not taken in turn.

Each depends on the seed, on what it is for, on whose it is and on which draw it is, and on nothing
else: rows in any order, a part of them, or some at a time give the same bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from gis.domain.arrays import Floats, Ints

Words = npt.NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""Step of splitmix64 (Steele, Lea and Flood 2014)."""


def normal(uid: Ints, draws: Ints, seed: int, salt: str) -> Floats:
    """Return standard normal numbers.

    Parameters
    ----------
    uid
        Whose they are, shape (n,); the same uid has the same numbers.
    draws
        Which draws, shape (D,), >= 0.
    seed
        Any whole number.
    salt
        What they are for: another salt gives independent numbers.

    Returns
    -------
    Shape (n, D), between -8.3 and 8.3.

    Notes
    -----
    splitmix64, then the inverse of the normal distribution (CORE).
    """
    numbers = uniform(uid, draws, seed, salt)
    return np.asarray(ndtri(numbers, out=numbers), dtype=np.float64)


def uniform(uid: Ints, draws: Ints, seed: int, salt: str) -> Floats:
    """Return numbers between 0 and 1, neither of them included, shape (n, D); see ``normal``."""
    found = words((seed, int(numbered([salt])[0]), uid), draws)
    # 52 bits and a half: one bit more, and the largest would be rounded to 1.
    numbers: Floats = (found >> np.uint64(12)).astype(np.float64)
    numbers += 0.5
    numbers *= 2.0**-52
    return numbers


def numbered(names: Iterable[str]) -> Ints:
    """Return a uid for each name, the same everywhere and always; shape (n,)."""
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.array([int.from_bytes(digest, signed=True) for digest in digests], dtype=np.int64)


def words(key: Sequence[int | Ints], draws: Ints) -> Words:
    """Return 64 random bits for each row of a key and each draw, shape (n, D).

    Parameters
    ----------
    key
        Whole numbers, or arrays of them of shape (n,): all of them count, and their order.
    draws
        Shape (D,), >= 0.
    """
    state = np.zeros(1, dtype=np.uint64)
    for part in key:
        state = _mix(state + GOLDEN + _bits(part))
    return _mix(state[:, None] + GOLDEN * (draws.astype(np.uint64) + np.uint64(1)))


def _bits(part: int | Ints) -> Words:
    if isinstance(part, np.ndarray):
        return part.astype(np.uint64)
    return np.array([int(part) & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)


def _mix(state: Words) -> Words:
    """Scramble numbers in place, which is three times as fast as making new arrays."""
    shifted = state >> np.uint64(30)
    state ^= shifted
    state *= np.uint64(0xBF58476D1CE4E5B9)
    np.right_shift(state, np.uint64(27), out=shifted)
    state ^= shifted
    state *= np.uint64(0x94D049BB133111EB)
    np.right_shift(state, np.uint64(31), out=shifted)
    state ^= shifted
    return state
