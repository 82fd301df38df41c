"""The season of a station as a drawing: its daily class as steps, its FWI as a line; pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

COLOURS = ("#2ca25f", "#3182bd", "#ffd92f", "#fd8d3c", "#d7191c")
"""Of the fire weather classes 1 to 5: green, blue, yellow, orange, red (METHOD 0.2, rule 4)."""

INKS = ("#000000", "#000000", "#000000", "#000000", "#ffffff")
"""Of what is written on them: at least 4.5:1."""

DAY, STEP, LINE, LEFT, RIGHT, TOP, BETWEEN, BOTTOM = 2.6, 14.0, 90.0, 44.0, 10.0, 8.0, 26.0, 22.0
"""Pixels: width of a day, height of a class and of the line's part, and the margins."""

LEAST_TOP = 10.0
"""FWI that the line's part shows at least, so that a quiet season looks quiet."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Days in a row of one class: a rectangle as high as the class."""

    x: float
    y: float
    width: float
    height: float
    level: int
    first: str
    last: str

    @property
    def colour(self) -> str:
        """Return the colour of its class."""
        return COLOURS[self.level - 1]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn, in pixels from the top left corner.

    Attributes
    ----------
    bars
        Classes; days without one are a gap.
    lines
        Points of the FWI (``x,y x,y``), a text for every stretch without a gap.
    issued, gaps
        Days whose class the authority issued, and days without an observation at noon: left edge
        and width.
    floor
        Where the classes stand.
    months
        Where each month begins, its number as label.
    classes, levels
        Ticks of the two vertical axes.
    """

    width: float
    height: float
    left: float
    floor: float
    bars: tuple[Bar, ...]
    lines: tuple[str, ...]
    issued: tuple[tuple[float, float], ...]
    gaps: tuple[tuple[float, float], ...]
    months: tuple[Tick, ...]
    classes: tuple[Tick, ...]
    levels: tuple[Tick, ...]


def draw(series: Sequence[Mapping[str, Any]]) -> Chart:
    """Lay a station's series out.

    Parameters
    ----------
    series
        A row a day without holes: ``day`` (ISO), ``shown_class`` (1..5 or None), ``official``,
        ``fwi`` (or None) and ``gap_days``.
    """
    floor = TOP + len(COLOURS) * STEP
    bottom = floor + BETWEEN + LINE
    highest = max([LEAST_TOP, *(row["fwi"] or 0.0 for row in series)])
    top = 10.0 * math.ceil(highest / 10.0)
    return Chart(
        width=round(LEFT + DAY * len(series) + RIGHT, 1),
        height=bottom + BOTTOM,
        left=LEFT,
        floor=floor,
        bars=tuple(_bars(series, floor)),
        lines=tuple(_lines(series, bottom, LINE / top)),
        issued=tuple(_stretches(series, lambda row: row["official"])),
        gaps=tuple(_stretches(series, lambda row: row["gap_days"] > 0)),
        months=tuple(
            Tick(_x(at), str(int(row["day"][5:7])))
            for at, row in enumerate(series)
            if row["day"].endswith("-01")
        ),
        classes=tuple(Tick(floor - level * STEP, str(level)) for level in range(1, 6)),
        levels=tuple(Tick(bottom - LINE * share, f"{top * share:g}") for share in (0, 0.5, 1)),
    )


def _bars(series: Sequence[Mapping[str, Any]], floor: float) -> Iterator[Bar]:
    for level, days in _runs(series, lambda row: row["shown_class"]):
        if level is not None:
            height = level * STEP
            first, last = series[days[0]]["day"], series[days[-1]]["day"]
            width = round(DAY * len(days), 1)
            yield Bar(_x(days[0]), floor - height, width, height, level, first, last)


def _lines(series: Sequence[Mapping[str, Any]], bottom: float, scale: float) -> Iterator[str]:
    for known, days in _runs(series, lambda row: row["fwi"] is not None):
        if known:
            points = ((_x(at) + DAY / 2, bottom - scale * series[at]["fwi"]) for at in days)
            yield " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _stretches(series: Sequence[Mapping[str, Any]], key: Any) -> Iterator[tuple[float, float]]:
    """Yield left edge and width of the stretches of days of which something holds."""
    for holds, days in _runs(series, key):
        if holds:
            yield _x(days[0]), round(DAY * len(days), 1)


def _runs(series: Sequence[Mapping[str, Any]], key: Any) -> Iterator[tuple[Any, list[int]]]:
    """Yield stretches of days of which something is the same, with their numbers."""
    for value, days in groupby(range(len(series)), lambda at: key(series[at])):
        yield value, list(days)


def _x(day: int) -> float:
    return round(LEFT + DAY * day, 1)
