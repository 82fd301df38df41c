"""Gas: the long-distance line, city gas along roads and streets, filling and bottle stations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
import shapely.ops

from scripts.demo_town.dice import Dice
from scripts.demo_town.ground import Ground
from scripts.demo_town.names import brands
from scripts.demo_town.plane import Spot, rectangle
from scripts.demo_town.records import Codes, Place, common, contact, days_ago
from scripts.demo_town.settlements import Settlements
from scripts.demo_town.villages import Town

TOTAL_M = 120_000.0
"""All pipelines together."""

SEGMENT_M = 1500.0
"""Longest segment of a line: one record each."""

OLD_STREETS = ("320413109202", "320413109229")
"""Villages whose streets still have some old pipes."""

OLD_SHARE = 0.45

ENCROACHED_CITY = 2
"""Encroached segments of city gas, in the first of the villages that may be raised."""

STATIONS = (
    ("320413109202", 3, "一级", 150.0), ("320413109229", 3, "二级", 100.0),
    ("320413109209", 3, "二级", 110.0), ("320413109219", 2, "三级", 60.0),
    ("320413109218", 2, "三级", 55.0), ("320413109201", 2, "三级", None),
)  # fmt: skip
"""Gas stations: village, shifts, class, tank volume in m3."""

BOTTLES = (
    ("320413109202", "Ⅰ", 18.0), ("320413109229", "Ⅱ", 5.5),
    ("320413109208", "Ⅱ", 4.0), ("320413109216", None, 0.9),
)  # fmt: skip
"""LPG bottle stations: village, class, capacity in m3."""

STATION_CLEAR_M = 65.0
"""How far from anything a station stands: its outer radius is 60 m (METHOD 5.3)."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of city gas: its line (metres), what it serves, and its village."""

    line: shapely.LineString
    serves: str
    village: str


def pipelines(town: Town, settled: Settlements) -> list[Place]:
    """Make the pipelines, ``TOTAL_M`` metres in all."""
    dice, codes = Dice("pipelines"), Codes("GX")
    found = _long_distance(dice, codes, town, settled.long_line)
    encroached = 0
    for run in _within(_runs(town, settled), TOTAL_M - settled.long_line.length):
        for piece in _pieces(run.line):
            village = town.at(piece)
            old = run.serves == "street" and run.village in OLD_STREETS and dice.chance(OLD_SHARE)
            over = old and village.profile.raised and encroached < ENCROACHED_CITY
            encroached += over
            fields = _old(dice, over) if old else _modern(dice, run.serves)
            properties = _named(dice, codes, f"模拟·{village.name[:2]}燃气管", fields)
            found.append(Place(piece, village.code, properties))
    return found


def gas_stations(town: Town, ground: Ground, settled: Settlements) -> list[Place]:
    """Make the gas stations beside main roads; take their land."""
    dice, codes = Dice("gas stations"), Codes("JY")
    names = brands(dice, ("加油站",))
    found = []
    for code, shifts, station_class, tank in STATIONS:
        where = _beside_road(dice, town, ground, settled, code)
        shape = rectangle(where, dice.between(0, math.pi), 52, 38)
        ground.claim([shape.buffer(20)])
        fields = {
            "station_class": dice.unless(0.1, station_class),
            "tank_m3": tank,
            "workers_max_shift": dice.unless(0.1, dice.whole(2, 5)),
            "shifts": shifts,
            **contact(dice),
        }
        properties = {**common(dice, next(codes), next(names), 3.0), **fields}
        found.append(Place(shape, code, properties))
    return found


def lpg_stations(town: Town, ground: Ground, settled: Settlements) -> list[Place]:
    """Make the LPG bottle stations; take their land."""
    dice, codes = Dice("lpg stations"), Codes("YQ")
    names = brands(dice, ("液化气供应站",))
    found = []
    for code, station_class, capacity in BOTTLES:
        where = _beside_road(dice, town, ground, settled, code)
        shape = shapely.Point(where)
        ground.claim([shape.buffer(40)])
        fields = {
            "station_class": station_class,
            "capacity_m3": capacity,
            "evaluated_on": dice.unless(0.2, days_ago(dice, 100, 900)),
            "workers_max_shift": dice.whole(1, 3),
            "shifts": 1,
            **contact(dice),
        }
        properties = {**common(dice, next(codes), next(names), 5.0), **fields}
        found.append(Place(shape, code, properties))
    return found


def _long_distance(dice: Dice, codes: Codes, town: Town, line: shapely.LineString) -> list[Place]:
    """Cut the long-distance line; what raises a class lies inside villages that may be raised."""
    found: list[Place] = []
    faults = iter(LONG_FAULTS)
    for number, piece in enumerate(_pieces(line)):
        village = town.at(piece)
        inside = village.profile.raised and village.polygon.buffer(-60).contains(piece)
        fields: dict[str, Any] = {
            "regime": "长输管道",
            "medium": "天然气",
            "pressure_class": None,
            "pressure_mpa": 6.3,
            "diameter_mm": 508.0,
            "material": dice.unless(0.1, "防腐钢"),
            "built_year": 2011,
            "leaks_3y": dice.unless(0.05, 0),
            "third_party_works": dice.unless(0.1, False),
            "encroached": dice.unless(0.06, False),
            "inspection_overdue": dice.unless(0.1, False),
            "leak_monitoring": True,
            "cathodic_fault": number == COLD_SEGMENT,
            "class_location": "一级",
            "hca": "非高后果区",
            "operator": "模拟·砂笛天然气管道公司",
        }
        fields |= next(faults, {}) if inside else {}
        properties = _named(dice, codes, "模拟·砂笛长输天然气管", fields)
        found.append(Place(piece, village.code, properties))
    return found


LONG_FAULTS: tuple[dict[str, Any], ...] = (
    {"class_location": "二级", "hca": "Ⅱ", "third_party_works": True},
    {"class_location": "二级", "hca": "Ⅰ"},
)
"""What is wrong with the first segments that lie wholly in a village that may be raised."""

COLD_SEGMENT = 9
"""The segment whose cathodic protection is out of order."""


def _runs(town: Town, settled: Settlements) -> Iterator[Run]:
    """Yield where city gas may lie: first between villages and in streets, then to hamlets."""
    served = {village.code for village in town.villages if village.profile.gas}
    for road in settled.roads:
        ends = [_village_of(town, end) for end in (road.line.coords[0], road.line.coords[-1])]
        if road.main and served.issuperset(ends):
            yield Run(road.line, "trunk", ends[0])
    for code, line in settled.streets:
        if code in served:
            yield Run(line, "street", code)
    branches = [road.line for road in settled.roads if not road.main]
    for line in sorted(branches, key=lambda branch: (branch.length, branch.coords[0])):
        code = _village_of(town, line.coords[0])
        if code in served:
            yield Run(line, "hamlet", code)


def _village_of(town: Town, end: tuple[float, ...]) -> str:
    return town.at(shapely.Point(end)).code


def _within(runs: Iterator[Run], length_m: float) -> Iterator[Run]:
    """Yield runs until their length is reached; the last is cut.

    Raises
    ------
    RuntimeError
        If there are not enough of them.
    """
    left = length_m
    for run in runs:
        if run.line.length >= left:
            yield Run(_cut(run.line, 0.0, left / run.line.length), run.serves, run.village)
            return
        yield run
        left -= run.line.length
    raise RuntimeError(f"the roads are {left:.0f} m too short for the city gas")


def _pieces(line: shapely.LineString) -> list[shapely.LineString]:
    count = max(1, math.ceil(line.length / SEGMENT_M))
    cuts = [number / count for number in range(count + 1)]
    return [_cut(line, a, b) for a, b in itertools.pairwise(cuts)]


def _cut(line: shapely.LineString, start: float, end: float) -> shapely.LineString:
    """Return the part of a line between two shares of its length."""
    part = shapely.ops.substring(line, start, end, normalized=True)
    return shapely.LineString(part.coords)


def _named(dice: Dice, codes: Codes, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    code = next(codes)
    return {**common(dice, code, f"{name}{code[-4:]}段", 5.0), **fields}


def _city(dice: Dice) -> dict[str, Any]:
    """Return what all city gas has in common."""
    return {
        "regime": "城镇燃气",
        "medium": "天然气",
        "leaks_3y": dice.unless(0.10, int(dice.chance(0.05))),
        "third_party_works": dice.unless(0.12, dice.chance(0.03)),
        "encroached": dice.unless(0.08, False),
        "inspection_overdue": dice.unless(0.10, dice.chance(0.04)),
        "leak_monitoring": dice.unless(0.10, dice.chance(0.6)),
        "cathodic_fault": None,
        "class_location": None,
        "hca": None,
        "operator": "模拟·梧灯燃气公司",
    }


def _modern(dice: Dice, serves: str) -> dict[str, Any]:
    pressure_class, mpa, diameters, materials = LAID[serves]
    laid = {
        "pressure_class": dice.unless(0.06, pressure_class),
        "pressure_mpa": dice.unless(0.08, mpa),
        "diameter_mm": dice.unless(0.06, float(dice.pick(diameters))),
        "material": dice.unless(0.07, dice.weighted(materials)),
        "built_year": dice.unless(0.09, dice.whole(2008, 2025)),
    }
    return _ordered({**_city(dice), **laid})


LAID: dict[str, tuple[str, float, tuple[int, ...], dict[str, float]]] = {
    "trunk": ("中压A", 0.4, (200, 250, 315), {"PE": 0.6, "防腐钢": 0.4}),
    "street": ("中压B", 0.2, (110, 160), {"PE": 0.8, "防腐钢": 0.2}),
    "hamlet": ("低压", 0.005, (63, 90, 110), {"PE": 0.95, "防腐钢": 0.05}),
}
"""What is laid where: pressure class, MPa, diameters in mm, materials."""


def _old(dice: Dice, encroached: bool) -> dict[str, Any]:
    laid = {
        "pressure_class": "中压B",
        "pressure_mpa": dice.unless(0.1, 0.1),
        "diameter_mm": float(dice.pick((100, 150))),
        "material": dice.pick(("灰口铸铁", "镀锌钢")),
        "built_year": dice.whole(1994, 2001),
        "leaks_3y": dice.whole(0, 2),
        "inspection_overdue": dice.chance(0.3),
        "encroached": encroached,
    }
    return _ordered({**_city(dice), **laid})


def _ordered(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields in the file's order."""
    return {name: fields[name] for name in ORDER}


ORDER = (
    "regime", "medium", "pressure_class", "pressure_mpa", "diameter_mm", "material",
    "built_year", "leaks_3y", "third_party_works", "encroached", "inspection_overdue",
    "leak_monitoring", "cathodic_fault", "class_location", "hca", "operator",
)  # fmt: skip


def _beside_road(dice: Dice, town: Town, ground: Ground, settled: Settlements, code: str) -> Spot:
    """Find a free spot some way from a main road of the village."""
    village = town.village(code)
    inside = village.polygon.buffer(-120)
    main: Sequence[shapely.LineString] = [road.line for road in settled.roads if road.main]
    near = shapely.union_all(main).buffer(110).intersection(inside)
    return ground.dart(dice, near, village.centre, (250, 1600), STATION_CLEAR_M)
