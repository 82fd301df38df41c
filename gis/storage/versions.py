"""Earlier versions of places, and where each came from."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.storage.dialect import geometry_wkb
from gis.storage.tables import import_batch, record, site_version


def load(conn: Connection, site_id: int) -> Sequence[RowMapping]:
    """Return every version of a place, oldest first, with ``file_name`` and ``target`` of its file.

    Nothing personal is in a version.
    """
    return _rows(conn, site_version.c.site == site_id)


def load_merged(
    conn: Connection, into: int, revisions: Collection[int]
) -> dict[int, Sequence[RowMapping]]:
    """Return the versions of the places that were merged into one, as they led up to that.

    Parameters
    ----------
    into
        Id of the place that was kept.
    revisions
        Of the merges.

    Returns
    -------
    Revision to the versions before it, oldest first.
    """
    merge = site_version.alias()
    gone = sa.select(merge.c.site, merge.c.revision).where(
        merge.c.merged_into == into, merge.c.revision.in_(list(revisions))
    )
    merged = conn.execute(gone).all()
    rows = _rows(conn, site_version.c.site.in_([site for site, _ in merged]))
    return {
        revision: [row for row in rows if row["site"] == site and row["revision"] < revision]
        for site, revision in merged
    }


def touched(conn: Connection, after: int, upto: int) -> frozenset[int]:
    """Return the ids of places that changed, or whose records did, between two revisions."""
    low, high = sorted((after, upto))
    changed = sa.select(site_version.c.site).where(_between(site_version.c.revision, low, high))
    told = sa.select(record.c.site).where(
        sa.or_(_between(record.c.revision, low, high), _between(record.c.replaced, low, high))
    )
    return frozenset(conn.execute(sa.union(changed, told)).scalars())


def _between(column: sa.ColumnElement[int], low: int, high: int) -> sa.ColumnElement[bool]:
    return sa.and_(column > low, column <= high)


def _rows(conn: Connection, where: sa.ColumnElement[bool]) -> Sequence[RowMapping]:
    columns = [c for c in site_version.c if c.key != "geom"]
    file = (import_batch.c.file_name, import_batch.c.target)
    query = sa.select(*columns, *file, geometry_wkb(site_version.c.geom)).outerjoin_from(
        site_version, import_batch, import_batch.c.id == site_version.c.import_batch
    )
    return conn.execute(query.where(where).order_by(site_version.c.id)).mappings().all()
