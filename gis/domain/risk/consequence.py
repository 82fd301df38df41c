"""How far harm reaches: the formulas behind the screening radii (METHOD 1.5, 5.5).

Screening only: a statutory distance comes from an assessment (METHOD 0.2 rule 5).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gis.domain.arrays import Floats


def overpressure_kpa(tnt_kg: float, d_m: Floats, coefficients: Sequence[float]) -> Floats:
    """Return the peak overpressure of a ground burst, kPa.

    Parameters
    ----------
    tnt_kg
        TNT equivalent, kg.
    d_m
        Distance, metres, > 0.
    coefficients
        Of the third, second and first power of W^(1/3)/R, in units of 1e5 Pa.

    Notes
    -----
    GB 6722-2014 eq. (3), METHOD 1.5 (a).
    """
    scaled = np.cbrt(tnt_kg) / d_m
    third, second, first = coefficients
    pressure: Floats = KPA * (third * scaled**3 + second * scaled**2 + first * scaled)
    return pressure


KPA = 100.0
"""kPa in 1e5 Pa."""


def blast_distance_m(tnt_kg: Floats, kpa: float, coefficients: Sequence[float]) -> Floats:
    """Return the distance at which a ground burst has a given overpressure, metres.

    ``overpressure_kpa`` solved for the distance: it is a cubic of W^(1/3)/R with one positive
    root, the same for every charge. ``kpa`` > 0, coefficients > 0. METHOD 1.5 (a).
    """
    roots = np.roots([*coefficients, -kpa / KPA])
    scaled = float(roots.real[np.argmax(np.where(np.isreal(roots), roots.real, -np.inf))])
    distance: Floats = np.cbrt(tnt_kg) / scaled
    return distance


def cloud_tnt_kg(
    mass_kg: Floats, heat_j_kg: Floats, *, share: float, ground: float, tnt_j_kg: float
) -> Floats:
    """Return the TNT equivalent of a vapour cloud, kg (METHOD 1.5 b).

    Parameters
    ----------
    mass_kg, heat_j_kg
        Mass of the fuel, kg, and its heat of combustion, J/kg.
    share
        Part of the energy that explodes.
    ground
        Factor of an explosion at the ground.
    tnt_j_kg
        Energy of TNT, J/kg.
    """
    tnt: Floats = ground * share * mass_kg * heat_j_kg / tnt_j_kg
    return tnt


def cloud_fatal_m(tnt_kg: Floats, coefficient: float, power: float) -> Floats:
    """Return the radius within which half the people die of a vapour cloud, metres.

    13.6 (W/1000)^0.37 (METHOD 1.5 b).
    """
    radius: Floats = coefficient * (tnt_kg / 1000.0) ** power
    return radius


def melt_tnt_kg(mass_kg: Floats, *, efficiency: float, melt_j_kg: float, tnt_j_kg: float) -> Floats:
    """Return the TNT equivalent of melt that meets water, kg (METHOD 1.5 f)."""
    tnt: Floats = efficiency * mass_kg * melt_j_kg / tnt_j_kg
    return tnt


def fireball_m(mass_kg: Floats, coefficient: float) -> Floats:
    """Return the diameter of a fireball, metres: 5.8 M^(1/3) (METHOD 1.5 c)."""
    diameter: Floats = coefficient * np.cbrt(mass_kg)
    return diameter


def fireball_s(mass_kg: Floats, coefficients: Sequence[float], large_kg: float) -> Floats:
    """Return how long a fireball burns, seconds (METHOD 1.5 c).

    0.45 M^(1/3) below ``large_kg``, 2.6 M^(1/6) from there on.
    """
    small, large = coefficients
    cube = np.cbrt(mass_kg)
    seconds: Floats = np.where(mass_kg < large_kg, small * cube, large * np.sqrt(cube))
    return seconds


def flux_distance_m(power_w: Floats, radiated: float, flux_kw_m2: float) -> Floats:
    """Return the distance at which a point source of heat has a given flux, metres.

    sqrt(chi P / (4 pi q)), nothing absorbed in between; P is M Hc/t of a fireball, m'' A Hc of a
    pool (METHOD 1.5 c, d).
    """
    distance: Floats = np.sqrt(radiated * power_w / (4.0 * np.pi * 1000.0 * flux_kw_m2))
    return distance


def dust_flame_m(volume_m3: Floats, k: Floats, cap_m: float) -> Floats:
    """Return the length of a vented dust flame, metres: K V^(1/3), capped (METHOD 1.5 e)."""
    flame: Floats = np.minimum(k * np.cbrt(volume_m3), cap_m)
    return flame


def impact_radius_m(diameter_mm: Floats, pressure_mpa: Floats, coefficient: float) -> Floats:
    """Return the potential impact radius of a gas line, metres: 0.099 sqrt(d2 p).

    GB 32167-2015, METHOD 5.5; the coefficient holds for natural gas only.
    """
    radius: Floats = coefficient * np.sqrt(diameter_mm**2 * pressure_mpa)
    return radius
