"""What was clicked, as a piece of HTML for the panel beside the map; each is also a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson
import shapely
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.errors import InvalidDataError, MergedError
from gis.services.explain_area import explain_area
from gis.services.query_near import query_near
from gis.services.show_personal import show_personal
from gis.services.show_site import show_site
from gis.workspace import Workspace
from webmap import asked, formats
from webmap.context import about, actor, workspace

bp = Blueprint("panels", __name__)

RADII_M = (200, 500, 1000, 3000)
"""Offered beside the field; any other radius may be typed."""
DEFAULT_RADIUS_M = 500
TOP = 3
"""Shares shown before the reader asks for all."""
NEAR_LIMIT = 2000
"""Places in a radius answer, unless the address says another number."""
NEAR_FIRST = 10
"""Places of a kind shown before the reader asks for the rest."""
MOST = 50
"""Shares in the panel's table; the page has them all."""


@bp.get("/panel/areas/<level>/<code>", defaults={"page": False})
@bp.get("/areas/<level>/<code>", defaults={"page": True})
def area(level: str, code: str, page: bool) -> str:
    """Say how an area stands and why."""
    run = asked.whole(request.args, "run", 0) or None
    found = explain_area(workspace(), actor(), level, code, run=run)
    if found["rolled"]:
        return _show("whole", page, found["name"], area=found, home=workspace().home_level)
    return _show(
        "area",
        page,
        found["name"],
        area=found,
        parts=_parts(found["contributions"], found["score"]),
        top=TOP,
        most=None if page else MOST,
        kinds=workspace().kinds,
        home=workspace().home_level.slug,
    )


def _parts(listed: list[dict[str, Any]], score: float | None) -> list[dict[str, Any]]:
    """Return the largest shares and what is left, rounded so that they add up to the score.

    Each has ``points``, and ``entry`` or, for what is left, ``count``. Empty without a score.
    """
    if score is None or not listed:
        return []
    parts: list[dict[str, Any]] = [{"entry": entry} for entry in listed[:TOP]]
    shares = [entry["share"] for entry in listed[:TOP]]
    if rest := listed[TOP:]:
        parts.append({"entry": None, "count": len(rest)})
        shares.append(sum(entry["share"] for entry in rest))
    points = formats.add_up(shares, score)
    return [{**part, "points": own} for part, own in zip(parts, points, strict=True)]


@bp.get("/panel/sites/<int(max=9223372036854775807):site_id>", defaults={"page": False})
@bp.get("/sites/<int(max=9223372036854775807):site_id>", defaults={"page": True})
def site(site_id: int, page: bool) -> str | Response:
    """Show the card of a place; of one that was merged into another, lead there."""
    try:
        found = show_site(workspace(), actor(), site_id)
    except MergedError as error:
        return redirect(url_for("panels.site", page=page, site_id=error.site_id))
    return _show("site", page, found["name"], site=found, level=workspace().home_level.slug)


@bp.get("/panel/sites/<int(max=9223372036854775807):site_id>/personal", defaults={"page": False})
@bp.get("/sites/<int(max=9223372036854775807):site_id>/personal", defaults={"page": True})
def personal(site_id: int, page: bool) -> str:
    """Show the personal fields of a place to those in charge of it; the look is logged."""
    asked.refuse_other_sites(request)
    fields = show_personal(workspace(), actor(), site_id)
    site = show_site(workspace(), actor(), site_id)
    return _show("personal", page, site["name"], fields=fields, site=site)


@bp.get("/panel/near", defaults={"page": False})
@bp.get("/near", defaults={"page": True})
def near(page: bool) -> tuple[str, int]:
    """Answer a radius query, with the form to ask the next one."""
    said: dict[str, Any] = {"query": None, "result": None, "problem": None}
    if any(request.args.get(name) for name in ("lon", "lat")):
        said = _near(workspace(), actor())
    html = _show(
        "near",
        page,
        None,
        kinds=workspace().kinds,
        radii=RADII_M,
        default_radius_m=DEFAULT_RADIUS_M,
        first=NEAR_FIRST,
        asked=request.args,
        **said,
    )
    return html, 422 if said["problem"] else 200


def _near(ws: Workspace, who: Actor) -> dict[str, Any]:
    """Return the answer, or what is wrong with the question, to stand beside the form."""
    try:
        query = asked.near(request.args, ws.kinds)
        if not request.args.get("limit"):
            query = replace(query, limit=NEAR_LIMIT)
        document = query_near(
            ws,
            who,
            lon=query.lon,
            lat=query.lat,
            radius_m=query.radius_m,
            kinds=query.kinds,
            limit=query.limit,
        )
    except InvalidDataError as error:
        return {"query": None, "result": None, "problem": str(error)}
    found = orjson.loads(document.read())
    rows = [_row(feature, query.radius_m) for feature in found["features"]]
    return {"query": query, "result": {**found, "groups": _groups(rows, ws.kinds)}, "problem": None}


def _groups(
    rows: Iterable[dict[str, Any]], kinds: Mapping[str, SiteKind]
) -> dict[str, list[dict[str, Any]]]:
    """Group rows by kind, nearest first; kinds that hold sensitive people come first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["kind"], []).append(row)
    order = {slug: place for place, slug in enumerate(kinds)}

    def rank(slug: str) -> tuple[bool, int]:
        return (not any(group.sensitive for group in kinds[slug].people), order[slug])

    return {slug: groups[slug] for slug in sorted(groups, key=rank)}


def _row(feature: Mapping[str, Any], radius_m: float) -> dict[str, Any]:
    """Return what a line of the table says, with the box to zoom to.

    ``doubtful`` tells that the place may as well lie outside: its accuracy crosses the ring.
    """
    properties = feature["properties"]
    box = shapely.bounds(shapely.from_geojson(orjson.dumps(feature["geometry"])))
    return {
        **properties,
        "id": feature["id"],
        "box": ",".join(f"{edge:.6f}" for edge in box),
        "doubtful": properties["distance_m"] + (properties.get("accuracy_m") or 0) > radius_m,
    }


def _show(name: str, page: bool, title: str | None, **said: Any) -> str:
    """Render a fragment, alone or inside a page."""
    part = f"panel/{name}.html"
    said = {**said, "about": about(), "page": page}
    if not page:
        return render_template(part, **said)
    return render_template("card.html", title=title, part=part, **said)
