"""Which place a row of a file is: by its code, its licence, or by who runs what is there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Objects
from gis.domain.plans import Elsewhere

SAME_PREMISES_M = 100.0
"""The same operator nearer than this is the same place: plants are drawn now as a point at the
gate, now as their fence. Our own choice; the dry run shows each row that lies farther off."""

KNOWN = ("operator", "key", "geometry")
"""Columns of a frame of known premises; the geometry is in metres, None where not placed."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What identifies the rows.

    Attributes
    ----------
    keys
        Code of each row's place; None where it cannot be told.
    refused
        Why it cannot be told; None where it can.
    elsewhere
        Code of the operator's known place, where the row lies somewhere else than that.
    """

    keys: Objects
    refused: Objects
    elsewhere: Objects


Met = dict[str, list[tuple[str, Any]]]
"""Operator to the codes and positions of the new places met so far in a file."""


def keys_by_operator(
    operators: Objects,
    geometries: Objects,
    known: pd.DataFrame,
    met: Met,
    elsewhere: Elsewhere,
    taken: Collection[str] = (),
) -> Keys:
    """Tell by operator and position which place each row is.

    Parameters
    ----------
    operators
        What identifies who runs the place; None where missing. Shape (N,).
    geometries
        In a metric CRS; None where the row has no position.
    known
        Premises that are stored, columns ``KNOWN``.
    met
        New places of earlier rows of the file; those of these rows are added to it.
    elsewhere
        Whether a row far from its operator's only known place is a second place, or that one,
        moved.
    taken
        Codes that are in use, whoever runs the places now.

    Returns
    -------
    A row is the nearest known place of its operator within ``SAME_PREMISES_M``, edge to edge;
    else the only one, where the row or that place has no position, or it moved; else a new one,
    whose code is the operator's, numbered where that is in use. A row without a position whose
    operator has several places is refused.
    """
    refused = np.full(len(operators), None, dtype=object)
    refused[[value is None for value in operators]] = NO_OPERATOR
    keys, away = _known_keys(operators, geometries, known, elsewhere, refused)
    in_use = {*taken, *known["key"]}
    for row in np.flatnonzero(pd.isna(keys) & pd.isna(refused)):
        # In file order: what a row is depends on those before it.
        operator, own = operators[row], met.setdefault(operators[row], [])
        keys[row] = _repeated(own, geometries[row])
        if keys[row] is None:
            keys[row] = _free(operator, in_use, [key for key, _ in own])
            own.append((keys[row], geometries[row]))
    return Keys(keys, refused, away)


NO_OPERATOR = "没有编号，也没有可以识别单位的代码：请至少填写一项"
SEVERAL = "没有坐标，而同一代码的单位有多处场所：请填写编号或坐标"


def _known_keys(
    operators: Objects,
    geometries: Objects,
    known: pd.DataFrame,
    elsewhere: Elsewhere,
    refused: Objects,
) -> tuple[Objects, Objects]:
    """Return the code of the known place that a row is, and of the one that it is not."""
    keys, away = (np.full(len(operators), None, dtype=object) for _ in range(2))
    rows = pd.DataFrame({"row": np.arange(len(operators)), "operator": operators})
    pairs = rows.dropna().merge(known, on="operator")
    if pairs.empty:
        return keys, away
    here = geometries[pairs["row"].to_numpy()]
    there = pairs["geometry"].to_numpy(dtype=object)
    pairs["d_m"] = shapely.distance(here, there)  # NaN where one has no position
    pairs["placed"], pairs["known_placed"] = (~shapely.is_missing(g) for g in (here, there))
    pairs["several"] = pairs.groupby("row")["key"].transform("size") > 1
    pairs = pairs.sort_values(["row", "d_m", "key"], kind="stable", na_position="last")
    first = pairs.drop_duplicates("row")
    near = first["d_m"] <= SAME_PREMISES_M
    only = ~first["several"] & (~first["placed"] | ~first["known_placed"])
    claimed = first["key"].isin(first["key"][near])  # by a row that lies there
    moved = ~first["several"] & (elsewhere == "moved") & ~claimed
    same = near | only | moved
    keys[first["row"][same]] = first["key"][same]
    far = first["placed"] & first["known_placed"] & ~near
    away[first["row"][far]] = first["key"][far]
    refused[first["row"][~same & ~first["placed"]]] = SEVERAL
    return keys, away


def _free(operator: str, taken: Collection[str], own: Collection[str]) -> str:
    """Return the first of ``operator``, ``operator#2``, ``operator#3`` ... that is not in use."""
    numbered = (f"{operator}#{number}" for number in count(2))
    return next(key for key in chain([operator], numbered) if key not in taken and key not in own)


def _repeated(premises: Sequence[tuple[str, Any]], geometry: Any) -> str | None:
    """Return the code of the place that a row repeats; None where it repeats none."""
    for key, known in premises:
        if known is None or geometry is None or known.distance(geometry) <= SAME_PREMISES_M:
            return key
    return None
