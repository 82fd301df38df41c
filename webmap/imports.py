"""Files of places in: upload, what they hold, the dry run, the import."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from gis.domain.audit import WORDS
from gis.domain.datum import SYSTEMS
from gis.domain.plans import Plan
from gis.errors import InvalidDataError
from gis.services import uploads as service
from gis.services.import_sites import columns_of
from gis.services.uploads import Upload
from webmap import asked, sending
from webmap.context import about, actor, workspace
from webmap.errors import status_of

bp = Blueprint("imports", __name__, url_prefix="/import")

UPLOAD = "/<int(max=9223372036854775807):upload_id>"
ROWS_PER_PAGE = 100
ENCODINGS = ("utf-8", "gb18030", "utf-16", "big5")
"""Offered where a guess was wrong."""


@bp.get("/")
def index() -> str:
    """Offer to import a file, and list the actor's earlier ones."""
    return _index()


@bp.post("/")
def upload() -> Answer | tuple[str, int]:
    """Take a file and have it tried out."""
    asked.refuse_zero_bytes(request)
    files = [(file.filename or "", file.stream) for file in request.files.getlist("file")]
    try:
        made = service.start_upload(
            workspace(),
            actor(),
            request.form.get("kind", ""),
            files,
            profile=asked.whole(request.form, "profile", 0) or None,
        )
    except InvalidDataError as error:
        return _index(problem=str(error)), status_of(error)
    return redirect(url_for("imports.one", upload_id=made))


@bp.get(UPLOAD)
def one(upload_id: int) -> str:
    """Show what a file holds and what would become of its rows, or what did."""
    return _one(upload_id)


@bp.get(f"{UPLOAD}/state")
def state(upload_id: int) -> Response:
    """Say how far the work on a file is."""
    found = service.load_upload(workspace(), actor(), upload_id)
    return sending.answer(
        {"state": found.state, "busy": found.busy, "progress": round(found.progress, 3)}
    )


@bp.post(f"{UPLOAD}/plan")
def plan(upload_id: int) -> Answer | tuple[str, int]:
    """Have a file read otherwise, and tried out again."""
    found = service.load_upload(workspace(), actor(), upload_id)
    try:
        service.try_again(workspace(), actor(), upload_id, _asked_plan(found))
    except InvalidDataError as error:
        return _one(upload_id, problem=str(error)), status_of(error)
    return redirect(url_for("imports.one", upload_id=upload_id))


@bp.post(f"{UPLOAD}/confirm")
def confirm(upload_id: int) -> Answer | tuple[str, int]:
    """Import a file as it was tried out."""
    name = request.form.get("remember_as", "") if "remember" in request.form else ""
    try:
        service.confirm(workspace(), actor(), upload_id, remember_as=name)
    except InvalidDataError as error:
        return _one(upload_id, problem=str(error)), status_of(error)
    return redirect(url_for("imports.one", upload_id=upload_id))


@bp.post(f"{UPLOAD}/cancel")
def cancel(upload_id: int) -> Answer:
    """Stop what is being done with a file."""
    service.cancel(workspace(), actor(), upload_id)
    return redirect(url_for("imports.one", upload_id=upload_id))


@bp.post(f"{UPLOAD}/discard")
def discard(upload_id: int) -> Answer:
    """Delete a file that was uploaded."""
    service.discard(workspace(), actor(), upload_id)
    return redirect(url_for("imports.index"))


@bp.get(f"{UPLOAD}/rejected.xlsx")
def rejected(upload_id: int) -> Response:
    """Send the rows that were not taken, to be corrected."""
    asked.refuse_other_sites(request)
    document = service.rejected_rows(workspace(), actor(), upload_id)
    return sending.download(document, f"rejected-{upload_id}.xlsx")


@bp.get(f"{UPLOAD}/preview.geojson")
def preview(upload_id: int) -> Response:
    """Send the first rows as they would lie on the map."""
    return sending.answer(service.preview(workspace(), actor(), upload_id))


@bp.post("/profiles/<int(max=9223372036854775807):profile_id>/forget")
def forget(profile_id: int) -> Answer:
    """Delete a profile."""
    service.forget_profile(workspace(), actor(), profile_id)
    return redirect(url_for("imports.index"))


def _index(problem: str | None = None) -> str:
    ws, who = workspace(), actor()
    return render_template(
        "data/import.html",
        about=about(),
        here="imports.index",
        uploads=service.list_uploads(ws, who),
        kinds=service.importable_kinds(ws, who),
        profiles=service.list_profiles(ws, who),
        known=ws.kinds,
        words=WORDS,
        most_mb=service.MOST_BYTES // 1024 // 1024,
        kept_days=service.KEPT.days,
        problem=problem,
        chosen=request.form.get("kind", ""),
    )


def _one(upload_id: int, problem: str | None = None) -> str:
    ws, who = workspace(), actor()
    found = service.load_upload(ws, who, upload_id)
    what = request.args.get("what", "")
    page = max(1, asked.whole(request.args, "page", 1))
    rows = (
        service.outcome(ws, who, upload_id, what, page=page, size=ROWS_PER_PAGE + 1) if what else []
    )
    return render_template(
        "data/upload.html",
        about=about(),
        here="imports.index",
        upload=found,
        fields=columns_of(ws, found.kind.slug),
        sayable=service.sayable_codes(ws, who, found.kind),
        systems=SYSTEMS,
        encodings=ENCODINGS,
        words=WORDS,
        what=what,
        rows=rows[:ROWS_PER_PAGE],
        page=page,
        more=len(rows) > ROWS_PER_PAGE,
        problem=problem,
        level=ws.home_level.slug,
        kept_days=service.KEPT.days,
    )


def _asked_plan(found: Upload) -> Plan:
    """Read how a file is to be read; what the form does not hold stays as it was."""
    form = request.form
    before = found.plan
    mapping = {
        name.removeprefix("map-"): column
        for name, column in form.items()
        if name.startswith("map-")
    }
    place = {
        role: form[f"place-{role}"]
        for role in ("lon", "lat", "pair", "wkt")
        if form.get(f"place-{role}")
    }
    return Plan(
        mapping=mapping or before.mapping,
        place=place if "place-lon" in form else before.place,
        system=form.get("system", before.system or "") or None,
        swapped="swapped" in form if "system" in form else before.swapped,
        decided="system" in form or before.decided,
        encoding=form.get("encoding", before.encoding or "") or None,
        layer=form.get("layer", before.layer or "") or None,
        elsewhere="moved" if form.get("elsewhere", before.elsewhere) == "moved" else "second",
    )
