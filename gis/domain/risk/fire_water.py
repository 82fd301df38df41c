"""Water against forest fires: which sources give it, which forest they reach (METHOD 4.7)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Bools, Objects
from gis.domain.relief import Relief
from gis.domain.risk.attributes import number, texts, yes
from gis.domain.risk.constants import Constants, text
from gis.domain.risk.constants import number as constant
from gis.domain.risk.pairs import near

WATER, ROAD = "water_source", "road"


def usable(water: gpd.GeoDataFrame, exposure: Constants) -> Bools:
    """Tell which sources are known to give water, and tanks to hold enough of it.

    ``exposure`` are the values of ``exposure.toml``.
    """
    volume = number(water["volume_m3"], 0.0)[0]
    tank = texts(water["source_type"]) == text(exposure, "tank")
    small = tank & (volume < constant(exposure, "tank_least_m3"))
    found: Bools = yes(water["usable"])[0] & ~small
    return found


def reached(
    places: Objects,
    water: Objects,
    roads: Objects,
    relief: Relief | None,
    values: Constants,
) -> Bools:
    """Tell which places have water within the length of a path, its rise, and a road near.

    Parameters
    ----------
    places
        Points in the metric CRS, shape (N,).
    water, roads
        Usable sources and roads in it.
    relief
        None: then the rise is not considered. Where a height is unknown, the water does not count.
    values
        The values of ``relief.toml``.
    """
    reach_m = constant(values, "water_path_m") / constant(values, "path_factor")
    source, place, _ = near(water, places, reach_m)
    if relief is not None:
        ends = shapely.get_coordinates(shapely.shortest_line(places[place], water[source]))
        height_m = relief.at(*ends.T).reshape(-1, 2)
        level = np.abs(height_m[:, 1] - height_m[:, 0]) <= constant(values, "water_rise_m")
        place = place[level]
    wet, by_road = (np.zeros(len(places), dtype=bool) for _ in range(2))
    wet[place] = True
    by_road[near(roads, places, constant(values, "water_road_m"))[1]] = True
    return wet & by_road
