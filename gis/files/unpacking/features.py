"""Features whose fields come to light one after the other: columns are added as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from gis.errors import InvalidDataError
from gis.files.unpacking.headers import column_names
from gis.files.unpacking.sink import Rows, Sink, Value, clean, refuse_columns
from gis.files.unpacking.wkb import UnreadableShapeError, check, encode


class Table:
    """Writes features to a sink, and keeps the columns and what was wrong with the geometries."""

    def __init__(self, sink: Sink, columns: tuple[str, ...] = ()) -> None:
        self._sink = sink
        self._places = {column: place for place, column in enumerate(columns)}
        self._unreadable = Rows()

    def write(self, row: int, properties: Mapping[str, Any], geometry: Any) -> None:
        """Write a feature; its geometry in GeoJSON's form, as WKB, or None."""
        values: list[Value] = [None] * len(self._places)
        for name, value in properties.items():
            place = self._places.get(name)
            if place is None:
                place = self._places[name] = len(values)
                values.append(None)
                refuse_columns(values)
            values[place] = clean(_plain(value), row, name)
        self._sink.write(row, values, self._shape(row, geometry))

    def _shape(self, row: int, geometry: Any) -> bytes | None:
        try:
            if isinstance(geometry, bytes):
                check(geometry)
                return geometry
            return None if geometry is None else encode(geometry)
        except UnreadableShapeError:
            self._unreadable.add(row)
            return None

    def finish(self) -> tuple[list[str], list[str]]:
        """Return the columns and notes.

        Raises
        ------
        InvalidDataError
            If there was no feature.
        """
        if not self._sink.count:
            raise InvalidDataError("文件里没有要素")
        names, notes = column_names(list(self._places))
        if self._unreadable.count:
            notes.append(
                f"{self._unreadable}的几何残缺或是曲线，无法读取，按没有几何处理：请在原来的软件里修正"
            )
        return names, notes


def _plain(value: Any) -> Any:
    """Return lists and objects as the text of their JSON, and no half characters."""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode()
    return value
