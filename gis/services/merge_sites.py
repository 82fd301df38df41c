"""Put two records of one place together, and take them apart again as they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import history, merging
from gis.domain.crs import STORED
from gis.domain.history import GEOMETRY
from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.errors import InvalidDataError
from gis.services import access, changes, charge
from gis.services.import_sites import home_villages
from gis.services.show_history import PLAIN
from gis.storage import hazards, merges, register, sites, versions
from gis.storage.register import Stamp
from gis.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge, or its undoing, did.

    Attributes
    ----------
    keep_id
        Of the place that stands for both, or did.
    keep, drop
        Names of the two.
    fields
        Titles of the fields that the kept place got, or that were taken back from it.
    cases
        How many hazard cases went with them.
    exact
        Of an undoing: whether both are exactly as before; else the kept place was changed since,
        and only what still stood was taken back.
    """

    keep_id: int
    keep: str
    drop: str
    fields: tuple[str, ...]
    cases: int
    exact: bool = True


def merge_sites(ws: Workspace, actor: Actor, keep_id: int, drop_id: int) -> Merged:
    """Let one place stand for two: the other leaves layers, counts, radius and risk.

    What the kept place lacks is taken from the other, personal fields too; its cases move to the
    kept place. Both keep their history, and ``undo_merge`` takes them apart.

    Raises
    ------
    NotFoundError
        If one of them is not there, or the actor may not see it as it is.
    ForbiddenError
        If they are not in charge of both.
    InvalidDataError
        If they are one place or of two kinds, if one was merged already, or others were merged
        into the one to be dropped: there are no chains, so that each merge can be undone alone.
    """
    access.require_reader(actor)
    with changes.changing(ws, actor) as (conn, stamp):
        keep, drop, kind = _pair(conn, ws, actor, keep_id, drop_id)
        filled = _filled(conn, ws, kind, keep, drop)
        charge.require_there(conn, ws, actor, kind, filled.get("village", keep["village"]))
        personal, names = _personal_filled(conn, kind, keep_id, drop_id, stamp)
        fields = _titles(kind, keep, filled, names)
        cases = hazards.change_site(conn, drop_id, keep_id, stamp)
        came, went = (_told(fields, len(cases), way) for way in ("转来", "转去"))
        kept = {**filled, **personal, **NO_FILE, "note": f"场所 {drop_id} 并入，{came}"}
        gone = {**NO_FILE, "merged_into": keep_id, "note": f"并入场所 {keep_id}，{went}"}
        sites.update(conn, [{"site_id": keep_id, **kept}], stamp)
        sites.update(conn, [{"site_id": drop_id, **gone}], stamp)
        _record(conn, kind, stamp, history.MERGE, cases)
        done = Merged(keep_id, keep["name"], drop["name"], fields, len(cases))
        _log(conn, actor, "merge", kind, drop_id, done, stamp)
    return done


def _told(fields: Sequence[str], cases: int, way: str) -> str:
    filled = f"补入：{'、'.join(fields)}" if fields else "没有要补的内容"
    return f"{filled}；{way}隐患 {cases} 件" if cases else filled


NO_FILE: Mapping[str, Any] = {"import_batch": None, "source_row": None}
"""Of a version that came of no file."""


def undo_merge(ws: Workspace, actor: Actor, drop_id: int) -> Merged:
    """Take a merged place out of the one that stands for it.

    If that was not changed since, both are exactly as before. Otherwise it loses what the merge
    filled in and nobody changed since. The cases that the merge moved go back as they now stand;
    those found since stay.

    Raises
    ------
    NotFoundError, ForbiddenError
        As ``merge_sites``.
    InvalidDataError
        If the place is not merged.
    """
    access.require_reader(actor)
    with changes.changing(ws, actor) as (conn, stamp):
        drop, kind = charge.find_changeable(conn, ws, actor, drop_id)
        if drop["merged_into"] is None:
            raise InvalidDataError(f"“{drop['name']}”没有并入别的场所，没有可撤销的")
        keep, _ = charge.find_changeable(conn, ws, actor, drop["merged_into"])
        before, merge = _around_merge(conn, drop_id)
        back = _as_before(conn, ws, before)
        kept, exact = _without(conn, keep, drop_id, merge)
        for village in (back["village"], kept.get("village", keep["village"])):
            charge.require_there(conn, ws, actor, kind, village)
        personal, names = _personal_without(conn, keep["id"], merge)
        fields = _titles(kind, keep, kept, names)
        sites.update(conn, [{"site_id": keep["id"], **kept, **personal}], stamp)
        sites.update(conn, [{"site_id": drop_id, "merged_into": None, **back}], stamp)
        cases = hazards.change_back(conn, merge, keep["id"], drop_id, stamp)
        _record(conn, kind, stamp, "unmerge")
        done = Merged(keep["id"], keep["name"], drop["name"], fields, len(cases), exact)
        _log(conn, actor, "unmerge", kind, drop_id, done, stamp)
    return done


def _pair(
    conn: Connection, ws: Workspace, actor: Actor, keep_id: int, drop_id: int
) -> tuple[RowMapping, RowMapping, SiteKind]:
    """Return the place to keep, the one to drop, and their kind."""
    keep, kind = charge.find_changeable(conn, ws, actor, keep_id)
    drop, other = charge.find_changeable(conn, ws, actor, drop_id)
    if keep_id == drop_id:
        raise InvalidDataError("要合并的是同一个场所：请选两个")
    if kind != other:
        raise InvalidDataError(
            f"“{keep['name']}”是{kind.title.zh}，“{drop['name']}”是{other.title.zh}：同类才能合并"
        )
    charge.refuse_merged(keep)
    charge.refuse_merged(drop)
    if merges.has_merged(conn, drop_id):
        raise InvalidDataError(
            f"已有场所并入“{drop['name']}”：请反过来合并，保留“{drop['name']}”，或先撤销那次合并"
        )
    return keep, drop, kind


def _filled(
    conn: Connection, ws: Workspace, kind: SiteKind, keep: RowMapping, drop: RowMapping
) -> dict[str, Any]:
    """Return the columns that the kept place gets, its village by today's boundaries."""
    names = [field.name for field in kind.open_fields]
    found = merging.filled(keep, drop, names)
    if GEOMETRY in found:
        found["village"] = _home(conn, ws, drop)
    return found


def _home(conn: Connection, ws: Workspace, row: RowMapping) -> str | None:
    """Return the village that a place lies in today; where it has no position, its named one."""
    if row[GEOMETRY] is None:
        named: str | None = row["village"]
        return named
    shape = shapely.from_wkb(row[GEOMETRY])
    (found,) = home_villages(conn, ws, gpd.GeoDataFrame(geometry=[shape], crs=STORED))
    return found


def _personal_filled(
    conn: Connection, kind: SiteKind, keep_id: int, drop_id: int, stamp: Stamp
) -> tuple[dict[str, Any], Collection[str]]:
    """Return the personal columns of the kept place where they change, and which fields do.

    That a field came with this merge is seen by its revision: what is undone is told by that.
    """
    found = sites.load_private(conn, (keep_id, drop_id))
    (kept, since), (dropped, _) = found[keep_id], found[drop_id]
    names = [field.name for field in kind.personal_fields]
    new = merging.filled_fields(kept, dropped, names)
    if not new:
        return {}, ()
    known = {**since, **dict.fromkeys(new, stamp.revision)}
    return {"personal": {**kept, **new}, "personal_since": known}, new


def _around_merge(conn: Connection, drop_id: int) -> tuple[RowMapping, int]:
    """Return the last version of a merged place before it was, and the revision of the merge."""
    found = versions.load(conn, drop_id)
    last = max(i for i, row in enumerate(found) if row["merged_into"] is None)
    return found[last], found[last + 1]["revision"]


def _as_before(conn: Connection, ws: Workspace, before: RowMapping) -> dict[str, Any]:
    """Return the columns of a merged place that the merge changed, as they were."""
    told = {name: before[name] for name in ("note", *NO_FILE)}
    return {**told, "village": _home(conn, ws, before)}


def _without(
    conn: Connection, keep: RowMapping, drop_id: int, merge: int
) -> tuple[dict[str, Any], bool]:
    """Return the columns of the kept place without the other, and whether it is as before.

    ``merge`` is the revision of their merge.
    """
    found = versions.load(conn, keep["id"])
    merged = next(i for i, row in enumerate(found) if row["revision"] == merge)
    if merged == len(found) - 1:
        names = (*merging.POSITION, *merging.ALONE, "attrs", "note", *NO_FILE)
        return {name: found[merged - 1][name] for name in names}, True
    told = f"撤销场所 {drop_id} 的并入，此后的改动保留"
    return {**merging.taken_back(found, merged), **NO_FILE, "note": told}, False


def _personal_without(
    conn: Connection, keep_id: int, revision: int
) -> tuple[dict[str, Any], Collection[str]]:
    """Return the personal columns without what a merge gave, where that still stands."""
    personal, since = sites.load_private(conn, (keep_id,))[keep_id]
    gave = {name for name, known in since.items() if known == revision}
    if not gave:
        return {}, ()
    left = ({n: v for n, v in part.items() if n not in gave} for part in (personal, since))
    return dict(zip(("personal", "personal_since"), left, strict=True)), gave


def _titles(
    kind: SiteKind, row: RowMapping, columns: Mapping[str, Any], personal: Collection[str]
) -> tuple[str, ...]:
    """Return what the fields are called in which a place changes; of a position only that."""
    found = {one.field for one in history.differences(row, {**row, **columns})}
    if GEOMETRY in found:
        found -= set(merging.POSITION[1:])
    fields = (*PLAIN, *kind.fields)
    return tuple(field.title.zh for field in fields if field.name in {*found, *personal})


def _record(
    conn: Connection, kind: SiteKind, stamp: Stamp, change: str, moved: Sequence[int] = ()
) -> None:
    sites.record(conn, kind, stamp, change=change)
    hazards.follow_sites(conn, stamp)
    hazards.record(conn, stamp, moved)
    register.advance(conn, stamp)


def _log(
    conn: Connection,
    actor: Actor,
    action: str,
    kind: SiteKind,
    drop_id: int,
    done: Merged,
    stamp: Stamp,
) -> None:
    access.log(
        conn,
        actor,
        action,
        kind.slug,
        site=drop_id,
        into=done.keep_id,
        fields=list(done.fields),
        cases=done.cases,
        revision=stamp.revision,
    )
