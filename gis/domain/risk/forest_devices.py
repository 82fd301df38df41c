"""Cameras, towers and patrol posts as eyes: which work, how far they see (METHOD 4.6)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats
from gis.domain.fire_weather.observations import RECORDS
from gis.domain.kinds import Watch
from gis.domain.risk.attributes import graded, number, texts
from gis.domain.risk.constants import Constants, table, text
from gis.domain.risk.constants import number as constant
from gis.domain.risk.constants import texts as words
from gis.domain.viewshed import Eye

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot

MONITOR, STATION = "fire_monitor", "weather_station"


def working(snapshot: Snapshot, values: Constants) -> gpd.GeoDataFrame:
    """Return the devices that work, or have been down so shortly that they still count, by id.

    ``values`` are those of ``relief.toml``.
    """
    watch, devices = snapshot.kinds[MONITOR].watch, _devices(snapshot)
    if watch is None:
        return devices.iloc[:0]
    on = _works(devices, watch, snapshot.as_of, values)
    return devices[on].reset_index(drop=True)


def planned(snapshot: Snapshot) -> gpd.GeoDataFrame:
    """Return the places where a device is planned and none stands yet, by id."""
    watch, devices = snapshot.kinds[MONITOR].watch, _devices(snapshot)
    if watch is None or watch.planned is None:
        return devices.iloc[:0]
    return devices[texts(devices[watch.field]) == watch.planned].reset_index(drop=True)


def eyes(devices: pd.DataFrame, range_m: Floats, values: Constants) -> list[Eye]:
    """Return devices as eyes, in their order; a mast of unknown height is low.

    Parameters
    ----------
    devices
        Site frame in metres.
    range_m
        How far each sees (``ranges``), shape (N,).
    values
        The values of ``relief.toml``.
    """
    mast_m = number(devices["mast_height_m"], constant(values, "unknown_mast_m"))[0]
    above_m = mast_m + constant(values, "eye_above_mast_m")
    xy = shapely.get_coordinates(shapely.centroid(devices.geometry.to_numpy()))
    return [Eye(*numbers) for numbers in np.column_stack([xy, above_m, range_m]).tolist()]


def ranges(devices: pd.DataFrame, exposure: Constants) -> Floats:
    """Return how far devices see smoke in clear air, metres, shape (N,).

    The range on record, nothing beyond what can be believed of such a device. Where none is, a
    camera or a tower has the usual one, a patrol post none.
    """
    usual = table(exposure, "monitor_unknown_range_m")
    most_m = constant(exposure, "monitor_most_range_m")
    own_most_m = graded(devices["device"], table(exposure, "monitor_device_range_m"), most_m)[0]
    recorded_m = number(devices["range_m"], np.nan)[0]
    usual_m = graded(devices["device"], usual, 0.0)[0]
    range_m = np.where(np.isnan(recorded_m), usual_m, recorded_m)
    found: Floats = np.minimum(range_m, np.minimum(own_most_m, most_m))
    return found


def hazed(devices: pd.DataFrame, visibility_km: Floats, values: Constants) -> Bools:
    """Tell which devices see less far for haze, shape (N,); none where the visibility is unknown.

    Thermal cameras see through it. ``values`` are those of ``relief.toml``.
    """
    hazy = visibility_km < constant(values, "haze_below_km")
    found: Bools = hazy & ~haze_proof(devices, values)
    return found


def haze_proof(devices: pd.DataFrame, values: Constants) -> Bools:
    """Tell which devices see through haze, shape (N,)."""
    found: Bools = np.isin(texts(devices["device"]).astype(str), words(values, "haze_proof"))
    return found


def visibility(devices: pd.DataFrame, snapshot: Snapshot, values: Constants) -> Floats:
    """Return the visibility lately observed nearest to each device, km, shape (N,).

    Of each station the newest observation that tells of it, of yesterday at the earliest
    (``visibility_days``); of these stations the nearest. NaN where there is none.
    """
    told = _told(snapshot.records.get(RECORDS), snapshot.as_of, values)
    stations = snapshot.places(STATION)
    near = stations[stations["id"].isin(told.index) & stations.geometry.notna()]
    found = np.full(len(devices), np.nan)
    if near.empty or not len(devices):
        return found
    tree = shapely.STRtree(near.geometry.to_numpy())
    nearest = tree.nearest(shapely.centroid(devices.geometry.to_numpy()))
    found[:] = told.loc[near["id"].to_numpy()[nearest]].to_numpy()
    return found


def slow(devices: pd.DataFrame, values: Constants) -> Bools:
    """Tell which devices take longer for a round than LY/T 2581-2016 allows, shape (N,)."""
    cycle_min = number(devices["patrol_cycle_min"], 0.0)[0]
    found: Bools = cycle_min > constant(values, "patrol_most_min")
    return found


def _devices(snapshot: Snapshot) -> gpd.GeoDataFrame:
    return snapshot.places(MONITOR).sort_values("id", ignore_index=True)


def _works(devices: pd.DataFrame, watch: Watch, as_of: dt.date, values: Constants) -> Bools:
    state = texts(devices[watch.field])
    since = pd.to_datetime(devices[watch.since], format="%Y-%m-%d")
    down_h = (pd.Timestamp(as_of) - since).dt.total_seconds().to_numpy(dtype=np.float64) / 3600.0
    just_now = (state == text(values, "offline_word")) & (down_h < constant(values, "offline_h"))
    found: Bools = (state == watch.online) | (just_now & (down_h >= 0.0))
    return found


def _told(records: pd.DataFrame | None, as_of: dt.date, values: Constants) -> pd.Series:
    """Return the newest visibility on record by station, km; only of the latest days."""
    if records is None or "visibility_km" not in records:
        return pd.Series(dtype=np.float64)
    day = pd.to_datetime(records["day"], format="%Y-%m-%d")
    age_d = (pd.Timestamp(as_of) - day).dt.days
    fresh = (age_d >= 0) & (age_d <= constant(values, "visibility_days"))
    rows = records[fresh & records["visibility_km"].notna()]
    newest: pd.Series = (
        rows.sort_values("day", kind="stable").groupby("site")["visibility_km"].last()
    )
    return newest
