"""Places that may be one: what to compare, what was merged, what somebody said is two."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import geopandas as gpd
import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.storage import dialect, frames, rights
from gis.storage.dialect import geometry_wkb
from gis.storage.register import Stamp
from gis.storage.sites import HERE
from gis.storage.tables import apart, site, site_version

COMPARED = tuple(site.c[name] for name in ("id", "kind", "name"))


def load_compared(
    conn: Connection, keeper: Actor, kinds: Collection[SiteKind]
) -> dict[str, gpd.GeoDataFrame]:
    """Return what ``gis.domain.duplicates`` compares of the places that an actor is in charge of.

    Returns
    -------
    Kind to a frame in EPSG:4490, in id order; ``operator`` is None where the kind or the place
    has none.
    """
    operator = _operator(conn, kinds)
    where = (HERE, rights.in_charge(keeper), site.c.kind.in_([kind.slug for kind in kinds]))
    query = sa.select(*COMPARED, operator, geometry_wkb(site.c.geom)).where(*where)
    rows = conn.execute(query.order_by(site.c.id)).mappings().all()
    found = frames.places(rows, (), plain=COMPARED)
    found["operator"] = np.array([row["operator"] for row in rows], dtype=object)
    return {str(kind): places for kind, places in found.groupby("kind")}


def _operator(conn: Connection, kinds: Collection[SiteKind]) -> sa.Label[str]:
    """Return the expression for the code of who runs a place, whatever its kind."""
    of_kind = {
        kind.slug: dialect.field(conn, site.c.attrs, kind.field(kind.identity.operator))
        for kind in kinds
        if kind.identity.operator
    }
    nothing = sa.cast(sa.null(), sa.Text)
    found = sa.case(of_kind, value=site.c.kind, else_=nothing) if of_kind else nothing
    return sa.type_coerce(found, sa.Text).label("operator")


def has_merged(conn: Connection, site_id: int) -> bool:
    """Tell whether another place was merged into this one."""
    return bool(conn.scalar(sa.select(sa.exists().where(site.c.merged_into == site_id))))


def load_merges(conn: Connection, keeper: Actor, limit: int) -> Sequence[RowMapping]:
    """Return the merges that stand, newest first, of places that an actor is in charge of.

    Each has id, kind, key and name of the place that was merged, ``kept``, ``kept_key`` and
    ``kept_name``, ``at``, ``actor``, ``note``, and ``since``: whether the kept one changed since.
    """
    kept = site.alias()
    columns = (
        *(site.c[name] for name in ("id", "kind", "key", "name")),
        kept.c.id.label("kept"),
        kept.c.key.label("kept_key"),
        kept.c.name.label("kept_name"),
        site.c.known_from.label("at"),
        site.c.note,
        site_version.c.actor,
        (kept.c.revision != site.c.revision).label("since"),
    )
    query = (
        sa.select(*columns)
        .join_from(site, kept, kept.c.id == site.c.merged_into)
        .join(site_version, sa.and_(_of(site), site_version.c.known_to.is_(None)))
        .where(rights.in_charge(keeper), rights.in_charge(keeper, kept))
        .order_by(site.c.revision.desc(), site.c.id)
        .limit(limit)
    )
    return conn.execute(query).mappings().all()


def _of(table: sa.FromClause) -> sa.ColumnElement[bool]:
    return site_version.c.site == table.c.id


def load_apart(conn: Connection, keeper: Actor, limit: int) -> Sequence[RowMapping]:
    """Return the pairs that somebody said are two places, newest first; as ``load_merges``."""
    one, other = site.alias(), site.alias()
    columns = (
        one.c.kind,
        *(part.c[name].label(f"{label}_{name}") for part, label in ((one, "one"), (other, "other"))
          for name in ("id", "key", "name")),
        apart.c.at,
        apart.c.actor,
    )  # fmt: skip
    query = (
        sa.select(*columns)
        .join_from(apart, one, one.c.id == apart.c.one)
        .join(other, other.c.id == apart.c.other)
        .where(rights.in_charge(keeper, one), rights.in_charge(keeper, other))
        .order_by(apart.c.at.desc(), apart.c.one, apart.c.other)
        .limit(limit)
    )
    return conn.execute(query).mappings().all()


def pairs_apart(conn: Connection) -> set[tuple[int, int]]:
    """Return every pair that somebody said are two places."""
    return {(one, other) for one, other in conn.execute(sa.select(apart.c.one, apart.c.other))}


def set_apart(conn: Connection, pair: tuple[int, int], stamp: Stamp) -> bool:
    """Note that two places (smaller id first) are two; tell whether that is new."""
    if conn.scalar(sa.select(sa.exists().where(_is(pair)))):
        return False
    one, other = pair
    values: Mapping[str, object] = {"at": stamp.at, "actor": stamp.actor}
    conn.execute(sa.insert(apart).values(one=one, other=other, **values))
    return True


def forget_apart(conn: Connection, pair: tuple[int, int]) -> bool:
    """Take that back; tell whether there was something to take back."""
    return conn.execute(sa.delete(apart).where(_is(pair))).rowcount > 0


def _is(pair: tuple[int, int]) -> sa.ColumnElement[bool]:
    return sa.and_(apart.c.one == pair[0], apart.c.other == pair[1])
