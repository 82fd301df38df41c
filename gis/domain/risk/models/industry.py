"""Industrial enterprises and petrol stations: docs/methods/industry.md (METHOD 1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import geopandas as gpd
import numpy as np

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.consequence import blast_radius_m, dust_flame_m
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Model, Near, Scene, Sites, Step
from gis.domain.risk.sources import build, join, objects, places

SLUG, SECTOR = "industry", "IND"
PLANT, STATION = "enterprise", "gas_station"
TARGETS = ("school", "hospital", "elderly_home", "self_built_house")
"""Protected places of 危险化学品安全管理条例 art. 19 that the register holds."""
YEAR = 12
TERMS = ("mhi", "colour", "category")
"""Steps of which the largest counts; of equal ones the first."""


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every enterprise and petrol station.

    Parameters
    ----------
    sites_m
        Kind to site frame in metres; ``enterprise`` and ``gas_station`` are read.
    constants
        The values of ``industry.toml``.
    as_of
        The day for which an overdue risk report is told.

    Returns
    -------
    A sources frame. METHOD 1.5 and 1.6.
    """
    plants = [_plants(frame, constants, scene.as_of) for frame in places(scene.sites_m, PLANT)]
    stations = [_stations(frame, constants) for frame in places(scene.sites_m, STATION)]
    return join(plants + stations)


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State the facts of METHOD 1.8 that the register can tell; floors of METHOD 7.7."""
    return facts.join(
        [
            fact
            for frame in places(scene.sites_m, PLANT)
            for fact in (
                *_major_hazards(frame, constants),
                *_breaches(frame, constants, scene.as_of),
                *_exposed_targets(frame, scene.sites_m, scene.near),
            )
        ]
    )


STEPS = {
    "mhi": Step(
        Title("重大危险源", "Major hazard installation"),
        "一级 100，二级 90，三级 80，四级 70；颜色、类别不高于此项时取此项",
        ("mhi_level",),
        ("mhi_floor", "mhi_categories", "unknown_mhi_level"),
    ),
    "colour": Step(
        Title("风险等级颜色", "Risk colour"),
        "红 100，橙 75，黄 45，蓝 20；高于重大危险源、不低于类别时取此项",
        ("risk_colour",),
        ("four_colours", "unknown_colour"),
    ),
    "category": Step(
        Title("行业类别底线", "Floor of the category"),
        "高于前两项时取类别的底线分",
        ("category",),
        ("category_floor", "unknown_category_floor"),
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
        "前项 × (系数 - 1)：已接入 0.9，应接未接 1.1",
        ("monitoring",),
        ("monitoring_factor",),
    ),
    "standardisation": Step(
        Title("安全标准化", "Standardisation"),
        "前项 × (系数 - 1)：一、二级 0.9，无或未登记 1.05",
        ("standardisation",),
        ("standardisation_factor",),
    ),
    "report": Step(
        Title("风险报告超期", "Risk report overdue"),
        "前项 × 0.1：超过 12 个月或没有报告日期",
        ("risk_reported_on",),
        ("report_overdue_factor",),
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
    looks_at=TARGETS,
)


def _plants(frame: gpd.GeoDataFrame, constants: Constants, as_of: dt.date) -> gpd.GeoDataFrame:
    colour, no_colour = read.graded(
        frame["risk_colour"],
        given.table(constants, "four_colours"),
        given.number(constants, "unknown_colour"),
    )
    category, no_category = read.graded(
        frame["category"],
        given.table(constants, "category_floor"),
        given.number(constants, "unknown_category_floor"),
    )
    level, no_level = _mhi_level(frame, constants)
    major, _ = read.graded(level, given.table(constants, "mhi_floor"), 0.0)
    factors, control_gaps = _factors(frame, category, constants, as_of)
    terms = {"mhi": major, "colour": colour, "category": category}
    steps = _waterfall(terms, factors, given.numbers(constants, "control_limits"))
    r1_m, r2_m, radius_gaps, assessed = _radii(frame, level, no_category, constants)
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps=steps,
        r1_m=r1_m,
        r2_m=r2_m,
        constants=constants,
        clause="clause_enterprise",
        unknown={
            "category": no_category,
            "risk_colour": no_colour,
            "mhi_level": no_level,
            **control_gaps,
            **radius_gaps,
        },
        evidence={
            "category": read.texts(frame["category"]),
            "colour": read.texts(frame["risk_colour"]),
            "mhi_level": level,
            "basis": _basis(steps, no_colour, no_category),
            "base_score": _base(steps),
            "control_factor": _control(factors, given.numbers(constants, "control_limits")),
            "radius_basis": np.where(assessed, "外部安全防护距离", "筛查半径").astype(object),
            "assessment": read.texts(frame["ext_safety_doc"]),
        },
        object_uid=objects(frame, "uscc"),
    )


def _mhi_level(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Objects, Bools]:
    """Level of the major hazard installation; presumed where the category makes one likely."""
    level = read.texts(frame["mhi_level"])
    likely = frame["category"].isin(given.texts(constants, "mhi_categories")).to_numpy(dtype=bool)
    unknown = likely & read.missing(level)
    return np.where(unknown, given.text(constants, "unknown_mhi_level"), level), unknown


def _factors(
    frame: gpd.GeoDataFrame, category: Floats, constants: Constants, as_of: dt.date
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Control factors by step, and what was unknown in them (METHOD 1.6).

    An unknown factor earns no discount and is counted as 1, but for what is on no record at
    all: no report is an overdue report, no standardisation is none.
    """
    dusty = _dusty(frame, constants)
    casting = _casting(frame, constants)
    workers, no_workers = read.number(frame["dust_workers"], 0.0)
    crowd = read.banded(
        workers,
        given.numbers(constants, "dust_worker_limits"),
        given.numbers(constants, "dust_worker_factors"),
    )
    stacked, no_stacked = read.yes(frame["multi_storey_dust"])
    hoist, no_hoist = read.graded(frame["hoist"], given.table(constants, "hoist_factor"), 1.0)
    monitored, no_monitored = read.graded(
        frame["monitoring"], given.table(constants, "monitoring_factor"), 1.0
    )
    standard = given.table(constants, "standardisation_factor")
    standardised, _ = read.graded(frame["standardisation"], standard, standard["无"])
    late, no_report = read.overdue(frame["risk_reported_on"], as_of, YEAR)
    factors = {
        "dust_workers": np.where(dusty & ~no_workers, crowd, 1.0),
        "multi_storey": np.where(
            dusty & stacked, given.number(constants, "multi_storey_factor"), 1.0
        ),
        "hoist": np.where(casting, hoist, 1.0),
        "monitoring": monitored,
        "standardisation": standardised,
        "report": np.where(late, given.number(constants, "report_overdue_factor"), 1.0),
    }
    gaps = {
        "dust_workers": dusty & no_workers,
        "multi_storey_dust": dusty & no_stacked,
        "hoist": casting & no_hoist,
        "monitoring": (category > 0) & no_monitored,
        "risk_reported_on": no_report,
    }
    return factors, gaps


def _waterfall(
    terms: Mapping[str, Floats], factors: Mapping[str, Floats], limits: tuple[float, ...]
) -> dict[str, Floats]:
    """Split the largest term times the limited product of the factors into steps that add up.

    Of equal terms the first counts. A factor is worth what it adds to those before it.
    """
    highest = np.max(list(terms.values()), axis=0)
    steps: dict[str, Floats] = {}
    taken = np.zeros(len(highest), dtype=bool)
    for name, term in terms.items():
        here = (term == highest) & ~taken
        steps[name] = np.where(here, highest, 0.0)
        taken |= here
    score = highest
    for name, factor in factors.items():
        steps[name] = score * (factor - 1.0)
        score = score * factor
    return {**steps, "bounds": highest * _control(factors, limits) - score}


def _control(factors: Mapping[str, Floats], limits: tuple[float, ...]) -> Floats:
    control: Floats = np.clip(np.prod(list(factors.values()), axis=0), *limits)
    return control


def _base(steps: Mapping[str, Floats]) -> Floats:
    base: Floats = np.sum([steps[name] for name in TERMS], axis=0)
    return base


def _radii(
    frame: gpd.GeoDataFrame, level: Objects, no_category: Bools, constants: Constants
) -> tuple[Floats, Floats, dict[str, Bools], Bools]:
    """Return r1 and r2: assessed where there is an assessment, else the largest that applies."""
    r1_m, r2_m = _tabled_radii(frame, level, no_category, constants)
    flame, no_volume = _flame(frame, constants)
    inner, outer = given.numbers(constants, "dust_least_radii_m")
    dusty = _dusty(frame, constants)
    times = given.number(constants, "dust_r2_per_flame")
    r1_m = np.where(dusty, np.maximum(r1_m, np.maximum(flame, inner)), r1_m)
    r2_m = np.where(dusty, np.maximum(r2_m, np.maximum(times * flame, outer)), r2_m)
    casting = _casting(frame, constants)
    near_m, far_m, no_charge = _melt_blast(frame, constants)
    r1_m = np.where(casting, np.maximum(r1_m, near_m), r1_m)
    r2_m = np.where(casting, np.maximum(r2_m, far_m), r2_m)
    assessed, none = read.number(frame["ext_safety_dist_m"], 0.0)
    share = given.number(constants, "assessed_r1_share")
    r1_m = np.where(none, r1_m, share * assessed)
    r2_m = np.where(none, r2_m, assessed)
    gaps = {
        "dust_collector_m3": dusty & no_volume & none,
        "melt_charge_t": casting & no_charge & none,
    }
    return r1_m, r2_m, gaps, ~none


def _tabled_radii(
    frame: gpd.GeoDataFrame, level: Objects, no_category: Bools, constants: Constants
) -> tuple[Floats, Floats]:
    """Largest radii by category and by level of major hazard; general ones for the rest."""
    general = given.numbers(constants, "general_radii_m")
    crowded = given.numbers(constants, "unknown_category_radii_m")
    radii = []
    for at, ring in enumerate(("r1_m", "r2_m")):
        by_category, _ = read.graded(
            frame["category"], given.table(constants, f"category_{ring}"), general[at]
        )
        by_level, _ = read.graded(level, given.table(constants, f"mhi_{ring}"), general[at])
        known = np.maximum(by_category, by_level)
        radii.append(np.where(no_category, np.maximum(known, crowded[at]), known))
    return radii[0], radii[1]


def _flame(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, Bools]:
    """Length of a vented dust flame, m, and where the volume was unknown (METHOD 1.5 e)."""
    k, _ = read.graded(frame["category"], given.table(constants, "dust_flame_k"), 0.0)
    cap_m = given.number(constants, "dust_flame_cap_m")
    volume, unknown = read.number(frame["dust_collector_m3"], 0.0)
    return np.where(unknown, cap_m, dust_flame_m(volume, k, cap_m)), unknown


def _melt_blast(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, Floats, Bools]:
    """Radii of a melt-water explosion, m, and where the charge was unknown (METHOD 1.5 f)."""
    charge, unknown = read.number(frame["melt_charge_t"], 0.0)
    mass_kg = np.minimum(1000.0 * charge, given.number(constants, "melt_cap_kg"))
    tnt_kg = (
        given.number(constants, "melt_efficiency")
        * mass_kg
        * given.number(constants, "melt_energy_j_kg")
        / given.number(constants, "tnt_energy_j_kg")
    )
    scaled = given.table(constants, "blast_k")
    default = given.numbers(constants, "unknown_melt_radii_m")
    r1_m = np.where(unknown, default[0], blast_radius_m(tnt_kg, scaled["9kPa"]))
    r2_m = np.where(unknown, default[1], blast_radius_m(tnt_kg, scaled["2kPa"]))
    return r1_m, r2_m, unknown


def _dusty(frame: gpd.GeoDataFrame, constants: Constants) -> Bools:
    kinds = given.table(constants, "dust_flame_k")
    dusty: Bools = frame["category"].isin(list(kinds)).to_numpy(dtype=bool)
    return dusty


def _casting(frame: gpd.GeoDataFrame, constants: Constants) -> Bools:
    casting: Bools = (frame["category"] == given.text(constants, "casting_category")).to_numpy(
        dtype=bool
    )
    return casting


def _basis(steps: Mapping[str, Floats], no_colour: Bools, no_category: Bools) -> Objects:
    """Say in words which term decided the score."""
    by_colour = np.where(no_colour, "风险颜色未知（按黄色计）", "风险等级颜色")
    by_category = np.where(no_category, "行业类别未知（按黄色计）", "行业类别底线分")
    found: Objects = np.select(
        [steps["mhi"] > 0, steps["colour"] > 0], ["重大危险源等级", by_colour], by_category
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


def _major_hazards(frame: gpd.GeoDataFrame, constants: Constants) -> list[gpd.GeoDataFrame]:
    level = read.texts(frame["mhi_level"])
    floor, none = read.graded(level, given.table(constants, "mhi_class_floor"), 0.0)
    unassessed = ~none & (frame["ext_safety_dist_m"].isna() & frame["ext_safety_doc"].isna())
    evidence = {"mhi_level": level}
    levels = [
        facts.state(
            frame,
            level == name,
            rule=f"industry_mhi_{number}",
            floor=floor.astype(np.int64),
            text_zh=f"有{name}重大危险源",
            evidence=evidence,
        )
        for number, name in enumerate(given.table(constants, "mhi_class_floor"), start=1)
    ]
    needs = facts.state(
        frame,
        unassessed.to_numpy(dtype=bool),
        rule="industry_mhi_unassessed",
        floor=0,
        text_zh="重大危险源没有外部安全防护距离评估",
        evidence=evidence,
    )
    return [*levels, needs]


def _breaches(
    frame: gpd.GeoDataFrame, constants: Constants, as_of: dt.date
) -> list[gpd.GeoDataFrame]:
    """Facts noted beside the score; METHOD 7.7 gives them no floor."""
    stacked, _ = read.yes(frame["multi_storey_dust"])
    unconnected = (frame["monitoring"] == "应接未接").to_numpy(dtype=bool)
    late, _ = read.overdue(frame["risk_reported_on"], as_of, YEAR)
    red = (frame["risk_colour"] == "红").to_numpy(dtype=bool)
    noted = (
        (_dusty(frame, constants) & stacked, "industry_dust_multi_storey", "多层厂房内有涉粉作业"),
        (
            _casting(frame, constants) & unconnected,
            "industry_casting_unmonitored",
            "深井铸造未接入监测预警",
        ),
        (red & late, "industry_red_unreported", "红色风险没有一年内的风险报告"),
    )
    return [
        facts.state(frame, where, rule=rule, floor=0, text_zh=said) for where, rule, said in noted
    ]


def _exposed_targets(frame: gpd.GeoDataFrame, sites_m: Sites, near: Near) -> list[gpd.GeoDataFrame]:
    """State protected places inside an assessed external safety distance."""
    assessed = frame[frame["ext_safety_dist_m"].notna()]
    reach_m = assessed["ext_safety_dist_m"].to_numpy(dtype=np.float64)
    return [
        facts.state_pair(
            assessed,
            others,
            near(assessed.geometry.to_numpy(), others.geometry.to_numpy(), reach_m),
            rule="industry_target_in_safety_distance",
            floor=0,
            text_zh="外部安全防护距离内有防护目标",
        )
        for kind in TARGETS
        for others in places(sites_m, kind)
    ]
