"""Indicators of lack of coping: how soon help comes, what is done beforehand (METHOD 6.3, C)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import hazards as cases
from gis.domain import travel
from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.hotspots import RECORDED_STATES
from gis.domain.risk.attributes import graded, number, texts, yes
from gis.domain.risk.constants import number as constant
from gis.domain.risk.constants import table, text
from gis.domain.risk.pairs import near
from gis.domain.risk.survey import Reading, Survey, ratio, reading
from gis.domain.risk.vulnerability import HOUSE, NOT_RECORDED, NOT_SURVEYED, TOO_FEW

STATION, ROAD, BUILDING, WATER = "fire_station", "road", "building", "water_source"
SMALL_PLACE, FOREST, MONITOR = "small_place", "forest", "fire_monitor"

CLOSED_STATES = frozenset(cases.STATES[7:9])
"""Closed, and filed away."""

M2_PER_HA = 10_000.0


def engine_minutes(survey: Survey) -> Reading:
    """Minutes within which a fire engine reaches nine of ten people.

    A station that nobody has entered yet could only make it shorter, so a survey in part will do.
    Where it is known that the town has none, it counts as the worst.
    """
    stations = survey.sites(STATION)
    stations = stations[travel.engines(stations, survey.constants)]
    people = survey.people[survey.people["people"] > 0]
    row = survey.row_of(people["area"].to_numpy(dtype=np.int64))
    took = travel.minutes(
        people.geometry.to_numpy(),
        stations.geometry.to_numpy(),
        survey.sites(ROAD),
        survey.constants,
    )
    heads, share = people["people"].to_numpy(), constant(survey.constants, "reached_share")
    within = travel.slowest(took["minutes"].to_numpy(), heads, row, len(survey.ids), share)
    seen = survey.seen([STATION])
    if not len(stations):
        within = np.where(survey.complete([STATION]).all(), np.inf, within)
    guessed = ratio(
        survey.count(row, heads * took["straight"].to_numpy()), survey.count(row, heads)
    )
    why = np.where(seen, "没有登记可计的消防站", NOT_SURVEYED)
    said = _percent(guessed, "的人口没有路网可循，按直线距离估算")
    return reading(within, seen & np.isfinite(within), why, said=said)


def water_far(survey: Survey) -> Reading:
    """Share of buildings farther from hydrants and usable water than hoses reach."""
    frames = [survey.sites(kind) for kind in (HOUSE, BUILDING)]
    shapes = np.concatenate([frame.geometry.to_numpy() for frame in frames])
    row = np.concatenate([survey.home(frame) for frame in frames])
    water = survey.sites(WATER)
    usable = water[_usable(water, survey)]
    reach_m = constant(survey.constants, "water_reach_m")
    far = np.ones(len(shapes), dtype=bool)
    far[near(usable.geometry.to_numpy(), shapes, reach_m)[1]] = False
    total = survey.count(row, np.ones(len(shapes)))
    complete = survey.complete([HOUSE])
    none = complete & (total == 0)
    return reading(
        ratio(survey.count(row, far), total),
        complete & survey.seen([WATER]),
        NOT_SURVEYED,
        applies=~none,
        said=np.where(none, "没有建筑，不计此项", "").astype(object),
    )


def closed_on_time(survey: Survey) -> Reading:
    """Share of the hazards due in the last twelve months that were closed in time.

    Due: the deadline lies in the twelve months before the day, and was missed or kept (METHOD
    10.5). An area with few of them takes the share of the whole town.
    """
    n = len(survey.ids)
    if survey.snapshot.hazards_m is None:
        return reading(np.full(n, np.nan), np.zeros(n, dtype=bool), "没有隐患台账")
    due = _due(survey.snapshot.hazards_m, survey.snapshot.as_of, survey)
    kept = due["closed"].to_numpy(dtype=bool)
    row = _places(due, survey)
    total, good = survey.count(row, np.ones(len(due))), survey.count(row, kept)
    least = constant(survey.constants, "closing_cases")
    few = total < least
    town = kept.mean() if len(due) >= least else np.nan
    share = np.where(few, town, good / np.maximum(total, 1.0))
    said = np.where(few, f"到期隐患不足{least:.0f}件，按全镇平均", "").astype(object)
    return reading(share, np.isfinite(share), "全镇到期隐患太少", said=said)


def fire_staff(survey: Survey) -> Reading:
    """Share of small places with part-time fire-safety staff (两员)."""
    places = survey.sites(SMALL_PLACE)
    row = survey.home(places)
    staffed, unknown = yes(places["fire_staff"])
    total = survey.count(row, np.ones(len(places)))
    judged = survey.count(row, ~unknown)
    complete = survey.complete([SMALL_PLACE])
    none = complete & (total == 0)
    return reading(
        survey.share("fire_staff", survey.count(row, staffed), judged, total),
        complete & survey.enough(judged, total),
        np.where(complete, TOO_FEW, NOT_SURVEYED),
        applies=~none,
        said=np.where(none, "没有小场所，不计此项", "").astype(object),
    )


def forest_unwatched(survey: Survey) -> Reading:
    """Share of the forest that no working device watches.

    As ``Survey.covered`` tells it, else the part of the forest outside all ranges, drawn as
    circles: terrain hides more than that.
    """
    pieces = survey.people[survey.people["kind"] == FOREST]
    row = survey.row_of(pieces["area"].to_numpy(dtype=np.int64))
    shapes = pieces.geometry.to_numpy()
    forest_m2 = survey.count(row, shapely.area(shapes))
    outside = shapely.difference(shapes, shapely.union_all(_ranges(survey)))
    share = ratio(survey.count(row, shapely.area(outside)), forest_m2)
    told = _told(survey)
    flat = np.isnan(told)
    complete = survey.complete([FOREST])
    least_ha = constant(survey.constants, "forest_least_ha")
    little = complete & (forest_m2 <= least_ha * M2_PER_HA)
    watched = survey.seen([MONITOR]) | ~flat
    return reading(
        np.where(flat, share, told),
        complete & watched,
        NOT_SURVEYED,
        applies=~little,
        said=np.select(
            [little, flat],
            [f"森林不超过{least_ha:.0f}公顷，不计此项", "监测范围未考虑地形遮挡"],
            "",
        ).astype(object),
    )


def drill(survey: Survey) -> Reading:
    """Share of the drills of this period that were done."""
    share = survey.column("drill_share")
    return reading(share, np.isfinite(share), NOT_RECORDED)


def _usable(water: gpd.GeoDataFrame, survey: Survey) -> Bools:
    """Tell which sources are known to give water, and tanks to hold enough of it."""
    volume = number(water["volume_m3"], 0.0)[0]
    tank = texts(water["source_type"]) == text(survey.constants, "tank")
    small = tank & (volume < constant(survey.constants, "tank_least_m3"))
    usable: Bools = yes(water["usable"])[0] & ~small
    return usable


def _due(hazards: gpd.GeoDataFrame, as_of: dt.date, survey: Survey) -> gpd.GeoDataFrame:
    """Return the cases that were due in the last months, with ``closed``: in time."""
    deadline, shut = (
        pd.to_datetime(hazards[name], format="%Y-%m-%d") for name in ("due_on", "closed_on")
    )
    today = pd.Timestamp(as_of)
    months = int(constant(survey.constants, "closing_months"))
    within = (deadline < today) & (deadline >= today - pd.DateOffset(months=months))
    kept = hazards["state"].isin(CLOSED_STATES) & (shut <= deadline)
    due = within & hazards["state"].isin(RECORDED_STATES)
    found: gpd.GeoDataFrame = hazards.assign(closed=kept)[due]
    return found


def _places(hazards: gpd.GeoDataFrame, survey: Survey) -> Ints:
    """Return the row of each case's area: where it lies, its site does, or its village."""
    wanted = hazards["site"].dropna()
    held = [
        frame.loc[frame["id"].isin(wanted), ["id", "geometry"]]
        for frame in survey.snapshot.sites_m.values()
    ]
    known = pd.concat(held, ignore_index=True) if held else survey.sites(STATION)
    located = cases.placed(hazards, gpd.GeoDataFrame(known, crs=hazards.crs))
    row = pd.Index(survey.areas["code"].astype(object)).get_indexer(
        pd.Index(hazards["village"].astype(object))
    )
    somewhere = located["located_by"].notna().to_numpy()
    rows: Ints = row.astype(np.int64)
    rows[somewhere] = survey.home(located[somewhere])
    return rows


def _ranges(survey: Survey) -> Objects:
    """Return the circles that working devices watch, as polygons."""
    watch = survey.snapshot.kinds[MONITOR].watch
    devices = survey.sites(MONITOR)
    if watch is None:
        return np.empty(0, dtype=object)
    working = devices[(texts(devices[watch.field]) == watch.online)]
    usual = table(survey.constants, "monitor_unknown_range_m")
    unknown_m = graded(working["device"], usual, 0.0)[0]
    range_m = number(working["range_m"], np.nan)[0]
    range_m = np.where(np.isnan(range_m), unknown_m, range_m)
    most_m = constant(survey.constants, "monitor_most_range_m")
    circles: Objects = shapely.buffer(
        working.geometry.to_numpy(), np.minimum(range_m, most_m), quad_segs=QUARTER
    )
    return circles


QUARTER = 64
"""Segments of a quarter circle: the area errs by less than 0.01 % (METHOD 9.2)."""


def _told(survey: Survey) -> Floats:
    """Return the uncovered share that was computed elsewhere, NaN where it was not; (A,)."""
    found = np.full(len(survey.ids), np.nan)
    if survey.covered is not None:
        row = survey.row_of(survey.covered["area"].to_numpy(dtype=np.int64))
        share = 1.0 - survey.covered["share"].to_numpy(dtype=np.float64)
        found[row[row >= 0]] = share[row >= 0]
    return found


def _percent(part: Floats, what: str) -> Objects:
    """Say how large a part is, where it is not nothing."""
    words = np.empty(len(part), dtype=object)
    words[:] = [f"{share:.0%}{what}" if share >= 0.005 else "" for share in part]
    return words
