"""The fire weather index of every station through its record, missing days told (METHOD 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.fire_weather import fwi
from gis.domain.fire_weather.observations import Panel, latest
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

INDICES = ("ffmc", "dmc", "dc", "isi", "bui", "fwi", "dsr")

NOON = ("t_noon_c", "rh_noon_pct", "wind_noon_ms")
"""Without all three a day is missing."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes and indices, shape (D, S) each.

    Attributes
    ----------
    values
        Name of ``INDICES`` to values, NaN where there are none.
    gap_days
        Missing days in a row up to this one, 0 where the day is on record; so too before the
        station's first.
    settled
        Whether the drought code has run long enough to be used.
    """

    values: dict[str, Floats]
    gap_days: Ints
    settled: Bools


def neighbours(x_m: Floats, y_m: Floats) -> Ints:
    """Return the other stations of each, the nearest first, shape (S, S - 1).

    Parameters
    ----------
    x_m, y_m
        Positions in one metric CRS, metres, shape (S,); NaN is farther than all else.
    """
    apart = np.hypot(x_m[:, np.newaxis] - x_m, y_m[:, np.newaxis] - y_m)
    apart = np.where(np.isnan(apart), np.inf, apart)
    np.fill_diagonal(apart, -1.0)
    order: Ints = np.argsort(apart, axis=1, kind="stable")[:, 1:]
    return order


def run(found: Panel, nearest: Ints, constants: Constants) -> Codes:
    """Run the codes of all stations through the days, from the start values, without a reset.

    Parameters
    ----------
    found
        Observations at noon.
    nearest
        As ``neighbours`` returns it, for the stations of the panel.

    Notes
    -----
    A station's codes start with its first whole day. A missing day takes temperature, humidity
    and wind of the nearest station that has them; where none has, codes and indices stay as
    they were. After ``missing_days_most`` such days in a row there is no index, FFMC starts anew
    and DMC and DC stay. An unknown rain is none: rain lowers every code.
    """
    whole = np.all([np.isfinite(found.values[name]) for name in NOON], axis=0)
    last, row = latest(whole), np.arange(len(whole))[:, np.newaxis]
    begun = last >= 0
    gap = np.where(begun, row - last, 0)
    broken = gap > given.number(constants, "missing_days_most")
    t, h, w = (_filled(found.values[name], nearest) for name in NOON)
    used = begun & ~broken & np.isfinite(t) & np.isfinite(h) & np.isfinite(w)
    rain = np.nan_to_num(found.values["rain_noon_mm"])
    wind = fwi.kmh(w)
    moist = _moisture_codes((t, h, wind, rain), used, broken, found.months, constants)
    values = _indices(moist, wind, used, begun & ~broken)
    first = np.argmax(begun, axis=0) if begun.size else np.zeros(0, dtype=np.int64)
    settled = begun & (row - first >= given.number(constants, "dc_settling_days"))
    return Codes(values, gap, settled)


def _moisture_codes(
    weather: tuple[Floats, Floats, Floats, Floats],
    used: Bools,
    broken: Bools,
    months: Ints,
    constants: Constants,
) -> Floats:
    """FFMC, DMC and DC of every day and station, shape (3, D, S): each day needs the one before."""
    start = given.table(constants, "fwi_start")
    fresh = start["FFMC"]
    hours = np.asarray(given.numbers(constants, "dmc_day_length"))[months - 1]
    lengthening = np.asarray(given.numbers(constants, "dc_day_length"))[months - 1]
    codes = np.empty((3, *used.shape))
    f, p, d = (np.full(used.shape[1], start[name]) for name in ("FFMC", "DMC", "DC"))
    for day, (t, h, w, r) in enumerate(zip(*weather, strict=True)):
        on = used[day]
        f = np.where(on, fwi.ffmc(f, t, h, w, r), np.where(broken[day], fresh, f))
        p = np.where(on, fwi.dmc(p, t, h, r, hours[day]), p)
        d = np.where(on, fwi.dc(d, t, r, lengthening[day]), d)
        codes[:, day] = f, p, d
    return codes


def _indices(moist: Floats, wind: Floats, used: Bools, valid: Bools) -> dict[str, Floats]:
    """All indices; a day that was not used keeps the spread of the last that was."""
    f, p, d = moist
    last = np.maximum(latest(used), 0)
    spread = np.take_along_axis(fwi.isi(f, wind), last, axis=0) if last.size else f
    build = fwi.bui(p, d)
    total = fwi.fwi(spread, build)
    found = (f, p, d, spread, build, total, fwi.severity(total))
    return {
        name: np.where(valid, values, np.nan) for name, values in zip(INDICES, found, strict=True)
    }


def _filled(values: Floats, nearest: Ints) -> Floats:
    """Values of each station, its neighbours' where it has none, the nearest first."""
    found = values
    for others in nearest.T:
        found = np.where(np.isnan(found), values[:, others], found)
    return found
