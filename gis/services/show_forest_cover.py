"""Tell which forest is watched and has water, by village, and where nobody looks."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection

from gis.domain.crs import STORED
from gis.domain.rights import Actor
from gis.domain.risk import fire_water, forest_cover
from gis.domain.risk.assess import Snapshot
from gis.domain.risk.constants import EXPOSURE, INDEX, number
from gis.domain.risk.forest_cover import FOREST_FIRE, M2_PER_HA, METHOD
from gis.domain.risk.receptors import receptors
from gis.errors import InvalidDataError
from gis.services import access, clock
from gis.services.edit_parameters import in_force
from gis.services.take_snapshot import take_snapshot
from gis.storage import areas, register
from gis.workspace import Workspace

Row = dict[str, Any]


def show_forest_cover(ws: Workspace, actor: Actor) -> Row:
    """Tell what working devices see of the forest now, and what water reaches.

    Returns
    -------
    ``relief``, where the heights are from, None without any; ``said``, what is to be said of it;
    ``devices``, how many are working; ``villages``, in code order and with the town as the last:
    ``name``, ``forest_ha``, ``high_ha``, and the shares (0..1, None without such forest) ``seen``
    of all forest, ``high_seen`` and ``high_twice`` of high-hazard forest, and ``high_watered``,
    what water reaches; ``blind``, the stretches that nobody sees, the largest first: ``area_ha``,
    ``high_ha``, ``lon``, ``lat`` of a point in them.

    Raises
    ------
    ForbiddenError
        If the actor does not see every row: forest and what sets fire to it tell of all places.
    InvalidDataError
        If there are no areas yet.
    """
    access.require_every_row(actor, "森林监测覆盖")
    with access.reading(ws, actor) as conn:
        snapshot = _snapshot(conn, ws)
        constants = in_force(conn).values
    values = constants[METHOD]
    people = receptors(snapshot.sites_m, snapshot.kinds, snapshot.areas_m, constants[INDEX])
    cells = forest_cover.watched(snapshot, snapshot.scene(people, constants), constants)
    watered = _watered(cells, snapshot, constants[EXPOSURE], values)
    cell_m = number(constants[FOREST_FIRE], "cell_m")
    blind = forest_cover.blind_spots(cells, cell_m, values, snapshot.areas_m.crs)
    return {
        "relief": snapshot.relief.source if snapshot.relief else None,
        "said": "" if snapshot.relief else forest_cover.FLAT,
        "devices": len(forest_cover.eyes(snapshot, constants[EXPOSURE], values)),
        "villages": _villages(cells, watered, snapshot.areas_m),
        "blind": _places(blind),
    }


def _snapshot(conn: Connection, ws: Workspace) -> Snapshot:
    level = ws.home_level
    ground = areas.load(conn, level)
    if ground.empty:
        raise InvalidDataError(
            f"还没有{level.title.zh}边界：请先运行 python -m scripts.import_areas {level.slug} 文件"
        )
    return take_snapshot(conn, ws, ground, clock.today(register.load(conn)))


def _watered(cells: pd.DataFrame, snapshot: Snapshot, exposure: Any, values: Any) -> pd.DataFrame:
    """Return the cells with what water reaches in the place of what devices see."""
    water, roads = (snapshot.sites_m[kind] for kind in (fire_water.WATER, fire_water.ROAD))
    found = fire_water.reached(
        cells["geometry"].to_numpy(),
        water[fire_water.usable(water, exposure)].geometry.to_numpy(),
        roads.geometry.to_numpy(),
        snapshot.relief,
        values,
    )
    return cells.assign(seen_by=found.astype(np.int64))


def _villages(cells: pd.DataFrame, watered: pd.DataFrame, areas_m: gpd.GeoDataFrame) -> list[Row]:
    ground = areas_m.sort_values("code", kind="stable", ignore_index=True)
    sums = forest_cover.covered(cells, ground)
    wet_m2 = forest_cover.covered(watered, ground)["high_seen_m2"]
    sums = sums.drop(columns="area").assign(watered_m2=wet_m2)
    rows = [*sums.to_dict("records"), sums.sum().to_dict()]
    names = [*ground["name"], "全镇"]
    return [_village(name, row) for name, row in zip(names, rows, strict=True)]


def _village(name: str, row: dict[Any, float]) -> Row:
    return {
        "name": name,
        "forest_ha": row["forest_m2"] / M2_PER_HA,
        "high_ha": row["high_m2"] / M2_PER_HA,
        "seen": _share(row["seen_m2"], row["forest_m2"]),
        "high_seen": _share(row["high_seen_m2"], row["high_m2"]),
        "high_twice": _share(row["high_twice_m2"], row["high_m2"]),
        "high_watered": _share(row["watered_m2"], row["high_m2"]),
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _places(blind: gpd.GeoDataFrame) -> list[Row]:
    points = blind.representative_point().to_crs(STORED)
    return [
        {"area_ha": area_ha, "high_ha": high_ha, "lon": round(lon, 5), "lat": round(lat, 5)}
        for area_ha, high_ha, lon, lat in zip(
            blind["area_ha"], blind["high_ha"], points.x, points.y, strict=True
        )
    ]
