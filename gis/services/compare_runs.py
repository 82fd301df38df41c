"""Two computations side by side: which villages moved, and because of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.domain.risk.compare import CAUSES, Ran, causes
from gis.domain.risk.parameters import frozen
from gis.errors import InvalidDataError
from gis.files.packed import unpack
from gis.services import coarse
from gis.services.access import reading
from gis.services.show_runs import about, classes_of, find_run
from gis.storage import runs, sites, versions
from gis.workspace import Workspace

MOST_PLACES = 5
"""Places named as what moved a village most."""


def compare_runs(ws: Workspace, actor: Actor, before: int, after: int) -> dict[str, Any]:
    """Compare two computations of the home level.

    Returns
    -------
    ``before`` and ``after`` (``show_runs.about``), ``causes`` (name to title), and ``areas``:
    code, name, classes, floors and reasons of both, scores of both, ``moved`` (points), ``by``
    (points by cause, which add up to ``moved``) and ``places``, those whose shares changed most,
    as far as the reader may see them. Who does not see every row gets whole points, and neither
    causes nor places.

    Raises
    ------
    NotFoundError
        If there is no such computation.
    InvalidDataError
        If it is the same one twice, or one of a version that did not keep what it was made of.
    """
    if before == after:
        raise InvalidDataError("请选两次不同的计算来比较")
    with reading(ws, actor) as conn:
        first, second = (find_run(conn, ws, number) for number in (before, after))
        kept = [_kept(conn, run) for run in (first, second)]
        touched = versions.touched(conn, first["revision"], second["revision"])
        found = causes(
            _ran(kept[0], first),
            _ran(kept[1], second),
            touched=touched,
            sensitive=[kind.slug for kind in ws.kinds.values() if _is_sensitive(kind)],
            same=all(first[name] == second[name] for name in ("revision", "as_of")),
        )
        scores = [classes_of(runs.scores(conn, run["id"])) for run in (first, second)]
        moves = _moves(*kept)
        seen = sites.names(conn, set(moves["site"]), actor)
    rows: list[dict[str, Any]] = [dict(row) for _, row in found.iterrows()]
    areas = [_area(row, scores[0], scores[1], moves, seen) for row in rows]
    if not actor.reads_everything:
        areas = [_coarsely(area) for area in areas]
    return {
        "before": about(first),
        "after": about(second),
        "causes": {name: {"zh": title.zh, "en": title.en} for name, title in CAUSES.items()},
        "areas": areas,
        "exact": actor.reads_everything,
    }


def _kept(conn: Connection, run: RowMapping) -> dict[str, pd.DataFrame]:
    content = runs.load_input(conn, run["id"])
    if content is None:
        raise InvalidDataError(f"第 {run['id']} 次计算由旧版本完成，没有保存输入，不能比较")
    return unpack(content)


def _ran(kept: Mapping[str, pd.DataFrame], run: RowMapping) -> Ran:
    constants = {
        method: {name: frozen(value) for name, value in values.items()}
        for method, values in run["parameters"].items()
    }
    return Ran(
        sources=kept["sources"],
        receptors=kept["receptors"],
        scores=kept["scores"],
        sectors=kept["sectors"],
        constants=constants,
        indicators=kept.get("indicators"),
    )


def _is_sensitive(kind: SiteKind) -> bool:
    return any(group.sensitive for group in kind.people)


Frames = Mapping[str, pd.DataFrame]


def _moves(old: Frames, new: Frames) -> pd.DataFrame:
    """Return by how many points each place's share of each area moved (code, site, points)."""
    parts = [_shares(old).assign(points=lambda f: -f["points"]), _shares(new)]
    moved = pd.concat(parts).groupby(["code", "site"], as_index=False)["points"].sum()
    kept: pd.DataFrame = moved[moved["points"].abs() >= coarse.LEAST_POINTS]
    return kept


def _shares(kept: Frames) -> pd.DataFrame:
    codes = kept["scores"].set_index("area")["code"]
    shares = kept["shares"].rename(columns={"share": "points"}).dropna()
    return shares.assign(code=shares["area"].map(codes))


def _area(
    row: Mapping[str, Any],
    before: Mapping[str, RowMapping],
    after: Mapping[str, RowMapping],
    moves: pd.DataFrame,
    seen: Mapping[int, RowMapping],
) -> dict[str, Any]:
    code = row["code"]
    own = moves[moves["code"] == code]
    own = own.iloc[own["points"].abs().argsort()[::-1]]
    both = {"before": before[code], "after": after[code]}
    return {
        "code": code,
        "name": row["name"],
        **{f"class_{when}": score["shown_class"] for when, score in both.items()},
        **{f"score_{when}": score["score"] for when, score in both.items()},
        **{f"reason_{when}": score["reason"] for when, score in both.items()},
        "moved": _known(row["after"] - row["before"]),
        "by": {cause: _known(row[cause]) for cause in CAUSES},
        "places": list(_places(own, seen)),
    }


def _places(own: pd.DataFrame, seen: Mapping[int, RowMapping]) -> Iterable[dict[str, Any]]:
    told = 0
    for site, points in zip(own["site"], own["points"], strict=True):
        if site in seen and told < MOST_PLACES:
            told += 1
            yield {"site": int(site), "name": seen[site]["name"], "points": float(points)}


def _known(value: float) -> float | None:
    return None if value != value else float(value)


def _coarsely(area: dict[str, Any]) -> dict[str, Any]:
    before, after = (coarse.whole(area[f"score_{when}"]) for when in ("before", "after"))
    moved = None if before is None or after is None else after - before
    nothing = dict.fromkeys(CAUSES)
    return {
        **area, "score_before": before, "score_after": after, "moved": moved,
        "by": nothing, "places": [],
    }  # fmt: skip
