"""The card of one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson
import pandas as pd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import hazards as cases
from gis.domain import quality
from gis.domain.kinds import Field, SiteKind
from gis.domain.rights import Actor
from gis.errors import MergedError, NotFoundError
from gis.services.access import could_change, reading
from gis.services.charge import takes_point
from gis.services.describe import Register, describe_open
from gis.services.tell_records import tell_records
from gis.storage import areas, codes, frames, hazards, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace


def show_site(ws: Workspace, actor: Actor, site_id: int) -> dict[str, Any]:
    """Return what the card of a place says; nothing personal.

    Whoever is not in charge of a place gets its generalised card, where its kind has one.

    Returns
    -------
    Among the rest ``masked``, the titles of personal fields that are not shown, and
    ``may_unmask``, whether the actor may ask for them (``show_personal``); ``in_charge``,
    whether they may see its history (``show_history``); ``placed``, whether it has a position,
    and ``may_place``, whether they may give it one on the map (``place_site``).

    Raises
    ------
    NotFoundError
        If there is no such place, or the actor may not see it: the answer is the same.
    """
    with reading(ws, actor) as conn:
        about = describe_open(conn, ws)
        row, is_true, feature = find_shown(conn, actor, site_id)
        kind = ws.kind(row["kind"])
        if not is_true:
            return _generalised(kind, site_id, feature, about)
        home = areas.load_one(conn, ws.home_level.slug, row["village"] or "")
        titles = {f.codes: codes.titles(conn, f.codes) for f in kind.open_fields if f.codes}
        found = hazards.load(conn, of_site=site_id, reader=actor)
        told = tell_records(conn, ws, kind.slug, site_id)
    return {
        **_head(kind, site_id, about),
        "name": row["name"],
        "code": row["key"],
        "village": {"code": home["code"], "name": home["name"]} if home else None,
        "fields": _fields(kind.open_fields, row["attrs"], titles),
        "records": told,
        "masked": [field.title.zh for field in kind.personal_fields],
        "may_unmask": may_unmask(actor, row) and bool(kind.personal_fields),
        "in_charge": actor.in_charge(row["secrecy"], row["village"], row["industry"]),
        "may_place": _may_place(actor, kind, row),
        "placed": row["geom"] is not None,
        "source": row["source"],
        "verified_on": row["verified_on"].isoformat() if row["verified_on"] else None,
        "accuracy_m": row["accuracy_m"],
        "quality": _quality(kind, row, about.as_of),
        "open_hazards": _open_hazards(found, about.as_of),
        "generalised": False,
        "synthetic": row["synthetic"],
    }


def find_shown(conn: Connection, actor: Actor, site_id: int) -> tuple[RowMapping, bool, str]:
    """Return a place, whether the actor may see it as it is, and the text that they may see.

    Raises
    ------
    MergedError
        If it was merged into a place that they may see.
    NotFoundError
        If there is no such place, or they may see nothing of it.
    """
    shown = sites.load_shown(conn, actor, site_id)
    row = sites.load_one(conn, site_id)
    if shown is None or row is None:
        _refuse_merged(conn, actor, row)
        raise NotFoundError(f"没有编号为 {site_id} 的场所")
    return row, *shown


def _refuse_merged(conn: Connection, actor: Actor, row: RowMapping | None) -> None:
    into = row["merged_into"] if row else None
    if into is not None and sites.load_shown(conn, actor, into):
        raise MergedError(f"这个场所已并入场所 {into}：请看那一个", site_id=into)


def may_unmask(actor: Actor, row: Mapping[Any, Any]) -> bool:
    """Tell whether an actor may see the personal fields of a place: only those in charge of it."""
    return actor.powers.personal and actor.in_charge(
        row["secrecy"], row["village"], row["industry"]
    )


def _may_place(actor: Actor, kind: SiteKind, row: RowMapping) -> bool:
    """Tell whether an actor may give a place another point, or its first."""
    theirs = actor.in_charge(row["secrecy"], row["village"], row["industry"])
    return theirs and could_change(actor, kind) and takes_point(kind, row["geom"])


def _head(kind: SiteKind, site_id: int, about: Register) -> dict[str, Any]:
    return {
        "id": site_id,
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
        "notice": "；".join(notice.zh for notice in about.notices),
        "as_of": about.as_of.isoformat(),
    }


def _generalised(kind: SiteKind, site_id: int, feature: str, about: Register) -> dict[str, Any]:
    """Return the card of a place that somebody else is in charge of: what its feature says."""
    told = orjson.loads(feature)["properties"]
    fields = tuple(field for field in kind.open_fields if field.name in told)
    return {
        **_head(kind, site_id, about),
        "name": told["name"],
        "code": None,
        "village": None,
        "fields": _fields(fields, told, {}),
        "records": [],
        "masked": [],
        "may_unmask": False,
        "in_charge": False,
        "may_place": False,
        "placed": True,
        "source": None,
        "verified_on": None,
        "accuracy_m": told["accuracy_m"],
        "quality": None,
        "open_hazards": [],
        "generalised": True,
        "synthetic": told["synthetic"],
    }


def _fields(
    fields: tuple[Field, ...], attrs: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name,
            "title": field.title.zh,
            "title_en": field.title.en,
            "value": _value(field, attrs.get(field.name), titles),
            "unit": field.unit,
        }
        for field in fields
    ]


def _value(field: Field, value: Any, titles: Mapping[str, Mapping[str, str]]) -> Any:
    return titles.get(field.codes, {}).get(value, value) if field.codes else value


def _quality(kind: SiteKind, row: RowMapping, as_of: dt.date) -> dict[str, Any]:
    """Return how good the record is: grade, fields that are missing, days, position."""
    place = frames.places([row], kind.open_fields, plain=sites.PLAIN)
    judged = quality.assess(place, kind, as_of)[QUALITY_FACTS]
    found = {str(name): missing_to_none(column)[0] for name, column in judged.items()}
    missing = [kind.field(name).title for name in found["missing"].split()]
    titles = [{"title": title.zh, "title_en": title.en} for title in missing]
    return {**found, "missing": titles, "verify_days": kind.verify_days}


QUALITY_FACTS = [
    "grade",
    "fields",
    "filled",
    "missing",
    "days_since_verified",
    "overdue_days",
    "freshness",
    "position",
]


def _open_hazards(found: pd.DataFrame, as_of: dt.date) -> list[dict[str, Any]]:
    days = cases.overdue_days(found, as_of)
    now_open = cases.is_open(found)
    columns = ["code", "title", "level", "state", "found_on", "due_on"]
    listed = found.loc[now_open, columns].assign(overdue_days=days[now_open])
    listed = listed.sort_values(["overdue_days", "code"], ascending=[False, True])
    return [{str(name): value for name, value in row.items()} for row in listed.to_dict("records")]
