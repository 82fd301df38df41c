"""Non-coal open-pit mines: docs/methods/mine.md (METHOD 2)."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np

from gis.domain.arrays import Bools, Floats, Objects
from gis.domain.kinds import Title
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk import flags as facts
from gis.domain.risk.constants import Constants
from gis.domain.risk.model import Model, Near, Scene, Sites, Step
from gis.domain.risk.sources import build, join, places

SLUG, SECTOR = "mine", "MIN"
MINE, DWELLING, WORKS = "mine", "self_built_house", "enterprise"


def sources(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """Make one source of every mine, from the boundary of its licence (METHOD 2.1, 2.2).

    The score is the largest of slope, blasting and reported colour; the source carries the
    radii of whichever term that is. ``constants`` are the values of ``mine.toml``.
    """
    return join([_mines(frame, constants) for frame in places(scene.sites_m, MINE)])


def flags(scene: Scene, constants: Constants) -> gpd.GeoDataFrame:
    """State who and what lies in the quarry's band (METHOD 2.1), and what is noted besides."""
    return facts.join(
        [
            fact
            for frame in places(scene.sites_m, MINE)
            for fact in (
                *_band(frame, scene.sites_m, scene.near, constants),
                *_noted(frame, constants, scene.as_of),
            )
        ]
    )


MODEL = Model(
    slug=SLUG,
    sector=SECTOR,
    title=Title(zh="非煤矿山", en="Mines"),
    kinds=(MINE,),
    constants=SLUG,
    steps={"score": Step(Title(zh="分值", en="Score"), "I")},
    sources=sources,
    flags=flags,
)


def _mines(frame: gpd.GeoDataFrame, constants: Constants) -> gpd.GeoDataFrame:
    height_m, no_height = read.number(
        frame["slope_height_m"], given.number(constants, "unknown_slope_height_m")
    )
    slope, slope_gaps = _slope(frame, height_m, constants)
    blast, no_method = read.graded(
        frame["method"],
        given.table(constants, "blast_score"),
        given.number(constants, "unknown_blast_score"),
    )
    colour, no_colour = read.graded(
        frame["risk_colour"],
        given.table(constants, "four_colours"),
        given.number(constants, "unknown_colour"),
    )
    highest = np.maximum(np.maximum(slope, blast), colour)
    blasting = no_method | (frame["method"] == given.text(constants, "blasting")).to_numpy(bool)
    r1_m, r2_m = _radii(height_m, (slope, blast, colour), highest, blasting, constants)
    return build(
        frame,
        model=SLUG,
        sector=SECTOR,
        steps={"score": highest},
        r1_m=r1_m,
        r2_m=r2_m,
        constants=constants,
        clause="clause_mine",
        unknown={
            "slope_height_m": no_height,
            **slope_gaps,
            "method": no_method,
            "risk_colour": no_colour,
        },
        evidence={
            "basis": _basis(slope, blast, highest),
            "slope_score": slope,
            "blast_score": blast,
            "colour": read.texts(frame["risk_colour"]),
            "method": read.texts(frame["method"]),
            "slope_height_m": frame["slope_height_m"].to_numpy(dtype=np.float64),
            "safety_factor": frame["safety_factor"].to_numpy(dtype=np.float64),
            "monitoring": read.texts(frame["monitoring"]),
            "radius_basis": "筛查半径",
        },
    )


def _slope(
    frame: gpd.GeoDataFrame, height_m: Floats, constants: Constants
) -> tuple[Floats, dict[str, Bools]]:
    """Score of the slope, 0..100, and what was unknown in it (METHOD 2.2)."""
    weight = given.table(constants, "slope_weights")
    full, span = given.numbers(constants, "safety_factor_span")
    high = np.clip(height_m / given.number(constants, "slope_height_full_m"), 0.0, 1.0)
    factor, no_factor = read.number(frame["safety_factor"], np.nan)
    weak = np.clip((full - factor) / span, 0.0, 1.0)
    weak = np.where(no_factor, given.number(constants, "unknown_safety_term"), weak)
    watch, no_watch = read.graded(
        frame["monitoring"],
        given.table(constants, "monitoring_term"),
        given.number(constants, "unknown_monitoring_term"),
    )
    score: Floats = 100.0 * (
        weight["height"] * high
        + weight["safety"] * weak
        + weight["monitoring"] * watch
        + weight["water"] * given.number(constants, "water_term")
    )
    return score, {"safety_factor": no_factor, "monitoring": no_watch}


def _radii(
    height_m: Floats,
    terms: tuple[Floats, Floats, Floats],
    highest: Floats,
    blasting: Bools,
    constants: Constants,
) -> tuple[Floats, Floats]:
    """Radii of the term that decided; of several, and for the colour, the larger ones."""
    slope, blast, colour = (term == highest for term in terms)
    run_out = given.number(constants, "run_out_per_height")
    least = given.number(constants, "run_out_least_m")
    fallen = (height_m, np.maximum(run_out * height_m, least))
    radii = []
    for ring, blown in zip(fallen, given.numbers(constants, "blast_radii_m"), strict=True):
        by_slope = np.where(slope | colour | ~blasting, ring, 0.0)
        by_blast = np.where((blast | colour) & blasting, blown, 0.0)
        radii.append(np.maximum(by_slope, by_blast))
    return radii[0], radii[1]


def _basis(slope: Floats, blast: Floats, highest: Floats) -> Objects:
    found: Objects = np.select(
        [slope == highest, blast == highest], ["边坡", "爆破与开采方式"], "风险等级颜色"
    ).astype(object)
    return found


def _band(
    frame: gpd.GeoDataFrame, sites_m: Sites, near: Near, constants: Constants
) -> list[gpd.GeoDataFrame]:
    """State dwellings, works and other quarries within the band of a small hillside quarry."""
    small, unknown = read.yes(frame["small_hillside"])
    shapes = frame.geometry.to_numpy()
    band_m = given.number(constants, "quarry_band_m")
    found = []
    for kind, rule, said in (
        (DWELLING, "mine_band_dwelling", "小型山坡采石场矿界{:.0f}米内有住户"),
        (WORKS, "mine_band_works", "小型山坡采石场矿界{:.0f}米内有外单位生产设施"),
    ):
        floor = int(given.table(constants, "band_floors")[rule])
        for places_of_kind in places(sites_m, kind):
            used = read.in_use(places_of_kind, given.text(constants, "idle_use"))
            others = places_of_kind[used]
            reached = near(shapes, others.geometry.to_numpy(), band_m)
            for held, suffix, least, doubt in (
                (small, "", floor, ""),
                (unknown, "_unsure", 0, "（是否小型山坡采石场未登记，待核）"),
            ):
                found.append(
                    facts.state_pair(
                        frame,
                        others,
                        reached,
                        where=held[reached[0]],
                        rule=rule + suffix,
                        floor=least,
                        text_zh=said.format(band_m) + doubt,
                    )
                )
    beside = near(shapes, shapes, band_m)
    found.append(
        facts.state_pair(
            frame,
            frame,
            beside,
            where=(beside[0] != beside[1]) & small[beside[0]],
            rule="mine_band_quarry",
            floor=0,
            text_zh=f"小型山坡采石场之间不足{band_m:.0f}米",
        )
    )
    return found


def _noted(frame: gpd.GeoDataFrame, constants: Constants, as_of: dt.date) -> list[gpd.GeoDataFrame]:
    """Facts beside the score; METHOD 7.7 gives them no floor."""
    limit_m = given.number(constants, "monitored_slope_m")
    high = (frame["slope_height_m"] >= limit_m).to_numpy(dtype=bool)
    offline = (frame["monitoring"] != "在线").to_numpy(dtype=bool)
    return [
        facts.state(
            frame,
            high & offline,
            rule="mine_slope_unmonitored",
            floor=0,
            text_zh=f"边坡高度{limit_m:.0f}米及以上而无在线监测",
        ),
        facts.state(
            frame,
            read.before(frame["licence_valid_to"], as_of),
            rule="mine_licence_expired",
            floor=0,
            text_zh="采矿许可证已过期",
            evidence={"licence_valid_to": read.texts(frame["licence_valid_to"])},
        ),
    ]
