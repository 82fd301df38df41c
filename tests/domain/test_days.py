"""The days that one is compared with, counted on a calendar by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from gis.domain.days import earlier


@pytest.mark.parametrize(
    ("day", "month", "quarter", "year"),
    [
        ("2026-10-31", "2026-09-30", "2026-09-30", "2025-10-31"),
        ("2026-08-01", "2026-07-31", "2026-06-30", "2025-08-01"),
        ("2026-01-15", "2025-12-31", "2025-12-31", "2025-01-15"),
        ("2024-02-29", "2024-01-31", "2023-12-31", "2023-02-28"),
        ("2024-03-31", "2024-02-29", "2023-12-31", "2023-03-31"),
    ],
)
def test_months_and_quarters_end_and_a_year_ago_is_the_same_day(
    day: str, month: str, quarter: str, year: str
) -> None:
    found = earlier(dt.date.fromisoformat(day))
    assert [found[name].isoformat() for name in ("month", "quarter", "year")] == [
        month, quarter, year,
    ]  # fmt: skip
