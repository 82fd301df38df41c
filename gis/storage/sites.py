"""Places: what holds now, every earlier version, and what each audience may see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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


HERE = site.c.merged_into.is_(None)
"""The condition that a place counts: one that was merged into another no longer does."""

PLACED = sa.and_(HERE, site.c.geom.is_not(None))
"""The condition that a place counts and has a position: the others wait to be placed."""


def load(
    conn: Connection,
    kind: SiteKind,
    *,
    codes: frames.Codes | None = None,
    reader: Actor | None = None,
    unplaced: bool = False,
    merged: bool = False,
) -> gpd.GeoDataFrame:
    """Return the places of a kind as a site frame in EPSG:4490, in id order, nothing personal.

    ``reader`` limits them to those whose true place an actor may see; a computation has none.
    ``unplaced`` adds those that have no position yet: their geometry is missing. ``merged`` adds
    those that were merged into others.
    """
    where = sa.and_(
        site.c.kind == kind.slug,
        sa.true() if unplaced else site.c.geom.is_not(None),
        sa.true() if merged else HERE,
    )
    if reader is not None:
        where = sa.and_(where, site.c.id.in_(rights.ids_of_true_places(reader)))
    return frames.places(_rows(conn, where), kind.open_fields, plain=PLAIN, codes=codes)


def load_stored(conn: Connection, kind: str, keys: Collection[str]) -> Sequence[RowMapping]:
    """Return all that is stored of the places of a kind with these keys, to compare with a file.

    Those that were merged into another are among them.
    """
    columns = [c for c in site.c if c.key != "geom"]
    query = sa.select(*columns, geometry_wkb(site.c.geom))
    return conn.execute(query.where(site.c.kind == kind, site.c.key.in_(keys))).mappings().all()


UNPLACED = sa.and_(HERE, site.c.geom.is_(None))
"""The condition that a place counts and waits to be placed."""


def count_unplaced(
    conn: Connection, reader: Actor | None = None, *, keeper: Actor | None = None
) -> dict[tuple[str, str], int]:
    """Return (kind, village or empty text) to the number of places that wait to be placed.

    ``reader`` limits them to those that an actor may see, ``keeper`` to those that one is in
    charge of.
    """
    where = UNPLACED
    if reader is not None:
        where = sa.and_(where, site.c.id.in_(rights.ids_of_true_places(reader)))
    if keeper is not None:
        where = sa.and_(where, rights.in_charge(keeper))
    of = (site.c.kind, sa.func.coalesce(site.c.village, ""))
    query = sa.select(*of, sa.func.count()).where(where).group_by(*of)
    return {(kind, village): count for kind, village, count in conn.execute(query)}


def load_unplaced(
    conn: Connection,
    keeper: Actor,
    *,
    kind: str | None,
    village: str | None,
    limit: int,
    offset: int,
) -> Sequence[RowMapping]:
    """Return id, kind, key, name and village of places to be placed that an actor is in charge of.

    ``village`` may be the empty text: in none. By village, kind and id, a page of them.
    """
    where = [UNPLACED, rights.in_charge(keeper)]
    if kind is not None:
        where.append(site.c.kind == kind)
    if village is not None:
        where.append(sa.func.coalesce(site.c.village, "") == village)
    columns = (site.c[name] for name in ("id", "kind", "key", "name", "village"))
    order = (sa.func.coalesce(site.c.village, ""), site.c.kind, site.c.id)
    query = sa.select(*columns).where(*where).order_by(*order).limit(limit).offset(offset)
    return conn.execute(query).mappings().all()


def load_many(conn: Connection, ids: Iterable[int]) -> dict[int, RowMapping]:
    """Return places without their personal fields, merged ones too, by id."""
    return {row["id"]: row for row in _rows(conn, site.c.id.in_(list(ids)))}


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


def load_private(
    conn: Connection, ids: Iterable[int]
) -> dict[int, tuple[dict[str, Any], dict[str, int]]]:
    """Return the personal fields of places, and since which revision each is known, by id.

    To bring two places together, not to be shown.
    """
    query = sa.select(site.c.id, site.c.personal, site.c.personal_since)
    rows = conn.execute(query.where(site.c.id.in_(list(ids))))
    return {id_: (dict(personal), dict(since)) for id_, personal, since in rows}


def load_personal_since(conn: Connection, ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return since which revision each personal field of places is known, by id; no value."""
    query = sa.select(site.c.id, site.c.personal_since).where(site.c.id.in_(list(ids)))
    return {id_: dict(since) for id_, since in conn.execute(query)}


def load_positions(conn: Connection, *, reader: Actor | None = None) -> gpd.GeoDataFrame:
    """Return id, kind, village and geometry of every placed place, in id order (EPSG:4490).

    ``reader`` limits them to those whose true place an actor may see.
    """
    plain = (site.c.id, site.c.kind, site.c.village)
    query = sa.select(*plain, geometry_wkb(site.c.geom)).where(PLACED).order_by(site.c.id)
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
    """Return (kind, key) to every place whose true row an actor may see.

    The key of a place that was merged into another leads to that one.
    """
    stands = site.alias()
    facts = (stands.c[name] for name in Place._fields)
    query = sa.select(site.c.kind, site.c.key, *facts).join_from(
        site, stands, stands.c.id == sa.func.coalesce(site.c.merged_into, site.c.id)
    )
    rows = conn.execute(query.where(stands.c.id.in_(rights.ids_of_true_places(reader))))
    return {(kind, key): Place(*facts) for kind, key, *facts in rows}


def names(conn: Connection, ids: Iterable[int], reader: Actor) -> dict[int, RowMapping]:
    """Return those places asked for whose true row an actor may see, by id.

    Each has id, name, kind, village, industry and secrecy. For a place that was merged into
    another they are that one's: what was computed before still speaks of the first.
    """
    stands = site.alias()
    columns = ("id", "name", "kind", "village", "industry", "secrecy")
    query = sa.select(site.c.id.label("asked"), *(stands.c[name] for name in columns)).join_from(
        site, stands, stands.c.id == sa.func.coalesce(site.c.merged_into, site.c.id)
    )
    seen = stands.c.id.in_(rights.ids_of_true_places(reader))
    rows = conn.execute(query.where(site.c.id.in_(list(ids)), seen)).mappings()
    return {row["asked"]: row for row in rows}


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


def record(conn: Connection, kind: SiteKind, stamp: Stamp, change: str | None = None) -> None:
    """Write versions and shown rows of the places of a kind that this transaction touched.

    ``change`` says what was done; by itself it is ``insert`` or ``update``.
    """
    touched = sa.and_(site.c.kind == kind.slug, site.c.revision == stamp.revision)
    _record_versions(conn, touched, stamp, change)
    _record_shown(conn, kind, touched)


def _record_versions(
    conn: Connection, touched: sa.ColumnElement[bool], stamp: Stamp, change: str | None
) -> None:
    ids = sa.select(site.c.id).where(touched)
    conn.execute(
        sa.update(site_version)
        .where(site_version.c.known_to.is_(None), site_version.c.site.in_(ids))
        .values(known_to=stamp.at)
    )
    known = sa.exists().where(site_version.c.site == site.c.id)
    extra = {
        "site": site.c.id,
        "change": sa.literal(change) if change else sa.case((known, "update"), else_="insert"),
        "actor": sa.literal(stamp.actor),
    }
    source = sa.select(*(site.c[name] for name in FACTS), *extra.values()).where(touched)
    conn.execute(sa.insert(site_version).from_select([*FACTS, *extra], source))


def _record_shown(conn: Connection, kind: SiteKind, touched: sa.ColumnElement[bool]) -> None:
    conn.execute(
        sa.delete(site_shown).where(site_shown.c.site.in_(sa.select(site.c.id).where(touched)))
    )
    for rows in _pages(conn, sa.and_(touched, HERE)):
        places = frames.places(rows, kind.open_fields, plain=PLAIN)
        _insert_shown(conn, rows, audience(kind.secrecy), shown_texts(places, kind), places)
        if kind.generalised:
            placed = places.geometry.notna().to_numpy()
            cells = generalised(places[placed], kind)
            _insert_shown(
                conn,
                [row for row, has_place in zip(rows, placed, strict=True) if has_place],
                audience(kind.secrecy, generalised=True),
                generalised_texts(cells, kind),
                cells,
            )


PAGE = 2000
"""Places taken at once when what is shown of them is made: memory stays bounded."""


def _pages(conn: Connection, where: sa.ColumnElement[bool]) -> Iterator[Sequence[RowMapping]]:
    """Yield rows in id order, a page at a time."""
    last = -1
    while rows := _rows(conn, sa.and_(where, site.c.id > last), limit=PAGE):
        yield rows
        last = rows[-1]["id"]


def _insert_shown(
    conn: Connection,
    rows: Sequence[RowMapping],
    for_whom: str,
    texts: Sequence[str],
    places: gpd.GeoDataFrame,
) -> None:
    if not rows:
        return
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


def _rows(
    conn: Connection, where: sa.ColumnElement[bool], *, limit: int | None = None
) -> Sequence[RowMapping]:
    hidden = ("geom", "personal", "personal_since", "unmapped")
    columns = [c for c in site.c if c.key not in hidden]
    query = sa.select(*columns, geometry_wkb(site.c.geom)).where(where).order_by(site.c.id)
    return conn.execute(query.limit(limit)).mappings().all()


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
