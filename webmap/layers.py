"""The layer switcher, computed from what the services list; nothing is listed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any, Literal

from gis.domain import hazards as cases
from gis.domain import hotspots
from gis.domain.kinds import Field, Level, SiteKind, Title
from gis.services.load_layer import LayerInfo
from webmap import cartography
from webmap.cartography import Mark, Rule

FILLS = frozenset({"risk", "view", "hexagon", "surface", "heat", "rate", "forest_today", "quality"})
"""Registers drawn as a filled surface: at most one of them is shown at a time."""

NAMELESS = frozenset({"hexagon", "surface", "hotspot", "heat", "circle", "patch"})
"""Registers whose features are cells, bands and outlines."""

Opens = Literal["area", "whole", "site", "card"]

RANK_OF_REGISTER = {
    **dict.fromkeys(FILLS, 0),
    **dict.fromkeys(("hotspot", "circle", "patch"), 4),
    "area": 1,
    "hazard": 6,
}
RANK_OF_FAMILY = {"polygon": 2, "line": 3, "mixed": 4, "point": 5}
"""What lies above what: fills, outlines, lines, points."""

MEANT_OF_REGISTER = {
    "kind": 0,
    "hazard": 0,
    "outlier": 0,
    "hexagon": 1,
    "forest_today": 1,
    "forest_blind": 3,
    "risk": 2,
    "view": 2,
    "quality": 2,
    "rate": 2,
    "hotspot": 3,
    "circle": 3,
    "patch": 3,
    "heat": 4,
    "surface": 4,
    "area": 4,
}
"""What a click means where several things lie: a place, a cell, then the village, then what
covers it."""

OPENS: dict[str, Opens] = {
    **dict.fromkeys(("risk", "view", "rate", "quality"), "area"),
    "kind": "site",
}
"""What a click opens, by register; a card made from the feature's own properties otherwise."""

NAME = Field("name", "text", Title("名称", "Name"))
CODE = Field("code", "text", Title("编号", "Code"))
OF_PLACE = (
    Field("village", "text", Title("村代码", "Village code")),
    Field("accuracy_m", "number", Title("位置精度", "Accuracy"), unit="m"),
    Field("verified_on", "date", Title("核实日期", "Verified on")),
)
OF_EDGE = Field(
    "edge_incomplete", "boolean", Title("边界外资料不全", "Data beyond the boundary missing")
)
OF_SCORE = (
    Field("class", "integer", Title("级别", "Class")),
    Field("score", "number", Title("分数", "Score")),
    Field("floor", "integer", Title("不低于", "Floor")),
    Field("data_quality", "text", Title("数据质量", "Data quality")),
    OF_EDGE,
    Field("class_reason", "text", Title("原因", "Reason")),
)
OF_LOAD = (
    Field("load", "number", Title("风险负荷", "Risk load"), unit="当量人"),
    Field("per_km2", "number", Title("每平方千米", "Per km²"), unit="当量人/km2"),
    Field("per_1000", "number", Title("每千人", "Per 1,000 residents"), unit="当量人/千人"),
    Field("area_km2", "number", Title("面积", "Area"), unit="km2"),
    Field("residents", "integer", Title("常住人口", "Residents"), unit="人"),
    Field("sources", "integer", Title("起作用的风险源", "Sources at work"), unit="处"),
    Field("receptors", "integer", Title("受影响的场所", "Places affected"), unit="处"),
    Field("at_least", "boolean", Title("有行业未知，至少如此", "Sectors missing: at least this")),
    Field("small", "boolean", Title("基数小", "Small numbers")),
    OF_EDGE,
)
OF_DATA = Field("data", "boolean", Title("有数据", "Has data"))
OF_HEXAGON = (
    OF_DATA,
    *OF_LOAD[:2],
    OF_LOAD[3],
    Field("people", "number", Title("格内人数", "People in the cell"), unit="人"),
    Field("receptors", "integer", Title("格内有人的场所", "Places with people"), unit="处"),
    Field("sources", "integer", Title("格内的风险源", "Sources in the cell"), unit="处"),
    *OF_LOAD[7:9],
)
OF_RECORDS = (
    Field("grade", "text", Title("等级", "Grade")),
    Field("records", "integer", Title("记录", "Records"), unit="处"),
    Field("completeness_pct", "number", Title("完整率", "Completeness"), unit="%"),
    Field("to_verify", "integer", Title("要核实", "To verify"), unit="处"),
    Field("stale", "integer", Title("超期未核实", "Overdue"), unit="处"),
    Field("never", "integer", Title("从未核实", "Never verified"), unit="处"),
    Field("accuracy_unknown", "integer", Title("精度未知", "Accuracy unknown"), unit="处"),
    Field("unplaced", "integer", Title("待落图", "Not placed"), unit="处"),
    Field("median_accuracy_m", "number", Title("中位精度", "Median accuracy"), unit="m"),
)
OF_CASE = (
    Field("overdue_days", "integer", Title("逾期天数", "Days overdue"), unit="天"),
    Field("village", "text", Title("村代码", "Village code")),
)
OF_CELL = (
    Field("class", "text", Title("判定", "Finding")),
    Field("count", "integer", Title("隐患件数", "Cases"), unit="件"),
    Field("weight", "number", Title("加权数", "Weighted count")),
    Field("z", "number", Title("Gi* 值", "Gi*")),
    Field("p", "number", Title("p 值", "p")),
    Field("q", "number", Title("q 值（错误发现率）", "q (false discovery rate)")),
)
OF_RATE = (
    Field("rate", "number", Title("相对率", "Rate"), unit="起/百处"),
    Field("finding", "text", Title("判定", "Finding")),
    Field("events", "integer", Title("计入的隐患", "Events counted"), unit="起"),
    Field("places", "integer", Title("登记场所", "Registered places"), unit="处"),
    Field("low", "number", Title("95% 下限（精确）", "95% lower limit (exact)"), unit="起/百处"),
    Field("high", "number", Title("95% 上限（精确）", "95% upper limit (exact)"), unit="起/百处"),
    Field("shrunk", "number", Title("经验贝叶斯", "Empirical Bayes"), unit="起/百处"),
    Field("trend", "text", Title("各月新发现隐患的趋势", "Trend of hazards found, by month")),
    Field("new", "integer", Title("本月新发现", "Found this month"), unit="件"),
)
OF_CIRCLE = (
    Field("ratio", "number", Title("实有与预期之比", "Observed over expected")),
    Field("events", "integer", Title("圆内隐患", "Events inside"), unit="起"),
    Field("expected", "number", Title("按场所数预期", "Expected by places"), unit="起"),
    Field("at_risk", "number", Title("圆内场所", "Places inside"), unit="处"),
    Field("radius_m", "number", Title("半径", "Radius"), unit="m"),
    Field("llr", "number", Title("对数似然比", "Log likelihood ratio")),
    Field("p", "number", Title("p 值（对全图）", "p (of the whole map)")),
)
OF_PATCH = (
    Field("how", "text", Title("怎样成片", "Together in")),
    Field("events", "integer", Title("隐患", "Events"), unit="起"),
    Field("count", "integer", Title("隐患件数", "Cases"), unit="件"),
    Field("overdue", "number", Title("逾期件数占比（0–1）", "Share overdue (0–1)")),
    Field("days", "integer", Title("发现日期跨度", "Days from first to last"), unit="天"),
    Field("first_on", "date", Title("最早发现", "First found")),
    Field("last_on", "date", Title("最近发现", "Last found")),
)
OF_OUTLIER = (
    Field("class", "text", Title("判定", "Finding")),
    Field("count", "integer", Title("隐患件数", "Cases"), unit="件"),
    Field("weight", "number", Title("加权数", "Weighted count")),
    Field("around", "number", Title("近邻平均加权数", "Mean of its neighbours")),
    Field("moran", "number", Title("局部 Moran I", "Local Moran's I")),
    Field("p", "number", Title("p 值（双侧）", "p (two-sided)")),
    Field("q", "number", Title("q 值（错误发现率）", "q (false discovery rate)")),
    Field("village", "text", Title("村代码", "Village code")),
)
OF_BAND = (
    Field("from_per_km2", "number", Title("密度自", "From"), unit="件/km²"),
    Field("to_per_km2", "number", Title("至", "To"), unit="件/km²"),
)
OF_SURFACE = (
    Field("from_intensity", "number", Title("强度自", "From")),
    Field("to_intensity", "number", Title("至", "To")),
    OF_DATA,
)
OF_BLIND = (
    Field("area_ha", "number", Title("林地", "Forest"), unit="ha"),
    Field("high_ha", "number", Title("高火险林地", "High-hazard forest"), unit="ha"),
    Field("over", "text", Title("地形", "Relief")),
    Field("as_of", "date", Title("数据截至", "As of")),
)
OF_FOREST = (
    Field("today", "number", Title("当日分值", "Today"), unit="分"),
    Field("score", "number", Title("静态分值", "Of the land"), unit="分"),
    Field("fire_class", "integer", Title("火险天气等级", "Class of fire weather"), unit="级"),
    Field("by", "text", Title("等级来源", "Whose class")),
    Field("day", "date", Title("天气日期", "Day of the weather")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the switcher.

    Attributes
    ----------
    control
        ``radio`` for a filled surface, of which one is shown; else ``checkbox``.
    on
        Whether it is shown when the page opens.
    rank
        What lies above what on the map.
    meant
        What a click means where several things lie: the smallest wins.
    opens
        What a click on one of its features opens.
    view
        What it is called among the ways to look at the scored areas; None: it is none of them.
    value
        The property that is written on its areas, where it is not a class.
    note
        What its legend says of it.
    named
        Whether the first column names a feature; a cell or a band has no name.
    columns
        The properties that the layer's table shows, and a feature's card where no service
        writes one; what names the feature comes first.
    """

    slug: str
    title: Title
    group: Title
    register: str
    count: int
    control: Literal["radio", "checkbox"]
    on: bool
    rank: int
    meant: int
    rules: tuple[Rule, ...]
    opens: Opens
    view: Title | None
    value: Field | None
    note: Title | None
    named: bool
    columns: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading, in the order in which the services list them."""

    title: Title
    rows: tuple[Row, ...]


def switcher(
    infos: Iterable[LayerInfo], *, kinds: Mapping[str, SiteKind], levels: Mapping[str, Level]
) -> tuple[Group, ...]:
    """Arrange the layers in groups.

    Parameters
    ----------
    infos
        What ``list_layers`` returned.
    kinds, levels
        The passports.
    """
    groups: dict[Title, list[Row]] = {}
    shown = ""
    for info in infos:
        row = _row(info, kinds.get(info.slug), levels.get(info.slug), first=not shown)
        shown = shown or (row.slug if row.on and row.control == "radio" else "")
        groups.setdefault(info.group, []).append(row)
    return tuple(Group(title, tuple(rows)) for title, rows in groups.items())


def rows(groups: Iterable[Group]) -> list[Row]:
    """Return the rows of all groups."""
    return [row for group in groups for row in group.rows]


@dataclass(frozen=True, slots=True)
class Legend:
    """What the legend says of the layers that are drawn alike; ``row`` is the first of them."""

    slugs: tuple[str, ...]
    row: Row


def legends(groups: Iterable[Group]) -> list[Legend]:
    """Return the legends of the filled surfaces; neighbours of which the same is said share one."""
    filled = (row for row in rows(groups) if row.control == "radio")
    alike = groupby(filled, lambda row: (row.register, row.rules, row.value, row.note))
    found = [tuple(shared) for _, shared in alike]
    return [Legend(tuple(row.slug for row in shared), shared[0]) for shared in found]


def for_script(row: Row, *, english: bool, href: str) -> dict[str, Any]:
    """Return what the page's script needs to draw a layer; JSON-able."""

    def said(title: Title) -> str:
        return title.en if english else title.zh

    return {
        "slug": row.slug,
        "title": said(row.title),
        "href": href,
        "register": row.register,
        "fill": row.control == "radio",
        "rank": row.rank,
        "meant": row.meant,
        "opens": row.opens,
        "value": row.value.name if row.value else None,
        "name": row.columns[0].name if row.named else None,
        "rules": [
            _told(
                {
                    "where": dict(rule.where),
                    "least": dict(rule.least),
                    "mark": _told(asdict(rule.mark), PLAIN),
                    "label": said(rule.label) if rule.label else None,
                }
            )
            for rule in row.rules
        ],
        # Of a place or an area the service writes the card.
        "columns": [
            _told({"name": field.name, "title": said(field.title), "unit": field.unit})
            for field in row.columns[row.named :]
            if row.opens == "card"
        ],
    }


PLAIN = asdict(Mark("fill", None, ""))
"""What a mark is where it says nothing else; the script knows it too."""


def _told(
    found: dict[str, Any], otherwise: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Return what is not as it is anyway: the page stays small."""
    return {k: v for k, v in found.items() if v not in (None, {}) and v != otherwise.get(k)}


def _row(info: LayerInfo, kind: SiteKind | None, level: Level | None, *, first: bool) -> Row:
    fill = info.register in FILLS
    scored = level is not None and level.scored
    return Row(
        slug=info.slug,
        title=info.title,
        group=info.group,
        register=info.register,
        count=info.count,
        control="radio" if fill else "checkbox",
        on=(info.register == "risk" and first) or _is_frame(info, level),
        rank=RANK_OF_REGISTER.get(info.register, RANK_OF_FAMILY[info.family]),
        rules=cartography.rules(info, kind, level),
        meant=MEANT_OF_REGISTER["risk" if scored else info.register],
        opens=_opens(info, level),
        view=_view(info, first=first),
        value=_value(info),
        note=_note(info),
        named=info.register not in NAMELESS,
        columns=_columns(info, kind, level),
    )


def _opens(info: LayerInfo, level: Level | None) -> Opens:
    if level is not None:
        return "area" if level.scored else "whole"
    return OPENS.get(info.register, "card")


def _value(info: LayerInfo) -> Field | None:
    """Return the property that is written on areas in the place of a class."""
    values = {field.name: field for field in (*OF_LOAD, *OF_RATE)}
    on_areas = OPENS.get(info.register) == "area"
    return values.get(info.style.get("property", "")) if on_areas else None


BY_CLASS = Title("综合级别", "Class")


def _view(info: LayerInfo, *, first: bool) -> Title | None:
    """Return the name of a way to look at the areas: the first risk layer, and the loads."""
    if info.register == "risk" and first:
        return BY_CLASS
    return info.style.get("said")


def _note(info: LayerInfo) -> Title | None:
    """Return what a legend says besides its marks; None for nothing."""
    return _NOTES.get(info.register, _of_load)(info)


def _of_load(info: LayerInfo) -> Title | None:
    """Return the unit of a load, and how wide its cells are; None of what is no load."""
    unit, width_m = info.style.get("unit"), info.style.get("width_m")
    if unit is None:
        return None
    zh, en = f"单位：{unit.zh}。不是级别", f"In {unit.en}. No class"
    if width_m is None:
        return Title(f"{zh}。", f"{en}.")
    return Title(
        f"{zh}；网格对边 {width_m} 米，空格是无数据，不是 0。",
        f"{en}; cells {width_m} m wide, an empty one has no data and is not 0.",
    )


def _note_of_run(info: LayerInfo) -> Title | None:
    """Return how a layer's run looked, where there is one."""
    if not info.style:
        return None
    found = OF_RUNS[info.register]
    if info.style.get("status") == hotspots.TOO_FEW:
        found = TOO_FEW
    return Title(found.zh.format_map(info.style), found.en.format_map(info.style))


OF_RUNS = {
    "patch": Title(
        "描述性，不作统计检验。空间：{patch_reach_m:g} m 内至少 {patch_least:g} 起；"
        "时空：{patch_timed_reach_m:g} m、{patch_timed_reach_days:g} 天内"
        "至少 {patch_timed_least:g} 起。外框外扩 {patch_margin_m:g} m。",
        "Descriptive, not tested. Space: at least {patch_least:g} events within "
        "{patch_reach_m:g} m; space and time: {patch_timed_least:g} within "
        "{patch_timed_reach_m:g} m and {patch_timed_reach_days:g} days. "
        "Drawn {patch_margin_m:g} m wider.",
    ),
    "outlier": Title(
        "与最近 {moran_neighbours:g} 家比加权隐患数，q ≤ {moran_q:g}；"
        "多数没有隐患时，孤立的一家难以通过检验。",
        "Weighted cases against the nearest {moran_neighbours:g}, q ≤ {moran_q:g}; where most have "
        "none, one alone can hardly be told.",
    ),
}
TOO_FEW = Title(
    "样本不足：镇内这类场所不到 {moran_least:g} 家，没有检验。",
    "Too few: under {moran_least:g} such places in the town, not tested.",
)


def _of_day(info: LayerInfo) -> Title:
    """Return the day of the weather of a forest."""
    day = info.style.get("day") or "—"
    return Title(
        f"按 {day} 的火险天气，只供参考：不是火险天气等级，不进入村级指数。",
        f"By the weather of {day}, for reference: no class of fire weather, not in the index.",
    )


def _of_blind(info: LayerInfo) -> Title:
    """Return on which day devices worked that see none of it."""
    day = info.style.get("day") or "—"
    return Title(
        f"{day} 在用的设备在晴好天气里看不到烟的林地；看得到不等于看见了。",
        f"Forest whose smoke no device working on {day} sees in clear air. Seen is not found.",
    )


def _of_surface(info: LayerInfo) -> Title | None:
    """Return what an intensity counts in, on which grid, of which day; and what it is not."""
    limits, cell_m, day = (info.style.get(name) for name in ("limits", "cell_m", "as_of"))
    if not limits:
        return None
    return Title(
        f"强度 0–100，{cell_m:g} 米网格，按 {day} 的登记。不是级别，不是法定结论，"
        f"也不是哪个村的分数；不着色的是不足 {limits[0]:g} 或没有登记的，不等于安全。",
        f"Intensity 0–100 on a grid of {cell_m:g} m, by the register of {day}. No class, "
        f"nothing statutory, no village's score; ground without colour is below "
        f"{limits[0]:g} or has nothing on record, which is not safe.",
    )


_NOTES: Mapping[str, Callable[[LayerInfo], Title | None]] = {
    "forest_today": _of_day,
    "forest_blind": _of_blind,
    "surface": _of_surface,
    "patch": _note_of_run,
    "outlier": _note_of_run,
}


def _is_frame(info: LayerInfo, level: Level | None) -> bool:
    """Tell whether it is the outline around the areas that are scored."""
    return level is not None and not level.scored and info.count > 0


def _columns(info: LayerInfo, kind: SiteKind | None, level: Level | None) -> tuple[Field, ...]:
    if kind is not None:
        return (NAME, CODE, *kind.open_fields, *OF_PLACE)
    if level is not None:
        return (NAME, CODE, *level.fields)
    title, *rest = cases.FIELDS
    registers: dict[str, tuple[Field, ...]] = {
        "risk": (NAME, CODE, *OF_SCORE),
        "view": (NAME, CODE, *OF_LOAD),
        "hexagon": (*OF_HEXAGON, *_loads(info)),
        "hazard": (title, CODE, *rest, *OF_CASE),
        "hotspot": OF_CELL,
        "surface": OF_SURFACE,
        "heat": OF_BAND,
        "rate": (NAME, CODE, *OF_RATE),
        "circle": OF_CIRCLE,
        "patch": OF_PATCH,
        "outlier": (NAME, *OF_OUTLIER),
        "forest_today": (NAME, CODE, *OF_FOREST),
        "forest_blind": (NAME, *OF_BLIND),
        "quality": (NAME, CODE, *OF_RECORDS),
    }
    return registers.get(info.register, (NAME, CODE))


def _loads(info: LayerInfo) -> tuple[Field, ...]:
    """Return the columns of a cell's loads by model."""
    loads: Mapping[str, Title] = info.style.get("loads", {})
    return tuple(Field(name, "number", title, unit="当量人") for name, title in loads.items())
