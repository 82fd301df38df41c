"""Places: what holds now, every earlier version, and what each audience may see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import geopandas as gpd
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.crs import METRIC, STORED, to_metres
from gis.domain.features import feature_texts
from gis.domain.generalise import touched_cells
from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor, audience
from gis.storage import dialect, frames, rights
from gis.storage.dialect import geometry_value, geometry_wkb
from gis.storage.register import Stamp
from gis.storage.tables import passport, site, site_shown, site_version

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
    conn: Connection,
    kind: SiteKind,
    *,
    codes: frames.Codes | None = None,
    reader: Actor | None = None,
) -> gpd.GeoDataFrame:
    """Return the places of a kind as a site frame in EPSG:4490, in id order, nothing personal.

    ``reader`` limits them to those whose true place an actor may see; a computation has none.
    """
    where = site.c.kind == kind.slug
    if reader is not None:
        where = sa.and_(where, site.c.id.in_(rights.ids_of_true_places(reader)))
    return frames.places(_rows(conn, where), kind.open_fields, plain=PLAIN, codes=codes)


def load_stored(conn: Connection, kind: str) -> Sequence[RowMapping]:
    """Return all that is stored of the places of a kind, to compare with a file."""
    columns = [c for c in site.c if c.key != "geom"]
    query = sa.select(*columns, geometry_wkb(site.c.geom)).where(site.c.kind == kind)
    return conn.execute(query).mappings().all()


def load_one(conn: Connection, site_id: int) -> RowMapping | None:
    """Return one place without its personal fields; None if there is none of that id."""
    return next(iter(_rows(conn, site.c.id == site_id)), None)


def load_shown(conn: Connection, actor: Actor, site_id: int) -> tuple[bool, str] | None:
    """Return what an actor may see of a place; None if that is nothing, or there is no such place.

    Returns
    -------
    Whether it is the true place, and the feature's text.
    """
    columns = (rights.true_place(actor).label("is_true"), site_shown.c.feature)
    query = sa.select(*columns).where(site_shown.c.site == site_id, rights.shown(actor))
    row = conn.execute(query).first()
    return (bool(row.is_true), row.feature) if row else None


def load_personal(conn: Connection, site_id: int) -> dict[str, Any]:
    """Return the personal fields of one place; whoever asks has the right and is logged."""
    found = conn.scalar(sa.select(site.c.personal).where(site.c.id == site_id))
    return dict(found or {})


def load_positions(conn: Connection, *, reader: Actor | None = None) -> gpd.GeoDataFrame:
    """Return id, kind, village and geometry of every place, in id order (EPSG:4490).

    ``reader`` limits them to those whose true place an actor may see.
    """
    plain = (site.c.id, site.c.kind, site.c.village)
    query = sa.select(*plain, geometry_wkb(site.c.geom)).order_by(site.c.id)
    if reader is not None:
        query = query.where(site.c.id.in_(rights.ids_of_true_places(reader)))
    return frames.places(conn.execute(query).mappings().all(), (), plain=plain)


class Place(NamedTuple):
    """What a case needs to know of its place."""

    id: int
    village: str | None
    industry: str
    secrecy: str


def by_key(conn: Connection, reader: Actor) -> dict[tuple[str, str], Place]:
    """Return (kind, key) to every place whose true row an actor may see."""
    facts = ("kind", "key", "id", "village", "industry", "secrecy")
    query = sa.select(*(site.c[name] for name in facts))
    rows = conn.execute(query.where(site.c.id.in_(rights.ids_of_true_places(reader))))
    return {(kind, key): Place(*facts) for kind, key, *facts in rows}


def names(conn: Connection, ids: Iterable[int], reader: Actor) -> dict[int, RowMapping]:
    """Return those places asked for whose true row an actor may see, by id.

    Each has id, name, kind, village, industry and secrecy.
    """
    asked = sa.and_(site.c.id.in_(list(ids)), site.c.id.in_(rights.ids_of_true_places(reader)))
    columns = ("id", "name", "kind", "village", "industry", "secrecy")
    query = sa.select(*(site.c[name] for name in columns)).where(asked)
    return {row["id"]: row for row in conn.execute(query).mappings()}


def kinds_of(conn: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return id to kind of the places asked for, whoever may see them."""
    query = sa.select(site.c.id, site.c.kind).where(site.c.id.in_(list(ids)))
    return dict(conn.execute(query).all())


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
    places = frames.places(rows, kind.open_fields, plain=PLAIN)
    _insert_shown(conn, rows, audience(kind.secrecy), shown_texts(places, kind), places)
    if kind.generalised:
        cells = generalised(places, kind)
        texts = generalised_texts(cells, kind)
        _insert_shown(conn, rows, audience(kind.secrecy, generalised=True), texts, cells)


def _insert_shown(
    conn: Connection,
    rows: Sequence[RowMapping],
    for_whom: str,
    texts: Sequence[str],
    places: gpd.GeoDataFrame,
) -> None:
    shapes = shapely.to_wkb(places.geometry.to_numpy(), byte_order=1)
    conn.execute(
        sa.insert(site_shown).values(geom=geometry_value()),
        [
            {
                "site": row["id"],
                "audience": for_whom,
                "kind": row["kind"],
                "village": row["village"],
                "industry": row["industry"],
                "feature": text,
                "geom": shape,
            }
            for row, text, shape in zip(rows, texts, shapes, strict=True)
        ],
    )


def generalised(places: gpd.GeoDataFrame, kind: SiteKind) -> gpd.GeoDataFrame:
    """Return places as those see them who are not in charge: squares, and next to no fields.

    The kind must have ``generalised``. Name and code say only what sort of place it is; how
    exact the position is, is the width of a square.
    """
    rule = kind.generalised
    if rule is None:
        raise ValueError(f"{kind.slug} is shown to nobody else")
    squares = touched_cells(to_metres(places, METRIC).geometry.to_numpy(), rule.cell_m)
    kept = places[["id", "kind", "synthetic", *rule.fields]]
    return gpd.GeoDataFrame(
        kept.assign(name=kind.title.zh, accuracy_m=rule.cell_m, generalised=True),
        geometry=gpd.GeoSeries(squares, index=places.index, crs=METRIC).to_crs(STORED),
    )


def generalised_texts(places: gpd.GeoDataFrame, kind: SiteKind) -> list[str]:
    """Encode what ``generalised`` returned as GeoJSON features."""
    fields = kind.generalised.fields if kind.generalised else ()
    columns = ["kind", "name", "accuracy_m", "generalised", "synthetic", *fields]
    return feature_texts(places, places["id"], columns)


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


def sync_shown(conn: Connection, kinds: Iterable[SiteKind]) -> list[str]:
    """Make again what is shown of kinds whose passport changed since, or was never noted.

    Returns
    -------
    Slugs of those kinds.
    """
    known = dict(conn.execute(sa.select(passport.c.kind, passport.c.digest)).all())
    changed = [kind for kind in kinds if known.get(kind.slug) != _digest(kind)]
    for kind in changed:
        conn.execute(
            sa.update(site)
            .where(site.c.kind == kind.slug)
            .values(secrecy=kind.secrecy, industry=kind.industry)
        )
        _record_shown(conn, kind, site.c.kind == kind.slug)
        conn.execute(sa.delete(passport).where(passport.c.kind == kind.slug))
        conn.execute(sa.insert(passport).values(kind=kind.slug, digest=_digest(kind)))
    return [kind.slug for kind in changed]


def _digest(kind: SiteKind) -> str:
    """Return a hash of a passport, the same in every process: sets have no order."""
    text = json.dumps(asdict(kind), sort_keys=True, default=sorted)
    return hashlib.sha256(text.encode()).hexdigest()


def sync_indexes(conn: Connection, kinds: Iterable[SiteKind]) -> None:
    """Make the indexes on the fields that passports mark ``indexed``, where they are missing."""
    for kind in kinds:
        for field in kind.open_fields:
            if field.indexed:
                name = f"ix_site_{kind.slug}_{field.name}"
                dialect.create_field_index(conn, name, site, kind.slug, field)
