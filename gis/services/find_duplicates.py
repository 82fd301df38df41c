"""Places that may be stored twice, with why, and what was decided of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection, RowMapping

from gis.domain import duplicates
from gis.domain.crs import to_metres
from gis.domain.history import GEOMETRY
from gis.domain.kinds import SiteKind
from gis.domain.rights import Actor
from gis.services import access
from gis.services.show_history import Words, words_of
from gis.storage import areas, merges, sites
from gis.workspace import Workspace

PAGE = 50
"""Pairs that are listed at once."""

MOST_DECIDED = 200
"""Merges, and pairs that are two, that are listed: the newest."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """Pairs of places that may be the same.

    Attributes
    ----------
    counts
        Kind to the number of its pairs.
    pairs
        Those of a page, likeliest first: ``kind``, ``title``, ``title_en``, ``why``,
        ``similarity`` (0..100), ``distance_m`` (None: one has no position), ``one`` and
        ``other`` (each ``id``, ``code``, ``name``, ``village``, ``placed``), and ``rows``: field
        by field ``title``, ``title_en``, ``unit``, ``one``, ``other`` and ``compared``, which is
        ``conflict``, ``missing`` (on one side: a merge would fill it in) or ``same``.
    matched
        How many were asked for, on all pages.
    """

    counts: dict[str, int]
    pairs: list[dict[str, Any]]
    matched: int


def find_duplicates(
    ws: Workspace,
    actor: Actor,
    kind: str | None = None,
    *,
    page: int = 1,
    per_page: int | None = PAGE,
) -> Suspects:
    """Find pairs of places that may be the same, both in the actor's charge.

    Pairs that somebody said are two are left out.

    Parameters
    ----------
    kind
        Limits the pairs listed, not the counts.
    page
        1, 2, 3 ...
    per_page
        Pairs of a page; None: all of them.

    Raises
    ------
    ForbiddenError
        If the actor may change no place at all.
    NotFoundError
        If the kind is unknown.
    """
    access.require_keeper(actor)
    if kind is not None:
        ws.kind(kind)
    with access.reading(ws, actor) as conn:
        found = _suspected(conn, ws, actor)
        asked = found if kind is None else found[found["kind"] == kind]
        size = per_page or len(asked)
        shown = asked.iloc[(page - 1) * size : page * size]
        rows = sites.load_many(conn, {*shown["one"].tolist(), *shown["other"].tolist()})
        words = {of: words_of(conn, ws, ws.kind(of)) for of in dict.fromkeys(shown["kind"])}
    counts = found["kind"].value_counts()
    return Suspects(
        {slug: int(counts[slug]) for slug in ws.kinds if slug in counts},
        [
            _pair(ws.kind(pair["kind"]), words[pair["kind"]], pair, rows)
            for pair in shown.to_dict("records")
        ],
        len(asked),
    )


def _suspected(conn: Connection, ws: Workspace, actor: Actor) -> pd.DataFrame:
    """Return the pairs of all kinds with their kind, without those that are two."""
    known = [kind for kind in ws.kinds.values() if kind.registered]
    kinds = [kind for kind in known if access.could_change(actor, kind)]
    places = merges.load_compared(conn, actor, kinds)
    wider = _wider(conn, ws)
    found = [
        duplicates.find(to_metres(of_kind, ws.home_level.metric_crs), wider).assign(kind=kind)
        for kind, of_kind in places.items()
    ]
    empty = pd.DataFrame(columns=[*duplicates.COLUMNS, "kind"])
    pairs = pd.concat([part for part in found if len(part)] or [empty], ignore_index=True)
    apart = pd.MultiIndex.from_tuples(sorted(merges.pairs_apart(conn)), names=["one", "other"])
    decided = pd.MultiIndex.from_frame(pairs[["one", "other"]]).isin(apart)
    order = ["same_operator", "similarity", "distance_m", "one", "other"]
    ascending = [False, False, True, True, True]
    return pairs[~decided].sort_values(order, ascending=ascending, ignore_index=True)


def _wider(conn: Connection, ws: Workspace) -> set[str]:
    """Return the names of what the villages lie in, with and without their rank (薛埠镇, 薛埠)."""
    levels = [level.slug for level in ws.levels.values() if not level.scored]
    names = areas.names_of(conn, levels)
    return {*names, *(name[:-1] for name in names if len(name) > duplicates.SHORTEST)}


def _pair(
    kind: SiteKind, words: Words, pair: Mapping[Any, Any], rows: Mapping[int, RowMapping]
) -> dict[str, Any]:
    one, other = rows[pair["one"]], rows[pair["other"]]
    operator = kind.identity.operator
    called = kind.field(operator).title.zh if operator else ""
    measured = (pair["same_operator"], pair["similarity"], pair["distance_m"])
    return {
        "kind": kind.slug,
        "title": kind.title.zh,
        "title_en": kind.title.en,
        "why": duplicates.explain(*measured, called),
        "similarity": pair["similarity"],
        "distance_m": None if np.isnan(pair["distance_m"]) else pair["distance_m"],
        "one": _side(words, one),
        "other": _side(words, other),
        "rows": _rows(kind, words, one, other),
    }


def _side(words: Words, row: RowMapping) -> dict[str, Any]:
    return {
        "id": row["id"],
        "code": row["key"],
        "name": row["name"],
        "village": words.value("village", row["village"]),
        "placed": row[GEOMETRY] is not None,
    }


def _rows(kind: SiteKind, words: Words, one: RowMapping, other: RowMapping) -> list[dict[str, Any]]:
    """Return field by field what both hold; what neither knows is left out."""
    named = [*COMPARED, *(field.name for field in kind.open_fields)]
    sides = [{**row, **row["attrs"]} for row in (one, other)]
    return [
        {
            **words.field(name),
            **{
                part: words.value(name, side.get(name))
                for part, side in zip(("one", "other"), sides, strict=True)
            },
            "compared": _compared(*(side.get(name) for side in sides)),
        }
        for name in named
        if any(side.get(name) is not None for side in sides)
    ]


def _compared(one: Any, other: Any) -> str:
    if one is None or other is None:
        return "missing"
    return "same" if one == other else "conflict"


COMPARED = ("village", "accuracy_m", "verified_on", "source")
"""Columns that are compared beside the fields of the passport; names stand above."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of pairs, newest first.

    Attributes
    ----------
    merged
        As ``gis.storage.merges.load_merges``.
    apart
        As ``gis.storage.merges.load_apart``.
    """

    merged: Sequence[Mapping[Any, Any]]
    apart: Sequence[Mapping[Any, Any]]


def list_decided(ws: Workspace, actor: Actor) -> Decided:
    """List the merges that stand, and the pairs that are two, of what an actor is in charge of.

    Raises
    ------
    ForbiddenError
        If the actor may change no place at all.
    """
    access.require_keeper(actor)
    with access.reading(ws, actor) as conn:
        return Decided(
            merges.load_merges(conn, actor, MOST_DECIDED),
            merges.load_apart(conn, actor, MOST_DECIDED),
        )
