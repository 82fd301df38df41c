"""What lies around a quarry: band of the law, warning zone, vibration, run-out (METHOD 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Scene, Sites
from gis.domain.risk.sources import places

ZONE = "blast_zone"
HOUSE, BUILDING, HOME = "self_built_house", "building", "elderly_home"
ENTERPRISE, PIPE = "enterprise", "gas_pipeline"
STRUCTURES = (HOUSE, BUILDING, HOME, "school", "hospital")
PEOPLED = (*STRUCTURES, "small_place")
WORKS = (ENTERPRISE, "gas_station", "installation", "lpg_station", "tenant")
ROAD, LINE = "road", "power_line"
KINDS = (ZONE, *PEOPLED, *WORKS, PIPE, ROAD, LINE)
"""Everything around a mine that is looked at."""


@dataclass(frozen=True, slots=True)
class WarningZones:
    """Where people must leave for a blast: within ``reach_m`` of ``shapes``, n of each.

    Attributes
    ----------
    shapes
        The design's zone, else the boundary of the licence.
    reach_m
        0 for the design's zone, else the design's distance, else ``warning_m``; metres.
    basis
        Which of these, in words.
    blasting
        Whether the mine blasts, or may: how it is mined is not on record.
    unsure
        Whether it only may.
    """

    shapes: Objects
    reach_m: Floats
    basis: Objects
    blasting: Bools
    unsure: Bools


def warning_zones(frame: gpd.GeoDataFrame, sites_m: Sites, constants: Constants) -> WarningZones:
    """Return the warning zones of mines (METHOD 2.1): the design's is preferred.

    Parameters
    ----------
    frame
        Site frame of mines, n rows.
    sites_m
        Kind to site frame in metres; zones name their mine by its code.
    constants
        The values of ``mine.toml``.
    """
    shapes = frame.geometry.to_numpy().copy()
    drawn = np.zeros(len(frame), dtype=bool)
    for zones in places(sites_m, ZONE):
        of = pd.Index(frame["key"]).get_indexer(pd.Index(zones["mine"]))
        owned, number = zones.geometry.to_numpy()[of >= 0], of[of >= 0]
        for row in np.unique(number):  # a mine has one zone, or a few
            shapes[row] = shapely.union_all(owned[number == row])
            drawn[row] = True
    design_m, none = read.number(frame["design_warning_m"], given.number(constants, "warning_m"))
    unsure = frame["method"].isna().to_numpy(dtype=bool)
    blasting = (frame["method"] == given.text(constants, "blasting")).to_numpy(dtype=bool)
    return WarningZones(
        shapes=shapes,
        reach_m=np.where(drawn, 0.0, design_m),
        basis=np.select(
            [drawn, ~none], ["设计爆破警戒范围", "设计爆破警戒距离"], "矿界外扩默认距离"
        ).astype(object),
        blasting=blasting | unsure,
        unsure=unsure,
    )


def reach_m(
    frame: gpd.GeoDataFrame, asked: pd.DataFrame, scene: Scene, constants: Constants
) -> Floats:
    """Return how far from each mine lies what is stated of it here, metres; shape (n,).

    ``asked`` is what ``blasting.distances`` gives.
    """
    zone = warning_zones(frame, scene.sites_m, constants)
    own = frame.geometry.to_numpy()
    across = np.diff(shapely.bounds(zone.shapes).reshape(-1, 2, 2), axis=1)
    farthest_m = shapely.distance(own, zone.shapes) + np.hypot(*across.reshape(-1, 2).T)
    height_m = frame["slope_height_m"].to_numpy(dtype=np.float64)
    reaches = (
        np.full(len(frame), given.number(constants, "quarry_band_m")),
        np.maximum(farthest_m, zone.reach_m),
        asked["civil_m"].to_numpy(dtype=np.float64),
        asked["fragile_m"].to_numpy(dtype=np.float64),
        run_out_m(height_m, constants),
    )
    found: Floats = np.fmax.reduce(reaches)
    return found


def in_band(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State who and what lies within the band of a small hillside quarry (METHOD 2.1, 7.7).

    Dwellings and the works of others in use, outward from the boundary of the licence, and other
    quarries. Where it is not on record whether the quarry is a small hillside one, or the building
    a dwelling, that is noted without a floor.
    """
    small, unsure = read.yes(frame["small_hillside"])
    shapes = frame.geometry.to_numpy()
    band_m = given.number(constants, "quarry_band_m")
    floors = given.table(constants, "band_floors")
    works = [(found, np.ones(len(found), bool)) for found in _used(scene, WORKS, constants)]
    found = []
    for others, rule, said in (
        (_dwellings(scene, constants), "mine_band_dwelling", "住户"),
        (works, "mine_band_works", "外单位生产设施"),
    ):
        for there, sure in others:
            near = scene.near(shapes, there.geometry.to_numpy(), band_m)
            certain = small[near[0]] & sure[near[1]]
            possible = (small | unsure)[near[0]] & ~certain
            text = f"小型山坡采石场矿界{band_m:.0f}米内有{said}"
            for where, suffix, floor, doubt in (
                (certain, "", int(floors[rule]), ""),
                (possible, "_unsure", 0, "（矿山类型或房屋用途未登记，待核）"),
            ):
                found.append(
                    facts.state_pair(
                        frame,
                        there,
                        near,
                        where=where,
                        rule=rule + suffix,
                        floor=floor,
                        text_zh=text + doubt,
                    )
                )
    return [*found, *_quarries(frame, scene, small, unsure, band_m)]


def _quarries(
    frame: gpd.GeoDataFrame, scene: Scene, small: Bools, unsure: Bools, band_m: float
) -> list[gpd.GeoDataFrame]:
    """State other mines within the band of a quarry that is a small hillside one, or may be."""
    shapes = frame.geometry.to_numpy()
    near = scene.near(shapes, shapes, band_m)
    other = near[0] != near[1]
    return [
        facts.state_pair(
            frame,
            frame,
            near,
            where=other & sort[near[0]],
            rule="mine_band_quarry" + suffix,
            floor=0,
            text_zh=f"小型山坡采石场之间不足{band_m:.0f}米" + doubt,
        )
        for sort, suffix, doubt in (
            (small, "", ""),
            (unsure, "_unsure", "（矿山类型未登记，待核）"),
        )
    ]


def in_warning(
    frame: gpd.GeoDataFrame, scene: Scene, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State what lies within the warning zone of a mine that blasts (METHOD 2.1).

    Of one whose method is not on record the same is noted as unsure. Distances run from the
    boundary of the licence. What stretches far lies where it is nearest to the mine. Of a
    long-distance pipeline it is stated at the pipeline, for the mine's village: those who are not
    in charge of pipelines must not learn of it.
    """
    zone = warning_zones(frame, scene.sites_m, constants)
    mines, unsure = frame[zone.blasting], zone.unsure[zone.blasting]
    shapes, reach_m = zone.shapes[zone.blasting], zone.reach_m[zone.blasting]
    pipes = _not(scene, PIPE, "regime", given.text(constants, "city_gas"))
    high_kv = given.number(constants, "high_voltage_kv")
    lines = [found[~(found["voltage_kv"] <= high_kv)] for found in places(scene.sites_m, LINE)]
    found = []
    for others, rule, said in (
        (_used(scene, PEOPLED, constants), "mine_zone_building", "有建筑物或人员场所"),
        (_used(scene, WORKS, constants), "mine_zone_works", "有外单位生产经营设施"),
        (places(scene.sites_m, ROAD), "mine_zone_road", "有道路"),
        (lines, "mine_zone_power_line", "有高压架空线路"),
        ([frame], "mine_zone_mine", "有其他矿山"),
        (pipes, "mine_zone_pipeline", "有长输管道"),
    ):
        for there in others:
            i, j, _ = scene.near(shapes, there.geometry.to_numpy(), reach_m)
            other = mines["id"].to_numpy()[i] != there["id"].to_numpy()[j]
            for where, suffix, doubt in (
                (other & ~unsure[i], "", ""),
                (other & unsure[i], "_unsure", "（开采方式未登记，待核）"),
            ):
                found.append(
                    _meeting(
                        mines.iloc[i[where]],
                        there.iloc[j[where]],
                        rule=rule + suffix,
                        text_zh=f"爆破警戒范围内{said}{doubt}",
                        at_second=rule == "mine_zone_pipeline",
                    )
                )
    return found


def shaken(
    frame: gpd.GeoDataFrame, asked: pd.DataFrame, scene: Scene, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State buildings in use nearer than the vibration of the largest blast allows (METHOD 2.1).

    ``asked`` is what ``blasting.distances`` gives. Where in the mine is blasted is not on record:
    it may be at the boundary.
    """
    known = asked["fragile_m"].notna().to_numpy()
    mines, civil_m = frame[known], asked["civil_m"].to_numpy()[known]
    fragile_m = asked["fragile_m"].to_numpy()[known]
    weak = given.texts(constants, "fragile_structures")
    found = []
    for there in _used(scene, STRUCTURES, constants):
        near = scene.near(mines.geometry.to_numpy(), there.geometry.to_numpy(), fragile_m)
        fragile = _fragile(there, weak)[near[1]]
        found.append(
            facts.state_pair(
                mines,
                there,
                near,
                where=fragile | (near[2] < civil_m[near[0]]),
                rule="mine_vibration_building",
                floor=0,
                text_zh="爆破振动安全允许距离内有房屋（按最大单段药量估算，仅供参考）",
            )
        )
    return found


def run_out(frame: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State dwellings that a slide may reach: within its run-out, downhill (METHOD 2.2).

    All around where the downhill direction is not on record. Slopes of unknown height are left
    out: the default of the score is no fact.
    """
    known = frame["slope_height_m"].notna().to_numpy()
    mines = frame[known]
    height_m = mines["slope_height_m"].to_numpy(dtype=np.float64)
    reach_m = run_out_m(height_m, constants)
    downhill = mines["downhill_deg"].to_numpy(dtype=np.float64)
    half = given.number(constants, "downhill_half_deg")
    found = []
    for there, sure in _dwellings(scene, constants):
        near = scene.near(mines.geometry.to_numpy(), there.geometry.to_numpy(), reach_m)
        way = _bearing_deg(mines.geometry.to_numpy()[near[0]], there.geometry.to_numpy()[near[1]])
        turned = np.abs((way - downhill[near[0]] + 180.0) % 360.0 - 180.0)
        found.append(
            facts.state_pair(
                mines,
                there,
                near,
                where=sure[near[1]] & ~(turned > half),
                rule="mine_run_out_dwelling",
                floor=0,
                text_zh="边坡滑塌的滑出范围内有住户（筛查）",
            )
        )
    return found


def run_out_m(height_m: Floats, constants: Constants) -> Floats:
    """Return how far a slide of slopes of these heights may run, metres: max(3 H, 50)."""
    reach: Floats = np.maximum(
        given.number(constants, "run_out_per_height") * height_m,
        given.number(constants, "run_out_least_m"),
    )
    return reach


def peopled(scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """Return the places with people and the works that are not known to stand empty."""
    return _used(scene, (*PEOPLED, *WORKS), constants)


def _used(scene: Scene, kinds: Sequence[str], constants: Constants) -> list[gpd.GeoDataFrame]:
    """Return the places of these kinds that are not known to stand empty."""
    idle = given.text(constants, "idle_use")
    return [
        found[read.in_use(found, idle)] for kind in kinds for found in places(scene.sites_m, kind)
    ]


def _dwellings(scene: Scene, constants: Constants) -> list[tuple[gpd.GeoDataFrame, Bools]]:
    """Return the places in use where people live, and whether that is sure of each."""
    homes = [(f, np.ones(len(f), bool)) for f in _used(scene, (HOUSE, HOME), constants)]
    lived_in = given.texts(constants, "dwelling_uses")
    for found in _used(scene, [BUILDING], constants):
        sure = found["use"].isin(lived_in).to_numpy(dtype=bool)
        kept = sure | found["use"].isna().to_numpy()
        homes.append((found[kept], sure[kept]))
    return homes


def _not(scene: Scene, kind: str, field: str, value: str) -> list[gpd.GeoDataFrame]:
    """Return the places of a kind of which it is not on record that a field has this value."""
    return [
        found[(found[field] != value).to_numpy(dtype=bool)]
        for found in places(scene.sites_m, kind)
    ]  # fmt: skip


def _meeting(
    mines: gpd.GeoDataFrame, others: gpd.GeoDataFrame, *, at_second: bool, **said: Any
) -> gpd.GeoDataFrame:
    """State that each mine, row by row, meets the other; at the mine, or at the second place."""
    here, there = mines.geometry.to_numpy(), others.geometry.to_numpy()
    line = shapely.get_dimensions(there) == 1
    nearest = shapely.get_point(shapely.shortest_line(here, there), -1)
    others = others.set_geometry(np.where(line, nearest, there), crs=others.crs)
    rows = np.arange(len(mines))
    pairs: tuple[Ints, Ints, Floats] = (rows, rows, shapely.distance(here, there))
    first, second = (others, mines) if at_second else (mines, others)
    return facts.state_pair(first, second, pairs, floor=0, by_other=at_second, **said)


def _fragile(found: gpd.GeoDataFrame, weak: Sequence[str]) -> Bools:
    """Tell which buildings bear little: of a weak or unknown structure, where kinds have one."""
    if "structure" not in found:
        return np.zeros(len(found), dtype=bool)
    structure = found["structure"]
    return np.asarray(structure.isna() | structure.isin(weak), dtype=bool)


def _bearing_deg(here: Objects, there: Objects) -> Floats:
    """Return the direction of the shortest way, degrees from north; NaN where they meet."""
    way = shapely.shortest_line(here, there)
    first, last = (shapely.get_point(way, end) for end in (0, -1))
    east = shapely.get_x(last) - shapely.get_x(first)
    north = shapely.get_y(last) - shapely.get_y(first)
    bearing = np.degrees(np.arctan2(east, north)) % 360.0
    return np.where((east == 0) & (north == 0), np.nan, bearing)
