"""The layer switcher, computed from what the services list; nothing is listed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

from gis.domain import hazards as cases
from gis.domain.kinds import Field, Level, SiteKind, Title
from gis.services.load_layer import LayerInfo
from webmap import cartography
from webmap.cartography import Mark, Rule

FILLS = frozenset({"risk", "view", "hexagon", "heat", "rate", "forest_today", "quality"})
"""Registers drawn as a filled surface: at most one of them is shown at a time."""

NAMELESS = frozenset({"hexagon", "hotspot", "heat", "circle"})
"""Registers whose features are cells and bands."""

Opens = Literal["area", "whole", "site", "card"]

RANK_OF_REGISTER = {**dict.fromkeys(FILLS, 0), "area": 1, "hotspot": 4, "circle": 4, "hazard": 6}
RANK_OF_FAMILY = {"polygon": 2, "line": 3, "mixed": 4, "point": 5}
"""What lies above what: fills, outlines, lines, points."""

MEANT_OF_REGISTER = {
    "kind": 0,
    "hazard": 0,
    "hexagon": 1,
    "forest_today": 1,
    "forest_blind": 3,
    "risk": 2,
    "view": 2,
    "quality": 2,
    "rate": 2,
    "hotspot": 3,
    "circle": 3,
    "heat": 4,
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
OF_HEXAGON = (
    Field("data", "boolean", Title("有数据", "Has data")),
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
    Field("events", "integer", Title("未销号隐患", "Open events"), unit="起"),
    Field("places", "integer", Title("登记场所", "Registered places"), unit="处"),
    Field("low", "number", Title("95% 下限（精确）", "95% lower limit (exact)"), unit="起/百处"),
    Field("high", "number", Title("95% 上限（精确）", "95% upper limit (exact)"), unit="起/百处"),
    Field("shrunk", "number", Title("经验贝叶斯", "Empirical Bayes"), unit="起/百处"),
    Field("trend", "text", Title("近月新发现隐患的趋势", "Trend of hazards found, by month")),
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
OF_BAND = (
    Field("from_per_km2", "number", Title("密度自", "From"), unit="件/km²"),
    Field("to_per_km2", "number", Title("至", "To"), unit="件/km²"),
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
            {"name": field.name, "title": said(field.title), "unit": field.unit or ""}
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
    """Return the unit of a load, and how wide its cells are; of a forest its day. No classes."""
    if info.register == "forest_today":
        day = info.style.get("day") or "—"
        return Title(
            f"按 {day} 的火险天气，只供参考：不是火险天气等级，不进入村级指数。",
            f"By the weather of {day}, for reference: no class of fire weather, not in the index.",
        )
    if info.register == "forest_blind":
        day = info.style.get("day") or "—"
        return Title(
            f"{day} 在用的设备在晴好天气里看不到烟的林地；看得到不等于看见了。",
            f"Forest whose smoke no device working on {day} sees in clear air. Seen is not found.",
        )
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
        "heat": OF_BAND,
        "rate": (NAME, CODE, *OF_RATE),
        "circle": OF_CIRCLE,
        "forest_today": (NAME, CODE, *OF_FOREST),
        "forest_blind": (NAME, *OF_BLIND),
        "quality": (NAME, CODE, *OF_RECORDS),
    }
    return registers.get(info.register, (NAME, CODE))


def _loads(info: LayerInfo) -> tuple[Field, ...]:
    """Return the columns of a cell's loads by model."""
    loads: Mapping[str, Title] = info.style.get("loads", {})
    return tuple(Field(name, "number", title, unit="当量人") for name, title in loads.items())
