"""How vulnerable an area is, and how ill prepared to cope (METHOD 6.3): indicators, V and C."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import coping, forest_cover, vulnerability
from gis.domain.risk.constants import Constants, number, table
from gis.domain.risk.difference import CASES
from gis.domain.risk.engines import ROAD, STATION, Engines, engines
from gis.domain.risk.evaluate import population_known
from gis.domain.risk.fire_water import WATER
from gis.domain.risk.homes import Homes, homes
from gis.domain.risk.model import PEOPLE
from gis.domain.risk.receptors import residents
from gis.domain.risk.survey import Reading, Survey

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot

COLUMNS = (
    "area", "dimension", "name", "value", "score", "weight", "known", "least", "dq",
)  # fmt: skip
"""Columns of an indicators frame: see ``read``."""

DTYPES = {
    "area": np.int64, "value": np.float64, "score": np.float64, "weight": np.float64,
    "known": np.bool_, "least": np.float64,
}  # fmt: skip
"""Those of them that are no texts."""


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
    looks_at
        Kinds that it reads, ``PEOPLE``, ``CASES``: nothing of it changes while none of these does.
    science
        Names of the methods whose constants it takes besides those of ``exposure``.
    """

    name: str
    dimension: Literal["V", "C"]
    title: Title
    unit: str
    read: Callable[[Survey], Reading]
    looks_at: tuple[str, ...] = ()
    science: tuple[str, ...] = ()


INDICATORS = (
    Indicator(
        "aged_65",
        "V",
        Title("65岁及以上比例", "Aged 65 and over"),
        "%",
        vulnerability.aged,
        (PEOPLE,),
    ),
    Indicator(
        "dependent",
        "V",
        Title("14岁及以下与残疾人比例", "Aged 14 and under, and disabled"),
        "%",
        vulnerability.dependent,
        (PEOPLE,),
    ),
    Indicator(
        "old_dwellings",
        "V",
        Title("老旧和危险住房比例", "Old and dangerous dwellings"),
        "%",
        vulnerability.old_dwellings,
        (vulnerability.HOUSE,),
    ),
    Indicator(
        "sensitive_places",
        "V",
        Title("每百人敏感床位与学生数", "Sensitive beds and pupils per 100 residents"),
        "",
        vulnerability.sensitive_places,
        (PEOPLE,),
    ),
    Indicator(
        "non_resident",
        "V",
        Title("非常住人员比例", "Non-residents"),
        "%",
        vulnerability.non_resident,
        (PEOPLE,),
    ),
    Indicator(
        "engine_minutes",
        "C",
        Title("消防车到达九成人口的时间", "Fire engine to nine of ten people"),
        "min",
        coping.engine_minutes,
        (PEOPLE, STATION, ROAD),
    ),
    Indicator(
        "water_far",
        "C",
        Title("150米内无水源的建筑比例", "Buildings without water within 150 m"),
        "%",
        coping.water_far,
        (vulnerability.HOUSE, coping.BUILDING, WATER),
    ),
    Indicator(
        "closed_on_time",
        "C",
        Title("隐患按期整改率", "Hazards closed on time"),
        "%",
        coping.closed_on_time,
        (CASES,),
    ),
    Indicator(
        "fire_staff",
        "C",
        Title("小场所“两员”配备率", "Small places with fire-safety staff"),
        "%",
        coping.fire_staff,
        (coping.SMALL_PLACE,),
    ),
    Indicator(
        "forest_unwatched",
        "C",
        Title("监测未覆盖的高火险森林比例", "High-hazard forest that no device watches"),
        "%",
        coping.forest_unwatched,
        tuple(sorted(forest_cover.READS)),
        (forest_cover.FOREST_FIRE, forest_cover.METHOD),
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
    As ``read`` gives it.
    """
    home = homes(snapshot.sites_m, snapshot.areas_m)
    arrivals = engines(snapshot, people, constants)
    return read(survey(snapshot, people, constants, home, arrivals, covered))


def survey(
    snapshot: Snapshot,
    people: gpd.GeoDataFrame,
    constants: Constants,
    home: Homes,
    arrivals: Engines,
    covered: pd.DataFrame,
) -> Survey:
    """See a snapshot by area; parameters as for ``indicators``, and what ``Survey`` keeps."""
    areas = snapshot.areas_m.sort_values("code", kind="stable", ignore_index=True)
    known = population_known(people, areas, snapshot.coverage)
    heads = residents(people, areas, known)
    return Survey(snapshot, people, areas, heads, constants, home, arrivals, covered)


def read(
    found: Survey,
    *,
    before: pd.DataFrame | None = None,
    changed: Collection[str] = (),
) -> pd.DataFrame:
    """Read the indicators off a survey.

    Parameters
    ----------
    found
        The survey.
    before
        What was read off another one, which differs from this in nothing but ``changed``; None:
        everything is read.
    changed
        What differs, as in ``Indicator.looks_at``.

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
    blank = np.empty((len(found.ids), len(INDICATORS)), dtype=object)
    columns = {
        name: _grid(before, name) if before is not None else blank.copy() for name in COLUMNS
    }
    for number_of, entry in enumerate(INDICATORS):
        if before is None or {*changed} & {*entry.looks_at}:
            for name, values in _columns(entry, entry.read(found), found).items():
                columns[name][:, number_of] = values
    frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()}, dtype=object)
    return frame.astype(DTYPES)


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


def _grid(frame: pd.DataFrame, name: str) -> Objects:
    """Return a column of an indicators frame by area and indicator, to be written on."""
    values: Objects = frame[name].to_numpy(dtype=object, copy=True)
    return values.reshape(-1, len(INDICATORS))


def _columns(entry: Indicator, reading: Reading, found: Survey) -> dict[str, Any]:
    """Make the columns of one indicator, areas in their order."""
    scored = score(reading.value, found.constants, entry.name)
    weight = table(found.constants, entry.name)["weight"]
    return {
        "area": found.ids,
        "dimension": entry.dimension,
        "name": entry.name,
        "value": np.where(reading.known, reading.value, np.nan),
        "score": np.where(reading.known, scored, np.nan),
        "weight": np.where(reading.applies, weight, 0.0),
        "known": reading.known,
        "least": np.where(reading.applies, np.nan_to_num(scored), 0.0),
        "dq": [f"{entry.title.zh}：{words}" if words else "" for words in reading.said],
    }
