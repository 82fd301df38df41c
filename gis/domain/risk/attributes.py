"""Read attributes of a site frame together with what is unknown among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects


def texts(values: pd.Series) -> Objects:
    """Return the texts as objects, None where missing."""
    plain: Objects = values.to_numpy(dtype=object, copy=True)
    plain[pd.isna(plain)] = None
    return plain


def missing(values: Objects) -> Bools:
    """Tell where texts are missing."""
    found: Bools = pd.isna(values)
    return found


def in_use(frame: pd.DataFrame, idle: str) -> Bools:
    """Tell which places are not known to stand empty; all, where the kind has no ``use``."""
    if "use" not in frame:
        return np.ones(len(frame), dtype=bool)
    used: Bools = texts(frame["use"]) != idle
    return used


def graded(
    values: pd.Series | Objects, table: Mapping[Any, float], unknown: float
) -> tuple[Floats, Bools]:
    """Look values up in a table.

    Returns
    -------
    The table's numbers, ``unknown`` where the value is missing or not in the table; and where
    that was so.
    """
    # Parts of a register are small: looking up one by one is faster than Series.map there.
    found = np.array([table.get(value, np.nan) for value in values.tolist()], dtype=np.float64)
    missing = np.isnan(found)
    return np.where(missing, unknown, found), missing


def number(values: pd.Series, unknown: float) -> tuple[Floats, Bools]:
    """Return numbers, ``unknown`` where missing; and where that was so."""
    found = values.to_numpy(dtype=np.float64)
    missing = np.isnan(found)
    return np.where(missing, unknown, found), missing


def positive(values: pd.Series, unknown: float) -> tuple[Floats, Bools]:
    """Return amounts as ``number``; zero or less, which people write for unknown, is missing."""
    return number(values.where(values > 0), unknown)


def yes(values: pd.Series) -> tuple[Bools, Bools]:
    """Return where a yes/no attribute is yes, and where it is unknown."""
    found, unknown = graded(values, {True: 1.0, False: 0.0}, np.nan)
    return found == 1.0, unknown


def points_if(values: pd.Series, points: float, unknown_share: float) -> tuple[Floats, Bools]:
    """Count ``points`` for yes, ``unknown_share`` of them for unknown, 0 for no.

    Unknown is not zero (METHOD 0.2, rule 3): a factor nobody looked at counts in part.
    """
    known_yes, unknown = yes(values)
    return points * np.where(unknown, unknown_share, known_yes.astype(np.float64)), unknown


def banded(values: Floats, limits: Sequence[float], points: Sequence[float]) -> Floats:
    """Return the points of each value's band; a limit belongs to the band above it.

    ``points`` has one entry more than ``limits``.
    """
    band = np.searchsorted(np.asarray(limits, dtype=np.float64), values, side="right")
    found: Floats = np.asarray(points, dtype=np.float64)[band]
    return found


def named_upto(values: Floats, limits: Sequence[float], names: Sequence[str]) -> Objects:
    """Return the name of each value's band; a limit belongs to the band below it ("up to").

    ``names`` has one entry more than ``limits``.
    """
    band = np.searchsorted(np.asarray(limits, dtype=np.float64), values, side="left")
    found: Objects = np.asarray(names, dtype=object)[band]
    return found


def overdue(values: pd.Series, as_of: dt.date, months: int) -> tuple[Bools, Bools]:
    """Tell where an ISO date lies more than ``months`` before ``as_of``, and where it is unknown.

    An unknown date counts as overdue: there is no current document on record.
    """
    dates = pd.to_datetime(pd.Series(texts(values), dtype=object), format="%Y-%m-%d")
    missing = dates.isna().to_numpy()
    late = (dates + pd.DateOffset(months=months) < pd.Timestamp(as_of)).to_numpy()
    return late | missing, missing


def before(values: pd.Series, as_of: dt.date) -> Bools:
    """Tell where an ISO date is known and lies before ``as_of``."""
    dates = pd.to_datetime(pd.Series(texts(values), dtype=object), format="%Y-%m-%d")
    found: Bools = (dates < pd.Timestamp(as_of)).to_numpy()
    return found


def whole(values: pd.Series) -> Objects:
    """Return numbers as Python integers, None where missing: for texts and evidence."""
    found = values.to_numpy(dtype=np.float64)
    plain = np.empty(len(found), dtype=object)
    plain[:] = [None if np.isnan(value) else int(value) for value in found]
    return plain
