"""Where forests burnt in the last years (METHOD 4.4, factor N)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Scene
from gis.domain.risk.sources import places

WILDFIRE = "wildfire"


def term(
    points: Objects, fires: Floats, scene: Scene, constants: Constants
) -> tuple[Floats, Bools]:
    """Rate the history of fires at points.

    Parameters
    ----------
    points
        Points in metres, shape (n,).
    fires
        Fires of the last years that the compartment itself records, at no distance; NaN unknown.
    scene
        Its fires on record are read.
    constants
        The values of ``forest_fire.toml``.

    Returns
    -------
    Term 0..1, the larger of the compartment's own, min(1, 0.5 n), and that of the fires on record,
    min(1, 0.5 sum exp(-d/1000 m)); and where nothing was known: no number, and not one fire of
    these years on record in the town. Shape (n,). They are two accounts of the same fires, so not
    their sum.
    """
    each = given.number(constants, "history_per_fire")
    own = np.minimum(1.0, each * fires)
    near = np.zeros(len(points))
    recorded = [recent(found, scene.as_of, constants) for found in places(scene.sites_m, WILDFIRE)]
    for found in recorded:
        near += _nearness(points, found, scene, constants)
    unknown = np.isnan(fires) & (sum(map(len, recorded)) == 0)
    known = np.fmax(own, np.minimum(1.0, each * near))
    return np.where(unknown, given.number(constants, "unknown_history_term"), known), unknown


def recent(fires: gpd.GeoDataFrame, as_of: dt.date, constants: Constants) -> gpd.GeoDataFrame:
    """Return the fires of the last years, by id; one of an unknown day counts."""
    dates = pd.to_datetime(pd.Series(read.texts(fires["burnt_on"]), dtype=object),
                           format="%Y-%m-%d")  # fmt: skip
    today = pd.Timestamp(as_of)
    since = today - pd.DateOffset(years=int(given.number(constants, "history_years")))
    counts = dates.isna() | ((dates > since) & (dates <= today))
    return fires[counts.to_numpy()].sort_values("id", kind="stable", ignore_index=True)


def _nearness(
    points: Objects, fires: gpd.GeoDataFrame, scene: Scene, constants: Constants
) -> Floats:
    """Return the sum of exp(-d/1000 m) over the fires within reach of each point."""
    _, j, d_m = scene.near(
        fires.geometry.to_numpy(), points, given.number(constants, "history_reach_m")
    )
    weights = np.exp(-d_m / given.number(constants, "history_scale_m"))
    total: Floats = np.bincount(j, weights=weights, minlength=len(points)).astype(np.float64)
    return total
