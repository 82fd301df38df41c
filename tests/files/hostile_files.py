"""Files that no library writes: formats by hand, archives with tricks, files that name others."""

from __future__ import annotations

import sqlite3
import struct
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import shapely
import xlsxwriter
import xlwt

Table = Sequence[Sequence[object]]
Entries = Iterable[tuple[str, bytes]]


def write_xlsx(path: Path, sheets: Mapping[str, Table]) -> Path:
    """Write a workbook; a sheet whose name begins with a full stop is hidden."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name.removeprefix("."))
            if name.startswith("."):
                sheet.hide()
            for row, cells in enumerate(rows):
                sheet.write_row(row, 0, cells)
    return path


def write_xls(path: Path, rows: Table) -> Path:
    """Write a workbook of Excel 97."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("甲")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    book.save(str(path))
    return path


def write_ods(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Write an OpenDocument spreadsheet with one sheet of text."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    body = "".join(
        f"<table:table-row>{''.join(map(cell.format, cells))}</table:table-row>" for cells in rows
    )
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content{spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="甲">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        b'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    parts = [("mimetype", kind), ("META-INF/manifest.xml", manifest)]
    return write_zip(path, [*parts, ("content.xml", content.encode())])


def write_zip(path: Path, entries: Entries, *, gbk: bool = False) -> Path:
    """Write an archive; with names in GBK that do not say so, as Chinese Windows does."""
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two entries of one name
        for name, content in entries:
            entry = _GbkEntry(name) if gbk else zipfile.ZipInfo(name)
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return path


class _GbkEntry(zipfile.ZipInfo):
    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - as the library calls it
        return self.filename.encode("gbk"), self.flag_bits


def write_link_zip(path: Path, name: str, target: str) -> Path:
    """Write an archive with a symbolic link and nothing else."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, target)
    return path


def write_shapefile(
    folder: Path, frame: gpd.GeoDataFrame, *, encoding: str = "gbk", kind: str | None = None
) -> Path:
    """Write a shapefile; ``kind`` is what GDAL calls the sort of its shapes."""
    path = folder / "图.shp"
    frame.to_file(path, encoding=encoding, layer_options={"SHPT": kind} if kind else None)
    return path


def zipped(path: Path, shapefile: Path, *, folder: str = "", gbk: bool = False) -> Path:
    """Write an archive of a shapefile."""
    parts = sorted(shapefile.parent.glob(f"{shapefile.stem}.*"))
    return write_zip(path, [(folder + p.name, p.read_bytes()) for p in parts], gbk=gbk)


def write_gpkg(path: Path, blobs: Sequence[bytes | None], *, srs_id: int = 4490) -> Path:
    """Write a GeoPackage of one layer with these geometries as they are, ``n`` numbering them."""
    frame = gpd.GeoDataFrame({"n": [0]}, geometry=[shapely.Point(0, 0)], crs=srs_id)
    frame.to_file(path, layer="甲", layer_options={"SPATIAL_INDEX": "NO"})
    with closing(sqlite3.connect(path)) as database:
        database.execute('DELETE FROM "甲"')
        database.executemany('INSERT INTO "甲" (n, geom) VALUES (?, ?)', enumerate(blobs))
        # What is left when a program writes rows and knows nothing of this table.
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = 1")
        database.commit()
    return path


def gpkg_blob(wkb: bytes) -> bytes:
    """Return a geometry with the header that GeoPackage puts before it."""
    return b"GP\x00\x01" + struct.pack("<i", 4490) + wkb


def kml(*bodies: str, head: str = "") -> str:
    """Return a KML document around some elements."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>文档</name>'
        f"{''.join(bodies)}</Document></kml>"
    )


def placemark(name: str, geometry: str, **fields: str) -> str:
    """Return a placemark of KML with extended data."""
    data = "".join(f'<Data name="{k}"><value>{v}</value></Data>' for k, v in fields.items())
    return (
        f"<Placemark><name>{name}</name><ExtendedData>{data}</ExtendedData>{geometry}</Placemark>"
    )


def vrt(source: Path) -> str:
    """Return what makes GDAL read another file, whatever this one is called."""
    return (
        '<OGRVRTDataSource><OGRVRTLayer name="secret">'
        f"<SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
