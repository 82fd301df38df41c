"""Which places of a model a change reaches, and the part of a scene that tells all of them.

A model answers place by place: the sources and facts of a place depend on what lies within its
reach, on the places that it names or that name it, and on nothing else (``Model.reach``). So a
change asks few places again, in a scene with nothing but what these depend on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.kinds import SiteKind
from gis.domain.risk.attributes import texts
from gis.domain.risk.model import PEOPLE, Model, Reach, Scene, Sites
from gis.domain.risk.pairs import near

Reaches = Mapping[str, Reach]
"""Kind of the places that a model answers for to how far they look."""

Kinds = Mapping[str, SiteKind]


def asked(
    model: Model,
    moments: tuple[tuple[Scene, Reaches], tuple[Scene, Reaches]],
    kinds: Kinds,
    places: Ints,
    crowds: Objects,
) -> Ints:
    """Return the ids of the places that a model must be asked of again.

    Parameters
    ----------
    model
        A model with a reach.
    moments
        Scene and reach as they were, and as they are.
    kinds
        Passports: which places name which.
    places
        Ids of the places that differ, at either moment.
    crowds
        Geometries of the people whose number differs, shape (n,).
    """
    found = [places]
    for scene, reach in moments:
        sites_m = _read(model, scene)
        touched = np.concatenate([places, companions(sites_m, kinds, places)])
        changed = {
            slug: frame.geometry.to_numpy()[_of(frame, touched)] for slug, frame in sites_m.items()
        }
        if PEOPLE in model.reads:
            changed[PEOPLE] = crowds
        met = [_reached(sites_m[slug], own, changed) for slug, own in reach.items()]
        found.append(_grouped(sites_m, reach, np.concatenate([touched, *met])))
    return np.unique(np.concatenate(found))


def any_there(scene: Scene, reach: Reaches, places: Ints) -> bool:
    """Tell whether a scene has any place of these that the model of the reach answers for."""
    return any(_of(scene.sites_m[slug], places).any() for slug in reach)


def part(model: Model, scene: Scene, reach: Reaches, kinds: Kinds, places: Ints) -> Scene:
    """Return a scene with nothing but what the answers of a model for some places depend on.

    Parameters
    ----------
    model
        The model.
    scene, reach
        The whole scene, and the reach of the model in it.
    kinds
        Passports.
    places
        Ids of the places. For others in the scene the model's answers may be wrong.
    """
    sites_m = _read(model, scene)
    looking = _grouped(sites_m, reach, places)
    wanted = np.concatenate([looking, companions(sites_m, kinds, looking)])
    shapes = _shapes(sites_m, reach, looking)
    far_m = {kind: _far_m(sites_m, reach, looking, kind) for kind in (*sites_m, PEOPLE)}
    met = {slug: _met(frame, wanted, shapes, far_m[slug]) for slug, frame in sites_m.items()}
    # What stands here may be of one that is far away: cut off, it would seem to be another's.
    there = [frame["id"].to_numpy(dtype=np.int64)[met[slug]] for slug, frame in sites_m.items()]
    named = companions(sites_m, kinds, np.concatenate([NO_IDS, *there]))
    cut = {slug: frame[met[slug] | _of(frame, named)] for slug, frame in sites_m.items()}
    people = scene.people
    if PEOPLE in model.reads:
        people = people[_met(people, wanted, shapes, far_m[PEOPLE], "site")]
    recorded = frozenset(slug for slug in sites_m if scene.is_recorded(slug))
    return replace(scene, sites_m=cut, people=people, recorded=recorded)


def companions(sites_m: Sites, kinds: Kinds, places: Ints) -> Ints:
    """Return the ids of the places that name any of these by their codes, or are named by them."""
    found = [np.empty(0, dtype=np.int64)]
    for frame, column, named in _references(sites_m, kinds):
        own, other = _of(frame, places), _of(named, places)
        if own.any() or other.any():
            codes, keys = texts(frame[column]), texts(named["key"])
            found.append(frame["id"].to_numpy(dtype=np.int64)[_among(codes, keys[other])])
            found.append(named["id"].to_numpy(dtype=np.int64)[_among(keys, codes[own])])
    return np.unique(np.concatenate(found))


def _references(
    sites_m: Sites, kinds: Kinds
) -> Iterator[tuple[gpd.GeoDataFrame, str, gpd.GeoDataFrame]]:
    """Yield places, the column of the codes of others that they name, and those others."""
    for slug, frame in sites_m.items():
        for field in kinds[slug].fields if slug in kinds else ():
            if field.refers is not None and field.refers in sites_m:
                yield frame, field.name, sites_m[field.refers]


def _read(model: Model, scene: Scene) -> Sites:
    """Return the places of a scene that a model reads."""
    return {slug: scene.sites_m[slug] for slug in sorted(model.reads & scene.sites_m.keys())}


def _grouped(sites_m: Sites, reach: Reaches, places: Ints) -> Ints:
    """Return ids of places, and of those that look together with any of them."""
    ids = np.concatenate([NO_IDS, *(sites_m[slug]["id"].to_numpy(np.int64) for slug in reach)])
    group = np.concatenate([NO_IDS, *(own.group for own in reach.values())])
    with_them = group[np.isin(ids, places) & (group >= 0)]
    return np.unique(np.concatenate([places, ids[np.isin(group, with_them)]]))


NO_IDS = np.empty(0, dtype=np.int64)


def _reached(frame: gpd.GeoDataFrame, reach: Reach, changed: Mapping[str, Objects]) -> Ints:
    """Return the ids of the places that anything changed reaches."""
    own = frame.geometry.to_numpy()
    rows = [
        near(own, shapes, reach.far_to(kind))[0]
        for kind, shapes in changed.items()
        if len(shapes) and reach.looks_at(kind)
    ]
    ids = frame["id"].to_numpy(dtype=np.int64)
    return np.concatenate([NO_IDS, *(ids[row] for row in rows)])


def _shapes(sites_m: Sites, reach: Reaches, places: Ints) -> Objects:
    """Return the geometry of the places that look."""
    found = [sites_m[slug].geometry.to_numpy()[_of(sites_m[slug], places)] for slug in reach]
    return np.concatenate([np.empty(0, dtype=object), *found])


def _far_m(sites_m: Sites, reach: Reaches, places: Ints, kind: str) -> Floats:
    """Return how far each of the places that look does so for places of a kind."""
    found = [own.far_to(kind)[_of(sites_m[slug], places)] for slug, own in reach.items()]
    return np.concatenate([np.empty(0), *found])


def _met(
    frame: gpd.GeoDataFrame, wanted: Ints, shapes: Objects, far_m: Floats, column: str = "id"
) -> Bools:
    """Tell which rows are wanted, or lie within the reach of shapes."""
    met = _of(frame, wanted, column)
    met[near(shapes, frame.geometry.to_numpy(), far_m)[1]] = True
    return met


def _of(frame: pd.DataFrame, places: Ints, column: str = "id") -> Bools:
    return np.isin(frame[column].to_numpy(dtype=np.int64), places)


def _among(values: Objects, wanted: Objects) -> Bools:
    known = pd.Index(wanted[pd.notna(wanted)])
    return np.asarray(pd.Index(values).isin(known), dtype=bool)
