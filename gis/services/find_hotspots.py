"""Find where hazards cluster, and keep the run."""

from __future__ import annotations

from typing import Any, cast

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection

from gis.domain import hazards as cases
from gis.domain import hotspots, relative
from gis.domain.crs import STORED, to_metres
from gis.domain.features import feature_texts
from gis.domain.hexagons import Ground
from gis.domain.rights import Actor
from gis.services import access, clock
from gis.services.edit_parameters import in_force
from gis.services.load_layer import CIRCLE, HEAT, HOTSPOT, RATE
from gis.services.load_layer import HOTSPOTS as METHOD
from gis.services.take_snapshot import load_ground
from gis.storage import codes, dialect, hazards, register, runs, sites
from gis.version import METHOD_VERSION, VERSION
from gis.workspace import Workspace

SEED = 20240601
"""Kept with every run: the same register and seed give the same hotspots."""


def find_hotspots(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Test the cells of the town for clusters of the hazards open now, and store the run.

    Returns
    -------
    ``run`` (id) and what the analysis stands on (``hotspots.Summary``): status, numbers of
    cells, events and hazards, what was left out, width, permutations, hotspots, suspected; and
    ``circles``, in which there is more than the places explain.

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
        method = in_force(conn).methods[METHOD]
        ground = load_ground(conn, ws)
        places_m = to_metres(sites.load_positions(conn), level.metric_crs)
        coverage = codes.load_coverage(conn)
        cases_m = cases.placed(to_metres(hazards.load(conn), level.metric_crs), places_m)
    inspected = places_m[places_m["kind"].isin(_inspected(ws))]
    areas_m = to_metres(ground, level.metric_crs)
    town_m = cast(Ground, shapely.union_all(areas_m.geometry.array))
    found = hotspots.find(cases_m, inspected.geometry.to_numpy(), town_m, method.values, seed=SEED)
    happened, _ = hotspots.events(cases_m, town_m, method.values)
    spots = inspected.geometry.to_numpy()
    looked = coverage["kind"].isin(_inspected(ws)) & (coverage["status"] != "none")
    rated = relative.area_rates(
        happened, spots, areas_m, method.values, surveyed=set(coverage.loc[looked, "village"])
    )
    as_of = clock.today(known)
    rated = rated.assign(trend=relative.trends(cases_m, areas_m, as_of, method.values))
    circles = relative.clusters(
        happened, spots, found.cells, found.summary.width_m, method.values, seed=SEED
    )
    summary = {**found.summary.as_json(), "circles": len(circles)}
    with access.writing(ws) as conn:
        run_id = runs.save(
            conn,
            verb=runs.HOTSPOTS,
            level=level.slug,
            at=clock.now(),
            actor=actor.name,
            as_of=as_of,
            revision=known.revision,
            seed=SEED,
            method_version=METHOD_VERSION,
            code_version=VERSION,
            parameters={METHOD: method.as_json()},
            summary=summary,
        )
        synthetic = known.purpose == "demonstration"
        _save(conn, run_id, HOTSPOT, found.cells.assign(synthetic=synthetic), CELL)
        _save(conn, run_id, HEAT, found.heat.assign(synthetic=synthetic), BAND)
        _save(conn, run_id, RATE, ground.merge(rated, on="area"), RATED)
        _save(conn, run_id, CIRCLE, circles.assign(synthetic=synthetic), CLUSTER)
        access.log(
            conn, actor, "compute", runs.HOTSPOTS, run=run_id, revision=known.revision, seed=SEED
        )
    return {"run": run_id, **summary}


CELL = ("code", "count", "weight", "z", "p", "q", "class", "status", "synthetic")
BAND = ("from_per_km2", "to_per_km2", "synthetic")
RATED = (
    *("code", "name", "events", "places", "rate", "low", "high", "shrunk", "finding", "trend"),
    "synthetic",
)
CLUSTER = (
    *("events", "expected", "ratio", "at_risk", "places", "radius_m", "llr", "p", "synthetic"),
)
"""Properties of the layers."""
COUNTED = ("count", "events", "places")
"""Those that are whole numbers."""


def _inspected(ws: Workspace) -> list[str]:
    """Return the kinds whose places are inspected: those that hold people.

    A forest or a pipeline passes through a cell without anybody looking for hazards there.
    """
    return [kind.slug for kind in ws.kinds.values() if kind.people]


def _save(
    conn: Connection, run_id: int, layer: str, frame: gpd.GeoDataFrame, columns: tuple[str, ...]
) -> None:
    shown = frame.to_crs(STORED)
    texts = feature_texts(shown, range(1, len(shown) + 1), columns, integers=COUNTED)
    runs.save_shown(conn, run_id, layer, texts, list(shapely.to_wkb(shown.geometry.array)))
