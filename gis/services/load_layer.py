"""Everything that can be switched on: one layer per level, model, kind and register."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import pandas as pd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import hazards as cases
from gis.domain.document import Document
from gis.domain.features import collection, feature_texts
from gis.domain.kinds import Level, SiteKind, Title
from gis.domain.rights import CASES, Actor
from gis.domain.risk import registry
from gis.domain.risk.constants import EXPOSURE, INDEX
from gis.errors import NotFoundError
from gis.services import coarse
from gis.services.access import reading
from gis.services.assess_quality import assess_open
from gis.services.describe import Register, describe_open
from gis.storage import areas, hazards, runs, sites, wire
from gis.storage.dialect import Box
from gis.workspace import Workspace

Family = Literal["point", "line", "polygon", "mixed"]
GEOJSON = "application/geo+json"


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """What a visitor may know of a layer before switching it on.

    Attributes
    ----------
    register
        Where it comes from: ``area``, ``risk``, ``view``, ``hexagon``, ``surface``, ``kind``,
        ``hazard``, ``hotspot``, ``heat``, ``rate``, ``circle``, ``patch``, ``outlier``,
        ``forest_today``, ``forest_blind`` or ``quality``.
    extent
        West, south, east, north in degrees; None while it is empty.
    style
        What is known of its look: of a kind what its passport says, of risk the limits of the
        classes that the run used, of loads the property they are in, its unit and its breaks.
    run
        Id of the computation it shows; None where it shows the register itself.
    """

    slug: str
    title: Title
    group: Title
    family: Family
    count: int
    extent: Box | None
    register: str
    style: Mapping[str, Any] = field(default_factory=dict)
    run: int | None = None


Texts = Callable[[Connection], Iterator[str]]

AREAS = Title("行政区划", "Areas")
RISK = Title("村级综合风险", "Village risk")
DATA = Title("登记数据", "The register")
HAZARDS = Title("隐患", "Hazards")
COMPOSITE = Title("综合风险", "Composite risk")
HOTSPOT, HEAT, RATE, CIRCLE = "hotspot", "hazard_heat", "hazard_rate", "hazard_circle"
PATCH, OUTLIER = "hazard_cluster", "hazard_outlier"
"""Layers of a run of ``find_hotspots``."""
HOTSPOTS = "hotspots"
"""The method whose constants it used."""
PER_100 = Title("隐患起数/百处登记场所", "events per 100 registered places")
FOREST, FOREST_TODAY = "forest_fire", "forest_today"
"""The method, and the layer of a run of ``rate_forest_today``; also its register and verb."""
FOREST_BLIND = "forest_blind"
"""The layer of the same run of forest that no device sees; also its register."""
QUALITY = "quality"
"""The layer of how good the register is, and its register."""
LOADS = Title("风险负荷", "Risk load")
VIEWED, VIEW_PREFIX = "views", "view_"
"""Under which a run keeps its areas by load, and what the layers that show them begin with."""
HEXAGON, LOAD_PREFIX = "hexagon", "load_"
"""The layer, and level, of hexagons; of a cell's property that holds the load of a model."""
INTENSITY = Title("危险强度", "Hazard intensity")
SURFACE, SURFACE_PREFIX = "surface", "surface_"
"""The register of intensity on a fine grid, and what its layers, one per model, begin with."""
PERSONS = Title("当量人", "equivalent persons")
PER_KM2 = Title("当量人/km²", "equivalent persons/km²")
PER_1000 = Title("当量人/千人", "equivalent persons per 1,000 residents")
VIEW_TITLES = {
    "load": (Title("绝对数", "Absolute"), PERSONS),
    "per_km2": (Title("每平方千米", "Per km²"), PER_KM2),
    "per_1000": (Title("每千人", "Per 1,000 residents"), PER_1000),
}
"""Of the three views: what they are called, and in what they count."""
RISK_PREFIX = "risk_"
COMPOSITE_SLUG = RISK_PREFIX + "composite"


def list_layers(ws: Workspace, actor: Actor) -> list[LayerInfo]:
    """Return every layer that the actor may see, in the order of the switcher."""
    with reading(ws, actor) as conn:
        return [info for info, _ in _catalogue(conn, ws, actor).values()]


def load_layer(ws: Workspace, actor: Actor, slug: str) -> Document:
    """Return a layer as an RFC 7946 FeatureCollection, streamed.

    Its foreign members say the title, the notices, the date it speaks of and the source.

    Raises
    ------
    NotFoundError
        If there is no such layer; the message lists the known ones.
    """
    with reading(ws, actor) as conn:
        info, texts = find(conn, ws, actor, slug)
        about = describe_open(conn, ws)
    chunks = _stream(ws, actor, texts, slug, members(info, about))
    return Document(GEOJSON, etag(info, about, actor), chunks)


def load_properties(
    ws: Workspace, actor: Actor, register: str
) -> list[tuple[LayerInfo, list[dict[str, Any]]]]:
    """Return the layers of a register with the properties of their features, of one snapshot.

    For tables of many layers at once; layers of many features are better streamed.
    """
    with reading(ws, actor) as conn:
        return [
            (info, [orjson.loads(text)["properties"] for text in texts(conn)])
            for info, texts in _catalogue(conn, ws, actor).values()
            if info.register == register
        ]


def find(conn: Connection, ws: Workspace, actor: Actor, slug: str) -> tuple[LayerInfo, Texts]:
    """Return a layer and what yields its features' texts on an open transaction."""
    catalogue = _catalogue(conn, ws, actor)
    if slug not in catalogue:
        raise NotFoundError(f"没有图层 {slug}；可以用：{', '.join(catalogue)}")
    return catalogue[slug]


def members(info: LayerInfo, about: Register) -> dict[str, Any]:
    """Return what a collection says of itself beside its features."""
    return {
        "title": info.title.zh,
        "title_en": info.title.en,
        "notice": "；".join(notice.zh for notice in about.notices),
        "synthetic": about.purpose == "demonstration",
        "as_of": about.as_of.isoformat(),
        "run": info.run,
        "crs_note": "CGCS2000 (EPSG:4490) 经纬度",
    }


def etag(info: LayerInfo, about: Register, actor: Actor) -> str:
    """Return a tag that changes whenever the layer may: revision, run, day, what may be seen."""
    parts = (info.slug, about.revision, info.run or 0, f"{about.as_of:%Y%m%d}", about.version)
    return "-".join(map(str, (*parts, actor.tag)))


def _stream(
    ws: Workspace, actor: Actor, texts: Texts, slug: str, said: Mapping[str, Any]
) -> Iterator[bytes]:
    with reading(ws, actor) as conn:
        yield from collection(texts(conn), name=slug, members=said)


Catalogue = dict[str, tuple[LayerInfo, Texts]]
Extents = Mapping[str, tuple[int, Box | None]]
"""Of each layer or level: the number of its features, and the degrees that they cover."""


def _catalogue(conn: Connection, ws: Workspace, actor: Actor) -> Catalogue:
    extents = wire.area_summary(conn)
    run = runs.latest(conn, runs.RISK)
    summary = wire.run_summary(conn, run["id"]) if run else {}
    return {
        **_risk_layers(run, summary, actor),
        **_load_layers(run, summary, actor),
        **_surface_layers(run, summary, actor),
        **_hazard_layers(conn, ws, actor),
        **_kind_layers(conn, ws, actor),
        **_forest_layers(conn, actor),
        **_quality_layer(ws, actor, extents),
        **_area_layers(ws, extents),
    }


def _risk_layers(run: RowMapping | None, summary: Extents, actor: Actor) -> Catalogue:
    """One per model, and the composite first; in whole points for who does not see every row."""
    titles = {COMPOSITE_SLUG: COMPOSITE}
    titles |= {RISK_PREFIX + model.slug: model.title for model in registry.models()}
    limits = {"class_limits": run["parameters"][INDEX]["class_limits"]} if run else {}
    found = {
        slug: _run_layer(run, slug, title, RISK, "risk", summary, style=limits)
        for slug, title in titles.items()
    }
    return found if actor.reads_everything else {k: _coarsely(*v) for k, v in found.items()}


def _load_layers(run: RowMapping | None, summary: Extents, actor: Actor) -> Catalogue:
    """One per view, and the hexagons: only for who sees every row, since loads count them all."""
    if not actor.reads_everything:
        return {}
    breaks = run["parameters"].get(EXPOSURE, {}) if run else {}
    found: Catalogue = {}
    for name, (said, unit) in VIEW_TITLES.items():
        style = {
            "property": name,
            "said": said,
            "unit": unit,
            "breaks": breaks.get(f"breaks_{name}", ()),
        }
        title = Title(f"负荷：{said.zh}", f"Load: {said.en.lower()}")
        slug = VIEW_PREFIX + name
        found[slug] = _run_layer(run, slug, title, LOADS, "view", summary, style=style, kept=VIEWED)
    style = {
        "property": "per_km2",
        "unit": PER_KM2,
        "breaks": breaks.get("breaks_per_km2", ()),
        "width_m": run["summary"].get("hexagon_m") if run else None,
        "loads": {LOAD_PREFIX + model.slug: model.title for model in registry.models()},
    }
    title = Title("负荷：六边形网格", "Load: hexagons")
    found[HEXAGON] = _run_layer(run, HEXAGON, title, LOADS, HEXAGON, summary, style=style)
    return found


def _surface_layers(run: RowMapping | None, summary: Extents, actor: Actor) -> Catalogue:
    """One per model: only for who sees every row, since a surface shows where each source lies."""
    if not actor.reads_everything:
        return {}
    used = run["parameters"][INDEX] if run else {}
    style = {
        "limits": used.get("surface_limits", ()),
        "cell_m": used.get("surface_cell_m"),
        "as_of": run["as_of"].isoformat() if run else None,
    }
    found: Catalogue = {}
    for model in registry.models():
        title = Title(f"强度：{model.title.zh}", f"Intensity: {model.title.en.lower()}")
        slug = SURFACE_PREFIX + model.slug
        found[slug] = _run_layer(run, slug, title, INTENSITY, SURFACE, summary, style=style)
    return found


def _coarsely(info: LayerInfo, texts: Texts) -> tuple[LayerInfo, Texts]:
    return info, lambda conn: coarse.features(texts(conn))


def _hazard_layers(conn: Connection, ws: Workspace, actor: Actor) -> Catalogue:
    """List the register to whoever may see cases, what counts them all to whoever sees all."""
    if CASES not in actor.cleared:
        return {}
    count, extent = wire.hazard_summary(conn, actor)
    title = Title("隐患台账", "Hazard register")
    register = LayerInfo("hazard", title, HAZARDS, "point", count, extent, "hazard")
    found: Catalogue = {"hazard": (register, lambda conn: _hazard_texts(conn, ws, actor))}
    return {**found, **_hotspot_layers(conn)} if actor.reads_everything else found


def _hotspot_layers(conn: Connection) -> Catalogue:
    run = runs.latest(conn, runs.HOTSPOTS)
    summary = wire.run_summary(conn, run["id"]) if run else {}
    of_rate: dict[str, Any] = {"property": "rate", "unit": PER_100}
    if run and (funnel := run["parameters"][HOTSPOTS].get("funnel_confidence")):
        of_rate["funnel"] = funnel
    of_outlier = _constants_of(run, "moran_")
    if run and of_outlier:
        of_outlier["status"] = run["summary"]["outlier_status"]
    hotspot = Title("隐患热点（统计检验）", "Hazard hotspots (tested)")
    heat = Title("隐患密度（仅供浏览）", "Hazard density (for viewing only)")
    rate = Title("隐患相对率（按场所数）", "Hazards over places")
    circle = Title("隐患扫描圆（按场所数）", "Scan circles over places")
    patch = Title("成片隐患（描述性）", "Hazards lying together (descriptive)")
    outlier = Title("隐患突出的场所（与近邻相比）", "Places unlike their neighbours")
    found = [
        _run_layer(run, HOTSPOT, hotspot, HAZARDS, "hotspot", summary),
        _run_layer(run, HEAT, heat, HAZARDS, "heat", summary),
        _run_layer(run, RATE, rate, HAZARDS, "rate", summary, style=of_rate),
        _run_layer(run, CIRCLE, circle, HAZARDS, "circle", summary),
        _run_layer(
            run, PATCH, patch, HAZARDS, "patch", summary, style=_constants_of(run, "patch_")
        ),
        _run_layer(
            run, OUTLIER, outlier, HAZARDS, "outlier", summary, style=of_outlier, family="point"
        ),
    ]
    return {info.slug: (info, texts) for info, texts in found}


def _constants_of(run: RowMapping | None, prefix: str) -> dict[str, Any]:
    """Return the constants that an analysis of hotspots used, by what their names begin with."""
    used = run["parameters"][HOTSPOTS] if run else {}
    return {name: value for name, value in used.items() if name.startswith(prefix)}


def _kind_layers(conn: Connection, ws: Workspace, actor: Actor) -> Catalogue:
    """Every kind of which the actor could see a row; of the rest nothing is said, not even zero."""
    summary = wire.site_summary(conn, actor)
    return {
        kind.slug: _kind_layer(kind, actor, summary)
        for kind in ws.kinds.values()
        if kind.generalised or actor.may_read_kind(kind.secrecy, kind.industry)
    }


def _kind_layer(
    kind: SiteKind, actor: Actor, summary: Mapping[str, tuple[int, Box | None]]
) -> tuple[LayerInfo, Texts]:
    count, extent = summary.get(kind.slug, (0, None))
    info = LayerInfo(
        slug=kind.slug,
        title=kind.title,
        group=kind.group,
        family=next(iter(kind.geometry)) if len(kind.geometry) == 1 else "mixed",
        count=count,
        extent=extent,
        register="kind",
        style={
            "colour": kind.symbol.colour,
            "shape": kind.symbol.shape,
            "colour_by": kind.symbol.colour_by,
        },
    )
    return info, lambda conn: wire.site_features(conn, kind.slug, actor)


def _forest_layers(conn: Connection, actor: Actor) -> Catalogue:
    """Return the forest of a day, and what of it nobody watches.

    For who sees every row: not all behind it is public.
    """
    if not actor.reads_everything:
        return {}
    run = runs.latest(conn, FOREST_TODAY)
    summary = wire.run_summary(conn, run["id"]) if run else {}
    style = {
        "limits": run["parameters"][FOREST]["today_limits"] if run else (),
        "day": run["summary"]["day"] if run else None,
    }
    title = Title("当日林火（不入指数）", "Forest today (not in the index)")
    group = Title("森林防火", "Forest fire")
    found = _run_layer(run, FOREST_TODAY, title, group, FOREST_TODAY, summary, style=style)
    blind = Title("林火监测盲区", "Forest that no device sees")
    of_day = {"day": run["as_of"].isoformat() if run else None}
    unseen = _run_layer(run, FOREST_BLIND, blind, group, FOREST_BLIND, summary, style=of_day)
    return {FOREST_TODAY: found, FOREST_BLIND: unseen}


def _quality_layer(ws: Workspace, actor: Actor, extents: Extents) -> Catalogue:
    """Villages by how good the records are that the actor sees; judged when it is asked for."""
    count, extent = extents.get(ws.home_level.slug, (0, None))
    title = Title("登记数据质量", "Quality of the register")
    info = LayerInfo(QUALITY, title, DATA, "polygon", count, extent, QUALITY)
    return {QUALITY: (info, lambda conn: _quality_texts(conn, ws, actor))}


def _area_layers(ws: Workspace, extents: Extents) -> Catalogue:
    return {level.slug: _area_layer(level, extents) for level in ws.levels.values()}


def _area_layer(level: Level, extents: Extents) -> tuple[LayerInfo, Texts]:
    count, extent = extents.get(level.slug, (0, None))
    info = LayerInfo(level.slug, level.title, AREAS, "polygon", count, extent, "area")
    return info, lambda conn: iter(areas.shown_texts(areas.load(conn, level), level))


def _run_layer(
    run: RowMapping | None,
    slug: str,
    title: Title,
    group: Title,
    register: str,
    summary: Mapping[str, tuple[int, Box | None]],
    *,
    style: Mapping[str, Any] | None = None,
    kept: str | None = None,
    family: Family = "polygon",
) -> tuple[LayerInfo, Texts]:
    """Return a layer of a run; ``kept`` is what the run keeps it under, if not its slug."""
    kept = kept or slug
    count, extent = summary.get(kept, (0, None))
    info = LayerInfo(
        slug,
        title,
        group,
        family,
        count,
        extent,
        register,
        style=style or {},
        run=run["id"] if run else None,
    )
    if run is None:
        return info, lambda _conn: iter(())
    return info, lambda conn: wire.run_features(conn, run["id"], kept)


def _hazard_texts(conn: Connection, ws: Workspace, actor: Actor) -> Iterator[str]:
    """Encode the cases with what depends on the day: open, overdue, since when.

    A case of a place that the actor may not see does not name it.
    """
    places = sites.load_positions(conn, reader=actor)
    frame = cases.placed(cases.seen(hazards.load(conn, reader=actor), places), places)
    frame["open"] = cases.is_open(frame)
    frame["overdue_days"] = cases.overdue_days(frame, describe_open(conn, ws).as_of)
    frame["overdue"] = frame["overdue_days"] > 0
    yield from feature_texts(frame, frame["id"], HAZARD_PROPERTIES, integers=["site"])


def _quality_texts(conn: Connection, ws: Workspace, actor: Actor) -> Iterator[str]:
    """Encode the villages with what is known of their records; no record has no grade."""
    villages = areas.load(conn, ws.home_level)
    if villages.empty:
        return
    found = pd.DataFrame(assess_open(conn, ws, actor).villages).set_index("village")
    frame = villages.join(found.drop(columns="name"), on="code")
    tenths = 1000 * frame["completeness"].astype(float) + 1e-6  # cut: 100 % is all and no less
    frame["completeness_pct"] = tenths // 1 / 10
    frame["to_verify"] = frame["stale"] + frame["never"]
    yield from feature_texts(frame, frame["area"], QUALITY_PROPERTIES)


QUALITY_PROPERTIES = [
    "code",
    "name",
    "grade",
    "records",
    "completeness_pct",
    "to_verify",
    "stale",
    "never",
    "accuracy_unknown",
    "unplaced",
    "median_accuracy_m",
    "synthetic",
]

HAZARD_PROPERTIES = [
    "code",
    "title",
    "level",
    "state",
    "open",
    "overdue",
    "overdue_days",
    "channel",
    "inspection_id",
    "industry",
    "judge_std",
    "clause",
    "village",
    "site",
    "found_on",
    "due_on",
    "closed_on",
    "accuracy_m",
    "located_by",
    "source",
    "synthetic",
]
