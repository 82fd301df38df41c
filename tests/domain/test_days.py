"""Times of day as offices write them; days that one is compared with, counted by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from gis.domain import values
from gis.domain.days import earlier
from tests import toyland

FIELDS = [field for field in toyland.RECORDS["blast"].fields if field.name == "starts_at"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("14:05", "14:05"),
        ("8:05", "08:05"),
        ("13：30", "13:30"),
        ("13:30:00", "13:30"),
        (" 00:00 ", "00:00"),
    ],
)
def test_a_time_of_day_is_kept_as_hours_and_minutes(written: str, kept: str) -> None:
    frame = pd.DataFrame({"starts_at": [written]})
    taken, reasons = values.convert(frame, {"starts_at": "starts_at"}, FIELDS, {})
    assert (taken["starts_at"].tolist(), reasons) == ([kept], [[]])


@pytest.mark.parametrize("written", ["24:00", "14.5", "下午两点", "14:60", "1430"])
def test_what_is_no_time_of_day_is_said(written: str) -> None:
    frame = pd.DataFrame({"starts_at": [written]})
    _, reasons = values.convert(frame, {"starts_at": "starts_at"}, FIELDS, {})
    assert reasons == [[f"起爆时刻「{written}」不是时刻（如 08:05、13:30）"]]


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
