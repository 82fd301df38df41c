"""Two surveys of a mine's ground compared: what changed beyond the boundary of its licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.crs import STORED, to_metres
from gis.domain.relief import Relief
from gis.domain.rights import Actor
from gis.domain.risk.boundary_change import PATCHES, Beyond, beyond
from gis.domain.risk.constants import Constants, number
from gis.domain.risk.models.mine import MINE, SLUG
from gis.errors import InvalidDataError
from gis.files.rasters import read_heights
from gis.files.write import WRITERS
from gis.services import access
from gis.services.describe import describe_open
from gis.services.edit_parameters import in_force
from gis.services.export_layer import log_export
from gis.storage import sites
from gis.workspace import Workspace

NAME = "boundary_violation"
FORMATS = ("csv", "geojson")

LIKE_FILE = "疑似越界采剥或堆填（筛查），须现场核实"


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes
    ----------
    patches
        Frame in EPSG:4490: mine (code), name, the columns ``PATCHES``, note.
    notes
        A sentence for each mine: how much of the land around it both surveys know.
    """

    patches: gpd.GeoDataFrame
    notes: tuple[str, ...]


def compare_relief(
    ws: Workspace, actor: Actor, before: Path, after: Path, out: Path | None = None
) -> Compared:
    """Compare two GeoTIFFs of heights around every mine on record (METHOD 2.5).

    Parameters
    ----------
    before, after
        Files as ``read_heights`` reads them. Each mine is read at the files' own resolution, as
        far as that goes; mines that either does not cover are said to be not compared.
    out
        File to write the patches to, by its suffix one of ``FORMATS``; None: none.

    Raises
    ------
    ForbiddenError
        If the actor does not see every row.
    InvalidDataError
        If a file is not there or not to be read around any mine, or ``out`` is of no such format.
    """
    access.require_every_row(actor, "越界比对")
    format_ = "" if out is None else out.suffix.lower().removeprefix(".")
    if out is not None and format_ not in FORMATS:
        raise InvalidDataError(f"没有格式 {format_}；可以用：{', '.join(FORMATS)}")
    with access.reading(ws, actor) as conn:
        mines = sites.load(conn, ws.kind(MINE), reader=actor)
        constants = in_force(conn).values[SLUG]
        notice = "；".join(entry.zh for entry in describe_open(conn, ws).notices)
    crs = ws.home_level.metric_crs
    found = _compared(to_metres(mines, crs), (before, after), constants, crs)
    if out is not None:
        WRITERS[format_](found.patches, out, NAME, {"notice": notice})
        log_export(ws, actor, NAME, format=format_, count=len(found.patches))
    return found


def _compared(
    mines_m: gpd.GeoDataFrame, files: tuple[Path, Path], constants: Constants, crs: str
) -> Compared:
    """Compare mine by mine: there are few, and each lies on a part of the files of its own."""
    parts, notes, faults = [], [], set()
    shapes = mines_m.geometry.to_numpy()
    for at, (code, name) in enumerate(zip(mines_m["key"], mines_m["name"], strict=True)):
        try:
            reliefs = [_relief(file, shapes[at], constants, crs) for file in files]
        except InvalidDataError as error:
            notes.append(f"{code or name}：没有比对，{error}")
            faults.add(str(error))
            continue
        seen = beyond(reliefs[0], reliefs[1], shapes[at], np.delete(shapes, at), constants, crs=crs)
        parts.append(seen.patches.assign(mine=code, name=name))
        notes.append(f"{code or name}：{_said(seen)}")
    if not parts:
        raise InvalidDataError("没有一处矿山可以比对：" + "；".join(sorted(faults)))
    return Compared(_together(parts, crs), tuple(notes))


def _relief(file: Path, licence: object, constants: Constants, crs: str) -> Relief:
    look_m = number(constants, "boundary_look_m")
    west, south, east, north = gpd.GeoSeries([licence]).total_bounds.tolist()
    box_m = (west - look_m, south - look_m, east + look_m, north + look_m)
    raster = read_heights(file, box_m=box_m, crs=crs)
    return Relief(
        raster.west_m, raster.north_m, raster.cell_m, raster.height_m, file.name, synthetic=False
    )


def _together(parts: list[gpd.GeoDataFrame], crs: str) -> gpd.GeoDataFrame:
    found = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=crs)
    rounded = found.round(dict.fromkeys(PATCHES, 2)).assign(note=LIKE_FILE)
    order = ["mine", "name", *PATCHES, "note", "geometry"]
    return gpd.GeoDataFrame(rounded[order], geometry="geometry", crs=crs).to_crs(STORED)


def _said(seen: Beyond) -> str:
    share = min(1.0, seen.known_m2 / seen.looked_m2) if seen.looked_m2 else 1.0
    return (
        f"{len(seen.patches)} 处；矿界外已比对 {share:.0%}，其余两期中有一期没有高程，不知道"
        f"（格网 {seen.cell_m:.1f} 米）"
    )
