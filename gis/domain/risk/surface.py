"""The hazard surface: intensity on a grid, as filled bands to look at (METHOD 7.4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.contours import VIEW_ONLY, centres, filled
from gis.domain.hexagons import Ground
from gis.domain.risk import load as loading
from gis.domain.risk.constants import Constants, number, numbers
from gis.domain.risk.evaluate import Result
from gis.domain.risk.pairs import pair
from gis.domain.risk.views import sectors_known

SPOTS_AT_ONCE = 20_000
"""Bounds the memory that the pairs of a batch take."""

FULL = 100.0
"""The highest intensity there is."""


def bands(
    result: Result, areas_m: gpd.GeoDataFrame, constants: Constants, origin_m: Sequence[float]
) -> gpd.GeoDataFrame:
    """Return how hard each sector's sources hit the ground, as filled bands with fixed limits.

    Parameters
    ----------
    result
        An evaluation: its sources, and where which sector is known.
    areas_m
        Its areas, in the CRS of the sources: the ground.
    constants
        The values of ``index.toml``: grid and limits.
    origin_m
        A corner of the grid, metres.

    Returns
    -------
    Frame in that CRS, by sector and band: ``sector``, ``band`` (1 for the lowest, None where
    nobody knows), ``from_intensity`` and ``to_intensity`` (0..100; NaN where nobody knows),
    ``data`` (whether somebody does), ``use`` (仅供浏览) and ``geometry`` (MultiPolygon, of ground
    without data also Polygon). Below the first limit there is no band. Ground where the sector
    is unknown lies in no band but that without data: unknown is never low.
    """
    ordered = areas_m.sort_values("code", ignore_index=True)
    sectors = list(dict.fromkeys(result.sectors["sector"]))
    known = sectors_known(result, ordered["area"].to_numpy(dtype=np.int64))
    shapes = ordered.geometry.to_numpy()
    x, y, values = surface(
        result.sources,
        cast(Ground, shapely.union_all(shapes)),
        sectors,
        cell_m=number(constants, "surface_cell_m"),
        origin_m=origin_m,
    )
    limits = numbers(constants, "surface_limits")
    parts = [
        _bands(sector, filled(x, y, height, limits, ground), unknown, limits)
        for sector, height, (ground, unknown) in zip(
            sectors, values, (_ground(shapes, there) for there in known), strict=True
        )
    ]
    found = gpd.GeoDataFrame(
        pd.concat(parts, ignore_index=True), geometry="geometry", crs=areas_m.crs
    )
    return found[~found.geometry.is_empty].reset_index(drop=True)


def surface(
    sources: gpd.GeoDataFrame,
    ground_m: Ground,
    sectors: Sequence[str],
    *,
    cell_m: float,
    origin_m: Sequence[float],
) -> tuple[Floats, Floats, Floats]:
    """Compute the intensity of each sector on a grid.

    Parameters
    ----------
    sources
        Sources frame; rows in any order.
    ground_m
        Polygon in its CRS.
    sectors
        Codes in the order wanted, S of them.
    cell_m, origin_m
        Side of a cell and a corner of one, metres.

    Returns
    -------
    x, y, values
        Centres of the columns and rows, metres, shapes (X,) and (Y,); intensity, 0..100, shape
        (S, Y, X). The grid reaches a cell beyond the ground, so that contours end outside it.

    Notes
    -----
    METHOD 7.4 at the centres; where a source lies in a cell, also at the source, and the cell has
    the highest of these. Most sources reach less far than half a cell: by its centres alone the
    grid would pass a house or a pipe by, and show its ground as that of no source.
    """
    x, y = centres(ground_m, cell_m, cell_m, origin_m)
    spots = np.concatenate(
        [
            np.column_stack([part.ravel() for part in np.meshgrid(x, y)]),
            _outlines(sources.geometry.to_numpy(), cell_m / 2.0),
        ]
    )
    column, row = np.floor((spots - [x[0], y[0]]) / cell_m + 0.5).astype(np.int64).T
    on = (column >= 0) & (column < len(x)) & (row >= 0) & (row < len(y))
    values = np.zeros((len(y) * len(x), len(sectors)))
    heights = intensity(sources, shapely.points(spots[on]), sectors)
    np.maximum.at(values, row[on] * len(x) + column[on], heights.T)
    return x, y, values.T.reshape(len(sectors), len(y), len(x))


def intensity(sources: gpd.GeoDataFrame, spots: Objects, sectors: Sequence[str]) -> Floats:
    """Return how hard the sources of each sector hit points, 0..100, shape (S, N).

    Parameters
    ----------
    sources
        Sources frame; rows in any order.
    spots
        Points in its CRS, shape (N,). May be empty.
    sectors
        Codes in the order wanted, S of them.

    Raises
    ------
    InvalidDataError
        If a source has another sector.

    Notes
    -----
    METHOD 7.4, ``100 (1 - prod (1 - I'K/100))``: the pairs, hits and noisy-or of the index itself.
    """
    ordered = sources.sort_values("uid", ignore_index=True)
    found = np.zeros((len(sectors), len(spots)))
    for first in range(0, len(spots), SPOTS_AT_ONCE):
        part = spots[first : first + SPOTS_AT_ONCE]
        here = gpd.GeoDataFrame({"own": np.zeros(len(part))}, geometry=part, crs=sources.crs)
        pairs = pair(ordered, here)
        groups = loading.group(ordered, pairs, sectors)
        harm = groups.harm(loading.hit(ordered, pairs))
        found[groups.sector, first + groups.receptor] = 100.0 * harm
    return found


def _outlines(shapes: Objects, step_m: float) -> Floats:
    """Return points along the outlines of sources, (n, 2), metres, at most a step apart."""
    flat = shapely.force_2d(shapes)
    found: Floats = shapely.get_coordinates(shapely.segmentize(flat, step_m))
    return found


def _ground(shapes: Objects, known: Bools) -> tuple[Ground, Ground]:
    """Return the ground where a sector is known, and where it is not; what is both is not."""
    unknown = cast(Ground, shapely.union_all(shapes[~known]))
    return cast(Ground, shapely.union_all(shapes[known]).difference(unknown)), unknown


def _bands(sector: str, shapes: Objects, unknown: Ground, limits: Sequence[float]) -> pd.DataFrame:
    """Return the bands of a sector, and last the ground without data."""
    bounds = [*pairwise([*limits, FULL]), (np.nan, np.nan)]
    numbered: Ints = np.arange(1, len(limits) + 1)
    return pd.DataFrame(
        {
            "sector": sector,
            "band": np.array([*numbered.tolist(), None], dtype=object),
            "from_intensity": [low for low, _ in bounds],
            "to_intensity": [high for _, high in bounds],
            "data": [True] * len(limits) + [False],
            "use": VIEW_ONLY,
            "geometry": np.array([*shapes, unknown], dtype=object),
        }
    )
