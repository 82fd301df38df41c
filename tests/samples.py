"""Small real files that tests write: GeoJSON from plain Python values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely

VILLAGES = {
    "320413109201": shapely.box(119.30, 31.70, 119.35, 31.75),
    "320413109202": shapely.box(119.35, 31.70, 119.40, 31.75),
}
"""Two squares that share the border 119.35 E."""


def write_geojson(
    path: Path, rows: Sequence[tuple[shapely.Geometry | None, Mapping[str, Any]]]
) -> Path:
    """Write (geometry, properties) rows as a GeoJSON file."""
    features = [
        {
            "type": "Feature",
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
            "properties": dict(properties),
        }
        for shape, properties in rows
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def write_villages(path: Path, **changes: Any) -> Path:
    """Write the two villages; ``changes`` are properties for both."""
    rows = [
        (shape, {"code": code, "name": f"村{code[-1]}", "residents": 1000, **changes})
        for code, shape in VILLAGES.items()
    ]
    return write_geojson(path, rows)
