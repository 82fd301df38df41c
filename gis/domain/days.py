"""Which day it is: legal dates are dates of one zone, whatever the instant's offset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")
"""Deadlines, findings and "today" are dates here; instants are stored in UTC."""


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
