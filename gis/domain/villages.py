"""Which village a text names: by code, by name, or by a name that offices write otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from gis.domain.arrays import Ints

COMMITTEE = re.compile(r"(村民委员会|居民委员会|村委会|居委会)$")
"""Of a village or community: 薛埠社区居委会 is 薛埠社区."""

ENDINGS = re.compile(r"(村民委员会|居民委员会|村委会|居委会|社区|村|居)+$")
"""What stands behind a village's own name, or does not."""


def recognise(named: Iterable[str | None], codes: Sequence[str], names: Sequence[str]) -> Ints:
    """Find the village that each text names.

    Parameters
    ----------
    named
        As a file has them; None where it says nothing.
    codes, names
        Of the villages, in one order.

    Returns
    -------
    Row of the village; -1 where the text names none, or a name that two villages share once
    their endings are left out and neither is written out.
    """
    texts = pd.Series(list(named), dtype=object)
    known = {_written(name): row for row, name in enumerate(names)}
    bare = Counter(map(_bare, names))
    short = {_bare(name): row for row, name in enumerate(names) if bare[_bare(name)] == 1}
    found = {**short, **known, **{code: row for row, code in enumerate(codes)}}

    def row_of(text: str) -> int:
        written = _written(text)
        own = COMMITTEE.sub("", written)
        return found.get(written, found.get(own, short.get(_bare(text), -1)))

    distinct = {text: row_of(text) for text in texts.dropna().unique()}
    return texts.map(distinct).fillna(-1).to_numpy(dtype=np.int64)


def _written(text: str) -> str:
    """Return a name without the town's before it, brackets, spaces, and other widths."""
    plain = re.sub(r"[\s()·]", "", unicodedata.normalize("NFKC", text))
    return plain.rpartition("镇")[2] or plain


def _bare(text: str) -> str:
    written = _written(text)
    return ENDINGS.sub("", written) or written
