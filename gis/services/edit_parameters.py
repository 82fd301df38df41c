"""The constants in force, and new versions of what an office sets otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from gis.domain.rights import Actor
from gis.domain.risk import parameters
from gis.domain.risk.assess import assess
from gis.domain.risk.constants import Constants, Method
from gis.errors import InvalidDataError
from gis.files.methods import load_methods
from gis.services import access, clock
from gis.services.take_snapshot import take_snapshot
from gis.storage import areas, register
from gis.storage import parameters as stored
from gis.workspace import DATA, Workspace

LEAST_REASON = 4
"""Characters of a reason: why a number was changed must be said."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The constants in force, and which version of the office's values is in them.

    Attributes
    ----------
    methods
        Slug to method, an office's values in place of the software's own.
    version
        Number of the version; None: nothing was set.
    actor, at, reason
        Who set it, when (ISO) and why; None where nothing was.
    """

    methods: Mapping[str, Method]
    version: int | None = None
    actor: str | None = None
    at: str | None = None
    reason: str | None = None

    @property
    def values(self) -> dict[str, Constants]:
        """Method to its values: what an assessment takes."""
        return {slug: method.values for slug, method in self.methods.items()}

    def as_json(self) -> dict[str, Any]:
        """Return which version it is, by whom, when and why."""
        return {
            "version": self.version,
            "author": self.actor,
            "at": self.at,
            "reason": self.reason,
        }


def in_force(conn: Connection) -> Standing:
    """Return the constants that a computation starts from now."""
    return _version(stored.latest(conn))


def of_version(conn: Connection, number: int | None) -> Standing:
    """Return the constants with an earlier version of the office's values; None: with none."""
    return _version(stored.load_one(conn, number))


def show_parameters(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Return the constants in force, what the software comes with, and every version.

    Returns
    -------
    ``now`` (``Standing``), ``own`` (slug to method) and ``versions`` (newest first: number, at,
    actor, reason, values).
    """
    with access.reading(ws, actor) as conn:
        versions = stored.load_all(conn)
        return {
            "now": _version(versions[0] if versions else None),
            "own": _own(),
            "versions": [dict(row) for row in versions],
        }


def save_parameters(
    ws: Workspace, actor: Actor, values: parameters.Values, *, reason: str, based_on: int | None
) -> int:
    """Make a new version of what the office sets; the next computation uses it.

    Parameters
    ----------
    values
        Method to constant to value: all that is to be otherwise than the software has it. What is
        not named goes back to the software's own.
    reason
        Why; it stands beside the version.
    based_on
        Number of the version that the values were made from; None: from none.

    Returns
    -------
    Number of the version.

    Raises
    ------
    ForbiddenError
        If the actor is no administrator.
    InvalidDataError
        If a value cannot be, the risk of what is registered cannot be computed with it, nothing is
        changed, no reason is given, or somebody else made a version meanwhile.
    """
    access.require_administrator(actor)
    if len(reason.strip()) < LEAST_REASON:
        raise InvalidDataError("请写明为什么修改参数（至少四个字）")
    own = _own()
    parameters.check(own, values)
    kept = parameters.differing(own, values)
    _try_out(ws, actor, parameters.changed(own, kept))
    with access.writing(ws) as conn:
        newest = stored.latest(conn)
        if (newest["id"] if newest else None) != based_on:
            raise InvalidDataError("别人刚刚改过参数：请重新打开页面，看过新的一版再改")
        if (newest["values"] if newest else {}) == kept:
            raise InvalidDataError("没有改动")
        number = stored.save(
            conn, at=clock.now(), actor=actor.name, reason=reason.strip(), values=kept
        )
        access.log(conn, actor, "parameters", version=number, why=reason.strip())
        return number


def _try_out(ws: Workspace, actor: Actor, methods: Mapping[str, Method]) -> None:
    """Compute with the constants, and keep nothing: what fails now would fail at the next run."""
    with access.reading(ws, actor) as conn:
        ground = areas.load(conn, ws.home_level)
        if ground.empty:
            return
        snapshot = take_snapshot(conn, ws, ground, clock.today(register.load(conn)))
    try:
        found = assess(snapshot, {slug: method.values for slug, method in methods.items()})
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise InvalidDataError(f"用这些参数算不出风险：{error}。没有保存") from error
    scores = found.result.scores["R"].dropna()
    if not scores.between(0, 100).all():
        raise InvalidDataError("用这些参数得出的分数不在 0 至 100 之间。没有保存")


@cache
def _own() -> dict[str, Method]:
    """Return the constants that come with the software: its files do not change while it runs."""
    return load_methods(DATA / "methods")


def _version(row: RowMapping | None) -> Standing:
    own = _own()
    if row is None:
        return Standing(own)
    methods = parameters.changed(own, row["values"])
    return Standing(methods, row["id"], row["actor"], row["at"].isoformat(), row["reason"])
