"""Compute the risk of every village from what the register holds now, and keep the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gis.domain.rights import Actor
from gis.domain.risk import registry
from gis.domain.risk.assess import Assessment, assess
from gis.domain.risk.index import CLASS_NAMES_ZH
from gis.domain.risk.rollup import EDGE_ZH
from gis.domain.risk.uncertainty import draw
from gis.files.packed import pack
from gis.services import access, clock, detail, other_ground, run_layers
from gis.services.edit_parameters import in_force
from gis.services.take_snapshot import load_ground, take_snapshot
from gis.storage import dialect, register, runs
from gis.storage.frames import missing_to_none
from gis.version import METHOD_VERSION, VERSION
from gis.workspace import Workspace

SEED = 20240601
"""Kept with every run; what draws at random is keyed by it."""


def compute_risk(ws: Workspace, actor: Actor) -> dict[str, Any]:
    """Compute and store a run.

    What the register holds is read in one snapshot, and the run names its revision: the same
    revision, date and constants give the same scores.

    Returns
    -------
    ``run`` (id), ``sources``, ``receptors``, ``pairs`` (numbers), ``classes`` (Chinese class
    name, or 无数据, to number of areas), ``raised`` (areas whose class a flag raised),
    ``hexagon_m`` (width of the hexagons, metres).

    Raises
    ------
    ForbiddenError
        If the actor may not compute for the town.
    InvalidDataError
        If there are no areas yet.
    """
    access.require_governor(actor, "重新计算")
    level = ws.home_level
    with dialect.reading(ws.engine) as conn:
        known = register.load(conn)
        as_of = clock.today(known)
        ground = load_ground(conn, ws)
        set_here = in_force(conn)
        snapshot = take_snapshot(conn, ws, ground, as_of)
        wholes = other_ground.load_wholes(conn, ws)
    assessment = assess(snapshot, set_here.values)
    draws = draw(assessment.result, set_here.values, seed=SEED, indicators=assessment.indicators)
    elsewhere = other_ground.put(assessment, snapshot, wholes, set_here.values, level=level.slug)
    found = detail.of(assessment, snapshot, draws, set_here.values, elsewhere.edge)
    doubts = detail.doubts(assessment, snapshot, draws, set_here.values, SEED)
    summary = _summary(assessment) | {"hexagon_m": elsewhere.width_m}
    drops = detail.drops(assessment, set_here.values)
    with access.writing(ws) as conn:
        run_id = runs.save(
            conn,
            verb=runs.RISK,
            level=level.slug,
            at=clock.now(),
            actor=actor.name,
            as_of=as_of,
            revision=known.revision,
            seed=SEED,
            method_version=METHOD_VERSION,
            code_version=VERSION,
            parameters={name: method.as_json() for name, method in set_here.methods.items()},
            parameter_set=set_here.version,
            doubts=doubts,
            summary={**summary, "drops": drops},
        )
        runs.save_results(
            conn,
            run_id,
            scores=_scores(assessment, found),
            contributions=_contributions(assessment),
            flags=_flags(assessment),
        )
        runs.save_input(conn, run_id, pack(_input(assessment)))
        runs.save_rolled(
            conn,
            run_id,
            totals=other_ground.totals(elsewhere),
            loads=other_ground.loads(elsewhere),
        )
        said = {"run": run_id, "as_of": as_of.isoformat()}
        for layer in run_layers.of(assessment, found, elsewhere, ground, set_here.values, said):
            runs.save_shown(conn, run_id, layer.slug, layer.texts, layer.shapes)
        access.log(
            conn,
            actor,
            "compute",
            runs.RISK,
            run=run_id,
            revision=known.revision,
            method=METHOD_VERSION,
            code=VERSION,
        )
    return {"run": run_id, **summary}


def _input(found: Assessment) -> dict[str, pd.DataFrame]:
    """Return what the scores were made of, for later comparisons."""
    return {
        "sources": found.result.sources,
        "receptors": found.result.receptors,
        "scores": found.result.scores,
        "sectors": found.result.sectors[["area", "sector", "known"]],
        "shares": found.result.loads[["area", "site", "share"]],
        "indicators": found.indicators,
    }


def _summary(found: Assessment) -> dict[str, Any]:
    shown = found.classes["shown"]
    counts = {name: int((shown == i).sum()) for i, name in enumerate(CLASS_NAMES_ZH, start=1)}
    raised = found.classes["floor"] > found.classes["index_class"].fillna(9)
    return {
        "sources": len(found.result.sources),
        "receptors": len(found.result.receptors),
        "pairs": len(found.result.pairs),
        "classes": {**counts, "无数据": int(shown.isna().sum())},
        "raised": int(raised.sum()),
    }


def _scores(found: Assessment, details: Mapping[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of the table ``score``: one for the whole of an area, one per sector.

    ``details`` is what the whole keeps besides, by area.
    """
    whole = found.result.scores.merge(found.classes.drop(columns="index_class"), on="area").merge(
        found.quality, on="area"
    )
    rows = [
        {
            "area": row["area"],
            "sector": runs.ALL,
            "model": None,
            "load": None,
            "equivalent": row["E"],
            "he": row["HE"],
            "score": row["R"],
            "index_class": row["index_class"],
            "floor": row["floor"],
            "shown_class": row["shown"],
            "reason": row["reason_zh"],
            "quality": _quality(row, details[row["area"]]["edge"]),
            "low": _interval(details[row["area"]], "low"),
            "high": _interval(details[row["area"]], "high"),
            "detail": details[row["area"]],
        }
        for row in _plain(whole)
    ]
    slugs = {model.sector: model.slug for model in registry.models()}
    rows += [
        {
            "area": row["area"],
            "sector": row["sector"],
            "model": slugs.get(row["sector"]),
            "load": row["L"],
            "equivalent": row["E"],
            "he": row["HE"],
            "score": None if row["HE"] is None else 10.0 * row["HE"],
            "index_class": row["index_class"],
            "floor": row["floor"],
            "shown_class": row["shown"],
            "reason": row["reason_zh"],
            "quality": {},
            "low": None,
            "high": None,
            "detail": {},
        }
        for row in _plain(found.result.sectors.merge(found.sector_classes, on=["area", "sector"]))
    ]
    return rows


def _interval(found: Mapping[str, Any], end: str) -> float | None:
    """Return an end of the interval of a score; None where there is no score."""
    doubt = found["uncertainty"]
    return None if doubt is None else doubt[end]


def _contributions(found: Assessment) -> list[dict[str, Any]]:
    """Return rows of the table ``contribution``: every source with a load in an area."""
    detail = found.result.sources.set_index("uid")
    loads = found.result.loads
    behind = detail.loc[loads["source"]]
    columns = ["part", "intensity", "uplift", "r1_m", "r2_m", "evidence"]
    joined = loads.assign(**{name: behind[name].to_numpy() for name in columns})
    return [
        {
            **{name: row[name] for name in ("area", "sector", "model", "site", "load", *columns)},
            "distance_m": row["d_m"],
            "without": row["without"],
            "closing": row["closing"],
            "receptor": row["receptor_site"],
            "receptor_m": row["receptor_d_m"],
        }
        for row in _plain(joined)
    ]


def _flags(found: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "area": row["area"],
            "site": None if row["site"] is None else int(row["site"]),
            "rule": row["rule"],
            "floor": row["floor"],
            "text": row["text_zh"],
            "evidence": row["evidence"],
        }
        for row in _plain(found.flags)
    ]


def _quality(row: Mapping[str, Any], edge: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a score keeps of a row of a quality frame, and of what lies beyond."""
    return {
        "grade": row["grade"],
        "notes": [*row["notes_zh"], *([EDGE_ZH] if edge["edge_incomplete"] else [])],
        "edge_incomplete": edge["edge_incomplete"],
        "unknown_share": row["unknown_share"],
    }


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as plain values, None where missing."""
    columns = {
        str(name): missing_to_none(frame[name]) for name in frame.columns if name != "geometry"
    }
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
