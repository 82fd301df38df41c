"""HTML pages: the map, the same as tables, and the method."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, render_template, request, url_for

from gis.domain import quality
from gis.domain.kinds import SiteKind
from gis.errors import InvalidDataError, NotFoundError
from gis.services.edit_parameters import show_parameters
from gis.services.load_layer import LayerInfo, list_layers, load_layer, load_properties
from gis.services.summarise import summarise
from webmap import asked, assets, layers, maps, methods, security
from webmap.context import about, actor, in_language, lang, workspace

bp = Blueprint("pages", __name__)

ROWS_PER_PAGE = 200


@bp.get("/")
def index() -> str:
    """Show the map."""
    ws = workspace()
    infos = list_layers(ws, actor())
    groups = layers.switcher(infos, kinds=ws.kinds, levels=ws.levels)
    extent = _opens_on(infos)
    return render_template(
        "map.html",
        about=about(),
        groups=groups,
        legends=layers.legends(groups),
        views=[row for row in layers.rows(groups) if row.view],
        script_layers=_script_layers(groups),
        level=ws.home_level.slug,
        summary=summarise(ws, actor()),
        extent=extent,
        shell=maps.shell(
            extent,
            leaflet_js=assets.asset(f"{assets.LEAFLET}/leaflet.js"),
            leaflet_css=assets.asset(f"{assets.LEAFLET}/leaflet.css"),
            nonce=security.nonce(),
        ),
    )


@bp.get("/table")
def table() -> str:
    """Show the villages and their classes as a table, to read aloud and to print."""
    ws = workspace()
    infos, (first, *others) = zip(*load_properties(ws, actor(), "risk"), strict=True)
    by_model = [{row["code"]: row for row in rows} for rows in others]
    first.sort(key=lambda row: (-(row["class"] or 0), -(row["score"] or 0), row["code"]))
    return render_template(
        "table.html",
        about=about(),
        infos=infos,
        rows=[(row, [model.get(row["code"], {}) for model in by_model]) for row in first],
        level=ws.home_level,
    )


@bp.get("/table/<slug>")
def layer_table(slug: str) -> str:
    """Show a layer as a table: whatever is on the map can be read without it."""
    ws = workspace()
    rows = layers.rows(layers.switcher(list_layers(ws, actor()), kinds=ws.kinds, levels=ws.levels))
    row = next((row for row in rows if row.slug == slug), None)
    if row is None:
        raise NotFoundError(f"没有图层 {slug}；可以用：{', '.join(row.slug for row in rows)}")
    features = orjson.loads(load_layer(ws, actor(), slug).read())["features"]
    page = asked.whole(request.args, "page", 1)
    last = max(1, -(-len(features) // ROWS_PER_PAGE))
    if not 1 <= page <= last:
        raise InvalidDataError(f"没有第 {page} 页；请用 1 至 {last}")
    shown = features[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    return render_template(
        "layer_table.html",
        about=about(),
        row=row,
        columns=[
            {
                "name": field.name,
                "title": in_language(field.title),
                "unit": field.unit,
                "numeric": field.type in ("integer", "number"),
            }
            for field in row.columns
        ],
        features=shown,
        overdue=_overdue(shown, ws.kinds.get(slug)),
        page=page,
        last=last,
        count=len(features),
        level=ws.home_level.slug,
    )


def _overdue(features: list[dict[str, Any]], kind: SiteKind | None) -> dict[int, int | None]:
    """Return id to the days since which places are to be verified; None: never verified."""
    told = {f["id"]: f["properties"] for f in features if kind and VERIFIED in f["properties"]}
    if kind is None or not told:
        return {}
    dates = [properties[VERIFIED] for properties in told.values()]
    days = quality.overdue_days(dates, kind.verify_days, about().as_of)
    return {id_: None if late != late else int(late) for id_, late in zip(told, days, strict=True)}


VERIFIED = "verified_on"
"""Property that a place has which the reader sees as it is."""


@bp.get("/methods/")
def method_list() -> str:
    """List the pages about the method."""
    titles = methods.titles(english=lang() == "en")
    return render_template("methods.html", about=about(), titles=titles)


@bp.get("/methods/<slug>")
def method(slug: str) -> str:
    """Show how a score comes about, and the constants in force with their sources."""
    english = lang() == "en"
    found = show_parameters(workspace(), actor())["now"]
    return render_template(
        "method.html",
        about=about(),
        title=methods.title(slug, english=english),
        body=methods.page(slug, english=english),
        constants=found.methods[slug].constants if slug in found.methods else {},
        version=found.version,
    )


def _script_layers(groups: tuple[layers.Group, ...]) -> list[dict[str, Any]]:
    return [
        layers.for_script(row, english=lang() == "en", href=url_for("api.layer", slug=row.slug))
        for row in layers.rows(groups)
    ]


def _opens_on(infos: list[LayerInfo]) -> maps.Box | None:
    """Return the extent of the scored areas; that of anything else where there are none."""
    extents = [info.extent for info in infos if info.extent and info.register == "risk"]
    extents += [info.extent for info in infos if info.extent]
    return extents[0] if extents else None
