"""Which sources make up an area's load, and how many points of its score (METHOD 7.12)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats, Ints
from gis.domain.risk.load import group, rows_of
from gis.domain.risk.sources import PARTS

LOADS = (
    "area", "source", "site", "model", "sector", "load", "d_m", "receptor", "receptor_site",
)  # fmt: skip
"""Columns of a loads frame."""


def contributions(
    hits: Floats,
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
    sources, receptors, pairs, areas, sectors
        As for ``load.load``.

    Returns
    -------
    Loads frame, one row per area and source whose load is greater than 0, sorted by area (in
    the order given), sector and source: ``load`` in equivalent persons, which adds up to L over
    sources, receptors and areas; ``d_m``, the distance of the nearest receptor that is hit;
    ``receptor``, the uid of the one with the largest part, and its site.

    Notes
    -----
    -ln(1 - I'K/100) is additive under the noisy-or; each receptor's harm is shared out in
    proportion to it. Where several sources are the same to the last bit, so are their shares.
    """
    part = _parts(hits, sources, receptors, pairs, sectors)
    area = rows_of(receptors["area"].to_numpy(), areas)[pairs["receptor"].to_numpy(dtype=np.int64)]
    rows = np.flatnonzero((part > 0) & (area >= 0))
    source = pairs["source"].to_numpy(dtype=np.int64)[rows]
    order = np.lexsort((source, _sector_order(sources, sectors)[source], area[rows]))
    rows, source = rows[order], source[order]
    start = np.flatnonzero(
        (np.diff(area[rows], prepend=-1) != 0) | (np.diff(source, prepend=-1) != 0)
    )
    return _loads(sources, receptors, pairs, areas[area[rows]], rows, start, part)


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


def _parts(
    hits: Floats,
    sources: pd.DataFrame,
    receptors: pd.DataFrame,
    pairs: pd.DataFrame,
    sectors: Sequence[str],
) -> Floats:
    """Return each pair's part of the load, equivalent persons, shape (P,)."""
    groups = group(sources, pairs, sectors)
    of_pair = groups.of_pair()
    z = -np.log1p(-hits)
    whole = groups.total(z)
    harm = -np.expm1(-whole) * receptors["weight"].to_numpy()[groups.receptor]
    per_z = np.divide(harm, whole, out=np.zeros(len(harm)), where=whole > 0)
    part: Floats = z * per_z[of_pair]
    return part


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
) -> pd.DataFrame:
    pair = pairs.iloc[rows]
    source = sources.iloc[pair["source"].to_numpy()[start]]
    number = np.repeat(np.arange(len(start)), np.diff(start, append=len(rows)))
    nearest = pair["d_m"].groupby(number).min().to_numpy() if len(rows) else np.empty(0)
    largest = np.lexsort((np.arange(len(rows)), -part[rows], number))[start]
    receptor = receptors["uid"].to_numpy()[pair["receptor"].to_numpy()[largest]]
    total = np.add.reduceat(part[rows], start) if len(rows) else np.empty(0)
    return pd.DataFrame(
        {
            "area": area[start],
            "source": source["uid"].to_numpy(),
            "site": source["site"].to_numpy(),
            "model": source["model"].to_numpy(),
            "sector": source["sector"].to_numpy(),
            "load": total,
            "d_m": nearest,
            "receptor": receptor,
            "receptor_site": receptor // PARTS,
        }
    ).astype({"model": object, "sector": object})
