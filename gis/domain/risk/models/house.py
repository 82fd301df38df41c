"""Self-built houses and small places: docs/methods/house.md (METHOD 3, 6.2)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Model, Scene, Step
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "house", "HOU"
HOUSE, PLACE = "self_built_house", "small_place"
BASE_POINTS = "place_type_base_points"
"""Number of the code table small_place_type; missing while an office has filled none in."""


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every self-built house and small place (METHOD 3.2, 6.2).

    ``constants`` are the values of ``house.toml``. What the use adds (business, crowding) is
    in the exposure, not here.
    """
    houses = [_houses(frame, constants) for frame in places(scene.sites_m, HOUSE)]
    small = [_small_places(frame, constants) for frame in places(scene.sites_m, PLACE)]
    return join(houses + small)


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State the facts of METHOD 3.3 and 6.2; floors of METHOD 7.7."""
    houses = [f for frame in places(scene.sites_m, HOUSE) for f in _house_facts(frame, constants)]
    small = [
        facts.state(
            frame,
            read.yes(frame["sleeping"])[0],
            rule="small_place_sleeping",
            floor=0,
            text_zh="小场所违规住人（三合一）",
        )
        for frame in places(scene.sites_m, PLACE)
    ]
    return facts.join(houses + small)


MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="自建房与小场所", en="Houses and small places"),
    kinds=(HOUSE, PLACE),
    constants=SLUG,
    steps={"score": Step(Title(zh="分值", en="Score"), "I")},
    sources=sources,
    flags=flags,
)


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
        steps={"score": np.where(guessed, points, np.where(no_grade, screened, graded))},
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
) -> tuple[Floats, dict[str, Bools]]:
    """Sum of the points where nothing official is known, clipped, and what was unknown."""
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
    total = (
        structure
        + np.where(no_year, given.number(constants, "unknown_year_points"), age)
        + tall
        + np.where(no_altered, unseen, np.minimum(each * altered, most))
        + ground
        + np.where(qualified, given.number(constants, "qualified_points"), 0.0)
    )
    low, high = given.numbers(constants, "points_limits")
    gaps = {
        "structure": no_structure,
        "built_year": no_year,
        "storeys": no_storeys,
        "alterations": no_altered,
        "hazardous_ground": no_ground,
    }
    return np.clip(total, low, high), gaps


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
    r1_m, r2_m = given.numbers(constants, "small_place_radii_m")
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={"score": np.where(no_colour, points, official)},
        r1_m=np.full(len(frame), r1_m),
        r2_m=np.full(len(frame), r2_m),
        constants=constants,
        clause="clause_small_place",
        unknown={name: gap & no_colour for name, gap in gaps.items()},
        evidence={
            "place_type": read.texts(frame["place_type"]),
            "colour": read.texts(frame["risk_colour"]),
            "screening_points": points,
            "basis": np.where(no_colour, "按特征计分", "风险等级颜色").astype(object),
            "radius_basis": "筛查半径",
        },
    )


def _small_points(frame: gpd.GeoDataFrame, constants: Constants) -> tuple[Floats, dict[str, Bools]]:
    """Screening points of a small place, 0..100, and what was unknown (METHOD 6.2)."""
    base = frame.get(BASE_POINTS, pd.Series(np.nan, index=frame.index))
    total, no_type = read.number(base, given.number(constants, "unknown_base_points"))
    gaps = {"place_type": no_type}
    share = given.number(constants, "unknown_share")
    for name, points in given.table(constants, "small_place_points").items():
        added, gaps[name] = read.points_if(frame[name], points, share)
        total = total + added
    exits, gaps["exits"] = read.number(frame["exits"], 0.0)
    single = given.number(constants, "single_exit_points")
    total = total + np.where(gaps["exits"], share * single, np.where(exits <= 1, single, 0.0))
    guarded, _ = read.yes(frame["detector"])
    total = total + np.where(guarded, given.number(constants, "detector_points"), 0.0)
    return np.clip(total, 0.0, 100.0), gaps


def _house_facts(frame: gpd.GeoDataFrame, constants: Constants) -> list[gpd.GeoDataFrame]:
    """State dangerous and unlawful use of houses."""
    floors = given.table(constants, "house_floors")
    used = read.in_use(frame, given.text(constants, "idle_use"))
    business = (frame["use"] == given.text(constants, "business_use")).to_numpy(dtype=bool)
    grade = read.texts(frame["grade"])
    screening = read.texts(frame["screening"])
    ungraded = read.missing(grade)
    ruin = used & ((grade == "D") | (ungraded & (screening == "严重安全隐患")))
    inside = frame[["residents", "sleepers"]].fillna(0.0).max(axis=1).to_numpy()
    crowded = inside >= given.number(constants, "crowd_people")
    altered = (frame["alterations"] > 0).to_numpy(dtype=bool)
    tall = (frame["storeys"] >= given.number(constants, "tall_storeys")).to_numpy(dtype=bool)
    hostel = (frame["sleepers"] >= given.number(constants, "hostel_sleepers")).to_numpy(dtype=bool)
    one_exit = (frame["exits"] <= 1).to_numpy(dtype=bool)
    found = (
        (ruin & crowded, "house_ruin_crowded", "在用危房（D级或严重安全隐患）内有30人及以上"),
        (ruin & ~crowded, "house_ruin_in_use", "危房（D级或严重安全隐患）仍在使用"),
        (business & (grade == "C"), "house_c_business", "C级危房用于经营"),
        (
            business & altered & tall,
            "house_altered_business",
            "三层及以上经营性自建房有违法改扩建",
        ),
        (
            business & ungraded,
            "house_business_unappraised",
            "经营性自建房未经鉴定",
        ),
        (
            business & hostel & one_exit,
            "house_hostel_one_exit",
            "经营住宿10人及以上而只有一个安全出口",
        ),
    )
    evidence = {"grade": grade, "screening": screening, "use": read.texts(frame["use"])}
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
