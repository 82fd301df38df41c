"""Which forest the working devices see, over the relief where there is one (METHOD 4.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion
from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.kinds import Watch
from gis.domain.relief import Relief
from gis.domain.risk import forest_cells, forest_ignition
from gis.domain.risk.attributes import graded, number, texts
from gis.domain.risk.constants import EXPOSURE, Constants, table, text
from gis.domain.risk.constants import number as constant
from gis.domain.risk.forest_history import WILDFIRE
from gis.domain.risk.model import PEOPLE, RELIEF, Scene
from gis.domain.viewshed import Eye, bend, sees

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot

MONITOR = "fire_monitor"
FOREST_FIRE, METHOD = "forest_fire", "relief"
"""The method that rates the cells, and that of what is seen."""

READS = frozenset({forest_cells.FOREST, MONITOR, PEOPLE, RELIEF, WILDFIRE, *forest_ignition.KINDS})
"""Everything of a snapshot that coverage is made of."""

SEEN = frozenset({forest_cells.FOREST, MONITOR, RELIEF})
"""What of it tells which devices see a cell."""

FLAT = "监测范围未考虑地形遮挡"
"""Said where there is no relief: then ``seen_by`` counts the ranges, the most that can be seen."""

M2_PER_HA = 10_000.0


def watched(
    snapshot: Snapshot,
    scene: Scene,
    constants: Mapping[str, Constants],
    *,
    before: pd.DataFrame | None = None,
    changed: Collection[str] = READS,
) -> pd.DataFrame:
    """Count the working devices that see each cell of the forest.

    Parameters
    ----------
    snapshot
        The devices, with what their passport says of them, and the day.
    scene
        What the models see of it.
    constants
        Method to values: ``exposure``, ``relief``, ``forest_fire``.
    before, changed
        What this gave of another snapshot, and what of ``READS`` differs from that one.

    Returns
    -------
    Cells frame (``forest_cells.CELLS``) with ``high``, whether its score makes it high-hazard
    forest, and ``seen_by``, the number of devices.
    """
    fire, values = constants[FOREST_FIRE], constants[METHOD]
    cells = scene.once(forest_cells.cells, fire)
    if before is None or SEEN & {*changed}:
        devices = eyes(snapshot, constants[EXPOSURE], values)
        hidden = canopy(scene.relief, cells, constant(fire, "cell_m"), values)
        seen_by = counts(cells, devices, scene.relief, hidden, values)
    else:
        seen_by = before["seen_by"].to_numpy()
    high = cells["score"].to_numpy() >= constant(fire, "high_hazard")
    found: pd.DataFrame = cells.assign(high=high, seen_by=seen_by)
    return found


def covered(cells: pd.DataFrame, areas_m: gpd.GeoDataFrame) -> pd.DataFrame:
    """Add up by area what is seen.

    Parameters
    ----------
    cells
        As ``watched`` gives them.
    areas_m
        Areas frame in the same CRS.

    Returns
    -------
    One row per area in the order given: ``area``, and square metres of ``forest_m2``, of it
    ``seen_m2``; ``high_m2``, of it ``high_seen_m2`` by one device at least and ``high_twice_m2`` by
    two.
    """
    row = apportion.home(cells["geometry"].to_numpy(), areas_m.geometry.to_numpy())
    high, seen_by = cells["high"].to_numpy(), cells["seen_by"].to_numpy()
    which = {
        "forest_m2": np.ones(len(cells), dtype=bool),
        "seen_m2": seen_by > 0,
        "high_m2": high,
        "high_seen_m2": high & (seen_by > 0),
        "high_twice_m2": high & (seen_by > 1),
    }
    inside = row >= 0
    sums = {
        name: np.bincount(
            row[inside],
            weights=(cells["area_m2"].to_numpy() * part)[inside],
            minlength=len(areas_m),
        )
        for name, part in which.items()
    }
    return pd.DataFrame({"area": areas_m["area"].to_numpy(dtype=np.int64), **sums})


def eyes(snapshot: Snapshot, exposure: Constants, values: Constants) -> list[Eye]:
    """Return the working devices as eyes, in the order of their ids.

    A camera or a tower of unknown range counts with the usual one, a patrol post with none; nothing
    counts beyond the range that can be believed. A mast of unknown height is low.
    """
    watch = snapshot.kinds[MONITOR].watch
    if watch is None or MONITOR not in snapshot.sites_m:
        return []
    devices = snapshot.sites_m[MONITOR].sort_values("id", ignore_index=True)
    devices = devices[working(devices, watch, snapshot.as_of, values)]
    usual = table(exposure, "monitor_unknown_range_m")
    recorded_m = number(devices["range_m"], np.nan)[0]
    usual_m = graded(devices["device"], usual, 0.0)[0]
    range_m = np.minimum(
        np.where(np.isnan(recorded_m), usual_m, recorded_m),
        constant(exposure, "monitor_most_range_m"),
    )
    mast_m = number(devices["mast_height_m"], constant(values, "unknown_mast_m"))[0]
    above_m = mast_m + constant(values, "eye_above_mast_m")
    xy = shapely.get_coordinates(shapely.centroid(devices.geometry.to_numpy()))
    return [Eye(*numbers) for numbers in np.column_stack([xy, above_m, range_m]).tolist()]


def working(devices: pd.DataFrame, watch: Watch, as_of: dt.date, values: Constants) -> Bools:
    """Tell which devices work, or have been down for so short a time that they still count."""
    state = texts(devices[watch.field])
    since = pd.to_datetime(devices[watch.since], format="%Y-%m-%d")
    down_h = (pd.Timestamp(as_of) - since).dt.total_seconds().to_numpy(dtype=np.float64) / 3600.0
    just_now = (state == text(values, "offline_word")) & (down_h < constant(values, "offline_h"))
    found: Bools = (state == watch.online) | (just_now & (down_h >= 0.0))
    return found


def canopy(
    relief: Relief | None, cells: pd.DataFrame, cell_m: float, values: Constants
) -> Floats | None:
    """Return what stands on each cell of the relief: trees where its middle lies in forest.

    Parameters
    ----------
    cells
        Forest cells; the grid lies on multiples of ``cell_m``.

    Returns
    -------
    Metres, of the relief's shape; None without a relief.
    """
    if relief is None:
        return None
    height, width = relief.height_m.shape
    x_m = relief.west_m + relief.cell_m * (np.arange(width) + 0.5)
    y_m = relief.north_m - relief.cell_m * (np.arange(height) + 0.5)
    columns, rows = (np.floor(middle / cell_m).astype(np.int64) for middle in (x_m, y_m))
    at = np.floor(shapely.get_coordinates(cells["geometry"].to_numpy()) / cell_m).astype(np.int64)
    left, low = columns.min(), rows.min()
    wooded = np.zeros((rows.max() - low + 1, columns.max() - left + 1), dtype=bool)
    on = (at >= (left, low)).all(axis=1) & (at <= (columns.max(), rows.max())).all(axis=1)
    wooded[at[on, 1] - low, at[on, 0] - left] = True
    trees = wooded[np.ix_(rows - low, columns - left)]
    return np.where(trees, constant(values, "canopy_m"), 0.0)


def counts(
    cells: pd.DataFrame,
    devices: list[Eye],
    relief: Relief | None,
    cover_m: Floats | None,
    values: Constants,
) -> Ints:
    """Count the devices that see smoke over each cell, shape (N,).

    Without a relief, the devices within whose range it lies.
    """
    x_m, y_m = shapely.get_coordinates(cells["geometry"].to_numpy()).T
    smoke_m = constant(values, "canopy_m") + constant(values, "smoke_above_canopy_m")
    bend_per_m = bend(constant(values, "curvature"), constant(values, "earth_radius_m"))
    found = np.zeros(len(x_m), dtype=np.int64)
    for eye in devices:
        if relief is None:
            found += np.hypot(x_m - eye.x_m, y_m - eye.y_m) <= eye.range_m
        else:
            found += sees(
                relief, eye, x_m, y_m, above_m=smoke_m, cover_m=cover_m, bend_per_m=bend_per_m
            )
    return found


def blind_spots(
    cells: pd.DataFrame, cell_m: float, values: Constants, crs: object
) -> gpd.GeoDataFrame:
    """Return the larger stretches of forest that no working device sees, the largest first.

    Parameters
    ----------
    cells
        As ``watched`` gives them.
    cell_m
        Side of a cell.

    Returns
    -------
    ``area_ha``, of the forest in it, ``high_ha``, of high-hazard forest, and ``geometry``: cells
    that share a side, put together.
    """
    unseen = cells[cells["seen_by"].to_numpy() == 0]
    x_m, y_m = shapely.get_coordinates(unseen["geometry"].to_numpy()).T
    left, low = (np.floor(part / cell_m) * cell_m for part in (x_m, y_m))
    boxes = shapely.box(left, low, left + cell_m, low + cell_m)
    stretches = shapely.get_parts(shapely.union_all(boxes))
    cell, of = shapely.STRtree(stretches).query(shapely.centroid(boxes), predicate="within")
    area_ha = unseen["area_m2"].to_numpy()[cell] / M2_PER_HA
    high_ha = area_ha * unseen["high"].to_numpy()[cell]
    sums = [np.bincount(of, weights=part, minlength=len(stretches)) for part in (area_ha, high_ha)]
    columns = {"area_ha": sums[0], "high_ha": sums[1]}
    found = gpd.GeoDataFrame(columns, geometry=stretches, crs=crs)
    large = found[found["area_ha"] > constant(values, "blind_least_ha")]
    return large.sort_values("area_ha", ascending=False, kind="stable", ignore_index=True)
