"""Which area a place belongs to, and how much of it lies in each (METHOD 7.9)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Geometries, Ints, Objects
from gis.domain.geometry import ON_M

BORDER_M = ON_M
"""A point this near to a border lies on it, for both areas that share it."""

TIE = 1e-9
"""Shares that differ by less are equal."""


def home(geometries: Geometries, areas: Geometries) -> Ints:
    """Find the one area that each geometry belongs to: the one with the largest share.

    Parameters
    ----------
    geometries
        Points, lines or polygons in a metric CRS (metres), shape (N,). May be empty; none
        may be missing.
    areas
        Polygons in the same CRS, shape (A,), **in the order of their codes**: the first wins
        a tie, so a point on a shared border falls to the smaller code.

    Returns
    -------
    Row of the area, shape (N,); -1 where the geometry lies outside every area.
    """
    row, area, share = _shares(geometries, areas)
    best = np.zeros(len(geometries))
    np.maximum.at(best, row, share)
    first = _first(row, area, share >= best[row] - TIE)
    rows = np.full(len(geometries), -1, dtype=np.int64)
    rows[row[first]] = area[first]
    return rows


def home_codes(geometries: Geometries, areas_m: gpd.GeoDataFrame) -> Objects:
    """Return the code of each geometry's home area, None outside; see ``home``.

    ``areas_m`` is an areas frame in metres; its rows may stand in any order.
    """
    ordered = areas_m.sort_values("code", kind="stable")
    rows = home(geometries, ordered.geometry.to_numpy())
    codes = np.append(ordered["code"].to_numpy(dtype=object), [None])
    return codes[rows]  # -1 takes the last, None


def shares(geometries: Geometries, areas: Geometries) -> pd.DataFrame:
    """Split each geometry over the areas: by area, by length, or whole for a point.

    Parameters
    ----------
    geometries, areas
        As for ``home``.

    Returns
    -------
    Frame with columns ``row`` (of the geometry), ``area`` (row of the area) and ``share``
    (0..1, greater than 0), sorted by row and area. A geometry's shares add up to 1 inside
    the areas, to less where part of it lies outside, and it has no row where all of it does.
    What lies on a shared border, or where areas overlap, counts once: what lies whole in an
    area stays whole (in the first such area), and of the rest the first area takes its part
    first.

    Notes
    -----
    A polygon without area or a line without length counts as a point; a multipoint counts
    where its representative point lies. Shares of an *extensive* value (hectares, people) add
    up; a grade or a colour must never be split (METHOD 7.9).
    """
    row, area, share = _shares(geometries, areas)
    return pd.DataFrame({"row": row, "area": area, "share": share})


def pieces(geometries: Geometries, areas: Geometries) -> pd.DataFrame:
    """Cut polygons along the areas' borders.

    Returns
    -------
    Frame with columns ``row``, ``area`` (row numbers) and ``geometry`` (polygons of area
    greater than 0), sorted by row and area.
    """
    row, area, cut = _cut(np.asarray(geometries, dtype=object), np.asarray(areas, dtype=object))
    solid = shapely.area(cut) > 0
    return pd.DataFrame({"row": row[solid], "area": area[solid], "geometry": cut[solid]})


def measure(geometries: Objects) -> Floats:
    """Return area (m2) of polygons, length (m) of lines, 0 of points; shape (N,)."""
    flat = shapely.get_dimensions(geometries) == 2
    measured: Floats = np.where(flat, shapely.area(geometries), shapely.length(geometries))
    return measured


Parts = tuple[Ints, Ints, Floats]
"""Row of a geometry, row of an area, and how much of the one lies in the other."""


def _shares(geometries: Geometries, areas: Geometries) -> Parts:
    """Return the columns of ``shares``: frames would take longer than what stands in them."""
    shapes = np.asarray(geometries, dtype=object)
    grounds = np.asarray(areas, dtype=object)
    total = measure(shapes)
    spots = _point_shares(shapes, np.flatnonzero(total == 0), grounds)
    found = _joined(spots, _wide_shares(shapes, np.flatnonzero(total > 0), grounds, total))
    order = np.lexsort(found[1::-1])
    return found[0][order], found[1][order], found[2][order]


def _joined(*parts: Parts) -> Parts:
    row, area, share = (np.concatenate(column) for column in zip(*parts, strict=True))
    return row, area, share


def _first(row: Ints, area: Ints, kept: Bools | None = None) -> Ints:
    """Return where each row stands first, by the order of the areas, among those kept."""
    at = np.arange(len(row)) if kept is None else np.flatnonzero(kept)
    at = at[np.lexsort((area[at], row[at]))]
    return at[np.unique(row[at], return_index=True)[1]]


def _point_shares(shapes: Objects, rows: Ints, grounds: Objects) -> Parts:
    points = shapely.point_on_surface(shapes[rows])
    i, k = shapely.STRtree(grounds).query(points, predicate="dwithin", distance=BORDER_M)
    return _whole(rows[i], k)


def _whole(row: Ints, area: Ints) -> Parts:
    """Give each row whole to the first area that has it."""
    first = _first(row, area)
    return row[first], area[first].astype(np.int64), np.ones(len(first))


def _wide_shares(shapes: Objects, rows: Ints, grounds: Objects, total: Floats) -> Parts:
    """Split polygons and lines; most lie whole in one area, the others are taken apart."""
    i, k = shapely.STRtree(grounds).query(shapes[rows], predicate="covered_by")
    whole = _whole(rows[i], k)
    crossing = np.setdiff1d(rows, whole[0])
    if not len(crossing):
        return whole
    taken, rest = _taken(shapes[crossing], grounds)
    row, area, part = _joined(taken, _hair(rest, grounds))
    key, place = np.unique(row * len(grounds) + area, return_inverse=True)
    row, area = crossing[key // len(grounds)], key % len(grounds)
    share = np.bincount(place, weights=part) / total[row]
    kept = share > TIE
    return _joined(whole, (row[kept], area[kept], share[kept]))


def _taken(shapes: Objects, grounds: Objects) -> tuple[Parts, Objects]:
    """Let the areas, in their order, take their part of what is left of each shape.

    Returns the measures taken and what no area took. Nothing can be taken twice, whatever
    two areas share and however their borders are rounded.
    """
    rest = shapes.copy()
    left_over = measure(rest)
    i, k = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    row, area = i.astype(np.int64), k.astype(np.int64)
    share = np.zeros(len(row))
    for ground in np.unique(area):
        at = np.flatnonzero(area == ground)
        rest[row[at]] = shapely.difference(rest[row[at]], grounds[ground])
        left = measure(rest[row[at]])
        share[at] = left_over[row[at]] - left
        left_over[row[at]] = left
    return (row, area, share), rest


def _hair(rest: Objects, grounds: Objects) -> Parts:
    """Give what is left of a line in the hair's breadth between two areas to the first one."""
    lines, owner = shapely.get_parts(rest, return_index=True)
    kept = shapely.get_dimensions(lines) == 1
    lines, owner = lines[kept], owner[kept].astype(np.int64)
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    line, area, _ = _point_shares(middle, np.arange(len(middle)), grounds)
    return owner[line], area, shapely.length(lines[line])


def _cut(shapes: Objects, grounds: Objects) -> tuple[Ints, Ints, Objects]:
    """Return row, area and intersection of all that meet, sorted by row and area."""
    i, k = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    order = np.lexsort((k, i))
    i, k = i[order].astype(np.int64), k[order].astype(np.int64)
    return i, k, shapely.intersection(shapes[i], grounds[k])
