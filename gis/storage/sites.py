"""Places: what holds now, every earlier version, and what each audience may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.features import feature_texts
from gis.domain.kinds import SiteKind
from gis.domain.rights import AUDIENCE_OF_SECRECY
from gis.storage import dialect, frames
from gis.storage.dialect import geometry_value, geometry_wkb
from gis.storage.register import Stamp
from gis.storage.tables import site, site_shown, site_version

PLAIN = tuple(
    site.c[name]
    for name in [
        "id",
        "kind",
        "key",
        "name",
        "village",
        "accuracy_m",
        "verified_on",
        "source",
        "synthetic",
    ]
)
"""Columns of a row that are columns of a site frame."""

SHOWN_FIRST = ("kind", "code", "name", "village", "accuracy_m", "verified_on", "source")
"""Properties that every place shows, before the fields of its passport."""

FACTS = tuple(c.name for c in site_version.c if c.name in site.c and c.name not in ("id",))
"""Columns that a version copies from its place."""


def load(
    conn: Connection, kind: SiteKind, *, codes: frames.Codes | None = None
) -> gpd.GeoDataFrame:
    """Return the places of a kind as a site frame in EPSG:4490, in id order, nothing personal."""
    return frames.places(
        _rows(conn, site.c.kind == kind.slug), kind.open_fields, plain=PLAIN, codes=codes
    )


def load_stored(conn: Connection, kind: str) -> Sequence[RowMapping]:
    """Return all that is stored of the places of a kind, to compare with a file."""
    columns = [c for c in site.c if c.key != "geom"]
    query = sa.select(*columns, geometry_wkb(site.c.geom)).where(site.c.kind == kind)
    return conn.execute(query).mappings().all()


def load_one(conn: Connection, site_id: int) -> RowMapping | None:
    """Return one place without its personal fields; None if there is none of that id."""
    return next(iter(_rows(conn, site.c.id == site_id)), None)


def load_positions(conn: Connection) -> gpd.GeoDataFrame:
    """Return id, kind, village and geometry of every place, in id order (EPSG:4490)."""
    plain = (site.c.id, site.c.kind, site.c.village)
    query = sa.select(*plain, geometry_wkb(site.c.geom)).order_by(site.c.id)
    return frames.places(conn.execute(query).mappings().all(), (), plain=plain)


def ids_by_key(conn: Connection) -> dict[tuple[str, str], tuple[int, str | None]]:
    """Return (kind, key) to (id, village) of every place."""
    rows = conn.execute(sa.select(site.c.kind, site.c.key, site.c.id, site.c.village))
    return {(kind, key): (id_, village) for kind, key, id_, village in rows}


def names(conn: Connection, ids: Iterable[int]) -> dict[int, RowMapping]:
    """Return id to (id, name, kind) of the places asked for."""
    query = sa.select(site.c.id, site.c.name, site.c.kind).where(site.c.id.in_(list(ids)))
    return {row["id"]: row for row in conn.execute(query).mappings()}


def insert(conn: Connection, rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> None:
    """Add new places; ``geom`` is WKB. Call ``record`` afterwards."""
    if rows:
        values = {"geom": geometry_value(), **_stamped(stamp)}
        columns: dict[str, sa.ColumnElement[Any]] = {
            name: sa.bindparam(name) for name in rows[0] if name != "geom"
        }
        conn.execute(
            sa.insert(site).values(valid_from=stamp.today, **columns, **values), list(rows)
        )


def update(conn: Connection, rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> None:
    """Change places; each row has ``site_id`` and new values. Call ``record`` afterwards."""
    if rows:
        values: dict[str, sa.ColumnElement[Any]] = {
            name: sa.bindparam(name) for name in rows[0] if name not in ("site_id", "geom")
        }
        if "geom" in rows[0]:
            values["geom"] = geometry_value()
        change = sa.update(site).where(site.c.id == sa.bindparam("site_id"))
        conn.execute(change.values(**values, **_stamped(stamp)), list(rows))


def record(conn: Connection, kind: SiteKind, stamp: Stamp) -> None:
    """Write versions and shown rows of the places of a kind that this transaction touched."""
    touched = sa.and_(site.c.kind == kind.slug, site.c.revision == stamp.revision)
    _record_versions(conn, touched, stamp)
    _record_shown(conn, kind, touched)


def _record_versions(conn: Connection, touched: sa.ColumnElement[bool], stamp: Stamp) -> None:
    ids = sa.select(site.c.id).where(touched)
    conn.execute(
        sa.update(site_version)
        .where(site_version.c.known_to.is_(None), site_version.c.site.in_(ids))
        .values(known_to=stamp.at)
    )
    known = sa.exists().where(site_version.c.site == site.c.id)
    extra = {
        "site": site.c.id,
        "change": sa.case((known, "update"), else_="insert"),
        "actor": sa.literal(stamp.actor),
    }
    source = sa.select(*(site.c[name] for name in FACTS), *extra.values()).where(touched)
    conn.execute(sa.insert(site_version).from_select([*FACTS, *extra], source))


def _record_shown(conn: Connection, kind: SiteKind, touched: sa.ColumnElement[bool]) -> None:
    conn.execute(
        sa.delete(site_shown).where(site_shown.c.site.in_(sa.select(site.c.id).where(touched)))
    )
    rows = _rows(conn, touched)
    if not rows:
        return
    texts = shown_texts(frames.places(rows, kind.open_fields, plain=PLAIN), kind)
    conn.execute(
        sa.insert(site_shown).values(geom=geometry_value()),
        [
            {
                "site": row["id"],
                "audience": AUDIENCE_OF_SECRECY[kind.secrecy],
                "kind": kind.slug,
                "village": row["village"],
                "industry": row["industry"],
                "feature": text,
                "geom": row["geom"],
            }
            for row, text in zip(rows, texts, strict=True)
        ],
    )


def shown_texts(places: gpd.GeoDataFrame, kind: SiteKind) -> list[str]:
    """Encode places as the GeoJSON features that those allowed to see them get."""
    named = places.rename(columns={"key": "code"})
    columns = [*SHOWN_FIRST, "synthetic", *(field.name for field in kind.open_fields)]
    integers = [field.name for field in kind.open_fields if field.type == "integer"]
    return feature_texts(named, named["id"], columns, integers=integers)


def _rows(conn: Connection, where: sa.ColumnElement[bool]) -> Sequence[RowMapping]:
    hidden = ("geom", "personal", "unmapped")
    columns = [c for c in site.c if c.key not in hidden]
    query = sa.select(*columns, geometry_wkb(site.c.geom)).where(where).order_by(site.c.id)
    return conn.execute(query).mappings().all()


def _stamped(stamp: Stamp) -> dict[str, Any]:
    values: dict[str, Any] = {"known_from": stamp.at, "revision": stamp.revision}
    if stamp.batch is not None:
        values["import_batch"] = stamp.batch
    return values


def visible(audiences: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the one condition on ``site_shown`` that says what an audience may see."""
    return site_shown.c.audience.in_(sorted(audiences))


def sync_indexes(conn: Connection, kinds: Iterable[SiteKind]) -> None:
    """Make the indexes on the fields that passports mark ``indexed``, where they are missing."""
    for kind in kinds:
        for field in kind.open_fields:
            if field.indexed:
                name = f"ix_site_{kind.slug}_{field.name}"
                dialect.create_field_index(conn, name, site, kind.slug, field)
