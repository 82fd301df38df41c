"""How good the register itself is: what is filled in, verified lately, and placed exactly.

Our own rule (docs/methods/quality.md), and not the quality of a score (``risk/dq.py``): that asks
how much of a score rests on what nobody knows, this one what a clerk has to mend in the rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.kinds import Field, SiteKind
from gis.domain.risk.dq import GRADES

COMPLETENESS_LIMITS = (0.9, 0.75, 0.5)
"""Least share of the fields for the grades A, B and C; less is D."""

OVERDUE_LIMITS = (1, 2, 3)
"""Most days since the verification for A, B and C, in ``verify_days`` of the kind; more is D."""

ACCURACY_LIMITS_M = (10.0, 50.0)
"""Greatest error of a position for A and B, metres; more, or an unknown one, is C."""

SHARE_LIMIT = 0.75
"""Share of the records that must have a grade, or a better one, for all of them to have it."""

FRESHNESS = ("fresh", "stale", "never")
POSITIONS = ("within_10", "within_50", "worse", "accuracy_unknown", "unplaced")
OUTSIDE = ""
"""In place of the village of a record that lies in none."""


def assess(places: pd.DataFrame, kind: SiteKind, as_of: dt.date) -> pd.DataFrame:
    """Say of each place how good its record is.

    Parameters
    ----------
    places
        Site frame of the kind: id, key, name, village, verified_on (ISO text), accuracy_m, its
        open fields, and a geometry that is missing where the place has no position.
    as_of
        The day for which it is told. A verification on a later day cannot be, and counts as none.

    Returns
    -------
    Frame in the order and with the index of ``places``: id, kind, key, name, village;
    ``fields`` that apply to the place, how many of them are ``filled``, ``completeness`` (0..1;
    1 where none applies) and the names that are ``missing``, separated by spaces;
    ``verified_on``, ``days_since_verified`` (NaN: never), ``overdue_days`` (0 while fresh, NaN:
    never) and ``freshness`` (one of FRESHNESS); ``accuracy_m`` (NaN: unknown) and ``position``
    (one of POSITIONS); ``grade`` (A to D).

    Notes
    -----
    A field counts where it has a value, or where what it ``applies`` to holds or is unknown
    itself: what one more value tells never lowers the completeness. Personal fields count
    nowhere: nobody is to collect telephones for a better grade. The grade is the worst of the
    three.
    """
    filled, applies = _filled(places, kind.open_fields)
    counted, known = applies.sum(axis=1), filled.sum(axis=1)
    completeness = np.divide(known, counted, out=np.ones(len(places)), where=counted > 0)
    days = _days_since(places["verified_on"], as_of)
    position = _position(places)
    return pd.DataFrame(
        {
            "id": places["id"],
            "kind": np.full(len(places), kind.slug, dtype=object),
            "key": places["key"],
            "name": places["name"],
            "village": places["village"],
            "fields": counted,
            "filled": known,
            "completeness": completeness,
            "missing": _named(applies & ~filled, [field.name for field in kind.open_fields]),
            "verified_on": places["verified_on"],
            "days_since_verified": days,
            "overdue_days": np.maximum(days - kind.verify_days, 0.0),
            "freshness": _freshness(days, kind.verify_days),
            "accuracy_m": places["accuracy_m"],
            "position": position,
            "grade": _grades(completeness, days / kind.verify_days, position),
        },
        index=places.index,
    )


def overdue_days(verified_on: Iterable[str | None], verify_days: int, as_of: dt.date) -> Floats:
    """Return the days by which verifications are overdue; 0: none, NaN: never verified.

    Parameters
    ----------
    verified_on
        ISO dates, None where missing.
    verify_days
        Of the kind.
    as_of
        As in ``assess``.
    """
    late: Floats = np.maximum(_days_since(verified_on, as_of) - verify_days, 0.0)
    return late


def join(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put what ``assess`` said of several kinds together: none, or each of at least one place."""
    if frames:
        return pd.concat(frames, ignore_index=True)
    numbers = dict.fromkeys(NUMBERS, np.float64)
    return pd.DataFrame({name: np.empty(0, numbers.get(name, object)) for name in COLUMNS})


COLUMNS = (
    "id",
    "kind",
    "key",
    "name",
    "village",
    "fields",
    "filled",
    "completeness",
    "missing",
    "verified_on",
    "days_since_verified",
    "overdue_days",
    "freshness",
    "accuracy_m",
    "position",
    "grade",
)
NUMBERS = ("completeness", "days_since_verified", "overdue_days", "accuracy_m")


def within(records: pd.DataFrame, villages: Collection[str]) -> pd.DataFrame:
    """Return records with OUTSIDE as the village of those that lie in none of ``villages``."""
    inside = records["village"].isin(list(villages))
    return records.assign(village=records["village"].where(inside, OUTSIDE))


def summarise(records: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Add records up.

    Parameters
    ----------
    records
        Rows of ``assess``, of any kinds; the village is never missing (``within``).
    by
        Columns to group by: kind, village or both.

    Returns
    -------
    Frame indexed by ``by``, in order, one row per group that there is: the number of
    ``records``; their mean ``completeness``; how many are of each of FRESHNESS and POSITIONS;
    ``median_accuracy_m`` of those whose accuracy is known and that are placed (NaN: none);
    ``grade``: the best that at least SHARE_LIMIT of the records have, or a better one.
    """
    table = records[[*by]].assign(
        records=1,
        completeness=records["completeness"],
        **{name: records["freshness"] == name for name in FRESHNESS},
        **{name: records["position"] == name for name in POSITIONS},
        median_accuracy_m=records["accuracy_m"].where(records["position"] != "unplaced"),
        **{name: records["grade"] <= name for name in GRADES},
    )
    how = dict.fromkeys(table.columns.difference([*by]), "sum")
    how |= {"completeness": "mean", "median_accuracy_m": "median"}
    found = table.groupby([*by]).agg(how)[[name for name in table.columns if name in how]]
    return found.drop(columns=list(GRADES)).assign(grade=_reached(found))


def to_verify(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records that somebody must verify: never verified first, then by days overdue."""
    due = records[records["freshness"] != "fresh"]
    order = due["overdue_days"].fillna(np.inf)
    return (
        due.assign(order=order)
        .sort_values(["order", "id"], ascending=[False, True], kind="stable")
        .drop(columns="order")
    )


def _filled(places: pd.DataFrame, fields: Sequence[Field]) -> tuple[Bools, Bools]:
    """Tell which fields have a value and which count, shapes (places, fields)."""
    filled = {field.name: _has_value(places[field.name]) for field in fields}
    shape = (len(places), len(fields))
    applies = np.ones(shape, dtype=bool)
    for column, field in enumerate(fields):
        for name, values in (field.applies or {}).items():
            applies[:, column] &= ~filled[name] | places[name].isin(list(values)).to_numpy(bool)
    has = np.array(list(filled.values()), dtype=bool).reshape(shape[::-1]).T
    return has, applies | has


def _has_value(column: pd.Series) -> Bools:
    has: Bools = (column.notna() & (column != "")).to_numpy(dtype=bool)
    return has


def _named(chosen: Bools, names: Sequence[str]) -> Objects:
    """Return the names of the columns that are chosen, separated by spaces, a text per row."""
    words = np.array([f"{name} " for name in names], dtype=object)
    # True times a text is the text, and their sum one text: a product of matrices joins them.
    joined = chosen.astype(object) @ words if len(words) else np.full(len(chosen), "")
    return np.char.rstrip(joined.astype(str)).astype(object)


def _days_since(verified_on: Iterable[str | None], as_of: dt.date) -> Floats:
    """Return days since a date that is not after ``as_of``; NaN where there is none."""
    verified = pd.to_datetime(pd.Series(list(verified_on), dtype=object), format="%Y-%m-%d")
    days = (pd.Timestamp(as_of) - verified).dt.days.to_numpy(dtype=np.float64)
    found: Floats = np.where(days >= 0, days, np.nan)
    return found


def _freshness(days: Floats, verify_days: int) -> Objects:
    fresh, stale, never = FRESHNESS
    found: Objects = np.select([days <= verify_days, ~np.isnan(days)], [fresh, stale], never)
    return found.astype(object)


def _position(places: pd.DataFrame) -> Objects:
    accuracy_m = places["accuracy_m"].to_numpy(dtype=np.float64)
    within_10, within_50, worse, unknown, unplaced = POSITIONS
    near_m, far_m = ACCURACY_LIMITS_M
    nowhere = shapely.is_missing(places["geometry"].to_numpy(dtype=object))
    found: Objects = np.select(
        [nowhere, np.isnan(accuracy_m), accuracy_m <= near_m, accuracy_m <= far_m],
        [unplaced, unknown, within_10, within_50],
        worse,
    )
    return found.astype(object)


OF_POSITION = dict(zip(POSITIONS, (0, 1, 2, 2, 3), strict=True))
"""Position to its rank: A, B, C, C, D."""


def _grades(completeness: Floats, periods: Floats, position: Objects) -> Objects:
    """Return the worst of three grades; ``periods`` are the days in ``verify_days``."""
    filled = _rank([completeness >= least for least in COMPLETENESS_LIMITS])
    fresh = _rank([periods <= most for most in OVERDUE_LIMITS])
    placed = pd.Series(position).map(OF_POSITION).to_numpy(dtype=np.int64)
    found: Objects = np.array(GRADES, dtype=object)[np.maximum.reduce([filled, fresh, placed])]
    return found


def _rank(reached: Sequence[Bools]) -> Ints:
    """Return how many of the limits, the best first, are not reached."""
    missed: Ints = (~np.array(reached)).sum(axis=0)
    return missed


def _reached(found: pd.DataFrame) -> Objects:
    """Return the best grade that enough records reach; columns GRADES count who reaches each."""
    enough = found[list(GRADES)].to_numpy() >= SHARE_LIMIT * found[["records"]].to_numpy()
    best: Objects = np.array(GRADES, dtype=object)[enough.argmax(axis=1)]
    return best
