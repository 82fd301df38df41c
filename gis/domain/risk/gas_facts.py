"""Facts of pipelines and bottle stations beside the score (METHOD 5.3 to 5.5, 7.7)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.class_location import CLASSES
from gis.domain.risk.constants import Constants
from gis.domain.risk.high_consequence import LEVELS


def consequence_areas(
    pipes: gpd.GeoDataFrame, sections: gpd.GeoDataFrame, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State high-consequence areas in every area they touch (METHOD 5.5, 7.7).

    The level on record holds for the line of the record. Where none is, the sections found by the
    register are stated; of a line not known to be a long-distance one they are only noted.
    """
    floors = given.table(constants, "hca_floors")
    clause = given.text(constants, "clause_hca")
    recorded = read.texts(pipes["hca"])
    found = read.texts(sections["hca_computed"])
    far = (sections["regime"] == given.text(constants, "long_distance")).to_numpy(dtype=bool)
    open_ = sections["hca"].isna().to_numpy(dtype=bool)
    stated = []
    for number, level in enumerate(LEVELS, start=1):
        floor = int(floors[level])
        stated += [
            facts.state(
                pipes,
                recorded == level,
                rule=f"gas_hca_{number}",
                floor=floor,
                text_zh=f"有{level}级管道高后果区",
                evidence={
                    "hca": recorded,
                    "assessment_no": read.texts(pipes["assessment_no"]),
                    "assessed_on": read.texts(pipes["assessed_on"]),
                    "clause": clause,
                },
                spread=True,
            ),
            facts.state(
                sections,
                open_ & (found == level),
                rule=f"gas_hca_{number}_computed",
                floor=np.where(far, floor, 0),
                text_zh=f"有{level}级管道高后果区（按登记推算，待运营单位核定）",
                evidence={
                    "hca_items": read.texts(sections["hca_items"]),
                    "households": sections["households"].astype(object).to_numpy(),
                    "clause": clause,
                },
                spread=True,
            ),
        ]
    return stated


def differences(
    pipes: gpd.GeoDataFrame, sections: gpd.GeoDataFrame, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """Note where what is on record and what the register gives do not agree (METHOD 0.2).

    Any other class location; only a higher level of high-consequence area, since the register does
    not hold all that the standard looks at. The highest of the sections of a line is compared.
    """
    names = given.texts(constants, "class_names")
    rank, households = (
        _highest(pipes, sections, values)
        for values in (
            sections["class_computed"].map({name: n for n, name in enumerate(CLASSES)}),
            sections["households"],
        )
    )
    named: Objects = np.array([*names, None], dtype=object)
    computed = named[np.where(np.isnan(rank), len(names), rank).astype(np.int64)]
    recorded = read.texts(pipes["class_location"])
    both = ~read.missing(recorded) & ~read.missing(computed)
    levels = {name: n for n, name in enumerate(LEVELS, start=1)}
    found = np.nan_to_num(_highest(pipes, sections, sections["hca_computed"].map(levels)))
    stated = pipes["hca"].map({given.text(constants, "hca_none"): 0, **levels})
    area: Objects = np.array([None, *LEVELS], dtype=object)[found.astype(np.int64)]
    return [
        facts.state(
            pipes,
            both & (computed != recorded),
            rule="gas_class_differs",
            floor=0,
            text_zh="登记的地区等级与按登记住户推算的不一致（待核）",
            evidence={
                "class_location": recorded,
                "class_computed": computed,
                "households": households.astype(object),
                "clause": given.text(constants, "clause_class"),
            },
        ),
        facts.state(
            pipes,
            (stated < found).to_numpy(dtype=bool),
            rule="gas_hca_differs",
            floor=0,
            text_zh="按登记推算的高后果区等级高于登记的（待核）",
            evidence={
                "hca": read.texts(pipes["hca"]),
                "hca_computed": area,
                "clause": given.text(constants, "clause_hca"),
            },
        ),
    ]


def assessments(
    pipes: gpd.GeoDataFrame, as_of: dt.date, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """Note high-consequence areas that were to be identified anew (METHOD 5.5)."""
    months = int(given.number(constants, "assessment_months"))
    late, unknown = read.overdue(pipes["assessed_on"], as_of, months)
    return [
        facts.state(
            pipes,
            late & ~unknown,
            rule="gas_assessment_overdue",
            floor=0,
            text_zh=f"高后果区识别超过{months}个月未更新",
            evidence={
                "assessed_on": read.texts(pipes["assessed_on"]),
                "assessment_no": read.texts(pipes["assessment_no"]),
            },
        )
    ]


def renewal(
    pipes: gpd.GeoDataFrame, age: tuple[Floats, Bools], constants: Constants
) -> list[gpd.GeoDataFrame]:
    """Note city gas that is due for renewal; ``age`` in years, and where it is unknown."""
    years, unknown = age
    old = ~unknown & (years >= given.number(constants, "renewal_age"))
    worn = pipes["material"].isin(given.texts(constants, "renewal_materials")).to_numpy(dtype=bool)
    city = (pipes["regime"] != given.text(constants, "long_distance")).to_numpy(dtype=bool)
    return [
        facts.state(
            pipes,
            city & (old | worn),
            rule="gas_renewal",
            floor=0,
            text_zh="老旧燃气管道，应更新",
            evidence={"material": read.texts(pipes["material"])},
        )
    ]


def stations(
    frame: gpd.GeoDataFrame, as_of: dt.date, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """Note bottle stations without a current evaluation, or of another size than their class."""
    months = int(given.number(constants, "station_evaluation_months"))
    late, _ = read.overdue(frame["evaluated_on"], as_of, months)
    by_capacity, no_capacity = class_by_capacity(frame, constants)
    recorded = read.texts(frame["station_class"])
    capacity = frame["capacity_m3"].to_numpy(dtype=np.float64)
    told = {"station_class": recorded, "capacity_m3": capacity.astype(object)}
    return [
        facts.state(
            frame,
            late,
            rule="lpg_evaluation_overdue",
            floor=0,
            text_zh="瓶装供应站安全评价超期或未登记",
            evidence={"evaluated_on": read.texts(frame["evaluated_on"])},
        ),
        facts.state(
            frame,
            ~read.missing(recorded) & ~no_capacity & (recorded != by_capacity),
            rule="lpg_class_differs",
            floor=0,
            text_zh="登记的站级与瓶装总容积不符（待核）",
            evidence={**told, "class_by_capacity": by_capacity},
        ),
        facts.state(
            frame,
            capacity > given.number(constants, "station_most_m3"),
            rule="lpg_over_capacity",
            floor=0,
            text_zh="瓶装总容积超过瓶装供应站的上限",
            evidence=told,
        ),
    ]


def class_by_capacity(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Objects, Bools]:
    """Return the class of bottle stations by their capacity, and where that is unknown."""
    capacity, unknown = read.number(frame["capacity_m3"], 0.0)
    named = read.named_upto(
        capacity,
        given.numbers(constants, "station_limits_m3"),
        given.texts(constants, "station_classes"),
    )
    return named, unknown


def _highest(pipes: gpd.GeoDataFrame, sections: gpd.GeoDataFrame, values: pd.Series) -> Floats:
    """Return the highest value of each pipe's sections, NaN where there is none."""
    by_site = values.astype(np.float64).groupby(sections["id"].to_numpy()).max()
    found: Floats = by_site.reindex(pipes["id"]).to_numpy(dtype=np.float64)
    return found
