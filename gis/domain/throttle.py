"""How many tries of something are allowed, and when the next ones are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries within a time; one more closes the door for a while."""

    tries: int
    within: dt.timedelta
    closed_for: dt.timedelta


OF_ACCOUNT = Limit(5, dt.timedelta(minutes=15), dt.timedelta(minutes=15))
"""Of one account: lock-out. It opens by itself, so that nobody can lock somebody out for good."""

OF_ADDRESS = Limit(30, dt.timedelta(minutes=5), dt.timedelta(minutes=5))
"""Of one address, whatever the account: an office may share one address behind its proxy."""


OF_LOOKS = Limit(60, dt.timedelta(hours=1), dt.timedelta(hours=1))
"""Of one account, at personal fields: enough for a round through a village, not for a register."""

OF_REFUSALS = Limit(30, dt.timedelta(hours=1), dt.timedelta(hours=1))
"""Refusals of one address that are written down: the log must not be flooded by knocking."""


@dataclass(frozen=True, slots=True)
class Counter:
    """The tries so far: how many, since when, and until when the door is closed."""

    tries: int
    since: dt.datetime
    closed_until: dt.datetime | None = None

    def is_closed(self, now: dt.datetime) -> bool:
        """Tell whether no try is taken now."""
        return self.closed_until is not None and now < self.closed_until


def take(counter: Counter | None, limit: Limit, now: dt.datetime) -> Counter:
    """Count a try before it is looked at, so that many at once count as well.

    Parameters
    ----------
    counter
        As it stands; None where nobody tried yet.

    Returns
    -------
    The counter after this try. It is closed if this try was one too many; tries at a closed
    door are not counted, so the door opens when it was said to.
    """
    if counter is None or _is_over(counter, limit, now):
        return Counter(1, now)
    if counter.is_closed(now):
        return counter
    tries = counter.tries + 1
    return Counter(tries, counter.since, now + limit.closed_for if tries > limit.tries else None)


def give_back(counter: Counter | None) -> Counter | None:
    """Return a counter without its last try, which was right: an office may share an address."""
    if counter is None or counter.closed_until is not None:
        return counter
    return replace(counter, tries=max(counter.tries - 1, 0))


def _is_over(counter: Counter, limit: Limit, now: dt.datetime) -> bool:
    """Tell whether counting begins anew: the time is up, or the door is open again."""
    if counter.closed_until is not None:
        return now >= counter.closed_until
    return now - counter.since >= limit.within
