"""A map for a printed page: shapes in metres become millimetres of paper; pure.

On paper x runs to the right and y down, from the upper left corner of the map's frame. North is
that of the metric grid, which in the town differs from true north by a third of a degree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

MARGIN_MM = 5.0
"""Kept free between what the map must show and its frame: half of it takes a number."""
NUMBER_MM = 4.4
"""What a number on the map takes, from side to side."""
NAME_MM = 5.0
"""A name is written where a circle of this radius finds room."""
SMALLEST_MM = 0.05
"""What is smaller than this cannot be printed; decimals of a position are cut accordingly."""
BAR_MM = 32.0
"""The scale bar is not longer than this."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The window of a map: its upper left corner, metres, its scale, and its size on paper."""

    west_m: float
    north_m: float
    m_per_mm: float
    width_mm: float
    height_mm: float


def draw_map(
    area: shapely.Geometry,
    neighbours: Iterable[tuple[str, shapely.Geometry]],
    places: Sequence[shapely.Geometry],
    *,
    width_mm: float,
    height_mm: float,
) -> dict[str, Any]:
    """Draw an area, what lies around it, and numbered places.

    Parameters
    ----------
    area
        Polygon, metric CRS. The frame holds all of it.
    neighbours
        Name and polygon of the areas around, metric CRS; those outside the frame are left out.
    places
        Of any type, metric CRS, in the order of their numbers. The frame holds of each at least
        the point nearest to the area.
    width_mm, height_mm
        Size of the frame on paper.

    Returns
    -------
    ``width``, ``height``; ``area``: rings; ``neighbours``: ``name``, ``rings`` and ``at`` (where
    the name has room, or null); ``places``: ``rings`` (closed), ``lines`` (open), ``point``
    (what the number stands for) and ``at`` (where the number stands); ``bar``: round ``metres``
    and their length ``mm``. A ring or line is a list of positions; all positions in mm.
    """
    points = [_anchor(place, area) for place in places]
    frame = fit([area, *points], width_mm, height_mm)
    anchors = np.array([shapely.get_coordinates(to_paper(p, frame))[0] for p in points])
    numbers = apart(anchors.reshape(-1, 2), width_mm, height_mm)
    drawn = [_paths(to_paper(place, frame), frame) for place in places]
    return {
        "width": width_mm,
        "height": height_mm,
        "area": _paths(to_paper(area, frame), frame)["rings"],
        "neighbours": _neighbours(neighbours, frame),
        "places": [
            {**paths, "point": _rounded(anchor), "at": _rounded(number)}
            for paths, anchor, number in zip(drawn, anchors, numbers, strict=True)
        ],
        "bar": scale_bar(frame.m_per_mm),
    }


def fit(shapes: Sequence[shapely.Geometry], width_mm: float, height_mm: float) -> Frame:
    """Return the largest frame of that size that holds all shapes, with a margin around them."""
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    room_x, room_y = width_mm - 2 * MARGIN_MM, height_mm - 2 * MARGIN_MM
    scale = max((east - west) / room_x, (north - south) / room_y, LARGEST_M_PER_MM)
    return Frame(
        west_m=(west + east) / 2 - scale * width_mm / 2,
        north_m=(south + north) / 2 + scale * height_mm / 2,
        m_per_mm=scale,
        width_mm=width_mm,
        height_mm=height_mm,
    )


LARGEST_M_PER_MM = 1.0
"""1:1,000, for an area that is next to nothing."""


def to_paper(shape: shapely.Geometry, frame: Frame) -> shapely.Geometry:
    """Return a shape in millimetres on paper, y down."""
    corner = np.array([frame.west_m, frame.north_m])
    return shapely.transform(shape, lambda xy: (xy - corner) / frame.m_per_mm * (1, -1))


def scale_bar(m_per_mm: float) -> dict[str, float]:
    """Return the longest bar of 1, 2 or 5 times a power of ten metres, and its length in mm."""
    most_m = BAR_MM * m_per_mm
    power = 10.0 ** math.floor(math.log10(most_m))
    metres = max(step * power for step in (1, 2, 5) if step * power <= most_m)
    return {"metres": metres, "mm": round(metres / m_per_mm, 2)}


def apart(points: np.ndarray, width_mm: float, height_mm: float) -> np.ndarray:
    """Move numbers off each other: each to the nearest free position around its point.

    Parameters
    ----------
    points
        (N, 2) on paper, in order: the first stays where it is.

    Returns
    -------
    (N, 2); a number that finds nothing free stays on its point.
    """
    low, high = NUMBER_MM / 2, np.array([width_mm, height_mm]) - NUMBER_MM / 2
    placed = np.empty((0, 2))
    for point in points:
        spots = point + AROUND_MM
        inside = ((spots >= low) & (spots <= high)).all(axis=1)
        gaps = np.linalg.norm(spots[:, None, :] - placed[None, :, :], axis=2)
        free = inside & (gaps >= NUMBER_MM).all(axis=1)
        placed = np.vstack([placed, spots[free.argmax()] if free.any() else point])
    return placed


_TURNS = np.linspace(0, 2 * np.pi, 16, endpoint=False)
AROUND_MM = np.vstack(
    [
        np.zeros((1, 2)),
        *(
            reach * np.column_stack([np.cos(_TURNS), np.sin(_TURNS)])
            for reach in np.arange(1, 6) * NUMBER_MM
        ),
    ]
)
"""Where a number may stand from its point, the nearest first."""


def _anchor(place: shapely.Geometry, area: shapely.Geometry) -> shapely.Geometry:
    """Return the point that a number stands for: within the area, or the nearest to it."""
    within = shapely.intersection(place, area)
    if not within.is_empty:
        return shapely.point_on_surface(within)
    return shapely.get_point(shapely.shortest_line(place, area), 0)


def _neighbours(
    neighbours: Iterable[tuple[str, shapely.Geometry]], frame: Frame
) -> list[dict[str, Any]]:
    drawn = []
    for name, shape in neighbours:
        seen = to_paper(shape, frame)
        if rings := _paths(seen, frame)["rings"]:
            drawn.append({"name": name, "rings": rings, "at": _room(_parts(seen, frame))})
    return drawn


def _room(parts: np.ndarray) -> list[float] | None:
    """Return the middle of the largest circle inside polygons, if a name fits into it."""
    largest = parts[shapely.area(parts).argmax()]
    radius = shapely.maximum_inscribed_circle(largest, tolerance=0.5)
    if radius.length < NAME_MM:
        return None
    return list(_rounded(shapely.get_coordinates(radius)[0]))


def _paths(shape: shapely.Geometry, frame: Frame) -> dict[str, list[list[list[float]]]]:
    """Return what is to be drawn of a shape on paper: closed rings, and open lines."""
    parts = _parts(shape, frame)
    types = shapely.get_type_id(parts)
    rings = shapely.get_rings(parts[types == shapely.GeometryType.POLYGON])
    lines = parts[types == shapely.GeometryType.LINESTRING]
    return {
        "rings": [_rounded(shapely.get_coordinates(ring)) for ring in rings],
        "lines": [_rounded(shapely.get_coordinates(line)) for line in lines],
    }


def _parts(shape: shapely.Geometry, frame: Frame) -> np.ndarray:
    """Return the single parts of a shape on paper that lie in the frame."""
    printed = shapely.simplify(shape, SMALLEST_MM)
    return shapely.get_parts(shapely.clip_by_rect(printed, 0, 0, frame.width_mm, frame.height_mm))


def _rounded(positions: np.ndarray) -> Any:
    return np.round(positions, 2).tolist()
