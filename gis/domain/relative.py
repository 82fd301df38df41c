"""Where hazards are more than the places looked at explain (METHOD 8.1, map b; 8.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion, hexagons, rates
from gis.domain.arrays import Floats, Geometries, Ints, Objects
from gis.domain.crs import METRIC
from gis.domain.hotspots import RECORDED_STATES
from gis.domain.risk.constants import Constants, number, numbers
from gis.domain.scan import scan
from gis.domain.trend import mann_kendall

PER = 100.0
"""Rates are told per 100 places."""

FAR, OVER, UNDER, INSIDE = "远高于", "高于", "低于", "在波动范围内"
"""What a rate is among all: beyond the outer funnel, the inner one on either side, neither."""


def area_rates(
    happened: pd.DataFrame,
    places_m: Geometries,
    areas_m: gpd.GeoDataFrame,
    constants: Constants,
    *,
    surveyed: Collection[str],
) -> pd.DataFrame:
    """Return how many events there are over the places of each area, and what that is worth.

    Parameters
    ----------
    happened
        Events as of ``hotspots.events``.
    places_m
        Places where one could have been recorded, EPSG:4549.
    areas_m
        Areas frame in EPSG:4549, rows in any order.
    constants
        The values of ``hotspots.toml``.
    surveyed
        Codes of the areas where anybody looked for such places.

    Returns
    -------
    Frame in code order: ``area``; ``events``, ``places``; ``rate``, ``low`` and ``high``, events
    over 100 places with their exact limits; ``shrunk``, the rate drawn towards that of all; and
    ``finding``, one of ``FAR``, ``OVER``, ``UNDER``, ``INSIDE``. An area without places, or where
    nobody looked for them, has no rate (NaN) and no finding (None), and is not part of the mean.
    """
    ordered = areas_m.sort_values("code", kind="stable", ignore_index=True)
    points = shapely.points(happened[["x", "y"]].to_numpy(dtype=np.float64))
    events, places = (_counts(found, ordered) for found in (points, np.asarray(places_m)))
    places = np.where(ordered["code"].isin(list(surveyed)), places, 0)
    events = np.where(places > 0, events, 0)
    over = np.where(places > 0, places, np.nan)
    low, high = rates.poisson_limits(events, number(constants, "rate_confidence"))
    shrunk = rates.shrink(events.astype(float), places.astype(float)).rates
    inner, outer = numbers(constants, "funnel_confidence")
    return pd.DataFrame(
        {
            "area": ordered["area"],
            "events": events,
            "places": places,
            "rate": PER * events / over,
            "low": PER * low / over,
            "high": PER * high / over,
            "shrunk": np.where(places > 0, PER * shrunk, np.nan),
            "finding": pd.Series(_findings(events, places, inner, outer), dtype=object),
        }
    )


def trends(
    cases_m: gpd.GeoDataFrame, areas_m: gpd.GeoDataFrame, as_of: dt.date, constants: Constants
) -> pd.DataFrame:
    """Tell whether more or fewer hazards are found in each area month by month (METHOD 8.6).

    Parameters
    ----------
    cases_m
        Hazards of the register, EPSG:4549, with ``state`` and ``found_on`` (ISO days). Those that
        are no hazards (yet), or without a position or a day, are not counted.
    areas_m, constants
        As for ``area_rates``.
    as_of
        The months that ended by then are looked at.

    Returns
    -------
    Frame in code order: ``trend``, ``RISING``, ``FALLING`` or ``STEADY``, None where nothing was
    found or the register does not go back ``trend_least_months``; ``new``, how many were found in
    the month of ``as_of``.

    Notes
    -----
    The register begins some day in the month of its first hazard, anywhere: that month and those
    before it are unknown, not without hazards. A trend follows how often people look as well as
    what there is.
    """
    ordered = areas_m.sort_values("code", kind="stable", ignore_index=True)
    known = cases_m[cases_m["state"].isin(RECORDED_STATES) & cases_m["found_on"].notna()]
    ago = _months_ago(known["found_on"], as_of)
    row = apportion.home(
        shapely.point_on_surface(known.geometry.to_numpy()), ordered.geometry.to_numpy()
    )
    newest = 0 if (as_of + dt.timedelta(days=1)).day == 1 else 1
    oldest = min(newest + int(number(constants, "trend_months")), ago.max(initial=0)) - 1
    counts = np.zeros((len(ordered), oldest + 1), dtype=np.int64)
    inside = (row >= 0) & (ago >= 0) & (ago <= oldest)
    np.add.at(counts, (row[inside], oldest - ago[inside]), 1)
    now = row[(row >= 0) & (ago == 0)]
    series = counts[:, : oldest + 1 - newest]
    found = [_trend(months, constants) for months in series.tolist()]
    return pd.DataFrame(
        {"trend": pd.Series(found, dtype=object), "new": np.bincount(now, minlength=len(ordered))}
    )


RISING, FALLING, STEADY = "上升", "下降", "无明显趋势"
"""What the hazards found month by month do."""


def _months_ago(days: pd.Series, as_of: dt.date) -> Ints:
    """Return how many months before that of ``as_of`` each day is; 0 in the same one."""
    found = pd.to_datetime(days, format="%Y-%m-%d").dt
    ago = 12 * (as_of.year - found.year) + as_of.month - found.month
    return np.asarray(ago, dtype=np.int64)


def _trend(months: Sequence[int], constants: Constants) -> str | None:
    if len(months) < number(constants, "trend_least_months") or not any(months):
        return None
    told = mann_kendall(months)
    if not told.p <= number(constants, "trend_p"):
        return STEADY
    return RISING if told.s > 0 else FALLING


def clusters(
    happened: pd.DataFrame,
    places_m: Geometries,
    cells: gpd.GeoDataFrame,
    width_m: float,
    constants: Constants,
    *,
    seed: int,
) -> gpd.GeoDataFrame:
    """Return the circles in which more events lie than the places in them explain.

    Parameters
    ----------
    happened, places_m, constants
        As for ``area_rates``.
    cells, width_m
        Hexagons with data and their width (``hotspots.find``): circles are centred on them.

    Returns
    -------
    Frame in EPSG:4549 as of ``scan.scan``, without ``rows``, of the circles whose p is small
    enough to show; a circle drawn reaches to the edge of its outermost cells. ``ratio`` is events
    over expected. An event in a cell without places is not counted.
    """
    origin_m = numbers(constants, "grid_origin_m")
    spots = shapely.get_coordinates(shapely.point_on_surface(np.asarray(places_m)))
    grid = cells[["column", "row"]].to_numpy(dtype=np.int64)
    at_risk, events = (
        _in_cells(xy, grid, width_m, origin_m)
        for xy in (spots, happened[["x", "y"]].to_numpy(dtype=np.float64))
    )
    found = scan(
        shapely.get_coordinates(shapely.centroid(cells.geometry.to_numpy())),
        np.where(at_risk > 0, events, 0),
        at_risk.astype(float),
        most_share=number(constants, "scan_most_share"),
        most_m=number(constants, "scan_most_m"),
        replicates=int(number(constants, "scan_replicates")),
        seed=seed,
    )
    told = found[found["p"] <= number(constants, "scan_p")].drop(columns="rows")
    told = told.assign(ratio=told["events"] / told["expected"])
    centres = shapely.points(told[["x_m", "y_m"]].to_numpy(dtype=np.float64))
    reach_m = told["radius_m"].to_numpy(dtype=np.float64) + width_m / 2.0
    circles = shapely.buffer(centres, reach_m, quad_segs=32)
    return gpd.GeoDataFrame(told.reset_index(drop=True), geometry=circles, crs=METRIC)


def _counts(shapes: Geometries, areas: gpd.GeoDataFrame) -> Ints:
    row = apportion.home(shapely.point_on_surface(shapes), areas.geometry.to_numpy())
    return np.bincount(row[row >= 0], minlength=len(areas)).astype(np.int64)


def _in_cells(xy_m: Floats, grid: Ints, width_m: float, origin_m: tuple[float, ...]) -> Ints:
    row = hexagons.rows_of(grid, hexagons.locate(xy_m, width_m, origin_m))
    return np.bincount(row[row >= 0], minlength=len(grid)).astype(np.int64)


def _findings(events: Ints, places: Ints, inner: float, outer: float) -> Objects:
    near, far = (
        rates.stands_out(events.astype(float), places.astype(float), confidence)
        for confidence in (inner, outer)
    )
    found = np.full(len(events), INSIDE, dtype=object)
    found[places == 0] = None
    found[near == rates.LOW] = UNDER
    found[near == rates.HIGH] = OVER
    found[far == rates.HIGH] = FAR
    return found
