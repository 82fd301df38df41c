"""What becomes of the rows of a file of places: new, changed, same or refused, a part at a time.

The dry run and the import go through the same steps; only the import writes what they return.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import apportion, identity, villages
from gis.domain.arrays import Objects
from gis.domain.crs import to_metres
from gis.domain.kinds import Field, SiteKind
from gis.domain.plans import Elsewhere
from gis.domain.rights import Actor
from gis.domain.values import Codes
from gis.errors import InvalidDataError
from gis.files import read
from gis.files.read import Reading, Rejection
from gis.files.sandbox import Chunk
from gis.services import access, changes
from gis.services.changes import Report
from gis.storage import areas, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

CHUNK_ROWS = 5000
"""Rows taken at once: memory stays bounded, whatever the file."""

MOST_WITHOUT_CODES = 200_000
"""Rows of a file in which places are told apart by operator: each is remembered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A file and how it is read into a kind.

    Attributes
    ----------
    codes
        As ``values.convert``.
    elsewhere
        What the same operator somewhere else means.
    """

    kind: SiteKind
    reading: Reading
    codes: Codes
    elsewhere: Elsewhere


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of some rows.

    Attributes
    ----------
    new
        Rows of the table ``site``.
    changed
        Pairs (as stored, as it will be).
    same
        How many rows are as stored.
    rejected
        Rows not taken.
    said
        What else a person should know of a row: (row in the file, word of ``WORDS``, text).
    flattened
        Lines and polygons whose heights were left out.
    """

    new: list[dict[str, Any]]
    changed: list[tuple[RowMapping, dict[str, Any]]]
    same: int
    rejected: tuple[Rejection, ...]
    said: list[tuple[int, str, str]]
    flattened: int


WORDS = ("unplaced", "outside", "repaired", "second", "astray", "merged")
"""What a row may be besides new or changed; counts of a report have the same names."""

NOWHERE = "文件里没有认出经纬度（或坐标、WKT）列：新的场所都待落图，已有的位置不变"

MERGED = "这一处已并入另一处，本行不再更新；要改请先撤销合并"


def _is_merged(old: Mapping[Any, Any] | None) -> bool:
    return old is not None and old["merged_into"] is not None


@dataclass
class Sorter:
    """Sorts the rows of one file, on an open transaction; it remembers what came before.

    Attributes
    ----------
    villages_m
        Areas frame of the home level in metres, in the order of codes.
    premises
        Stored places by operator, columns ``identity.KNOWN``, merged ones too; empty where the
        kind tells none apart so.
    taken
        Codes in use, of such a kind.
    """

    conn: Connection
    actor: Actor
    asked: Asked
    villages_m: gpd.GeoDataFrame
    premises: pd.DataFrame
    taken: frozenset[str]
    met: identity.Met = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def sort(self, chunk: Chunk) -> Outcome:
        """Sort some rows; parts of a file come in its order, each once."""
        asked = self.asked
        taken = read.take(chunk, asked.reading, asked.codes, place_needed=False)
        changes.refuse_wrong_purpose(self.conn, taken.rows)
        found = self._located(taken.rows)
        found, unnamed = self._named(found)
        found, twice = read.split(found, read.refuse_twice(found["code"], self.seen))
        keys = found["code"].tolist()
        stored = {r["key"]: r for r in sites.load_stored(self.conn, asked.kind.slug, keys)}
        full = [self._filled(row, stored.get(row["key"])) for row in rows_of(asked.kind, found)]
        given, others = self._theirs(full, stored)
        gone = [row for row in given if _is_merged(stored.get(row["key"]))]
        rows = [row for row in given if not _is_merged(stored.get(row["key"]))]
        new, changed, same = changes.sort_out(stored, rows)
        rejected = changes.in_file_order(taken.rejected, unnamed, twice, others)
        said = [(row["source_row"], "merged", MERGED) for row in gone]
        said += self._said(found, rows, new)
        return Outcome(new, changed, same + len(gone), rejected, said, taken.flattened)

    def _located(self, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Add ``home``, the village's code, and ``named``, the one that the row names."""
        shapes_m = to_metres(rows[["geometry"]], self.villages_m.crs).geometry
        home = np.full(len(rows), None, dtype=object)
        placed = shapes_m.notna().to_numpy()
        home[placed] = apportion.home_codes(shapes_m[placed].to_numpy(), self.villages_m)
        codes = self.villages_m["code"].to_numpy(dtype=object)
        row = villages.recognise(rows["village"], codes.tolist(), self.villages_m["name"].tolist())
        named = np.append(codes, [None])[row]
        home[~placed] = named[~placed]
        return rows.assign(home=home, named=named, shape_m=shapes_m.to_numpy(dtype=object))

    def _named(self, rows: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, tuple[Rejection, ...]]:
        """Give each row its code, from what identifies its place where the file has none."""
        own = self.asked.kind.identity
        codes = rows["code"].to_numpy(dtype=object).copy()
        refused, away = (np.full(len(rows), None, dtype=object) for _ in range(2))
        if own.premises:
            blank = pd.isna(codes)
            codes[blank] = rows[own.premises].to_numpy(dtype=object)[blank]
        bare = pd.isna(codes)
        if not own.operator:
            refused[bare] = "编号必须填写"
        elif bare.any():
            found = self._by_operator(rows[bare], own.operator)
            codes[bare], refused[bare], away[bare] = found.keys, found.refused, found.elsewhere
        if own.operator:
            self._keep_operators_codes(rows, own.operator, codes)
        named = rows.assign(code=codes, away=away)
        named["name"] = named["name"].where(named["name"].notna(), named["code"])
        return read.split(named, refused.tolist())

    def _keep_operators_codes(self, rows: gpd.GeoDataFrame, operator: str, codes: Objects) -> None:
        """Know again what was stored by its operator's code, though the file has codes by now."""
        runs = self.premises["operator"].to_numpy(dtype=object)
        own = [str(key).partition("#")[0] for key in self.premises["key"]]
        stored = self.premises[np.array(own, dtype=object) == runs]
        fresh = np.array([code not in self.taken for code in codes], dtype=bool) & ~pd.isna(codes)
        if stored.empty or not fresh.any():
            return
        found = identity.keys_by_operator(
            rows[operator].to_numpy(dtype=object)[fresh],
            rows["shape_m"].to_numpy(dtype=object)[fresh],
            stored,
            {},
            "second",
        )
        known = [key in set(stored["key"]) for key in found.keys]
        codes[fresh] = np.where(known, found.keys, codes[fresh])

    def _by_operator(self, rows: gpd.GeoDataFrame, operator: str) -> identity.Keys:
        if self.asked.reading.source.count > MOST_WITHOUT_CODES:
            raise InvalidDataError(
                f"文件超过 {MOST_WITHOUT_CODES} 行而没有编号：请先在原系统里加上编号列"
            )
        return identity.keys_by_operator(
            rows[operator].to_numpy(dtype=object),
            rows["shape_m"].to_numpy(dtype=object),
            self.premises,
            self.met,
            self.asked.elsewhere,
            self.taken,
        )

    def _theirs(
        self, rows: Sequence[dict[str, Any]], stored: Mapping[str, RowMapping]
    ) -> tuple[list[dict[str, Any]], list[Rejection]]:
        """Tell the rows that the actor is in charge of from those that they are not."""
        taken, refused = [], []
        for row in rows:
            old = stored.get(row["key"])
            now_theirs = self.actor.in_charge(row["secrecy"], row["village"], row["industry"])
            if now_theirs and (old is None or self.actor.covers(old["village"], old["industry"])):
                taken.append(row)
            else:
                refused.append(Rejection(row["source_row"], access.NOT_YOURS))
        return taken, refused

    def _filled(self, row: dict[str, Any], old: RowMapping | None) -> dict[str, Any]:
        """Fill a row with what is stored and the file does not say, its position too."""
        kind = self.asked.kind
        groups = {
            "attrs": [field_.name for field_ in kind.open_fields],
            "personal": [field_.name for field_ in kind.personal_fields],
        }
        full = changes.keep_unsaid(row, old, self.asked.reading.given, COMMON, groups)
        if old is not None and row["geom"] is None:
            if old["geom"] is not None:
                full |= {name: old[name] for name in ("geom", "village", "elevation_m")}
            elif row["village"] is None:
                full["village"] = old["village"]  # the file does not say where
        return full

    def _said(
        self, found: gpd.GeoDataFrame, rows: Sequence[Mapping[str, Any]], new: Sequence[Any]
    ) -> Iterator[tuple[int, str, str]]:
        """Yield what should be known of the rows that were taken."""
        columns = {name: missing_to_none(found[name]) for name in ("home", "named", "away", "note")}
        told = (
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        )
        by_row = dict(zip(found["row"], told, strict=True))
        names = dict(zip(self.villages_m["code"], self.villages_m["name"], strict=True))
        fresh = {row["source_row"] for row in new}
        for row in rows:
            number, about = row["source_row"], by_row[row["source_row"]]
            if row["geom"] is None:
                where = names.get(row["village"])
                yield number, "unplaced", f"待落图：{where}" if where else "待落图，不知在哪个村"
            elif row["village"] is None:
                yield number, "outside", "不在任何村的范围内"
            if about["note"]:
                yield number, "repaired", about["note"]
            if about["away"] and number in fresh:
                known = f"一处 {about['away']}" if self.actor.reads_everything else "场所"
                yield number, "second", f"同一代码的单位已有{known}，这是另一处"
            if row["geom"] is not None and about["named"] and about["named"] != about["home"]:
                lies = names.get(about["home"], "各村之外")
                yield number, "astray", f"所填为{names[about['named']]}，位置在{lies}"


def sorter(conn: Connection, ws: Workspace, actor: Actor, asked: Asked) -> Sorter:
    """Make what sorts a file's rows against the register as a transaction sees it."""
    level = ws.home_level
    ground = areas.load(conn, level)
    villages_m = to_metres(ground, level.metric_crs)
    operator = asked.kind.identity.operator
    premises = pd.DataFrame(columns=list(identity.KNOWN), dtype=object)
    taken: frozenset[str] = frozenset()
    if operator:
        known = sites.load(conn, asked.kind, unplaced=True, merged=True)
        known_m = to_metres(known[["geometry"]], level.metric_crs).geometry
        taken = frozenset(known["key"])
        premises = pd.DataFrame(
            {
                "operator": known[operator].to_numpy(dtype=object),
                "key": known["key"].to_numpy(dtype=object),
                "geometry": known_m.to_numpy(dtype=object),
            }
        ).dropna(subset=["operator"])
    return Sorter(conn, actor, asked, villages_m, premises, taken)


COMMON = {
    "name": "name",
    "accuracy_m": "accuracy_m",
    "verified_on": "verified_on",
    "source": "source",
}
"""Columns of a row that are no passport's, and the field of the file that fills each."""


def rows_of(kind: SiteKind, places: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Turn the frame of a file into rows of the table ``site``."""
    attrs = _records(places, kind.open_fields)
    personal = _records(places, kind.personal_fields)
    names = ("code", "name", "home", "accuracy_m", "elevation_m", "verified_on", "source", "note")
    columns = {name: missing_to_none(places[name]) for name in (*names, "row", "synthetic")}
    unmapped = places["unmapped"].tolist()
    wkb = shapely.to_wkb(places.geometry.array, byte_order=1)
    return [
        {
            "kind": kind.slug,
            "key": columns["code"][i],
            "name": columns["name"][i],
            "village": columns["home"][i],
            "industry": kind.industry,
            "secrecy": kind.secrecy,
            "accuracy_m": columns["accuracy_m"][i],
            "elevation_m": columns["elevation_m"][i],
            "verified_on": changes.as_date(columns["verified_on"][i]),
            "source": columns["source"][i],
            "synthetic": columns["synthetic"][i] is True,
            "attrs": attrs[i],
            "personal": personal[i],
            "unmapped": unmapped[i],
            "geom": wkb[i],
            "note": columns["note"][i],
            "source_row": int(columns["row"][i]),
        }
        for i in range(len(places))
    ]


def _records(places: gpd.GeoDataFrame, fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """Return the known values of the fields, one dict per place."""
    columns = {field_.name: missing_to_none(places[field_.name]) for field_ in fields}
    return [
        {name: values[i] for name, values in columns.items() if values[i] is not None}
        for i in range(len(places))
    ]


@dataclass
class Tally:
    """Adds up the outcomes of a file's parts to its report."""

    target: str
    counts: dict[str, int] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    seen: Any = field(default_factory=hashlib.sha256)

    def add(self, outcome: Outcome) -> None:
        """Count one more part."""
        for old, _ in outcome.changed:
            self.seen.update(f"{old['id']}:{old['revision']};".encode())
        self._count("new", len(outcome.new))
        self._count("changed", len(outcome.changed))
        self._count("same", outcome.same)
        self._count("refused", len(outcome.rejected))
        self._count("flattened", outcome.flattened)
        for _, word, _ in outcome.said:
            self._count(word, 1)
        self.rejected += outcome.rejected[: changes.MOST_KEPT - len(self.rejected)]

    def report(self, reading: Reading) -> Report:
        """Return what was counted."""
        counts = dict(self.counts)
        flattened = read.flattened_note(counts.pop("flattened", 0))
        return Report(
            target=self.target,
            digest=self.seen.hexdigest(),
            rejected=tuple(self.rejected),
            unmapped=reading.unmapped,
            notes=(*reading.source.notes, *flattened, *(() if reading.has_places else (NOWHERE,))),
            **{name: counts.get(name, 0) for name in ("new", "changed", "same", "refused", *WORDS)},
        )

    def _count(self, name: str, more: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + more


Journal = Callable[[Outcome], None]
"""Told of the outcome of each part, in the file's order."""
