"""Forest fire: docs/methods/forest_fire.md (METHOD 4.4)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from gis.domain.arrays import Bools, Floats
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Model, Scene, Step
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "forest_fire", "FOR"
FOREST = "forest"


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every forest compartment, even over its extent (METHOD 4.4).

    The static hazard of the land times the mean weather of the season, not of today.
    ``constants`` are the values of ``forest_fire.toml``.
    """
    return join([_compartments(frame, constants) for frame in places(scene.sites_m, FOREST)])


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State nothing: METHOD 7.7 has no floor for forest fire."""
    return facts.join([])


MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="森林火灾", en="Forest fire"),
    kinds=(FOREST,),
    constants=SLUG,
    steps={"score": Step(Title(zh="分值", en="Score"), "I")},
    sources=sources,
    flags=flags,
)


def _compartments(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    weight = given.table(constants, "weights")
    fuel, no_species = read.graded(
        frame["species"],
        given.table(constants, "fuel"),
        given.number(constants, "unknown_fuel"),
    )
    land, land_gaps = _land(frame, constants)
    ignition, no_ignition = _ignition(frame, constants)
    history, no_history = _history(frame, constants)
    land_score = 100.0 * (
        weight["fuel"] * fuel
        + weight["slope"] * land
        + weight["human"] * ignition
        + weight["history"] * history
    )
    season = given.number(constants, "season_mean_g")
    r1_m, r2_m = given.numbers(constants, "radii_m")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={"score": land_score * season},
        r1_m=np.full(len(frame), r1_m),
        r2_m=np.full(len(frame), r2_m),
        constants=constants,
        clause="clause_forest",
        unknown={
            "species": no_species,
            **land_gaps,
            "ignition_distance_m": no_ignition,
            "fires_10y": no_history,
        },
        evidence={
            "species": read.texts(frame["species"]),
            "fuel": fuel,
            "slope_aspect": land,
            "human_ignition": ignition,
            "fire_history": history,
            "land_score": land_score,
            "season_mean_g": season,
            "basis": "森林火险静态分值×防火期均值",
            "radius_basis": "筛查半径",
        },
    )


def _land(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """Term of slope and aspect, 0..1, and what was unknown."""
    steep, facing = given.numbers(constants, "slope_aspect_split")
    slope_deg, no_slope = read.number(frame["slope_deg"], np.nan)
    rise = np.clip(slope_deg / given.number(constants, "slope_full_deg"), 0.0, 1.0)
    rise = np.where(no_slope, given.number(constants, "unknown_slope_term"), rise)
    aspect, no_aspect = read.graded(
        frame["aspect"],
        given.table(constants, "aspect"),
        given.number(constants, "unknown_aspect_term"),
    )
    return steep * rise + facing * aspect, {"slope_deg": no_slope, "aspect": no_aspect}


def _ignition(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, Bools]:
    distance, unknown = read.number(frame["ignition_distance_m"], np.nan)
    term = np.exp(-distance / given.number(constants, "ignition_scale_m"))
    return np.where(unknown, given.number(constants, "unknown_ignition_term"), term), unknown


def _history(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, Bools]:
    fires, unknown = read.number(frame["fires_10y"], np.nan)
    term = np.minimum(1.0, given.number(constants, "history_per_fire") * fires)
    return np.where(unknown, given.number(constants, "unknown_history_term"), term), unknown
