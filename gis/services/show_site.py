"""The card of one place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from gis.domain import hazards as cases
from gis.domain.kinds import Field, SiteKind
from gis.domain.rights import AUDIENCE_OF_SECRECY, Actor
from gis.errors import NotFoundError
from gis.services.describe import describe_open
from gis.storage import areas, codes, dialect, hazards, sites
from gis.workspace import Workspace


def show_site(ws: Workspace, actor: Actor, site_id: int) -> dict[str, Any]:
    """Return what the card of a place says; nothing personal.

    Raises
    ------
    NotFoundError
        If there is no such place, or the actor may not see it: the answer is the same.
    """
    with dialect.reading(ws.engine) as conn:
        about = describe_open(conn, ws)
        row = sites.load_one(conn, site_id)
        if row is None or AUDIENCE_OF_SECRECY[row["secrecy"]] not in actor.audiences:
            raise NotFoundError(f"没有编号为 {site_id} 的场所")
        kind = ws.kind(row["kind"])
        home = areas.load_one(conn, ws.home_level.slug, row["village"] or "")
        titles = {f.codes: codes.titles(conn, f.codes) for f in kind.open_fields if f.codes}
        found = hazards.load(conn, of_site=site_id)
    return {
        "id": site_id,
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
        "name": row["name"],
        "code": row["key"],
        "village": {"code": home["code"], "name": home["name"]} if home else None,
        "fields": _fields(kind, row["attrs"], titles),
        "masked": [field.title.zh for field in kind.personal_fields],
        "source": row["source"],
        "verified_on": row["verified_on"].isoformat() if row["verified_on"] else None,
        "accuracy_m": row["accuracy_m"],
        "open_hazards": _open_hazards(found, about.as_of),
        "synthetic": row["synthetic"],
        "notice": "；".join(notice.zh for notice in about.notices),
        "as_of": about.as_of.isoformat(),
    }


def _fields(
    kind: SiteKind, attrs: dict[str, Any], titles: dict[str, dict[str, str]]
) -> list[dict[str, Any]]:
    return [
        {
            "name": field.name,
            "title": field.title.zh,
            "title_en": field.title.en,
            "value": _value(field, attrs.get(field.name), titles),
            "unit": field.unit,
        }
        for field in kind.open_fields
    ]


def _value(field: Field, value: Any, titles: dict[str, dict[str, str]]) -> Any:
    return titles[field.codes].get(value, value) if field.codes else value


def _open_hazards(found: pd.DataFrame, as_of: dt.date) -> list[dict[str, Any]]:
    days = cases.overdue_days(found, as_of)
    now_open = cases.is_open(found)
    columns = ["code", "title", "level", "state", "found_on", "due_on"]
    listed = found.loc[now_open, columns].assign(overdue_days=days[now_open])
    listed = listed.sort_values(["overdue_days", "code"], ascending=[False, True])
    return [{str(name): value for name, value in row.items()} for row in listed.to_dict("records")]
