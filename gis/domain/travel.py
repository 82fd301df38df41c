"""How long the nearest fire engine takes to places: along the roads, else as the crow flies."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from gis.domain.arrays import Bools, Floats, Geometries, Ints, Objects
from gis.domain.risk.attributes import graded, number, texts
from gis.domain.risk.constants import Constants, table
from gis.domain.risk.constants import number as constant
from gis.domain.risk.constants import texts as constant_texts


@dataclass(frozen=True, slots=True)
class Network:
    """Roads cut at their junctions.

    Attributes
    ----------
    lines
        Roads in one metric CRS, none of which crosses itself, shape (L,).
    m_per_min
        Speed on each, shape (L,).
    road, along_m, node
        The cuts, sorted by road and place: row of the road, metres from its start, and the
        number of the junction, shape (C,). Every road is cut at both ends.
    graph
        Minutes between junctions that follow one another, the fastest where there are several,
        shape (N, N), stored once for both directions.
    stop_node, stop_off_m
        Junction nearest to a stop and metres from one to the other; a stop has several where
        roads are equally near. None where there are no roads.
    """

    lines: Objects
    m_per_min: Floats
    road: Ints
    along_m: Floats
    node: Ints
    graph: csr_array
    stop_node: Ints
    stop_off_m: Floats


@dataclass(frozen=True, slots=True)
class Drive:
    """The ways of fire engines: worth keeping while stations and roads stay as they are.

    Attributes
    ----------
    stations
        Where they stand, shape (S,).
    roads
        The network, with the stations as stops.
    at_node
        Minutes from the nearest of them to each junction, inf where no road leads there,
        shape (N,).
    """

    stations: Objects
    roads: Network
    at_node: Floats


def minutes(
    places: Geometries,
    stations: Geometries,
    roads_m: gpd.GeoDataFrame,
    constants: Constants,
) -> pd.DataFrame:
    """Return how long the nearest fire engine takes to each place.

    Parameters
    ----------
    places, stations
        In one metric CRS, shapes (J,) and (S,). May be empty; none may be missing. Choose the
        stations by ``engines``.
    roads_m
        Site frame of the roads in the same CRS; may be empty.
    constants
        The values of ``exposure.toml``.

    Returns
    -------
    As ``arrivals`` gives it.
    """
    return arrivals(places, drive(stations, roads_m, constants), constants)


def drive(stations: Geometries, roads_m: gpd.GeoDataFrame, constants: Constants) -> Drive:
    """Find the ways from the stations; parameters as for ``minutes``."""
    base = np.asarray(stations, dtype=object)
    roads = network(roads_m, constants, stops=base)
    return Drive(base, roads, _from_stops(roads, constants))


def arrivals(places: Geometries, ways: Drive, constants: Constants) -> pd.DataFrame:
    """Return when the nearest fire engine is at each place.

    Parameters
    ----------
    places
        In the CRS of the stations, shape (J,).
    ways
        As ``drive`` gives them.
    constants
        The values of ``exposure.toml``.

    Returns
    -------
    Frame with ``minutes`` (NaN where there is no station at all) and ``straight``: whether it is
    1.4 x the straight line at 40 km/h (METHOD 6.3), since no road that leads to a station comes
    within ``access_limit_m`` of the place. A place's row does not depend on the other places.

    Notes
    -----
    Along the roads: from the station across the yard to the nearest road, over the network, and
    from the nearest road to the place (edge to edge) on foot. Nothing is said of one-way
    streets, turns, traffic, or the time until the engine leaves.
    """
    to = np.asarray(places, dtype=object)
    straight = _straight(to, ways.stations, constants)
    if not len(ways.stations) or not len(to):
        return pd.DataFrame({"minutes": straight, "straight": np.ones(len(to), dtype=bool)})
    driven = _driven(to, ways.roads, ways.at_node, constants)
    lost = np.isinf(driven)
    return pd.DataFrame({"minutes": np.where(lost, straight, driven), "straight": lost})


def engines(stations: pd.DataFrame, constants: Constants) -> Bools:
    """Tell which fire stations have an engine that counts, by their type; shape (n,)."""
    counted = constant_texts(constants, "engine_stations")
    found: Bools = np.isin(texts(stations["station_type"]).astype(str), counted)
    return found


def slowest(values: Floats, people: Floats, area: Ints, n_areas: int, share: float) -> Floats:
    """Return within which time a share of each area's people is reached.

    Parameters
    ----------
    values, people
        Minutes and number of people of each place, shape (J,).
    area
        Row of its area, negative outside, shape (J,).
    share
        0..1, for example 0.9.

    Returns
    -------
    The least time that at least this share of the area's people does not exceed, shape (A,);
    NaN where nobody is.
    """
    kept = np.flatnonzero((area >= 0) & (people > 0))
    order = kept[np.lexsort((values[kept], area[kept]))]
    at, weight = area[order], people[order]
    wanted = share * np.bincount(at, weights=weight, minlength=n_areas)
    passed = np.cumsum(weight)
    start = np.flatnonzero(np.diff(at, prepend=-1))
    before = np.append(0.0, passed)[start]
    passed -= np.repeat(before, np.diff(start, append=len(at)))
    reached = np.flatnonzero(passed >= wanted[at] * (1.0 - ROUNDING))
    first = np.unique(at[reached], return_index=True)[1]
    found = np.full(n_areas, np.nan)
    found[at[reached[first]]] = values[order[reached[first]]]
    return found


ROUNDING = 1e-12
"""Sums of people that differ by less, relatively, are equal."""


def network(roads_m: gpd.GeoDataFrame, constants: Constants, *, stops: Geometries = ()) -> Network:
    """Make a network of road lines.

    Parameters
    ----------
    roads_m
        Site frame of the roads in a metric CRS.
    constants
        The values of ``exposure.toml``.
    stops
        Places whose nearest point on the roads becomes a junction too.

    Notes
    -----
    Roads meet where they cross or share a vertex, and where the end of one lies within
    ``junction_tolerance_m`` of another. Roads of ``grade_separated`` meet others only at ends: what
    crosses a motorway passes over or under it. A road known to be narrower than an engine is
    none.
    """
    lines, m_per_min, apart = _lines(roads_m, constants)
    tolerance_m = constant(constants, "junction_tolerance_m")
    halts = np.asarray(stops, dtype=object)
    (stop, beside), off_m = shapely.STRtree(lines).query_nearest(halts, return_distance=True)
    road, points = _cuts(lines, apart, tolerance_m)
    road = np.concatenate([road, beside]).astype(np.int64)
    points = np.concatenate([points, _nearest(lines[beside], halts[stop])])
    along_m = shapely.line_locate_point(lines[road], points)
    node = _clusters(shapely.get_coordinates(points), tolerance_m)
    stop_node = node[len(node) - len(stop) :]
    order = np.lexsort((along_m, road))
    road, along_m, node = road[order], along_m[order], node[order]
    graph = _graph(road, along_m, node, m_per_min)
    return Network(lines, m_per_min, road, along_m, node, graph, stop_node, off_m)


def _lines(roads_m: gpd.GeoDataFrame, constants: Constants) -> tuple[Objects, Floats, Bools]:
    """Return lines that do not cross themselves, metres a minute, and which are apart."""
    passable = number(roads_m["width_m"], np.inf)[0] >= constant(constants, "engine_width_m")
    used = roads_m[passable]
    lines, of = shapely.get_parts(shapely.node(used.geometry.to_numpy()), return_index=True)
    by_class = graded(
        used["road_class"],
        table(constants, "speed_kmh"),
        constant(constants, "unknown_speed_kmh"),
    )[0]
    own = number(used["speed_kmh"], np.nan)[0]
    speed_kmh = np.where(np.isnan(own), by_class, own)
    apart = np.isin(
        texts(used["road_class"]).astype(str), constant_texts(constants, "grade_separated")
    )
    return lines, (speed_kmh / KMH)[of], apart[of]


KMH = 60.0 / 1000.0
"""Kilometres an hour in one metre a minute."""


def _cuts(lines: Objects, apart: Bools, tolerance_m: float) -> tuple[Ints, Objects]:
    """Return (row of the line, point) of every place where a line is cut."""
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    tree = shapely.STRtree(lines)
    end, beside = tree.query(ends, predicate="dwithin", distance=tolerance_m)
    i, j = tree.query(lines, predicate="intersects")
    crossing = (i < j) & ~apart[i] & ~apart[j]
    i, j = i[crossing], j[crossing]
    shared, pair = shapely.get_parts(shapely.intersection(lines[i], lines[j]), return_index=True)
    spots, part = _spots(shared)
    both = pair[part]
    own = np.tile(np.arange(len(lines)), 2)
    road = np.concatenate([own, beside, i[both], j[both]]).astype(np.int64)
    return road, np.concatenate([ends, ends[end], spots, spots])


def _spots(shared: Objects) -> tuple[Objects, Ints]:
    """Return the points where two lines meet; of a stretch they share its ends."""
    flat = shapely.get_dimensions(shared) == 1
    spots, stretches = np.flatnonzero(~flat), np.flatnonzero(flat)
    points = np.concatenate(
        [
            shared[spots],
            shapely.get_point(shared[stretches], 0),
            shapely.get_point(shared[stretches], -1),
        ]
    )
    return points, np.concatenate([spots, stretches, stretches]).astype(np.int64)


def _clusters(xy: Floats, tolerance_m: float) -> Ints:
    """Give one number to all points within the tolerance of each other."""
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    i, j = cKDTree(xy).query_pairs(tolerance_m, output_type="ndarray").T
    near = csr_array((np.ones(len(i), dtype=bool), (i, j)), shape=(len(xy), len(xy)))
    numbers: Ints = connected_components(near, directed=False)[1].astype(np.int64)
    return numbers


def _graph(road: Ints, along_m: Floats, node: Ints, m_per_min: Floats) -> csr_array:
    same = np.flatnonzero(road[1:] == road[:-1])
    a, b = np.sort(np.stack([node[same], node[same + 1]]), axis=0)
    took = (along_m[same + 1] - along_m[same]) / m_per_min[road[same]]
    order = np.lexsort((took, b, a))
    a, b, took = a[order], b[order], took[order]
    first = (np.diff(a, prepend=-1) != 0) | (np.diff(b, prepend=-1) != 0)
    kept = first & (a != b)
    n = int(node.max(initial=-1)) + 1
    return csr_array((took[kept], (a[kept], b[kept])), shape=(n, n))


def _from_stops(roads: Network, constants: Constants) -> Floats:
    """Return minutes from the nearest stop to each junction, inf where none leads there."""
    near = roads.stop_off_m <= constant(constants, "access_limit_m")
    if not near.any():
        return np.full(roads.graph.shape[0], np.inf)
    took = dijkstra(roads.graph, directed=False, indices=roads.stop_node[near])
    yard = roads.stop_off_m[near] / _access_m_per_min(constants)
    soonest: Floats = (took + yard[:, None]).min(axis=0)
    return soonest


def _driven(to: Objects, roads: Network, at_node: Floats, constants: Constants) -> Floats:
    """Return minutes along the roads to each place, inf where no road that is reached is near."""
    found = np.full(len(to), np.inf)
    # A road is cut at both ends: one junction that is reached and all of it is.
    lines = np.unique(roads.road[np.isfinite(at_node[roads.node])])
    (place, near), off_m = shapely.STRtree(roads.lines[lines]).query_nearest(
        to, max_distance=constant(constants, "access_limit_m"), return_distance=True
    )
    line = lines[near]
    stop = _nearest(roads.lines[line], to[place])
    along_m = shapely.line_locate_point(roads.lines[line], stop)
    took = np.min(
        [
            at_node[roads.node[cut]] + np.abs(along_m - roads.along_m[cut]) / roads.m_per_min[line]
            for cut in _between(roads, line, along_m)
        ],
        axis=0,
    )
    np.minimum.at(found, place, took + off_m / _access_m_per_min(constants))
    return found


def _between(roads: Network, line: Ints, along_m: Floats) -> tuple[Ints, Ints]:
    """Return the cuts before and after a place on a line."""
    # All roads one behind the other, a metre apart: one sorted axis for all of them.
    offset = np.append(0.0, np.cumsum(shapely.length(roads.lines) + 1.0))
    cuts, wanted = offset[roads.road] + roads.along_m, offset[line] + along_m
    first = np.searchsorted(roads.road, line, side="left")
    last = np.searchsorted(roads.road, line, side="right") - 1
    before = np.clip(np.searchsorted(cuts, wanted, side="right") - 1, first, last)
    return before.astype(np.int64), np.minimum(before + 1, last).astype(np.int64)


def _nearest(lines: Objects, shapes: Objects) -> Objects:
    """Return the point of each line that is nearest to the shape of the same row."""
    points: Objects = shapely.get_point(shapely.shortest_line(lines, shapes), 0)
    return points


def _straight(to: Objects, base: Objects, constants: Constants) -> Floats:
    found = np.full(len(to), np.nan)
    if len(base) and len(to):
        (place, _), off_m = shapely.STRtree(base).query_nearest(
            to, return_distance=True, all_matches=False
        )
        speed = constant(constants, "straight_speed_kmh") / KMH
        found[place] = constant(constants, "straight_detour") * off_m / speed
    return found


def _access_m_per_min(constants: Constants) -> float:
    return constant(constants, "access_speed_kmh") / KMH
