"""The hazard register: cases as they stand, and every event of their life."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.history import MERGE
from gis.domain.rights import Actor
from gis.storage import frames, rights
from gis.storage.dialect import geometry_value, geometry_wkb
from gis.storage.register import Stamp
from gis.storage.tables import hazard, hazard_event, site

FACTS = [
    "title",
    "site",
    "village",
    "industry",
    "channel",
    "inspection_id",
    "level",
    "judge_std",
    "clause",
    "state",
    "found_on",
    "due_on",
    "closed_on",
    "accuracy_m",
    "source",
]
"""What a case says, besides its key, place and provenance."""

PLAIN = tuple(hazard.c[name] for name in ("id", "key", *FACTS, "synthetic"))


def load(
    conn: Connection, *, of_site: int | None = None, reader: Actor | None = None
) -> gpd.GeoDataFrame:
    """Return the cases (of one site, if given) as a hazards frame in EPSG:4490, in id order.

    ``reader`` limits them to those that an actor may see; a computation has none.
    """
    where = sa.true() if of_site is None else hazard.c.site == of_site
    if reader is not None:
        where = sa.and_(where, rights.cases(reader))
    frame = frames.places(_rows(conn, where), (), plain=PLAIN)
    frame["site"] = frame["site"].astype("float64")  # NaN where a case belongs to no site
    return frame.rename(columns={"key": "code"})


def readable_keys(conn: Connection, actor: Actor, keys: Iterable[str]) -> frozenset[str]:
    """Return those keys whose cases an actor may see."""
    asked = sa.and_(hazard.c.key.in_(list(keys)), rights.cases(actor))
    return frozenset(conn.scalars(sa.select(hazard.c.key).where(asked)))


def readable(conn: Connection, actor: Actor) -> frozenset[int]:
    """Return the ids of the cases that an actor may see."""
    return frozenset(conn.scalars(sa.select(hazard.c.id).where(rights.cases(actor))))


def load_stored(conn: Connection) -> Sequence[RowMapping]:
    """Return all that is stored of every case, to compare with a file."""
    return _rows(conn, sa.true())


def insert(conn: Connection, rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> None:
    """Add new cases; ``geom`` is WKB or None. Call ``record`` afterwards."""
    if rows:
        columns: dict[str, sa.ColumnElement[Any]] = {
            name: sa.bindparam(name) for name in rows[0] if name != "geom"
        }
        conn.execute(sa.insert(hazard).values(**columns, **_stamped(stamp)), list(rows))


def update(conn: Connection, rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> None:
    """Change cases; each row has ``hazard_id`` and all new values. Call ``record`` afterwards."""
    if rows:
        columns: dict[str, sa.ColumnElement[Any]] = {
            name: sa.bindparam(name) for name in rows[0] if name not in ("hazard_id", "geom")
        }
        change = sa.update(hazard).where(hazard.c.id == sa.bindparam("hazard_id"))
        conn.execute(change.values(**columns, **_stamped(stamp)), list(rows))


def load_free(conn: Connection) -> gpd.GeoDataFrame:
    """Return id, village and geometry of the cases that belong to no site but have a position."""
    plain = (hazard.c.id, hazard.c.village)
    query = sa.select(*plain, geometry_wkb(hazard.c.geom))
    free = query.where(hazard.c.site.is_(None), hazard.c.geom.is_not(None))
    return frames.places(conn.execute(free.order_by(hazard.c.id)).mappings().all(), (), plain=plain)


def move(
    conn: Connection, cases: gpd.GeoDataFrame, villages: Sequence[str | None], stamp: Stamp
) -> None:
    """Give cases (``id`` and ``village`` as they stand) the villages they lie in now.

    Call ``record`` afterwards.
    """
    moved = [
        {"hazard_id": int(id_), "village": new}
        for id_, old, new in zip(cases["id"], cases["village"], villages, strict=True)
        if old != new
    ]
    if moved:
        values = {"village": sa.bindparam("village"), "revision": stamp.revision}
        change = sa.update(hazard).where(hazard.c.id == sa.bindparam("hazard_id"))
        conn.execute(change.values(**values), moved)


def follow_sites(conn: Connection, stamp: Stamp) -> None:
    """Give every case of a site the village that the site has now; call ``record`` afterwards."""
    home = sa.select(site.c.village).where(site.c.id == hazard.c.site).scalar_subquery()
    apart = hazard.c.village.is_distinct_from(home)
    change = sa.update(hazard).where(hazard.c.site.is_not(None), apart)
    conn.execute(change.values(village=home, revision=stamp.revision))


def change_site(conn: Connection, from_site: int, to_site: int, stamp: Stamp) -> list[int]:
    """Give all cases of a place to another; return their ids. Call ``record`` afterwards."""
    of = hazard.c.site == from_site
    ids = list(conn.scalars(sa.select(hazard.c.id).where(of).order_by(hazard.c.id)))
    conn.execute(sa.update(hazard).where(of).values(site=to_site, revision=stamp.revision))
    return ids


def change_back(
    conn: Connection, revision: int, from_site: int, to_site: int, stamp: Stamp
) -> list[int]:
    """Give back the cases that a merge moved and that are still where it moved them.

    Parameters
    ----------
    revision
        Of the merge.

    Returns
    -------
    Their ids. Call ``record`` afterwards.
    """
    moved = sa.select(hazard_event.c.hazard).where(
        hazard_event.c.revision == revision, hazard_event.c.change == MERGE
    )
    still = sa.and_(hazard.c.site == from_site, hazard.c.id.in_(moved))
    ids = list(conn.scalars(sa.select(hazard.c.id).where(still).order_by(hazard.c.id)))
    back = sa.update(hazard).where(hazard.c.id.in_(ids))
    conn.execute(back.values(site=to_site, revision=stamp.revision))
    return ids


def record(conn: Connection, stamp: Stamp, moved: Collection[int] = ()) -> None:
    """Write an event for every case that this transaction touched.

    ``moved`` are those that went to another place with a merge.
    """
    known = sa.select(hazard_event.c.hazard).distinct()
    before = set(conn.scalars(known))
    rows = _rows(conn, hazard.c.revision == stamp.revision)
    events = [
        {
            "hazard": row["id"],
            "at": stamp.at,
            "actor": stamp.actor,
            "revision": stamp.revision,
            "change": _word(row["id"], before, moved),
            "facts": {name: _as_json(row[name]) for name in ("key", *FACTS)},
        }
        for row in rows
    ]
    if events:
        conn.execute(sa.insert(hazard_event), events)


def _word(id_: int, before: Collection[int], moved: Collection[int]) -> str:
    if id_ in moved:
        return MERGE
    return "update" if id_ in before else "insert"


def _as_json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _stamped(stamp: Stamp) -> dict[str, Any]:
    return {
        "geom": geometry_value(),
        "revision": stamp.revision,
        "import_batch": stamp.batch,
    }


def _rows(conn: Connection, where: sa.ColumnElement[bool]) -> Sequence[RowMapping]:
    columns = [c for c in hazard.c if c.key != "geom"]
    query = sa.select(*columns, geometry_wkb(hazard.c.geom)).where(where).order_by(hazard.c.id)
    return conn.execute(query).mappings().all()
