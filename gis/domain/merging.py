"""What one place lacks and another has, where both are the same; and how that is taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gis.domain import history
from gis.domain.history import GEOMETRY, Version

POSITION = (GEOMETRY, "accuracy_m", "elevation_m", "village")
"""Columns that go together: how exact a position is, how high and where, is said of that one."""

ALONE = ("verified_on", "source")
"""Columns that are filled one by one."""


def filled(kept: Version, dropped: Version, fields: Collection[str]) -> dict[str, Any]:
    """Return the columns of a place with what it lacks taken from the other.

    Parameters
    ----------
    kept, dropped
        As they stand.
    fields
        Of the passport, without the personal ones.

    Returns
    -------
    Those columns of ``POSITION``, ``ALONE`` and ``attrs`` that change; empty where nothing does.
    """
    found = {name: dropped[name] for name in ALONE if _lacks(kept, dropped, name)}
    if _lacks(kept, dropped, GEOMETRY):
        found |= {name: dropped[name] for name in POSITION}
    elif kept[GEOMETRY] is None and _lacks(kept, dropped, "village"):
        found["village"] = dropped["village"]
    attrs = filled_fields(kept["attrs"], dropped["attrs"], fields)
    return found | ({"attrs": {**kept["attrs"], **attrs}} if attrs else {})


def filled_fields(
    kept: Mapping[str, Any], dropped: Mapping[str, Any], fields: Collection[str]
) -> dict[str, Any]:
    """Return the fields that one mapping lacks and the other has."""
    return {name: dropped[name] for name in fields if _lacks(kept, dropped, name)}


def _lacks(kept: Version, dropped: Version, name: str) -> bool:
    return kept.get(name) in MISSING and dropped.get(name) not in MISSING


MISSING = (None, "")


def taken_back(versions: Sequence[Version], merged: int) -> dict[str, Any]:
    """Return the columns of a place without what a merge filled in, as far as that still stands.

    Parameters
    ----------
    versions
        Of the place, oldest first.
    merged
        Position of the version that the merge made; > 0.

    Returns
    -------
    Those columns that change. A value that was changed since stays; so do accuracy, height and
    village where the position was changed.
    """
    before, now = versions[merged - 1], versions[-1]
    gave = {found.field for found in history.differences(before, versions[merged])}
    since = history.origins(versions)
    back = {name for name in gave if since.get(name) == merged}
    if GEOMETRY in gave and GEOMETRY not in back:
        back -= set(POSITION)
    found = {name: before[name] for name in (*POSITION, *ALONE) if name in back}
    fields = back & set(now["attrs"])
    attrs = {name: value for name, value in now["attrs"].items() if name not in fields}
    attrs |= {name: before["attrs"][name] for name in fields if name in before["attrs"]}
    return found | ({"attrs": attrs} if fields else {})
