"""The one clock of the house."""

from __future__ import annotations

import datetime as dt

from gis.domain.days import LEGAL_ZONE
from gis.storage.register import Register


def now() -> dt.datetime:
    """Return this instant in UTC."""
    return dt.datetime.now(dt.UTC)


def today(found: Register) -> dt.date:
    """Return the date that everything speaks of: a demonstration's own, else the clock's."""
    return found.as_of or legal_date(now())


def legal_date(instant: dt.datetime) -> dt.date:
    """Return the date that an instant (with its zone) has here."""
    return instant.astimezone(LEGAL_ZONE).date()
