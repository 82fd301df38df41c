"""JSON and GeoJSON for programs and for the map: take input, call one service, shape output."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from gis.errors import MergedError
from gis.services.describe import describe
from gis.services.explain_area import explain_area
from gis.services.export_layer import log_export
from gis.services.load_layer import LayerInfo, list_layers, load_layer
from gis.services.query_near import query_near
from gis.services.show_site import show_site
from webmap import asked, sending, sign_in
from webmap.context import actor, workspace

bp = Blueprint("api", __name__)


@bp.get("/api/layers")
def layers() -> Response:
    """List what can be switched on or taken away."""
    return sending.answer({"layers": [_layer(info) for info in list_layers(workspace(), actor())]})


@bp.get("/api/layers/<slug>.geojson")
def layer(slug: str) -> Response:
    """Send a layer as GeoJSON (RFC 7946); one that leaves the map is an export, and logged."""
    response = sending.document(load_layer(workspace(), actor(), slug))
    if response.status_code == HTTPStatus.OK and _leaves(response, f"{slug}.geojson"):
        log_export(workspace(), actor(), slug, format="geojson")
    return response


@bp.get("/api/near")
def near() -> Response:
    """Send what lies within a radius, nearest first."""
    ws = workspace()
    query = asked.near(request.args, ws.kinds)
    response = sending.document(
        query_near(
            ws,
            actor(),
            lon=query.lon,
            lat=query.lat,
            radius_m=query.radius_m,
            kinds=query.kinds,
            limit=query.limit,
        )
    )
    if response.status_code == HTTPStatus.OK and _leaves(response, "near.geojson"):
        log_export(ws, actor(), "near", **asdict(query))
    return response


@bp.get("/api/areas/<level>/<code>/explain")
def explain(level: str, code: str) -> Response:
    """Send a score taken apart; of an earlier computation where ``run`` names one."""
    run = asked.whole(request.args, "run", 0) or None
    return sending.answer(explain_area(workspace(), actor(), level, code, run=run))


@bp.get("/api/sites/<int(max=9223372036854775807):site_id>")
def site(site_id: int) -> Response | Redirect:
    """Send the card of a place; of one that was merged into another, lead there."""
    try:
        return sending.answer(show_site(workspace(), actor(), site_id))
    except MergedError as error:
        return redirect(url_for("api.site", site_id=error.site_id))


@bp.get("/healthz")
def health() -> Response:
    """Say that the database answers; to readers also which it is, and how fresh."""
    if not actor().may_read:
        return sending.answer({"status": "ok"})
    about = describe(workspace(), actor())
    return sending.answer(
        {
            "status": "ok",
            "database": about.database,
            "purpose": about.purpose,
            "schema": about.schema,
            "version": about.version,
            "revision": about.revision,
            "as_of": about.as_of.isoformat(),
            "last_run": about.last_run,
        }
    )


def _leaves(response: Response, name: str) -> bool:
    """Tell whether an answer leaves the map: to a program, or as a file, which gets its name."""
    if asked.as_file(request):
        response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return sign_in.by_token() or not asked.by_the_map(request)


def _layer(info: LayerInfo) -> dict[str, Any]:
    return {
        "slug": info.slug,
        "title": info.title.zh,
        "title_en": info.title.en,
        "group": info.group.zh,
        "register": info.register,
        "family": info.family,
        "count": info.count,
        "extent": info.extent,
        "href": url_for("api.layer", slug=info.slug),
    }
