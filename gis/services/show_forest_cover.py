"""Tell which forest is watched and has water, where nobody looks, and where a camera would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion
from gis.domain.arrays import Bools, Floats
from gis.domain.crs import STORED, to_metres
from gis.domain.rights import Actor
from gis.domain.risk import fire_water, forest_cells, forest_cover, forest_devices, forest_siting
from gis.domain.risk.assess import Snapshot
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants, number
from gis.domain.risk.forest_cover import FOREST_FIRE, METHOD
from gis.domain.risk.receptors import M2_PER_HA, receptors
from gis.errors import InvalidDataError
from gis.services import access, clock
from gis.services.edit_parameters import in_force
from gis.services.take_snapshot import load_ground, take_snapshot
from gis.storage import register
from gis.version import METHOD_VERSION
from gis.workspace import Workspace

Row = dict[str, Any]

MOST_CANDIDATES = 20
"""Places that are tried at once."""


@dataclass(frozen=True, slots=True)
class Look:
    """At what, and from where else, it is looked.

    Attributes
    ----------
    flame
        A flame on the ground instead of smoke over the trees.
    careful
        No device counts beyond ``careful_range_m``.
    spots
        Longitude and latitude of places for further cameras, besides those that are planned.
    mast_m
        Mast of these cameras; None: ``candidate_mast_m``.
    """

    flame: bool = False
    careful: bool = False
    spots: Sequence[tuple[float, float]] = ()
    mast_m: float | None = None


USUAL = Look()


def show_forest_cover(ws: Workspace, actor: Actor, look: Look = USUAL) -> Row:
    """Tell what working devices see of the forest now, and what water reaches.

    The haze of the day shortens what cameras see; the index does not know of it.

    Returns
    -------
    ``as_of``, ``method_version``; ``limits``, the numbers in force (``LIMITS``); ``relief``, where
    the heights are from, None without any; ``said``, what is to be said of it; ``devices``, how
    many are working, of ``registered``; ``watching``, these in the order of ids (``_watching``);
    ``hazed``, how many see less far, and
    ``unknown_visibility``, of how many cameras it is not known; ``villages``, in code order and
    with the town as the last: ``name``, ``forest_ha``, ``high_ha``, and the shares (0..1, None
    without such forest) ``seen`` and ``twice`` of all forest, ``high_seen`` and ``high_twice`` of
    high-hazard forest, and ``high_watered``, what water reaches; ``blind``, the stretches that
    nobody sees, the largest first: ``area_ha``, ``high_ha``, ``village``, ``lon``, ``lat`` of a
    point in them; ``gains``, candidates in the order in which they add most (``_gains``).

    Raises
    ------
    ForbiddenError
        If the actor does not see every row: forest and what sets fire to it tell of all places.
    InvalidDataError
        If there are no areas yet, or more than ``MOST_CANDIDATES`` places to try, or one of them
        is far from the town.
    """
    access.require_every_row(actor, "森林监测覆盖")
    if len(look.spots) > MOST_CANDIDATES:
        raise InvalidDataError(f"一次最多试 {MOST_CANDIDATES} 个候选点")
    with access.reading(ws, actor) as conn:
        today = clock.today(register.load(conn))
        snapshot = take_snapshot(conn, ws, load_ground(conn, ws), today)
        constants = in_force(conn).values
    return {
        "as_of": today.isoformat(),
        "method_version": METHOD_VERSION,
        "limits": {name: number(constants[of], name) for name, of in LIMITS.items()},
        **_told(_Ground.of(snapshot, constants), look),
    }


LIMITS = {
    "high_hazard": FOREST_FIRE,
    "monitor_most_range_m": EXPOSURE,
    **dict.fromkeys(
        (
            *("smoke_above_canopy_m", "careful_range_m", "offline_h", "haze_below_km"),
            *("patrol_most_min", "blind_least_ha", "candidate_mast_m"),
            *("water_path_m", "water_rise_m", "water_road_m"),
        ),
        METHOD,
    ),
}
"""Constants that are told beside what they led to, and of which methods they are."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is looked at: the cells of the forest, with what stands on them and is around."""

    snapshot: Snapshot
    constants: Mapping[str, Constants]
    cells: pd.DataFrame
    cover_m: Floats | None

    @classmethod
    def of(cls, snapshot: Snapshot, constants: Mapping[str, Constants]) -> _Ground:
        people = receptors(snapshot.sites_m, snapshot.kinds, snapshot.areas_m, constants[INDEX])
        fire = constants[FOREST_FIRE]
        cells = snapshot.scene(people, constants).once(forest_cells.cells, fire)
        cells = cells.assign(high=forest_cover.high_hazard(cells, fire))
        cell_m = number(fire, "cell_m")
        cover_m = forest_cover.canopy(snapshot.relief, cells, cell_m, constants[METHOD])
        return cls(snapshot, constants, cells, cover_m)

    @property
    def values(self) -> Constants:
        return self.constants[METHOD]

    def seen(self, devices: pd.DataFrame, range_m: Floats, look: Look) -> Bools:
        """Tell which devices see which cells, shape (D, N)."""
        values = self.values
        eyes = forest_devices.eyes(devices, range_m, values)
        target_m = number(values, "flame_above_ground_m") if look.flame else None
        relief = self.snapshot.relief
        return forest_cover.seen(self.cells, eyes, relief, self.cover_m, values, target_m=target_m)

    def ranges(self, devices: pd.DataFrame, look: Look) -> Floats:
        """Return how far devices see in clear air, metres."""
        range_m = forest_devices.ranges(devices, self.constants[EXPOSURE])
        most_m = number(self.values, "careful_range_m") if look.careful else np.inf
        found: Floats = np.minimum(range_m, most_m)
        return found


def _told(ground: _Ground, look: Look) -> Row:
    snapshot, values = ground.snapshot, ground.values
    devices = forest_devices.working(snapshot, values)
    visibility_km = forest_devices.visibility(devices, snapshot, values)
    hazed = forest_devices.hazed(devices, visibility_km, values)
    clear_m = ground.ranges(devices, look)
    range_m = np.where(hazed, clear_m * number(values, "haze_share"), clear_m)
    seen = ground.seen(devices, range_m, look)
    cells = ground.cells.assign(seen_by=seen.sum(axis=0))
    extra = {"range_m": range_m, "visibility_km": visibility_km, "hazed": hazed}
    of_devices = devices.assign(**extra, slow=forest_devices.slow(devices, values))
    haze_proof = forest_devices.haze_proof(devices, values)
    cell_m = number(ground.constants[FOREST_FIRE], "cell_m")
    blind = forest_cover.blind_spots(cells, cell_m, values, snapshot.areas_m.crs)
    return {
        "relief": snapshot.relief.source if snapshot.relief else None,
        "said": "" if snapshot.relief else forest_cover.FLAT,
        "devices": len(devices),
        "registered": len(snapshot.places(forest_devices.MONITOR))
        - len(forest_devices.planned(snapshot)),
        "watching": _watching(of_devices, seen, cells["area_m2"].to_numpy()),
        "hazed": int(hazed.sum()),
        "unknown_visibility": int((np.isnan(visibility_km) & ~haze_proof).sum()),
        "villages": _villages(cells, _watered(cells, ground), snapshot.areas_m),
        "blind": _places(blind, snapshot.areas_m),
        "gains": _gains(ground, cells, look),
    }


def _watching(devices: pd.DataFrame, seen: Bools, area_m2: Floats) -> list[Row]:
    """Return the working devices, each with what it sees, and what no other does, in hectares.

    ``site``, ``code``, ``name``, ``device``; ``range_m``, how far it counts today; whether it is
    ``hazed`` and by which ``visibility_km``; ``patrol_cycle_min``, and whether that is ``slow``.
    """
    told = devices[["name", "device", "range_m", "visibility_km", "hazed", "patrol_cycle_min"]]
    found = told.assign(
        site=devices["id"].astype(np.int64),
        code=devices["key"],
        slow=devices["slow"],
        seen_ha=seen @ area_m2 / M2_PER_HA,
        only_ha=forest_siting.only(seen) @ area_m2 / M2_PER_HA,
    )
    plain = found.astype(object).where(found.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _gains(ground: _Ground, cells: pd.DataFrame, look: Look) -> list[Row]:
    """Return planned and typed places for cameras, what adds most to those before it first.

    ``name`` and ``site`` (None of a typed one), ``lon``, ``lat``; ``high_ha`` and ``all_ha``, what
    it adds; ``high_seen`` and ``seen``, the shares of the town's forest that are seen with it and
    all before it. In clear air: a camera is placed for more than a day.
    """
    spots = _candidates(ground, look)
    if spots.empty:
        return []
    devices = forest_devices.working(ground.snapshot, ground.values)
    seen, watched = (
        ground.seen(frame, ground.ranges(frame, look), look) for frame in (spots, devices)
    )
    all_m2 = cells["area_m2"].to_numpy()
    high_m2 = all_m2 * cells["high"].to_numpy()
    now = np.any(watched, axis=0)
    order = forest_siting.ranked(seen, now, high_m2, all_m2)
    points = spots.to_crs(STORED).geometry.iloc[order["place"]]
    high, whole = (
        order[name].cumsum().to_numpy() + (part * now).sum()
        for name, part in (("high_m2", high_m2), ("all_m2", all_m2))
    )
    return [
        {
            "name": spots["name"].iloc[place],
            "site": None if spots["id"].iloc[place] < 0 else int(spots["id"].iloc[place]),
            "lon": round(point.x, 5),
            "lat": round(point.y, 5),
            "high_ha": added_high / M2_PER_HA,
            "all_ha": added / M2_PER_HA,
            "high_seen": _share(high[i], high_m2.sum()),
            "seen": _share(whole[i], all_m2.sum()),
        }
        for i, (place, added_high, added, point) in enumerate(
            zip(order["place"], order["high_m2"], order["all_m2"], points, strict=True)
        )
    ]


def _candidates(ground: _Ground, look: Look) -> gpd.GeoDataFrame:
    """Return the planned devices, and cameras where a reader wants to try one; their ids are -1.

    Raises
    ------
    InvalidDataError
        If one would be so far from the town that it could see nothing of it.
    """
    planned = forest_devices.planned(ground.snapshot)
    mast_m = number(ground.values, "candidate_mast_m") if look.mast_m is None else look.mast_m
    places = gpd.GeoDataFrame(
        {
            "id": np.full(len(look.spots), -1, dtype=np.int64),
            "name": [f"{lon:g}, {lat:g}" for lon, lat in look.spots],
            "device": CAMERA,
            "mast_height_m": mast_m,
            "range_m": np.nan,
        },
        geometry=shapely.points(np.reshape(look.spots, (-1, 2))),
        crs=STORED,
    )
    tried = to_metres(places, str(planned.crs))
    _refuse_far(places["name"], tried, ground)
    names = list(places.columns)
    frames = [frame for frame in (planned[names], tried) if len(frame)]
    if not frames:
        return tried
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=planned.crs)


def _refuse_far(names: pd.Series, tried: gpd.GeoDataFrame, ground: _Ground) -> None:
    around_m = number(ground.constants[EXPOSURE], "monitor_most_range_m")
    town = shapely.box(*ground.snapshot.areas_m.total_bounds).buffer(around_m)
    far = ~tried.within(town).to_numpy()
    if far.any():
        raise InvalidDataError(f"候选点 {names[far].iloc[0]} 离本镇太远：要写经度, 纬度（度）")


CAMERA = "摄像机"
"""What a typed candidate would be."""


def _watered(cells: pd.DataFrame, ground: _Ground) -> pd.DataFrame:
    """Return the cells with what water reaches in the place of what devices see."""
    sites_m = ground.snapshot.sites_m
    water, roads = (sites_m[kind] for kind in (fire_water.WATER, fire_water.ROAD))
    found = fire_water.reached(
        cells["geometry"].to_numpy(),
        water[fire_water.usable(water, ground.constants[EXPOSURE])].geometry.to_numpy(),
        roads.geometry.to_numpy(),
        ground.snapshot.relief,
        ground.values,
    )
    return cells.assign(seen_by=found.astype(np.int64))


def _villages(cells: pd.DataFrame, watered: pd.DataFrame, areas_m: gpd.GeoDataFrame) -> list[Row]:
    ground = areas_m.sort_values("code", kind="stable", ignore_index=True)
    sums = forest_cover.covered(cells, ground)
    wet_m2 = forest_cover.covered(watered, ground)["high_seen_m2"]
    sums = sums.drop(columns="area").assign(watered_m2=wet_m2)
    rows = [*sums.to_dict("records"), sums.sum().to_dict()]
    names = [*ground["name"], "全镇"]
    return [_village(name, row) for name, row in zip(names, rows, strict=True)]


def _village(name: str, row: dict[Any, float]) -> Row:
    return {
        "name": name,
        "forest_ha": row["forest_m2"] / M2_PER_HA,
        "high_ha": row["high_m2"] / M2_PER_HA,
        "seen": _share(row["seen_m2"], row["forest_m2"]),
        "twice": _share(row["twice_m2"], row["forest_m2"]),
        "high_seen": _share(row["high_seen_m2"], row["high_m2"]),
        "high_twice": _share(row["high_twice_m2"], row["high_m2"]),
        "high_watered": _share(row["watered_m2"], row["high_m2"]),
    }


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0 else None


def _places(blind: gpd.GeoDataFrame, areas_m: gpd.GeoDataFrame) -> list[Row]:
    inside = blind.representative_point()
    ground = areas_m.sort_values("code", kind="stable", ignore_index=True)
    home = apportion.home(blind.geometry.to_numpy(), ground.geometry.to_numpy())
    names = np.array([*ground["name"], None], dtype=object)[home]
    points = inside.to_crs(STORED)
    return [
        {
            "area_ha": area_ha,
            "high_ha": high_ha,
            "village": village,
            "lon": round(lon, 5),
            "lat": round(lat, 5),
        }
        for area_ha, high_ha, village, lon, lat in zip(
            blind["area_ha"], blind["high_ha"], names, points.x, points.y, strict=True
        )
    ]
