"""A guess at an encoding, for the few files that need one: the library is slow to start."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes


def guess(sample: bytes) -> str | None:
    """Return the name of the encoding that the text is most likely in, or None."""
    best = from_bytes(sample[:20_000]).best()
    return None if best is None else codecs.lookup(best.encoding).name
