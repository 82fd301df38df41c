"""Computations: what went in, the scores, the loads behind them, and the layers to show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from gis.storage.dialect import geometry_value
from gis.storage.tables import (
    area,
    contribution,
    flag,
    rolled,
    rolled_load,
    run,
    run_input,
    run_shown,
    score,
)

RISK, HOTSPOTS = "compute_risk", "find_hotspots"
"""The verbs whose runs are kept."""

ALL = "ALL"
"""In place of a sector: the whole score."""


def save(
    conn: Connection,
    *,
    verb: str,
    level: str,
    at: dt.datetime,
    actor: str,
    as_of: dt.date,
    revision: int,
    seed: int,
    method_version: str,
    code_version: str,
    parameters: Mapping[str, Any],
    summary: Mapping[str, Any],
    parameter_set: int | None = None,
    doubts: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Write down a run; return its id. All that makes it repeatable stands in its row."""
    row = sa.insert(run).values(
        verb=verb,
        level=level,
        at=at,
        actor=actor,
        as_of=as_of,
        revision=revision,
        seed=seed,
        method_version=method_version,
        code_version=code_version,
        parameters=dict(parameters),
        summary=dict(summary),
        parameter_set=parameter_set,
        doubts=list(doubts),
    )
    return int(conn.execute(row.returning(run.c.id)).scalar_one())


def save_results(
    conn: Connection,
    run_id: int,
    *,
    scores: Sequence[Mapping[str, Any]] = (),
    contributions: Sequence[Mapping[str, Any]] = (),
    flags: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write the scores, loads and flags of a run."""
    for table, rows in ((score, scores), (contribution, contributions), (flag, flags)):
        if rows:
            conn.execute(sa.insert(table).values(run=run_id), list(rows))


def save_rolled(
    conn: Connection,
    run_id: int,
    *,
    totals: Sequence[Mapping[str, Any]],
    loads: Sequence[Mapping[str, Any]],
) -> None:
    """Write what a run says of other ground (``rollup.Rolled``): a row per cell, and per sector."""
    for table, rows in ((rolled, totals), (rolled_load, loads)):
        if rows:
            conn.execute(sa.insert(table).values(run=run_id), list(rows))


def load_rolled(
    conn: Connection, run_id: int, level: str
) -> tuple[Sequence[RowMapping], Sequence[RowMapping]]:
    """Return what a run says of a level's ground: rows by code, and by code and sector."""
    totals, loads = (
        sa.select(table).where(table.c.run == run_id, table.c.level == level)
        for table in (rolled, rolled_load)
    )
    return (
        conn.execute(totals.order_by(rolled.c.code)).mappings().all(),
        conn.execute(loads.order_by(rolled_load.c.code, rolled_load.c.sector)).mappings().all(),
    )


def save_input(conn: Connection, run_id: int, content: bytes) -> None:
    """Keep what a run was made of."""
    conn.execute(sa.insert(run_input).values(run=run_id, content=content))


def load_input(conn: Connection, run_id: int) -> bytes | None:
    """Return what a run was made of; None for a run of a version that did not keep it."""
    query = sa.select(run_input.c.content).where(run_input.c.run == run_id)
    return conn.execute(query).scalar_one_or_none()


def load_one(conn: Connection, run_id: int, verb: str = RISK) -> RowMapping | None:
    """Return a run of a verb."""
    query = sa.select(run).where(run.c.id == run_id, run.c.verb == verb)
    return conn.execute(query).mappings().first()


def load_all(
    conn: Connection, verb: str, level: str, *, limit: int, before: int | None = None
) -> Sequence[RowMapping]:
    """Return the runs of a verb at a level, the newest first; ``before`` an id, for paging."""
    query = sa.select(run).where(run.c.verb == verb, run.c.level == level)
    if before is not None:
        query = query.where(run.c.id < before)
    return conn.execute(query.order_by(run.c.id.desc()).limit(limit)).mappings().all()


def save_shown(
    conn: Connection, run_id: int, layer: str, texts: Sequence[str], shapes: Sequence[bytes]
) -> None:
    """Write the features of one layer of a run, ready to send; shapes are WKB."""
    if texts:
        insert = sa.insert(run_shown).values(run=run_id, layer=layer, geom=geometry_value())
        rows = [{"feature": text, "geom": shape} for text, shape in zip(texts, shapes, strict=True)]
        conn.execute(insert, rows)


def latest(
    conn: Connection, verb: str, level: str | None = None, *, upto: dt.date | None = None
) -> RowMapping | None:
    """Return the newest run of a verb; None if there is none.

    At a level, if given; of data up to a day, if given.
    """
    query = sa.select(run).where(run.c.verb == verb)
    if level is not None:
        query = query.where(run.c.level == level)
    if upto is not None:
        query = query.where(run.c.as_of <= upto)
    return conn.execute(query.order_by(run.c.id.desc()).limit(1)).mappings().first()


def scores(conn: Connection, run_id: int, code: str | None = None) -> Sequence[RowMapping]:
    """Return the scores of a run (of the area with that code), by code and sector.

    Each row has the ``code`` and ``name`` of its area as they were: a boundary or a population
    that changed since has a row of its own, and the run keeps speaking of the earlier one.
    """
    query = sa.select(score, area.c.code, area.c.name).join(area, area.c.id == score.c.area)
    query = query.where(score.c.run == run_id).order_by(area.c.code, score.c.sector)
    if code is not None:
        query = query.where(area.c.code == code)
    return conn.execute(query).mappings().all()


def contributions(conn: Connection, run_id: int, area_id: int) -> Sequence[RowMapping]:
    """Return the loads behind an area's scores, the largest first."""
    order = (contribution.c.sector, contribution.c.load.desc(), contribution.c.id)
    return _of(conn, contribution, run_id, area_id, order)


def flags(conn: Connection, run_id: int, area_id: int) -> Sequence[RowMapping]:
    """Return the flags of an area, the highest floor first."""
    return _of(conn, flag, run_id, area_id, (flag.c.floor.desc(), flag.c.id))


def _of(
    conn: Connection,
    table: sa.Table,
    run_id: int,
    area_id: int,
    order: Sequence[sa.ColumnElement[Any]],
) -> Sequence[RowMapping]:
    query = sa.select(table).where(table.c.run == run_id, table.c.area == area_id)
    return conn.execute(query.order_by(*order)).mappings().all()
