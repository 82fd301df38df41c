"""Earlier computations: the list of them, and one as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from gis.domain.rights import Actor
from gis.errors import NotFoundError
from gis.services import coarse
from gis.services.access import reading
from gis.storage import runs
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

    Who does not see every row gets whole points.

    Raises
    ------
    NotFoundError
        If there is no such computation.
    """
    with reading(ws, actor) as conn:
        run = find_run(conn, ws, number)
        rows = [row for row in runs.scores(conn, number) if row["sector"] == runs.ALL]
    return {**about(run), "areas": [_area(row, actor) for row in rows]}


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
        "classes": run["summary"].get("classes", {}),
    }


def classes_of(rows: Sequence[RowMapping]) -> dict[str, RowMapping]:
    """Return area code to its whole score."""
    return {row["code"]: row for row in rows if row["sector"] == runs.ALL}


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
