"""What changed from one version of a place to the next, and which version each value is from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gis.domain import apportion, geometry
from gis.domain.crs import STORED, to_metres

Version = Mapping[Any, Any]
"""A place as it stood: its columns, ``attrs`` (a mapping) and ``geom`` (WKB) among them."""

MERGE = "merge"
"""What a version is called that came of putting two places together."""

GEOMETRY = "geom"

PLAIN = (
    "name",
    "village",
    GEOMETRY,
    "accuracy_m",
    "elevation_m",
    "verified_on",
    "source",
    "valid_to",
    "merged_into",
)
"""Columns whose change is told; industry and secrecy follow the passport, the rest is about the
version itself."""


RESTORED = tuple(name for name in PLAIN if name not in ("village", "merged_into"))
"""Columns that a place gets back when it is restored: its village is that of today's boundaries,
and what was merged is taken apart by undoing that."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two versions have differently.

    Attributes
    ----------
    field
        Column of ``PLAIN``, or a field of the passport.
    old, new
        Its values; None where there is none. Of a geometry: WKB.
    said
        Of a geometry, what became of it in words; else None.
    """

    field: str
    old: Any
    new: Any
    said: str | None = None


def facts(version: Version) -> dict[str, Any]:
    """Return field to value of what a version knows; what it does not know is not there."""
    known = {name: version[name] for name in PLAIN} | dict(version["attrs"])
    return {name: value for name, value in known.items() if value is not None}


def differences(old: Version | None, new: Version) -> tuple[Difference, ...]:
    """Tell what a version has differently from the one before it.

    Parameters
    ----------
    old
        None before the first: then all that is known is new.

    Returns
    -------
    One entry per field, columns before fields of the passport.
    """
    before, after = facts(old) if old is not None else {}, facts(new)
    return tuple(
        Difference(
            name,
            before.get(name),
            after.get(name),
            moved(before.get(name), after.get(name)) if name == GEOMETRY else None,
        )
        for name in dict.fromkeys((*PLAIN, *before, *after))
        if before.get(name) != after.get(name)
    )


def restorable(version: Version, fields: Collection[str]) -> dict[str, Any]:
    """Return what a place gets back of a version: ``RESTORED``, and ``attrs`` with those fields."""
    attrs = {name: value for name, value in version["attrs"].items() if name in fields}
    return {**{name: version[name] for name in RESTORED}, "attrs": attrs}


def origins(versions: Sequence[Version]) -> dict[str, int]:
    """Find for each value of the newest version since which version it has stood unchanged.

    Parameters
    ----------
    versions
        Of one place, oldest first; at least one.

    Returns
    -------
    Field to position in ``versions``. A value that was changed and changed back is from the
    version that brought it back.
    """
    known = [facts(version) for version in versions]
    return {name: _since(known, name) for name in known[-1]}


def _since(known: Sequence[Mapping[str, Any]], name: str) -> int:
    value, since = known[-1][name], len(known) - 1
    while since and known[since - 1].get(name) == value:
        since -= 1
    return since


def traced(
    versions: Sequence[Version], others: Mapping[int, Sequence[Version]]
) -> dict[str, Version]:
    """Find the version that brought each value of the newest one, also from another place.

    Parameters
    ----------
    versions
        Of one place, oldest first; at least one.
    others
        Revision of a merge to the versions, until then, of the place that was merged into this.

    Returns
    -------
    Field to version. A value that a merge filled in is from the other place's version.
    """
    return {
        name: _before_merge(versions[since], name, others)
        for name, since in origins(versions).items()
    }


def _before_merge(version: Version, name: str, others: Mapping[int, Sequence[Version]]) -> Version:
    given = others.get(version["revision"]) if version["change"] == MERGE else None
    if not given or facts(given[-1]).get(name) != facts(version)[name]:
        return version
    return given[origins(given)[name]]


def moved(old: bytes | None, new: bytes | None) -> str:
    """Say what became of a geometry (WKB, EPSG:4490; None: no position).

    Distances are geodesic; those of lines and polygons are between their centroids.
    """
    if old is None or new is None:
        return "从无到有" if old is None else "从有到无"
    before, after = shapely.from_wkb([old, new])
    centre = shapely.centroid(before)
    distance_m, *_ = geometry.nearest(centre.x, centre.y, [shapely.centroid(after)])
    shift = f"移动 {distance_m[0]:,.0f} 米" if distance_m[0] >= LEAST_SHIFT_M else "移动不到半米"
    if shapely.get_dimensions(before) == shapely.get_dimensions(after) == 0:
        return shift
    return f"形状改变：{_size(before)} → {_size(after)}，中心{shift}"


LEAST_SHIFT_M = 0.5
"""Less rounds to nothing."""


def _size(shape: shapely.Geometry) -> str:
    dimension = shapely.get_dimensions(shape)
    if dimension == 0:
        return "点"
    frame = gpd.GeoDataFrame(geometry=[shape], crs=STORED)
    size = apportion.measure(np.asarray(to_metres(frame).geometry, dtype=object))[0]
    return f"{size:,.0f} 平方米" if dimension == 2 else f"{size:,.0f} 米"
