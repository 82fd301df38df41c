"""Read a file of areas of one level; places then find their home village again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.crs import to_metres
from gis.domain.kinds import Level
from gis.domain.rights import Actor
from gis.files import read
from gis.services import access, changes
from gis.services.changes import ReadFile, Report
from gis.services.compute_risk import compute_risk
from gis.services.find_hotspots import find_hotspots
from gis.services.import_sites import home_villages
from gis.storage import areas, hazards, runs, sites
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
    whole: bool = False,
) -> Report:
    """Insert or update the areas of a file, by code, in one transaction.

    An area that changed is closed today and a new row begins, so that earlier results keep
    their boundary. Areas that the file does not name stay as they are, or are closed where the
    file is said to be ``whole``. After a change of the home level every place and every case
    finds its home village again, and what was computed before is computed anew; earlier results
    stay with the boundaries they are of. Overlaps are told in the report's notes.

    Parameters, returns and errors as ``import_sites``.
    """
    access.require_governor(actor, "修改边界")
    passport = ws.level(level)
    incoming = read.read_places(
        path, passport.fields, frozenset({"polygon"}), mapping=mapping, crs=crs
    )
    with changes.changing(ws, actor) as (conn, stamp):
        changes.refuse_wrong_purpose(conn, incoming.rows)
        stored = {row["code"]: row for row in areas.load_stored(conn, level)}
        groups = {"attrs": [field.name for field in passport.fields]}
        rows = [
            changes.keep_unsaid(row, stored.get(row["code"]), incoming.given, COMMON, groups)
            for row in _rows(passport, incoming.rows)
        ]
        new, changed, same = changes.sort_out(stored, rows, key="code")
        gone = [row for code, row in stored.items() if whole and code not in _codes(rows)]
        report = Report(
            target=level,
            new=len(new),
            changed=len(changed) + len(gone),
            same=same,
            rejected=incoming.rejected[: changes.MOST_KEPT],
            refused=len(incoming.rejected),
            unmapped=incoming.unmapped,
        )
        file = ReadFile(path.name, incoming.sha256, mapping or {})
        stamp = changes.begin_import(conn, stamp, level, file)
        areas.close(conn, [old["id"] for old in (*gone, *(old for old, _ in changed))], stamp)
        areas.insert(conn, [*new, *(row for _, row in changed)], stamp)
        if passport == ws.home_level and report.new + report.changed:
            _find_homes(conn, ws, stamp)
        changes.end_import(conn, actor, stamp, report, file)
        notes = _notes(areas.load(conn, passport), gone)
    if passport.scored and report.new + report.changed:
        notes.append(_recompute(ws, actor))
    return replace(report, notes=(*incoming.notes, *notes))


COMMON = {"name": "name", "source": "source"}
"""Columns of a row that are no passport's, and the field of the file that fills each."""

LEAST_OVERLAP_M2 = 100.0
"""Smaller overlaps come from rounding along a border."""


def _codes(rows: list[dict[str, Any]]) -> set[str]:
    return {row["code"] for row in rows}


def _notes(ground: gpd.GeoDataFrame, gone: list[RowMapping]) -> list[str]:
    """Say what the person who imported areas should know next."""
    notes = []
    shapes = to_metres(ground).geometry.to_numpy()
    overlap_m2 = float(shapely.area(shapes).sum() - shapely.union_all(shapes).area)
    if overlap_m2 > LEAST_OVERLAP_M2:
        notes.append(
            f"面与面互相重叠，合计 {overlap_m2:,.0f} 平方米：请检查边界，旧的面可用 --whole 关闭"
        )
    if gone:
        notes.append(
            f"文件里没有的 {len(gone)} 个面已关闭：{'、'.join(row['name'] for row in gone)}"
        )
    return notes


def _recompute(ws: Workspace, actor: Actor) -> str:
    """Compute anew what was computed with the old boundaries, and say so."""
    with access.reading(ws, actor) as conn:
        done = [verb for verb in COMPUTED if runs.latest(conn, verb)]
    for verb in done:
        COMPUTED[verb](ws, actor)
    if done:
        return "边界或人口有变，已按新边界重新计算；以前的结果仍保留原边界"
    return "边界已就绪，导入场所后请运行 python -m scripts.compute_risk"


COMPUTED: Mapping[str, Callable[[Workspace, Actor], Any]] = {
    runs.RISK: compute_risk,
    runs.HOTSPOTS: find_hotspots,
}


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
    hazards.follow_sites(conn, stamp)
    free = hazards.load_free(conn)
    hazards.move(conn, free, home_villages(conn, ws, free), stamp)
    hazards.record(conn, stamp)


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
