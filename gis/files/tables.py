"""CSV tables with a header: read as text, written so that no spreadsheet runs a cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from gis.errors import InvalidDataError


def read_table(
    path: Path, columns: Sequence[str], *, titles: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Read a CSV file as text, in UTF-8 or GB18030 as spreadsheets here save it.

    Parameters
    ----------
    columns
        Those that must be there; others are read too.
    titles
        What a header may say instead: its words to the column.

    Raises
    ------
    InvalidDataError
        If the file is missing, not text, or lacks a column.
    """
    if not path.is_file():
        raise InvalidDataError(f"找不到文件 {path.name}")
    try:
        reader = csv.DictReader(io.StringIO(_text(path.read_bytes()), newline=""))
        called = titles or {}
        rows = [
            {called.get(k.strip(), k.strip()): (v or "").strip() for k, v in row.items() if k}
            for row in reader
        ]
        header = [called.get(name.strip(), name.strip()) for name in reader.fieldnames or []]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidDataError(f"{path.name} 无法按 CSV 读取：{error}") from error
    missing = [column for column in columns if column not in header]
    if missing:
        raise InvalidDataError(f"{path.name} 缺少列：{'、'.join(missing)}")
    return rows


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that begins so may be run by a spreadsheet; the wide signs too, on a Chinese system."""


def harmless(text: str) -> str:
    """Return a text that a spreadsheet shows and does not run."""
    return f"'{text}" if text.startswith(FORMULA) else text


def table_chunks(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a CSV file a row at a time, in UTF-8 with the mark that makes Excel show Chinese."""
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    mark = "\ufeff"
    for row in chain([header], rows):
        writer.writerow([harmless(cell) for cell in row])
        yield (mark + line.getvalue()).encode()
        mark = ""
        line.seek(0)
        line.truncate()
