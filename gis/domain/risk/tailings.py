"""Tailings ponds: their grade, and who is within a kilometre of them (METHOD 2.4)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from gis.domain.arrays import Ints
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk import quarry_zones
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Reach, Scene, alone
from gis.domain.risk.sources import places

POND = "tailings_pond"


def stated(scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State the grade of every pond, and that people are near it; ``constants``: ``mine.toml``.

    A pond that is shut or closed still holds what it holds.
    """
    found = []
    for frame in places(scene.sites_m, POND):
        found += [*_graded(frame, constants), *_above_heads(frame, scene, constants)]
    return found


def reach(scene: Scene, constants: Constants) -> dict[str, Reach]:
    """Return how far ponds look for people."""
    far_m = given.number(constants, "tailings_people_m")
    return {kind: alone(np.full(len(frame), far_m)) for kind, frame in scene.frames(POND)}


def grade(frame: gpd.GeoDataFrame, constants: Constants) -> Ints:
    """Return the grade of each pond, place in ``tailings_grades``, -1 where nobody knows.

    By volume and by height of the dam, whichever is the higher (GB 39496-2020); by the one that is
    on record, where the other is not.
    """
    by = []
    for name in ("volume_m3", "dam_height_m"):
        value = frame[name].to_numpy(dtype=np.float64)
        limits = given.numbers(constants, f"tailings_{name}")
        by.append(np.where(np.isnan(value), -1, np.searchsorted(limits, value, side="right")))
    found: Ints = np.maximum(*by).astype(np.int64)
    return found


def _graded(frame: gpd.GeoDataFrame, constants: Constants) -> list[gpd.GeoDataFrame]:
    found = grade(frame, constants)
    names = given.texts(constants, "tailings_grades")
    measured = ("volume_m3", "dam_height_m")
    lacking = frame[list(measured)].isna().any(axis=1).to_numpy(dtype=bool)
    evidence = {name: frame[name].astype(object).to_numpy() for name in measured}
    said = [
        (found == place, f"mine_tailings_grade_{len(names) + 1 - place}", f"尾矿库：{name}库")
        for place, name in enumerate(names)
    ]
    unknown = (
        lacking,
        "mine_tailings_unmeasured",
        "尾矿库的库容或坝高未登记，等别可能更高（待核）",
    )
    return [
        facts.state(frame, where, rule=rule, floor=0, text_zh=text, evidence=evidence)
        for where, rule, text in (*said, unknown)
    ]


def _above_heads(
    frame: gpd.GeoDataFrame, scene: Scene, constants: Constants
) -> list[gpd.GeoDataFrame]:
    far_m = given.number(constants, "tailings_people_m")
    near = f"尾矿库{far_m / 1000:g}公里内有居民或生产经营单位"
    return [
        facts.state_pair(
            frame,
            there,
            scene.near(frame.geometry.to_numpy(), there.geometry.to_numpy(), far_m),
            rule="mine_tailings_people",
            floor=0,
            text_zh=near + "，疑为“头顶库”（下游方向未登记，按四周计）",
        )
        for there in quarry_zones.peopled(scene, constants)
    ]
