"""What serves and endangers the town besides plants and houses: ways, lines, stations, graves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.names import person, phone
from scripts.demo_town.plane import polar, rectangle
from scripts.demo_town.records import Codes, Place, common, days_ago
from scripts.demo_town.settlements import Settlements
from scripts.demo_town.villages import Town

STATIONS = (
    ("320413109202", "消防救援站", 3, 14), ("320413109229", "专职消防队", 2, 9),
    ("320413109209", "微型消防站", 0, 4), ("320413109218", "微型消防站", None, 3),
)  # fmt: skip
"""Fire stations: village, type, engines, crew on duty."""

BURIALS = ("公墓", "集中安葬点", "散坟", "散坟")
MOST_GRAVES = {"公墓": 900, "集中安葬点": 200, "散坟": 60}
CAUSES = ("祭扫用火", "农事用火", "野外吸烟", "不明")


def roads(town: Town, settled: Settlements) -> list[Place]:
    """Make a record of every road and street inside the town."""
    dice, codes = Dice("road records"), Codes("DL")
    ways = [(road.line, "县道" if road.main else "村道") for road in settled.roads]
    ways += [(line, "村道") for _, line in settled.streets]
    found = []
    for line, road_class in ways:
        inside = _longest(shapely.intersection(line, town.outline.buffer(-1)))
        if inside is None:
            continue
        village = town.at(inside)
        width = 7.0 if road_class == "县道" else dice.pick((3.5, 4.0, 4.5, 5.0))
        name = f"模拟·{village.name[:2]}{road_class}"
        fields = {
            "road_class": road_class,
            "width_m": dice.unless(0.1, width),
            "speed_kmh": None,
        }
        found.append(
            Place(inside, village.code, {**common(dice, next(codes), name, 5.0), **fields})
        )
    return found


def fire_stations(town: Town) -> list[Place]:
    """Make the fire stations, at the middle of their villages."""
    dice, codes = Dice("fire stations"), Codes("XF")
    villages = {village.code: village for village in town.villages}
    found = []
    for code, station_type, engines, crew in STATIONS:
        village = villages[code]
        where = _within(dice, village.polygon, village.centre, 120)
        name = f"模拟·{village.name[:2]}{station_type}"
        fields = {
            "station_type": station_type,
            "engines": engines,
            "crew": crew,
            "owner": person(dice),
            "phone": phone(dice),
        }
        found.append(Place(where, code, {**common(dice, next(codes), name, 5.0), **fields}))
    return found


def cemeteries(town: Town, forest: Sequence[Place]) -> list[Place]:
    """Make burial grounds at the edge of forests."""
    dice, codes = Dice("cemeteries"), Codes("MD")
    found = []
    for number in range(12):
        edge = forest[(number * 29) % len(forest)].geometry.boundary
        where = edge.interpolate(dice.unit(), normalized=True)
        if not town.outline.contains(where):
            where = forest[(number * 29) % len(forest)].geometry.representative_point()
        burial = BURIALS[number % len(BURIALS)]
        fields = {
            "cemetery_type": burial,
            "graves": dice.unless(0.15, dice.whole(6, MOST_GRAVES[burial])),
        }
        name = f"模拟·{burial}{number + 1:02d}号"
        properties = {**common(dice, next(codes), name, 20.0), **fields}
        found.append(Place(where, town.at(where).code, properties))
    return found


def power_lines(town: Town, settled: Settlements) -> list[Place]:
    """Make overhead lines that follow main roads at some distance."""
    dice, codes = Dice("power lines"), Codes("DX")
    found = []
    for road in [road for road in settled.roads if road.main][::4]:
        beside = _longest(
            shapely.intersection(road.line.parallel_offset(35), town.outline.buffer(-1))
        )
        if beside is None or beside.length < 300:
            continue
        voltage = dice.pick((10.0, 35.0, 110.0))
        village = town.at(beside)
        name = f"模拟·{village.name[:2]}{voltage:.0f}千伏线"
        properties = {**common(dice, next(codes), name, 10.0), "voltage_kv": voltage}
        found.append(Place(beside, village.code, properties))
    return found


def weather_stations(town: Town, forest: Sequence[Place]) -> list[Place]:
    """Make two stations: one in the plain, one in the forest."""
    dice, codes = Dice("weather stations"), Codes("QX")
    plain = max(town.villages, key=lambda village: village.centre[0])
    spots = (
        ("区域自动站", shapely.Point(plain.centre)),
        ("林火要素站", forest[0].geometry.representative_point()),
    )
    return [
        Place(
            where,
            town.at(where).code,
            {
                **common(dice, next(codes), f"模拟·{kind}", 5.0),
                "station_type": kind,
                "wind_height_m": 10.0,
            },
        )
        for kind, where in spots
    ]


def wildfires(town: Town, forest: Sequence[Place]) -> list[Place]:
    """Make the fires of the last years."""
    dice, codes = Dice("wildfires"), Codes("HZ")
    found = []
    for number in range(8):
        where = forest[(number * 41 + 7) % len(forest)].geometry.representative_point()
        fields = {
            "burnt_on": days_ago(dice, 120, 3400),
            "cause": dice.unless(0.15, dice.pick(CAUSES)),
            "burnt_ha": dice.unless(0.2, round(dice.skewed(0.4, 0.8), 2)),
        }
        name = f"模拟·火灾记录{number + 1:02d}号"
        properties = {**common(dice, next(codes), name, 30.0), **fields}
        found.append(Place(where, town.at(where).code, properties))
    return found


def blast_zones(town: Town, mines: Sequence[Place]) -> list[Place]:
    """Make the warning zone that the design of one blasting mine draws."""
    dice, codes = Dice("blast zones"), Codes("BP")
    mine = next(place for place in mines if place.properties["method"] == "爆破开采")
    shape = shapely.intersection(mine.geometry.buffer(200), town.outline.buffer(-1))
    name = f"{mine.properties['name']}爆破警戒范围"
    properties = {
        **common(dice, next(codes), name, 5.0), "mine": mine.properties["code"],
    }  # fmt: skip
    return [Place(shape, mine.village, properties)]


def tailings_ponds(mines: Sequence[Place]) -> list[Place]:
    """Make the small settling pond within the last of the mines."""
    dice, codes = Dice("tailings ponds"), Codes("WK")
    mine = mines[-1]
    where = mine.geometry.representative_point()
    properties = {
        **common(dice, next(codes), f"{mine.properties['name']}尾矿库", 5.0),
        "mine": mine.properties["code"], "volume_m3": 320_000, "dam_height_m": 14, "use": "在用",
    }  # fmt: skip
    return [Place(rectangle((where.x, where.y), 0.0, 60, 40), mine.village, properties)]


CROWDED, CROWDED_M, SPACED_M = 0.3, 24.0, 36.0
"""Share of the let sites whose two buildings stand too close; their middles' distance, or else."""

ALPHAS = (0.5, 1.0, 1.2, 1.5)
"""What reports of major hazards declare (GB 18218-2018 Table 5)."""

DIKE_M = (24.0, 16.0)
"""Length and width of the dike around a tank area."""


def buildings(enterprises: Sequence[Place]) -> list[Place]:
    """Make two buildings on every site that is let to several firms."""
    dice, gaps, codes = Dice("buildings"), Dice("building gaps"), Codes("JZ")
    homes = Dice("households")
    found = []
    for plant in _let(enterprises):
        where = plant.geometry.representative_point()
        apart_m = CROWDED_M if gaps.chance(CROWDED) else SPACED_M
        for side in (-1, 1):
            centre = polar((where.x, where.y), 0.4, side * apart_m / 2)
            shape = rectangle(centre, 0.4, 20, 12)
            use = "宿舍" if side > 0 and dice.chance(0.3) else "生产"
            name = f"{plant.properties['name']}{'甲' if side < 0 else '乙'}栋"
            fields = {
                "enterprise": plant.properties["code"],
                "use": use,
                "storeys": dice.whole(1, 3),
                "structure": dice.unless(0.2, dice.pick(("框架", "钢结构", "砖混现浇"))),
                "fire_rating": dice.unless(0.3, dice.pick(("二级", "三级"))),
                "households": homes.unless(0.2, homes.whole(4, 16)) if use == "宿舍" else None,
                "smoke_detectors": dice.unless(0.3, dice.chance(0.5)),
                "one_key_alarm": dice.unless(0.3, dice.chance(0.5)),
            }
            properties = {**common(dice, next(codes), name, 3.0), **fields}
            found.append(Place(shape, plant.village, properties))
    return found


def tenants(houses: Sequence[Place]) -> list[Place]:
    """Make two tenants in every building."""
    dice, codes = Dice("tenants"), Codes("CZ")
    found = []
    for building in houses:
        for number in (1, 2):
            fields = {
                "enterprise": building.properties["enterprise"],
                "building": building.properties["code"],
                "use": dice.pick(("生产", "仓储")),
                "hazard": dice.unless(0.2, dice.pick(("无", "无", "溶剂喷涂", "动火焊接"))),
                "labour_intensive": dice.unless(0.2, dice.chance(0.3)),
                "workers": dice.unless(0.1, dice.whole(4, 60)),
                "floor_area_m2": float(dice.whole(80, 240)),
                "owner": person(dice),
                "phone": phone(dice),
            }
            name = f"{building.properties['name']}承租单位{number}"
            where = building.geometry.representative_point()
            properties = {**common(dice, next(codes), name, 5.0), **fields}
            found.append(Place(where, building.village, properties))
    return found


def installations(enterprises: Sequence[Place]) -> list[Place]:
    """Make one unit with hazardous chemicals on every plant that produces or stores them.

    Some declare the alpha of their report; storage is drawn within its dike.
    """
    dice, said, codes = Dice("installations"), Dice("declared alpha"), Codes("DY")
    found = []
    for plant in enterprises:
        if plant.properties["category"] != "危化品生产储存":
            continue
        where = plant.geometry.representative_point()
        fields = {
            "enterprise": plant.properties["code"],
            "unit_type": dice.pick(("生产单元", "储存单元")),
            "declared_alpha": said.unless(0.5, said.pick(ALPHAS)),
            "declared_level": plant.properties["mhi_level"],
        }
        stored = fields["unit_type"] == "储存单元"
        shape = rectangle((where.x, where.y), 0.4, *DIKE_M) if stored else where
        properties = {**common(dice, next(codes), f"{plant.properties['name']}单元", 5.0), **fields}
        found.append(Place(shape, plant.village, properties))
    return found


def _let(enterprises: Sequence[Place]) -> list[Place]:
    return [place for place in enterprises if place.properties["category"] == "厂中厂"]


def _within(
    dice: Dice, inside: shapely.Polygon, centre: tuple[float, float], far_m: float
) -> shapely.Point:
    found = shapely.Point(polar(centre, dice.between(0, 2 * math.pi), far_m))
    return found if inside.contains(found) else inside.representative_point()


def _longest(shape: shapely.Geometry) -> shapely.LineString | None:
    lines = [part for part in shapely.get_parts(shape) if part.geom_type == "LineString"]
    return max(lines, key=lambda line: line.length, default=None)
