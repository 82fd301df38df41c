"""The two laws of pipelines and how far each of them looks (METHOD 5.1 to 5.3).

They are never mixed: the pipeline law for long-distance lines, measured from the centre line; the
gas codes for city gas, measured from the outer edge of the pipe.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np

from gis.domain.arrays import Bools, Floats, Ints, Objects
from gis.domain.risk import attributes as read
from gis.domain.risk import constants as given
from gis.domain.risk.constants import Constants

MM_PER_M = 1000.0


@dataclass(frozen=True, slots=True)
class Law:
    """The pipes under one law, n of them, and its two strips.

    Attributes
    ----------
    pipes, rows
        Their frame, and their rows in the frame of all.
    inner_m, outer_m, earthwork_m
        Where no building may stand and no work go on; where works need an approval or a plan, and
        where those that dig, drill or blast do; metres from the centre line, shape (n,).
    crossing_m
        Where works that blast or quarry are forbidden besides, 0 where the pipe crosses nothing.
    graded
        Whether METHOD has a level for what goes on there.
    accuracy_m, unknown_m
        Worst position by which the inner strip can be told, and what an unknown one counts as.
    """

    pipes: gpd.GeoDataFrame
    rows: Ints
    inner_m: Floats
    outer_m: Floats
    earthwork_m: Floats
    crossing_m: Floats
    graded: bool
    accuracy_m: float
    unknown_m: float
    encroached_rule: str
    encroached_zh: str
    forbidden_zh: str
    strip_zh: str
    inner_clause: str
    outer_clause: str


def laws(pipes: gpd.GeoDataFrame, constants: Constants) -> tuple[Law, Law]:
    """Return the long-distance lines and the city gas; a pipe of unknown regime is neither."""
    return _far(pipes, constants), _city(pipes, constants)


def pressure_class(pipes: gpd.GeoDataFrame, constants: Constants) -> tuple[Objects, Bools]:
    """Return the pressure class, by the pressure where it is not on record.

    None where neither is known; and where that is so.
    """
    level = read.texts(pipes["pressure_class"])
    pressure, no_pressure = read.number(pipes["pressure_mpa"], 0.0)
    guess = read.named_upto(
        pressure,
        given.numbers(constants, "pressure_limits_mpa"),
        given.texts(constants, "pressure_classes"),
    )
    missing = read.missing(level)
    return np.where(missing & ~no_pressure, guess, level), missing & no_pressure


def half_m(pipes: gpd.GeoDataFrame) -> Floats:
    """Return half the diameter, metres: from the centre line, as drawn, to the outer edge."""
    return read.number(pipes["diameter_mm"], 0.0)[0] / MM_PER_M / 2.0


def _far(pipes: gpd.GeoDataFrame, constants: Constants) -> Law:
    rows = _under(pipes, given.text(constants, "long_distance"))
    inner_m, outer_m = (
        given.number(constants, name) for name in ("encroachment_m", "approval_band_m")
    )
    far = pipes.iloc[rows]
    return Law(
        pipes=far,
        rows=rows,
        inner_m=np.full(len(rows), inner_m),
        outer_m=np.full(len(rows), outer_m),
        earthwork_m=np.full(len(rows), given.number(constants, "mining_band_m")),
        crossing_m=_crossing_m(far, constants),
        graded=True,
        accuracy_m=given.number(constants, "encroachment_accuracy_m"),
        unknown_m=0.0,
        encroached_rule="gas_encroached",
        encroached_zh=f"长输管道中心线{inner_m:.0f}米内有在用建筑（占压）",
        forbidden_zh=f"长输管道中心线{inner_m:.0f}米内有施工（禁止）",
        strip_zh="长输管道保护范围内有施工，未见批准",
        inner_clause=given.text(constants, "clause_far_inner"),
        outer_clause=given.text(constants, "clause_far_outer"),
    )


def _city(pipes: gpd.GeoDataFrame, constants: Constants) -> Law:
    """Return the city gas; a pipe of unknown pressure has the narrowest ranges: that is sure."""
    rows = _under(pipes, given.text(constants, "city"))
    city = pipes.iloc[rows]
    level, _ = pressure_class(city, constants)
    inner_m, outer_m = (
        read.graded(level, table, min(table.values()))[0] + half_m(city)
        for table in (
            given.table(constants, name) for name in ("city_protected_m", "city_controlled_m")
        )
    )
    clause = given.text(constants, "clause_city_ranges")
    return Law(
        pipes=city,
        rows=rows,
        inner_m=inner_m,
        outer_m=outer_m,
        earthwork_m=outer_m,
        crossing_m=np.zeros(len(rows)),
        graded=False,
        accuracy_m=given.number(constants, "city_accuracy_m"),
        unknown_m=np.inf,
        encroached_rule="gas_city_encroached",
        encroached_zh="城镇燃气管道最小保护范围内有在用建筑（占压）",
        forbidden_zh="城镇燃气管道最小保护范围内有施工（禁止）",
        strip_zh="城镇燃气管道最小控制范围内有施工，未见保护方案",
        inner_clause=clause,
        outer_clause=clause,
    )


def _under(pipes: gpd.GeoDataFrame, regime: str) -> Ints:
    rows: Ints = np.flatnonzero((pipes["regime"] == regime).to_numpy(dtype=bool))
    return rows


def _crossing_m(pipes: gpd.GeoDataFrame, constants: Constants) -> Floats:
    """Return how far from where it crosses a river or a tunnel nobody may blast, metres, else 0."""
    return read.graded(pipes["crossing"], given.table(constants, "crossing_m"), 0.0)[0]
