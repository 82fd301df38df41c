"""The layers that a computation leaves: areas by class and load, hexagons by load, intensity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gis.domain.crs import STORED
from gis.domain.features import feature_texts
from gis.domain.risk import registry
from gis.domain.risk.assess import Assessment
from gis.domain.risk.constants import Constants
from gis.domain.risk.views import VIEWS
from gis.services import other_ground
from gis.services.load_layer import (
    COMPOSITE_SLUG,
    HEXAGON,
    LOAD_PREFIX,
    RISK_PREFIX,
    SURFACE_PREFIX,
    VIEWED,
)
from gis.services.other_ground import Elsewhere


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a run: its slug, its features ready to send, their shapes as WKB."""

    slug: str
    texts: Sequence[str]
    shapes: Sequence[bytes]


def of(
    found: Assessment,
    details: Mapping[int, Mapping[str, Any]],
    elsewhere: Elsewhere,
    ground: gpd.GeoDataFrame,
    constants: Mapping[str, Constants],
    said: Mapping[str, Any],
) -> Iterator[Layer]:
    """Yield the layers of a run.

    Parameters
    ----------
    details
        What is kept beside each score (``detail.of``), by area.
    ground
        The areas as they are stored, in EPSG:4490.
    said
        What every feature says of the run: ``run`` and ``as_of``.
    """
    base = ground[["area", "code", "name", "level", "synthetic", "geometry"]].assign(**said)
    marked = elsewhere.edge[["area", "edge_incomplete"]]
    base = base.merge(found.quality[["area", "grade"]], on="area").merge(marked, on="area")
    base = base.rename(columns={"grade": "data_quality"})
    for slug, frame in _classed(found, base).items():
        yield _layer(slug, frame, frame["area"], SCORED, SCORED_INTEGERS)
    yield _layer(VIEWED, _viewed(details, base), base["area"], SEEN, SEEN_INTEGERS)
    everywhere = {**said, "synthetic": bool(ground["synthetic"].any())}
    cells = other_ground.hexagons(elsewhere, constants).to_crs(STORED).assign(**everywhere)
    loads = {model.sector: LOAD_PREFIX + model.slug for model in registry.models()}
    columns = [*CELL, *dict.fromkeys(loads.values())]
    yield _layer(
        HEXAGON, cells.rename(columns=loads), range(1, len(cells) + 1), columns, CELL_INTEGERS
    )
    bands = elsewhere.surface.to_crs(STORED).assign(**everywhere)
    for model in registry.models():
        part = bands[bands["sector"] == model.sector]
        slug = SURFACE_PREFIX + model.slug
        yield _layer(slug, part, range(1, len(part) + 1), BAND, BAND_INTEGERS)


SCORED = (
    *("code", "name", "level", "model", "score", "class", "index_class", "floor"),
    *("class_reason", "data_quality", "edge_incomplete", "run", "as_of", "synthetic"),
)
SCORED_INTEGERS = ("class", "index_class", "floor", "run")
SEEN = (
    *("code", "name", "level", *VIEWS, *(f"class_{name}" for name in VIEWS)),
    *("at_least", "area_km2", "residents", "sources", "receptors", "small", "warning_zh"),
    *("data_quality", "edge_incomplete", "run", "as_of", "synthetic"),
)
SEEN_INTEGERS = (*(f"class_{name}" for name in VIEWS), "residents", "sources", "receptors", "run")
CELL = (
    *("code", "width_m", "data", "load", "per_km2", "class_per_km2", "at_least", "small"),
    *("area_km2", "exposed", "people", "receptors", "sources", "run", "as_of", "synthetic"),
)
CELL_INTEGERS = ("width_m", "class_per_km2", "receptors", "sources", "run")
BAND = (*("band", "from_intensity", "to_intensity", "data", "use", "run", "as_of", "synthetic"),)
BAND_INTEGERS = ("band", "run")
"""Properties of the layers, and which of them are whole numbers."""


def _layer(
    slug: str,
    frame: gpd.GeoDataFrame,
    ids: Any,
    columns: Sequence[str],
    integers: Sequence[str],
) -> Layer:
    texts = feature_texts(frame, ids, list(columns), integers=integers)
    return Layer(slug, texts, list(shapely.to_wkb(frame.geometry.array)))


def _classed(found: Assessment, base: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Return the frame of every risk layer, in EPSG:4490, by slug."""
    names = {"shown": "class", "reason_zh": "class_reason"}
    whole = found.result.scores[["area", "R"]].merge(found.classes, on="area")
    whole = whole.rename(columns={"R": "score", **names}).assign(model=None)
    layers = {COMPOSITE_SLUG: base.merge(whole, on="area")}
    sectors = found.result.sectors.merge(found.sector_classes, on=["area", "sector"])
    sectors = sectors.rename(columns=names).assign(score=10.0 * sectors["HE"])
    for model in registry.models():
        part = sectors[sectors["sector"] == model.sector].assign(model=model.slug)
        layers[RISK_PREFIX + model.slug] = base.merge(part, on="area")
    return {slug: frame.assign(score=frame["score"].round(2)) for slug, frame in layers.items()}


def _viewed(details: Mapping[int, Mapping[str, Any]], base: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the areas with their three views; numbers as they are worth."""
    views = pd.DataFrame([details[area]["views"] for area in base["area"]], index=base.index)
    return base.join(views.assign(**{name: views[name].astype(float).round(2) for name in VIEWS}))
