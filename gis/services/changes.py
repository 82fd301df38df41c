"""One change: a transaction with its revision, its instant and its today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import pandas as pd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.files.read import Rejection
from gis.services import access
from gis.services.clock import now, today
from gis.storage import register
from gis.storage.register import Stamp
from gis.workspace import Workspace


@contextmanager
def changing(ws: Workspace, actor: Actor) -> Iterator[tuple[Connection, Stamp]]:
    """Open one transaction that changes the register; nothing of it is kept on an error.

    Whoever calls it has asked for the right before, and writes into the audit log.
    """
    with access.writing(ws) as conn:
        yield conn, stamp_of(conn, actor)


def stamp_of(conn: Connection, actor: Actor) -> Stamp:
    """Return what stands beside the rows that this transaction writes; others wait from here."""
    revision = register.next_revision(conn)
    found = register.load(conn)
    return Stamp(revision=revision, at=now(), today=today(found), actor=actor.name)


MOST_KEPT = 1000
"""Rejections that a report holds; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do.

    Attributes
    ----------
    target
        Kind, level or register.
    new, changed, same
        Numbers of rows.
    rejected
        The first rows not taken, each with its number in the file and the reason.
    refused
        How many rows were not taken.
    outside
        How many of the rows taken lie in no village.
    unplaced
        How many of them have no position: they wait to be placed.
    repaired
        How many geometries were mended.
    second
        How many new places are of an operator who has a place elsewhere.
    astray
        How many rows name another village than the one they lie in.
    merged
        How many rows are of places that were merged into others: they change nothing.
    unmapped
        Columns of the file that no field took: kept beside the row, shown to nobody.
    notes
        What else was done to the data, in words.
    digest
        Hash of the versions that the changed rows change: an import that would change others than
        its dry run is another.
    """

    target: str
    new: int
    changed: int
    same: int
    rejected: tuple[Rejection, ...]
    refused: int
    outside: int = 0
    unplaced: int = 0
    repaired: int = 0
    second: int = 0
    astray: int = 0
    merged: int = 0
    unmapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    digest: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, to be stored beside the import."""
        return {
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "rejected": self.refused,
            **{name: count for name in COUNTED if (count := getattr(self, name))},
        }


COUNTED = ("outside", "unplaced", "repaired", "second", "astray", "merged")
"""Counts of a report that are told where they are not zero."""


def sort_out(
    stored: Mapping[str, RowMapping], rows: Sequence[Mapping[str, Any]], *, key: str = "key"
) -> tuple[list[dict[str, Any]], list[tuple[RowMapping, dict[str, Any]]], int]:
    """Tell new rows from changed and same ones.

    Parameters
    ----------
    stored
        What the register holds, by key.
    rows
        What the file holds; each value is compared with the stored one of the same name, but
        for where it stood in its file and what was done to it: a row that only moved is the same.
    key
        Column of the row that holds its key.

    Returns
    -------
    New rows, pairs (stored, new) that differ, and the number of rows that are the same.
    """
    new, changed, same = [], [], 0
    for row in rows:
        old = stored.get(row[key])
        if old is None:
            new.append(dict(row))
        elif any(old[name] != value for name, value in row.items() if name not in NOT_COMPARED):
            changed.append((old, dict(row)))
        else:
            same += 1
    return new, changed, same


NOT_COMPARED = frozenset({"source_row", "note"})


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The file of an import: its name and hash, and how it was read."""

    name: str
    sha256: str
    mapping: Mapping[str, str]
    reading: Mapping[str, Any] = field(default_factory=dict)


def begin_import(conn: Connection, stamp: Stamp, target: str, file: ReadFile) -> Stamp:
    """Write down that a file is being read; return the stamp that its rows carry."""
    batch = register.record_import(
        conn,
        at=stamp.at,
        actor=stamp.actor,
        target=target,
        file_name=file.name,
        sha256=file.sha256,
        mapping=dict(file.mapping),
        reading=dict(file.reading),
    )
    return replace(stamp, batch=batch)


def end_import(
    conn: Connection, actor: Actor, stamp: Stamp, report: Report, file: ReadFile
) -> None:
    """Write down what the import did, in the audit log too."""
    if report.new or report.changed:
        register.advance(conn, stamp)
    register.count_import(conn, stamp, report.counts)
    access.log(
        conn,
        actor,
        "import",
        report.target,
        batch=stamp.batch,
        file=file.name,
        sha256=file.sha256,
        revision=stamp.revision,
        **report.counts,
    )


def keep_unsaid(
    row: Mapping[str, Any],
    old: RowMapping | None,
    given: Collection[str],
    columns: Mapping[str, str],
    groups: Mapping[str, Collection[str]],
) -> dict[str, Any]:
    """Fill a row of a file with what is stored and the file does not speak of.

    Parameters
    ----------
    row
        As the file gives it.
    old
        As it is stored; None for a new one.
    given
        Fields that the file has a column for.
    columns
        Column of the row to the field that fills it.
    groups
        Column of the row that holds a dict, to the fields in it.

    Returns
    -------
    The row in which a file without a column for a field leaves the field as it was, and columns
    that no field takes are added to earlier ones.
    """
    if old is None:
        return dict(row)
    kept = {name: old[name] for name, field in columns.items() if field not in given}
    for group, fields in groups.items():
        unsaid = set(fields) - set(given)
        kept[group] = {k: v for k, v in old[group].items() if k in unsaid} | row[group]
    return {**row, **kept, "unmapped": old["unmapped"] | row["unmapped"]}


def refuse_wrong_purpose(conn: Connection, rows: pd.DataFrame) -> None:
    """Keep real data out of a demonstration and synthetic data out of an office database.

    Raises
    ------
    InvalidDataError
        With the command that makes the other sort of database.
    """
    purpose = register.load(conn).purpose
    synthetic = rows["synthetic"].fillna(False).astype(bool)
    if purpose == "demonstration" and not synthetic.all():
        raise InvalidDataError(
            "这是演示库，只收模拟数据。导入真实数据请先建正式库：python -m scripts.make_office"
        )
    if purpose == "office" and synthetic.any():
        raise InvalidDataError(
            f"这是正式库，不收模拟数据（{int(synthetic.sum())} 行标有 synthetic）。"
            "演示请用：bash scripts/start"
        )


def in_file_order(*groups: Iterable[Rejection]) -> tuple[Rejection, ...]:
    """Put rejections of several reasons together, by the row of the file."""
    return tuple(sorted(chain(*groups), key=lambda rejection: rejection.row))


def outside(rows: Sequence[Mapping[str, Any]]) -> int:
    """Count the rows that lie in no village."""
    return sum(row["village"] is None for row in rows)


def as_date(text: str | None) -> dt.date | None:
    """Turn an ISO date into a date; None stays None."""
    return dt.date.fromisoformat(text) if text else None
