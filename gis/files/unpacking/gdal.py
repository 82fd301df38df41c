"""The one thing left to GDAL: the geometries of a shapefile, and what its .prj means.

GDAL reads nearly two hundred formats and tries them all on a file, whatever it is called; some of
them name further files to be read. All but one are taken out of it before it sees a file.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyogrio.raw
from pyogrio.errors import DataSourceError

from gis.errors import InvalidDataError

CHUNK_BYTES = 32 << 20
CHUNK_ROWS = 10_000


def allow_only(driver: str) -> None:
    """Take every other driver out of GDAL, for the rest of this process.

    ``GDAL_SKIP`` needs their names before GDAL is loaded, and its prefix for paths
    (``GeoJSON:...``) is known to a few drivers only. The symbols of the library are found through
    the module that is linked with it, wherever that lies.
    """
    library = ctypes.CDLL(pyogrio._io.__file__)
    library.GDALGetDriver.restype = ctypes.c_void_p
    library.GDALGetDriverShortName.restype = ctypes.c_char_p
    drivers = [
        ctypes.c_void_p(library.GDALGetDriver(i)) for i in range(library.GDALGetDriverCount())
    ]
    for found in drivers:
        if library.GDALGetDriverShortName(found) != driver.encode():
            library.GDALDeregisterDriver(found)
    if list(pyogrio.list_drivers()) != [driver]:
        raise RuntimeError("GDAL kept drivers that it was told to forget")


def crs_of(path: Path) -> str | None:
    """Return the system as authority and code, else as WKT, or None."""
    try:
        crs = pyogrio.read_info(path)["crs"]
    except DataSourceError as error:
        raise InvalidDataError("shapefile 无法打开，可能不完整或已损坏：请重新导出") from error
    return None if crs is None else str(crs)


def shapes(path: Path, count: int) -> Iterator[bytes | None]:
    """Yield the WKB of every record, None where there is none, ``b""`` where it is broken."""
    mean_bytes = path.stat().st_size // max(count, 1) + 1
    size = max(1, min(CHUNK_ROWS, CHUNK_BYTES // mean_bytes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that measures (M) are dropped is said by the caller
        for start in range(0, count, size):
            yield from _chunk(path, start, min(size, count - start))


def _chunk(path: Path, start: int, size: int) -> Iterator[bytes | None]:
    """Read some records; where GDAL refuses them, halves of them, down to the one it means."""
    try:
        _, _, found, _ = pyogrio.raw.read(path, columns=[], skip_features=start, max_features=size)
    except Exception:  # of several kinds, for one record as for all
        if size == 1:
            yield b""
            return
        yield from _chunk(path, start, size // 2)
        yield from _chunk(path, start + size // 2, size - size // 2)
        return
    if len(found) != size:
        raise InvalidDataError("shapefile 的几何不完整，可能已损坏：请重新导出")
    yield from found
