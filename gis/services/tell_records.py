"""The records of one place, as its card and the program's answer tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy.engine import Connection

from gis.domain.kinds import Field, RecordKind
from gis.storage import records
from gis.storage.frames import missing_to_none
from gis.workspace import Workspace

MOST = 10
"""Records of a sort that a card tells; the newest ones where they have a day."""


def tell_records(conn: Connection, ws: Workspace, kind: str, site: int) -> list[dict[str, Any]]:
    """Return what is on record of a place, sort by sort; sorts without a record are left out.

    Who may see the place as it is may see them: whoever calls has made sure.

    Returns
    -------
    For each sort ``slug``, ``title``, ``title_en``, ``count``, the ``fields`` that any of the
    rows told has a value of (``name``, ``title``, ``title_en``, ``unit``), and ``rows``, lists of
    values in their order, at most ``MOST``.
    """
    of_kind = [sort for sort in ws.records.values() if sort.of == kind]
    found = [(sort, records.load(conn, sort, places=[site])) for sort in of_kind]
    return [_sort(sort, rows) for sort, rows in found if len(rows)]


def _sort(sort: RecordKind, found: pd.DataFrame) -> dict[str, Any]:
    rows = _in_order(sort, found).head(MOST)
    told = [field for field in sort.fields if rows[field.name].notna().any()]
    return {
        "slug": sort.slug,
        "title": sort.title.zh,
        "title_en": sort.title.en,
        "count": len(found),
        "fields": [_field(field) for field in told],
        "rows": _rows(rows, told),
    }


def _in_order(sort: RecordKind, found: pd.DataFrame) -> pd.DataFrame:
    """Return the newest day first; by key where the sort has no day."""
    days = [field.name for field in sort.fields if field.type == "date"]
    if not days:
        return found
    return found.sort_values(days[0], ascending=False, kind="stable", na_position="last")


def _rows(rows: pd.DataFrame, told: Sequence[Field]) -> list[list[Any]]:
    columns = [missing_to_none(rows[field.name]) for field in told]
    return [list(row) for row in zip(*columns, strict=True)]


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "title": field.title.zh,
        "title_en": field.title.en,
        "unit": field.unit,
    }
