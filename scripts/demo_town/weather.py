"""What the weather stations of the town observed, day by day: a humid subtropical year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scripts.demo_town.dice import Dice
from scripts.demo_town.records import AS_OF, Place, Record

FIRST = dt.date(2025, 9, 1)
"""Two months before the fire season, so that the slow codes have settled when it begins."""

T_MAX_C = (7.0, 9.5, 14.5, 21.0, 26.0, 29.0, 33.0, 32.5, 28.0, 23.0, 16.5, 10.0)
WET_DAYS = (0.27, 0.30, 0.36, 0.33, 0.34, 0.44, 0.42, 0.36, 0.28, 0.22, 0.22, 0.19)
WET_DAY_MM = (5.0, 6.0, 7.5, 8.0, 9.5, 15.0, 15.0, 12.0, 9.5, 8.0, 7.0, 5.0)
"""By month: mean highest temperature, share of days with rain, mean rain of such a day."""

GREEN_SHARE = (0.3, 0.3, 0.4, 0.6, 0.8, 0.9, 0.9, 0.9, 0.9, 0.8, 0.6, 0.4)

STAYS = 0.35
"""How much a wet or a dry day makes the next one the same: rain comes in runs."""

SNOW = (dt.date(2026, 1, 20), dt.date(2026, 1, 22))
"""First and last day with snow on the ground."""

ISSUED = {dt.date(2026, 4, 1) + dt.timedelta(days=day): level
          for day, level in enumerate((3, 3, 4, 4, 4, 3, 2, 3, 3, 2))}  # fmt: skip
"""Classes that the authority issued around 清明; on all other days it is for the town to look."""

SILENT = ((dt.date(2026, 2, 10), 2), (dt.date(2026, 7, 6), 5))
"""First day and length of the times when the station in the forest reported nothing."""


@dataclass(frozen=True, slots=True)
class Air:
    """The weather of the region on one day."""

    day: dt.date
    t_max_c: float
    rh_min_pct: float
    wind_ms: float
    rain_mm: float


def observations(stations: Sequence[Place]) -> list[Record]:
    """Return a record of every station and day; the one in the forest was silent twice."""
    region = list(_region(Dice("weather")))
    rows: list[Record] = []
    for station in stations:
        wooded = station.properties["station_type"] == "林火要素站"
        dice = Dice(f"weather at {station.properties['code']}")
        rows += _station(dice, str(station.properties["code"]), region, wooded=wooded)
    return rows


def _region(dice: Dice) -> Iterator[Air]:
    warmth, wet = 0.0, False
    for number in range((AS_OF - FIRST).days + 1):
        day = FIRST + dt.timedelta(days=number)
        share = WET_DAYS[day.month - 1]
        wet = dice.chance(share * (1 - STAYS) + (STAYS if wet else 0.0))
        warmth = 0.7 * warmth + 2.4 * dice.normal()
        rain_mm = dice.skewed(0.7 * WET_DAY_MM[day.month - 1], 1.1) if wet else 0.0
        dry = 33.0 + 18.0 * GREEN_SHARE[day.month - 1]
        yield Air(
            day,
            t_max_c=_monthly(T_MAX_C, day) + warmth - (3.0 if wet else 0.0),
            rh_min_pct=(dry + 30.0 if wet else dry) - 1.2 * warmth + 8.0 * dice.normal(),
            wind_ms=dice.skewed(4.3, 0.32),
            rain_mm=rain_mm,
        )


def _station(dice: Dice, code: str, region: Sequence[Air], *, wooded: bool) -> Iterator[Record]:
    before_mm = 0.0
    for air in region:
        rain_mm = round(air.rain_mm * dice.between(0.8, 1.25), 1)
        t_max_c = air.t_max_c + 0.4 * dice.normal() - (1.2 if wooded else 0.0)
        rh_pct = _within(air.rh_min_pct + 2 * dice.normal() + (5 if wooded else 0), 14, 98)
        wind_ms = air.wind_ms * dice.between(0.85, 1.15) * (0.75 if wooded else 1.0)
        row: Record = {
            "code": code,
            "day": air.day.isoformat(),
            "t_max_c": round(t_max_c, 1),
            "rh_min_pct": round(rh_pct),
            "wind_max_ms": round(wind_ms, 1),
            "rain_mm": rain_mm,
            "snow_cover": SNOW[0] <= air.day <= SNOW[1],
            "green_share": GREEN_SHARE[air.day.month - 1] if wooded else None,
            "t_noon_c": round(t_max_c - dice.between(0.5, 2.5), 1),
            "rh_noon_pct": round(_within(rh_pct + dice.between(1, 8), 15, 100)),
            "wind_noon_ms": round(wind_ms * dice.between(0.5, 0.85), 1),
            "rain_noon_mm": round(0.5 * (rain_mm + before_mm), 1),
            "visibility_km": None if wooded else _visibility_km(rh_pct, rain_mm),
            **(_issued(air.day) if not wooded else {}),
        }
        before_mm = rain_mm
        if not (wooded and _silent(air.day)):
            yield row


def _visibility_km(rh_pct: float, rain_mm: float) -> float:
    """Return how far one sees: the less the damper the air, and less in rain."""
    return round(_within(32.0 - 0.3 * rh_pct - (6.0 if rain_mm > 0 else 0.0), 0.8, 30.0), 1)


def _issued(day: dt.date) -> Record:
    """Return the class of a day that the authority issued, and by which paper."""
    if day not in ISSUED:
        return {}
    return {"official_class": ISSUED[day], "official_document": f"模拟火险〔2026〕{day:%m%d}号"}


def _monthly(values: Sequence[float], day: dt.date) -> float:
    """Pass evenly from the middle of one month to that of the next."""
    month, share = day.month - 1, (day.day - 15) / 30.0
    other = values[(month + (1 if share > 0 else -1)) % 12]
    return values[month] + abs(share) * (other - values[month])


def _silent(day: dt.date) -> bool:
    return any(0 <= (day - first).days < length for first, length in SILENT)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
