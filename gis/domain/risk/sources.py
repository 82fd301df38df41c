"""The frame of hazard sources: how a model builds it, and how several are joined."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.risk.attributes import missing, texts
from gis.domain.risk.constants import Constants, number, text
from gis.domain.risk.frames import frame, stack
from gis.domain.risk.model import Model, Sites

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
    score: Floats,
    r1_m: Floats,
    r2_m: Floats,
    constants: Constants,
    clause: str,
    unknown: Mapping[str, Bools],
    evidence: Mapping[str, Any],
    object_uid: Objects | None = None,
) -> gpd.GeoDataFrame:
    """Make one source of every site.

    Parameters
    ----------
    sites_m
        Site frame in metres, n rows.
    model, sector
        Slug and sector code of the model.
    score
        Intrinsic score, clipped to 0..100 here.
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

    Returns
    -------
    A sources frame, one row per site, uplift 1.
    """
    gaps = np.zeros(len(sites_m), dtype=bool)
    for column in unknown.values():
        gaps |= column
    site = sites_m["id"].to_numpy(dtype=np.int64)
    columns = {
        "uid": site * PARTS,
        "site": site,
        "part": 0,
        "object_uid": objects(sites_m) if object_uid is None else object_uid,
        "model": model,
        "sector": sector,
        "geometry": sites_m.geometry.to_numpy(),
        "intensity": np.clip(score, 0.0, 100.0) / 100.0,
        "uplift": 1.0,
        "r1_m": r1_m,
        "r2_m": r2_m,
        "sigma": np.where(
            gaps, number(constants, "sigma_unknown"), number(constants, "sigma_known")
        ),
        "evidence": _records(evidence, unknown, text(constants, clause), len(site)),
    }
    return join([frame(columns, DTYPES, sites_m.crs)])


def join(frames: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put sources frames together in uid order; an empty sequence gives an empty frame."""
    return stack(frames, DTYPES).sort_values("uid", kind="stable", ignore_index=True)


def collect(
    models: Iterable[Model], sites_m: Sites, constants: Mapping[str, Constants], as_of: dt.date
) -> gpd.GeoDataFrame:
    """Let every model make its sources.

    Parameters
    ----------
    models
        As ``registry.models()`` gives them.
    sites_m
        Kind to site frame in metres.
    constants
        Method name to its values.
    as_of
        The day for which ages and overdue documents are told.
    """
    return join([m.sources(sites_m, constants[m.constants], as_of) for m in models])


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


def _plain(value: Any, n: int) -> list[Any]:
    if not isinstance(value, np.ndarray):
        return [value] * n
    if value.dtype == np.float64:
        return [None if v != v else round(v, 4) for v in value.tolist()]
    return list(value.tolist())


def _gaps(unknown: Mapping[str, Bools], n: int) -> list[list[str]]:
    gaps: list[list[str]] = [[] for _ in range(n)]
    for name, rows in unknown.items():
        for row in np.flatnonzero(rows):
            gaps[row].append(name)
    return gaps
