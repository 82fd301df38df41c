"""A table of records that somebody sends by the browser: tried out, or taken in, at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from gis.domain.kinds import RecordKind
from gis.domain.rights import Actor
from gis.files.shelf import Shelf
from gis.files.unpacking.formats import SUFFIXES
from gis.services import access
from gis.services.changes import Report
from gis.services.import_records import import_records
from gis.workspace import Workspace

MOST_BYTES = 20 << 20
"""Of one table: whoever sends it waits for the answer. Larger ones go by the command."""


def upload_records(
    ws: Workspace,
    actor: Actor,
    kind: str,
    files: Sequence[tuple[str, IO[bytes]]],
    *,
    dry_run: bool,
) -> Report:
    """Try out or import a table of records; the file itself is not kept.

    Parameters
    ----------
    kind
        Sort of record.
    files
        Name and content of the table.
    dry_run
        Only tell what would be done.

    Raises
    ------
    NotFoundError, ForbiddenError, InvalidDataError
        As ``import_records``; if there is no file, or too much of it.
    """
    access.require_change(actor, ws.kind(ws.record(kind).of))
    name = next((name for name, _ in files if name), "")
    shelf = Shelf.new(ws.settings.uploads_dir)
    try:
        path = shelf.keep(files, SUFFIXES, MOST_BYTES)
        return import_records(ws, actor, kind, path, name=name, dry_run=dry_run)
    finally:
        shelf.clear()


def importable_records(ws: Workspace, actor: Actor) -> list[RecordKind]:
    """Return the sorts of records of which the actor may change some place's.

    Raises
    ------
    ForbiddenError
        If they may change nothing at all.
    """
    access.require_keeper(actor)
    sorts = ws.records.values()
    return [sort for sort in sorts if access.could_change(actor, ws.kind(sort.of))]
