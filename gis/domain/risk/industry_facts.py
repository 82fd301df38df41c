"""Facts of enterprises beside the score: major hazards, targets, items, tenants (METHOD 1.4-1.8).

An office judges: what an inspector enters in the register of hazards raises the class by itself.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk import major_hazard, risk_items, screening, workshops
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Scene
from gis.domain.risk.sources import places

CONNECTED = "已接入"

TO_JUDGE = "（符合重大事故隐患判定情形，应核实并登记台账）"


def major_hazards(
    plants: gpd.GeoDataFrame, levels: pd.DataFrame, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State major hazard installations, and what is not right or not known about them.

    Parameters
    ----------
    plants
        Site frame of enterprises, n rows.
    levels
        As ``major_hazard.of_plants`` gives it.
    constants
        The values of ``industry.toml``.

    Notes
    -----
    As declared; where nothing is declared, as reckoned from the chemicals on record. What is only
    presumed raises nothing. Floors of METHOD 7.7.
    """
    floors = given.table(constants, "mhi_class_floor")
    declared, computed, stated = (
        levels[name].to_numpy(dtype=object) for name in ("declared", "computed", "stated")
    )
    floor = read.graded(stated, floors, 0.0)[0].astype(np.int64)
    evidence = reckoned(levels)
    found = [
        facts.state(
            plants,
            (stated == name) & where,
            rule=f"industry_mhi_{number}{suffix}",
            floor=floor,
            text_zh=said,
            evidence=evidence,
        )
        for number, name in enumerate(floors, start=1)
        for where, suffix, said in (
            (declared == stated, "", f"有{name}重大危险源"),
            (
                declared != stated,
                "_computed",
                f"有{name}重大危险源（按登记的危险化学品推算的筛查值，待核定）",
            ),
        )
    ]
    higher = major_hazard.ranks(computed, constants) > major_hazard.ranks(stated, constants)
    noted = (
        (
            (floor > 0) & _unassessed(plants),
            "industry_mhi_unassessed",
            "重大危险源没有外部安全防护距离评估",
        ),
        (
            levels["official"].to_numpy(dtype=bool) & higher,
            "industry_mhi_differs",
            "按登记的危险化学品推算的重大危险源等级高于申报的（待核）",
        ),
    )
    return [*found, *(_noted(plants, *each, evidence) for each in noted)]


def units(
    scene: Scene,
    plants: gpd.GeoDataFrame,
    found: pd.DataFrame,
    constants: Constants,
) -> list[gpd.GeoDataFrame]:
    """State what is noted of single units; ``found`` as ``major_hazard.units`` gives them.

    GB/T 37243: explosives ask for the consequence method, toxic or flammable gas at S >= 1 for a
    quantitative risk assessment (METHOD 1.4). An assessment of the enterprise is one of its units.
    A major hazard of no enterprise on record raises by itself.
    """
    return [
        fact
        for frame in places(scene.sites_m, major_hazard.UNIT)
        for fact in _of_units(frame, plants, found, constants)
    ]


def breaches(
    scene: Scene,
    plants: gpd.GeoDataFrame,
    items: pd.DataFrame,
    reports: pd.DataFrame,
    constants: Constants,
) -> list[gpd.GeoDataFrame]:
    """Note breaches that the record shows (METHOD 1.1, 1.8); METHOD 7.7 gives them no floor.

    ``items`` as ``risk_items.of_plants`` gives them, ``reports`` as ``risk_items.reports``.
    """
    stacked, _ = read.yes(plants["multi_storey_dust"])
    stacked &= screening.is_dusty(plants, constants)
    built, unsure = workshops.not_framed(scene, plants, constants)
    monitoring = read.texts(plants["monitoring"])
    unconnected = ~read.missing(monitoring) & (monitoring != CONNECTED)
    casting = screening.is_casting(plants, constants)
    overdue, undated = (reports[name].to_numpy(dtype=bool) for name in ("overdue", "undated"))
    late, _ = read.overdue(
        plants["risk_reported_on"], scene.as_of, int(given.number(constants, "report_months"))
    )
    red = (plants["risk_colour"] == _red(constants)).to_numpy(dtype=bool)
    no_red = (items["red"] == 0).to_numpy(dtype=bool)
    told = {
        **counted(items),
        "monitoring": monitoring,
        "next_due": reports["next_due"].to_numpy(dtype=object),
    }
    noted: tuple[tuple[Bools, str, str], ...] = (
        (stacked, "industry_dust_multi_storey", "多层厂房内有涉粉作业"),
        (
            stacked & built,
            "industry_dust_not_frame",
            f"涉粉作业设在非框架结构的多层厂房内{TO_JUDGE}",
        ),
        (
            stacked & ~built & unsure,
            "industry_dust_not_frame_unsure",
            "多层厂房内有涉粉作业，厂房结构未登记（待核）",
        ),
        (
            casting & unconnected,
            "industry_casting_unmonitored",
            "深井铸造未接入监测预警（一律应接入）",
        ),
        (
            casting & read.missing(monitoring),
            "industry_casting_unmonitored_unsure",
            "深井铸造是否接入监测预警未登记（待核）",
        ),
        (overdue & ~undated, "industry_report_overdue", "安全风险报告超期"),
        (undated, "industry_report_overdue_unsure", "没有登记安全风险报告日期（待核）"),
        (
            (red & late & no_red) | (items["red_late"] > 0).to_numpy(dtype=bool),
            "industry_red_unreported",
            "红色风险没有一年内的风险报告",
        ),
        (
            _below(plants, items, constants),
            "industry_colour_differs",
            "登记的风险等级颜色低于现行风险项的最高等级（待核）",
        ),
        (
            (items["understated"] > 0).to_numpy(dtype=bool),
            "industry_item_understated",
            "有风险项登记的等级低于按其LEC或LS计算的（待核）",
        ),
    )
    return [_noted(plants, where, rule, said, told) for where, rule, said in noted]


def shared_sites(
    plants: gpd.GeoDataFrame, shared: pd.DataFrame, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """Note what is wrong on sites of several tenants.

    ``shared`` is as ``tenancy.of_plants`` gives it.
    """
    host = shared["host"].to_numpy(dtype=bool)
    lane_m = given.number(constants, "fire_lane_width_m")
    more = plants["tenants"].to_numpy(dtype=np.float64) > shared["tenants"].to_numpy()
    found = (
        ("clash", "industry_tenants_clash", "危险作业承租单位与劳动密集型单位同在一栋厂房"),
        (
            "clash_unsure",
            "industry_tenants_clash_unsure",
            "同一栋厂房有多家承租单位，危险作业或用工情况未登记（待核）",
        ),
        ("too_close", "industry_gap_short", "厂区内建筑防火间距不足（按登记轮廓，待核）"),
        ("no_alarm", "industry_alarm_gap", "厂中厂有建筑未接入一键报警"),
        ("no_detector", "industry_detector_gap", "厂中厂有建筑未做到感烟报警全覆盖"),
    )
    evidence = _of_sharing(shared)
    return [
        *(
            _noted(plants, host & (shared[name] > 0).to_numpy(dtype=bool), rule, said, evidence)
            for name, rule, said in found
        ),
        _noted(
            plants,
            host & (shared["lane_m"] < lane_m).to_numpy(dtype=bool),
            "industry_lane_narrow",
            f"厂中厂周边登记的道路净宽都不足{lane_m:g}米",
            evidence,
        ),
        _noted(
            plants,
            more,
            "industry_tenants_missing",
            "承租单位登记不全：少于企业登记的家数（待核）",
            {**evidence, "tenants_recorded": read.whole(plants["tenants"])},
        ),
    ]


def sharing(shared: pd.DataFrame) -> dict[str, Objects]:
    """Return what a host site's source tells of its tenants and buildings, None elsewhere."""
    host = shared["host"].to_numpy(dtype=bool)
    return {name: _only(host, values) for name, values in _of_sharing(shared).items()}


def reckoned(levels: pd.DataFrame) -> dict[str, Objects]:
    """Return side by side what is declared and what the chemicals on record give, None unknown.

    ``levels`` is as ``major_hazard.of_plants`` or ``major_hazard.units`` gives it.
    """
    numbers = ("ratio", "rating", "residents", "alpha_declared", "alpha_computed")
    return {
        "mhi_declared": levels["declared"].to_numpy(dtype=object),
        "mhi_computed": levels["computed"].to_numpy(dtype=object),
        **{name: _plain(levels[name]) for name in numbers},
    }


def counted(items: pd.DataFrame) -> dict[str, Objects]:
    """Return the numbers of current risk items, None of enterprises without any."""
    some = (items["items"] > 0).to_numpy(dtype=bool)
    told = {
        "risk_items": "items",
        **{f"items_{name}": name for name in (*reversed(risk_items.COLOURS), "unknown", "late")},
    }
    return {name: _only(some, _plain(items[column])) for name, column in told.items()}


def _of_units(
    frame: gpd.GeoDataFrame, plants: gpd.GeoDataFrame, found: pd.DataFrame, constants: Constants
) -> list[gpd.GeoDataFrame]:
    evidence = reckoned(found)
    plant = found["plant"].to_numpy(dtype=np.int64)
    open_ = np.append(_unassessed(plants), [True])[plant]
    declared, computed, other, stated = (
        found[name].to_numpy(dtype=object)
        for name in ("declared", "computed", "other_computed", "stated")
    )
    floor = read.graded(stated, given.table(constants, "mhi_class_floor"), 0.0)[0].astype(np.int64)
    gas, explosive = (
        found[list(names)].any(axis=1).to_numpy(dtype=bool)
        for names in (("toxic_gas", "flammable_gas"), ("explosive",))
    )
    noted = (
        (
            explosive & open_,
            "industry_needs_assessment",
            "涉及爆炸物而没有外部安全防护距离评估（应采用事故后果法）",
        ),
        (
            gas & (floor > 0) & open_ & ~explosive,
            "industry_needs_assessment",
            "涉及毒性或易燃气体的重大危险源没有外部安全防护距离评估（应采用定量风险评价）",
        ),
        (
            ~read.missing(other) & ~read.missing(computed) & (other != computed),
            "industry_alpha_differs",
            "按登记住户推算的α与申报的α给出不同等级（待核）",
        ),
        (
            read.missing(declared) & ~found["complete"].to_numpy(dtype=bool) & (floor == 0),
            "industry_unit_unknown",
            "单元内危险化学品种类或数量不明，不能排除重大危险源（待核）",
        ),
    )
    alone = facts.state(
        frame,
        plant < 0,
        rule="industry_unit_orphan",
        floor=floor,
        text_zh="危险化学品单元没有登记所属企业（待核）",
        evidence=evidence,
    )
    return [alone, *(_noted(frame, *each, evidence) for each in noted)]


def _unassessed(plants: pd.DataFrame) -> Bools:
    blank = ~(plants["ext_safety_dist_m"] > 0) & plants["ext_safety_doc"].isna()
    return blank.to_numpy(dtype=bool)


def _below(plants: pd.DataFrame, items: pd.DataFrame, constants: Constants) -> Bools:
    """Tell where the colour on record is lower than the highest current item."""
    order = {name: n for n, name in enumerate(given.texts(constants, "risk_colours"))}
    colour, unknown = read.graded(plants["risk_colour"], order, 0.0)
    below: Bools = ~unknown & (items["highest"].to_numpy() > colour)
    return below


def _red(constants: Constants) -> str:
    return given.texts(constants, "risk_colours")[-1]


def _of_sharing(shared: pd.DataFrame) -> dict[str, Objects]:
    return {name: _plain(shared[name]) for name in shared.columns if name != "host"}


def _noted(
    frame: gpd.GeoDataFrame,
    where: Bools,
    rule: str,
    said: str,
    evidence: dict[str, Objects],
) -> gpd.GeoDataFrame:
    return facts.state(frame, where, rule=rule, floor=0, text_zh=said, evidence=evidence)


def _plain(values: pd.Series) -> Objects:
    """Return numbers as evidence holds them: rounded, None where unknown."""
    return read.texts(values.round(3))


def _only(where: Bools, values: Objects) -> Objects:
    """Return the values where asked, None elsewhere."""
    kept = values.copy()
    kept[~where] = None
    return kept
