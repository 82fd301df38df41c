"""The relief in the database: kept to the decimetre, the newest in force, unpacked once."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.arrays import Floats
from gis.domain.crs import METRIC
from gis.domain.relief import Relief
from gis.storage import dialect, relief, tables
from gis.storage.register import Stamp
from gis.workspace import Workspace

STAMP = Stamp(1, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.date(2026, 1, 1), "somebody")


def _relief(height_m: Floats, source: str = "测图") -> Relief:
    return Relief(500_000.0, 3_510_000.0, 30.0, height_m, source, synthetic=False)


def _save(ws: Workspace, found: Relief) -> None:
    with dialect.writing(ws.engine) as conn:
        relief.save(conn, found, STAMP, crs=METRIC, surveyed_on=dt.date(2020, 5, 1))


def test_a_relief_comes_back_to_the_decimetre(workspace: Workspace) -> None:
    height_m = np.array([[-99.94, 12.34, np.nan], [8848.86, 0.0, -0.04]])
    _save(workspace, _relief(height_m))
    with dialect.reading(workspace.engine) as conn:
        found = relief.load(conn, METRIC)
        row = relief.latest(conn, METRIC)
    assert found is not None
    assert row is not None
    expected = [[-99.9, 12.3, np.nan], [8848.9, 0.0, 0.0]]
    assert found.height_m == pytest.approx(np.array(expected), nan_ok=True)
    assert (found.west_m, found.north_m, found.cell_m) == (500_000.0, 3_510_000.0, 30.0)
    assert (found.source, found.synthetic) == ("测图", False)
    assert row["surveyed_on"] == dt.date(2020, 5, 1)


def test_the_newest_relief_is_in_force_and_one_of_another_system_is_not(
    workspace: Workspace,
) -> None:
    with dialect.reading(workspace.engine) as conn:
        assert relief.load(conn, METRIC) is None
    for height, source in ((10.0, "旧"), (20.0, "新")):
        _save(workspace, _relief(np.full((3, 4), height), source))
    with dialect.reading(workspace.engine) as conn:
        found = relief.load(conn, METRIC)
        assert relief.load(conn, "EPSG:4547") is None
        assert conn.scalar(sa.select(sa.func.count()).select_from(tables.relief)) == 2
    assert found is not None
    assert found.source == "新"
    assert (found.height_m == 20.0).all()


def test_heights_are_unpacked_once_and_nobody_can_change_them(workspace: Workspace) -> None:
    _save(workspace, _relief(np.arange(12.0).reshape(3, 4)))
    with dialect.reading(workspace.engine) as conn:
        first, second = relief.load(conn, METRIC), relief.load(conn, METRIC)
    assert first is not None
    assert second is not None
    assert first.height_m is second.height_m
    with pytest.raises(ValueError, match="read-only"):
        first.height_m[0, 0] = 1.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
def test_what_is_packed_is_unpacked(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    height_m = np.round(rng.uniform(-100, 9000, (rows, columns)), 1)
    height_m[rng.random((rows, columns)) < 0.2] = np.nan
    back = relief.unpack(relief.pack(height_m), rows, columns)
    assert back == pytest.approx(height_m, abs=1e-9, nan_ok=True)
