"""One evaluation of a closed part: pairs, hits, loads, index, contributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk import index as indexing
from gis.domain.risk import load as loading
from gis.domain.risk.constants import Constants, number
from gis.domain.risk.coverage import COMPLETE, PARTIAL, surveyed
from gis.domain.risk.explain import contributions, shares, without
from gis.domain.risk.pairs import pair
from gis.domain.risk.receptors import residents_placed
from gis.errors import InvalidDataError


@dataclass(frozen=True, slots=True)
class Weighed:
    """How areas stand, before it is told why.

    Attributes
    ----------
    scores, sectors, pairs, sources, receptors
        As in ``Result``.
    hits
        As ``load.hit`` gives them, shape (P,).
    load, exposed
        L (NaN where a sector is unknown) and E, equivalent persons, shape (S, A).
    """

    scores: pd.DataFrame
    sectors: pd.DataFrame
    pairs: pd.DataFrame
    sources: gpd.GeoDataFrame
    receptors: gpd.GeoDataFrame
    hits: Floats
    load: Floats
    exposed: Floats


@dataclass(frozen=True, slots=True)
class Result:
    """What an evaluation gives.

    Attributes
    ----------
    scores
        One row per area, in code order: area, code, name, R (0..100, NaN unknown), HE (0..10),
        V, C (1..10), E (equivalent persons, people only), population_known, index_class.
    sectors
        One row per (sector, area): area, sector, L, E (equivalent persons), HE (0..10, NaN
        where not known), known, sector_class (of 10 x HE; 1..5 or None).
    loads
        One row per (area, source) with a load: see ``explain.LOADS``; besides ``share``, the
        points of R that add up to it, ``without``, the points that go if it alone goes, and
        ``closing``, those that go if its open hazards alone are closed; NaN where the area has no
        score.
    pairs
        The pairs, rows of the two frames below.
    sources, receptors
        The frames in the order used.
    """

    scores: pd.DataFrame
    sectors: pd.DataFrame
    loads: pd.DataFrame
    pairs: pd.DataFrame
    sources: gpd.GeoDataFrame
    receptors: gpd.GeoDataFrame


def evaluate(
    sources: gpd.GeoDataFrame,
    receptors: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    *,
    constants: Constants,
    reads: Mapping[str, Sequence[str]] | None = None,
    coverage: pd.DataFrame | None = None,
    vulnerability: Floats | None = None,
    coping: Floats | None = None,
) -> Result:
    """Evaluate a closed part: some areas, their receptors, the sources that reach them.

    Parameters
    ----------
    sources, receptors
        In one metric CRS; rows in any order.
    areas
        Areas frame: area, code, name, residents (NaN unknown); rows in any order.
    constants
        The values of ``index.toml``.
    reads
        Sector to the kinds its models read (``registry.reads``); with ``coverage`` it tells
        which sectors are known where. None: everything is known.
    coverage
        Rows (kind, village, status complete | partial | none); a missing row is none.
    vulnerability, coping
        V and lack of coping C by area in **code order**, 1..10, shape (A,); None: the default.

    Returns
    -------
    The result; its bits depend neither on the order of rows nor on what else there is.

    Raises
    ------
    InvalidDataError
        If two sources have the same uid, a sector has no weight, or the CRS differ.
    """
    weighed = weigh(
        sources,
        receptors,
        areas,
        constants=constants,
        reads=reads,
        coverage=coverage,
        vulnerability=vulnerability,
        coping=coping,
    )
    return explained(weighed, constants)


def weigh(
    sources: gpd.GeoDataFrame,
    receptors: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    *,
    constants: Constants,
    reads: Mapping[str, Sequence[str]] | None = None,
    coverage: pd.DataFrame | None = None,
    vulnerability: Floats | None = None,
    coping: Floats | None = None,
) -> Weighed:
    """Evaluate without telling why; parameters and errors as for ``evaluate``."""
    sources, receptors, areas = _ordered(sources, receptors, areas)
    sectors = indexing.sectors(constants)
    ids = areas["area"].to_numpy(dtype=np.int64)
    pairs = pair(sources, receptors)
    hits = loading.hit(sources, pairs)
    load, exposed = loading.load(hits, sources, receptors, pairs, areas=ids, sectors=sectors)
    populated = population_known(receptors, areas, coverage)
    known = known_sectors(areas, sectors, reads, coverage, load) & populated
    v, c = _default(vulnerability, ids, constants), _default(coping, ids, constants)
    known_load = np.where(known, load, np.nan)
    risk, scores, together = indexing.index(known_load, exposed, v, c, constants=constants)
    by_area = areas[["area", "code", "name"]].assign(
        R=risk, HE=together, V=v, C=c, E=_people(receptors, ids), population_known=populated,
        index_class=indexing.index_class(risk, constants),
    )  # fmt: skip
    by_sector = _by_sector(ids, sectors, load, exposed, scores, known, constants)
    return Weighed(by_area, by_sector, pairs, sources, receptors, hits, known_load, exposed)


def explained(weighed: Weighed, constants: Constants) -> Result:
    """Tell which sources the scores come from; ``constants`` are the values of ``index.toml``."""
    sources, receptors, pairs = weighed.sources, weighed.receptors, weighed.pairs
    sectors = indexing.sectors(constants)
    ids = weighed.scores["area"].to_numpy(dtype=np.int64)
    unlifted = loading.hit(sources.assign(uplift=1.0), pairs)
    loads = contributions(
        weighed.hits, unlifted, sources, receptors, pairs, areas=ids, sectors=sectors
    )
    weight = indexing.weights(constants)
    share = shares(loads, weighed.sectors, weighed.scores, weight, sectors)
    v, c = (weighed.scores[name].to_numpy(dtype=np.float64) for name in ("V", "C"))
    falls = {
        name: without(
            loads,
            what,
            weighed.load,
            weighed.exposed,
            v,
            c,
            areas=ids,
            sectors=sectors,
            constants=constants,
        )
        for name, what in (("without", "gone"), ("closing", "closed"))
    }
    loads = loads.assign(share=share, **falls)
    return Result(weighed.scores, weighed.sectors, loads, pairs, sources, receptors)


def known_sectors(
    areas: pd.DataFrame,
    sectors: Sequence[str],
    reads: Mapping[str, Sequence[str]] | None,
    coverage: pd.DataFrame | None,
    load: Floats,
) -> Bools:
    """Tell where a sector is known; shape (S, A), in the order of ``areas``.

    It is where every kind its models read is covered completely: then no load means none there.
    Where some of them are covered, or only in part, it is known as far as there is a load;
    without one nobody can tell "none" from "not found yet". A sector that no model reads, or
    none of whose kinds is covered, is known nowhere.
    """
    if reads is None or coverage is None:
        return np.ones((len(sectors), len(areas)), dtype=bool)
    codes = areas["code"].to_numpy(dtype=object)
    kinds = sorted({kind for sector in sectors for kind in reads.get(sector, ())})
    complete = surveyed(coverage, codes, kinds)
    seen = surveyed(coverage, codes, kinds, (COMPLETE, PARTIAL))
    known = np.zeros((len(sectors), len(areas)), dtype=bool)
    for row, sector in enumerate(sectors):
        if mine := [kinds.index(kind) for kind in reads.get(sector, ())]:
            found = seen[:, mine].any(axis=1) & (load[row] > 0)
            known[row] = complete[:, mine].all(axis=1) | found
    return known


def population_known(
    receptors: pd.DataFrame, areas: pd.DataFrame, coverage: pd.DataFrame | None = None
) -> Bools:
    """Tell where the population is known; shape (A,), in the order of ``areas``.

    Where residents are recorded it is known if a dwelling is known that can hold them: people
    must be attached to buildings. Where they are not recorded it is known only if people were
    found and all sorts of dwellings there are covered completely: a handful of houses in a village
    that nobody counted says nothing of how many people live there.
    """
    ids = areas["area"].to_numpy(dtype=np.int64)
    recorded = areas["residents"].to_numpy(dtype=np.float64)
    placed = (recorded == 0) | (residents_placed(receptors, ids) > 0)
    counted = (_people(receptors, ids) > 0) & _dwellings_complete(receptors, areas, coverage)
    known: Bools = np.where(np.isnan(recorded), counted, placed)
    return known


def _dwellings_complete(
    receptors: pd.DataFrame, areas: pd.DataFrame, coverage: pd.DataFrame | None
) -> Bools:
    if coverage is None:
        return np.ones(len(areas), dtype=bool)
    resident = receptors["resident"].to_numpy(dtype=bool)
    dwellings = pd.unique(receptors["kind"].to_numpy(dtype=object)[resident]).tolist()
    complete = surveyed(coverage, areas["code"].to_numpy(dtype=object), dwellings)
    found: Bools = np.all(complete, axis=1) & bool(dwellings)
    return found


def _ordered(
    sources: gpd.GeoDataFrame, receptors: gpd.GeoDataFrame, areas: pd.DataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    if sources["uid"].duplicated().any():
        raise InvalidDataError("有两个风险源编号相同")
    return (
        sources.sort_values("uid", ignore_index=True),
        receptors.sort_values(["uid", "area"], kind="stable", ignore_index=True),
        areas.sort_values("code", kind="stable", ignore_index=True),
    )


def _people(receptors: pd.DataFrame, ids: Ints) -> Floats:
    """Equivalent persons of each area, assets left out."""
    people = receptors[receptors["own"] == 0]
    area = loading.rows_of(people["area"].to_numpy(dtype=np.int64), ids)
    return loading.area_sums(people["weight"].to_numpy(), area, len(ids))


def _default(values: Floats | None, ids: Ints, constants: Constants) -> Floats:
    unknown = number(constants, "unknown_dimension")
    return np.full(len(ids), unknown) if values is None else np.asarray(values, dtype=np.float64)


def _by_sector(
    ids: Ints,
    sectors: Sequence[str],
    load: Floats,
    exposed: Floats,
    scores: Floats,
    known: Bools,
    constants: Constants,
) -> pd.DataFrame:
    names: Objects = np.repeat(np.array(sectors, dtype=object), len(ids))
    return pd.DataFrame(
        {
            "area": np.tile(ids, len(sectors)),
            "sector": names,
            "L": load.ravel(),
            "E": exposed.ravel(),
            "HE": scores.ravel(),
            "known": known.ravel(),
            "sector_class": indexing.index_class(10.0 * scores.ravel(), constants),
        }
    ).astype({"sector": object})
