"""Tries to log in: how many, and when the door opens again."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from gis.domain.throttle import OF_ACCOUNT, Counter, Limit, give_back, take

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
LIMIT = Limit(3, 10 * MINUTE, 20 * MINUTE)


def after(tries: list[int], limit: Limit = LIMIT) -> Counter:
    """Return the counter after tries at these minutes."""
    counter = None
    for minute in tries:
        counter = take(counter, limit, START + minute * MINUTE)
    assert counter is not None
    return counter


def test_the_allowed_tries_are_taken_and_the_next_closes_the_door() -> None:
    assert after([0, 1, 2]).closed_until is None
    assert after([0, 1, 2, 3]).closed_until == START + 23 * MINUTE


def test_a_try_at_a_closed_door_does_not_keep_it_closed_longer() -> None:
    assert after([0, 1, 2, 3, 4, 5, 22]).closed_until == START + 23 * MINUTE


def test_it_opens_when_it_said_and_counts_anew() -> None:
    opened = after([0, 1, 2, 3, 23])
    assert (opened.tries, opened.closed_until) == (1, None)


def test_slow_tries_are_forgotten() -> None:
    assert after([0, 5, 10]).tries == 1


def test_an_account_has_five_tries_in_a_quarter_of_an_hour() -> None:
    assert after([0, 0, 0, 0, 0], OF_ACCOUNT).closed_until is None
    assert after([0, 0, 0, 0, 0, 0], OF_ACCOUNT).closed_until == START + 15 * MINUTE


def test_a_right_try_is_given_back_and_a_closed_door_stays_closed() -> None:
    assert give_back(None) is None
    assert after([0, 1, 2]) == take(give_back(after([0, 1, 2])), LIMIT, START)
    closed = after([0, 1, 2, 3])
    assert give_back(closed) == closed


@given(st.lists(st.integers(0, 300), max_size=60).map(sorted))
def test_no_window_ever_holds_more_tries_than_allowed(minutes: list[int]) -> None:
    counter: Counter | None = None
    taken: list[int] = []
    for minute in minutes:
        at = START + minute * MINUTE
        before = counter
        counter = take(counter, LIMIT, at)
        if not counter.is_closed(at):
            taken.append(minute)
        elif before is not None and before.is_closed(at):
            assert counter == before
    for start in taken:
        inside = [minute for minute in taken if start <= minute < start + 10]
        # Two windows may lie side by side: that is the most that a fixed window lets through.
        assert len(inside) <= 2 * LIMIT.tries
