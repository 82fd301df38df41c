"""Scenarios worth keeping: with a name, as they came out, to be tried again or thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import RowMapping

from gis.domain.rights import Actor
from gis.errors import InvalidDataError, NotFoundError
from gis.services import access, clock
from gis.services.try_scenario import Change, try_scenario
from gis.storage import runs, scenarios, sites
from gis.workspace import Workspace

WHAT = "推演设想"
LONGEST_NAME = 80
"""Characters of a name."""


def keep_scenario(ws: Workspace, actor: Actor, name: str, changes: Sequence[Change]) -> int:
    """Try a scenario and keep it, with how it came out; return its number.

    Raises
    ------
    ForbiddenError
        If the actor is not in charge of the whole town.
    InvalidDataError
        If it has no name or no change, a change cannot be, or nothing was computed yet.
    """
    access.require_governor(actor, WHAT)
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise InvalidDataError(f"请给设想起一个名称（不超过 {LONGEST_NAME} 字）")
    if not changes:
        raise InvalidDataError("设想里还没有改动")
    found = try_scenario(ws, actor, changes)
    with access.writing(ws) as conn:
        run = runs.latest(conn, runs.RISK, ws.home_level.slug)
        if run is None:
            raise InvalidDataError("还没有计算过风险，无从比较")
        number = scenarios.save(
            conn,
            name=name.strip(),
            account=actor.account,
            actor=actor.name,
            at=clock.now(),
            run=run["id"],
            changes=changes,
            result=found,
        )
        access.log(conn, actor, "scenario_keep", number=number, name=name.strip())
    return number


def list_scenarios(ws: Workspace, actor: Actor) -> list[dict[str, Any]]:
    """Return the scenarios kept, the newest first: number, name, whose, when, how many changes."""
    access.require_every_row(actor, WHAT)
    with access.reading(ws, actor) as conn:
        return [{**_about(row), "changes": len(row["changes"])} for row in scenarios.load_all(conn)]


def show_scenario(ws: Workspace, actor: Actor, number: int) -> dict[str, Any]:
    """Return a scenario: its changes, how it came out (``result``), and how it would now.

    ``now`` is None where it can no longer be tried, for example because a place of it is gone;
    ``problem`` says why.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    access.require_every_row(actor, WHAT)
    with access.reading(ws, actor) as conn:
        row = _find(scenarios.load_one(conn, number), number)
    told = {**_about(row), "changes": row["changes"], "result": row["result"]}
    try:
        return {**told, "now": try_scenario(ws, actor, row["changes"]), "problem": None}
    except InvalidDataError as error:
        return {**told, "now": None, "problem": str(error)}


def throw_away(ws: Workspace, actor: Actor, number: int) -> None:
    """Throw a scenario away; NotFoundError if there is none."""
    access.require_governor(actor, WHAT)
    with access.writing(ws) as conn:
        row = _find(scenarios.load_one(conn, number), number)
        scenarios.delete(conn, number)
        access.log(conn, actor, "scenario_discard", number=number, name=row["name"])


def named(ws: Workspace, actor: Actor, changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return changes with the name (``place``) and kind (``of``) of the place each is about."""
    asked = {change["site"] for change in changes if isinstance(change.get("site"), int)}
    with access.reading(ws, actor) as conn:
        found = sites.names(conn, asked, actor)
    about = {id_: {"place": row["name"], "of": row["kind"]} for id_, row in found.items()}
    return [{**change, **about.get(change.get("site", 0), {})} for change in changes]


def _find(row: RowMapping | None, number: int) -> RowMapping:
    if row is None:
        raise NotFoundError(f"没有第 {number} 号设想")
    return row


def _about(row: RowMapping) -> dict[str, Any]:
    return {
        "number": row["id"],
        "name": row["name"],
        "actor": row["actor"],
        "at": row["at"].isoformat(),
        "run": row["run"],
    }
