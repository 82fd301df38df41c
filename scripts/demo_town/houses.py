"""Self-built houses: footprints in the hamlets, with what a survey would know of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.ground import Ground
from scripts.demo_town.plane import Spot, rectangle
from scripts.demo_town.records import Codes, Place, common, contact
from scripts.demo_town.settlements import Hamlet, Settlements
from scripts.demo_town.villages import Town

PLOT_M = (17.5, 21.0)
"""Distance of neighbouring houses along and across a row."""

EMPTY_PLOTS = 0.22
HOUSE_CLEAR_M = 15.5
"""Distance of a house from roads, pipelines and plants."""

MODERN = 0.9
"""From this ``Profile.modern`` on a village is a new one, its houses appraised."""

BAND_DISTANCE_M = (120.0, 170.0, 235.0)
"""How far from the pit the houses stand that lie in a quarry's band."""

IN_BAND: Mapping[str, Any] = {"use": "自住", "residents": 3}


@dataclass(frozen=True, slots=True)
class Object:
    """A house that is placed by hand: one of the plan's objects, or one that raises a class."""

    village: str
    name: str
    fields: Mapping[str, Any]


OBJECTS = (
    Object("320413109202", "模拟·经营性自建房（整治销号对象）", {
        "storeys": 4, "structure": "砖混预制板", "built_year": 1993, "use": "经营",
        "grade": "C", "screening": "严重安全隐患", "alterations": 1, "residents": 5,
        "sleepers": 14, "exits": 1}),
    Object("320413109202", "模拟·隐患既有建筑1号（整治对象）", {
        "storeys": 2, "structure": "砖木", "built_year": 1974, "use": "自住", "grade": "D",
        "screening": "严重安全隐患", "residents": 3, "sleepers": 0}),
    Object("320413109229", "模拟·隐患既有建筑2号（整治对象）", {
        "storeys": 3, "structure": "砖混预制板", "built_year": 1982, "use": "出租", "grade": "D",
        "screening": "严重安全隐患", "residents": 9, "sleepers": 0}),
    Object("320413109203", "模拟·隐患既有建筑3号（整治对象）", {
        "storeys": 1, "structure": "土木石砌", "built_year": 1966, "use": "闲置", "grade": "D",
        "screening": "严重安全隐患", "residents": 0, "sleepers": 0}),
    Object("320413109229", "", {"grade": "C", "use": "经营", "storeys": 3, "sleepers": 0}),
    Object("320413109211", "", {"grade": "D", "use": "自住", "residents": 2, "storeys": 1}),
)  # fmt: skip
"""One business house and three dilapidated ones are named by the plan (item 15)."""


def houses(town: Town, ground: Ground, settled: Settlements, pits: Sequence[Place]) -> list[Place]:
    """Make the houses, hamlet by hamlet; take their land.

    ``pits`` are the quarries in whose band some houses stand.
    """
    dice, codes = Dice("houses"), Codes("ZF")
    found: list[Place] = []
    for village in town.villages:
        shapes = [s for h in settled.hamlets if h.village == village.code
                  for s in _hamlet(dice, ground, h, village.polygon)]  # fmt: skip
        band = [s for pit in pits if pit.village == village.code for s in _band(dice, ground, pit)]
        shapes[len(shapes) - len(band) :] = band
        objects = [o for o in OBJECTS if o.village == village.code]
        lived_in = range(len(shapes) - len(band), len(shapes))
        for number, shape in enumerate(shapes):
            own = objects[number] if number < len(objects) else None
            fixed = IN_BAND if number in lived_in else {}
            code = next(codes)
            name = own.name if own and own.name else f"模拟·{village.name[:2]}自建房{code[-4:]}"
            fields = _fields(dice, village.profile.modern, own.fields if own else fixed)
            accuracy = dice.pick((0.5, 1.0, 2.0, 5.0))
            properties = {**common(dice, code, name, accuracy), **fields}
            found.append(Place(shape, village.code, properties))
    ground.claim(place.geometry for place in found)
    return found


def _hamlet(
    dice: Dice, ground: Ground, hamlet: Hamlet, village: shapely.Polygon
) -> list[shapely.Polygon]:
    """Return the footprints of a hamlet: the free plots of a grid that are nearest its middle."""
    reach = math.ceil(1.9 * math.sqrt(hamlet.houses)) + 3
    grid = [(c, r) for r in range(-reach, reach + 1) for c in range(-reach, reach + 1)]
    grid.sort(key=lambda cell: (math.hypot(cell[0] * PLOT_M[0], cell[1] * PLOT_M[1]), cell))
    shapes = [_footprint(dice, hamlet, _plot(dice, hamlet, cell)) for cell in grid]
    built = np.array([not dice.chance(EMPTY_PLOTS) for _ in shapes])
    inside = shapely.contains(village.buffer(-8), np.array(shapes))
    usable = np.flatnonzero(built & inside & ground.free(shapes, HOUSE_CLEAR_M))
    if len(usable) < hamlet.houses:
        raise RuntimeError(f"hamlet at {hamlet.centre}: room for {len(usable)} houses only")
    return [shapes[row] for row in usable[: hamlet.houses]]


def _plot(dice: Dice, hamlet: Hamlet, cell: tuple[int, int]) -> Spot:
    """Return the middle of a plot; rows are bent a little and broken by a lane."""
    lane = 6.0 * (cell[0] // 5)
    u = cell[0] * PLOT_M[0] + lane + dice.between(-1.2, 1.2)
    v = cell[1] * PLOT_M[1] + dice.between(-1.5, 1.5)
    cos, sin = math.cos(hamlet.angle), math.sin(hamlet.angle)
    return hamlet.centre[0] + u * cos - v * sin, hamlet.centre[1] + u * sin + v * cos


def _footprint(dice: Dice, hamlet: Hamlet, where: Spot) -> shapely.Polygon:
    angle = hamlet.angle + dice.between(-0.05, 0.05)
    return rectangle(where, angle, dice.between(9.0, 13.5), dice.between(7.5, 12.0))


def _band(dice: Dice, ground: Ground, pit: Place) -> list[shapely.Polygon]:
    """Return the houses in the band of a quarry."""
    found = []
    for distance in BAND_DISTANCE_M:
        ring = pit.geometry.buffer(distance).boundary
        spots = [ring.interpolate(part / 60, normalized=True) for part in range(60)]
        shapes = [rectangle((spot.x, spot.y), 0.2, 11, 9) for spot in spots]
        free = ground.free(shapes, 12)
        found.append(dice.pick([s for s, ok in zip(shapes, free, strict=True) if ok]))
    return found


def _fields(dice: Dice, modern: float, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the passport's fields; what ``fixed`` names is taken as it is."""
    year = _year(dice, modern)
    structure = dice.weighted(STRUCTURES[_age(year)])
    storeys = dice.weighted(STOREYS[_age(year)])
    use = dice.weighted(USES)
    residents = 0 if use == "闲置" else min(12, max(1, round(2.9 + 1.5 * dice.normal())))
    sleepers = dice.whole(2, 8) if use == "经营" and dice.chance(0.3) else 0
    grade, screening = _judged(dice, modern, year)
    fields: dict[str, Any] = {
        "storeys": dice.unless(0.05, storeys),
        "height_m": dice.unless(0.12, round(3.2 * storeys + dice.between(0.4, 1.8), 1)),
        "structure": dice.unless(0.07, structure),
        "built_year": dice.unless(0.08, year),
        "use": dice.unless(0.05, use),
        "grade": grade,
        "screening": screening,
        "alterations": dice.unless(0.11, dice.weighted({0: 0.95, 1: 0.045, 2: 0.005})),
        "hazardous_ground": dice.unless(0.12, dice.chance(0.02)),
        "qualified_parties": dice.unless(0.13, dice.chance(0.1 + 0.85 * modern**4)),
        "residents": dice.unless(0.06, residents),
        "sleepers": sleepers if use == "经营" else None,
        "exits": dice.unless(0.13, dice.weighted({1: 0.5, 2: 0.5})),
        **contact(dice),
    }
    return {name: fixed.get(name, value) for name, value in fields.items()}


def _year(dice: Dice, modern: float) -> int:
    if modern >= MODERN:
        return dice.whole(2012, 2023)
    middle = 1982 + 30 * modern
    return int(min(2025, max(1952, middle + 9.5 * dice.normal())))


def _age(year: int) -> str:
    return next(age for age, since in AGES.items() if year >= since)


AGES = {"new": 2010, "recent": 2000, "middle": 1980, "old": 0}
STRUCTURES = {
    "new": {"框架": 0.42, "砖混现浇": 0.56, "砖混预制板": 0.02},
    "recent": {"框架": 0.08, "砖混现浇": 0.62, "砖混预制板": 0.30},
    "middle": {"砖混预制板": 0.68, "砖木": 0.20, "砖混现浇": 0.12},
    "old": {"砖木": 0.62, "土木石砌": 0.26, "砖混预制板": 0.12},
}
STOREYS = {
    "new": {2: 0.38, 3: 0.52, 4: 0.10},
    "recent": {2: 0.62, 3: 0.32, 4: 0.05, 5: 0.01},
    "middle": {2: 0.74, 1: 0.18, 3: 0.08},
    "old": {1: 0.78, 2: 0.22},
}
USES = {"自住": 87.5, "出租": 5.0, "经营": 4.0, "闲置": 3.5}


def _judged(dice: Dice, modern: float, year: int) -> tuple[str | None, str | None]:
    """Return appraisal grade and screening result; C and D come only by ``OBJECTS``."""
    if modern >= MODERN:
        return dice.weighted({"A": 0.96, None: 0.04}), dice.unless(0.05, "未发现")
    older = year < 1995
    sound = 0.02 + (0.2 if older else 0.6) * modern**2
    grade = dice.weighted({None: 0.95 - sound, "A": sound, "B": 0.05})
    doubt = 0.06 if older else 0.01
    return grade, dice.unless(0.09, "一定安全隐患" if dice.chance(doubt) else "未发现")
