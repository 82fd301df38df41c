"""What plants report: the chemicals of their units, the items of their risk reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scripts.demo_town.dice import Dice
from scripts.demo_town.records import Place, Record

Amount = tuple[str, str | None, float | None, float | None]
"""A chemical: name, class (None: its name tells), design maximum and largest vessel, tonnes."""

CHEMICALS: Mapping[tuple[str, str | None], Sequence[Amount]] = {
    ("化工厂", "二级"): (
        ("液氯", None, 60.0, 20.0), ("氯化氢（无水）", None, 60.0, 20.0),
        ("甲醇", None, 800.0, 200.0)),
    ("气体厂", "三级"): (
        ("液化石油气", None, 150.0, 10.0), ("乙炔", None, 4.0, 0.5), ("液氧", None, 200.0, 50.0)),
    ("涂料厂", "四级"): (
        ("甲苯", None, 500.0, 50.0), ("丙酮", None, 200.0, 50.0), ("乙酸乙酯", None, 300.0, 50.0)),
    ("树脂厂", "不构成"): (
        ("苯乙烯", None, 200.0, 50.0), ("过氧化甲乙酮", None, 1.0, None)),
    ("化工仓库", None): (("稀释剂", None, 40.0, 1.0), ("乙醇", None, 100.0, None)),
    ("助剂厂", "不构成"): (("环氧丙烷", None, 12.0, 6.0), ("丙酮", None, 30.0, 10.0)),
    ("化工厂", "四级"): (("硝酸铵（含可燃物≤0.2%）", None, 60.0, None),),
    ("油墨厂", "不构成"): (("稀释剂", "W5.3", 300.0, 20.0), ("乙醇", None, 60.0, 20.0)),
    ("胶粘剂厂", "不构成"): (("甲苯", None, 80.0, 30.0), ("正己烷", None, 60.0, 30.0)),
}  # fmt: skip
"""What stands in the unit of a plant, by the end of its name and the level that it declares.

The levels agree with GB 18218 but for one that declares too little, and one that nobody can grade.
"""

ORDINARY = ("一般", None)
"""Categories of which the town has no list of risk items."""

LEVELS = ("低", "一般", "较大", "重大")
COLOURS = ("蓝", "黄", "橙", "红")

NAMES = ("配电与用电", "特种设备", "动火作业", "叉车与运输", "高处作业", "危险物料储存", "有限空间")
ACCIDENTS = ("触电", "容器爆炸", "火灾", "车辆伤害", "高处坠落", "火灾", "中毒和窒息")
"""Names of items and what may happen, side by side."""

LEC = ((0.5, 6.0, 7.0), (3.0, 6.0, 7.0), (3.0, 6.0, 15.0), (3.0, 6.0, 40.0))
"""L, E and C that give each of the levels."""

LS = ((2, 3), (3, 4), (4, 4), (5, 4))
"""L and S that give each of the levels."""

MODEST = 0.012
"""Share of items that are put lower than their own L, E and C give."""


def chemicals(plants: Sequence[Place], units: Sequence[Place]) -> list[Record]:
    """Return the chemicals of the units of plants that produce or store them."""
    by_code = {plant.properties["code"]: plant.properties for plant in plants}
    return [
        {
            "code": unit.properties["code"],
            "chemical": name,
            "hazard_class": hazard_class,
            "design_t": design_t,
            "largest_vessel_t": vessel_t,
        }
        for unit in units
        for name, hazard_class, design_t, vessel_t in _held(by_code[unit.properties["enterprise"]])
    ]


def risk_items(plants: Sequence[Place]) -> list[Record]:
    """Return the items of the last risk report of plants that are not ordinary.

    The highest current item has the colour that the plant reports.
    """
    dice = Dice("risk items")
    return [
        item
        for plant in plants
        if plant.properties["category"] not in ORDINARY and plant.properties["risk_colour"]
        for item in _items(dice, plant.properties)
    ]


def _held(plant: Mapping[str, object]) -> Sequence[Amount]:
    found = [
        amounts
        for (noun, level), amounts in CHEMICALS.items()
        if str(plant["name"]).endswith(noun) and plant["mhi_level"] == level
    ]
    return found[0] if found else ()


def _items(dice: Dice, plant: Mapping[str, object]) -> Iterator[Record]:
    top = COLOURS.index(str(plant["risk_colour"]))
    levels = [top, *(dice.whole(0, top) for _ in range(dice.whole(1, 3)))]
    for number, level in enumerate(levels, start=1):
        name = dice.whole(0, len(NAMES) - 1)
        yield {
            "code": plant["code"],
            "item": f"{plant['code']}-FX{number:02d}",
            "item_name": NAMES[name],
            "accident_type": ACCIDENTS[name],
            "reported_on": plant["risk_reported_on"],
            "status": "现行",
            **_method(dice, level),
        }
    if dice.chance(0.1):
        yield {
            "code": plant["code"],
            "item": f"{plant['code']}-FX{len(levels) + 1:02d}",
            "item_name": "已停用的老设备",
            "level": LEVELS[3],
            "method": "目录",
            "accident_type": "机械伤害",
            "reported_on": plant["risk_reported_on"],
            "status": "已消除",
        }


def _method(dice: Dice, level: int) -> Record:
    """Return how an item was graded: high ones by the directory, others by LEC or LS."""
    if level >= LEVELS.index("较大") and dice.chance(0.7):
        return {"level": LEVELS[level], "method": "目录"}
    recorded = LEVELS[level - 1] if level > 0 and dice.chance(MODEST) else LEVELS[level]
    if dice.chance(0.5):
        lec_l, lec_e, lec_c = LEC[level]
        return {"level": recorded, "method": "LEC", "lec_l": lec_l, "lec_e": lec_e, "lec_c": lec_c}
    ls_l, ls_s = LS[level]
    return {"level": dice.unless(0.2, recorded), "method": "LS", "ls_l": ls_l, "ls_s": ls_s}
