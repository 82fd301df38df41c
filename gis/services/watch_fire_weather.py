"""The fire weather of every station: the latest day, the season, and how far it is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.engine import Connection

from gis.domain.crs import to_metres
from gis.domain.fire_weather import codes, danger, season, spread, watch
from gis.domain.fire_weather.observations import RECORDS
from gis.domain.rights import Actor
from gis.domain.risk.constants import Constants, table, texts
from gis.services import clock
from gis.services.access import reading
from gis.services.edit_parameters import in_force
from gis.storage import records, register, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

METHOD = "fire_weather"
"""Name of its constants and of its page."""

FRESH_DAYS = 1
"""Observations of yesterday are still today's: a day's extremes are known when it is over."""

OFFICIAL = {True: "气象部门发布", False: "本系统计算（参考）"}
"""Whose a class is (METHOD 0.2, rule 2)."""

OF_SERIES = ("day", "shown_class", "official", "u", "htz", "rain_mm", "dc", "fwi", "gap_days")
"""Columns of a station's series."""

HIDDEN = ("site", "observed", "official_class", *(f"no_{name}" for name in danger.GAPS))
"""Columns of a day that are not told of the latest: other words say them."""

Row = dict[str, Any]


def watch_fire_weather(ws: Workspace, actor: Actor) -> Row:
    """Tell the fire weather of the stations that an actor may see.

    Returns
    -------
    ``as_of`` and ``season_began`` (ISO days); ``class_names``; ``town``, the highest class of the
    latest day with any (``day``, ``class``, ``name``, ``official``, ``by``, ``age_days``,
    ``stale``), None where there is none; and ``stations``, in id order. A station has its
    ``site``, ``code``, ``name``, ``station_type``, ``wind_height_m`` and, once it observed
    something, ``latest`` and ``graded`` (``_latest``: the last day with a record, and with a
    class), the days since the season began and how many of them are missing at noon, ``months``
    (``_months``) and ``series``: a row of ``OF_SERIES`` a day.
    """
    with reading(ws, actor) as conn:
        as_of, constants, places, series = look(conn, ws, actor)
    began = season.began(as_of, constants)
    stations = [
        _station(place, series[series["site"] == place["id"]], began, as_of, constants)
        for place in _plain(places)
    ]
    names = texts(constants, "class_names")
    return {
        "as_of": as_of.isoformat(),
        "season_began": began.isoformat(),
        "class_names": names,
        "town": _town(stations, names),
        "stations": stations,
    }


def look(
    conn: Connection, ws: Workspace, actor: Actor
) -> tuple[dt.date, Constants, gpd.GeoDataFrame, pd.DataFrame]:
    """Return today, the constants in force, the stations and their ``watch.series``.

    The series' days are ISO texts, its indices have two decimals, its classes are whole numbers or
    None; ``official`` tells whether the class that holds is the authority's, and
    ``official_document`` where it was issued.
    """
    as_of = clock.today(register.load(conn))
    constants = in_force(conn).methods[METHOD].values
    passport = ws.record(RECORDS)
    places = sites.load(conn, ws.kind(passport.of), reader=actor, unplaced=True)
    found = records.load(conn, passport, reader=actor)
    positions = _positions(places, ws.home_level.metric_crs)
    series = watch.series(found, positions, as_of, constants)
    papers = found[["site", "day", "official_document"]]
    return as_of, constants, places, _written(series).merge(papers, how="left")


def estimate_spread(ws: Workspace, actor: Actor, weather: Mapping[str, float], fuel: str) -> Row:
    """Return a rough rate of spread for an exercise (METHOD 4.3).

    Parameters
    ----------
    weather
        ``t_c``, ``rh_pct``, ``wind_ms`` and ``slope_deg``.
    fuel
        A name of the constant ``spread_fuels``.

    Raises
    ------
    InvalidDataError
        As ``spread.rate_m_min``.
    """
    with reading(ws, actor) as conn:
        constants = in_force(conn).methods[METHOD].values
    start, rate = spread.rate_m_min(**weather, fuel=fuel, constants=constants)
    return {**weather, "fuel": fuel, "start_m_min": start, "rate_m_min": rate}


def fuels(ws: Workspace, actor: Actor) -> list[str]:
    """Return the names of the fuels that ``estimate_spread`` knows."""
    with reading(ws, actor) as conn:
        return list(table(in_force(conn).methods[METHOD].values, "spread_fuels"))


def _station(
    place: Row, days: pd.DataFrame, began: dt.date, as_of: dt.date, constants: Constants
) -> Row:
    said = {name: place[name] for name in ("name", "station_type", "wind_height_m")}
    told = {"site": place["id"], "code": place["key"], **said}
    observed = days[days["observed"]]
    if observed.empty:
        nothing: Row = {"months": [], "series": []}
        return {**told, "latest": None, "graded": None, "days": 0, "missing_days": 0, **nothing}
    graded = observed[observed["shown_class"].notna()]
    this_season = days[days["day"] >= began.isoformat()]
    return {
        **told,
        "latest": _latest(days, observed.iloc[-1], as_of, constants),
        "graded": None if graded.empty else _latest(days, graded.iloc[-1], as_of, constants),
        "days": len(this_season),
        "missing_days": int((this_season["gap_days"] > 0).sum()),
        "months": _months(this_season),
        "series": _plain(this_season[list(OF_SERIES)]),
    }


def _latest(days: pd.DataFrame, row: pd.Series, as_of: dt.date, constants: Constants) -> Row:
    """Return the last observed day: its row of ``watch.series`` and the words for it.

    Besides: ``age_days`` and whether it is ``stale``; ``by``, whose the class is; ``gaps``, what
    was unknown behind our class and counted as its worst; names of the classes and the grade of
    the FWI, and whether its limits are ``fwi_local``.
    """
    at = days["day"].to_numpy().astype("datetime64[D]")
    graded = season.scale(at, days["fwi"].to_numpy(), constants)
    (whole,) = _plain(pd.DataFrame([row]))
    said = {name: value for name, value in whole.items() if name not in HIDDEN}
    age = (as_of - dt.date.fromisoformat(said["day"])).days
    return {
        **said,
        "age_days": age,
        "stale": age > FRESH_DAYS,
        "by": OFFICIAL[said["official"]],
        "class_name": _named(said["shown_class"], texts(constants, "class_names")),
        "htz_name": _named(said["htz_class"], texts(constants, "htz_class_names")),
        "gaps": [name for name in danger.GAPS if whole[f"no_{name}"]],
        "fwi_name": None if said["fwi"] is None else graded.name(said["fwi"]),
        "fwi_local": graded.local,
    }


def _months(days: pd.DataFrame) -> list[Row]:
    """Return a row a month: days of each class (``class_1`` to ``class_5``) and of none.

    Besides: days missing at noon, rain (mm), mean and highest FWI; None where there is none.
    """
    of_class = {f"class_{level}": days["shown_class"] == level for level in range(1, 6)}
    counted = days[["rain_mm", "fwi"]].assign(
        month=days["day"].str[:7],
        **of_class,
        unknown=days["shown_class"].isna(),
        missing_days=days["gap_days"] > 0,
    )
    by_month = counted.groupby("month")
    sums = by_month[[*of_class, "unknown", "missing_days"]].sum()
    rain_mm = by_month["rain_mm"].sum(min_count=1)
    fwi = by_month["fwi"].agg(["mean", "max"])
    said = sums.assign(rain_mm=rain_mm, fwi_mean=fwi["mean"], fwi_max=fwi["max"]).round(1)
    return _plain(said.reset_index())


def _town(stations: list[Row], names: tuple[str, ...]) -> Row | None:
    """Return the class of the town: of the latest day that any station grades, the highest.

    Half a record of a later day takes it from no station. Where the authority issued one for that
    day, the highest of its own.
    """
    told = [s["graded"] for s in stations if s["graded"]]
    if not told:
        return None
    day = max(row["day"] for row in told)
    same = [row for row in told if row["day"] == day]
    issued = [row for row in same if row["official"]]
    worst = max(issued or same, key=lambda row: row["shown_class"])
    level = int(worst["shown_class"])
    said = {name: worst[name] for name in ("day", "official", "by", "age_days", "stale")}
    return {"class": level, "name": names[level - 1], **said}


def _positions(places: gpd.GeoDataFrame, crs: str) -> pd.DataFrame:
    at = to_metres(places, crs).geometry
    return pd.DataFrame({"x_m": at.x.to_numpy(), "y_m": at.y.to_numpy()}, index=places["id"])


def _named(level: float | None, names: tuple[str, ...]) -> str | None:
    return None if level is None else names[int(level) - 1]


DIGITS = dict.fromkeys(("u", *codes.INDICES), 2)
WHOLE = ("u_class", "shown_class", "htz_class", "official_class")


def _written(days: pd.DataFrame) -> pd.DataFrame:
    known = days[list(WHOLE)].notna()
    whole = days[list(WHOLE)].astype("Int64").astype(object).where(known, None)
    return days.round(DIGITS).assign(
        day=days["day"].dt.strftime("%Y-%m-%d"),
        official=known["official_class"],
        **{name: whole[name] for name in WHOLE},
    )


def _plain(frame: pd.DataFrame) -> list[Row]:
    columns = {str(name): missing_to_none(frame[name]) for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
