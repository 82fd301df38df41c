"""Rows to bytes: what a radius query and a layer need, ready text and WKB, no frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gis.domain.rights import Actor
from gis.storage import dialect, rights
from gis.storage.dialect import Box, geometry_wkb
from gis.storage.tables import area, hazard, run_shown, site_shown

PAGE = 2000
"""Rows fetched at once when a layer is streamed: memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Places whose boxes touch the asked box; arrays of one length, in site order."""

    ids: np.ndarray
    kinds: np.ndarray
    texts: np.ndarray
    shapes: np.ndarray


def candidates(conn: Connection, box: Box, actor: Actor, kinds: Sequence[str] | None) -> Candidates:
    """Return the places that an actor may see in a box, found by the spatial index."""
    rows = conn.execute(candidates_query(conn, box, actor, kinds)).all()
    columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    ids, names, texts, wkb = columns or [np.empty(0, dtype=object)] * 4
    return Candidates(ids.astype("int64"), names, texts, shapely.from_wkb(wkb))


def candidates_query(
    conn: Connection, box: Box, actor: Actor, kinds: Sequence[str] | None
) -> sa.Select[Any]:
    """Return the query of ``candidates``; a test reads its plan."""
    shown = site_shown.c
    query = sa.select(shown.site, shown.kind, shown.feature, geometry_wkb(shown.geom))
    query = query.where(dialect.in_box(conn, site_shown, box), rights.shown(actor))
    if kinds is not None:
        query = query.where(shown.kind.in_(sorted(kinds)))
    return query.order_by(shown.site)


def site_features(conn: Connection, kind: str, actor: Actor) -> Iterator[str]:
    """Yield the ready features of a kind's placed places in site order, a page at a time."""
    shown = site_shown.c
    query = sa.select(shown.site, shown.feature).where(
        shown.kind == kind, shown.geom.is_not(None), rights.shown(actor)
    )
    last = -1
    while rows := conn.execute(
        query.where(shown.site > last).order_by(shown.site).limit(PAGE)
    ).all():
        yield from (row.feature for row in rows)
        last = rows[-1].site


def run_features(conn: Connection, run_id: int, layer: str) -> Iterator[str]:
    """Yield the ready features of a layer of a run."""
    query = sa.select(run_shown.c.feature).where(
        run_shown.c.run == run_id, run_shown.c.layer == layer
    )
    yield from conn.scalars(query.order_by(run_shown.c.id))


def site_summary(conn: Connection, actor: Actor) -> dict[str, tuple[int, Box | None]]:
    """Return kind to the number of visible placed places and their extent in degrees."""
    placed = sa.and_(site_shown.c.geom.is_not(None), rights.shown(actor))
    return _summary(conn, site_shown, site_shown.c.kind, placed)


def run_summary(conn: Connection, run_id: int) -> dict[str, tuple[int, Box | None]]:
    """Return layer of a run to the number of features and their extent in degrees."""
    return _summary(conn, run_shown, run_shown.c.layer, run_shown.c.run == run_id)


def area_summary(conn: Connection) -> dict[str, tuple[int, Box | None]]:
    """Return level to the number of areas that hold now and their extent in degrees."""
    return _summary(conn, area, area.c.level, area.c.valid_to.is_(None))


def hazard_summary(conn: Connection, actor: Actor) -> tuple[int, Box | None]:
    """Return the number of hazard cases that an actor may see and their extent in degrees."""
    count = sa.select(sa.func.count()).select_from(hazard).where(rights.cases(actor))
    shown_place = hazard.c.site.in_(rights.ids_of_true_places(actor))
    placed = sa.and_(rights.cases(actor), sa.or_(hazard.c.site.is_(None), shown_place))
    found = _summary(conn, hazard, sa.literal("hazard"), placed)
    return int(conn.execute(count).scalar_one()), found.get("hazard", (0, None))[1]


def _summary(
    conn: Connection, table: sa.Table, by: sa.ColumnElement[str], where: sa.ColumnElement[bool]
) -> dict[str, tuple[int, Box | None]]:
    query = sa.select(by, sa.func.count(), *dialect.extent(conn, table.c.geom))
    rows = conn.execute(query.where(where).group_by(by))
    return {name: (count, None if box[0] is None else tuple(box)) for name, count, *box in rows}
