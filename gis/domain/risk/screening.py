"""Screening radii of enterprises (筛查半径): as assessed, else what reaches farthest (METHOD 1.6).

None of them is an external safety distance (METHOD 0.2 rule 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import consequence, major_hazard
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Sites
from gis.domain.risk.sources import places

KG_PER_T = 1000.0
J_PER_MJ = 1e6

STORAGE = "储存单元"
"""A unit that is bounded by its dike: what burns in it is a pool of its area."""

Ring = tuple[Floats, Floats]
"""Inner and outer radius, metres; 0 where a rule does not apply."""


@dataclass(frozen=True, slots=True)
class Radii:
    """Radii of each enterprise.

    Attributes
    ----------
    r1_m, r2_m
        Metres.
    basis
        What ``r2_m`` is from.
    gaps
        Field to where it was unknown although the radii need it.
    """

    r1_m: Floats
    r2_m: Floats
    basis: Objects
    gaps: Mapping[str, Bools]


def radii(
    plants: gpd.GeoDataFrame,
    level: Objects,
    host: Bools,
    rings: pd.DataFrame,
    highest_m: Floats,
    constants: Constants,
) -> Radii:
    """Return the radii of enterprises (METHOD 1.6).

    Parameters
    ----------
    plants
        Site frame of enterprises, n rows.
    level
        Level of major hazard that is reckoned with, None where there is none, shape (n,).
    host
        Where several tenants work on the site, shape (n,).
    rings
        As ``unit_rings`` gives them.
    highest_m
        Height of the highest building on each site, NaN where none is known, shape (n,).
    constants
        The values of ``industry.toml``.

    Notes
    -----
    Assessed is whoever has an external safety distance; its inner radius is the contour of an
    individual risk of 1e-5 a year where one is on record, else a share of that distance. A contour
    without a distance widens what is screened, and r2 is never less than a contour.
    """
    dusty, casting = is_dusty(plants, constants), is_casting(plants, constants)
    flame, no_volume = _flame(plants, dusty, highest_m, constants)
    melt, no_charge = _melt(plants, casting, constants)
    tabled = level.copy()
    explained = rings["modelled_rank"].to_numpy() >= major_hazard.ranks(level, constants)
    tabled[explained] = None
    found: dict[str, Ring] = {
        "一般": _everywhere("general_radii_m", len(plants), constants),
        "行业类别": _by_category(plants, host, constants),
        "重大危险源等级": _by_level(tabled, constants),
        "粉尘爆炸（泄爆火焰与厂房）": flame,
        "深井铸造熔体遇水爆炸": melt,
        **{
            said: (rings[f"{name}_r1_m"].to_numpy(), rings[f"{name}_r2_m"].to_numpy())
            for name, said in RINGS.items()
        },
    }
    inner, outer = (np.stack([ring[at] for ring in found.values()]) for at in (0, 1))
    assessed_m, none = read.positive(plants["ext_safety_dist_m"], 0.0)
    contour_m, no_contour = read.positive(plants["fatal_contour_m"], 0.0)
    labels = np.array([f"筛查半径：{said}" for said in found], dtype=object)
    by_share_m = given.number(constants, "assessed_r1_share") * assessed_m
    r2_m = np.where(none, outer.max(axis=0), assessed_m)
    basis = np.where(none, labels[outer.argmax(axis=0)], "外部安全防护距离")
    return Radii(
        r1_m=np.where(
            none,
            np.maximum(inner.max(axis=0), contour_m),
            np.where(no_contour, by_share_m, contour_m),
        ),
        r2_m=np.maximum(r2_m, contour_m),
        basis=np.where(contour_m > r2_m, "评估的个人风险1e-5/年等值线", basis),
        gaps={
            "building": dusty & np.isnan(highest_m) & none,
            "dust_collector_m3": dusty & no_volume & none,
            "melt_charge_t": casting & no_charge & none,
        },
    )


RINGS = {
    "cloud": "易燃气体蒸气云爆炸与火球",
    "pool": "易燃液体池火",
    "toxic": "毒性气体（未建模，仅提示）",
}
"""Rings that come of the chemicals of the units, and what is said of them."""


def unit_rings(
    units: pd.DataFrame, held: pd.DataFrame, sites_m: Sites, n: int, constants: Constants
) -> pd.DataFrame:
    """Return how far the chemicals of each enterprise's units reach (METHOD 1.5 b, c, d, g).

    Parameters
    ----------
    units, held
        As ``major_hazard.units`` and ``chemicals.identified`` give them.
    sites_m
        Units, for the area within their dikes.
    n
        Number of enterprises.
    constants
        The values of ``industry.toml``.

    Returns
    -------
    Frame of n rows: ``<ring>_r1_m`` and ``<ring>_r2_m`` of the ``RINGS``, 0 where none applies,
    at most ``screening_cap_m``; ``modelled_rank``, where every unit that is or may be a major
    hazard is one by flammable gas in vessels of known mass, the rank of the highest (up to which
    no table is needed), else 0; ``unweighed``, where a flammable gas is in vessels of unknown
    mass; ``vessel_t``, the largest of known mass, and ``fatal_m``, the fatal radius of its cloud,
    NaN where there is none.

    Notes
    -----
    A gas burns whether or not its unit reaches the critical quantity, so it counts in any unit;
    in a vessel of unknown mass as if all of it were in one, but no farther than the table of the
    lowest level. A pool burns within the dike, which is the outline of a unit that stores.
    """
    cloud = _cloud(held, constants)
    # Of what no formula stands for; unknown is as much as makes a major hazard.
    ratio = (held["quantity_t"] / held["critical_t"]).fillna(1.0)
    each = pd.DataFrame(
        {
            "site": held["site"],
            **cloud,
            **_pool(held, _dike_m2(held, sites_m), constants),
            **_toxic(held, constants),
            "rest": ratio.where(np.isnan(cloud["vessel_t"]), 0.0),
            "gas": ratio.where(np.isfinite(cloud["vessel_t"]), 0.0),
        }
    )
    by_unit = each.groupby("site")
    reached = by_unit.max().assign(**by_unit[["rest", "gas"]].sum())
    reached = reached.reindex(units["id"].to_numpy()).reset_index(drop=True)
    by_gas = (reached["gas"] >= 1.0) & (reached["rest"] < 1.0)
    rank = np.where(
        by_gas, major_hazard.ranks(units["stated"].to_numpy(dtype=object), constants), 0
    )
    small = units["stated"].to_numpy(dtype=object) == major_hazard.NONE
    plain = ~by_gas & ~small
    own = units["plant"] >= 0
    told = reached.assign(plain=plain, rank=rank, plant=units["plant"])[own]
    by_plant = told.groupby("plant")
    rings = by_plant[[*METRES, "vessel_t", "fatal_m"]].max().reindex(np.arange(n))
    tabled = by_plant["plain"].any().reindex(np.arange(n), fill_value=True)
    rings[METRES] = rings[METRES].fillna(0.0).clip(upper=given.number(constants, "screening_cap_m"))
    highest = by_plant["rank"].max().reindex(np.arange(n), fill_value=0)
    unweighed = by_plant["unweighed"].max().reindex(np.arange(n), fill_value=0.0) > 0
    return rings.assign(modelled_rank=highest.where(~tabled, 0), unweighed=unweighed)


METRES = [f"{name}_{ring}" for name in RINGS for ring in ("r1_m", "r2_m")]


def is_dusty(plants: pd.DataFrame, constants: Constants) -> Bools:
    """Tell which enterprises have dust that explodes, by their category.

    Where that is not known, by anything on record of dust.
    """
    kinds = given.table(constants, "dust_flame_k")
    amounts = plants[["dust_workers", "dust_collector_m3"]].to_numpy(dtype=np.float64)
    hints = read.yes(plants["multi_storey_dust"])[0] | (amounts > 0).any(axis=1)
    dusty: Bools = plants["category"].isin(list(kinds)).to_numpy(dtype=bool)
    return dusty | (plants["category"].isna().to_numpy(dtype=bool) & hints)


def is_casting(plants: pd.DataFrame, constants: Constants) -> Bools:
    """Tell which enterprises cast aluminium in deep wells, by their category.

    Where that is not known, by a hoist or a charge of melt on record.
    """
    category = given.text(constants, "casting_category")
    charge_t = plants["melt_charge_t"].to_numpy(dtype=np.float64)
    hints = plants["hoist"].notna().to_numpy(dtype=bool) | (charge_t > 0)
    casting: Bools = (plants["category"] == category).to_numpy(dtype=bool)
    return casting | (plants["category"].isna().to_numpy(dtype=bool) & hints)


def _everywhere(name: str, n: int, constants: Constants) -> Ring:
    inner, outer = given.numbers(constants, name)
    return np.full(n, inner), np.full(n, outer)


def _by_category(plants: pd.DataFrame, host: Bools, constants: Constants) -> Ring:
    """Radii of the category, and of a site of several tenants; of an unknown one, the crowded."""
    unknown = plants["category"].isna().to_numpy(dtype=bool)
    crowded = given.numbers(constants, "unknown_category_radii_m")
    rings = []
    for at, ring in enumerate(("r1_m", "r2_m")):
        table = given.table(constants, f"category_{ring}")
        by_category, _ = read.graded(plants["category"], table, 0.0)
        hosted = np.where(host, table[given.text(constants, "host_category")], 0.0)
        rings.append(np.maximum(np.maximum(by_category, hosted), unknown * crowded[at]))
    return rings[0], rings[1]


def _by_level(level: Objects, constants: Constants) -> Ring:
    inner, _ = read.graded(level, given.table(constants, "mhi_r1_m"), 0.0)
    outer, _ = read.graded(level, given.table(constants, "mhi_r2_m"), 0.0)
    return inner, outer


def _flame(
    plants: pd.DataFrame, dusty: Bools, highest_m: Floats, constants: Constants
) -> tuple[Ring, Bools]:
    """Radii of a dust explosion, and where the collector's volume was unknown (METHOD 1.5 e).

    The vented flame; and around the building, in which the secondary explosion kills.
    """
    table = given.table(constants, "dust_flame_k")
    k, _ = read.graded(plants["category"], table, max(table.values()))
    cap_m = given.number(constants, "dust_flame_cap_m")
    volume, unknown = read.positive(plants["dust_collector_m3"], 0.0)
    flame = np.where(unknown, cap_m, consequence.dust_flame_m(volume, k, cap_m))
    inner, outer = given.numbers(constants, "dust_least_radii_m")
    around_m = given.number(constants, "dust_building_heights") * np.nan_to_num(highest_m)
    near_m = np.maximum(np.maximum(flame, inner), around_m)
    far_m = np.maximum(given.number(constants, "dust_r2_per_flame") * flame, outer)
    r1_m = np.where(dusty, near_m, 0.0)
    return (r1_m, np.where(dusty, np.maximum(far_m, near_m), 0.0)), unknown


def _melt(plants: pd.DataFrame, casting: Bools, constants: Constants) -> tuple[Ring, Bools]:
    """Radii of a melt-water explosion, and where the charge was unknown (METHOD 1.5 f)."""
    charge, unknown = read.positive(plants["melt_charge_t"], 0.0)
    tnt_kg = consequence.melt_tnt_kg(
        np.minimum(KG_PER_T * charge, given.number(constants, "melt_cap_kg")),
        efficiency=given.number(constants, "melt_efficiency"),
        melt_j_kg=given.number(constants, "melt_energy_j_kg"),
        tnt_j_kg=given.number(constants, "tnt_energy_j_kg"),
    )
    inner, outer = _blast(tnt_kg, "melt_pressures_kpa", constants)
    default = given.numbers(constants, "unknown_melt_radii_m")
    r1_m, r2_m = (
        np.where(casting, np.where(unknown, default[at], ring), 0.0)
        for at, ring in enumerate((inner, outer))
    )
    return (r1_m, r2_m), unknown


def _blast(tnt_kg: Floats, pressures: str, constants: Constants) -> Ring:
    """Return where a blast has the two pressures named."""
    coefficients = given.numbers(constants, "blast_coefficients")
    kpa = given.table(constants, pressures)
    return (
        consequence.blast_distance_m(tnt_kg, kpa["r1"], coefficients),
        consequence.blast_distance_m(tnt_kg, kpa["r2"], coefficients),
    )


def _cloud(held: pd.DataFrame, constants: Constants) -> dict[str, Floats]:
    """Radii of the largest vessel of a flammable gas, NaN where there is none.

    ``vessel_t`` is NaN where its mass is unknown; what all of the gas would do is told then, as
    far as the table of the lowest level.
    """
    gas = held["flammable_gas"].to_numpy(dtype=bool)
    vessel_t, unknown = read.positive(held["vessel_t"].where(gas), np.nan)
    quantity_t, _ = read.positive(held["quantity_t"], np.nan)
    mass_kg = KG_PER_T * np.where(gas & unknown, quantity_t, vessel_t)
    heat = _heat_j_kg(held, constants)
    tnt_kg = consequence.cloud_tnt_kg(
        mass_kg,
        heat,
        share=given.number(constants, "cloud_share"),
        ground=given.number(constants, "ground_factor"),
        tnt_j_kg=given.number(constants, "tnt_energy_j_kg"),
    )
    blast = _blast(tnt_kg, "gas_pressures_kpa", constants)
    ball_m = consequence.fireball_m(mass_kg, given.number(constants, "fireball_diameter"))
    burning_s = consequence.fireball_s(
        mass_kg,
        given.numbers(constants, "fireball_seconds"),
        given.number(constants, "fireball_large_kg"),
    )
    hot_m = consequence.flux_distance_m(
        mass_kg * heat / burning_s,
        given.number(constants, "fireball_radiated"),
        given.table(constants, "heat_fluxes_kw_m2")["r2"],
    )
    least = given.texts(constants, "mhi_levels")[0]
    capped = [given.table(constants, f"mhi_{ring}_m")[least] for ring in ("r1", "r2")]
    reach = np.maximum(blast[0], ball_m / 2.0), np.maximum(blast[1], hot_m)
    inner, outer = (
        np.where(unknown, np.fmin(far, cap), far) for far, cap in zip(reach, capped, strict=True)
    )
    return {
        "cloud_r1_m": np.where(gas, inner, np.nan),
        "cloud_r2_m": np.where(gas, outer, np.nan),
        "unweighed": (gas & unknown).astype(np.float64),
        "vessel_t": vessel_t,
        "fatal_m": np.where(
            unknown,
            np.nan,
            consequence.cloud_fatal_m(tnt_kg, *given.numbers(constants, "cloud_fatal")),
        ),
    }


def _pool(held: pd.DataFrame, dike_m2: Floats, constants: Constants) -> dict[str, Floats]:
    """Radii of a pool fire within the dike, NaN where no dike is known."""
    rate, _ = read.graded(
        held["name"],
        given.table(constants, "burning_rate_kg_m2_s"),
        given.number(constants, "unknown_burning_rate"),
    )
    area_m2 = np.where(held["flammable_liquid"], dike_m2, np.nan)
    power_w = rate * area_m2 * _heat_j_kg(held, constants)
    radiated = given.number(constants, "pool_radiated")
    return {
        f"pool_{ring}_m": consequence.flux_distance_m(power_w, radiated, flux)
        for ring, flux in given.table(constants, "heat_fluxes_kw_m2").items()
    }


def _toxic(held: pd.DataFrame, constants: Constants) -> dict[str, Floats]:
    """Radii of the toxic gases for which there are defaults, larger where a tank may fail."""
    tank_t, times = given.numbers(constants, "toxic_tank")
    vessel_t, unknown = read.positive(held["vessel_t"], 0.0)
    factor = np.where(unknown | (vessel_t > tank_t), times, 1.0)
    return {
        f"toxic_{ring}_m": factor
        * read.graded(held["name"], given.table(constants, f"toxic_small_{ring}_m"), np.nan)[0]
        for ring in ("r1", "r2")
    }


def _heat_j_kg(held: pd.DataFrame, constants: Constants) -> Floats:
    heat, _ = read.graded(
        held["name"],
        given.table(constants, "heat_mj_kg"),
        given.number(constants, "unknown_heat_mj_kg"),
    )
    return J_PER_MJ * heat


def _dike_m2(held: pd.DataFrame, sites_m: Sites) -> Floats:
    """Return the area within the dike of each chemical's unit, m2; NaN where it is not drawn."""
    found = np.full(len(held), np.nan)
    for frame in places(sites_m, major_hazard.UNIT):
        area = shapely.area(frame.geometry.to_numpy())
        drawn = (area > 0) & (frame["unit_type"] == STORAGE).to_numpy(dtype=bool)
        by_unit = pd.Series(np.where(drawn, area, np.nan), index=frame["id"])
        found = by_unit.reindex(held["site"]).to_numpy(dtype=np.float64)
    return found
