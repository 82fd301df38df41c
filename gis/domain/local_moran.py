"""Places unlike, or as bad as, those around them: local Moran's I on neighbours (METHOD 8.6)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial.distance import cdist

from gis.domain import gi_star
from gis.domain.arrays import Floats, Ints
from gis.domain.crs import METRIC
from gis.domain.hexagons import Ground
from gis.domain.risk.constants import Constants, number

AT_ONCE = 20_000_000
"""Distances held in memory at once, 160 MB."""

HIGH_LOW, HIGH_HIGH = "高-低", "高-高"
"""More than most amid fewer (it stands alone), and amid more."""


def nearest(xy_m: Floats, count: int) -> Ints:
    """Return the rows of the nearest others of each point, the nearest first.

    Parameters
    ----------
    xy_m
        Points, metres, shape (N, 2), N > ``count``; several may share one place.
    count
        How many neighbours, K.

    Returns
    -------
    Shape (N, K), never the row itself. Of others as near, those of the smaller row come first:
    give the points in an order of their own, such as that of their ids.
    """
    parts = np.array_split(np.arange(len(xy_m)), len(xy_m) ** 2 // AT_ONCE + 1)
    found: Ints = np.concatenate([_nearest_to(rows, xy_m, count) for rows in parts])
    return found


def _nearest_to(rows: Ints, xy_m: Floats, count: int) -> Ints:
    apart_m = cdist(xy_m[rows], xy_m)
    apart_m[np.arange(len(rows)), rows] = np.inf
    found: Ints = np.argsort(apart_m, axis=1, kind="stable")[:, :count]
    return found


def local_moran(x: Floats, near: Ints) -> Floats:
    """Compute local Moran's I with equal weights that add up to 1.

    Parameters
    ----------
    x
        Value of each place, shape (N,), finite.
    near
        Rows of the neighbours of each, shape (N, K), none missing.

    Returns
    -------
    I, shape (N,): above 0 where a place is like its neighbours, below where it is unlike them;
    NaN where all are equal.

    Notes
    -----
    Anselin 1995, equation 12: I_i = (z_i / m2) sum_j w_ij z_j, with z = x - xbar. m2 is
    sum z2 / (n - 1), as Sokal, Oden and Thomson 1998 and today's libraries have it; with Anselin's
    sum z2 / n all I are larger by n / (n - 1). No p depends on it.
    """
    z = x - x.mean()
    spread = np.dot(z, z) / (len(x) - 1)
    i: Floats = np.full(len(x), np.nan)
    if np.ptp(x) > 0:
        i = z * z[near].mean(axis=1) / spread
    return i


def permutation_p(x: Floats, near: Ints, ids: Ints, *, permutations: int, seed: int) -> Floats:
    """Estimate how often chance surrounds a place that is above the mean like this one.

    Parameters
    ----------
    x, near
        As for ``local_moran``.
    ids
        Whole numbers, each once, shape (N,): they key the random numbers.
    permutations, seed
        As for ``gi_star.permutation_p``.

    Returns
    -------
    Two-sided p, shape (N,): twice that of the neighbours having so much where they are above the
    mean, or so little where they are not; at most 1. NaN for places not above the mean: nobody
    asks of them.

    Notes
    -----
    Conditional permutation: the place keeps its value, its neighbours' are drawn from all others.
    As its own value only scales I, I is as extreme as the sum of its neighbours: the draws are
    those of Gi*. Draws that reach the same sum count, so that among many zeros nothing is found.
    """
    high, above = x > x.mean(), x[near].mean(axis=1) > x.mean()
    p = np.full(len(x), np.nan)
    for sign, rows in ((1.0, high & above), (-1.0, high & ~above)):
        asked = np.where(rows[:, None], near, -1)
        drawn = gi_star.permutation_p(
            sign * x, asked, ids[:, None], permutations=permutations, seed=seed
        )
        p[rows] = np.minimum(2.0 * drawn[rows], 1.0)
    return p


COLUMNS = ("site", "class", "count", "weight", "around", "moran", "p", "q", "geometry")


def outliers(
    happened: pd.DataFrame,
    places_m: gpd.GeoDataFrame,
    town_m: Ground,
    constants: Constants,
    *,
    seed: int,
) -> gpd.GeoDataFrame | None:
    """Find places with more hazards than most, whose neighbours have fewer or more as well.

    Parameters
    ----------
    happened
        Events as of ``hotspots.events``.
    places_m
        Places of one kind, EPSG:4549: columns id and geometry, rows in any order.
    town_m
        Polygon in EPSG:4549: who lies farther out than its hazards would count is left out.
    constants
        The values of ``hotspots.toml``.
    seed
        Keys the permutations.

    Returns
    -------
    Frame in EPSG:4549 in order of id, of those found: ``site`` (its id), ``class`` (``HIGH_LOW``
    or ``HIGH_HIGH``), ``count`` (hazards), ``weight`` (x of the test; a place without hazards has
    0), ``around`` (mean weight of its neighbours), ``moran`` (I), ``p`` (two-sided), ``q``
    (Benjamini-Hochberg over the places above the mean: no other can be found) and ``geometry``, a
    point. None where there are fewer than ``moran_least`` places.
    """
    placed = _inside(places_m, town_m, number(constants, "outside_tolerance_m"))
    if len(placed) < number(constants, "moran_least"):
        return None
    totals = happened.groupby("site")[["count", "weight"]].sum()
    totals = totals.reindex(placed["site"], fill_value=0).reset_index(drop=True)
    x = totals["weight"].to_numpy(dtype=np.float64)
    xy_m = shapely.get_coordinates(placed.geometry.to_numpy())
    near = nearest(xy_m, int(number(constants, "moran_neighbours")))
    permutations = int(number(constants, "permutations"))
    p = permutation_p(x, near, placed["site"].to_numpy(), permutations=permutations, seed=seed)
    around = x[near].mean(axis=1)
    told = placed.assign(
        **totals,
        around=around,
        moran=local_moran(x, near),
        p=p,
        q=_q(p),
        **{"class": np.where(around > x.mean(), HIGH_HIGH, HIGH_LOW)},
    )
    found = told["q"] <= number(constants, "moran_q")
    return told.loc[found, list(COLUMNS)].reset_index(drop=True)


def _inside(places_m: gpd.GeoDataFrame, town_m: Ground, tolerance_m: float) -> gpd.GeoDataFrame:
    ordered = places_m.sort_values("id", kind="stable")
    spots = shapely.point_on_surface(ordered.geometry.to_numpy())
    placed = gpd.GeoDataFrame({"site": ordered["id"].to_numpy()}, geometry=spots, crs=METRIC)
    return placed[shapely.dwithin(town_m, spots, tolerance_m)].reset_index(drop=True)


def _q(p: Floats) -> Floats:
    q, tested = p.copy(), np.isfinite(p)
    q[tested] = gi_star.benjamini_hochberg(p[tested])
    return q
