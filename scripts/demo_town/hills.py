"""The west: quarries, reservoirs and cisterns, and the forest compartments of the hills."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from scripts.demo_town.dice import Dice
from scripts.demo_town.ground import Ground
from scripts.demo_town.names import brands
from scripts.demo_town.plane import blob, faces, spot
from scripts.demo_town.records import Codes, Place, common, contact, days_ago
from scripts.demo_town.villages import UNKNOWN_VILLAGE, Town

RIDGE = (
    (119.3270, 31.8380), (119.3120, 31.8050), (119.3040, 31.7700),
    (119.3060, 31.7430), (119.3290, 31.7230), (119.3225, 31.6950),
)  # fmt: skip
"""Where the hills are highest, degrees: an invented line along the town's west."""

FOREST_HA = 2000.0
COMPARTMENT_HA = 12.0
FOREST_REACH_M = 3000.0
"""How far from the ridge a compartment may lie."""

ZONED = 60
ZONE = {"official_zone": 2, "zone_document": "模拟林防〔2024〕12号", "zone_on": "2024-03-15"}
"""So many of the northern compartments have an official fire zone; an invented one."""

CLEARING = 0.16
"""Share of cells that are fields and clearings."""

BAND_M = 300.0
"""The band around a small hillside quarry in which nobody may live (METHOD 2.1)."""


@dataclass(frozen=True, slots=True)
class Quarry:
    """The knobs of one open-pit mine; ``lon``, ``lat`` of its middle in degrees."""

    lon: float
    lat: float
    radius_m: float
    mineral: str
    method: str
    small_hillside: bool
    scale_kt_a: float | None
    slope_height_m: float | None
    safety_factor: float | None
    monitoring: str | None
    risk_colour: str | None
    workers: int | None
    valid_days: int
    inhabited_band: bool = False


QUARRIES = (
    Quarry(119.3330, 31.7135, 150, "建筑石料用灰岩", "爆破开采", True, 480, 62, 1.12, "人工",
           "橙", 38, 420, inhabited_band=True),
    Quarry(119.3265, 31.6985, 130, "建筑石料用灰岩", "爆破开采", True, 350, 48, 1.21, "在线",
           "橙", 30, 640),
    Quarry(119.3230, 31.7360, 120, "建筑用砂岩", "机械开采", False, 260, 36, 1.24, "在线",
           "黄", 22, 910),
    Quarry(119.3315, 31.7630, 140, "建筑石料用灰岩", "机械开采", False, 420, 55, None, "人工",
           "黄", 26, 300),
    Quarry(119.3395, 31.8190, 130, "砖瓦用页岩", "机械开采", False, None, 28, 1.30, "无",
           "蓝", 14, 180),
    Quarry(119.3355, 31.7300, 140, "水泥用灰岩", "爆破开采", False, 900, 96, 1.16, "在线",
           None, None, 1200),
)  # fmt: skip
"""All of them mechanised or blasting pits near the hills; one has houses in its band."""

RESERVOIRS_WEST = 15
RESERVOIRS_EAST = 9
CISTERNS = 6
WEST_M = 3500.0
"""A village whose middle is nearer to the ridge than this lies in the west."""

POND_M = 60.0
"""Below this radius a reservoir is a pond."""


def mines(town: Town, ground: Ground) -> list[Place]:
    """Make the open-pit mines and take their land."""
    dice, codes = Dice("mines"), Codes("KS")
    names = brands(dice, ("采石场", "露天矿"))
    found = []
    for quarry in QUARRIES:
        licence = blob(dice, spot(quarry.lon, quarry.lat), quarry.radius_m)
        code = next(codes)
        fields = {
            "licence_no": dice.unless(0.1, f"MOCK-CK-{dice.whole(10000, 99999)}"),
            "licence_valid_to": days_ago(dice, -quarry.valid_days, -quarry.valid_days),
            "mineral": quarry.mineral,
            "method": quarry.method,
            "small_hillside": quarry.small_hillside,
            "scale_kt_a": quarry.scale_kt_a,
            "slope_height_m": quarry.slope_height_m,
            "safety_factor": quarry.safety_factor,
            "monitoring": quarry.monitoring,
            "risk_colour": quarry.risk_colour,
            "workers_max_shift": quarry.workers,
            "shifts": 1,
            **contact(dice),
        }
        properties = {**common(dice, code, next(names), 2.0), **fields}
        found.append(Place(licence, town.at(licence).code, properties))
    ground.claim(place.geometry for place in found)
    return found


def inhabited(made: Sequence[Place]) -> list[Place]:
    """Return those of the mines in whose band somebody lives."""
    return [place for place, quarry in zip(made, QUARRIES, strict=True) if quarry.inhabited_band]


def reservoirs(town: Town, ground: Ground, reserved: BaseGeometry) -> list[Place]:
    """Make small reservoirs and ponds, most of them at the foot of the hills; take their land.

    ``reserved`` is land that is kept for something else, metres.
    """
    dice, codes = Dice("reservoirs"), Codes("SY")
    line = ridge()
    known = [village for village in town.villages if village.code != UNKNOWN_VILLAGE]
    west = [v for v in known if line.distance(shapely.Point(v.centre)) < WEST_M]
    east = [v for v in known if v not in west]
    found = []
    for number in range(RESERVOIRS_WEST + RESERVOIRS_EAST):
        side = west if number < RESERVOIRS_WEST else east
        village = side[number % len(side)]
        radius = dice.between(45, 170)
        room = radius * 1.4 + 30
        inside = shapely.difference(village.polygon, reserved).buffer(-room)
        where = ground.dart(dice, inside, village.centre, (600, 2200), room + 30)
        water = blob(dice, where, radius, corners=18)
        ground.claim([water])
        sort = "水塘" if radius < POND_M else "水库"
        volume = float(round(water.area * dice.between(1.5, 4.0), -2))
        fields = {
            "source_type": sort,
            "volume_m3": dice.unless(0.12, volume),
            "usable": dice.unless(0.08, not dice.chance(0.08)),
        }
        name = f"模拟·{village.name[:2]}{sort}{number + 1}号"
        properties = {**common(dice, next(codes), name, 5.0), **fields}
        found.append(Place(water, village.code, properties))
    return [*found, *_cisterns(dice, codes, town)]


def _cisterns(dice: Dice, codes: Codes, town: Town) -> list[Place]:
    """Make the forest farm's cisterns along the ridge."""
    line = ridge()
    found = []
    for number in range(1, CISTERNS + 1):
        along = line.interpolate((number - 0.5) / CISTERNS, normalized=True)
        where = shapely.Point(along.x + dice.between(150, 450), along.y)
        fields = {
            "source_type": "蓄水池",
            "volume_m3": dice.unless(0.1, float(dice.pick((100, 200, 300, 500)))),
            "usable": dice.unless(0.1, True),
        }
        name = f"模拟林场蓄水池{number}号"
        properties = {**common(dice, next(codes), name, 5.0), **fields}
        found.append(Place(where, town.at(where).code, properties))
    return found


def forest(town: Town, ground: Ground) -> list[Place]:
    """Cut the hills into compartments of about 2,000 ha in all; nobody builds in them."""
    dice, codes = Dice("forest"), Codes("LB")
    chosen = _compartments(dice, town, ground)
    ground.claim(chosen)
    found = []
    for number, cell in enumerate(chosen, start=1):
        code = next(codes)
        slope = max(1.0, 26.0 - cell.centroid.distance(ridge()) / 140 + 4 * dice.normal())
        fields = {
            "species": dice.unless(0.07, dice.weighted(SPECIES)),
            "slope_deg": dice.unless(0.10, round(slope, 1)),
            "aspect": dice.unless(0.10, dice.pick(ASPECTS) if slope > 4 else "平地"),
            "ignition_distance_m": dice.unless(0.15, float(round(dice.skewed(260, 0.8), -1))),
            "fires_10y": dice.unless(0.06, int(dice.chance(0.10)) + int(dice.chance(0.02))),
            "age_years": dice.unless(0.12, float(dice.whole(8, 55))),
            **(ZONE if number <= ZONED else dict.fromkeys(ZONE)),
        }
        name = f"模拟林场{number:03d}小班"
        properties = {**common(dice, code, name, 10.0), **fields}
        found.append(Place(cell, town.at(cell).code, properties))
    return found


def ridge() -> shapely.LineString:
    """Return the line of the ridge, metres."""
    return shapely.LineString([spot(lon, lat) for lon, lat in RIDGE])


def _compartments(dice: Dice, town: Town, ground: Ground) -> list[shapely.Polygon]:
    """Take cells nearest to the ridge until the area is reached, leaving clearings."""
    line = ridge()
    hills = town.outline.buffer(-40).intersection(line.buffer(FOREST_REACH_M))
    centres = [shapely.Point(v.centre).buffer(420) for v in town.villages]
    region = shapely.difference(hills, shapely.union_all([*centres, *_obstacles(ground, hills)]))
    region = max(shapely.get_parts(region), key=lambda part: float(part.area))
    seeds = _spread(dice, region, COMPARTMENT_HA * 1e4)
    cells = [
        cell
        for cell in faces(dice, region, seeds, step_m=90, amplitude_m=16)
        if cell.area > 0.2 * COMPARTMENT_HA * 1e4
    ]
    cells.sort(key=lambda cell: (cell.distance(line) + 400 * dice.unit(), cell.bounds))
    chosen: list[shapely.Polygon] = []
    left = FOREST_HA * 1e4
    for cell in cells:
        if cell.area <= left and not dice.chance(CLEARING):
            chosen.append(cell)
            left -= cell.area
    return sorted(chosen, key=lambda cell: (-cell.centroid.y, cell.centroid.x))


def _obstacles(ground: Ground, hills: BaseGeometry) -> Sequence[Any]:
    taken = [geometry for geometry in ground.taken if geometry.intersects(hills)]
    return [geometry.buffer(45, quad_segs=3) for geometry in taken]


def _spread(dice: Dice, region: BaseGeometry, cell_m2: float) -> Any:
    """Return seeds on a shaken grid that covers the region."""
    step = math.sqrt(cell_m2)
    x0, y0, x1, y1 = region.bounds
    rows = [
        (x + dice.between(-0.32, 0.32) * step, y + dice.between(-0.32, 0.32) * step)
        for y in np.arange(y0, y1 + step, step)
        for x in np.arange(x0, x1 + step, step)
    ]
    near = shapely.dwithin(shapely.points(rows), region, step)
    return np.array(rows)[near]


SPECIES = {
    "针叶纯林": 30.0, "灌草": 8.0, "针阔混交": 18.0, "落叶阔叶": 16.0,
    "毛竹": 13.0, "常绿阔叶": 8.0, "茶园果园": 7.0,
}  # fmt: skip
ASPECTS = ("西南", "南", "西", "东南", "东", "西北", "北", "东北")
