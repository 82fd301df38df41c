"""Facts of houses, small places and fire clusters that stand beside the score (METHOD 3, 7.7)."""

from __future__ import annotations

import geopandas as gpd

from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants

SEVERE = "严重安全隐患"
"""The worst result of screening."""


def of_houses(frame: gpd.GeoDataFrame, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State dangerous and unlawful use of self-built houses, and campaigns that go on.

    Parameters
    ----------
    frame
        Site frame of self-built houses.
    constants
        The values of ``house.toml``.

    Notes
    -----
    A house is in use unless it is known to stand empty. What is not on record, although the rule
    needs it, gives a fact of its own, ``..._unsure``, without a floor. Paying sleepers make a
    business, whatever the use on record.
    """
    used = read.in_use(frame, given.text(constants, "idle_use"))
    business = (frame["use"] == given.text(constants, "business_use")).to_numpy(dtype=bool)
    grade, screening = read.texts(frame["grade"]), read.texts(frame["screening"])
    ungraded = read.missing(grade)
    ruin = used & ((grade == "D") | (ungraded & (screening == SEVERE)))
    inside = frame[["residents", "sleepers"]]
    crowded = inside.sum(axis=1).to_numpy() >= given.number(constants, "crowd_people")
    lets = frame["use"].isin(given.texts(constants, "letting_uses"))
    uncounted_people = (inside["residents"].isna() | (inside["sleepers"].isna() & lets)).to_numpy()
    altered = (frame["alterations"] > 0).to_numpy(dtype=bool)
    uninspected = frame["alterations"].isna().to_numpy()
    tall = business & (frame["storeys"] >= given.number(constants, "tall_storeys")).to_numpy(bool)
    sleepers = given.number(constants, "hostel_sleepers")
    hostel = used & (frame["sleepers"] >= sleepers).to_numpy(dtype=bool)
    one_exit = (frame["exits"] <= 1).to_numpy(dtype=bool)
    uncounted = frame["exits"].isna().to_numpy()
    listed = frame["campaign_state"].isin(given.texts(constants, "campaign_open"))
    found = (
        (ruin & crowded, "house_ruin_crowded", "在用危房（D级或严重安全隐患）内有30人及以上"),
        (
            ruin & ~crowded & uncounted_people,
            "house_ruin_crowded_unsure",
            "在用危房（D级或严重安全隐患）内人数未登记，是否30人及以上（待核）",
        ),
        (ruin & ~crowded, "house_ruin_in_use", "危房（D级或严重安全隐患）仍在使用"),
        (business & (grade == "C"), "house_c_business", "C级危房用于经营"),
        (tall & altered, "house_altered_business", "三层及以上经营性自建房有违法改扩建"),
        (
            tall & uninspected,
            "house_altered_business_unsure",
            "三层及以上经营性自建房，违法改扩建未查（待核）",
        ),
        (business & ungraded, "house_business_unappraised", "经营性自建房未经鉴定"),
        (
            hostel & one_exit,
            "house_hostel_one_exit",
            "经营住宿10人及以上而只有一个安全出口",
        ),
        (
            hostel & uncounted,
            "house_hostel_one_exit_unsure",
            "经营住宿10人及以上，安全出口数未登记（待核）",
        ),
        (listed.to_numpy(dtype=bool), "house_campaign_open", "列入专项整治，尚未销号"),
    )
    floors = given.table(constants, "house_floors")
    evidence = {
        "grade": grade,
        "screening": screening,
        "use": read.texts(frame["use"]),
        "campaign_state": read.texts(frame["campaign_state"]),
    }
    return [
        facts.state(
            frame,
            where,
            rule=rule,
            floor=int(floors.get(rule, 0)),
            text_zh=said,
            evidence=evidence,
        )
        for where, rule, said in found
    ]


def of_small_places(frame: gpd.GeoDataFrame) -> list[gpd.GeoDataFrame]:
    """State small places in which people sleep (METHOD 6.2); ``frame`` is their site frame."""
    return [
        facts.state(
            frame,
            read.yes(frame["sleeping"])[0],
            rule="small_place_sleeping",
            floor=0,
            text_zh="小场所违规住人（三合一）",
        )
    ]


def of_clusters(frame: gpd.GeoDataFrame) -> list[gpd.GeoDataFrame]:
    """State fire clusters, and those of which a part is out of reach (METHOD 3.4).

    ``frame`` is as ``fire_clusters.clusters`` gives it. They hold in every area they touch.
    """
    far, dry = (frame[f"without_{what}"].to_numpy() for what in ("lane", "water"))
    told = ("buildings", "footprint_m2", "without_lane", "without_water")
    evidence = {name: frame[name].round(1).astype(object).to_numpy() for name in told}
    found = (
        (far >= 0, "house_fire_cluster", "防火间距不足，连片成灾（按连片认定）"),
        (far > 0, "house_cluster_lane", "连片房屋中有消防车道够不到的房屋"),
        (dry > 0, "house_cluster_water", "连片房屋中有消防水源够不到的房屋"),
    )
    return [
        facts.state(frame, where, rule=rule, floor=0, text_zh=said, evidence=evidence, spread=True)
        for where, rule, said in found
    ]
