"""The relief of the land: every one that was imported, the newest in force."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from threading import Lock

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.arrays import Floats
from gis.domain.relief import Relief
from gis.storage.register import Stamp
from gis.storage.tables import relief

ABOUT = [column for column in relief.c if column.name != "content"]


def save(
    conn: Connection,
    found: Relief,
    stamp: Stamp,
    *,
    crs: str,
    surveyed_on: dt.date | None,
) -> int:
    """Add a relief, which is in force from now on; return its id. Heights are kept to 0.1 m.

    Parameters
    ----------
    crs
        Metric CRS of its grid.
    surveyed_on
        When the land was measured; None: nobody said.
    """
    content = pack(found.height_m)
    row = sa.insert(relief).values(
        crs=crs,
        west_m=found.west_m,
        north_m=found.north_m,
        cell_m=found.cell_m,
        rows=found.height_m.shape[0],
        columns=found.height_m.shape[1],
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        source=found.source,
        surveyed_on=surveyed_on,
        synthetic=found.synthetic,
        revision=stamp.revision,
        import_batch=stamp.batch,
    )
    return int(conn.execute(row.returning(relief.c.id)).scalar_one())


def latest(conn: Connection, crs: str) -> RowMapping | None:
    """Return all but the heights of the relief in force; None where there is none in that CRS."""
    query = sa.select(*ABOUT).where(relief.c.crs == crs).order_by(relief.c.id.desc()).limit(1)
    return conn.execute(query).mappings().first()


def load(conn: Connection, crs: str) -> Relief | None:
    """Return the relief in force, its heights read-only; None where there is none in that CRS."""
    row = latest(conn, crs)
    if row is None:
        return None
    return Relief(
        west_m=row["west_m"],
        north_m=row["north_m"],
        cell_m=row["cell_m"],
        height_m=_heights(conn, row),
        source=row["source"],
        synthetic=row["synthetic"],
    )


def pack(height_m: Floats) -> bytes:
    """Return heights as compressed decimetres: differences along the rows, byte by byte."""
    known = np.where(np.isnan(height_m), 0.0, height_m)
    decimetres = np.where(np.isnan(height_m), UNKNOWN, np.rint(known * 10)).astype("<i4")
    steps = np.diff(decimetres, axis=1, prepend=np.int32(0))
    planes = steps.reshape(-1, 1).view(np.uint8).T
    return zlib.compress(planes.tobytes(), LEVEL)


def unpack(content: bytes, rows: int, columns: int) -> Floats:
    """Return what ``pack`` packed, metres, NaN where unknown, shape (rows, columns)."""
    planes = np.frombuffer(zlib.decompress(content), dtype=np.uint8).reshape(4, -1)
    steps = np.ascontiguousarray(planes.T).view("<i4").reshape(rows, columns)
    decimetres = np.cumsum(steps, axis=1, dtype=np.int32)
    height_m: Floats = np.where(decimetres == UNKNOWN, np.nan, decimetres / 10.0)
    return height_m


UNKNOWN = -(1 << 31)
"""In decimetres: deeper than any land."""

LEVEL = 6


def _heights(conn: Connection, row: RowMapping) -> Floats:
    """Return the heights of a relief; they are unpacked once a process, not at every reading.

    They are known by what they are, not by their number, which every database counts anew.
    """
    key = (row["digest"], row["rows"], row["columns"])
    with _LOCK:
        if key not in _UNPACKED:
            query = sa.select(relief.c.content).where(relief.c.id == row["id"])
            content = conn.execute(query).scalar_one()
            height_m = unpack(content, row["rows"], row["columns"])
            height_m.setflags(write=False)
            _UNPACKED.clear()
            _UNPACKED[key] = height_m
        return _UNPACKED[key]


_UNPACKED: dict[tuple[str, int, int], Floats] = {}
_LOCK = Lock()
