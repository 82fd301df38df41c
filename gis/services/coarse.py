"""Numbers for those who do not see every row: whole points, and no loads.

A score is computed from all rows, and its decimals tell of each: whoever knows the method and
all other rows could work out where a hidden one lies. Whole points are what a score is worth
anyway (METHOD 7.10), and tell next to nothing of a single row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from gis.domain.features import replaced
from gis.domain.kinds import SiteKind

ROUNDING = 1e-6
"""A score that falls short of a whole number by less does so by the error of adding up."""


def whole(score: float | None) -> float | None:
    """Return a score cut to whole points: it stays in its class, whose limits are whole."""
    return None if score is None else float(math.floor(score + ROUNDING))


def whole_shares(shares: Sequence[float], score: float) -> list[float]:
    """Return shares in whole points that add up to the score in whole points.

    The largest remainders are rounded up, the earlier first where they are equal.
    """
    total = int(whole(score) or 0)
    down = [math.floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: down[i] - shares[i])
    for i in by_remainder[: max(total - sum(down), 0)]:
        down[i] += 1
    return [float(points) for points in down]


def explanation(answer: Mapping[str, Any], kinds: Mapping[str, SiteKind]) -> dict[str, Any]:
    """Return the explanation of an area (``explain_area``) with whole points and no loads.

    Of a place it keeps what is registered of itself: what a rule made of others, who may be
    hidden, would tell where they lie.
    """
    listed = answer["contributions"]
    score = answer["score"]
    shares: Sequence[float | None] = [None] * len(listed)
    if score is not None:
        shares = whole_shares([entry["share"] or 0.0 for entry in listed], score)
    contributions = [
        {**entry, **_source(entry, kinds), "share": share}
        for entry, share in zip(listed, shares, strict=True)
    ]
    quality = answer["data_quality"]
    return {
        **answer,
        "score": whole(score),
        "exact": False,
        "contributions": contributions,
        "sectors": [_sector(sector) for sector in answer["sectors"]],
        "population": {**answer["population"], "equivalent": None},
        **{name: _dimension(answer[name]) for name in ("vulnerability", "coping")},
        "uncertainty": _uncertainty(answer["uncertainty"]),
        "views": None,
        "occasions": None,
        "rolled": _rolled(answer["rolled"]),
        "data_quality": {**quality, "unknown_share": _tenth(quality["unknown_share"])},
    }


def _source(entry: Mapping[str, Any], kinds: Mapping[str, SiteKind]) -> dict[str, Any]:
    """Return what may be told of a source: its score in whole points, and its own fields."""
    nothing: dict[str, Any] = {"load": None, "without": None, "closing": None, "factors": []}
    site, score = entry["site"], entry["intensity"]
    if site is None or score is None:
        return {**nothing, "intensity": None, "evidence": {}}
    own = {field.name for field in kinds[site["kind"]].open_fields} | PLAIN
    told = {name: value for name, value in entry["evidence"].items() if name in own}
    return {**nothing, "intensity": (whole(100 * score) or 0.0) / 100, "evidence": told}


LEAST_POINTS = 0.05
"""Fewer points would be written 0.0: they are not told."""

PLAIN = frozenset({"clause", "dq", "basis", "radius_basis"})
"""What evidence says in words of the method, and of no other place."""


def _tenth(share: float | None) -> float | None:
    return None if share is None else round(share, 1)


def _rolled(whole: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the classes of a whole, which everybody sees area by area, without what counts all."""
    return None if whole is None else {**whole, "totals": None, "sectors": []}


def _sector(sector: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sector of an explanation; its score, 0..10, is a tenth of whole points."""
    score = sector["score"]
    cut = None if score is None else float(math.floor(score + ROUNDING))
    return {**sector, "score": cut, "load": None, "equivalent": None, "share": None}


def _dimension(dimension: Mapping[str, Any]) -> dict[str, Any]:
    """Return V or C in whole points, without the indicators, which count rows."""
    return {**dimension, "score": whole(dimension["score"]), "indicators": []}


def _uncertainty(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return an interval in whole points, and probabilities in tenths."""
    if found is None:
        return None
    cut = {name: whole(found[name]) for name in ("median", "low", "high")}
    parts = {name: round(found[name], 1) for name in ("p_first", "p_top")}
    return {**found, **cut, **parts, "classes": [round(part, 1) for part in found["classes"]]}


def features(texts: Iterable[str]) -> Iterator[str]:
    """Yield the features of a risk layer with whole points for a score."""
    for text in texts:
        yield replaced(text, "score", whole(orjson.loads(text)["properties"]["score"]))
