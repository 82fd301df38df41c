"""Places of one kind that may be one place, stored twice: by who runs it, by name, by distance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rapidfuzz import fuzz, process

from gis.domain.arrays import Bools, Floats, Geometries, Ints, Objects
from gis.domain.identity import SAME_PREMISES_M

NEAR_M = SAME_PREMISES_M
"""Farther apart, places with a position are never suspected: an import takes them for two also."""

ALIKE = 80.0
"""Names that are less alike, of 100, are different. Of five characters one may differ, or one
may be left out of four; of four none may differ: 老王饭店 and 老李饭店 stand door by door. Our
own choice, looked at on the names of the demonstration and of ``tests/domain``."""

BEGINNING = 3
"""A name's first characters, in which none may differ: a firm's own name (字号) stands first and
its trade behind it, so that 顺发机械制造 and 宏发机械制造 have most in common and are two."""

WIDER = ("江苏省", "江苏", "常州市", "常州", "金坛区", "金坛市", "金坛", "模拟")
"""What the town lies in, and what the demonstration puts before every name: said of all places,
so it tells none from another. The town itself is given by whoever asks."""

FORMS = re.compile(
    r"(个体工商户|普通合伙|有限合伙|股份有限公司|有限责任公司|有限公司|总公司|分公司|公司"
    r"|经营部|门市部|工厂|厂)+$"
)
"""Legal forms behind a name, which one list has and another has not."""

SHORTEST = 2
"""A name is not cut down to less: 常州公司 keeps its town."""

DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
TENS = re.compile(r"([1-9])?十([1-9])?")

TELLING = re.compile(r"\d+|[a-z]+|[东南西北甲乙丙丁戊]")
"""What tells one of a row from the next (第一小学, 3 号楼, 东区): it must be the same in both."""

COLUMNS = ("one", "other", "same_operator", "similarity", "distance_m")


def find(places: gpd.GeoDataFrame, prefixes: Iterable[str] = ()) -> pd.DataFrame:
    """Find the pairs of places that may be the same.

    Parameters
    ----------
    places
        Of one kind, in a metric CRS: ``id``, ``name``, ``operator`` (code of who runs it, None
        where missing) and geometry, missing where a place waits to be placed. In any order.
    prefixes
        Names of the area that all of them lie in, which may stand before a name.

    Returns
    -------
    Frame with ``COLUMNS``; ``one`` < ``other`` are ids, ``similarity`` is 0..100 of the names
    without prefixes and legal forms, ``distance_m`` is edge to edge, NaN where one has no
    position. Likeliest first: the same operator, then the more alike, then the nearer.

    Notes
    -----
    A pair is one of: within ``NEAR_M``, the same operator; within ``NEAR_M``, names that are
    alike; the same operator and names that are alike, where one is not placed.
    """
    places = places.sort_values("id", ignore_index=True)
    shapes = places.geometry.to_numpy()
    operators = places["operator"].to_numpy(dtype=object)
    i, j = _candidates(shapes, operators)
    cores = np.array(core_names(places["name"], prefixes), dtype=object)
    similarity = _similarity(cores[i], cores[j])
    alike = _alike(cores[i], cores[j], similarity)
    same = _same(operators[i], operators[j])
    distance_m = shapely.distance(shapes[i], shapes[j])
    near = ~np.isnan(distance_m)
    kept = np.where(near, same | alike, same & alike)
    ids = places["id"].to_numpy()
    found = pd.DataFrame(
        dict(zip(COLUMNS, (ids[i], ids[j], same, similarity, distance_m), strict=True))
    )[kept]
    order = ["same_operator", "similarity", "distance_m", "one", "other"]
    return found.sort_values(order, ascending=[False, False, True, True, True], ignore_index=True)


def explain(
    same_operator: bool, similarity: float, distance_m: float, operator: str = "单位代码"
) -> str:
    """Say why a pair is suspected; ``operator`` is what the code of who runs it is called."""
    parts = [f"{operator}相同"] if same_operator else []
    parts.append("名称相同" if similarity == SAME else f"名称相似 {similarity:.0f} %")
    placed = not np.isnan(distance_m)
    parts.append(f"相距 {distance_m:,.0f} 米" if placed else "其中有还没落图的")
    return "，".join(parts)


SAME = 100.0


def core_names(names: Iterable[str], prefixes: Iterable[str] = ()) -> list[str]:
    """Return names as they are compared.

    Without spaces, punctuation, legal forms behind and wider areas before them; wide characters,
    capitals and Chinese numerals are written one way.
    """
    before = sorted({*WIDER, *map(_written, prefixes)}, key=len, reverse=True)
    wider = re.compile(f"({'|'.join(map(re.escape, filter(None, before)))})+")
    return [_core(_written(name), wider) for name in names]


def _written(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]", "", plain)


def _core(written: str, wider: re.Pattern[str]) -> str:
    bare = written[found.end() :] if (found := wider.match(written)) else written
    cuts = (FORMS.sub("", bare), FORMS.sub("", written), bare)
    core = next((cut for cut in cuts if len(cut) >= SHORTEST), written)
    return TENS.sub(_tens, core.translate(DIGITS))


def _tens(found: re.Match[str]) -> str:
    return str(int(found[1] or 1) * 10 + int(found[2] or 0))


def _candidates(shapes: Geometries, operators: Objects) -> tuple[Ints, Ints]:
    """Return the pairs (i < j) that lie near, or have one operator and one is not placed."""
    placed = np.flatnonzero(~shapely.is_missing(shapes))
    i, j = shapely.STRtree(shapes[placed]).query(
        shapes[placed], predicate="dwithin", distance=NEAR_M
    )
    near = pd.DataFrame({"i": placed[i], "j": placed[j]})
    known = pd.DataFrame({"row": np.arange(len(operators)), "operator": operators}).dropna()
    waiting = known[np.isin(known["row"], placed, invert=True)]
    run = waiting.merge(known, on="operator", suffixes=("_i", "_j"))
    pairs = np.vstack([near.to_numpy(), run[["row_i", "row_j"]].to_numpy()]).astype(np.int64)
    ordered = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return ordered[:, 0], ordered[:, 1]


def _same(a: Objects, b: Objects) -> Bools:
    """Tell where two values are known and equal."""
    return np.equal(a, b).astype(bool) & pd.notna(a)


def _similarity(a: Objects, b: Objects) -> Floats:
    """Compare names pair by pair: twice what they have in common in order, of both lengths."""
    if not len(a):
        return np.zeros(0)
    compared = process.cpdist(a, b, scorer=fuzz.ratio, dtype=np.float64)
    return np.where(a == "", 0.0, compared)  # a name of nothing but signs is like none


def _alike(a: Objects, b: Objects, similarity: Floats) -> Bools:
    close = np.flatnonzero(similarity >= ALIKE)
    alike = np.zeros(len(a), dtype=bool)
    alike[close] = [_one_name(a[k], b[k]) for k in close]
    return alike


def _one_name(a: str, b: str) -> bool:
    """Tell whether two close names can be of one place: nothing tells them apart."""
    if TELLING.findall(a) != TELLING.findall(b):
        return False
    short, long = sorted((a, b), key=len)
    return a[:BEGINNING] == b[:BEGINNING] or _only_longer(short, long)


def _only_longer(short: str, long: str) -> bool:
    """Tell whether one name is the other with something added."""
    rest = iter(long)
    return all(character in rest for character in short)
