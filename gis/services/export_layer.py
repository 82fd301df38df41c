"""A layer as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gis.domain.features import splice
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.files.write import WRITERS
from gis.services import access
from gis.services.access import reading
from gis.services.describe import describe_open
from gis.services.load_layer import find, members
from gis.workspace import Workspace

FORMATS = tuple(WRITERS)
"""Names of the formats that can be written."""


def export_layer(ws: Workspace, actor: Actor, slug: str, format_: str, out: Path) -> int:
    """Write a layer to a file, whole or not at all.

    Every feature carries the notices as a property of its own: a GIS drops what a collection
    says of itself, and a table has no other place for it.

    Parameters
    ----------
    slug
        Of the layer.
    format_
        One of ``FORMATS``.
    out
        File to write; an earlier one of that name is replaced when the new one is complete.

    Returns
    -------
    The number of features written.

    Raises
    ------
    NotFoundError
        If there is no such layer.
    InvalidDataError
        If there is no such format.
    """
    if format_ not in WRITERS:
        raise InvalidDataError(f"没有格式 {format_}；可以用：{', '.join(WRITERS)}")
    with reading(ws, actor) as conn:
        info, texts = find(conn, ws, actor, slug)
        said = members(info, describe_open(conn, ws))
        marked = (splice(text, {"notice": said["notice"]}) for text in texts(conn))
        count = WRITERS[format_](marked, out, slug, said)
    log_export(ws, actor, slug, format=format_, count=count)
    return count


def log_export(ws: Workspace, actor: Actor, slug: str, **detail: Any) -> None:
    """Write into the audit log that a layer left as a file or went to a program."""
    with access.writing(ws) as conn:
        access.log(conn, actor, "export", slug, **detail)
