"""Sites that several firms share (厂中厂): tenants, buildings, gaps, lanes, alarms (METHOD 1.7)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import fire_clusters
from gis.domain.risk.constants import Constants
from gis.domain.risk.fire_clusters import BUILDING, ROAD
from gis.domain.risk.major_hazard import plant_of
from gis.domain.risk.model import Near, Scene
from gis.domain.risk.sources import places

TENANT = "tenant"
"""Kind of the firms that rent."""

COLUMNS = (
    "host", "tenants", "unplaced", "buildings", "built_share", "too_close", "block",
    "clash", "clash_unsure", "lane_m", "no_alarm", "alarm_unknown", "no_detector",
    "detector_unknown",
)  # fmt: skip
"""Columns of ``of_plants``: ``host``, whether several firms work there; ``tenants`` on record, and
``unplaced``, those in no building on record; ``buildings``; ``built_share`` of the site, NaN
unknown; ``too_close``, pairs of its buildings nearer than they must be, ``block``, how many
buildings such gaps join at most; ``clash``, buildings in which a hazardous tenant works beside a
labour-intensive one, ``clash_unsure``, those of which that is not known; ``lane_m``, clear width
of the widest road beside the site, NaN unknown; buildings without one-key alarm and without smoke
detectors throughout, and those of which it is not known."""


def of_plants(scene: Scene, plants: gpd.GeoDataFrame, constants: Constants) -> pd.DataFrame:
    """Tell how enterprises share their sites.

    Parameters
    ----------
    scene
        Tenants, buildings and roads are read.
    plants
        Site frame of enterprises, n rows.
    constants
        The values of ``industry.toml``.

    Returns
    -------
    Frame of n rows with ``COLUMNS``.
    """
    n = len(plants)
    tenants, buildings = _of(scene, TENANT, plants), _of(scene, BUILDING, plants)
    i, j = _too_close(buildings, scene.near, constants)
    at = buildings["plant"].to_numpy(dtype=np.int64)
    clash, unsure = _clashes(tenants, constants)
    unplaced = _count(tenants, tenants["building"].isna().to_numpy(dtype=bool), n)
    count = _count(tenants, np.ones(len(tenants), dtype=bool), n)
    category = given.text(constants, "host_category")
    columns = {
        "host": (count > 0) | (plants["category"] == category).to_numpy(dtype=bool),
        "tenants": count,
        "unplaced": unplaced,
        "buildings": _count(buildings, np.ones(len(buildings), dtype=bool), n),
        "built_share": _built_share(buildings, plants),
        "too_close": np.bincount(at[i], minlength=n),
        "block": _largest_block(at, i, j, n),
        "clash": np.bincount(clash, minlength=n),
        "clash_unsure": np.bincount(unsure, minlength=n),
        "lane_m": _lane_m(plants, scene, constants),
        **_lacking(buildings, "one_key_alarm", "alarm", n),
        **_lacking(buildings, "smoke_detectors", "detector", n),
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _of(scene: Scene, kind: str, plants: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places of a kind on sites on record, by id, with the row ``plant`` of each."""
    frames = places(scene.sites_m, kind)
    if not frames:
        return gpd.GeoDataFrame({name: [] for name in EMPTY}, geometry=[], crs=plants.crs)
    found = frames[0].assign(plant=plant_of(frames[0], plants))
    return found[found["plant"] >= 0].sort_values("id", kind="stable", ignore_index=True)


EMPTY = ("plant", "building", "hazard", "labour_intensive", "one_key_alarm", "smoke_detectors")
"""What is asked of places also where there are none."""


def _count(found: pd.DataFrame, where: Bools, n: int) -> Ints:
    return np.bincount(found["plant"].to_numpy(dtype=np.int64)[where], minlength=n)


def _too_close(buildings: gpd.GeoDataFrame, near: Near, constants: Constants) -> tuple[Ints, Ints]:
    """Find pairs of buildings of one site that stand closer than Table 3.4.1 asks."""
    if buildings.empty:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # Of a site all buildings count: the civil table leaves factories out.
    rated = fire_clusters.buildings({BUILDING: buildings}, {**constants, "industrial_uses": ()})
    rows = pd.Series(np.arange(len(buildings)), index=buildings["id"])
    row = rows.reindex(rated["id"]).to_numpy(dtype=np.int64)
    i, j = (row[part] for part in fire_clusters.too_close(rated, near, constants))
    plant = buildings["plant"].to_numpy(dtype=np.int64)
    same = plant[i] == plant[j]
    return i[same], j[same]


def _largest_block(plant: Ints, i: Ints, j: Ints, n: int) -> Ints:
    """Return how many buildings the largest block of each site joins; 0: none are too close."""
    label = fire_clusters.components(len(plant), i, j)
    size = np.bincount(label)[label] if len(label) else label
    largest = np.zeros(n, dtype=np.int64)
    np.maximum.at(largest, plant[i], size[i])
    return largest


def _clashes(tenants: pd.DataFrame, constants: Constants) -> tuple[Ints, Ints]:
    """Return the site of each building where hazard and many people surely, and perhaps, meet.

    A tenant of an unknown building may be in one with any other of the site.
    """
    hazard = read.texts(tenants["hazard"])
    dangerous = np.isin(hazard.astype(str), given.texts(constants, "tenant_hazards"))
    crowded, unsaid = read.yes(tenants["labour_intensive"])
    marks = pd.DataFrame(
        {
            "plant": tenants["plant"].to_numpy(dtype=np.int64),
            "building": read.texts(tenants["building"]),
            "tenants": 1,
            "dangerous": dangerous,
            "crowded": crowded,
            "maybe_dangerous": dangerous | read.missing(hazard),
            "maybe_crowded": crowded | unsaid,
        }
    )
    summed = {"tenants": "sum", **dict.fromkeys(marks.columns[3:], "any")}
    houses = marks.groupby(["plant", "building"]).agg(summed)
    somewhere = marks.loc[marks["building"].isna(), "plant"]
    sites = marks[marks["plant"].isin(somewhere)].groupby("plant").agg(summed)
    anywhere = sites["maybe_dangerous"] & sites["maybe_crowded"] & (sites["tenants"] > 1)
    plant = houses.index.get_level_values("plant").to_numpy(dtype=np.int64)
    sure = (houses["dangerous"] & houses["crowded"]).to_numpy(dtype=bool)
    maybe = (houses["maybe_dangerous"] & houses["maybe_crowded"]).to_numpy(dtype=bool)
    several = (houses["tenants"] > 1).to_numpy(dtype=bool)
    found = np.append(plant[maybe & several & ~sure], sites.index[anywhere])
    return plant[sure], found.astype(np.int64)


def _built_share(buildings: gpd.GeoDataFrame, plants: gpd.GeoDataFrame) -> Floats:
    """Return which part of each site its buildings cover, NaN where they are not drawn."""
    at = buildings["plant"].to_numpy(dtype=np.int64)
    sites = plants.geometry.to_numpy()
    inside = shapely.area(shapely.intersection(buildings.geometry.to_numpy(), sites[at]))
    built = np.bincount(at, weights=inside, minlength=len(plants))
    area = shapely.area(sites)
    known = (area > 0) & (np.bincount(at, minlength=len(plants)) > 0)
    share: Floats = np.divide(built, area, out=np.full(len(plants), np.nan), where=known)
    return share


def _lane_m(plants: gpd.GeoDataFrame, scene: Scene, constants: Constants) -> Floats:
    """Return the width of the widest road of known width within reach of each site, NaN: none."""
    widest = np.full(len(plants), -np.inf)
    closed = given.texts(constants, "closed_road_classes")
    for roads in places(scene.sites_m, ROAD):
        known = roads[roads["width_m"].notna() & ~roads["road_class"].isin(closed)]
        i, j, _ = scene.near(
            plants.geometry.to_numpy(),
            known.geometry.to_numpy(),
            given.number(constants, "fire_lane_reach_m"),
        )
        np.maximum.at(widest, i, known["width_m"].to_numpy(dtype=np.float64)[j])
    return np.where(np.isinf(widest), np.nan, widest)


def _lacking(buildings: pd.DataFrame, field: str, what: str, n: int) -> dict[str, Ints]:
    """Count the buildings that lack something, and those of which it is not known."""
    has, unknown = read.yes(buildings[field])
    return {
        f"no_{what}": _count(buildings, ~has & ~unknown, n),
        f"{what}_unknown": _count(buildings, unknown, n),
    }
