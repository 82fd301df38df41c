"""What is printed: the card of a village."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gis.domain.risk.index import CLASS_TITLES
from gis.services.print_card import Palette, print_card
from webmap import asked, cartography, sending
from webmap.context import actor, lang, workspace

bp = Blueprint("prints", __name__)

PALETTE = Palette(CLASS_TITLES, cartography.class_shades(), cartography.NO_DATA)


@bp.get("/areas/<level>/<code>/card.pdf")
def village_card(level: str, code: str) -> Response:
    """Send the card of an area; of an earlier computation where ``run`` names one."""
    document = print_card(
        workspace(),
        actor(),
        level,
        code,
        lang="en" if lang() == "en" else "zh",
        palette=PALETTE,
        run=asked.whole(request.args, "run", 0) or None,
    )
    return sending.download(document, f"{code}.pdf")
