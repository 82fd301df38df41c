"""Read a table of records (observations, chemicals, risk items) into the places they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import RecordKind
from gis.domain.rights import Actor
from gis.files import read
from gis.files.read import Rejection
from gis.services import access, changes
from gis.services.changes import ReadFile, Report
from gis.storage import records, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

Row = dict[str, Any]


def import_records(
    ws: Workspace,
    actor: Actor,
    kind: str,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    name: str | None = None,
    dry_run: bool = False,
) -> Report:
    """Insert or update records from a table, in one transaction.

    Each row names its place by ``code``. A row whose key (``RecordKind.key``) is known for that
    place takes the earlier one's place, which is kept; rows that the file does not name stay.
    A field that the file has no column for stays as it was. A row is taken only from whoever is
    in charge of its place.

    Parameters
    ----------
    kind
        Sort of record, for example ``observation``.
    path
        A file of any format that tables come in.
    mapping
        Field name to column name of the file, where its headings do not tell.
    name
        What the file was called where it came from; None: as it is called here.
    dry_run
        Only tell what would be done.

    Returns
    -------
    How many rows are new, changed and same, and each rejected row with its reason.

    Raises
    ------
    NotFoundError
        If there is no such sort of record.
    ForbiddenError
        If the actor may change no place of its kind.
    InvalidDataError
        If the file cannot be read, or is synthetic in an office database or real in a
        demonstration.
    """
    passport = ws.record(kind)
    access.require_change(actor, ws.kind(passport.of))
    incoming = read.read_records(path, passport.fields, mapping=mapping)
    if dry_run:
        with access.reading(ws, actor) as conn:
            return _sort(conn, actor, passport, incoming).report
    with changes.changing(ws, actor) as (conn, stamp):
        found = _sort(conn, actor, passport, incoming)
        file = ReadFile(name or path.name, incoming.sha256, mapping or {})
        stamp = changes.begin_import(conn, stamp, kind, file)
        records.replace(conn, found.replaced, stamp)
        records.insert(conn, found.rows, stamp)
        changes.end_import(conn, actor, stamp, found.report, file)
    return found.report


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Rows to write, ids of those whose place they take, and what to tell of it."""

    rows: list[Row]
    replaced: list[int]
    report: Report


def _sort(conn: Connection, actor: Actor, passport: RecordKind, incoming: read.Whole) -> _Sorted:
    """Tell new rows from changed, same and refused ones."""
    changes.refuse_wrong_purpose(conn, incoming.rows)
    stored = records.load_stored(conn, passport)
    told = _Told(passport, actor, sites.by_key(conn, actor), incoming.given, stored)
    rows, rejected = told.rows(incoming.rows)
    new = [row for row in rows if _place(row) not in stored]
    changed = [row for row in rows if (old := stored.get(_place(row))) and _differs(old, row)]
    refused = changes.in_file_order(incoming.rejected, rejected)
    report = Report(
        target=passport.slug,
        new=len(new),
        changed=len(changed),
        same=len(rows) - len(new) - len(changed),
        rejected=refused[: changes.MOST_KEPT],
        refused=len(refused),
        unmapped=incoming.unmapped,
        notes=incoming.notes,
    )
    return _Sorted([*new, *changed], [stored[_place(row)]["id"] for row in changed], report)


class _Told:
    """What the rows of one file say, place by place."""

    def __init__(
        self,
        passport: RecordKind,
        actor: Actor,
        places: Mapping[tuple[str, str], sites.Place],
        given: frozenset[str],
        stored: Mapping[records.Key, RowMapping],
    ) -> None:
        self._passport, self._actor, self._places = passport, actor, places
        self._unsaid = [f.name for f in passport.fields if f.name not in given]
        self._stored = stored
        self._seen: set[records.Key] = set()

    def rows(self, frame: gpd.GeoDataFrame) -> tuple[list[Row], list[Rejection]]:
        """Return rows of the table ``record``, and the rows of the file that are not taken."""
        taken, rejected = [], []
        for number, row in self._plain(frame):
            place = self._places.get((self._passport.of, row["code"]))
            if problem := self._problem(row, place):
                rejected.append(Rejection(number, problem))
            elif place is not None:
                taken.append(self._row(row, place.id, number))
        return taken, rejected

    def _plain(self, frame: gpd.GeoDataFrame) -> Iterator[tuple[int, Row]]:
        names = ["row", "code", "synthetic", *(field.name for field in self._passport.fields)]
        columns = [missing_to_none(frame[name]) for name in names]
        for values in zip(*columns, strict=True):
            row = dict(zip(names, values, strict=True))
            yield int(row.pop("row")), row

    def _problem(self, row: Row, place: sites.Place | None) -> str | None:
        if place is None:
            return f"找不到编号为「{row['code']}」的场所（或不在您负责的范围）"
        if not self._actor.covers(place.village, place.industry):
            return access.NOT_YOURS
        key = (place.id, records.key_of(self._passport, row))
        if key in self._seen:
            return f"同一场所的「{'、'.join(map(str, self._key(row)))}」在文件里重复，只取了第一行"
        self._seen.add(key)
        return None

    def _key(self, row: Row) -> list[Any]:
        return [row[name] for name in self._passport.key]

    def _row(self, row: Row, site: int, number: int) -> Row:
        key = records.key_of(self._passport, row)
        attrs = {
            field.name: row[field.name]
            for field in self._passport.fields
            if row[field.name] is not None
        }
        old = self._stored.get((site, key))
        kept = {n: old["attrs"][n] for n in self._unsaid if n in old["attrs"]} if old else {}
        return {
            "kind": self._passport.slug,
            "site": site,
            "key": key,
            "attrs": kept | attrs,
            "synthetic": bool(row["synthetic"]),
            "source_row": number,
        }


def _place(row: Row) -> records.Key:
    return (row["site"], row["key"])


def _differs(old: RowMapping, row: Row) -> bool:
    return bool(old["attrs"] != row["attrs"] or old["synthetic"] != row["synthetic"])
