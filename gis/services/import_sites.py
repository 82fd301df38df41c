"""Read a file of places of one kind into the register, all of it or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import apportion
from gis.domain.arrays import Ints
from gis.domain.crs import to_metres
from gis.domain.kinds import Field, SiteKind
from gis.domain.plans import COMMON, VILLAGE, Plan
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.files import read, sandbox
from gis.files.sandbox import Unpacked
from gis.services import access, changes
from gis.services.changes import ReadFile, Report
from gis.services.detect_system import refuse_doubtful_system
from gis.services.sort_sites import CHUNK_ROWS, Asked, Journal, Tally, sorter
from gis.storage import areas, codes, hazards, sites
from gis.storage.register import Stamp
from gis.workspace import Workspace

Progress = Callable[[float], None]
"""Told how much is done, 0 to 1."""


def import_sites(
    ws: Workspace,
    actor: Actor,
    kind: str,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    crs: str | None = None,
    plan: Plan | None = None,
    dry_run: bool = False,
) -> Report:
    """Insert or update the places of a file, by key, in one transaction.

    A row is taken only from whoever is in charge of its place, where it was and where the file
    puts it. A field that the file has no column for stays as it was. The cases of a place that
    moved to another village move with it.

    Parameters
    ----------
    kind
        Slug of the kind.
    path
        A file of any format that ``unpack_file`` takes.
    mapping
        Field name to column name of the file, where its headings do not tell.
    crs
        Coordinate system of the file where it does not say it, or a shift (GCJ-02, BD-09).
    plan
        How the file is read; ``mapping`` and ``crs`` go before what it says.
    dry_run
        Only tell what would become of the rows.

    Returns
    -------
    How many rows are new, changed and same, and each rejected row with its reason.

    Raises
    ------
    NotFoundError
        If there is no such kind.
    ForbiddenError
        If the actor may change no place of it.
    InvalidDataError
        If the file cannot be read, its coordinates seem to be in another system than it says
        and nobody has decided, or it is synthetic in an office database or real in a
        demonstration.
    """
    access.require_change(actor, ws.kind(kind))
    said = plan or Plan()
    said = replace(said, mapping={**said.mapping, **(mapping or {})}, system=crs or said.system)
    with tempfile.TemporaryDirectory(prefix="riskmap-") as folder:
        source = sandbox.unpack_file(path, Path(folder), encoding=said.encoding, layer=said.layer)
        asked = ask(ws, actor, kind, source, said)
        if crs is None and not said.decided:
            refuse_doubtful_system(ws, actor, asked)
        if dry_run:
            return try_out(ws, actor, asked)
        return commit(ws, actor, asked, name=path.name)


def columns_of(ws: Workspace, kind: str) -> tuple[Field, ...]:
    """Return the columns that a file of a kind may have; NotFoundError for an unknown kind."""
    passport = ws.kind(kind)
    identified = passport.identity.premises or passport.identity.operator
    common = [
        replace(field, unknown=bool(identified)) if field.name == "code" else field
        for field in COMMON
    ]
    return (*common, VILLAGE, *passport.fields)


def ask(ws: Workspace, actor: Actor, kind: str, source: Unpacked, plan: Plan) -> Asked:
    """Decide how an unpacked file is read into a kind.

    Raises
    ------
    InvalidDataError
        If the plan names what is not there, or a column that must be there is not.
    """
    passport = ws.kind(kind)
    access.require_change(actor, passport)
    with access.reading(ws, actor) as conn:
        allowed = codes.allowed(conn)
    system = read.check_system(source, plan.system)
    reading = read.plan_reading(
        source, columns_of(ws, kind), passport.geometry, replace(plan, system=system)
    )
    _need_identity(passport, reading.given, source.columns)
    return Asked(passport, reading, allowed, plan.elsewhere)


def _need_identity(kind: SiteKind, given: frozenset[str], there: Sequence[str]) -> None:
    own = kind.identity
    if given.isdisjoint({"code", own.premises, own.operator}):
        names = [kind.field(name).title.zh for name in (own.premises, own.operator) if name]
        raise InvalidDataError(
            f"文件里没有编号列，也没有{'、'.join(names)}：请说明用哪一列"
            f"（命令行用 --map code=列名），现有列：{'、'.join(there)}"
        )


def try_out(
    ws: Workspace,
    actor: Actor,
    asked: Asked,
    *,
    journal: Journal = lambda _outcome: None,
    progress: Progress = lambda _part: None,
) -> Report:
    """Tell what would become of the rows of a file; nothing is written."""
    tally = Tally(asked.kind.slug)
    with access.reading(ws, actor) as conn:
        sorting = sorter(conn, ws, actor, asked)
        for chunk in asked.reading.source.chunks(CHUNK_ROWS):
            outcome = sorting.sort(chunk)
            tally.add(outcome)
            journal(outcome)
            progress(_part(asked, chunk.rows))
    return tally.report(asked.reading)


def commit(
    ws: Workspace,
    actor: Actor,
    asked: Asked,
    *,
    name: str,
    profile: str | None = None,
    expected: Mapping[str, Any] | None = None,
    progress: Progress = lambda _part: None,
    also: Callable[[Connection, Stamp, Report], None] = lambda _conn, _stamp, _report: None,
) -> Report:
    """Take the rows of a file into the register, all of them or none.

    Parameters
    ----------
    name
        Of the file, as its owner calls it.
    profile
        Name of the profile that says how it is read, if one does.
    expected
        ``counts`` and ``digest`` of the dry run; where the import would do something else, it
        does nothing.
    also
        Done in the same transaction, at its end.

    Raises
    ------
    InvalidDataError
        If the register changed since the dry run in a way that matters.
    """
    access.require_change(actor, asked.kind)
    file = _read_file(asked, name, profile)
    tally = Tally(asked.kind.slug)
    with changes.changing(ws, actor) as (conn, stamp):
        stamp = changes.begin_import(conn, stamp, asked.kind.slug, file)
        sorting = sorter(conn, ws, actor, asked)
        for chunk in asked.reading.source.chunks(CHUNK_ROWS):
            outcome = sorting.sort(chunk)
            tally.add(outcome)
            _write(conn, outcome.new, outcome.changed, stamp)
            progress(_part(asked, chunk.rows) * WRITING)
        report = tally.report(asked.reading)
        found = {"counts": report.counts, "digest": report.digest}
        if expected is not None and any(expected[name] != found[name] for name in found):
            raise InvalidDataError("试算之后库里的数据有变，这次什么也没有导入：请重新试算再确认")
        sites.record(conn, asked.kind, stamp)
        hazards.follow_sites(conn, stamp)
        hazards.record(conn, stamp)
        sites.sync_indexes(conn, [asked.kind])
        changes.end_import(conn, actor, stamp, report, file)
        if asked.reading.is_shifted:
            _log_conversion(conn, actor, asked, name)
        also(conn, stamp, report)
    progress(1.0)
    return report


WRITING = 0.7
"""Part of the work that is done when the last row is written; history and layers follow."""


def _write(
    conn: Connection,
    new: Sequence[dict[str, Any]],
    changed: Sequence[tuple[RowMapping, dict[str, Any]]],
    stamp: Stamp,
) -> None:
    sites.insert(
        conn,
        [{**row, "personal_since": dict.fromkeys(row["personal"], stamp.revision)} for row in new],
        stamp,
    )
    sites.update(
        conn,
        [
            {"site_id": old["id"], **row, "personal_since": _personal_since(old, row, stamp)}
            for old, row in changed
        ],
        stamp,
    )


def _personal_since(old: Mapping[Any, Any], row: Mapping[str, Any], stamp: Stamp) -> dict[str, int]:
    """Return the revision that each personal field is from."""
    before, since = old["personal"], old["personal_since"]
    return {
        name: since.get(name, old["revision"]) if before.get(name) == value else stamp.revision
        for name, value in row["personal"].items()
    }


def _read_file(asked: Asked, name: str, profile: str | None) -> ReadFile:
    reading = asked.reading
    how = {
        "encoding": reading.source.encoding,
        "layer": reading.source.layer,
        "system": reading.system,
        "swapped": reading.swapped,
        "profile": profile,
    }
    return ReadFile(name, reading.source.sha256, dict(reading.columns), how)


def _log_conversion(conn: Connection, actor: Actor, asked: Asked, name: str) -> None:
    """Write into the audit log that coordinates were converted: that is regulated."""
    access.log(
        conn,
        actor,
        "convert",
        asked.kind.slug,
        file=name,
        system=asked.reading.system,
        swapped=asked.reading.swapped,
        count=asked.reading.source.count,
    )


def _part(asked: Asked, rows: Ints) -> float:
    last = int(rows[-1]) if len(rows) else 0
    return min(1.0, last / max(1, asked.reading.source.count + 1))


def home_villages(conn: Connection, ws: Workspace, places: gpd.GeoDataFrame) -> list[str | None]:
    """Return the home village's code of every place (EPSG:4490); None outside all of them."""
    level = ws.home_level
    villages = areas.load(conn, level)
    if villages.empty or places.empty:
        return [None] * len(places)
    places_m = to_metres(places[["geometry"]], level.metric_crs)
    villages_m = to_metres(villages, level.metric_crs)
    return list(apportion.home_codes(places_m.geometry.to_numpy(), villages_m))
