"""Earlier computations: the list of them, and one as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from gis.domain import days
from gis.domain.kinds import Title
from gis.domain.rights import Actor
from gis.domain.risk import registry
from gis.domain.risk.index import CLASS_NAMES_ZH
from gis.errors import NotFoundError
from gis.services import coarse
from gis.services.access import reading
from gis.services.edit_parameters import of_version
from gis.storage import runs, sites
from gis.workspace import Workspace

MOST = 50
"""Computations listed at once."""


def list_runs(ws: Workspace, actor: Actor, *, before: int | None = None) -> list[dict[str, Any]]:
    """Return computations of the home level, the newest first; those before a number, if given."""
    with reading(ws, actor) as conn:
        found = runs.load_all(conn, runs.RISK, ws.home_level.slug, limit=MOST, before=before)
        return [about(row) for row in found]


def show_run(ws: Workspace, actor: Actor, number: int) -> dict[str, Any]:
    """Return a computation with the score and class of every area, as it was.

    ``parameters`` are the version of what the office set, its author, day and reason; all None
    where nothing was set. Who does not see every row gets whole points, and neither ``doubts``
    (what would lessen the doubt most, which tells where places lie) nor ``drops``
    (``stability.sector_drops``), which weigh all rows.

    Raises
    ------
    NotFoundError
        If there is no such computation.
    """
    with reading(ws, actor) as conn:
        run = find_run(conn, ws, number)
        rows = [row for row in runs.scores(conn, number) if row["sector"] == runs.ALL]
        places = {entry["site"] for entry in run["doubts"]} - {None}
        seen = sites.names(conn, places, actor)
        set_here = of_version(conn, run["parameter_set"])
    return {
        **about(run),
        "parameters": set_here.as_json(),
        "areas": [_area(row, actor) for row in rows],
        "doubts": [_doubt(entry, seen) for entry in run["doubts"] if actor.reads_everything],
        "drops": [_drop(row) for row in run["summary"].get("drops", ()) if actor.reads_everything],
    }


def find_earlier(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Find what the newest computation is to be compared with.

    Returns
    -------
    ``newest`` (``about``; None before the first) and ``earlier``, one entry per ``name`` of
    ``days.earlier`` with its ``day`` and ``run``, the last computation whose data reach up to that
    day; None where there is none.
    """
    with reading(ws, actor) as conn:
        level = ws.home_level.slug
        newest = runs.latest(conn, runs.RISK, level)
        if newest is None:
            return {"newest": None, "earlier": []}
        found = [
            (name, day, runs.latest(conn, runs.RISK, level, upto=day))
            for name, day in days.earlier(newest["as_of"]).items()
        ]
    return {
        "newest": about(newest),
        "earlier": [
            {"name": name, "day": day.isoformat(), "run": run and run["id"]}
            for name, day, run in found
        ],
    }


def find_run(conn: Connection, ws: Workspace, number: int) -> RowMapping:
    """Return a computation of the home level; NotFoundError if there is none."""
    run = runs.load_one(conn, number)
    if run is None or run["level"] != ws.home_level.slug:
        raise NotFoundError(f"没有第 {number} 次风险计算")
    return run


def about(run: RowMapping) -> dict[str, Any]:
    """Return what a computation says of itself: all that makes it repeatable, and its summary."""
    return {
        "id": run["id"],
        "at": run["at"].isoformat(),
        "actor": run["actor"],
        "as_of": run["as_of"].isoformat(),
        "revision": run["revision"],
        "seed": run["seed"],
        "method_version": run["method_version"],
        "code_version": run["code_version"],
        "parameter_set": run["parameter_set"],
        "classes": counts(run["summary"].get("classes", {})),
    }


def counts(by_name: Mapping[str, int]) -> list[dict[str, int | None]]:
    """Return how many areas have each class, the highest first, those without data last."""
    named = [*enumerate(CLASS_NAMES_ZH, start=1)][::-1]
    found: list[dict[str, int | None]] = [
        {"class": number, "count": by_name.get(name, 0)} for number, name in named
    ]
    return [*found, {"class": None, "count": by_name.get("无数据", 0)}]


def classes_of(rows: Sequence[RowMapping]) -> dict[str, RowMapping]:
    """Return area code to its whole score."""
    return {row["code"]: row for row in rows if row["sector"] == runs.ALL}


def _drop(row: Mapping[str, Any]) -> dict[str, Any]:
    model = next((m for m in registry.models() if m.sector == row["sector"]), None)
    title = Title(row["sector"], row["sector"]) if model is None else model.title
    return {**row, "title": title.zh, "title_en": title.en}


def _doubt(entry: Mapping[str, Any], seen: Mapping[int, RowMapping]) -> dict[str, Any]:
    place = seen[entry["site"]]["name"] if entry["site"] in seen else None
    return {**entry, "place": place}


def _area(row: RowMapping, actor: Actor) -> dict[str, Any]:
    score = row["score"] if actor.reads_everything else coarse.whole(row["score"])
    return {
        "code": row["code"],
        "name": row["name"],
        "score": score,
        "class": row["shown_class"],
        "index_class": row["index_class"],
        "floor": row["floor"],
        "reason": row["reason"],
        "data_quality": row["quality"].get("grade"),
    }
