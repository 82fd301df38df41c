"""Three ways to look at the load of an area: all of it, per square kilometre, per 1,000 residents.

A large village has more of everything. Which of them is worst depends on what is asked: where
most can happen, where it is densest, or where a resident bears most.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk.constants import Constants, number, numbers
from gis.domain.risk.evaluate import Result
from gis.domain.risk.load import rows_of, sector_numbers
from gis.domain.risk.receptors import residents

VIEWS = ("load", "per_km2", "per_1000")
"""Columns of the three views, and ends of the names of their breaks and classes."""

M2_PER_KM2 = 1e6


def views(result: Result, areas_m: gpd.GeoDataFrame, constants: Constants) -> pd.DataFrame:
    """Return the load of each area in three views, with a warning where numbers are small.

    Parameters
    ----------
    result
        An evaluation.
    areas_m
        Its areas frame in metres, rows in any order.
    constants
        The values of ``exposure.toml``.

    Returns
    -------
    Frame in code order: ``area``; ``load`` (equivalent persons), that of the sectors
    that are known there; ``at_least``, where others are not, and ``missing``, their codes;
    ``per_km2`` and ``per_1000`` (residents); ``area_km2``, ``residents`` (NaN unknown);
    ``sources``, the places that cause it, and ``receptors``, those within their reach; ``small``
    and ``warning_zh``; ``class_load``, ``class_per_km2``, ``class_per_1000``, 1 to 5.

    Notes
    -----
    Unknown is not low: a view is NaN where no sector is known (or nobody knows how many
    residents there are), and has no class unless all are. Classes by fixed breaks, so that they
    mean the same next year and in another town (METHOD 7.8). Small are few residents, or few
    sources or receptors: then one more or less of them changes the number by a large part.
    """
    ordered = areas_m.sort_values("code", kind="stable", ignore_index=True)
    ids = ordered["area"].to_numpy(dtype=np.int64)
    known = sectors_known(result, ids)
    some, whole = known.any(axis=0), np.asarray(known.all(axis=0), dtype=bool)
    loads = result.sectors.pivot_table(index="sector", columns="area", values="L", sort=False)
    total = np.where(some, (loads[ids].to_numpy() * known).sum(axis=0), np.nan)
    populated = result.scores.set_index("area").loc[ids, "population_known"].to_numpy(dtype=bool)
    heads = residents(result.receptors, ordered, populated)
    km2 = shapely.area(ordered.geometry.to_numpy()) / M2_PER_KM2
    causes, reached = _counts(result, ids, known)
    few = some & (np.minimum(causes, reached) < number(constants, "small_count"))
    small = few | (heads < number(constants, "small_residents"))
    frame = pd.DataFrame(
        {
            "area": ids,
            "load": total,
            "per_km2": total / km2,
            "per_1000": 1000.0 * total / np.where(heads > 0, heads, np.nan),
            "at_least": some & ~whole,
            "missing": missing(known, list(loads.index)),
            "area_km2": km2,
            "residents": heads,
            "sources": causes,
            "receptors": reached,
            "small": small,
            "warning_zh": _warnings(small, heads, causes, reached),
        }
    )
    classes = {f"class_{name}": bands(frame[name], whole, name, constants) for name in VIEWS}
    return frame.assign(**classes)


def sectors_known(result: Result, ids: Ints) -> Bools:
    """Tell which sector is known in which area, shape (S, A); sectors in their order."""
    known = result.sectors.pivot_table(
        index="sector", columns="area", values="known", aggfunc="all", sort=False
    )
    found: Bools = known[ids].to_numpy(dtype=bool)
    return found


def missing(known: Bools, sectors: Sequence[str]) -> Objects:
    """List the sectors that are not known, by area; ``known`` of shape (S, A), answer (A,)."""
    listed = np.empty(known.shape[1], dtype=object)
    listed[:] = [
        [sector for sector, there in zip(sectors, column, strict=True) if not there]
        for column in known.T
    ]
    return listed


def bands(values: pd.Series, whole: Bools, name: str, constants: Constants) -> Objects:
    """Return the class 1 to 5 of each value of a view by fixed breaks.

    ``whole`` tells where all sectors are known, shape (N,): elsewhere the class is None.
    ``constants`` are the values of ``exposure.toml``.
    """
    found = np.searchsorted(numbers(constants, f"breaks_{name}"), values, side="right") + 1
    classes = np.empty(len(values), dtype=object)
    rows = np.flatnonzero(whole & values.notna().to_numpy())
    classes[rows] = found[rows].tolist()
    return classes


def _counts(result: Result, ids: Ints, known: Bools) -> tuple[Ints, Ints]:
    """Count the places that cause a known load of each area, and those that bear it; (A,) each."""
    sectors = list(dict.fromkeys(result.sectors["sector"]))
    source = result.pairs["source"].to_numpy(dtype=np.int64)
    receptor = result.pairs["receptor"].to_numpy(dtype=np.int64)
    area = rows_of(result.receptors["area"].to_numpy(), ids)[receptor]
    counted = (area >= 0) & known[sector_numbers(result.sources, sectors)[source], area]
    pairs = pd.DataFrame(
        {
            "area": area,
            "source": result.sources["site"].to_numpy()[source],
            "receptor": result.receptors["site"].to_numpy()[receptor],
        }
    )[counted]
    each = pairs.groupby("area").nunique().reindex(range(len(ids)), fill_value=0)
    return each["source"].to_numpy(dtype=np.int64), each["receptor"].to_numpy(dtype=np.int64)


def _warnings(small: Bools, heads: Floats, causes: Ints, reached: Ints) -> Objects:
    words = np.full(len(small), "", dtype=object)
    for row in np.flatnonzero(small):
        who = "常住人口未知" if np.isnan(heads[row]) else f"常住{heads[row]:.0f}人"
        words[row] = (
            f"基数小（{who}，{causes[row]}处风险源，{reached[row]}处受影响场所）："
            "每千人数值多一处少一处就大不相同，不宜据以比较或排名"
        )
    return words
