"""How good the register is: completeness, freshness, positional accuracy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, render_template, request

from gis.domain import quality
from gis.domain.risk.dq import GRADES
from gis.services.assess_quality import survey
from gis.services.export_quality import export_quality
from webmap import asked, sending
from webmap.context import about, actor, workspace

bp = Blueprint("quality", __name__)

OUTSIDE = "outside"
"""In an address: what lies in no village."""


@bp.get("/quality")
def index() -> str:
    """Show the quality of the data per kind and village, and what must be verified."""
    village, kind = _asked_village(), _asked_kind()
    page = asked.whole(request.args, "page", 1)
    found, listed = survey(workspace(), actor(), village=village, kind=kind, page=page)
    return render_template(
        "data/quality.html",
        about=about(),
        here="quality.index",
        found=found,
        whole=found.whole(village, kind),
        kinds=found.kinds_in(village),
        villages=_worst_first(found.villages_of(kind)),
        listed=listed,
        village=village,
        kind=kind,
        kept=_kept(village, kind),
        quality=quality,
        level=workspace().home_level,
        outside=OUTSIDE,
    )


@bp.get("/quality.csv")
def to_verify() -> Response:
    """Send the list of what must be verified as a table for spreadsheets; it is logged."""
    asked.refuse_other_sites(request)
    document = export_quality(workspace(), actor(), village=_asked_village(), kind=_asked_kind())
    return sending.download(document, "quality.csv")


@bp.get("/panel/quality/<code>")
def village(code: str) -> str:
    """Show how good the records of a village are, as a piece of its panel."""
    found, _ = survey(workspace(), actor(), village=code, kind=None, page=1)
    kinds = [row for row in found.kinds_in(code) if row["records"]]
    return render_template(
        "panel/quality.html", code=code, whole=found.whole(code, None), kinds=kinds
    )


def _asked_village() -> str | None:
    """Read which village is asked for; None: all."""
    code = request.args.get("village")
    return quality.OUTSIDE if code == OUTSIDE else code or None


def _asked_kind() -> str | None:
    return request.args.get("kind") or None


def _kept(village: str | None, kind: str | None) -> dict[str, str]:
    """Return the part of an address that asks for the same."""
    said = {"village": OUTSIDE if village == quality.OUTSIDE else village, "kind": kind}
    return {name: value for name, value in said.items() if value}


def _worst_first(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort villages by grade, then by what is to be verified; without records they come last."""

    def rank(row: dict[str, Any]) -> tuple[bool, int, float]:
        due = (row["stale"] + row["never"]) / max(row["records"], 1)
        grade = GRADES.index(row["grade"]) if row["grade"] else 0
        return (row["grade"] is None, -grade, -due)

    return sorted(rows, key=rank)
