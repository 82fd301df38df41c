"""Shapefiles: geometries by GDAL, the table by ourselves, for the sake of its Chinese."""

from __future__ import annotations

import struct
from pathlib import Path

from gis.errors import InvalidDataError
from gis.files.unpacking import charsets, gdal
from gis.files.unpacking.dbf import ASK, SAID_BY_BYTE, Dbf
from gis.files.unpacking.features import Table
from gis.files.unpacking.formats import own_name
from gis.files.unpacking.headers import column_names
from gis.files.unpacking.sink import Found, Job, Sink, refuse_columns


def read(job: Job, sink: Sink) -> Found:
    """Read the records that are not deleted; a row's number is that of its record, from 1."""
    folder = job.path.parent
    _check_parts(folder)
    measured = _check_head(job.path)
    count = _check_index(folder / own_name(".shx"))
    dbf = Dbf(folder / own_name(".dbf"))
    if dbf.count != count:
        raise InvalidDataError(
            f"几何有 {count} 个，属性表有 {dbf.count} 行，不是同一次保存的：请重新导出"
        )
    codec, notes = _charset(folder, dbf, job.encoding)
    refuse_columns(dbf.fields)
    columns, said = column_names([*dbf.names(codec)])
    gdal.allow_only("ESRI Shapefile")
    crs = gdal.crs_of(job.path)
    table = Table(sink, tuple(columns))
    rows = zip(dbf.rows(codec), gdal.shapes(job.path, count), strict=True)
    for row, (values, shape) in enumerate(rows, 1):
        if values is not None:
            table.write(row, dict(zip(columns, values, strict=True)), shape)
        if row % SAID_EVERY == 0:
            sink.progress(row, count)
    columns, unread = table.finish()
    notes += said + unread + _other_notes(folder, dbf, crs, measured=measured)
    return Found("Shapefile", columns, encoding=codec, crs=crs, geometry=True, notes=notes)


SAID_EVERY = 20_000


def _check_parts(folder: Path) -> None:
    missing = [suffix for suffix in (".shx", ".dbf") if not (folder / own_name(suffix)).exists()]
    if missing:
        raise InvalidDataError(
            f"shapefile 缺少 {'、'.join(missing)}：请把同名的 .shp、.shx、.dbf、.prj、.cpg "
            "一起压缩成一个 zip"
        )


def _check_head(path: Path) -> bool:
    """Refuse what is no shapefile or was cut off; return whether it has measures."""
    (kind,) = struct.unpack_from("<i", _head(path), 32)
    return kind in MEASURED


MEASURED = range(21, 29)


def _check_index(path: Path) -> int:
    """Return how many records the index has."""
    _head(path)
    return (path.stat().st_size - HEAD_BYTES) // 8


HEAD_BYTES = 100


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES or head[:4] != FILE_CODE:
        raise InvalidDataError("这不是 shapefile，或文件不完整：请重新导出")
    (words,) = struct.unpack_from(">I", head, 24)
    if 2 * words > path.stat().st_size:
        raise InvalidDataError(
            f"shapefile 的 {path.suffix} 不完整，文件可能在中途断开：请重新导出或下载"
        )
    return head


FILE_CODE = struct.pack(">i", 9994)


def _charset(folder: Path, dbf: Dbf, asked: str | None) -> tuple[str, list[str]]:
    """Return the codec of the table, and a note unless it was asked for."""
    if asked is not None:
        codec = charsets.known(asked)
        if codec is None:
            raise InvalidDataError(f"不认识的文字编码 {asked}：{ASK}")
        return codec, []
    said = folder / own_name(".cpg")
    # Latin encodings are what programs write that were not told any: they say nothing.
    if said.exists() and (codec := charsets.known(said.read_bytes()[:40].decode("latin-1"))):
        return codec, [f"文字编码：{codec}（.cpg 文件写明）"]
    codec = SAID_BY_BYTE.get(dbf.language)
    if codec is not None:
        return codec, [f"文字编码：{codec}（属性表写明），请核对中文是否正确"]
    codec = "utf-8" if dbf.is_utf8() else "gb18030"
    return codec, [f"没有可用的 .cpg 文件，按 {codec} 读取文字，请核对中文是否正确"]


def _other_notes(folder: Path, dbf: Dbf, crs: str | None, *, measured: bool) -> list[str]:
    notes = []
    if crs is None and (folder / own_name(".prj")).exists():
        notes.append(".prj 文件里的坐标系无法识别")
    if measured:
        notes.append("几何的测量值（M）没有读取")
    unread = [f.raw_name.decode("latin-1") for f in dbf.fields if f.letter not in "CNFDL"]
    if unread:
        notes.append(f"有 {len(unread)} 列的类型不能读取，按空白处理")
    return notes
