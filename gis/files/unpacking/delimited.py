"""Tables as text: CSV, TSV and what else has one character between its cells."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import TextIO

from gis.errors import InvalidDataError
from gis.files.unpacking.charsets import SAMPLE_BYTES, decide
from gis.files.unpacking.headers import LOOKED_AT, column_names, header_row, is_blank
from gis.files.unpacking.sink import LONGEST_TEXT, Found, Job, Rows, Sink, Value

Record = tuple[int, list[str]]

DELIMITERS = ",\t;|"
LONGEST_LINE = 10_000_000
"""In characters: no line of a table, but perhaps one of something else."""

SAID_EVERY = 20_000
"""Rows from one word on the progress to the next."""


def read(job: Job, sink: Sink) -> Found:
    """Read a table; cells stay text, empty ones are None, rows count as a spreadsheet's do."""
    charset = decide(job.path, job.encoding)
    delimiter = _delimiter(job, charset.codec)
    notes = [f"文字编码：{charset.name}", *filter(None, [charset.note])]
    csv.field_size_limit(LONGEST_TEXT)
    with job.path.open("rb") as file:
        text = io.TextIOWrapper(file, charset.codec, errors=MARKING, newline="")
        records = _records(text, delimiter)
        names, said, rest = _split_header(records)
        ragged = _Ragged(len(names))
        size = job.path.stat().st_size
        for row, cells in rest:
            if not any(cells) or is_blank(cells):
                sink.skip()
                continue
            if len(cells) != ragged.width:
                ragged.check(row, cells)
            # The list is of text alone; what takes it takes other values too.
            values: list[Value] = [cell or None for cell in cells]
            sink.write(row, values)
            if row % SAID_EVERY == 0:
                sink.progress(file.tell(), size)
    if not sink.count:
        raise InvalidDataError("只有列名，没有数据行")
    notes += said + ragged.notes(ended=_ends_with_line(job.path), last=row)
    return Found("CSV", names, encoding=charset.name, notes=notes)


MARKING = "riskmap-mark"
BROKEN = "\ufdd0"
END = "\ufdd1"
"""No characters: Unicode keeps these two free for programs to use inside themselves."""

codecs.register_error(MARKING, lambda error: (BROKEN, error.end))  # type: ignore[attr-defined]  # given as its base


def _records(text: TextIO, delimiter: str) -> Iterator[Record]:
    """Yield the records with their numbers, from 1; blank ones too."""
    row = 0
    try:
        for cells in csv.reader(_lines(text), delimiter=delimiter):
            row += 1
            if cells and cells[-1].endswith(END):
                if cells == [END]:
                    return
                raise InvalidDataError(
                    f"第 {row} 行的引号没有结束：文件可能不完整，请重新导出或下载；"
                    "也可能是单元格里有单个的引号"
                )
            yield row, cells
    except csv.Error as error:
        raise InvalidDataError(
            f"第 {row + 1} 行无法按表格读取：有一格超过 {LONGEST_TEXT} 个字，或引号没有成对"
        ) from error
    except _BadLineError as error:
        raise InvalidDataError(f"第 {row + 1} 行{error}") from error


class _BadLineError(Exception):
    """What is wrong with a line, to be said with the number of its row."""


def _lines(text: TextIO) -> Iterator[str]:
    for line in iter(partial(text.readline, LONGEST_LINE), ""):
        if BROKEN in line:
            raise _BadLineError(
                f"有不属于 {text.encoding} 的字节，文件可能不完整或已损坏：请重新导出为 UTF-8"
            )
        if "\0" in line:
            raise _BadLineError("有空字节（NUL），文件可能已损坏：请重新导出")
        if len(line) >= LONGEST_LINE:
            raise _BadLineError(f"超过 {LONGEST_LINE} 个字：这不是表格")
        yield line
    yield END  # within a quote that was never closed it becomes part of a cell


def _split_header(records: Iterator[Record]) -> tuple[list[str], list[str], Iterator[Record]]:
    """Return the columns, notes, and the records under the header."""
    filled = dropwhile(lambda record: is_blank(record[1]), records)
    top = list(islice(filled, LOOKED_AT))
    place = header_row([cells for _, cells in top])
    row, cells = top[place]
    if cells[0].lstrip().startswith("<"):
        raise InvalidDataError(
            "这是网页或 XML，不是文字表格：请用原来的程序打开，另存为 CSV 或 xlsx"
        )
    names, notes = column_names(cells)
    if any(not is_blank(above) for _, above in top[:place]):
        notes.insert(0, f"列名在第 {row} 行，上面的标题没有读取")
    return names, notes, chain(top[place + 1 :], records)


class _Ragged:
    """Rows that have not as many cells as there are columns."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.short = Rows()
        self._previous = (0, 0)  # row and cells of the last short one that has no second half yet
        self._halves = 0

    def check(self, row: int, cells: list[str]) -> None:
        """Cut what is empty beyond the columns; refuse what is not."""
        if len(cells) > self.width:
            if not is_blank(cells[self.width :]):
                raise InvalidDataError(
                    f"第 {row} 行有 {len(cells)} 格，列名只有 {self.width} 个："
                    "单元格里的分隔符要用引号括起来，请重新导出"
                )
            del cells[self.width :]
            return
        self.short.add(row)
        before, size = self._previous
        if before == row - 1 and size + len(cells) == self.width + 1:
            self._halves += 2
            self._previous = (0, 0)
        else:
            self._previous = (row, len(cells))

    def notes(self, *, ended: bool, last: int) -> list[str]:
        """Say what was done about the short rows, or refuse them.

        Two halves after each other, everywhere, are rows that a line break has torn apart. A last
        line without an end, as only a file has that was cut off, may lack more than empty cells.
        """
        if not self.short.count:
            return []
        if self._halves == self.short.count and self.width > SEEN_BY_CHANCE:
            raise InvalidDataError(
                f"{self.short}像是被换行断开的：单元格里的换行要用引号括起来，请重新导出"
            )
        if not ended and self.short.count == 1 and self.short.first == [last]:
            raise InvalidDataError(
                f"最后一行（第 {last} 行）不完整，文件可能在中途断开：请重新导出或下载"
            )
        return [f"{self.short}的格子比列名少，缺的按空白处理：请核对"]


SEEN_BY_CHANCE = 3


def _delimiter(job: Job, codec: str) -> str:
    """Return the character that divides the first lines most evenly."""
    with job.path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(codec)(errors="ignore").decode(raw)
    whole = len(raw) < SAMPLE_BYTES
    order = "\t,;|" if job.suffix == ".tsv" else DELIMITERS
    scores = {sign: _evenness(text, sign, whole=whole) for sign in order}
    return max(scores, key=lambda sign: scores[sign])


def _evenness(text: str, delimiter: str, *, whole: bool) -> tuple[float, int]:
    """Return which share of the rows is of the most frequent width, and that width."""
    lines = io.StringIO(text, newline="")
    widths: list[int] = []
    try:
        for cells in islice(csv.reader(lines, delimiter=delimiter), SNIFFED_ROWS):
            widths.append(len(cells))
    except csv.Error:
        return 0, 0
    if not whole and len(widths) < SNIFFED_ROWS and len(widths) > 1:
        widths.pop()  # cut by the end of the sample
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 0, 0
    width, times = counts.most_common(1)[0]
    return times / sum(1 for width in widths if width), width


SNIFFED_ROWS = 100


def _ends_with_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-min(4, path.stat().st_size), io.SEEK_END)
        return file.read().rstrip(b"\0")[-1:] in {b"\n", b"\r"}
