"""From loads to the index of an area and its class (METHOD 7.5 to 7.7)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk.constants import Constants, numbers, table

CLASS_TITLES = (
    Title("低", "Low"),
    Title("较低", "Fairly low"),
    Title("中", "Medium"),
    Title("较高", "Fairly high"),
    Title("高", "High"),
)
"""Names of the classes 1 to 5."""

CLASS_NAMES_ZH = tuple(title.zh for title in CLASS_TITLES)
"""The same in Chinese."""


def sectors(constants: Constants) -> tuple[str, ...]:
    """Return the sector codes, in the order of the weights."""
    return tuple(table(constants, "sector_weights"))


def weights(constants: Constants) -> Floats:
    """Return the sector weights, shape (S,), sum 1."""
    raw = np.array(list(table(constants, "sector_weights").values()))
    shared: Floats = raw / raw.sum()
    return shared


def anchors(constants: Constants) -> tuple[Floats, Floats]:
    """Return Lref (equivalent persons) and rho of each sector, shapes (S,)."""
    lref, rho = table(constants, "lref"), table(constants, "rho")
    order = sectors(constants)
    return np.array([lref[code] for code in order]), np.array([rho[code] for code in order])


def sector_score(load: Floats, exposed: Floats, *, lref: Floats, rho: Floats) -> Floats:
    """Turn the load of a sector into its score HE, 0..10, by fixed anchors (METHOD 7.5).

    Parameters
    ----------
    load, exposed
        L and E, equivalent persons >= 0, shape (S, A) or (S, A, D).
    lref, rho
        Anchors of each sector: load of the full absolute half, share of the full relative half;
        shape (S,) or (S, D).
    """
    lref, rho = _by_sector(lref, load), _by_sector(rho, load)
    absolute = np.log1p(load) / np.log1p(lref)
    share = np.divide(load, exposed, out=np.zeros(load.shape), where=exposed > 0)
    score: Floats = 10.0 * (0.5 * np.minimum(1.0, absolute) + 0.5 * np.minimum(1.0, share / rho))
    return score


def aggregate(scores: Floats, weight: Floats) -> Floats:
    """Take the sectors of an area together so that a high one dominates (METHOD 7.6).

    Parameters
    ----------
    scores
        HE of each sector, 0..10, shape (S, A) or (S, A, D); NaN makes the result NaN.
    weight
        Shape (S,) or (S, D), sum 1.

    Returns
    -------
    HE of the area, 0..10, shape (A,) or (A, D).
    """
    # (10 - HE)/10 x 9 + 1 = 10 (1 - 0.09 HE); logarithms keep no hazard at all exactly 0.
    power = np.expand_dims(weight, tuple(range(1, 1 + scores.ndim - weight.ndim)))
    logs = (power * np.log1p(-0.09 * scores)).sum(axis=0)
    together: Floats = np.clip(0.0 - np.expm1(logs) / 9.0 * 100.0, 0.0, 10.0)
    return together


def index(
    load: Floats,
    exposed: Floats,
    vulnerability: Floats,
    coping: Floats,
    *,
    constants: Constants,
    weight: Floats | None = None,
    exponents: Floats | None = None,
    lref: Floats | None = None,
    rho: Floats | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Compute the index R of each area (METHOD 7.7).

    Parameters
    ----------
    load, exposed
        L and E, shape (S, A) or (S, A, D); E may lack the last axis.
    vulnerability, coping
        V and lack of coping C, 1..10, shape (A,) or (A, D).
    constants
        The values of ``index.toml``.
    weight, exponents, lref, rho
        Drawn instead: (S, D); (3, D) for HE, V, C; (S, D) each.

    Returns
    -------
    R, scores, together
        R 0..100 (A[, D]); HE of the sectors (S, A[, D]) and of the area (A[, D]), 0..10.
    """
    if load.ndim > exposed.ndim:
        exposed = np.broadcast_to(exposed[..., None], load.shape)
    usual_lref, usual_rho = anchors(constants)
    scores = sector_score(
        load,
        exposed,
        lref=usual_lref if lref is None else lref,
        rho=usual_rho if rho is None else rho,
    )
    together = aggregate(scores, weights(constants) if weight is None else weight)
    if exponents is None:
        exponents = np.array(list(table(constants, "exponents").values()))
    he, v, c = exponents
    risk = 10.0 * together**he * _as_wide(vulnerability, together) ** v
    risk = risk * _as_wide(coping, together) ** c
    return risk, scores, together


def index_class(scores: Floats, constants: Constants) -> Objects:
    """Return the class 1..5 of each score 0..100, None where it is NaN.

    Limits are fixed and belong to the class above them (METHOD 7.7). A sector's class is that
    of 10 x HE.
    """
    found = np.searchsorted(numbers(constants, "class_limits"), scores, side="right") + 1
    classes = np.empty(len(scores), dtype=object)
    classes[:] = [
        None if unknown else int(value)
        for value, unknown in zip(found, np.isnan(scores), strict=True)
    ]
    return classes


def classes(
    areas: Sequence[int] | pd.Series,
    scores: Floats,
    flags: pd.DataFrame,
    constants: Constants,
    *,
    basis: str = "综合指数",
) -> pd.DataFrame:
    """Put floors under the classes (METHOD 7.7): shown = the higher of class and floor.

    Parameters
    ----------
    areas
        Area ids, A of them.
    scores
        R, 0..100, NaN where unknown, shape (A,).
    flags
        Flags frame; only floors of 1 and more raise anything.
    constants
        The values of ``index.toml``.
    basis
        What the scores are, in the words of the reason.

    Returns
    -------
    Frame with columns area, index_class (1..5 or None), floor (0 where there is none),
    shown (1..5 or None) and reason_zh. An area without a score shows no class, whatever its
    flags: they are reported beside it. A floor tells the least, not what is not known.
    """
    frame = pd.DataFrame({"area": list(areas), "index_class": index_class(scores, constants)})
    binding = flags[flags["floor"] > 0].sort_values(["floor", "rule"], ascending=[False, True])
    binding = binding.drop_duplicates("area").set_index("area")
    floor = frame["area"].map(binding["floor"]).fillna(0).astype("int64")
    why = frame["area"].map(binding["text_zh"])
    judged = [
        _judge(own, int(least), str(reason), basis)
        for own, least, reason in zip(frame["index_class"], floor, why, strict=True)
    ]
    shown = pd.Series([entry[0] for entry in judged], dtype=object)
    return frame.assign(floor=floor, shown=shown, reason_zh=[entry[1] for entry in judged])


def _judge(own: int | None, floor: int, why: str, basis: str) -> tuple[int | None, str]:
    if own is None:
        beside = f"；另有标志：{why}（不低于{_name(floor)}）" if floor else ""
        return None, f"数据不足，不评级{beside}"
    if floor > own:
        return floor, f"{basis}为{_name(own)}；因{why}，按规则不低于{_name(floor)}"
    return own, f"按{basis}为{_name(own)}"


def _name(number: int) -> str:
    return f"“{CLASS_NAMES_ZH[number - 1]}”"


def _by_sector(values: Floats, like: Floats) -> Floats:
    """Set (S,) or (S, D) against (S, A) or (S, A, D)."""
    wide: Floats = values[:, None] if values.ndim == 1 else values[:, None, :]
    return wide[..., None] if wide.ndim < like.ndim else wide


def _as_wide(values: Floats, like: Floats) -> Floats:
    return values[..., None] if values.ndim < like.ndim else values
