"""Indicators of lack of coping: how soon help comes, what is done beforehand (METHOD 6.3, C)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion, travel
from gis.domain import hazards as cases
from gis.domain.arrays import Floats, Ints, Objects
from gis.domain.hotspots import RECORDED_STATES
from gis.domain.risk.attributes import yes
from gis.domain.risk.constants import number as constant
from gis.domain.risk.engines import STATION
from gis.domain.risk.fire_water import WATER, usable
from gis.domain.risk.forest_cells import FOREST
from gis.domain.risk.forest_cover import FLAT
from gis.domain.risk.forest_devices import MONITOR
from gis.domain.risk.model import Sites
from gis.domain.risk.pairs import near
from gis.domain.risk.receptors import M2_PER_HA
from gis.domain.risk.survey import Reading, Survey, ratio, reading
from gis.domain.risk.vulnerability import HOUSE, NOT_RECORDED, NOT_SURVEYED, TOO_FEW

BUILDING, SMALL_PLACE = "building", "small_place"

CLOSED_STATES = frozenset(cases.STATES[7:9])
"""Closed, and filed away."""


def engine_minutes(survey: Survey) -> Reading:
    """Minutes within which a fire engine reaches nine of ten people.

    A station that nobody has entered yet could only make it shorter, so a survey in part will do.
    Where it is known that the town has none, it counts as the worst.
    """
    took = survey.engines.arrivals
    people = survey.people[survey.people["own"] == 0]
    row = survey.row_of(people["area"].to_numpy(dtype=np.int64))
    heads, share = people["people"].to_numpy(), constant(survey.constants, "reached_share")
    within = travel.slowest(took["minutes"].to_numpy(), heads, row, len(survey.ids), share)
    seen = survey.seen([STATION])
    if not len(survey.engines.ways.stations):
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
    giving = water[usable(water, survey.constants)]
    reach_m = constant(survey.constants, "water_reach_m")
    far = np.ones(len(shapes), dtype=bool)
    far[near(giving.geometry.to_numpy(), shapes, reach_m)[1]] = False
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
    """Share of the high-hazard forest that no working device sees (METHOD 4.6).

    Without a relief what is hidden behind the hills is unknown: the circles of the devices' ranges
    are the most that they see, so the indicator is unknown and their share is the least of it.
    """
    told = survey.covered.set_index("area").reindex(survey.ids)
    high_m2 = told["high_m2"].to_numpy(dtype=np.float64)
    unseen_m2 = high_m2 - told["high_seen_m2"].to_numpy(dtype=np.float64)
    complete = survey.complete([FOREST])
    least_ha = constant(survey.constants, "forest_least_ha")
    little = told["forest_m2"].to_numpy(dtype=np.float64) <= least_ha * M2_PER_HA
    none = high_m2 == 0
    surveyed = complete & survey.seen([MONITOR])
    return reading(
        ratio(unseen_m2, high_m2),
        surveyed & (survey.snapshot.relief is not None),
        np.where(surveyed, FLAT, NOT_SURVEYED),
        applies=~(complete & (little | none)),
        said=np.select(
            [complete & little, complete & none],
            [f"森林不超过{least_ha:.0f}公顷，不计此项", "没有高火险森林，不计此项"],
            "",
        ).astype(object),
    )


def drill(survey: Survey) -> Reading:
    """Share of the drills of this period that were done."""
    share = survey.column("drill_share")
    return reading(share, np.isfinite(share), NOT_RECORDED)


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
    rows = pd.Index(survey.areas["code"].astype(object)).get_indexer(
        pd.Index(hazards["village"].astype(object))
    )
    found: Ints = rows.astype(np.int64)
    own = hazards.geometry.to_numpy()
    spots = np.where(shapely.is_missing(own), _at_sites(hazards, survey.snapshot.sites_m), own)
    somewhere = ~shapely.is_missing(spots)
    found[somewhere] = apportion.home(spots[somewhere], survey.areas.geometry.to_numpy())
    return found


def _at_sites(hazards: gpd.GeoDataFrame, sites_m: Sites) -> Objects:
    """Return a point of the site of each case, None without one."""
    none: Objects = np.array([None], dtype=object)
    shapes = [frame.geometry.to_numpy() for frame in sites_m.values()]
    ids = [frame["id"].to_numpy(dtype=np.int64) for frame in sites_m.values()]
    known = pd.Index(np.concatenate([NO_IDS, *ids]))
    at = known.get_indexer(pd.Index(hazards["site"].fillna(0).astype(np.int64)))
    spots: Objects = shapely.point_on_surface(np.concatenate([*shapes, none])[at])
    return spots


NO_IDS = np.empty(0, dtype=np.int64)


def _percent(part: Floats, what: str) -> Objects:
    """Say how large a part is, where it is not nothing."""
    words = np.empty(len(part), dtype=object)
    words[:] = [f"{share:.0%}{what}" if share >= 0.005 else "" for share in part]
    return words
