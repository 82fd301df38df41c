"""What a worker does with an upload: try it out, take it in; and what is left when it stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.engine import Connection

from gis.domain import history
from gis.domain.datum import Detection
from gis.domain.features import collection, feature_texts
from gis.domain.kinds import SiteKind
from gis.domain.plans import Plan, guess_mapping, guess_place
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.files import read, sandbox
from gis.files.sandbox import Unpacked
from gis.files.shelf import Shelf, add_lines
from gis.services import access, uploads
from gis.services.changes import Report
from gis.services.clock import now
from gis.services.detect_system import detect_system, is_doubtful, said_of
from gis.services.import_sites import ask, columns_of, commit, try_out
from gis.services.show_history import Words, words_of
from gis.services.sort_sites import Asked, Outcome
from gis.services.tasks import Job, Task
from gis.services.uploads import Upload, known_profile, load_upload, shelf_of
from gis.storage import dialect
from gis.storage import uploads as stored
from gis.storage.register import Stamp
from gis.workspace import Workspace

UNPACKING = 0.4
"""Part of trying out that is done when the file is unpacked."""

PREVIEWED = 20
HIDDEN = "***"
"""In place of a personal value."""

MOST_LISTED = 20_000
"""Entries of one sort that are listed; the rest are counted."""


def check(ws: Workspace, actor: Actor, job: Job) -> None:
    """Unpack an upload, guess how it is read, tell where it lies, and try it out.

    What keeps it from being tried out is told beside what was found, for a person to answer.

    Raises
    ------
    InvalidDataError
        If the file cannot be read at all.
    """
    upload_id = _upload_of(job)
    upload, shelf = load_upload(ws, actor, upload_id), shelf_of(ws, upload_id)
    source = _unpack(upload.plan, shelf)
    plan = _plan(ws, actor, upload, source)
    if (plan.encoding, plan.layer) != (upload.plan.encoding, upload.plan.layer):
        shelf.clear_unpacked()  # the profile says otherwise
        source = _unpack(plan, shelf)
    found = _found(ws, actor, upload.kind, source, plan)
    report: dict[str, Any] = {}
    try:
        asked = ask(ws, actor, upload.kind.slug, source, plan)
        detected = detect_system(ws, actor, asked)
        found |= _detection(detected, asked, plan)
        shelf.preview.write_bytes(_preview(asked, detected))
        with dialect.reading(ws.engine) as conn:
            words = words_of(conn, ws, upload.kind)
        listing = _Listing(shelf, upload.kind, words)
        made = try_out(ws, actor, asked, journal=listing, progress=_from(shelf, UNPACKING))
        report = _report(made)
        found["notes"] = list(made.notes)
    except InvalidDataError as error:
        found["problem"] = str(error)
    found["opened_as"] = [plan.encoding, plan.layer]
    with access.writing(ws) as conn:
        _require_job(conn, uploads.CHECKING, job)
        stored.change(
            conn,
            upload_id,
            state=uploads.CHECKED,
            plan=plan.as_json(),
            found=found,
            report=report,
        )


def take_in(ws: Workspace, actor: Actor, job: Job) -> None:
    """Import an upload as it was tried out; that it is done is written with it."""
    upload_id = _upload_of(job)
    upload, shelf = load_upload(ws, actor, upload_id), shelf_of(ws, upload_id)
    source = sandbox.reopen(shelf.unpacked)
    asked = ask(ws, actor, upload.kind.slug, source, upload.plan)

    def done(conn: Connection, stamp: Stamp, report: Report) -> None:
        _require_job(conn, uploads.IMPORTING, job)
        said = {**_report(report), "revision": stamp.revision, "batch": stamp.batch}
        stored.change(conn, upload_id, state=uploads.DONE, report=said)

    commit(
        ws,
        actor,
        asked,
        name=upload.file_name,
        profile=upload.found.get("profile"),
        expected=upload.report,
        progress=_from(shelf, 0.0),
        also=done,
    )


def stopped(conn: Connection, job: Job, message: str) -> None:
    """Put an upload that somebody worked on back to where it was before, with the reason."""
    upload_id = _upload_of(job)
    row = stored.load(conn, upload_id)
    if row is None or row["state"] not in uploads.BUSY:
        return
    importing = row["state"] == uploads.IMPORTING
    state = uploads.CHECKED if importing else uploads.FAILED
    stored.change(conn, upload_id, state=state, found={**row["found"], uploads.STOPPED: message})


def clear_old(ws: Workspace) -> None:
    """Delete uploaded files that are kept no longer."""
    with dialect.reading(ws.engine) as conn:
        old = stored.older(conn, now() - uploads.KEPT)
    for upload_id in old:
        shelf_of(ws, upload_id).clear()


def is_written(conn: Connection, job: Job) -> bool:
    """Tell whether the work on an upload came to its end, whatever became of its process."""
    row = stored.load(conn, _upload_of(job))
    return row is not None and row["state"] not in uploads.BUSY


def should_stop(ws: Workspace, job: Job) -> bool:
    """Tell whether somebody asked to stop: it stands in the upload's folder."""
    return shelf_of(ws, _upload_of(job)).should_stop()


CHECK_TASK, IMPORT_TASK = (
    Task(do, is_written, stopped, should_stop, target="upload") for do in (check, take_in)
)


def _upload_of(job: Job) -> int:
    return int(job["arguments"]["upload"])


def _require_job(conn: Connection, state: str, job: Job) -> None:
    """Refuse to finish what another job, or another plan, has taken the place of."""
    row = stored.load(conn, _upload_of(job))
    if row is None or (row["state"], row["job"]) != (state, job["id"]):
        raise InvalidDataError("这个文件在处理时又改过，这次处理作废")


def _unpack(plan: Plan, shelf: Shelf) -> Unpacked:
    if sandbox.was_opened(shelf.unpacked):
        return sandbox.reopen(shelf.unpacked)
    path = shelf.file()
    return sandbox.unpack_file(
        path,
        shelf.unpacked,
        name=path.name,
        encoding=plan.encoding,
        layer=plan.layer,
        on_progress=lambda part: shelf.say_progress(part * UNPACKING),
    )


def _plan(ws: Workspace, actor: Actor, upload: Upload, source: Unpacked) -> Plan:
    """Return what was said of the file, or what a profile says of files with its columns."""
    if upload.plan != Plan():
        return upload.plan
    with dialect.reading(ws.engine) as conn:
        known = known_profile(stored.profiles(conn, upload.kind.slug), source.columns, actor)
    return Plan.from_json(known["plan"]) if known else upload.plan


def _found(
    ws: Workspace, actor: Actor, kind: SiteKind, source: Unpacked, plan: Plan
) -> dict[str, Any]:
    """Return what a file holds and what its headings tell: what the page shows and asks."""
    mapping = guess_mapping(
        source.columns,
        columns_of(ws, kind.slug),
        {name: column for name, column in plan.mapping.items() if column in ("", *source.columns)},
    )
    place = dict(plan.place)
    if not source.geometry and not place:
        place = guess_place(source.columns, mapping.values())
    with dialect.reading(ws.engine) as conn:
        known = known_profile(stored.profiles(conn, kind.slug), source.columns, actor)
    return {
        "columns": list(source.columns),
        "count": source.count,
        "format": source.format,
        "encoding": source.encoding,
        "layer": source.layer,
        "layers": list(source.layers),
        "crs": source.crs,
        "geometry": source.geometry,
        "sha256": source.sha256,
        "mapping": mapping,
        "place": place,
        "notes": list(source.notes),
        "profile": known["name"] if known else None,
    }


def _detection(detected: Detection, asked: Asked, plan: Plan) -> dict[str, Any]:
    """Return what was told of the coordinate system, and whether somebody must decide."""
    doubtful = is_doubtful(detected, asked)
    proposed = detected.proposed
    return {
        "system": asked.reading.system,
        "swapped": asked.reading.swapped,
        "detection": {
            **asdict(detected),
            "said": said_of(detected),
            "doubtful": doubtful,
        },
        "proposed": asdict(proposed) if doubtful and proposed else None,
        "question": doubtful and not plan.decided,
    }


def _preview(asked: Asked, detected: Detection) -> bytes:
    """Encode the first placed rows as GeoJSON: as they are read, and as is proposed."""
    chunk = next(asked.reading.source.chunks(PREVIEWED * 5))  # a file without rows is refused
    readings = {"read": asked.reading}
    proposed = detected.proposed
    if proposed and is_doubtful(detected, asked):
        readings["proposed"] = replace(
            asked.reading, system=proposed.system, swapped=proposed.swapped
        )
    features = []
    for which, reading in readings.items():
        rows = read.take(chunk, reading, asked.codes, place_needed=False).rows
        placed = rows[rows.geometry.notna()].head(PREVIEWED).assign(which=which)
        features += feature_texts(placed, placed["row"], ["row", "code", "name", "which"])
    return b"".join(collection(features, name="preview", members={}))


class _Listing:
    """Writes down what should be known of rows, as they are tried out."""

    def __init__(self, shelf: Shelf, kind: SiteKind, words: Words) -> None:
        self._path, self._kind, self._words = shelf.outcome, kind, words
        self._path.unlink(missing_ok=True)
        self._listed: dict[str, int] = {}

    def __call__(self, outcome: Outcome) -> None:
        """Add the entries of one part."""
        add_lines(self._path, filter(self._has_room, self._entries(outcome)))

    def _entries(self, outcome: Outcome) -> Iterator[dict[str, Any]]:
        for rejection in outcome.rejected:
            yield {"row": rejection.row, "what": "rejected", "text": rejection.reason}
        for row, what, text in outcome.said:
            yield {"row": row, "what": what, "text": text}
        for old, new in outcome.changed:
            found = history.differences(old, {**dict(old), **new})
            yield {
                "row": new["source_row"],
                "what": "changed",
                "name": new["name"],
                "site": old["id"],
                "differences": [*self._words.told(found), *self._personal(old, new)],
            }

    def _personal(self, old: Mapping[Any, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the personal fields that differ, without their values."""
        for field in self._kind.personal_fields:
            if old["personal"].get(field.name) != new["personal"].get(field.name):
                titles = {"title": field.title.zh, "title_en": field.title.en}
                yield {**titles, "old": HIDDEN, "new": HIDDEN, "said": None}

    def _has_room(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether an entry is listed: rejected rows all are, they can be sent again."""
        what = str(entry["what"])
        self._listed[what] = self._listed.get(what, 0) + 1
        return what == "rejected" or self._listed[what] <= MOST_LISTED


def _report(report: Report) -> dict[str, Any]:
    return {
        "counts": report.counts,
        "digest": report.digest,
        "unmapped": list(report.unmapped),
        "notes": list(report.notes),
    }


def _from(shelf: Shelf, begun: float) -> Any:
    return lambda part: shelf.say_progress(begun + (1 - begun) * part)
