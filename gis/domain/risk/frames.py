"""Frames with fixed columns: made from arrays, and put together, also where there are no rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.crs import METRIC


def frame(columns: Mapping[str, Any], dtypes: Mapping[str, Any], crs: Any) -> gpd.GeoDataFrame:
    """Make a frame with exactly the columns and dtypes given; texts stay objects.

    A single value fills its column if another column gives the length.
    """
    n = max((len(column) for column in columns.values() if _is_column(column)), default=0)
    rows = pd.RangeIndex(n)
    data = {name: _column(columns[name], dtype, rows) for name, dtype in dtypes.items()}
    return gpd.GeoDataFrame(data, index=rows, geometry="geometry", crs=crs)


def stack(frames: Sequence[gpd.GeoDataFrame], dtypes: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Put frames below each other, rows numbered anew; no frames give an empty one."""
    filled = [part for part in frames if len(part)]
    columns = {
        name: np.concatenate(
            [np.empty(0, dtype), *(part[name].to_numpy(dtype=dtype) for part in filled)]
        )
        for name, dtype in dtypes.items()
    }
    return frame(columns, dtypes, frames[0].crs if frames else METRIC)


def _is_column(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _column(value: Any, dtype: Any, rows: pd.RangeIndex) -> np.ndarray | pd.Series:
    """Fill a column; one of objects as a series, or pandas guesses what they are."""
    column: np.ndarray = np.empty(len(rows), dtype=dtype)
    column[:] = value
    is_object = column.dtype == object
    return pd.Series(column, index=rows, dtype=object, copy=False) if is_object else column
