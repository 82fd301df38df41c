"""Where people gather: schools, hospitals, homes for the elderly."""

from __future__ import annotations

import math
from typing import Any

import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.ground import Ground
from scripts.demo_town.names import FIRST, SECOND, phone
from scripts.demo_town.plane import rectangle
from scripts.demo_town.records import Codes, Place, common
from scripts.demo_town.settlements import LONG_LINE_CLEAR_M, Settlements
from scripts.demo_town.villages import Town, Village

SCHOOLS = (
    ("320413109202", "幼儿园", 310), ("320413109202", "小学", 940), ("320413109202", "初中", 760),
    ("320413109202", "高中", 980), ("320413109202", "培训机构", 60),
    ("320413109229", "幼儿园", 150), ("320413109229", "小学", 420), ("320413109229", "初中", 350),
    ("320413109209", "幼儿园", 120), ("320413109209", "小学", 260),
    ("320413109208", "小学", 180), ("320413109219", "小学", 210), ("320413109219", "幼儿园", 80),
    ("320413109211", "幼儿园", 90), ("320413109201", "小学", 140), ("320413109226", "幼儿园", 45),
)  # fmt: skip
"""Village, stage and pupils."""

HOSPITALS = (("320413109202", "一级", 120, 160), ("320413109229", "一级", 60, 74))
"""Village, class, beds, staff."""

HOMES = (("320413109202", 96, 130, 34), ("320413109229", 62, 80, 21), ("320413109226", 38, 50, 13))
"""Village, residents, beds, staff."""

SITE_CLEAR_M = 28.0


def schools(town: Town, ground: Ground, settled: Settlements) -> list[Place]:
    """Make the schools; take their land."""
    dice, codes = Dice("schools"), Codes("XX")
    found = []
    for code, stage, pupils in SCHOOLS:
        village = town.village(code)
        length = 40 + 2.2 * math.sqrt(pupils)
        shape = _site(dice, ground, village, settled, length)
        fields = {
            "stage": stage,
            "pupils": dice.unless(0.08, pupils),
            "staff": dice.unless(0.12, max(6, round(pupils / 13))),
            "phone": dice.unless(0.1, phone(dice)),
        }
        name = f"模拟·{_word(dice)}{stage if stage != '培训机构' else '培训中心'}"
        found.append(_place(dice, codes, village, shape, name, fields))
    return found


def hospitals(town: Town, ground: Ground, settled: Settlements) -> list[Place]:
    """Make the two hospitals; take their land."""
    dice, codes = Dice("hospitals"), Codes("YY")
    found = []
    for code, grade, beds, staff in HOSPITALS:
        village = town.village(code)
        shape = _site(dice, ground, village, settled, 90)
        fields = {
            "hospital_class": grade,
            "beds": beds,
            "staff": dice.unless(0.1, staff),
            "phone": dice.unless(0.1, phone(dice)),
        }
        found.append(_place(dice, codes, village, shape, f"模拟·{_word(dice)}卫生院", fields))
    return found


def elderly_homes(town: Town, ground: Ground, settled: Settlements) -> list[Place]:
    """Make the three homes for the elderly; take their land."""
    dice, codes = Dice("elderly homes"), Codes("YL")
    found = []
    for code, residents, beds, staff in HOMES:
        village = town.village(code)
        shape = _site(dice, ground, village, settled, 62)
        fields = {
            "residents": residents,
            "beds": beds,
            "staff": dice.unless(0.2, staff),
            "fire_standard": dice.unless(0.1, True),
            "phone": dice.unless(0.1, phone(dice)),
        }
        found.append(_place(dice, codes, village, shape, f"模拟·{_word(dice)}养老院", fields))
    return found


def _site(
    dice: Dice, ground: Ground, village: Village, settled: Settlements, length_m: float
) -> shapely.Polygon:
    """Take a free rectangle near the village's middle, away from the long-distance line."""
    away = settled.long_line.buffer(LONG_LINE_CLEAR_M)
    inside = shapely.difference(village.polygon.buffer(-90), away)
    clear = length_m * 0.7 + SITE_CLEAR_M
    where = ground.dart(dice, inside, village.centre, (120, 700), clear)
    shape = rectangle(where, dice.between(-0.4, 0.4), length_m, length_m * dice.between(0.6, 0.9))
    ground.claim([shape])
    return shape


def _word(dice: Dice) -> str:
    return dice.pick(FIRST) + dice.pick(SECOND)


def _place(
    dice: Dice,
    codes: Codes,
    village: Village,
    shape: shapely.Polygon,
    name: str,
    fields: dict[str, Any],
) -> Place:
    """Return the record, as a boundary or as a point."""
    drawn = dice.chance(0.6)
    geometry = shape if drawn else shape.centroid
    accuracy = 2.0 if drawn else dice.pick((5.0, 10.0, None))
    return Place(geometry, village.code, {**common(dice, next(codes), name, accuracy), **fields})
