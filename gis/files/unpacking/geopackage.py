"""GeoPackage, a row at a time from SQLite itself.

GDAL believes a stored count of the rows, even where there are more, and rounds long whole numbers
of a column that has gaps.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gis.errors import InvalidDataError
from gis.files.unpacking.features import Table
from gis.files.unpacking.sink import Found, Job, Sink

LONGEST_VALUE = 64 << 20
"""In bytes, of one geometry or text."""


def read(job: Job, sink: Sink) -> Found:
    """Read a layer: the one asked for, else the only one that has rows; rows count from 1."""
    waiting = _check_start(job.path)
    try:
        with closing(_connect(job.path)) as database:
            layers = _layers(database)
            layer = _choose(database, layers, job.layer)
            columns, notes = _write(database, layer, sink)
            crs = _crs(database, layer)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter of SQLite's own messages
        raise InvalidDataError(
            f"GeoPackage 无法读取，可能不完整或已损坏：请重新导出或下载（{error}）"
        ) from error
    if waiting:
        notes.append("文件可能在 QGIS 打开时复制的，最后的修改也许不在里面：请关闭 QGIS 再复制")
    return Found(
        "GeoPackage",
        columns,
        crs=crs,
        geometry=layer.geometry is not None,
        layers=list(layers),
        layer=layer.name,
        notes=notes,
    )


@dataclass(frozen=True, slots=True)
class Layer:
    """A table, and its column of geometries with the number of their system, if it has them."""

    name: str
    geometry: str | None
    srs_id: int | None


def _check_start(path: Path) -> bool:
    """Refuse what is no SQLite or was cut off; return whether changes may be in another file."""
    with path.open("rb") as file:
        start = file.read(100)
    if len(start) < 100 or not start.startswith(b"SQLite format 3\0"):
        raise InvalidDataError("这不是 GeoPackage，或文件不完整：请重新导出")
    (page_bytes,) = struct.unpack_from(">H", start, 16)
    changes, pages, counted_at = (
        *struct.unpack_from(">II", start, 24),
        *UNSIGNED.unpack_from(start, 92),
    )
    page_bytes = 1 << 16 if page_bytes == 1 else page_bytes
    if changes == counted_at and pages * page_bytes > path.stat().st_size:
        raise InvalidDataError("GeoPackage 不完整，文件可能在中途断开：请重新导出或下载")
    return start[19] == WRITE_AHEAD


UNSIGNED = struct.Struct(">I")
WRITE_AHEAD = 2


def _connect(path: Path) -> sqlite3.Connection:
    """Open a file that may have been made to harm: nothing in it may run or write."""
    database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.set_authorizer(_only_reading)
    return database


def _only_reading(action: int, what: str | None, *_: Any) -> int:
    pragma = action == sqlite3.SQLITE_PRAGMA and what == "table_info"
    return sqlite3.SQLITE_OK if pragma or action in READING else sqlite3.SQLITE_DENY


READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}


def _layers(database: sqlite3.Connection) -> dict[str, Layer]:
    """Return the tables that the file calls layers, those with geometries first."""
    try:
        tables = database.execute(
            "SELECT c.table_name, g.column_name, coalesce(g.srs_id, c.srs_id) FROM gpkg_contents c "
            "LEFT JOIN gpkg_geometry_columns g ON g.table_name = c.table_name "
            "WHERE c.data_type IN ('features', 'attributes') "
            "ORDER BY g.column_name IS NULL, c.rowid"
        ).fetchall()
    except sqlite3.OperationalError as error:
        raise InvalidDataError(
            f"这不是 GeoPackage（没有图层目录）：请重新导出（{error}）"
        ) from error
    return {t[0]: Layer(*t) for t in tables if isinstance(t[0], str) and t[0] != QGIS_STYLES}


QGIS_STYLES = "layer_styles"


def _choose(database: sqlite3.Connection, layers: dict[str, Layer], asked: str | None) -> Layer:
    if asked is not None:
        if asked not in layers:
            raise InvalidDataError(f"没有图层「{asked}」；有：{'、'.join(layers)}")
        return layers[asked]
    filled = [layer for layer in layers.values() if _has_rows(database, layer)]
    filled = [layer for layer in filled if layer.geometry] or filled
    if not filled:
        raise InvalidDataError("GeoPackage 里没有要素")
    if len(filled) > 1:
        names = "、".join(layer.name for layer in filled)
        raise InvalidDataError(f"GeoPackage 里有 {len(filled)} 个图层（{names}）：请指明一个")
    return filled[0]


def _has_rows(database: sqlite3.Connection, layer: Layer) -> bool:
    query = f"SELECT 1 FROM {_quoted(layer.name)} LIMIT 1"
    return database.execute(query).fetchone() is not None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _write(database: sqlite3.Connection, layer: Layer, sink: Sink) -> tuple[list[str], list[str]]:
    """Write the rows; return the columns and notes."""
    described = database.execute(f"PRAGMA table_info({_quoted(layer.name)})").fetchall()
    types = {name: str(kind).upper() for _, name, kind, *_ in described}
    columns = tuple(c for c in types if c != layer.geometry and c.lower() not in OWN_NUMBERS)
    table = Table(sink, columns)
    total = database.execute(f"SELECT count(*) FROM {_quoted(layer.name)}").fetchone()[0]
    binary: set[str] = set()
    for row, values in enumerate(_rows(database, layer, columns), 1):
        said = {}
        for column, value in zip(columns, values, strict=False):
            if isinstance(value, bytes):
                binary.add(column)
                value = None
            elif types[column] == "BOOLEAN" and value in (0, 1):
                value = bool(value)
            said[column] = value
        table.write(row, said, _shape(values[-1]) if layer.geometry else None)
        if row % SAID_EVERY == 0:
            sink.progress(row, total)
    names, notes = table.finish()
    if binary:
        notes.append(f"二进制内容没有读取：{'、'.join(sorted(binary))}")
    return names, notes


OWN_NUMBERS = {"fid", "ogc_fid"}
"""What the programs that write such files call their own row numbers."""

SAID_EVERY = 20_000


def _rows(
    database: sqlite3.Connection, layer: Layer, columns: tuple[str, ...]
) -> Iterator[tuple[Any, ...]]:
    """Yield the columns and, last, the geometry."""
    wanted = [*columns, *([layer.geometry] if layer.geometry else [])]
    asked = ", ".join(map(_quoted, wanted)) or "1"
    database.text_factory = bytes.decode
    row = 0
    try:
        for values in database.execute(f"SELECT {asked} FROM {_quoted(layer.name)}"):
            row += 1
            yield values
    except UnicodeDecodeError as error:
        raise InvalidDataError(
            f"第 {row + 1} 行的文字不是 UTF-8，文件可能已损坏：请在 QGIS 里重新导出"
        ) from error


def _shape(blob: Any) -> bytes | None:
    """Return the WKB behind GeoPackage's own header; what has no such header cannot be read."""
    if blob is None:
        return None
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8:
        return b""
    envelope = (0, 32, 48, 48, 64, 0, 0, 0)[blob[3] >> 1 & 7]
    return blob[8 + envelope :]


def _crs(database: sqlite3.Connection, layer: Layer) -> str | None:
    """Return the system as authority and code, else its WKT; None for the two unknown ones."""
    if layer.geometry is None or layer.srs_id in (None, 0, -1):
        return None
    found = database.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys "
        "WHERE srs_id = ?",
        (layer.srs_id,),
    ).fetchone()
    if found is None:
        return None
    organization, code, definition = found
    if str(organization).upper() in ("EPSG", "ESRI"):
        return f"{str(organization).upper()}:{code}"
    return definition if isinstance(definition, str) and "[" in definition else None
