"""Gas and oil pipelines, LPG stations: docs/methods/gas.md (METHOD 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk import gas_facts, high_consequence, pipeline_laws, strips
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Model, Reach, Scene, Step, alone, blind
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "gas", "GAS"
PIPE, STATION = "gas_pipeline", "lpg_station"


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every LPG station, of every section of a pipeline (METHOD 5.3 to 5.5).

    ``constants`` are the values of ``gas.toml``; ``as_of`` gives the age of a pipe. City gas and
    long-distance lines stand under different law and have different scores; a line of unknown
    regime takes the higher of the two. City gas is one section; another line has as many as its
    class location and its high-consequence areas ask for.
    """
    pipes = [_pipes(frame, scene, constants) for frame in places(scene.sites_m, PIPE)]
    stations = [_stations(frame, constants) for frame in places(scene.sites_m, STATION)]
    return join(pipes + stations)


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State high-consequence areas, encroachment and what is noted besides (METHOD 5, 7.7)."""
    found = []
    for frame in places(scene.sites_m, PIPE):
        sections = scene.once(_sections, constants)
        found += [
            *gas_facts.consequence_areas(frame, sections, constants),
            *gas_facts.differences(frame, sections, constants),
            *gas_facts.assessments(frame, scene.as_of, constants),
            *gas_facts.renewal(frame, _age(frame, scene.as_of), constants),
            *strips.encroachment(frame, scene, constants),
            *strips.clearance(frame, scene, constants),
            *strips.works(frame, scene, constants),
            *strips.mining(frame, scene, constants),
        ]
    for frame in places(scene.sites_m, STATION):
        found += gas_facts.stations(frame, scene.as_of, constants)
    return facts.join(found)


def reach(scene: Scene, constants: Constants) -> dict[str, Reach]:
    """Return how far pipelines look: together with all that meet them; stations at nothing."""
    pipes = {kind: _reach(frame, scene, constants) for kind, frame in scene.frames(PIPE)}
    stations = {kind: blind(frame) for kind, frame in scene.frames(STATION)}
    return {**pipes, **stations}


STEPS = {
    "material": Step(
        Title("材质", "Material"),
        "城镇燃气：PE 8 至灰口铸铁 40，未知 25",
        ("material",),
        ("material_points", "unknown_material_points"),
    ),
    "leaks": Step(
        Title("近三年泄漏", "Leaks in 3 years"),
        "城镇燃气：每次 8，最多 24；未查为其四分之一",
        ("leaks_3y",),
        ("leak_points", "unknown_share"),
    ),
    "inspection": Step(
        Title("检验超期", "Inspection overdue"),
        "城镇燃气：8；未查为其四分之一",
        ("inspection_overdue",),
        ("city_modifiers", "unknown_share"),
    ),
    "monitoring": Step(
        Title("泄漏监测或切断装置", "Leak monitoring or cut-off"),
        "城镇燃气：有为 -8",
        ("leak_monitoring",),
        ("monitoring_points",),
    ),
    "bounds": Step(
        Title("下限", "Least"),
        "城镇燃气：合计不低于 3",
        (),
        ("city_limits",),
    ),
    "class_location": Step(
        Title("地区等级", "Class location"),
        "长输管道：一级 10，二级 25，三级 55，四级 80；登记的优先，其次按两侧 200 m、2 km 内的户数",
        ("class_location", "households", "storeys"),
        ("class_points", "unknown_class_points", "class_households", "class_window_m"),
    ),
    "hca": Step(
        Title("高后果区", "High-consequence area"),
        "长输管道：Ⅰ 45，Ⅱ 70，Ⅲ 90；登记的优先；高于地区等级时取此项",
        ("hca", "medium", "diameter_mm", "maop_mpa"),
        ("hca_points", "hca_gas_levels", "hca_oil_levels"),
    ),
    "least": Step(
        Title("起点", "Base"),
        "长输管道：地区等级与高后果区都不足 20 时取 20",
        (),
        ("far_least",),
    ),
    "encroachment": Step(
        Title("占压", "Encroachment"),
        "25；未查为其四分之一，未登记而确有在用建筑的按有占压",
        ("encroached",),
        ("city_modifiers", "far_modifiers", "unknown_share", "encroachment_m"),
    ),
    "works": Step(
        Title("第三方施工", "Works of third parties"),
        "城镇燃气 20，长输管道 15；未查为其四分之一",
        ("third_party_works", "clear_m"),
        ("city_modifiers", "far_modifiers", "unknown_share"),
    ),
    "age": Step(
        Title("管龄", "Age"),
        "城镇燃气：10 年 8，20 年 18，30 年 28，未知 15；长输管道：超过 30 年 10，未知为其四分之一",
        ("built_year",),
        ("age_limits", "age_points", "unknown_age_points", "far_age"),
    ),
    "cathodic": Step(
        Title("阴极保护故障", "Cathodic protection fault"),
        "长输管道：10；未查为其四分之一",
        ("cathodic_fault",),
        ("far_modifiers", "unknown_share"),
    ),
    "station_class": Step(
        Title("站级", "Station class"),
        "瓶装供应站：Ⅰ 65，Ⅱ 55，Ⅲ 45；未登记的按容积",
        ("station_class", "capacity_m3"),
        ("station_score", "station_limits_m3"),
    ),
}

FACTORS = {
    "third_party_works": "works",
    "encroached": "encroachment",
    "inspection_overdue": "inspection",
    "cathodic_fault": "cathodic",
}
"""Yes/no fields that add points, and the step that tells of each."""

MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="燃气与管道", en="Gas and pipelines"),
    kinds=(PIPE, STATION),
    constants=SLUG,
    steps=STEPS,
    sources=sources,
    flags=flags,
    looks_at=tuple(
        dict.fromkeys(
            kind
            for kind in (*high_consequence.KINDS, *strips.KINDS, strips.RECORDS)
            if kind != STATION
        )
    ),
    reach=reach,
)


def _reach(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> Reach:
    far = (frame["regime"] != given.text(constants, "city")).to_numpy(dtype=bool)
    own = alone(strips.reach_m(frame, constants))
    beside = high_consequence.reach(frame[far], scene, constants)
    own.far_m[far] = np.maximum(own.far_m[far], beside.far_m)
    own.group[far] = beside.group
    return own


def _sections(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Return the sections of the lines that are not known to be city gas."""
    frame = scene.sites_m[PIPE]
    city = (frame["regime"] == given.text(constants, "city")).to_numpy(dtype=bool)
    return high_consequence.sections(frame[~city], scene, constants)


def _pipes(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    city = (frame["regime"] == given.text(constants, "city")).to_numpy(dtype=bool)
    whole = high_consequence.undivided(frame[city])
    rows = pd.concat([whole, scene.once(_sections, constants)], ignore_index=True)
    busy = pd.Series(strips.disturbed(frame, scene, constants), frame["id"], dtype=object)
    rows = rows.assign(
        third_party_works=busy.loc[rows["id"]].to_numpy(),
        encroached=strips.encroached(rows, scene, constants),
    )
    return _scored(rows, scene.as_of, constants)


def _scored(rows: gpd.GeoDataFrame, as_of: dt.date, constants: Constants) -> gpd.GeoDataFrame:
    """Make the sources of sections: by the rules of their regime, of both where it is unknown."""
    regime = read.texts(rows["regime"])
    city_only = regime == given.text(constants, "city")
    far_only = regime == given.text(constants, "long_distance")
    city, city_gaps = _city_points(rows, as_of, constants)
    far, far_gaps = _far_points(rows, as_of, constants)
    city_m, city_reach_gaps = _city_reach(rows, constants)
    far_m, far_reach_gaps = _far_reach(rows, constants)
    city_gaps, far_gaps = {**city_gaps, **city_reach_gaps}, {**far_gaps, **far_reach_gaps}
    by_far = far_only | (~city_only & (_total(far) > _total(city)))
    none = np.zeros(len(rows))
    return build(
        rows,
        model=SLUG,
        sector=SECTOR,
        steps={
            name: np.where(by_far, far.get(name, none), city.get(name, none))
            for name in {**city, **far}
        },
        r1_m=np.full(len(rows), given.number(constants, "pipe_r1_m")),
        r2_m=np.where(far_only, far_m, np.where(city_only, city_m, np.maximum(city_m, far_m))),
        constants=constants,
        clause="clause_pipeline",
        unknown={
            "regime": ~(city_only | far_only),
            **{
                name: (city_gaps.get(name, none > 0) & ~far_only)
                | (far_gaps.get(name, none > 0) & ~city_only)
                for name in {**city_gaps, **far_gaps}
            },
        },
        evidence=_evidence(rows, regime, constants),
        part=rows["part"].to_numpy(),
    )


def _evidence(
    rows: gpd.GeoDataFrame, regime: Objects, constants: Constants
) -> dict[str, Objects | Floats | str]:
    texts = ("medium", "pressure_class", "material", "class_location", "class_computed")
    areas = ("hca", "hca_computed", "hca_items", "assessment_no", "assessed_on")
    numbers = ("pressure_mpa", "maop_mpa", "diameter_mm", "households")
    oil = (rows["medium"] == given.text(constants, "oil")).to_numpy(dtype=bool)
    other = high_consequence.is_other_gas(rows, constants)
    city = regime == given.text(constants, "city")
    return {
        "regime": regime,
        **{name: read.texts(rows[name]) for name in (*texts, *areas)},
        **{name: rows[name].to_numpy(dtype=np.float64) for name in numbers},
        "built_year": read.whole(rows["built_year"]),
        "impact_radius_m": np.where(
            oil | other | city, np.nan, high_consequence.impact_m(rows, constants)[0]
        ),
        "section_m": np.where(city, np.nan, rows.length.to_numpy()),
        "basis": np.select(
            [city, regime == given.text(constants, "long_distance")],
            ["城镇燃气管段计分", "地区等级、高后果区与管况"],
            "管道类别未知，取两种计分的较高者",
        ).astype(object),
        "radius_basis": np.where(
            other & ~city, "筛查半径（固定值：天然气的潜在影响半径公式不适用）", "筛查半径"
        ).astype(object),
    }


Points = tuple[dict[str, Floats], dict[str, Bools]]
"""Points by step, and what was unknown by field."""


def _city_points(rows: gpd.GeoDataFrame, as_of: dt.date, constants: Constants) -> Points:
    """Points of a city-gas segment (METHOD 5.3)."""
    points, gaps = _factors(rows, given.table(constants, "city_modifiers"), constants)
    points["material"], gaps["material"] = read.graded(
        rows["material"],
        given.table(constants, "material_points"),
        given.number(constants, "unknown_material_points"),
    )
    age, gaps["built_year"] = _age(rows, as_of)
    limits, worth = (given.numbers(constants, name) for name in ("age_limits", "age_points"))
    unknown = given.number(constants, "unknown_age_points")
    points["age"] = np.where(gaps["built_year"], unknown, read.banded(age, limits, worth))
    each, most = given.numbers(constants, "leak_points")
    leaks, gaps["leaks_3y"] = read.number(rows["leaks_3y"], 0.0)
    share = given.number(constants, "unknown_share")
    points["leaks"] = np.where(gaps["leaks_3y"], share * most, np.minimum(each * leaks, most))
    watched, _ = read.yes(rows["leak_monitoring"])
    points["monitoring"] = np.where(watched, given.number(constants, "monitoring_points"), 0.0)
    least, _ = given.numbers(constants, "city_limits")
    points["bounds"] = np.maximum(least - _total(points), 0.0)
    return points, gaps


def _far_points(rows: gpd.GeoDataFrame, as_of: dt.date, constants: Constants) -> Points:
    """Points of a section of a long-distance line (METHOD 5.5).

    Of class location, high-consequence area and the least the highest counts, of equal ones the
    first. What is reckoned from the register stands in for what is not on record, but fills no gap.
    """
    points, gaps = _factors(rows, given.table(constants, "far_modifiers"), constants)
    by_class, _ = read.graded(
        rows["class_used"],
        given.table(constants, "class_points"),
        given.number(constants, "unknown_class_points"),
    )
    by_area, _ = read.graded(rows["hca_used"], given.table(constants, "hca_points"), 0.0)
    least = given.number(constants, "far_least")
    base = np.maximum(np.maximum(by_class, by_area), least)
    points["class_location"] = np.where(by_class == base, base, 0.0)
    points["hca"] = np.where((by_area == base) & (by_class < base), base, 0.0)
    points["least"] = np.where(np.maximum(by_class, by_area) < base, base, 0.0)
    age, gaps["built_year"] = _age(rows, as_of)
    limit, worth = given.numbers(constants, "far_age")
    share = given.number(constants, "unknown_share")
    old = np.where(age > limit, worth, 0.0)
    points["age"] = np.where(gaps["built_year"], share * worth, old)
    no_class = rows["class_location"].isna().to_numpy(dtype=bool)
    gaps["class_location"] = no_class
    gaps["households"] = no_class & rows["estimated"].to_numpy(dtype=bool)
    gaps["hca"] = rows["hca"].isna().to_numpy(dtype=bool)
    return points, gaps


def _factors(rows: gpd.GeoDataFrame, worth: Mapping[str, float], constants: Constants) -> Points:
    """Points of yes/no fields; part of them where nobody looked."""
    share = given.number(constants, "unknown_share")
    points, gaps = {}, {}
    for name, full in worth.items():
        points[FACTORS[name]], gaps[name] = read.points_if(rows[name], full, share)
    return points, gaps


def _total(points: Mapping[str, Floats]) -> Floats:
    total: Floats = np.sum(list(points.values()), axis=0)
    return total


def _age(rows: gpd.GeoDataFrame, as_of: dt.date) -> tuple[Floats, Bools]:
    """Age in full calendar years, 0 where unknown, and where that was so."""
    built, unknown = read.number(rows["built_year"], float(as_of.year))
    return as_of.year - built, unknown


def _city_reach(rows: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """r2 of city gas by pressure class: a table; of high pressure the impact radius."""
    level, no_level = pipeline_laws.pressure_class(rows, constants)
    reach, _ = read.graded(
        level,
        given.table(constants, "city_r2_m"),
        given.number(constants, "unknown_city_r2_m"),
    )
    high = np.isin(level.astype(str), given.texts(constants, "high_classes"))
    impact, gaps = _impact(rows, constants)
    return np.where(high, impact, reach), {
        "pressure_class": no_level,
        **{name: gap & high for name, gap in gaps.items()},
    }


def _far_reach(rows: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """r2 of a long-distance line: the impact radius of gas, a fixed one for oil."""
    impact, gaps = _impact(rows, constants)
    gas_m = np.maximum(impact, given.number(constants, "far_gas_least_r2_m"))
    medium = read.texts(rows["medium"])
    oil_m = given.number(constants, "far_oil_r2_m")
    oil, unknown = medium == given.text(constants, "oil"), read.missing(medium)
    reach: Floats = np.where(oil, oil_m, np.where(unknown, np.maximum(gas_m, oil_m), gas_m))
    return reach, {"medium": unknown, **{name: gap & ~oil for name, gap in gaps.items()}}


def _impact(rows: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """Return the impact radius of gas, metres, and what was unknown.

    Of a gas other than natural gas no formula is on record: a fixed radius, but never less than a
    line of natural gas would have; unknown until the operator has assessed the line.
    """
    natural_m, gaps = high_consequence.impact_m(rows, constants)
    other = high_consequence.is_other_gas(rows, constants)
    fixed_m = np.maximum(natural_m, given.number(constants, "other_gas_r2_m"))
    unassessed = rows["assessment_no"].isna().to_numpy(dtype=bool)
    return np.where(other, fixed_m, natural_m), {**gaps, "assessment_no": other & unassessed}


def _stations(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    guess, no_capacity = gas_facts.class_by_capacity(frame, constants)
    level = read.texts(frame["station_class"])
    level = np.where(read.missing(level) & ~no_capacity, guess, level)
    scores = given.table(constants, "station_score")
    score, unknown = read.graded(level, scores, max(scores.values()))
    r1_m, r2_m = given.numbers(constants, "station_radii_m")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={"station_class": score},
        r1_m=np.full(len(frame), r1_m),
        r2_m=np.full(len(frame), r2_m),
        constants=constants,
        clause="clause_lpg_station",
        unknown={"station_class": unknown},
        evidence={
            "station_class": level,
            "capacity_m3": frame["capacity_m3"].to_numpy(dtype=np.float64),
            "evaluated_on": read.texts(frame["evaluated_on"]),
            "basis": "站级",
            "radius_basis": "筛查半径",
        },
    )
