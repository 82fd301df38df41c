"""Find where hazards cluster, and keep the run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.engine import Connection

from gis.domain import hazards as cases
from gis.domain import hotspots, relative
from gis.domain.crs import STORED, to_metres
from gis.domain.dbscan import patches
from gis.domain.features import feature_texts
from gis.domain.hexagons import Ground
from gis.domain.local_moran import outliers
from gis.domain.rights import Actor
from gis.domain.risk.constants import Constants, Method, number, text
from gis.services import access, clock
from gis.services.edit_parameters import in_force
from gis.services.load_layer import CIRCLE, HEAT, HOTSPOT, OUTLIER, PATCH, RATE
from gis.services.load_layer import HOTSPOTS as METHOD
from gis.services.take_snapshot import load_ground
from gis.storage import codes, dialect, hazards, register, runs, sites
from gis.storage.register import Register
from gis.version import METHOD_VERSION, VERSION
from gis.workspace import Workspace

SEED = 20240601
"""Kept with every run: the same register and seed give the same hotspots."""


def find_hotspots(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Test cells for clusters of hazards, open now or found in a period, and store the run.

    Returns
    -------
    ``run`` (id) and what the analysis stands on (``hotspots.Summary``): status, numbers of
    cells, events and hazards, what was left out, width, permutations, hotspots, suspected;
    ``circles``, in which there is more than the places explain; ``patches``, where hazards lie
    together; and ``outliers``, places that stand out from those around them, with
    ``outlier_status`` (``hotspots.TESTED`` or ``TOO_FEW``).

    Raises
    ------
    ForbiddenError
        If the actor may not compute for the town.
    InvalidDataError
        If there are no areas yet.
    """
    access.require_governor(actor, "重新计算")
    known = _read(ws)
    summary, layers = _look(ws, known, actor)
    with access.writing(ws) as conn:
        run_id = runs.save(
            conn,
            verb=runs.HOTSPOTS,
            level=ws.home_level.slug,
            at=clock.now(),
            actor=actor.name,
            as_of=known.as_of,
            revision=known.register.revision,
            seed=SEED,
            method_version=METHOD_VERSION,
            code_version=VERSION,
            parameters={METHOD: known.method.as_json()},
            summary=summary,
        )
        for layer, frame in layers.items():
            _save(conn, run_id, layer, frame)
        said = {"run": run_id, "revision": known.register.revision, "seed": SEED}
        access.log(conn, actor, "compute", runs.HOTSPOTS, **said)
    return {"run": run_id, **summary}


@dataclass(frozen=True, slots=True)
class _Known:
    """What the register says, as of one moment; frames ending in ``_m`` are in metres."""

    register: Register
    as_of: dt.date
    method: Method
    ground: gpd.GeoDataFrame
    places_m: gpd.GeoDataFrame
    coverage: pd.DataFrame
    cases_m: gpd.GeoDataFrame


def _read(ws: Workspace) -> _Known:
    crs = ws.home_level.metric_crs
    with dialect.reading(ws.engine) as conn:
        known = register.load(conn)
        method = in_force(conn).methods[METHOD]
        places_m = to_metres(sites.load_positions(conn), crs)
        cases_m = cases.placed(to_metres(hazards.load(conn), crs), places_m)
        as_of = clock.today(known)
        return _Known(
            register=known,
            as_of=as_of,
            method=method,
            ground=load_ground(conn, ws),
            places_m=places_m,
            coverage=codes.load_coverage(conn),
            cases_m=cases_m.assign(overdue=cases.overdue_days(cases_m, as_of) > 0),
        )


def _look(
    ws: Workspace, known: _Known, actor: Actor
) -> tuple[dict[str, Any], dict[str, gpd.GeoDataFrame]]:
    """Return what is told of the analysis, and its layers."""
    values, cases_m = known.method.values, known.cases_m
    inspected = _inspected(ws)
    spots = known.places_m[known.places_m["kind"].isin(inspected)].geometry.to_numpy()
    areas_m = to_metres(known.ground, ws.home_level.metric_crs)
    town_m = cast(Ground, shapely.union_all(areas_m.geometry.array))
    period = _period(known.as_of, values)
    width_m = int(number(values, "cell_width_m")) or None
    found = hotspots.find(cases_m, spots, town_m, values, seed=SEED, period=period, width_m=width_m)
    happened, _ = hotspots.events(cases_m, town_m, values, period=period)
    looked = known.coverage["kind"].isin(inspected) & (known.coverage["status"] != "none")
    surveyed = set(known.coverage.loc[looked, "village"])
    rated = relative.area_rates(happened, spots, areas_m, values, surveyed=surveyed)
    rated = rated.join(relative.trends(cases_m, areas_m, known.as_of, values))
    circles = relative.clusters(
        happened, spots, found.cells, found.summary.width_m, values, seed=SEED
    )
    together = patches(happened, values).round({"overdue": 3})
    kind = ws.kind(text(values, "moran_kind"))
    compared = known.places_m[known.places_m["kind"] == kind.slug]
    apart = outliers(happened, compared, town_m, values, seed=SEED)
    summary = {
        **found.summary.as_json(),
        "circles": len(circles),
        "patches": len(together),
        "outliers": 0 if apart is None else len(apart),
        "outlier_status": hotspots.TOO_FEW if apart is None else hotspots.TESTED,
    }
    layers = {HOTSPOT: found.cells, HEAT: found.heat, CIRCLE: circles, PATCH: together}
    if apart is not None:
        layers[OUTLIER] = _named(ws, apart, actor)
    synthetic = known.register.purpose == "demonstration"
    made = {layer: frame.assign(synthetic=synthetic) for layer, frame in layers.items()}
    return summary, {**made, RATE: known.ground.merge(rated, on="area")}


def _period(as_of: dt.date, values: Constants) -> hotspots.Period | None:
    """Return the days from which all cases are counted; None: the cases open now are."""
    months = int(number(values, "period_months"))
    if not months:
        return None
    first = pd.Timestamp(as_of) - pd.DateOffset(months=months) + pd.DateOffset(days=1)
    return first.date(), as_of


PROPERTIES = {
    HOTSPOT: ("code", "count", "weight", "z", "p", "q", "class", "status"),
    HEAT: ("from_per_km2", "to_per_km2"),
    RATE: (
        *("code", "name", "events", "places", "rate", "low", "high", "shrunk", "finding"),
        *("trend", "new"),
    ),
    CIRCLE: ("events", "expected", "ratio", "at_risk", "places", "radius_m", "llr", "p"),
    PATCH: ("how", "events", "count", "overdue", "days", "first_on", "last_on"),
    OUTLIER: (
        *("name", "class", "count", "weight", "around", "moran", "p", "q", "village", "site"),
    ),
}
"""Of the features of each layer, besides ``synthetic``."""
WHOLE = ("count", "events", "places", "days", "site", "new")
"""Those that are whole numbers."""


def _inspected(ws: Workspace) -> list[str]:
    """Return the kinds whose places are inspected: those that hold people.

    A forest or a pipeline passes through a cell without anybody looking for hazards there.
    """
    return [kind.slug for kind in ws.kinds.values() if kind.people]


def _named(ws: Workspace, apart: gpd.GeoDataFrame, actor: Actor) -> gpd.GeoDataFrame:
    with dialect.reading(ws.engine) as conn:
        names = sites.names(conn, apart["site"].tolist(), actor)
    known = [names[site] for site in apart["site"]]
    return apart.assign(**{part: [row[part] for row in known] for part in ("name", "village")})


def _save(conn: Connection, run_id: int, layer: str, frame: gpd.GeoDataFrame) -> None:
    shown = frame.to_crs(STORED)
    columns = (*PROPERTIES[layer], "synthetic")
    texts = feature_texts(shown, range(1, len(shown) + 1), columns, integers=WHOLE)
    runs.save_shown(conn, run_id, layer, texts, list(shapely.to_wkb(shown.geometry.array)))
