"""What is kept of single places: their history, those to be placed, those stored twice."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gis.domain.duplicates import NEAR_M
from gis.errors import GisError, InvalidDataError
from gis.services import find_duplicates as suspects
from gis.services import place_site as placing
from gis.services.find_duplicates import find_duplicates, list_decided
from gis.services.keep_apart import keep_apart, undo_apart
from gis.services.merge_sites import merge_sites, undo_merge
from gis.services.place_site import list_unplaced, place_site, show_placing
from gis.services.restore_site import preview_restore, restore_site
from gis.services.show_history import show_history
from webmap import asked
from webmap.context import about, actor, workspace
from webmap.errors import status_of

bp = Blueprint("places", __name__)

SITE = "/sites/<int(max=9223372036854775807):site_id>"
VERSION = "<int(max=9223372036854775807):version_id>"

SURROUNDINGS_M = 4000
"""Places so near to the middle of a village are drawn beside it, to find one's way by."""


@bp.get(f"{SITE}/history")
def history(site_id: int) -> str:
    """Show the versions of a place, and where each value is from."""
    found = show_history(workspace(), actor(), site_id)
    done = request.args.get("done")
    return render_template("history.html", about=about(), site=found, done=done)


@bp.get(f"{SITE}/restore/{VERSION}")
def restore(site_id: int, version_id: int) -> str:
    """Say what restoring a version would change, and ask."""
    planned = preview_restore(workspace(), actor(), site_id, version_id)
    ids = {"site_id": site_id, "version_id": version_id}
    return render_template("restore.html", about=about(), planned=planned, **ids)


@bp.post(f"{SITE}/restore/{VERSION}")
def restored(site_id: int, version_id: int) -> Response:
    """Put a place back to a version."""
    done = restore_site(workspace(), actor(), site_id, version_id)
    said = "restored" if done.differences else "same"
    return redirect(url_for("places.history", site_id=site_id, done=said))


@bp.get("/unplaced")
def unplaced() -> str:
    """List the places that wait for a position."""
    kind, village = request.args.get("kind") or None, request.args.get("village")
    page = max(asked.whole(request.args, "page", 1), 1)
    found = list_unplaced(workspace(), actor(), kind, village, page=page)
    villages, kinds = {}, {}
    for group in found.groups:
        villages[group["village"] or ""] = group["village_name"]
        kinds[group["kind"]] = group
    return render_template(
        "data/unplaced.html",
        about=about(),
        here="places.unplaced",
        found=found,
        villages=villages,
        kinds=kinds,
        counts={(one["village"] or "", one["kind"]): one["count"] for one in found.groups},
        kept={"kind": kind, "village": village},
        page=page,
        last=_last(found.matched, placing.PAGE),
        placed=_placed(),
        per_page=placing.PAGE,
    )


def _last(matched: int, per_page: int) -> int:
    return max(1, -(-matched // per_page))


def _placed() -> dict[str, Any] | None:
    """Return the place that was placed just now; None where there is none, or it went since."""
    site_id = asked.whole(request.args, "placed", 0)
    try:
        return show_placing(workspace(), actor(), site_id) if site_id else None
    except GisError:
        return None


@bp.get(f"{SITE}/place")
def place(site_id: int) -> str:
    """Offer a map and two fields for the position of a place."""
    return _place_page(site_id)


@bp.post(f"{SITE}/place")
def placed(site_id: int) -> Response | tuple[str, int]:
    """Give a place its position."""
    try:
        at = asked.position(request.form)
        place_site(workspace(), actor(), site_id, at.lon, at.lat, at.accuracy_m)
    except InvalidDataError as error:
        return _place_page(site_id, problem=str(error)), status_of(error)
    if request.form.get("back") == "site":
        return redirect(url_for("panels.site", page=True, site_id=site_id))
    kept: dict[str, Any] = {
        name: request.form[name] for name in ("kind", "village") if name in request.form
    }
    return redirect(url_for("places.unplaced", placed=site_id, **kept))


def _place_page(site_id: int, problem: str | None = None) -> str:
    found = show_placing(workspace(), actor(), site_id)
    typed = request.form if problem else found
    return render_template(
        "data/place.html",
        about=about(),
        here="places.unplaced",
        site=found,
        problem=problem,
        filled={name: _typed(typed.get(name)) for name in ("lon", "lat", "accuracy_m")},
        level=workspace().home_level.slug,
        kept={name: request.values[name] for name in KEPT if name in request.values},
        surroundings_m=SURROUNDINGS_M,
    )


KEPT = ("kind", "village", "back")
"""What a form carries along, to lead back to where it was come from."""


def _typed(value: Any) -> str:
    return "" if value is None else str(value)


@bp.get("/duplicates")
def duplicates() -> str:
    """List the places that may be stored twice, and what was decided of others."""
    kind = request.args.get("kind") or None
    page = max(asked.whole(request.args, "page", 1), 1)
    found = find_duplicates(workspace(), actor(), kind, page=page)
    return render_template(
        "data/duplicates.html",
        about=about(),
        here="places.duplicates",
        found=found,
        decided=list_decided(workspace(), actor()),
        kinds=workspace().kinds,
        kind=kind,
        page=page,
        last=_last(found.matched, suspects.PAGE),
        done=request.args.get("done"),
        near_m=NEAR_M,
    )


@bp.post("/duplicates/merge")
def merge() -> Response:
    """Let one place stand for two."""
    merge_sites(workspace(), actor(), _asked_id("keep"), _asked_id("drop"))
    return _back("merged")


@bp.post("/duplicates/unmerge")
def unmerge() -> Response:
    """Take a merge back."""
    done = undo_merge(workspace(), actor(), _asked_id("drop"))
    return _back("unmerged" if done.exact else "unmerged_in_part")


@bp.post("/duplicates/apart")
def apart() -> Response:
    """Note that two places are two."""
    keep_apart(workspace(), actor(), _asked_id("one"), _asked_id("other"))
    return _back("apart")


@bp.post("/duplicates/together")
def together() -> Response:
    """Take that back."""
    undo_apart(workspace(), actor(), _asked_id("one"), _asked_id("other"))
    return _back("together")


def _asked_id(name: str) -> int:
    return asked.whole(request.form, name, 0)


def _back(done: str) -> Response:
    kind = request.form.get("kind") or None
    return redirect(url_for("places.duplicates", done=done, kind=kind))
