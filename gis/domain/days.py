"""Which day it is: legal dates are dates of one zone, whatever the instant's offset."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")
"""Deadlines, findings and "today" are dates here; instants are stored in UTC."""

CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?")


def clock_minutes(written: str) -> int | None:
    """Return a time of day, such as 8:05 or 13：30：00, in minutes since midnight, else None."""
    found = CLOCK.fullmatch(unicodedata.normalize("NFKC", written).strip())
    return None if found is None else 60 * int(found.group(1)) + int(found.group(2))


def clock_written(written: str) -> str:
    """Return a time of day as HH:MM; what is none as it was."""
    minutes = clock_minutes(written)
    return written if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


def clock_problem(written: str) -> str | None:
    """Say what is wrong with a time of day; None if nothing is."""
    return "不是时刻（如 08:05、13:30）" if clock_minutes(written) is None else None


def earlier(day: dt.date) -> Mapping[str, dt.date]:
    """Return the days that one is compared with.

    Returns
    -------
    ``month`` and ``quarter``, the last days of the month and the quarter before; ``year``, the
    same day of the year before, 28 February for the 29th.
    """
    first = day.replace(day=1)
    opened = first.replace(month=first.month - (first.month - 1) % 3)
    leap = (day.month, day.day) == (2, 29)
    return {
        "month": first - dt.timedelta(days=1),
        "quarter": opened - dt.timedelta(days=1),
        "year": day.replace(year=day.year - 1, day=28 if leap else day.day),
    }
