"""Write the town's files: one feature a line, the same bytes every time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from scripts.demo_town.plane import to_degrees

Row = tuple[BaseGeometry | None, Mapping[str, Any]]
"""Geometry in metres (EPSG:4549) and properties in the file's order."""


def write_geojson(path: Path, rows: Sequence[Row]) -> None:
    """Write RFC 7946 GeoJSON in EPSG:4490 degrees; an unknown value is null."""
    shapes = to_degrees(np.array([shape for shape, _ in rows], dtype=object))
    lines = [
        f'{{"type":"Feature","properties":{_json(properties)},"geometry":{_geometry(shape)}}}'
        for shape, (_, properties) in zip(shapes, rows, strict=True)
    ]
    head = '{"type":"FeatureCollection","features":[\n'
    _write(path, head + ",\n".join(lines) + "\n]}\n")


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a table with a header; an unknown value is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Write one line."""
    _write(path, text + "\n")


def _geometry(shape: BaseGeometry | None) -> str:
    return "null" if shape is None else _json(shapely.geometry.mapping(shape))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
