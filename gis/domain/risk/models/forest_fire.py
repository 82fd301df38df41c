"""Forest fire: docs/methods/forest_fire.md (METHOD 4.4)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.fire_weather.observations import RECORDS
from gis.domain.fire_weather.season import season_mean_g
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk import forest_ignition
from gis.domain.risk.constants import Constants
from gis.domain.risk.forest_cells import FOREST, TERMS, cells
from gis.domain.risk.forest_history import WILDFIRE
from gis.domain.risk.forest_ignition import WEATHER
from gis.domain.risk.model import PEOPLE, RELIEF, Model, Scene, Step
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "forest_fire", "FOR"


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every forest compartment, the mean of its cells (METHOD 4.4).

    The static hazard of the land times the mean weather of the season, not of today.
    ``constants`` are the values of ``forest_fire.toml``.
    """
    found = [_compartments(frame, scene, constants) for frame in places(scene.sites_m, FOREST)]
    return join(found)


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State nothing: METHOD 7.7 has no floor for forest fire."""
    return facts.join([])


STEPS = {
    "fuel": Step(
        Title("可燃物", "Fuel"),
        "35 × 树种组的系数",
        ("species",),
        ("weights", "fuel", "unknown_fuel"),
    ),
    "slope_aspect": Step(
        Title("坡度坡向", "Slope and aspect"),
        "20 × (0.7 × 坡度/35° + 0.3 × 坡向系数)，各网格的均值",
        ("slope_deg", "aspect"),
        ("slope_aspect_split", "slope_full_deg", "aspect", "flat_below_deg",
         "unknown_slope_term", "unknown_aspect_term"),
    ),
    "ignition": Step(
        Title("人为火源", "Human ignition"),
        "25 × 各类火源中最大的 权重 × exp(-d/300 m)，各网格的均值",
        ("ignition_distance_m",),
        ("ignition_scale_m", "cemetery_weight", "sweeping_days",
         "unknown_ignition_term"),
    ),
    "history": Step(
        Title("火灾历史", "Fire history"),
        "20 × min(1, 0.5 × 近十年火灾的 Σ exp(-d/1000 m))，各网格的均值",
        ("fires_10y", "burnt_on"),
        ("history_per_fire", "history_scale_m", "history_reach_m", "history_years",
         "unknown_history_term"),
    ),
    "season": Step(
        Title("防火期天气", "Weather of the fire season"),
        "(g - 1) × 前四步之和，g 为防火期均值",
        (),
        ("season_mean_g", "class_g"),
    ),
}  # fmt: skip

MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="森林火灾", en="Forest fire"),
    kinds=(FOREST,),
    constants=SLUG,
    steps=STEPS,
    sources=sources,
    flags=flags,
    looks_at=(PEOPLE, *forest_ignition.KINDS, WILDFIRE, RELIEF, RECORDS),
    science=(WEATHER,),
)


def _compartments(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    rated = scene.once(cells, constants)
    mean = _means(rated, len(frame))
    weight = given.table(constants, "weights")
    land = {step: 100.0 * weight[name] * mean[step] for step, name in TERMS.items()}
    land_score = np.asarray(sum(land.values()))
    season, season_basis = _season(scene, constants)
    r1_m, r2_m = given.numbers(constants, "radii_m")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={**land, "season": (season - 1.0) * land_score},
        r1_m=np.full(len(frame), r1_m),
        r2_m=np.full(len(frame), r2_m),
        constants=constants,
        clause="clause_forest",
        unknown=_unknown(mean),
        evidence={
            **_recorded(frame),
            "fuel": mean["fuel"],
            "slope_aspect": mean["slope_aspect"],
            "mean_slope_deg": mean["slope_deg"],
            "terrain": _terrain(mean, scene),
            "human_ignition": mean["ignition"],
            "ignition_by": _decisive(rated, len(frame)),
            "fire_history": mean["history"],
            "cells": np.bincount(rated["row"], minlength=len(frame)),
            "land_score": land_score,
            "season_mean_g": season,
            "season_basis": season_basis,
            "basis": _basis(frame),
            "radius_basis": "筛查半径",
        },
    )


def _season(scene: Scene, constants: Constants) -> tuple[float, str]:
    """Return the season's mean g and what it is from: the days on record, else the method."""
    default = given.number(constants, "season_mean_g")
    days = scene.records.get(RECORDS)
    if days is not None and len(days) and WEATHER in scene.methods:
        factors = given.numbers(constants, "class_g")
        found = season_mean_g(days, scene.as_of, factors, scene.methods[WEATHER], default)
        if found is not None:
            return found.g, OBSERVED + _missing(found.missing_days)
    return default, "方法常数（没有一个完整防火期的观测）"


OBSERVED = "本地观测的防火期均值"


def _missing(days: int) -> str:
    return f"（缺 {days} 站日，按方法常数与已知各日均值中较高者计）" if days else ""


def _means(rated: gpd.GeoDataFrame, n: int) -> dict[str, Floats]:
    """Return the mean of every column of the cells over each compartment, shape (n,)."""
    row = rated["row"].to_numpy()
    count = np.bincount(row, minlength=n)
    columns = rated.drop(columns=["site", "row", "geometry", "ignition_by"])
    return {
        name: np.bincount(row, weights=values.to_numpy(dtype=np.float64), minlength=n) / count
        for name, values in columns.items()
    }


def _unknown(mean: dict[str, Floats]) -> dict[str, Bools]:
    """Name the fields of which some cell had to take a default."""
    fields = {
        "species": "no_species", "slope_deg": "no_slope", "aspect": "no_aspect",
        "ignition_distance_m": "no_ignition", "fires_10y": "no_history",
    }  # fmt: skip
    return {field: mean[column] > 0 for field, column in fields.items()}


def _recorded(frame: gpd.GeoDataFrame) -> dict[str, Floats | Objects]:
    """Return what the compartments themselves record, for people to read."""
    texts = {
        name: read.texts(frame[name]) for name in ("species", "aspect", "zone_document", "zone_on")
    }
    numbers = {
        name: frame[name].to_numpy(dtype=np.float64)
        for name in ("slope_deg", "ignition_distance_m")
    }
    whole = {name: read.whole(frame[name]) for name in ("fires_10y", "official_zone")}
    return {**texts, **numbers, **whole}


def _terrain(mean: dict[str, Floats], scene: Scene) -> Objects:
    """Tell where slope and aspect are from."""
    source = "" if scene.relief is None else scene.relief.source
    guessed = (mean["no_slope"] > 0) & (mean["no_aspect"] > 0)
    found: Objects = np.select(
        [mean["by_relief"] > 0, guessed], [f"地形数据：{source}", "未知"], "小班登记"
    ).astype(object)
    return found


def _decisive(rated: gpd.GeoDataFrame, n: int) -> Objects:
    """Name the sort of ignition that decides in most cells of each compartment."""
    sorts = len(forest_ignition.SORTS)
    key = rated["row"].to_numpy() * sorts + rated["ignition_by"].to_numpy()
    often = np.bincount(key, minlength=n * sorts).reshape(n, sorts)
    names: Objects = np.array(forest_ignition.SORTS, dtype=object)[often.argmax(axis=1)]
    return names


def _basis(frame: gpd.GeoDataFrame) -> Objects:
    """Say what the score is worth: beside an official grade it only screens (METHOD 0.2)."""
    zone = read.whole(frame["official_zone"])
    said = "筛查值；以官方森林火险区划等级为准（" + pd.Series(zone).astype(str) + " 级）"
    ours = "森林火险静态分值×防火期均值"
    return np.where(read.missing(zone), ours, said.to_numpy(dtype=object)).astype(object)
