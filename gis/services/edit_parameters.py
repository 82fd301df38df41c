"""The constants in force, and new versions of what an office sets otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from gis.domain.rights import Actor
from gis.domain.risk import parameters
from gis.domain.risk.constants import Constants, Method
from gis.errors import InvalidDataError
from gis.files.methods import load_methods
from gis.services import access, clock
from gis.storage import parameters as stored
from gis.workspace import DATA, Workspace

LEAST_REASON = 4
"""Characters of a reason: why a number was changed must be said."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The constants in force, and which version of the office's values is in them.

    Attributes
    ----------
    methods
        Slug to method, an office's values in place of the software's own.
    version
        Number of the version; None: nothing was set.
    actor, at
        Who set it and when (ISO); None where nothing was.
    """

    methods: Mapping[str, Method]
    version: int | None = None
    actor: str | None = None
    at: str | None = None

    @property
    def values(self) -> dict[str, Constants]:
        """Method to its values: what an assessment takes."""
        return {slug: method.values for slug, method in self.methods.items()}


def in_force(conn: Connection) -> InForce:
    """Return the constants that a computation starts from now."""
    return _version(stored.latest(conn))


def of_version(conn: Connection, number: int | None) -> InForce:
    """Return the constants with an earlier version of the office's values; None: with none."""
    return _version(stored.load_one(conn, number))


def show_parameters(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Return the constants in force, what the software comes with, and every version.

    Returns
    -------
    ``now`` (``InForce``), ``own`` (slug to method) and ``versions`` (newest first: number, at,
    actor, reason, values).
    """
    with access.reading(ws, actor) as conn:
        versions = stored.load_all(conn)
        return {
            "now": _version(versions[0] if versions else None),
            "own": load_methods(DATA / "methods"),
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
        If a value cannot be, nothing is changed, no reason is given, or somebody else made a
        version meanwhile.
    """
    access.require_administrator(actor)
    if len(reason.strip()) < LEAST_REASON:
        raise InvalidDataError("请写明为什么修改参数（至少四个字）")
    own = load_methods(DATA / "methods")
    parameters.check(own, values)
    kept = parameters.differing(own, values)
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


def _version(row: RowMapping | None) -> InForce:
    own = load_methods(DATA / "methods")
    if row is None:
        return InForce(own)
    methods = parameters.changed(own, row["values"])
    return InForce(methods, row["id"], row["actor"], row["at"].isoformat())
