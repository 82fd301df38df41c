"""Read a file of hazard cases into the hazard register, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy.engine import RowMapping

from gis.domain import hazards as cases
from gis.domain.kinds import GeometryFamily
from gis.domain.rights import CASES, Actor
from gis.errors import ForbiddenError
from gis.files import read
from gis.files.read import Rejection
from gis.services import access, changes
from gis.services.changes import ReadFile, Report
from gis.services.import_sites import home_villages
from gis.storage import hazards, sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

TARGET = "hazard"
POINT: frozenset[GeometryFamily] = frozenset({"point"})


def import_hazards(
    ws: Workspace,
    actor: Actor,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    crs: str | None = None,
) -> Report:
    """Insert or update the cases of a file, by code, in one transaction.

    A case names its place by ``site_kind`` and ``site_code``, or has coordinates of its own, or
    both. Its village is that of its place, else the one it lies in. A case is taken only from
    whoever is in charge of it. Every change is written
    down as an event of the case.

    Parameters, returns and errors as ``import_sites``.
    """
    access.require_reader(actor)
    if not (actor.powers.changes and CASES in actor.cleared):
        raise ForbiddenError("您不能登记或修改隐患")
    incoming = read.read_places(
        path, cases.FIELDS, POINT, mapping=mapping, crs=crs, place_needed=False
    )
    with changes.changing(ws, actor) as (conn, stamp):
        changes.refuse_wrong_purpose(conn, incoming.rows)
        known = sites.by_key(conn, actor)
        stored = {row["key"]: row for row in hazards.load_stored(conn)}
        given, lost = _rows(incoming.rows, known, home_villages(conn, ws, incoming.rows))
        unsaid = {name: name for name in hazards.FACTS if name not in ("site", "village")}
        # A file that names no places leaves every case at the place where it is.
        unsaid |= {"site": "site_code", "village": "site_code"}
        told = [
            changes.keep_unsaid(row, stored.get(row["key"]), incoming.given, unsaid, {})
            for row in given
        ]
        places = {place.id: place for place in known.values()}
        rows, others = _theirs(actor, told, stored, hazards.readable(conn, actor), places)
        new, changed, same = changes.sort_out(stored, rows)
        rejected = changes.in_file_order(incoming.rejected, lost, others)
        report = Report(
            target=TARGET,
            new=len(new),
            changed=len(changed),
            same=same,
            rejected=rejected[: changes.MOST_KEPT],
            refused=len(rejected),
            outside=changes.outside(rows),
            unmapped=incoming.unmapped,
            notes=incoming.notes,
        )
        file = ReadFile(path.name, incoming.sha256, mapping or {})
        stamp = changes.begin_import(conn, stamp, TARGET, file)
        hazards.insert(conn, new, stamp)
        hazards.update(conn, [{"hazard_id": old["id"], **row} for old, row in changed], stamp)
        hazards.record(conn, stamp)
        changes.end_import(conn, actor, stamp, report, file)
    return report


def _theirs(
    actor: Actor,
    rows: Sequence[dict[str, Any]],
    stored: Mapping[str, RowMapping],
    readable: frozenset[int],
    places: Mapping[int, sites.Place],
) -> tuple[list[dict[str, Any]], list[Rejection]]:
    """Tell the cases that the actor is in charge of, before and after, from the others.

    ``places`` are those that they may see.
    """
    taken, refused = [], []
    for row in rows:
        old = stored.get(row["key"])
        place = places.get(row["site"])
        trade = row["industry"] or (place.industry if place else None)
        theirs = actor.covers(row["village"], trade)
        if theirs and (old is None or _may_change(actor, old, row, readable, places)):
            taken.append(row)
        else:
            refused.append(Rejection(row["source_row"], access.NOT_YOURS))
    return taken, refused


def _may_change(
    actor: Actor,
    old: RowMapping,
    new: Mapping[str, Any],
    readable: frozenset[int],
    places: Mapping[int, sites.Place],
) -> bool:
    """Tell whether a case may become another: only the town takes one away from a closed place."""
    if old["id"] not in readable:
        return False
    if old["site"] is None or new["site"] == old["site"]:
        return True
    place = places.get(old["site"])
    return place is not None and (place.secrecy != "restricted" or actor.powers.governs)


def _rows(
    frame: gpd.GeoDataFrame,
    known: Mapping[tuple[str, str], sites.Place],
    villages: list[str | None],
) -> tuple[list[dict[str, Any]], list[Rejection]]:
    """Turn the frame of a file into rows of the table ``hazard``, and tell what has no place."""
    names = ("code", "row", "accuracy_m", "source", *(field.name for field in cases.FIELDS))
    columns = {name: missing_to_none(frame[name]) for name in names}
    wkb = shapely.to_wkb(frame.geometry.array, byte_order=1)
    rows, lost = [], []
    for i in range(len(frame)):
        values = {name: column[i] for name, column in columns.items()}
        kind, key = values.pop("site_kind"), values.pop("site_code")
        place = known.get((kind, key))
        if place is None and (key is not None or wkb[i] is None):
            why = f"找不到场所 {kind} {key}" if key else "既没有场所编号也没有坐标"
            lost.append(Rejection(int(values["row"]), why))
            continue
        site, village = (place.id, place.village) if place else (None, villages[i])
        row = {
            **{name: values[name] for name in hazards.FACTS if name in values},
            **{name: changes.as_date(values[name]) for name in DATES},
            "key": values["code"],
            "site": site,
            "village": village,
            "synthetic": bool(frame["synthetic"].iat[i]),
            "unmapped": frame["unmapped"].iat[i],
            "geom": wkb[i],
            "source_row": int(values["row"]),
        }
        rows.append(row)
    return rows, lost


DATES = tuple(field.name for field in cases.FIELDS if field.type == "date")
