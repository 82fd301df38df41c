"""What a risk model is: a module that turns places into sources and facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Geometries, Ints
from gis.domain.kinds import Title
from gis.domain.relief import Relief
from gis.domain.risk.constants import Constants

Found = TypeVar("Found")

Sites = Mapping[str, gpd.GeoDataFrame]
"""Kind to site frame in metres; a kind that is missing counts as having no rows."""


class Near(Protocol):
    """The one spatial join, ``gis.domain.risk.pairs.near``, handed to the models."""

    def __call__(
        self, a: Geometries, b: Geometries, reach_m: float | Floats
    ) -> tuple[Ints, Ints, Floats]:
        """Return rows of ``a``, rows of ``b`` and distances of all pairs within reach."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What the models see: everything that is there at one moment, and no villages.

    Attributes
    ----------
    sites_m
        Kind to site frame in metres.
    people
        Receptors frame (``receptors.COLUMNS``): who is where, for rules that count people.
    as_of
        The day for which ages and overdue documents are told.
    near
        The one spatial join.
    records
        Record passport to frame of the rows that belong to places (``site``, then its fields).
    relief
        The relief of the land, None where none was imported.
    recorded
        The kinds of which any place at all is on record, where this is a part of a scene; None:
        those of which there are places here.
    methods
        Method name to its values: for what a model takes from the science of another method.
    """

    sites_m: Sites
    people: gpd.GeoDataFrame
    as_of: dt.date
    near: Near
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    relief: Relief | None = None
    recorded: frozenset[str] | None = None
    methods: Mapping[str, Constants] = field(default_factory=dict)
    known: dict[Hashable, tuple[Constants, Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def once(self, ask: Callable[[Scene, Constants], Found], constants: Constants) -> Found:
        """Return ``ask(self, constants)``, reckoned once although sources and facts ask for it."""
        key = (ask, id(constants))
        if key not in self.known:
            self.known[key] = (constants, ask(self, constants))
        found: Found = self.known[key][1]
        return found

    def frames(self, *kinds: str) -> Iterator[tuple[str, gpd.GeoDataFrame]]:
        """Yield these kinds with their site frames, as far as they have one."""
        return ((kind, self.sites_m[kind]) for kind in kinds if kind in self.sites_m)

    def is_recorded(self, kind: str) -> bool:
        """Tell whether any place of a kind is on record, be it here or elsewhere."""
        if self.recorded is not None:
            return kind in self.recorded
        return kind in self.sites_m and len(self.sites_m[kind]) > 0


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the places of a kind look, n of them, by row of their site frame.

    Attributes
    ----------
    far_m
        Metres, shape (n,).
    group
        Places with the same number, of whatever kind, look together: what reaches one of them
        reaches all. -1: a place looks alone. Shape (n,).
    at
        The kinds that they look at, and ``PEOPLE``; None: all that the model reads.
    farther
        Kind to how far they look for places of it, metres, shape (n,), instead of ``far_m``.
    """

    far_m: Floats
    group: Ints
    at: frozenset[str] | None = None
    farther: Mapping[str, Floats] = field(default_factory=dict)

    def far_to(self, kind: str) -> Floats:
        """Return how far they look for places of a kind, metres, shape (n,)."""
        return self.farther.get(kind, self.far_m)

    def looks_at(self, kind: str) -> bool:
        """Tell whether they look at places of a kind."""
        return self.at is None or kind in self.at


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a source's score; the parts of a score add up to it.

    Attributes
    ----------
    title
        Name for people.
    formula
        How its points come about, in the page's own notation.
    fields
        Fields of the place, by name, that it reads.
    constants
        Names of the constants that it reads, which carry their standard and tag.
    """

    title: Title
    formula: str
    fields: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """One risk model. It knows its standard, not villages, other models or how risk is added up.

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
    steps
        Name to meaning of every step that its sources' scores are made of.
    sources
        ``sources(scene, constants)`` gives a sources frame (``sources.COLUMNS``).
    flags
        ``flags(scene, constants)`` gives a facts frame (``flags.FACTS``); it may look at other
        kinds.
    looks_at
        What else its sources and flags read: kinds, sorts of records, ``PEOPLE``, ``RELIEF``.
        Nothing of theirs changes while none of these and of ``kinds`` does.
    reach
        ``reach(scene, constants)`` gives, by kind of the places whose sources or facts it gives,
        how far these look: what it says of a place depends on nothing that lies beyond its reach
        and that of its group, but for places that it names by their codes or that name it. A fact
        is of the place in its column ``by``. None: it looks at everything.
    science
        Names of the methods whose constants it takes besides its own (``Scene.methods``).
    """

    slug: str
    sector: str
    title: Title
    kinds: tuple[str, ...]
    constants: str
    steps: Mapping[str, Step]
    sources: Callable[[Scene, Constants], gpd.GeoDataFrame]
    flags: Callable[[Scene, Constants], gpd.GeoDataFrame]
    looks_at: tuple[str, ...] = ()
    reach: Callable[[Scene, Constants], Mapping[str, Reach]] | None = None
    science: tuple[str, ...] = ()

    @property
    def reads(self) -> frozenset[str]:
        """Everything of a scene that it reads."""
        return frozenset({*self.kinds, *self.looks_at})


def alone(far_m: Floats, farther: Mapping[str, Floats] | None = None) -> Reach:
    """Return the reach of places that look alone; ``farther`` as in ``Reach``."""
    return Reach(far_m, np.full(len(far_m), -1, dtype=np.int64), farther=farther or {})


def blind(frame: gpd.GeoDataFrame) -> Reach:
    """Return the reach of places that look at nothing but themselves."""
    n = len(frame)
    return Reach(np.zeros(n), np.full(n, -1, dtype=np.int64), frozenset())


PEOPLE = "people"
"""Name in ``Model.looks_at`` of the receptors."""

RELIEF = "relief"
"""Name in ``Model.looks_at`` of the relief."""
