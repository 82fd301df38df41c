"""Rate the forest for today's weather, and where nobody looks: kept beside the index, not in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy.engine import Connection

from gis.domain.arrays import Floats
from gis.domain.crs import STORED
from gis.domain.features import feature_texts
from gis.domain.rights import Actor
from gis.domain.risk import attributes as read
from gis.domain.risk import forest_cover
from gis.domain.risk.assess import Snapshot
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants, number, numbers
from gis.domain.risk.forest_cells import FOREST, outlines
from gis.domain.risk.forest_today import today
from gis.domain.risk.model import Scene
from gis.domain.risk.receptors import receptors
from gis.services import access, clock
from gis.services.edit_parameters import in_force
from gis.services.load_layer import FOREST as METHOD
from gis.services.load_layer import FOREST_BLIND, FOREST_TODAY
from gis.services.take_snapshot import load_ground, take_snapshot
from gis.services.watch_fire_weather import watch_fire_weather
from gis.storage import dialect, register, runs
from gis.version import METHOD_VERSION, VERSION
from gis.workspace import Workspace

METHODS = (METHOD, forest_cover.METHOD, EXPOSURE)
"""Whose constants the run is made with, and keeps."""

SEED = 0
"""Nothing is drawn at random."""


def rate_forest_today(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Rate every forest cell for today, find what no device sees of it, and store the run.

    Returns
    -------
    ``run`` (id), ``cells`` (number), ``fire_class`` (1..5; None: no observation of today or
    yesterday, and the cells are unknown), ``by`` (whose class it is), ``day`` (whose weather),
    ``high`` (cells of at least ``high_hazard`` today), ``blind`` (stretches that nobody sees).

    Raises
    ------
    ForbiddenError
        If the actor may not compute for the town.
    InvalidDataError
        If there are no areas yet.
    """
    access.require_governor(actor, "重新计算")
    level = ws.home_level
    with dialect.reading(ws.engine) as conn:
        known = register.load(conn)
        ground = load_ground(conn, ws)
        set_here = in_force(conn)
        snapshot = take_snapshot(conn, ws, ground, clock.today(known))
    weather = _weather(ws, actor)
    constants = set_here.values[METHOD]
    index = set_here.values[INDEX]
    people = receptors(snapshot.sites_m, snapshot.kinds, snapshot.areas_m, index)
    scene = snapshot.scene(people, set_here.values)
    cells = _cells(snapshot, scene, weather["fire_class"], constants)
    blind = _blind(snapshot, scene, set_here.values)
    high = _high(cells, constants)
    summary = {**weather, "cells": len(cells), "high": high, "blind": len(blind)}
    with access.writing(ws) as conn:
        run_id = runs.save(
            conn,
            verb=FOREST_TODAY,
            level=level.slug,
            at=clock.now(),
            actor=actor.name,
            as_of=snapshot.as_of,
            revision=known.revision,
            seed=SEED,
            method_version=METHOD_VERSION,
            code_version=VERSION,
            parameters={name: set_here.methods[name].as_json() for name in METHODS},
            summary=summary,
        )
        said = {"as_of": snapshot.as_of.isoformat(), "run": run_id}
        said |= {"synthetic": known.purpose == "demonstration"}
        _save(conn, run_id, FOREST_TODAY, cells.assign(**said, **weather), SHOWN, WHOLE)
        _save(conn, run_id, FOREST_BLIND, blind.assign(**said), UNSEEN, ("run",))
        access.log(conn, actor, "compute", FOREST_TODAY, run=run_id, revision=known.revision)
    return {"run": run_id, **summary}


def _weather(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Return the class of the town's day; None where its weather is not of today or yesterday."""
    town = watch_fire_weather(ws, actor)["town"]
    if town is None or town["stale"]:
        return {"fire_class": None, "by": None, "day": None}
    return {"fire_class": town["class"], "by": town["by"], "day": town["day"]}


def _cells(
    snapshot: Snapshot, scene: Scene, fire_class: int | None, constants: Constants
) -> gpd.GeoDataFrame:
    """Return the cells as they are shown, in degrees."""
    graded = np.nan if fire_class is None else float(fire_class)
    rated = today(scene, graded, constants)
    forest = snapshot.sites_m[FOREST]
    row = rated["row"].to_numpy()
    squares = outlines(rated, forest.geometry.to_numpy(), number(constants, "cell_m"))
    columns = {
        "code": read.texts(forest["key"])[row],
        "name": read.texts(forest["name"])[row],
        "today": rated["today"].round(1),
        "score": rated["score"].round(1),
        "band": _bands(rated["today"].to_numpy(), constants),
    }
    return gpd.GeoDataFrame(columns, geometry=squares, crs=forest.crs).to_crs(STORED)


def _blind(
    snapshot: Snapshot, scene: Scene, constants: Mapping[str, Constants]
) -> gpd.GeoDataFrame:
    """Return the stretches that no device sees in clear air, as they are shown, in degrees."""
    watched = forest_cover.watched(snapshot, scene, constants)
    cell_m = number(constants[METHOD], "cell_m")
    crs = snapshot.areas_m.crs
    found = forest_cover.blind_spots(watched, cell_m, constants[forest_cover.METHOD], crs)
    found[["area_ha", "high_ha"]] = found[["area_ha", "high_ha"]].round(1)
    names = [f"盲区 {place}" for place in range(1, len(found) + 1)]
    over = snapshot.relief.source if snapshot.relief else forest_cover.FLAT
    return found.assign(name=names, over=over).to_crs(STORED)


def _bands(hazard: Floats, constants: Constants) -> Floats:
    """Return the band 1..5 of each cell, NaN where it is unknown."""
    limits = numbers(constants, "today_limits")
    band = read.banded(np.nan_to_num(hazard), limits, range(1, len(limits) + 2))
    return np.where(np.isnan(hazard), np.nan, band)


def _high(cells: gpd.GeoDataFrame, constants: Constants) -> int:
    return int((cells["today"] >= number(constants, "high_hazard")).sum())


SHOWN = ("code", "name", "band", "today", "score", "fire_class", "by", "day", "as_of", "run",
         "synthetic")  # fmt: skip
WHOLE = ("band", "fire_class", "run")
UNSEEN = ("name", "area_ha", "high_ha", "over", "as_of", "run", "synthetic")


def _save(
    conn: Connection,
    run_id: int,
    layer: str,
    shown: gpd.GeoDataFrame,
    names: Sequence[str],
    whole: Sequence[str],
) -> None:
    texts = feature_texts(shown, range(1, len(shown) + 1), names, integers=whole)
    runs.save_shown(conn, run_id, layer, texts, list(shapely.to_wkb(shown.geometry.array)))
