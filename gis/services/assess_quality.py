"""How good the register is, as far as somebody may see it: by kind, by village, row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy.engine import Connection

from gis.domain import quality
from gis.domain.kinds import SiteKind
from gis.domain.quality import FRESHNESS, OUTSIDE, POSITIONS
from gis.domain.rights import Actor
from gis.errors import InvalidDataError, NotFoundError
from gis.services.access import reading
from gis.services.describe import describe_open
from gis.storage import areas, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

Row = dict[str, Any]

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Quality:
    """What somebody may see of the register, added up; the parts add up to the whole.

    Every row has the columns of ``quality.summarise`` (None: there is nothing to tell), a
    village's ``village`` and ``name``, and a kind's ``kind``, ``title``, ``title_en``,
    ``industry`` and ``verify_days``.

    Attributes
    ----------
    kinds
        Every kind of which they could see a row, though there be none; of the rest nothing.
    villages
        Every village, though it have no record: then its grade is None, which is not a good one.
        At the end, under OUTSIDE, what lies in none, if there is any.
    cells
        A row for every village and kind that have a record.
    """

    as_of: dt.date
    total: Row
    kinds: tuple[Row, ...]
    villages: tuple[Row, ...]
    cells: tuple[Row, ...]

    def kinds_in(self, village: str | None) -> list[Row]:
        """Return the rows of the kinds, counted in one village only; None: in all."""
        if village is None:
            return list(self.kinds)
        here = {row["kind"]: row for row in self.cells if row["village"] == village}
        return [here.get(row["kind"], {**row, **NOTHING}) for row in self.kinds]

    def villages_of(self, kind: str | None) -> list[Row]:
        """Return the rows of the villages, with one kind only counted; None: with all."""
        if kind is None:
            return list(self.villages)
        there = {row["village"]: row for row in self.cells if row["kind"] == kind}
        return [there.get(row["village"], {**row, **NOTHING}) for row in self.villages]

    def whole(self, village: str | None, kind: str | None) -> Row:
        """Return the one row of what is asked for, of a village, a kind, both or everything."""
        rows = self.kinds_in(village) if kind else self.villages
        for row in rows:
            if (kind and row["kind"] == kind) or (not kind and row["village"] == village):
                return row
        return self.total


NOTHING: Row = {
    **dict.fromkeys(("records", *FRESHNESS, *POSITIONS), 0),
    **dict.fromkeys(("completeness", "median_accuracy_m", "grade")),
}
"""What a row says where there is no record."""


@dataclass(frozen=True, slots=True)
class ToVerify:
    """Records that somebody must verify, a page of them; ``count`` is of all pages.

    A row has the columns of ``quality.assess`` (``missing`` as titles), the ``village_name``
    (None: in no village), and the ``title``, ``title_en``, ``industry`` and ``verify_days`` of
    its kind: whoever is in charge of that village and industry must verify it.
    """

    as_of: dt.date
    rows: tuple[Row, ...]
    count: int
    page: int
    last: int


def assess_quality(ws: Workspace, actor: Actor) -> Quality:
    """Say how complete, fresh and exact the records are that an actor may see as they are."""
    with reading(ws, actor) as conn:
        return assess_open(conn, ws, actor)


def assess_open(conn: Connection, ws: Workspace, actor: Actor) -> Quality:
    """Say the same on an open transaction."""
    return _add_up(_judge(conn, ws, actor))


def worst_records(
    ws: Workspace,
    actor: Actor,
    *,
    village: str | None = None,
    kind: str | None = None,
    page: int = 1,
    limit: int | None = PER_PAGE,
) -> ToVerify:
    """List what must be verified: what never was first, then by the days that it is overdue.

    Parameters
    ----------
    village, kind
        Limit it to one; OUTSIDE is what lies in no village.
    page, limit
        Which page, from 1, and how many records it has; None: all of them.

    Raises
    ------
    NotFoundError
        If there is no such village, or no such kind that the actor could see.
    InvalidDataError
        If there is no such page.
    """
    with reading(ws, actor) as conn:
        return _list(_judge(conn, ws, actor, kind), ws, village, kind, page, limit)


def survey(
    ws: Workspace, actor: Actor, *, village: str | None, kind: str | None, page: int
) -> tuple[Quality, ToVerify]:
    """Return ``assess_quality`` and a page of ``worst_records``, of one snapshot read once."""
    with reading(ws, actor) as conn:
        judged = _judge(conn, ws, actor)
        return _add_up(judged), _list(judged, ws, village, kind, page, PER_PAGE)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found: villages are code to name, by code."""

    as_of: dt.date
    kinds: Mapping[str, SiteKind]
    villages: Mapping[str, str]
    records: pd.DataFrame


def _judge(conn: Connection, ws: Workspace, actor: Actor, kind: str | None = None) -> _Judged:
    """Judge every record, or those of one kind, that an actor may see: one query a kind."""
    seen = {
        slug: passport
        for slug, passport in ws.kinds.items()
        if passport.registered and actor.may_read_kind(passport.secrecy, passport.industry)
    }
    _check_kind(seen, kind)
    as_of = describe_open(conn, ws).as_of
    rows = areas.load_stored(conn, ws.home_level.slug)
    villages = {row["code"]: row["name"] for row in rows}
    found = (
        (sites.load(conn, passport, reader=actor, unplaced=True), passport)
        for slug, passport in seen.items()
        if kind in (None, slug)
    )
    judged = [quality.assess(frame, passport, as_of) for frame, passport in found if len(frame)]
    return _Judged(as_of, seen, villages, quality.within(quality.join(judged), villages))


def _check_kind(seen: Mapping[str, SiteKind], kind: str | None) -> None:
    if kind is not None and kind not in seen:
        raise NotFoundError(f"没有类别 {kind}；可以用：{', '.join(seen)}")


def _add_up(judged: _Judged) -> Quality:
    records, names = judged.records, judged.villages
    outside = [OUTSIDE] if (records["village"] == OUTSIDE).any() else []
    by_kind = _every(quality.summarise(records, ["kind"]), list(judged.kinds))
    by_village = _every(quality.summarise(records, ["village"]), [*names, *outside])
    whole = _every(quality.summarise(records.assign(part=WHOLE), ["part"]), [WHOLE])
    cells = quality.summarise(records, ["village", "kind"])
    return Quality(
        as_of=judged.as_of,
        total=_rows(whole)[0],
        kinds=tuple(_described(row, judged) for row in _rows(by_kind)),
        villages=tuple(_named(row, judged) for row in _rows(by_village)),
        cells=tuple(_described(_named(row, judged), judged) for row in _rows(cells)),
    )


WHOLE = "whole"


def _every(summary: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return a row for every key, in that order; one without records says NOTHING."""
    counts = {name: 0 for name, value in NOTHING.items() if value == 0}
    filled = summary.reindex(pd.Index(keys, name=summary.index.name))
    return filled.fillna(counts).astype(dict.fromkeys(counts, int))


def _list(
    judged: _Judged,
    ws: Workspace,
    village: str | None,
    kind: str | None,
    page: int,
    limit: int | None,
) -> ToVerify:
    _check_kind(judged.kinds, kind)
    if village not in (None, OUTSIDE, *judged.villages):
        raise NotFoundError(f"没有代码为 {village} 的{ws.home_level.title.zh}")
    found = quality.to_verify(judged.records)
    for column, asked in (("village", village), ("kind", kind)):
        if asked is not None:
            found = found[found[column] == asked]
    size = limit or max(len(found), 1)
    last = max(1, -(-len(found) // size))
    if not 1 <= page <= last:
        raise InvalidDataError(f"没有第 {page} 页；请用 1 至 {last}")
    shown = found.iloc[(page - 1) * size : page * size]
    rows = tuple(_record(row, judged) for row in _dicts(shown))
    return ToVerify(judged.as_of, rows, len(found), page, last)


def _record(row: Row, judged: _Judged) -> Row:
    kind = judged.kinds[row["kind"]]
    missing = [kind.field(name).title for name in row["missing"].split()]
    village = judged.villages.get(row["village"])
    return _described({**row, "missing": missing, "village_name": village}, judged)


def _named(row: Row, judged: _Judged) -> Row:
    return {**row, "name": judged.villages.get(row["village"])}


def _described(row: Row, judged: _Judged) -> Row:
    kind = judged.kinds[row["kind"]]
    return {
        **row,
        "title": kind.title.zh,
        "title_en": kind.title.en,
        "industry": kind.industry,
        "verify_days": kind.verify_days,
    }


def _rows(summary: pd.DataFrame) -> list[Row]:
    return _dicts(summary.reset_index())


def _dicts(frame: pd.DataFrame) -> list[Row]:
    columns = {str(name): missing_to_none(frame[name]) for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
