"""Which forest the working devices see, over the relief where there is one (METHOD 4.6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion
from gis.domain.arrays import Bools, Floats
from gis.domain.relief import Relief
from gis.domain.risk import forest_cells, forest_devices, forest_ignition
from gis.domain.risk.constants import EXPOSURE, Constants
from gis.domain.risk.constants import number as constant
from gis.domain.risk.forest_devices import MONITOR
from gis.domain.risk.forest_history import WILDFIRE
from gis.domain.risk.model import PEOPLE, RELIEF, Scene
from gis.domain.risk.receptors import M2_PER_HA
from gis.domain.viewshed import Eye, bend, sees

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot

FOREST_FIRE, METHOD = "forest_fire", "relief"
"""The method that rates the cells, and that of what is seen."""

READS = frozenset({forest_cells.FOREST, MONITOR, PEOPLE, RELIEF, WILDFIRE, *forest_ignition.KINDS})
"""Everything of a snapshot that coverage is made of."""

SEEN = frozenset({forest_cells.FOREST, MONITOR, RELIEF})
"""What of it tells which devices see a cell."""

FLAT = "监测范围未考虑地形遮挡"
"""Said where there is no relief: then ``seen_by`` counts the ranges, the most that can be seen."""


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
        devices = forest_devices.working(snapshot, values)
        range_m = forest_devices.ranges(devices, constants[EXPOSURE])
        eyes = forest_devices.eyes(devices, range_m, values)
        hidden = canopy(scene.relief, cells, constant(fire, "cell_m"), values)
        seen_by = seen(cells, eyes, scene.relief, hidden, values).sum(axis=0)
    else:
        seen_by = before["seen_by"].to_numpy()
    found: pd.DataFrame = cells.assign(high=high_hazard(cells, fire), seen_by=seen_by)
    return found


def high_hazard(cells: pd.DataFrame, fire: Constants) -> Bools:
    """Tell which cells are high-hazard forest, shape (N,).

    ``fire`` are the values of ``forest_fire.toml``.
    """
    found: Bools = cells["score"].to_numpy() >= constant(fire, "high_hazard")
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
    ``seen_m2`` by one device at least and ``twice_m2`` by two; ``high_m2``, of it ``high_seen_m2``
    and ``high_twice_m2`` likewise.
    """
    row = apportion.home(cells["geometry"].to_numpy(), areas_m.geometry.to_numpy())
    high, seen_by = cells["high"].to_numpy(), cells["seen_by"].to_numpy()
    which = {
        "forest_m2": np.ones(len(cells), dtype=bool),
        "seen_m2": seen_by > 0,
        "twice_m2": seen_by > 1,
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


def seen(
    cells: pd.DataFrame,
    devices: Sequence[Eye],
    relief: Relief | None,
    cover_m: Floats | None,
    values: Constants,
    *,
    target_m: float | None = None,
) -> Bools:
    """Tell which devices see which cells, shape (D, N).

    Without a relief, within whose range it lies.

    Parameters
    ----------
    cover_m
        What stands on the relief and hides (``canopy``).
    target_m
        How high above the ground is looked at; None: at smoke over the trees.
    """
    x_m, y_m = shapely.get_coordinates(cells["geometry"].to_numpy()).T
    smoke_m = constant(values, "canopy_m") + constant(values, "smoke_above_canopy_m")
    above_m = smoke_m if target_m is None else target_m
    bend_per_m = bend(constant(values, "curvature"), constant(values, "earth_radius_m"))
    found = np.zeros((len(devices), len(x_m)), dtype=bool)
    for eye, row in zip(devices, found, strict=True):
        if relief is None:
            row[:] = np.hypot(x_m - eye.x_m, y_m - eye.y_m) <= eye.range_m
        else:
            row[:] = sees(
                relief, eye, x_m, y_m, above_m=above_m, cover_m=cover_m, bend_per_m=bend_per_m
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
