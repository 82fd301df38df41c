"""What if: a snapshot with some places and hazards changed, and nothing of the register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from gis.domain.hazards import CLOSED, is_open
from gis.domain.risk.assess import Snapshot
from gis.domain.risk.difference import CASES, Difference
from gis.errors import InvalidDataError

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is to be otherwise.

    Attributes
    ----------
    gone
        Ids of places that are closed, and their open cases with them.
    altered
        Id of a place to field to its other value.
    moved
        Id of a place to where it would lie, in the CRS of the snapshot.
    added
        Kind to new places: geometry and values, ``name`` among them.
    rectified
        Codes of hazard cases that are closed; one that is not open stays as it is.
    """

    gone: frozenset[int] = frozenset()
    altered: Mapping[int, Values] = field(default_factory=dict)
    moved: Mapping[int, BaseGeometry] = field(default_factory=dict)
    added: Mapping[str, Sequence[tuple[BaseGeometry, Values]]] = field(default_factory=dict)
    rectified: frozenset[str] = frozenset()


def imagine(snapshot: Snapshot, scenario: Scenario) -> tuple[Snapshot, Difference]:
    """Return the snapshot as it would be, and in what it differs.

    Raises
    ------
    InvalidDataError
        If the scenario names a place, kind or case that is not there.
    """
    _refuse_unknown(snapshot, scenario)
    wanted = {*scenario.gone, *scenario.altered, *scenario.moved}
    touched = frozenset(scenario.added) | {
        kind for kind, frame in snapshot.sites_m.items() if frame["id"].isin(wanted).any()
    }
    sites_m = dict(snapshot.sites_m)
    first = FIRST_NEW
    for kind in sorted(touched):
        sites_m[kind] = _changed(sites_m[kind], kind, scenario, first)
        first += len(scenario.added.get(kind, ()))
    hazards_m = snapshot.hazards_m
    if hazards_m is not None and (scenario.rectified or scenario.gone):
        # A case that is closed, or was none, stays as it is.
        ended = hazards_m["code"].isin(scenario.rectified) | hazards_m["site"].isin(scenario.gone)
        closed = ended & is_open(hazards_m)
        today = snapshot.as_of.isoformat()
        hazards_m = hazards_m.assign(
            state=hazards_m["state"].where(~closed, CLOSED),
            closed_on=hazards_m["closed_on"].where(~closed, today),
        )
        touched |= {CASES} if closed.any() else set()
    records = {
        sort: frame[~frame["site"].isin(scenario.gone)] for sort, frame in snapshot.records.items()
    }
    touched |= {sort for sort, left in records.items() if len(left) < len(snapshot.records[sort])}
    difference = Difference(touched, frozenset({*wanted, *range(FIRST_NEW, first)}))
    imagined = replace(snapshot, sites_m=sites_m, hazards_m=hazards_m, records=records)
    return imagined, difference


def _refuse_unknown(snapshot: Snapshot, scenario: Scenario) -> None:
    there = {int(id_) for frame in snapshot.sites_m.values() for id_ in frame["id"]}
    strange = {*scenario.gone, *scenario.altered, *scenario.moved} - there
    kinds = set(scenario.added) - set(snapshot.sites_m)
    cases = set() if snapshot.hazards_m is None else set(snapshot.hazards_m["code"])
    unknown = [*map(str, sorted(strange)), *sorted(kinds), *sorted(scenario.rectified - cases)]
    if unknown:
        raise InvalidDataError(f"设想里有登记中没有的场所、类别或隐患：{'、'.join(unknown)}")


def _changed(
    frame: gpd.GeoDataFrame, kind: str, scenario: Scenario, first: int
) -> gpd.GeoDataFrame:
    """Return the places of a kind as they would be; new ones last, with ids from ``first``."""
    kept = frame[~frame["id"].isin(scenario.gone)].reset_index(drop=True)
    shapes = kept.geometry.to_numpy().copy()
    columns = {name: kept[name].copy() for name in kept.columns if name != "geometry"}
    for row, id_ in enumerate(kept["id"].tolist()):
        if id_ in scenario.moved:
            shapes[row] = scenario.moved[id_]
        for name, value in scenario.altered.get(id_, {}).items():
            columns[name][row] = value
    made = gpd.GeoDataFrame(columns, geometry=shapes, crs=frame.crs)
    added = enumerate(scenario.added.get(kind, ()), start=first)
    new = [_new(frame, kind, id_, *given) for id_, given in added]
    return pd.concat([made, *new], ignore_index=True) if new else made


FIRST_NEW = 2**50
"""Id of the first place that a scenario adds: no register comes near it."""


def _new(
    frame: gpd.GeoDataFrame, kind: str, id_: int, shape: BaseGeometry, values: Values
) -> gpd.GeoDataFrame:
    """Make a frame of one new place; what is not said of it is unknown."""
    plain = {"id": id_, "kind": kind, "key": f"new-{id_ - FIRST_NEW + 1}", **values}
    data = {
        name: _one(plain.get(name), frame[name].dtype)
        for name in frame.columns
        if name != "geometry"
    }
    return gpd.GeoDataFrame(data, geometry=[shape], crs=frame.crs)


def _one(value: Any, dtype: Any) -> pd.Series:
    known = np.nan if value is None and dtype == np.float64 else value
    column: pd.Series = pd.Series([known], dtype=dtype)
    return column
