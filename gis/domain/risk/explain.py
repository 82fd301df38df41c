"""A score taken apart: by sources, by the steps of each, and by what goes if one goes (7.12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Ints
from gis.domain.risk import index as indexing
from gis.domain.risk.constants import Constants
from gis.domain.risk.load import group, lifted, rows_of
from gis.domain.risk.sources import PARTS

LOADS = (
    "area", "source", "site", "model", "sector", "load", "gone", "closed", "d_m",
    "receptor", "receptor_site", "receptor_d_m",
)  # fmt: skip
"""Columns of a loads frame."""

HAZARDS = "hazards"
"""The part of a source's points that its open hazards cause."""


ROUNDING = 1e-12
"""Smaller shares of a load are not told from nothing."""


def contributions(
    hits: Floats,
    unlifted: Floats,
    sources: pd.DataFrame,
    receptors: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    areas: Ints,
    sectors: Sequence[str],
) -> pd.DataFrame:
    """Split the load of each area over the sources that cause it.

    Parameters
    ----------
    hits
        Shape (P,), as ``load.hit`` gives them.
    unlifted
        The same as if no source had open hazards.
    sources, receptors, pairs, areas, sectors
        As for ``load.load``.

    Returns
    -------
    Loads frame, one row per area and source whose load is greater than 0, sorted by area (in
    the order given), sector and source: ``load`` in equivalent persons, which adds up to L over
    sources, receptors and areas; ``gone``, by how much L falls if the source alone goes, which
    does not add up; ``d_m``, the distance of the nearest receptor that is hit;
    ``receptor``, the uid of the one with the largest part, its site, and the distance to it.

    Notes
    -----
    -ln(1 - I'K/100) is additive under the noisy-or; each receptor's harm is shared out in
    proportion to it. Where several sources are the same to the last bit, so are their shares.
    """
    part, gone, closed = _parts(hits, unlifted, sources, receptors, pairs, sectors)
    area = rows_of(receptors["area"].to_numpy(), areas)[pairs["receptor"].to_numpy(dtype=np.int64)]
    rows = np.flatnonzero((part > 0) & (area >= 0))
    source = pairs["source"].to_numpy(dtype=np.int64)[rows]
    order = np.lexsort((source, _sector_order(sources, sectors)[source], area[rows]))
    rows, source = rows[order], source[order]
    start = np.flatnonzero(
        (np.diff(area[rows], prepend=-1) != 0) | (np.diff(source, prepend=-1) != 0)
    )
    return _loads(sources, receptors, pairs, areas[area[rows]], rows, start, part, gone, closed)


def shares(loads: pd.DataFrame, sectors: pd.DataFrame, scores: pd.DataFrame, weight: Floats,
           codes: Sequence[str]) -> Floats:  # fmt: skip
    """Return the points of R that each row of a loads frame stands for.

    Parameters
    ----------
    loads
        As ``contributions`` gives it.
    sectors, scores
        The frames of an evaluation.
    weight, codes
        Sector weights and their codes, in the same order.

    Returns
    -------
    Points, shape of the loads; they add up to R over the rows of an area, whatever their
    order. NaN where the area has no score.
    """
    pull = sectors["HE"] * sectors["sector"].map(dict(zip(codes, weight, strict=True)))
    area, _ = pd.factorize(sectors["area"])
    # One after the other, so that an area's sum does not depend on what other areas there are.
    whole = pd.Series(np.bincount(area, weights=pull)[area], index=sectors.index)
    risk = sectors["area"].map(scores.set_index("area")["R"])
    part = (risk * pull / whole.where(whole > 0)).where(sectors["HE"].notna())
    points = pd.Series(
        (part / sectors["L"].where(sectors["L"] > 0)).to_numpy(),
        index=pd.MultiIndex.from_frame(sectors[["area", "sector"]]),
    )
    keys = pd.MultiIndex.from_frame(loads[["area", "sector"]])
    found: Floats = points.reindex(keys).to_numpy(dtype=np.float64) * loads["load"].to_numpy()
    return found


def without(
    loads: pd.DataFrame,
    what: str,
    load: Floats,
    exposed: Floats,
    vulnerability: Floats,
    coping: Floats,
    *,
    areas: Ints,
    sectors: Sequence[str],
    constants: Constants,
) -> Floats:
    """Return by how many points R falls with what goes, for each row of a loads frame alone.

    Parameters
    ----------
    loads
        As ``contributions`` gives it.
    what
        Its column with what goes: ``gone`` (the source) or ``closed`` (its open hazards).
    load, exposed
        L (NaN where a sector is unknown) and E, shape (S, A).
    vulnerability, coping
        V and C, shape (A,).
    areas, sectors
        In the order of those arrays.
    constants
        The values of ``index.toml``.

    Returns
    -------
    Points >= 0, NaN where the area has no score. They do not add up: sources cover for each
    other. People and assets stay where they are (METHOD 7.12 b).
    """
    area = rows_of(loads["area"].to_numpy(dtype=np.int64), areas)
    sector = pd.Index(list(sectors)).get_indexer(pd.Index(loads["sector"]))
    rest = load[:, area].copy()
    column = np.arange(len(loads))
    own = rest[sector, column]
    kept = own - loads[what].to_numpy()
    # Nothing but rounding is left: R goes with the root of it, which would make it visible.
    rest[sector, column] = np.where(kept > ROUNDING * own, kept, np.where(np.isnan(own), own, 0.0))
    v, c = vulnerability[area], coping[area]
    left = indexing.index(rest, exposed[:, area], v, c, constants=constants)[0]
    whole = indexing.index(load[:, area], exposed[:, area], v, c, constants=constants)[0]
    fallen: Floats = np.maximum(0.0, whole - left)
    return fallen


def by_step(
    points: float, steps: Mapping[str, float], intensity: float, uplift: float
) -> dict[str, float]:
    """Split a source's points over the steps of its score, and its open hazards.

    Parameters
    ----------
    points
        Points of R that the source stands for.
    steps
        Step to points of the source's intrinsic score; they add up to 100 x ``intensity``.
    intensity, uplift
        As in a sources frame.

    Returns
    -------
    Step to points of R, which add up to ``points``; ``HAZARDS`` where hazards lift the source.
    A step that lowers the score has points below 0.

    Notes
    -----
    Our own rule: the lift by hazards takes (I' - I)/I' of the points, the steps share the rest in
    proportion.
    """
    total = sum(steps.values())
    raised = float(lifted(np.array([intensity]), np.array([uplift]))[0])
    if not (total and raised):
        return {}
    own = points * intensity / raised
    parts = {name: own * step / total for name, step in steps.items()}
    return {**parts, HAZARDS: points - own} if uplift > 1 else parts


def _parts(
    hits: Floats,
    unlifted: Floats,
    sources: pd.DataFrame,
    receptors: pd.DataFrame,
    pairs: pd.DataFrame,
    sectors: Sequence[str],
) -> tuple[Floats, Floats, Floats]:
    """Return each pair's part of the load, what goes with it, and with its hazards; (P,) each."""
    groups = group(sources, pairs, sectors)
    of_pair = groups.of_pair()
    z = -np.log1p(-hits)
    whole = groups.total(z)
    weight = receptors["weight"].to_numpy()[groups.receptor]
    harm = -np.expm1(-whole) * weight
    per_z = np.divide(harm, whole, out=np.zeros(len(harm)), where=whole > 0)
    part: Floats = z * per_z[of_pair]
    # exp(-(Z - z)) - exp(-Z): what the others do not do in its place.
    spared = (weight * np.exp(-whole))[of_pair]
    gone: Floats = spared * np.expm1(z)
    closed: Floats = spared * np.expm1(z + np.log1p(-unlifted))
    return part, gone, closed


def _sector_order(sources: pd.DataFrame, sectors: Sequence[str]) -> Ints:
    return pd.Index(list(sectors)).get_indexer(pd.Index(sources["sector"])).astype(np.int64)


def _loads(
    sources: pd.DataFrame,
    receptors: pd.DataFrame,
    pairs: pd.DataFrame,
    area: Ints,
    rows: Ints,
    start: Ints,
    part: Floats,
    gone: Floats,
    closed: Floats,
) -> pd.DataFrame:
    pair = pairs.iloc[rows]
    source = sources.iloc[pair["source"].to_numpy()[start]]
    number = np.repeat(np.arange(len(start)), np.diff(start, append=len(rows)))
    nearest = pair["d_m"].groupby(number).min().to_numpy() if len(rows) else np.empty(0)
    largest = np.lexsort((np.arange(len(rows)), -part[rows], number))[start]
    receptor = receptors["uid"].to_numpy()[pair["receptor"].to_numpy()[largest]]
    receptor_d_m = pair["d_m"].to_numpy()[largest]
    total, lost, eased = (
        np.add.reduceat(column[rows], start) if len(rows) else np.empty(0)
        for column in (part, gone, closed)
    )
    return pd.DataFrame(
        {
            "area": area[start],
            "source": source["uid"].to_numpy(),
            "site": source["site"].to_numpy(),
            "model": source["model"].to_numpy(),
            "sector": source["sector"].to_numpy(),
            "load": total,
            "gone": lost,
            "closed": eased,
            "d_m": nearest,
            "receptor": receptor,
            "receptor_site": receptor // PARTS,
            "receptor_d_m": receptor_d_m,
        }
    ).astype({"model": object, "sector": object})
