"""How things are drawn: colours, shapes, patterns and what the legend says of them; pure.

Scales that are never shown with one legend (METHOD 0.2, rule 4): the five classes of an area,
the four risk colours of a place, the four grades of the register, the bands of a load, and
(later) the five fire-weather classes. Colour is never alone: a number, a pattern or a shape goes
with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal

from gis.domain import dbscan, hotspots, local_moran, relative
from gis.domain import hazards as cases
from gis.domain.kinds import Level, SiteKind, Title
from gis.domain.risk.dq import GRADES
from gis.domain.risk.index import CLASS_TITLES
from gis.services.load_layer import LayerInfo

Shape = Literal[
    "fill", "area", "line", "circle", "square", "triangle", "diamond", "cross", "saltire"
]


@dataclass(frozen=True, slots=True)
class Mark:
    """How one sort of feature is drawn.

    Attributes
    ----------
    shape
        ``fill``: a filled area; ``area``: an outline, or a small square where it is too small
        to be seen; ``line``; else the symbol of a point.
    fill
        Inside, ``#rrggbb``; ``hatch`` for the no-data pattern; None for hollow.
    stroke, width
        Outline: colour, and width in CSS pixels.
    opacity
        Of the inside, 0..1.
    number
        Class or grade that is written on it, so that the colour is not alone; of a load the band,
        in whose place its value is written.
    hatched
        Striped in white: the number is there, and not to be relied on.
    """

    shape: Shape
    fill: str | None
    stroke: str
    width: float = 1.0
    dashed: bool = False
    opacity: float = 1.0
    number: int | str | None = None
    size: float = 1.0
    hatched: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Which features a mark is for; the first rule that fits a feature holds.

    Attributes
    ----------
    label
        What the legend says; None where the layer's own title says it.
    note
        What the legend adds, such as the limits of a class.
    where
        Property to the value that it must have.
    least
        Property to the least value that it must have.
    """

    mark: Mark
    label: Title | None = None
    note: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)


CLASS_COLOURS = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
"""ColorBrewer YlOrRd: told apart by colour-blind readers too."""

NO_DATA = Title("无数据", "No data")
HATCH = "hatch"
HATCH_COLOUR = "#9a9a9a"
FILL_OPACITY = 0.65
BORDER = "#6f6a64"
RAISED = Title("因标志调高一级或以上", "Raised by a flag")
RAISED_MARK = Mark("fill", None, "#1f1a17", width=3)

GRADE_TITLES = dict(
    zip(
        GRADES,
        (
            Title("好", "Good"),
            Title("较好", "Fairly good"),
            Title("较差", "Fairly poor"),
            Title("差", "Poor"),
        ),
        strict=True,
    )
)
GRADE_COLOURS = dict(zip(GRADES, ("#ccebc5", "#7bccc4", "#43a2ca", "#0868ac"), strict=True))
"""ColorBrewer GnBu, the worse the darker: no colour of a risk, and told apart as safely."""

BAND_COLOURS = ("#f1eef6", "#d7b5d8", "#df65b0", "#dd1c77", "#980043")
"""ColorBrewer PuRd: bands of a load, which are no classes."""
CELL_EDGE = "#b3a8b4"
SMALL = Title("基数小，不宜比较、排名", "Small numbers: not to be compared or ranked")
SMALL_MARK = Mark("fill", BAND_COLOURS[2], BORDER, opacity=FILL_OPACITY, hatched=True)

TODAY_COLOURS = ("#f6e8c3", "#dfc27d", "#bf812d", "#8c510a", "#543005")
"""The brown half of ColorBrewer BrBG: bands of the forest of a day, which are no classes."""

SURFACE_COLOURS = ("#bfd3e6", "#9ebcda", "#8c96c6", "#8856a7", "#810f7c")
"""ColorBrewer BuPu: bands of an intensity, which are no classes; neither red to yellow nor the
blue of a low risk."""
SURFACE_EDGE = "#6a5a86"

RISK_COLOURS = {
    "红": Rule(Mark("diamond", "#d7191c", "#7d0c0e"), Title("重大（红）", "Major (red)")),
    "橙": Rule(Mark("triangle", "#f08c00", "#7a4700"), Title("较大（橙）", "Serious (orange)")),
    "黄": Rule(Mark("square", "#ffd400", "#5c4d00"), Title("一般（黄）", "General (yellow)")),
    "蓝": Rule(Mark("circle", "#2b7bba", "#12405f"), Title("低（蓝）", "Low (blue)")),
}
"""The four risk colours of places, shape by rank."""

NOT_GRADED = Rule(
    Mark("saltire", None, "#4a4a4a", width=2), Title("未评定（不等于低）", "Not graded (not low)")
)

RATE_COLOURS = ("#d9d9d9", "#feebe2", "#f768a1", "#7a0177")
"""ColorBrewer RdPu, and grey for fewer than expected, which may be less inspection."""
FUNNEL = (0.95, 0.998)
"""Limits of the funnel before anything was computed."""

HEAT_COLOURS = ("#dadaeb", "#bcbddc", "#9e9ac8", "#756bb1", "#54278f")
"""One hue, light to dark."""

FOUND_COLOUR, PATCH_COLOUR = "#7a0177", "#0f62fe"
"""Outlines of what a test found, and of what is described only: told apart by the colour-blind,
from each other and from the grey of boundaries."""

FRAME = Rule(Mark("area", None, "#3f3a36", width=2))
OUTLINE = Rule(Mark("area", None, "#6f6a64"))
"""Of what lies around the scored areas, and of these."""

SQUARES = Title("概化位置：只示经过的方格", "Generalised: only the squares it passes")
TRUE_PLACE = Title("实际位置", "True position")
"""Of a kind whose places not everybody sees as they are."""

NOT_ONLINE = Title("不在线", "Not online")
PLANNED = Title("拟建，还没有设备", "Planned: no device yet")


def rules(info: LayerInfo, kind: SiteKind | None, level: Level | None) -> tuple[Rule, ...]:
    """Return how a layer is drawn; ``kind`` or ``level`` is its passport where it has one."""
    if kind is not None:
        return _kind(kind)
    if level is not None:
        return (OUTLINE if level.scored else FRAME,)
    return _REGISTERS[info.register](info)


def class_rules(limits: Sequence[float] = ()) -> tuple[Rule, ...]:
    """Return the marks of the classes 1 to 5 and of no data, in that order.

    ``limits`` are the four scores, 0..100, at which the next class begins, where they are known.
    """
    edges = [0.0, *limits, 100.0]
    spans = [f"{low:g}–{high:g}" for low, high in pairwise(edges)] if limits else [""] * 5
    known = [
        Rule(
            Mark("fill", colour, BORDER, opacity=FILL_OPACITY, number=number),
            title,
            note,
            {"class": number},
        )
        for number, (colour, title, note) in enumerate(
            zip(CLASS_COLOURS, CLASS_TITLES, spans, strict=True), start=1
        )
    ]
    return (*known, Rule(Mark("fill", HATCH, BORDER), NO_DATA))


def class_shades() -> tuple[str, ...]:
    """Return the class colours as they look on the map: the fill over white, ``#rrggbb``."""
    return tuple(_over_white(colour, FILL_OPACITY) for colour in CLASS_COLOURS)


def grade_shades() -> dict[str, str]:
    """Return the colours of the grades of the register as they look on the map."""
    return {grade: _over_white(colour, FILL_OPACITY) for grade, colour in GRADE_COLOURS.items()}


def _over_white(colour: str, opacity: float) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * opacity):02x}" for part in parts)


def _risk(info: LayerInfo) -> tuple[Rule, ...]:
    return class_rules(info.style.get("class_limits", ()))


def _bands(info: LayerInfo) -> tuple[Rule, ...]:
    """Return the marks of the bands of a load, by the fixed breaks that its run used."""
    edges = [0.0, *info.style.get("breaks", ())]
    spans = [f"{low:g}–{high:g}" for low, high in pairwise(edges)] + [f"≥ {edges[-1]:g}"]
    known = [
        Rule(
            Mark("fill", colour, BORDER, opacity=FILL_OPACITY, number=f"L{number}"),
            Title(span, span),
            where={f"class_{info.style['property']}": number},
        )
        for number, (colour, span) in enumerate(zip(BAND_COLOURS, spans, strict=False), start=1)
    ]
    bands = known if len(spans) == len(BAND_COLOURS) else []
    return (*bands, Rule(Mark("fill", HATCH, BORDER), NO_DATA))


def _cells(info: LayerInfo) -> tuple[Rule, ...]:
    """Return the same for many small cells: edges as thin as they can be, none where no data is."""
    *bands, unknown = _bands(info)
    thin = [replace(rule, mark=replace(rule.mark, stroke=CELL_EDGE, width=0.5)) for rule in bands]
    return (*thin, replace(unknown, mark=replace(unknown.mark, width=0)))


def _forest_today(info: LayerInfo) -> tuple[Rule, ...]:
    """Return the marks of the bands of the forest of a day, by the limits that its run used."""
    edges = [0.0, *info.style.get("limits", ()), 100.0]
    spans = [f"{low:g}–{high:g}" for low, high in pairwise(edges)]
    return _numbered(TODAY_COLOURS, [Title(f"{span} 分", f"{span} points") for span in spans])


def _surface(info: LayerInfo) -> tuple[Rule, ...]:
    """Return the marks of the bands of an intensity, by the limits that its run used."""
    edges = [*info.style.get("limits", ()), 100.0]
    spans = [f"{low:g}–{high:g}" for low, high in pairwise(edges)]
    *bands, unknown = _numbered(SURFACE_COLOURS, [Title(span, span) for span in spans])
    edged = [replace(r, mark=replace(r.mark, stroke=SURFACE_EDGE, width=0.5)) for r in bands]
    return (*edged, unknown)


def _numbered(colours: Sequence[str], titles: Sequence[Title]) -> tuple[Rule, ...]:
    """Return the marks of bands that their features number from 1, and of no data."""
    known = [
        Rule(Mark("fill", colour, colour, width=0, opacity=0.85), title, where={"band": number})
        for number, (colour, title) in enumerate(zip(colours, titles, strict=False), start=1)
    ]
    return (*known, Rule(Mark("fill", HATCH, BORDER), NO_DATA))


def _forest_blind(_info: LayerInfo) -> tuple[Rule, ...]:
    return (Rule(Mark("area", None, "#5b21b6", width=2, dashed=True)),)


def _kind(kind: SiteKind) -> tuple[Rule, ...]:
    plain = _plain(kind)
    if kind.generalised:
        squares = Mark("area", None, kind.symbol.colour, width=1.25, dashed=True)
        return (Rule(squares, SQUARES, where={"generalised": True}), Rule(plain, TRUE_PLACE))
    if kind.symbol.colour_by:
        return (*_by_colour(kind.symbol.colour_by), NOT_GRADED)
    if kind.watch:
        field_, online = kind.watch.field, Title(kind.watch.online, "Online")
        later = Mark(plain.shape, None, kind.symbol.colour, width=1.5)
        planned = Rule(later, PLANNED, where={field_: kind.watch.planned})
        return (
            Rule(plain, online, where={field_: kind.watch.online}),
            *([planned] if kind.watch.planned else ()),
            Rule(Mark(plain.shape, None, "#b3261e", width=2, size=1.15), NOT_ONLINE),
        )
    return (Rule(plain, kind.symbol.dashed),)


def _plain(kind: SiteKind) -> Mark:
    colour, shape = kind.symbol.colour, kind.symbol.shape
    if shape in ("line", "area"):
        width = 2 if shape == "line" else 1.25
        return Mark(shape, None, colour, width=width, dashed=kind.symbol.dashed is not None)
    return Mark(shape, colour, "#ffffff")


def _by_colour(name: str) -> tuple[Rule, ...]:
    return tuple(
        Rule(rule.mark, rule.label, where={name: value}) for value, rule in RISK_COLOURS.items()
    )


def _hazard(_info: LayerInfo) -> tuple[Rule, ...]:
    major, general = RISK_COLOURS["红"].mark, RISK_COLOURS["黄"].mark
    return (
        Rule(
            _late(major),
            Title("重大，逾期", "Major, overdue"),
            where={"level": cases.MAJOR, "overdue": True},
        ),
        Rule(
            major, Title("重大，未销号", "Major, open"), where={"level": cases.MAJOR, "open": True}
        ),
        Rule(_late(general), Title("一般，逾期", "General, overdue"), where={"overdue": True}),
        Rule(general, Title("一般，未销号", "General, open"), where={"open": True}),
        Rule(
            Mark("circle", None, "#8a8a8a", size=0.6),
            Title("已销号、未立案", "Closed, or not a case"),
        ),
    )


def _late(mark: Mark) -> Mark:
    """Return the mark of the same case past its deadline: larger, with a black edge."""
    return Mark(mark.shape, mark.fill, "#111111", width=2.5, size=1.25)


def _hotspot(_info: LayerInfo) -> tuple[Rule, ...]:
    return _outlines(FOUND_COLOUR, "class", {
        hotspots.HOTSPOT: Title("热点（q ≤ 0.05）", "Hotspot (q ≤ 0.05)"),
        hotspots.SUSPECTED: Title("疑似（q ≤ 0.10）", "Suspected (q ≤ 0.10)"),
    })  # fmt: skip


def _outlines(colour: str, by: str, titles: Mapping[str, Title]) -> tuple[Rule, ...]:
    """Return a solid outline for the first value of a property, a dashed one for the second."""
    first, second = titles.items()
    solid, dashed = (Mark("area", None, colour, width=w, dashed=w < SOLID) for w in (SOLID, 2))
    return (
        Rule(solid, first[1], where={by: first[0]}),
        Rule(dashed, second[1], where={by: second[0]}),
    )


SOLID = 3
"""Width of a solid outline, px."""


def _rate(info: LayerInfo) -> tuple[Rule, ...]:
    """Return the marks of what a rate is among all, the least first."""
    inner, outer = (f"{100 * share:g}%" for share in info.style.get("funnel", FUNNEL))
    titles = {
        relative.UNDER: Title(f"低于 {inner} 界限（也可能查得少）", f"Below the {inner} limit"),
        relative.INSIDE: Title("在波动范围内", "Within chance"),
        relative.OVER: Title(f"高于 {inner} 界限", f"Above the {inner} limit"),
        relative.FAR: Title(f"高于 {outer} 界限", f"Above the {outer} limit"),
    }
    known = [
        Rule(
            Mark("fill", colour, BORDER, opacity=FILL_OPACITY, number=f"R{number}"),
            title,
            where={"finding": finding},
        )
        for number, ((finding, title), colour) in enumerate(
            zip(titles.items(), RATE_COLOURS, strict=True), start=1
        )
    ]
    return (*known, Rule(Mark("fill", HATCH, BORDER), NO_DATA))


def _circle(_info: LayerInfo) -> tuple[Rule, ...]:
    return (Rule(Mark("area", None, FOUND_COLOUR, width=2.5, dashed=True)),)


def _patch(_info: LayerInfo) -> tuple[Rule, ...]:
    return _outlines(PATCH_COLOUR, "how", {
        dbscan.SPACE: Title("空间成片", "Together in space"),
        dbscan.SPACE_TIME: Title("时空成片（发现日期也相近）", "Together in space and time"),
    })  # fmt: skip


def _outlier(_info: LayerInfo) -> tuple[Rule, ...]:
    """Return rings around the places, told apart by shape."""
    return (
        Rule(
            Mark("diamond", None, FOUND_COLOUR, width=3, size=1.7),
            Title("高-低（孤立：近邻少）", "High-low (alone: its neighbours have few)"),
            where={"class": local_moran.HIGH_LOW},
        ),
        Rule(
            Mark("circle", None, FOUND_COLOUR, width=3, size=1.7),
            Title("高-高（近邻也多）", "High-high (its neighbours have many too)"),
            where={"class": local_moran.HIGH_HIGH},
        ),
    )


def _quality(_info: LayerInfo) -> tuple[Rule, ...]:
    known = [
        Rule(
            Mark("fill", colour, BORDER, opacity=FILL_OPACITY, number=grade),
            GRADE_TITLES[grade],
            where={"grade": grade},
        )
        for grade, colour in GRADE_COLOURS.items()
    ]
    return (*known, Rule(Mark("fill", HATCH, BORDER), NO_DATA))


def _heat(_info: LayerInfo) -> tuple[Rule, ...]:
    bands = zip(HEAT_BREAKS_PER_KM2, HEAT_COLOURS, strict=True)
    return tuple(
        Rule(
            Mark("fill", colour, colour, width=0, opacity=FILL_OPACITY),
            Title(f"≥ {least:g} 件/km²", f"≥ {least:g} per km²"),
            least={"from_per_km2": least},
        )
        for least, colour in reversed(list(bands))
    )


HEAT_BREAKS_PER_KM2 = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Fixed, absolute: a single case in an empty town must not glow (METHOD 8.2 and 8.7)."""

_REGISTERS: dict[str, Callable[[LayerInfo], tuple[Rule, ...]]] = {
    "risk": _risk,
    "view": _bands,
    "hexagon": _cells,
    "hazard": _hazard,
    "hotspot": _hotspot,
    "heat": _heat,
    "rate": _rate,
    "circle": _circle,
    "patch": _patch,
    "outlier": _outlier,
    "forest_today": _forest_today,
    "surface": _surface,
    "forest_blind": _forest_blind,
    "quality": _quality,
}
