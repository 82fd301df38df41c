"""Read a file of places of one kind into the register, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import apportion
from gis.domain.crs import to_metres
from gis.domain.kinds import Field, SiteKind
from gis.domain.rights import Actor
from gis.files import read
from gis.files.read import Rejection
from gis.services import access, changes
from gis.services.changes import Report
from gis.storage import areas, codes, hazards, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace


def import_sites(
    ws: Workspace,
    actor: Actor,
    kind: str,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    crs: str | None = None,
) -> Report:
    """Insert or update the places of a file, by key, in one transaction.

    A row is taken only from whoever is in charge of its place, where it was and where the file
    puts it. A field that the file has no column for stays as it was. The cases of a place that
    moved to another village move with it.

    Parameters
    ----------
    kind
        Slug of the kind.
    path
        GeoJSON, GeoPackage, shapefile or CSV with longitude and latitude.
    mapping
        Field name to column name of the file, where they differ.
    crs
        Coordinate system of the file where it does not say it.

    Returns
    -------
    How many rows are new, changed and same, and each rejected row with its reason.

    Raises
    ------
    NotFoundError
        If there is no such kind.
    ForbiddenError
        If the actor may change no place of it.
    InvalidDataError
        If the file cannot be read, or is synthetic in an office database or real in a
        demonstration.
    """
    passport = ws.kind(kind)
    access.require_change(actor, passport)
    with access.reading(ws, actor) as conn:
        allowed = codes.allowed(conn)
    incoming = read.read_places(
        path, passport.fields, passport.geometry, mapping=mapping, crs=crs, codes=allowed
    )
    with changes.changing(ws, actor) as (conn, stamp):
        changes.refuse_wrong_purpose(conn, incoming)
        stored = {row["key"]: row for row in sites.load_stored(conn, kind)}
        groups = {
            "attrs": [field.name for field in passport.open_fields],
            "personal": [field.name for field in passport.personal_fields],
        }
        given, others = _theirs(
            actor, _rows(passport, incoming.rows, home_villages(conn, ws, incoming.rows)), stored
        )
        rows = [
            changes.keep_unsaid(row, stored.get(row["key"]), incoming.given, COMMON, groups)
            for row in given
        ]
        new, changed, same = changes.sort_out(stored, rows)
        report = Report(
            target=kind,
            new=len(new),
            changed=len(changed),
            same=same,
            rejected=changes.in_file_order(incoming.rejected, others),
            outside=changes.outside(rows),
            unmapped=incoming.unmapped,
            notes=incoming.notes,
        )
        stamp = changes.begin_import(conn, actor, stamp, report, incoming, path, mapping)
        sites.insert(conn, new, stamp)
        sites.update(conn, [{"site_id": old["id"], **row} for old, row in changed], stamp)
        sites.record(conn, passport, stamp)
        hazards.follow_sites(conn, stamp)
        hazards.record(conn, stamp)
        sites.sync_indexes(conn, [passport])
    return report


def _theirs(
    actor: Actor, rows: Sequence[dict[str, Any]], stored: Mapping[str, RowMapping]
) -> tuple[list[dict[str, Any]], list[Rejection]]:
    """Tell the rows that the actor is in charge of from those that they are not."""
    taken, refused = [], []
    for row in rows:
        old = stored.get(row["key"])
        now_theirs = actor.in_charge(row["secrecy"], row["village"], row["industry"])
        if now_theirs and (old is None or actor.covers(old["village"], old["industry"])):
            taken.append(row)
        else:
            refused.append(Rejection(row["source_row"], access.NOT_YOURS))
    return taken, refused


COMMON = {
    "name": "name",
    "accuracy_m": "accuracy_m",
    "verified_on": "verified_on",
    "source": "source",
}
"""Columns of a row that are no passport's, and the field of the file that fills each."""


def columns_of(ws: Workspace, kind: str) -> tuple[Field, ...]:
    """Return the columns that a file of a kind may have; NotFoundError for an unknown kind."""
    return (*read.COMMON, *ws.kind(kind).fields)


def home_villages(conn: Connection, ws: Workspace, places: gpd.GeoDataFrame) -> list[str | None]:
    """Return the home village's code of every place (EPSG:4490); None outside all of them."""
    level = ws.home_level
    villages = areas.load(conn, level)
    if villages.empty or places.empty:
        return [None] * len(places)
    places_m = to_metres(places[["geometry"]], level.metric_crs)
    villages_m = to_metres(villages, level.metric_crs)
    return list(apportion.home_codes(places_m.geometry.to_numpy(), villages_m))


def _rows(
    kind: SiteKind, places: gpd.GeoDataFrame, villages: list[str | None]
) -> list[dict[str, Any]]:
    """Turn the frame of a file into rows of the table ``site``."""
    attrs = _records(places, kind.open_fields)
    personal = _records(places, kind.personal_fields)
    columns = {
        name: missing_to_none(places[name])
        for name in ("code", "name", "accuracy_m", "elevation_m", "verified_on", "source", "row")
    }
    wkb = shapely.to_wkb(places.geometry.array, byte_order=1)
    return [
        {
            "kind": kind.slug,
            "key": columns["code"][i],
            "name": columns["name"][i],
            "village": villages[i],
            "industry": kind.industry,
            "secrecy": kind.secrecy,
            "accuracy_m": columns["accuracy_m"][i],
            "elevation_m": columns["elevation_m"][i],
            "verified_on": changes.as_date(columns["verified_on"][i]),
            "source": columns["source"][i],
            "synthetic": bool(places["synthetic"].iat[i]),
            "attrs": attrs[i],
            "personal": personal[i],
            "unmapped": places["unmapped"].iat[i],
            "geom": wkb[i],
            "source_row": int(columns["row"][i]),
        }
        for i in range(len(places))
    ]


def _records(places: gpd.GeoDataFrame, fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """Return the known values of the fields, one dict per place."""
    columns = {field.name: missing_to_none(places[field.name]) for field in fields}
    return [
        {name: values[i] for name, values in columns.items() if values[i] is not None}
        for i in range(len(places))
    ]
