"""Heights of the land from a GeoTIFF: cut to the town and turned into its metric grid.

A program of its own, as ``gis.files.unpack``: it leaves ``heights.f32``, rows from the north as
little-endian floats with NaN where unknown, and ``unpacked.json``, which says where they lie.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.transform import Affine
from rasterio.warp import calculate_default_transform, reproject, transform_bounds
from rasterio.windows import Window

from gis.domain.relief import HIGHEST_M, LOWEST_M
from gis.errors import InvalidDataError
from gis.files.unpack import HEIGHTS, WORK, leave
from gis.files.unpacking.confine import confine
from gis.files.unpacking.formats import own_name

MOST_READ = 16_000_000
"""Cells held at once; of a finer grid means are read."""

MOST_DECLARED = 1_000_000_000
"""Cells within the town that a file may have: 1 m cells over 30 x 30 km."""

LEAST_SIDE = 3
"""Cells a side; a slope needs as many."""

METRES = {"", "m", "metre", "metres", "meter", "meters", "米"}

GDAL = {
    "GDAL_CACHEMAX": 64 << 20,
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
}


def main() -> None:
    """Read the file that the first argument names, and end with 1 where that cannot be done."""
    leave(_unpack)


@dataclass(frozen=True, slots=True)
class Grid:
    """Heights in metres with NaN, where they lie, in which system, and how many cells are one."""

    height_m: np.ndarray
    transform: Affine
    crs: Any
    every: float


def _unpack(asked: dict[str, Any]) -> dict[str, Any]:
    confine(
        readable=[Path(path) for path in asked["readable"]],
        writable=Path.cwd(),
        parent=asked["parent"],
    )
    try:
        with (
            rasterio.Env(**GDAL),
            rasterio.open(Path(WORK) / own_name(".tif"), driver="GTiff") as source,
        ):
            _refuse(source)
            window = _window(source, asked["box_m"], asked["crs"])
            read = _read(source, window)
            grid = _warped(read, asked["crs"], asked["most_cells"])
            about = {"crs": source.crs.to_string(), "words": _words(source)}
    except (RasterioError, CPLE_BaseError) as error:
        raise InvalidDataError(
            "不是 GeoTIFF，或文件不完整、已损坏：请重新下载或导出为单波段 GeoTIFF"
        ) from error
    grid.height_m.astype("<f4").tofile(HEIGHTS)
    return {
        **about,
        "west_m": grid.transform.c,
        "north_m": grid.transform.f,
        "cell_m": grid.transform.a,
        "native_m": grid.transform.a / grid.every,
        "rows": grid.height_m.shape[0],
        "columns": grid.height_m.shape[1],
    }


def _refuse(source: DatasetReader) -> None:
    """Refuse what is no grid of heights in metres."""
    if source.count != 1:
        raise InvalidDataError(f"有 {source.count} 个波段：请只导出高程一个波段")
    if np.dtype(source.dtypes[0]).kind not in "iuf":
        raise InvalidDataError(f"数值类型是 {source.dtypes[0]}：请导出为整数或浮点数的高程")
    if source.crs is None:
        raise InvalidDataError("没有坐标系：请在 GIS 软件里指定坐标系（例如 EPSG:4490）后另存")
    step = source.transform
    if step.b or step.d or step.a <= 0 or step.e >= 0 or step == Affine.identity():
        raise InvalidDataError(
            "没有定位信息，或格网是旋转、倒置的：请用 gdalwarp 转成正北朝上的 GeoTIFF"
        )
    unit = (source.units[0] or "").strip().lower()
    if unit not in METRES:
        raise InvalidDataError(f"高程单位是 {unit}：请换算成米后再导入")


def _window(source: DatasetReader, box_m: list[float], crs: str) -> Window:
    """Return the part of the file that covers the town, one cell more on every side."""
    west, south, east, north = transform_bounds(crs, source.crs, *box_m)
    step, bounds = source.transform, source.bounds
    columns = np.array([west - bounds.left, east - bounds.left]) / step.a
    rows = np.array([bounds.top - north, bounds.top - south]) / -step.e
    if not (np.isfinite(columns).all() and np.isfinite(rows).all()):
        raise InvalidDataError("坐标系不适用于本镇：请核对坐标系后重新导出")
    left, right = (max(0, math.floor(columns[0]) - 1), min(source.width, math.ceil(columns[1]) + 1))
    top, bottom = (max(0, math.floor(rows[0]) - 1), min(source.height, math.ceil(rows[1]) + 1))
    if right <= left or bottom <= top:
        raise InvalidDataError(
            "数据不覆盖本镇：请核对坐标系，或换一幅图"
            f"（数据范围 {', '.join(f'{edge:.4f}' for edge in bounds)}）"
        )
    if min(right - left, bottom - top) < LEAST_SIDE:
        raise InvalidDataError("本镇范围内的格网太少：请换分辨率更高、范围更大的数据")
    if (right - left) * (bottom - top) > MOST_DECLARED:
        raise InvalidDataError(
            f"本镇范围内有 {(right - left) * (bottom - top):,} 个格网，太多：请先重采样到 5 米以上"
        )
    return Window(left, top, right - left, bottom - top)


def _read(source: DatasetReader, window: Window) -> Grid:
    """Read heights; of a grid too fine to be held, means."""
    every = math.ceil(math.sqrt(window.width * window.height / MOST_READ))
    shape = (math.ceil(window.height / every), math.ceil(window.width / every))
    found = source.read(
        1,
        window=window,
        out_shape=shape,
        out_dtype="float32",
        masked=True,
        resampling=Resampling.average if every > 1 else Resampling.nearest,
    )
    height_m = found.filled(np.nan) * source.scales[0] + source.offsets[0]
    height_m[~np.isfinite(height_m)] = np.nan
    if np.isnan(height_m).all():
        raise InvalidDataError("本镇范围内全是无效值：请换一幅图，或核对坐标系")
    lowest, highest = np.nanmin(height_m), np.nanmax(height_m)
    if lowest < LOWEST_M or highest > HIGHEST_M:
        raise InvalidDataError(
            f"本镇范围内有 {lowest:,.0f} 至 {highest:,.0f} 的值，不像以米为单位的高程："
            "请核对单位，并用 gdal_translate -a_nodata 标明无效值"
        )
    step = source.window_transform(window)
    step = step * Affine.scale(window.width / shape[1], window.height / shape[0])
    return Grid(height_m, step, source.crs, every)


def _warped(found: Grid, crs: str, most_cells: int) -> Grid:
    """Bring heights to the metric grid."""
    rows, columns = found.height_m.shape
    corners = [found.transform * corner for corner in ((0, rows), (columns, 0))]
    bounds = [edge for corner in corners for edge in corner]
    step, width, height = calculate_default_transform(found.crs, crs, columns, rows, *bounds)
    finest_m = step.a
    if width * height > most_cells:
        cell_m = finest_m * math.sqrt(width * height / (most_cells * ROOM))
        step, width, height = calculate_default_transform(
            found.crs, crs, columns, rows, *bounds, resolution=cell_m
        )
    height_m = np.full((height, width), np.nan, dtype=np.float32)
    reproject(
        found.height_m.astype(np.float32),
        height_m,
        src_transform=found.transform,
        src_crs=found.crs,
        src_nodata=np.nan,
        dst_transform=step,
        dst_crs=crs,
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
        num_threads=1,
        warp_mem_limit=64,
    )
    return Grid(height_m, step, crs, found.every * step.a / finest_m)


ROOM = 0.98
"""Share of the cells that is asked for: rows and columns are rounded up."""


def _words(source: DatasetReader) -> str:
    """Return what the file says of itself."""
    return str(source.tags().get("TIFFTAG_IMAGEDESCRIPTION", ""))[:LONGEST_WORDS]


LONGEST_WORDS = 1000
