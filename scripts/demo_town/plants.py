"""Enterprises: most of them on the lots of industrial estates, the rest beside roads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from scripts.demo_town.dice import Dice
from scripts.demo_town.ground import Ground
from scripts.demo_town.hills import BAND_M
from scripts.demo_town.names import brands
from scripts.demo_town.plane import rectangle
from scripts.demo_town.records import Codes, Place, common, contact, days_ago
from scripts.demo_town.settlements import ESTATE_PITCH_M, ESTATE_SHARE, Estate, Settlements
from scripts.demo_town.villages import Town, Village

BOUNDARY_KNOWN = 0.45
"""Share of plants whose boundary is drawn; the others are points."""

LOT_CLEAR_M = 12.0
"""Distance of a lot from roads and from whatever stands there."""

REPORT_OVERDUE = 0.09
"""Share of reported colours that are older than a year."""

COMMON_WEIGHTS: Mapping[str | None, float] = {
    "一般": 76.0, "其他金属粉尘": 2.0, "木塑纺粮粉尘": 4.0, "有限空间": 4.5,
    "厂中厂": 3.0, "劳动密集": 5.5, None: 5.0,
}  # fmt: skip
"""Categories of the plants that ``SPECIAL`` does not name."""

QUIET_WEIGHTS: Mapping[str | None, float] = {"一般": 95.0, None: 5.0}
"""The same in villages without an estate."""


@dataclass(frozen=True, slots=True)
class Special:
    """A plant that the town's plan or its dangers make worth placing by hand."""

    village: str
    category: str
    noun: str
    fields: Mapping[str, Any]


def _chemical(level: str | None, workers: int, **more: Any) -> dict[str, Any]:
    """Return the fields of a plant with hazardous chemicals."""
    return {
        "mhi_level": level,
        "workers_max_shift": workers,
        "shifts": 3,
        "monitoring": "已接入" if level not in (None, "不构成") else "不需要",
        **more,
    }


def _dusty(workers: int, volume: float | None, **more: Any) -> dict[str, Any]:
    """Return the fields of a plant with metal dust."""
    return {"dust_workers": workers, "dust_collector_m3": volume, **more}


QUIET = {"risk_colour": "蓝", "workers_max_shift": 4, "shifts": 1, "standardisation": "三级"}
"""The only plant of each of the two new villages."""

SPECIAL = (
    Special("320413109211", "铝加工深井铸造", "铝材铸造厂", {
        "hoist": "钢丝绳", "melt_charge_t": 18.0, "monitoring": "应接未接", "risk_colour": "红",
        "workers_max_shift": 46, "shifts": 3}),
    Special("320413109211", "铝加工深井铸造", "铝棒厂", {
        "hoist": "液压", "melt_charge_t": 12.0, "monitoring": "已接入", "risk_colour": "橙",
        "workers_max_shift": 38, "shifts": 3}),
    Special("320413109209", "危化品生产储存", "化工厂", _chemical(
        "二级", 64, risk_colour="红", ext_safety_dist_m=420.0,
        ext_safety_doc="模拟评价〔2025〕第003号")),
    Special("320413109209", "危化品生产储存", "气体厂", _chemical("三级", 28, risk_colour="橙")),
    Special("320413109209", "危化品生产储存", "涂料厂", _chemical(
        "四级", 40, ext_safety_dist_m=180.0, ext_safety_doc="模拟评价〔2024〕第011号")),
    Special("320413109209", "危化品生产储存", "树脂厂", _chemical("不构成", 33)),
    Special("320413109209", "危化品生产储存", "化工仓库", _chemical(None, 9)),
    Special("320413109209", "危化品生产储存", "助剂厂", _chemical("不构成", 21)),
    Special("320413109229", "危化品生产储存", "化工厂", _chemical("四级", 36)),
    Special("320413109229", "危化品生产储存", "油墨厂", _chemical("不构成", 24)),
    Special("320413109208", "危化品生产储存", "胶粘剂厂", _chemical("不构成", 18)),
    Special("320413109211", "铝镁金属粉尘", "轮毂抛光厂", _dusty(
        32, 12.0, multi_storey_dust=False, monitoring="已接入", workers_max_shift=85)),
    Special("320413109211", "铝镁金属粉尘", "铝件打磨厂", _dusty(
        9, 4.0, multi_storey_dust=True, monitoring="应接未接", workers_max_shift=24)),
    Special("320413109211", "铝镁金属粉尘", "镁合金厂", _dusty(14, 8.0, multi_storey_dust=False)),
    Special("320413109211", "铝镁金属粉尘", "压铸件厂", _dusty(11, None, monitoring="已接入")),
    Special("320413109229", "铝镁金属粉尘", "铝制品厂", _dusty(18, 6.0, multi_storey_dust=False)),
    Special("320413109229", "铝镁金属粉尘", "抛光厂", _dusty(7, 3.0, multi_storey_dust=None)),
    Special("320413109217", "一般", "竹器厂", QUIET),
    Special("320413109221", "一般", "藤编厂", QUIET),
    Special("320413109202", "液氨制冷", "冷冻食品厂", {"workers_max_shift": 52, "shifts": 2}),
    Special("320413109229", "液氨制冷", "冷库", {"workers_max_shift": 14, "shifts": 2}),
    Special("320413109216", "液氨制冷", "禽蛋冷库", {"workers_max_shift": 11, "shifts": 1}),
)  # fmt: skip


def enterprises(
    town: Town,
    ground: Ground,
    settled: Settlements,
    estates: Sequence[Estate],
    quarries: Sequence[BaseGeometry],
) -> list[Place]:
    """Make the enterprises and take their land."""
    dice, codes = Dice("enterprises"), Codes("QY")
    nouns = {category: brands(dice, words) for category, words in NOUNS.items()}
    nouns_of_special = {s.noun: brands(dice, (s.noun,)) for s in SPECIAL}
    away = shapely.union_all(quarries).buffer(BAND_M + 40)
    found: list[Place] = []
    for village in town.villages:
        lots = _lots(dice, village, ground, estates)
        lots += _scattered(dice, village, ground, settled, away, village.profile.enterprises)
        if len(lots) < village.profile.enterprises:
            raise RuntimeError(f"{village.name}: no land for all its plants")
        special = [s for s in SPECIAL if s.village == village.code]
        weights = COMMON_WEIGHTS if village.profile.estates else QUIET_WEIGHTS
        for number, lot in enumerate(lots[: village.profile.enterprises]):
            own = special[number] if number < len(special) else None
            category = own.category if own else dice.weighted(weights)
            name = next(nouns_of_special[own.noun] if own else nouns[category])
            fields = _fields(dice, category, own.fields if own else {})
            drawn = own is not None or dice.chance(BOUNDARY_KNOWN)
            shape = lot if drawn else _somewhere(dice, lot)
            accuracy = dice.pick((1.0, 2.0, 5.0)) if drawn else dice.pick((5.0, 10.0, 30.0, None))
            properties = {**common(dice, next(codes), name, accuracy), **fields}
            found.append(Place(shape, village.code, properties))
    ground.claim(place.geometry for place in found)
    return found


def _lots(
    dice: Dice, village: Village, ground: Ground, estates: Sequence[Estate]
) -> list[shapely.Polygon]:
    """Return the lots of the village's estates, the outermost first: specials stand there."""
    own = [estate for estate in estates if estate.village == village.code]
    found = []
    for estate in own:
        lots = list(_grid(dice, estate.disc))
        open_land = ground.free(lots, LOT_CLEAR_M)
        inside = village.polygon.buffer(-15)
        lots = [lot for lot, ok in zip(lots, open_land, strict=True) if ok and inside.contains(lot)]
        middle = shapely.Point(village.centre)
        lots.sort(key=lambda lot: (-lot.distance(middle), lot.bounds))
        found.append(lots[: round(ESTATE_SHARE * village.profile.enterprises / len(own))])
    return [lot for lots in found for lot in lots]


def _grid(dice: Dice, disc: shapely.Polygon) -> Iterator[shapely.Polygon]:
    """Yield lots on a turned grid, blocks of four rows with a wider street between."""
    angle = dice.between(-0.4, 0.4)
    x0, y0, x1, y1 = disc.bounds
    reach = (x1 - x0) / 2
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    steps = math.ceil(reach / ESTATE_PITCH_M)
    for row in range(-steps, steps + 1):
        for column in range(-steps, steps + 1):
            u, v = column * ESTATE_PITCH_M, row * ESTATE_PITCH_M
            if math.hypot(u, v) > reach:
                continue
            x = middle[0] + u * math.cos(angle) - v * math.sin(angle)
            y = middle[1] + u * math.sin(angle) + v * math.cos(angle)
            yield rectangle((x, y), angle, dice.between(44, 70), dice.between(40, 68))


def _scattered(
    dice: Dice,
    village: Village,
    ground: Ground,
    settled: Settlements,
    away: BaseGeometry,
    count: int,
) -> list[shapely.Polygon]:
    """Return up to ``count`` lots beside the village's roads, apart from each other."""
    inside = shapely.difference(village.polygon.buffer(-60), away)
    beside = shapely.union_all([road.line for road in settled.roads]).intersection(inside)
    stretches = [part for part in shapely.get_parts(beside) if part.length > 0]
    hamlets = [h.centre for h in settled.hamlets if h.village == village.code]
    homes = shapely.MultiPoint(hamlets).buffer(190)
    tries = [_beside(dice, dice.pick(stretches)) for _ in range(count * 10 + 100)]
    open_land = ground.free(tries, LOT_CLEAR_M) & shapely.contains(inside, tries)
    found: list[shapely.Polygon] = []
    for lot, usable in zip(tries, open_land, strict=True):
        apart = all(lot.distance(other) > 20 for other in found)
        if usable and apart and not homes.intersects(lot) and len(found) < count:
            found.append(lot)
    return found


def _beside(dice: Dice, road: shapely.LineString) -> shapely.Polygon:
    """Return a lot near some point of a road."""
    along = road.interpolate(dice.unit(), normalized=True)
    where = along.x + dice.between(-75, 75), along.y + dice.between(-75, 75)
    return rectangle(where, dice.between(0, math.pi), dice.between(26, 52), dice.between(22, 44))


def _somewhere(dice: Dice, lot: shapely.Polygon) -> shapely.Point:
    """Return the lot's middle, shaken a little as an address point is."""
    middle = lot.centroid
    return shapely.Point(middle.x + dice.between(-12, 12), middle.y + dice.between(-12, 12))


def _fields(dice: Dice, category: str | None, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the passport's fields; what ``fixed`` names is taken as it is."""
    trait = TRAITS.get(category, TRAITS["一般"])
    overdue = dice.chance(REPORT_OVERDUE)
    reported = days_ago(dice, 380, 800) if overdue else days_ago(dice, 5, 350)
    workers = max(2, round(dice.skewed(trait.workers, 0.7)))
    dusty = trait.dust_workers > 0
    fields: dict[str, Any] = {
        "uscc": dice.unless(0.12, f"MOCK{dice.whole(0, 10**14 - 1):014d}"),
        "category": category,
        "risk_colour": dice.unless(0.08, dice.weighted(trait.colours)),
        "risk_reported_on": dice.unless(0.08, reported),
        "workers_max_shift": dice.unless(0.07, min(workers, 320)),
        "shifts": dice.unless(0.09, dice.weighted({1: 0.74, 2: 0.19, 3: 0.07})),
        "mhi_level": dice.unless(0.06, "不构成"),
        "ext_safety_dist_m": None,
        "ext_safety_doc": None,
        "dust_workers": dice.unless(0.1, max(1, round(dice.skewed(trait.dust_workers, 0.6))))
        if dusty
        else None,
        "dust_collector_m3": dice.unless(0.15, round(dice.skewed(5.0, 0.5), 1)) if dusty else None,
        "multi_storey_dust": dice.unless(0.12, dice.chance(0.08)) if dusty else None,
        "hoist": None,
        "melt_charge_t": None,
        "monitoring": dice.unless(0.09, dice.weighted(trait.monitoring)),
        "standardisation": dice.unless(0.10, dice.weighted(STANDARDISATION)),
        "tenants": dice.unless(0.1, dice.whole(3, 5)) if category == "厂中厂" else None,
        **contact(dice),
    }
    return {name: fixed.get(name, value) for name, value in fields.items()}


@dataclass(frozen=True, slots=True)
class Trait:
    """What plants of a category are like: medians and weights."""

    colours: Mapping[str, float]
    workers: float
    dust_workers: float
    monitoring: Mapping[str, float]


CALM = {"蓝": 66.0, "黄": 30.0, "橙": 4.0}
KEEN = {"黄": 55.0, "橙": 38.0, "蓝": 4.0, "红": 3.0}
NONE_NEEDED = {"不需要": 1.0}
CONNECTED = {"已接入": 0.72, "应接未接": 0.28}

TRAITS: Mapping[str | None, Trait] = {
    "一般": Trait(CALM, 11, 0, NONE_NEEDED),
    "危化品生产储存": Trait(KEEN, 30, 0, NONE_NEEDED),
    "铝加工深井铸造": Trait(KEEN, 40, 0, CONNECTED),
    "铝镁金属粉尘": Trait(KEEN, 35, 14, CONNECTED),
    "其他金属粉尘": Trait(KEEN, 30, 9, CONNECTED),
    "木塑纺粮粉尘": Trait({"黄": 70.0, "橙": 14.0, "蓝": 16.0}, 22, 8, CONNECTED),
    "液氨制冷": Trait(KEEN, 25, 0, CONNECTED),
    "有限空间": Trait({"黄": 74.0, "橙": 12.0, "蓝": 14.0}, 20, 0, NONE_NEEDED),
    # The landlord's own people; those of the tenants are on record with them.
    "厂中厂": Trait({"黄": 60.0, "橙": 20.0, "蓝": 20.0}, 8, 0, NONE_NEEDED),
    "劳动密集": Trait({"黄": 62.0, "橙": 10.0, "蓝": 28.0}, 95, 0, NONE_NEEDED),
}

STANDARDISATION = {"三级": 47.0, "无": 40.0, "二级": 8.0, "一级": 0.6}

NOUNS: Mapping[str | None, Sequence[str]] = {
    "一般": ("机械厂", "五金厂", "模具厂", "电器厂", "包装厂", "建材厂", "轴承厂", "灯饰厂"),
    "其他金属粉尘": ("抛丸厂", "不锈钢制品厂", "铸钢件厂"),
    "木塑纺粮粉尘": ("木业厂", "家具厂", "饲料厂", "塑料厂", "纺织厂"),
    "有限空间": ("印染厂", "酱菜厂", "污水处理站", "造纸厂"),
    "厂中厂": ("标准厂房", "创业园"),
    "劳动密集": ("服装厂", "玩具厂", "电子装配厂", "鞋帽厂"),
    None: ("加工厂", "经营部", "作坊"),
}
