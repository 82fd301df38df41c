"""The rows on record behind a step of a source's score: chemicals, risk items, points of a slope.

They stand in a source's evidence under ``ROWS``, a list of ``step``, ``sort`` (of record), ``site``
(the place whose record it is), ``name`` and ``said``, what was reckoned of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gis.domain.arrays import Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import chemicals, risk_items, slope_alarms
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

ROWS = "rows"
"""Name in a source's evidence."""

MOST = 6
"""Rows of a step that are named; the largest first, all stand on the card of their place."""


def of_plants(
    units: pd.DataFrame,
    held: pd.DataFrame,
    records: Mapping[str, pd.DataFrame],
    sites: pd.Series,
    constants: Constants,
) -> Objects:
    """Return the chemicals behind S and R, and the risk items behind the colour, by enterprise.

    Parameters
    ----------
    units, held
        As ``major_hazard.units`` and ``chemicals.identified`` give them.
    records
        Those of a scene.
    sites
        Ids of the enterprises, shape (n,).
    constants
        The values of ``industry.toml``.

    Returns
    -------
    Lists of rows, None of enterprises without any; shape (n,). Chemicals by q/Q, items by level,
    the highest first.
    """
    plant = units.set_index("id")["plant"]
    ratio = held["quantity_t"] / held["critical_t"]
    said = [
        f"q/Q = {_plain(q)}/{_plain(critical)} = {_plain(part)}"
        for q, critical, part in zip(held["quantity_t"], held["critical_t"], ratio, strict=True)
    ]
    weighed = pd.DataFrame(
        {
            "row": held["site"].map(plant).fillna(-1).to_numpy(dtype=np.int64),
            "order": ratio.fillna(np.inf).to_numpy(),
            "step": "mhi",
            "sort": chemicals.RECORDS,
            "site": held["site"].to_numpy(dtype=np.int64),
            "name": held["name"].to_numpy(dtype=object),
            "said": said,
        }
    )
    items = risk_items.ranked(records, constants)
    graded = pd.DataFrame(
        {
            "row": pd.Index(sites).get_indexer(pd.Index(items["site"])),
            "order": items["rank"].to_numpy(dtype=np.float64),
            "step": "colour",
            "sort": risk_items.RECORDS,
            "site": items["site"].to_numpy(dtype=np.int64),
            "name": items["name"].to_numpy(dtype=object),
            "said": _levels(items["rank"].to_numpy(dtype=np.int64), constants),
        }
    )
    return _listed(pd.concat([weighed, graded], ignore_index=True), len(sites))


def of_mines(watched: pd.DataFrame, sites: pd.Series) -> Objects:
    """Return the point that moves most by mine; ``watched`` as of ``slope_alarms.alarms``."""
    point = read.texts(watched["point"])
    rate = watched["rate_mm_d"].to_numpy(dtype=np.float64)
    frame = pd.DataFrame(
        {
            "row": np.where(read.missing(point), -1, np.arange(len(sites))),
            "order": 0.0,
            "step": "monitoring",
            "sort": slope_alarms.RECORDS,
            "site": sites.to_numpy(dtype=np.int64),
            "name": point,
            "said": [f"{_plain(value)} mm/d" for value in rate],
        }
    )
    return _listed(frame, len(sites))


def _listed(frame: pd.DataFrame, n: int) -> Objects:
    """Return the first ``MOST`` rows of each step as lists by ``row``; -1 belongs to none."""
    inside = frame[frame["row"] >= 0]
    order = ["row", "step", "order"]
    ordered = inside.sort_values(order, ascending=[True, True, False], kind="stable")
    first = ordered.groupby(["row", "step"], sort=False).head(MOST)
    found = np.full(n, None, dtype=object)
    told = first[["step", "sort", "site", "name", "said"]].to_dict("records")
    for row, entry in zip(first["row"].tolist(), told, strict=True):
        found[row] = [*(found[row] or ()), entry]
    return found


def _levels(rank: Ints, constants: Constants) -> list[str]:
    names = (*given.texts(constants, "risk_levels"), UNKNOWN)
    return [names[own] for own in rank.tolist()]


UNKNOWN = "?"
"""In place of what is not on record."""


def _plain(value: float) -> str:
    return UNKNOWN if value != value else f"{value:.4g}"
