"""Frames packed into bytes and back: what a run was made of, kept beside it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

Frames = Mapping[str, pd.DataFrame]


def pack(frames: Frames) -> bytes:
    """Return frames as one compressed archive; the same frames give the same bytes.

    Numbers keep their bits, geometries are WKB, all other columns JSON. Nothing in it is code.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, frame in frames.items():
        columns = [str(column) for column in frame.columns]
        arrays[f"{name}/"] = _bytes(orjson.dumps({"columns": columns, "crs": _crs(frame)}))
        for column in columns:
            arrays[f"{name}/{column}"] = _packed(frame[column])
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # the stub takes one for allow_pickle
    return stream.getvalue()


def unpack(content: bytes) -> dict[str, pd.DataFrame]:
    """Return the frames that ``pack`` packed; those with geometries as GeoDataFrames."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        names = [name[:-1] for name in archive.files if name.endswith("/")]
        return {name: _frame(archive, name) for name in names}


def _crs(frame: pd.DataFrame) -> str | None:
    return str(frame.crs) if isinstance(frame, gpd.GeoDataFrame) else None


def _packed(column: pd.Series) -> np.ndarray:
    values = column.to_numpy()
    if column.name == "geometry":
        shapes = shapely.to_wkb(values, hex=True)
        return _bytes(orjson.dumps(shapes.tolist()))
    if values.dtype.kind in "fiub":
        return values
    return _bytes(orjson.dumps(list(values), option=orjson.OPT_SERIALIZE_NUMPY))


def _bytes(text: bytes) -> np.ndarray:
    return np.frombuffer(text, dtype=np.uint8)


def _frame(archive: Any, name: str) -> pd.DataFrame:
    about = orjson.loads(archive[f"{name}/"].tobytes())
    data: dict[str, Any] = {
        column: _unpacked(archive[f"{name}/{column}"]) for column in about["columns"]
    }
    if about["crs"] is None:
        return pd.DataFrame(data)
    data["geometry"] = shapely.from_wkb(data["geometry"])
    frame: pd.DataFrame = gpd.GeoDataFrame(data, geometry="geometry", crs=about["crs"])
    return frame


def _unpacked(values: np.ndarray) -> pd.Series:
    if values.dtype != np.uint8:
        return pd.Series(values)
    found = orjson.loads(values.tobytes())
    column = np.empty(len(found), dtype=object)
    column[:] = found
    return pd.Series(column, dtype=object)
