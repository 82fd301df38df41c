"""Major hazard installations by their chemicals (GB 18218-2018, METHOD 1.3): S, alpha, R, level.

A declared level is official and outranks what is reckoned here, which is a screening value.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import chemicals
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Near, Scene
from gis.domain.risk.sources import places

UNIT = "installation"
"""Kind of the units."""

NONE = "不构成"
"""What is declared of a unit below the critical quantities."""

COLUMNS = {
    "id": np.int64,
    "plant": np.int64,
    "chemicals": np.int64,
    "complete": np.bool_,
    "ratio": np.float64,
    "weighted": np.float64,
    "residents": np.float64,
    "alpha_declared": np.float64,
    "alpha_computed": np.float64,
    "rating": np.float64,
    "computed": object,
    "other_computed": object,
    "declared": object,
    "stated": object,
    **dict.fromkeys(chemicals.FAMILIES, np.bool_),
}
"""Columns of ``units``: ``plant``, row of its enterprise, -1 where none is on record;
``chemicals``, how many are on record; ``complete``, whether all of them are identified and weighed;
``ratio`` S and ``weighted``, the sum of beta q/Q, of those that are; ``residents`` within 500 m of
the plant; ``rating`` R with the alpha declared, else the one computed; ``computed`` level, None
where it cannot be told; ``other_computed``, the level that the computed alpha gives where another
one is declared; ``stated``, the level declared, else computed; the families of chemicals in it."""


def units(
    scene: Scene, plants: gpd.GeoDataFrame, held: pd.DataFrame, constants: Constants
) -> pd.DataFrame:
    """Identify and grade every unit on record.

    Parameters
    ----------
    scene
        Units and the people around.
    plants
        Site frame of enterprises.
    held
        The chemicals, as ``chemicals.identified`` gives them.
    constants
        The values of ``industry.toml``.

    Returns
    -------
    Frame with ``COLUMNS``, a row for each unit, in the order of its site frame.

    Notes
    -----
    What is not known is never taken for nothing: of a unit with a chemical that is unknown or not
    weighed, or with none on record, the sums are lower bounds, and below 1 S says nothing. Where
    nobody lives within 500 m by the register and no alpha is declared, alpha is not 0.5.
    """
    frames = places(scene.sites_m, UNIT)
    if not frames or frames[0].empty:
        return pd.DataFrame({name: np.empty(0, kind) for name, kind in COLUMNS.items()})
    frame = frames[0]
    plant = plant_of(frame, plants)
    sums = _held(held, frame["id"])
    ratio, weighted = sums["ratio"].to_numpy(), sums["weighted"].to_numpy()
    around = residents_around(_outlines(frame, plants, plant), scene.people, scene.near, constants)
    computed_alpha = alpha(around, constants)
    declared_alpha = frame["declared_alpha"].to_numpy(dtype=np.float64)
    none_declared = np.isnan(declared_alpha)
    proven = np.maximum(computed_alpha, given.number(constants, "unproven_alpha"))
    rating = np.where(none_declared, proven, declared_alpha) * weighted
    other = level(ratio, computed_alpha * weighted, constants)
    other[none_declared] = None
    unsure = ~sums["complete"].to_numpy(dtype=bool)
    computed = _unless(level(ratio, rating, constants), unsure)
    declared = read.texts(frame["declared_level"])
    columns = {
        "id": frame["id"].to_numpy(dtype=np.int64),
        "plant": plant,
        **{name: sums[name].to_numpy() for name in HELD},
        "residents": around,
        "alpha_declared": declared_alpha,
        "alpha_computed": computed_alpha,
        "rating": rating,
        "computed": computed,
        "other_computed": _unless(other, unsure),
        "declared": declared,
        "stated": np.where(read.missing(declared), computed, declared),
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


PLANT_COLUMNS = (
    "units", "level", "stated", "declared", "official", "computed", "unknown", "ratio", "rating",
    "residents", "alpha_declared", "alpha_computed",
)  # fmt: skip
"""Columns of ``of_plants``: how many units; ``level`` that is reckoned with; ``stated``, the same
without what is only presumed; ``declared`` and ``computed`` alone; None where nothing is known of a
major hazard. ``official``, whether all is declared; ``unknown``, whether it is not and may be
higher. S, R, residents and alphas of the unit of the highest R, NaN where there is none."""


def of_plants(found: pd.DataFrame, plants: gpd.GeoDataFrame, constants: Constants) -> pd.DataFrame:
    """Tell the level of each enterprise by what it declares, else by its units.

    Parameters
    ----------
    found
        As ``units`` gives it.
    plants
        Site frame of enterprises, n rows.
    constants
        The values of ``industry.toml``.

    Returns
    -------
    Frame of n rows with ``PLANT_COLUMNS``.

    Notes
    -----
    Declared by the enterprise or a unit, the higher; where the enterprise declares nothing, the
    highest of its units, each as declared, else as reckoned.
    Unless that is declared, a category that makes a major hazard likely or a unit of which not
    enough is known counts at least as ``unknown_mhi_level`` (METHOD 0.2 rule 3).
    """
    n = len(plants)
    own = found[found["plant"] >= 0]
    plant = own["plant"].to_numpy(dtype=np.int64)
    declared, computed, by_unit = (
        own[name].to_numpy(dtype=object) for name in ("declared", "computed", "stated")
    )
    silent = read.missing(declared)
    unsure = _any(plant, read.missing(by_unit), n)
    count = np.bincount(plant, minlength=n)
    by_plant = read.texts(plants["mhi_level"])
    blank = read.missing(by_plant)
    by_declared = highest(plant, declared, n, constants)
    beyond = blank | (ranks(by_declared, constants) > ranks(by_plant, constants))
    by_declared = np.where(beyond, by_declared, by_plant)
    of_units = _unless(highest(plant, by_unit, n, constants), unsure)
    stated = np.where(blank, of_units, by_declared)
    official = ~blank | ((count > 0) & ~_any(plant, silent, n))
    likely = plants["category"].isin(given.texts(constants, "mhi_categories")).to_numpy(bool)
    told = ("ratio", "rating", "residents", "alpha_declared", "alpha_computed")
    gravest = own.iloc[np.lexsort((own["id"].to_numpy(), -own["rating"].to_numpy()))]
    gravest = gravest.drop_duplicates("plant").set_index("plant").reindex(np.arange(n))
    columns = {
        "units": count,
        "level": _at_least(stated, ~official & (likely | unsure), constants),
        "stated": stated,
        "declared": by_declared,
        "official": official,
        "computed": _unless(
            highest(plant, computed, n, constants), _any(plant, read.missing(computed), n)
        ),
        "unknown": ~official & (likely | (count > 0)),
        **{name: gravest[name].to_numpy(dtype=np.float64) for name in told},
    }
    return pd.DataFrame({name: columns[name] for name in PLANT_COLUMNS})


def alpha(residents: Floats, constants: Constants) -> Floats:
    """Return the factor of the residents within 500 m of the plant (Table 5), one for each.

    Parts of a person, of people that were spread over houses, count as one.
    """
    return read.banded(
        np.ceil(residents.round(DIGITS)),
        given.numbers(constants, "mhi_alpha_limits"),
        given.numbers(constants, "mhi_alpha"),
    )


def level(ratio: Floats, rating: Floats, constants: Constants) -> Objects:
    """Return the level (Table 6) by S and R, shapes (n,): 不构成 below S = 1, whatever R is."""
    names = np.asarray(given.texts(constants, "mhi_levels"), dtype=object)
    limits = given.numbers(constants, "mhi_level_limits")
    band = np.searchsorted(limits, rating.round(DIGITS), side="right")
    found: Objects = np.where(ratio.round(DIGITS) >= 1.0, names[band], NONE)
    return found


DIGITS = 9
"""Sums are rounded to so many before they meet a limit, which belongs to the class above."""


def ranks(levels: Objects, constants: Constants) -> Ints:
    """Return 1 (四级) to 4 (一级) of levels, 0 where there is none or it is not known."""
    order = {name: n for n, name in enumerate(given.texts(constants, "mhi_levels"), start=1)}
    found, _ = read.graded(levels, order, 0.0)
    return found.astype(np.int64)


def highest(plant: Ints, levels: Objects, n: int, constants: Constants) -> Objects:
    """Return the highest level of each plant's units, None where no unit has one; shape (n,)."""
    names = np.array([NONE, *given.texts(constants, "mhi_levels"), None], dtype=object)
    known = ~read.missing(levels)
    rank = np.full(n, -1)
    np.maximum.at(rank, plant[known], ranks(levels, constants)[known])
    found: Objects = names[rank]
    return found


def plant_of(frame: pd.DataFrame, plants: pd.DataFrame) -> Ints:
    """Return the row of the enterprise that each place names by its code, -1 where none is."""
    rows = pd.Series(np.arange(len(plants)), index=read.texts(plants["key"]))
    rows = rows[~rows.index.duplicated() & rows.index.notna()]
    found: Ints = frame["enterprise"].map(rows).fillna(-1).to_numpy(dtype=np.int64)
    return found


def residents_around(
    outlines: gpd.GeoSeries, people: gpd.GeoDataFrame, near: Near, constants: Constants
) -> Floats:
    """Count the residents within 500 m of each outline and not within it; shape (n,)."""
    home = people[people["resident"].to_numpy(dtype=bool)]
    shapes, homes = outlines.to_numpy(), home.geometry.to_numpy()
    i, j, _ = near(shapes, homes, given.number(constants, "alpha_reach_m"))
    outside = ~shapely.covers(shapes[i], homes[j])
    count = home["people"].to_numpy(dtype=np.float64)[j[outside]]
    found: Floats = np.bincount(i[outside], weights=count, minlength=len(shapes)).astype(np.float64)
    return found


def _outlines(frame: gpd.GeoDataFrame, plants: gpd.GeoDataFrame, plant: Ints) -> gpd.GeoSeries:
    """Return the boundary of each unit's plant; of a unit without one its own."""
    shapes = np.append(plants.geometry.to_numpy(), [None])[plant]
    own = frame.geometry.to_numpy()
    return gpd.GeoSeries(np.where(plant >= 0, shapes, own), crs=frame.crs)


def _held(found: pd.DataFrame, sites: pd.Series) -> pd.DataFrame:
    """Add up the chemicals of each unit; ``found`` as ``chemicals.identified`` gives them."""
    ratio = found["quantity_t"] / found["critical_t"]
    counted = found.assign(
        chemicals=1,
        ratio=ratio,
        weighted=found["beta"] * ratio,
        complete=ratio.notna() & ~found["differs"],
    )
    by_unit = counted.groupby("site")
    ids = sites.to_numpy()
    sums = by_unit[["chemicals", "ratio", "weighted"]].sum().reindex(ids, fill_value=0)
    marks = by_unit[["complete"]].all().join(by_unit[list(chemicals.FAMILIES)].any())
    held = sums.join(marks.astype(bool).reindex(ids, fill_value=False))
    return held.astype({name: COLUMNS[name] for name in HELD})[list(HELD)]


HELD = ("chemicals", "complete", "ratio", "weighted", *chemicals.FAMILIES)
"""What is added up of a unit's chemicals."""


def _any(plant: Ints, where: Bools, n: int) -> Bools:
    found: Bools = np.bincount(plant[where], minlength=n) > 0
    return found


def _at_least(levels: Objects, where: Bools, constants: Constants) -> Objects:
    """Return the levels, at least ``unknown_mhi_level`` where asked."""
    least = given.text(constants, "unknown_mhi_level")
    lower = ranks(levels, constants) < ranks(np.array([least], dtype=object), constants)
    found: Objects = np.where(where & lower, least, levels)
    return found


def _unless(levels: Objects, unsure: Bools) -> Objects:
    """Return the levels without what cannot be told: that something unknown is no major hazard."""
    told = levels.copy()
    told[unsure & (levels == NONE)] = None
    return told
