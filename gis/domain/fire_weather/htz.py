"""The index HTZ of LY/T 1172-1995, beside U and never mixed with it (METHOD 4.1 b)."""

from __future__ import annotations

import numpy as np

from gis.domain.arrays import Floats, Ints
from gis.domain.fire_weather.observations import Panel, dry_spell
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

DRYNESS = ("htz_dry_light", "htz_dry_moderate", "htz_dry_heavy", "htz_dry_very_heavy")
"""Constants with the scores of days since rain, by the amount of that rain."""


def index(
    wind_ms: Floats,
    t_max_c: Floats,
    rh_min_pct: Floats,
    dry_days: Ints,
    last_rain_mm: Floats,
    green: Floats,
    snow: Floats,
    constants: Constants,
) -> Floats:
    """Return HTZ = A + B + C + D - E, at most 130, at least 0.

    Parameters
    ----------
    wind_ms, t_max_c, rh_min_pct, dry_days
        As for ``danger.index``.
    last_rain_mm
        Rain of the last rainy day, mm; NaN: the least.
    green
        Green share of the vegetation, 0..1; NaN takes nothing off.
    snow
        Not 0 where snow covers the ground, which takes the most off.

    Returns
    -------
    The index; where wind, temperature or humidity is NaN its highest score is taken, where all
    three are, the index is NaN.

    Notes
    -----
    Its classes have the limits of U (``danger.classes``) on a longer scale, so that they are
    about one higher on the same day (METHOD 4.1).
    """
    wind, warm, moist = (np.asarray(v, dtype=np.float64) for v in (wind_ms, t_max_c, rh_min_pct))
    total = (
        _up_to(warm, "htz_temperature_limits_c", "htz_temperature_scores", constants)
        + _up_to(moist, "htz_humidity_limits_pct", "htz_humidity_scores", constants)
        + _dryness(dry_days, last_rain_mm, constants)
        + _up_to(wind, "beaufort_limits_ms", "htz_wind_scores", constants)
        - _green(green, snow, constants)
    )
    nothing = np.isnan(wind) & np.isnan(warm) & np.isnan(moist)
    return np.where(nothing, np.nan, np.maximum(total, 0.0))


def of_panel(found: Panel, constants: Constants) -> Floats:
    """Return the index of every day and station, shape (D, S)."""
    spell = dry_spell(found, constants)
    return index(
        found.known("wind_max_ms", "wind_noon_ms"),
        found.values["t_max_c"],
        found.values["rh_min_pct"],
        spell.days,
        spell.last_rain_mm,
        found.values["green_share"],
        found.values["snow_cover"],
        constants,
    )


def beaufort(wind_ms: Floats, constants: Constants) -> Ints:
    """Return the wind force, 0..8 (8 and more)."""
    limits = np.asarray(given.numbers(constants, "beaufort_limits_ms"))
    force: Ints = np.searchsorted(limits, wind_ms, side="left")
    return force


def _up_to(values: Floats, limits: str, scores: str, constants: Constants) -> Floats:
    """Score of the band that a value is in, whose upper limit belongs to it; NaN: the highest."""
    points = np.asarray(given.numbers(constants, scores))
    band = np.searchsorted(np.asarray(given.numbers(constants, limits)), values, side="left")
    found: Floats = np.where(
        np.isnan(values), points.max(), points[np.minimum(band, len(points) - 1)]
    )
    return found


def _dryness(dry_days: Ints, last_rain_mm: Floats, constants: Constants) -> Floats:
    table = np.array([given.numbers(constants, name) for name in DRYNESS])
    limits = np.asarray(given.numbers(constants, "htz_rain_limits_mm"))
    rain = np.nan_to_num(np.asarray(last_rain_mm, dtype=np.float64))
    amount = np.searchsorted(limits, rain, side="left")
    found: Floats = table[amount, np.clip(dry_days, 0, table.shape[1] - 1)]
    return found


def _green(green: Floats, snow: Floats, constants: Constants) -> Floats:
    points = np.asarray(given.numbers(constants, "htz_green_scores"))
    limits = np.asarray(given.numbers(constants, "htz_green_limits"))
    share = np.nan_to_num(np.asarray(green, dtype=np.float64))
    white = np.nan_to_num(np.asarray(snow, dtype=np.float64)) != 0.0
    return np.where(white, points.max(), points[np.searchsorted(limits, share, side="right")])
