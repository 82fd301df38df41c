"""The outline of the town and the sixteen villages that tile it; both are invented."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from scripts.demo_town.dice import Dice
from scripts.demo_town.plane import Spot, faces, spot, to_degrees, to_metres

BOUNDARIES = Path(__file__).resolve().parents[2] / "data" / "boundaries"
OUTLINE = BOUNDARIES / "town_outline_320413109.geojson"
NAMES = BOUNDARIES / "villages_320413109.csv"

EDGE_DEG = 0.004
"""Longest edge of the outline: below the 0.0045 degrees at which the house segmentises."""

BORDER_STEP_M = 260.0
BORDER_AMPLITUDE_M = 55.0


@dataclass(frozen=True, slots=True)
class Profile:
    """What one village is like: the knobs of the town.

    Attributes
    ----------
    lon, lat
        Where its main hamlet lies, degrees.
    residents
        None in the village of which nearly nothing is known.
    aged_65, aged_14
        Shares of the residents, 0..1.
    hamlets, houses, enterprises, small_places
        Numbers.
    modern
        0 old houses, 1 nearly all new ones, designed and appraised.
    estates
        Centres of its industrial estates, degrees.
    gas
        Whether city gas reaches it.
    raised
        Whether cases that raise its class by a flag may be put here (METHOD 7.7); at most six.
    """

    lon: float
    lat: float
    residents: int | None
    aged_65: float
    aged_14: float
    hamlets: int
    houses: int
    enterprises: int
    small_places: int
    modern: float
    estates: tuple[tuple[float, float], ...] = ()
    gas: bool = True
    raised: bool = False


UNKNOWN_VILLAGE = "320413109210"
"""The village of which the office knows nearly nothing: 无数据."""

PROFILES: Mapping[str, Profile] = {
    "320413109201": Profile(119.3405, 31.7705, 1874, 0.27, 0.10, 7, 190, 5, 12, 0.89),
    "320413109202": Profile(
        119.3700,
        31.7190,
        12776,
        0.18,
        0.14,
        8,
        390,
        192,
        1021,
        0.40,
        ((119.3835, 31.7275), (119.3595, 31.7105)),
        raised=True,
    ),
    "320413109203": Profile(119.3345, 31.7050, 2731, 0.28, 0.10, 6, 190, 24, 50, 0.35, raised=True),
    "320413109204": Profile(119.3185, 31.7480, 2296, 0.31, 0.09, 6, 180, 10, 70, 0.55, gas=False),
    "320413109208": Profile(
        119.3765, 31.6790, 3128, 0.25, 0.11, 7, 200, 66, 90, 0.50, ((119.3705, 31.6885),)
    ),
    "320413109209": Profile(
        119.4085,
        31.7135,
        3947,
        0.22,
        0.13,
        7,
        240,
        106,
        130,
        0.45,
        ((119.4000, 31.7225),),
        raised=True,
    ),
    UNKNOWN_VILLAGE: Profile(119.3650, 31.6480, None, 0.0, 0.0, 1, 12, 4, 3, 0.30, gas=False),
    "320413109211": Profile(
        119.4020,
        31.6880,
        3583,
        0.23,
        0.12,
        7,
        220,
        118,
        110,
        0.35,
        ((119.3920, 31.6955),),
        raised=True,
    ),
    "320413109212": Profile(119.3560, 31.8010, 1894, 0.30, 0.09, 5, 150, 8, 30, 0.70, gas=False),
    "320413109216": Profile(
        119.3475, 31.7390, 3411, 0.26, 0.11, 7, 220, 40, 110, 0.50, ((119.3560, 31.7325),)
    ),
    "320413109217": Profile(119.4350, 31.6905, 513, 0.16, 0.15, 3, 90, 1, 5, 0.97, gas=False),
    "320413109218": Profile(
        119.3500, 31.6905, 1786, 0.27, 0.10, 6, 180, 8, 12, 0.89, ((119.3590, 31.6840),)
    ),
    "320413109219": Profile(
        119.3900, 31.7650, 1984, 0.26, 0.11, 7, 200, 10, 12, 0.89, ((119.3800, 31.7570),)
    ),
    "320413109221": Profile(119.4060, 31.6520, 468, 0.17, 0.15, 3, 98, 1, 5, 0.97, gas=False),
    "320413109226": Profile(119.3270, 31.8060, 2107, 0.31, 0.09, 6, 170, 12, 60, 0.50, gas=False),
    "320413109229": Profile(
        119.4230,
        31.7480,
        4688,
        0.24,
        0.12,
        7,
        270,
        151,
        280,
        0.40,
        ((119.4085, 31.7425),),
        raised=True,
    ),
}
"""By village code. The places are guesses: the real borders are not public."""

TOWN_CODE = "320413109"
TOWN_NAME = "薛埠镇"
TOWN_RESIDENTS = 48320
"""Residents of the whole town, the unknown village included."""


@dataclass(frozen=True, slots=True)
class Village:
    """One village of the town: polygon in metres (EPSG:4549) and main hamlet."""

    code: str
    name: str
    polygon: shapely.Polygon
    centre: Spot
    profile: Profile


@dataclass(frozen=True, slots=True)
class Town:
    """The villages in the order of their codes, and the outline (EPSG:4549) they tile."""

    villages: Sequence[Village]
    outline: shapely.Polygon

    def village(self, code: str) -> Village:
        """Return the village of that code."""
        return next(village for village in self.villages if village.code == code)

    def at(self, geometry: BaseGeometry) -> Village:
        """Return the village that holds most of a geometry (metres), or the nearest."""
        return max(self.villages, key=lambda v: (_share(v.polygon, geometry), v.code))


def lay_out() -> Town:
    """Cut the outline into the villages.

    Raises
    ------
    RuntimeError
        If the cut left a village without land or in two pieces.
    """
    outline = _outline()
    names = _names()
    codes = sorted(PROFILES)
    centres = {code: spot(PROFILES[code].lon, PROFILES[code].lat) for code in codes}
    cells = faces(
        Dice("villages"),
        outline,
        np.array(list(centres.values())),
        step_m=BORDER_STEP_M,
        amplitude_m=BORDER_AMPLITUDE_M,
    )
    villages = [
        Village(code, names[code], _cell_of(cells, centres[code]), centres[code], PROFILES[code])
        for code in codes
    ]
    merged = _with_slivers([village.polygon for village in villages], cells)
    rounded = to_metres(to_degrees(np.array(merged)))
    tiled = [
        Village(v.code, v.name, polygon, v.centre, v.profile)
        for v, polygon in zip(villages, rounded, strict=True)
    ]
    if any(village.polygon.geom_type != "Polygon" for village in tiled):
        raise RuntimeError("a village fell into pieces: move its centre")
    whole = shapely.coverage_union_all([village.polygon for village in tiled])
    return Town(tiled, shapely.Polygon(shapely.get_exterior_ring(whole)))


def _share(polygon: shapely.Polygon, geometry: BaseGeometry) -> tuple[float, float]:
    part = shapely.intersection(polygon, geometry)
    return part.area or part.length, -polygon.distance(geometry)


def _outline() -> shapely.Polygon:
    """Read the invented outline and give it vertices often enough; metres."""
    content = json.loads(OUTLINE.read_text("utf-8"))
    ring = shapely.geometry.shape(content["features"][0]["geometry"])
    dense = shapely.segmentize(ring, EDGE_DEG)
    rounded = shapely.transform(dense, lambda lonlat: np.round(lonlat, 6))
    polygon: shapely.Polygon = to_metres(rounded)
    return polygon


def _names() -> dict[str, str]:
    lines = NAMES.read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {row["code"]: row["name"].removesuffix("村委会") for row in rows}


def _cell_of(cells: Sequence[shapely.Polygon], centre: Spot) -> shapely.Polygon:
    return next(cell for cell in cells if cell.contains(shapely.Point(centre)))


def _with_slivers(
    main: Sequence[shapely.Polygon], cells: Sequence[shapely.Polygon]
) -> list[BaseGeometry]:
    """Give each piece that holds no centre to the village with which it shares most border."""
    pieces = [[polygon] for polygon in main]
    known = {polygon.wkb for polygon in main}
    for cell in cells:
        if cell.wkb not in known:
            shared = [shapely.intersection(cell.boundary, p.boundary).length for p in main]
            pieces[int(np.argmax(shared))].append(cell)
    return [shapely.coverage_union_all(parts) for parts in pieces]
