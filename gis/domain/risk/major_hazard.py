"""Identify and grade a major hazard installation by its chemicals (GB 18218-2018, METHOD 1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gis.domain.risk.constants import Constants, numbers, texts


@dataclass(frozen=True, slots=True)
class Grading:
    """What the standard says of one unit.

    Attributes
    ----------
    ratio
        S, the sum of q/Q; 1 and more is a major hazard installation.
    alpha
        Factor of the people within 500 m of the plant's boundary (table 5).
    rating
        R = alpha x sum of beta q/Q.
    level
        一级 to 四级 (table 6); 不构成 below S = 1, whatever R is.
    """

    ratio: float
    alpha: float
    rating: float
    level: str


def grade(
    quantity_t: Sequence[float],
    threshold_t: Sequence[float],
    beta: Sequence[float],
    *,
    people: float,
    constants: Constants,
) -> Grading:
    """Grade a unit.

    Parameters
    ----------
    quantity_t, threshold_t, beta
        q, Q (tonnes) and beta of each chemical.
    people
        Residents within 500 m of the plant's boundary.
    constants
        The values of ``industry.toml``.

    Notes
    -----
    The register holds the declared level only; this is for the list of chemicals to come.
    """
    ratios = np.asarray(quantity_t, dtype=float) / np.asarray(threshold_t, dtype=float)
    band = np.searchsorted(numbers(constants, "mhi_alpha_limits"), people, side="right")
    alpha = numbers(constants, "mhi_alpha")[int(band)]
    rating = alpha * float(np.dot(np.asarray(beta, dtype=float), ratios))
    names = texts(constants, "mhi_levels")
    level = names[int(np.searchsorted(numbers(constants, "mhi_level_limits"), rating, "right"))]
    ratio = float(ratios.sum())
    return Grading(ratio, alpha, rating, level if ratio >= 1.0 else NONE)


NONE = "不构成"
