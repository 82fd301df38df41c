"""How values are written for people: units, rounding, dates, directions."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import gettext, lazy_gettext

from gis.domain.risk.index import CLASS_TITLES
from gis.services.clock import now
from webmap import cartography
from webmap.context import in_language

HERE = ZoneInfo("Asia/Shanghai")
UNKNOWN = lazy_gettext("未知")
DIRECTIONS = (
    lazy_gettext("北"),
    lazy_gettext("东北"),
    lazy_gettext("东"),
    lazy_gettext("东南"),
    lazy_gettext("南"),
    lazy_gettext("西南"),
    lazy_gettext("西"),
    lazy_gettext("西北"),
)
COVERAGE = {
    "complete": lazy_gettext("齐全"),
    "partial": lazy_gettext("不全"),
    "none": lazy_gettext("未普查"),
}


def init_app(app: Flask) -> None:
    """Give the templates these filters."""
    app.jinja_env.filters.update(
        metres=metres,
        whole=whole,
        score=score,
        tenths=tenths,
        value=value,
        instant=instant,
        direction=direction,
        percent=percent,
        accuracy=accuracy,
        covered=lambda status: COVERAGE.get(status, status),
    )
    app.jinja_env.globals.update(
        class_title=class_title, grade_title=grade_title, cartography=cartography, now=now
    )


def metres(distance_m: float | None) -> str:
    """Write a distance in whole metres, as surveyed data deserve."""
    if distance_m is None:
        return str(UNKNOWN)
    return str(gettext("%(number)s 米", number=f"{distance_m:,.0f}"))


def accuracy(error_m: float | None) -> str:
    """Write the error of a position, to the decimetre: a survey is better than a metre."""
    if error_m is None:
        return str(UNKNOWN)
    return str(gettext("%(number)s 米", number=f"{round(error_m, 1):,g}"))


def whole(number: float | None) -> str:
    """Write a number of people or metres without decimals."""
    return str(UNKNOWN) if number is None else f"{number:,.0f}"


def score(number: float | None) -> str:
    """Write a score without decimals: it has none worth reading (METHOD 7.10).

    Cut off and not rounded: the limits of the classes are whole numbers, so 34.96 is written
    34, in the class that ends at 35, and never as the first score of the class above.
    """
    return str(UNKNOWN) if number is None else f"{math.floor(number + ROUNDING):,}"


ROUNDING = 1e-6
"""A total that falls short of a whole number by less does so by the error of adding up."""


def tenths(number: float | None) -> str:
    """Write parts that must add up before the eyes of the reader."""
    return str(UNKNOWN) if number is None else f"{number:,.1f}"


def percent(share: float | None) -> str:
    """Write a share in whole percent, cut off: 100 % is all of it and nothing less."""
    return "—" if share is None else f"{math.floor(100 * share + ROUNDING)}%"


def add_up(parts: Sequence[float], total: float) -> list[float]:
    """Cut parts to tenths so that they add up to the total, cut to tenths as ``score`` cuts it.

    Parameters
    ----------
    parts
        Each >= 0; together ``total``, within rounding.
    total
        What they are parts of.

    Returns
    -------
    Tenths, each at most 0.1 from its part (largest remainders are rounded up).
    """
    down = [math.floor(part * 10) for part in parts]
    missing = math.floor(total * 10 + ROUNDING) - sum(down)
    by_remainder = sorted(range(len(parts)), key=lambda i: down[i] - parts[i] * 10)
    for i in by_remainder[: max(missing, 0)]:
        down[i] += 1
    return [tenth / 10 for tenth in down]


def value(found: Any, unit: str | None = None) -> str:
    """Write an attribute with its unit; what is not known says so and is never left out."""
    if found is None or found == "":
        return str(UNKNOWN)
    if isinstance(found, bool):
        return str(gettext("是") if found else gettext("否"))
    text = f"{found:,.10g}" if isinstance(found, float) else str(found)
    return f"{text} {written_unit(unit)}" if unit else text


def written_unit(unit: str) -> str:
    """Write the powers in a unit as powers."""
    return re.sub(r"(?<=m)[23]", lambda found: {"2": "²", "3": "³"}[found[0]], unit)


def instant(text: str) -> str:
    """Write an ISO instant as date and time of day here."""
    return f"{dt.datetime.fromisoformat(text).astimezone(HERE):%Y-%m-%d %H:%M}"


def direction(bearing_deg: float | None) -> str:
    """Write a bearing as one of eight directions and whole degrees."""
    if bearing_deg is None:
        return "—"
    name = DIRECTIONS[round(bearing_deg / 45) % 8]
    return f"{name} {round(bearing_deg) % 360}°"


def class_title(number: int | None) -> str:
    """Return the word for a class 1 to 5; what is not known has its own word."""
    title = cartography.NO_DATA if number is None else CLASS_TITLES[number - 1]
    return in_language(title)


def grade_title(grade: str | None) -> str:
    """Return the word for a grade of the register, A to D; none where there is no record."""
    return in_language(cartography.GRADE_TITLES[grade] if grade else cartography.NO_DATA)
