"""The page of what is watched: forest that devices see, blind spots, places for further cameras."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MultiDict

from gis.domain.risk.forest_cover import METHOD
from gis.errors import InvalidDataError
from gis.services.show_forest_cover import USUAL, Look, show_forest_cover
from webmap import asked, sending
from webmap.context import about, actor, workspace

bp = Blueprint("forest_cover", __name__)

HIGHEST_MAST_M = 100.0


@bp.get("/forest-cover")
def index() -> str:
    """Show what is watched and has water, where nobody looks, and what a camera would add."""
    problem = None
    try:
        look = _look(request.args)
        found = show_forest_cover(workspace(), actor(), look)
    except InvalidDataError as error:
        if not request.args.get("at") and not request.args.get("mast_m"):
            raise
        look, problem = USUAL, str(error)
        found = show_forest_cover(workspace(), actor(), look)
    return render_template(
        "forest_cover.html", about=about(), found=found, look=look, problem=problem, method=METHOD
    )


@bp.get("/api/forest-cover")
def told() -> Response:
    """Send the same to programs."""
    return sending.answer(show_forest_cover(workspace(), actor(), _look(request.args)))


def _look(args: asked.Args) -> Look:
    """Read how it is looked; ``at`` holds a place for a camera a line."""
    lines = filter(None, (line.strip() for line in args.get("at", "").splitlines()))
    places = [asked.position(MultiDict({"lon": line})) for line in lines]
    return Look(
        flame=args.get("target") == "flame",
        careful=args.get("range") == "careful",
        spots=[(place.lon, place.lat) for place in places],
        mast_m=asked.between(args, "mast_m", "杆高（米）", "20", (0.0, HIGHEST_MAST_M)),
    )
