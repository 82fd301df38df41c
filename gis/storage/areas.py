"""Areas of every level; a boundary that changed is closed and a new row begins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import geopandas as gpd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.features import feature_texts
from gis.domain.kinds import Level
from gis.storage import frames
from gis.storage.dialect import geometry_value, geometry_wkb
from gis.storage.register import Stamp
from gis.storage.tables import area

PLAIN = tuple(
    area.c[name] for name in ["id", "code", "name", "level", "valid_from", "source", "synthetic"]
)


def load(conn: Connection, level: Level) -> gpd.GeoDataFrame:
    """Return the areas of a level that hold now, by code, as an areas frame in EPSG:4490."""
    frame = frames.places(load_stored(conn, level.slug), level.fields, plain=PLAIN)
    return frame.rename(columns={"id": "area"})


def load_stored(conn: Connection, level: str) -> Sequence[RowMapping]:
    """Return all that is stored of the areas of a level that hold now, by code."""
    columns = [c for c in area.c if c.key != "geom"]
    query = sa.select(*columns, geometry_wkb(area.c.geom))
    current = query.where(area.c.level == level, area.c.valid_to.is_(None))
    return conn.execute(current.order_by(area.c.code)).mappings().all()


def load_one(conn: Connection, level: str, code: str) -> RowMapping | None:
    """Return the area of that code that holds now, without its geometry."""
    columns = [c for c in area.c if c.key != "geom"]
    query = sa.select(*columns).where(
        area.c.level == level, area.c.code == code, area.c.valid_to.is_(None)
    )
    return conn.execute(query).mappings().first()


def names(conn: Connection, level: str) -> dict[str, str]:
    """Return code to name of the areas of a level that hold now, by code."""
    query = sa.select(area.c.code, area.c.name).where(
        area.c.level == level, area.c.valid_to.is_(None)
    )
    return dict(conn.execute(query.order_by(area.c.code)).all())


def names_of(conn: Connection, levels: Collection[str]) -> set[str]:
    """Return the names of all areas of some levels that hold now."""
    query = sa.select(area.c.name).where(area.c.level.in_(levels), area.c.valid_to.is_(None))
    return set(conn.scalars(query))


def close(conn: Connection, ids: Sequence[int], stamp: Stamp) -> None:
    """End the validity of areas today; their rows stay, with the results that used them."""
    if ids:
        closing = sa.update(area).where(area.c.id == sa.bindparam("area_id"))
        conn.execute(closing.values(valid_to=stamp.today), [{"area_id": i} for i in ids])


def insert(conn: Connection, rows: Sequence[Mapping[str, Any]], stamp: Stamp) -> None:
    """Add areas that hold from today; ``geom`` is WKB."""
    if rows:
        values = {
            "geom": geometry_value(),
            "valid_from": stamp.today,
            "known_from": stamp.at,
            "revision": stamp.revision,
            "import_batch": stamp.batch,
        }
        columns: dict[str, sa.ColumnElement[Any]] = {
            name: sa.bindparam(name) for name in rows[0] if name != "geom"
        }
        conn.execute(sa.insert(area).values(**columns, **values), list(rows))


def shown_texts(areas: gpd.GeoDataFrame, level: Level) -> list[str]:
    """Encode areas as GeoJSON features."""
    fields = [field.name for field in level.fields]
    columns = ["code", "name", "level", *fields, "valid_from", "source", "synthetic"]
    integers = [field.name for field in level.fields if field.type == "integer"]
    return feature_texts(areas, areas["area"], columns, integers=integers)
