"""Why a score moved between two runs: one group of causes changed at a time (METHOD 7.11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.kinds import Title
from gis.domain.risk import index as indexing
from gis.domain.risk import load as loading
from gis.domain.risk.constants import Constants
from gis.domain.risk.pairs import pair

CAUSES: Mapping[str, Title] = {
    "hazards": Title("隐患的发现、销号和逾期", "Hazards found, closed, overdue"),
    "sources": Title("风险源的登记、更正和到期", "Places entered, corrected, fallen due"),
    "people": Title("人口与承灾能力", "People, vulnerability and coping"),
    "survey": Title("普查范围", "What was surveyed"),
    "parameters": Title("方法参数", "Parameters of the method"),
}
"""The groups, in the order in which they are changed: the last steps reach the later run."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run was made of, as it was kept.

    Attributes
    ----------
    sources, receptors
        Frames of its evaluation.
    scores
        One row per area: area, code, name, V, C.
    sectors
        Rows (area, sector, known).
    constants
        Method to its plain values.
    """

    sources: gpd.GeoDataFrame
    receptors: gpd.GeoDataFrame
    scores: pd.DataFrame
    sectors: pd.DataFrame
    constants: Mapping[str, Constants]


def causes(before: Ran, after: Ran, *, touched: Collection[int] = ()) -> pd.DataFrame:
    """Say by how many points each group of causes moved each area.

    Parameters
    ----------
    before, after
        Two runs.
    touched
        Ids of places that changed in the register between them. Where the constants of a model
        differ, a source of any other place differs because of them.

    Returns
    -------
    One row per area code that both runs know, in code order: code, name, ``before`` and
    ``after`` (R, NaN unknown), and a column per cause. The causes add up to the difference; NaN
    where a score is missing on either side, since what became known did not move.

    Notes
    -----
    The groups are changed one after the other, each on top of those before (``CAUSES``), so what
    several cause together falls to the later one.
    """
    codes = sorted(set(before.scores["code"]) & set(after.scores["code"]))
    old, new = _Ground.of(before, codes), _Ground.of(after, codes)
    held = _held(before.sources, after.sources, before.constants, after.constants, touched)
    mixed = _lifted(before.sources, after.sources)
    steps = [
        old,
        replace(old, sources=mixed),
        replace(old, sources=held),
        replace(new, sources=held, known=old.known, constants=old.constants),
        replace(new, sources=held, constants=old.constants),
        new,
    ]
    risk = [step.risk() for step in steps]
    moved = {
        cause: after_it - before_it
        for cause, before_it, after_it in zip(CAUSES, risk, risk[1:], strict=False)
    }
    whole = np.isnan(risk[0]) | np.isnan(risk[-1])
    named = after.scores.set_index("code")["name"].reindex(codes)
    return pd.DataFrame(
        {
            "code": np.array(codes, dtype=object),
            "name": named.to_numpy(dtype=object),
            "before": risk[0],
            "after": risk[-1],
            **{cause: np.where(whole, np.nan, points) for cause, points in moved.items()},
        }
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What an evaluation needs, areas by their row in a list of codes."""

    sources: gpd.GeoDataFrame
    receptors: gpd.GeoDataFrame
    known: Bools
    vulnerability: Floats
    coping: Floats
    constants: Constants

    @classmethod
    def of(cls, ran: Ran, codes: list[str]) -> _Ground:
        areas = ran.scores.set_index("code").reindex(codes)
        ids = areas["area"].to_numpy(dtype=np.int64)
        index = ran.constants["index"]
        known = ran.sectors.pivot_table(
            index="sector", columns="area", values="known", aggfunc="all"
        )
        return cls(
            sources=ran.sources,
            receptors=ran.receptors.assign(area=_rows(ran.receptors, ids)),
            known=known.reindex(index=indexing.sectors(index), columns=ids).to_numpy(dtype=bool),
            vulnerability=areas["V"].to_numpy(dtype=np.float64),
            coping=areas["C"].to_numpy(dtype=np.float64),
            constants=index,
        )

    def risk(self) -> Floats:
        """Return R of each area, NaN where a sector is not known."""
        sectors = indexing.sectors(self.constants)
        pairs = pair(self.sources, self.receptors)
        hits = loading.hit(self.sources, pairs)
        rows = np.arange(self.known.shape[1])
        load, exposed = loading.load(
            hits, self.sources, self.receptors, pairs, areas=rows, sectors=sectors
        )
        known = np.where(self.known, load, np.nan)
        return indexing.index(
            known, exposed, self.vulnerability, self.coping, constants=self.constants
        )[0]


def _rows(receptors: pd.DataFrame, ids: Ints) -> Ints:
    return loading.rows_of(receptors["area"].to_numpy(dtype=np.int64), ids)


def _lifted(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the earlier sources with the later uplift, where they are still there."""
    row = loading.rows_of(before["uid"].to_numpy(), after["uid"].to_numpy())
    uplift = np.where(row >= 0, np.append(after["uplift"].to_numpy(), 1.0)[row], before["uplift"])
    return before.assign(uplift=uplift)


def _held(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    touched: Collection[int],
) -> gpd.GeoDataFrame:
    """Return the later sources as the earlier constants would have made them.

    A source of a place that nobody touched, whose model's constants differ, keeps what it was.
    """
    models = after["model"].astype(object)
    differ = {slug for slug in set(models) if old.get(slug) != new.get(slug)}
    row = loading.rows_of(after["uid"].to_numpy(), before["uid"].to_numpy())
    kept = (row >= 0) & models.isin(differ).to_numpy() & ~after["site"].isin(list(touched))
    names = ["intensity", "r1_m", "r2_m"]
    values = {name: after[name].to_numpy(dtype=np.float64).copy() for name in names}
    for name, column in values.items():
        column[kept] = before[name].to_numpy(dtype=np.float64)[row[kept]]
    return after.assign(**values)
