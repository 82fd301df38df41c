"""What a score keeps beside itself: V and C, interval, views, occasions, improvements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gis.domain.kinds import OCCASIONS
from gis.domain.risk import registry
from gis.domain.risk.assess import Assessment, Snapshot
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants
from gis.domain.risk.doubt import doubt
from gis.domain.risk.evaluate import evaluate
from gis.domain.risk.improve import improvements
from gis.domain.risk.indicators import as_json
from gis.domain.risk.receptors import receptors
from gis.domain.risk.stability import sector_drops, summarise
from gis.domain.risk.uncertainty import Draws
from gis.domain.risk.views import views

Values = Mapping[str, Constants]


def of(
    found: Assessment, snapshot: Snapshot, draws: Draws, constants: Values, edge: pd.DataFrame
) -> dict[int, dict[str, Any]]:
    """Return, by area id, what is kept beside its score, fit for JSON.

    ``vulnerability`` and ``coping`` (``indicators.as_json``), ``uncertainty`` (interval,
    probabilities, ranks; None without a score), ``views``, ``occasions`` (R by occasion),
    ``edge`` (a row of ``rollup.edge_incomplete``) and ``improvements`` (rows of
    ``improve.improvements``).
    """
    areas = found.result.scores["area"].to_numpy(dtype=np.int64)
    floors = found.classes["floor"].to_numpy(dtype=np.int64)
    told = summarise(areas, draws.scores, constants, floors=floors)
    seen = views(found.result, snapshot.areas_m, constants[EXPOSURE])
    dimensions = as_json(found.indicators, found.dimensions, constants[EXPOSURE])
    by_occasion = _by_occasion(found, snapshot, constants)
    better = _improvements(found, snapshot, constants[INDEX])
    rows = zip(
        areas.tolist(),
        told.to_dict("records"),
        seen.to_dict("records"),
        edge.to_dict("records"),
        strict=True,
    )
    return {
        area: {
            **dimensions[area],
            "uncertainty": _doubt({str(name): value for name, value in doubts.items()}),
            "views": _without_area(view),
            "occasions": by_occasion[area],
            "edge": _without_area(beyond),
            "improvements": better.get(area, []),
        }
        for area, doubts, view, beyond in rows
    }


def doubts(
    found: Assessment, snapshot: Snapshot, draws: Draws, constants: Values, seed: int
) -> list[dict[str, Any]]:
    """Return the visits and figures that would lessen doubt most, fit for JSON."""
    listed = doubt(
        found.result,
        draws,
        constants,
        seed=seed,
        kinds=snapshot.kinds,
        models=registry.models(),
        indicators=found.indicators,
        coverage=snapshot.coverage,
    )
    return [{str(k): plain(v) for k, v in row.items()} for row in listed.to_dict("records")]


def drops(found: Assessment, constants: Values) -> list[dict[str, Any]]:
    """Return what leaving out a sector does to the order of the areas, fit for JSON.

    As ``stability.sector_drops``, with the ``name`` of the area that moves most.
    """
    names = found.result.scores.set_index("area")["name"]
    rows = sector_drops(found.result, constants).to_dict("records")
    return [
        {**_without_area(row), "name": None if row["area"] is None else str(names[row["area"]])}
        for row in rows
    ]


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: None for what is missing."""
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is None or value != value else value


def _without_area(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): plain(value) for name, value in row.items() if name != "area"}


def _doubt(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["median"] != row["median"]:
        return None
    return _without_area(row)


def _improvements(
    found: Assessment, snapshot: Snapshot, constants: Constants
) -> dict[int, list[dict[str, Any]]]:
    listed = improvements(found, snapshot.hazards_m, snapshot.as_of, constants)
    told: dict[int, list[dict[str, Any]]] = {}
    for row in listed.to_dict("records"):
        told.setdefault(row["area"], []).append(_without_area(row))
    return told


def _by_occasion(
    found: Assessment, snapshot: Snapshot, constants: Values
) -> dict[int, dict[str, float | None]]:
    """Return R of each area by day, by night and on holidays; None where it is not known."""
    scores = {}
    for occasion in OCCASIONS:
        people = receptors(
            snapshot.sites_m, snapshot.kinds, snapshot.areas_m, constants[INDEX], occasion=occasion
        )
        scores[occasion] = evaluate(
            found.result.sources,
            people,
            snapshot.areas_m,
            constants=constants[INDEX],
            reads=registry.reads(registry.models()),
            coverage=snapshot.coverage,
            vulnerability=found.dimensions["V"].to_numpy(dtype=np.float64),
            coping=found.dimensions["C"].to_numpy(dtype=np.float64),
        ).scores["R"]
    areas = found.result.scores["area"].tolist()
    return {
        area: {occasion: plain(scores[occasion].iloc[row]) for occasion in OCCASIONS}
        for row, area in enumerate(areas)
    }
