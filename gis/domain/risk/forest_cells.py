"""The hazard of forest land on cells: fuel, slope and aspect, ignition, history (METHOD 4.4)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.relief import Relief, aspect_at, slope_at
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import forest_history, forest_ignition
from gis.domain.risk.constants import Constants
from gis.domain.risk.frames import frame as make
from gis.domain.risk.frames import stack
from gis.domain.risk.model import Scene
from gis.domain.risk.sources import places

FOREST = "forest"

CELLS = {
    "site": np.int64,
    "row": np.int64,
    "geometry": object,
    "area_m2": np.float64,
    "fuel": np.float64,
    "slope_aspect": np.float64,
    "ignition": np.float64,
    "history": np.float64,
    "score": np.float64,
    "slope_deg": np.float64,
    "ignition_by": np.int64,
    "by_relief": np.bool_,
    "no_species": np.bool_,
    "no_slope": np.bool_,
    "no_aspect": np.bool_,
    "no_ignition": np.bool_,
    "no_history": np.bool_,
}
"""Columns of a cells frame. ``site`` and ``row`` of the compartment; ``geometry``, the middle of
the cell; ``area_m2``, an equal part of the compartment, so that they add up to it; the four terms,
0..1; ``score``, I_FOR, 0..100, without any weather; ``slope_deg``, NaN where unknown;
``ignition_by``, place in ``forest_ignition.SORTS`` of what decides the term; ``by_relief``, whether
slope or aspect is the relief's; ``no_*``, where a term took its default."""

TERMS = {"fuel": "fuel", "slope_aspect": "slope", "ignition": "human", "history": "history"}
"""The columns that are terms, and their names among the weights."""


def cells(scene: Scene, constants: Constants, *, day: dt.date | None = None) -> gpd.GeoDataFrame:
    """Rate every cell of the forest.

    Parameters
    ----------
    scene
        The compartments, and what sets fire to them or burnt in them.
    constants
        The values of ``forest_fire.toml``.
    day
        Whose ignition counts; None: the mean of the fire season, as in the index.

    Returns
    -------
    Cells frame (``CELLS``) in the order of the compartments, then from south to north and west to
    east. A cell belongs to the compartment that holds its middle; a compartment that holds none
    keeps one point within it. The grid lies on multiples of the cell in the metric CRS, whatever
    compartments there are.
    """
    return stack([_rated(found, scene, constants, day) for found in places(scene.sites_m, FOREST)],
                 CELLS)  # fmt: skip


def centres(shapes: Objects, cell_m: float) -> tuple[Ints, Objects]:
    """Find the cells of a fixed grid whose middles lie in polygons, edges included.

    Parameters
    ----------
    shapes
        Polygons in metres, shape (n,).
    cell_m
        Side of a cell, metres; the grid lies on its multiples.

    Returns
    -------
    Rows of ``shapes``, rising, and points; at least one of each row, where none of the grid lies
    in it a point on its surface.
    """
    flat = shapely.force_2d(shapes)
    shapely.prepare(flat)
    bounds = shapely.bounds(flat).reshape(-1, 4)
    first = np.ceil(bounds[:, :2] / cell_m - 0.5)
    last = np.floor(bounds[:, 2:] / cell_m - 0.5)
    wide, high = np.maximum(last - first + 1, 0).astype(np.int64).T
    count = wide * high
    row = np.repeat(np.arange(len(flat)), count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    x = (first[row, 0] + nth % wide[row] + 0.5) * cell_m
    y = (first[row, 1] + nth // wide[row] + 0.5) * cell_m
    inside = shapely.intersects_xy(flat[row], x, y)
    row = row[inside]
    small = np.setdiff1d(np.arange(len(flat)), row)
    rows = np.concatenate([row, small])
    points = np.concatenate(
        [shapely.points(x[inside], y[inside]), shapely.point_on_surface(flat[small])]
    )
    order = np.argsort(rows, kind="stable")
    return rows[order], points[order]


def outlines(rated: gpd.GeoDataFrame, shapes: Objects, cell_m: float) -> Objects:
    """Return the ground that cells stand for, to be drawn: squares of the grid.

    Parameters
    ----------
    rated
        Cells frame.
    shapes
        The compartments that its ``row`` counts.
    cell_m
        Side of a cell, metres.

    Returns
    -------
    Polygons, shape (n,); of a cell that is alone in its compartment, the compartment.
    """
    row = rated["row"].to_numpy()
    points, half = rated.geometry.to_numpy(), cell_m / 2.0
    x, y = shapely.get_x(points), shapely.get_y(points)
    squares = shapely.box(x - half, y - half, x + half, y + half)
    alone = np.bincount(row, minlength=len(shapes))[row] == 1
    found: Objects = np.where(alone, shapes[row], squares)
    return found


def _rated(
    found: gpd.GeoDataFrame, scene: Scene, constants: Constants, day: dt.date | None
) -> gpd.GeoDataFrame:
    """Rate the cells of the compartments of one frame."""
    shapes = found.geometry.to_numpy()
    row, points = centres(shapes, given.number(constants, "cell_m"))
    each_m2 = shapely.area(shapes) / np.maximum(np.bincount(row, minlength=len(shapes)), 1)
    species = read.texts(found["species"])[row]
    fuel, no_species = read.graded(
        species, given.table(constants, "fuel"), given.number(constants, "unknown_fuel")
    )
    land = _land(found, row, points, scene.relief, constants)
    surveyed_m = found["ignition_distance_m"].to_numpy(dtype=np.float64)[row]
    ignition = forest_ignition.terms(points, surveyed_m, scene, constants, day=day)
    fires = found["fires_10y"].to_numpy(dtype=np.float64)[row]
    history, no_history = forest_history.term(points, fires, scene, constants)
    columns = {
        "site": found["id"].to_numpy(dtype=np.int64)[row],
        "row": row,
        "geometry": points,
        "area_m2": each_m2[row],
        "fuel": fuel,
        "ignition": ignition.max(axis=1),
        "history": history,
        "ignition_by": ignition.argmax(axis=1),
        "no_species": no_species,
        "no_ignition": ignition[:, forest_ignition.UNKNOWN] > 0,
        "no_history": no_history,
        **land,
    }
    columns["score"] = _score(columns, constants)
    return make(columns, CELLS, found.crs)


def _score(columns: dict[str, Floats], constants: Constants) -> Floats:
    weights = given.table(constants, "weights")
    total = sum(weights[name] * columns[term] for term, name in TERMS.items())
    return np.clip(100.0 * np.asarray(total), 0.0, 100.0)


def _land(
    found: gpd.GeoDataFrame, row: Ints, points: Objects, relief: Relief | None, constants: Constants
) -> dict[str, Floats | Bools]:
    """Rate slope and aspect: those on record; else the relief's; else a default."""
    slope_deg = found["slope_deg"].to_numpy(dtype=np.float64)[row]
    aspect = read.texts(found["aspect"])[row]
    ask = np.isnan(slope_deg) | read.missing(aspect)
    by_relief = np.zeros(len(row), dtype=bool)
    if relief is not None and ask.any():
        steep_deg, facing = _of_relief(relief, points[ask], constants)
        slope_deg[ask], aspect[ask], by_relief[ask] = _filled(
            slope_deg[ask], aspect[ask], steep_deg, facing
        )
    steep, facing_ = given.numbers(constants, "slope_aspect_split")
    no_slope = np.isnan(slope_deg)
    rise = np.clip(slope_deg / given.number(constants, "slope_full_deg"), 0.0, 1.0)
    rise = np.where(no_slope, given.number(constants, "unknown_slope_term"), rise)
    sunny, no_aspect = read.graded(
        aspect, given.table(constants, "aspect"), given.number(constants, "unknown_aspect_term")
    )
    return {
        "slope_aspect": steep * rise + facing_ * sunny,
        "slope_deg": slope_deg,
        "by_relief": by_relief,
        "no_slope": no_slope,
        "no_aspect": no_aspect,
    }


def _filled(
    slope_deg: Floats, aspect: Objects, steep_deg: Floats, facing: Objects
) -> tuple[Floats, Objects, Bools]:
    """Fill what is not on record from the relief; and tell where it gave something."""
    no_slope, no_aspect = np.isnan(slope_deg), read.missing(aspect)
    gave = (no_slope & ~np.isnan(steep_deg)) | (no_aspect & ~read.missing(facing))
    return np.where(no_slope, steep_deg, slope_deg), np.where(no_aspect, facing, aspect), gave


ROSE = np.array(["北", "东北", "东", "东南", "南", "西南", "西", "西北"], dtype=object)
"""The eight aspects of the passport, clockwise from north."""

FLAT = "平地"


def _of_relief(relief: Relief, points: Objects, constants: Constants) -> tuple[Floats, Objects]:
    """Return slope in degrees and the name of the aspect; NaN and None where unknown."""
    x_m, y_m = shapely.get_x(points), shapely.get_y(points)
    slope_deg, facing_deg = slope_at(relief, x_m, y_m), aspect_at(relief, x_m, y_m)
    octant = np.floor((np.nan_to_num(facing_deg) + 22.5) / 45.0).astype(np.int64) % 8
    aspect = np.where(slope_deg < given.number(constants, "flat_below_deg"), FLAT, ROSE[octant])
    aspect[np.isnan(slope_deg)] = None
    return slope_deg, aspect
