"""Self-built houses, small places, fire clusters: docs/methods/house.md (METHOD 3, 6.2)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import fire_clusters, house_facts
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.fire_clusters import (
    BUILDING,
    ROAD,
    WATER,
    clusters,
)
from gis.domain.risk.model import Model, Reach, Scene, Step, blind
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "house", "HOU"
HOUSE, PLACE = "self_built_house", "small_place"
CLUSTER_PART = 1
"""A cluster stands at its building of the lowest id; that building itself is part 0."""

BASE_POINTS = "place_type_base_points"
"""Number of the code table small_place_type; missing while an office has filled none in."""


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every house, small place and fire cluster (METHOD 3.2, 3.4, 6.2).

    ``constants`` are the values of ``house.toml``. What the use adds (business, crowding) is
    in the exposure, not here. A house that falls and the fire of its cluster are two hazards.
    """
    houses = [_houses(frame, constants) for frame in places(scene.sites_m, HOUSE)]
    small = [_small_places(frame, constants) for frame in places(scene.sites_m, PLACE)]
    together = scene.once(_together, constants)
    return join([*houses, *small, _clusters(together, constants)])


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State the facts of METHOD 3.3, 3.4 and 6.2; floors of METHOD 7.7."""
    houses = [
        fact
        for frame in places(scene.sites_m, HOUSE)
        for fact in house_facts.of_houses(frame, constants)
    ]
    small = [
        fact
        for frame in places(scene.sites_m, PLACE)
        for fact in house_facts.of_small_places(frame)
    ]
    together = house_facts.of_clusters(scene.once(_together, constants))
    return facts.join([*houses, *small, *together])


def reach(scene: Scene, constants: Constants) -> dict[str, Reach]:
    """Return how far houses and buildings look: over their cluster; small places at nothing.

    A building that is no house answers too: a cluster may stand at it.
    """
    found = fire_clusters.reach(scene.sites_m, scene.near, constants)
    # Those that are no building of a cluster: of a workshop, or at the spot of another one.
    other = {"group": -1, "far_m": float(fire_clusters.required_m(constants).max())}
    built = {
        kind: found.reindex(frame["id"]).fillna(other)
        for kind, frame in scene.frames(HOUSE, BUILDING)
    }
    return {
        **{kind: blind(frame) for kind, frame in scene.frames(PLACE)},
        **{
            kind: Reach(own["far_m"].to_numpy(), own["group"].to_numpy().astype(np.int64), LOOKED)
            for kind, own in built.items()
        },
    }


LOOKED = frozenset({HOUSE, BUILDING, ROAD, WATER})
"""What the clusters depend on."""

STEPS = {
    "grade": Step(
        Title("房屋鉴定等级", "Appraisal grade"),
        "A 5，B 25，C 75，D 100",
        ("grade",),
        ("grade_score",),
    ),
    "screening": Step(
        Title("排查结论", "Screening result"),
        "没有鉴定时：严重安全隐患 90，一定安全隐患 55，未发现 15",
        ("screening",),
        ("screening_score",),
    ),
    "structure": Step(
        Title("结构类型", "Structure"),
        "既无鉴定也无排查时：按结构类型 5–30",
        ("structure",),
        ("structure_points", "unknown_structure_points"),
    ),
    "age": Step(
        Title("建成年份", "Year built"),
        "1980 年前 20，2000 年前 14，2010 年前 8，其后 3",
        ("built_year",),
        ("year_limits", "year_points", "unknown_year_points"),
    ),
    "storeys": Step(
        Title("地上层数", "Storeys"),
        "1–2 层 0，3 层 8，4 层 14，5 层及以上 20",
        ("storeys", "height_m"),
        ("storey_limits", "storey_points", "storey_height_m", "unknown_storeys"),
    ),
    "alteration": Step(
        Title("违法改扩建", "Illegal alterations"),
        "每处 25，最多 35；未查 8",
        ("alterations",),
        ("alteration_points",),
    ),
    "ground": Step(
        Title("陡坡坑边或填土", "Slope, pit edge or fill"),
        "10；未查为其四分之一",
        ("hazardous_ground",),
        ("hazardous_ground_points", "unknown_share"),
    ),
    "qualified": Step(
        Title("有资质设计施工", "Designed and built by qualified parties"),
        "-10",
        ("qualified_parties",),
        ("qualified_points",),
    ),
    "bounds": Step(
        Title("上下限", "Bounds"),
        "房屋合计限在 5–90，连片限在 0–90",
        (),
        ("points_limits", "cluster_limits"),
    ),
    "colour": Step(
        Title("风险等级颜色", "Risk colour"),
        "小场所：红 100，橙 75，黄 45，蓝 20",
        ("risk_colour",),
        ("four_colours",),
    ),
    "type": Step(
        Title("场所类型", "Type"),
        "没有颜色时：代码表的基础分",
        ("place_type",),
        ("unknown_base_points",),
    ),
    **{
        name: Step(title, f"{points}；未查为其四分之一", (name,), (constant, "unknown_share"))
        for name, title, points, constant in (
            ("sleeping", Title("违规住人", "Sleeping inside"), 25, "small_place_points"),
            ("bottled_lpg", Title("瓶装液化气", "Bottled LPG"), 15, "small_place_points"),
            ("barred_windows", Title("防盗窗封闭", "Barred windows"), 10, "small_place_points"),
            ("ebike_charging", Title("室内充电", "E-bikes charged"), 15, "small_place_points"),
            ("exits", Title("只有一个出口", "One exit"), 10, "single_exit_points"),
        )
    },
    "detector": Step(
        Title("喷淋或独立式感烟", "Sprinkler or detector"),
        "-10",
        ("detector",),
        ("detector_points",),
    ),
    "cluster_base": Step(Title("连片", "Fire cluster"), "20", (), ("cluster_base",)),
    "cluster_size": Step(
        Title("栋数", "Buildings"), "10 log2(n/10)", (), ("cluster_size", "fire_separation_m")
    ),
    "cluster_rating": Step(
        Title("三、四级耐火的占比", "Share rated 三级 or 四级"),
        "20 × 占比",
        ("fire_rating", "structure"),
        ("cluster_weak_points", "structure_rating", "unknown_rating"),
    ),
    "cluster_lane": Step(
        Title("没有消防车道", "No fire lane"),
        "50 m 内没有净宽 4 m 及以上的道路：15",
        ("width_m", "road_class"),
        ("cluster_lane_points", "fire_lane_width_m", "fire_lane_reach_m"),
    ),
    "cluster_water": Step(
        Title("没有消防水源", "No water"),
        "150 m 内没有可取水的水源：10",
        ("usable",),
        ("cluster_water_points", "water_reach_m"),
    ),
}

MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="自建房与小场所", en="Houses and small places"),
    kinds=(HOUSE, PLACE),
    constants=SLUG,
    steps=STEPS,
    sources=sources,
    flags=flags,
    looks_at=(BUILDING, ROAD, WATER),
    reach=reach,
)


def _together(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    return clusters(scene.sites_m, scene.near, constants, recorded=scene.is_recorded)


def _houses(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    graded, no_grade = read.graded(frame["grade"], given.table(constants, "grade_score"), 0.0)
    screened, no_screening = read.graded(
        frame["screening"], given.table(constants, "screening_score"), 0.0
    )
    storeys, no_storeys = _storeys(frame, constants)
    points, gaps = _points(frame, storeys, no_storeys, constants)
    guessed = no_grade & no_screening
    height_m, no_height = read.number(frame["height_m"], 0.0)
    per_storey = given.number(constants, "storey_height_m")
    height_m = np.where(no_height, per_storey * storeys, height_m)
    least, share = given.numbers(constants, "collapse_radius")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={
            "grade": graded,
            "screening": np.where(no_grade, screened, 0.0),
            **{name: np.where(guessed, part, 0.0) for name, part in points.items()},
        },
        r1_m=np.zeros(len(frame)),
        r2_m=np.maximum(least, share * height_m),
        constants=constants,
        clause="clause_house",
        unknown={
            "grade": guessed,
            "screening": guessed,
            **{name: gap & guessed for name, gap in gaps.items()},
            "storeys": no_storeys & (guessed | no_height),
        },
        evidence={
            "grade": read.texts(frame["grade"]),
            "screening": read.texts(frame["screening"]),
            "structure": read.texts(frame["structure"]),
            "built_year": read.whole(frame["built_year"]),
            "storeys": read.whole(frame["storeys"]),
            "use": read.texts(frame["use"]),
            "basis": _basis(no_grade, no_screening),
            "radius_basis": "筛查半径",
        },
    )


def _storeys(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, Bools]:
    """Storeys; from the height where they are unknown, else the default."""
    height = frame["height_m"].to_numpy(dtype=np.float64)
    guess = np.maximum(1.0, np.round(height / given.number(constants, "storey_height_m")))
    storeys, missing = read.number(frame["storeys"], np.nan)
    storeys = np.where(missing, guess, storeys)
    unknown = np.isnan(storeys)
    return np.where(unknown, given.number(constants, "unknown_storeys"), storeys), unknown


def _points(
    frame: gpd.GeoDataFrame, storeys: Floats, no_storeys: Bools, constants: Constants
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Points of the features where nothing official is known, by step, and what was unknown."""
    structure, no_structure = read.graded(
        frame["structure"],
        given.table(constants, "structure_points"),
        given.number(constants, "unknown_structure_points"),
    )
    built, no_year = read.number(frame["built_year"], 0.0)
    age = read.banded(
        built,
        given.numbers(constants, "year_limits"),
        given.numbers(constants, "year_points"),
    )
    tall = read.banded(
        storeys,
        given.numbers(constants, "storey_limits"),
        given.numbers(constants, "storey_points"),
    )
    each, most, unseen = given.numbers(constants, "alteration_points")
    altered, no_altered = read.number(frame["alterations"], 0.0)
    ground, no_ground = read.points_if(
        frame["hazardous_ground"],
        given.number(constants, "hazardous_ground_points"),
        given.number(constants, "unknown_share"),
    )
    qualified, _ = read.yes(frame["qualified_parties"])
    points = {
        "structure": structure,
        "age": np.where(no_year, given.number(constants, "unknown_year_points"), age),
        "storeys": tall,
        "alteration": np.where(no_altered, unseen, np.minimum(each * altered, most)),
        "ground": ground,
        "qualified": np.where(qualified, given.number(constants, "qualified_points"), 0.0),
    }
    gaps = {
        "structure": no_structure,
        "built_year": no_year,
        "storeys": no_storeys,
        "alterations": no_altered,
        "hazardous_ground": no_ground,
    }
    return _bounded(points, given.numbers(constants, "points_limits")), gaps


def _bounded(points: dict[str, Floats], limits: tuple[float, ...]) -> dict[str, Floats]:
    """Add the step that keeps the sum of the points within its limits."""
    low, high = limits
    total = np.sum(list(points.values()), axis=0)
    return {**points, "bounds": np.clip(total, low, high) - total}


def _basis(no_grade: Bools, no_screening: Bools) -> Objects:
    found: Objects = np.select(
        [~no_grade, ~no_screening], ["房屋鉴定等级", "排查结论"], "未鉴定未排查，按特征计分"
    ).astype(object)
    return found


def _small_places(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    official, no_colour = read.graded(
        frame["risk_colour"], given.table(constants, "four_colours"), 0.0
    )
    points, gaps = _small_points(frame, constants)
    screened = np.clip(np.sum(list(points.values()), axis=0), 0.0, 100.0)
    r1_m, r2_m = given.numbers(constants, "small_place_radii_m")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={
            "colour": official,
            **{name: np.where(no_colour, part, 0.0) for name, part in points.items()},
        },
        r1_m=np.full(len(frame), r1_m),
        r2_m=np.full(len(frame), r2_m),
        constants=constants,
        clause="clause_small_place",
        unknown={name: gap & no_colour for name, gap in gaps.items()},
        evidence={
            "place_type": read.texts(frame["place_type"]),
            "colour": read.texts(frame["risk_colour"]),
            "screening_points": screened,
            "screening_colour": _screening_colour(screened, no_colour, constants),
            "unqualified_count": read.whole(frame["unqualified_count"]),
            "basis": np.where(no_colour, "按特征计分", "风险等级颜色").astype(object),
            "radius_basis": "筛查半径",
        },
    )


def _screening_colour(points: Floats, no_colour: Bools, constants: Constants) -> Objects:
    """Return the colour of screening points, None where one is reported, which outranks it."""
    names = [f"{colour}（筛查）" for colour in reversed(given.table(constants, "four_colours"))]
    limits = given.numbers(constants, "screening_colour_limits")
    found: Objects = np.asarray(names, dtype=object)[np.searchsorted(limits, points, side="right")]
    found[~no_colour] = None
    return found


def _small_points(
    frame: gpd.GeoDataFrame, constants: Constants
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Screening points of a small place, by step, and what was unknown (METHOD 6.2)."""
    base = frame.get(BASE_POINTS, pd.Series(np.nan, index=frame.index))
    by_type, no_type = read.number(base, given.number(constants, "unknown_base_points"))
    points, gaps = {"type": by_type}, {"place_type": no_type}
    share = given.number(constants, "unknown_share")
    for name, worth in given.table(constants, "small_place_points").items():
        points[name], gaps[name] = read.points_if(frame[name], worth, share)
    exits, gaps["exits"] = read.number(frame["exits"], 0.0)
    single = given.number(constants, "single_exit_points")
    points["exits"] = np.where(gaps["exits"], share * single, np.where(exits <= 1, single, 0.0))
    guarded, _ = read.yes(frame["detector"])
    points["detector"] = np.where(guarded, given.number(constants, "detector_points"), 0.0)
    return points, gaps


def _clusters(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    """Make the sources of fire clusters (METHOD 3.4); ``frame`` as ``clusters`` gives it."""
    n = len(frame)
    count, weak = frame["buildings"].to_numpy(dtype=float), frame["weak_share"].to_numpy()
    lane, water = (
        (frame[f"without_{what}"] < count).to_numpy(dtype=bool) for what in ("lane", "water")
    )
    doubling, reference = given.numbers(constants, "cluster_size")
    points = {
        "cluster_base": np.full(n, given.number(constants, "cluster_base")),
        "cluster_size": doubling * np.log2(count / reference),
        "cluster_rating": given.number(constants, "cluster_weak_points") * weak,
        "cluster_lane": np.where(lane, 0.0, given.number(constants, "cluster_lane_points")),
        "cluster_water": np.where(water, 0.0, given.number(constants, "cluster_water_points")),
    }
    r1_m, r2_m = given.numbers(constants, "cluster_radii_m")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps=_bounded(points, given.numbers(constants, "cluster_limits")),
        r1_m=np.full(n, r1_m),
        r2_m=np.full(n, r2_m),
        constants=constants,
        clause="clause_cluster",
        unknown={
            "structure": (frame["unrated"] > 0).to_numpy(dtype=bool),
            "geometry": (frame["points"] > 0).to_numpy(dtype=bool),
            "road": frame["lane_unknown"].to_numpy(dtype=bool),
            "water_source": frame["water_unknown"].to_numpy(dtype=bool),
        },
        evidence={
            **{name: frame[name].to_numpy() for name in CLUSTER_EVIDENCE},
            "basis": "防火间距不足的连片房屋",
            "radius_basis": "筛查半径",
        },
        object_uid=("fire_cluster:" + frame["id"].astype(str)).to_numpy(dtype=object),
        part=CLUSTER_PART,
    )


CLUSTER_EVIDENCE = (
    "buildings",
    "footprint_m2",
    "weak_share",
    "unrated",
    "points",
    "without_lane",
    "without_water",
)
