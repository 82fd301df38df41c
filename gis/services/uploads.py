"""Files that people upload to import: kept, tried out, decided on, imported, in their own time.

An upload goes checking -> checked -> importing -> done. What takes long is a job (``work``); what
is on a person's mind meanwhile (how far is it, stop it) goes by the upload's folder, since an
embedded database takes no other writes while an import is being committed.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any

import orjson
from sqlalchemy.engine import Connection, RowMapping

from gis.domain.document import Document
from gis.domain.kinds import SiteKind
from gis.domain.plans import SAID_BY_US, Plan
from gis.domain.rights import Actor
from gis.domain.values import sayable
from gis.errors import ForbiddenError, InvalidDataError, NotFoundError
from gis.files import sandbox, workbook
from gis.files.shelf import Shelf, read_lines
from gis.files.unpacking.formats import SUFFIXES
from gis.services import access
from gis.services.clock import now
from gis.storage import codes, jobs, uploads
from gis.workspace import Workspace

CHECK, IMPORT = "check_upload", "import_upload"
"""Verbs of jobs."""

CHECKING, CHECKED, IMPORTING, DONE, FAILED, CANCELLED = (
    "checking",
    "checked",
    "importing",
    "done",
    "failed",
    "cancelled",
)
"""States of an upload."""

STOPPED = "stopped"
"""In what was found: why the last work on it did not come to its end."""

BUSY = frozenset({CHECKING, IMPORTING})

KEPT = dt.timedelta(days=7)
"""An uploaded file is deleted when it is older: it holds what the register keeps apart."""

MOST_BYTES = 300 << 20
"""Of one upload."""

MOST_KEPT = 20
"""Of one account: older ones are deleted by hand or by themselves."""

LEAST_FREE_BYTES = 2 << 30
"""Of the disk that the database may lie on as well."""

LISTED = 50
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in.

    Attributes
    ----------
    state
        ``checking``, ``checked``, ``importing``, ``done``, ``failed`` or ``cancelled``.
    plan
        How it is read, as far as somebody said.
    found
        What it holds: ``columns``, ``count``, ``mapping``, ``place``, ``notes``, ``detection``,
        ``question`` (whether the coordinate system must be decided), ``problem`` (why it could
        not be tried out).
    report
        Counts of the dry run, then of the import.
    progress
        0 to 1, while something is being done.
    message
        What went wrong, where the work failed.
    """

    id: int
    kind: SiteKind
    file_name: str
    actor: str
    at: dt.datetime
    state: str
    plan: Plan
    found: Mapping[str, Any]
    report: Mapping[str, Any]
    progress: float
    message: str | None

    @property
    def busy(self) -> bool:
        """Tell whether something is being done with it."""
        return self.state in BUSY

    @property
    def ready(self) -> bool:
        """Tell whether it can be imported: tried out, nothing left to decide, something to do."""
        said, counts = self.found, self.report.get("counts", {})
        asked = said.get("question") or said.get("problem")
        return (
            self.state == CHECKED
            and not asked
            and bool(counts)
            and (counts["new"] + counts["changed"] > 0)
        )

    @property
    def idle(self) -> bool:
        """Tell whether it was tried out and there is nothing to import."""
        counts = self.report.get("counts", {})
        return self.state == CHECKED and bool(counts) and not counts["new"] + counts["changed"]


def start_upload(
    ws: Workspace,
    actor: Actor,
    kind: str,
    files: Sequence[tuple[str, IO[bytes]]],
    *,
    profile: int | None = None,
) -> int:
    """Keep a file and have it tried out; return the upload's id.

    Parameters
    ----------
    kind
        Slug of the kind that it holds places of.
    files
        Name and content; several are the parts of one shapefile.
    profile
        Id of the profile that says how it is read; None: the one that has its columns, if any.

    Raises
    ------
    ForbiddenError
        If the actor may change no place of the kind.
    InvalidDataError
        If there is no file, or too much of it.
    """
    passport = ws.kind(kind)
    access.require_change(actor, passport)
    name = next((name for name, _ in files if name), "")[-LONGEST_NAME:]
    plan = _plan_of(ws, actor, profile, kind)
    _require_room(ws, actor)
    shelf = Shelf.new(ws.settings.uploads_dir)
    try:
        shelf.keep(files, SUFFIXES, MOST_BYTES)
        with access.writing(ws) as conn:
            upload_id = uploads.add(
                conn,
                kind=kind,
                file_name=name,
                account=actor.account,
                actor=actor.name,
                at=now(),
                state=CHECKING,
                plan=plan.as_json(),
            )
            shelf.move(shelf_of(ws, upload_id))
            _queue(conn, actor, upload_id, CHECK)
            access.log(conn, actor, "upload", kind, upload=upload_id, file=name)
    finally:
        shelf.clear()  # where it was moved nothing is left
    return upload_id


def _require_room(ws: Workspace, actor: Actor) -> None:
    """Refuse another file of somebody who keeps many, or where the disk is nearly full.

    Raises
    ------
    InvalidDataError
        With what to do.
    """
    with access.reading(ws, actor) as conn:
        own = uploads.listed(conn, account=actor.account, limit=LISTED)
    kept = [row["id"] for row in own if shelf_of(ws, row["id"]).folder.exists()]
    if len(kept) >= MOST_KEPT:
        raise InvalidDataError(f"您已有 {len(kept)} 个上传的文件，请先删除不用的，再上传")
    if shutil.disk_usage(ws.settings.data_dir).free < LEAST_FREE_BYTES:
        raise InvalidDataError("服务器磁盘快满了，暂时不能上传：请管理员清理")


def shelf_of(ws: Workspace, upload_id: int) -> Shelf:
    """Return the folder of an upload."""
    return Shelf(ws.settings.uploads_dir / str(upload_id))


def list_uploads(ws: Workspace, actor: Actor) -> list[Upload]:
    """Return the actor's own uploads, the newest first."""
    access.require_keeper(actor)
    with access.reading(ws, actor) as conn:
        rows = uploads.listed(conn, account=actor.account, limit=LISTED)
    return [_upload(ws, row) for row in rows if row["kind"] in ws.kinds]


def load_upload(ws: Workspace, actor: Actor, upload_id: int) -> Upload:
    """Return one of the actor's own uploads.

    Raises
    ------
    NotFoundError
        If there is none of that id, or it is somebody else's: the answer is the same.
    """
    access.require_keeper(actor)
    with access.reading(ws, actor) as conn:
        return _upload(ws, _own(conn, actor, upload_id))


def try_again(ws: Workspace, actor: Actor, upload_id: int, plan: Plan) -> None:
    """Have an upload tried out with another plan.

    Raises
    ------
    InvalidDataError
        If something is being done with it, or it is imported already.
    """
    found = load_upload(ws, actor, upload_id)
    access.require_change(actor, found.kind)
    if found.busy or found.state == DONE:
        raise InvalidDataError("这个文件正在处理或已经导入，不能再改")
    shelf = shelf_of(ws, upload_id)
    shelf.file()
    if [plan.encoding, plan.layer] != found.found.get("opened_as"):
        shelf.clear_unpacked()
    shelf.begin()
    with access.writing(ws) as conn:
        _claim(conn, upload_id, found.state, plan=plan.as_json(), state=CHECKING)
        _queue(conn, actor, upload_id, CHECK)


def confirm(ws: Workspace, actor: Actor, upload_id: int, *, remember_as: str = "") -> None:
    """Have an upload imported as it was tried out.

    Parameters
    ----------
    remember_as
        Name of the system that the file comes from: how it was read is kept under it, and the
        next file with the same columns is read so.

    Raises
    ------
    InvalidDataError
        If it was not tried out, or something is left to decide.
    """
    found = load_upload(ws, actor, upload_id)
    access.require_change(actor, found.kind)
    if not found.ready:
        raise InvalidDataError("先试算，并回答页面上的问题，有可导入的行才能导入")
    shelf = shelf_of(ws, upload_id)
    if not sandbox.was_opened(shelf.unpacked):
        raise InvalidDataError("上传的文件已清理，请重新上传")
    shelf.begin()
    name = remember_as.strip()[:LONGEST_NAME]
    with access.writing(ws) as conn:
        if name:
            _remember(conn, actor, found, name)
        told = {name: value for name, value in found.found.items() if name != STOPPED}
        _claim(conn, upload_id, CHECKED, state=IMPORTING, found=told)
        _queue(conn, actor, upload_id, IMPORT)


def _remember(conn: Connection, actor: Actor, found: Upload, name: str) -> None:
    """Keep how a file was read, as a profile of its kind."""
    # What somebody said to have no column stays said: it would be guessed again.
    mapping = {**found.plan.mapping, **found.found["mapping"]}
    plan = replace(found.plan, mapping=mapping, place=found.found["place"], decided=False)
    earlier = (row for row in uploads.profiles(conn, found.kind.slug) if row["name"] == name)
    if any(not _may_change_profile(actor, row) for row in earlier):
        raise InvalidDataError(f"已有别人的导入方案“{name}”：请换一个名称")
    uploads.save_profile(
        conn,
        kind=found.kind.slug,
        name=name,
        shared=actor.powers.governs,
        columns=sorted(_own_columns(found.found["columns"])),
        plan=plan.as_json(),
        actor=actor.name,
        at=now(),
    )
    access.log(conn, actor, "profile", found.kind.slug, name=name)


def cancel(ws: Workspace, actor: Actor, upload_id: int) -> None:
    """Stop what is being done with an upload; an import that was begun leaves nothing behind."""
    found = load_upload(ws, actor, upload_id)
    if not found.busy:
        raise InvalidDataError("现在没有正在进行的处理")
    shelf_of(ws, upload_id).wish_to_stop()
    with access.writing(ws) as conn:
        row = uploads.load(conn, upload_id)
        if row is not None and jobs.cancel_waiting(conn, row["job"], now()):
            state = CHECKED if found.state == IMPORTING else CANCELLED
            uploads.change(conn, upload_id, state=state)
            access.log(conn, actor, "cancel", found.kind.slug, upload=upload_id)


def discard(ws: Workspace, actor: Actor, upload_id: int) -> None:
    """Delete an uploaded file that will not be imported, or was."""
    found = load_upload(ws, actor, upload_id)
    if found.busy:
        raise InvalidDataError("正在处理：请先取消")
    shelf_of(ws, upload_id).clear()
    with access.writing(ws) as conn:
        if found.state != DONE:
            uploads.change(conn, upload_id, state=CANCELLED)
        access.log(conn, actor, "cancel", found.kind.slug, upload=upload_id, file=found.file_name)


def outcome(
    ws: Workspace, actor: Actor, upload_id: int, what: str, *, page: int, size: int
) -> list[dict[str, Any]]:
    """Return what should be known of the rows of an upload, one page of one sort.

    Parameters
    ----------
    what
        ``changed``, ``rejected``, or a word of ``sort_sites.WORDS``.
    page
        From 1 on.
    """
    load_upload(ws, actor, upload_id)
    entries = (e for e in read_lines(shelf_of(ws, upload_id).outcome) if e["what"] == what)
    return list(islice(entries, (page - 1) * size, page * size))


def preview(ws: Workspace, actor: Actor, upload_id: int) -> dict[str, Any]:
    """Return the first rows as GeoJSON, as the file says and as is proposed."""
    load_upload(ws, actor, upload_id)
    path = shelf_of(ws, upload_id).preview
    empty: dict[str, Any] = {"type": "FeatureCollection", "features": []}
    return dict(orjson.loads(path.read_bytes())) if path.exists() else empty


def rejected_rows(ws: Workspace, actor: Actor, upload_id: int) -> Document:
    """Return the rows that were not taken as a spreadsheet, to be corrected and sent again.

    It has the file's own columns and, before them, the number of the row and why.
    """
    found = load_upload(ws, actor, upload_id)
    shelf = shelf_of(ws, upload_id)
    reasons = {
        entry["row"]: entry["text"]
        for entry in read_lines(shelf.outcome)
        if entry["what"] == "rejected"
    }
    if not reasons:
        raise NotFoundError("没有未收的行")
    return workbook.rejected(
        shelf.unpacked, found.found["columns"], reasons, geometry=found.found["geometry"]
    )


def sayable_codes(ws: Workspace, actor: Actor, kind: SiteKind) -> dict[str, list[str]]:
    """Return field to what a file may say in it, of the fields that have a code table."""
    with access.reading(ws, actor) as conn:
        allowed = codes.allowed(conn)
    return {f.name: sayable(allowed.get(f.codes, {})) for f in kind.fields if f.codes}


def list_profiles(ws: Workspace, actor: Actor) -> list[RowMapping]:
    """Return the profiles of the kinds that the actor may change places of."""
    access.require_keeper(actor)
    with access.reading(ws, actor) as conn:
        return [
            row
            for row in uploads.profiles(conn)
            if row["kind"] in ws.kinds
            and access.could_change(actor, ws.kinds[row["kind"]])
            and _is_for(actor, row)
        ]


def _is_for(actor: Actor, profile: Mapping[Any, Any]) -> bool:
    """Tell whether a profile may read an actor's files: the town's, or their own."""
    return bool(profile["shared"]) or profile["actor"] == actor.name


def _may_change_profile(actor: Actor, profile: Mapping[Any, Any]) -> bool:
    return actor.powers.governs or profile["actor"] == actor.name


def find_profile(ws: Workspace, actor: Actor, kind: str, name: str) -> Plan:
    """Return the plan of a profile.

    Raises
    ------
    NotFoundError
        If there is none of that name; the message lists the known ones.
    """
    own = {row["name"]: row for row in list_profiles(ws, actor) if row["kind"] == kind}
    if name not in own:
        raise NotFoundError(f"没有导入方案 {name}；可以用：{'、'.join(own) or '（还没有）'}")
    return Plan.from_json(own[name]["plan"])


def forget_profile(ws: Workspace, actor: Actor, profile_id: int) -> None:
    """Delete a profile."""
    own = {row["id"]: row for row in list_profiles(ws, actor)}
    if profile_id not in own:
        raise NotFoundError("没有这个导入方案")
    if not _may_change_profile(actor, own[profile_id]):
        raise ForbiddenError("这是全镇共用的导入方案，只有镇级用户能删")
    with access.writing(ws) as conn:
        uploads.drop_profile(conn, profile_id)
        access.log(
            conn,
            actor,
            "profile",
            own[profile_id]["kind"],
            name=own[profile_id]["name"],
            retired=True,
        )


def importable_kinds(ws: Workspace, actor: Actor) -> list[SiteKind]:
    """Return the kinds that the actor may change places of, and that people bring."""
    known = [kind for kind in ws.kinds.values() if kind.registered]
    return [kind for kind in known if access.could_change(actor, kind)]


def known_profile(
    profiles: Iterable[RowMapping], columns: Sequence[str], actor: Actor
) -> RowMapping | None:
    """Return the newest profile for an actor's files with just these columns; None: there is none.

    One that a village saved is for its own files: it must not decide how the town's are read.
    """
    own = (row for row in profiles if _is_for(actor, row))
    same = [row for row in own if _own_columns(row["columns"]) == _own_columns(columns)]
    return max(same, key=lambda row: row["at"], default=None)


def _own_columns(columns: Iterable[str]) -> set[str]:
    """Return the columns but those that the file of rejected rows adds."""
    return set(columns) - set(SAID_BY_US)


def _plan_of(ws: Workspace, actor: Actor, profile: int | None, kind: str) -> Plan:
    if profile is None:
        return Plan()
    own = {row["id"]: row for row in list_profiles(ws, actor) if row["kind"] == kind}
    if profile not in own:
        raise InvalidDataError("这个导入方案不是这一类的，请重新选择")
    return Plan.from_json(own[profile]["plan"])


def _claim(conn: Connection, upload_id: int, before: str, **values: Any) -> None:
    """Change an upload that is still in a state.

    Raises
    ------
    InvalidDataError
        If somebody else, or another window, was faster.
    """
    if not uploads.change(conn, upload_id, only_if=before, **values):
        raise InvalidDataError("这个文件刚刚在别处改过：请刷新页面再看")


def _queue(conn: Connection, actor: Actor, upload_id: int, verb: str) -> None:
    arguments = {"upload": upload_id, "account": actor.account, "address": actor.address}
    job = jobs.add(conn, verb, arguments, actor=actor.name, at=now())
    uploads.change(conn, upload_id, job=job)


def _own(conn: Connection, actor: Actor, upload_id: int) -> RowMapping:
    row = uploads.load(conn, upload_id)
    if row is None or row["account"] != actor.account:
        raise NotFoundError(f"没有第 {upload_id} 号上传")
    return row


def _upload(ws: Workspace, row: RowMapping) -> Upload:
    """Return an upload as it stands; one whose work was interrupted is no longer busy."""
    state = row["state"]
    return Upload(
        id=row["id"],
        kind=ws.kind(row["kind"]),
        file_name=row["file_name"],
        actor=row["actor"],
        at=row["at"],
        state=state,
        plan=Plan.from_json(row["plan"]),
        found=row["found"],
        report=row["report"],
        progress=shelf_of(ws, row["id"]).progress() if state in BUSY else 1.0,
        message=row["job_message"],
    )
