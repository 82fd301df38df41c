"""Where the header of a table is, and what its columns are called."""

from __future__ import annotations

from collections.abc import Sequence

from gis.errors import InvalidDataError
from gis.files.unpacking.sink import Value, refuse_columns

LOOKED_AT = 10
"""Rows at the top among which the header is looked for."""


def header_row(rows: Sequence[Sequence[Value]]) -> int:
    """Return which of the first rows holds the names of the columns.

    It is the first with two filled cells of text: above it stand titles, in one merged cell. Where
    no row has two, as in a table of one column, it is the first that is not empty.
    """
    texts = [sum(isinstance(v, str) and bool(v.strip()) for v in row) for row in rows]
    found = next((i for i, count in enumerate(texts) if count >= TWO), None)
    if found is None:
        found = next((i for i, row in enumerate(rows) if not is_blank(row)), None)
    if found is None:
        raise InvalidDataError("表格是空的")
    return found


TWO = 2


def is_blank(row: Sequence[Value]) -> bool:
    """Say whether nothing is in any cell."""
    return not any(v not in (None, "") and (not isinstance(v, str) or v.strip()) for v in row)


def column_names(cells: Sequence[Value]) -> tuple[list[str], list[str]]:
    """Return a name of its own for every column, and notes on those that had none.

    Line breaks, which people set to make a column narrow, are taken out of the names.
    """
    refuse_columns(cells)
    given = ["".join(_text(cell).split("\n")).strip() for cell in cells]
    taken, names = set(given), []
    empty, twice = [], []
    for number, name in enumerate(given, 1):
        if not name:
            name = _free(f"列{number}", taken)
            empty.append(name)
        elif name in names:
            name = _free(name, taken)
            twice.append(name)
        names.append(name)
        taken.add(name)
    notes = []
    if empty:
        notes.append(f"有 {len(empty)} 列没有列名，暂称：{'、'.join(empty[:10])}")
    if twice:
        notes.append(f"有重复的列名，后面的改称：{'、'.join(twice[:10])}")
    return names, notes


def _text(cell: Value) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # a year above a column
    return str(cell).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")[:200]


def _free(name: str, taken: set[str]) -> str:
    """Return the name, or with the first number behind it that makes it a new one."""
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
