"""The whole assessment of a town: sources, receptors, evaluation, flags, classes, quality."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools
from gis.domain.kinds import SiteKind
from gis.domain.relief import Relief
from gis.domain.risk import flags as flagging
from gis.domain.risk import indicators as indicating
from gis.domain.risk import register, registry
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants, number
from gis.domain.risk.dq import quality
from gis.domain.risk.evaluate import Result, Weighed, explained, weigh
from gis.domain.risk.index import classes
from gis.domain.risk.made import Made, make
from gis.domain.risk.model import Model, Scene, Sites
from gis.domain.risk.pairs import near
from gis.domain.risk.rollup import near_border
from gis.domain.risk.sources import join


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the register knew at one moment: all that an assessment is made of, but constants.

    Attributes
    ----------
    sites_m
        Kind to site frame in metres.
    hazards_m
        Hazards frame in the same CRS; None: there is no register.
    areas_m
        Areas frame in the same CRS.
    kinds
        Passports of all kinds.
    coverage
        Rows (kind, village, status); None: everything counts as covered.
    as_of
        The day it speaks of.
    records
        Sort of record to frame (``site``, then its fields).
    relief
        The relief of the land, None where none was imported.
    """

    sites_m: Sites
    hazards_m: gpd.GeoDataFrame | None
    areas_m: gpd.GeoDataFrame
    kinds: Mapping[str, SiteKind]
    coverage: pd.DataFrame | None
    as_of: dt.date
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    relief: Relief | None = None

    def places(self, kind: str) -> gpd.GeoDataFrame:
        """Return the places of a kind; no rows where there are none."""
        if kind in self.sites_m:
            return self.sites_m[kind]
        names = ["id", *(entry.name for entry in self.kinds[kind].fields)]
        empty = pd.DataFrame(columns=names, dtype=object)
        return gpd.GeoDataFrame(empty, geometry=[], crs=self.areas_m.crs)

    def scene(self, people: gpd.GeoDataFrame, methods: Mapping[str, Constants]) -> Scene:
        """Return what the models see of it, with the constants of all methods."""
        seen = self.sites_m, people, self.as_of, near, self.records, self.relief
        return Scene(*seen, methods=methods)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Scores, and the facts that stand beside them.

    Attributes
    ----------
    result
        As ``evaluate`` gives it.
    flags
        Flags frame (``flags.FLAGS``), the highest floor first within an area.
    classes
        One row per area in code order: area, index_class, floor, shown (None: no data),
        reason_zh, which everybody reads and therefore says nothing of restricted places.
    sector_classes
        The same per sector (column ``sector``), of 10 x HE, raised by the sector's own models'
        flags: a mine that raises the village raises it on the mines' layer too.
    quality
        As ``dq.quality`` gives it, one row per area in code order.
    indicators, dimensions
        V and C with what they are made of (``indicators``); dimensions in code order.
    """

    result: Result
    flags: pd.DataFrame
    classes: pd.DataFrame
    sector_classes: pd.DataFrame
    quality: pd.DataFrame
    indicators: pd.DataFrame
    dimensions: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Judgement:
    """How areas stand, before it is told why.

    Attributes
    ----------
    weighed
        As ``evaluate.weigh`` gives it.
    flags, classes, dimensions
        As in ``Assessment``.
    """

    weighed: Weighed
    flags: pd.DataFrame
    classes: pd.DataFrame
    dimensions: pd.DataFrame


def assess(
    snapshot: Snapshot,
    constants: Mapping[str, Constants],
    *,
    models: Sequence[Model] | None = None,
) -> Assessment:
    """Assess the areas.

    Parameters
    ----------
    snapshot
        What is known.
    constants
        Method name to its values; ``index`` besides those of the models.
    models
        Which models; None: all that there are.
    """
    used = registry.models() if models is None else models
    made = make(snapshot, constants, used)
    return explain(judge(made, constants, used), made, constants, used)


def judge(made: Made, constants: Mapping[str, Constants], models: Sequence[Model]) -> Judgement:
    """Let people and sources meet, and judge."""
    snapshot, values = made.snapshot, constants[INDEX]
    sources = join([made.answers[model.slug].sources for model in models])
    facts = [*(made.answers[model.slug].facts for model in models), made.cases]
    if snapshot.hazards_m is not None:
        lifts = register.uplift(snapshot.hazards_m, snapshot.as_of, values)
        sources = register.apply(sources, lifts)
    both = indicating.dimensions(made.indicators, constants[EXPOSURE])
    weighed = weigh(
        sources,
        made.people,
        snapshot.areas_m,
        constants=values,
        reads=registry.reads(models),
        coverage=snapshot.coverage,
        vulnerability=both["V"].to_numpy(dtype=np.float64),
        coping=both["C"].to_numpy(dtype=np.float64),
    )
    flags = flagging.merged(facts, snapshot.areas_m)
    told = flagging.as_told(flags, snapshot.sites_m, snapshot.kinds)
    scores = weighed.scores
    shown = classes(scores["area"], scores["R"].to_numpy(), told, values)
    return Judgement(weighed, flags, shown, both)


def explain(
    judged: Judgement, made: Made, constants: Mapping[str, Constants], models: Sequence[Model]
) -> Assessment:
    """Tell why areas stand as they do, by sector and by source, and how good the data are."""
    snapshot, values = made.snapshot, constants[INDEX]
    result = explained(judged.weighed, values)
    by_sector = [
        _sector_classes(result, sector, _told_of(made, sector, models), values)
        for sector in dict.fromkeys(model.sector for model in models)
    ]
    grades = quality(
        result,
        snapshot.areas_m,
        kinds=snapshot.kinds,
        reads=registry.reads(models),
        constants=values,
        coverage=snapshot.coverage,
        dimensions_known=_enough(judged.dimensions, constants[EXPOSURE]),
        near_border=near_border(result.receptors, snapshot.areas_m, constants[EXPOSURE]),
    )
    return Assessment(
        result,
        judged.flags,
        judged.classes,
        pd.concat(by_sector, ignore_index=True),
        grades,
        made.indicators,
        judged.dimensions,
    )


def _enough(both: pd.DataFrame, exposure: Constants) -> Bools:
    """Tell where enough of the weight of V and of C is known, in code order."""
    least = number(exposure, "known_share")
    known: Bools = (both[["v_known", "c_known"]] >= least).all(axis=1).to_numpy(dtype=bool)
    return known


def _told_of(made: Made, sector: str, models: Sequence[Model]) -> pd.DataFrame:
    """Return the flags that a sector's own models raised, as they may be told."""
    snapshot = made.snapshot
    own = [made.answers[model.slug].facts for model in models if model.sector == sector]
    flags = flagging.merged(own, snapshot.areas_m)
    return flagging.as_told(flags, snapshot.sites_m, snapshot.kinds)


def _sector_classes(
    result: Result, sector: str, flags: pd.DataFrame, values: Constants
) -> pd.DataFrame:
    part = result.sectors[result.sectors["sector"] == sector]
    scores = 10.0 * part["HE"].to_numpy()
    shown = classes(part["area"], scores, flags, values, basis="本行业评分")
    return shown.assign(sector=sector)
