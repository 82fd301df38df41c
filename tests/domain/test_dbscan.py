"""DBSCAN in space and time: an independent library, hand working, laws; the patches on the map."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.domain.arrays import Floats, Ints
from gis.domain.crs import METRIC
from gis.domain.dbscan import NOISE, SPACE, SPACE_TIME, dbscan, patches
from tests import toyland

CONSTANTS = toyland.VALUES["hotspots"]
GOLDEN = pd.read_csv(Path(__file__).parents[1] / "golden/dbscan.csv", comment="#")
EAST, NORTH = 440_000.0, 3_505_000.0


def together(labels: Any) -> set[frozenset[int]]:
    """Return who is with whom, whatever the clusters are numbered."""
    found = np.asarray(labels)
    return {frozenset(np.flatnonzero(found == n).tolist()) for n in set(found.tolist()) - {NOISE}}


def line(*x: float) -> Floats:
    """Return points on a line, metres."""
    return np.column_stack([x, np.zeros(len(x))])


@pytest.mark.parametrize(
    ("column", "reach_m", "least", "reach_days"),
    [("space", 400, 5, None), ("space_time", 500, 4, 30)],
)
def test_an_independent_library_agrees(
    column: str, reach_m: float, least: int, reach_days: float | None
) -> None:
    xy_m = GOLDEN[["x_m", "y_m"]].to_numpy(dtype=float)
    timed = {"days": GOLDEN["day"].to_numpy(dtype=float), "reach_days": reach_days}
    more: Any = timed if reach_days else {}
    found = dbscan(xy_m, reach_m=reach_m, least=least, **more)
    assert together(found) == together(GOLDEN[column])
    assert len(together(found)) > 2


def test_a_core_counts_itself_and_its_neighbours_at_the_very_edge() -> None:
    # 0 and 200 lie 100 from 100: only the middle has three in its reach; 301 is 101 from the last.
    found = dbscan(line(0, 100, 200, 301), reach_m=100, least=3)
    assert found.tolist() == [0, 0, 0, NOISE]
    assert dbscan(line(0, 100, 200, 301), reach_m=100, least=4).tolist() == [NOISE] * 4


@pytest.mark.parametrize(("x", "west"), [(91, True), (99, False), (95, True)])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_point_between_two_clusters_joins_the_nearer_core(
    x: float, west: bool, backwards: bool
) -> None:
    # With least 4 and reach 100: 0 reaches -60, -50, itself and x; 190 reaches x, itself, 240 and
    # 250; both are cores. x reaches 0, itself and 190, three: no core. At 95 it is as near to both.
    xs = [-60.0, -50.0, 0.0, x, 190.0, 240.0, 250.0]
    xs = xs[::-1] if backwards else xs
    found = dict(zip(xs, dbscan(line(*xs), reach_m=100, least=4).tolist(), strict=True))
    assert [found[at] for at in (-60, -50, 0)] == [0] * 3
    assert [found[at] for at in (190, 240, 250)] == [1] * 3
    assert found[x] == (0 if west else 1)


def test_days_part_what_lies_together_and_link_it_one_after_another() -> None:
    xy_m = np.zeros((7, 2))
    days = np.array([0, 30, 60, 200, 230, 500, np.nan])
    found = dbscan(xy_m, reach_m=1, least=2, days=days, reach_days=30)
    # 0 to 60 are one in steps of 30 days, 200 and 230 another; 500 and no day are in none.
    assert found.tolist() == [0, 0, 0, 1, 1, NOISE, NOISE]
    assert dbscan(xy_m, reach_m=1, least=2).tolist() == [0] * 7


SPOTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(0, 5)), max_size=40)
"""East, north and day on a coarse grid: ties of all sorts, many at one spot."""


@given(SPOTS, st.randoms(use_true_random=False), st.integers(1, 6))
def test_rows_in_any_order_give_the_same_clusters(
    spots: list[tuple[int, int, int]], rng: Any, least: int
) -> None:
    table = np.array(spots, dtype=float).reshape(-1, 3)
    rows = list(range(len(spots)))
    rng.shuffle(rows)
    found, again = (_timed(part, least) for part in (table, table[rows]))
    assert again.tolist() == found[rows].tolist()


@given(SPOTS, st.integers(1, 6))
def test_clusters_are_what_the_definition_says(
    spots: list[tuple[int, int, int]], least: int
) -> None:
    table = np.array(spots, dtype=float).reshape(-1, 3)
    found = _timed(table, least)
    apart = np.hypot(*(table[:, None, :2] - table[None, :, :2]).transpose(2, 0, 1))
    near = (apart <= 1.5) & (np.abs(table[:, None, 2] - table[None, :, 2]) <= 2)
    core = near.sum(axis=1) >= least
    beside = (near & core[None, :]).any(axis=1)
    assert ((found == NOISE) == ~beside).all()
    for i, j in np.argwhere(near & core[:, None] & core[None, :]):
        assert found[i] == found[j]
    for i in np.flatnonzero(beside & ~core):
        cores = np.flatnonzero(near[i] & core)
        closest = cores[apart[i, cores] == apart[i, cores].min()]
        assert found[i] in found[closest]


@given(SPOTS)
def test_one_more_event_parts_no_two_that_lay_together(
    spots: list[tuple[int, int, int]],
) -> None:
    table = np.array(spots, dtype=float).reshape(-1, 3)
    if len(table) < 2:
        return
    before, after = (
        dbscan(table[1:, :2], reach_m=1.5, least=1),
        dbscan(table[:, :2], reach_m=1.5, least=1),
    )
    for group in together(before):
        assert len({int(after[i + 1]) for i in group}) == 1


def _timed(table: Floats, least: int) -> Ints:
    return dbscan(table[:, :2], reach_m=1.5, least=least, days=table[:, 2], reach_days=2)


def events(rows: Sequence[tuple[float, float, float, int, int]]) -> pd.DataFrame:
    """Return events as of ``hotspots.events``: east, north, day, hazards and those overdue."""
    frame = pd.DataFrame(rows, columns=["x", "y", "day", "count", "overdue"])
    frame[["x", "y"]] += [EAST, NORTH]
    return frame.astype({"x": float, "y": float, "day": float}).assign(weight=1.0, site=np.nan)


def test_a_patch_tells_events_hazards_the_share_overdue_and_its_days() -> None:
    # Five within 400 m of one another, found over 100 days from 2026-01-01 (day 20454); the first
    # four within 30 days of their neighbours, so that they are one in time as well.
    rows = [
        (0, 0, 20454, 1, 0), (300, 0, 20474, 2, 1), (300, 300, 20494, 1, 1),
        (0, 300, 20504, 3, 3), (150, 150, 20554, 1, 0), (5000, 5000, 20454, 9, 9),
    ]  # fmt: skip
    found = patches(events(rows), CONSTANTS)
    assert found["how"].tolist() == [SPACE, SPACE_TIME]
    assert found["events"].tolist() == [5, 4]
    assert found["count"].tolist() == [8, 7]
    assert found["overdue"].tolist() == pytest.approx([5 / 8, 5 / 7])
    assert found["days"].tolist() == [100, 50]
    assert found["first_on"].tolist() == ["2026-01-01"] * 2
    assert found["last_on"].tolist() == ["2026-04-11", "2026-02-20"]
    assert found.crs == METRIC
    # A square of 300 m and 50 m around it: 300^2 + 4 x 300 x 50 and a circle of 50 m.
    assert found.area.tolist() == pytest.approx([150_000 + np.pi * 50**2] * 2, rel=1e-3)


def test_what_lies_at_one_spot_is_a_patch_that_can_be_drawn() -> None:
    found = patches(events([(0, 0, np.nan, 1, 0)] * 5), CONSTANTS)
    assert found["how"].tolist() == [SPACE]  # without a day there is no time
    assert found.area.item() == pytest.approx(np.pi * 50**2, rel=0.01)
    assert found["days"].isna().all()
    assert pd.isna(found["first_on"].item())


def test_a_patch_shows_no_event_where_it_is() -> None:
    rows = [
        (float(x), float(y), 1.0, 1, 0) for x, y in ((0, 0), (90, 10), (50, 80), (9, 70), (8, 9))
    ]
    (shape,) = patches(events(rows).assign(day=np.nan), CONSTANTS).geometry
    spots = shapely.points([(EAST + x, NORTH + y) for x, y, *_ in rows])
    assert shapely.distance(shape.exterior, spots).min() > 49.5  # a circle of 64 sides


@pytest.mark.parametrize("rows", [[], [(0, 0, 1, 1, 0)] * 3])
def test_too_few_make_no_patch(rows: list[tuple[float, float, float, int, int]]) -> None:
    found = patches(events(rows), CONSTANTS)
    assert found.empty
    assert found.crs == METRIC
    assert {"how", "events", "count", "overdue", "days", "geometry"} <= set(found)
