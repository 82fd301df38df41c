"""How vulnerable an area is, and how ill prepared to cope (METHOD 6.3): indicators, V and C."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Floats
from gis.domain.kinds import Title
from gis.domain.risk import coping, vulnerability
from gis.domain.risk.constants import Constants, number, table
from gis.domain.risk.evaluate import population_known
from gis.domain.risk.receptors import residents
from gis.domain.risk.survey import Reading, Survey

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot

COLUMNS = (
    "area", "dimension", "name", "value", "score", "weight", "known", "least", "dq",
)  # fmt: skip
"""Columns of an indicators frame: see ``indicators``."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    Attributes
    ----------
    name
        Its name, and that of the constant with its anchors, weight and unit.
    dimension
        ``V`` (vulnerability) or ``C`` (lack of coping).
    title
        Name for people.
    unit
        Unit of the value for people; shares are told in ``%``.
    read
        Reads its value off what is known.
    """

    name: str
    dimension: Literal["V", "C"]
    title: Title
    unit: str
    read: Callable[[Survey], Reading]


INDICATORS = (
    Indicator("aged_65", "V", Title("65岁及以上比例", "Aged 65 and over"), "%", vulnerability.aged),
    Indicator(
        "dependent",
        "V",
        Title("14岁及以下与残疾人比例", "Aged 14 and under, and disabled"),
        "%",
        vulnerability.dependent,
    ),
    Indicator(
        "old_dwellings",
        "V",
        Title("老旧和危险住房比例", "Old and dangerous dwellings"),
        "%",
        vulnerability.old_dwellings,
    ),
    Indicator(
        "sensitive_places",
        "V",
        Title("每百人敏感床位与学生数", "Sensitive beds and pupils per 100 residents"),
        "",
        vulnerability.sensitive_places,
    ),
    Indicator(
        "non_resident",
        "V",
        Title("非常住人员比例", "Non-residents"),
        "%",
        vulnerability.non_resident,
    ),
    Indicator(
        "engine_minutes",
        "C",
        Title("消防车到达九成人口的时间", "Fire engine to nine of ten people"),
        "min",
        coping.engine_minutes,
    ),
    Indicator(
        "water_far",
        "C",
        Title("150米内无水源的建筑比例", "Buildings without water within 150 m"),
        "%",
        coping.water_far,
    ),
    Indicator(
        "closed_on_time",
        "C",
        Title("隐患按期整改率", "Hazards closed on time"),
        "%",
        coping.closed_on_time,
    ),
    Indicator(
        "fire_staff",
        "C",
        Title("小场所“两员”配备率", "Small places with fire-safety staff"),
        "%",
        coping.fire_staff,
    ),
    Indicator(
        "forest_unwatched",
        "C",
        Title("监测未覆盖的高火险森林比例", "High-hazard forest that no device watches"),
        "%",
        coping.forest_unwatched,
    ),
    Indicator("drill", "C", Title("应急演练完成比例", "Drills done"), "%", coping.drill),
)
"""All indicators, in the order of METHOD 6.3."""


def indicators(
    snapshot: Snapshot,
    people: gpd.GeoDataFrame,
    constants: Constants,
    covered: pd.DataFrame,
) -> pd.DataFrame:
    """Read the indicators of every area.

    Parameters
    ----------
    snapshot
        What the register knew.
    people
        Its receptors frame (``receptors.receptors``).
    constants
        The values of ``exposure.toml``.
    covered
        What working devices see of the forest, by area (``forest_cover.covered``).

    Returns
    -------
    Frame of one row per area (in code order) and indicator (in the order of ``INDICATORS``):
    ``value`` as measured (share, minutes, per hundred) and ``score`` 0 (good) to 10 (bad), both
    NaN where it is not known; ``weight``, 0 where it does not apply there; ``known``; ``least``
    0..10, the score of what was found although that is not enough to know it; ``dq``, what is
    to be said of it, in words, else empty.

    Notes
    -----
    Where a kind was not surveyed at all, or was surveyed in part and more finds could make it
    worse, the indicator is unknown.
    """
    areas = snapshot.areas_m.sort_values("code", kind="stable", ignore_index=True)
    known = population_known(people, areas, snapshot.coverage)
    survey = Survey(snapshot, people, areas, residents(people, areas, known), constants, covered)
    found = pd.concat([_rows(e, e.read(survey), survey) for e in INDICATORS], ignore_index=True)
    by_area = np.arange(len(found)).reshape(len(INDICATORS), len(areas)).T.ravel()
    ordered: pd.DataFrame = found.iloc[by_area].reset_index(drop=True)
    return ordered


def score(value: Floats, constants: Constants, name: str) -> Floats:
    """Turn values of an indicator into scores 0 (good) to 10 (bad) by its anchors; NaN stays."""
    anchor = table(constants, name)
    way = (value - anchor["a0"]) / (anchor["a10"] - anchor["a0"])
    scored: Floats = 10.0 * np.clip(way, 0.0, 1.0)
    return scored


def dimensions(frame: pd.DataFrame, constants: Constants) -> pd.DataFrame:
    """Take the indicators of each area together: V and C.

    Parameters
    ----------
    frame
        As ``indicators`` gives it.
    constants
        The values of ``exposure.toml``.

    Returns
    -------
    Frame in code order: ``area``; ``V`` and ``C``, 1 (good) to 10 (bad); ``v_known`` and
    ``c_known``, the share of the weight that is known, 0..1; ``dq``, the list of what is to be
    said.

    Notes
    -----
    Weighted mean, at least 1 (METHOD 6.3). An unknown indicator counts 5, or what was found if
    that is worse: unknown is never low.
    """
    unknown = number(constants, "unknown_score")
    filled = np.where(frame["known"], frame["score"], np.fmax(unknown, frame["least"]))
    row, ids = pd.factorize(frame["area"])
    said = frame[(frame["weight"] > 0) & (frame["dq"] != "")].groupby("area")["dq"].agg(list)
    columns: dict[str, Any] = {"area": ids}
    for dimension in ("V", "C"):
        weight = (frame["weight"] * (frame["dimension"] == dimension)).to_numpy()
        whole = np.bincount(row, weights=weight)
        mean = np.bincount(row, weights=weight * filled) / whole
        known = np.bincount(row, weights=weight * frame["known"].to_numpy())
        columns[dimension] = np.maximum(mean, number(constants, "least_dimension"))
        columns[f"{dimension.lower()}_known"] = known / whole
    columns["dq"] = pd.Series([said.get(area, []) for area in ids], dtype=object)
    return pd.DataFrame(columns)


def as_json(
    frame: pd.DataFrame, both: pd.DataFrame, constants: Constants
) -> dict[int, dict[str, Any]]:
    """Return what is kept with the score of each area, by its id.

    Parameters
    ----------
    frame, both
        As ``indicators`` and ``dimensions`` give them.
    constants
        The values of ``exposure.toml``.

    Returns
    -------
    Area to ``vulnerability`` and ``coping``: ``score``; ``known``, whether enough of the weight
    is; ``known_share``; and ``indicators``: name, title, title_en, value (shares in per cent;
    None unknown), unit, score (None unknown), weight (0: does not apply), known, note.
    """
    enough = number(constants, "known_share")
    by_name = {entry.name: entry for entry in INDICATORS}
    told: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in frame.to_dict("records"):
        told.setdefault((row["area"], row["dimension"]), []).append(
            _told(by_name[row["name"]], row)
        )
    return {
        row["area"]: {
            name: {
                "score": row[dimension],
                "known": row[f"{dimension.lower()}_known"] >= enough,
                "known_share": row[f"{dimension.lower()}_known"],
                "indicators": told[row["area"], dimension],
            }
            for dimension, name in (("V", "vulnerability"), ("C", "coping"))
        }
        for row in both.to_dict("records")
    }


def _told(entry: Indicator, row: Mapping[Hashable, Any]) -> dict[str, Any]:
    value, scored = (None if np.isnan(row[name]) else row[name] for name in ("value", "score"))
    return {
        "name": entry.name,
        "title": entry.title.zh,
        "title_en": entry.title.en,
        "value": 100.0 * value if value is not None and entry.unit == "%" else value,
        "unit": entry.unit,
        "score": scored,
        "weight": row["weight"],
        "known": row["known"],
        "note": row["dq"],
    }


def _rows(entry: Indicator, read: Reading, survey: Survey) -> pd.DataFrame:
    """Make the rows of one indicator, areas in their order."""
    found = score(read.value, survey.constants, entry.name)
    weight = table(survey.constants, entry.name)["weight"]
    rows = pd.DataFrame(
        {
            "area": survey.ids,
            "dimension": entry.dimension,
            "name": entry.name,
            "value": np.where(read.known, read.value, np.nan),
            "score": np.where(read.known, found, np.nan),
            "weight": np.where(read.applies, weight, 0.0),
            "known": read.known,
            "least": np.where(read.applies, np.nan_to_num(found), 0.0),
            "dq": [f"{entry.title.zh}：{words}" if words else "" for words in read.said],
        },
        columns=list(COLUMNS),
    )
    return rows.astype({"dimension": object, "name": object, "dq": object})
