"""One change: a transaction with its revision, its instant and its today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.files.read import Incoming, Rejection
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


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did.

    Attributes
    ----------
    target
        Kind, level or register.
    new, changed, same
        Numbers of rows.
    rejected
        The rows not taken, each with its number in the file and the reason.
    outside
        How many of the rows taken lie in no village.
    unmapped
        Columns of the file that no field took: kept beside the row, shown to nobody.
    notes
        What else was done to the data, in words.
    """

    target: str
    new: int
    changed: int
    same: int
    rejected: tuple[Rejection, ...]
    outside: int = 0
    unmapped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, to be stored beside the import."""
        return {
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "rejected": len(self.rejected),
            "outside": self.outside,
        }


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
        for ``source_row``: a row that only moved in its file is the same.
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
        elif any(old[name] != value for name, value in row.items() if name != "source_row"):
            changed.append((old, dict(row)))
        else:
            same += 1
    return new, changed, same


def begin_import(
    conn: Connection,
    actor: Actor,
    stamp: Stamp,
    report: Report,
    incoming: Incoming,
    path: Path,
    mapping: Mapping[str, str] | None,
) -> Stamp:
    """Write down the import, in the audit log too; return the stamp that its rows carry."""
    if report.new or report.changed:
        register.advance(conn, stamp)
    batch = register.record_import(
        conn,
        at=stamp.at,
        actor=stamp.actor,
        target=report.target,
        file_name=path.name,
        sha256=incoming.sha256,
        mapping=dict(mapping or {}),
        counts=report.counts,
    )
    access.log(
        conn,
        actor,
        "import",
        report.target,
        batch=batch,
        file=path.name,
        sha256=incoming.sha256,
        revision=stamp.revision,
        **report.counts,
    )
    return replace(stamp, batch=batch)


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


def refuse_wrong_purpose(conn: Connection, incoming: Incoming) -> None:
    """Keep real data out of a demonstration and synthetic data out of an office database.

    Raises
    ------
    InvalidDataError
        With the command that makes the other sort of database.
    """
    purpose = register.load(conn).purpose
    synthetic = incoming.rows["synthetic"].fillna(False).astype(bool)
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
