"""A GeoTIFF of heights that somebody sent: opened by a confined process, read with distrust."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gis.domain.arrays import Floats
from gis.domain.relief import HIGHEST_M, LOWEST_M
from gis.errors import InvalidDataError
from gis.files.sandbox import Opener, open_confined, sha256
from gis.files.unpack import HEIGHTS

SUFFIXES = (".tif", ".tiff")

MOST_CELLS = 4_000_000
"""Cells that a relief may have; a finer grid becomes coarser."""


@dataclass(frozen=True, slots=True)
class Raster:
    """Heights of a file on a metric grid.

    Attributes
    ----------
    west_m, north_m, cell_m, height_m
        As of a ``Relief``.
    native_m
        How large a cell of the file's own is on this grid; less than ``cell_m`` where it was made
        coarser.
    crs
        The file's own, as authority and code or WKT.
    words
        What the file says of itself; may be empty.
    sha256
        Of the file's bytes.
    """

    west_m: float
    north_m: float
    cell_m: float
    height_m: Floats
    native_m: float
    crs: str
    words: str
    sha256: str


def read_heights(
    path: Path,
    *,
    box_m: tuple[float, float, float, float],
    crs: str,
    most_cells: int = MOST_CELLS,
) -> Raster:
    """Read the heights of a GeoTIFF around the town, on its metric grid.

    Parameters
    ----------
    box_m
        West, south, east and north of the land wanted, in ``crs``, metres.
    crs
        The metric CRS.
    most_cells
        How many cells it may have.

    Raises
    ------
    InvalidDataError
        If it is no GeoTIFF of one band of heights in metres with a CRS, does not cover the town,
        or holds nothing there; the message says what to do.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidDataError(f"不认识的文件格式 {path.suffix}；地形数据可以用：GeoTIFF（.tif）")
    if not path.is_file():
        raise InvalidDataError(f"找不到文件 {path.name}")
    asked = {"box_m": box_m, "crs": crs, "most_cells": most_cells}
    with tempfile.TemporaryDirectory() as folder:
        answer = open_confined(HEIGHTS_OPENER, asked, {".tif": path}, Path(folder))
        return _raster(answer, Path(folder) / HEIGHTS, most_cells, sha256(path))


HEIGHTS_OPENER = Opener(
    program="from gis.files.unpacking.raster import main; main()",
    too_much="文件太大或结构异常，读取时超出限制：请先裁剪到本镇周边再导入",
    broken="文件结构异常，读取时出错：请重新下载，或用 gdal_translate 转成 GeoTIFF 再导入",
)


def _raster(answer: dict[str, Any], heights: Path, most_cells: int, digest: str) -> Raster:
    """Return the answer in its types: the child is not to be trusted."""
    try:
        rows, columns = int(answer["rows"]), int(answer["columns"])
        numbers = [float(answer[name]) for name in ("west_m", "north_m", "cell_m", "native_m")]
        words, crs = str(answer["words"]), str(answer["crs"])
        size = heights.stat().st_size
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise InvalidDataError(HEIGHTS_OPENER.broken) from error
    if min(rows, columns) < 1 or rows * columns > most_cells or size != rows * columns * 4:
        raise InvalidDataError(HEIGHTS_OPENER.broken)
    height_m = np.fromfile(heights, dtype="<f4").astype(np.float64).reshape(rows, columns)
    known = height_m[~np.isnan(height_m)]
    if not (np.isfinite(numbers).all() and numbers[2] > 0 and len(known)):
        raise InvalidDataError(HEIGHTS_OPENER.broken)
    if known.min() < LOWEST_M or known.max() > HIGHEST_M:
        raise InvalidDataError(HEIGHTS_OPENER.broken)
    west_m, north_m, cell_m, native_m = numbers
    return Raster(west_m, north_m, cell_m, height_m, native_m, crs, words, digest)
