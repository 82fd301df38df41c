"""The Canadian fire weather index, day by day (Van Wagner & Pickett 1985, FTR 33; METHOD 4.2).

Numbers inside an equation stand beside its number and cannot be set: whoever changes one has
another index. Tables and start values are constants of ``fire_weather.toml``. The equations are
those of the report: programs round its equation (12) to 280 exp(-0.023 P), which moves DMC by up
to 0.1 after rain, and recent ones have 147.27723 for the 147.2 of equation (1).

Every function takes arrays of one shape, or what broadcasts to it, and NaN gives NaN.
"""

from __future__ import annotations

import numpy as np

from gis.domain.arrays import Floats

KMH_PER_MS = 3.6


def kmh(wind_ms: Floats) -> Floats:
    """Return a wind in km/h, which the equations take; stations here report m/s."""
    wind: Floats = np.asarray(wind_ms, dtype=np.float64) * KMH_PER_MS
    return wind


def ffmc(before: Floats, t_c: Floats, rh_pct: Floats, wind_kmh: Floats, rain_mm: Floats) -> Floats:
    """Return the fine fuel moisture code, 0..101: the litter, dry within hours.

    Parameters
    ----------
    before
        Yesterday's code, clipped to 0..101.
    t_c, rh_pct, wind_kmh
        Temperature (℃), relative humidity (%, clipped to 1..100) and wind at 10 m (km/h) at noon.
    rain_mm
        Rain of the 24 hours before noon, mm; up to 0.5 mm changes nothing.

    Notes
    -----
    Equations (1) to (10).
    """
    rh, wind = _humidity(rh_pct), np.maximum(wind_kmh, 0.0)
    m = _after_rain(_moisture(np.clip(before, 0.0, 101.0)), np.maximum(rain_mm, 0.0))
    drying = 0.942 * rh**0.679 + _common(t_c, rh, 11.0)  # (4)
    wetting = 0.618 * rh**0.753 + _common(t_c, rh, 10.0)  # (5)
    fast = 0.581 * np.exp(0.0365 * np.asarray(t_c))
    down = 10.0 ** (-fast * _rate(rh / 100.0, wind))  # (6), (8)
    up = 10.0 ** (-fast * _rate((100.0 - rh) / 100.0, wind))  # (7), (9)
    m = np.where(
        m > drying,
        drying + (m - drying) * down,
        np.where(m < wetting, wetting - (wetting - m) * up, m),
    )
    code: Floats = np.clip(59.5 * (250.0 - m) / (147.2 + m), 0.0, 101.0)  # (10)
    return code


def dmc(before: Floats, t_c: Floats, rh_pct: Floats, rain_mm: Floats, hours: Floats) -> Floats:
    """Return the duff moisture code, >= 0: loose humus, dry within two weeks.

    Parameters
    ----------
    hours
        Effective length of the day, by month (``dmc_day_length``).

    Notes
    -----
    Equations (11) to (17); rain up to 1.5 mm changes nothing.
    """
    p, t = np.maximum(before, 0.0), np.maximum(t_c, -1.1)
    rain = np.maximum(rain_mm, 1.5)
    net = 0.92 * rain - 1.27  # (11)
    moisture = 20.0 + np.exp(5.6348 - p / 43.43)  # (12)
    log_p = np.log(np.maximum(p, 1.0))
    slope = np.where(
        p <= 33.0,
        100.0 / (0.5 + 0.3 * p),
        np.where(p <= 65.0, 14.0 - 1.3 * log_p, 6.2 * log_p - 17.2),
    )  # (13)
    wet = moisture + 1000.0 * net / (48.77 + slope * net)  # (14)
    left = np.maximum(0.0, 244.72 - 43.43 * np.log(wet - 20.0))  # (15)
    p = np.where(np.asarray(rain_mm) > 1.5, left, p)
    code: Floats = (
        p + 100.0 * 1.894e-6 * (t + 1.1) * (100.0 - _humidity(rh_pct)) * hours
    )  # (16, 17)
    return code


def dc(before: Floats, t_c: Floats, rain_mm: Floats, lengthening: Floats) -> Floats:
    """Return the drought code, >= 0: deep humus and logs, dry within two months.

    Parameters
    ----------
    lengthening
        Adjustment for the length of the day, by month (``dc_day_length``).

    Notes
    -----
    Equations (18) to (23); rain up to 2.8 mm changes nothing.
    """
    d, t = np.maximum(before, 0.0), np.maximum(t_c, -2.8)
    net = 0.83 * np.maximum(rain_mm, 2.8) - 1.27  # (18)
    water = 800.0 * np.exp(-d / 400.0) + 3.937 * net  # (19, 20)
    d = np.where(np.asarray(rain_mm) > 2.8, np.maximum(0.0, 400.0 * np.log(800.0 / water)), d)
    code: Floats = d + 0.5 * np.maximum(0.0, 0.36 * (t + 2.8) + lengthening)  # (22, 23)
    return code


def isi(ffmc_today: Floats, wind_kmh: Floats) -> Floats:
    """Return the initial spread index, >= 0, of today's code and wind: equations (24) to (26)."""
    m = _moisture(np.clip(ffmc_today, 0.0, 101.0))
    fuel = 91.9 * np.exp(-0.1386 * m) * (1.0 + m**5.31 / 4.93e7)  # (25)
    index: Floats = 0.208 * np.exp(0.05039 * np.maximum(wind_kmh, 0.0)) * fuel
    return index


def bui(dmc_today: Floats, dc_today: Floats) -> Floats:
    """Return the buildup index, >= 0: how much fuel is dry; equation (27). 0 where both are 0."""
    p, d = np.asarray(dmc_today, dtype=np.float64), np.asarray(dc_today, dtype=np.float64)
    below = np.where(p + 0.4 * d > 0.0, p + 0.4 * d, 1.0)
    moist = 0.8 * p * d / below  # (27a)
    dry = p - (1.0 - 0.8 * d / below) * (0.92 + (0.0114 * p) ** 1.7)  # (27b)
    index: Floats = np.maximum(0.0, np.where(p <= 0.4 * d, moist, dry))
    return index


def fwi(isi_today: Floats, bui_today: Floats) -> Floats:
    """Return the fire weather index, >= 0: equations (28) to (30)."""
    u = np.asarray(bui_today, dtype=np.float64)
    duff = np.where(
        u <= 80.0, 0.626 * u**0.809 + 2.0, 1000.0 / (25.0 + 108.64 * np.exp(-0.023 * u))
    )
    b = 0.1 * np.asarray(isi_today) * duff  # (29)
    above = np.exp(2.72 * (0.434 * np.log(np.maximum(b, 1.0))) ** 0.647)  # (30a)
    index: Floats = np.where(b > 1.0, above, b)
    return index


def severity(fwi_today: Floats) -> Floats:
    """Return the daily severity rating, >= 0, which may be averaged over days: equation (31)."""
    rating: Floats = 0.0272 * np.asarray(fwi_today, dtype=np.float64) ** 1.77
    return rating


def _moisture(code: Floats) -> Floats:
    """Moisture of fine fuel, %: equation (1)."""
    moisture: Floats = 147.2 * (101.0 - code) / (59.5 + code)
    return moisture


def _humidity(rh_pct: Floats) -> Floats:
    humidity: Floats = np.clip(rh_pct, 1.0, 100.0)
    return humidity


def _after_rain(m: Floats, rain_mm: Floats) -> Floats:
    """Moisture after rain, %: equations (2) and (3), at most 250."""
    net = np.maximum(rain_mm - 0.5, 1e-9)
    wet = m + 42.5 * net * np.exp(-100.0 / (251.0 - m)) * (1.0 - np.exp(-6.93 / net))
    wet = wet + 0.0015 * np.maximum(m - 150.0, 0.0) ** 2 * np.sqrt(net)
    after: Floats = np.where(rain_mm > 0.5, np.minimum(wet, 250.0), m)
    return after


def _common(t_c: Floats, rh: Floats, weight: float) -> Floats:
    """Return what (4) and (5) share; the middle term has a weight."""
    term: Floats = weight * np.exp((rh - 100.0) / 10.0) + 0.18 * (21.1 - np.asarray(t_c)) * (
        1.0 - np.exp(-0.115 * rh)
    )
    return term


def _rate(share: Floats, wind_kmh: Floats) -> Floats:
    """Log rate of drying of a humidity, or of wetting of its complement: (6a), (7a)."""
    rate: Floats = 0.424 * (1.0 - share**1.7) + 0.0694 * np.sqrt(wind_kmh) * (1.0 - share**8)
    return rate
