"""Everything that is told of a station's weather, day by day, in one table."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from gis.domain.fire_weather import codes, danger, htz
from gis.domain.fire_weather.observations import FIELDS, panel
from gis.domain.fire_weather.season import shown_class
from gis.domain.risk.constants import Constants

COLUMNS = (
    "site",
    "day",
    "observed",
    *FIELDS,
    "u",
    "u_class",
    "shown_class",
    "htz",
    "htz_class",
    "dry_days",
    *(f"no_{name}" for name in danger.GAPS),
    *codes.INDICES,
    "gap_days",
    "settled",
)
"""Columns of what ``series`` returns."""


def series(
    records: pd.DataFrame | None, positions: pd.DataFrame, as_of: dt.date, constants: Constants
) -> pd.DataFrame:
    """Return a row for every station and day, from its first on record to a last one.

    Parameters
    ----------
    records
        ``site`` and the fields of ``data/records/observation.toml``; None: none.
    positions
        ``x_m`` and ``y_m`` of the stations in one metric CRS, by their ids; a station that is
        missing or has NaN is far from all others.
    as_of
        The last day.

    Returns
    -------
    Frame with ``COLUMNS``, by station and day: what was observed (``observed``: at all); U, its
    class, and the class that holds (the authority's first); HTZ and its class; days without rain;
    what was unknown behind the class (``no_*``); codes and indices, how many days in a row are
    missing, and whether the drought code has settled.
    """
    found = panel(records, as_of, constants)
    risk = danger.of_panel(found, constants)
    other = htz.of_panel(found, constants)
    place = positions.reindex(found.sites)
    nearest = codes.neighbours(place["x_m"].to_numpy(np.float64), place["y_m"].to_numpy(np.float64))
    run = codes.run(found, nearest, constants)
    observed = np.any([np.isfinite(values) for values in found.values.values()], axis=0)
    wide = {
        "observed": observed,
        **found.values,
        "u": risk.index,
        "u_class": risk.level,
        "shown_class": shown_class(found, risk.level),
        "htz": other,
        "htz_class": danger.classes(other, constants),
        "dry_days": risk.dry_days,
        **{f"no_{name}": where for name, where in risk.gaps.items()},
        **run.values,
        "gap_days": run.gap_days,
        "settled": run.settled,
    }
    across, down = np.nonzero(found.begun.T)
    long = {name: values[down, across] for name, values in wide.items()}
    return pd.DataFrame({"site": found.sites[across], "day": found.days[down], **long})
