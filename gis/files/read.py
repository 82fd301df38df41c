"""Any data set to one canonical frame, with a reason for every row that cannot be taken."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from gis.domain import coordinates, datum, geometry, plans, values
from gis.domain.arrays import Floats, Objects
from gis.domain.crs import STORED
from gis.domain.kinds import Field, GeometryFamily
from gis.domain.plans import COMMON, Plan
from gis.domain.values import Reasons
from gis.errors import InvalidDataError
from gis.files.sandbox import Chunk, Unpacked, unpack_file


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken: its number as a person sees it in the file, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a file, or a part of one, holds in the house's own columns.

    Attributes
    ----------
    rows
        In EPSG:4490, XY: ``row`` (number in the file), the asked fields, ``elevation_m`` (of 3D
        points), ``unmapped`` (dict of the columns that no field took), ``note`` (how its geometry
        was mended) and ``geometry``. Missing values are None.
    rejected
        The rows not taken.
    flattened
        Lines and polygons whose heights were left out.
    """

    rows: gpd.GeoDataFrame
    rejected: tuple[Rejection, ...]
    flattened: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file that was unpacked is read: its columns, and where positions stand in them.

    Attributes
    ----------
    source
        The file.
    fields
        What is asked of it, the common columns first.
    families
        Which geometries are allowed.
    columns
        Field to column.
    place
        Role to column, as ``Plan.place``; empty: the file's own geometries.
    system
        Coordinate system of the positions.
    unmapped
        Columns that no field took.
    """

    source: Unpacked
    fields: tuple[Field, ...]
    families: frozenset[GeometryFamily]
    columns: Mapping[str, str]
    place: Mapping[str, str]
    system: str
    swapped: bool
    unmapped: tuple[str, ...]

    @property
    def given(self) -> frozenset[str]:
        """Return the fields that the file speaks of; an import leaves the others as they were."""
        return frozenset(self.columns)

    @property
    def has_places(self) -> bool:
        """Tell whether the file has positions at all."""
        return bool(self.place) or self.source.geometry

    @property
    def is_shifted(self) -> bool:
        """Tell whether positions are converted: from a shifted datum, or from swapped axes."""
        return self.system in datum.SHIFTS or self.swapped


def plan_reading(
    source: Unpacked,
    fields: Sequence[Field],
    families: frozenset[GeometryFamily],
    plan: Plan,
) -> Reading:
    """Decide how a file is read: by what was said of it, by its headings, by what it says itself.

    Raises
    ------
    InvalidDataError
        If what was said cannot be, or a column that must be there is not.
    """
    columns = plans.guess_mapping(source.columns, fields, plan.mapping)
    place = dict(plan.place)
    if not place and not source.geometry:
        place = plans.guess_place(source.columns, columns.values())
    plans.check_place(place, source.columns)
    _need_columns(columns, fields, source.columns)
    extra = set(columns.values()) | set(place.values()) | set(plans.SAID_BY_US)
    return Reading(
        source,
        tuple(fields),
        families,
        columns,
        place,
        _system(plan.system or source.crs or STORED),
        plan.swapped,
        tuple(c for c in source.columns if c not in extra),
    )


def _system(said: str) -> str:
    """Return the system in which numbers are read: all degrees that are not shifted are as good.

    WGS 84 and CGCS2000 differ by less than a metre and PROJ has no transformation between them:
    the numbers are taken as they are (METHOD 9.1).
    """
    return said if said in datum.SHIFTS or datum.is_projected(said) else STORED


def take(chunk: Chunk, reading: Reading, codes: values.Codes, *, place_needed: bool) -> Incoming:
    """Bring some rows of a file into the house's own columns.

    Parameters
    ----------
    codes
        As ``values.convert``.
    place_needed
        Whether a row without geometry is rejected.
    """
    frame = pd.DataFrame(chunk.columns, index=range(len(chunk.rows)), dtype=object)
    taken, reasons = values.convert(frame, reading.columns, reading.fields, codes)
    shapes, elevation_m, flattened = _flat(_positions(chunk, reading, reasons))
    shapes, repairs = geometry.repaired(shapes)
    _refuse_places(reasons, shapes, reading.families, place_needed)
    _refuse_long(reasons, taken["code"])
    taken["unmapped"] = _records(frame, reading.unmapped)
    taken["elevation_m"] = elevation_m
    taken["note"] = np.array(repairs, dtype=object)
    taken["row"] = chunk.rows
    rows = gpd.GeoDataFrame(taken, geometry=shapes, crs=STORED)
    return Incoming(*split(rows, reasons), flattened)


def split(
    rows: gpd.GeoDataFrame, reasons: Reasons | Sequence[str | None]
) -> tuple[gpd.GeoDataFrame, tuple[Rejection, ...]]:
    """Tell the rows with nothing against them from the others."""
    bad = np.array([bool(why) for why in reasons], dtype=bool)
    said = (why if isinstance(why, str) else "；".join(why) for why in reasons if why)
    rejected = tuple(map(Rejection, rows["row"][bad].tolist(), said))
    return rows[~bad].reset_index(drop=True), rejected


@dataclass(frozen=True, slots=True)
class Whole:
    """A small file read at once.

    Attributes
    ----------
    rows, rejected
        As in ``Incoming``; a place whose code comes twice is taken once.
    unmapped, given, notes, sha256
        As in ``Reading`` and ``Unpacked``.
    """

    rows: gpd.GeoDataFrame
    rejected: tuple[Rejection, ...]
    unmapped: tuple[str, ...]
    given: frozenset[str]
    notes: tuple[str, ...]
    sha256: str


def read_places(
    path: Path,
    fields: Sequence[Field],
    families: frozenset[GeometryFamily],
    *,
    mapping: Mapping[str, str] | None = None,
    crs: str | None = None,
    codes: values.Codes | None = None,
    place_needed: bool = True,
) -> Whole:
    """Read a data set of places at once.

    Parameters
    ----------
    path
        A file of any format that ``unpack_file`` takes.
    fields
        The fields to fill besides ``plans.COMMON``.
    families
        Which geometries are allowed.
    mapping
        Field name to column name of the file, where its headings do not tell.
    crs
        Coordinate system of the file where the file does not say it, for example ``EPSG:4549``.
    codes, place_needed
        As for ``take``.

    Raises
    ------
    InvalidDataError
        If the file cannot be read at all, or a mapping names what is not there.
    """
    whole = _read_whole(path, fields, families, mapping, crs, codes or {}, place_needed)
    rows, twice = split(whole.rows, refuse_twice(whole.rows["code"], set()))
    rejected = sorted((*whole.rejected, *twice), key=lambda rejection: rejection.row)
    return replace(whole, rows=rows, rejected=tuple(rejected))


def read_records(
    path: Path, fields: Sequence[Field], *, mapping: Mapping[str, str] | None = None
) -> Whole:
    """Read a table of records at once: each row names its place by ``code`` and lies nowhere.

    Parameters, errors and results as ``read_places``; a code may come many times.
    """
    return _read_whole(path, fields, frozenset(), mapping, None, {}, place_needed=False)


def _read_whole(
    path: Path,
    fields: Sequence[Field],
    families: frozenset[GeometryFamily],
    mapping: Mapping[str, str] | None,
    crs: str | None,
    codes: values.Codes,
    place_needed: bool,
) -> Whole:
    with tempfile.TemporaryDirectory(prefix="riskmap-") as folder:
        source = unpack_file(path, Path(folder))
        plan = Plan(mapping=mapping or {}, system=check_system(source, crs))
        reading = plan_reading(source, (*COMMON, *fields), families, plan)
        parts = [
            take(chunk, reading, codes, place_needed=place_needed) for chunk in source.chunks()
        ]
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    rows["name"] = rows["name"].where(rows["name"].notna(), rows["code"])
    rejected = sorted(_rejected(parts), key=lambda rejection: rejection.row)
    flattened = sum(part.flattened for part in parts)
    return Whole(
        rows,
        tuple(rejected),
        reading.unmapped,
        reading.given,
        (*source.notes, *flattened_note(flattened)),
        source.sha256,
    )


def _rejected(parts: Iterable[Incoming]) -> Iterator[Rejection]:
    return (rejection for part in parts for rejection in part.rejected)


def flattened_note(count: int) -> tuple[str, ...]:
    """Say how many heights were left out; nothing where none was."""
    return (f"{count} 行线、面的高程已舍去（只存平面坐标）",) if count else ()


def check_system(source: Unpacked, said: str | None) -> str | None:
    """Return the coordinate system that was said, if the file does not say another.

    What a GeoJSON file says of itself does not count: the format has one system, and files that
    hold another are common. A shift (GCJ-02, BD-09) is no coordinate system that a file can name.

    Raises
    ------
    InvalidDataError
        If the file says another, says none and none was said, or the system cannot be used.
    """
    if said is None and source.geometry and source.crs is None:
        raise InvalidDataError(NO_SYSTEM)
    datum.to_stored(said or source.crs or STORED, np.empty(0), np.empty(0))
    if said is None or not source.crs or source.format in ONE_SYSTEM or said in datum.SHIFTS:
        return said
    if not _same(said, source.crs):
        raise InvalidDataError(
            f"文件自己写明坐标系为 {source.crs}，与所说的 {said} 不同：请去掉所说的，或先改正文件"
        )
    return said


NO_SYSTEM = "文件没有坐标系说明：请写明坐标系，命令行用 --crs，例如 --crs EPSG:4549"
ONE_SYSTEM = frozenset({"GeoJSON", "GeoJSONSeq", "KML"})
"""Formats that have one coordinate system, whatever their files say."""


def _same(said: str, own: str) -> bool:
    a, b = (pyproj.CRS.from_user_input(crs) for crs in (said, own))
    return a.equals(b, ignore_axis_order=True) or (a.is_geographic and b.is_geographic)


def _need_columns(
    columns: Mapping[str, str], fields: Sequence[Field], there: Sequence[str]
) -> None:
    """Name all columns at once that must be there and are not."""
    lacking = [
        f"{f.title.zh}（{f.name}）" for f in fields if not f.unknown and f.name not in columns
    ]
    if lacking:
        raise InvalidDataError(
            f"文件里没有必须的列：{'、'.join(lacking)}。"
            f"请说明用哪一列（命令行用 --map 字段=列名），现有列：{'、'.join(there)}"
        )


def positions(chunk: Chunk, reading: Reading) -> tuple[Floats, Floats]:
    """Return the first coordinates and the second as the file has them, one pair a row.

    Of a line or polygon it is a point on it; NaN where there is none. For telling which
    coordinate system they are in.
    """
    if reading.place and "wkt" not in reading.place:
        x, y, _ = _columns_of_positions(chunk, reading.place)
        return x, y
    points = shapely.point_on_surface(_shapes(chunk, reading.place))
    return shapely.get_x(points), shapely.get_y(points)


def _positions(chunk: Chunk, reading: Reading, reasons: Reasons) -> Objects:
    """Return the geometries in the stored system; a text that is no position is a fault."""
    if reading.place and "wkt" not in reading.place:
        x, y, unread = _columns_of_positions(chunk, reading.place)
        for row, said in unread.items():
            reasons[row].append(f"坐标「{said[:60]}」无法识别")
        x, y = datum.to_stored(reading.system, x, y, swapped=reading.swapped)
        placed = np.isfinite(x) & np.isfinite(y)
        shapes = np.full(len(x), None, dtype=object)
        shapes[placed] = shapely.points(x[placed], y[placed])
        return shapes
    shapes = _shapes(chunk, reading.place)
    if "wkt" in reading.place:
        _refuse_unread(chunk.columns[reading.place["wkt"]], shapes, reasons)

    def stored(xy: Floats) -> Floats:
        found = datum.to_stored(reading.system, xy[:, 0], xy[:, 1], swapped=reading.swapped)
        return np.column_stack([*found, *xy.T[2:]])

    return shapely.transform(shapes, stored, include_z=bool(shapely.has_z(shapes).any()))


def _shapes(chunk: Chunk, place: Mapping[str, str]) -> Objects:
    if "wkt" in place:
        texts = values.clean(pd.Series(chunk.columns[place["wkt"]], dtype=object), len(chunk.rows))
        return np.asarray(shapely.from_wkt(texts, on_invalid="ignore"))
    none = np.full(len(chunk.rows), None, dtype=object)
    return none if chunk.shapes is None else chunk.shapes


def _refuse_unread(texts: Objects, shapes: Objects, reasons: Reasons) -> None:
    for row in np.flatnonzero(shapely.is_missing(shapes)):
        if said := values.text(texts[row] or "").strip():
            reasons[row].append(f"几何「{said[:60]}」不是 WKT")


def _columns_of_positions(
    chunk: Chunk, place: Mapping[str, str]
) -> tuple[Floats, Floats, dict[int, str]]:
    """Read positions from columns: the two coordinates, and by row the texts that are none.

    A row whose two coordinates are zero has none: that is how some systems write it.
    """
    if "pair" in place:
        columns = [chunk.columns[place["pair"]]]
        x, y = coordinates.pairs(columns[0])
    else:
        columns = [chunk.columns[place[role]] for role in ("lon", "lat")]
        x, y = (coordinates.degrees(column) for column in columns)
    nowhere = (x == 0) & (y == 0)
    x, y = (np.where(nowhere, np.nan, found) for found in (x, y))
    texts = [["" if v is None else values.text(v).strip() for v in found] for found in columns]
    unread = {}
    for row in np.flatnonzero(~nowhere & ~(np.isfinite(x) & np.isfinite(y))):
        said = "，".join(filter(None, (column[row] for column in texts)))
        if said:
            unread[int(row)] = said
    return x, y, unread


def _flat(shapes: Objects) -> tuple[Objects, Objects, int]:
    """Return the geometries in XY, the elevation of 3D points, and how many others lost theirs."""
    high = shapely.has_z(shapes)
    points = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    elevation = np.full(len(shapes), None, dtype=object)
    z = shapely.get_z(shapes[high & points])
    elevation[high & points] = [float(v) if np.isfinite(v) else None for v in z]
    return shapely.force_2d(shapes), elevation, int((high & ~points).sum())


def _refuse_places(
    reasons: Reasons,
    shapes: Objects,
    families: frozenset[GeometryFamily],
    place_needed: bool,
) -> None:
    missing = shapely.is_missing(shapes)
    dimension = shapely.get_dimensions(shapes)
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    allowed = np.isin(dimension, [DIMENSIONS[family] for family in families]) & ~mixed
    for row, problem in enumerate(geometry.problems(shapes)):
        if missing[row]:
            if place_needed and not reasons[row]:
                reasons[row].append("没有坐标，或几何残缺无法读取")
        elif problem:
            reasons[row].append(problem)
        elif not allowed[row]:
            names = "、".join(FAMILY_NAMES[family] for family in sorted(families))
            reasons[row].append(f"几何类型不对：应为{names}")


DIMENSIONS: dict[GeometryFamily, int] = {"point": 0, "line": 1, "polygon": 2}
FAMILY_NAMES: dict[GeometryFamily, str] = {"point": "点", "line": "线", "polygon": "面"}


def _refuse_long(reasons: Reasons, keys: Objects) -> None:
    for row, key in enumerate(keys):
        if key is not None and len(key) > LONGEST_CODE:
            reasons[row].append(f"编号超过 {LONGEST_CODE} 个字")


LONGEST_CODE = 100


def refuse_twice(keys: Iterable[str], seen: set[int]) -> list[str | None]:
    """Say of each row whether its code came before; ``seen`` remembers them across calls.

    Hashes are remembered, not texts: of two million codes two have the same one in fewer than
    one file in a million.
    """
    said: list[str | None] = []
    for key in keys:
        mark = hash(key)
        said.append(f"编号「{key}」在文件里重复，只取了第一行" if mark in seen else None)
        seen.add(mark)
    return said


def _records(frame: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the columns that no field took, as text, without the blank ones."""
    cleaned = {c: values.clean(frame[c], len(frame)) for c in columns}
    return [
        {name: values.text(found[row]) for name, found in cleaned.items() if found[row] is not None}
        for row in range(len(frame))
    ]
