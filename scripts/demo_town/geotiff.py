"""Write a grid of heights as an uncompressed GeoTIFF: the same bytes on every machine."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from scripts.demo_town.terrain import CELL_M, Terrain

EPSG = 4549

ASCII, SHORT, LONG, DOUBLE = 2, 3, 4, 12
PACKED = {SHORT: "H", LONG: "I", DOUBLE: "d"}
Value = bytes | list[int] | list[float]

DESCRIPTION = "模拟数据：虚构的地形，不是薛埠镇的真实高程"

SCALE = '<GDALMetadata><Item name="SCALE" sample="0" role="scale">0.1</Item></GDALMetadata>'
"""Heights are stored in decimetres; this says so to GDAL."""


def write_geotiff(path: Path, made: Terrain) -> None:
    """Write heights in decimetres, with their place and scale (TIFF 6.0, OGC GeoTIFF 1.1)."""
    content = np.rint(made.height_m * 10).astype("<i2").tobytes()
    rows, columns = made.height_m.shape
    tags: dict[int, tuple[int, Value]] = {
        256: (LONG, [columns]),
        257: (LONG, [rows]),
        258: (SHORT, [16]),  # bits
        259: (SHORT, [1]),  # not compressed
        262: (SHORT, [1]),  # black is lowest
        270: (ASCII, _text(DESCRIPTION)),
        273: (LONG, [0]),  # where the one strip begins; set below
        277: (SHORT, [1]),
        278: (LONG, [rows]),
        279: (LONG, [len(content)]),
        339: (SHORT, [2]),  # signed whole numbers
        33550: (DOUBLE, [CELL_M, CELL_M, 0.0]),
        33922: (DOUBLE, [0.0, 0.0, 0.0, made.west_m, made.north_m, 0.0]),
        34735: (SHORT, [1, 1, 1, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, EPSG]),
        42112: (ASCII, _text(SCALE)),
    }
    head_bytes = len(_head(tags))
    tags[273] = (LONG, [head_bytes])
    path.write_bytes(_head(tags) + content)


def _text(words: str) -> bytes:
    return words.encode() + b"\0"


def _head(tags: dict[int, tuple[int, Value]]) -> bytes:
    """Return the header, the directory and the values that do not fit into it."""
    after = 8 + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for tag, (sort, given) in sorted(tags.items()):
        raw = (
            given
            if isinstance(given, bytes)
            else struct.pack(f"<{len(given)}{PACKED[sort]}", *given)
        )
        count = len(given)
        if len(raw) > 4:
            place = struct.pack("<I", after + len(values))
            values += raw + b"\0" * (len(raw) % 2)
        else:
            place = raw.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, sort, count) + place
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8) + directory + values
