"""How hard each receptor is hit, and the load of each area and sector (METHOD 7.2 to 7.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints
from gis.errors import InvalidDataError

CAP = 1.0 - 1e-9
"""Largest hit: keeps the logarithms of the shares finite (METHOD 7.4)."""


def kernel(d_m: Floats, r1_m: Floats, r2_m: Floats) -> Floats:
    """Return how much of a source's intensity arrives at a distance, 0..1.

    Parameters
    ----------
    d_m
        Distance edge to edge, metres, >= 0.
    r1_m, r2_m
        Inner and outer radius, metres; where r2 <= r1, r2 is r1 + 1. All broadcast.

    Notes
    -----
    METHOD 7.2: 1 up to r1, (1 - ((d - r1)/(r2 - r1))^2)^2 between, 0 from r2 on.
    """
    outer = np.where(r2_m > r1_m, r2_m, r1_m + 1.0)
    way = np.clip((d_m - r1_m) / (outer - r1_m), 0.0, 1.0)
    arrived: Floats = (1.0 - way**2) ** 2
    return arrived


def lifted(intensity: Floats, uplift: Floats) -> Floats:
    """Return the intensity raised by open hazards, 0..1: 1 - (1 - I)^u (METHOD 7.3)."""
    with np.errstate(divide="ignore"):  # intensity 1: the logarithm is -inf and the result 1
        raised: Floats = -np.expm1(uplift * np.log1p(-intensity))
    return raised


def hit(
    sources: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    intensity: Floats | None = None,
    r2_m: Floats | None = None,
) -> Floats:
    """Return the hit I'K/100 of each pair, 0..1 - 1e-9.

    Parameters
    ----------
    sources, pairs
        Frames as CONTRACT; ``pairs["source"]`` are rows of ``sources``.
    intensity, r2_m
        Drawn values instead of the frame's, shape (F, D).

    Returns
    -------
    Shape (P,), or (P, D) with draws. Of several sources that are one and the same object,
    only the hardest hit at each receptor counts; the others are 0 (METHOD 7.4: duplicates
    would inflate the noisy-or). Taking it pair by pair, and not source by source, keeps the
    law that one more source lowers no score.
    """
    row = pairs["source"].to_numpy()
    strength = sources["intensity"].to_numpy() if intensity is None else intensity
    outer = sources["r2_m"].to_numpy() if r2_m is None else r2_m
    uplift, r1_m, d_m = (
        column.to_numpy() for column in (sources["uplift"], sources["r1_m"], pairs["d_m"])
    )
    drawn = strength.ndim == 2 or outer.ndim == 2
    if drawn:
        uplift, r1_m, d_m = uplift[:, None], r1_m[:, None], d_m[:, None]
        strength, outer = strength.reshape(len(sources), -1), outer.reshape(len(sources), -1)
    arrived = lifted(strength, uplift)[row] * kernel(d_m, r1_m[row], outer[row])
    return _once(np.minimum(arrived, CAP), sources, pairs)


def load(
    hits: Floats,
    sources: pd.DataFrame,
    receptors: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    areas: Ints,
    sectors: Sequence[str],
    weight: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Sum hit x weight over the receptors of each area (METHOD 7.4, 7.5).

    Parameters
    ----------
    hits
        Shape (P,) or (P, D).
    sources, receptors, pairs
        In uid order; pairs as ``pairs.pair`` sorts them.
    areas
        Area ids in the order wanted, shape (A,).
    sectors
        Sector codes in the order wanted, S of them.
    weight
        Drawn weights (J, D) instead of the frame's.

    Returns
    -------
    L, E
        Equivalent persons, shape (S, A) or (S, A, D). E of a sector holds all people of the
        area, and besides them the assets that answer to that sector (forest in FOR).
        A receptor outside every area is in no sum.
    """
    weights = receptors["weight"].to_numpy() if weight is None else weight
    if hits.ndim == 2 and weights.ndim == 1:
        weights = weights[:, None]
    area = rows_of(receptors["area"].to_numpy(), areas)
    groups = group(sources, pairs, sectors)
    harm = groups.harm(hits) * weights[groups.receptor]
    load = _sums(harm, groups.sector, area[groups.receptor], len(sectors), len(areas))
    own = _own_sector(sources, receptors, sectors)
    people = _sums(weights, np.where(own == FREE, 0, -1), area, 1, len(areas))
    assets = _sums(weights, own, area, len(sectors), len(areas))
    return load, people + assets


@dataclass(frozen=True, slots=True)
class Groups:
    """The pairs taken together by (receptor, sector).

    Attributes
    ----------
    start
        First pair of each group, shape (G,).
    receptor
        Row of the receptor, shape (G,).
    sector
        Row of the sector in the order asked for, shape (G,).
    pairs
        Number of pairs, P.
    """

    start: Ints
    receptor: Ints
    sector: Ints
    pairs: int

    def total(self, values: Floats) -> Floats:
        """Sum (P[, D]) over each group: (G[, D])."""
        if not len(self.start):
            return np.zeros((0, *values.shape[1:]))
        total: Floats = np.add.reduceat(values, self.start, axis=0)
        return total

    def harm(self, hits: Floats) -> Floats:
        """Noisy-or of each group, 0..1 (METHOD 7.4)."""
        harm: Floats = -np.expm1(-self.total(-np.log1p(-hits)))
        return harm

    def of_pair(self) -> Ints:
        """Return the group of each pair, shape (P,)."""
        return np.repeat(np.arange(len(self.start)), np.diff(self.start, append=self.pairs))


def group(sources: pd.DataFrame, pairs: pd.DataFrame, sectors: Sequence[str]) -> Groups:
    """Find the groups of pairs that act together; InvalidDataError for an unknown sector."""
    receptor = pairs["receptor"].to_numpy(dtype=np.int64)
    sector = sector_numbers(sources, sectors)[pairs["source"].to_numpy(dtype=np.int64)]
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = (receptor[1:] != receptor[:-1]) | (sector[1:] != sector[:-1])
    start = np.flatnonzero(first).astype(np.int64)
    return Groups(start, receptor[start], sector[start], len(pairs))


def sector_numbers(sources: pd.DataFrame, sectors: Sequence[str]) -> Ints:
    """Return each source's row in ``sectors``; InvalidDataError lists the known ones."""
    found = pd.Index(list(sectors)).get_indexer(pd.Index(sources["sector"].to_numpy(dtype=object)))
    if (found < 0).any():
        unknown = sorted(set(sources["sector"].to_numpy()[found < 0]))
        raise InvalidDataError(f"没有领域 {', '.join(unknown)} 的权重；现有：{', '.join(sectors)}")
    return found.astype(np.int64)


def rows_of(ids: Ints, known: Ints) -> Ints:
    """Return the row of each id in ``known``, -1 where it is not there."""
    return pd.Index(known).get_indexer(pd.Index(ids)).astype(np.int64)


def area_sums(values: Floats, area: Ints, n_areas: int) -> Floats:
    """Sum rows by row of their area, shape (A[, D]); a negative area is left out.

    Each sum is over its own rows in their given order, whatever else there is.
    """
    summed: Floats = _sums(values, np.zeros(len(area), dtype=np.int64), area, 1, n_areas)[0]
    return summed


FREE = -2
"""Mark of a receptor that answers to every source."""


def _own_sector(sources: pd.DataFrame, receptors: pd.DataFrame, sectors: Sequence[str]) -> Ints:
    """Sector row of the source that an asset answers to; -1 if it is gone, FREE for people."""
    own = receptors["own"].to_numpy(dtype=np.int64)
    row = rows_of(own, sources["uid"].to_numpy(dtype=np.int64))
    sector = np.append(sector_numbers(sources, sectors), -1)[row]
    return np.where(own == 0, FREE, sector).astype(np.int64)


def _sums(values: Floats, sector: Ints, area: Ints, n_sectors: int, n_areas: int) -> Floats:
    """Sum rows into (S, A[, D]); a negative sector or area is left out.

    Each sum is over its own rows in their given order, whatever else there is: so a closed
    part gives the same bits as the whole.
    """
    sums = np.zeros((n_sectors * n_areas, *values.shape[1:]))
    kept = np.flatnonzero((sector >= 0) & (area >= 0))
    if len(kept):
        key = sector[kept] * n_areas + area[kept]
        order = np.argsort(key, kind="stable")
        first = np.flatnonzero(np.diff(key[order], prepend=-1))
        sums[key[order][first]] = np.add.reduceat(values[kept[order]], first, axis=0)
    return sums.reshape(n_sectors, n_areas, *values.shape[1:])


def _once(hits: Floats, sources: pd.DataFrame, pairs: pd.DataFrame) -> Floats:
    """Keep of each object only its hardest hit at each receptor, in each sector."""
    rows = np.flatnonzero(_doubled(sources)[pairs["source"].to_numpy(dtype=np.int64)])
    if not len(rows):
        return hits
    number = _object_at(sources, pairs.iloc[rows])
    kept = hits.reshape(len(hits), -1).copy()
    for draw in range(kept.shape[1]):  # which duplicate hits hardest may differ between draws
        kept[rows[~_hardest(kept[rows, draw], number)], draw] = 0.0
    return kept.reshape(hits.shape)


def _doubled(sources: pd.DataFrame) -> Bools:
    """Tell which sources share their object with another one of their sector."""
    doubled: Bools = sources.duplicated(["sector", "object_uid"], keep=False).to_numpy()
    return doubled


def _object_at(sources: pd.DataFrame, pairs: pd.DataFrame) -> Ints:
    """Give each (receptor, sector, object) among the pairs a number."""
    source = sources.iloc[pairs["source"].to_numpy()]
    keys = pd.DataFrame(
        {
            "receptor": pairs["receptor"].to_numpy(),
            "sector": source["sector"].to_numpy(),
            "object": source["object_uid"].to_numpy(),
        }
    )
    number = keys.groupby(["receptor", "sector", "object"], sort=False).ngroup()
    return number.to_numpy().astype(np.int64)


def _hardest(hits: Floats, number: Ints) -> Bools:
    """Tell which hit is the largest of its number; the first of equal ones. Shape (n,)."""
    order = np.lexsort((np.arange(len(hits)), -hits, number))
    hardest = np.zeros(len(hits), dtype=bool)
    hardest[order[np.flatnonzero(np.diff(number[order], prepend=-1))]] = True
    return hardest
