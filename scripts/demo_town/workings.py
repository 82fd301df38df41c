"""What quarries and pipelines report: slopes that are measured, blasts, and works beside lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from scripts.demo_town.dice import Dice
from scripts.demo_town.records import AS_OF, Place, Record

POINTS = 3
"""Monitoring points on the slopes of a quarry that measures them by itself."""

DAYS = 21
"""How many days are reported, the last of them the town's today."""

CREEP_MM_D = 0.12
"""What a quiet slope moves in a day."""

RESTLESS_MM_D = 2.6
"""What the one restless point moves in a day: a first warning, not yet a danger."""

BLASTS = 4
"""Blasts of a blasting quarry on record."""

WORKS = (
    ("开挖", 3.5, -6, 12, True),
    ("钻探", 2.0, -2, 5, False),
    ("建筑施工", 60.0, -40, -12, True),
)
"""Works beside pipelines: sort, clear distance in m, first and last day from today, approved."""


def displacements(mines: Sequence[Place]) -> list[Record]:
    """Return a reading a day of every point of the quarries that are monitored on line."""
    dice = Dice("displacement")
    watched = [mine for mine in mines if mine.properties["monitoring"] == "在线"]
    rows: list[Record] = []
    for number, mine in enumerate(watched):
        for point in range(1, POINTS + 1):
            restless = (number, point) == (0, 2)
            rows += _readings(dice, mine, f"GP{point}", RESTLESS_MM_D if restless else CREEP_MM_D)
    return rows


def blasts(mines: Sequence[Place]) -> list[Record]:
    """Return the last blasts of the quarries that blast."""
    dice = Dice("blast")
    blasting = [mine for mine in mines if mine.properties["method"] == "爆破开采"]
    return [
        {
            "code": mine.properties["code"],
            "blast": f"MN-BP-{number:02d}",
            "day": _day(-7 * (BLASTS - number) - dice.whole(1, 3)),
            "starts_at": "15:30",
            "all_clear_at": "16:10",
            "charge_per_delay_kg": float(dice.whole(3, 9) * 10),
            "rock": "中硬岩石",
            "blasting": "深孔台阶",
            "charge_total_kg": float(dice.whole(8, 30) * 100),
            "frequency_hz": dice.unless(0.3, float(dice.whole(12, 40))),
        }
        for mine in blasting
        for number in range(1, BLASTS + 1)
    ]


def pipeline_works(lines: Sequence[Place]) -> list[Record]:
    """Return works of others beside some lines of city gas: going on, not approved, ended."""
    dice = Dice("pipeline_works")
    beside = dice.shuffled(lines)[: len(WORKS)]
    return [
        {
            "code": line.properties["code"],
            "works": f"MN-SG-{number:02d}",
            "works_type": sort,
            "clear_m": clear_m,
            "starts_on": _day(first),
            "ends_on": _day(last),
            "approved": approved,
        }
        for number, (line, (sort, clear_m, first, last, approved)) in enumerate(
            zip(beside, WORKS, strict=True), start=1
        )
    ]


def _readings(dice: Dice, mine: Place, point: str, rate_mm_d: float) -> Iterator[Record]:
    moved_mm = dice.between(2, 15)
    for day in range(1 - DAYS, 1):
        moved_mm += max(0.0, rate_mm_d * (1 + 0.1 * dice.normal()))
        yield {
            "code": mine.properties["code"],
            "point": point,
            "day": _day(day),
            "displacement_mm": round(moved_mm, 2),
            "maintenance": False,
        }


def _day(from_today: int) -> str:
    return (AS_OF + dt.timedelta(days=from_today)).isoformat()
