"""Rows of an uploaded file as a spreadsheet, as they were."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import shapely
import xlsxwriter

from gis.domain.document import Document
from gis.domain.plans import SAID_BY_US

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MOST_ROWS = 1_000_000
"""A sheet has 48,576 rows more."""


LONGEST_CELL = 32_767

WKT = "wkt"
"""Heading under which geometries stand, and are read again."""

TOO_LONG = "（太长，Excel 放不下：请在原文件里改）"


def rejected(
    unpacked: Path, columns: Sequence[str], reasons: Mapping[int, str], *, geometry: bool
) -> Document:
    """Write rows that were not taken, with their number and the reason before their own columns.

    Parameters
    ----------
    unpacked
        Folder of the unpacked file.
    columns
        Of the file.
    reasons
        Number of the row to why it was not taken.
    geometry
        Whether the file has geometries of its own: they follow as WKT.

    Returns
    -------
    An xlsx file. A text stays a text, whatever it begins with: none becomes a formula or a link.
    """
    made = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        sheet = book.add_worksheet("未收的行")
        sheet.freeze_panes(1, 0)
        header = [*SAID_BY_US, *columns, *([WKT] if geometry else [])]
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for line, row in enumerate(_rows(unpacked / "rows.jsonl", reasons), start=1):
            number, values, shape = row
            blanks = [None] * (len(columns) - len(values))
            shapes = [_wkt(shape)] if geometry else []
            sheet.write_row(
                line, 0, [number, reasons[number], *map(_fitting, values), *blanks, *shapes]
            )
    return Document(XLSX, f"rejected-{len(reasons)}", iter([made.getvalue()]))


def _rows(path: Path, wanted: Mapping[int, Any]) -> Iterator[tuple[int, list[Any], str | None]]:
    with path.open("rb") as file:
        found = (orjson.loads(line) for line in file)
        yield from islice((row for row in found if row[0] in wanted), MOST_ROWS)


def _fitting(value: Any) -> Any:
    return TOO_LONG if isinstance(value, str) and len(value) > LONGEST_CELL else value


def _wkt(shape: str | None) -> str | None:
    if shape is None:
        return None
    text = shapely.to_wkt(shapely.from_wkb(shape, on_invalid="ignore"), rounding_precision=9)
    return TOO_LONG if text is not None and len(text) > LONGEST_CELL else text
