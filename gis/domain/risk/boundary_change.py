"""Where the land changed beyond the boundary of a mining licence, between two surveys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy import ndimage

from gis.domain.arrays import Bools, Floats, Geometries
from gis.domain.relief import Relief
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

PATCHES: Mapping[str, type] = {
    "area_m2": np.float64,
    "change_m": np.float64,
    "removed_m3": np.float64,
    "added_m3": np.float64,
}
"""Columns of a frame of patches, besides ``geometry``: their size, the mean change of height
(below 0: it became lower), and how much was taken away and heaped up."""

NEIGHBOURS = np.ones((3, 3), dtype=bool)
"""Cells that touch at a corner belong together."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """What changed beyond a boundary.

    Attributes
    ----------
    patches
        Frame with the columns ``PATCHES`` and the outline of each patch, largest first.
    looked_m2
        How much land beyond the boundary was to be looked at.
    known_m2
        Of how much of it both surveys know the height: of the rest nobody knows.
    cell_m
        Side of the cells that were compared.
    """

    patches: gpd.GeoDataFrame
    looked_m2: float
    known_m2: float
    cell_m: float


def beyond(
    before: Relief,
    after: Relief,
    licence: shapely.Geometry,
    others: Geometries,
    constants: Constants,
    *,
    crs: str,
) -> Beyond:
    """Find where the land beyond a licence changed by more than surveys err (METHOD 2.5).

    Parameters
    ----------
    before, after
        Heights of the ground at two times, in one metric CRS and one height datum.
    licence
        Boundary of the licence, a polygon in that CRS.
    others
        Boundaries of the other mines, shape (n,): what changes within them is not looked at, and
        what lies nearer to them is theirs.
    constants
        The values of ``mine.toml``: looked at is the land up to ``boundary_look_m`` from the
        licence; a patch is cells that touch, changed by more than ``boundary_change_m`` each and
        larger than ``boundary_patch_m2`` together.
    crs
        That CRS, for the frame.

    Returns
    -------
    The patches, compared on the coarser of the two grids.
    """
    look_m = given.number(constants, "boundary_look_m")
    band = shapely.difference(shapely.buffer(licence, look_m), licence)
    band = shapely.difference(band, shapely.union_all(others))
    grid = before if before.cell_m > after.cell_m else after
    x_m, y_m = _middles(grid)
    looked = _within(band, x_m, y_m)
    change_m = np.full(looked.shape, np.nan)
    change_m[looked] = after.at(x_m[looked], y_m[looked]) - before.at(x_m[looked], y_m[looked])
    known = looked & ~np.isnan(change_m)
    much = known & (np.abs(np.nan_to_num(change_m)) > given.number(constants, "boundary_change_m"))
    patches = _patches(much, change_m, grid, given.number(constants, "boundary_patch_m2"), crs)
    own = shapely.distance(patches.geometry.to_numpy(), licence) <= _nearest_m(patches, others)
    kept = patches[own]
    return Beyond(
        kept.sort_values("area_m2", ascending=False, kind="stable", ignore_index=True),
        float(shapely.area(band)),
        float(known.sum()) * grid.cell_m**2,
        grid.cell_m,
    )


def _middles(grid: Relief) -> tuple[Floats, Floats]:
    """Return where the middles of the cells lie, metres, each of the grid's shape."""
    rows, columns = grid.height_m.shape
    x_m = grid.west_m + grid.cell_m * (np.arange(columns) + 0.5)
    y_m = grid.north_m - grid.cell_m * (np.arange(rows) + 0.5)
    east, north = np.meshgrid(x_m, y_m)
    return east, north


def _within(band: shapely.Geometry, x_m: Floats, y_m: Floats) -> Bools:
    shapely.prepare(band)
    found: Bools = shapely.contains_xy(band, x_m, y_m)
    return found


def _patches(
    much: Bools, change_m: Floats, grid: Relief, least_m2: float, crs: str
) -> gpd.GeoDataFrame:
    """Put cells that touch together, and leave out what is not larger than ``least_m2``."""
    cell_m2 = grid.cell_m**2
    label, _ = ndimage.label(much, structure=NEIGHBOURS)
    large = np.bincount(label.ravel()) * cell_m2 > least_m2
    large[0] = False
    count, renumbered = int(large.sum()), np.cumsum(large) - 1
    row, column = np.nonzero(large[label])
    of, changed_m = renumbered[label[row, column]], change_m[row, column]
    cells = np.bincount(of, minlength=count)
    sums = {
        name: np.bincount(of, weights=amount, minlength=count) * cell_m2
        for name, amount in (
            ("removed_m3", np.maximum(-changed_m, 0.0)),
            ("added_m3", np.maximum(changed_m, 0.0)),
        )
    }
    area_m2 = cells * cell_m2
    west, north = grid.west_m + column * grid.cell_m, grid.north_m - row * grid.cell_m
    squares = shapely.box(west, north - grid.cell_m, west + grid.cell_m, north)
    shapes = np.empty(count, dtype=object)
    shapes[:] = [shapely.union_all(squares[of == n]) for n in range(count)]
    mean_m = np.divide(sums["added_m3"] - sums["removed_m3"], area_m2)
    columns = {"area_m2": area_m2.astype(np.float64), "change_m": mean_m, **sums}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def _nearest_m(patches: gpd.GeoDataFrame, others: Geometries) -> Floats:
    """Return how far each patch is from the nearest of the other mines; infinite: there is none."""
    d_m = shapely.distance(
        patches.geometry.to_numpy()[:, np.newaxis], np.asarray(others, dtype=object)[np.newaxis, :]
    )
    found: Floats = d_m.min(axis=1, initial=np.inf)
    return found
