"""What the hazard register does to risk: it lifts sources and raises flags (METHOD 7.3, 7.7)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain import hazards as cases
from gis.domain.arrays import Floats, Objects
from gis.domain.risk import flags
from gis.domain.risk.constants import Constants, number, table
from gis.domain.risk.model import Sites

COUNTED = ("general", "major", "overdue")
"""What is counted of the open cases of a site."""
OPEN = "open_hazards"
"""Name of these counts in a source's evidence."""
LIFTING = ("uplift_per_hazard", "uplift_general_max", "uplift_max")
"""Constants that the uplift is made with."""


def uplift(hazards: pd.DataFrame, as_of: dt.date, constants: Constants) -> pd.DataFrame:
    """Count the open hazards of each site and the uplift that follows (METHOD 7.3).

    Parameters
    ----------
    hazards
        Hazards frame; rows without a site are left out.
    as_of
        The day for which "overdue" is told.
    constants
        The values of ``index.toml``.

    Returns
    -------
    Frame by site id (sorted) with columns ``general``, ``major``, ``overdue`` (counts) and
    ``uplift`` (1 to the maximum). A general hazard that the enterprise reported itself counts
    only once it is overdue: honesty is not punished.
    """
    major = hazards["level"] == cases.MAJOR
    sums = pd.DataFrame(
        {
            "site": hazards["site"].astype("float64"),
            "general": ~major,
            "major": major,
            "overdue": cases.overdue_days(hazards, as_of) > 0,
        }
    )[counted(hazards, as_of) & hazards["site"].notna()]
    by_site = sums.astype("int64").groupby("site").sum()
    return by_site.assign(uplift=factor(by_site, constants))


def counted(hazards: pd.DataFrame, as_of: dt.date) -> pd.Series:
    """Tell which cases count against their place: the open ones that honesty does not excuse."""
    late = cases.overdue_days(hazards, as_of) > 0
    major = hazards["level"] == cases.MAJOR
    honest = (hazards["channel"] == cases.SELF_REPORTED) & ~major & ~late
    return cases.is_open(hazards) & ~honest


def factor(counts: pd.DataFrame, constants: Constants) -> Floats:
    """Return the uplift of sites with so many open cases (``COUNTED``), 1 to the maximum."""
    per = table(constants, "uplift_per_hazard")
    general = np.minimum(counts["general"].to_numpy(), number(constants, "uplift_general_max"))
    lift = (
        1.0
        + per["general"] * general
        + per["major"] * counts["major"].to_numpy()
        + per["overdue"] * counts["overdue"].to_numpy()
    )
    found: Floats = np.minimum(lift, number(constants, "uplift_max"))
    return found


def apply(sources: gpd.GeoDataFrame, lifts: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the sources with the uplift of their sites, and the open hazards as evidence."""
    row = lifts.index.get_indexer(pd.Index(sources["site"].to_numpy()))
    lifted = np.append(lifts["uplift"].to_numpy(dtype=np.float64), 1.0)[row]
    evidence = sources["evidence"].to_numpy(dtype=object).copy()
    counts = lifts[list(COUNTED)].to_dict("records")
    for at in np.flatnonzero(row >= 0):  # only the few sources with open hazards
        evidence[at] = {**evidence[at], OPEN: counts[row[at]]}
    return sources.assign(uplift=lifted, evidence=evidence)


def facts(
    hazards: gpd.GeoDataFrame, sites_m: Sites, as_of: dt.date, constants: Constants
) -> gpd.GeoDataFrame:
    """State the open major hazards as facts; each at its highest rule (METHOD 7.7).

    Parameters
    ----------
    hazards
        Hazards frame in metres; ``site`` NaN and geometry None where there is none.
    sites_m
        Kind to site frame in metres: a hazard lies where its site is.

    Returns
    -------
    A facts frame (``flags.FACTS``).
    """
    days = cases.overdue_days(hazards, as_of)
    kept = np.flatnonzero(cases.is_open(hazards) & (hazards["level"] == cases.MAJOR))
    late = days.to_numpy()[kept]
    limit = number(constants, "overdue_days")
    step = np.where(late > limit, 2, np.where(late > 0, 1, 0))
    rows = hazards.iloc[kept]
    site = rows["site"].astype("float64").fillna(0).to_numpy().astype(np.int64)
    floor = table(constants, "hazard_floors")
    texts = (
        "有未销号的重大事故隐患",
        "有逾期未改的重大事故隐患",
        f"有逾期超过{limit:.0f}天的重大事故隐患",
    )
    placed = rows.assign(id=site).set_geometry(_places(rows, site, sites_m), crs=hazards.crs)
    frames = [
        flags.state(
            placed,
            step == number_of,
            rule=rule,
            floor=int(floor[rule]),
            text_zh=texts[number_of],
            evidence={
                "hazard": rows["code"].to_numpy(dtype=object),
                "due_on": rows["due_on"].to_numpy(dtype=object),
                "overdue_days": late.astype(object),
            },
        )
        for number_of, rule in enumerate(RULES)
    ]
    codes = [rows["village"].to_numpy(dtype=object)[step == n] for n in range(len(RULES))]
    return flags.join([f.assign(code=c) for f, c in zip(frames, codes, strict=True)])


RULES = ("hazard_major_open", "hazard_major_overdue", "hazard_major_overdue_long")
"""Names of the rules, and keys of the constant ``hazard_floors``."""


def _places(rows: gpd.GeoDataFrame, site: np.ndarray, sites_m: Sites) -> Objects:
    """Geometry of each hazard's site; without one, its own; without that, None."""
    ids = [frame["id"].to_numpy(dtype=np.int64) for frame in sites_m.values()]
    shapes = [frame.geometry.to_numpy() for frame in sites_m.values()]
    known = pd.Index(np.concatenate([np.empty(0, dtype=np.int64), *ids]))
    at = known.get_indexer(pd.Index(site))
    places: Objects = rows.geometry.to_numpy().copy()
    places[at >= 0] = np.concatenate([np.empty(0, dtype=object), *shapes])[at[at >= 0]]
    return places
