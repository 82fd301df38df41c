"""Daily observations of all stations on one calendar: days down, stations across."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

RECORDS = "observation"
"""Sort of record that it reads; its fields are in ``data/records/observation.toml``."""

FIELDS = (
    "t_max_c",
    "rh_min_pct",
    "wind_max_ms",
    "rain_mm",
    "snow_cover",
    "green_share",
    "t_noon_c",
    "rh_noon_pct",
    "wind_noon_ms",
    "rain_noon_mm",
    "official_class",
)

Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Panel:
    """What was observed, on a calendar without holes.

    Attributes
    ----------
    days
        Every day from the first on record to the last that is looked at, shape (D,).
    sites
        Ids of the stations that have a record, rising, shape (S,).
    values
        Field to its values, shape (D, S), NaN where nothing is on record; yes is 1 and no 0.
    begun
        Whether the station has a record of that day or of an earlier one, shape (D, S).
    """

    days: Days
    sites: Ints
    values: Mapping[str, Floats]
    begun: Bools

    @property
    def months(self) -> Ints:
        """Month of each day, 1..12, shape (D,)."""
        months: Ints = self.days.astype("datetime64[M]").astype(np.int64) % 12 + 1
        return months

    def known(self, *fields: str) -> Floats:
        """Return the first of some fields that is known on a day, NaN where none is."""
        found = self.values[fields[0]]
        for name in fields[1:]:
            found = np.where(np.isnan(found), self.values[name], found)
        return found


def panel(records: pd.DataFrame | None, as_of: dt.date, constants: Constants) -> Panel:
    """Lay records out on a calendar that ends with a day.

    Parameters
    ----------
    records
        ``site`` and the fields of the passport, one row a station and day, in any order; None:
        none.
    as_of
        The last day; later records are not looked at, nor those older than ``history_years``.
    """
    if records is None:
        return _empty()
    last = np.datetime64(as_of, "D")
    day = pd.to_datetime(records["day"], format="%Y-%m-%d").to_numpy().astype("datetime64[D]")
    oldest = last - np.timedelta64(round(given.number(constants, "history_years") * 365.25), "D")
    kept = (day <= last) & (day > oldest)
    if not kept.any():
        return _empty()
    rows, day = records[kept], day[kept]
    sites, across = np.unique(rows["site"].to_numpy(dtype=np.int64), return_inverse=True)
    down = (day - day.min()).astype(np.int64)
    days = np.arange(day.min(), last + 1)
    shape = (len(days), len(sites))
    values = {name: _laid_out(rows[name], down, across, shape) for name in FIELDS}
    own = np.zeros(shape, dtype=bool)
    own[down, across] = True
    return Panel(days, sites, values, np.logical_or.accumulate(own, axis=0))


@dataclass(frozen=True, slots=True)
class DrySpell:
    """How long it has not rained, shape (D, S) each.

    Attributes
    ----------
    days
        Days since the last rainy one, which itself has 0.
    last_rain_mm
        Rain of that day, mm; NaN where none is on record.
    unsure
        Whether a day of the spell has no record of rain, or the spell began before the records.
    """

    days: Ints
    last_rain_mm: Floats
    unsure: Bools


def dry_spell(found: Panel, constants: Constants) -> DrySpell:
    """Count the days without rain (METHOD 4.1 a).

    Unknown is never wet: a day without a record of rain does not end a spell, and before the
    records it had been dry for ``unknown_dry_days``.
    """
    rain = found.values["rain_mm"]
    row = np.arange(len(found.days))[:, np.newaxis]
    last = latest(rain >= given.number(constants, "rain_day_mm"))
    first = np.argmax(found.begun, axis=0) if found.begun.size else np.zeros(0, dtype=np.int64)
    before = int(given.number(constants, "unknown_dry_days"))
    days = np.where(last >= 0, row - last, np.maximum(row - first, 0) + before)
    amount = np.where(last >= 0, np.take_along_axis(rain, np.maximum(last, 0), axis=0), np.nan)
    return DrySpell(days, amount, (last < 0) | (latest(np.isnan(rain)) > last))


def latest(true: Bools) -> Ints:
    """Return the row of the latest day, up to each, on which something held; -1: it never did."""
    row = np.arange(len(true))[:, np.newaxis]
    found: Ints = np.maximum.accumulate(np.where(true, row, -1), axis=0)
    return found


def _laid_out(values: pd.Series, down: Ints, across: Ints, shape: tuple[int, int]) -> Floats:
    laid = np.full(shape, np.nan)
    plain = values.astype(object)
    laid[down, across] = plain.where(plain.notna(), np.nan).astype(np.float64)
    return laid


def _empty() -> Panel:
    nothing = np.zeros((0, 0))
    return Panel(
        np.zeros(0, dtype="datetime64[D]"),
        np.zeros(0, dtype=np.int64),
        dict.fromkeys(FIELDS, nothing),
        nothing.astype(bool),
    )
