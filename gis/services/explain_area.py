"""A score taken apart: class and why, quality, sectors, and the shares that add up to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import SiteKind
from gis.domain.rights import AUDIENCE_OF_SECRECY, Actor
from gis.domain.risk import registry
from gis.domain.risk.assess import INDEX
from gis.domain.risk.explain import shares
from gis.errors import NotFoundError
from gis.services.describe import describe_open
from gis.storage import areas, codes, dialect, runs, sites
from gis.workspace import Workspace

OTHER = "其他来源"
"""In place of the sources that the reader may not see."""


def explain_area(ws: Workspace, actor: Actor, level: str, code: str) -> dict[str, Any]:
    """Take the newest score of an area apart.

    Returns
    -------
    ``score`` (0..100, null where unknown), ``class`` (1..5 or null), ``index_class``, ``floor``,
    ``flags``, ``data_quality``, ``sectors`` and ``contributions``, whose ``share``s add up to
    the score. What the reader may not see folds into one share without site or distance.
    Before the first run, or for an area that it did not know, the score is null. ``run`` says
    whether the register changed since (``stale``).

    Raises
    ------
    NotFoundError
        If there is no such level or area.
    """
    passport = ws.level(level)
    with dialect.reading(ws.engine) as conn:
        about = describe_open(conn, ws)
        area = areas.load_one(conn, level, code)
        if area is None:
            raise NotFoundError(f"没有代码为 {code} 的{passport.title.zh}")
        run = runs.latest(conn, runs.RISK, level)
        scores = runs.scores(conn, run["id"], code) if run else []
        scored = scores[0]["area"] if scores else None
        loads = runs.contributions(conn, run["id"], scored) if run and scored else []
        raised = runs.flags(conn, run["id"], scored) if run and scored else []
        asked = {row["site"] for row in (*loads, *raised) if row["site"] is not None}
        coverage = codes.load_coverage(conn)
        called = _visible(conn, ws, actor, asked)
    whole = next((row for row in scores if row["sector"] == runs.ALL), None)
    parts = [row for row in scores if row["sector"] != runs.ALL]
    points = _points(run, whole, parts, loads)
    return {
        "level": level,
        "code": code,
        "name": area["name"],
        **_answer(whole),
        "flags": [_flag(row, called) for row in raised],
        "data_quality": {
            **(whole["quality"] if whole else NOT_COMPUTED),
            "coverage": _coverage(ws, coverage, code),
        },
        "sectors": [_sector(row, loads, points) for row in parts],
        "vulnerability": {"score": UNKNOWN_DIMENSION, "known": False},
        "coping": {"score": UNKNOWN_DIMENSION, "known": False},
        "population": {
            "equivalent": whole["equivalent"] if whole else None,
            "residents": area["attrs"].get("residents"),
        },
        "contributions": _contributions(loads, points, called),
        "run": _run(run, about.last_run),
        "notice": "；".join(notice.zh for notice in about.notices),
        "as_of": about.as_of.isoformat(),
    }


NOT_COMPUTED = {"grade": "D", "notes": ["尚未计算"], "unknown_share": 1.0}

UNKNOWN_DIMENSION = 5.0
"""V and C until their indicators are computed (METHOD 6.3: missing is 5.0, flagged)."""

Called = Mapping[int, tuple[RowMapping, SiteKind]]


def _visible(conn: Connection, ws: Workspace, actor: Actor, ids: set[int]) -> Called:
    """Return the places among the ids that the actor may see, with their kinds."""
    found = sites.names(conn, ids)
    return {
        id_: (row, ws.kinds[row["kind"]])
        for id_, row in found.items()
        if AUDIENCE_OF_SECRECY[ws.kinds[row["kind"]].secrecy] in actor.audiences
    }


def _answer(whole: RowMapping | None) -> dict[str, Any]:
    return {
        "score": whole["score"] if whole else None,
        "class": whole["shown_class"] if whole else None,
        "index_class": whole["index_class"] if whole else None,
        "floor": whole["floor"] if whole else 0,
        "class_reason_zh": whole["reason"] if whole else "尚未计算",
    }


def _points(
    run: RowMapping | None,
    whole: RowMapping | None,
    parts: Sequence[RowMapping],
    loads: Sequence[RowMapping],
) -> list[float | None]:
    """Return the points of the score that each load stands for; None without a score."""
    if run is None or whole is None or whole["score"] is None:
        return [None] * len(loads)
    weights = run["parameters"][INDEX]["sector_weights"]
    points = shares(
        pd.DataFrame([(r["area"], r["sector"], r["load"]) for r in loads], columns=LOAD),
        pd.DataFrame([(r["area"], r["sector"], r["load"], r["he"]) for r in parts], columns=SECTOR),
        pd.DataFrame({"area": [whole["area"]], "R": [whole["score"]]}),
        np.array(list(weights.values())),
        list(weights),
    )
    return [float(value) for value in points]


LOAD = ["area", "sector", "load"]
SECTOR = ["area", "sector", "L", "HE"]


def _sector(
    row: RowMapping, loads: Sequence[RowMapping], points: Sequence[float | None]
) -> dict[str, Any]:
    model = registry.model(row["model"]) if row["model"] else None
    own = [p for load, p in zip(loads, points, strict=True) if load["sector"] == row["sector"]]
    return {
        "sector": row["sector"],
        "model": row["model"],
        "title": model.title.zh if model else row["sector"],
        "title_en": model.title.en if model else row["sector"],
        "score": row["he"],
        "class": row["shown_class"],
        "load": row["load"],
        "equivalent": row["equivalent"],
        "share": None if row["he"] is None or None in own else sum(filter(None, own)),
    }


def _contributions(
    loads: Sequence[RowMapping], points: Sequence[float | None], called: Called
) -> list[dict[str, Any]]:
    """List the sources the reader may see, the largest share first, and fold the others."""
    listed, hidden = [], 0.0
    for row, share in zip(loads, points, strict=True):
        if row["site"] in called:
            listed.append(_contribution(row, share, called))
        else:
            hidden += share or 0.0
    listed.sort(key=lambda entry: -(entry["share"] or 0.0))
    return [*listed, _other(hidden)] if hidden else listed


def _contribution(row: RowMapping, share: float | None, called: Called) -> dict[str, Any]:
    model = registry.model(row["model"])
    return {
        "share": share,
        "load": row["load"],
        "model": model.slug,
        "title": model.title.zh,
        "title_en": model.title.en,
        "sector": row["sector"],
        "site": _site(row["site"], called),
        "distance_m": row["distance_m"],
        "intensity": row["intensity"],
        "uplift": row["uplift"],
        "r1_m": row["r1_m"],
        "r2_m": row["r2_m"],
        "evidence": row["evidence"],
    }


def _other(share: float) -> dict[str, Any]:
    nothing = dict.fromkeys(
        ("load", "model", "sector", "site", "distance_m", "intensity", "uplift", "r1_m", "r2_m")
    )
    return {**nothing, "share": share, "title": OTHER, "title_en": "Other sources", "evidence": {}}


def _site(site_id: int | None, called: Called) -> dict[str, Any] | None:
    if site_id is None or site_id not in called:
        return None
    row, kind = called[site_id]
    return {
        "id": site_id,
        "name": row["name"],
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
    }


def _flag(row: RowMapping, called: Called) -> dict[str, Any]:
    hidden = row["site"] is not None and row["site"] not in called
    return {
        "rule": row["rule"],
        "floor": row["floor"],
        "text": row["text"],
        "site": _site(row["site"], called),
        "evidence": {} if hidden else row["evidence"],
    }


def _coverage(ws: Workspace, coverage: pd.DataFrame, code: str) -> list[dict[str, str]]:
    """Say for every kind how far the area was looked at; what nobody reported is ``none``."""
    status = coverage[coverage["village"] == code].set_index("kind")["status"]
    return [
        {"kind": kind.slug, "title": kind.title.zh, "status": status.get(kind.slug, "none")}
        for kind in ws.kinds.values()
    ]


def _run(run: RowMapping | None, newest: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "id": run["id"],
        "at": run["at"].isoformat(),
        "as_of": run["as_of"].isoformat(),
        "method_version": run["method_version"],
        "code_version": run["code_version"],
        "stale": bool(newest and newest["stale"]),
    }
