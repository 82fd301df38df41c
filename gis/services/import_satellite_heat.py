"""Read a table of satellite heat (FIRMS) into the register, as pixels that were judged."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from sqlalchemy.engine import Connection

from gis.domain import firms
from gis.domain.arrays import Bools
from gis.domain.crs import STORED, to_metres
from gis.domain.plans import Plan
from gis.domain.rights import Actor
from gis.domain.risk.constants import Constants, number
from gis.domain.risk.forest_cells import FOREST
from gis.files import sandbox
from gis.files.read import Rejection
from gis.services import access, clock
from gis.services.changes import MOST_KEPT, Report
from gis.services.edit_parameters import in_force
from gis.services.import_sites import ask, commit, try_out
from gis.services.take_snapshot import load_ground
from gis.storage import sites
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

KIND, METHOD, SOURCE = "satellite_heat", "forest_fire", "NASA FIRMS"


def import_satellite_heat(
    ws: Workspace, actor: Actor, path: Path, *, dry_run: bool = False
) -> Report:
    """Insert the detections of a FIRMS table, in one transaction, and judge all anew.

    Those far from the town are left out and counted. A detection that is known already, by
    satellite, time and place, counts once; those of other files stay, and where the new ones make
    standing heat of them they change.

    Parameters
    ----------
    path
        CSV as FIRMS gives it, of MODIS or VIIRS.
    dry_run
        Only tell what would become of the rows.

    Returns
    -------
    As ``import_sites``; the numbers of refused rows are those of the table.

    Raises
    ------
    ForbiddenError
        If the actor may change no place of the kind.
    InvalidDataError
        If the file cannot be read or is another table, there are no areas yet, or the database is
        a demonstration, which takes no real data.
    """
    access.require_change(actor, ws.kind(KIND))
    with access.reading(ws, actor) as conn:
        around = _around(conn, ws)
    with tempfile.TemporaryDirectory(prefix="riskmap-") as folder:
        given = sandbox.unpack_file(path, Path(folder) / "given")
        told = _read(given, around)
        with access.reading(ws, actor) as conn:
            pixels = _pixels(conn, ws, told.found, around)
        made = Path(folder) / "made.geojson"
        made.write_bytes(_geojson(pixels))
        if pixels.empty:
            return told.over(Report(KIND, 0, 0, 0, (), 0))
        source = sandbox.unpack_file(made, Path(folder) / "made")
        source = replace(source, sha256=given.sha256)
        asked = ask(ws, actor, KIND, source, Plan(decided=True))
        done = try_out(ws, actor, asked) if dry_run else commit(ws, actor, asked, name=path.name)
        return told.over(done)


@dataclass(frozen=True, slots=True)
class _Around:
    """What lies about the town: a box in degrees, the constants, the metric CRS."""

    box: tuple[float, float, float, float]
    constants: Constants
    crs: str

    def holds(self, found: pd.DataFrame) -> Bools:
        """Tell which detections have their centres here, shape (N,)."""
        west, south, east, north = self.box
        lon, lat = found["longitude"], found["latitude"]
        here: Bools = (lon.between(west, east) & lat.between(south, north)).to_numpy()
        return here


@dataclass(frozen=True, slots=True)
class _Told:
    """Detections about the town, each once; rows refused; how many are elsewhere or told twice."""

    found: pd.DataFrame
    refused: tuple[Rejection, ...]
    elsewhere: int
    twice: int

    def over(self, report: Report) -> Report:
        """Return the report of the import with what the table itself said."""
        notes = [f"{self.elsewhere} 个热点远离本镇，没有收"] if self.elsewhere else []
        notes += [f"{self.twice} 行重复（同一卫星、时间、位置），只收一次"] if self.twice else []
        both = (*self.refused, *report.rejected)
        return replace(
            report,
            rejected=both[:MOST_KEPT],
            refused=len(self.refused) + report.refused,
            notes=(*notes, *report.notes),
        )


def _around(conn: Connection, ws: Workspace) -> _Around:
    constants, crs = in_force(conn).values[METHOD], ws.home_level.metric_crs
    town = to_metres(load_ground(conn, ws)[["geometry"]], crs)
    box = shapely.box(*town.total_bounds).buffer(number(constants, "firms_around_m"))
    west, south, east, north = gpd.GeoSeries([box], crs=crs).to_crs(STORED).total_bounds
    return _Around((west, south, east, north), constants, crs)


def _read(given: sandbox.Unpacked, around: _Around) -> _Told:
    names = firms.columns(given.columns)
    until = clock.now() + dt.timedelta(days=1)
    refused: list[Rejection] = []
    kept: list[pd.DataFrame] = []
    good = 0
    for chunk in given.chunks():
        table = {name: list(chunk.columns[column]) for name, column in names.items()}
        found, reasons = firms.read(table, around.constants, until)
        wrong = np.array([reason is not None for reason in reasons], dtype=bool)
        rows = zip(chunk.rows[wrong].tolist(), reasons[wrong], strict=True)
        refused += [Rejection(row, str(reason)) for row, reason in rows]
        found = found[~wrong]
        good += len(found)
        kept.append(found[around.holds(found)])
    here = pd.concat(kept, ignore_index=True)
    once = here.drop_duplicates("code", ignore_index=True)
    return _Told(once, tuple(refused), good - len(here), len(here) - len(once))


def _pixels(
    conn: Connection, ws: Workspace, found: pd.DataFrame, around: _Around
) -> gpd.GeoDataFrame:
    """Return the detections of the file, and those on record that are judged otherwise now."""
    known = sites.load(conn, ws.kind(KIND)).rename(columns={"key": "code"})
    known = known[~known["code"].isin(found["code"])].reset_index(drop=True)
    names = ["code", "name", *(field.name for field in ws.kind(KIND).fields), "synthetic"]
    fresh = firms.footprints(found, around.crs).assign(judged=None, synthetic=False)
    old = to_metres(known, around.crs)
    both = pd.concat([frame[[*names, "geometry"]].astype(object) for frame in (old, fresh)])
    both = gpd.GeoDataFrame(both.reset_index(drop=True), geometry="geometry", crs=around.crs)
    forest = to_metres(sites.load(conn, ws.kind(FOREST)), around.crs).geometry.to_numpy()
    judged = firms.judge(both, forest, around.constants)
    changed = judged != both["judged"].to_numpy(dtype=object)
    shapes = [known.geometry, fresh.geometry.to_crs(STORED)]
    told = both.assign(judged=judged).set_geometry(
        gpd.GeoSeries(pd.concat(shapes, ignore_index=True), crs=STORED)
    )
    return told[changed | (np.arange(len(both)) >= len(known))]


def _geojson(pixels: gpd.GeoDataFrame) -> bytes:
    names = [str(name) for name in pixels.columns if name != "geometry"]
    columns = {name: missing_to_none(pixels[name]) for name in names}
    shapes: Sequence[str] = shapely.to_geojson(pixels.geometry.to_numpy())
    features = [
        {"type": "Feature", "geometry": orjson.Fragment(shape), "properties": row}
        for shape, row in zip(shapes, _rows(columns), strict=True)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _rows(columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    for values in zip(*columns.values(), strict=True):
        yield {**dict(zip(columns, values, strict=True)), "source": SOURCE}
