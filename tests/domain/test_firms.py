"""Satellite heat: what FIRMS publishes, line by line, and what each pixel may be.

The tables below are made in the formats that NASA publishes for MODIS C6.1 and VIIRS 375 m.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.domain import firms
from gis.domain.crs import METRIC
from gis.errors import InvalidDataError
from tests import toyland

VALUES = toyland.VALUES["forest_fire"]
UNTIL = dt.datetime(2027, 1, 2, tzinfo=dt.UTC)

MODIS = """\
latitude,longitude,brightness,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_t31,frp,daynight,type
31.7201,119.3702,312.4,1.2,1.1,2026-03-04,0312,Terra,MODIS,29,6.1,291.2,9.8,D,0
31.7201,119.3702,330.1,1.2,1.1,2026-03-04,1759,Aqua,MODIS,30,6.1,290.0,21.5,N,0
31.7301,119.3802,340.5,1.0,1.0,2026-12-31,1600,Aqua,MODIS,80,6.1NRT,292.3,35.1,N,2
"""
VIIRS = """\
latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,daynight
31.72013,119.37021,334.2,0.39,0.36,2026-03-04,5,N,VIIRS,n,2.0NRT,290.9,3.1,D
31.72013,119.37021,300.2,0.39,0.36,2026-03-04,1830,N20,VIIRS,low,2.0NRT,280.9,0.9,N
31.72013,119.37021,367.0,0.39,0.36,2026-03-04,1830,N21,VIIRS,h,2.0NRT,295.0,14.2,N
"""


def table(text: str) -> dict[str, list[Any]]:
    """Return a table as the reader of files gives it: missing values are None."""
    rows = list(csv.DictReader(io.StringIO(text)))
    return {name: [row[name] or None for row in rows] for name in rows[0]}


def read(text: str) -> tuple[pd.DataFrame, np.ndarray]:
    return firms.read(table(text), VALUES, UNTIL)


def test_modis_has_a_percentage_and_viirs_a_word() -> None:
    modis, refused = read(MODIS)
    assert refused.tolist() == [None] * 3
    assert modis["confidence"].tolist() == ["低", "中", "高"]
    assert modis["confidence_pct"].tolist() == [29.0, 30.0, 80.0]
    assert modis["brightness_k"].tolist() == [312.4, 330.1, 340.5]
    assert modis["background_k"].tolist() == [291.2, 290.0, 292.3]
    assert modis["heat_type"].tolist() == ["植被", "植被", "固定陆地热源"]
    viirs, refused = read(VIIRS)
    assert refused.tolist() == [None] * 3
    assert viirs["confidence"].tolist() == ["中", "低", "高"]
    assert viirs["confidence_pct"].isna().all()
    assert viirs["brightness_k"].tolist() == [334.2, 300.2, 367.0]
    assert viirs["heat_type"].isna().all()
    assert viirs["day_night"].tolist() == ["白天", "夜间", "夜间"]


def test_times_are_of_utc_and_told_in_beijing_over_midnight_and_the_year() -> None:
    """Worked by hand: 8 hours later.

    17:59 UTC is 01:59 of the next day, 16:00 of 31 December midnight of the new year; a spreadsheet
    made 5 of 0005.
    """
    assert read(MODIS)[0]["acquired_at"].tolist() == [
        "2026-03-04 11:12", "2026-03-05 01:59", "2027-01-01 00:00",
    ]  # fmt: skip
    assert read(MODIS)[0]["acquired_on"].tolist() == ["2026-03-04", "2026-03-05", "2027-01-01"]
    assert read(VIIRS)[0]["acquired_at"].tolist()[:2] == ["2026-03-04 08:05", "2026-03-05 02:30"]


def test_the_same_satellite_time_and_place_have_one_code() -> None:
    codes = read(VIIRS)[0]["code"]
    assert codes.nunique() == 3
    again = read(VIIRS.replace("31.72013,119.37021,334.2", "31.720130,119.370210,999.9"))[0]
    assert again["code"].tolist() == codes.tolist()
    assert codes[0] == "N-202603040005-31.72013,119.37021"


LINE = "31.72,119.37,334.2,0.39,0.36,2026-03-04,0530,N,VIIRS,n,2.0NRT,290.9,3.1,D"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("31.72,119.37", "119.37,31.72", "写反"),
        ("31.72,119.37", "x,119.37", "经纬度"),
        ("31.72,119.37", ",119.37", "经纬度"),
        ("31.72,119.37", "nan,119.37", "经纬度"),
        ("31.72,119.37", "31.72,1e400", "经纬度"),
        ("31.72,119.37", "31.72,181", "经纬度"),
        ("2026-03-04", "2026-02-30", "时间"),
        ("2026-03-04", "04/03/2026", "时间"),
        ("0530", "2460", "时间"),
        ("0530", "-530", "时间"),
        ("0530", "", "时间"),
        ("0.39,0.36", "0,0.36", "像元"),
        ("0.39,0.36", "0.39,40000", "像元"),
        (",N,VIIRS", ",<script>,VIIRS", "卫星"),
        (",N,VIIRS", ",=cmd,VIIRS", "卫星"),
        (",N,VIIRS", ",N,AVHRR", "仪器"),
        (",3.1,D", ",3.1,", "不完整"),
        (",2.0NRT,290.9,3.1,D", ",,,,", "不完整"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_with_its_reason(
    old: str, new: str, reason: str
) -> None:
    header = VIIRS.splitlines()[0]
    _, refused = read(f"{header}\n{LINE}\n{LINE.replace(old, new)}\n")
    assert refused[0] is None
    assert reason in refused[1]


def test_what_else_is_wrong_in_a_row_is_unknown_and_never_low() -> None:
    odd = LINE.replace(",n,2.0NRT,290.9,3.1,D", ',?,"<b>",-1,inf,Q')
    found, refused = read(f"{VIIRS.splitlines()[0]}\n{odd}\n")
    assert refused[0] is None
    row = found.iloc[0]
    names = ["confidence", "version", "background_k", "frp_mw", "day_night"]
    assert row[names].isna().all()


def test_a_table_of_something_else_is_refused_and_headings_may_be_in_capitals() -> None:
    with pytest.raises(InvalidDataError, match="acq_time"):
        firms.columns(["latitude", "longitude", "scan", "track", "acq_date"])
    assert firms.columns([name.upper() + " " for name in firms.NEEDED])["scan"] == "SCAN "


@given(st.text(max_size=30), st.sampled_from(firms.NEEDED))
def test_no_text_breaks_the_reader_and_none_that_is_taken_is_code(text: str, name: str) -> None:
    found, refused = firms.read(table(VIIRS) | {name: [text] * 3}, VALUES, UNTIL)
    taken = found[[reason is None for reason in refused]]
    for code in (*taken["code"], *taken["name"]):
        assert not set(code) & set("<>&\"'=+@\n\r\t")
    assert (taken["latitude"].abs() <= 90).all()


def test_a_footprint_is_scan_by_track_kilometres_about_the_centre() -> None:
    """At 119.37 E, 31.72 N: METHOD 12.5 gives the centre in EPSG:4549; 390 x 360 m."""
    text = f"{VIIRS.splitlines()[0]}\n{LINE}\n"
    (pixel,) = firms.footprints(read(text)[0], METRIC).geometry
    assert pixel.bounds == pytest.approx(
        (440288.579 - 195, 3510977.416 - 180, 440288.579 + 195, 3510977.416 + 180), abs=0.002
    )


def pixels(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Return pixels of 400 m whose centres lie on the x axis."""
    plain = {"instrument": "VIIRS", "confidence": "中", "heat_type": None}
    frame = pd.DataFrame([{**plain, **row} for row in rows])
    x_m = frame.pop("x_m").to_numpy(dtype=float)
    shapes = shapely.points(x_m, 0.0)
    return gpd.GeoDataFrame(
        frame, geometry=shapely.buffer(shapes, 200.0, cap_style="square"), crs=METRIC
    )


WOOD = np.array([shapely.box(0, -5000, 1000, 5000)])


@pytest.mark.parametrize(
    ("pixel", "judged"),
    [
        ({"x_m": 500}, "林区热点"),
        ({"x_m": 1600}, "林区热点"),  # its edge at 1400 is 400 m away
        ({"x_m": 1601}, "林区以外"),
        ({"x_m": 500, "confidence": "低"}, "置信度低"),
        ({"x_m": 500, "confidence": None}, "林区热点"),
        ({"x_m": 500, "confidence": "低", "instrument": "MODIS"}, "林区热点"),
        ({"x_m": 500, "heat_type": "固定陆地热源"}, "固定热源"),
    ],
)
def test_a_pixel_near_forest_is_for_somebody_to_look_at(pixel: dict[str, Any], judged: str) -> None:
    found = firms.judge(pixels([{"acquired_on": "2026-03-04", **pixel}]), WOOD, VALUES)
    assert found.tolist() == [judged]


@pytest.mark.parametrize(
    ("days", "places", "standing"),
    [
        # The first and the last have the other two within 750 m, the middle one too.
        (("2026-01-31", "2026-02-01", "2026-03-01"), (0, 750, 0), [True, True, True]),
        (("2026-01-31", "2026-02-01", "2026-03-01"), (0, 751, 0), [False] * 3),
        (("2026-01-31", "2026-02-01", "2026-03-01"), (0, 700, 100), [True, True, True]),
        (("2026-01-01", "2026-01-02", "2026-02-01"), (0, 0, 0), [False] * 3),
        (("2025-03-01", "2026-03-01", "2027-03-01"), (0, 0, 0), [True] * 3),
        (("2026-01-31", "2026-02-01"), (0, 0), [False] * 2),
        (("2026-01-31", "2026-02-01", "2026-03-01"), (0, 700, -700), [True, False, False]),
    ],
)
def test_heat_in_three_months_about_one_place_stands_there(
    days: tuple[str, ...], places: tuple[float, ...], standing: list[bool]
) -> None:
    rows = [{"acquired_on": day, "x_m": x_m} for day, x_m in zip(days, places, strict=True)]
    assert firms.standing(pixels(rows), VALUES).tolist() == standing


def test_nothing_is_judged_of_nothing() -> None:
    none = pixels([{"acquired_on": "2026-03-04", "x_m": 0}]).iloc[:0]
    assert len(firms.judge(none, WOOD, VALUES)) == 0
    one = pixels([{"acquired_on": "2026-03-04", "x_m": 0}])
    assert firms.judge(one, WOOD[:0], VALUES).tolist() == ["林区以外"]


def test_a_day_before_the_satellites_or_after_tomorrow_is_refused() -> None:
    for day in ("0001-01-01", "1999-12-31", "2027-01-03", "9999-12-31"):
        _, refused = read(MODIS.replace("2026-03-04", day))
        assert ["时间" in str(reason) or "日期" in str(reason) for reason in refused][:2] == [
            True
        ] * 2


def test_a_column_that_means_nothing_may_stand_empty_at_the_end() -> None:
    lines = MODIS.strip().splitlines()
    wider = "\n".join([lines[0] + ",note", *(line + "," for line in lines[1:])]) + "\n"
    assert list(read(wider)[1]) == list(read(MODIS)[1])
