"""Protected places within reach of enterprises: art. 19, the groups of GB 36894 (METHOD 1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.fire_clusters import BUILDING, HOUSE, WATER
from gis.domain.risk.major_hazard import plant_of
from gis.domain.risk.model import Scene
from gis.domain.risk.sources import places

SENSITIVE = ("school", "hospital", "elderly_home")
"""Kinds of 高敏感防护目标."""

OTHERS = (HOUSE, "small_place")
KINDS = (*SENSITIVE, *OTHERS, BUILDING, WATER)
"""Kinds that hold what art. 19 of 危险化学品安全管理条例 protects; buildings by their use, water by
its sort."""

WATERS = "水源、水域"
"""What is said of water, of which GB 36894 has no group."""


def stated(
    scene: Scene,
    plants: gpd.GeoDataFrame,
    levels: Objects,
    r2_m: Floats,
    constants: Constants,
) -> list[gpd.GeoDataFrame]:
    """Note the protected places within reach of plants, where these places are.

    Parameters
    ----------
    scene
        What may be protected, and who is there.
    plants
        Site frame of enterprises, n rows.
    levels
        Level of major hazard, declared or reckoned, None where there is none, shape (n,).
    r2_m
        Outer radius of each, metres, shape (n,).
    constants
        The values of ``industry.toml``.

    Notes
    -----
    Inside an assessed external safety distance; and, as a screening only, inside the outer radius
    of a major hazard that nobody assessed, as far as ``screening_cap_m``. Every place is listed,
    with the group of GB 36894 and the individual risk that it admits; of several those of the
    nearest. An enterprise's own buildings are not counted.
    """
    assessed = (plants["ext_safety_dist_m"] > 0).to_numpy(dtype=bool)
    _, no_level = read.graded(levels, given.table(constants, "mhi_class_floor"), 0.0)
    distance_m = plants["ext_safety_dist_m"].to_numpy(dtype=np.float64)
    capped_m = np.minimum(r2_m, given.number(constants, "screening_cap_m"))
    people = scene.people.groupby("site")["people"].sum()
    targets = list(_targets(scene, constants))
    return [
        _with_criteria(fact, own, target, people, constants)
        for where, far_m, rule, said in (
            (
                assessed,
                distance_m,
                "industry_target_in_safety_distance",
                "外部安全防护距离内有防护目标",
            ),
            (
                ~assessed & ~no_level,
                capped_m,
                "industry_target_in_screening_radius",
                "重大危险源的筛查半径内有防护目标（筛查，不是外部安全防护距离）",
            ),
        )
        if where.any()
        for own in [plants[where].reset_index(drop=True)]
        for target in targets
        for fact in [_within(scene, own, target.frame, far_m[where], rule, said)]
    ]


@dataclass(frozen=True, slots=True)
class _Target:
    """Places of a kind that are protected.

    Attributes
    ----------
    frame
        Their site frame; ``enterprise`` is the code of the one they are of, None of others.
    sensitive
        Whether they are 高敏感.
    grouped
        Whether GB 36894 has a group for them.
    """

    frame: gpd.GeoDataFrame
    sensitive: bool = False
    grouped: bool = True


def _targets(scene: Scene, constants: Constants) -> Iterator[_Target]:
    """Yield the protected places of each kind that do not stand empty."""
    idle = given.text(constants, "idle_use")
    for kind in (*SENSITIVE, *OTHERS):
        for frame in places(scene.sites_m, kind):
            used = frame[read.in_use(frame, idle)].reset_index(drop=True)
            yield _Target(used.assign(enterprise=None), sensitive=kind in SENSITIVE)
    for frame in places(scene.sites_m, BUILDING):
        yield _Target(_only(frame, frame["use"].isin(given.texts(constants, "protected_uses"))))
    for frame in places(scene.sites_m, WATER):
        sort = frame["source_type"]
        kept = sort.isna() | sort.isin(given.texts(constants, "protected_waters"))
        yield _Target(_only(frame, kept).assign(enterprise=None), grouped=False)


def _only(frame: gpd.GeoDataFrame, where: pd.Series) -> gpd.GeoDataFrame:
    return frame[where.to_numpy(dtype=bool)].reset_index(drop=True)


def _within(
    scene: Scene,
    plants: gpd.GeoDataFrame,
    others: gpd.GeoDataFrame,
    reach_m: Floats,
    rule: str,
    said: str,
) -> gpd.GeoDataFrame:
    found = scene.near(plants.geometry.to_numpy(), others.geometry.to_numpy(), reach_m)
    strange: Bools = plant_of(others, plants)[found[1]] != found[0]
    return facts.state_pair(plants, others, found, where=strange, rule=rule, floor=0, text_zh=said)


def _with_criteria(
    fact: gpd.GeoDataFrame,
    plants: gpd.GeoDataFrame,
    target: _Target,
    people: pd.Series,
    constants: Constants,
) -> gpd.GeoDataFrame:
    """Add to facts of targets their group and the individual risk that it admits (GB 36894).

    By the limits of plants in service where it is known that one is; else by the stricter ones.
    """
    evidence = np.empty(len(fact), dtype=object)
    if not target.grouped:
        evidence[:] = [{"target_group": WATERS} for _ in range(len(fact))]
        return fact.assign(evidence=evidence)
    inside = fact["other"].map(people).to_numpy(dtype=np.float64)
    status = plants.set_index("id")["plant_status"].reindex(fact["site"])
    in_service = given.table(constants, "individual_risk_in_service")
    new = given.table(constants, "individual_risk_new")
    names = np.asarray(list(new), dtype=object)
    # Numbers that nobody knows sort last: the strictest group.
    crowd = np.searchsorted(given.numbers(constants, "target_people"), inside, side="right")
    group = names[np.where(target.sensitive, 0, len(names) - 1 - crowd)]
    running = status == given.text(constants, "in_service")
    evidence[:] = [
        {
            "target_group": name,
            "individual_risk_per_year": (in_service if runs else new)[name],
            **({"dq": ["plant_status"]} if state is None else {"plant_status": state}),
        }
        for name, runs, state in zip(group, running, read.texts(status), strict=True)
    ]
    return fact.assign(evidence=evidence)
