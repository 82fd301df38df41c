"""Items of risk reports: their levels (LEC, LS), the enterprise's colour (METHOD 1.1, 1.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Ints
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

RECORDS = "risk_item"
"""Sort of record that is read."""

CLOSED = "已消除"
"""State of an item that no longer counts."""

UNKNOWN = -1
"""Rank of an item of which neither a level nor the terms of one are on record."""


def lec_rank(likelihood: Floats, exposure: Floats, harm: Floats, constants: Constants) -> Ints:
    """Return the level by D = L x E x C, 0 (低) to 3 (重大), ``UNKNOWN`` where one is missing.

    It grades the conditions of a job, never an enterprise or a village. Limits belong to the level
    above. METHOD 1.2.
    """
    return _rank(likelihood * exposure * harm, "lec_limits", constants)


def ls_rank(likelihood: Floats, severity: Floats, constants: Constants) -> Ints:
    """Return the level by R = L x S, as ``lec_rank``; the R of items do not add up."""
    return _rank(likelihood * severity, "ls_limits", constants)


def of_plants(
    records: Mapping[str, pd.DataFrame], sites: pd.Series, as_of: dt.date, constants: Constants
) -> pd.DataFrame:
    """Add up the current risk items of each enterprise.

    Parameters
    ----------
    records
        Those of a scene; ``risk_item`` is read.
    sites
        Ids of the enterprises, shape (n,).
    as_of
        The day for which overdue reports are told.
    constants
        The values of ``industry.toml``.

    Returns
    -------
    Frame of n rows: ``items``, how many are current; ``red``, ``orange``, ``yellow``, ``blue`` and
    ``unknown``, how many of each; ``highest``, rank of the highest known, -1 where none; ``late``,
    how many were reported longer ago than ``report_months``; ``red_late``, reds that were or have
    no day; ``understated``, how many are put lower than their own L, E, C or L, S give;
    ``reported_on``, the earliest day as ISO text, None where there is none.

    Notes
    -----
    An item's level is the one on record (directory, HAZOP, QRA or any method), else the one that
    LEC or LS gives; the enterprise's is its highest (就高原则).
    """
    items = _current(records)
    recorded, computed = _recorded(items, constants), _computed(items, constants)
    rank = np.where(recorded == UNKNOWN, computed, recorded)
    late, undated = read.overdue(
        items["reported_on"], as_of, int(given.number(constants, "report_months"))
    )
    top = len(given.texts(constants, "risk_levels")) - 1
    marks = pd.DataFrame(
        {
            "site": items["site"].to_numpy(dtype=np.int64),
            "items": 1,
            **{name: rank == n for n, name in enumerate(COLOURS)},
            "unknown": rank == UNKNOWN,
            "late": late & ~undated,
            "red_late": late & (rank == top),
            "understated": (recorded != UNKNOWN) & (recorded < computed),
        }
    )
    by_plant = marks.groupby("site").sum().reindex(sites.to_numpy(), fill_value=0)
    highest = pd.Series(rank).groupby(marks["site"].to_numpy()).max()
    days = pd.Series(read.texts(items["reported_on"]), dtype=object)
    earliest = days[days.notna()].groupby(marks["site"].to_numpy()[days.notna()]).min()
    return by_plant.astype(np.int64).assign(
        highest=highest.reindex(sites.to_numpy(), fill_value=UNKNOWN).astype(np.int64),
        reported_on=read.texts(earliest.reindex(sites.to_numpy())),
    )


def reports(
    plants: pd.DataFrame, items: pd.DataFrame, as_of: dt.date, constants: Constants
) -> pd.DataFrame:
    """Tell when enterprises must report their risks again (METHOD 1.1).

    Parameters
    ----------
    plants
        Site frame of enterprises, n rows.
    items
        As ``of_plants`` gives them.
    as_of, constants
        As there.

    Returns
    -------
    Frame of n rows: ``overdue``; ``undated``, where no day of a report is on record, which counts
    as overdue; ``next_due``, ISO text, None where that is so.

    Notes
    -----
    ``report_months`` after the day of its current item that was reported longest ago: one older
    than the latest report was left out of it. After its own report where no item has a day.
    """
    days = items["reported_on"].astype(object).reset_index(drop=True)
    days = days.where(days.notna(), plants["risk_reported_on"].reset_index(drop=True))
    months = int(given.number(constants, "report_months"))
    overdue, undated = read.overdue(days, as_of, months)
    due = pd.to_datetime(days, format="%Y-%m-%d") + pd.DateOffset(months=months)
    next_due = read.texts(due.dt.strftime("%Y-%m-%d"))
    return pd.DataFrame({"overdue": overdue, "undated": undated, "next_due": next_due})


def ranked(records: Mapping[str, pd.DataFrame], constants: Constants) -> pd.DataFrame:
    """Return the current items: ``site``, ``name`` (else the number) and ``rank``, -1 unknown."""
    items = _current(records)
    recorded, computed = _recorded(items, constants), _computed(items, constants)
    names = items.reindex(columns=["item_name", "item"]).astype(object)
    return pd.DataFrame(
        {
            "site": items["site"].to_numpy(dtype=np.int64),
            "name": names["item_name"].where(names["item_name"].notna(), names["item"]),
            "rank": np.where(recorded == UNKNOWN, computed, recorded),
        }
    )


COLOURS = ("blue", "yellow", "orange", "red")
"""Columns of the counts, low to high."""

TERMS = ("lec_l", "lec_e", "lec_c", "ls_l", "ls_s")
FIELDS = ("level", "reported_on", "status", *TERMS)
"""Fields that are read."""


def _current(records: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the items that count; an unknown state counts."""
    if RECORDS not in records:
        return pd.DataFrame(columns=["site", *FIELDS], dtype=object)
    items = records[RECORDS]
    return items[(items["status"] != CLOSED).to_numpy(dtype=bool)].reset_index(drop=True)


def _recorded(items: pd.DataFrame, constants: Constants) -> Ints:
    order = {name: n for n, name in enumerate(given.texts(constants, "risk_levels"))}
    return read.graded(items["level"], order, UNKNOWN)[0].astype(np.int64)


def _computed(items: pd.DataFrame, constants: Constants) -> Ints:
    """Return the higher of what LEC and LS give."""
    lec_l, lec_e, lec_c, ls_l, ls_s = (
        items[name].to_numpy(dtype=np.float64)
        for name in ("lec_l", "lec_e", "lec_c", "ls_l", "ls_s")
    )
    found: Ints = np.maximum(
        lec_rank(lec_l, lec_e, lec_c, constants), ls_rank(ls_l, ls_s, constants)
    )
    return found


def _rank(value: Floats, limits: str, constants: Constants) -> Ints:
    # A product such as 0.2 x 10 x 80 must not miss its limit by a rounding error.
    whole = np.round(np.nan_to_num(value), 9)
    band = np.searchsorted(given.numbers(constants, limits), whole, side="right")
    found: Ints = np.where(np.isnan(value), UNKNOWN, band).astype(np.int64)
    return found
