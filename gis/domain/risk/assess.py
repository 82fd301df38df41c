"""The whole assessment of a town: sources, receptors, evaluation, flags, classes, quality."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from gis.domain.kinds import SiteKind
from gis.domain.risk import flags as flagging
from gis.domain.risk import register, registry
from gis.domain.risk.constants import Constants
from gis.domain.risk.dq import quality
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.index import classes
from gis.domain.risk.model import Model, Scene, Sites
from gis.domain.risk.pairs import near
from gis.domain.risk.receptors import receptors
from gis.domain.risk.sources import collect
from gis.domain.terrain import Terrain

INDEX = "index"
"""Name of the method that holds the constants of everything that is not a model."""


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
    terrain
        Elevation in the same CRS; None where there is none.
    """

    sites_m: Sites
    hazards_m: gpd.GeoDataFrame | None
    areas_m: gpd.GeoDataFrame
    kinds: Mapping[str, SiteKind]
    coverage: pd.DataFrame | None
    as_of: dt.date
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    terrain: Terrain | None = None

    def scene(self, people: gpd.GeoDataFrame) -> Scene:
        """Return what the models see of it."""
        return Scene(self.sites_m, people, self.as_of, near, self.records, self.terrain)


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
    """

    result: Result
    flags: pd.DataFrame
    classes: pd.DataFrame
    sector_classes: pd.DataFrame
    quality: pd.DataFrame


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
    values = constants[INDEX]
    used = registry.models() if models is None else models
    sites_m, areas_m, kinds = snapshot.sites_m, snapshot.areas_m, snapshot.kinds
    hazards_m, coverage, as_of = snapshot.hazards_m, snapshot.coverage, snapshot.as_of
    people = receptors(sites_m, kinds, areas_m, values)
    scene = snapshot.scene(people)
    sources = collect(used, scene, constants)
    facts = [m.flags(scene, constants[m.constants]) for m in used]
    if hazards_m is not None:
        sources = register.apply(sources, register.uplift(hazards_m, as_of, values))
        facts.append(register.facts(hazards_m, sites_m, as_of, values))
    reads = registry.reads(used)
    result = evaluate(sources, people, areas_m, constants=values, reads=reads, coverage=coverage)
    flags = flagging.locate(flagging.join(facts), areas_m)
    told = flagging.as_told(flags, sites_m, kinds)
    shown = classes(result.scores["area"], result.scores["R"].to_numpy(), told, values)
    own: dict[str, list[gpd.GeoDataFrame]] = {m.sector: [] for m in used}
    for model, stated in zip(used, facts[: len(used)], strict=True):
        own[model.sector].append(stated)
    by_sector = [
        _sector_classes(
            result,
            sector,
            flagging.as_told(flagging.locate(flagging.join(stated), areas_m), sites_m, kinds),
            values,
        )
        for sector, stated in own.items()
    ]
    grades = quality(result, areas_m, kinds=kinds, reads=reads, constants=values, coverage=coverage)
    return Assessment(result, flags, shown, pd.concat(by_sector, ignore_index=True), grades)


def _sector_classes(
    result: Result, sector: str, flags: pd.DataFrame, values: Constants
) -> pd.DataFrame:
    part = result.sectors[result.sectors["sector"] == sector]
    scores = 10.0 * part["HE"].to_numpy()
    shown = classes(part["area"], scores, flags, values, basis="本行业评分")
    return shown.assign(sector=sector)
