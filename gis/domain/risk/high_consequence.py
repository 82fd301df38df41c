"""Sections of long-distance pipelines: class location, high-consequence areas (METHOD 5.4, 5.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import class_location
from gis.domain.risk import constants as given
from gis.domain.risk.class_location import CLASSES, FOUR, THREE
from gis.domain.risk.consequence import impact_radius_m
from gis.domain.risk.constants import Constants
from gis.domain.risk.fire_clusters import components
from gis.domain.risk.model import Reach, Scene
from gis.domain.risk.polylines import ROUNDING_M, cut
from gis.domain.risk.sources import places

CONFINED = ("school", "hospital", "elderly_home")
CROWDED = "small_place"
FLAMMABLE = ("gas_station", "lpg_station")
ROAD, WATER = "road", "water_source"
KINDS = (*class_location.KINDS, *CONFINED, CROWDED, *FLAMMABLE, ROAD, WATER)
"""Everything beside a pipeline that is looked at."""

LEVELS = ("Ⅰ", "Ⅱ", "Ⅲ")
"""Levels of GB 32167-2015, the least first; a level as a number is its place here plus 1, 0 is
none."""

GAS_ITEMS, OIL_ITEMS = "气", "油"
"""What the letters of Table 2 and of Table 1 are put after."""

COMPUTED = {
    "part": np.int64,
    "class_used": object,
    "class_computed": object,
    "households": np.float64,
    "estimated": np.bool_,
    "hca_used": object,
    "hca_computed": object,
    "hca_items": object,
}
"""What ``sections`` adds to the columns of its pipes: number among the sections of its pipe; class
on record, else by the households (None: unknown), and the latter alone; the most households of 2 km
(NaN: unknown), and whether some are estimated; level on record, else as found (None: none), and the
latter alone, with the items of the standard that hold."""


def sections(pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Divide pipes where the class location or the level of high-consequence area changes.

    Parameters
    ----------
    pipes
        Site frame of lines in metres.
    scene
        Whatever stands beside them.
    constants
        The values of ``gas.toml``.

    Returns
    -------
    The rows of ``pipes``, each as often as it has sections, with the geometry of the section and
    the columns ``COMPUTED``; by row, then along the line. The sections of a pipe cover it exactly.

    Notes
    -----
    A class or level on record outranks what is found here and holds for the whole record
    (METHOD 0.2, rule 2); of what is found in a section the highest is told.
    """
    if not len(pipes):
        return undivided(pipes)
    homes = class_location.dwellings(scene.sites_m, constants)
    found, chains = class_location.elements(pipes, homes, scene.near, constants)
    row = found["row"].to_numpy()
    names = given.texts(constants, "class_names")
    official = _place(pipes["class_location"], {name: n for n, name in enumerate(names)})[row]
    rank = np.where(official < 0, found["rank"].to_numpy(), official)
    items = _items(found, pipes.iloc[row], rank, scene, constants)
    level = _level(items, constants)
    ranks = {name: number for number, name in enumerate(LEVELS, start=1)}
    stated = _place(pipes["hca"], {given.text(constants, "hca_none"): 0, **ranks})[row]
    used = np.where(stated < 0, level, stated)
    # 一级一类 and 一级二类 are one class as operators record it.
    used_rank = np.where(rank == 0, 1, rank)
    found = found.assign(**items, level=level, used_rank=used_rank, used_level=used)
    return _joined(pipes, found, chains, list(items), constants)


def reach(pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> Reach:
    """Return how far pipes look for their sections: together with all that meet them.

    For what stands beside them, and for the nearest dwelling: by it a line counts as surveyed.
    """
    names = ("class_strip_m", "hca_strip_m", "hca_road_m")
    strip_m = max(given.number(constants, name) for name in names)
    shapes = pipes.geometry.to_numpy()
    lines, row = shapely.get_parts(shapes, return_index=True)
    far_m = np.maximum(impact_m(pipes, constants)[0], strip_m)
    surveyed_m = class_location.surveyed_by_m(lines, scene.sites_m, constants)
    np.maximum.at(far_m, row, surveyed_m)
    i, j, _ = scene.near(shapes, shapes, ROUNDING_M)
    return Reach(far_m, components(len(pipes), i, j))


def undivided(pipes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows of pipes as one section each, of which nothing is reckoned: city gas."""
    nothing: Mapping[str, Any] = {"part": 0, "households": np.nan, "estimated": False}
    blank: dict[str, Any] = {
        name: np.full(len(pipes), nothing.get(name), dtype) for name, dtype in COMPUTED.items()
    }
    return pipes.assign(**blank)


def impact_m(pipes: pd.DataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """Return the potential impact radius of pipes, metres, and what was unknown (METHOD 5.5).

    0.099 sqrt(d2 p) with the maximum allowable operating pressure, else the design pressure, else
    the highest of its class. The coefficient holds for natural gas only: see ``is_other_gas``.
    """
    diameter, no_diameter = read.number(
        pipes["diameter_mm"], given.number(constants, "unknown_diameter_mm")
    )
    pressure, no_pressure = read.number(operating_mpa(pipes), np.nan)
    by_class, no_class = read.graded(
        pipes["pressure_class"],
        given.table(constants, "class_pressure_mpa"),
        given.number(constants, "unknown_pressure_mpa"),
    )
    pressure = np.where(no_pressure, by_class, pressure)
    radius = impact_radius_m(diameter, pressure, given.number(constants, "impact_coefficient"))
    return radius, {"diameter_mm": no_diameter, "pressure_mpa": no_pressure & no_class}


def is_other_gas(pipes: pd.DataFrame, constants: Constants) -> Bools:
    """Tell which pipes carry a gas for which the formula of the impact radius does not hold.

    What is neither oil nor natural gas; a pipe of unknown medium is taken for natural gas here.
    """
    formula = [given.text(constants, name) for name in ("oil", "natural_gas")]
    other: Bools = (pipes["medium"].notna() & ~pipes["medium"].isin(formula)).to_numpy(dtype=bool)
    return other


def operating_mpa(pipes: pd.DataFrame) -> pd.Series:
    """Return the maximum allowable operating pressure, MPa; the design pressure where unknown."""
    return pipes["maop_mpa"].fillna(pipes["pressure_mpa"])


def _place(values: pd.Series, table: Mapping[str, int]) -> Ints:
    """Return the number of each value, -1 where it is missing."""
    found: Ints = values.map(dict(table)).fillna(-1).to_numpy().astype(np.int64)
    return found


def _items(
    found: gpd.GeoDataFrame, pipes: pd.DataFrame, rank: Ints, scene: Scene, constants: Constants
) -> dict[str, Bools]:
    """Tell which items of the standard hold at each element; ``pipes`` has the row of each.

    A pipe of unknown medium is judged as both.
    """
    medium = pipes["medium"]
    oil = (medium == given.text(constants, "oil")).to_numpy(dtype=bool)
    unknown = medium.isna().to_numpy(dtype=bool)
    dense = _stretch(found, rank >= THREE)
    gas_items = _gas_items(found, pipes, rank, dense, scene, constants)
    oil_items = _oil_items(found, rank, dense, scene, constants)
    return {
        **{GAS_ITEMS + item: holds & ~oil for item, holds in gas_items.items()},
        **{OIL_ITEMS + item: holds & (oil | unknown) for item, holds in oil_items.items()},
    }


def _level(items: Mapping[str, Bools], constants: Constants) -> Ints:
    """Return the highest level of the items that hold, 0 where none does."""
    worth = {
        **{GAS_ITEMS + i: n for i, n in given.table(constants, "hca_gas_levels").items()},
        **{OIL_ITEMS + i: n for i, n in given.table(constants, "hca_oil_levels").items()},
    }
    levels = [np.where(holds, int(worth[item]), 0) for item, holds in items.items()]
    highest: Ints = np.max(levels, axis=0)
    return highest


def _gas_items(
    found: gpd.GeoDataFrame,
    pipes: pd.DataFrame,
    rank: Ints,
    dense: Bools,
    scene: Scene,
    constants: Constants,
) -> dict[str, Bools]:
    """Tell where the items of Table 2 hold (gas lines).

    Items c and d rest on the impact radius: a line without one has item e, whatever its size.
    """
    shapes = found.geometry.to_numpy()
    wide_mm, high_mpa = given.numbers(constants, "hca_large")
    narrow_mm, low_mpa = given.numbers(constants, "hca_small")
    diameter = pipes["diameter_mm"].to_numpy(dtype=np.float64)
    pressure = operating_mpa(pipes).to_numpy(dtype=np.float64)
    measured = ~is_other_gas(pipes, constants)
    large = measured & (diameter > wide_mm) & (pressure > high_mpa)
    small = measured & (diameter < narrow_mm) & (pressure < low_mpa)
    strip_m = given.number(constants, "hca_strip_m")
    reach_m = np.where(large | small, impact_m(pipes, constants)[0], strip_m)
    gathered = _within(shapes, _gathering(scene, constants), reach_m, scene)
    fuel = _within(shapes, _frames(scene, FLAMMABLE), strip_m, scene)
    return {
        "a": dense & (rank == FOUR),
        "b": dense & (rank == THREE),
        "c": large & gathered,
        "d": small & gathered,
        "e": ~(large | small) & gathered,
        "f": (rank < THREE) & fuel,
    }


def _oil_items(
    found: gpd.GeoDataFrame, rank: Ints, dense: Bools, scene: Scene, constants: Constants
) -> dict[str, Bools]:
    """Tell where the items of Table 1 hold (oil lines); e, nature reserves, is not on record."""
    shapes = found.geometry.to_numpy()
    village = found["settled"].to_numpy() >= given.number(constants, "settlement_households")
    main = [
        roads[roads["road_class"].isin(given.texts(constants, "main_roads")).to_numpy(dtype=bool)]
        for roads in places(scene.sites_m, ROAD)
    ]
    near_m, strip_m = (given.number(constants, name) for name in ("hca_road_m", "hca_strip_m"))
    return {
        "a": dense & (rank == FOUR),
        "b": dense & (rank == THREE),
        "c": _stretch(found, village),
        "d": _within(shapes, [*main, *_frames(scene, FLAMMABLE)], near_m, scene),
        "f": _within(shapes, _reservoirs(scene, constants), strip_m, scene),
    }


def _stretch(found: pd.DataFrame, where: Bools) -> Bools:
    """Shorten runs of elements along a chain to what lies between their outermost dwellings.

    The boundary of the standard is 200 m from the outer edge of the nearest building. A run beside
    which no dwelling is on record, but whose class is, stays whole.
    """
    chain = found["chain"].to_numpy()
    breaks = np.ones(len(found), dtype=bool)
    breaks[1:] = (where[1:] != where[:-1]) | (chain[1:] != chain[:-1])
    run = pd.Series(np.cumsum(breaks))
    home = found["built_up"].reset_index(drop=True)
    behind = home.groupby(run).cummax()
    ahead = home[::-1].groupby(run[::-1]).cummax()[::-1]
    bare = ~home.groupby(run).transform("any")
    inside: Bools = where & ((behind & ahead) | bare).to_numpy(dtype=bool)
    return inside


def _gathering(scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """Return the 特定场所: hard to leave, or crowded by what is on record."""
    least = given.number(constants, "crowd_people")
    crowded = [
        found[(found["peak_people"] >= least).to_numpy(dtype=bool)]
        for found in places(scene.sites_m, CROWDED)
    ]
    return [*_frames(scene, CONFINED), *crowded]


def _reservoirs(scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """Return reservoirs that are large or medium ones, or whose volume nobody recorded."""
    least = given.number(constants, "reservoir_m3")
    kind = given.text(constants, "reservoir")
    return [
        found[
            (found["source_type"] == kind).to_numpy(dtype=bool)
            & ~(found["volume_m3"] < least).to_numpy(dtype=bool)
        ]
        for found in places(scene.sites_m, WATER)
    ]


def _frames(scene: Scene, kinds: Sequence[str]) -> list[gpd.GeoDataFrame]:
    return [found for kind in kinds for found in places(scene.sites_m, kind)]


def _within(
    shapes: Objects, others: Sequence[gpd.GeoDataFrame], reach_m: float | Floats, scene: Scene
) -> Bools:
    """Tell which shapes have any of the places within their reach."""
    found = np.zeros(len(shapes), dtype=bool)
    for there in others:
        found[scene.near(shapes, there.geometry.to_numpy(), reach_m)[0]] = True
    return found


def _joined(
    pipes: gpd.GeoDataFrame,
    found: gpd.GeoDataFrame,
    chains: Objects,
    items: Sequence[str],
    constants: Constants,
) -> gpd.GeoDataFrame:
    """Join neighbouring elements of a line into sections where class and level are the same."""
    ordered = pd.DataFrame(found.drop(columns="geometry"))
    ordered = ordered.sort_values(["line", "from_m"], kind="stable", ignore_index=True)
    keys = ordered[["line", "used_rank", "used_level"]]
    groups = ordered.groupby((keys != keys.shift()).any(axis=1).cumsum())
    most = groups.max().assign(from_m=groups["from_m"].first())
    most = _along(most, pipes, chains)
    row = most["row"].to_numpy()
    levels: Objects = np.array([None, *LEVELS], dtype=object)
    names = given.texts(constants, "class_names")
    found_items = np.where(most[items], np.array(items, dtype=object), "")
    said: Objects = np.array(
        [" ".join(filter(None, held)) or None for held in found_items], dtype=object
    )
    computed = {
        "part": most.groupby("row").cumcount().to_numpy(),
        "class_used": np.array([*names, None], dtype=object)[most["used_rank"]],
        "class_computed": np.array([*CLASSES, None], dtype=object)[most["rank"]],
        "households": most["households"].where(most["rank"] >= 0).to_numpy(),
        "estimated": (most["estimated"] > 0).to_numpy(),
        "hca_used": levels[most["used_level"]],
        "hca_computed": levels[most["level"]],
        "hca_items": said,
    }
    shapes = most["geometry"].to_numpy()
    rows = pipes.iloc[row].reset_index(drop=True).assign(**computed)
    return rows.set_geometry(shapes, crs=pipes.crs)


def _along(most: pd.DataFrame, pipes: gpd.GeoDataFrame, chains: Objects) -> pd.DataFrame:
    """Give sections their geometry, and order them by pipe and along its line."""
    shapes = cut(chains, *(most[name].to_numpy() for name in ("chain", "from_m", "to_m")))
    lines = shapely.get_parts(pipes.geometry.to_numpy())[most["line"]]
    middle = shapely.line_interpolate_point(shapes, 0.5, normalized=True)
    at_m = shapely.line_locate_point(lines, middle)
    alone = most.groupby("row")["line"].transform("size").to_numpy() == 1
    shapes = np.where(alone, pipes.geometry.to_numpy()[most["row"]], shapes)
    placed = most.assign(at_m=at_m, geometry=shapes)
    return placed.sort_values(["row", "line", "at_m"], kind="stable", ignore_index=True)
