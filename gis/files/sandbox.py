"""Open a file that somebody sent in a process of its own, and read what that made of it."""

from __future__ import annotations

import hashlib
import itertools
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from gis.errors import InvalidDataError
from gis.files.unpack import ANSWER, HEIGHTS, ROWS, TOO_MUCH, WORK
from gis.files.unpacking.formats import PARTS, SUFFIXES, own_name

LOG = logging.getLogger(__name__)

LONGEST_S = 900
"""On the wall: the child's own limit counts only what it computes."""

LONGEST_LINE_BYTES = 256 << 20
"""Of one row."""

LONGEST_WORD_BYTES = 1000
"""Of what the child says of its progress."""

LONGEST_WORDS = 2000
"""In characters, of what it says against a file."""

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "GDAL_NUM_THREADS": "1",
    # The driver that reads other files than the one it is given; the rest go by name later.
    "GDAL_SKIP": "OGR_VRT",
    "GDAL_DRIVER_PATH": "disable",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "SHAPE_RESTORE_SHX": "NO",
    "PROJ_NETWORK": "OFF",
}
"""All that the child gets to know of ours."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file, by columns.

    Attributes
    ----------
    rows
        Their numbers as people see them, shape (N,).
    columns
        Name to values, shape (N,): text, int, float, bool, or None where there is none.
    shapes
        Geometries, None where missing or unreadable; None for a file without geometry.
    """

    rows: np.ndarray
    columns: dict[str, np.ndarray]
    shapes: np.ndarray | None


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a file holds, in one plain form.

    Attributes
    ----------
    folder
        Where the rows are.
    sha256
        Of the file's bytes (of the main file of a shapefile).
    format
        Its name: CSV, XLSX, XLS, ODS, GeoJSON, GeoPackage, KML or Shapefile.
    encoding
        Of its text, where that is not fixed by the format.
    columns
        Their names, each once.
    crs
        Authority and code (``EPSG:4549``), else WKT; None where the file does not say.
    geometry
        Whether the format has geometries of its own.
    count
        Rows with anything in them.
    skipped_rows
        Rows with nothing in them.
    layers, layer
        Layers, sheets, or data sets of an archive that can be asked for, and which it was.
    notes
        What somebody should know about how it was read.
    """

    folder: Path
    sha256: str
    format: str
    encoding: str | None
    columns: tuple[str, ...]
    crs: str | None
    geometry: bool
    count: int
    skipped_rows: int
    layers: tuple[str, ...]
    layer: str | None
    notes: tuple[str, ...]

    def chunks(self, size: int = 5000) -> Iterator[Chunk]:
        """Yield the rows, some at a time, in the order of the file."""
        with (self.folder / ROWS).open("rb") as file:
            lines = iter(lambda: file.readline(LONGEST_LINE_BYTES), b"")
            while rows := [_parsed(line) for line in itertools.islice(lines, size)]:
                yield self._chunk(rows)

    def _chunk(self, rows: list[tuple[int, list[Any], bytes | None]]) -> Chunk:
        columns = {name: np.full(len(rows), None, dtype=object) for name in self.columns}
        values = itertools.zip_longest(*(row[1] for row in rows))
        for column, given in zip(columns.values(), values, strict=False):
            column[:] = given
        numbers = np.array([row[0] for row in rows], dtype=np.int64)
        shapes = None
        if self.geometry:
            raw = np.array([row[2] for row in rows], dtype=object)
            shapes = shapely.from_wkb(raw, on_invalid="ignore")
        return Chunk(numbers, columns, shapes)


def unpack_file(
    path: Path,
    into: Path,
    *,
    name: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Unpacked:
    """Read a file that somebody sent, in a child process that can do nothing else.

    Parameters
    ----------
    path
        The file as it is stored; of a shapefile that is not in an archive, the ``.shp``, with the
        rest beside it.
    into
        Folder for the result; made if it is not there.
    name
        What the file is called; it decides the format. Without it, the name of ``path``.
    encoding
        Of the text, where it is known: only for text tables, shapefiles, KML and GeoJSON.
    layer
        Layer, sheet or data set of an archive, where there are several.
    on_progress
        Is told now and then which share is done, 0 to 1.

    Raises
    ------
    InvalidDataError
        If the file cannot be read, with what to do about it.
    """
    suffix = Path(name or path.name).suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidDataError(f"不认识的文件格式 {suffix}；可以用：{', '.join(SUFFIXES)}")
    if not path.is_file():
        raise InvalidDataError(f"找不到文件 {path.name}")
    if path.stat().st_size == 0:
        raise InvalidDataError("文件是空的：请重新导出或下载")
    files = _parts(path) if suffix == ".shp" else {suffix: path}
    asked = {"suffix": suffix, "encoding": encoding, "layer": layer}
    answer = open_confined(UNPACK, asked, files, into, on_line=_teller(on_progress))
    (into / HASH).write_text(sha256(path), encoding="ascii")
    return _result(into, answer)


@dataclass(frozen=True, slots=True)
class Opener:
    """A program that opens a file, and what is said where it does not come to its end.

    Attributes
    ----------
    program
        Python text, as for ``run``.
    too_much
        Where memory or time did not do.
    broken
        Where it failed for a reason of its own.
    """

    program: str
    too_much: str
    broken: str


def open_confined(
    opener: Opener,
    asked: Mapping[str, Any],
    files: Mapping[str, Path],
    into: Path,
    *,
    on_line: Callable[[bytes], None] | None = None,
) -> dict[str, Any]:
    """Let a program open files, and return its answer; the rest it leaves in the folder.

    Parameters
    ----------
    asked
        What it is told besides the files.
    files
        By suffix.
    into
        Folder for the result; made if it is not there.

    Raises
    ------
    InvalidDataError
        With what it says against the file, or with the opener's own words.
    """
    _prepare(into, files)
    told = {
        **asked,
        "readable": [str(file.resolve()) for file in files.values()],
        "parent": os.getpid(),
    }
    try:
        ended = run(opener.program, orjson.dumps(told).decode(), folder=into, on_line=on_line)
    finally:
        shutil.rmtree(into / WORK, ignore_errors=True)
    return _answer(into, ended, opener)


def was_opened(folder: Path) -> bool:
    """Tell whether a file was read into this folder, to its end and well."""
    return (folder / HASH).exists()


def reopen(folder: Path) -> Unpacked:
    """Return what a file was unpacked to before.

    Raises
    ------
    InvalidDataError
        If it is no longer there, or was refused; then with the same words.
    """
    try:
        answer = orjson.loads((folder / ANSWER).read_bytes())
        if "error" in answer:
            raise InvalidDataError(str(answer["error"])[:LONGEST_WORDS])
        return _result(folder, answer)
    except (OSError, ValueError) as error:
        raise InvalidDataError("上传的文件已清理，请重新上传") from error


HASH = "sha256"
"""File with the hash of what was unpacked."""

UNPACK = Opener(
    program="from gis.files.unpack import main; main()",
    too_much=TOO_MUCH,
    broken="文件结构异常，读取时出错：请在原来的软件里重新导出，或另存为 CSV 再导入",
)


def _parts(path: Path) -> dict[str, Path]:
    """Return the files of a shapefile, however their names are written."""
    return {
        suffix: file
        for file in sorted(path.parent.iterdir())
        if (suffix := file.suffix.lower()) in PARTS and file.stem.lower() == path.stem.lower()
    } | {".shp": path}


def _prepare(into: Path, files: Mapping[str, Path]) -> None:
    into.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(into / WORK, ignore_errors=True)
    for left in (ROWS, HEIGHTS, ANSWER, HASH):
        (into / left).unlink(missing_ok=True)
    (into / WORK).mkdir()
    for suffix, file in files.items():
        (into / WORK / own_name(suffix)).symlink_to(file.resolve())


def _teller(on_progress: Callable[[float], None] | None) -> Callable[[bytes], None]:
    def tell(line: bytes) -> None:
        try:
            said = orjson.loads(line)
            share = min(max(said["done"] / said["total"], 0.0), 1.0)
        except (ValueError, TypeError, KeyError, ZeroDivisionError):
            return
        if on_progress is not None:
            on_progress(share)

    return tell


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit code, or minus the signal; and its last words."""

    code: int
    words: str


def run(
    program: str,
    *arguments: str,
    folder: Path,
    on_line: Callable[[bytes], None] | None = None,
    longest_s: float = LONGEST_S,
) -> Ended:
    """Run Python text in a fresh process that knows nothing of this one.

    Parameters
    ----------
    program
        May import ``gis``; should confine itself first.
    folder
        Where it works.
    on_line
        Is given every line that it prints.
    longest_s
        After so many seconds it is killed.
    """
    command = [sys.executable, "-I", "-c", START + program, str(ROOT), *arguments]
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            start_new_session=True,
        )
        clock = threading.Timer(longest_s, process.kill)
        clock.start()
        output = process.stdout
        assert output is not None  # it is a pipe
        try:
            while line := output.readline(LONGEST_WORD_BYTES):
                if on_line is not None:
                    on_line(line)
            process.wait()
        finally:
            # Whatever ends the waiting, an error of the caller's or a key, ends the child.
            process.kill()
            process.wait()
            clock.cancel()
            output.close()
        size = words.seek(0, os.SEEK_END)
        words.seek(max(size - 4000, 0))
        return Ended(process.returncode, words.read().decode("utf-8", errors="replace"))


ROOT = Path(__file__).parents[2]
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); "


def _answer(into: Path, ended: Ended, opener: Opener) -> dict[str, Any]:
    """Return what the child left, or raise what it, or its end, says."""
    try:
        answer: dict[str, Any] = orjson.loads((into / ANSWER).read_bytes())
    except (OSError, ValueError):
        answer = {}
    if ended.code == 0 and "error" not in answer:
        return answer
    (into / ROWS).unlink(missing_ok=True)
    if isinstance(answer.get("error"), str):
        raise InvalidDataError(answer["error"][:LONGEST_WORDS])
    if ended.code < 0 or "MemoryError" in ended.words:
        LOG.warning("reading ended by %s", _signal(ended.code))
        raise InvalidDataError(opener.too_much)
    LOG.error("reading failed: %s", ended.words)
    raise InvalidDataError(opener.broken)


def _signal(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"


def _result(into: Path, answer: dict[str, Any]) -> Unpacked:
    """Return the answer in its types: the child is not to be trusted."""
    try:
        return Unpacked(
            folder=into,
            sha256=(into / HASH).read_text("ascii"),
            format=str(answer["format"]),
            encoding=_text(answer["encoding"]),
            columns=_texts(answer["columns"]),
            crs=_text(answer["crs"]),
            geometry=bool(answer["geometry"]),
            count=int(answer["count"]),
            skipped_rows=int(answer["skipped_rows"]),
            layers=_texts(answer["layers"]),
            layer=_text(answer["layer"]),
            notes=_texts(answer["notes"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDataError(TOO_MUCH) from error


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(str, values))


def _parsed(line: bytes) -> tuple[int, list[Any], bytes | None]:
    """Return a row; whatever is not of the agreed form is not believed."""
    try:
        row, values, shape = orjson.loads(line)
        wkb = None if shape is None else bytes.fromhex(shape)
    except (ValueError, TypeError) as error:
        raise InvalidDataError(TOO_MUCH) from error
    plain = isinstance(row, int) and isinstance(values, list)
    if not plain or any(isinstance(value, list | dict) for value in values):
        raise InvalidDataError(TOO_MUCH)
    return row, values, wkb


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
