"""What people may set forests on fire with, and how near it is (METHOD 4.4, factor H)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import shapely

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.fire_weather.season import in_season
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Scene, Sites
from gis.domain.risk.sources import places
from gis.errors import ConfigError

WEATHER = "fire_weather"
"""The method that says when the fire season is."""

BUILDING, ROAD, CEMETERY, POWER_LINE = "building", "road", "cemetery", "power_line"

SORTS = ("有人的场所与建筑", "道路", "墓地", "架空电力线路", "登记的距离", "未知")
"""What may decide the term, in words for people; the columns of ``terms``."""

UNKNOWN = 5
"""Column of the default where a sort is not on record at all."""

KINDS = (BUILDING, ROAD, CEMETERY, POWER_LINE)
"""Kinds read here, besides the people of all kinds."""


def terms(
    points: Objects,
    surveyed_m: Floats,
    scene: Scene,
    constants: Constants,
    *,
    day: dt.date | None = None,
) -> Floats:
    """Rate the human ignition at points by each sort of source.

    Parameters
    ----------
    points
        Points in metres, shape (n,).
    surveyed_m
        Distance to the nearest source as surveyed, metres; NaN where it was not. Shape (n,).
    scene
        Its people, buildings, roads, cemeteries and power lines are read; without a ``day`` the
        values of ``fire_weather.toml`` too, for the fire season.
    constants
        The values of ``forest_fire.toml``.
    day
        Whose ignition counts; None: the mean of the fire season.

    Returns
    -------
    Terms 0..1, shape (n, 6), columns as ``SORTS``; their largest is the factor H. The last is 0
    but where no distance was surveyed and some sort has not one place on record: what nobody
    recorded may be anywhere.

    Notes
    -----
    weight x exp(-d/300 m), d from the point to the nearest edge. The season's mean of a cemetery
    is taken so that the largest of a row is the mean of each day's largest.
    """
    scale_m = given.number(constants, "ignition_scale_m")
    shapes = _sources(scene)
    distances = np.column_stack([*(_nearest_m(points, of) for of in shapes), surveyed_m])
    blank = np.isnan(surveyed_m) & any(len(of) == 0 for of in shapes)
    unknown = np.where(blank, given.number(constants, "unknown_ignition_term"), 0.0)
    bare = np.exp(-np.nan_to_num(distances, nan=np.inf) / scale_m)
    found = np.column_stack([bare, unknown])
    found[:, SORTS.index("墓地")] = _cemeteries(found, scene, constants, day)
    return found


def sweeping_share(constants: Constants, weather: Constants) -> float:
    """Return on which share of the days of the fire season graves are swept, 0..1.

    Parameters
    ----------
    constants
        The values of ``forest_fire.toml``.
    weather
        The values of ``fire_weather.toml``, which say when the fire season is.

    Raises
    ------
    ConfigError
        If a day of the constants is none.
    """
    season = in_season(weather)
    return float((season & _days(constants, "sweeping_days")).sum() / max(season.sum(), 1))


def is_sweeping(day: dt.date, constants: Constants) -> bool:
    """Tell whether graves are swept on a day."""
    return bool(_days(constants, "sweeping_days")[_number(day.month, day.day)])


def _sources(scene: Scene) -> tuple[Objects, ...]:
    """Return the geometries of each sort, as the first of ``SORTS``."""
    people = scene.people[scene.people["own"] == 0].geometry.to_numpy()
    buildings, *others = (_shapes(scene.sites_m, kind) for kind in KINDS)
    return np.concatenate([people, buildings]), *others


def _shapes(sites_m: Sites, kind: str) -> Objects:
    nothing = np.empty(0, dtype=object)
    return np.concatenate([nothing, *(at.geometry.to_numpy() for at in places(sites_m, kind))])


def _nearest_m(points: Objects, shapes: Objects) -> Floats:
    """Return the distance to the nearest shape, metres; inf where there are none.

    Not pairs within a reach: near a town each cell would meet thousands of houses for the sake
    of one.
    """
    found = np.full(len(points), np.inf)
    if len(points) and len(shapes):
        (at, _), found_m = shapely.STRtree(shapes).query_nearest(
            points, return_distance=True, all_matches=False
        )
        found[at] = found_m
    return found


def _cemeteries(found: Floats, scene: Scene, constants: Constants, day: dt.date | None) -> Floats:
    """Return the terms of cemeteries from those of all sorts, theirs yet without weight (n, 6)."""
    column = SORTS.index("墓地")
    weight = given.table(constants, "cemetery_weight")
    high, low = (weight[name] * found[:, column] for name in ("sweeping", "ordinary"))
    if day is not None:
        return high if is_sweeping(day, constants) else low
    share = sweeping_share(constants, scene.methods[WEATHER])
    others = np.delete(found, column, axis=1).max(axis=1)
    mean = share * np.maximum(high, others) + (1.0 - share) * np.maximum(low, others)
    return np.where(mean > others, mean, low)


def _days(constants: Constants, name: str) -> Bools:
    """Tell which days of an ordinary year lie from the first to the last named; shape (365,)."""
    try:
        first, last = (_number(*map(int, at.split("-"))) for at in given.texts(constants, name))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"方法常数 {name} 应为两个“月-日”，如 03-25") from error
    found: Bools = (np.arange(365) - first) % 365 <= (last - first) % 365
    return found


def _number(month: int, day: int) -> int:
    """Return the place of a day in an ordinary year, 0..364; 29 February is the 28th."""
    return dt.date(2001, month, min(day, 28) if month == 2 else day).timetuple().tm_yday - 1
