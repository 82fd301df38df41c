"""Where hazards cluster: events in hexagons, Getis-Ord Gi*, false-discovery control."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import density, gi_star, hexagons
from gis.domain.arrays import Bools, Floats, Geometries, Ints, Objects
from gis.domain.hazards import OPEN_STATES, STATES
from gis.domain.hexagons import Ground
from gis.domain.risk.constants import Constants, number, numbers, table
from gis.errors import InvalidDataError

TESTED, TOO_FEW = "已检验", "样本不足"
"""Status of a result: with classes, or with counts and the density surface only."""

HOTSPOT, SUSPECTED, NO_FINDING = "hotspot", "suspected", "none"

RECORDED_STATES = frozenset(STATES[1:9])
"""Cases: without tips still to be checked (待核实) and what proved to be nothing (不成立)."""

Period = tuple[dt.date, dt.date]
"""First and last day, both included."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a result stands on.

    Attributes
    ----------
    status
        ``TESTED`` or ``TOO_FEW``.
    n_cells
        Hexagons with data: the number of tests made.
    n_events
        Events in them: hazards after joining those of one inspection at one place.
    n_hazards
        Hazards behind these events.
    excluded
        Hazards asked for but left out, by reason: ``no_place`` (no coordinates),
        ``village_located`` (coordinates of a village, not of a place), ``outside`` (the town),
        ``no_data_cell`` (in a hexagon without data).
    width_m
        Of the hexagons, flat to flat.
    permutations, seed
        What makes p repeatable.
    hotspots, suspected
        Number of cells of these classes.
    period
        First and last day of the hazards asked for (ISO); None for those open now.
    """

    status: str
    n_cells: int
    n_events: int
    n_hazards: int
    excluded: Mapping[str, int]
    width_m: int
    permutations: int
    seed: int
    hotspots: int
    suspected: int
    period: tuple[str, str] | None

    def as_json(self) -> dict[str, Any]:
        """Return name to plain value, for a run to store."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {
            "excluded": dict(self.excluded),
            "period": None if self.period is None else list(self.period),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """Cells, density and what they stand on.

    Attributes
    ----------
    cells
        Frame in EPSG:4549, one row per hexagon with data, sorted by row and column: ``code``
        (width, column and row; the same place has the same code in every month of one width),
        ``column``, ``row`` (int64), ``count`` (hazards, int64), ``weight`` (x of the test), ``z``
        (Gi*), ``p`` (one-sided, many), ``q`` (Benjamini-Hochberg), ``class`` (hotspot, suspected,
        none), ``status``, ``geometry``. z, p and q are NaN and class is None where there is too
        little to test; z is NaN where all cells are equal.
    heat
        Density as of ``gis.domain.density.bands``.
    summary
        What they stand on.
    """

    cells: gpd.GeoDataFrame
    heat: gpd.GeoDataFrame
    summary: Summary


def find(
    hazards_m: gpd.GeoDataFrame,
    sites_m: Geometries,
    town_m: Ground,
    constants: Constants,
    *,
    seed: int,
    period: Period | None = None,
    width_m: int | None = None,
    built_up_m: Geometries = (),
) -> Found:
    """Test where hazards cluster, and draw their density.

    Parameters
    ----------
    hazards_m
        Hazards frame in EPSG:4549, its rows in any order: id, site, inspection_id, level, state,
        found_on, overdue (whether its deadline has passed), geometry.
    sites_m
        Places where a hazard can be recorded, EPSG:4549: they say which cells have data.
    town_m
        Polygon in EPSG:4549.
    constants
        Those of ``data/methods/hotspots.toml``.
    seed
        Keys the permutations.
    period
        All cases found in it; the cases open now where None.
    width_m
        Of the hexagons; METHOD 8.3's rule where None. Two months can be compared only if both
        are given the same.
    built_up_m
        Built-up land besides the sites' own polygons, EPSG:4549.

    Raises
    ------
    InvalidDataError
        If a level has no weight.

    Notes
    -----
    Counts only (METHOD 8.1, map a): it shows where the work is, not where it is worse than its
    inspections explain. Cold spots are not looked for: they would be places without sites.
    """
    happened, excluded = events(hazards_m, town_m, constants, period=period)
    width = width_m or _sound_width_m(town_m, len(happened), constants)
    cells = cells_with_data(town_m, sites_m, width, constants, built_up_m=built_up_m)
    cells, inside = _count(cells, happened, width, constants)
    excluded["no_data_cell"] = int(happened["count"][~inside].sum())
    n_events = int(inside.sum())
    enough = _is_enough(len(cells), n_events, constants)
    permutations = int(number(constants, "permutations"))
    tested = _test(cells, permutations, seed, constants) if enough else _untested(cells)
    summary = Summary(
        status=TESTED if enough else TOO_FEW,
        n_cells=len(cells),
        n_events=n_events,
        n_hazards=int(happened["count"][inside].sum()),
        excluded=MappingProxyType(excluded),
        width_m=width,
        permutations=permutations,
        seed=seed,
        hotspots=int((tested["class"] == HOTSPOT).sum()),
        suspected=int((tested["class"] == SUSPECTED).sum()),
        period=None if period is None else (period[0].isoformat(), period[1].isoformat()),
    )
    return Found(tested, _heat(happened, town_m, constants), summary)


def events(
    hazards_m: gpd.GeoDataFrame,
    town_m: Ground,
    constants: Constants,
    *,
    period: Period | None = None,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Turn hazards into the events that are counted.

    The hazards that one inspection found at one place are one event, so that an inspection with
    twenty trivial items makes no hotspot; a hazard without an inspection is an event of its own.

    Parameters
    ----------
    hazards_m, town_m, constants, period
        As for ``find``.

    Returns
    -------
    events
        Frame with ``x``, ``y`` (metres: of the event's hazard with the lowest id), ``count``
        (hazards, int64), ``weight`` (theirs added up, at most the cap of an inspection),
        ``overdue`` (how many of them are), ``site`` (its id, NaN for none) and ``day`` (on which
        the first was found, since 1970-01-01; NaN where not known), in order of the lowest id.
    excluded
        Hazards left out, by reason, as in ``Summary``; each counts for the first reason only.

    Raises
    ------
    InvalidDataError
        If a level has no weight.

    Notes
    -----
    Coordinates that more than three hazards of the whole register share, none of them belonging
    to a site, are those of a village (METHOD 8.7). A hazard up to 100 m outside the town counts:
    its outline is indicative.
    """
    ordered = hazards_m.sort_values("id", kind="stable")
    asked = _asked(ordered, period)
    spots = shapely.point_on_surface(ordered.geometry.to_numpy())
    placed = ~(shapely.is_missing(spots) | shapely.is_empty(spots))
    xy = np.full((len(ordered), 2), np.nan)
    xy[placed] = shapely.get_coordinates(spots[placed])
    at = _texts_of(xy)
    coarse = placed & _village_located(ordered, at, number(constants, "village_located_above"))
    tolerance_m = number(constants, "outside_tolerance_m")
    outside = placed & ~shapely.dwithin(town_m, spots, tolerance_m)
    excluded = {
        "no_place": int((asked & ~placed).sum()),
        "village_located": int((asked & coarse).sum()),
        "outside": int((asked & outside & ~coarse).sum()),
    }
    kept = asked & placed & ~coarse & ~outside
    found = pd.DataFrame(
        {
            "place": _places(ordered, at)[kept],
            "visit": _visits(ordered)[kept],
            "x": xy[kept, 0],
            "y": xy[kept, 1],
            "weight": _weights(ordered["level"].to_numpy()[kept], constants),
            "count": np.int64(1),
            "overdue": ordered["overdue"].to_numpy()[kept].astype(np.int64),
            "site": ordered["site"].to_numpy(dtype=np.float64)[kept],
            "day": _days(ordered["found_on"])[kept],
        }
    )
    joined = found.groupby(["place", "visit"], sort=False, as_index=False).agg(JOINED)
    joined["weight"] = joined["weight"].clip(upper=number(constants, "inspection_cap"))
    return joined[list(JOINED)], excluded


JOINED = {
    "x": "first",
    "y": "first",
    "count": "sum",
    "weight": "sum",
    "overdue": "sum",
    "site": "first",
    "day": "min",
}
"""Columns of events, and how those of their hazards become one."""


def cells_with_data(
    town_m: Ground,
    sites_m: Geometries,
    width_m: float,
    constants: Constants,
    *,
    built_up_m: Geometries = (),
) -> gpd.GeoDataFrame:
    """Return the hexagons of the town in which a hazard could have been recorded.

    Parameters
    ----------
    town_m, sites_m, constants, built_up_m
        As for ``find``; no geometry may be missing.
    width_m
        Of the hexagons, metres.

    Returns
    -------
    Frame as of ``hexagons.cover``: the cells that hold a site (a point of it, for a line any part
    of it) or at least 1 ha of built-up land and sites' polygons together. The others are *no
    data*, not 0, and are left out (METHOD 8.3).
    """
    origin_m = numbers(constants, "grid_origin_m")
    cells = hexagons.cover(town_m, width_m, origin_m)
    shapes = cells.geometry.to_numpy()
    sites = np.asarray(sites_m, dtype=object)
    holds = np.zeros(len(cells), dtype=bool)
    spots = shapely.get_coordinates(shapely.point_on_surface(sites))
    row = _row_of(cells, hexagons.locate(spots, width_m, origin_m))
    holds[row[row >= 0]] = True
    lines = sites[shapely.get_dimensions(sites) == 1]
    holds[shapely.STRtree(shapes).query(lines, predicate="intersects")[1]] = True
    ground = np.concatenate([sites, np.asarray(built_up_m, dtype=object)])
    ground = ground[shapely.get_dimensions(ground) == 2]
    rest = np.flatnonzero(~holds)
    holds[rest] = _area_m2(shapes[rest], ground) >= number(constants, "least_footprint_m2")
    return cells[holds].reset_index(drop=True)


def classify(z: Floats, q: Floats, limits: Mapping[str, float]) -> Objects:
    """Return the class of each cell: hotspot, suspected or none; never one for z <= 0.

    Parameters
    ----------
    z, q
        Shape (C,).
    limits
        Largest q of ``hotspot`` and of ``suspected``.
    """
    many = z > 0
    found = np.full(len(z), NO_FINDING, dtype=object)
    for name in (SUSPECTED, HOTSPOT):
        found[many & (q <= limits[name])] = name
    return found


def _sound_width_m(town_m: Ground, count: int, constants: Constants) -> int:
    low, high = numbers(constants, "cell_width_limits_m")
    step_m = number(constants, "cell_width_step_m")
    return hexagons.sound_width_m(town_m.area, count, limits_m=(low, high), step_m=step_m)


def _count(
    cells: gpd.GeoDataFrame, happened: pd.DataFrame, width_m: int, constants: Constants
) -> tuple[gpd.GeoDataFrame, Bools]:
    """Add code, count and weight to the cells; tell which events lie in one of them."""
    xy = happened[["x", "y"]].to_numpy()
    at = _row_of(cells, hexagons.locate(xy, width_m, numbers(constants, "grid_origin_m")))
    inside = at >= 0
    totals = {
        name: np.bincount(at[inside], happened[name][inside], len(cells))
        for name in ("count", "weight")
    }
    places = zip(cells["column"], cells["row"], strict=True)
    counted = cells.assign(
        code=[f"{width_m}_{column}_{row}" for column, row in places],
        count=totals["count"].astype(np.int64),
        weight=totals["weight"],
    )
    return counted, inside


def _is_enough(n_cells: int, n_events: int, constants: Constants) -> bool:
    least_cells, least_events = (number(constants, f"least_{of}") for of in ("cells", "events"))
    return n_cells >= least_cells and n_events >= least_events


def _test(
    cells: gpd.GeoDataFrame, permutations: int, seed: int, constants: Constants
) -> gpd.GeoDataFrame:
    x = cells["weight"].to_numpy()
    keys = cells[["column", "row"]].to_numpy()
    near = hexagons.neighbours(keys)
    z = gi_star.z_scores(x, near)
    p = gi_star.permutation_p(x, near, keys, permutations=permutations, seed=seed)
    q = gi_star.benjamini_hochberg(p)
    return _with_statistics(cells, z, p, q, classify(z, q, table(constants, "q_limits")), TESTED)


def _untested(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return _with_statistics(cells, np.nan, np.nan, np.nan, None, TOO_FEW)


def _with_statistics(
    cells: gpd.GeoDataFrame, z: Any, p: Any, q: Any, found: Any, status: str
) -> gpd.GeoDataFrame:
    values = {"z": z, "p": p, "q": q, "class": found, "status": status}
    order = ["code", "column", "row", "count", "weight", *values, "geometry"]
    return cells.assign(**values)[order]


def _heat(happened: pd.DataFrame, town_m: Ground, constants: Constants) -> gpd.GeoDataFrame:
    return density.bands(
        happened[["x", "y"]].to_numpy(),
        happened["weight"].to_numpy(),
        town_m,
        bandwidth_m=number(constants, "heat_bandwidth_m"),
        cell_m=number(constants, "heat_cell_m"),
        breaks_per_km2=numbers(constants, "heat_breaks_per_km2"),
        origin_m=numbers(constants, "grid_origin_m"),
    )


def _asked(hazards: pd.DataFrame, period: Period | None) -> Bools:
    if period is None:
        return hazards["state"].isin(OPEN_STATES).to_numpy()
    first, last = (day.isoformat() for day in period)
    found_on = hazards["found_on"].fillna("").to_numpy(dtype=str)
    within: Bools = (found_on >= first) & (found_on <= last)
    return within & hazards["state"].isin(RECORDED_STATES).to_numpy()


def _texts_of(xy: Floats) -> Objects:
    """Return each place to the centimetre as text: equal where the coordinates were."""
    return np.array([f"{x:.2f},{y:.2f}" for x, y in xy], dtype=object)


def _village_located(hazards: pd.DataFrame, at: Objects, above: float) -> Bools:
    free = hazards["site"].isna().to_numpy()
    shared = pd.Series(at[free]).value_counts()
    crowded: Bools = np.isin(at.astype(str), shared.index[shared > above].to_numpy(dtype=str))
    return free & crowded


def _places(hazards: pd.DataFrame, at: Objects) -> Objects:
    """Return what a hazard was found at: its site, or the spot where it has none."""
    sites = [None if pd.isna(site) else f"site {int(site)}" for site in hazards["site"]]
    return np.array([site or spot for site, spot in zip(sites, at, strict=True)], dtype=object)


def _visits(hazards: pd.DataFrame) -> Objects:
    """Return the inspection that found a hazard, or the hazard itself where there was none."""
    pairs = zip(hazards["inspection_id"], hazards["id"], strict=True)
    return np.array(
        [f"hazard {id_}" if pd.isna(visit) else f"visit {visit}" for visit, id_ in pairs],
        dtype=object,
    )


def _days(found_on: pd.Series) -> Floats:
    since = pd.to_datetime(found_on, format="%Y-%m-%d") - pd.Timestamp(0)
    return np.asarray(since.dt.days, dtype=np.float64)


def _weights(levels: Objects, constants: Constants) -> Floats:
    known = table(constants, "level_weights")
    unknown = sorted({str(level) for level in levels if level not in known})
    if unknown:
        raise InvalidDataError(f"隐患等级 {'、'.join(unknown)} 没有权重；已有：{'、'.join(known)}")
    return np.array([known[level] for level in levels], dtype=float)


def _row_of(cells: gpd.GeoDataFrame, wanted: Ints) -> Ints:
    return hexagons.rows_of(cells[["column", "row"]].to_numpy(), wanted)


def _area_m2(cells: Objects, ground: Objects) -> Floats:
    """Return how much ground each cell holds, m2; what overlaps counts once."""
    tree = shapely.STRtree(ground)
    parts = [shapely.intersection(ground[tree.query(cell)], cell) for cell in cells]
    return np.array([shapely.union_all(part).area for part in parts], dtype=float)
