"""Who is within reach of what: the one spatial join of the house."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Geometries, Ints
from gis.errors import InvalidDataError


def near(a: Geometries, b: Geometries, reach_m: float | Floats) -> tuple[Ints, Ints, Floats]:
    """Find every pair of geometries within reach of each other.

    Parameters
    ----------
    a, b
        Geometries in one metric CRS (metres), shapes (F,) and (J,). May be empty; none may
        be missing.
    reach_m
        Reach of each ``a``, metres, one number or shape (F,), >= 0.

    Returns
    -------
    i, j, d_m
        Rows of ``a``, rows of ``b`` and their distance edge to edge in metres, shape (P,),
        sorted by (j, i); 0 where they touch.

    Raises
    ------
    InvalidDataError
        If a reach is negative or not finite.

    Notes
    -----
    Boxes from an R-tree, then exact distances. Edge to edge: METHOD 0.2, rule 6.
    """
    left, right = np.asarray(a, dtype=object), np.asarray(b, dtype=object)
    reach = np.broadcast_to(np.asarray(reach_m, dtype=np.float64), left.shape)
    if not (np.isfinite(reach) & (reach >= 0)).all():
        raise InvalidDataError("影响半径必须是不小于 0 的有限数值")
    x0, y0, x1, y1 = shapely.bounds(left).reshape(-1, 4).T
    boxes = shapely.box(x0 - reach, y0 - reach, x1 + reach, y1 + reach)
    i, j = shapely.STRtree(right).query(boxes)
    d_m = shapely.distance(left[i], right[j])
    within = d_m <= reach[i]
    i, j, d_m = i[within].astype(np.int64), j[within].astype(np.int64), d_m[within]
    order = np.lexsort((i, j))
    return i[order], j[order], d_m[order]


def pair(
    sources: gpd.GeoDataFrame, receptors: gpd.GeoDataFrame, margin: float = 1.0
) -> pd.DataFrame:
    """Pair every receptor with the sources that reach it.

    Parameters
    ----------
    sources, receptors
        In one metric CRS, in uid order.
    margin
        Factor on every reach: more than 1 where radii will be drawn larger (Monte Carlo).

    Returns
    -------
    Frame with columns ``source`` and ``receptor`` (row numbers) and ``d_m`` (metres), sorted
    by (receptor, sector, source). A receptor that answers only to one source (``own`` not 0)
    is paired with that source alone, at distance 0.

    Raises
    ------
    InvalidDataError
        If the two frames are not in the same CRS.
    """
    if sources.crs != receptors.crs:
        raise InvalidDataError("风险源与承灾体的坐标系不一致")
    free = np.flatnonzero(receptors["own"].to_numpy() == 0)
    shapes = receptors.geometry.to_numpy()
    i, j, d_m = near(sources.geometry.to_numpy(), shapes[free], reach(sources) * margin)
    own_i, own_j = _own(sources, receptors)
    found = pd.DataFrame(
        {
            "source": np.concatenate([i, own_i]),
            "receptor": np.concatenate([free[j], own_j]),
            "d_m": np.concatenate([d_m, np.zeros(len(own_i))]),
        }
    )
    sector = sector_rows(sources)[found["source"].to_numpy()]
    order = np.lexsort((found["source"], sector, found["receptor"]))
    return found.iloc[order].reset_index(drop=True)


def halo(sources: gpd.GeoDataFrame, receptors: gpd.GeoDataFrame, margin: float = 1.0) -> Bools:
    """Tell which sources reach any of the receptors; shape (F,).

    With a set of areas, all their receptors and these sources make a *closed part*: its
    evaluation gives the same bits as that of the whole. By each source's own reach, never by
    a fixed ring.
    """
    reached = np.zeros(len(sources), dtype=bool)
    reached[pair(sources, receptors, margin)["source"].to_numpy(dtype=np.int64)] = True
    return reached


def reach(sources: pd.DataFrame) -> Floats:
    """Return how far each source reaches, metres: r2, at least 1 m beyond r1 (METHOD 7.2)."""
    r1_m, r2_m = sources["r1_m"].to_numpy(), sources["r2_m"].to_numpy()
    reached: Floats = np.where(r2_m > r1_m, r2_m, r1_m + 1.0)
    return reached


def sector_rows(sources: pd.DataFrame) -> Ints:
    """Return the place of each source's sector in the order of their codes; shape (F,)."""
    return np.unique(sources["sector"].to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)


def _own(sources: pd.DataFrame, receptors: pd.DataFrame) -> tuple[Ints, Ints]:
    """Pair the receptors that answer to one source with that source, if it is there."""
    uid = sources["uid"].to_numpy()
    own = receptors["own"].to_numpy()
    j = np.flatnonzero(own != 0)
    i = np.searchsorted(uid, own[j])
    there = i < len(uid)
    there[there] = uid[i[there]] == own[j][there]
    return i[there].astype(np.int64), j[there].astype(np.int64)
