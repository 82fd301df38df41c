"""An area in one sentence: class, where it mostly comes from, what hazards and rules do to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gis.domain.kinds import SiteKind, Title
from gis.domain.risk.index import CLASS_TITLES
from gis.domain.risk.register import OPEN
from gis.services.coarse import whole

Answer = Mapping[str, Any]


def say_area(answer: Answer, kinds: Mapping[str, SiteKind]) -> Title:
    """Say how an area stands (METHOD 7.12).

    Parameters
    ----------
    answer
        As ``explain_area`` gives it to the reader: nothing is said that is not in it.
    kinds
        Passports.

    Returns
    -------
    The sentence. What does not apply is left out: a rank but where the area may be called the
    first, a place that the reader may not see, cases and rules that change nothing. Texts of rules
    and names are Chinese in both.
    """
    name = answer["name"]
    if answer["class"] is None:
        return _together(_unknown(name, answer), _rule(answer))
    return _together(_head(name, answer), _mostly(answer, kinds), _rule(answer))


def _together(*parts: Title | None) -> Title:
    said = [part for part in parts if part is not None]
    return Title("".join(part.zh for part in said), " ".join(part.en for part in said))


def _unknown(name: str, answer: Answer) -> Title:
    if not answer["sectors"]:
        return Title(f"{name}尚未计算。", f"{name} was not computed yet.")
    return Title(
        f"{name}数据不足，不评级；没有分数不等于风险低。",
        f"Too little is known of {name} for a class; no score does not mean low risk.",
    )


def _head(name: str, answer: Answer) -> Title:
    score, called = _points(answer["score"]), CLASS_TITLES[answer["class"] - 1]
    doubt, zh, en = answer["uncertainty"], f"{score}分", f"{score} points"
    if doubt:
        low, high = _points(doubt["low"]), _points(doubt["high"])
        zh, en = f"{zh}，90%区间{low}–{high}", f"{en}, 90% interval {low}–{high}"
    first = Title("，居全镇第1位", ", the first of the town")
    rank = first if doubt and doubt["first"] else Title("", "")
    return Title(
        f"{name}综合风险{called.zh}（{zh}）{rank.zh}。",
        f"{name}: composite risk {called.en.lower()} ({en}){rank.en}.",
    )


def _mostly(answer: Answer, kinds: Mapping[str, SiteKind]) -> Title | None:
    listed = answer["contributions"]
    if not listed:
        return Title("已知来源都够不到这里的人。", "No known source reaches anybody here.")
    entry = _largest(answer)
    if entry is None:
        return None
    site, sector = entry["site"], _sector(answer, entry)
    reach, cases = _reach(entry, kinds), _cases(entry)
    return Title(
        f"主要来自{sector.zh}：{site['name']}{reach.zh}{cases.zh}。",
        f"Mostly from {sector.en.lower()}: {site['name']}{reach.en}{cases.en}.",
    )


def _largest(answer: Answer) -> Answer | None:
    """Return the largest source of the sector with most points; None where it may not be seen.

    To who does not see every row sectors have no points: then the largest source, if no more
    points are behind places that they may not see.
    """
    listed, hidden = (
        [entry for entry in answer["contributions"] if bool(entry["site"]) is seen]
        for seen in (True, False)
    )
    shares = {row["sector"]: row["share"] for row in answer["sectors"] if row["share"]}
    if shares:
        most = max(shares, key=lambda code: shares[code])
        listed = [entry for entry in listed if entry["sector"] == most]
    if not listed or any(entry["share"] > listed[0]["share"] for entry in hidden):
        return None
    largest: Answer = listed[0]
    return largest


def _sector(answer: Answer, entry: Answer) -> Title:
    row = next(row for row in answer["sectors"] if row["sector"] == entry["sector"])
    return Title(row["title"], row["title_en"])


def _reach(entry: Answer, kinds: Mapping[str, SiteKind]) -> Title:
    """Say how far it is from those who bear most of it."""
    site, receptor, far_m = entry["site"], entry["receptor"], entry["receptor_m"]
    if receptor is None or far_m is None:
        return Title("", "")
    if receptor["id"] == site["id"]:
        if kinds[site["kind"]].assets_per_ha is not None:
            return Title("，受影响的是场所本身", ", which is itself at risk")
        return Title("，人员就在场所内", ", with people inside")
    named, named_en = (receptor["name"] or receptor[title] for title in ("title", "title_en"))
    if far_m < TOUCHING_M:
        return Title(f"紧邻{named}", f", next to {named_en}")
    # A name may end in a number: the space keeps them apart.
    return Title(f"距{named} {far_m:,.0f}米", f", {far_m:,.0f} m from {named_en}")


TOUCHING_M = 0.5
"""What would be written 0 m is not written."""


def lift(entry: Answer) -> tuple[int, str, str] | None:
    """Return how many open cases lift the score of a source, and from what to what (METHOD 7.3).

    None where there are none, or where the score as it is written stays the same.
    """
    found, uplift = entry["evidence"].get(OPEN), entry["uplift"]
    if not (found and uplift):
        return None
    shares = entry["intensity"], 1 - (1 - entry["intensity"]) ** uplift
    before, after = (f"{100 * share:.0f}" for share in shares)
    return None if before == after else (found["general"] + found["major"], before, after)


def _cases(entry: Answer) -> Title:
    lifted = lift(entry)
    if lifted is None:
        return Title("", "")
    count, before, after = lifted
    hazards = "hazard lifts" if count == 1 else "hazards lift"
    return Title(
        f"；{count}条未销号隐患使该源评分由{before}升至{after}",
        f"; {count} open {hazards} its score from {before} to {after}",
    )


def _rule(answer: Answer) -> Title | None:
    """Say which rule raises the class, or would if there were one."""
    own, floor = answer["index_class"], answer["floor"]
    text = next((flag["text"] for flag in answer["flags"] if flag["floor"] == floor), None)
    if floor <= (own or 0) or text is None:
        return None
    least = CLASS_TITLES[floor - 1]
    if own is None:
        return Title(
            f"另有标志：{text}（按规则不低于{least.zh}）。",
            f"A flag stands beside it, by rule at least {least.en.lower()}: {text}.",
        )
    return Title(
        f"因{text}按规则不低于{least.zh}（综合指数为{CLASS_TITLES[own - 1].zh}）。",
        f"By rule at least {least.en.lower()} (by the index {CLASS_TITLES[own - 1].en.lower()}):"
        f" {text}.",
    )


def _points(score: float) -> str:
    return f"{whole(score):.0f}"
