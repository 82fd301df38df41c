"""The program that opens a file somebody sent: alone, confined, for one file.

It is started by ``gis.files.sandbox`` in the folder to write into and told as JSON what to read.
It leaves ``rows.jsonl``, one row a line, and ``unpacked.json``, which says the rest; where the
file cannot be read, only the latter, with an ``error`` fit to show.
"""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from gis.errors import InvalidDataError
from gis.files.unpacking.confine import confine
from gis.files.unpacking.formats import READERS, own_name
from gis.files.unpacking.sink import Found, Job, Sink

ROWS = "rows.jsonl"
HEIGHTS = "heights.f32"
"""What is left of a grid of heights (``unpacking.raster``)."""

ANSWER = "unpacked.json"
WORK = "work"
"""The folder in which the file is found, under a name of our own."""

TOO_MUCH = "文件太大或结构异常，读取时超出限制，没有读完：请拆分或另存为 CSV 后再导入"
FULL = {
    errno.EFBIG: TOO_MUCH,
    errno.ENOSPC: "服务器的磁盘满了，文件没有读完：请联系管理员清理后再导入",
    errno.EDQUOT: "服务器的磁盘满了，文件没有读完：请联系管理员清理后再导入",
}


def main() -> None:
    """Read the file that the first argument names, and end with 1 where that cannot be done."""
    leave(_unpack)


def leave(unpack: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Leave the answer of what unpacks a file, told what the first argument says."""
    asked = orjson.loads(sys.argv[1])
    try:
        answer = unpack(asked)
    except InvalidDataError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": TOO_MUCH}
    except OSError as error:
        if error.errno not in FULL:
            raise
        Path(ROWS).unlink(missing_ok=True)  # room for the answer
        answer = {"error": FULL[error.errno]}
    Path(ANSWER).write_bytes(orjson.dumps(answer))
    sys.exit("error" in answer)


def _unpack(asked: dict[str, Any]) -> dict[str, Any]:
    folder = Path.cwd()
    suffix = asked["suffix"]
    job = Job(folder / WORK / own_name(suffix), suffix, asked["encoding"], asked["layer"])
    # What a module imports is compiled once and kept; confined, it could not be kept.
    _load(READERS.get(suffix, "archives"))
    confine(
        readable=[Path(path) for path in asked["readable"]],
        writable=folder,
        parent=asked["parent"],
    )
    sets: list[str] = []
    if suffix not in READERS:
        job, sets, name = _load("archives").extract(job)
    with Path(ROWS).open("xb") as file:
        sink = Sink(file)
        found: Found = _load(READERS[job.suffix]).read(job, sink)
    if sets:
        found.notes.insert(0, f"压缩包里读取的是：{name}")
        if not found.layers:
            found.layers, found.layer = sets, name
    return {**asdict(found), "count": sink.count, "skipped_rows": sink.skipped}


def _load(name: str) -> Any:
    """Import a reader only when it is needed: most files need neither GDAL nor a spreadsheet."""
    for module in UNNEEDED:
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # None: not to be had
    return importlib.import_module(f"gis.files.unpacking.{name}")


UNNEEDED = ("pandas", "geopandas", "shapely", "pyarrow", "pyproj")
"""What pyogrio imports where it is there, and only needs for frames: half of its start."""
