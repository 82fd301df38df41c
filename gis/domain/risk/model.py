"""What a risk model is: a module that turns places into sources and facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd

from gis.domain.arrays import Floats, Geometries, Ints
from gis.domain.kinds import Title
from gis.domain.risk.constants import Constants

Sites = Mapping[str, gpd.GeoDataFrame]
"""Kind to site frame in metres; a kind that is missing counts as having no rows."""


class Near(Protocol):
    """The one spatial join, ``gis.domain.risk.pairs.near``, handed to the models."""

    def __call__(
        self, a: Geometries, b: Geometries, reach_m: float | Floats
    ) -> tuple[Ints, Ints, Floats]:
        """Return rows of ``a``, rows of ``b`` and distances of all pairs within reach."""


@dataclass(frozen=True, slots=True)
class Model:
    """One risk model. It knows its standard, not people, villages or other models.

    Attributes
    ----------
    slug
        Its name in every room: module, layer ``risk_<slug>``, page, golden table.
    sector
        Sector code, a key of ``sector_weights`` in ``data/methods/index.toml``.
    title
        Name for people.
    kinds
        Kinds whose places become its sources. Where none of them is covered, the sector is
        unknown.
    constants
        Name of its file in ``data/methods``.
    sources
        ``sources(sites_m, constants, as_of)`` gives a sources frame (``sources.COLUMNS``).
    flags
        ``flags(sites_m, near, constants, as_of)`` gives a facts frame (``flags.FACTS``);
        it may look at other kinds.
    """

    slug: str
    sector: str
    title: Title
    kinds: tuple[str, ...]
    constants: str
    sources: Callable[[Sites, Constants, dt.date], gpd.GeoDataFrame]
    flags: Callable[[Sites, Near, Constants, dt.date], gpd.GeoDataFrame]
