"""Industrial enterprises and petrol stations: docs/methods/industry.md (METHOD 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import (
    chemicals,
    industry_facts,
    major_hazard,
    plant_control,
    protected_places,
    risk_items,
    rows_used,
    screening,
    tenancy,
    workshops,
)
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.fire_clusters import ROAD
from gis.domain.risk.major_hazard import UNIT
from gis.domain.risk.model import PEOPLE, Model, Reach, Scene, Step, alone, blind
from gis.domain.risk.sources import build, join, objects, places

SLUG, SECTOR = "industry", "IND"
PLANT, STATION = "enterprise", "gas_station"
TERMS = ("mhi", "colour", "category")
"""Steps of which the largest counts; of equal ones the first."""


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every enterprise and petrol station (METHOD 1.5, 1.6).

    ``constants`` are the values of ``industry.toml``. What an enterprise holds, its units with
    their chemicals, its risk items, tenants and buildings, is told by its own source.
    """
    plants = [_plants(frame, scene, constants) for frame in places(scene.sites_m, PLANT)]
    stations = [_stations(frame, constants) for frame in places(scene.sites_m, STATION)]
    return join(plants + stations)


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State the facts of METHOD 1.4, 1.7 and 1.8; floors of METHOD 7.7."""
    found = []
    for frame in places(scene.sites_m, PLANT):
        has = scene.once(_holdings, constants)
        stated = has.levels["stated"].to_numpy(dtype=object)
        found += [
            *industry_facts.major_hazards(frame, has.levels, constants),
            *industry_facts.units(scene, frame, has.units, constants),
            *protected_places.stated(scene, frame, stated, has.radii.r2_m, constants),
            *industry_facts.breaches(scene, frame, has.items, has.reports, constants),
            *industry_facts.shared_sites(frame, has.shared, constants),
        ]
    return facts.join(found)


def reach(scene: Scene, constants: Constants) -> dict[str, Reach]:
    """Return how far enterprises look: over the assessed distance, for lanes, for residents.

    What may be a major hazard looks over the farthest that is screened for protected places.

    A unit answers too, since what is noted of it is its own; it looks together with its enterprise.
    """
    alpha_m, lane_m, cap_m = (
        given.number(constants, name)
        for name in ("alpha_reach_m", "fire_lane_reach_m", "screening_cap_m")
    )
    declared = given.texts(constants, "mhi_levels")
    found = {kind: blind(frame) for kind, frame in scene.frames(STATION)}
    for kind, frame in scene.frames(PLANT):
        far_m = np.maximum(read.number(frame["ext_safety_dist_m"], 0.0)[0], lane_m)
        hazard = frame["mhi_level"].isin(declared).to_numpy(dtype=bool)
        far_m[hazard] = np.maximum(far_m[hazard], cap_m)
        found[kind] = alone(far_m)
        for unit, held in scene.frames(UNIT):
            owner = major_hazard.plant_of(held, frame)
            found[unit] = Reach(np.full(len(held), alpha_m), owner)
            owners = np.unique(owner[owner >= 0])
            found[kind].group[owners] = owners
            far_m[owners] = np.maximum(far_m[owners], max(alpha_m, cap_m))
    return found


STEPS = {
    "mhi": Step(
        Title("重大危险源", "Major hazard installation"),
        "一级 100，二级 90，三级 80，四级 70；颜色、类别不高于此项时取此项",
        ("mhi_level", "declared_level", "declared_alpha", "chemical", "design_t"),
        ("mhi_floor", "mhi_categories", "unknown_mhi_level", "listed_q_t", "class_q_t"),
    ),
    "colour": Step(
        Title("风险等级颜色", "Risk colour"),
        "登记颜色与现行风险项中最高的：红 100，橙 75，黄 45，蓝 20；"
        "高于重大危险源、不低于类别时取此项",
        ("risk_colour", "level", "lec_l", "lec_e", "lec_c", "ls_l", "ls_s"),
        ("four_colours", "unknown_colour", "lec_limits", "ls_limits"),
    ),
    "category": Step(
        Title("行业类别底线", "Floor of the category"),
        "高于前两项时取类别的底线分；有承租单位的不低于厂中厂",
        ("category", "enterprise"),
        ("category_floor", "unknown_category_floor", "host_category"),
    ),
    "dust_workers": Step(
        Title("单班涉粉人数", "People in the dust area"),
        "前项 × (系数 - 1)：不足 10 人 0.9，10–29 人 1.0，30 人及以上 1.15",
        ("dust_workers",),
        ("dust_worker_limits", "dust_worker_factors"),
    ),
    "multi_storey": Step(
        Title("多层厂房内涉粉", "Dust post in a multi-storey building"),
        "前项 × 0.15",
        ("multi_storey_dust",),
        ("multi_storey_factor",),
    ),
    "hoist": Step(
        Title("深井铸造提升方式", "Casting hoist"),
        "前项 × (系数 - 1)：钢丝绳 1.10，液压 0.9",
        ("hoist",),
        ("hoist_factor", "casting_category"),
    ),
    "monitoring": Step(
        Title("监测预警接入", "On-line monitoring"),
        "前项 × (系数 - 1)：已接入 0.9，应接未接 1.1；深井铸造一律应接入",
        ("monitoring",),
        ("monitoring_factor", "casting_category"),
    ),
    "standardisation": Step(
        Title("安全标准化", "Standardisation"),
        "前项 × (系数 - 1)：一、二级 0.9，无或未登记 1.05",
        ("standardisation",),
        ("standardisation_factor",),
    ),
    "report": Step(
        Title("风险报告超期", "Risk report overdue"),
        "前项 × 0.1：某一现行风险项（没有日期的，看企业）的报告超过 12 个月，或没有报告日期",
        ("risk_reported_on", "reported_on"),
        ("report_overdue_factor", "report_months"),
    ),
    "bounds": Step(
        Title("管控系数上下限", "Limits of the control factor"),
        "各系数之积限在 0.7–1.4",
        (),
        ("control_limits",),
    ),
    "station_class": Step(
        Title("站级", "Station class"),
        "加油加气站：一级 65，二级 55，三级 45；未登记的按容积",
        ("station_class", "tank_m3"),
        ("station_score", "station_class_limits_m3"),
    ),
}

MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="工业企业", en="Industry"),
    kinds=(PLANT, STATION),
    constants=SLUG,
    steps=STEPS,
    sources=sources,
    flags=flags,
    looks_at=(
        major_hazard.UNIT,
        tenancy.TENANT,
        ROAD,
        *protected_places.KINDS,
        chemicals.RECORDS,
        risk_items.RECORDS,
        PEOPLE,
    ),
    reach=reach,
)


@dataclass(frozen=True, slots=True)
class _Holdings:
    """What enterprises hold and how far it reaches, by row in all but ``held`` and ``units``."""

    held: pd.DataFrame
    units: pd.DataFrame
    levels: pd.DataFrame
    items: pd.DataFrame
    reports: pd.DataFrame
    shared: pd.DataFrame
    rings: pd.DataFrame
    highest_m: Floats
    radii: screening.Radii


def _holdings(scene: Scene, constants: Constants) -> _Holdings:
    frame = scene.sites_m[PLANT]
    held = chemicals.on_record(scene.records, constants)
    units = major_hazard.units(scene, frame, held, constants)
    levels = major_hazard.of_plants(units, frame, constants)
    shared = tenancy.of_plants(scene, frame, constants)
    rings = screening.unit_rings(units, held, scene.sites_m, len(frame), constants)
    highest_m = workshops.highest_m(scene, frame, constants)
    level, host = levels["level"].to_numpy(dtype=object), shared["host"].to_numpy(dtype=bool)
    items = risk_items.of_plants(scene.records, frame["id"], scene.as_of, constants)
    return _Holdings(
        held=held,
        units=units,
        levels=levels,
        items=items,
        reports=risk_items.reports(frame, items, scene.as_of, constants),
        shared=shared,
        rings=rings,
        highest_m=highest_m,
        radii=screening.radii(frame, level, host, rings, highest_m, constants),
    )


def _plants(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    has = scene.once(_holdings, constants)
    level = has.levels["level"].to_numpy(dtype=object)
    host = has.shared["host"].to_numpy(dtype=bool)
    colour, no_colour = _colour(frame, has.items, constants)
    category, no_category = _category(frame, host, constants)
    major, _ = read.graded(level, given.table(constants, "mhi_floor"), 0.0)
    factors, control_gaps = plant_control.factors(frame, category, has.reports, constants)
    limits = given.numbers(constants, "control_limits")
    terms = {"mhi": major, "colour": colour, "category": category}
    steps = plant_control.waterfall(terms, factors, limits)
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps=steps,
        r1_m=has.radii.r1_m,
        r2_m=has.radii.r2_m,
        constants=constants,
        clause="clause_enterprise",
        unknown={
            "category": no_category,
            "risk_colour": no_colour,
            **_level_gaps(frame, has),
            **control_gaps,
            **has.radii.gaps,
        },
        evidence={
            "category": read.texts(frame["category"]),
            "colour": read.texts(frame["risk_colour"]),
            **industry_facts.counted(has.items),
            "next_due": has.reports["next_due"].to_numpy(dtype=object),
            "mhi_level": level,
            **industry_facts.reckoned(has.levels),
            "basis": _basis(steps, no_colour, no_category, has.levels),
            "base_score": _base(steps),
            "control_factor": plant_control.control(factors, limits),
            "radius_basis": has.radii.basis,
            "assessment": read.texts(frame["ext_safety_doc"]),
            "assessed_on": read.texts(frame["assessed_on"]),
            "fatal_contour_m": frame["fatal_contour_m"].to_numpy(dtype=np.float64),
            "highest_building_m": has.highest_m,
            "gas_vessel_t": has.rings["vessel_t"].to_numpy(dtype=np.float64),
            "gas_cloud_fatal_m": has.rings["fatal_m"].to_numpy(dtype=np.float64),
            **industry_facts.sharing(has.shared),
            rows_used.ROWS: rows_used.of_plants(
                has.units, has.held, scene.records, frame["id"], constants
            ),
        },
        object_uid=objects(frame, "uscc"),
    )


def _colour(
    frame: gpd.GeoDataFrame, items: pd.DataFrame, constants: Constants
) -> tuple[Floats, Bools]:
    """Score of the higher of reported colour and current items (就高), and where it is not sure.

    An item of unknown level counts as yellow, as an unknown colour does.
    """
    table = given.table(constants, "four_colours")
    yellow = given.number(constants, "unknown_colour")
    reported, no_report = read.graded(frame["risk_colour"], table, 0.0)
    names = np.array([*given.texts(constants, "risk_colours"), None], dtype=object)
    highest, no_level = read.graded(names[items["highest"].to_numpy()], table, 0.0)
    unsure = (items["unknown"] > 0).to_numpy(dtype=bool) | (no_report & no_level)
    known = np.maximum(reported, highest)
    return np.where(unsure, np.maximum(known, yellow), known), unsure


def _category(frame: gpd.GeoDataFrame, host: Bools, constants: Constants) -> tuple[Floats, Bools]:
    """Floor of the category, at least that of a host where several tenants are on record."""
    table = given.table(constants, "category_floor")
    floor, unknown = read.graded(
        frame["category"], table, given.number(constants, "unknown_category_floor")
    )
    hosted = np.where(host, table[given.text(constants, "host_category")], 0.0)
    return np.maximum(floor, hosted), unknown


def _level_gaps(frame: gpd.GeoDataFrame, has: _Holdings) -> dict[str, Bools]:
    """Tell where the level is not declared although it may be a major hazard, and why not known.

    And where nobody weighed what vessels hold. Of a plant known as a point only, fewer people
    than there are lie within 500 m of its boundary.
    """
    units, levels = has.units, has.levels
    open_ = levels["unknown"].to_numpy(dtype=bool)
    blank = (units["plant"] >= 0) & ~units["complete"].astype(bool)
    plant = units["plant"].to_numpy(dtype=np.int64)
    bare = np.bincount(plant[blank.to_numpy()], minlength=len(frame)) > 0
    point = shapely.get_dimensions(frame.geometry.to_numpy()) < 2
    some = (levels["units"] > 0).to_numpy(dtype=bool)
    return {
        "mhi_level": open_,
        "installation": (open_ & bare) | has.rings["unweighed"].to_numpy(dtype=bool),
        "geometry": open_ & some & point & levels["alpha_declared"].isna().to_numpy(dtype=bool),
    }


def _base(steps: Mapping[str, Floats]) -> Floats:
    base: Floats = np.sum([steps[name] for name in TERMS], axis=0)
    return base


def _basis(
    steps: Mapping[str, Floats], no_colour: Bools, no_category: Bools, levels: pd.DataFrame
) -> Objects:
    """Say in words which term decided the score."""
    reckoned = levels["level"].to_numpy(dtype=object) == levels["computed"].to_numpy(dtype=object)
    by_level = np.select(
        [levels["official"].to_numpy(dtype=bool), reckoned],
        ["重大危险源等级", "重大危险源等级（筛查值，未申报）"],
        "重大危险源等级未知（推定）",
    )
    by_colour = np.where(no_colour, "风险颜色未知（按黄色计）", "风险等级颜色")
    by_category = np.where(no_category, "行业类别未知（按黄色计）", "行业类别底线分")
    found: Objects = np.select(
        [steps["mhi"] > 0, steps["colour"] > 0], [by_level, by_colour], by_category
    ).astype(object)
    return found


def _stations(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    volume, no_volume = read.number(frame["tank_m3"], 0.0)
    guess = read.named_upto(
        volume,
        given.numbers(constants, "station_class_limits_m3"),
        given.texts(constants, "station_classes"),
    )
    level = read.texts(frame["station_class"])
    missing = read.missing(level)
    level = np.where(missing & ~no_volume, guess, level)
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
        clause="clause_gas_station",
        unknown={"station_class": unknown},
        evidence={
            "station_class": level,
            "tank_m3": frame["tank_m3"].to_numpy(dtype=np.float64),
            "basis": np.select(
                [unknown, missing], ["站级未知（按一级计）", "由容积推定的站级"], "站级"
            ).astype(object),
            "radius_basis": "筛查半径",
        },
    )
