"""Rain at the weather station nearest to each mine, where its own points tell of none."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats
from gis.domain.fire_weather.observations import RECORDS
from gis.domain.risk import constants as given
from gis.domain.risk.attributes import texts
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Scene
from gis.domain.risk.sources import places

STATION = "weather_station"
LOOKS_AT = (STATION, RECORDS)
"""Kind and sort of record that it reads."""

RAIN = {"rain_24h_mm": np.float64, "rain_from": object, "station_m": np.float64}
"""Columns of what ``nearest`` returns."""


def nearest(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> pd.DataFrame:
    """Return the rain at the nearest weather station that has a recent value (METHOD 2.2, 2.3).

    Parameters
    ----------
    frame
        Places in metres, n rows.
    scene
        With weather stations and their daily observations.
    constants
        The values of ``mine.toml``: observations older than ``rain_fresh_d`` before the day of the
        scene say nothing.

    Returns
    -------
    Frame of n rows with the columns ``RAIN``: the larger of the station's fresh daily rains, mm;
    which station, in words; how far it is, metres. NaN and None where no station has a value.
    """
    found = pd.DataFrame(None, index=frame.index, columns=list(RAIN)).astype(RAIN)
    rain_mm = _fresh_mm(scene, constants)
    for stations in places(scene.sites_m, STATION):
        known = stations[stations["id"].isin(rain_mm.index)]
        if len(known) and len(frame):
            here, there = frame.geometry.to_numpy(), known.geometry.to_numpy()
            d_m = shapely.distance(here[:, np.newaxis], there[np.newaxis, :])
            near = known.iloc[d_m.argmin(axis=1)]
            found["station_m"] = d_m.min(axis=1)
            found["rain_24h_mm"] = rain_mm.loc[near["id"]].to_numpy()
            found["rain_from"] = [
                f"气象站{name or '（未命名）'}，距 {m / 1000:.1f} km"
                for name, m in zip(texts(near["name"]), found["station_m"], strict=True)
            ]
    return found


def reach_m(frame: gpd.GeoDataFrame, lacking: Bools, scene: Scene, constants: Constants) -> Floats:
    """Return how far each place looks for a weather station, metres; shape (n,).

    As far as the nearest that has a value, and a metre more against rounding; 0 where it is not
    ``lacking`` rain of its own. No station without observations becomes one that has them.
    """
    station_m = nearest(frame, scene, constants)["station_m"].to_numpy()
    far_m: Floats = np.where(lacking & ~np.isnan(station_m), station_m + 1.0, 0.0)
    return far_m


def _fresh_mm(scene: Scene, constants: Constants) -> pd.Series:
    """Return the larger of the daily rains of the day and just before, mm, by id of the station."""
    days = scene.records.get(RECORDS)
    if days is None or days.empty:
        return pd.Series(dtype=np.float64)
    day = pd.to_datetime(days["day"], format="%Y-%m-%d")
    age_d = (pd.Timestamp(scene.as_of) - day).dt.days
    fresh = days[age_d.between(0, given.number(constants, "rain_fresh_d"))]
    return fresh.groupby("site")["rain_mm"].max().dropna()
