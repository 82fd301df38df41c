"""The one crossing between rows and frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from gis.domain.crs import STORED
from gis.domain.kinds import Field

Codes = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Code table to code to the numbers that models read."""


def places(
    rows: Sequence[Mapping[Any, Any]],
    fields: Sequence[Field],
    *,
    plain: Sequence[sa.Column[Any]],
    codes: Codes | None = None,
) -> gpd.GeoDataFrame:
    """Turn rows with ``geom`` (WKB), and ``attrs`` if fields are asked, into a frame (EPSG:4490).

    Parameters
    ----------
    rows
        In the order wanted.
    fields
        Fields to unpack from ``attrs``; numbers become float64 with NaN, dates ISO text.
    plain
        Columns of the row that are columns of the frame, under their own names.
    codes
        Adds a column ``<field>_<number>`` for every number of the field's code table.
    """
    data: dict[str, Any] = {
        column.name: _plain([row[column.name] for row in rows], column.type) for column in plain
    }
    attrs = [row["attrs"] for row in rows] if fields else []
    for field in fields:
        data[field.name] = typed([a.get(field.name) for a in attrs], field)
        if field.codes and codes is not None:
            data.update(_code_numbers(data[field.name], field, codes.get(field.codes, {})))
    wkb = np.array([row["geom"] for row in rows], dtype=object)
    return gpd.GeoDataFrame(data, geometry=shapely.from_wkb(wkb), crs=STORED)


def missing_to_none(values: Any) -> list[Any]:
    """Return the values as plain Python ones, None where missing: what a row can hold."""
    return [None if _is_missing(v) else getattr(v, "item", lambda v=v: v)() for v in values]


def typed(values: list[Any], field: Field) -> Any:
    """Return a column of a field's values: floats with NaN for numbers, objects for all else."""
    if field.type in ("integer", "number"):
        return np.array([np.nan if v is None else float(v) for v in values], dtype=float)
    return np.array(values, dtype=object)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and value != value)


def _plain(values: list[Any], type_: sa.types.TypeEngine[Any]) -> Any:
    """Dates become ISO text, numbers with gaps floats; everything else stays."""
    if isinstance(type_, sa.Double):
        return np.array([np.nan if v is None else v for v in values], dtype=float)
    if isinstance(type_, sa.BigInteger) and None not in values:
        return np.array(values, dtype="int64")
    if isinstance(type_, sa.Date):
        values = [None if v is None else v.isoformat() for v in values]
    return np.array(values, dtype=object)


def _code_numbers(
    values: np.ndarray, field: Field, table: Mapping[str, Mapping[str, float]]
) -> dict[str, np.ndarray]:
    names = sorted({name for numbers in table.values() for name in numbers})
    return {
        f"{field.name}_{name}": np.array(
            [table.get(v, {}).get(name, np.nan) for v in values], dtype=float
        )
        for name in names
    }
