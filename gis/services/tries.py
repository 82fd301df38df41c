"""Tries that are counted before they are looked at, in the database, one after the other."""

from __future__ import annotations

import datetime as dt
import math

from sqlalchemy.engine import Connection

from gis.domain import throttle
from gis.domain.throttle import Counter, Limit
from gis.errors import TooManyTriesError
from gis.storage import accounts


def take(conn: Connection, key: str, limit: Limit, at: dt.datetime) -> tuple[Counter, bool]:
    """Count a try; whoever else counts one waits for this transaction.

    Returns
    -------
    The counter after it, and whether this very try closed the door. A try at a closed door
    changes nothing.
    """
    accounts.alone(conn)
    before = accounts.load_counter(conn, key)
    after = throttle.take(before, limit, at)
    if after != before:
        accounts.save_counter(conn, key, after)
    return after, after != before and after.is_closed(at)


def refuse_closed(counter: Counter, at: dt.datetime, message: str) -> None:
    """Refuse a try at a closed door.

    Raises
    ------
    TooManyTriesError
        With ``message``, in which ``{minutes}`` stands for how long to wait.
    """
    if counter.closed_until is not None and counter.is_closed(at):
        seconds = math.ceil((counter.closed_until - at).total_seconds())
        minutes = math.ceil(seconds / 60)
        raise TooManyTriesError(message.format(minutes=minutes), seconds=seconds)
