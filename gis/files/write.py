"""A layer to a file, whole or not at all; one writer per format."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import geopandas as gpd
import orjson
import pandas as pd
import pyogrio
import shapely

from gis.domain.crs import STORED
from gis.domain.features import DECIMALS, collection, feature_texts
from gis.errors import InvalidDataError
from gis.files.tables import harmless

Features: TypeAlias = Iterable[str] | gpd.GeoDataFrame
"""Feature texts of ``gis.domain.features``, or a frame in EPSG:4490 (its column ``id`` the ids)."""

Writer = Callable[[Features, Path, str, Mapping[str, Any]], int]
"""Takes features, the file to write, the layer's name and what the layer says of itself; returns
the number of features written. An earlier file of that name is replaced once the new one is
complete, and stays as it was when anything fails."""


def write(
    format_: str, features: Features, path: Path, *, name: str, members: Mapping[str, Any]
) -> int:
    """Write a layer in one of the formats of ``WRITERS``.

    Parameters
    ----------
    format_
        Key of ``WRITERS``.
    features
        Feature texts, or a frame in EPSG:4490.
    path
        File to write.
    name
        Of the layer.
    members
        Notice, date, source and the like: members of a GeoJSON collection, metadata of a
        GeoPackage layer. CSV and line-delimited GeoJSON have no place for them.

    Returns
    -------
    Number of features written.

    Raises
    ------
    InvalidDataError
        If the format is unknown (the message lists the known ones) or the file cannot be written.
    """
    if format_ not in WRITERS:
        raise InvalidDataError(f"没有格式 {format_}；可以用：{', '.join(WRITERS)}")
    return WRITERS[format_](features, path, name, members)


def write_geojson(features: Features, path: Path, name: str, members: Mapping[str, Any]) -> int:
    """Write an RFC 7946 FeatureCollection, streamed; a ``Writer``."""
    texts = _Counted(_texts(features))
    with _replacing(path) as part, part.open("wb") as file:
        file.writelines(collection(texts, name=name, members=members))
    return texts.count


def write_geojsonl(
    features: Features,
    path: Path,
    _name: str,
    _members: Mapping[str, Any],
) -> int:
    """Write one feature a line (newline-delimited GeoJSON), streamed; a ``Writer``."""
    texts = _Counted(_texts(features))
    with _replacing(path) as part, part.open("wb") as file:
        file.writelines(text.encode() + b"\n" for text in texts)
    return texts.count


def write_gpkg(features: Features, path: Path, name: str, members: Mapping[str, Any]) -> int:
    """Write a GeoPackage of one layer in EPSG:4490; a ``Writer``. Holds the layer in memory."""
    frame = _frame(_parsed(features))
    said = {key: _text(value) for key, value in members.items() if value is not None}
    with _replacing(path) as part:
        pyogrio.write_dataframe(
            frame,
            part,
            layer=name,
            driver="GPKG",
            geometry_type=None if frame.geometry.notna().any() else "Unknown",
            layer_metadata=said or None,
            # 1.4, the default, makes GDAL before 3.7 (Debian 12, QGIS of 2023) warn.
            dataset_options={"VERSION": "1.2"},
            layer_options={
                "FID": _free("fid", frame.columns),
                "GEOMETRY_NAME": _free("geom", frame.columns),
            },
        )
    return len(frame)


def write_csv(
    features: Features,
    path: Path,
    _name: str,
    _members: Mapping[str, Any],
) -> int:
    """Write a table for spreadsheets; a ``Writer``. Holds the layer in memory.

    UTF-8 with a byte order mark, so that Excel shows Chinese. Points have columns ``lon`` and
    ``lat``; a layer with anything else has a column ``WKT``. A text that a spreadsheet would
    run as a formula has an apostrophe before it.
    """
    found = _parsed(features)
    points = all(
        shape is None or shapely.get_type_id(shape) == shapely.GeometryType.POINT
        for _, shape in found
    )
    places = [_lon_lat(shape) if points else _wkt(shape) for _, shape in found]
    columns = _columns(found)
    with _replacing(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, lineterminator="\r\n")
        table.writerow([*map(harmless, columns), *(("lon", "lat") if points else ("WKT",))])
        for (row, _), place in zip(found, places, strict=True):
            table.writerow([*(_cell(row.get(column)) for column in columns), *place])
    return len(found)


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "geojson": write_geojson,
        "geojsonl": write_geojsonl,
        "gpkg": write_gpkg,
        "csv": write_csv,
    }
)
"""Name of a format to what writes it."""


Parsed = Sequence[tuple[dict[str, Any], shapely.Geometry | None]]


class _Counted:
    """Texts that are counted while they pass."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.count = 0
        self._texts = texts

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            self.count += 1
            yield text


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a file to write; it takes the place of ``path`` if all goes well, else it vanishes."""
    if path.is_dir():
        raise InvalidDataError(f"{path} 是文件夹：请给出文件名")
    if not path.parent.is_dir():
        raise InvalidDataError(f"没有文件夹 {path.parent}：请先建好，或换一个位置")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            # GDAL warns of a GeoPackage without this suffix; the other writers do not mind.
            part = Path(folder) / "layer.gpkg"
            yield part
            part.replace(path)
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise InvalidDataError(f"写不了文件 {path}：{error}") from error


def _texts(features: Features) -> Iterable[str]:
    if not isinstance(features, gpd.GeoDataFrame):
        return features
    ids = features["id"] if "id" in features.columns else range(len(features))
    hidden = {"id", features.geometry.name}
    return feature_texts(features, ids, [c for c in features.columns if c not in hidden])


def _parsed(features: Features) -> Parsed:
    """Return (id and properties, geometry) of every feature."""
    found = [orjson.loads(text) for text in _texts(features)]
    return [
        ({"id": feature["id"], **feature["properties"]}, _shape(feature["geometry"]))
        for feature in found
    ]


def _shape(geometry: Mapping[str, Any] | None) -> shapely.Geometry | None:
    return None if geometry is None else shapely.from_geojson(orjson.dumps(geometry))


def _columns(found: Parsed) -> list[str]:
    """Return the names of all properties, in the order of their first appearance."""
    return list(dict.fromkeys(name for row, _ in found for name in row)) or ["id"]


def _frame(found: Parsed) -> gpd.GeoDataFrame:
    data = {name: _typed([row.get(name) for row, _ in found]) for name in _columns(found)}
    shapes = [shape for _, shape in found]
    index = range(len(found))
    return gpd.GeoDataFrame(pd.DataFrame(data, index=index), geometry=shapes, crs=STORED)


def _typed(values: list[Any]) -> pd.Series:
    """Return a column whose type every format has: truth, whole number, number or text."""
    types = {type(value) for value in values if value is not None}
    if types == {bool}:
        return pd.Series(values, dtype="boolean")
    if types == {int}:
        return pd.Series(values, dtype="Int64")
    if types and types <= {int, float}:
        return pd.Series(values, dtype="float64")
    return pd.Series([None if v is None else _text(v) for v in values], dtype=object)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def _free(name: str, taken: Iterable[Any]) -> str:
    """Return the name, or one like it that no column has (GeoPackage ignores case)."""
    names = {str(column).lower() for column in taken}
    while name in names:
        name += "_"
    return name


def _cell(value: Any) -> str:
    """Write a value as a cell: nothing where unknown, a number as a number."""
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else _text(value)


def _lon_lat(shape: shapely.Geometry | None) -> tuple[str, ...]:
    return (
        ("", "") if shape is None else tuple(map(repr, shapely.get_coordinates(shape)[0].tolist()))
    )


def _wkt(shape: shapely.Geometry | None) -> tuple[str, ...]:
    return ("" if shape is None else shapely.to_wkt(shape, rounding_precision=DECIMALS),)
