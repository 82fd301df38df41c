"""The whole assessment of a town: sources, receptors, evaluation, flags, classes, quality."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools
from gis.domain.kinds import SiteKind
from gis.domain.relief import Relief
from gis.domain.risk import flags as flagging
from gis.domain.risk import forest_cover, register, registry
from gis.domain.risk import indicators as indicating
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants, number
from gis.domain.risk.dq import quality
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.index import classes
from gis.domain.risk.model import PEOPLE, Model, Scene, Sites
from gis.domain.risk.pairs import near
from gis.domain.risk.receptors import receptors
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

    def scene(self, people: gpd.GeoDataFrame) -> Scene:
        """Return what the models see of it."""
        return Scene(self.sites_m, people, self.as_of, near, self.records, self.relief)


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
class Made:
    """What passports and models make of a snapshot, before people and sources meet.

    Attributes
    ----------
    people
        Receptors frame.
    sources, flags
        Slug of the model to what it made, flags where they hold (``flags.FLAGS``); without what
        the hazard register adds.
    indicators
        As ``indicators.indicators`` gives them.
    covered
        What working devices see of the forest (``forest_cover.covered``).
    """

    people: gpd.GeoDataFrame
    sources: Mapping[str, gpd.GeoDataFrame]
    flags: Mapping[str, pd.DataFrame]
    indicators: pd.DataFrame
    covered: pd.DataFrame


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
    return conclude(snapshot, make(snapshot, constants, used), constants, used)


def make(
    snapshot: Snapshot,
    constants: Mapping[str, Constants],
    models: Sequence[Model],
    *,
    before: Made | None = None,
    touched: Collection[str] = (),
) -> Made:
    """Let passports and models make receptors, sources and facts.

    Parameters
    ----------
    before
        What was made of another snapshot, from which this one differs in nothing but ``touched``.
    touched
        Kinds and sorts of records that differ, or ``scenario.CASES``. Only what reads them is made
        again.
    """
    changed = set(touched)
    holds_people = any(
        kind.people is not None or kind.assets_per_ha is not None
        for slug, kind in snapshot.kinds.items()
        if slug in changed
    )
    if before is None or holds_people:
        changed.add(PEOPLE)
        people = receptors(snapshot.sites_m, snapshot.kinds, snapshot.areas_m, constants[INDEX])
    else:
        people = before.people
    scene = snapshot.scene(people)
    again = [model for model in models if before is None or model.reads & changed]
    if before is None or forest_cover.READS & changed:
        watched = forest_cover.watched(snapshot, scene, constants)
        covered = forest_cover.covered(watched, snapshot.areas_m)
    else:
        covered = before.covered
    if before is None or changed:
        found = indicating.indicators(snapshot, people, constants[EXPOSURE], covered)
    else:
        found = before.indicators
    sources = {m.slug: m.sources(scene, constants[m.constants]) for m in again}
    raised = {
        m.slug: flagging.locate(m.flags(scene, constants[m.constants]), snapshot.areas_m)
        for m in again
    }
    if before is not None:
        sources, raised = {**before.sources, **sources}, {**before.flags, **raised}
    return Made(people, sources, raised, found, covered)


def conclude(
    snapshot: Snapshot, made: Made, constants: Mapping[str, Constants], models: Sequence[Model]
) -> Assessment:
    """Let people and sources meet, and judge."""
    values = constants[INDEX]
    areas_m, kinds, coverage = snapshot.areas_m, snapshot.kinds, snapshot.coverage
    sources = join([made.sources[model.slug] for model in models])
    raised = [made.flags[model.slug] for model in models]
    if snapshot.hazards_m is not None:
        lifts = register.uplift(snapshot.hazards_m, snapshot.as_of, values)
        sources = register.apply(sources, lifts)
        cases = register.facts(snapshot.hazards_m, snapshot.sites_m, snapshot.as_of, values)
        raised.append(flagging.locate(cases, areas_m))
    reads = registry.reads(models)
    both = indicating.dimensions(made.indicators, constants[EXPOSURE])
    result = evaluate(
        sources,
        made.people,
        areas_m,
        constants=values,
        reads=reads,
        coverage=coverage,
        vulnerability=both["V"].to_numpy(dtype=np.float64),
        coping=both["C"].to_numpy(dtype=np.float64),
    )
    flags = flagging.together(raised, areas_m)
    told = flagging.as_told(flags, snapshot.sites_m, kinds)
    shown = classes(result.scores["area"], result.scores["R"].to_numpy(), told, values)
    by_sector = [
        _sector_classes(result, sector, _told_of(made, sector, models, snapshot), values)
        for sector in dict.fromkeys(model.sector for model in models)
    ]
    grades = quality(
        result,
        areas_m,
        kinds=kinds,
        reads=reads,
        constants=values,
        coverage=coverage,
        dimensions_known=_enough(both, constants[EXPOSURE]),
    )
    by_sector_frame = pd.concat(by_sector, ignore_index=True)
    return Assessment(result, flags, shown, by_sector_frame, grades, made.indicators, both)


def _enough(both: pd.DataFrame, exposure: Constants) -> Bools:
    """Tell where enough of the weight of V and of C is known, in code order."""
    least = number(exposure, "known_share")
    known: Bools = (both[["v_known", "c_known"]] >= least).all(axis=1).to_numpy(dtype=bool)
    return known


def _told_of(made: Made, sector: str, models: Sequence[Model], of: Snapshot) -> pd.DataFrame:
    """Return the flags that a sector's own models raised, as they may be told."""
    own = [made.flags[model.slug] for model in models if model.sector == sector]
    return flagging.as_told(flagging.together(own, of.areas_m), of.sites_m, of.kinds)


def _sector_classes(
    result: Result, sector: str, flags: pd.DataFrame, values: Constants
) -> pd.DataFrame:
    part = result.sectors[result.sectors["sector"] == sector]
    scores = 10.0 * part["HE"].to_numpy()
    shown = classes(part["area"], scores, flags, values, basis="本行业评分")
    return shown.assign(sector=sector)
