"""The fire season: which days it has, how dangerous they were, how its index is graded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.fire_weather import danger
from gis.domain.fire_weather.observations import Days, Panel, panel
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

NO_SEASON = 0
"""Year of a day outside the fire season."""

A_YEAR = np.arange("2001-01-01", "2002-01-01", dtype="datetime64[D]")
"""A year that is no leap year."""


def years(days: Days, constants: Constants) -> Ints:
    """Return the year in which the fire season of each day began, ``NO_SEASON`` outside it."""
    first, last = (_in_year(given.table(constants, f"season_{end}")) for end in ("first", "last"))
    months = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    at = 100 * (months.astype(np.int64) % 12 + 1) + (days - months).astype(np.int64) + 1
    if first <= last:
        return np.where((first <= at) & (at <= last), year, NO_SEASON)
    return np.select([at >= first, at <= last], [year, year - 1], NO_SEASON)


def in_season(constants: Constants) -> Bools:
    """Tell which days of an ordinary year are of the fire season, shape (365,)."""
    found: Bools = years(A_YEAR, constants) != NO_SEASON
    return found


def length(constants: Constants) -> int:
    """Return how many days a fire season has, but for the 29 February."""
    return int(in_season(constants).sum())


def began(as_of: dt.date, constants: Constants) -> dt.date:
    """Return the first day of the fire season that holds a day, or of the last one before it."""
    last = np.datetime64(as_of, "D")
    days = np.arange(last - len(A_YEAR), last + 1)
    inside = np.flatnonzero(years(days, constants) != NO_SEASON)
    if not inside.size:
        return as_of
    outside = np.flatnonzero(np.diff(inside) > 1)
    start = days[inside[outside[-1] + 1 if outside.size else 0]]
    found: dt.date = start.astype(dt.date)
    return found


def shown_class(found: Panel, levels: Floats) -> Floats:
    """Return the class of every day and station, 1..5: the authority's where there is one.

    An official class outranks ours (METHOD 0.2, rule 2); NaN where neither is known.
    """
    official = found.values["official_class"]
    return np.where(np.isnan(official), levels, official)


@dataclass(frozen=True, slots=True)
class SeasonMean:
    """The mean factor of the fire seasons on record.

    Attributes
    ----------
    g
        The mean.
    missing_days
        Days of those seasons without a class, over all stations.
    """

    g: float
    missing_days: int


def season_mean_g(
    records: pd.DataFrame | None,
    as_of: dt.date,
    class_g: Sequence[float],
    constants: Constants,
    missing_g: float,
) -> SeasonMean | None:
    """Return the mean factor g of the fire seasons on record (METHOD 4.4).

    Parameters
    ----------
    records
        Daily observations: ``site`` and the fields of ``data/records/observation.toml``; None:
        none.
    as_of
        Later days are not looked at, nor are they missing.
    class_g
        Factor of each class 1..5: the constant ``class_g`` of ``forest_fire.toml``.
    constants
        The values of ``fire_weather.toml``.
    missing_g
        The default factor: the constant ``season_mean_g`` of ``forest_fire.toml``.

    Returns
    -------
    Mean of the factors by class over days, then over the seasons of all stations; None where no
    station has a class on ``season_share_least`` of the days of any season: then whoever asks
    keeps a default and says so. A day of a season that counts, up to ``as_of``, without a class
    counts ``missing_g``, or the mean of that season's other days if that is higher: unknown is
    never low.
    """
    found = panel(records, as_of, constants)
    levels = shown_class(found, danger.of_panel(found, constants).level)
    year = years(found.days, constants)
    inside = (year != NO_SEASON)[:, np.newaxis] & np.isfinite(levels)
    down, across = np.nonzero(inside)
    g = np.asarray(class_g)[levels[down, across].astype(np.int64) - 1]
    by_season = pd.DataFrame({"year": year[down], "site": across, "g": g}).groupby(["year", "site"])
    least = given.number(constants, "season_share_least") * length(constants)
    known = by_season["g"].agg(["mean", "size"])
    known = known[known["size"] >= max(least, 1.0)]
    if known.empty:
        return None
    days = known.index.get_level_values("year").map(_days_by_year(found.days, constants).to_dict())
    missing = days.to_numpy(dtype=np.int64) - known["size"].to_numpy()
    rest = np.maximum(known["mean"].to_numpy(), missing_g)
    mean = (known["mean"] * known["size"] + missing * rest) / days
    return SeasonMean(float(mean.mean()), int(missing.sum()))


def _days_by_year(days: Days, constants: Constants) -> pd.Series:
    """Count the days of the fire seasons that some days are of, up to the last of these."""
    calendar = np.arange(days[0] - len(A_YEAR), days[-1] + 1)
    counted: pd.Series = pd.Series(years(calendar, constants)).value_counts()
    return counted


@dataclass(frozen=True, slots=True)
class Scale:
    """Into which grades a station's FWI is put.

    Attributes
    ----------
    limits
        Where the next grade begins, rising.
    names
        Of the grades, one more than there are limits.
    local
        Whether the limits are the station's own percentiles; else those of EFFIS, a first guess.
    """

    limits: tuple[float, ...]
    names: tuple[str, ...]
    local: bool

    def name(self, value: float) -> str:
        """Return the grade of a value."""
        return self.names[int(np.searchsorted(self.limits, value, side="right"))]


def scale(days: Days, values: Floats, constants: Constants) -> Scale:
    """Return how the FWI of a station is graded (METHOD 4.2).

    Parameters
    ----------
    days, values
        Its days and their FWI, NaN where there is none, shape (D,).
    """
    year = years(days, constants)
    inside = (year != NO_SEASON) & np.isfinite(values)
    _, counts = np.unique(year[inside], return_counts=True)
    least = given.number(constants, "season_share_least") * length(constants)
    enough = (counts >= max(least, 1.0)).sum() >= given.number(constants, "local_seasons_least")
    if not enough:
        effis = given.numbers(constants, "effis_limits")
        return Scale(effis, given.texts(constants, "effis_names"), local=False)
    shares = given.numbers(constants, "local_percentiles")
    limits = np.percentile(values[inside], shares).tolist()
    return Scale(tuple(limits), given.texts(constants, "local_names"), local=True)


def _in_year(day: dict[str, float]) -> float:
    return 100.0 * day["month"] + day["day"]
