"""The same result on other ground: the town, hexagons, whatever is drawn (METHOD 7.5, 7.9, 8.3).

Loads, people and counts add up, so every ground gives the same total. The index R does not:
a town has no R, it has villages of each class.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion, hexagons, hotspots
from gis.domain.arrays import Bools, Floats, Geometries, Ints, Objects
from gis.domain.hexagons import Ground
from gis.domain.risk import load as loading
from gis.domain.risk.constants import Constants, number, numbers
from gis.domain.risk.evaluate import Result
from gis.domain.risk.index import CLASS_NAMES_ZH
from gis.domain.risk.pairs import reach
from gis.domain.risk.views import M2_PER_KM2, bands, missing, sectors_known

OUTSIDE = ""
"""Code of the row for what lies on none of a level's ground."""

BEYOND = "beyond"
"""In place of a village in the coverage: the ring around the town that sources reach across."""

EDGE_ZH = "边界外资料不全：未载入邻镇风险源，得分可能偏低"
"""What is said of a marked area."""

NO_DATA_ZH = "无数据"

TOLERANCE = 1e-6
"""Of the part of a cell's ground that is known: the error of cutting it."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """A result on the ground of several levels; each has a row ``OUTSIDE`` besides its cells.

    Attributes
    ----------
    loads
        One row per (level, code, sector), by level, sector and code: ``load`` and ``exposed`` (L
        and E, equivalent persons; E with the assets of the sector), ``known_share``, the part of
        the cell's ground in any area (0..1) where the sector is known, and ``known``, whether
        that is enough of the whole cell to show it.
        What lies outside is never known.
    totals
        One row per (level, code): ``area_km2`` (NaN outside), ``exposed`` (equivalent persons,
        people only), ``people`` (heads), ``receptors`` (places where people are), ``sources``
        (places that are a source).
    """

    loads: pd.DataFrame
    totals: pd.DataFrame


def roll_up(
    result: Result,
    ground: Mapping[str, gpd.GeoDataFrame],
    areas_m: gpd.GeoDataFrame,
    constants: Constants,
    *,
    level: str = "village",
) -> Rolled:
    """Put a result on other ground.

    Parameters
    ----------
    result
        An evaluation.
    ground
        Name of a level to its cells: ``code`` and polygons in the CRS of the result. They should
        not overlap; where they do, the smaller code comes first.
    areas_m
        The areas of the evaluation, which tell where a sector is known.
    constants
        The values of ``exposure.toml``.
    level
        Name under which those areas themselves appear in the answer.

    Notes
    -----
    A place of people lies in one cell, that of its point on the surface (of the areas: as the
    evaluation put it). A forest asset is cut: each cell has its share of the hectares. So over
    the rows of a level, that outside included, loads, people and counts have the same sum.
    """
    own = areas_m[["area", "code", "geometry"]].sort_values("code", ignore_index=True)
    inside = loading.rows_of(result.receptors["area"].to_numpy(), own["area"].to_numpy())
    everyone = np.arange(len(result.receptors))
    parts = [_level(result, level, own, (everyone, inside, np.ones(len(inside))), own, constants)]
    for name, cells in ground.items():
        ordered = cells[["code", "geometry"]].sort_values("code", ignore_index=True)
        members = _members(result.receptors, ordered.geometry.to_numpy())
        parts.append(_level(result, name, ordered, members, own, constants))
    loads, totals = zip(*parts, strict=True)
    return Rolled(pd.concat(loads, ignore_index=True), pd.concat(totals, ignore_index=True))


def hexagon_cells(
    town_m: Ground, sites_m: Geometries, count: int, constants: Constants
) -> gpd.GeoDataFrame:
    """Return the hexagons of the town; those that have data are ground to roll up to (METHOD 8.3).

    Parameters
    ----------
    town_m
        Polygon in EPSG:4549.
    sites_m
        All registered places, EPSG:4549.
    count
        Number of places whose load is shown: it decides how wide a sound hexagon is.
    constants
        The values of ``hotspots.toml``: grid, widths, and what a cell with data is.

    Returns
    -------
    Frame with ``code`` (the same as that of a hotspot cell of this width), ``width_m``, ``data``
    and the hexagons, cut off at the town's boundary. A cell without data is no data, not 0.
    """
    low, high = numbers(constants, "cell_width_limits_m")
    step_m = number(constants, "cell_width_step_m")
    width_m = hexagons.sound_width_m(town_m.area, count, limits_m=(low, high), step_m=step_m)
    cells = hexagons.cover(town_m, width_m, numbers(constants, "grid_origin_m"))
    holding = hotspots.cells_with_data(town_m, sites_m, width_m, constants)
    places = zip(cells["column"], cells["row"], strict=True)
    shapes = shapely.intersection(cells.geometry.to_numpy(), town_m)
    found = gpd.GeoDataFrame(
        {
            "code": [f"{width_m}_{column}_{row}" for column, row in places],
            "width_m": width_m,
            "data": _grid(cells).isin(_grid(holding)),
        },
        geometry=shapes,
        crs=cells.crs,
    )
    return found[shapely.area(shapes) > 0].reset_index(drop=True)


def _grid(cells: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(cells[["column", "row"]])


def summed(rolled: Rolled, level: str, constants: Constants) -> pd.DataFrame:
    """Return the load of each cell of a level over its sectors.

    Parameters
    ----------
    constants
        The values of ``exposure.toml``.

    Returns
    -------
    Frame in code order, without what lies outside: the columns of ``Rolled.totals``; ``load``,
    that of the sectors that are known there (NaN: none is); ``at_least`` and ``missing``, as of
    ``views``, of the sectors that are not known on all of its ground; ``per_km2`` and its fixed
    class ``class_per_km2``, 1 to 5, None unless all sectors are known on all of it;
    ``small``: there are people, but so few places of them that one more or less changes much;
    and a column for each sector, NaN where it is not known.
    """
    inside = rolled.loads[(rolled.loads["level"] == level) & (rolled.loads["code"] != OUTSIDE)]
    totals = rolled.totals[(rolled.totals["level"] == level) & (rolled.totals["code"] != OUTSIDE)]
    sectors = list(dict.fromkeys(rolled.loads["sector"]))
    shape = (len(sectors), len(totals))
    known = inside["known"].to_numpy(dtype=bool).reshape(shape)
    wholly = inside["known_share"].to_numpy(dtype=np.float64).reshape(shape) >= 1.0 - TOLERANCE
    wholly &= known
    loads = np.where(known, inside["load"].to_numpy(dtype=np.float64).reshape(shape), np.nan)
    some, whole = known.any(axis=0), np.asarray(wholly.all(axis=0), dtype=bool)
    load = np.where(some, np.nansum(loads, axis=0), np.nan)
    per_km2 = load / totals["area_km2"].to_numpy()
    peopled = totals["receptors"].to_numpy()
    return totals.reset_index(drop=True).assign(
        load=load,
        at_least=some & ~whole,
        missing=missing(wholly, sectors),
        per_km2=per_km2,
        class_per_km2=bands(pd.Series(per_km2), whole, "per_km2", constants),
        small=some & (peopled > 0) & (peopled < number(constants, "small_count")),
        **dict(zip(sectors, loads, strict=True)),
    )


def distribution(classes: Iterable[int | None]) -> dict[str, int]:
    """Count areas by the class they show, the lowest first, and those without data last.

    What a town has instead of a class of its own.
    """
    shown = list(classes)
    counts = {name: shown.count(i) for i, name in enumerate(CLASS_NAMES_ZH, start=1)}
    return {**counts, NO_DATA_ZH: len(shown) - sum(counts.values())}


def distributions(
    shown: Sequence[int | None], areas_m: gpd.GeoDataFrame, cells: gpd.GeoDataFrame
) -> dict[str, dict[str, int]]:
    """Return, by code of a cell, the ``distribution`` of the areas that lie in it.

    ``shown`` are the classes of ``areas_m``, row by row. An area lies in the one cell that has
    the largest part of it; under ``OUTSIDE`` are those that lie in none.
    """
    ordered = cells.sort_values("code", kind="stable")
    home = apportion.home(areas_m.geometry.to_numpy(), ordered.geometry.to_numpy())
    return {
        code: distribution(own for own, at in zip(shown, home, strict=True) if at == row)
        for row, code in [*enumerate(ordered["code"]), (-1, OUTSIDE)]
    }


def edge_incomplete(
    areas_m: gpd.GeoDataFrame,
    town_m: Ground,
    sources: gpd.GeoDataFrame,
    *,
    known_beyond: Collection[str] = (),
) -> pd.DataFrame:
    """Mark the areas that a source beyond the town's boundary could reach (METHOD 7.2).

    Parameters
    ----------
    areas_m
        Areas frame in metres.
    town_m
        The town, in the same CRS.
    sources
        Sources frame: how far the farthest of them reaches is how far one outside could.
    known_beyond
        Sectors that are known beyond the boundary (``sectors_beyond``): theirs lack nothing.

    Returns
    -------
    Frame in code order: ``area``, ``edge_incomplete`` and ``reach_m``, metres from the boundary
    within which areas are marked.
    """
    ordered = areas_m.sort_values("code", kind="stable", ignore_index=True)
    unseen = sources[~sources["sector"].isin(list(known_beyond))]
    reach_m = float(reach(unseen).max()) if len(unseen) else 0.0
    distance_m = shapely.distance(ordered.geometry.to_numpy(), town_m.boundary)
    marked = (distance_m <= reach_m) & (reach_m > 0)
    return pd.DataFrame({"area": ordered["area"], "edge_incomplete": marked, "reach_m": reach_m})


def sectors_beyond(
    reads: Mapping[str, Sequence[str]], coverage: pd.DataFrame | None
) -> frozenset[str]:
    """Return the sectors whose kinds are all covered completely around the town, as ``BEYOND``.

    ``reads`` is sector to the kinds its models read. Without coverage (None) nothing is said of
    what lies outside.
    """
    if coverage is None:
        return frozenset()
    there = coverage[(coverage["village"] == BEYOND) & (coverage["status"] == "complete")]
    covered = set(there["kind"])
    return frozenset(sector for sector, kinds in reads.items() if kinds and covered >= set(kinds))


def near_border(
    receptors: gpd.GeoDataFrame, areas_m: gpd.GeoDataFrame, constants: Constants
) -> Bools:
    """Tell which receptors lie so near to the border of their area that it may be another's.

    Boundaries are often only that good (METHOD 7.9). Shape (J,); False outside every area.
    """
    row = loading.rows_of(receptors["area"].to_numpy(), areas_m["area"].to_numpy())
    borders = np.append(shapely.boundary(areas_m.geometry.to_numpy()), [None])
    spots = shapely.point_on_surface(receptors.geometry.to_numpy())
    near: Bools = shapely.distance(spots, borders[row]) <= number(constants, "border_m")
    return near


Members = tuple[Ints, Ints, Floats]
"""Row of a receptor, row of the cell that has part of it (-1 outside), and which part (0..1)."""


def _members(receptors: gpd.GeoDataFrame, cells: Objects) -> Members:
    """Put people into one cell each, and cut assets."""
    shapes = receptors.geometry.to_numpy()
    free = receptors["own"].to_numpy() == 0
    people, assets = np.flatnonzero(free), np.flatnonzero(~free)
    home = apportion.home(shapely.point_on_surface(shapes[people]), cells)
    cut = apportion.shares(shapes[assets], cells)
    piece, share = cut["row"].to_numpy(dtype=np.int64), cut["share"].to_numpy(dtype=np.float64)
    rest = 1.0 - np.bincount(piece, weights=share, minlength=len(assets))
    left = np.flatnonzero(rest > 0)
    row = np.concatenate([people, assets[piece], assets[left]])
    cell = np.concatenate([home, cut["area"].to_numpy(dtype=np.int64), np.full(len(left), -1)])
    part = np.concatenate([np.ones(len(people)), share, rest[left]])
    order = np.lexsort((cell, row))
    return row[order], cell[order], part[order]


def _level(
    result: Result,
    level: str,
    cells: gpd.GeoDataFrame,
    members: Members,
    areas: gpd.GeoDataFrame,
    constants: Constants,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the loads and totals of one level; the last row of each is outside."""
    sectors = list(dict.fromkeys(result.sectors["sector"]))
    receptors, pairs, hits = _on(result, members, len(cells))
    numbers_of = np.arange(len(cells) + 1)
    load, exposed = loading.load(
        hits, result.sources, receptors, pairs, areas=numbers_of, sectors=sectors
    )
    known, ground = (
        np.column_stack([part, np.zeros(len(part))]) for part in _known(result, cells, areas)
    )
    code = np.append(cells["code"].to_numpy(dtype=object), OUTSIDE)
    loads = pd.DataFrame(
        {
            "level": level,
            "code": np.tile(code, len(sectors)),
            "sector": np.repeat(np.array(sectors, dtype=object), len(code)),
            "load": load.ravel(),
            "exposed": exposed.ravel(),
            "known_share": _part(known, ground).ravel(),
            "known": known.ravel() >= number(constants, "cell_known_share"),
        }
    )
    km2 = np.append(shapely.area(cells.geometry.to_numpy()) / M2_PER_KM2, np.nan)
    people = receptors[receptors["own"] == 0]
    row = people["area"].to_numpy(dtype=np.int64)
    count = np.bincount(row[~people["site"].duplicated().to_numpy()], minlength=len(code))
    totals = pd.DataFrame(
        {
            "level": level,
            "code": code,
            "area_km2": km2,
            "exposed": np.bincount(row, weights=people["weight"], minlength=len(code)),
            "people": np.bincount(row, weights=people["people"], minlength=len(code)),
            "receptors": count,
            "sources": _sources(result.sources, cells),
        }
    )
    return loads, totals


def _on(
    result: Result, members: Members, outside: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, Floats]:
    """Return receptors, pairs and hits of the evaluation with cells for areas."""
    row, cell, part = members
    receptors = result.receptors.iloc[row].reset_index(drop=True)
    receptors = receptors.assign(
        area=np.where(cell < 0, outside, cell), weight=receptors["weight"].to_numpy() * part
    )
    of = result.pairs["receptor"].to_numpy(dtype=np.int64)
    start = np.searchsorted(of, row, side="left")
    each = np.searchsorted(of, row, side="right") - start
    ramp = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    at = np.repeat(start, each) + ramp
    pairs = result.pairs.iloc[at].assign(receptor=np.repeat(np.arange(len(row)), each))
    return receptors, pairs, loading.hit(result.sources, result.pairs)[at]


def _known(
    result: Result, cells: gpd.GeoDataFrame, areas: gpd.GeoDataFrame
) -> tuple[Floats, Floats]:
    """Return the part of each cell in areas where a sector is known, and in any area at all.

    Shapes (S, cells) and (1, cells).
    """
    there = sectors_known(result, areas["area"].to_numpy(dtype=np.int64))
    cut = apportion.shares(cells.geometry.to_numpy(), areas.geometry.to_numpy())
    cell, area = (cut[name].to_numpy(dtype=np.int64) for name in ("row", "area"))
    share = cut["share"].to_numpy(dtype=np.float64)
    known, ground = (
        np.array([np.bincount(cell, weights=part, minlength=len(cells)) for part in parts])
        for parts in (share * there[:, area], share[None, :])
    )
    return known, ground


def _part(known: Floats, ground: Floats) -> Floats:
    """Return the known part of the ground, 0 where there is none."""
    found: Floats = np.divide(known, ground, out=np.zeros_like(known), where=ground > 0)
    return found


def _sources(sources: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> Ints:
    """Count the places that are a source in each cell, each once, and outside."""
    places = sources.drop_duplicates("site")
    spots = shapely.point_on_surface(places.geometry.to_numpy())
    row = apportion.home(spots, cells.geometry.to_numpy())
    row = np.where(row < 0, len(cells), row)
    return np.bincount(row, minlength=len(cells) + 1).astype(np.int64)
