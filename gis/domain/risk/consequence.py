"""How far harm reaches: the formulas behind the screening radii (METHOD 1.5, 5.5)."""

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
    GB 6722-2014 eq. (3), METHOD 1.5 (a). The constants ``blast_k`` are where this reaches a
    given pressure.
    """
    scaled = np.cbrt(tnt_kg) / d_m
    third, second, first = coefficients
    pressure: Floats = 100.0 * (third * scaled**3 + second * scaled**2 + first * scaled)
    return pressure


def blast_radius_m(tnt_kg: Floats, k: float) -> Floats:
    """Return the radius of a given overpressure, metres: k W^(1/3) (METHOD 1.5 a)."""
    radius: Floats = k * np.cbrt(tnt_kg)
    return radius


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
