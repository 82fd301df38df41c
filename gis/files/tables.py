"""Small CSV tables with a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from gis.errors import InvalidDataError


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a CSV file as text, in UTF-8 or GB18030 as spreadsheets here save it.

    Parameters
    ----------
    columns
        Those that must be there; others are read too.

    Raises
    ------
    InvalidDataError
        If the file is missing, not text, or lacks a column.
    """
    if not path.is_file():
        raise InvalidDataError(f"找不到文件 {path.name}")
    try:
        reader = csv.DictReader(io.StringIO(_text(path.read_bytes()), newline=""))
        rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
        header = reader.fieldnames or []
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
