"""What we do not know, and which visits and figures would tell most of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gis.domain.arrays import Floats
from gis.domain.kinds import SiteKind
from gis.domain.risk import registry
from gis.domain.risk.constants import SPREAD, Constants, number, numbers
from gis.domain.risk.evaluate import Result
from gis.domain.risk.gains import PLACE, RESIDENTS, VILLAGE, gains
from gis.domain.risk.indicators import INDICATORS
from gis.domain.risk.model import Model
from gis.domain.risk.uncertainty import Draws

UNSCORED, UNSURVEYED = "unscored", "unsurveyed"
"""Sorts besides ``PLACE`` and ``VILLAGE``: a village without a score, and one that has a score
although nobody surveyed some kinds there."""

COLUMNS = (
    "sort", "site", "area", "fields", "points", "shown_points", "share", "where", "text_zh",
)  # fmt: skip
"""Columns of ``doubt``."""

NUMBERS = ("points", "shown_points", "share")

PARTIAL, NONE = "partial", "none"


def doubt(
    result: Result,
    draws: Draws,
    constants: Mapping[str, Constants],
    *,
    seed: int,
    kinds: Mapping[str, SiteKind],
    models: Sequence[Model],
    indicators: pd.DataFrame | None = None,
    coverage: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """List the visits and figures that would lessen doubt most.

    Parameters
    ----------
    result
        The evaluation.
    draws
        As ``uncertainty.draw`` gives them.
    constants
        Method name to its values: ``index``, ``uncertainty`` and those of the models.
    seed, indicators
        As ``uncertainty.draw`` was given them.
    kinds
        Passports: names of kinds and fields.
    models
        The models of the evaluation.
    coverage
        Rows (kind, village, status); None: everything is surveyed.

    Returns
    -------
    Frame of as many rows as the constant ``visits`` says, or fewer: the villages without a score
    (most people first), then those with kinds that nobody surveyed, then places and figures by
    ``points``. ``sort``; ``site``, the id of a place, else None; ``area``, the village, for a
    place the one where it tells most; ``fields``, names of fields, kinds or indicators;
    ``points``, by how many points the intervals that come of the data alone shrink, all areas
    together, and ``shown_points`` the intervals that are shown, in which the method's own doubt
    stays, NaN where nobody can say; ``share``, which part of the variance in ``area`` that comes of
    the data goes, 0..1; ``where``, pairs of area and points, most first; ``text_zh``, a sentence.
    It names villages and not the place: who may read that name is not known here.

    Notes
    -----
    Our own rule (METHOD 0.2 rule 3, 7.10). Of an interval's width sqrt(1 - gain / variance) is
    left; the gain is that of ``gains.gains``.
    """
    known = gains(
        result, draws.data, constants,
        seed=seed, kinds=kinds, models=models, indicators=indicators,
    )  # fmt: skip
    ends = numbers(constants[SPREAD], "interval")
    most = int(number(constants[SPREAD], "visits"))
    asked = _asked(_shrinks(known, draws, ends), most)
    names = dict(zip(result.scores["area"], result.scores["name"], strict=True))
    rows = [
        *_blind(result, kinds, models, coverage),
        *(_row(item, result, names, _titles(kinds, models)) for item in asked),
    ]
    frame = pd.DataFrame(rows[:most], columns=list(COLUMNS), dtype=object)
    return frame.astype({"area": np.int64, **dict.fromkeys(NUMBERS, np.float64)})


def _shrinks(known: pd.DataFrame, draws: Draws, ends: tuple[float, ...]) -> pd.DataFrame:
    """Turn gains into points, a row for each item and area.

    A place is visited once for all its fields; figures of a village are asked for one by one.
    """
    figure = known["fields"].map(" ".join).where(known["sort"] == VILLAGE, "")
    pairs = zip(known["kind"], known["fields"], strict=True)
    fields = pd.Series([[(kind, name) for name in names] for kind, names in pairs], dtype=object)
    items = known.assign(figure=figure, fields=fields).groupby([*ITEM, "area"], as_index=False)
    found = items.agg(gain=("gain", "sum"), fields=("fields", "sum"))
    area = found["area"].to_numpy(dtype=np.int64)
    gain = found["gain"].to_numpy(dtype=np.float64)
    share = _part(gain, draws.data.var(axis=1)[area])
    of_shown = _part(gain, draws.scores.var(axis=1)[area])
    found = found.assign(
        share=share,
        points=_width(draws.data, ends)[area] * (1.0 - np.sqrt(1.0 - share)),
        shown_points=_width(draws.scores, ends)[area] * (1.0 - np.sqrt(1.0 - of_shown)),
    )
    kept: pd.DataFrame = found[found["points"] > 0]
    return kept


def _width(draws: Floats, ends: tuple[float, ...]) -> Floats:
    """Return the width of the interval of R, points, shape (A,)."""
    low, high = np.quantile(draws, ends, axis=1)
    width: Floats = high - low
    return width


ITEM = ["sort", "id", "figure"]
"""What tells one visit or figure from another."""


def _asked(shrinks: pd.DataFrame, most: int) -> list[pd.DataFrame]:
    """Return the rows of each of the items that shrink intervals most, the best item first."""
    total = shrinks.groupby(ITEM)["points"].sum()
    best = total.sort_values(ascending=False, kind="stable").index[:most]
    return [
        shrinks[(shrinks[ITEM] == list(item)).all(axis=1)].sort_values(
            "points", ascending=False, kind="stable"
        )
        for item in best
    ]


def _row(
    item: pd.DataFrame, result: Result, names: Mapping[int, str], titles: Mapping[Name, str]
) -> dict[str, Any]:
    """Return a row of the list for one item."""
    first = item.iloc[0]
    areas = result.scores["area"].to_numpy(dtype=np.int64)[item["area"].to_numpy(dtype=np.int64)]
    where = [(int(area), float(points)) for area, points in zip(areas, item["points"], strict=True)]
    fields = list(dict.fromkeys(first["fields"]))
    words = dict.fromkeys(
        titles.get(field, titles.get(("", field[1]), field[1])) for field in fields
    )
    told = "、".join(f"{names[area]}{_points(points)}" for area, points in where[:TOLD])
    ask = "现场补齐" if first["sort"] == PLACE else f"向{names[where[0][0]]}核实"
    return {
        "sort": first["sort"],
        "site": int(first["id"]) if first["sort"] == PLACE else None,
        "area": where[0][0],
        "fields": list(dict.fromkeys(name for _, name in fields)),
        "points": float(item["points"].sum()),
        "shown_points": float(item["shown_points"].sum()),
        "share": float(first["share"]),
        "where": where,
        "text_zh": f"{ask}{'、'.join(words)}：资料不足造成的得分区间约收窄"
        f"{told}（占{names[where[0][0]]}资料疑问的{first['share']:.0%}）",
    }


def _points(points: float) -> str:
    return "不到0.1分" if points < 0.05 else f"{points:.1f}分"


TOLD = 3
"""How many areas a sentence names."""


def _blind(
    result: Result,
    kinds: Mapping[str, SiteKind],
    models: Sequence[Model],
    coverage: pd.DataFrame | None,
) -> list[dict[str, Any]]:
    """Return the rows of villages of which nothing can be said, or not of all kinds."""
    scores = result.scores.sort_values("E", ascending=False, kind="stable")
    status = _statuses(scores, kinds, models, coverage)
    rows = []
    told = scores[["area", "name", "R", "population_known"]].itertuples(index=False, name=None)
    for (area, name, risk, populated), found in zip(told, status, strict=True):
        none, part = (
            [kind for kind, is_ in found.items() if is_ == was] for was in (NONE, PARTIAL)
        )
        if np.isnan(risk):
            rows.append(_blind_row(UNSCORED, (area, name), none, part, bool(populated), kinds))
        elif none:
            rows.append(_blind_row(UNSURVEYED, (area, name), none, [], True, kinds))
    return sorted(rows, key=lambda row: row["sort"] != UNSCORED)


def _blind_row(
    sort: str,
    area: tuple[int, str],
    none: list[str],
    part: list[str],
    populated: bool,
    kinds: Mapping[str, SiteKind],
) -> dict[str, Any]:
    said = [
        f"{'、'.join(kinds[kind].title.zh for kind in names)}{what}"
        for names, what in ((none, "未普查"), (part, "普查不全"))
        if names
    ]
    said += [] if populated else ["常住人口未知或无法落到房屋"]
    why = "，".join(said)
    text = {
        UNSCORED: f"{area[1]}没有得分，谁也不能说风险低：{why or '资料不足'}，应最先去摸清",
        UNSURVEYED: f"{area[1]}{why}：得分只说明已查到的部分",
    }
    fields = [*none, *part, *([] if populated else [RESIDENTS])]
    row = dict.fromkeys(COLUMNS)
    return {**row, "sort": sort, "area": int(area[0]), "fields": fields, "where": [],
            "text_zh": text[sort]}  # fmt: skip


def _statuses(
    scores: pd.DataFrame,
    kinds: Mapping[str, SiteKind],
    models: Sequence[Model],
    coverage: pd.DataFrame | None,
) -> list[dict[str, str]]:
    """Return how far each kind that scores are made of was surveyed, in the order of ``scores``."""
    if coverage is None:
        return [{} for _ in range(len(scores))]
    read = {kind for names in registry.reads(models).values() for kind in names}
    used = sorted(slug for slug, kind in kinds.items() if slug in read or kind.people)
    known = coverage.pivot_table(
        index="village", columns="kind", values="status", aggfunc="first", observed=True
    )
    found = known.reindex(index=scores["code"], columns=used).astype(object)
    rows = found.where(found.notna(), NONE).to_numpy()
    return [dict(zip(used, row, strict=True)) for row in rows]


Name = tuple[str, str]
"""A model or kind, and the name of a field of it."""


def _titles(kinds: Mapping[str, SiteKind], models: Sequence[Model]) -> dict[Name, str]:
    """Return the Chinese name of every field that may be asked for."""
    own = {slug: (slug,) for slug in kinds}
    read = {model.slug: model.kinds for model in models}
    fields = {
        (of, field.name): field.title.zh
        for of, slugs in [*read.items(), *own.items()]
        for slug in reversed(slugs)
        for field in kinds[slug].fields
    }
    figures = {(entry.name, entry.name): entry.title.zh for entry in INDICATORS}
    plain = {("", slug): kind.title.zh for slug, kind in kinds.items()}
    return {**plain, **figures, **fields, ("", RESIDENTS): "逐户居住人数", ("", "geometry"): "轮廓"}


def _part(part: Floats, whole: Floats) -> Floats:
    """Divide, within 0 and 1; 0 where there is no whole."""
    found = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return np.clip(found, 0.0, 1.0)
