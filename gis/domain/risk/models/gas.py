"""Gas and oil pipelines, LPG stations: docs/methods/gas.md (METHOD 5)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.consequence import impact_radius_m
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Model, Near, Scene, Sites, Step
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "gas", "GAS"
PIPE, STATION = "gas_pipeline", "lpg_station"
BUILDINGS = ("self_built_house", "school", "hospital", "elderly_home", "small_place")
MINE = "mine"


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every pipeline and LPG station (METHOD 5.3, 5.5).

    ``constants`` are the values of ``gas.toml``; ``as_of`` gives the age of a pipe. City gas
    and long-distance lines stand under different law and have different scores; a line of
    unknown regime takes the higher of the two.
    """
    pipes = [_pipes(frame, constants, scene.as_of) for frame in places(scene.sites_m, PIPE)]
    stations = [_stations(frame, constants) for frame in places(scene.sites_m, STATION)]
    return join(pipes + stations)


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State high-consequence areas, encroachment and what is noted besides (METHOD 5, 7.7)."""
    return facts.join(
        [
            fact
            for frame in places(scene.sites_m, PIPE)
            for fact in (
                *_consequence_areas(frame, constants),
                *_encroachment(frame, scene.sites_m, scene.near, constants),
                *_noted(frame, scene.sites_m, scene.near, constants, scene.as_of),
            )
        ]
    )


MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="燃气与管道", en="Gas and pipelines"),
    kinds=(PIPE, STATION),
    constants=SLUG,
    steps={"score": Step(Title(zh="分值", en="Score"), "I")},
    sources=sources,
    flags=flags,
)


def _pipes(frame: gpd.GeoDataFrame, constants: Constants, as_of: dt.date) -> gpd.GeoDataFrame:
    regime = read.texts(frame["regime"])
    city_only = regime == given.text(constants, "city")
    far_only = regime == given.text(constants, "long_distance")
    city, city_gaps = _city_score(frame, constants, as_of)
    far, far_gaps = _far_score(frame, constants, as_of)
    city_m, city_reach_gaps = _city_reach(frame, constants)
    far_m, far_reach_gaps = _far_reach(frame, constants)
    gaps: dict[str, Bools] = {"regime": ~(city_only | far_only)}
    for found, elsewhere in (
        (city_gaps, far_only), (city_reach_gaps, far_only),
        (far_gaps, city_only), (far_reach_gaps, city_only),
    ):  # fmt: skip
        for name, gap in found.items():
            gaps[name] = gaps.get(name, np.zeros(len(frame), dtype=bool)) | (gap & ~elsewhere)
    score = np.where(far_only, far, np.where(city_only, city, np.maximum(city, far)))
    r2_m = np.where(far_only, far_m, np.where(city_only, city_m, np.maximum(city_m, far_m)))
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={"score": score},
        r1_m=np.full(len(frame), given.number(constants, "pipe_r1_m")),
        r2_m=r2_m,
        constants=constants,
        clause="clause_pipeline",
        unknown=gaps,
        evidence=_pipe_evidence(frame, regime),
    )


def _pipe_evidence(frame: gpd.GeoDataFrame, regime: Objects) -> dict[str, Objects | Floats | str]:
    texts = ("medium", "pressure_class", "material", "class_location", "hca")
    numbers = ("pressure_mpa", "diameter_mm")
    return {
        "regime": regime,
        **{name: read.texts(frame[name]) for name in texts},
        **{name: frame[name].to_numpy(dtype=np.float64) for name in numbers},
        "built_year": read.whole(frame["built_year"]),
        "basis": np.select(
            [regime == "城镇燃气", regime == "长输管道"],
            ["城镇燃气管段计分", "地区等级、高后果区与管况"],
            "管道类别未知，取两种计分的较高者",
        ).astype(object),
        "radius_basis": "筛查半径",
    }


def _city_score(
    frame: gpd.GeoDataFrame, constants: Constants, as_of: dt.date
) -> tuple[Floats, dict[str, Bools]]:
    """Score of a city-gas segment by points, and what was unknown (METHOD 5.3)."""
    total, no_material = read.graded(
        frame["material"],
        given.table(constants, "material_points"),
        given.number(constants, "unknown_material_points"),
    )
    age, no_year = _age(frame, as_of)
    aged = read.banded(
        age, given.numbers(constants, "age_limits"), given.numbers(constants, "age_points")
    )
    total = total + np.where(no_year, given.number(constants, "unknown_age_points"), aged)
    share = given.number(constants, "unknown_share")
    each, most = given.numbers(constants, "leak_points")
    leaks, no_leaks = read.number(frame["leaks_3y"], 0.0)
    total = total + np.where(no_leaks, share * most, np.minimum(each * leaks, most))
    gaps = {"material": no_material, "built_year": no_year, "leaks_3y": no_leaks}
    total = total + _modifiers(frame, given.table(constants, "city_modifiers"), share, gaps)
    watched, _ = read.yes(frame["leak_monitoring"])
    total = total + np.where(watched, given.number(constants, "monitoring_points"), 0.0)
    low, high = given.numbers(constants, "city_limits")
    return np.clip(total, low, high), gaps


def _far_score(
    frame: gpd.GeoDataFrame, constants: Constants, as_of: dt.date
) -> tuple[Floats, dict[str, Bools]]:
    """Score of a long-distance line, and what was unknown (METHOD 5.5)."""
    by_class, no_class = read.graded(
        frame["class_location"],
        given.table(constants, "class_points"),
        given.number(constants, "unknown_class_points"),
    )
    by_area, no_area = read.graded(frame["hca"], given.table(constants, "hca_points"), 0.0)
    base = np.maximum(np.maximum(by_class, by_area), given.number(constants, "far_least"))
    share = given.number(constants, "unknown_share")
    gaps = {"class_location": no_class, "hca": no_area}
    added = _modifiers(frame, given.table(constants, "far_modifiers"), share, gaps)
    age, gaps["built_year"] = _age(frame, as_of)
    limit, points = given.numbers(constants, "far_age")
    old = np.where(gaps["built_year"], share * points, np.where(age > limit, points, 0.0))
    return np.clip(base + added + old, 0.0, 100.0), gaps


def _modifiers(
    frame: gpd.GeoDataFrame, points: dict[str, float], share: float, gaps: dict[str, Bools]
) -> Floats:
    """Add the points of yes/no attributes; what is unknown goes into ``gaps``."""
    total = np.zeros(len(frame))
    for name, worth in points.items():
        added, gaps[name] = read.points_if(frame[name], worth, share)
        total = total + added
    return total


def _age(frame: gpd.GeoDataFrame, as_of: dt.date) -> tuple[Floats, Bools]:
    """Age in full calendar years, 0 where unknown, and where that was so."""
    built, unknown = read.number(frame["built_year"], float(as_of.year))
    return as_of.year - built, unknown


def _city_reach(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """r2 of city gas by pressure class: a table, and the impact radius of high pressure."""
    level, no_level = _pressure_class(frame, constants)
    tabled = given.table(constants, "city_r2_m")
    reach, _ = read.graded(level, tabled, given.number(constants, "unknown_city_r2_m"))
    high = np.array([name in given.texts(constants, "high_classes") for name in level], dtype=bool)
    impact, gaps = _impact_radius(frame, level, constants)
    return np.where(high, impact, reach), {
        "pressure_class": no_level,
        **{name: gap & high for name, gap in gaps.items()},
    }


def _far_reach(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """r2 of a long-distance line: the impact radius of gas, a fixed one for oil."""
    level, _ = _pressure_class(frame, constants)
    impact, gaps = _impact_radius(frame, level, constants)
    gas_m = np.maximum(impact, given.number(constants, "far_gas_least_r2_m"))
    medium = read.texts(frame["medium"])
    oil_m = given.number(constants, "far_oil_r2_m")
    oil, unknown = medium == given.text(constants, "oil"), read.missing(medium)
    reach: Floats = np.where(oil, oil_m, np.where(unknown, np.maximum(gas_m, oil_m), gas_m))
    return reach, {"medium": unknown, **{name: gap & ~oil for name, gap in gaps.items()}}


def _pressure_class(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Objects, Bools]:
    """Pressure class; from the pressure where it is not given; None where neither is known."""
    level = read.texts(frame["pressure_class"])
    pressure, no_pressure = read.number(frame["pressure_mpa"], 0.0)
    guess = read.named_upto(
        pressure,
        given.numbers(constants, "pressure_limits_mpa"),
        given.texts(constants, "pressure_classes"),
    )
    missing = read.missing(level)
    level = np.where(missing & ~no_pressure, guess, level)
    return level, missing & no_pressure


def _impact_radius(
    frame: gpd.GeoDataFrame, level: Objects, constants: Constants
) -> tuple[Floats, dict[str, Bools]]:
    """Potential impact radius 0.099 sqrt(d2 p), m, and what was unknown (METHOD 5.5)."""
    diameter, no_diameter = read.number(
        frame["diameter_mm"], given.number(constants, "unknown_diameter_mm")
    )
    pressure, no_pressure = read.number(frame["pressure_mpa"], np.nan)
    by_class, no_class = read.graded(
        level,
        given.table(constants, "class_pressure_mpa"),
        given.number(constants, "unknown_pressure_mpa"),
    )
    pressure = np.where(no_pressure, by_class, pressure)
    radius = impact_radius_m(diameter, pressure, given.number(constants, "impact_coefficient"))
    return radius, {"diameter_mm": no_diameter, "pressure_mpa": no_pressure & no_class}


def _stations(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    capacity, no_capacity = read.number(frame["capacity_m3"], 0.0)
    guess = read.named_upto(
        capacity,
        given.numbers(constants, "station_limits_m3"),
        given.texts(constants, "station_classes"),
    )
    level = read.texts(frame["station_class"])
    missing = read.missing(level)
    level = np.where(missing & ~no_capacity, guess, level)
    scores = given.table(constants, "station_score")
    score, unknown = read.graded(level, scores, max(scores.values()))
    r1_m, r2_m = given.numbers(constants, "station_radii_m")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={"score": score},
        r1_m=np.full(len(frame), r1_m),
        r2_m=np.full(len(frame), r2_m),
        constants=constants,
        clause="clause_lpg_station",
        unknown={"station_class": unknown},
        evidence={
            "station_class": level,
            "capacity_m3": frame["capacity_m3"].to_numpy(dtype=np.float64),
            "basis": "站级",
            "radius_basis": "筛查半径",
        },
    )


def _consequence_areas(frame: gpd.GeoDataFrame, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State a line's level of high-consequence area in every area it crosses."""
    hca = read.texts(frame["hca"])
    floors = given.table(constants, "hca_floors")
    return [
        facts.state(
            frame,
            hca == level,
            rule=f"gas_hca_{number}",
            floor=int(floor),
            text_zh=f"有{level}级管道高后果区",
            evidence={"hca": hca},
            spread=True,
        )
        for number, (level, floor) in enumerate(floors.items(), start=1)
    ]


def _encroachment(
    frame: gpd.GeoDataFrame, sites_m: Sites, near: Near, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State buildings in use on long-distance lines, and encroachment on record.

    The 5 m rule is the pipeline law's, which does not hold for city gas (METHOD 5.1). Where a
    position is known to be worse than the limit, 5 m cannot be told: then it is only noted.
    """
    floor = int(given.number(constants, "encroachment_floor"))
    far = _far(frame, constants)
    limit_m = given.number(constants, "encroachment_accuracy_m")
    found = [
        facts.state(
            frame,
            read.yes(frame["encroached"])[0],
            rule="gas_encroached_recorded",
            floor=floor,
            text_zh="管道登记有占压",
            evidence={"regime": read.texts(frame["regime"])},
        )
    ]
    for kind in BUILDINGS:
        for others in places(sites_m, kind):
            used = others[read.in_use(others, given.text(constants, "idle_use"))]
            reached = near(
                far.geometry.to_numpy(),
                used.geometry.to_numpy(),
                given.number(constants, "encroachment_m"),
            )
            worst = np.fmax(
                far["accuracy_m"].to_numpy(dtype=float)[reached[0]],
                used["accuracy_m"].to_numpy(dtype=float)[reached[1]],
            )
            vague = worst > limit_m  # unknown accuracy is NaN: not known to be vague
            for kept, rule, least, said in (
                (~vague, "gas_encroached", floor, "长输管道中心线5米内有在用建筑（占压）"),
                (vague, "gas_encroached_unsure", 0, "疑似占压（位置精度不足，待核）"),
            ):
                found.append(
                    facts.state_pair(
                        far,
                        used,
                        reached,
                        where=kept,
                        rule=rule,
                        floor=least,
                        text_zh=said,
                    )
                )
    return found


def _noted(
    frame: gpd.GeoDataFrame,
    sites_m: Sites,
    near: Near,
    constants: Constants,
    as_of: dt.date,
) -> list[gpd.GeoDataFrame]:
    """Facts beside the score: lines due for renewal, mining beside long-distance lines."""
    age, no_year = _age(frame, as_of)
    old = ~no_year & (age >= given.number(constants, "renewal_age"))
    worn = frame["material"].isin(given.texts(constants, "renewal_materials")).to_numpy(dtype=bool)
    city = (frame["regime"] != given.text(constants, "long_distance")).to_numpy(dtype=bool)
    far = _far(frame, constants)
    band_m = given.number(constants, "mining_band_m")
    return [
        facts.state(
            frame,
            city & (old | worn),
            rule="gas_renewal",
            floor=0,
            text_zh="老旧燃气管道，应更新",
            evidence={"material": read.texts(frame["material"])},
        ),
        *(
            facts.state_pair(
                far,
                mines,
                near(far.geometry.to_numpy(), mines.geometry.to_numpy(), band_m),
                rule="gas_mining_beside",
                floor=0,
                text_zh=f"长输管道{band_m:.0f}米内有矿山",
            )
            for mines in places(sites_m, MINE)
        ),
    ]


def _far(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    return frame[(frame["regime"] == given.text(constants, "long_distance")).to_numpy(dtype=bool)]
