"""What the register knows now, as one value in metres: what an assessment is made of."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection

from gis.domain.crs import to_metres
from gis.domain.risk.assess import Snapshot
from gis.errors import InvalidDataError
from gis.storage import areas, codes, hazards, records, relief, sites
from gis.workspace import Workspace


def load_ground(conn: Connection, ws: Workspace) -> gpd.GeoDataFrame:
    """Return the areas for which risk is computed (EPSG:4490).

    Raises
    ------
    InvalidDataError
        If there are none yet, with what to do.
    """
    ground = areas.load(conn, ws.home_level)
    if ground.empty:
        raise InvalidDataError(
            f"还没有{ws.home_level.title.zh}边界：请先运行 "
            f"python -m scripts.import_areas {ws.home_level.slug} 文件"
        )
    return ground


def take_snapshot(
    conn: Connection, ws: Workspace, ground: gpd.GeoDataFrame, as_of: dt.date
) -> Snapshot:
    """Read all that models and receptors are made of, for the areas given (EPSG:4490).

    It is a computation's: no reader's rights limit it.
    """
    numbers = codes.numbers(conn)
    crs = ws.home_level.metric_crs
    return Snapshot(
        sites_m={
            kind.slug: to_metres(sites.load(conn, kind, codes=numbers), crs)
            for kind in ws.kinds.values()
        },
        hazards_m=to_metres(hazards.load(conn), crs),
        areas_m=to_metres(ground, crs),
        kinds=ws.kinds,
        coverage=_coverage(conn),
        as_of=as_of,
        records={slug: records.load(conn, passport) for slug, passport in ws.records.items()},
        relief=relief.load(conn, crs),
    )


def _coverage(conn: Connection) -> pd.DataFrame:
    """Return how complete each kind is in each village.

    Where places wait to be placed the models do not see all that is there: not complete.
    """
    found = codes.load_coverage(conn)
    waiting = set(sites.count_unplaced(conn))
    unseen = [pair in waiting for pair in zip(found["kind"], found["village"], strict=True)]
    found.loc[(found["status"] == "complete") & np.array(unseen, dtype=bool), "status"] = "partial"
    return found
