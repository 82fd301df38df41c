"""Fire weather: the published season, worked days, and laws that hold for any weather."""

from __future__ import annotations

import ast
import csv
import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.fire_weather import codes, danger, fwi, htz, season, spread, watch
from gis.domain.fire_weather.observations import FIELDS, dry_spell, panel
from gis.errors import InvalidDataError
from gis.files.methods import load_methods
from gis.files.passports import load_kinds, load_records
from gis.workspace import DATA

GOLDEN = Path(__file__).parent.parent / "golden"
CONSTANTS = load_methods(DATA / "methods")["fire_weather"].values
G = (0.3, 0.5, 0.75, 1.0, 1.2)
"""METHOD 4.4, by class."""

START = {"ffmc": 85.0, "dmc": 6.0, "dc": 15.0}


def golden(name: str) -> list[dict[str, str]]:
    """Return the rows of a golden table."""
    with (GOLDEN / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def numbers(name: str) -> list[dict[str, float]]:
    """Return the rows of a golden table of numbers only."""
    return [{key: float(value) for key, value in row.items()} for row in golden(name)]


def next_day(before: dict[str, float], row: dict[str, float]) -> dict[str, float]:
    """Return codes and indices of a day after another, by our equations; wind in km/h."""
    t, h, w, r = (row[name] for name in ("t_c", "rh_pct", "wind_kmh", "rain_mm"))
    at = int(row["month"]) - 1
    hours, lengthening = (CONSTANTS[f"{code}_day_length"] for code in ("dmc", "dc"))
    assert isinstance(hours, tuple)
    assert isinstance(lengthening, tuple)
    found: dict[str, Any] = {
        "ffmc": fwi.ffmc(one(before["ffmc"]), one(t), one(h), one(w), one(r)),
        "dmc": fwi.dmc(one(before["dmc"]), one(t), one(h), one(r), one(hours[at])),
        "dc": fwi.dc(one(before["dc"]), one(t), one(r), one(lengthening[at])),
    }
    found["isi"] = fwi.isi(found["ffmc"], one(w))
    found["bui"] = fwi.bui(found["dmc"], found["dc"])
    found["fwi"] = fwi.fwi(found["isi"], found["bui"])
    found["dsr"] = fwi.severity(found["fwi"])
    return {name: float(value[0]) for name, value in found.items()}


def one(value: Any) -> Any:
    """Return an array of one number."""
    return np.array([float(value)])


def records(days: int = 60, site: int = 1, start: str = "2026-01-01", **values: Any) -> Any:
    """Return observations of a station: a dry, mild day every day, but for what is said."""
    plain: dict[str, Any] = {
        "t_max_c": 20.0, "rh_min_pct": 40.0, "wind_max_ms": 4.0, "rain_mm": 0.0,
        "snow_cover": None, "green_share": np.nan, "t_noon_c": 18.0, "rh_noon_pct": 45.0,
        "wind_noon_ms": 3.0, "rain_noon_mm": 0.0, "official_class": np.nan,
    }  # fmt: skip
    day = pd.date_range(start, periods=days).strftime("%Y-%m-%d")
    return pd.DataFrame({"site": site, "day": day, **plain, **values})


def series(found: pd.DataFrame, as_of: str, x_m: dict[int, float] | None = None) -> pd.DataFrame:
    """Return what is told of stations on a line."""
    at = x_m or {1: 0.0}
    positions = pd.DataFrame({"x_m": list(at.values()), "y_m": 0.0}, index=list(at))
    return watch.series(found, positions, dt.date.fromisoformat(as_of), CONSTANTS)


# The Canadian index


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("fwi_season.csv", {"dmc": 0.1, "bui": 0.1, "fwi": 0.06, "": 0.05}),
        ("fwi_worked.csv", {"": 0.02}),
    ],
)
def test_a_whole_season_comes_out_as_published(name: str, tolerance: dict[str, float]) -> None:
    rows, found = numbers(name), START
    assert len(rows) in (10, 49)
    for row in rows:
        found = next_day(found, row)
        for index in ("ffmc", "dmc", "dc", "isi", "bui", "fwi"):
            allowed = tolerance.get(index, tolerance[""])
            assert found[index] == pytest.approx(row[index], abs=allowed), (index, row)


def test_every_step_but_one_agrees_with_another_program_to_its_last_digit() -> None:
    before = START
    for row in numbers("fwi_cffdrs.csv"):
        found = next_day({**START, **before}, row)
        rounded = 0.1 if row["rain_mm"] > 1.5 else 0.0
        assert found["dmc"] == pytest.approx(row["dmc"], rel=1e-5, abs=rounded)
        assert found["dc"] == pytest.approx(row["dc"], rel=1e-5)
        build = fwi.bui(one(row["dmc"]), one(row["dc"]))[0]
        assert build == pytest.approx(row["bui"], rel=1e-5)
        assert fwi.fwi(one(row["isi"]), one(row["bui"]))[0] == pytest.approx(row["fwi"], rel=1e-5)
        assert fwi.severity(one(row["fwi"]))[0] == pytest.approx(row["dsr"], rel=1e-5)
        before = row


def test_the_series_of_a_station_is_the_published_season_with_its_wind_in_metres_a_second() -> None:
    rows = pd.DataFrame(numbers("fwi_season.csv"))
    told = records(
        len(rows), start="2025-04-13",
        t_noon_c=rows["t_c"], rh_noon_pct=rows["rh_pct"], wind_noon_ms=rows["wind_kmh"] / 3.6,
        rain_noon_mm=rows["rain_mm"],
    )  # fmt: skip
    found = series(told, "2025-05-31")
    for index, allowed in (("ffmc", 0.05), ("dmc", 0.1), ("dc", 0.05), ("fwi", 0.06)):
        assert found[index].to_numpy() == pytest.approx(rows[index].to_numpy(), abs=allowed)


def test_wind_in_metres_a_second_taken_for_kilometres_an_hour_halves_the_index() -> None:
    day = {"month": 3.0, "t_c": 26.0, "rh_pct": 25.0, "rain_mm": 0.0}
    before = {"ffmc": 88.0, "dmc": 35.0, "dc": 180.0}
    right = next_day(before, {**day, "wind_kmh": float(fwi.kmh(one(6.0))[0])})
    wrong = next_day(before, {**day, "wind_kmh": 6.0})
    assert right["fwi"] == pytest.approx(34.48, abs=0.02)  # METHOD 12.3
    assert right["dsr"] == pytest.approx(14.33, abs=0.02)
    assert wrong["fwi"] == pytest.approx(19.39, abs=0.02)


WEATHER = {
    "t": st.floats(-40, 50),
    "h": st.floats(0, 100),
    "w": st.floats(0, 270),
    "r": st.floats(0, 800),
    "month": st.integers(1, 12),
}
STATES = {"f": st.floats(0, 101), "p": st.floats(0, 600), "d": st.floats(0, 1500)}


@given(**WEATHER, **STATES)
def test_no_weather_makes_an_index_that_is_no_number(
    t: float, h: float, w: float, r: float, month: int, f: float, p: float, d: float
) -> None:
    row = {"t_c": t, "rh_pct": h, "wind_kmh": w, "rain_mm": r, "month": month}
    found = next_day({"ffmc": f, "dmc": p, "dc": d}, row)
    assert all(np.isfinite(value) and value >= 0 for value in found.values()), found
    assert found["ffmc"] <= 101


@given(**WEATHER, **STATES)
def test_rain_raises_no_moisture_code(
    t: float, h: float, w: float, r: float, month: int, f: float, p: float, d: float
) -> None:
    row = {"t_c": t, "rh_pct": h, "wind_kmh": w, "month": month}
    before = {"ffmc": f, "dmc": p, "dc": d}
    wet, dry = (next_day(before, {**row, "rain_mm": rain}) for rain in (r, 0.0))
    assert all(wet[code] <= dry[code] + 1e-9 for code in START)


@pytest.mark.parametrize(("code", "least_mm"), [("ffmc", 0.5), ("dmc", 1.5), ("dc", 2.8)])
def test_rain_up_to_a_threshold_changes_nothing_and_more_does(code: str, least_mm: float) -> None:
    row = {"t_c": 20.0, "rh_pct": 40.0, "wind_kmh": 10.0, "month": 4.0}
    before = {"ffmc": 90.0, "dmc": 40.0, "dc": 200.0}
    dry, at, above = (
        next_day(before, {**row, "rain_mm": rain})[code] for rain in (0.0, least_mm, least_mm + 0.2)
    )
    assert at == dry
    assert above < dry


# Missing days


def test_a_short_gap_keeps_the_indices_and_a_long_one_ends_them_and_starts_ffmc_anew() -> None:
    told = records(30)
    gap = told.drop(index=range(10, 15))  # five days
    found = series(gap, "2026-01-30")
    assert found["gap_days"].tolist()[8:16] == [0, 0, 1, 2, 3, 4, 5, 0]
    assert found["fwi"][10:13].tolist() == [found["fwi"][9]] * 3
    assert found.loc[13:14, list(codes.INDICES)].isna().all(axis=None)
    again = next_day(
        {"ffmc": 85.0, "dmc": found["dmc"][9], "dc": found["dc"][9]},
        {"t_c": 18.0, "rh_pct": 45.0, "wind_kmh": 3.0 * 3.6, "rain_mm": 0.0, "month": 1.0},
    )
    assert found.loc[15, list(codes.INDICES)].to_dict() == pytest.approx(again)


def test_a_missing_day_takes_the_weather_of_the_nearest_station_but_not_its_rain() -> None:
    near = records(20, site=2, t_noon_c=25.0, rain_noon_mm=20.0)
    far = records(20, site=3, t_noon_c=-5.0)
    told = pd.concat([records(20).drop(index=range(10, 12)), near, far])
    found = series(told, "2026-01-20", {1: 0.0, 2: 1000.0, 3: -1500.0})
    own = found[found["site"] == 1].reset_index(drop=True)
    expected = next_day(
        {code: own[code][9] for code in START},
        {"t_c": 25.0, "rh_pct": 45.0, "wind_kmh": 3.0 * 3.6, "rain_mm": 0.0, "month": 1.0},
    )
    assert own.loc[10, list(codes.INDICES)].to_dict() == pytest.approx(expected)
    assert own["gap_days"].tolist()[10:13] == [1, 2, 0]


def test_days_after_the_last_record_are_missing_and_the_drought_code_must_settle_first() -> None:
    found = series(records(62), "2026-03-10")
    assert found["observed"].tolist() == [True] * 62 + [False] * 7
    assert found["gap_days"].tolist()[-7:] == [1, 2, 3, 4, 5, 6, 7]
    assert found["shown_class"][62:].isna().all()
    assert found["settled"].tolist()[:62] == [False] * 60 + [True] * 2


def test_stations_with_nothing_on_record_give_a_table_with_no_rows() -> None:
    found = series(records(3).iloc[:0], "2026-01-31")
    assert tuple(found.columns) == watch.COLUMNS
    assert found.empty
    assert tuple(watch.series(None, pd.DataFrame(columns=["x_m", "y_m"]), dt.date(2026, 1, 1),
                              CONSTANTS).columns) == watch.COLUMNS  # fmt: skip


def test_the_order_of_the_records_and_other_stations_change_nothing() -> None:
    told = records(40, t_max_c=np.linspace(-5, 38, 40), rain_noon_mm=np.tile([0.0, 3.0], 20))
    alone = series(told, "2026-02-09")
    both = pd.concat([told, records(40, site=2)]).sample(frac=1, random_state=4)
    with_others = series(both, "2026-02-09", {1: 0.0, 2: 10.0})
    pd.testing.assert_frame_equal(with_others[with_others["site"] == 1], alone)


# The Chinese class


@pytest.mark.parametrize("row", golden("fire_weather.csv"), ids=lambda row: row["u_worked"])
def test_the_chinese_indices_are_as_worked_by_hand(row: dict[str, str]) -> None:
    def cell(name: str) -> Any:
        return one(row[name] or "nan")

    dry = np.array([int(row["dry_days"])])
    warm, moist, no_snow = cell("t_max_c"), cell("rh_min_pct"), one("nan")
    u = danger.index(cell("wind_ms"), warm, moist, dry, cell("rain_mm"), no_snow, CONSTANTS)
    wind, rain, green = (cell(name) for name in ("htz_wind_ms", "last_rain_mm", "green_share"))
    other = htz.index(wind, warm, moist, dry, rain, green, no_snow, CONSTANTS)
    assert u[0] == pytest.approx(_sum(row["u_worked"]), abs=1e-9)
    assert u[0] == pytest.approx(float(row["u"]), abs=0.01)
    assert other[0] == float(row["htz"]) == _sum(row["htz_worked"])
    assert danger.classes(u, CONSTANTS)[0] == float(row["u_class"])
    assert danger.classes(other, CONSTANTS)[0] == float(row["htz_class"])


def _sum(text: str) -> float:
    """Add up a sum of numbers as it is written in a table."""
    tree = ast.parse(text, mode="eval")
    assert all(isinstance(node, ast.Expression | ast.BinOp | ast.Constant | ast.Add | ast.Sub)
               for node in ast.walk(tree))  # fmt: skip
    return float(eval(compile(tree, "sum", "eval")))


@pytest.mark.parametrize(
    ("said", "wind", "warm", "moist", "points"),
    [
        ("just below the edges", 1.5, 4.9, 29.9, 3.846 + 0 + 15.384),
        ("on the edges", 1.6, 5.0, 30.0, 7.692 + 4.61 + 12.307),
        ("14 m/s, 40 %", 14.0, 20.9, 40.0, 26.923 + 9.23 + 9.23),
        ("not yet in the last band", 13.9, 25.0, 70.0, 23.076 + 12.5 + 3.076),
        ("above them is", 17.2, 25.1, 70.1, 30.9 + 15.384 + 0),
    ],
)  # fmt: skip
def test_an_edge_belongs_to_the_band_that_the_method_says(
    said: str, wind: float, warm: float, moist: float, points: float
) -> None:
    found = danger.index(
        one(wind), one(warm), one(moist), np.array([0]), one(0), one("nan"), CONSTANTS
    )
    assert found[0] == pytest.approx(points), said


@pytest.mark.parametrize(
    ("u", "level"),
    [(0, 1), (25.49, 1), (25.5, 2), (50.4, 2), (50.5, 3), (72.4, 3), (73, 4), (90.4, 4), (90.5, 5)],
)
def test_an_index_is_rounded_and_then_graded(u: float, level: int) -> None:
    assert danger.classes(one(u), CONSTANTS)[0] == level


DAY = {
    "wind": st.floats(0, 75),
    "warm": st.floats(-40, 50),
    "moist": st.floats(0, 100),
    "dry": st.integers(0, 400),
}


@given(**DAY, more=st.floats(0, 30), longer=st.integers(0, 20))
def test_no_class_falls_as_the_weather_gets_worse(
    wind: float, warm: float, moist: float, dry: int, more: float, longer: int
) -> None:
    def both(wind: float, warm: float, moist: float, dry: int) -> list[float]:
        weather = (one(wind), one(warm), one(moist), np.array([dry]))
        nothing = one("nan")
        u = danger.index(*weather, one(0), nothing, CONSTANTS)
        other = htz.index(*weather, one(1), nothing, nothing, CONSTANTS)
        assert 0 <= u[0] <= 100.001
        assert 0 <= other[0] <= 130
        levels = [danger.classes(index, CONSTANTS)[0] for index in (u, other)]
        return [u[0], other[0], *levels]

    now = both(wind, warm, moist, dry)
    worse = [
        both(wind + more, warm, moist, dry),
        both(wind, warm + more, moist, dry),
        both(wind, warm, max(0.0, moist - more), dry),
        both(wind, warm, moist, dry + longer),
    ]
    assert all(after >= before for found in worse for after, before in zip(found, now, strict=True))


def test_what_is_unknown_counts_as_the_worst_and_is_named() -> None:
    told = records(20, rh_min_pct=np.nan, wind_max_ms=np.nan, wind_noon_ms=np.nan)
    told.loc[15, ["t_max_c", "t_noon_c"]] = np.nan
    found = series(told, "2026-01-20")
    assert found["u"][10] == pytest.approx(9.23 + 15.384 + 30.9 + 38)
    assert found["no_rh_min_pct"].all()
    assert found["no_wind_max_ms"].all()
    assert not found["no_t_max_c"][10]
    assert np.isnan(found["u"][15])  # nothing was measured: no class rather than the worst
    assert found["htz"][10] == 12 + 20 + 50 + 40


def test_wind_at_noon_stands_in_for_the_strongest_of_the_day_a_band_higher() -> None:
    found = series(records(20, wind_max_ms=np.nan, wind_noon_ms=4.0), "2026-01-20")
    assert found["no_wind_max_ms"].all()
    above = series(records(20, wind_max_ms=5.6), "2026-01-20")
    assert found["u"].tolist() == above["u"].tolist()
    gale = series(records(20, wind_max_ms=np.nan, wind_noon_ms=18.0), "2026-01-20")
    assert gale["u"].tolist() == series(records(20, wind_max_ms=18.0), "2026-01-20")["u"].tolist()


def test_dry_days_are_counted_from_the_last_rain_and_unknown_days_do_not_end_them() -> None:
    rain = [0.0, 0.0, 0.1, 0.0, np.nan, 0.05, 5.0, 2.0, 0.0, 0.0]
    found = panel(records(10, rain_mm=rain), dt.date(2026, 1, 12), CONSTANTS)
    spell = dry_spell(found, CONSTANTS)
    assert spell.days[:, 0].tolist() == [8, 9, 0, 1, 2, 3, 0, 0, 1, 2, 3, 4]
    assert spell.unsure[:, 0].tolist() == [True] * 2 + [False] * 2 + [True] * 2 + [False] * 4 + [
        True, True,
    ]  # fmt: skip
    assert spell.last_rain_mm[2:, 0].tolist() == [0.1] * 4 + [5.0] + [2.0] * 5


def test_snow_on_the_ground_and_rain_of_the_day_leave_no_danger() -> None:
    rain, snow = [0.0] * 20, [None] * 20
    rain[12] = 0.1
    told = records(20, rain_mm=rain, snow_cover=snow)
    told.loc[15, "snow_cover"] = True
    told.loc[16, "snow_cover"] = False
    found = series(told, "2026-01-20")
    assert found["u"][12] == found["u"][15] == 0
    assert found["u"][16] > 0
    assert found["htz"][15] == found["htz"][14] + 5 - 20  # a day drier, under snow


# The season


def test_the_authoritys_class_outranks_ours() -> None:
    found = series(records(20, official_class=[2.0] * 19 + [np.nan]), "2026-01-20")
    assert found["shown_class"].tolist()[:19] == [2] * 19
    assert found["shown_class"][19] == found["u_class"][19] == 3


@pytest.mark.parametrize(
    ("as_of", "first"),
    [
        ("2026-10-31", "2025-11-01"),
        ("2026-11-01", "2026-11-01"),
        ("2026-02-28", "2025-11-01"),
        ("2024-02-29", "2023-11-01"),
        ("2026-05-01", "2025-11-01"),
    ],
)
def test_a_season_begins_in_november_and_ends_in_april(as_of: str, first: str) -> None:
    found = season.began(dt.date.fromisoformat(as_of), CONSTANTS)
    assert found == dt.date.fromisoformat(first)
    assert season.length(CONSTANTS) == 181


def test_a_season_within_one_year_and_one_that_never_is_do_no_harm() -> None:
    summer = {**CONSTANTS, "season_first": {"month": 6, "day": 1},
              "season_last": {"month": 8, "day": 31}}  # fmt: skip
    assert season.length(summer) == 92
    assert season.began(dt.date(2026, 3, 1), summer) == dt.date(2025, 6, 1)
    never = {**CONSTANTS, "season_first": {"month": 13, "day": 1},
             "season_last": {"month": 0, "day": 1}}  # fmt: skip
    assert season.length(never) == 0
    assert season.season_mean_g(records(40), dt.date(2026, 3, 1), G, never, 0.75) is None


def mean_g(found: pd.DataFrame | None, as_of: dt.date = dt.date(2026, 10, 31)) -> Any:
    """Return the season's mean and its missing days, those of unknown weather at 0.75."""
    told = season.season_mean_g(found, as_of, G, CONSTANTS, 0.75)
    return None if told is None else dataclasses.astuple(told)


def test_the_mean_factor_is_that_of_whole_seasons_only() -> None:
    whole = records(365, start="2025-11-01")
    threes = whole.assign(official_class=3.0)
    assert mean_g(threes) == pytest.approx((0.75, 0))
    half = threes.assign(official_class=[5.0] * 90 + [1.0] * 275)
    worked = (90 * 1.2 + 91 * 0.3) / 181  # the 181 days from November to April
    assert mean_g(half) == pytest.approx((worked, 0))
    assert mean_g(threes.iloc[:140]) is None
    both = pd.concat([threes, whole.assign(site=2, official_class=1.0)])
    assert mean_g(both) == pytest.approx(((0.75 + 0.3) / 2, 0))
    part = pd.concat([threes, whole.assign(site=2, official_class=1.0).iloc[:30]])
    assert mean_g(part) == pytest.approx((0.75, 0))
    assert mean_g(None) is None


def test_a_missing_day_counts_the_default_or_the_mean_of_the_known_if_that_is_higher() -> None:
    quiet = records(181, start="2025-11-01", official_class=1.0)
    worked = ((145 * 0.3 + 36 * 0.75) / 181, 36)
    assert mean_g(quiet.iloc[36:]) == pytest.approx(worked)  # before the first on record
    assert mean_g(quiet.iloc[:145]) == pytest.approx(worked)  # after the last
    assert mean_g(quiet.drop(quiet.index[50:86])) == pytest.approx(worked)
    assert mean_g(quiet.iloc[36:].assign(official_class=5.0)) == pytest.approx((1.2, 36))
    # A season that still runs misses no day to come: 30 March is its 150th.
    assert mean_g(quiet.iloc[:150], dt.date(2026, 3, 30)) == pytest.approx((0.3, 0))


def test_local_percentiles_take_over_after_three_seasons() -> None:
    days = np.arange("2023-11-01", "2026-05-01", dtype="datetime64[D]")
    year = season.years(days, CONSTANTS)
    values = np.where(year > 0, (np.arange(len(days)) % 100).astype(float), 1000.0)
    three = season.scale(days, values, CONSTANTS)
    assert three.local
    expected = np.percentile(values[year > 0], [50, 75, 90, 97])
    assert three.limits == pytest.approx(tuple(expected))
    assert three.name(expected[3]) == "高"
    two = season.scale(days, np.where(year == 2024, np.nan, values), CONSTANTS)
    assert not two.local
    assert [two.name(value) for value in (5.19, 5.2, 38.0, 50.0)] == ["很低", "低", "很高", "极高"]


# Spread


def test_the_spread_is_as_worked_by_hand() -> None:
    start, rate = spread.rate_m_min(26, 25, 4, 15, "平铺针叶", CONSTANTS)
    assert start == pytest.approx(1.289, abs=0.001)  # METHOD 12.3
    assert rate == pytest.approx(4.36, abs=0.005)


@pytest.mark.parametrize(
    ("slope", "fuel", "said"),
    [(46, "平铺针叶", "45"), (-1, "平铺针叶", "坡度"), (0, "x", "可燃物")],
)
def test_a_slope_or_fuel_outside_the_model_is_refused(slope: float, fuel: str, said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        spread.rate_m_min(26, 25, 4, slope, fuel, CONSTANTS)


def test_every_field_of_the_passport_that_is_observed_is_read() -> None:
    passport = load_records(DATA / "records", load_kinds(DATA / "sites"))["observation"]
    said_only = {"day", "official_document", "visibility_km"}  # the last is of what is watched
    assert set(FIELDS) == {field.name for field in passport.fields} - said_only
