"""The one GeoJSON encoder: RFC 7946, longitude first, right-handed, null and never NaN."""

from __future__ import annotations

import decimal
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from gis.domain.arrays import Floats

DECIMALS = 7
"""Of degrees: about 1 cm."""

CHUNK_CHARACTERS = 65_536
"""A piece of a collection is sent when it has grown to about this length."""

HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Written as JSON escapes: the text is then safe inside a page as well, whatever a name holds."""

RESERVED = frozenset({"type", "features"})
"""Members of a collection that nobody may overwrite."""


def feature_texts(
    frame: gpd.GeoDataFrame,
    ids: Iterable[Any],
    columns: Sequence[str],
    *,
    integers: Sequence[str] = (),
) -> list[str]:
    """Encode rows as GeoJSON features.

    Parameters
    ----------
    frame
        In EPSG:4490 (or another longitude/latitude system, or none stated); a geometry may be
        None. May be empty.
    ids
        Whole numbers, one a row: the features' ids.
    columns
        Property columns, in the order wanted.
    integers
        Those of them whose values are whole numbers, though the frame holds floats.

    Returns
    -------
    One text per row, without line breaks: valid JSON, and safe inside an HTML page. Missing
    values, NaN and infinities are null; dates are ISO text, a column of dates without a time of
    day ``2026-05-01``; an empty geometry is null.

    Raises
    ------
    ValueError
        If the frame is in projected metres: a GeoJSON coordinate is a degree.
    """
    if frame.crs is not None and frame.crs.is_projected:
        raise ValueError(f"GeoJSON holds degrees, and the frame is in {frame.crs.to_string()}")
    whole = set(integers)
    cells = [_cells(frame[name], integer=name in whole) for name in columns]
    names = list(columns)
    shapes = geometry_texts(frame.geometry.array)
    rows = zip(*cells, strict=True) if cells else iter([()] * len(frame))
    return [
        _feature(int(id_), dict(zip(names, row, strict=True)), shape)
        for id_, row, shape in zip(ids, rows, shapes, strict=True)
    ]


def geometry_texts(shapes: Any) -> list[str]:
    """Encode geometries (degrees) as GeoJSON geometries; None and empty ones become null.

    XY only, at most 7 decimals, outer rings counter-clockwise.
    """
    array = np.asarray(shapes, dtype=object)
    rounded = shapely.transform(shapely.force_2d(array), _rounded)
    rounded[shapely.is_empty(rounded)] = None
    oriented = shapely.orient_polygons(rounded, exterior_cw=False)
    return ["null" if text is None else _short(text) for text in shapely.to_geojson(oriented)]


def splice(text: str, first: Mapping[str, Any]) -> str:
    """Put properties in front of those of a feature text made here, without parsing it.

    Parameters
    ----------
    text
        Made by ``feature_texts``.
    first
        Properties that the text does not have yet.
    """
    mark = '"properties":{'
    at = text.index(mark) + len(mark)  # the id before it is a number: the mark cannot stand there
    inner = _dump({name: _cell(value) for name, value in first.items()})[1:-1]
    comma = "," if inner and text[at] != "}" else ""
    return f"{text[:at]}{inner}{comma}{text[at:]}"


def replaced(text: str, name: str, value: Any) -> str:
    """Return a feature text made here with another value of one property, its order kept."""
    feature = orjson.loads(text)
    feature["properties"][name] = value
    return _dump(feature)


def collection(texts: Iterable[str], *, name: str, members: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a FeatureCollection in chunks of about 64 kB, while the texts are being made.

    Parameters
    ----------
    texts
        Feature texts; may be none.
    name
        Of the layer: a foreign member that GDAL shows.
    members
        Other foreign members (notice, date, source ...): they stand before the features, so that
        a reader knows what it reads.

    Raises
    ------
    ValueError
        If a member has a name of the collection's own.
    """
    if taken := RESERVED & set(members):
        raise ValueError(f"not a foreign member: {', '.join(sorted(taken))}")
    said = {key: _cell(value) for key, value in members.items()}
    head = _dump({"type": "FeatureCollection", "name": name, **said})
    buffer, size = [head[:-1], ',"features":['], len(head)
    separator = "\n"
    for text in texts:
        buffer += (separator, text)
        size += len(text)
        separator = ",\n"
        if size >= CHUNK_CHARACTERS:
            yield "".join(buffer).encode()
            buffer, size = [], 0
    buffer.append("\n]}\n")
    yield "".join(buffer).encode()


def _feature(id_: int, properties: Mapping[str, Any], geometry: str) -> str:
    return f'{{"type":"Feature","id":{id_},"properties":{_dump(properties)},"geometry":{geometry}}}'


def _cells(column: pd.Series, *, integer: bool) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _times(column)
    return [_cell(value, integer=integer) for value in column.tolist()]


def _times(column: pd.Series) -> list[str | None]:
    """Write a column of instants; of dates only, where none has a time of day or a zone."""
    days = column.dt.tz is None and bool((column.dropna() == column.dropna().dt.normalize()).all())
    return [
        None if pd.isna(at) else (at.date().isoformat() if days else at.isoformat())
        for at in column
    ]


def _cell(value: Any, *, integer: bool = False) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float | decimal.Decimal):
        if not math.isfinite(value):
            return None
        return int(value) if integer and value == int(value) and _fits(value) else float(value)
    if isinstance(value, int) and not _fits(value):
        return float(value)
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def _fits(value: float | decimal.Decimal) -> bool:
    """Tell whether a whole number has 64 bits for it in JSON."""
    return -(2**63) <= value < 2**63


def _dump(value: Mapping[str, Any]) -> str:
    option = orjson.OPT_SERIALIZE_NUMPY
    try:
        text = orjson.dumps(value, option=option).decode()
    except TypeError:  # half a surrogate pair, from a file decoded by guessing
        text = orjson.dumps(_whole_texts(value), option=option).decode()
    for mark, escaped in HTML.items():
        text = text.replace(mark, escaped)
    return text


def _whole_texts(value: Any) -> Any:
    """Put U+FFFD where half a surrogate pair stands; what is no text stays."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_whole_texts(key): _whole_texts(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_whole_texts(entry) for entry in value]
    return value


def _rounded(degrees: Floats) -> Floats:
    return np.round(degrees, DECIMALS)


LONG = re.compile(rf"\.\d{{{DECIMALS + 1},}}")
NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][-+]?\d+)?")


def _short(text: str) -> str:
    """Mend the one coordinate in three hundred that GEOS writes as 119.12345670000001."""
    if not LONG.search(text):
        return text
    return NUMBER.sub(lambda found: repr(round(float(found[0]), DECIMALS)), text)
