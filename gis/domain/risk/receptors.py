"""Who and what can be harmed: people at places, forest as an asset (METHOD 6.1, 7.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion
from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.kinds import OCCASIONS, SiteKind
from gis.domain.risk.attributes import number as known_number
from gis.domain.risk.attributes import texts
from gis.domain.risk.constants import Constants, number
from gis.domain.risk.difference import Difference
from gis.domain.risk.frames import frame as make
from gis.domain.risk.frames import stack
from gis.domain.risk.headcount import Headcount, headcounts, present
from gis.domain.risk.homes import Homes, homes
from gis.domain.risk.model import Sites
from gis.domain.risk.sources import PARTS
from gis.errors import InvalidDataError

DTYPES = {
    "uid": np.int64,
    "site": np.int64,
    "kind": object,
    "geometry": object,
    "weight": np.float64,
    "area": np.int64,
    "own": np.int64,
    "sigma": np.float64,
    "name": object,
    "people": np.float64,
    "spread": np.float64,
    "resident": np.bool_,
    "dq": np.bool_,
}

COLUMNS = tuple(DTYPES)
"""Columns of a receptors frame: weight in equivalent persons; area id, -1 outside every area;
own, the uid of the one source an asset answers to, else 0; people before occupancy, of which
``spread`` were spread from the area's total; ``dq`` where the number was not known."""


COUNTING = (
    "point_footprint_m2", "unknown_storeys", "unknown_people", "unknown_residents", "idle_use",
    "household_size", "unknown_households",
)  # fmt: skip
"""Constants that numbers of people are made with."""


def receptors(
    sites_m: Sites,
    kinds: Mapping[str, SiteKind],
    areas_m: gpd.GeoDataFrame,
    constants: Constants,
    *,
    occasion: str | None = None,
    home: Homes | None = None,
) -> gpd.GeoDataFrame:
    """Make the receptors of all kinds that hold people or are assets.

    Parameters
    ----------
    sites_m
        Kind to site frame in metres.
    kinds
        Passports; ``people`` and ``assets_per_ha`` tell what a kind holds.
    areas_m
        Areas frame in metres, with ``residents`` (NaN where unknown).
    constants
        The values of ``index.toml``.
    occasion
        When people are counted (``kinds.OCCASIONS``); None: the mean of the year.
    home
        The home areas of the places, where they are known already; None: they are looked up.

    Returns
    -------
    A receptors frame in uid order. The uid of a group of people is site x 4096 + its number, an
    asset's site x 4096 + 1 + area mod 4095.

    Raises
    ------
    InvalidDataError
        If there is no such occasion; the message lists the known ones.

    Notes
    -----
    Weight = people x occupancy x times x the factor of sensitive targets; of an occasion that
    the passport names, people x its share x that factor. An unknown number is
    the median of the known ones of its kind (``headcount``), so receptors must be made of the whole
    register, and a closed part taken from them afterwards. Residents recorded for an area beyond
    those of its dwellings are spread over the dwellings in use by footprint x storeys (dasymetric).
    """
    if occasion is not None and occasion not in OCCASIONS:
        raise InvalidDataError(f"没有时段 {occasion}；可以用：{', '.join(OCCASIONS)}")
    ordered = areas_m.sort_values("code", kind="stable", ignore_index=True)
    used = {slug: sites_m[slug] for slug in sorted(kinds) if slug in sites_m}
    peopled = [slug for slug in used if kinds[slug].people]
    if home is None:
        home = homes({slug: used[slug] for slug in peopled}, ordered)
    groups = [
        group
        for slug in peopled
        for group in _groups(used[slug], kinds[slug], home[slug], sites_m, constants)
    ]
    per_m2 = _spread_per_m2(groups, ordered)
    frames = [_people(group, per_m2, ordered, constants, occasion) for group in groups]
    frames += [
        _assets(frame, per_ha, ordered, constants)
        for slug, frame in used.items()
        if (per_ha := kinds[slug].assets_per_ha) is not None
    ]
    found = stack(frames, DTYPES)
    return found.sort_values(["uid", "area"], kind="stable", ignore_index=True)


def receptors_again(
    before: gpd.GeoDataFrame,
    sites_m: Sites,
    kinds: Mapping[str, SiteKind],
    areas_m: gpd.GeoDataFrame,
    constants: Constants,
    *,
    home: Homes,
    changed: Collection[str],
) -> gpd.GeoDataFrame:
    """Return the receptors where only the places of some kinds differ from what they were.

    Parameters
    ----------
    before
        The receptors as they were, of all kinds.
    changed
        Those kinds. Receptors of a kind depend on no other one, but that all dwellings share the
        residents of their area.
    sites_m, kinds, areas_m, constants, home
        As for ``receptors``.
    """
    dwellings = _dwellings(kinds)
    again = dwellings.union(changed) if dwellings.intersection(changed) else frozenset(changed)
    own = {slug: sites_m[slug] for slug in again if slug in sites_m}
    made = receptors(own, kinds, areas_m, constants, home=home)
    kept = before[~before["kind"].isin(again)]
    found = stack([kept, made], DTYPES)
    return found.sort_values(["uid", "area"], kind="stable", ignore_index=True)


def crowds(before: gpd.GeoDataFrame, now: gpd.GeoDataFrame, difference: Difference) -> Objects:
    """Return where there are other people than there were, as geometries; shape (n,).

    Parameters
    ----------
    before, now
        Receptors frames.
    difference
        In what the places that they are of differ.
    """
    was, are = before[before["own"] == 0], now[now["own"] == 0]
    row = pd.Index(was["uid"]).get_indexer(pd.Index(are["uid"]))
    heads = np.append(was["people"].to_numpy(), np.nan)[row]
    other = (heads != are["people"].to_numpy()) | difference.of(are, "site")
    left = difference.of(was, "site")
    found: Objects = np.concatenate([was.geometry.to_numpy()[left], are.geometry.to_numpy()[other]])
    return found


def residents_placed(found: pd.DataFrame, areas: Ints) -> Floats:
    """Count the residents that receptors hold in each area; shape (A,)."""
    home = found[found["resident"].to_numpy(dtype=bool)]
    return home.groupby("area")["people"].sum().reindex(areas, fill_value=0.0).to_numpy()


def residents(found: pd.DataFrame, areas: pd.DataFrame, known: Bools) -> Floats:
    """Return how many residents each area has, in the order of ``areas``; shape (A,).

    Those recorded; where none are, those that its dwellings hold, if its population is ``known``
    (``evaluate.population_known``); else NaN.
    """
    placed = residents_placed(found, areas["area"].to_numpy(dtype=np.int64))
    recorded = areas["residents"].to_numpy(dtype=np.float64)
    counted: Floats = np.where(np.isnan(recorded) & known, placed, recorded)
    return counted


def _dwellings(kinds: Mapping[str, SiteKind]) -> frozenset[str]:
    """Return the kinds in which residents live, and those that they are looked for in."""
    return frozenset(
        name
        for slug, kind in kinds.items()
        for group in kind.people
        if group.residents
        for name in (slug, group.held_by)
        if name is not None
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """One group of people at n places: the places, their areas, how many they are."""

    frame: gpd.GeoDataFrame
    row: Ints
    heads: Headcount
    room_m2: Floats
    """Floor area over which residents of the area may be spread, shape (n,)."""


def _groups(
    frame: gpd.GeoDataFrame, kind: SiteKind, row: Ints, sites_m: Sites, constants: Constants
) -> list[_Group]:
    found = []
    for heads in headcounts(frame, kind, sites_m, constants):
        own, at = frame.iloc[heads.rows], row[heads.rows]
        room = np.zeros(len(own))
        if heads.group.residents:
            room = np.where(heads.open & (at >= 0), _floor_area(own, constants), 0.0)
        found.append(_Group(own, at, heads, room))
    return found


def _people(
    group: _Group,
    per_m2: Floats,
    areas: gpd.GeoDataFrame,
    constants: Constants,
    occasion: str | None,
) -> gpd.GeoDataFrame:
    frame, heads, people = group.frame, group.heads, group.heads.group
    spread = group.room_m2 * per_m2[group.row]
    factor = number(constants, "sensitive_factor") if people.sensitive else 1.0
    site = frame["id"].to_numpy(dtype=np.int64)
    columns = {
        "uid": site * PARTS + heads.number,
        "site": site,
        "kind": frame["kind"].to_numpy(dtype=object),
        "geometry": frame.geometry.to_numpy(),
        "weight": present(heads.people + spread, frame, people, occasion) * factor,
        "area": _area_ids(group.row, areas),
        "own": 0,
        "sigma": np.where(
            heads.unknown | (spread > 0),
            number(constants, "sigma_estimated"),
            number(constants, "sigma_counted"),
        ),
        "name": texts(frame["name"]),
        "people": heads.people + spread,
        "spread": spread,
        "resident": people.residents,
        "dq": heads.unknown,
    }
    return make(columns, DTYPES, frame.crs)


def _spread_per_m2(groups: Sequence[_Group], areas: gpd.GeoDataFrame) -> Floats:
    """Return the residents for a square metre of floor that an area records beyond its dwellings'.

    Shape (A + 1,): the last one is for places outside, 0.
    """
    n = len(areas)
    held, room = np.zeros(n), np.zeros(n)
    for group in (group for group in groups if group.heads.group.residents):
        inside = group.row >= 0
        at = group.row[inside]
        held += np.bincount(at, weights=group.heads.people[inside], minlength=n)
        room += np.bincount(at, weights=group.room_m2[inside], minlength=n)
    recorded = areas["residents"].to_numpy(dtype=np.float64)
    beyond = np.where(np.isnan(recorded), 0.0, np.maximum(recorded - held, 0.0))
    return np.append(np.divide(beyond, room, out=np.zeros(n), where=room > 0), 0.0)


def _floor_area(frame: gpd.GeoDataFrame, constants: Constants) -> Floats:
    """Footprint x storeys, m2; a point counts as a house of ordinary size."""
    footprint = shapely.area(frame.geometry.to_numpy())
    footprint = np.where(footprint > 0, footprint, number(constants, "point_footprint_m2"))
    if "storeys" not in frame:
        return footprint
    floors: Floats = (
        footprint * known_number(frame["storeys"], number(constants, "unknown_storeys"))[0]
    )
    return floors


def _assets(
    frame: gpd.GeoDataFrame, per_ha: float, areas: gpd.GeoDataFrame, constants: Constants
) -> gpd.GeoDataFrame:
    """Make one asset of every piece of a place in an area; it answers only to its own source."""
    cut = apportion.pieces(frame.geometry.to_numpy(), areas.geometry.to_numpy())
    place = frame.iloc[cut["row"].to_numpy(dtype=np.int64)]
    site = place["id"].to_numpy(dtype=np.int64)
    area = _area_ids(cut["area"].to_numpy(dtype=np.int64), areas)
    shapes = cut["geometry"].to_numpy(dtype=object)
    columns = {
        "uid": site * PARTS + 1 + area % (PARTS - 1),
        "site": site,
        "kind": place["kind"].to_numpy(dtype=object),
        "geometry": shapes,
        "weight": per_ha * shapely.area(shapes) / M2_PER_HA,
        "area": area,
        "own": site * PARTS,
        "sigma": number(constants, "sigma_counted"),
        "name": texts(place["name"]),
        "people": 0.0,
        "spread": 0.0,
        "resident": False,
        "dq": False,
    }
    return make(columns, DTYPES, frame.crs)


M2_PER_HA = 10_000.0


def _area_ids(row: Ints, areas: gpd.GeoDataFrame) -> Ints:
    ids: Ints = np.append(areas["area"].to_numpy(dtype=np.int64), -1)[row]
    return ids
