"""Times of day as offices write them."""

from __future__ import annotations

import pandas as pd
import pytest

from gis.domain import values
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
