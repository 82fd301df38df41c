"""What repeated draws tell of a score: its interval, classes and rank, and what they hang on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from gis.domain.arrays import Floats, Ints
from gis.domain.risk import index as indexing
from gis.domain.risk.constants import INDEX, SPREAD, Constants, number, numbers
from gis.domain.risk.evaluate import Result

SUMMARY = (
    "area", "low", "median", "high", "classes", "shown", "shown_zh", "stable",
    "rank_low", "rank_high", "p_first", "p_top", "first",
)  # fmt: skip
"""Columns of a summary: see ``summarise``."""


def summarise(
    areas: Ints,
    draws: Floats,
    constants: Mapping[str, Constants],
    *,
    floors: Ints | None = None,
) -> pd.DataFrame:
    """Say what the draws tell of each area.

    Parameters
    ----------
    areas
        Area ids, shape (A,).
    draws
        R of these areas, shape (A, D); NaN where an area has no score.
    constants
        Method name to its values: ``index`` and ``uncertainty``.
    floors
        Floors that flags put under the classes, 0 where there is none, shape (A,): no draw then
        shows a lower class.

    Returns
    -------
    Frame with one row per area, in their order: ``low``, ``median`` and ``high`` of R (5, 50 and
    95 %); ``classes``, the probabilities of the classes 1 to 5; ``shown``, the one class that is
    likely enough to be named alone, else the two neighbours that together are likeliest;
    ``shown_zh``, their names; ``stable``, whether it is one; ``rank_low`` and ``rank_high``, the
    same interval of the rank, of which 1 is the highest R; ``p_first`` and ``p_top``, the
    probability of the first and of the first three ranks; ``first``, whether the area may be
    called the first. Of an area without a score all are missing (NaN or None): it has no class and
    takes no rank.

    Notes
    -----
    METHOD 7.10. Areas with the same R share their ranks: the interval holds all of these, and none
    of the areas is the first.
    """
    spread = constants[SPREAD]
    low, high = numbers(spread, "interval")
    rows = np.flatnonzero(~np.isnan(draws).any(axis=1))
    known = draws[rows]
    least = np.zeros(len(areas), dtype=np.int64) if floors is None else floors
    classes = _class_shares(known, least[rows], constants[INDEX])
    stable = classes.max(axis=1, initial=0.0) >= number(spread, "stable_least")
    shown = [_shown(part, alone) for part, alone in zip(classes, stable, strict=True)]
    best, worst = (stats.rankdata(-known, method=tie, axis=0) for tie in ("min", "max"))
    p_first = (worst <= 1).mean(axis=1)
    found = {
        "low": np.quantile(known, low, axis=1),
        "median": np.median(known, axis=1),
        "high": np.quantile(known, high, axis=1),
        "classes": classes.tolist(),
        "shown": shown,
        "shown_zh": ["—".join(indexing.CLASS_NAMES_ZH[i - 1] for i in part) for part in shown],
        "stable": stable.tolist(),
        "rank_low": np.quantile(best, low, axis=1, method="inverted_cdf").astype(int).tolist(),
        "rank_high": np.quantile(worst, high, axis=1, method="inverted_cdf").astype(int).tolist(),
        "p_first": p_first,
        "p_top": (worst <= number(spread, "top_ranks")).mean(axis=1),
        "first": (p_first >= number(spread, "first_least")).tolist(),
    }
    return _on_all(areas, rows, found)


DROPS = ("sector", "correlation", "moved", "area")
"""Columns of ``sector_drops``."""


def sector_drops(result: Result, constants: Mapping[str, Constants]) -> pd.DataFrame:
    """Leave one sector out at a time and see whether the order of the areas stays.

    Parameters
    ----------
    result
        An evaluation.
    constants
        Method name to its values: ``index``.

    Returns
    -------
    Frame with one row per sector in their order: ``correlation``, Spearman's, of R with R without
    the sector, over the areas that have a score; NaN where these are fewer than three, or one of
    the two has the same R everywhere; ``moved``, by how many ranks the ``area`` moves that moves
    most (the first of equal ones); 0 and None where none moves.

    Notes
    -----
    METHOD 7.10. The weights of the other sectors are raised to add up to 1 again.
    """
    index = constants[INDEX]
    sectors, weight = indexing.sectors(index), indexing.weights(index)
    scores = result.scores
    areas, whole = scores["area"].to_numpy(dtype=np.int64), scores["R"].to_numpy(dtype=np.float64)
    load, exposed = (
        result.sectors[name].to_numpy(dtype=np.float64).reshape(len(sectors), len(areas))
        for name in ("L", "E")
    )
    v, c = (scores[name].to_numpy(dtype=np.float64) for name in ("V", "C"))
    there = np.flatnonzero(~np.isnan(whole))
    rows = []
    for row, sector in enumerate(sectors):
        rest = np.where(np.arange(len(sectors)) == row, 0.0, weight)
        rest = rest / rest.sum() if rest.sum() > 0 else weight
        without = indexing.index(load, exposed, v, c, constants=index, weight=rest)[0]
        rows.append((sector, *_reordered(whole[there], without[there], areas[there])))
    frame = pd.DataFrame(rows, columns=list(DROPS), dtype=object)
    return frame.astype({"correlation": np.float64, "moved": np.int64})


def _class_shares(draws: Floats, floors: Ints, index: Constants) -> Floats:
    """Return the part of the draws in each class, shape (A, 5); limits as ``index_class``."""
    found = np.searchsorted(numbers(index, "class_limits"), draws, side="right") + 1
    found = np.maximum(found, floors[:, None])
    names = range(1, len(indexing.CLASS_NAMES_ZH) + 1)
    return np.stack([(found == name).mean(axis=1) for name in names], axis=1)


def _shown(classes: Floats, alone: bool) -> list[int]:
    """Return the likeliest class, or the likeliest two neighbours; the higher of equal ones."""
    parts = classes if alone else classes[:-1] + classes[1:]
    last = len(parts) - int(np.argmax(parts[::-1]))
    return [last] if alone else [last, last + 1]


def _on_all(areas: Ints, rows: Ints, found: Mapping[str, Floats | list[Any]]) -> pd.DataFrame:
    """Put what was found of some areas among all of them; missing where there is nothing."""
    lists = [name for name, column in found.items() if isinstance(column, list)]
    some = pd.DataFrame(found, index=rows).astype(dict.fromkeys(lists, object))
    frame = some.reindex(range(len(areas)))
    frame[lists] = frame[lists].where(frame[lists].notna(), None)
    return frame.assign(area=areas)[list(SUMMARY)]


def _reordered(before: Floats, after: Floats, areas: Ints) -> tuple[float, int, int | None]:
    """Return the rank correlation, and which area moves by how many ranks at most."""
    if len(before) == 0:
        return math.nan, 0, None
    old, new = (stats.rankdata(-scores, method="min") for scores in (before, after))
    moved = np.abs(new - old)
    most = int(np.argmax(moved))
    varied = len(before) >= 3 and np.ptp(before) > 0 and np.ptp(after) > 0
    correlation = float(stats.spearmanr(before, after).statistic) if varied else math.nan
    return correlation, int(moved[most]), int(areas[most]) if moved[most] else None
