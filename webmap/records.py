"""Tables of records of places in: observations, chemicals, risk items and the like."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gis.errors import InvalidDataError
from gis.services import upload_records as service
from gis.services.changes import Report
from webmap import asked
from webmap.context import about, actor, workspace
from webmap.errors import status_of

bp = Blueprint("records", __name__, url_prefix="/import/records")

SHOWN = 50
"""Rows not taken that the page lists."""


@bp.get("/")
def index() -> str:
    """Say which tables are taken, with the columns of each, and offer to send one."""
    return _page()


@bp.post("/")
def send() -> str | tuple[str, int]:
    """Try a table out, or take it in."""
    asked.refuse_zero_bytes(request)
    dry_run = request.form.get("do") != "import"
    files = [(file.filename or "", file.stream) for file in request.files.getlist("file")]
    try:
        report = service.upload_records(
            workspace(), actor(), request.form.get("kind", ""), files, dry_run=dry_run
        )
    except InvalidDataError as error:
        return _page(problem=str(error)), status_of(error)
    return _page(report=report, dry_run=dry_run)


def _page(
    *, problem: str | None = None, report: Report | None = None, dry_run: bool = False
) -> str:
    ws = workspace()
    return render_template(
        "data/records.html",
        about=about(),
        here="records.index",
        sorts=service.importable_records(ws, actor()),
        known=ws.kinds,
        chosen=request.form.get("kind", ""),
        most_mb=service.MOST_BYTES >> 20,
        problem=problem,
        report=report,
        dry_run=dry_run,
        shown=SHOWN,
    )
