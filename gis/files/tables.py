"""Small CSV tables with a header."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from gis.errors import InvalidDataError


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a UTF-8 CSV file as text.

    Parameters
    ----------
    columns
        Those that must be there; others are read too.

    Raises
    ------
    InvalidDataError
        If the file is missing, not UTF-8, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
            header = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidDataError(f"{path.name} 无法读取，请存为 UTF-8 的 CSV：{error}") from error
    missing = [column for column in columns if column not in header]
    if missing:
        raise InvalidDataError(f"{path.name} 缺少列：{'、'.join(missing)}")
    return rows
