"""How a place came to be what it is: its versions, and the file, row and person of every value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from gis.domain import history
from gis.domain.audit import ACTIONS
from gis.domain.history import Difference
from gis.domain.kinds import Field, SiteKind, Title
from gis.domain.rights import Actor
from gis.services.access import could_change, reading
from gis.services.charge import find_in_charge
from gis.services.describe import describe_open
from gis.storage import areas, codes, sites, versions
from gis.workspace import Workspace

Merged = Mapping[int, Sequence[RowMapping]]
"""Revision of a merge to the versions, until then, of the place that was merged."""

CHANGES: Mapping[str, str] = {
    "insert": "新增",
    "update": "更新",
    **{word: ACTIONS[word] for word in ("place", "restore", "merge", "unmerge")},
}
"""What a version is called."""

PLAIN = (
    Field("name", "text", Title("名称", "Name")),
    Field("village", "text", Title("所在村", "Village")),
    Field(history.GEOMETRY, "text", Title("位置", "Position")),
    Field("accuracy_m", "number", Title("定位精度", "Positional accuracy"), unit="m"),
    Field("elevation_m", "number", Title("高程", "Elevation"), unit="m"),
    Field("verified_on", "date", Title("核实日期", "Verified on")),
    Field("source", "text", Title("来源", "Source")),
    Field("valid_to", "date", Title("停止日期", "Valid until")),
    Field("merged_into", "text", Title("并入", "Merged into")),
)
"""The columns whose history is told."""


def show_history(ws: Workspace, actor: Actor, site_id: int) -> dict[str, Any]:
    """Return the history of a place, for those in charge of it; no personal value is in it.

    Returns
    -------
    ``versions``, newest first: ``id``, ``number`` (1, 2, 3 ... from the first), ``at`` (ISO, UTC),
    ``actor``, ``change`` and its ``change_title``, ``file`` and ``row`` (None: not from a file),
    ``note``, ``other`` (id of the place that was merged into this one then), ``differences`` from
    the version before, and ``same``: whether restoring it would change nothing.
    ``origins``: for each value that is known now its title and value, and ``number``, ``at``,
    ``actor``, ``file`` and ``row`` of the version that brought it; ``of`` is the id of another
    place where that came by a merge. Of a personal field no value is told (``personal``).

    Raises
    ------
    NotFoundError
        If there is no such place, or the actor may not see it as it is.
    ForbiddenError
        If they may see it and are not in charge of it.
    """
    with reading(ws, actor) as conn:
        about = describe_open(conn, ws)
        row = find_in_charge(conn, actor, site_id)
        kind = ws.kind(row["kind"])
        words = words_of(conn, ws, kind)
        found = versions.load(conn, site_id)
        merged = _merged(conn, site_id, found)
        since = sites.load_personal_since(conn, {site_id} | _ids(merged))
    return {
        "id": site_id,
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
        "name": row["name"],
        "code": row["key"],
        "village": words.value("village", row["village"]),
        "merged_into": row["merged_into"],
        "may_change": could_change(actor, kind) and row["merged_into"] is None,
        "as_of": about.as_of.isoformat(),
        "notice": "；".join(notice.zh for notice in about.notices),
        "versions": _versions(kind, words, found, merged)[::-1],
        "origins": [
            *_origins(words, found, merged),
            *_personal_origins(kind, site_id, found, merged, since),
        ],
    }


@dataclass(frozen=True, slots=True)
class Words:
    """What fields and their values are called."""

    fields: Mapping[str, Field]
    codes: Mapping[str, Mapping[str, str]]
    villages: Mapping[str, str]

    def value(self, name: str, value: Any) -> Any:
        """Return a value as it is shown."""
        field = self.fields.get(name)
        if name == "village":
            return self.villages.get(value, value)
        if name == "merged_into" and value is not None:
            return f"场所 {value}"
        if field is not None and field.codes:
            return self.codes[field.codes].get(value, value)
        return value.isoformat() if isinstance(value, dt.date) else value

    def field(self, name: str) -> dict[str, Any]:
        """Return name, titles and unit of a field; one the passport no longer has is its name."""
        field = self.fields.get(name)
        return {
            "name": name,
            "title": field.title.zh if field else name,
            "title_en": field.title.en if field else name,
            "unit": field.unit if field else None,
        }

    def told(self, differences: Iterable[Difference]) -> list[dict[str, Any]]:
        """Return what changed: as ``field``, with ``old`` and ``new``, or ``said`` in words."""
        return [
            {
                **self.field(one.field),
                "old": None if one.said else self.value(one.field, one.old),
                "new": None if one.said else self.value(one.field, one.new),
                "said": one.said,
            }
            for one in differences
        ]


def words_of(conn: Connection, ws: Workspace, kind: SiteKind) -> Words:
    """Return what the fields of a kind are called; its personal fields are not among them."""
    fields = {field.name: field for field in (*PLAIN, *kind.open_fields)}
    tables = {field.codes for field in fields.values() if field.codes}
    return Words(
        fields,
        {table: codes.titles(conn, table) for table in tables},
        areas.names(conn, ws.home_level.slug),
    )


def _merged(conn: Connection, site_id: int, found: Sequence[RowMapping]) -> Merged:
    revisions = {row["revision"] for row in found if row["change"] == history.MERGE}
    return versions.load_merged(conn, site_id, revisions) if revisions else {}


def _ids(merged: Merged) -> set[int]:
    return {row["site"] for rows in merged.values() for row in rows}


def _versions(
    kind: SiteKind, words: Words, found: Sequence[RowMapping], merged: Merged
) -> list[dict[str, Any]]:
    names = [field.name for field in kind.open_fields]
    now = history.restorable(found[-1], names)
    return [
        {
            "id": row["id"],
            "number": number,
            **_from(row),
            "change": row["change"],
            "change_title": CHANGES.get(row["change"], row["change"]),
            "note": row["note"],
            "other": next((old["site"] for old in merged.get(row["revision"], ())), None),
            "differences": words.told(history.differences(before, row)),
            "same": history.restorable(row, names) == now,
        }
        for number, (before, row) in enumerate(zip([None, *found], found, strict=False), 1)
    ]


def _from(row: RowMapping) -> dict[str, Any]:
    """Return when, by whom and from which row of which file a version is.

    A file of boundaries moves places; its rows are not theirs.
    """
    own = row["target"] == row["kind"]
    return {
        "at": row["known_from"].isoformat(),
        "actor": row["actor"],
        "file": row["file_name"],
        "row": row["source_row"] if own else None,
    }


def _origins(words: Words, found: Sequence[RowMapping], merged: Merged) -> list[dict[str, Any]]:
    brought = history.traced(found, merged)
    numbers = {row["id"]: number for number, row in enumerate(found, 1)}
    values = history.facts(found[-1])
    known = [name for name in words.fields if name in values and name != "merged_into"]
    return [
        {
            **words.field(name),
            "personal": False,
            "value": None if name == history.GEOMETRY else words.value(name, values[name]),
            **_origin(brought[name], numbers),
        }
        for name in known
    ]


def _personal_origins(
    kind: SiteKind,
    site_id: int,
    found: Sequence[RowMapping],
    merged: Merged,
    since: Mapping[int, Mapping[str, int]],
) -> list[dict[str, Any]]:
    """Return where the personal fields are from, without what they hold."""
    numbers = {row["id"]: number for number, row in enumerate(found, 1)}
    own = {row["revision"]: row for row in found}
    origins = []
    for field in kind.personal_fields:
        if (revision := since.get(site_id, {}).get(field.name)) is None:
            continue
        row = own.get(revision)
        if others := merged.get(revision):
            theirs = since.get(others[0]["site"], {}).get(field.name)
            row = next((other for other in others if other["revision"] == theirs), row)
        titles = {"title": field.title.zh, "title_en": field.title.en, "unit": None}
        said = {"name": field.name, **titles, "personal": True, "value": None}
        origins.append({**said, **(_origin(row, numbers) if row else NOWHERE)})
    return origins


NOWHERE: Mapping[str, Any] = dict.fromkeys(("at", "actor", "file", "row", "number", "of"))
"""Where a value is from that is older than all that was written down."""


def _origin(row: Mapping[Any, Any], numbers: Mapping[int, int]) -> dict[str, Any]:
    number = numbers.get(row["id"])
    return {
        **_from(row),  # type: ignore[arg-type]  # a mapping, as a row is
        "number": number,
        "of": row["site"] if number is None else None,
    }
