"""What a leader asks first: the worst villages, major hazards, devices that are down."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from sqlalchemy.engine import Connection

from gis.domain import hazards as cases
from gis.domain.kinds import SiteKind, Watch
from gis.domain.rights import CASES, Actor
from gis.services import coarse
from gis.services.access import reading
from gis.services.describe import describe_open
from gis.storage import areas, hazards, runs, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

WORST = 3


def summarise(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Return what stands below the map.

    Returns
    -------
    ``computed``: whether there is a run at all.
    ``worst``: up to three areas with class and reason, the highest class first, then score;
    an area whose score is unknown is not among them but counted in ``unknown``.
    ``sees_cases``: whether the actor may see hazard cases at all.
    ``open_major``, ``overdue_major``: cases with code, title, village, due date and days.
    ``wholes``: the areas around the scored ones: level, code, name.
    ``monitors``: per watched kind, ``online``, ``total`` and ``down`` (id, name, since).
    """
    with reading(ws, actor) as conn:
        as_of = describe_open(conn, ws).as_of
        names = areas.load(conn, ws.home_level)[["area", "code", "name"]]
        places = sites.load_positions(conn, reader=actor)
        major = _major(cases.seen(hazards.load(conn, reader=actor), places), names, as_of)
        return {
            **_worst(conn, names, actor),
            "wholes": [
                {"level": level.slug, "code": code, "name": name}
                for level in ws.levels.values()
                if not level.scored
                for code, name in areas.names(conn, level.slug).items()
            ],
            "sees_cases": CASES in actor.cleared,
            "open_major": major,
            "overdue_major": [case for case in major if case["overdue_days"] > 0],
            "monitors": [
                _monitors(conn, kind, kind.watch, actor)
                for kind in ws.kinds.values()
                if kind.watch and actor.may_read_kind(kind.secrecy, kind.industry)
            ],
            "as_of": as_of.isoformat(),
        }


def _worst(conn: Connection, names: pd.DataFrame, actor: Actor) -> dict[str, Any]:
    run = runs.latest(conn, runs.RISK)
    if run is None:
        return {"computed": False, "worst": [], "unknown": len(names)}
    rows = [row for row in runs.scores(conn, run["id"]) if row["sector"] == runs.ALL]
    known = [row for row in rows if row["shown_class"] is not None]
    known.sort(key=lambda row: (-row["shown_class"], -row["score"]))
    worst = [
        {
            "code": row["code"],
            "name": row["name"],
            "class": row["shown_class"],
            "score": row["score"] if actor.reads_everything else coarse.whole(row["score"]),
            "reason": row["reason"],
        }
        for row in known[:WORST]
    ]
    return {"computed": True, "worst": worst, "unknown": len(rows) - len(known)}


def _major(found: pd.DataFrame, names: pd.DataFrame, as_of: dt.date) -> list[dict[str, Any]]:
    called = dict(zip(names["code"], names["name"], strict=True))
    days = cases.overdue_days(found, as_of)
    chosen = cases.is_open(found) & (found["level"] == cases.MAJOR)
    listed = found.loc[chosen, ["id", "code", "title", "village", "state", "due_on", "site"]]
    listed = listed.assign(overdue_days=days[chosen])
    listed = listed.sort_values(["overdue_days", "due_on", "code"], ascending=[False, True, True])
    return [
        {
            **{str(name): value for name, value in row.items()},
            "site": None if pd.isna(row["site"]) else int(row["site"]),
            "village_name": called.get(row["village"]),
        }
        for row in listed.to_dict("records")
    ]


def _monitors(conn: Connection, kind: SiteKind, watch: Watch, actor: Actor) -> dict[str, Any]:
    found = sites.load(conn, kind, reader=actor)
    if watch.planned is not None:
        found = found[found[watch.field] != watch.planned]
    down = found[found[watch.field] != watch.online]
    since = missing_to_none(down[watch.since])
    return {
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
        "online": len(found) - len(down),
        "total": len(found),
        "down": [
            {"id": int(id_), "name": name, "state": state, "since": day}
            for id_, name, state, day in zip(
                down["id"], down["name"], missing_to_none(down[watch.field]), since, strict=True
            )
        ],
    }
