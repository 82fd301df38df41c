"""How far a blast must be kept off: vibration, air blast, flyrock (METHOD 2.1; GB 6722-2014 13)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Objects
from gis.domain.days import clock_minutes
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

RECORDS = "blast"
"""Sort of record that it reads."""

DISTANCES = ("charge_kg", "civil_m", "fragile_m", "shelter_m", "flyrock_m")
"""Columns of what ``distances`` returns, floats, NaN where nothing is on record."""


def vibration_distance_m(
    charge_kg: Floats, k: Floats | float, alpha: Floats | float, limit_cm_s: Floats | float
) -> Floats:
    """Return the safe distance of ground vibration, metres: (K/v)^(1/alpha) Q^(1/3).

    Parameters
    ----------
    charge_kg
        Largest charge per delay Q, kg.
    k, alpha
        Of the ground between the blast and what is protected.
    limit_cm_s
        Particle velocity that what is protected can bear, cm/s, > 0.
    """
    distance: Floats = (k / np.asarray(limit_cm_s)) ** (1.0 / np.asarray(alpha)) * np.cbrt(
        charge_kg
    )
    return distance  # fmt: skip


def shelter_distance_m(charge_kg: Floats, coefficient: float, most_kg: float) -> Floats:
    """Return how far sheltered operators must be from a surface blast, metres: 25 Q^(1/3).

    ``charge_kg`` is the whole charge; NaN above ``most_kg``, for which the rule is not made.
    """
    distance: Floats = np.where(charge_kg <= most_kg, coefficient * np.cbrt(charge_kg), np.nan)
    return distance


def distances(
    records: pd.DataFrame | None, sites: pd.Series, as_of: dt.date, constants: Constants
) -> pd.DataFrame:
    """Return the largest distances that the blasts of each mine ask for.

    Parameters
    ----------
    records
        Blast records (``site`` and the fields of ``data/records/blast.toml``); None: none.
    sites
        Ids of the mines, shape (n,).
    as_of
        Blasts of the ``blast_months`` before it, later ones and those without a day count.
    constants
        The values of ``mine.toml``.

    Returns
    -------
    Frame of n rows with the columns ``DISTANCES``: the largest charge per delay, kg; metres at
    which vibration is bearable for ordinary and for fragile (adobe, rubble) houses; of the
    shelter, and of flyrock on level ground. For reference: the blaster's design decides.

    Notes
    -----
    Ground: as measured, else the middle of the range of its rock, as in METHOD 12.4; of an
    unknown rock, whichever gives more. Velocity: the lower end of the range of its frequency; an
    unknown frequency is the lowest.
    """
    if records is None or records.empty:
        return pd.DataFrame(np.nan, index=sites.index, columns=list(DISTANCES))
    months = int(given.number(constants, "blast_months"))
    old, undated = read.overdue(records["day"], as_of, months)
    blasts = records[~old | undated]
    charge_kg = blasts["charge_per_delay_kg"].to_numpy(dtype=np.float64)
    flyrock_m, _ = read.graded(blasts["blasting"], given.table(constants, "flyrock_m"), np.nan)
    each = pd.DataFrame(
        {
            "site": blasts["site"].to_numpy(dtype=np.int64),
            "charge_kg": charge_kg,
            "civil_m": _bearable_m(blasts, charge_kg, "vibration_limit_civil_cm_s", constants),
            "fragile_m": _bearable_m(blasts, charge_kg, "vibration_limit_fragile_cm_s", constants),
            "shelter_m": shelter_distance_m(
                blasts["charge_total_kg"].to_numpy(dtype=np.float64),
                given.number(constants, "shelter_coefficient"),
                given.number(constants, "shelter_most_kg"),
            ),
            "flyrock_m": flyrock_m,
        }
    )
    return each.groupby("site").max().reindex(sites.to_numpy()).set_index(sites.index)


def windows(records: pd.DataFrame, constants: Constants) -> pd.DataFrame:
    """Return when the warning zone of each blast is in force (METHOD 2.1).

    Parameters
    ----------
    records
        Blast records, n rows.
    constants
        The values of ``mine.toml``.

    Returns
    -------
    Frame of n rows: ``opens`` and ``closes``, wall clock of the legal zone, both included; NaT
    where the day is unknown. From ``warning_before_min`` before it is fired until the all-clear,
    which is on the next day where it is earlier than that. It is not known to be safe sooner:
    without an hour of firing it opens with the day, without an all-clear it closes with it.
    """
    day = pd.to_datetime(pd.Series(read.texts(records["day"]), dtype=object), format="%Y-%m-%d")
    starts, clear = _minutes(records["starts_at"]), _minutes(records["all_clear_at"])
    before = given.number(constants, "warning_before_min")
    opens = np.where(np.isnan(starts), 0.0, starts - before)
    closes = np.where(np.isnan(clear), DAY_MIN, clear + DAY_MIN * (clear < starts))
    return pd.DataFrame(
        {
            "opens": (day + pd.to_timedelta(opens, unit="min")).to_numpy(),
            "closes": (day + pd.to_timedelta(closes, unit="min")).to_numpy(),
        },
        index=records.index,
    )


DAY_MIN = 24.0 * 60.0


def next_window(
    records: pd.DataFrame | None, sites: pd.Series, as_of: dt.date, constants: Constants
) -> Objects:
    """Say when each mine's warning zone is next in force, on ``as_of`` or later; None: no blast."""
    said: Objects = np.full(len(sites), None, dtype=object)
    if records is None or records.empty:
        return said
    window = windows(records, constants).assign(site=records["site"])
    ahead = window[window["closes"] > pd.Timestamp(as_of)].sort_values(["opens", "closes"])
    first = ahead.drop_duplicates("site").set_index("site").reindex(sites.to_numpy())
    known = first["opens"].notna().to_numpy()
    said[known] = [
        f"{opens:%Y-%m-%d %H:%M} 至 {closes:%Y-%m-%d %H:%M}"
        for opens, closes in first.loc[known, ["opens", "closes"]].itertuples(index=False)
    ]
    return said


def _minutes(clock: pd.Series) -> Floats:
    """Return times of day in minutes since midnight, NaN where there is none."""
    found = [None if text is None else clock_minutes(text) for text in read.texts(clock)]
    return np.array([np.nan if minutes is None else minutes for minutes in found], dtype=float)


def _bearable_m(
    blasts: pd.DataFrame, charge_kg: Floats, limits: str, constants: Constants
) -> Floats:
    """Return the safe distance of vibration for what bears the velocities named ``limits``."""
    frequency, _ = read.number(blasts["frequency_hz"], 0.0)
    band = np.searchsorted(given.numbers(constants, "frequency_limits_hz"), frequency, side="left")
    limit_cm_s = np.asarray(given.numbers(constants, limits))[band]
    rock = read.texts(blasts["rock"])
    found = np.full(len(blasts), np.nan)
    for name, (k, alpha) in _grounds(constants).items():
        distance = vibration_distance_m(
            charge_kg,
            read.number(blasts["vibration_k"], k)[0],
            read.number(blasts["vibration_alpha"], alpha)[0],
            limit_cm_s,
        )
        here = read.missing(rock) | (rock == name)
        found = np.where(here, np.fmax(found, distance), found)
    return found


def _grounds(constants: Constants) -> dict[str, tuple[float, float]]:
    """Return K and alpha of each rock, in the middle of their ranges."""
    low_k, high_k, low_alpha, high_alpha = (
        given.table(constants, f"vibration_{name}_{end}")
        for name in ("k", "alpha")
        for end in ("low", "high")
    )
    return {
        rock: ((low_k[rock] + high_k[rock]) / 2.0, (low_alpha[rock] + high_alpha[rock]) / 2.0)
        for rock in low_k
    }
