"""The frame of hazard sources: how a model builds it, and how several are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk.attributes import missing, texts
from gis.domain.risk.constants import Constants, number, text
from gis.domain.risk.frames import frame, stack
from gis.domain.risk.model import Sites

PARTS = 4096
"""A source's uid is site x PARTS + part, so it is the same in every run and every part."""

DTYPES = {
    "uid": np.int64,
    "site": np.int64,
    "part": np.int64,
    "object_uid": object,
    "model": object,
    "sector": object,
    "geometry": object,
    "intensity": np.float64,
    "uplift": np.float64,
    "r1_m": np.float64,
    "r2_m": np.float64,
    "sigma": np.float64,
    "evidence": object,
}

COLUMNS = tuple(DTYPES)
"""The columns of a sources frame; rows in uid order, geometry in metres, intensity 0..1."""


def build(
    sites_m: gpd.GeoDataFrame,
    *,
    model: str,
    sector: str,
    steps: Mapping[str, Floats],
    r1_m: Floats,
    r2_m: Floats,
    constants: Constants,
    clause: str,
    unknown: Mapping[str, Bools],
    evidence: Mapping[str, Any],
    object_uid: Objects | None = None,
    part: int | Ints = 0,
) -> gpd.GeoDataFrame:
    """Make one source of every row.

    Parameters
    ----------
    sites_m
        Site frame in metres, n rows; a site that is several sources has several rows.
    model, sector
        Slug and sector code of the model.
    steps
        Name (of ``Model.steps``) to points, n each: they add up to the intrinsic score, which is
        clipped to 0..100 here; what that takes away is the step ``limit``.
    r1_m, r2_m
        Inner and outer radius, metres.
    constants
        With ``sigma_known`` and ``sigma_unknown``, and the text named ``clause``.
    clause
        Name of the constant that tells where the score stands.
    unknown
        Field name to where it was unknown although the score needs it: it is named in
        ``evidence["dq"]`` and widens sigma.
    evidence
        Name to one value or to n values; what is missing is left out.
    object_uid
        What the source *is*, for removing duplicates; by default kind and key.
    part
        Number of the source among those of its site, 0 to 4095.

    Returns
    -------
    A sources frame, one row per row given, uplift 1.
    """
    raw = np.sum([np.zeros(len(sites_m)), *steps.values()], axis=0)
    score = np.clip(raw, 0.0, 100.0)
    gaps = np.zeros(len(sites_m), dtype=bool)
    for column in unknown.values():
        gaps |= column
    site = sites_m["id"].to_numpy(dtype=np.int64)
    columns = {
        "uid": site * PARTS + part,
        "site": site,
        "part": part,
        "object_uid": objects(sites_m) if object_uid is None else object_uid,
        "model": model,
        "sector": sector,
        "geometry": sites_m.geometry.to_numpy(),
        "intensity": score / 100.0,
        "uplift": 1.0,
        "r1_m": r1_m,
        "r2_m": r2_m,
        "sigma": np.where(
            gaps, number(constants, "sigma_unknown"), number(constants, "sigma_known")
        ),
        "evidence": _records(
            {**evidence, "steps": _stepwise({**steps, LIMIT: score - raw}, len(site))},
            unknown,
            text(constants, clause),
            len(site),
        ),
    }
    return _ordered(frame(columns, DTYPES, sites_m.crs))


LIMIT = "limit"
"""The step that keeps a score within 0..100."""


def join(frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put sources frames together in uid order; an empty sequence gives an empty frame."""
    return _ordered(stack(frames, DTYPES))


def _ordered(sources: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return sources.sort_values("uid", kind="stable", ignore_index=True)


def places(sites_m: Sites, kind: str) -> list[gpd.GeoDataFrame]:
    """Return the frame of a kind in a list, an empty list where the kind is missing."""
    return [sites_m[kind]] if kind in sites_m else []


def objects(sites_m: gpd.GeoDataFrame, identity: str | None = None) -> Objects:
    """Name the object that each site is: kind and key.

    Where ``identity`` names a column that identifies the operator (one operator may have
    two premises), the same operator with the same name at the same spot is one object, even
    if it was entered under two keys.
    """
    found = np.empty(len(sites_m), dtype=object)
    keys = zip(sites_m["kind"], sites_m["key"], sites_m["id"], strict=True)
    found[:] = [f"{kind}:{site if key is None else key}" for kind, key, site in keys]
    if identity is not None:
        spot = shapely.get_coordinates(shapely.centroid(sites_m.geometry.to_numpy()))
        who, names = texts(sites_m[identity]), texts(sites_m["name"])
        known = ~missing(who) & ~missing(names)
        found[known] = [
            f"{identity}:{who[row]}:{names[row]}@{spot[row, 0]:.1f},{spot[row, 1]:.1f}"
            for row in np.flatnonzero(known)
        ]
    return found


def _records(
    evidence: Mapping[str, Any], unknown: Mapping[str, Bools], clause: str, n: int
) -> Objects:
    """Make one small dictionary per row, fit for JSON, without what is missing."""
    names = list(evidence)
    columns = [_plain(value, n) for value in evidence.values()]
    gaps = _gaps(unknown, n)
    records = np.empty(n, dtype=object)
    for row, values in enumerate(zip(*columns, strict=True) if columns else [()] * n):
        kept = {name: v for name, v in zip(names, values, strict=True) if v is not None}
        records[row] = {**kept, "clause": clause, "dq": gaps[row]}
    return records


def _stepwise(steps: Mapping[str, Floats], n: int) -> Objects:
    """Make one dictionary of steps per row; steps that give nothing are left out."""
    columns = [np.broadcast_to(points, (n,)).tolist() for points in steps.values()]
    rows = np.empty(n, dtype=object)
    rows[:] = [
        {name: points for name, points in zip(steps, row, strict=True) if points}
        for row in zip(*columns, strict=True)
    ]
    return rows


def _plain(value: Any, n: int) -> list[Any]:
    if not isinstance(value, np.ndarray):
        return [value] * n
    if value.dtype == np.float64:
        return [None if v != v else round(v, 4) for v in value.tolist()]
    return [None if v != v else v for v in value.tolist()]


def _gaps(unknown: Mapping[str, Bools], n: int) -> list[list[str]]:
    gaps: list[list[str]] = [[] for _ in range(n)]
    for name, rows in unknown.items():
        for row in np.flatnonzero(rows):
            gaps[row].append(name)
    return gaps
