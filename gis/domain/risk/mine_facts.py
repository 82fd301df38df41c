"""Facts of a mine's slopes, permits and monitoring, beside the score (METHOD 2.2, 2.3)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.slope_alarms import COLOURS

ONLINE, UNWATCHED = "在线", "无"
SHUT, SILENT = "边坡监测系统停用或数据不实", "边坡监测数据中断"

CRITERIA = (
    ("not_benched", "未自上而下分台阶开采"),
    ("over_design", "工作帮坡面角或最终台阶高度超过设计"),
    ("stability_unanalysed", "未做边坡稳定性分析"),
    ("monitoring_shut", SHUT),
    ("sliding_signs", "边坡有滑移征兆"),
    ("haul_road_over_design", "运输道路坡度超过设计10%以上"),
)
"""Yes/no fields of the mine, and what is found where they are yes (矿安〔2022〕88号; the last from
the trial edition before it)."""

TO_JUDGE = "（符合重大事故隐患判定情形，应核实并登记台账）"
"""An inspector judges; what he enters in the register raises the class, not this."""


def major_criteria(frame: gpd.GeoDataFrame, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State the criteria of major hazards that a mine meets by its record (METHOD 2.2).

    ``frame`` is the site frame of mines. High slopes and dumps must be watched; that nobody
    recorded any monitoring is no monitoring.
    """
    slope_m = given.number(constants, "monitored_slope_m")
    pit_m = given.number(constants, "closed_pit_m")
    high = (frame["slope_height_m"] >= slope_m).to_numpy(dtype=bool)
    heaped = (frame["dump_height_m"] >= slope_m).to_numpy(dtype=bool)
    deep = (frame["closed_pit_depth_m"] >= pit_m).to_numpy(dtype=bool)
    offline = (frame["monitoring"] != ONLINE).to_numpy(dtype=bool)
    found = [
        *((read.yes(frame[name])[0], f"mine_{name}", said) for name, said in CRITERIA),
        (
            high & offline,
            "mine_slope_unmonitored",
            f"边坡高度{slope_m:.0f}米及以上而无在线监测",
        ),
        (
            heaped & ~read.yes(frame["dump_monitoring"])[0],
            "mine_dump_unmonitored",
            f"排土场高度{slope_m:.0f}米及以上而无监测系统",
        ),
        (
            deep & ~read.yes(frame["flood_works"])[0],
            "mine_flood_works",
            f"封闭圈深度{pit_m:.0f}米及以上而未按设计建成防洪排洪设施",
        ),
    ]
    return [_noted(frame, where, rule, said + TO_JUDGE) for where, rule, said in found]


def weak_slopes(frame: gpd.GeoDataFrame, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State slopes whose safety factor is below what GB 51016 asks of their grade (METHOD 2.2)."""
    least = required_factor(frame, constants)
    factor = frame["safety_factor"].to_numpy(dtype=np.float64)
    names = ("slope_grade", "safety_factor")
    return [
        facts.state(
            frame,
            factor < least,
            rule="mine_safety_factor",
            floor=0,
            text_zh="边坡安全系数低于设计要求",
            evidence={
                **{name: frame[name].astype(object).to_numpy() for name in names},
                "required": least.astype(object),
            },
        )
    ]


def required_factor(frame: pd.DataFrame, constants: Constants) -> Floats:
    """Return the least design safety factor of each mine's slope; NaN where the grade is unknown.

    The lower end of the range of GB 51016-2014 for the grade and the loads; unknown loads ask for
    the most.
    """
    loads = frame["safety_factor_load"].fillna(given.text(constants, "unknown_safety_load"))
    keys = frame["slope_grade"].str.cat(loads, sep=" ")
    return read.graded(keys, given.table(constants, "design_safety_low"), np.nan)[0]


def permits(frame: gpd.GeoDataFrame, flyrock_m: Floats, as_of: dt.date) -> list[gpd.GeoDataFrame]:
    """State expired licences, and warning distances shorter than flyrock flies (METHOD 2.1).

    ``flyrock_m`` is the distance that each mine must keep, NaN where it does not blast.
    """
    return [
        facts.state(
            frame,
            read.before(frame["licence_valid_to"], as_of),
            rule="mine_licence_expired",
            floor=0,
            text_zh="采矿许可证已过期",
            evidence={"licence_valid_to": read.texts(frame["licence_valid_to"])},
        ),
        facts.state(
            frame,
            frame["design_warning_m"].to_numpy(dtype=np.float64) < flyrock_m,
            rule="mine_warning_short",
            floor=0,
            text_zh="设计爆破警戒距离小于飞石安全允许距离",
            evidence={
                "design_warning_m": frame["design_warning_m"].astype(object).to_numpy(),
                "flyrock_m": flyrock_m.astype(object),
            },
        ),
    ]


def failing(frame: gpd.GeoDataFrame, state: pd.DataFrame, constants: Constants) -> Objects:
    """Say why the monitoring of each slope counts as none, None where it does not (METHOD 2.2).

    It is shut or false by its record, or its readings stopped. ``state`` as for ``monitoring``;
    shape (n,).
    """
    shut, _ = read.yes(frame["monitoring_shut"])
    why: Objects = np.full(len(frame), None, dtype=object)
    why[_silent(frame, state, constants)] = SILENT
    why[shut] = SHUT
    return why


def _silent(frame: gpd.GeoDataFrame, state: pd.DataFrame, constants: Constants) -> Bools:
    """Tell where readings stopped: by hand they are taken more seldom than on-line."""
    patience_d, _ = read.graded(
        frame["monitoring"],
        given.table(constants, "silent_d"),
        given.number(constants, "alarm_fresh_d"),
    )
    found: Bools = state["age_d"].to_numpy(dtype=np.float64) > patience_d
    return found


def monitoring(
    frame: gpd.GeoDataFrame, state: pd.DataFrame, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State alarms of the slopes' monitoring, and monitoring that fell silent (METHOD 2.3).

    ``state`` is as ``slope_alarms.alarms`` gives it for the mines of ``frame``.
    """
    told = state.round(2).astype(object)
    names = ("cause", "point", "rate_mm_d", "tangent_deg", "rain_24h_mm", "rain_from")
    evidence = {name: told[name].to_numpy() for name in names}
    level = state["level"].to_numpy()
    alarms = [
        facts.state(
            frame,
            level == number,
            rule=f"mine_slope_alarm_{number}",
            floor=0,
            text_zh=f"边坡监测达到{colour}色预警（默认阈值，仅供参考）",
            evidence=evidence,
        )
        for number, colour in enumerate(COLOURS, start=1)
    ]
    silent = _silent(frame, state, constants)
    return [*alarms, _noted(frame, silent, "mine_monitoring_silent", SILENT + "（待核）")]


def _noted(frame: gpd.GeoDataFrame, where: Bools, rule: str, said: str) -> gpd.GeoDataFrame:
    return facts.state(frame, where, rule=rule, floor=0, text_zh=said)
