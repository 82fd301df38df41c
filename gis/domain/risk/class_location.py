"""Class location of long-distance pipelines by the households beside them (METHOD 5.4)."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.frames import frame, stack
from gis.domain.risk.model import Near, Sites
from gis.domain.risk.polylines import chains, cut
from gis.domain.risk.sources import places

KINDS = ("self_built_house", "building")
"""Where households live, as far as the register tells."""

CLASSES = ("一级一类", "一级二类", "二级", "三级", "四级")
"""Classes of GB 50251-2015; the ``rank`` of an element is its place here."""

UNSURVEYED = -1
"""Rank where no dwelling is on record far and wide: nobody may have looked."""

THREE, FOUR = CLASSES.index("三级"), CLASSES.index("四级")

OVERLAP_M = 0.01
"""A strip reaches so far over the ends of its element: a bend between two is filled like one
within."""

SNAP = 1e-6
"""Part of an element by which rounding may shift the end of a record."""

DWELLINGS = {
    "id": np.int64,
    "geometry": object,
    "households": np.float64,
    "tall": np.float64,
    "estimated": np.float64,
}
"""Columns of a dwellings frame: households, those of them in tall buildings, and those that are
not recorded but estimated."""


def dwellings(sites_m: Sites, constants: Constants) -> gpd.GeoDataFrame:
    """Return the buildings in which households live, by site id.

    Parameters
    ----------
    sites_m
        Kind to site frame in metres; self-built houses and buildings are read.
    constants
        The values of ``gas.toml``.

    Returns
    -------
    Frame with the columns ``DWELLINGS``; its geometries are footprints, or points. What stands
    empty is left out. A building has the households recorded; where none are, a residential one has
    as many as its floor area may hold, a workplace none, any other building one. A self-built
    house is one household.
    """
    found = [
        _dwellings(places_[read.in_use(places_, given.text(constants, "idle_use"))], constants)
        for kind in KINDS
        for places_ in places(sites_m, kind)
    ]
    together = stack(found, DWELLINGS)
    lived_in = together[(together["households"] > 0).to_numpy(dtype=bool)]
    return lived_in.sort_values("id", kind="stable", ignore_index=True)


ELEMENTS = {
    "row": np.int64,
    "line": np.int64,
    "chain": np.int64,
    "from_m": np.float64,
    "to_m": np.float64,
    "geometry": object,
    "rank": np.int64,
    "households": np.float64,
    "estimated": np.float64,
    "settled": np.float64,
    "built_up": np.bool_,
}
"""Columns of an elements frame: row of the pipe, line of its geometry, chain and chainage along it,
metres; place in ``CLASSES`` or ``UNSURVEYED``; the most households of the windows of 2 km that
contain the element, and the most estimated ones; the most of the shorter windows that tell a
settlement; whether a dwelling lies within the half width of the strip."""


def elements(
    pipes: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, near: Near, constants: Constants
) -> tuple[gpd.GeoDataFrame, Objects]:
    """Cut pipes into short elements and classify each by the households beside the line.

    Parameters
    ----------
    pipes
        Site frame of lines in metres, n rows; one at least.
    homes
        Dwellings frame.
    near
        The one spatial join.
    constants
        The values of ``gas.toml``.

    Returns
    -------
    Frame with the columns ``ELEMENTS``, by chain and chainage, the elements of a row covering its
    line exactly; and the chains, LineStrings.

    Notes
    -----
    METHOD 5.4. Pipes that meet end to end are one chain, since a window does not end where a record
    does. A chain is divided into equal steps of at most 50 m; a window is as many of them as reach
    2 km, or the whole chain. A household counts in a window if its footprint touches the strip of
    200 m to both sides, cut off square at its ends. An element takes the highest class and number
    of the windows that contain it: a line read backwards has the same classes backwards.
    """
    lines, row = shapely.get_parts(shapely.force_2d(pipes.geometry.to_numpy()), return_index=True)
    joined, chain, from_m = chains(lines)
    grid = _grid(joined, given.number(constants, "class_step_m"))
    counted = _classified(grid, joined, homes, near, constants)
    line, number, start, stop = _divided(grid, chain, from_m, from_m + shapely.length(lines))
    pieces = cut(joined, chain[line], start, stop)
    surveyed = _surveyed(lines, homes, given.number(constants, "surveyed_m"))[line]
    columns = {
        "row": row[line],
        "line": line,
        "chain": chain[line],
        "from_m": start,
        "to_m": stop,
        "geometry": pieces,
        **{name: column[number] for name, column in counted.items()},
        "rank": np.where(surveyed, counted["rank"][number], UNSURVEYED),
        "built_up": _beside(pieces, homes, near, given.number(constants, "class_strip_m")),
    }
    found = frame(columns, ELEMENTS, pipes.crs)
    order = ["chain", "from_m", "line"]
    return found.sort_values(order, kind="stable", ignore_index=True), joined


def surveyed_by_m(lines: Objects, sites_m: Sites, constants: Constants) -> Floats:
    """Return how far off the dwelling is by which a line counts as surveyed, metres; shape (n,).

    Where there is none within ``surveyed_m``, that far: one there would change it.
    """
    found = np.full(len(lines), given.number(constants, "surveyed_m"))
    homes = dwellings(sites_m, constants).geometry.to_numpy()
    (line, _), off_m = shapely.STRtree(homes).query_nearest(
        lines, return_distance=True, all_matches=False
    )
    found[line] = np.minimum(found[line], off_m)
    return found


def _dwellings(used: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    """Count the households of a kind's places."""
    households, unknown = np.ones(len(used)), np.zeros(len(used), dtype=bool)
    if "households" in used:
        households, unknown = read.number(used["households"], 0.0)
        households = np.where(unknown, _held(used, constants), households)
    tall = (used["storeys"] >= given.number(constants, "class_four_storeys")).to_numpy(dtype=bool)
    columns = {
        "id": used["id"].to_numpy(dtype=np.int64),
        "geometry": used.geometry.to_numpy(),
        "households": households,
        "tall": np.where(tall, households, 0.0),
        "estimated": np.where(unknown, households, 0.0),
    }
    return frame(columns, DWELLINGS, used.crs)


def _held(used: gpd.GeoDataFrame, constants: Constants) -> Floats:
    """Return how many households buildings may hold: many rather than few."""
    storeys, _ = read.number(used["storeys"], given.number(constants, "unknown_storeys"))
    floor_m2 = used["floor_area_m2"].to_numpy(dtype=np.float64)
    floor_m2 = np.where(np.isnan(floor_m2), storeys * shapely.area(used.geometry), floor_m2)
    homes = np.ceil(floor_m2 / given.number(constants, "household_floor_m2"))
    uses = used["use"]
    lived_in = uses.isin(given.texts(constants, "dwelling_uses")).to_numpy(dtype=bool)
    workplace = uses.isin(given.texts(constants, "workplace_uses")).to_numpy(dtype=bool)
    return np.where(lived_in, np.maximum(homes, 1.0), np.where(workplace, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class _Grid:
    """The equal elements of C chains, E in all.

    Attributes
    ----------
    step_m, count, offset
        Length of an element, their number, and the first one's number; shape (C,).
    chain, from_m, to_m
        Chain and chainage of each element, shape (E,).
    """

    step_m: Floats
    count: Ints
    offset: Ints
    chain: Ints
    from_m: Floats
    to_m: Floats

    def window(self, length_m: float) -> Ints:
        """Return how many elements a window of this length has in each chain, shape (C,)."""
        reach = np.ceil(length_m / self.step_m - SNAP).astype(np.int64)
        return np.minimum(np.maximum(reach, 1), self.count)


def _grid(joined: Objects, most_m: float) -> _Grid:
    length_m = shapely.length(joined)
    count = np.maximum(np.ceil(length_m / most_m - SNAP), 1).astype(np.int64)
    step_m = length_m / count
    offset = np.cumsum(count) - count
    chain = np.repeat(np.arange(len(joined)), count)
    number = np.arange(count.sum()) - offset[chain]
    return _Grid(step_m, count, offset, chain, step_m[chain] * number, step_m[chain] * (number + 1))


def _classified(
    grid: _Grid, joined: Objects, homes: gpd.GeoDataFrame, near: Near, constants: Constants
) -> dict[str, Ints | Floats]:
    """Return rank, households, estimated and settled of each element of the grid, shape (E,)."""
    ends = (grid.from_m - OVERLAP_M, grid.to_m + OVERLAP_M)
    width_m = given.number(constants, "class_strip_m")
    strips = shapely.buffer(cut(joined, grid.chain, *ends), width_m, cap_style="flat")
    element, home, _ = near(strips, homes.geometry.to_numpy(), 0.0)
    number = homes[["households", "tall", "estimated"]].to_numpy(dtype=np.float64)
    window = grid.window(given.number(constants, "class_window_m"))
    households, tall, estimated = _in_windows(grid, window, element, home, number)
    rank = _rank(households, tall, constants)
    short = grid.window(given.number(constants, "settlement_window_m"))
    settled, *_ = _in_windows(grid, short, element, home, number)
    return {
        "rank": _highest(grid, window, rank),
        "households": _highest(grid, window, households),
        "estimated": _highest(grid, window, estimated),
        "settled": _highest(grid, short, settled),
    }


def _rank(households: Floats, tall: Floats, constants: Constants) -> Floats:
    """Return the class of windows: by their households, and whether most live in tall buildings."""
    least = given.numbers(constants, "class_households")
    rank = np.searchsorted(least, households, side="right")
    mostly = tall > given.number(constants, "class_four_share") * households
    return np.where((rank == THREE) & mostly, FOUR, rank).astype(np.float64)


def _in_windows(grid: _Grid, window: Ints, element: Ints, home: Ints, number: Floats) -> Floats:
    """Add up numbers of the homes that touch any element of each window.

    Parameters
    ----------
    window
        Elements of a window by chain, shape (C,).
    element, home
        Which home touches which element, shape (P,).
    number
        Numbers of the homes, shape (J, m).

    Returns
    -------
    Shape (m, E): of the window that begins at each element; what begins too late for a whole
    window means nothing.
    """
    order = np.lexsort((element, home))
    element, home = element[order], home[order]
    chain = grid.chain[element]
    first = np.maximum(element - window[chain] + 1, grid.offset[chain])
    last = np.minimum(element, (grid.offset + grid.count - window)[chain])
    # Windows that an earlier element of the same home opened already hold that home.
    again = (home[1:] == home[:-1]) & (chain[1:] == chain[:-1])
    first[1:] = np.where(again, np.maximum(first[1:], last[:-1] + 1), first[1:])
    new = first <= last
    n = len(grid.chain) + 1
    change = [
        np.bincount(first[new], weights=column, minlength=n)
        - np.bincount(last[new] + 1, weights=column, minlength=n)
        for column in number[home[new]].T
    ]
    found: Floats = np.cumsum(change, axis=1)[:, :-1]
    return found


def _highest(grid: _Grid, window: Ints, values: Floats) -> Floats:
    """Return the highest value of the windows that contain each element, shape (E,)."""
    highest = np.empty(len(values))
    for offset, count, wide in zip(grid.offset, grid.count, window, strict=True):  # a few chains
        whole = values[offset : offset + count - wide + 1]
        padded = np.pad(whole, wide - 1, constant_values=-1.0)
        views = np.lib.stride_tricks.sliding_window_view(padded, wide)
        highest[offset : offset + count] = views.max(axis=1)
    return highest


def _divided(
    grid: _Grid, chain: Ints, from_m: Floats, to_m: Floats
) -> tuple[Ints, Ints, Floats, Floats]:
    """Divide stretches of chains at the ends of elements: stretch, element, and both ends."""
    step_m, count = grid.step_m[chain], grid.count[chain]
    first = np.minimum(np.floor(from_m / step_m + SNAP), count - 1).astype(np.int64)
    stop = np.maximum(np.ceil(to_m / step_m - SNAP), first + 1).astype(np.int64)
    stop = np.minimum(stop, count)
    many = stop - first
    line = np.repeat(np.arange(len(chain)), many)
    place = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    element = (grid.offset[chain] + first)[line] + place
    start = np.where(place == 0, from_m[line], grid.from_m[element])
    end = np.where(place == many[line] - 1, to_m[line], grid.to_m[element])
    return line, element, start, end


def _surveyed(lines: Objects, homes: gpd.GeoDataFrame, within_m: float) -> Bools:
    """Tell which lines have any dwelling on record around them."""
    found = np.zeros(len(lines), dtype=bool)
    if len(homes):
        tree = shapely.STRtree(homes.geometry.to_numpy())
        found[tree.query_nearest(lines, max_distance=within_m, all_matches=False)[0]] = True
    return found


def _beside(pieces: Objects, homes: gpd.GeoDataFrame, near: Near, within_m: float) -> Bools:
    """Tell which pieces have a dwelling within a distance."""
    found = np.zeros(len(pieces), dtype=bool)
    found[near(pieces, homes.geometry.to_numpy(), within_m)[0]] = True
    return found
