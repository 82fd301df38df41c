"""The buildings on an enterprise's site: how high they are, whether storeyed ones are framed."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.fire_clusters import BUILDING
from gis.domain.risk.major_hazard import plant_of
from gis.domain.risk.model import Scene
from gis.domain.risk.sources import places


def highest_m(scene: Scene, plants: gpd.GeoDataFrame, constants: Constants) -> Floats:
    """Return the height of the highest building on each site, metres, NaN where none is known.

    Parameters
    ----------
    scene
        Buildings are read: those that name the enterprise by its code, and those that name none
        on record and stand inside its boundary.
    plants
        Site frame of enterprises, n rows.
    constants
        The values of ``industry.toml``; of a building without a height its storeys count
        ``workshop_storey_m`` each.
    """
    highest = np.full(len(plants), np.nan)
    per_storey_m = given.number(constants, "workshop_storey_m")
    for frame, row, plant in _on_sites(scene, plants):
        height_m, unknown = read.positive(frame["height_m"], np.nan)
        by_storeys_m = per_storey_m * frame["storeys"].to_numpy(dtype=np.float64)
        np.fmax.at(highest, plant, np.where(unknown, by_storeys_m, height_m)[row])
    return highest


def not_framed(scene: Scene, plants: gpd.GeoDataFrame, constants: Constants) -> tuple[Bools, Bools]:
    """Tell which enterprises have a storeyed workshop without a frame; where that is not known.

    Parameters as for ``highest_m``; of the buildings those used to produce, or of unknown use.
    """
    no_frame, unsure, known = np.zeros((3, len(plants)), dtype=bool)
    for frame, row, plant in _on_sites(scene, plants):
        structure, use = read.texts(frame["structure"]), read.texts(frame["use"])
        workshop = read.missing(use) | (use == given.text(constants, "workshop_use"))
        storeyed = workshop & (frame["storeys"] > 1).to_numpy(dtype=bool)
        bare = read.missing(structure)
        framed = structure == given.text(constants, "frame_structure")
        no_frame[plant[(storeyed & ~bare & ~framed)[row]]] = True
        unsure[plant[(storeyed & bare)[row]]] = True
        known[plant[storeyed[row]]] = True
    return no_frame, unsure | ~known


def _on_sites(
    scene: Scene, plants: gpd.GeoDataFrame
) -> Iterator[tuple[gpd.GeoDataFrame, Ints, Ints]]:
    """Yield buildings, and rows of those on a site with the row of its enterprise."""
    for frame in places(scene.sites_m, BUILDING):
        named = plant_of(frame, plants)
        spots = shapely.point_on_surface(frame.geometry.to_numpy())
        inside, row, _ = scene.near(plants.geometry.to_numpy(), spots, 0.0)
        open_ = named[row] < 0
        own = np.flatnonzero(named >= 0)
        yield (
            frame,
            np.concatenate([own, row[open_]]),
            np.concatenate([named[own], inside[open_]]),
        )
