"""What was read goes out row by row, as lines of JSON, within limits."""

from __future__ import annotations

import datetime as dt
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from gis.errors import InvalidDataError

MOST_ROWS = 3_000_000
MOST_COLUMNS = 500
LONGEST_TEXT = 100_000
"""In characters, of one cell."""

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, and how somebody asked to read it.

    Attributes
    ----------
    path
        The file, under a name of our own; what belongs to it stands beside it.
    suffix
        Which format it should be, by the name that it came with.
    encoding
        Of its text, where somebody said it.
    layer
        The layer or sheet asked for.
    """

    path: Path
    suffix: str
    encoding: str | None = None
    layer: str | None = None


@dataclass(slots=True)
class Found:
    """What a file says of itself; its rows went to the sink."""

    format: str
    columns: list[str]
    encoding: str | None = None
    crs: str | None = None
    geometry: bool = False
    layers: list[str] = field(default_factory=list)
    layer: str | None = None
    notes: list[str] = field(default_factory=list)


class Sink:
    """Takes rows and writes them.

    A row may be shorter than the columns: what is missing at its end is empty. So a reader may
    find further columns while it reads.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0
        self.skipped = 0

    def write(self, row: int, values: list[Value], shape: bytes | None = None) -> None:
        """Write one row: its number as people see it, its values and its geometry as WKB."""
        while values and values[-1] is None:
            values.pop()
        if self.count >= MOST_ROWS:
            raise InvalidDataError(f"超过 {MOST_ROWS} 行：请拆分成几个文件再导入")
        line = [row, values, None if shape is None else shape.hex()]
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self.count += 1

    def skip(self) -> None:
        """Count a row that holds nothing."""
        self.skipped += 1

    def progress(self, done: int, total: int) -> None:
        """Tell whoever waits how far it is, in bytes or in rows."""
        line = orjson.dumps({"done": done, "total": total}, option=orjson.OPT_APPEND_NEWLINE)
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


class Rows:
    """The numbers of some rows, to be said in a note."""

    def __init__(self) -> None:
        self.first: list[int] = []
        self.count = 0

    def add(self, row: int) -> None:
        """Note one row."""
        self.count += 1
        if len(self.first) < SHOWN_ROWS:
            self.first.append(row)

    def __str__(self) -> str:
        """Return the rows in words."""
        numbers = "、".join(map(str, self.first))
        return f"第 {numbers} 行{f'等 {self.count} 行' if self.count > SHOWN_ROWS else ''}"


SHOWN_ROWS = 10


def refuse_columns(columns: Sequence[Any]) -> None:
    """Refuse more columns than anybody's table has."""
    if len(columns) > MOST_COLUMNS:
        raise InvalidDataError(f"超过 {MOST_COLUMNS} 列：请只保留需要的列再导入")


def clean(value: Any, row: int, column: str) -> Value:
    """Return a value as JSON can hold it: dates as ISO text, no number that is not finite."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise InvalidDataError(
                f"第 {row} 行「{column[:40]}」超过 {LONGEST_TEXT} 个字：请删短再导入"
            )
        return value or None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < BIGGEST_INTEGER else str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    raise TypeError(f"no JSON for {type(value)}")


BIGGEST_INTEGER = 1 << 63
