"""Small places (小场所): along the town's streets and in the middle of the villages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.names import brands
from scripts.demo_town.plane import polar
from scripts.demo_town.records import Codes, Place, common, contact
from scripts.demo_town.settlements import Settlements
from scripts.demo_town.villages import Town

IN_HAMLETS = 0.22
"""Share that stands in the hamlets and not along the street."""

FRONT_M = (7.5, 13.0)
"""Distance of a shop front from the middle of the street."""


@dataclass(frozen=True, slots=True)
class PlaceType:
    """A type of our own; the office's list of twelve is not public (METHOD 6.2).

    ``base`` is the score's base by METHOD 6.2; ``share`` and the rest say how many there are
    and what they are like; ``occupancy`` is the share of the year that people are there (6.1).
    """

    code: str
    zh: str
    en: str
    base: int
    share: float
    people: float
    area_m2: float
    lpg: float
    nouns: tuple[str, ...]
    occupancy: float = 0.3


TYPES = (
    PlaceType("catering", "餐饮", "Restaurants", 50, 26, 18, 90, 0.55, ("餐馆", "面馆", "小吃店")),
    PlaceType("shop", "商店超市", "Shops", 35, 27, 8, 80, 0.03, ("便利店", "超市", "五金店")),
    PlaceType("hotel", "旅馆民宿", "Guest houses", 55, 4, 16, 320, 0.10, ("旅馆", "民宿")),
    PlaceType("entertainment", "歌舞娱乐", "Entertainment", 50, 1.5, 24, 260, 0, ("歌厅", "球房")),
    PlaceType("internet", "上网服务", "Internet cafes", 50, 1, 26, 220, 0, ("网吧", "电竞馆")),
    PlaceType("workshop", "生产加工", "Workshops", 55, 9, 7, 160, 0.04, ("加工坊", "裁缝铺")),
    PlaceType("storage", "仓储物流", "Storage", 55, 4, 4, 260, 0, ("仓库", "快递站")),
    PlaceType("beauty", "美容美发洗浴", "Beauty, bathing", 40, 9, 6, 55, 0.02, ("理发店", "浴室")),
    PlaceType("clinic", "诊所药店", "Clinics", 40, 4.5, 8, 90, 0, ("诊所", "药店")),
    PlaceType("training", "培训幼托", "Training, care", 40, 2.5, 26, 180, 0, ("画室", "托班")),
    PlaceType("repair", "维修服务", "Repair", 25, 7, 4, 70, 0.02, ("修车铺", "电器维修店")),
    PlaceType("other", "其他", "Other", 25, 4.5, 6, 80, 0.04, ("花店", "照相馆")),
)  # fmt: skip

TEMPLE = PlaceType(
    "temple", "寺庙教堂", "Temples, churches", 25, 0, 30, 200, 0, ("寺", "教堂"), 0.05
)
"""Besides the twelve; the town has none on record."""

NOTE = "（示例类型，待镇里核定）"

COLOURS = ((80, "红"), (60, "橙"), (40, "黄"), (0, "蓝"))
"""Lower limits of the score (METHOD 6.2)."""


def small_places(town: Town, settled: Settlements) -> list[Place]:
    """Make the small places."""
    dice, codes, beds = Dice("small places"), Codes("CS"), Dice("beds of guest houses")
    names = {sort.code: brands(dice, sort.nouns) for sort in TYPES}
    shares = {sort: sort.share for sort in TYPES}
    found = []
    for village in town.villages:
        streets = [line for code, line in settled.streets if code == village.code]
        hamlets = [h.centre for h in settled.hamlets if h.village == village.code]
        for _ in range(village.profile.small_places):
            sort = dice.weighted(shares)
            where = _front(dice, streets)
            if dice.chance(IN_HAMLETS):
                where = polar(
                    dice.pick(hamlets), dice.between(0, 6.28), 75 * math.sqrt(dice.unit())
                )
            accuracy = dice.weighted({5.0: 0.5, 10.0: 0.3, 30.0: 0.12, None: 0.08})
            fields = {**_fields(dice, sort), "beds": _beds(beds, sort)}
            properties = {**common(dice, next(codes), next(names[sort.code]), accuracy), **fields}
            found.append(Place(shapely.Point(where), village.code, properties))
    return found


def type_rows() -> list[dict[str, str]]:
    """Return the code table: each title says that the town has yet to settle it."""
    return [
        {
            "code": sort.code,
            "title_zh": sort.zh + NOTE,
            "title_en": f"{sort.en} (example, to be settled by the town)",
            "base_points": str(sort.base),
            "occupancy": str(sort.occupancy),
        }
        for sort in (*TYPES, TEMPLE)
    ]


def _front(dice: Dice, streets: Sequence[shapely.LineString]) -> tuple[float, float]:
    """Return a shop front beside one of the streets."""
    (x0, y0), (x1, y1) = dice.pick(streets).coords
    along, aside = dice.unit(), dice.between(*FRONT_M) * dice.pick((-1, 1))
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    return x0 + along * (x1 - x0) - aside * uy, y0 + along * (y1 - y0) + aside * ux


def _beds(dice: Dice, sort: PlaceType) -> int | None:
    return dice.unless(0.2, dice.whole(6, 30)) if sort.code == "hotel" else None


def _fields(dice: Dice, sort: PlaceType) -> dict[str, Any]:
    sleeping, lpg = dice.chance(0.02), dice.chance(sort.lpg)
    exits = dice.weighted({1: 0.62, 2: 0.33, 3: 0.05})
    barred, charging = dice.chance(0.06), dice.chance(0.05)
    detector = dice.chance(0.45)
    score = (
        sort.base + 25 * sleeping + 15 * lpg + 10 * (exits == 1)
        + 10 * barred + 15 * charging - 10 * detector
    )  # fmt: skip
    colour = next(name for limit, name in COLOURS if score >= limit)
    people = max(1, round(dice.skewed(sort.people, 0.5)))
    return {
        "place_type": dice.unless(0.05, sort.code),
        "risk_colour": dice.unless(0.10, colour),
        "area_m2": dice.unless(0.08, float(round(dice.skewed(sort.area_m2, 0.5)))),
        "peak_people": dice.unless(0.08, people),
        "sleeping": dice.unless(0.08, sleeping),
        "bottled_lpg": dice.unless(0.07, lpg),
        "exits": dice.unless(0.08, exits),
        "barred_windows": dice.unless(0.10, barred),
        "ebike_charging": dice.unless(0.10, charging),
        "detector": dice.unless(0.10, detector),
        "fire_staff": dice.unless(0.12, dice.chance(0.58)),
        **contact(dice),
    }
