"""How many people of each group the places of a kind hold, and how many are there (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.kinds import Field, People, SiteKind
from gis.domain.risk.attributes import in_use
from gis.domain.risk.attributes import number as known_number
from gis.domain.risk.constants import Constants, number, text
from gis.domain.risk.model import Sites


@dataclass(frozen=True, slots=True)
class Headcount:
    """The people of one group at the places of a kind that may hold any, n of them.

    Attributes
    ----------
    number, group
        The group, and which one of its passport's it is.
    rows
        Rows of these places in the kind's site frame, shape (n,).
    people
        How many the place holds, shape (n,).
    unknown
        Whether a field was not known, shape (n,).
    open
        Whether more may live there than its record tells: in use, and no other place is the same
        walls; shape (n,).
    """

    number: int
    group: People
    rows: Ints
    people: Floats
    unknown: Bools
    open: Bools


def headcounts(
    frame: gpd.GeoDataFrame, kind: SiteKind, sites_m: Sites, constants: Constants
) -> list[Headcount]:
    """Count the people of each group of a kind.

    Parameters
    ----------
    frame
        Site frame of the kind.
    kind
        Its passport.
    sites_m
        Kind to site frame; those of ``People.held_by`` are read.
    constants
        The values of ``index.toml``.

    Notes
    -----
    An unknown field is the median of the known ones of its kind. At a place that is known to stand
    idle, and where the field does not apply, nobody is estimated; what is recorded counts. Whether
    a place is in a group is told by its own record: the first group has every place whose fields
    apply, a further one those of them that may hold somebody.
    """
    counts = [
        _known_only(frame, group, constants)
        if group.alone
        else _counted(frame, kind, group, constants)
        for group in kind.people
    ]
    taken = np.zeros(len(frame), dtype=bool)
    for group, (people, _, _) in zip(kind.people, counts, strict=True):
        taken |= group.alone & (people > 0)
    used = in_use(frame, text(constants, "idle_use"))
    found = []
    for place, (group, (people, unknown, there)) in enumerate(
        zip(kind.people, counts, strict=True)
    ):
        twice = _held(frame, group.held_by, sites_m, constants)
        if place > 0:
            there &= unknown | (people > 0) | group.residents
        rows = np.flatnonzero(there & (group.alone | ~taken))
        people, unknown = np.where(twice, 0.0, people), unknown & ~twice
        open_ = used & ~twice
        found.append(Headcount(place, group, rows, people[rows], unknown[rows], open_[rows]))
    return found


def present(people: Floats, frame: gpd.GeoDataFrame, group: People, occasion: str | None) -> Floats:
    """Return how many of the people of a group are there, shape (n,).

    Parameters
    ----------
    people
        How many each place holds, shape (n,).
    frame
        The places.
    occasion
        One of ``kinds.OCCASIONS``, or None: the mean of the year.
    """
    if occasion is not None and occasion in group.occasions:
        return people * group.occasions[occasion]
    mean: Floats = people * _occupancy(frame, group)
    return mean if group.times is None else mean * known_number(frame[group.times], 1.0)[0]


def _occupancy(frame: gpd.GeoDataFrame, group: People) -> Floats | float:
    """Return the mean share of the year that they are there: of the place's sort, if that tells."""
    column = f"{group.occupancy_of}_occupancy"
    if column not in frame:
        return group.occupancy
    return np.minimum(known_number(frame[column], group.occupancy)[0], 1.0)


Counted = tuple[Floats, Bools, Bools]
"""People, whether a field was unknown, and whether the place may hold any; each of shape (n,)."""


def _counted(
    frame: gpd.GeoDataFrame, kind: SiteKind, group: People, constants: Constants
) -> Counted:
    """Add up the fields; an unknown one is the median of the known of this kind."""
    used = in_use(frame, text(constants, "idle_use"))
    total = np.zeros(len(frame))
    unknown, there = np.zeros((2, len(frame)), dtype=bool)
    for name, factor in group.count.items():
        known = frame[name].dropna()
        middle = known.median() if len(known) else number(constants, group.unknown)
        count, missing = known_number(frame[name], float(middle))
        asked = missing & _applies(frame, kind.field(name))
        guessed = asked & used
        total += _factor(factor, constants) * np.where(missing & ~guessed, 0.0, count)
        unknown |= asked
        there |= asked | ~missing
    return total, unknown, there


def _known_only(frame: gpd.GeoDataFrame, group: People, constants: Constants) -> Counted:
    """Add up the fields as far as they are recorded."""
    total = np.zeros(len(frame))
    for name, factor in group.count.items():
        total += _factor(factor, constants) * known_number(frame[name], 0.0)[0]
    return total, np.zeros(len(frame), dtype=bool), total > 0


def _factor(factor: float | str, constants: Constants) -> float:
    return number(constants, factor) if isinstance(factor, str) else factor


def _applies(frame: gpd.GeoDataFrame, field: Field) -> Bools:
    """Tell at which places a field is known to say anything."""
    applies: Mapping[str, object] = field.applies or {}
    found = np.ones(len(frame), dtype=bool)
    for name, values in applies.items():
        found &= frame[name].isin(values).to_numpy(dtype=bool)
    return found


def _held(frame: gpd.GeoDataFrame, kind: str | None, sites_m: Sites, constants: Constants) -> Bools:
    """Tell within which footprints a place in use of the kind lies, by its middle."""
    found = np.zeros(len(frame), dtype=bool)
    if kind is None or kind not in sites_m:
        return found
    others = sites_m[kind]
    others = others[in_use(others, text(constants, "idle_use"))]
    spots = shapely.point_on_surface(others.geometry.to_numpy())
    found[shapely.STRtree(spots).query(frame.geometry.to_numpy(), predicate="covers")[0]] = True
    return found
