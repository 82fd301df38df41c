"""A score taken apart: class and why, quality, sectors, and the shares that add up to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import Title
from gis.domain.rights import Actor
from gis.domain.risk import register, registry
from gis.domain.risk.constants import INDEX, SPREAD
from gis.domain.risk.explain import HAZARDS, by_step, shares
from gis.domain.risk.model import Model, Step
from gis.domain.risk.sources import LIMIT
from gis.errors import NotFoundError
from gis.services import coarse
from gis.services import whole as whole_of
from gis.services.access import reading
from gis.services.describe import describe_open
from gis.services.edit_parameters import Standing, of_version
from gis.services.say_area import say_area
from gis.services.sight import Sight, look
from gis.storage import areas, codes, runs
from gis.workspace import Workspace

OTHER = "其他来源"
"""In place of the sources that the reader may not see."""


def explain_area(
    ws: Workspace, actor: Actor, level: str, code: str, *, run: int | None = None
) -> dict[str, Any]:
    """Take a score of an area apart.

    Parameters
    ----------
    run
        Number of the computation; None: the newest.

    Returns
    -------
    ``score`` (0..100, null where unknown), ``class`` (1..5 or null), ``index_class``, ``floor``,
    ``flags``, ``data_quality``, ``sectors`` and ``contributions``, whose ``share``s add up to
    the score, each with its ``factors``, whose ``points`` add up to the share, and ``without``,
    the points that go if it alone goes, and ``closing``, if its open hazards do. ``models`` has
    what the factors are: formula, fields, constants with their sources. What the reader may not
    see folds into one share without site or distance; all numbers are then in whole points
    (``coarse``), and ``exact`` is false. ``improvements`` are the three places whose open cases,
    closed, would lower the class, or else the score, most (``improve.improvements``): what the
    floors would be then tells of rules at other places, so only who sees every row is told.
    ``sentence`` says it in one (``say_area``), in Chinese and English; None where there are no
    scores. A contribution names the ``receptor`` that bears most of it, ``receptor_m`` away.
    ``data_quality`` says in ``edge_incomplete`` whether sources beyond the boundary, of which
    nothing is known, could reach the area. An area of a level without scores has none, but
    ``rolled`` (``whole.told``): what adds up, and how many areas show each class.
    Before the first run, or for an area that it did not know, the score is null. ``run`` says
    whether the register changed since (``stale``).

    Raises
    ------
    NotFoundError
        If there is no such level, area or run.
    """
    with reading(ws, actor) as conn:
        passport = ws.level(level)
        about = describe_open(conn, ws)
        area = areas.load_one(conn, level, code)
        if area is None:
            raise NotFoundError(f"没有代码为 {code} 的{passport.title.zh}")
        ran = _find_run(conn, level if passport.scored else ws.home_level.slug, run)
        scores = runs.scores(conn, ran["id"], code) if ran else []
        scored = scores[0]["area"] if scores else None
        loads = runs.contributions(conn, ran["id"], scored) if ran and scored else []
        raised = runs.flags(conn, ran["id"], scored) if ran and scored else []
        set_here = of_version(conn, ran["parameter_set"] if ran else None)
        coverage = codes.load_coverage(conn)
        sight = look(conn, ws, actor, loads, raised)
        rolled = None if passport.scored else whole_of.told(conn, ws, ran, level, code)
    whole = next((row for row in scores if row["sector"] == runs.ALL), None)
    parts = [row for row in scores if row["sector"] != runs.ALL]
    points = _points(ran, whole, parts, loads)
    detail = whole["detail"] if whole else {}
    contributions = _contributions(loads, points, sight)
    answer = {
        "level": level,
        "code": code,
        "name": area["name"],
        **_answer(whole, "尚未计算" if rolled is None else whole_of.NO_SCORE_ZH),
        "rolled": rolled,
        "flags": _flags(raised, sight, whole["index_class"] if whole else None),
        "data_quality": NO_QUALITY if rolled else _quality(whole, _coverage(ws, coverage, code)),
        "sectors": [_sector(row, loads, points) for row in parts],
        **{name: detail.get(name, UNKNOWN_DIMENSION) for name in ("vulnerability", "coping")},
        "uncertainty": _uncertainty(detail.get("uncertainty"), ran),
        **{name: detail.get(name) for name in ("views", "occasions")},
        "population": {
            "equivalent": whole["equivalent"] if whole else None,
            "residents": area["attrs"].get("residents"),
        },
        "contributions": contributions,
        "improvements": _improvements(detail.get("improvements", ()), whole, sight),
        "models": _models(ran, set_here, {entry["model"] for entry in contributions} - {None}),
        "run": _run(ran, about.last_run),
        "parameters": set_here.as_json(),
        "notice": "；".join(notice.zh for notice in about.notices),
        "as_of": about.as_of.isoformat(),
        "exact": True,
    }
    told = answer if sight.everything else coarse.explanation(answer, ws.kinds)
    said = None if rolled else say_area(told, ws.kinds)
    return {**told, "sentence": said and {"zh": said.zh, "en": said.en}}


NOT_COMPUTED = {
    "grade": "D",
    "notes": ["尚未计算"],
    "unknown_share": 1.0,
    "edge_incomplete": None,
}
"""Quality before anything was computed; whether the edge lacks data is not known either."""
NO_QUALITY: dict[str, Any] = {**dict.fromkeys(NOT_COMPUTED), "notes": [], "coverage": []}
"""Of what has no score."""

UNKNOWN_DIMENSION = {"score": 5.0, "known": False, "indicators": []}
"""V and C before anything was computed (METHOD 6.3: missing is 5.0, flagged)."""


def _find_run(conn: Connection, level: str, number: int | None) -> RowMapping | None:
    """Return the computation asked for, the newest unless one is named."""
    if number is None:
        return runs.latest(conn, runs.RISK, level)
    found = runs.load_one(conn, number)
    if found is None or found["level"] != level:
        raise NotFoundError(f"没有第 {number} 次风险计算")
    return found


def _models(
    run: RowMapping | None, set_here: Standing, slugs: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Say what the factors of these models are, with the constants that the run had."""
    if run is None:
        return {}
    return {
        slug: _model(registry.model(slug), run["parameters"], set_here) for slug in sorted(slugs)
    }


def _model(model: Model, values: Mapping[str, Any], set_here: Standing) -> dict[str, Any]:
    known = set_here.methods[model.constants].constants
    used = {name for step in model.steps.values() for name in step.constants if name in known}
    return {
        "title": model.title.zh,
        "title_en": model.title.en,
        "steps": {
            name: {
                "title": step.title.zh,
                "title_en": step.title.en,
                "formula": step.formula,
                "fields": list(step.fields),
                "constants": list(step.constants),
            }
            for name, step in {**model.steps, **EVERYWHERE}.items()
        },
        "constants": {
            name: {
                "value": values.get(model.constants, {}).get(name),
                **{part: getattr(known[name], part) for part in SOURCE},
            }
            for name in sorted(used)
        },
    }


SOURCE = ("unit", "tag", "standard", "clause", "note")
"""What a constant says of itself beside its value."""

EVERYWHERE = {
    LIMIT: Step(Title("限在0至100", "Kept within 0 and 100"), "min(100, max(0, I))"),
    HAZARDS: Step(Title("未销号隐患的抬升", "Lift by open hazards"), "I' = 100(1-(1-I/100)^u)"),
}
"""Steps that every model's sources may have."""


def _quality(whole: RowMapping | None, coverage: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {**NOT_COMPUTED, **(whole["quality"] if whole else {}), "coverage": coverage}


def _answer(whole: RowMapping | None, otherwise: str) -> dict[str, Any]:
    return {
        "score": whole["score"] if whole else None,
        "class": whole["shown_class"] if whole else None,
        "index_class": whole["index_class"] if whole else None,
        "floor": whole["floor"] if whole else 0,
        "class_reason_zh": whole["reason"] if whole else otherwise,
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
    loads: Sequence[RowMapping], points: Sequence[float | None], sight: Sight
) -> list[dict[str, Any]]:
    """List the sources the reader may see, the largest share first, and fold the others."""
    listed, hidden = [], 0.0
    for row, share in zip(loads, points, strict=True):
        if row["site"] in sight.places:
            listed.append(_contribution(row, share, sight))
        else:
            hidden += share or 0.0
    listed.sort(key=lambda entry: -(entry["share"] or 0.0))
    return [*listed, _other(hidden)] if hidden else listed


def _contribution(row: RowMapping, share: float | None, sight: Sight) -> dict[str, Any]:
    model = registry.model(row["model"])
    counted = row["site"] in sight.case_places
    evidence = row["evidence"].items()
    # The nearest may be one that the reader may not see: of who bears most it is known who it is.
    nearest_m = row["distance_m"] if sight.everything else row["receptor_m"]
    return {
        "share": share,
        "without": row["without"],
        "closing": row["closing"] if counted else None,
        "factors": _factors(row, share, counted),
        "load": row["load"],
        "model": model.slug,
        "title": model.title.zh,
        "title_en": model.title.en,
        "sector": row["sector"],
        "site": _site(row["site"], sight),
        "distance_m": nearest_m if sight.of(row["receptor"]) else None,
        "receptor": _site(row["receptor"], sight),
        "receptor_m": row["receptor_m"] if sight.of(row["receptor"]) else None,
        "intensity": row["intensity"],
        "uplift": row["uplift"] if counted else None,
        "r1_m": row["r1_m"],
        "r2_m": row["r2_m"],
        "evidence": {
            name: v for name, v in evidence if name != STEPS and (counted or name != OF_CASES)
        },
    }


STEPS = "steps"
"""What a source's evidence says of the steps of its score."""


def _factors(row: RowMapping, share: float | None, counted: bool) -> list[dict[str, Any]]:
    """Split a share over the steps of the source's score; its cases' part only to who sees them."""
    steps = row["evidence"].get(STEPS, {})
    if share is None or not counted:
        return []
    parts = by_step(share, steps, row["intensity"], row["uplift"])
    return [
        {"step": name, "points": points, "raw": steps.get(name)} for name, points in parts.items()
    ]


def _uncertainty(found: Mapping[str, Any] | None, run: RowMapping | None) -> dict[str, Any] | None:
    """Return what is uncertain, with the number of ``top_ranks`` that ``p_top`` speaks of."""
    if found is None or run is None:
        return None
    return {**found, "top_ranks": int(run["parameters"][SPREAD]["top_ranks"])}


def _improvements(
    rows: Sequence[Mapping[str, Any]], whole: RowMapping | None, sight: Sight
) -> list[dict[str, Any]]:
    """List the largest falls, the class first; what would hardly move anything is left out."""
    if whole is None or not sight.everything:
        return []
    felt = [
        row
        for row in rows
        if row["points"] >= coarse.LEAST_POINTS or row["class_then"] < whole["shown_class"]
    ]
    return [{**row, "site": _site(row["site"], sight)} for row in felt[:BEST]]


BEST = 3
"""Improvements that are told (METHOD 7.12 b)."""

OF_CASES = register.OPEN
"""What a source's evidence says of the cases at its place."""


def _other(share: float) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            *("load", "without", "closing", "model", "sector", "site", "receptor", "receptor_m"),
            *("distance_m", "intensity", "uplift", "r1_m", "r2_m"),
        )
    )
    said = {"title": OTHER, "title_en": "Other sources", "evidence": {}, "factors": []}
    return {**nothing, "share": share, **said}


def _site(site_id: int | None, sight: Sight) -> dict[str, Any] | None:
    if site_id is None or site_id not in sight.places:
        return None
    row, kind = sight.places[site_id]
    return {
        "id": site_id,
        "name": row["name"],
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
    }


def _flags(
    rows: Sequence[RowMapping], sight: Sight, index_class: int | None
) -> list[dict[str, Any]]:
    """List the flags with their places; of others only that a rule raised the class, once a rule.

    Of a restricted place not even the rule is told: "a house within 5 m" would tell where it is.

    How many facts there are and how near the nearest is stands in the evidence for those who see
    every row; others would learn from it about places that they may not see.
    """
    listed: dict[Any, dict[str, Any]] = {}
    for row in rows:
        seen = sight.of_flag(row)
        if not seen and row["floor"] <= (index_class or 0):
            continue  # it changes nothing that the reader sees
        text = row["text"] if seen else sight.told_as.get(row["site"], row["text"])
        key = row["id"] if seen else (text, row["floor"])
        listed.setdefault(
            key,
            {
                "rule": row["rule"] if text == row["text"] else None,
                "floor": row["floor"],
                "text": text + (_amount(row["evidence"]) if sight.everything else ""),
                "site": _site(row["site"], sight) if seen else None,
                "evidence": _evidence(row["evidence"], sight) if seen else {},
            },
        )
    return list(listed.values())


def _amount(evidence: Mapping[str, Any]) -> str:
    """Say how many facts a flag stands for, and how near the nearest is."""
    if "nearest_m" in evidence:
        return f"（{evidence['count']}处，最近{evidence['nearest_m']:.0f}米）"
    return f"（{evidence['count']}项）" if "count" in evidence else ""


def _evidence(evidence: Mapping[str, Any], sight: Sight) -> dict[str, Any]:
    """Return what a flag stands on, as far as the reader may see the places it names."""
    if sight.everything:
        return dict(evidence)
    kept = {name: value for name, value in evidence.items() if name not in COUNTED}
    if "places" in evidence:
        kept["places"] = [place for place in evidence["places"] if sight.of(place["site"])]
    return kept


COUNTED = ("count", "nearest_m", "places")
"""What a flag's evidence says of second places."""


def _coverage(ws: Workspace, coverage: pd.DataFrame, code: str) -> list[dict[str, str]]:
    """Say for every kind how far the area was looked at; what nobody reported is ``none``."""
    status = coverage[coverage["village"] == code].set_index("kind")["status"]
    return [
        {"kind": kind.slug, "title": kind.title.zh, "status": status.get(kind.slug, "none")}
        for kind in ws.kinds.values()
        if kind.registered
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
