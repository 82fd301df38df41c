"""Who and what can be harmed: people at places, forest as an asset (METHOD 6.1, 7.5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain import apportion
from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.kinds import OCCASIONS, People, SiteKind
from gis.domain.risk.attributes import in_use, texts
from gis.domain.risk.attributes import number as known_number
from gis.domain.risk.constants import Constants, number, text
from gis.domain.risk.difference import Difference
from gis.domain.risk.frames import frame as make
from gis.domain.risk.frames import stack
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
    A receptors frame in uid order. A people receptor's uid is site x 4096, an asset's
    site x 4096 + 1 + area mod 4095.

    Raises
    ------
    InvalidDataError
        If there is no such occasion; the message lists the known ones.

    Notes
    -----
    Weight = people x occupancy x times x the factor of sensitive targets; of an occasion that
    the passport names, people x its share x that factor. An unknown number is
    the median of the known ones of its kind, so receptors must be made of the whole register,
    and a closed part taken from them afterwards. Residents recorded for an area beyond those of
    its houses are spread over the houses in use by footprint x storeys (dasymetric).
    """
    if occasion is not None and occasion not in OCCASIONS:
        raise InvalidDataError(f"没有时段 {occasion}；可以用：{', '.join(OCCASIONS)}")
    ordered = areas_m.sort_values("code", kind="stable", ignore_index=True)
    used = {slug: sites_m[slug] for slug in sorted(kinds) if slug in sites_m}
    peopled = {slug: people for slug in used if (people := kinds[slug].people) is not None}
    if home is None:
        home = homes({slug: used[slug] for slug in peopled}, ordered)
    frames = [
        _people(used[slug], people, home[slug], ordered, constants, occasion)
        for slug, people in peopled.items()
    ]
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
        Those kinds. Receptors of a kind depend on no other one.
    sites_m, kinds, areas_m, constants, home
        As for ``receptors``.
    """
    own = {slug: sites_m[slug] for slug in changed if slug in sites_m}
    made = receptors(own, kinds, areas_m, constants, home=home)
    kept = before[~before["kind"].isin(changed)]
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


def _people(
    frame: gpd.GeoDataFrame,
    people: People,
    row: Ints,
    areas: gpd.GeoDataFrame,
    constants: Constants,
    occasion: str | None,
) -> gpd.GeoDataFrame:
    count, unknown = _counted(frame, people, constants)
    spread = np.zeros(len(frame))
    if people.residents:
        idle = ~in_use(frame, text(constants, "idle_use"))
        count = np.where(unknown & idle, 0.0, count)
        spread = _spread(frame, row, count, idle, areas, constants)
    factor = number(constants, "sensitive_factor") if people.sensitive else 1.0
    site = frame["id"].to_numpy(dtype=np.int64)
    estimated = unknown | (spread > 0)
    columns = {
        "uid": site * PARTS,
        "site": site,
        "kind": frame["kind"].to_numpy(dtype=object),
        "geometry": frame.geometry.to_numpy(),
        "weight": _present(count + spread, frame, people, occasion) * factor,
        "area": _area_ids(row, areas),
        "own": 0,
        "sigma": np.where(
            estimated, number(constants, "sigma_estimated"), number(constants, "sigma_counted")
        ),
        "name": texts(frame["name"]),
        "people": count + spread,
        "spread": spread,
        "resident": people.residents,
        "dq": unknown,
    }
    return make(columns, DTYPES, frame.crs)


def _present(
    people: Floats, frame: gpd.GeoDataFrame, passport: People, occasion: str | None
) -> Floats:
    """Return how many of the people are there, shape (n,)."""
    if occasion is not None and occasion in passport.occasions:
        return people * passport.occasions[occasion]
    mean: Floats = people * passport.occupancy
    return mean if passport.times is None else mean * known_number(frame[passport.times], 1.0)[0]


def _counted(frame: gpd.GeoDataFrame, people: People, constants: Constants) -> tuple[Floats, Bools]:
    """Add up the count fields; an unknown one is the median of the known of this kind."""
    fallback = "unknown_residents" if people.residents else "unknown_people"
    total = np.zeros(len(frame))
    unknown = np.zeros(len(frame), dtype=bool)
    for name, factor in people.count.items():
        known = frame[name].dropna()
        middle = known.median() if len(known) else number(constants, fallback)
        count, missing = known_number(frame[name], float(middle))
        total += factor * count
        unknown |= missing
    return total, unknown


def _spread(
    frame: gpd.GeoDataFrame,
    row: Ints,
    count: Floats,
    idle: Bools,
    areas: gpd.GeoDataFrame,
    constants: Constants,
) -> Floats:
    """Spread the residents that an area records beyond those of its houses; shape (n,)."""
    inside = row >= 0
    n = len(areas)
    held = np.bincount(row[inside], weights=count[inside], minlength=n)
    recorded = areas["residents"].to_numpy(dtype=np.float64)
    beyond = np.where(np.isnan(recorded), 0.0, np.maximum(recorded - held, 0.0))
    room = np.where(idle | ~inside, 0.0, _floor_area(frame, constants))
    total = np.bincount(row[inside], weights=room[inside], minlength=n)
    per_m2 = np.append(np.divide(beyond, total, out=np.zeros(n), where=total > 0), 0.0)
    spread: Floats = room * per_m2[row]
    return spread


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
