"""Who may see which rows, as conditions: the one predicate of list, count, box, radius, export."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from gis.domain.rights import CASES, SECRECY, Actor, audience
from gis.storage.tables import hazard, site, site_shown


def shown(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition on ``site_shown`` that holds for what an actor may see.

    At most one row of a place fulfils it: the true one, or the generalised one for whoever is
    not in charge of it.
    """
    if not actor.may_read:
        return sa.false()
    return sa.or_(true_place(actor), _in_place_of_others(actor))


def true_place(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition on ``site_shown`` for the places whose true row the actor may see."""
    if not actor.may_read:
        return sa.false()
    closed = [audience(secrecy) for secrecy in actor.cleared if secrecy != "public"]
    own = sa.and_(site_shown.c.audience.in_(closed), _own(actor, site_shown))
    return sa.or_(site_shown.c.audience == audience("public"), own)


def ids_of_true_places(actor: Actor) -> sa.Select[tuple[int]]:
    """Return the query of the ids of the places whose true row the actor may see."""
    return sa.select(site_shown.c.site).where(true_place(actor))


def in_charge(actor: Actor, table: sa.FromClause = site) -> sa.ColumnElement[bool]:
    """Return the condition on ``site`` (or an alias of it) for what an actor is in charge of.

    Also for places that were merged into others: those have no row that is shown.
    """
    if not actor.cleared:
        return sa.false()
    return sa.and_(table.c.secrecy.in_(actor.cleared), _own(actor, table))


def cases(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition on ``hazard`` for the cases that an actor may see.

    A case is internal, or as closed as its place; its industry is its own or that of its place.
    """
    if CASES not in actor.cleared:
        return sa.false()
    too_closed = SECRECY[SECRECY.index(actor.cleared[-1]) + 1 :]
    place = sa.select(site.c.id).where(site.c.id == hazard.c.site, site.c.secrecy.in_(too_closed))
    industry = sa.select(site.c.industry).where(site.c.id == hazard.c.site).scalar_subquery()
    return sa.and_(
        ~place.exists(),
        _in(hazard.c.village, actor.villages),
        _in(sa.func.coalesce(hazard.c.industry, industry), actor.industries),
    )


def _in_place_of_others(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition for generalised rows of places that the actor is not in charge of."""
    own = _own(actor, site_shown)
    return sa.or_(
        *(
            sa.and_(
                site_shown.c.audience == audience(secrecy, generalised=True),
                sa.not_(own) if secrecy in actor.cleared else sa.true(),
            )
            for secrecy in SECRECY
            if secrecy != "public"
        )
    )


def _own(actor: Actor, table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Return the condition that a row lies in the actor's scope; never null."""
    return sa.and_(_in(table.c.village, actor.villages), _in(table.c.industry, actor.industries))


def _in(column: sa.ColumnElement[Any], allowed: Collection[str] | None) -> sa.ColumnElement[bool]:
    """Return whether a value is allowed; a missing one is in no list, and never null."""
    if allowed is None:
        return sa.true()
    return sa.func.coalesce(column, "").in_(sorted(allowed)) if allowed else sa.false()
