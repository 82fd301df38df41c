"""Read a file of areas of one level; places then find their home village again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection

from gis.domain.kinds import Level
from gis.domain.rights import Actor
from gis.files import read
from gis.services import changes
from gis.services.changes import Report
from gis.services.import_sites import home_villages
from gis.storage import areas, sites
from gis.storage.frames import missing_to_none
from gis.storage.register import Stamp
from gis.workspace import Workspace


def import_areas(
    ws: Workspace,
    actor: Actor,
    level: str,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    crs: str | None = None,
) -> Report:
    """Insert or update the areas of a file, by code, in one transaction.

    An area that changed is closed today and a new row begins, so that earlier results keep
    their boundary. Areas that the file does not name stay as they are. After a change of the
    home level every place finds its home village again.

    Parameters, returns and errors as ``import_sites``.
    """
    passport = ws.level(level)
    incoming = read.read_places(
        path, passport.fields, frozenset({"polygon"}), mapping=mapping, crs=crs
    )
    with changes.changing(ws, actor) as (conn, stamp):
        changes.refuse_wrong_purpose(conn, incoming)
        rows = _rows(passport, incoming.rows)
        new, changed, same = changes.sort_out(areas.load_stored(conn, level), rows, key="code")
        report = Report(
            target=level,
            new=len(new),
            changed=len(changed),
            same=same,
            rejected=incoming.rejected,
            unmapped=incoming.unmapped,
            notes=incoming.notes,
        )
        stamp = changes.begin_import(conn, stamp, report, incoming, path, mapping)
        areas.close(conn, [old["id"] for old, _ in changed], stamp)
        areas.insert(conn, [*new, *(row for _, row in changed)], stamp)
        if passport == ws.home_level and (new or changed):
            _find_homes(conn, ws, stamp)
    return report


def _find_homes(conn: Connection, ws: Workspace, stamp: Stamp) -> None:
    """Give every place the home village that holds with the new boundaries."""
    places = sites.load_positions(conn)
    homes = home_villages(conn, ws, places)
    before = missing_to_none(places["village"])
    moved = [
        {"site_id": int(id_), "village": new}
        for id_, old, new in zip(places["id"], before, homes, strict=True)
        if old != new
    ]
    sites.update(conn, moved, stamp)
    touched = set(places["kind"][places["id"].isin([row["site_id"] for row in moved])])
    for kind in sorted(touched):
        sites.record(conn, ws.kind(kind), stamp)


def _rows(level: Level, frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Turn the frame of a file into rows of the table ``area``."""
    columns = {
        name: missing_to_none(frame[name])
        for name in ("code", "name", "source", "row", *(field.name for field in level.fields))
    }
    wkb = shapely.to_wkb(frame.geometry.array, byte_order=1)
    return [
        {
            "level": level.slug,
            "code": columns["code"][i],
            "name": columns["name"][i],
            "source": columns["source"][i],
            "synthetic": bool(frame["synthetic"].iat[i]),
            "attrs": {
                field.name: columns[field.name][i]
                for field in level.fields
                if columns[field.name][i] is not None
            },
            "unmapped": frame["unmapped"].iat[i],
            "geom": wkb[i],
            "source_row": int(columns["row"][i]),
        }
        for i in range(len(frame))
    ]
