"""How fast a fire front runs, by Wang Zhengfei's model: a rough aid for exercises (METHOD 4.3)."""

from __future__ import annotations

import math

import numpy as np

from gis.domain.fire_weather.htz import beaufort
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.errors import InvalidDataError


def rate_m_min(
    t_c: float, rh_pct: float, wind_ms: float, slope_deg: float, fuel: str, constants: Constants
) -> tuple[float, float]:
    """Return the initial rate of spread R0 and the rate R uphill and downwind, m/min, >= 0.

    Parameters
    ----------
    t_c, rh_pct
        Temperature (℃) and relative humidity (%).
    wind_ms
        Wind, m/s; its force follows from it.
    slope_deg
        Slope along the wind, degrees, from 0 to ``spread_slope_most_deg``.
    fuel
        A name of ``spread_fuels``.

    Raises
    ------
    InvalidDataError
        If the fuel has no such name or the slope is out of range.
    """
    fuels = given.table(constants, "spread_fuels")
    if fuel not in fuels:
        raise InvalidDataError(f"没有可燃物“{fuel}”；可以用：{'、'.join(fuels)}")
    most = given.number(constants, "spread_slope_most_deg")
    if not 0.0 <= slope_deg <= most:
        raise InvalidDataError(f"坡度应在 0 至 {most:g} 度之间")
    warm, windy, dry, least = given.numbers(constants, "spread_initial")
    force = float(beaufort(np.asarray(wind_ms), constants))
    start = max(0.0, warm * t_c + windy * force + dry * (100.0 - rh_pct) - least)
    factor, power = given.numbers(constants, "spread_slope")
    uphill = math.exp(factor * math.tan(math.radians(slope_deg)) ** power)
    downwind = math.exp(given.number(constants, "spread_wind") * wind_ms)
    return start, start * fuels[fuel] * downwind * uphill
