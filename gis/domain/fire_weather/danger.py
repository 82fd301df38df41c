"""The Chinese daily class of fire danger: index U of GB/T 36743-2018 (METHOD 4.1 a)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.fire_weather.observations import Panel, dry_spell
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

GAPS = ("t_max_c", "rh_min_pct", "wind_max_ms", "rain_mm", "dry_days")
"""What can be unknown behind a class."""


@dataclass(frozen=True, slots=True)
class Danger:
    """The index of every day and station, shape (D, S) each.

    Attributes
    ----------
    index
        U, 0..100; NaN where nothing was observed.
    level
        Class 1..5; NaN where the index is.
    dry_days
        Days without rain.
    gaps
        Name of ``GAPS`` to where it was unknown and its worst was taken.
    """

    index: Floats
    level: Floats
    dry_days: Ints
    gaps: dict[str, Bools]


def index(
    wind_ms: Floats,
    t_max_c: Floats,
    rh_min_pct: Floats,
    dry_days: Ints,
    rain_mm: Floats,
    snow: Floats,
    constants: Constants,
) -> Floats:
    """Return U = Cr Cs (fV + fT + fRH + fM), 0..100.

    Parameters
    ----------
    wind_ms
        Strongest wind of the day, m/s at 10 m.
    t_max_c, rh_min_pct
        Highest temperature (℃) and lowest relative humidity (%) of the day.
    dry_days
        Days since the last with rain, which itself has 0.
    rain_mm
        Rain of the day, mm: from ``rain_day_mm`` on U is 0; NaN is none.
    snow
        Not 0 where snow covers the ground: then U is 0; NaN is none.

    Returns
    -------
    The index; where wind, temperature or humidity is NaN its highest score is taken, where all
    three are, the index is NaN.
    """
    measured = [np.asarray(v, dtype=np.float64) for v in (wind_ms, t_max_c, rh_min_pct)]
    wind, warm, moist = measured
    scores = (
        _banded(wind, "wind_edges_ms", "wind_scores", constants)
        + _banded(warm, "temperature_edges_c", "temperature_scores", constants, last_is_above=True)
        + _banded(moist, "humidity_edges_pct", "humidity_scores", constants, last_is_above=True)
    )
    dry = np.asarray(given.numbers(constants, "dry_day_scores"))
    total = scores + dry[np.clip(dry_days, 0, len(dry) - 1)]
    wet = np.asarray(rain_mm) >= given.number(constants, "rain_day_mm")
    white = np.nan_to_num(np.asarray(snow, dtype=np.float64)) != 0.0
    found = np.where(wet | white, 0.0, np.clip(total, 0.0, 100.0))
    nothing = np.isnan(wind) & np.isnan(warm) & np.isnan(moist)
    return np.where(nothing, np.nan, found)


def classes(found: Floats, constants: Constants) -> Floats:
    """Return the class 1..5 of an index, U or HTZ, rounded to a whole number; NaN where it is."""
    limits = np.asarray(given.numbers(constants, "class_limits"))
    whole = np.floor(np.asarray(found, dtype=np.float64) + 0.5)
    level = np.searchsorted(limits, whole, side="left") + 1.0
    return np.where(np.isnan(whole), np.nan, level)


def of_panel(found: Panel, constants: Constants) -> Danger:
    """Return index and class of every day and station.

    Where the largest wind of the day is missing, that of noon stands in, which is hardly ever the
    largest: a band higher, and it stays a gap.
    """
    spell = dry_spell(found, constants)
    largest = found.values["wind_max_ms"]
    noon = _next_band(found.values["wind_noon_ms"], constants)
    wind = np.where(np.isnan(largest), noon, largest)
    warm, moist, rain = (found.values[name] for name in ("t_max_c", "rh_min_pct", "rain_mm"))
    u = index(wind, warm, moist, spell.days, rain, found.values["snow_cover"], constants)
    missing = [np.isnan(values) for values in (warm, moist, largest, rain)]
    gaps = dict(zip(GAPS, [*missing, spell.unsure], strict=True))
    return Danger(u, classes(u, constants), spell.days, gaps)


def _next_band(wind_ms: Floats, constants: Constants) -> Floats:
    """Return the least wind of the band above, m/s; the wind itself in the last; NaN unknown."""
    edges = np.asarray(given.numbers(constants, "wind_edges_ms"))
    band = np.searchsorted(edges, wind_ms, side="right")
    lifted: Floats = np.where(
        np.isnan(wind_ms) | (band == len(edges)), wind_ms, np.append(edges, np.nan)[band]
    )
    return lifted


def _banded(
    values: Floats, edges: str, scores: str, constants: Constants, *, last_is_above: bool = False
) -> Floats:
    """Score of the band that a value is in; NaN gets the highest.

    An edge belongs to the band above it, but the last one if ``last_is_above``: only what is
    above it is in the last band.
    """
    limits = np.asarray(given.numbers(constants, edges))
    points = np.asarray(given.numbers(constants, scores))
    band = np.searchsorted(limits, values, side="right")
    if last_is_above:
        band = np.where(values == limits[-1], len(limits) - 1, band)
    found: Floats = np.where(np.isnan(values), points.max(), points[band])
    return found
