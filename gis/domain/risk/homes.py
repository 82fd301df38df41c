"""The home area of every place, looked up once for all that asks for it (METHOD 7.9)."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np

from gis.domain import apportion
from gis.domain.arrays import Ints
from gis.domain.risk.difference import Difference
from gis.domain.risk.model import Sites

Homes = Mapping[str, Ints]
"""Kind to the row of the home area of each place of its site frame, areas in the order of their
codes; -1 where it lies outside all of them."""


def homes(sites_m: Sites, areas_m: gpd.GeoDataFrame) -> Homes:
    """Find the home area of every place of these kinds.

    Parameters
    ----------
    sites_m
        Kind to site frame in metres.
    areas_m
        Areas frame in the same CRS, rows in any order.
    """
    grounds = areas_m.sort_values("code", kind="stable").geometry.to_numpy()
    return {
        kind: apportion.home(frame.geometry.to_numpy(), grounds) for kind, frame in sites_m.items()
    }


def homes_again(
    before: Homes, was_m: Sites, sites_m: Sites, areas_m: gpd.GeoDataFrame, difference: Difference
) -> Homes:
    """Return the homes of places that differ from others whose homes are known.

    Parameters
    ----------
    before, was_m
        Those homes, and the places that they are of.
    sites_m, areas_m
        As for ``homes``; the areas are the same as then.
    difference
        In what the places differ.
    """
    return {**before, **{
        kind: _again(before[kind], was_m[kind], sites_m[kind], areas_m, difference)
        for kind in difference.kinds & before.keys()
    }}  # fmt: skip


def _again(
    before: Ints,
    was_m: gpd.GeoDataFrame,
    frame_m: gpd.GeoDataFrame,
    areas_m: gpd.GeoDataFrame,
    difference: Difference,
) -> Ints:
    old = np.full(len(frame_m), -1, dtype=np.int64)
    differs = difference.of(frame_m)
    kept = ~difference.of(was_m)
    old[~differs] = before[kept]
    found = homes({"": frame_m[differs]}, areas_m)[""]
    old[differs] = found
    return old
