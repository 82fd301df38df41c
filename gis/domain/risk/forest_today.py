"""The hazard of forest land on one day: beside the index, never in it (METHOD 4.4)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from gis.domain.arrays import Floats, Ints
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.forest_cells import cells
from gis.domain.risk.model import Scene
from gis.errors import InvalidDataError


def of_day(score: Floats, fire_class: float | Ints | Floats, constants: Constants) -> Floats:
    """Return the hazard of land on a day: I_FOR x g(class), clipped to 0..100.

    Parameters
    ----------
    score
        I_FOR of cells or compartments, 0..100, any shape.
    fire_class
        Class of the day's fire weather, 1..5, one for all or one each; NaN where nobody knows it.
    constants
        The values of ``forest_fire.toml``.

    Returns
    -------
    The same shape; NaN where the class is: a day without weather is no quiet day.

    Raises
    ------
    InvalidDataError
        If a class is not one of 1..5.
    """
    graded = np.asarray(fire_class, dtype=np.float64)
    known = ~np.isnan(graded)
    if not np.isin(graded[known], np.arange(1, 6)).all():
        raise InvalidDataError("火险天气等级应为 1 至 5")
    factor = np.array([*given.numbers(constants, "class_g"), np.nan])
    row = np.where(known, graded - 1, -1).astype(np.int64)
    hazard: Floats = np.clip(score * factor[row], 0.0, 100.0)
    return hazard


def today(scene: Scene, fire_class: float, constants: Constants) -> gpd.GeoDataFrame:
    """Rate every forest cell for the day of the scene.

    Parameters
    ----------
    scene
        As for ``forest_cells.cells``; ``as_of`` is the day, whose grave-sweeping counts.
    fire_class
        Class of its fire weather, 1..5, NaN unknown: the authority's, where it was issued.
    constants
        The values of ``forest_fire.toml``.

    Returns
    -------
    Cells frame (``forest_cells.CELLS``) with the column ``today``, 0..100, NaN where the class is
    unknown.
    """
    rated = cells(scene, constants, day=scene.as_of)
    return rated.assign(today=of_day(rated["score"].to_numpy(), fire_class, constants))
