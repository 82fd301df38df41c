"""Alarm levels of the monitoring of slopes: displacement and rain (METHOD 2.3)."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

RECORDS = "displacement"
"""Sort of record that it reads."""

COLOURS = ("蓝", "黄", "橙", "红")
"""Of the levels 1 to 4; level 0 is no alarm."""

STATES = {
    "level": np.int64,
    "cause": object,
    "point": object,
    "rate_mm_d": np.float64,
    "tangent_deg": np.float64,
    "rain_24h_mm": np.float64,
    "rain_from": object,
    "age_d": np.float64,
}
"""Columns of what ``alarms`` returns: level 0..4 and what raised it; the point of the mine that
moves most, its rate and angle; recent rain, NaN where none is on record, and where it was
measured; how many days ago the newest reading is, NaN where there is none."""

AT_MINE = "矿山监测点"
"""Rain that the mine's own points measured."""

POINT = ["site", "point"]


def alarms(
    records: pd.DataFrame | None,
    sites: pd.Series,
    as_of: dt.date,
    constants: Constants,
    elsewhere: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Tell how far the monitoring of each mine's slopes is from quiet. For reference only.

    Parameters
    ----------
    records
        Displacement records (``site`` and the fields of ``data/records/displacement.toml``), in
        any order; None: none. Readings after ``as_of`` are not looked at.
    sites
        Ids of the mines, shape (n,).
    constants
        The values of ``mine.toml``; the mine's designer sets the true limits.
    elsewhere
        Rain at weather stations, as ``station_rain.nearest`` gives it for these mines: for those
        without recent rain of their own. None: nobody knows of any.

    Returns
    -------
    Frame of n rows with the columns ``STATES``.

    Notes
    -----
    A level holds if each of the last three readings of a point reaches it, by its rate or by its
    improved tangent angle (Xu Qiang et al.), none of them under maintenance; or if the rate rises
    with each of the last three readings and doubles over them (红). The rate is the mean of seven
    days; what moved over a time of maintenance does not count, and neither does a single step that
    makes up more than half of it: a jump of the antenna stays in all means of a week. Rain needs no
    three readings.
    """
    moved = _moved(records, sites, as_of, constants)
    if elsewhere is not None:
        lacking = moved["rain_24h_mm"].isna().to_numpy()
        for name in ("rain_24h_mm", "rain_from"):
            moved[name] = np.where(lacking, elsewhere[name].to_numpy(), moved[name].to_numpy())
    return _rained(moved, constants).astype(STATES)


def _moved(
    records: pd.DataFrame | None, sites: pd.Series, as_of: dt.date, constants: Constants
) -> pd.DataFrame:
    """Return the states of mines without what rain raises."""
    if records is None or records.empty:
        return _quiet(sites)
    day = pd.to_datetime(records["day"], format="%Y-%m-%d")
    known = records.assign(day=day)[day <= pd.Timestamp(as_of)]
    series = _moving(
        known.sort_values([*POINT, "day"], kind="stable", ignore_index=True), constants
    )
    age_d = (pd.Timestamp(as_of) - series["day"]).dt.days
    fresh = age_d <= given.number(constants, "alarm_fresh_d")
    last = ~series.duplicated(POINT, keep="last")
    worst = (
        series[last & fresh]
        .sort_values(["site", "level", "rate_mm_d", "point"], ascending=[True, False, False, True])
        .drop_duplicates("site")
        .set_index("site")
    )
    rain_mm = own_rain_mm(records, as_of, constants)
    return _states(worst, rain_mm, age_d.groupby(series["site"]).min(), sites)


def own_rain_mm(records: pd.DataFrame | None, as_of: dt.date, constants: Constants) -> pd.Series:
    """Return the greatest recent rain in 24 h, mm, by id of the mine that measured it.

    Parameters as for ``alarms``; points under maintenance do not count.
    """
    if records is None or records.empty:
        return pd.Series(dtype=np.float64)
    age_d = (pd.Timestamp(as_of) - pd.to_datetime(records["day"], format="%Y-%m-%d")).dt.days
    fresh = age_d.between(0, given.number(constants, "rain_fresh_d"))
    wet = records[fresh & ~read.yes(records["maintenance"])[0]]
    found: pd.Series = wet.groupby("site")["rain_24h_mm"].max()
    return found


def _moving(series: pd.DataFrame, constants: Constants) -> pd.DataFrame:
    """Add ``halted``, ``rate_mm_d``, ``level``, ``cause`` to readings sorted by point and day."""
    halted, _ = read.yes(series["maintenance"])
    series = series.assign(halted=halted)
    rate = _rate(series, constants)
    limits = given.numbers(constants, "rate_limits_mm_d")
    by_rate = _level(rate, limits)
    angle = _level(
        series["tangent_deg"].to_numpy(dtype=np.float64),
        given.numbers(constants, "tangent_limits_deg"),
        given.numbers(constants, "tangent_levels"),
    )
    three = int(given.number(constants, "alarm_samples"))
    reached = np.where(halted, 0.0, np.maximum(by_rate, angle))
    held = _held(series.assign(reached=reached), three)
    doubling = _doubling(series.assign(rate=rate), three, limits[0])
    level = np.where(doubling, float(len(COLOURS)), held).astype(np.int64)
    cause = np.select(
        [doubling, by_rate >= np.maximum(level, 1)], ["位移速率倍增", "位移速率"], "改进切线角"
    )
    return series.assign(rate_mm_d=rate, level=level, cause=cause.astype(object))


def _rate(series: pd.DataFrame, constants: Constants) -> Floats:
    """Mean rate of the days before each reading, mm/d, without a lone jump; NaN where unknown."""
    by_point = series.groupby(POINT, sort=False)
    halted = series["halted"]
    broken = halted | by_point["halted"].shift(fill_value=True)
    moved = by_point["displacement_mm"].diff().where(~broken)
    steps = series.assign(moved=moved, days=by_point["day"].diff().dt.days.where(moved.notna()))
    days = int(given.number(constants, "rate_days"))
    window = steps.set_index("day").groupby(POINT, sort=False)[["moved", "days"]]
    rolling = window.rolling(f"{days}D", min_periods=1)
    total, span_d = rolling.sum().to_numpy().T
    count = rolling.count()["moved"].to_numpy()
    up, down = rolling.max()["moved"].to_numpy(), rolling.min()["moved"].to_numpy()
    largest = np.where(up >= -down, up, down)
    share = given.number(constants, "jump_share")
    lone = (count >= given.number(constants, "jump_steps")) & (
        np.abs(largest) > share * np.abs(total)
    )
    # A jump that went back is in the sum twice: without one half of it the sum would be larger.
    steady = np.minimum(np.abs(total), np.abs(total - np.where(lone, largest, 0.0)))
    unknown = np.full(len(series), np.nan)
    rate: Floats = np.divide(steady, span_d, out=unknown, where=span_d > 0)
    return rate


def _held(series: pd.DataFrame, samples: int) -> Floats:
    """Level that each of the last readings of the point reaches, 0 where there are too few."""
    rolling = series.groupby(POINT, sort=False)["reached"].rolling(samples)
    held: Floats = np.nan_to_num(rolling.min().to_numpy(dtype=np.float64))
    return held


def _doubling(series: pd.DataFrame, samples: int, least: float) -> Bools:
    """Tell where the rate rises with each of the last readings and doubles over them."""
    by_point = series.groupby(POINT, sort=False)
    before = [by_point["rate"].shift(step) for step in range(samples + 1)]
    found = (before[0] >= 2.0 * before[-1]) & (before[0] >= least)
    for later, earlier in pairwise(before):
        found &= later > earlier
    worked_on = by_point["halted"].rolling(samples + 1, min_periods=1).max().to_numpy() > 0
    return np.asarray(found & ~worked_on, dtype=bool)


def _level(
    values: Floats, limits: tuple[float, ...], levels: tuple[float, ...] = (1, 2, 3, 4)
) -> Floats:
    """Return the level that each value reaches, 0 below the first limit and where unknown."""
    return read.banded(np.nan_to_num(values), limits, (0.0, *levels))


def _rained(state: pd.DataFrame, constants: Constants) -> pd.DataFrame:
    """Raise the level to what the rain alone gives, where that is more."""
    rain_mm = state["rain_24h_mm"].to_numpy(dtype=np.float64)
    moved = state["level"].to_numpy(dtype=np.float64)
    rained = _level(rain_mm, given.numbers(constants, "rain_limits_mm"))
    cause = np.where(rained > moved, "降雨", read.texts(state["cause"]))
    return state.assign(level=np.maximum(moved, rained), cause=cause)


def _states(
    worst: pd.DataFrame, rain_mm: pd.Series, age_d: pd.Series, sites: pd.Series
) -> pd.DataFrame:
    """Put the worst point and the mine's own rain together."""
    ids = sites.to_numpy()
    found = worst.reindex(ids)
    rain = rain_mm.reindex(ids).to_numpy(dtype=np.float64)
    rain_from = np.full(len(ids), None, dtype=object)
    rain_from[~np.isnan(rain)] = AT_MINE
    level = np.nan_to_num(found["level"].to_numpy(dtype=np.float64))
    cause = read.texts(found["cause"])
    cause[level == 0] = None
    columns = {
        "level": level,
        "cause": cause,
        "point": read.texts(found["point"]),
        "rate_mm_d": found["rate_mm_d"].to_numpy(dtype=np.float64),
        "tangent_deg": found["tangent_deg"].to_numpy(dtype=np.float64),
        "rain_24h_mm": rain,
        "rain_from": rain_from,
        "age_d": age_d.reindex(ids).to_numpy(dtype=np.float64),
    }
    return pd.DataFrame(columns, index=sites.index).astype(STATES)


def _quiet(sites: pd.Series) -> pd.DataFrame:
    """Return the state of mines without any reading."""
    nothing = {"level": 0, "cause": None, "point": None, "rain_from": None}
    columns = {name: nothing.get(name, np.nan) for name in STATES}
    return pd.DataFrame(columns, index=sites.index).astype(STATES)
