"""Read a GeoTIFF of heights: the relief of the land around the town."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection

from gis.domain.crs import to_metres
from gis.domain.relief import Relief
from gis.domain.rights import Actor
from gis.domain.risk.constants import number
from gis.errors import InvalidDataError
from gis.files.rasters import Raster, read_heights
from gis.services import access, changes
from gis.services.changes import ReadFile, Report
from gis.services.describe import DEMONSTRATION_NOTICE
from gis.services.edit_parameters import in_force
from gis.storage import areas, relief
from gis.workspace import Workspace

RELIEF = "relief"
"""Name of the target, and of the method."""

Box = tuple[float, float, float, float]


def import_relief(
    ws: Workspace,
    actor: Actor,
    path: Path,
    *,
    source: str,
    surveyed_on: dt.date | None = None,
) -> Report:
    """Take the heights of a GeoTIFF as the relief of the land; earlier ones stay, unused.

    They are cut to the villages and ``margin_m`` around them, and brought to the metric CRS at
    their own resolution. A file that says of itself that it is synthetic, or whose source says
    so, is one for demonstrations.

    Parameters
    ----------
    source
        Where the data are from, in words for people: product, resolution, version.
    surveyed_on
        When the land was measured.

    Returns
    -------
    One new or changed, or the same as before; its notes say what was done to it.

    Raises
    ------
    ForbiddenError
        If the actor may not change what the whole town shares.
    InvalidDataError
        If there are no villages yet, no source is named, the file cannot be read
        (``read_heights``), or it is synthetic in an office database or real in a demonstration.
    """
    access.require_governor(actor, "修改地形数据")
    if not source.strip():
        raise InvalidDataError("请写明数据来源：产品名称、分辨率、版本")
    crs = ws.home_level.metric_crs
    with access.reading(ws, actor) as conn:
        box_m = _box(conn, ws)
    raster = read_heights(path, box_m=box_m, crs=crs)
    found = _relief(raster, source.strip())
    with changes.changing(ws, actor) as (conn, stamp):
        changes.refuse_wrong_purpose(conn, pd.DataFrame({"synthetic": [found.synthetic]}))
        old = relief.load(conn, crs)
        same = old is not None and _same(old, found)
        report = Report(
            target=RELIEF,
            new=int(old is None),
            changed=int(old is not None and not same),
            same=int(same),
            rejected=(),
            refused=0,
            notes=_notes(raster, box_m),
        )
        file = ReadFile(path.name, raster.sha256, {}, {"crs": raster.crs})
        stamp = changes.begin_import(conn, stamp, RELIEF, file)
        if not same:
            relief.save(conn, found, stamp, crs=crs, surveyed_on=surveyed_on)
        changes.end_import(conn, actor, stamp, report, file)
    return report


def _box(conn: Connection, ws: Workspace) -> Box:
    """Return the land that the relief is wanted of: west, south, east, north, metres."""
    ground = areas.load(conn, ws.home_level)
    if ground.empty:
        level = ws.home_level
        raise InvalidDataError(
            f"还没有{level.title.zh}边界：请先运行 python -m scripts.import_areas {level.slug} 文件"
        )
    margin_m = number(in_force(conn).values[RELIEF], "margin_m")
    bounds = to_metres(ground, ws.home_level.metric_crs).total_bounds.tolist()
    west, south, east, north = bounds
    return west - margin_m, south - margin_m, east + margin_m, north + margin_m


def _relief(raster: Raster, source: str) -> Relief:
    notice = DEMONSTRATION_NOTICE.zh
    return Relief(
        west_m=raster.west_m,
        north_m=raster.north_m,
        cell_m=raster.cell_m,
        height_m=raster.height_m,
        source=source,
        synthetic=notice in source or notice in raster.words,
    )


def _same(old: Relief, new: Relief) -> bool:
    """Tell whether two reliefs are the same, heights as they are kept."""
    if (old.west_m, old.north_m, old.cell_m, old.source, old.synthetic) != (
        new.west_m, new.north_m, new.cell_m, new.source, new.synthetic,
    ):  # fmt: skip
        return False
    return relief.pack(old.height_m) == relief.pack(new.height_m)


def _notes(raster: Raster, box_m: Box) -> tuple[str, ...]:
    """Say what the person who imported a relief should know next."""
    notes = [f"格网 {raster.cell_m:.1f} 米，{raster.height_m.shape[0]}×{raster.height_m.shape[1]}"]
    if raster.native_m < raster.cell_m * 0.999:
        notes.append(
            f"原格网约 {raster.native_m:.1f} 米，数量太多，已重采样为 {raster.cell_m:.1f} 米"
        )
    if (known := _known_share(raster, box_m)) < 0.9995:
        notes.append(f"本镇及周边只有 {known:.1%} 有高程，其余按未知处理")
    notes.append("请运行 python -m scripts.compute_risk 重新计算")
    return tuple(notes)


def _known_share(raster: Raster, box_m: Box) -> float:
    """Return the share of the land wanted whose height is known, 0..1."""
    west, south, east, north = box_m
    rows, columns = raster.height_m.shape
    x_m = raster.west_m + raster.cell_m * (np.arange(columns) + 0.5)
    y_m = raster.north_m - raster.cell_m * (np.arange(rows) + 0.5)
    within = np.ix_((y_m > south) & (y_m < north), (x_m > west) & (x_m < east))
    known = np.count_nonzero(~np.isnan(raster.height_m[within])) * raster.cell_m**2
    return min(1.0, known / ((east - west) * (north - south)))
