"""Why a score moved between two runs: one group of causes changed at a time (METHOD 7.11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.kinds import Title
from gis.domain.risk import index as indexing
from gis.domain.risk import load as loading
from gis.domain.risk import receptors as people
from gis.domain.risk import register, registry
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants, number
from gis.domain.risk.indicators import INDICATORS, Indicator, dimensions
from gis.domain.risk.model import PEOPLE
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
    indicators
        As ``indicators.read`` gives them; None: not kept, by a run of an earlier version.
    """

    sources: gpd.GeoDataFrame
    receptors: gpd.GeoDataFrame
    scores: pd.DataFrame
    sectors: pd.DataFrame
    constants: Mapping[str, Constants]
    indicators: pd.DataFrame | None = None


def causes(
    before: Ran,
    after: Ran,
    *,
    touched: Collection[int] = (),
    sensitive: Collection[str] = (),
    same: bool = False,
) -> pd.DataFrame:
    """Say by how many points each group of causes moved each area.

    Parameters
    ----------
    before, after
        Two runs.
    touched
        Ids of places that changed in the register between them. Where the constants of a model
        differ, a source of any other place differs because of them.
    sensitive
        Kinds whose people count more (``sensitive_factor``).
    same
        Whether both speak of the same register and day: then what differs are the constants.

    Returns
    -------
    One row per area code that both runs know, in code order: code, name, ``before`` and
    ``after`` (R, NaN unknown), and a column per cause. The causes add up to the difference; NaN
    where a score is missing on either side, since what became known did not move.

    Notes
    -----
    The groups are changed one after the other, each on top of those before (``CAUSES``), so what
    several cause together falls to the later one. Parameters come last: up to them everything is
    as the earlier constants would have made it. The lift by hazards and the weight of sensitive
    places are computed anew with these; of what was not kept (how a model came to a source, what
    an indicator was read off) the earlier run's stays, where the constants behind it differ.
    """
    codes = sorted(set(before.scores["code"]) & set(after.scores["code"]))
    old, new = _Ground.of(before, codes), _Ground.of(after, codes)
    only = same and before.constants != after.constants
    held = old if only else _Earlier(before, after, touched, sensitive).ground(old, new, codes)
    steps = [
        old,
        replace(old, sources=_lifted(old.sources, held.sources)),
        replace(old, sources=held.sources),
        replace(held, known=old.known),
        held,
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


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What a later run would have been under the constants of an earlier one."""

    before: Ran
    after: Ran
    touched: Collection[int]
    sensitive: Collection[str]

    def ground(self, old: _Ground, new: _Ground, codes: list[str]) -> _Ground:
        """Return the later ground as the earlier constants would have made it."""
        vulnerability, coping = self._dimensions(old, new, codes)
        return replace(
            new,
            sources=self._sources(),
            receptors=self._receptors(old.receptors, new.receptors),
            vulnerability=vulnerability,
            coping=coping,
            constants=old.constants,
        )

    def _sources(self) -> gpd.GeoDataFrame:
        """Return the later sources; of places nobody touched the earlier, where models differ."""
        old, new = self.before.sources, self.after.sources
        science = {model.slug: (model.constants, *model.science) for model in registry.models()}
        models = [
            slug
            for slug in {*old["model"], *new["model"]}
            if self._differ(*science.get(slug, (slug,)))
        ]
        held = [self._untouched(frame) & frame["model"].isin(models) for frame in (old, new)]
        found = pd.concat([old[held[0]], new[~held[1]]]).sort_values("uid", ignore_index=True)
        uplift = found["site"].map(self._uplift()).fillna(1.0)
        return gpd.GeoDataFrame(found.assign(uplift=uplift), crs=new.crs)

    def _uplift(self) -> pd.Series:
        """Return the later uplift by site, as the earlier constants lift."""
        by_site = self.after.sources.drop_duplicates("site").set_index("site")
        if not self._differ(INDEX, names=register.LIFTING):
            return pd.Series(by_site["uplift"], dtype=np.float64)
        counts = [evidence.get(register.OPEN, {}) for evidence in by_site["evidence"]]
        known = pd.DataFrame(counts, index=by_site.index, columns=list(register.COUNTED))
        factor = register.factor(known.fillna(0.0), self.before.constants[INDEX])
        return pd.Series(factor, index=by_site.index)

    def _receptors(self, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the later receptors, their numbers and weights by the earlier constants."""
        was, is_ = (number(ran.constants[INDEX], SENSITIVE) for ran in (self.before, self.after))
        factor = np.where(new["kind"].isin(list(self.sensitive)), was / is_ if is_ else 1.0, 1.0)
        weighed = new if was == is_ else new.assign(weight=new["weight"] * factor)
        if not self._differ(INDEX, names=people.COUNTING):
            return weighed
        parts = [old[self._untouched(old)], weighed[~self._untouched(new)]]
        found = pd.concat(parts).sort_values(["uid", "area"], kind="stable", ignore_index=True)
        return gpd.GeoDataFrame(found, crs=new.crs)

    def _dimensions(self, old: _Ground, new: _Ground, codes: list[str]) -> tuple[Floats, Floats]:
        """Return V and C; an indicator whose constants differ keeps what it was."""
        held = [entry.name for entry in INDICATORS if self._reads_otherwise(entry)]
        if not (held or self._differ(EXPOSURE)):
            return new.vulnerability, new.coping
        if self.before.indicators is None or self.after.indicators is None:
            return old.vulnerability, old.coping
        was, is_ = (_by_code(ran, codes) for ran in (self.before, self.after))
        rows = pd.concat([was[was["name"].isin(held)], is_[~is_["name"].isin(held)]])
        both = dimensions(rows.sort_values("area"), self.before.constants[EXPOSURE])
        return both["V"].to_numpy(), both["C"].to_numpy()

    def _reads_otherwise(self, entry: Indicator) -> bool:
        """Tell whether the constants that an indicator is read and rated with differ."""
        others = {other.name for other in INDICATORS} - {entry.name}
        own = set(self.before.constants.get(EXPOSURE, ())) - others
        counted = PEOPLE in entry.looks_at and self._differ(INDEX, names=people.COUNTING)
        return counted or self._differ(EXPOSURE, names=own) or self._differ(*entry.science)

    def _untouched(self, frame: pd.DataFrame) -> Bools:
        found: Bools = ~frame["site"].isin(list(self.touched)).to_numpy()
        return found

    def _differ(self, *methods: str, names: Collection[str] | None = None) -> bool:
        """Tell whether any constant of these methods differs, or of these names."""
        old, new = (
            [
                {name: value for name, value in own.items() if names is None or name in names}
                for own in (ran.constants.get(method, {}) for method in methods)
            ]
            for ran in (self.before, self.after)
        )
        return old != new


SENSITIVE = "sensitive_factor"
"""Constant by which people at sensitive places count more."""


def _by_code(ran: Ran, codes: list[str]) -> pd.DataFrame:
    """Return the indicators of a run, areas by their row in a list of codes."""
    assert ran.indicators is not None
    areas = ran.scores.set_index("code")["area"].reindex(codes).to_numpy(dtype=np.int64)
    row = loading.rows_of(ran.indicators["area"].to_numpy(dtype=np.int64), areas)
    return ran.indicators.assign(area=row)[row >= 0]
