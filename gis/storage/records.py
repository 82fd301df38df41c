"""Records: rows that belong to places; what holds now, and what every earlier revision held."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import RecordKind
from gis.domain.rights import Actor
from gis.storage import rights
from gis.storage.frames import typed
from gis.storage.register import Stamp
from gis.storage.sites import HERE
from gis.storage.tables import record, site

Key = tuple[int, str]
"""A place's id, and the record's key among that place's."""


def key_of(passport: RecordKind, values: Mapping[str, Any]) -> str:
    """Return the key of a record, as text: the values of its key fields."""
    return json.dumps([values[name] for name in passport.key], ensure_ascii=False)


def load(
    conn: Connection,
    passport: RecordKind,
    *,
    reader: Actor | None = None,
    places: Collection[int] | None = None,
    revision: int | None = None,
) -> pd.DataFrame:
    """Return the records of a sort, by place and key.

    Parameters
    ----------
    reader
        Only those of places whose true row an actor may see; a computation has none.
    places
        Only those of these places.
    revision
        As the register held them then; None: now.

    Returns
    -------
    Frame with ``site`` (id) and the passport's fields; numbers are floats with NaN, dates ISO
    texts.
    """
    query = sa.select(record.c.site, record.c.attrs).join(site, site.c.id == record.c.site)
    query = query.where(record.c.kind == passport.slug, HERE, held_at(revision))
    if reader is not None:
        query = query.where(record.c.site.in_(rights.ids_of_true_places(reader)))
    if places is not None:
        query = query.where(record.c.site.in_(list(places)))
    rows = conn.execute(query.order_by(record.c.site, record.c.key)).all()
    data: dict[str, Any] = {"site": np.array([row.site for row in rows], dtype=np.int64)}
    for field in passport.fields:
        data[field.name] = typed([row.attrs.get(field.name) for row in rows], field)
    return pd.DataFrame(data)


def held_at(revision: int | None) -> sa.ColumnElement[bool]:
    """Return the condition on ``record`` that it was held at a revision; None: now."""
    if revision is None:
        return record.c.replaced.is_(None)
    gone = sa.or_(record.c.replaced.is_(None), record.c.replaced > revision)
    return sa.and_(record.c.revision <= revision, gone)


def load_stored(conn: Connection, passport: RecordKind) -> dict[Key, RowMapping]:
    """Return what is held now, as rows, by place and key."""
    query = sa.select(record).where(record.c.kind == passport.slug, record.c.replaced.is_(None))
    return {(row["site"], row["key"]): row for row in conn.execute(query).mappings()}


def insert(conn: Connection, rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> None:
    """Add records (kind, site, key, attrs, synthetic, source_row)."""
    if rows:
        values = {"revision": stamp.revision, "import_batch": stamp.batch}
        conn.execute(sa.insert(record).values(values), list(rows))


def replace(conn: Connection, ids: Sequence[int], stamp: Stamp) -> None:
    """Mark records as said by others from now on; they stay for the runs that read them."""
    if ids:
        update = sa.update(record).where(record.c.id == sa.bindparam("old"))
        conn.execute(update.values(replaced=stamp.revision), [{"old": id_} for id_ in ids])
