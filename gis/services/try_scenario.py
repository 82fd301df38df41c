"""What if: the classes of a town in which some places and hazards are otherwise."""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.engine import Connection, Engine

from gis.domain import values
from gis.domain.crs import STORED
from gis.domain.geometry import problems
from gis.domain.hazards import is_open
from gis.domain.kinds import Field, SiteKind
from gis.domain.rights import Actor
from gis.domain.risk import registry
from gis.domain.risk.assess import Judgement, judge
from gis.domain.risk.constants import Constants
from gis.domain.risk.made import Made, make, make_again
from gis.domain.risk.scenario import Scenario, imagine
from gis.errors import GisError, InvalidDataError, NotFoundError
from gis.files.read import DIMENSIONS, FAMILY_NAMES
from gis.services import access, clock
from gis.services.edit_parameters import in_force
from gis.services.take_snapshot import take_snapshot
from gis.storage import areas, codes, register
from gis.storage.frames import Codes as Numbers
from gis.workspace import Workspace

Change = Mapping[str, Any]
"""One change: ``do`` is close, alter, move, add or rectify; see ``try_scenario``."""


@dataclass(frozen=True, slots=True)
class _Base:
    """The present, kept so that a question costs only what it changes."""

    key: tuple[int, int | None, dt.date]
    made: Made
    judged: Judgement
    constants: Mapping[str, Constants]
    allowed: values.Codes
    numbers: Numbers


_BASES: WeakKeyDictionary[Engine, _Base] = WeakKeyDictionary()
"""The newest present of each open database of this process."""


def try_scenario(ws: Workspace, actor: Actor, changes: Sequence[Change]) -> dict[str, Any]:
    """Return how the classes would be if some things were otherwise; nothing is changed.

    Parameters
    ----------
    changes
        ``{"do": "close", "site": id}``; ``{"do": "alter", "site": id, "values": {field: value}}``;
        ``{"do": "move", "site": id, "lon": x, "lat": y}`` (CGCS2000 degrees);
        ``{"do": "add", "kind": slug, "name": text, "lon": x, "lat": y, "values": {...}}``, or in
        place of ``lon`` and ``lat`` a ``geometry`` of GeoJSON, for lines and polygons;
        ``{"do": "rectify", "site": id}`` (all open cases of a place) or ``"case": code``.
        Values are read as a file's would be.

    Returns
    -------
    ``areas``: code, name, ``score`` and ``class`` now, ``score_then`` and ``class_then``,
    ``reason_then``, ``moved`` (points); ``present``: revision and day of the present.

    Raises
    ------
    ForbiddenError
        If the actor does not see every row.
    InvalidDataError
        If a change cannot be, with its number.
    """
    access.require_every_row(actor, "推演设想")
    with access.reading(ws, actor) as conn:
        base = _present(conn, ws)
    scenario = _scenario(ws, base, changes)
    models = registry.models()
    snapshot, difference = imagine(base.made.snapshot, scenario)
    made = make_again(base.made, snapshot, difference, base.constants, models)
    then = judge(made, base.constants, models)
    revision, _, day = base.key
    return {
        "areas": _areas(base.judged, then),
        "present": {"revision": revision, "as_of": day.isoformat()},
    }


def _present(conn: Connection, ws: Workspace) -> _Base:
    """Return the present; made anew only if the register, the constants or the day changed."""
    known = register.load(conn)
    set_here = in_force(conn)
    key = (known.revision, set_here.version, clock.today(known))
    found = _BASES.get(ws.engine)
    if found is not None and found.key == key:
        return found
    ground = areas.load(conn, ws.home_level)
    if ground.empty:
        raise InvalidDataError(f"还没有{ws.home_level.title.zh}边界，无从推演")
    snapshot = take_snapshot(conn, ws, ground, key[2])
    constants = set_here.values
    models = registry.models()
    made = make(snapshot, constants, models)
    base = _Base(
        key,
        made,
        judge(made, constants, models),
        constants,
        codes.allowed(conn),
        codes.numbers(conn),
    )
    _BASES[ws.engine] = base
    # It stays: what collects garbage need not walk through its hundred thousand objects again.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return base


def _areas(now: Judgement, then: Judgement) -> list[dict[str, Any]]:
    """Return the areas at both moments; they are the same, in the order of their codes."""
    before, after = now.weighed.scores, then.weighed.scores
    columns = {
        "code": before["code"],
        "name": before["name"],
        "score": before["R"],
        "class": now.classes["shown"],
        "score_then": after["R"],
        "class_then": then.classes["shown"],
        "reason_then": then.classes["reason_zh"],
        "moved": after["R"] - before["R"],
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [{name: _known(v) for name, v in zip(columns, row, strict=True)} for row in rows]


def _known(value: Any) -> Any:
    return None if value != value else value


def _scenario(ws: Workspace, base: _Base, changes: Sequence[Change]) -> Scenario:
    """Read the changes; a fault names the change it is in."""
    read = _Reader(ws, base)
    for number, change in enumerate(changes, start=1):
        try:
            read.take(change)
        except (InvalidDataError, NotFoundError, KeyError, TypeError, ValueError) as error:
            said = str(error) if isinstance(error, GisError) else f"写法不对（{error}）"
            raise InvalidDataError(f"第 {number} 项设想：{said}") from error
    return Scenario(
        gone=frozenset(read.gone),
        altered=read.altered,
        moved=read.moved,
        added=read.added,
        rectified=frozenset(read.cases),
    )


class _Reader:
    """Turns the changes of one question into a scenario."""

    def __init__(self, ws: Workspace, base: _Base) -> None:
        self._ws, self._base, self._snapshot = ws, base, base.made.snapshot
        self.gone: set[int] = set()
        self.altered: dict[int, dict[str, Any]] = {}
        self.moved: dict[int, BaseGeometry] = {}
        self.added: dict[str, list[tuple[BaseGeometry, dict[str, Any]]]] = {}
        self.cases: set[str] = set()

    def take(self, change: Change) -> None:
        """Read one change; an error of some kind if it cannot be."""
        match change.get("do"):
            case "add":
                kind = self._ws.kind(str(change["kind"]))
                given = self._values(kind, change.get("values", {}))
                row = (self._new(kind, change), {**given, "name": str(change["name"])})
                self.added.setdefault(kind.slug, []).append(row)
            case "rectify" if "case" in change:
                self.cases.add(str(change["case"]))
            case "close":
                self.gone.add(self._place(change)[0])
            case "move":
                id_, kind = self._place(change)
                self.moved[id_] = self._shifted(id_, kind, self._point(change))
            case "alter":
                id_, kind = self._place(change)
                given = self._values(kind, change["values"])
                self.altered[id_] = {**self.altered.get(id_, {}), **given}
            case "rectify":
                self.cases |= self._open_cases(self._place(change)[0])
            case other:
                raise InvalidDataError(f"不认识的操作“{other}”；可以用 {'、'.join(DOES)}")

    def _place(self, change: Change) -> tuple[int, SiteKind]:
        id_ = change["site"]
        for slug, frame in self._snapshot.sites_m.items():
            if type(id_) is int and (frame["id"] == id_).any():  # True is no number of a place
                return id_, self._ws.kind(slug)
        raise InvalidDataError(f"没有编号为 {id_} 的场所，或它还没有位置")

    def _open_cases(self, id_: int) -> set[str]:
        cases = self._snapshot.hazards_m
        if cases is None:
            return set()
        return set(cases.loc[(cases["site"] == id_) & is_open(cases), "code"])

    def _values(self, kind: SiteKind, given: Mapping[str, Any]) -> dict[str, Any]:
        """Read values as a file's; a blank one is unknown."""
        if not (isinstance(given, Mapping) and all(_is_plain(v) for v in given.values())):
            raise InvalidDataError("values 应为字段到值的对照")
        known = {field.name: field for field in kind.open_fields}
        if strange := set(given) - set(known):
            raise InvalidDataError(f"{kind.title.zh}没有字段 {'、'.join(sorted(strange))}")
        if not given:
            return {}
        frame = pd.DataFrame({name: np.array([v], dtype=object) for name, v in given.items()})
        fields = [known[name] for name in given]
        columns = {name: name for name in given}
        taken, reasons = values.convert(frame, columns, fields, self._base.allowed)
        if reasons[0]:
            raise InvalidDataError("；".join(reasons[0]))
        read = {name: column[0] for name, column in taken.items()}
        return {**read, **self._code_numbers(fields, read)}

    def _code_numbers(self, fields: Sequence[Field], read: Mapping[str, Any]) -> dict[str, Any]:
        """Return the numbers that the frame has beside each code."""
        found = {}
        for field in fields:
            table = self._base.numbers.get(field.codes, {}) if field.codes else {}
            for name in {name for numbers in table.values() for name in numbers}:
                numbers = table.get(read[field.name], {})
                found[f"{field.name}_{name}"] = numbers.get(name, np.nan)
        return found

    def _new(self, kind: SiteKind, change: Change) -> BaseGeometry:
        """Return where a new place would lie, in metres."""
        drawn = change.get("geometry")
        if drawn is None:
            if "point" not in kind.geometry:
                raise InvalidDataError(
                    f"{kind.title.zh}不是点，不能只用一个坐标新增：请给出 GeoJSON 几何"
                )
            return self._point(change)
        text = drawn if isinstance(drawn, str) else orjson.dumps(drawn).decode()
        try:
            shape = shapely.from_geojson(text)
        except shapely.GEOSException as error:
            raise InvalidDataError(
                '几何应为 GeoJSON，例如 {"type": "LineString", "coordinates": [[119.37, 31.72], …]}'
            ) from error
        if (problem := problems(np.array([shape], dtype=object))[0]) is not None:
            raise InvalidDataError(problem)
        dimensions = {DIMENSIONS[family] for family in kind.geometry}
        mixed = shape.geom_type == "GeometryCollection"
        if mixed or shapely.get_dimensions(shape) not in dimensions:
            wanted = "或".join(FAMILY_NAMES[family] for family in sorted(kind.geometry))
            raise InvalidDataError(f"{kind.title.zh}的几何应为{wanted}")
        return self._in_metres(shapely.force_2d(shape))

    def _point(self, change: Change) -> BaseGeometry:
        lon, lat = float(change["lon"]), float(change["lat"])
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise InvalidDataError("坐标应为经纬度（CGCS2000，度），例如 119.37, 31.72")
        return self._in_metres(shapely.Point(lon, lat))

    def _in_metres(self, shape: BaseGeometry) -> BaseGeometry:
        areas_m = self._snapshot.areas_m
        found: BaseGeometry = gpd.GeoSeries([shape], crs=STORED).to_crs(areas_m.crs)[0]
        if not found.within(shapely.box(*areas_m.total_bounds).buffer(FARTHEST_M)):
            lon, lat = shape.centroid.coords[0]
            raise InvalidDataError(
                f"坐标 {lon:g}, {lat:g} 离本镇超过 {FARTHEST_M / 1000:.0f} 公里，经纬度可能写反了"
            )
        return found

    def _shifted(self, id_: int, kind: SiteKind, point: BaseGeometry) -> BaseGeometry:
        """Shift a place so that its middle lies at a point; its shape stays."""
        frame = self._snapshot.sites_m[kind.slug]
        shape = frame.loc[frame["id"] == id_, "geometry"].iloc[0]
        by = np.subtract(point.coords[0], shape.centroid.coords[0])
        moved: BaseGeometry = shapely.transform(shape, lambda xy: xy + by)
        return moved


FARTHEST_M = 20_000.0
"""Farther from every area no place is imagined: the coordinates are wrong then."""

DOES = ("close", "alter", "move", "add", "rectify")
"""What a change may do."""


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
