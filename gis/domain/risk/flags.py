"""Facts that stand beside the score and may put a floor under the class (METHOD 0.2, 7.7)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain import apportion
from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.kinds import SiteKind
from gis.domain.risk.attributes import texts
from gis.domain.risk.frames import frame, stack
from gis.domain.risk.model import Sites

DTYPES = {
    "by": np.int64,
    "site": np.int64,
    "rule": object,
    "floor": np.int64,
    "text_zh": object,
    "geometry": object,
    "code": object,
    "spread": np.bool_,
    "other": np.int64,
    "other_name": object,
    "d_m": np.float64,
    "evidence": object,
}

FACTS = tuple(DTYPES)
"""Columns of a facts frame, what a model gives: ``geometry`` is where the fact lies (None: take
the area of ``code``), ``spread`` whether it holds in every area it touches and not only in its
home; ``by`` the place whose rule it is, mostly the site itself; ``other`` and ``d_m`` the second
place of a spatial fact (0 and NaN: none)."""

ORDINARY = {
    "code": None,
    "spread": False,
    "other": 0,
    "other_name": None,
    "d_m": np.nan,
    "evidence": None,
}

FLAGS = ("area", "site", "rule", "floor", "text_zh", "evidence")
"""Columns of a flags frame; site is None where a fact belongs to no site."""

NAMED = 50
"""At most so many second places are listed in a flag's evidence; ``count`` says how many in all."""


def state(
    sites_m: gpd.GeoDataFrame,
    where: Bools,
    *,
    rule: str,
    floor: int | Ints,
    text_zh: str,
    evidence: Mapping[str, Objects | str] | None = None,
    spread: bool = False,
) -> gpd.GeoDataFrame:
    """State a fact of the sites where it holds.

    Parameters
    ----------
    sites_m
        Site frame, n rows.
    where
        Shape (n,).
    rule
        Short lasting name of the rule.
    floor
        Least class 3..5, 0 where the fact is only noted; one number or shape (n,).
    text_zh
        The fact, short.
    evidence
        Name to text or n values.
    spread
        Whether it holds in every area the site touches.
    """
    rows = np.flatnonzero(where)
    if not len(rows):
        return _nothing(sites_m.crs)
    floors = np.broadcast_to(np.asarray(floor, dtype=np.int64), (len(sites_m),))[rows]
    return frame(
        {
            **ORDINARY,
            "by": sites_m["id"].to_numpy(dtype=np.int64)[rows],
            "site": sites_m["id"].to_numpy(dtype=np.int64)[rows],
            "rule": rule,
            "floor": floors,
            "text_zh": text_zh,
            "geometry": sites_m.geometry.to_numpy()[rows],
            "spread": spread,
            "evidence": _evidence(evidence or {}, rows),
        },
        DTYPES,
        sites_m.crs,
    )


def state_pair(
    sites_m: gpd.GeoDataFrame,
    others_m: gpd.GeoDataFrame,
    found: tuple[Ints, Ints, Floats],
    *,
    rule: str,
    floor: int,
    text_zh: str,
    where: Bools | None = None,
    by_other: bool = False,
) -> gpd.GeoDataFrame:
    """State a fact of pairs of places; it lies where the second place is.

    Parameters
    ----------
    sites_m, others_m
        The two site frames.
    found
        As ``pairs.near`` returns it for their geometries.
    rule, floor, text_zh
        As for ``state``.
    where
        For which of the pairs it holds, shape (P,); None: all.
    by_other
        Whether it is the rule of the second place.
    """
    i, j, d_m = found if where is None else (part[where] for part in found)
    if not len(i):
        return _nothing(sites_m.crs)
    site, other = sites_m["id"].to_numpy(dtype=np.int64)[i], others_m["id"].to_numpy(np.int64)[j]
    return frame(
        {
            **ORDINARY,
            "by": other if by_other else site,
            "site": site,
            "rule": rule,
            "floor": floor,
            "text_zh": text_zh,
            "geometry": others_m.geometry.to_numpy()[j],
            "other": other,
            "other_name": texts(others_m["name"])[j],
            "d_m": d_m,
        },
        DTYPES,
        sites_m.crs,
    )


@cache
def _nothing(crs: Any) -> gpd.GeoDataFrame:
    """Return a facts frame without rows; the same one each time, since most rules hold nowhere."""
    return frame({name: np.empty(0, dtype) for name, dtype in DTYPES.items()}, DTYPES, crs)


def join(frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put facts frames together; an empty sequence gives an empty frame."""
    return stack(frames, DTYPES)


def locate(facts: gpd.GeoDataFrame, areas_m: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find the areas where facts hold, and make one flag of each (area, site, rule).

    Parameters
    ----------
    facts
        As ``state``, ``state_pair`` and ``join`` give them.
    areas_m
        Areas frame in metres.

    Returns
    -------
    As ``merged`` gives it.
    """
    return merged([settled(facts, areas_m)], areas_m)


def settled(facts: gpd.GeoDataFrame, areas_m: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find the areas where facts hold; parameters as for ``locate``.

    Returns
    -------
    One row per fact and area where it holds: the columns of a facts frame but its geometry, and
    ``place``, the row of the area in the order of the codes. A fact outside every area is left out.
    """
    plain = pd.DataFrame(facts.drop(columns="geometry"))
    if facts.empty:
        return plain.assign(place=np.empty(0, dtype=np.int64))
    at = _rows(facts, areas_m.sort_values("code", kind="stable", ignore_index=True))
    rows = plain.iloc[at["row"].to_numpy(dtype=np.int64)]
    return rows.assign(place=at["area"].to_numpy(dtype=np.int64)).reset_index(drop=True)


def merged(parts: Sequence[pd.DataFrame], areas_m: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make one flag of all facts of each (area, site, rule).

    Parameters
    ----------
    parts
        As ``settled`` gives them, for these areas.
    areas_m
        Areas frame.

    Returns
    -------
    A flags frame, the highest floor first within an area, areas in code order. Where a flag stands
    for several facts, its evidence counts them and names the nearest; its text does not, since the
    reason of a class is read by people who may not see the places behind it.
    """
    rows = pd.concat(parts, ignore_index=True)
    order = rows.assign(least=-rows["floor"]).sort_values(
        ["place", "least", "rule", "site", "d_m", "other"], kind="stable"
    )
    facts = rows.loc[order.index].to_dict("records")
    keys = [tuple(fact[name] for name in ("place", "floor", "rule", "site")) for fact in facts]
    ids = areas_m.sort_values("code", kind="stable")["area"].to_numpy(dtype=np.int64)
    flags = [
        _merge([fact for _, fact in group], ids)
        for _, group in groupby(zip(keys, facts, strict=True), key=itemgetter(0))
    ]
    # As objects first: a column of numbers and None would else become floats and NaN.
    found = pd.DataFrame(flags, columns=list(FLAGS), dtype=object)
    return found.astype({"area": "int64", "floor": "int64"})


def closed_text(kind: SiteKind) -> str:
    """Return what is said of a flag of a restricted place to those who are not in charge of it."""
    return f"{kind.title.zh}的安全规则"


def as_told(flags: pd.DataFrame, sites_m: Sites, kinds: Mapping[str, SiteKind]) -> pd.DataFrame:
    """Return flags whose texts may stand in the reason of a class, which everybody reads.

    Parameters
    ----------
    flags
        Flags frame.
    sites_m
        Kind to site frame.
    kinds
        Passports.
    """
    said = {
        int(id_): closed_text(kinds[slug])
        for slug, frame_m in sites_m.items()
        if slug in kinds and kinds[slug].secrecy == "restricted"
        for id_ in frame_m["id"]
    }
    told = flags["site"].map(said)
    return flags.assign(text_zh=told.where(told.notna(), flags["text_zh"]))


def _rows(facts: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return (row of fact, row of area): all areas touched, the home, or that of the code."""
    shapes = facts.geometry.to_numpy()
    grounds = areas.geometry.to_numpy()
    placed = np.array([shape is not None for shape in shapes], dtype=bool)
    spread = facts["spread"].to_numpy(dtype=bool)
    many, one, bare = (np.flatnonzero(w) for w in (placed & spread, placed & ~spread, ~placed))
    wide = apportion.shares(shapes[many], grounds)
    code = pd.Index(areas["code"].to_numpy(dtype=object))
    area = np.concatenate(
        [
            wide["area"].to_numpy(dtype=np.int64),
            apportion.home(shapes[one], grounds),
            code.get_indexer(pd.Index(facts["code"].to_numpy(dtype=object)[bare])),
        ]
    )
    row = np.concatenate([many[wide["row"].to_numpy(dtype=np.int64)], one, bare])
    found = pd.DataFrame({"row": row, "area": area}).sort_values("row", kind="stable")
    return found[found["area"] >= 0]


def _merge(group: Sequence[Mapping[Hashable, Any]], ids: Ints) -> tuple[Any, ...]:
    """Make one flag of facts that are alike, the nearest first."""
    first = group[0]
    evidence = dict(first["evidence"] or {})
    if first["other"]:
        evidence["count"] = len(group)
        evidence["nearest_m"] = round(first["d_m"], 1)
        evidence["places"] = [
            {"site": fact["other"], "name": fact["other_name"]} for fact in group[:NAMED]
        ]
    elif len(group) > 1:
        evidence["count"] = len(group)
    site, area = first["site"] or None, int(ids[first["place"]])
    return area, site, first["rule"], first["floor"], str(first["text_zh"]), evidence


def _evidence(evidence: Mapping[str, Objects | str], rows: Ints) -> Objects:
    records = np.empty(len(rows), dtype=object)
    records[:] = [
        {
            name: kept
            for name, value in evidence.items()
            if not _is_missing(kept := value if isinstance(value, str) else value[row])
        }
        for row in rows
    ]
    return records


def _is_missing(value: object) -> bool:
    """Tell whether a value is None or NaN: what is not known is left out, and JSON has no NaN."""
    return value is None or value != value
