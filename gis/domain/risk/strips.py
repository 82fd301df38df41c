"""What stands or goes on too near to a pipeline: encroachment, clearance, works, mines (METHOD 5).

By the two laws of ``pipeline_laws``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Scene
from gis.domain.risk.pipeline_laws import Law, half_m, laws, pressure_class
from gis.domain.risk.sources import places

BUILDINGS = ("self_built_house", "building", "school", "hospital", "elderly_home", "small_place")
MINE = "mine"
KINDS = (*BUILDINGS, MINE)
"""Everything beside a pipeline that is looked at."""

RECORDS = "pipeline_works"


def reach_m(pipes: gpd.GeoDataFrame, constants: Constants) -> Floats:
    """Return how far from each pipe lies what is stated of it here, metres; shape (n,).

    Works are not measured on the map: their distance is on record.
    """
    ranges = [given.table(constants, name) for name in ("city_protected_m", "city_clearance_m")]
    widest_m = max(max(table.values()) for table in ranges)
    found = widest_m + half_m(pipes)
    far, _ = laws(pipes, constants)
    names = ("encroachment_m", "mining_band_m")
    least_m = max(given.number(constants, name) for name in names)
    found[far.rows] = np.maximum(far.crossing_m, least_m)
    return found


def encroachment(
    pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State buildings in use above a pipe or in its inner strip (占压), and what is on record.

    Long-distance lines: within 5 m of the centre line. City gas: within the least protected range.
    Where positions are known, or for city gas not known, to be worse than that can be told by, it
    is only noted.
    """
    floor = int(given.number(constants, "encroachment_floor"))
    found = [
        facts.state(
            pipes,
            read.yes(pipes["encroached"])[0],
            rule="gas_encroached_recorded",
            floor=floor,
            text_zh="管道登记有占压",
            evidence={"regime": read.texts(pipes["regime"])},
        )
    ]
    for law in laws(pipes, constants):
        for used, near, sure in _built_over(law, scene, constants):
            for where, suffix, least, said in (
                (sure, "", floor, law.encroached_zh),
                (~sure, "_unsure", 0, "疑似占压（位置精度不足，待核）"),
            ):
                fact = facts.state_pair(
                    law.pipes,
                    used,
                    near,
                    where=where,
                    rule=law.encroached_rule + suffix,
                    floor=least,
                    text_zh=said,
                )
                found.append(_cited(fact, law.inner_clause))
    return found


def encroached(pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> Objects:
    """Return whether pipes are encroached: as recorded, else True where a building surely stands.

    None where nothing is recorded and no building found: the register may not know them all.
    """
    there = np.zeros(len(pipes), dtype=bool)
    for law in laws(pipes, constants):
        for _, near, sure in _built_over(law, scene, constants):
            there[law.rows[near[0][sure]]] = True
    recorded = read.texts(pipes["encroached"])
    return np.where(read.missing(recorded) & there, True, recorded)


def clearance(
    pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """Note buildings in use nearer to city gas than GB 50028 has pipes laid (METHOD 5.3)."""
    _, law = laws(pipes, constants)
    table = given.table(constants, "city_clearance_m")
    level, _ = pressure_class(law.pipes, constants)
    clear_m = read.graded(level, table, min(table.values()))[0] + half_m(law.pipes)
    found = []
    for used in _used(scene, constants):
        near = scene.near(law.pipes.geometry.to_numpy(), used.geometry.to_numpy(), clear_m)
        fact = facts.state_pair(
            law.pipes,
            used,
            near,
            where=near[2] > law.inner_m[near[0]],
            rule="gas_city_clearance",
            floor=0,
            text_zh="城镇燃气管道与建筑的水平净距不足（按登记位置，待核）",
        )
        found.append(_cited(fact, given.text(constants, "clause_clearance")))
    return found


def works(pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """Note works of others beside pipes, by their distance, and those that nobody placed.

    In the inner strip whatever was approved; farther off what is not known to be: up to the end of
    the outer strip any works, beside long-distance lines up to 200 m what digs, drills or blasts;
    where they cross a river or lie in a tunnel of their own what blasts or quarries farther off.
    METHOD 5.2 has a level for those of the pipeline law, which stands in the evidence.
    """
    found = []
    for law in laws(pipes, constants):
        under = _underway(law.pipes, scene)
        at = law.pipes.iloc[under["row"].to_numpy()].reset_index(drop=True)
        distance_m = under["clear_m"].to_numpy(dtype=np.float64)
        told: dict[str, Objects | str] = {
            "works": read.texts(under["works"]),
            "distance_m": distance_m.astype(object),
        }
        inner, outer, beyond = _zones(law, under, constants)
        unplaced = read.yes(law.pipes["third_party_works"])[0]
        unplaced &= ~law.pipes["id"].isin(under["site"]).to_numpy(dtype=bool)
        red, orange = ({"level": level} if law.graded else {} for level in (RED, ORANGE))
        crossing: dict[str, Objects | str] = {**told, "crossing": read.texts(at["crossing"])}
        for frame, where, rule, said, clause, evidence in (
            (at, inner, "gas_works_forbidden", law.forbidden_zh, law.inner_clause, {**told, **red}),
            (at, outer, "gas_works_strip", law.strip_zh, law.outer_clause, {**told, **orange}),
            (
                at,
                beyond,
                "gas_works_crossing",
                "管道河流穿越或专用隧道范围内有爆破、采砂采石，未见批准",
                given.text(constants, "clause_crossing"),
                {**crossing, **orange},
            ),
            (at, np.isnan(distance_m), UNPLACED, UNPLACED_ZH, law.outer_clause, told),
            (law.pipes, unplaced, UNPLACED, UNPLACED_ZH, law.outer_clause, {}),
        ):
            shown = {**evidence, "clause": clause}
            found.append(
                facts.state(frame, where, rule=rule, floor=0, text_zh=said, evidence=shown)
            )
    return found


RED, ORANGE = "红", "橙"
"""Levels of METHOD 5.2 of what is found in the inner strip, and farther off."""

UNPLACED = "gas_works_unplaced"
UNPLACED_ZH = "登记有第三方施工，与管道的距离未登记（待核）"


def disturbed(pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> Objects:
    """Return whether works of others go on at pipes: as recorded, else True where any is on.

    Up to the end of the outer strip, or nobody knows how far off; None where nothing is recorded.
    """
    busy = np.zeros(len(pipes), dtype=bool)
    for law in laws(pipes, constants):
        under = _underway(law.pipes, scene)
        row = under["row"].to_numpy()
        near = ~(under["clear_m"].to_numpy(dtype=np.float64) > law.outer_m[row])
        busy[law.rows[row[near]]] = True
    recorded = read.texts(pipes["third_party_works"])
    return np.where(read.missing(recorded) & busy, True, recorded)


def mining(pipes: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """Note mines beside long-distance lines: blasting and mining need an approval there.

    Where a line crosses a river or lies in a tunnel of its own both are forbidden farther off.
    """
    far, _ = laws(pipes, constants)
    band_m = given.number(constants, "mining_band_m")
    reach_m = np.maximum(far.crossing_m, band_m)
    found = []
    for mines in places(scene.sites_m, MINE):
        near = scene.near(far.pipes.geometry.to_numpy(), mines.geometry.to_numpy(), reach_m)
        blasts = mines["method"] == given.text(constants, "blasting")
        blasting = blasts.to_numpy(dtype=bool)[near[1]]
        beside = near[2] <= band_m
        for where, rule, said, clause in (
            (
                beside & blasting,
                "gas_blasting_beside",
                f"长输管道{band_m:.0f}米内有爆破开采的矿山",
                far.outer_clause,
            ),
            (
                beside & ~blasting,
                "gas_mining_beside",
                f"长输管道{band_m:.0f}米内有矿山",
                far.outer_clause,
            ),
            (
                ~beside,
                "gas_mining_crossing",
                "管道河流穿越或专用隧道范围内有矿山（禁止采石、采矿、爆破）",
                given.text(constants, "clause_crossing"),
            ),
        ):
            fact = facts.state_pair(
                far.pipes,
                mines,
                near,
                where=where,
                rule=rule,
                floor=0,
                text_zh=said,
            )
            found.append(_cited(fact, clause, level=ORANGE))
    return found


def _zones(law: Law, under: pd.DataFrame, constants: Constants) -> tuple[Bools, Bools, Bools]:
    """Tell which works go on in the inner strip, farther off, and still farther at a crossing.

    The latter two without an approval on record.
    """
    row = under["row"].to_numpy()
    distance_m = under["clear_m"].to_numpy(dtype=np.float64)
    earthwork = under["works_type"].isin(given.texts(constants, "earthwork_types"))
    reach_m = np.where(earthwork, law.earthwork_m[row], law.outer_m[row])
    inner = distance_m <= law.inner_m[row]
    outer = distance_m <= reach_m
    blasts = under["works_type"].isin(given.texts(constants, "crossing_works")).to_numpy(bool)
    beyond = blasts & (distance_m <= law.crossing_m[row]) & ~outer
    open_ = ~read.yes(under["approved"])[0]
    return inner, outer & ~inner & open_, beyond & open_


def _underway(pipes: gpd.GeoDataFrame, scene: Scene) -> pd.DataFrame:
    """Return the records of works that are under way at pipes, ``row`` being the row of the pipe.

    What is not known to begin later or to have ended is under way.
    """
    found = scene.records.get(RECORDS)
    if found is None:
        columns = ("site", "row", "works", "works_type", "clear_m", "approved")
        return pd.DataFrame({name: np.empty(0, np.int64) for name in columns})
    row = pd.Index(pipes["id"]).get_indexer(pd.Index(found["site"]))
    later = found["starts_on"].notna() & ~read.before(
        found["starts_on"], scene.as_of + dt.timedelta(days=1)
    )
    ended = read.before(found["ends_on"], scene.as_of)
    kept = (row >= 0) & ~later.to_numpy(dtype=bool) & ~ended
    underway: pd.DataFrame = found.assign(row=row)[kept].reset_index(drop=True)
    return underway


def _used(scene: Scene, constants: Constants) -> list[gpd.GeoDataFrame]:
    """Return the buildings that are not known to stand empty."""
    idle = given.text(constants, "idle_use")
    return [
        found[read.in_use(found, idle)]
        for kind in BUILDINGS
        for found in places(scene.sites_m, kind)
    ]


def _built_over(
    law: Law, scene: Scene, constants: Constants
) -> Iterator[tuple[gpd.GeoDataFrame, tuple[Ints, Ints, Floats], Bools]]:
    """Yield buildings in use, which of them are in whose inner strip, and whether that is sure."""
    lines = law.pipes["accuracy_m"].fillna(law.unknown_m).to_numpy(dtype=np.float64)
    for used in _used(scene, constants):
        near = scene.near(law.pipes.geometry.to_numpy(), used.geometry.to_numpy(), law.inner_m)
        houses = used["accuracy_m"].fillna(law.unknown_m).to_numpy(dtype=np.float64)
        worst = np.maximum(lines[near[0]], houses[near[1]])
        yield used, near, worst <= law.accuracy_m


def _cited(fact: gpd.GeoDataFrame, clause: str, **more: str) -> gpd.GeoDataFrame:
    """Put the clause into the evidence of a fact, and what else is told of it."""
    return fact.assign(evidence=np.full(len(fact), {"clause": clause, **more}, dtype=object))
