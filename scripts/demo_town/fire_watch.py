"""Forest-fire monitoring points: cameras on masts, watch towers, patrol posts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.plane import polar
from scripts.demo_town.records import Codes, Place, common, contact, days_ago
from scripts.demo_town.villages import Town

OPERATORS = ("模拟林场", "模拟镇林业站")

DOWN = {3: ("离线", 2), 9: ("离线", 19), 22: ("离线", 96), 31: ("停用", 240), 37: ("离线", None)}
"""Number of a point: its state, and for how many days (None: nobody noted it)."""


@dataclass(frozen=True, slots=True)
class Device:
    """How many devices of a sort there are, and the ranges of what they can do."""

    name: str
    count: int
    mast_m: tuple[float, float]
    range_m: tuple[float, float]
    cycle_min: tuple[float, float]


DEVICES = (
    Device("摄像机", 16, (22, 45), (3000, 5000), (12, 35)),
    Device("瞭望塔", 6, (12, 26), (2500, 4500), (30, 60)),
    Device("巡护点", 18, (0, 0), (500, 1500), (120, 480)),
)


def monitors(town: Town, forest: Sequence[Place]) -> list[Place]:
    """Make the monitoring points at the edge of the forest compartments."""
    dice, codes = Dice("monitors"), Codes("JC")
    cells = [place.geometry for place in forest]
    devices = [device for device in DEVICES for _ in range(device.count)]
    found = []
    for number, device in enumerate(devices, start=1):
        cell = cells[(number * 37) % len(cells)]
        edge = cell.boundary.interpolate(dice.unit(), normalized=True)
        where = shapely.Point(polar((edge.x, edge.y), dice.between(0, 2 * math.pi), 12))
        if not town.outline.contains(where):
            where = cell.representative_point()
        name = f"模拟·{device.name}{number:02d}号"
        properties = {**common(dice, next(codes), name, 5.0), **_fields(dice, number, device)}
        found.append(Place(where, town.at(where).code, properties))
    return found


def _fields(dice: Dice, number: int, device: Device) -> Mapping[str, Any]:
    state, days = DOWN.get(number, ("在线", None))
    mast = dice.unless(0.1, round(dice.between(*device.mast_m))) if device.mast_m[1] else None
    return {
        "device": device.name,
        "mast_height_m": None if mast is None else float(mast),
        "range_m": dice.unless(0.08, float(round(dice.between(*device.range_m), -2))),
        "patrol_cycle_min": dice.unless(0.12, float(round(dice.between(*device.cycle_min)))),
        "status": state if number in DOWN else dice.unless(0.05, state),
        "offline_since": None if days is None else days_ago(dice, days, days),
        "operator": dice.unless(0.08, dice.pick(OPERATORS)),
        **contact(dice),
    }
