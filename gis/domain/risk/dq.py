"""How good the data behind each score is: a grade A to D, and why, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Ints
from gis.domain.kinds import SiteKind
from gis.domain.risk.constants import Constants, number, numbers, table
from gis.domain.risk.coverage import cells
from gis.domain.risk.evaluate import Result

GRADES = ("A", "B", "C", "D")


def quality(
    result: Result,
    areas: pd.DataFrame,
    *,
    kinds: Mapping[str, SiteKind],
    reads: Mapping[str, Sequence[str]],
    constants: Constants,
    coverage: pd.DataFrame | None = None,
    dimensions_known: Bools | None = None,
    near_border: Bools | None = None,
) -> pd.DataFrame:
    """Grade the data behind each area's score.

    Parameters
    ----------
    result
        An evaluation.
    areas
        Areas frame, rows in any order.
    kinds
        Passports: their titles, and which kinds hold people.
    reads
        Sector to the kinds its models read.
    constants
        The values of ``index.toml``.
    coverage
        Rows (kind, village, status); None: not judged.
    dimensions_known
        Where enough of V and C is known, in code order; None: nowhere.
    near_border
        As of ``rollup.near_border``, of the result's receptors; None: not looked at.

    Returns
    -------
    Frame in code order: area, grade (A to D), unknown_share (0..1), coverage_gap,
    load_unknown, people_unknown, people_spread (0..1 each) and notes_zh (list of sentences).

    Notes
    -----
    Our own rule. unknown_share is the largest of: the coverage gap (mean over the kinds that
    are read or hold people: none 1, partial 0.5, complete 0); the part of the load from sources
    with an unknown attribute; the part of the equivalent persons whose number is unknown; half
    the part of them that was spread over houses. Grades by ``quality_limits``; at best B while
    most of V or C is not known; D where there is no score.
    """
    ordered = areas.sort_values("code", kind="stable", ignore_index=True)
    ids = ordered["area"].to_numpy(dtype=np.int64)
    used = _used(kinds, reads)
    status = _status(ordered, used, coverage, constants)
    frame = pd.DataFrame(
        {
            "area": ids,
            "coverage_gap": status.mean(axis=1) if used else np.zeros(len(ids)),
            "load_unknown": _load_unknown(result, ids),
            "people_unknown": _people_part(result.receptors, ids, "dq"),
            "people_spread": _people_part(result.receptors, ids, "spread"),
        }
    )
    half = number(constants, "quality_spread_weight")
    measured = frame[["coverage_gap", "load_unknown", "people_unknown"]].max(axis=1)
    worst = np.maximum(measured, half * frame["people_spread"])
    scored = ~np.isnan(result.scores["R"].to_numpy())
    rank = np.searchsorted(numbers(constants, "quality_limits"), worst, side="right")
    told = np.zeros(len(ids), dtype=bool) if dimensions_known is None else dimensions_known
    rank = np.where(scored, np.maximum(rank, np.where(told, 0, 1)), len(GRADES) - 1)
    notes = _notes(frame, result, ordered, status, [kinds[k] for k in used], reads, kinds)
    notes = [
        entry if known else [*entry, "脆弱性或应对能力的多数指标未知，按默认值计"]
        for entry, known in zip(notes, told, strict=True)
    ]
    at_border = _at_border(result.receptors, ids, near_border)
    notes = [
        [*entry, f"{count} 处有人的场所紧挨村界，可能属邻村"] if count else entry
        for entry, count in zip(notes, at_border, strict=True)
    ]
    return frame.assign(
        grade=[GRADES[int(entry)] for entry in rank],
        unknown_share=np.where(scored, worst, 1.0),
        notes_zh=pd.Series(notes, dtype=object),
    )


def _used(kinds: Mapping[str, SiteKind], reads: Mapping[str, Sequence[str]]) -> list[str]:
    read = {kind for names in reads.values() for kind in names}
    return sorted(slug for slug, kind in kinds.items() if slug in read or kind.people)


def _status(
    areas: pd.DataFrame, used: Sequence[str], coverage: pd.DataFrame | None, constants: Constants
) -> Floats:
    """Gap of each kind in each area, 0 (complete) to 1 (none), shape (A, kinds)."""
    gaps = np.ones((len(areas), len(used)))
    if coverage is None:
        return np.zeros_like(gaps)
    gap = coverage["status"].map(table(constants, "quality_coverage_gap"))
    row, column = cells(coverage, areas["code"].to_numpy(dtype=object), used)
    there = (row >= 0) & (column >= 0)
    gaps[row[there], column[there]] = gap.to_numpy(dtype=np.float64)[there]
    return gaps


def _load_unknown(result: Result, ids: Ints) -> Floats:
    unknown = result.sources["evidence"].map(lambda evidence: bool(evidence["dq"]))
    gaps = pd.Series(unknown.to_numpy(dtype=bool), index=result.sources["uid"].to_numpy())
    loads = result.loads
    part = loads["load"].where(loads["source"].map(gaps).to_numpy(dtype=bool), 0.0)
    return _ratio(
        part.groupby(loads["area"]).sum().reindex(ids, fill_value=0.0).to_numpy(),
        loads.groupby("area")["load"].sum().reindex(ids, fill_value=0.0).to_numpy(),
    )


def _people_part(receptors: pd.DataFrame, ids: Ints, column: str) -> Floats:
    """Part of the people whose number is unknown (dq) or was spread; 0 where nobody is."""
    people = receptors[receptors["own"] == 0]
    marked = people[column].to_numpy(dtype=np.float64)
    part = people["people"] * marked if column == "dq" else pd.Series(marked, index=people.index)
    return _ratio(
        part.groupby(people["area"]).sum().reindex(ids, fill_value=0.0).to_numpy(),
        people.groupby("area")["people"].sum().reindex(ids, fill_value=0.0).to_numpy(),
    )


def _at_border(receptors: pd.DataFrame, ids: Ints, near: Bools | None) -> list[int]:
    """Places with people in each area that are so near to its border."""
    if near is None:
        return [0] * len(ids)
    there = receptors[(receptors["own"] == 0).to_numpy() & near]
    found: list[int] = (
        there.groupby("area")["site"].nunique().reindex(ids, fill_value=0).astype(int).tolist()
    )
    return found


def _ratio(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return found


def _notes(
    frame: pd.DataFrame,
    result: Result,
    areas: pd.DataFrame,
    status: Floats,
    used: Sequence[SiteKind],
    reads: Mapping[str, Sequence[str]],
    kinds: Mapping[str, SiteKind],
) -> list[list[str]]:
    """Say in sentences what is missing in each area, the gravest first."""
    sectors = result.sectors.pivot_table(
        index="area", columns="sector", values="known", aggfunc="all"
    )
    populated = result.scores["population_known"].to_numpy(dtype=bool)
    recorded = areas["residents"].to_numpy(dtype=np.float64)
    notes = []
    for row, area in enumerate(frame["area"]):
        blind = [] if not populated[row] else _blind(sectors.loc[area], reads, kinds)
        gaps = _gaps(status[row], used)
        notes.append(
            [
                *([] if populated[row] else ["常住人口未知或无法落到房屋，不评分"]),
                *blind,
                *gaps,
                *(["未登记常住人口，只计已知场所的人数"] if np.isnan(recorded[row]) else []),
                *_share(frame["load_unknown"][row], "的风险负荷来自属性不全的风险源"),
                *_share(frame["people_unknown"][row], "的人数为估计值"),
                *_share(frame["people_spread"][row], "的人数由村总人口按房屋面积分摊"),
            ]
        )
    return notes


def _blind(
    known: pd.Series, reads: Mapping[str, Sequence[str]], kinds: Mapping[str, SiteKind]
) -> list[str]:
    blind = [sector for sector in known.index if not known[sector]]
    return [f"没有{_titles(reads.get(sector, ()), kinds)}数据，不评分" for sector in blind]


def _titles(slugs: Sequence[str], kinds: Mapping[str, SiteKind]) -> str:
    return "、".join(kinds[slug].title.zh if slug in kinds else slug for slug in slugs)


def _gaps(gaps: Floats, used: Sequence[SiteKind]) -> list[str]:
    none = [kind.title.zh for kind, gap in zip(used, gaps, strict=True) if gap >= 1]
    part = [kind.title.zh for kind, gap in zip(used, gaps, strict=True) if 0 < gap < 1]
    return [
        f"{'、'.join(names)}{what}"
        for names, what in ((none, "未普查"), (part, "普查不全"))
        if names
    ]


def _share(part: float, what: str) -> list[str]:
    return [f"{part:.0%}{what}"] if part >= 0.005 else []
