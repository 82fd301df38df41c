"""Hazards that lie together (成片): DBSCAN in space, or in space and time (METHOD 8.6)."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.crs import METRIC
from gis.domain.risk.constants import Constants, number

NOISE = -1
"""The cluster of what lies in none."""

SPACE, SPACE_TIME = "空间", "时空"
"""How events were found to lie together: by place, or by place and day."""


def dbscan(
    xy_m: Floats,
    *,
    reach_m: float,
    least: int,
    days: Floats | None = None,
    reach_days: float = math.inf,
) -> Ints:
    """Find which points lie together.

    Parameters
    ----------
    xy_m
        Points, metres, shape (N, 2), finite; several may share one place.
    reach_m
        Points at most this far apart are neighbours.
    least
        A point with at least so many neighbours, itself among them, is a core.
    days
        Day of each point, shape (N,): neighbours are also at most ``reach_days`` apart. A point
        without a day (NaN) has no neighbours. Without ``days``, only places count.
    reach_days
        Whole days.

    Returns
    -------
    Number of each point's cluster, shape (N,), or ``NOISE``. Cores that are neighbours, of each
    other or through others, are a cluster; a point beside a core joins that of its nearest one
    (of two as near, the one with the smaller coordinates). Clusters are numbered by their
    westernmost point: rows in any order give the same answer.

    Notes
    -----
    Ester, Kriegel, Sander and Xu 1996; with days, the idea of Birant and Kut 2007. They leave to
    the order of rows which cluster a point between two of them joins; here it does not matter.
    """
    when = np.zeros(len(xy_m)) if days is None else days
    order = np.lexsort((when, xy_m[:, 1], xy_m[:, 0]))
    pairs = _neighbours(xy_m[order], when[order], reach_m, reach_days)
    core = 1 + np.bincount(pairs.ravel(), minlength=len(order)) >= least
    ends = pairs[core[pairs].all(axis=1)].T
    links = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(len(order),) * 2)
    part = connected_components(links, directed=False)[1]
    to = _core_of(xy_m[order], pairs, core)
    found = np.full(len(order), NOISE, dtype=np.int64)
    found[order[to >= 0]] = pd.factorize(part[to[to >= 0]])[0]
    return found


def _neighbours(xy_m: Floats, when: Floats, reach_m: float, reach_days: float) -> Ints:
    """Return the pairs of neighbours, each once, shape (P, 2)."""
    pairs: Ints = cKDTree(xy_m).query_pairs(reach_m, output_type="ndarray").astype(np.int64)
    return pairs[np.abs(when[pairs[:, 0]] - when[pairs[:, 1]]) <= reach_days]


def _core_of(xy_m: Floats, pairs: Ints, core: Bools) -> Ints:
    """Return the core that each point belongs to, itself or its nearest; -1 for none."""
    to = np.where(core, np.arange(len(core)), -1)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    beside = both[~core[both[:, 0]] & core[both[:, 1]]]
    apart_m = np.hypot(*(xy_m[beside[:, 0]] - xy_m[beside[:, 1]]).T)
    nearest = beside[np.lexsort((beside[:, 1], apart_m, beside[:, 0]))]
    points, at = np.unique(nearest[:, 0], return_index=True)
    to[points] = nearest[at, 1]
    return to


COLUMNS = ("how", "events", "count", "overdue", "days", "first_on", "last_on", "geometry")


def patches(happened: pd.DataFrame, constants: Constants) -> gpd.GeoDataFrame:
    """Outline where events lie together, by place and by place and day.

    Parameters
    ----------
    happened
        Events as of ``hotspots.events``.
    constants
        The values of ``hotspots.toml``.

    Returns
    -------
    Frame in EPSG:4549, the most events first: ``how`` (``SPACE`` or ``SPACE_TIME``; the second
    mostly lie within the first), ``events``, ``count`` (hazards), ``overdue`` (share of these past
    their deadline, 0..1), ``days`` from the first to the last found (0: the same day; missing days
    are left out), ``first_on`` and ``last_on`` (ISO), and ``geometry``: the convex hull of the
    events' places, wider by ``patch_margin_m``.

    Notes
    -----
    METHOD 8.6. It describes and tests nothing: where there are many places there are patches.
    """
    xy_m = happened[["x", "y"]].to_numpy(dtype=np.float64)
    by_place = dbscan(
        xy_m,
        reach_m=number(constants, "patch_reach_m"),
        least=int(number(constants, "patch_least")),
    )
    by_day = dbscan(
        xy_m,
        reach_m=number(constants, "patch_timed_reach_m"),
        least=int(number(constants, "patch_timed_least")),
        days=happened["day"].to_numpy(dtype=np.float64),
        reach_days=number(constants, "patch_timed_reach_days"),
    )
    labelled = ((SPACE, by_place), (SPACE_TIME, by_day))
    members = pd.concat([happened.assign(how=how, cluster=at) for how, at in labelled])
    return _outlined(members[members["cluster"] != NOISE], number(constants, "patch_margin_m"))


def _outlined(members: pd.DataFrame, margin_m: float) -> gpd.GeoDataFrame:
    grouped = members.groupby(["how", "cluster"], sort=True)
    found = grouped.agg(
        events=("count", "size"),
        count=("count", "sum"),
        late=("overdue", "sum"),
        first=("day", "min"),
        last=("day", "max"),
    ).reset_index()
    xy_m, patch = members[["x", "y"]].to_numpy(dtype=np.float64), grouped.ngroup().to_numpy()
    order = np.lexsort((xy_m[:, 1], xy_m[:, 0], patch))
    spots = np.asarray(shapely.points(xy_m[order]))
    hulls = shapely.convex_hull(np.asarray(shapely.multipoints(spots, indices=patch[order])))
    found = found.assign(
        overdue=found["late"] / found["count"],
        days=found["last"] - found["first"],
        first_on=_iso(found["first"]),
        last_on=_iso(found["last"]),
        geometry=np.asarray(shapely.buffer(hulls, margin_m)),
    )
    found = found.sort_values("events", ascending=False, kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(found[list(COLUMNS)], geometry="geometry", crs=METRIC)


def _iso(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days, unit="D").dt.strftime("%Y-%m-%d").astype(object)
