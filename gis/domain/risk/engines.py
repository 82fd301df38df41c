"""When fire engines are at the receptors; kept, since few changes touch a road or a station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain import travel
from gis.domain.risk.constants import Constants
from gis.domain.risk.difference import Difference

if TYPE_CHECKING:
    from gis.domain.risk.assess import Snapshot

STATION, ROAD = "fire_station", "road"


@dataclass(frozen=True, slots=True)
class Engines:
    """Fire engines on their way.

    Attributes
    ----------
    ways
        From the stations that count.
    arrivals
        As ``travel.arrivals`` gives it, with the ``uid`` of each people receptor, in their order.
    """

    ways: travel.Drive
    arrivals: pd.DataFrame


def engines(snapshot: Snapshot, people: gpd.GeoDataFrame, constants: Constants) -> Engines:
    """Find when engines are where people are.

    Parameters
    ----------
    snapshot
        Its stations and roads are read.
    people
        Receptors frame; assets are left out.
    constants
        The values of ``exposure.toml``.
    """
    stations, roads = (snapshot.places(kind).sort_values("id") for kind in (STATION, ROAD))
    counted = stations[travel.engines(stations, constants)]
    ways = travel.drive(counted.geometry.to_numpy(), roads, constants)
    return Engines(ways, _arrivals(ways, people[people["own"] == 0], constants))


def engines_again(
    before: Engines,
    snapshot: Snapshot,
    people: gpd.GeoDataFrame,
    constants: Constants,
    difference: Difference,
) -> Engines:
    """Find the same where little differs; other parameters as for ``engines``."""
    if difference.kinds & {STATION, ROAD}:
        return engines(snapshot, people, constants)
    there = people[people["own"] == 0]
    differs = difference.of(there, "site")
    was = pd.Index(before.arrivals["uid"]).get_indexer(pd.Index(there["uid"][~differs]))
    parts = [
        before.arrivals.iloc[was],
        _arrivals(before.ways, there[differs], constants),
    ]
    order = np.argsort(np.concatenate([np.flatnonzero(~differs), np.flatnonzero(differs)]))
    return Engines(before.ways, pd.concat(parts).iloc[order].reset_index(drop=True))


def _arrivals(ways: travel.Drive, people: gpd.GeoDataFrame, constants: Constants) -> pd.DataFrame:
    found = travel.arrivals(people.geometry.to_numpy(), ways, constants)
    return found.assign(uid=people["uid"].to_numpy())
