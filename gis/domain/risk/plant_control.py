"""How enterprises control their risk: factors of the score, and its steps (METHOD 1.6)."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import screening
from gis.domain.risk.constants import Constants

UNCONNECTED, UNNEEDED = "应接未接", "不需要"


def factors(
    frame: gpd.GeoDataFrame,
    category: Floats,
    reports: pd.DataFrame,
    constants: Constants,
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Return the control factors by step, and what was unknown in them by field.

    Parameters
    ----------
    frame
        Site frame of enterprises, n rows.
    category
        Floor of the category of each, points, shape (n,).
    reports
        As ``risk_items.reports`` gives them.
    constants
        The values of ``industry.toml``.

    Notes
    -----
    An unknown factor earns no discount and is counted as 1, but for what is on no record at
    all: no report is an overdue report, no standardisation is none.
    """
    dusty = screening.is_dusty(frame, constants)
    casting = screening.is_casting(frame, constants)
    workers, no_workers = read.number(frame["dust_workers"], 0.0)
    crowd = read.banded(
        workers,
        given.numbers(constants, "dust_worker_limits"),
        given.numbers(constants, "dust_worker_factors"),
    )
    stacked, no_stacked = read.yes(frame["multi_storey_dust"])
    hoist, no_hoist = read.graded(frame["hoist"], given.table(constants, "hoist_factor"), 1.0)
    # Said not to need it, a casting plant counts as one that is not connected.
    unneeded = casting & (frame["monitoring"] == UNNEEDED)
    monitored, no_monitored = read.graded(
        frame["monitoring"].mask(unneeded, UNCONNECTED),
        given.table(constants, "monitoring_factor"),
        1.0,
    )
    standard = given.table(constants, "standardisation_factor")
    standardised, _ = read.graded(frame["standardisation"], standard, standard["无"])
    late, no_report = (reports[name].to_numpy(dtype=bool) for name in ("overdue", "undated"))
    found = {
        "dust_workers": np.where(dusty & ~no_workers, crowd, 1.0),
        "multi_storey": np.where(
            dusty & stacked, given.number(constants, "multi_storey_factor"), 1.0
        ),
        "hoist": np.where(casting, hoist, 1.0),
        "monitoring": monitored,
        "standardisation": standardised,
        "report": np.where(late, given.number(constants, "report_overdue_factor"), 1.0),
    }
    gaps = {
        "dust_workers": dusty & no_workers,
        "multi_storey_dust": dusty & no_stacked,
        "hoist": casting & no_hoist,
        "monitoring": (category > 0) & no_monitored,
        "risk_reported_on": no_report,
    }
    return found, gaps


def waterfall(
    terms: Mapping[str, Floats], factors: Mapping[str, Floats], limits: tuple[float, ...]
) -> dict[str, Floats]:
    """Split the largest term times the limited product of the factors into steps that add up.

    Of equal terms the first counts. A factor is worth what it adds to those before it.
    """
    highest = np.max(list(terms.values()), axis=0)
    steps: dict[str, Floats] = {}
    taken = np.zeros(len(highest), dtype=bool)
    for name, term in terms.items():
        here = (term == highest) & ~taken
        steps[name] = np.where(here, highest, 0.0)
        taken |= here
    score = highest
    for name, factor in factors.items():
        steps[name] = score * (factor - 1.0)
        score = score * factor
    limited = control(factors, limits)
    bounded = limited != np.prod(list(factors.values()), axis=0)
    return {**steps, "bounds": np.where(bounded, highest * limited - score, 0.0)}


def control(factors: Mapping[str, Floats], limits: tuple[float, ...]) -> Floats:
    """Return the product of the factors within its limits, shape (n,)."""
    low, high = limits
    found: Floats = np.clip(np.prod(list(factors.values()), axis=0), low, high)
    return found
