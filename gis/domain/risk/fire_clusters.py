"""Houses so close that one fire takes many: separation, clusters, lanes, water (METHOD 3.4)."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.domain.arrays import Bools, Floats, Geometries, Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.frames import frame, stack
from gis.domain.risk.model import Near, Sites
from gis.domain.risk.sources import places

HOUSE, BUILDING = "self_built_house", "building"
ROAD, WATER = "road", "water_source"

GROUPS = ("一二级", "三级", "四级")
"""Columns of GB 50016-2014 Table 5.2.2; a building's ``group`` is its place here."""

BUILDINGS = {
    "id": np.int64,
    "kind": object,
    "key": object,
    "geometry": object,
    "group": np.int64,
    "unrated": np.bool_,
    "point": np.bool_,
}
"""Columns of a buildings frame: ``unrated`` where neither rating nor structure is known,
``point`` where only a point is known and the footprint is a square around it."""


def buildings(sites_m: Sites, constants: Constants) -> gpd.GeoDataFrame:
    """Return the civil buildings that can set fire to each other, by site id.

    Parameters
    ----------
    sites_m
        Kind to site frame in metres; self-built houses and buildings are read.
    constants
        The values of ``house.toml``.

    Returns
    -------
    Frame with the columns ``BUILDINGS``. Factories and warehouses are left out: Table 5.2.2 is
    not for them. A place known only as a point counts as a square of ``point_footprint_m2``;
    several at one spot count as one, since that spot is the register's and not the houses'.
    """
    frames = [
        _rated(found, constants) for kind in (HOUSE, BUILDING) for found in places(sites_m, kind)
    ]
    found = stack(frames, BUILDINGS).sort_values("id", kind="stable", ignore_index=True)
    shapes = found.geometry.to_numpy()
    spots = pd.DataFrame(shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2).round(1))
    twice = spots.duplicated().to_numpy() & found["point"].to_numpy(dtype=bool)
    return found[~twice].reset_index(drop=True)


def required_m(constants: Constants) -> Floats:
    """Return the separation that two buildings must keep, metres, by the groups of both.

    Shape (3, 3), symmetric; rows and columns as ``GROUPS`` (GB 50016-2014 Table 5.2.2).
    """
    listed = given.table(constants, "fire_separation_m")
    return np.array(
        [[listed.get(f"{a}-{b}", listed.get(f"{b}-{a}", np.nan)) for b in GROUPS] for a in GROUPS]
    )


def too_close(found: gpd.GeoDataFrame, near: Near, constants: Constants) -> tuple[Ints, Ints]:
    """Find the pairs of buildings that stand closer than they must.

    Parameters
    ----------
    found
        Buildings frame.
    near
        The one spatial join.

    Returns
    -------
    i, j
        Rows of ``found``, i < j: edge to edge less than the separation of the two ratings.
    """
    required = required_m(constants)
    shapes, group = found.geometry.to_numpy(), found["group"].to_numpy()
    i, j, d_m = near(shapes, shapes, float(required.max()))
    close = (i < j) & (d_m < required[group[i], group[j]])
    return i[close], j[close]


def components(n: int, i: Ints, j: Ints) -> Ints:
    """Tell the connected component of each of n nodes joined by the pairs (i, j); shape (n,)."""
    if n == 0:
        return np.empty(0, dtype=np.int64)
    joined = coo_array((np.ones(len(i), dtype=np.int8), (i, j)), shape=(n, n))
    label: Ints = connected_components(joined, directed=False)[1].astype(np.int64)
    return label


CLUSTERS = {
    "id": np.int64,
    "kind": object,
    "key": object,
    "geometry": object,
    "buildings": np.int64,
    "footprint_m2": np.float64,
    "weak_share": np.float64,
    "unrated": np.int64,
    "points": np.int64,
    "without_lane": np.int64,
    "without_water": np.int64,
    "lane_unknown": np.bool_,
    "water_unknown": np.bool_,
}
"""Columns of a clusters frame: id, kind and key of its building of the lowest id; geometry, the
union of the footprints; ``weak_share``, share of buildings rated 三级 or 四级; numbers of
buildings that are unrated, known as points, beyond the reach of every fire lane, and of water;
``*_unknown`` where none is within reach of any building, but that is not sure: one of unknown
width or use is, or not one is on record in the town."""


def reach(sites_m: Sites, near: Near, constants: Constants) -> pd.DataFrame:
    """Return how far a building looks for its cluster, by site id: ``group`` and ``far_m``.

    All buildings that are joined look together: for others that may join them, and where they are
    several for lanes and water beside them. Parameters as for ``clusters``.
    """
    nodes = buildings(sites_m, constants)
    label = components(len(nodes), *too_close(nodes, near, constants))
    several = np.bincount(label)[label] > 1
    apart_m = float(required_m(constants).max())
    far_m = np.where(several, max(apart_m, _beside_m(sites_m, constants)), apart_m)
    return pd.DataFrame({"group": label, "far_m": far_m}, index=nodes["id"].to_numpy())


def clusters(
    sites_m: Sites,
    near: Near,
    constants: Constants,
    *,
    recorded: Callable[[str], bool] | None = None,
) -> gpd.GeoDataFrame:
    """Find the fire clusters: more buildings, or more footprint, than may stand together.

    Parameters
    ----------
    sites_m
        Kind to site frame in metres; roads and water sources are looked for too.
    near
        The one spatial join.
    constants
        The values of ``house.toml``.
    recorded
        Whether any place of a kind is on record, where these are not all places
        (``Scene.is_recorded``).

    Returns
    -------
    Frame with the columns ``CLUSTERS``, by id, in the CRS of the sites. Two buildings at least.
    """
    nodes = buildings(sites_m, constants)
    label = components(len(nodes), *too_close(nodes, near, constants))
    area = shapely.area(nodes.geometry.to_numpy())
    count = np.bincount(label)
    large = (count > given.number(constants, "cluster_buildings")) | (
        np.bincount(label, weights=area) > given.number(constants, "cluster_footprint_m2")
    )
    kept = np.flatnonzero((large & (count > 1))[label])
    members = nodes.iloc[kept].reset_index(drop=True).assign(area_m2=area[kept])
    number = np.unique(label[kept], return_inverse=True)[1].astype(np.int64)
    there = recorded or (lambda kind: any(len(found) for found in places(sites_m, kind)))
    lane, lane_unsure = _reached_by_lane(members, sites_m, near, constants)
    water, water_unsure = _reached_by_water(members, sites_m, near, constants)
    marks = members.assign(
        weak=members["group"] > 0,
        lane=lane,
        water=water,
        lane_unknown=lane_unsure | (not there(ROAD)),
        water_unknown=water_unsure | (not there(WATER)),
    )
    return _summed(marks, number)


def _rated(found: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    """Rate the fire resistance of a kind's places; give each a footprint."""
    if "use" in found:
        industrial = found["use"].isin(given.texts(constants, "industrial_uses"))
        found = found[~industrial.to_numpy(dtype=bool)]
    by_structure, unknown = read.graded(
        found["structure"],
        given.table(constants, "structure_rating"),
        given.number(constants, "unknown_rating"),
    )
    rating, no_rating = read.graded(
        found["fire_rating"], given.table(constants, "rating_number"), np.nan
    )
    rating = np.where(no_rating, by_structure, rating)
    shapes = found.geometry.to_numpy()
    point = shapely.get_dimensions(shapes) < 2
    side_m = np.sqrt(given.number(constants, "point_footprint_m2"))
    footprints = shapes.copy()
    middles = shapely.centroid(shapes[point])
    footprints[point] = shapely.buffer(middles, side_m / 2.0, cap_style="square")
    columns = {
        "id": found["id"].to_numpy(dtype=np.int64),
        "kind": found["kind"].to_numpy(dtype=object),
        "key": found["key"].to_numpy(dtype=object),
        "geometry": footprints,
        "group": np.maximum(rating, 2.0).astype(np.int64) - 2,
        "unrated": no_rating & unknown,
        "point": point,
    }
    return frame(columns, BUILDINGS, found.crs)


def _beside_m(sites_m: Sites, constants: Constants) -> float:
    """Return how far from a building a lane or water may lie that counts, metres."""
    widths = [frame["width_m"].to_numpy(dtype=np.float64) for frame in places(sites_m, ROAD)]
    widest = np.nan_to_num(np.concatenate([np.zeros(1), *widths])).max()
    lane_m = given.number(constants, "fire_lane_reach_m") + widest / 2.0
    return float(max(lane_m, given.number(constants, "water_reach_m")))


def _reached_by_lane(
    members: gpd.GeoDataFrame, sites_m: Sites, near: Near, constants: Constants
) -> tuple[Bools, Bools]:
    """Tell which buildings have a fire lane within reach of its edge, and where that is not sure.

    A road of unknown width is no lane.
    """
    shapes = members.geometry.to_numpy()
    reach_m = given.number(constants, "fire_lane_reach_m")
    closed = given.texts(constants, "closed_road_classes")
    lane = unsure = np.zeros(len(members), dtype=bool)
    for found in places(sites_m, ROAD):
        open_ = found[~found["road_class"].isin(closed).to_numpy(dtype=bool)]
        width_m = open_["width_m"].to_numpy(dtype=np.float64)
        wide = width_m >= given.number(constants, "fire_lane_width_m")
        ways = open_.geometry.to_numpy()
        lane = _beside(shapes, ways[wide], reach_m + width_m[wide] / 2.0, near)
        unsure = _beside(shapes, ways[np.isnan(width_m)], reach_m, near)
    return lane, unsure


def _reached_by_water(
    members: gpd.GeoDataFrame, sites_m: Sites, near: Near, constants: Constants
) -> tuple[Bools, Bools]:
    """Tell which buildings have usable water within reach, and where that is not sure."""
    shapes = members.geometry.to_numpy()
    reach_m = given.number(constants, "water_reach_m")
    water = unsure = np.zeros(len(members), dtype=bool)
    for found in places(sites_m, WATER):
        usable, unknown = read.yes(found["usable"])
        at = found.geometry.to_numpy()
        water = _beside(shapes, at[usable], reach_m, near)
        unsure = _beside(shapes, at[unknown], reach_m, near)
    return water, unsure


def _beside(shapes: Geometries, others: Geometries, reach_m: float | Floats, near: Near) -> Bools:
    """Tell which shapes lie within the reach of any of the others."""
    found = np.zeros(len(shapes), dtype=bool)
    found[near(others, shapes, reach_m)[1]] = True
    return found


def _summed(members: gpd.GeoDataFrame, number: Ints) -> gpd.GeoDataFrame:
    """Make one row of the members of each cluster; members stand by id, clusters are numbered."""
    groups = pd.DataFrame(members.drop(columns="geometry")).groupby(number)
    first, total = groups.first(), groups.sum(numeric_only=True)
    count = groups.size().to_numpy()
    columns = {
        **{name: first[name].to_numpy() for name in ("id", "kind", "key")},
        "geometry": _unions(members.geometry.to_numpy(), number),
        "buildings": count,
        "footprint_m2": total["area_m2"].to_numpy(),
        "weak_share": total["weak"].to_numpy(dtype=np.float64) / count,
        "unrated": total["unrated"].to_numpy(),
        "points": total["point"].to_numpy(),
        "without_lane": count - total["lane"].to_numpy(),
        "without_water": count - total["water"].to_numpy(),
        "lane_unknown": ((total["lane"] == 0) & (total["lane_unknown"] > 0)).to_numpy(),
        "water_unknown": ((total["water"] == 0) & (total["water_unknown"] > 0)).to_numpy(),
    }
    by_id = frame(columns, CLUSTERS, members.crs).sort_values("id", kind="stable")
    return by_id.reset_index(drop=True)


def _unions(shapes: Objects, number: Ints) -> Objects:
    order = np.argsort(number, kind="stable")
    together = np.asarray(shapely.geometrycollections(shapes[order], indices=number[order]))
    return np.asarray(shapely.union_all(together[:, None], axis=1), dtype=object)
