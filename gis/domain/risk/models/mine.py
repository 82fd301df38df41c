"""Non-coal open-pit mines: docs/methods/mine.md (METHOD 2)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import (
    blasting,
    mine_facts,
    quarry_zones,
    rows_used,
    slope_alarms,
    station_rain,
    tailings,
)
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Model, Reach, Scene, Step, alone
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "mine", "MIN"
MINE = "mine"


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every mine, from the boundary of its licence (METHOD 2.1, 2.2).

    The score is the largest of slope, blasting and reported colour; the source carries the
    radii of whichever term that is. ``constants`` are the values of ``mine.toml``.
    """
    return join([_mines(frame, scene, constants) for frame in places(scene.sites_m, MINE)])


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State who and what lies around a mine (METHOD 2.1), and what is noted of it besides.

    Of tailings ponds too (METHOD 2.4).
    """
    found = tailings.stated(scene, constants)
    for frame in places(scene.sites_m, MINE):
        asked = _asked(frame, scene, constants)
        flyrock_m = _flyrock_m(frame, asked, constants)
        found += [
            *quarry_zones.in_band(frame, scene, constants),
            *quarry_zones.in_warning(frame, scene, constants),
            *quarry_zones.shaken(frame, asked, scene, constants),
            *quarry_zones.run_out(frame, scene, constants),
            *mine_facts.major_criteria(frame, constants),
            *mine_facts.weak_slopes(frame, constants),
            *mine_facts.permits(frame, flyrock_m, scene.as_of),
            *mine_facts.monitoring(frame, _watched(frame, scene, constants), constants),
        ]
    return facts.join(found)


def reach(scene: Scene, constants: Constants) -> dict[str, Reach]:
    """Return how far mines look: over every zone and band, and to the nearest station's rain.

    Ponds answer too, since what is noted of them is their own.
    """
    found = tailings.reach(scene, constants)
    for kind, frame in scene.frames(MINE):
        asked = _asked(frame, scene, constants)
        own = _own_rain(frame, scene, constants)
        station_m = station_rain.reach_m(frame, ~own, scene, constants)
        zones_m = quarry_zones.reach_m(frame, asked, scene, constants)
        found[kind] = alone(zones_m, {station_rain.STATION: station_m})
    return found


STEPS = {
    "height": Step(
        Title("边坡高度", "Height of the slope"),
        "100 × 0.35 clip(H/200)",
        ("slope_height_m",),
        ("slope_weights", "slope_height_full_m", "unknown_slope_height_m"),
    ),
    "safety": Step(
        Title("安全系数", "Safety factor"),
        "100 × 0.30 clip((1.25 − FoS)/0.25)",
        ("safety_factor",),
        ("slope_weights", "safety_factor_span", "unknown_safety_term"),
    ),
    "monitoring": Step(
        Title("边坡监测", "Monitoring"),
        "100 × 0.20 × (在线且正常 0，人工 0.5，无或不正常 1)",
        ("monitoring", "monitoring_shut"),
        ("slope_weights", "monitoring_term", "unknown_monitoring_term", "silent_d"),
    ),
    "water": Step(
        Title("降雨与水", "Rain and water"),
        "100 × 0.15 clip(24小时雨量/100)；没有雨量为 0.5",
        ("rain_24h_mm", "rain_mm"),
        ("slope_weights", "rain_full_mm", "water_term", "rain_fresh_d"),
    ),
    "blasting": Step(
        Title("开采方式", "Method"),
        "爆破开采 70，机械开采 30",
        ("method",),
        ("blast_score", "unknown_blast_score"),
    ),
    "colour": Step(
        Title("风险等级颜色", "Risk colour"),
        "红 100，橙 75，黄 45，蓝 20",
        ("risk_colour",),
        ("four_colours", "unknown_colour"),
    ),
}
"""Only those of the term that decides are there: of equal ones slope, then blasting."""

MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="非煤矿山", en="Mines"),
    kinds=(MINE,),
    constants=SLUG,
    steps=STEPS,
    sources=sources,
    flags=flags,
    looks_at=(
        *quarry_zones.KINDS,
        tailings.POND,
        blasting.RECORDS,
        slope_alarms.RECORDS,
        *station_rain.LOOKS_AT,
    ),
    reach=reach,
)


def _mines(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    watched = _watched(frame, scene, constants)
    height_m, no_height = read.number(
        frame["slope_height_m"], given.number(constants, "unknown_slope_height_m")
    )
    parts, gaps = _slope(frame, height_m, watched, constants)
    slope = np.sum(list(parts.values()), axis=0)
    blast, no_method = read.graded(
        frame["method"],
        given.table(constants, "blast_score"),
        given.number(constants, "unknown_blast_score"),
    )
    colour, no_colour = read.graded(
        frame["risk_colour"],
        given.table(constants, "four_colours"),
        given.number(constants, "unknown_colour"),
    )
    highest = np.maximum(np.maximum(slope, blast), colour)
    by_slope, by_blast = slope == highest, (blast == highest) & (slope < highest)
    blasts = no_method | (frame["method"] == given.text(constants, "blasting")).to_numpy(bool)
    r1_m, r2_m = _radii(height_m, (slope, blast, colour), highest, blasts, constants)
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={
            **{name: np.where(by_slope, part, 0.0) for name, part in parts.items()},
            "blasting": np.where(by_blast, blast, 0.0),
            "colour": np.where(by_slope | by_blast, 0.0, colour),
        },
        r1_m=r1_m,
        r2_m=r2_m,
        constants=constants,
        clause="clause_mine",
        unknown={
            "slope_height_m": no_height,
            **gaps,
            "method": no_method,
            "risk_colour": no_colour,
        },
        evidence={
            "basis": np.select(
                [by_slope, by_blast], ["边坡", "爆破与开采方式"], "风险等级颜色"
            ).astype(object),
            "slope_score": slope,
            "blast_score": blast,
            "colour": read.texts(frame["risk_colour"]),
            "method": read.texts(frame["method"]),
            "slope_height_m": frame["slope_height_m"].to_numpy(dtype=np.float64),
            "slope_class": _slope_class(frame, constants),
            "safety_factor": frame["safety_factor"].to_numpy(dtype=np.float64),
            "safety_factor_required": mine_facts.required_factor(frame, constants),
            "monitoring": read.texts(frame["monitoring"]),
            "monitoring_failing": mine_facts.failing(frame, watched, constants),
            **_zone_evidence(frame, scene, constants),
            **_alarm_evidence(watched),
            rows_used.ROWS: rows_used.of_mines(watched, frame["id"]),
            "radius_basis": "筛查半径",
        },
    )


def _watched(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> pd.DataFrame:
    readings = scene.records.get(slope_alarms.RECORDS)
    elsewhere = station_rain.nearest(frame, scene, constants)
    return slope_alarms.alarms(readings, frame["id"], scene.as_of, constants, elsewhere)


def _own_rain(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> Bools:
    """Tell which mines have recent rain of their own."""
    readings = scene.records.get(slope_alarms.RECORDS)
    rain_mm = slope_alarms.own_rain_mm(readings, scene.as_of, constants)
    found: Bools = frame["id"].isin(rain_mm.index[rain_mm.notna()]).to_numpy()
    return found


def _asked(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> pd.DataFrame:
    records = scene.records.get(blasting.RECORDS)
    return blasting.distances(records, frame["id"], scene.as_of, constants)


def _slope(
    frame: gpd.GeoDataFrame, height_m: Floats, watched: pd.DataFrame, constants: Constants
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Points of the slope, 0..100 in all, by step, and what was unknown (METHOD 2.2)."""
    full, span = given.numbers(constants, "safety_factor_span")
    high = np.clip(height_m / given.number(constants, "slope_height_full_m"), 0.0, 1.0)
    factor, no_factor = read.number(frame["safety_factor"], np.nan)
    weak = np.clip((full - factor) / span, 0.0, 1.0)
    weak = np.where(no_factor, given.number(constants, "unknown_safety_term"), weak)
    term = given.table(constants, "monitoring_term")
    watch, no_watch = read.graded(
        frame["monitoring"], term, given.number(constants, "unknown_monitoring_term")
    )
    failing = ~read.missing(mine_facts.failing(frame, watched, constants))
    watch = np.where(failing, term[mine_facts.UNWATCHED], watch)
    rain_mm = watched["rain_24h_mm"].to_numpy(dtype=np.float64)
    wet = np.clip(rain_mm / given.number(constants, "rain_full_mm"), 0.0, 1.0)
    wet = np.where(np.isnan(rain_mm), given.number(constants, "water_term"), wet)
    terms = {"height": high, "safety": weak, "monitoring": watch, "water": wet}
    weight = given.table(constants, "slope_weights")
    points = {name: 100.0 * weight[name] * term for name, term in terms.items()}
    return points, {"safety_factor": no_factor, "monitoring": no_watch}


def _radii(
    height_m: Floats,
    terms: tuple[Floats, Floats, Floats],
    highest: Floats,
    blasts: Bools,
    constants: Constants,
) -> tuple[Floats, Floats]:
    """Radii of the term that decided; of several, and for the colour, the larger ones."""
    slope, blast, colour = (term == highest for term in terms)
    fallen = (height_m, quarry_zones.run_out_m(height_m, constants))
    radii = []
    for ring, blown in zip(fallen, given.numbers(constants, "blast_radii_m"), strict=True):
        by_slope = np.where(slope | colour | ~blasts, ring, 0.0)
        by_blast = np.where((blast | colour) & blasts, blown, 0.0)
        radii.append(np.maximum(by_slope, by_blast))
    return radii[0], radii[1]


def _slope_class(frame: gpd.GeoDataFrame, constants: Constants) -> Objects:
    """Class of the slope by its height (GB 51016-2014), None where that is unknown."""
    height_m = frame["slope_height_m"].to_numpy(dtype=np.float64)
    named = read.named_upto(
        height_m,
        given.numbers(constants, "slope_class_limits_m"),
        given.texts(constants, "slope_classes"),
    )
    named[np.isnan(height_m)] = None
    return named


def _flyrock_m(frame: gpd.GeoDataFrame, asked: pd.DataFrame, constants: Constants) -> Floats:
    """Return how far people must be from flyrock, m, NaN where a mine does not blast (METHOD 2.1).

    The largest of its blasts on record, else the least of any; further where it lies on a hillside.
    """
    level = asked["flyrock_m"].to_numpy(dtype=np.float64)
    level = np.where(np.isnan(level), given.number(constants, "flyrock_least_m"), level)
    hillside, _ = read.yes(frame["small_hillside"])
    factor = np.where(hillside, given.number(constants, "downhill_factor"), 1.0)
    blasts = (frame["method"] == given.text(constants, "blasting")).to_numpy(dtype=bool)
    return np.where(blasts, level * factor, np.nan)


def _zone_evidence(
    frame: gpd.GeoDataFrame, scene: Scene, constants: Constants
) -> dict[str, Floats | Objects]:
    """Tell what a mine's blasts ask for, and where people must leave for them."""
    zone = quarry_zones.warning_zones(frame, scene.sites_m, constants)
    asked = _asked(frame, scene, constants)
    by_distance = zone.blasting & (zone.reach_m > 0)
    basis = zone.basis.copy()
    basis[~zone.blasting] = None
    return {
        "warning_basis": basis,
        "warning_m": np.where(by_distance, zone.reach_m, np.nan),
        "warning_window": blasting.next_window(
            scene.records.get(blasting.RECORDS), frame["id"], scene.as_of, constants
        ),
        "flyrock_m": _flyrock_m(frame, asked, constants),
        "charge_kg": asked["charge_kg"].to_numpy(),
        "vibration_civil_m": asked["civil_m"].to_numpy(),
        "vibration_fragile_m": asked["fragile_m"].to_numpy(),
        "shelter_m": asked["shelter_m"].to_numpy(),
    }


def _alarm_evidence(watched: pd.DataFrame) -> dict[str, Any]:
    """Tell what the monitoring says, for reference: of it rain and silence alone score."""
    colours = np.array([None, *slope_alarms.COLOURS], dtype=object)
    told = ("rate_mm_d", "tangent_deg", "rain_24h_mm")
    return {
        "slope_alarm": colours[watched["level"].to_numpy()],
        "slope_alarm_cause": watched["cause"].to_numpy(dtype=object),
        "rain_from": watched["rain_from"].to_numpy(dtype=object),
        **{name: watched[name].to_numpy(dtype=np.float64) for name in told},
    }
