"""Any data set to one canonical frame, with a reason for every row that cannot be taken."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from gis.domain import geometry
from gis.domain.crs import STORED
from gis.domain.days import LEGAL_ZONE
from gis.domain.kinds import Field, GeometryFamily, Title
from gis.errors import InvalidDataError


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken: its number as a person sees it in the file, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a file holds, in the house's own columns.

    Attributes
    ----------
    rows
        In EPSG:4490, XY: ``row`` (number in the file), the columns of ``COMMON``, the asked
        fields, ``elevation_m`` (of 3D points), ``unmapped`` (dict of the columns that no field
        took) and ``geometry``. Missing values are None.
    rejected
        The rows not taken.
    unmapped
        Names of the columns that no field took.
    given
        Names of the fields that the file has a column for: what it does not have, it does not
        say, and an import leaves as it was.
    notes
        What was done to the data, in words.
    sha256
        Of the file's bytes (of the main file of a shapefile).
    """

    rows: gpd.GeoDataFrame
    rejected: tuple[Rejection, ...]
    unmapped: tuple[str, ...]
    given: frozenset[str]
    notes: tuple[str, ...]
    sha256: str


COMMON = (
    Field("code", "text", Title("编号", "Code"), unknown=False),
    Field("name", "text", Title("名称", "Name")),
    Field("accuracy_m", "number", Title("定位精度", "Positional accuracy"), unit="m", minimum=0),
    Field("verified_on", "date", Title("核实日期", "Verified on")),
    Field("source", "text", Title("来源", "Source")),
    Field("synthetic", "boolean", Title("模拟数据", "Synthetic")),
)
"""The columns that every file may have; the code is the key and must be there."""

FORMATS = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".csv": "CSV",
    ".tsv": "TSV",
}
LON_NAMES = ("lon", "lng", "longitude", "x", "经度")
LAT_NAMES = ("lat", "latitude", "y", "纬度")
CSV_ENCODINGS = ("utf-8-sig", "gb18030")


def read_places(
    path: Path,
    fields: Sequence[Field],
    families: frozenset[GeometryFamily],
    *,
    mapping: Mapping[str, str] | None = None,
    crs: str | None = None,
    codes: Mapping[str, frozenset[str]] | None = None,
    place_needed: bool = True,
) -> Incoming:
    """Read a data set of places.

    Parameters
    ----------
    path
        GeoJSON, GeoPackage, shapefile, or CSV/TSV with longitude and latitude columns.
    fields
        The fields to fill besides ``COMMON``.
    families
        Which geometries are allowed.
    mapping
        Field name to column name of the file, where they differ. A column is found without it
        when it has the field's name or its Chinese title.
    crs
        Coordinate system of the file where the file does not say it, for example ``EPSG:4549``.
    codes
        Code table to its valid codes.
    place_needed
        Whether a row without geometry is rejected.

    Raises
    ------
    InvalidDataError
        If the file cannot be read at all, or a mapping names what is not there.
    """
    frame, notes = _open(path, crs)
    columns = _columns(frame, (*COMMON, *fields), mapping or {})
    taken, reasons = _convert(frame, columns, (*COMMON, *fields), codes or {})
    shapes, elevation_m, flattened = _flat(frame.geometry.array)
    if flattened:
        notes = (*notes, f"{flattened} 行线、面的高程已舍去（只存平面坐标）")
    _refuse_places(reasons, shapes, families, place_needed)
    _refuse_long(reasons, taken["code"])
    _refuse_twice(reasons, taken["code"])
    extra = [c for c in frame.columns if c not in {*columns.values(), "geometry", ROW}]
    taken["unmapped"] = _records(frame, extra)
    taken["elevation_m"] = elevation_m
    taken["row"] = frame[ROW].to_numpy()
    rows = gpd.GeoDataFrame(taken, geometry=shapes, crs=STORED)
    rows["name"] = rows["name"].where(rows["name"].notna(), rows["code"])
    bad = np.array([bool(r) for r in reasons], dtype=bool)
    rejected = tuple(
        Rejection(int(row), "；".join(why))
        for row, why in zip(rows["row"], reasons, strict=True)
        if why
    )
    kept = rows[~bad].reset_index(drop=True)
    return Incoming(kept, rejected, tuple(extra), frozenset(columns), notes, _sha256(path))


ROW = "__row__"


def _open(path: Path, crs: str | None) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Open a file in the stored coordinate system, with its row numbers."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InvalidDataError(f"不认识的文件格式 {suffix}；可以用：{', '.join(FORMATS)}")
    if not path.is_file():
        raise InvalidDataError(f"找不到文件 {path.name}")
    if path.stat().st_size == 0:
        raise InvalidDataError(f"{path.name} 是空文件")
    if suffix in {".csv", ".tsv"}:
        return _open_text(path, crs)
    frame, notes = _open_spatial(path)
    return _to_stored(frame, crs, path), notes


def _open_spatial(path: Path) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    if path.suffix.lower() == ".shp" and not path.with_suffix(".cpg").exists():
        options["encoding"] = _dbf_encoding(path)
        notes = (f"没有 .cpg 文件，按 {options['encoding']} 读取文字，请核对中文是否正确",)
    try:
        layers = pyogrio.list_layers(path)
        if len(layers) > 1:
            names = ", ".join(layers[:, 0])
            raise InvalidDataError(f"{path.name} 里有多个图层（{names}）：请拆成一个图层一个文件")
        frame = pyogrio.read_dataframe(path, on_invalid="ignore", **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise InvalidDataError(f"{path.name} 无法读取，可能不完整或已损坏：{error}") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        if not len(frame):
            raise InvalidDataError(f"{path.name} 里没有要素")
        raise InvalidDataError(f"{path.name} 里没有空间坐标")
    frame[ROW] = np.arange(1, len(frame) + 1)
    return frame, notes


def _dbf_encoding(path: Path) -> str:
    """Return UTF-8 if the whole attribute file is valid UTF-8, else GB18030."""
    table = next(
        (p for p in (path.with_suffix(".dbf"), path.with_suffix(".DBF")) if p.exists()), path
    )
    try:
        table.read_bytes()[32:].decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"


def _open_text(path: Path, crs: str | None) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    frame, encoding = _parse_text(path, separator)
    lon, lat = _find(frame.columns, LON_NAMES), _find(frame.columns, LAT_NAMES)
    if lon is None or lat is None:
        raise InvalidDataError(
            f"{path.name} 里没有经纬度列：请把列名改为 经度、纬度（或 lon、lat），"
            f"现有列：{'、'.join(map(str, frame.columns))}"
        )
    x, y = (pd.to_numeric(frame[c], errors="coerce").to_numpy() for c in (lon, lat))
    frame = frame.drop(columns=[lon, lat]).rename(columns={"geometry": "geometry_"})
    placed = np.isfinite(x) & np.isfinite(y)
    shapes = np.full(len(frame), None, dtype=object)
    shapes[placed] = shapely.points(x[placed], y[placed])
    frame[ROW] = np.arange(2, len(frame) + 2)  # as a spreadsheet numbers them
    places = gpd.GeoDataFrame(frame, geometry=shapes)
    return _to_stored(places, crs or STORED, path), (f"文字编码：{encoding}",)


def _parse_text(path: Path, separator: str) -> tuple[pd.DataFrame, str]:
    content = path.read_bytes()
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else CSV_ENCODINGS
    for encoding in encodings:
        try:
            frame = pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                encoding=encoding,
                index_col=False,
                on_bad_lines="error",
            )
        except UnicodeError:
            continue
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InvalidDataError(f"{path.name} 无法按表格读取：{error}") from error
        return frame.astype(object), encoding
    raise InvalidDataError(f"{path.name} 的文字编码无法识别：请另存为 UTF-8 后再导入")


def _find(columns: pd.Index, names: Sequence[str]) -> str | None:
    lowered = {str(column).strip().lower(): str(column) for column in columns}
    return next((lowered[name] for name in names if name in lowered), None)


def _to_stored(frame: gpd.GeoDataFrame, crs: str | None, path: Path) -> gpd.GeoDataFrame:
    """Bring coordinates to EPSG:4490.

    WGS 84 and CGCS2000 differ by less than a metre and PROJ has no transformation between them:
    the numbers are taken as they are (METHOD 9.1).
    """
    try:
        declared = gpd.GeoSeries([], crs=crs or frame.crs).crs
    except Exception as error:  # pyproj raises its own class for an unknown name
        raise InvalidDataError(f"不认识的坐标系 {crs}：{error}") from error
    if declared is None:
        raise InvalidDataError(f"{path.name} 没有坐标系说明：请用 --crs 写明，例如 --crs EPSG:4549")
    stated = FORMATS[path.suffix.lower()] != "GeoJSON" and frame.crs is not None
    if crs and stated and not declared.equals(frame.crs, ignore_axis_order=True):
        raise InvalidDataError(
            f"{path.name} 自己写明坐标系为 {frame.crs.name}，与 --crs {crs} 不同：请去掉 --crs，"
            "或先改正文件"
        )
    _refuse_old_datum(declared)
    if declared.is_geographic:
        return frame.set_crs(STORED, allow_override=True)
    return frame.set_crs(declared, allow_override=True).to_crs(STORED)


def _refuse_old_datum(crs: Any) -> None:
    """Refuse a system whose ellipsoid is not that of CGCS2000 or WGS 84 (METHOD 9.1).

    PROJ knows no transformation from Beijing 1954 or Xian 1980: the numbers would be taken as
    they are, tens of metres and more beside the truth.
    """
    shape = crs.ellipsoid
    if (
        abs(shape.semi_major_metre - 6378137.0) > 1
        or abs(shape.inverse_flattening - 298.257) > 0.01
    ):
        raise InvalidDataError(
            f"坐标系 {crs.name} 的椭球不是 CGCS2000 或 WGS84，直接使用会偏移几十米以上："
            "请先由测绘部门转换到 CGCS2000 再导入"
        )


def _columns(
    frame: pd.DataFrame, fields: Sequence[Field], mapping: Mapping[str, str]
) -> dict[str, str]:
    """Find the column of the file for every field; fields without one are left out."""
    known = {field.name for field in fields}
    for name, column in mapping.items():
        if name not in known:
            raise InvalidDataError(f"没有字段 {name}；可以用：{', '.join(sorted(known))}")
        if column not in frame.columns or column in {"geometry", ROW}:
            here = "、".join(str(c) for c in frame.columns if c not in {"geometry", ROW})
            raise InvalidDataError(f"文件里没有列 {column}；现有列：{here}")
    found = dict(mapping)
    free = [c for c in frame.columns if c not in {*mapping.values(), "geometry", ROW}]
    for field in fields:
        named = _find(pd.Index(free), (field.name, field.title.zh))
        if field.name not in found and named is not None:
            found[field.name] = named
    if "code" not in found:
        raise InvalidDataError(
            "文件里没有编号列（code 或 编号）：请用 --map code=列名 指明，"
            f"现有列：{'、'.join(map(str, free))}"
        )
    return found


def _convert(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    fields: Sequence[Field],
    codes: Mapping[str, frozenset[str]],
) -> tuple[dict[str, Any], list[list[str]]]:
    """Convert every column by its field's type; collect what is wrong per row."""
    reasons: list[list[str]] = [[] for _ in range(len(frame))]
    taken: dict[str, Any] = {}
    for field in fields:
        given = frame[columns[field.name]] if field.name in columns else None
        values = _clean(given, len(frame))
        converted = np.full(len(frame), None, dtype=object)
        present = np.array([v is not None for v in values], dtype=bool)
        converted[present] = READERS[field.type](values[present])
        broken = present & np.array([v is None for v in converted], dtype=bool)
        _note(reasons, broken, field, values, "不是" + TYPE_NAMES[field.type])
        _note(reasons, present & ~broken & _outside(converted, field), field, values, _range(field))
        allowed = codes.get(field.codes, frozenset()) if field.codes else field.values
        if field.codes or allowed:
            stray = np.array([v is not None and v not in allowed for v in converted], dtype=bool)
            _note(
                reasons,
                stray,
                field,
                values,
                f"不在允许值之内，请改为其中之一或留空"
                f"（{'、'.join(sorted(allowed)) or '代码表是空的'}）",
            )
        if not field.unknown:
            _note(reasons, ~present, field, values, "必须填写")
        taken[field.name] = converted
    return taken, reasons


def _clean(column: pd.Series | None, length: int) -> np.ndarray:
    """Return the values as objects, with None for whatever is blank."""
    if column is None:
        return np.full(length, None, dtype=object)
    values = column.astype(object).to_numpy(dtype=object, copy=True)
    blank = column.isna().to_numpy()
    texts = np.array([isinstance(v, str) for v in values], dtype=bool)
    values[texts] = [v.strip() for v in values[texts]]
    blank = blank | np.array([isinstance(v, str) and v == "" for v in values], dtype=bool)
    values[blank] = None
    return values


def _note(
    reasons: list[list[str]], where: np.ndarray, field: Field, values: np.ndarray, what: str
) -> None:
    for row in np.flatnonzero(where):
        secret = field.personal or values[row] is None
        shown = "" if secret else f"「{str(values[row])[:40]}」"
        reasons[row].append(f"{field.title.zh}{shown}{what}")


def _outside(values: np.ndarray, field: Field) -> np.ndarray:
    if field.minimum is None and field.maximum is None:
        return np.zeros(len(values), dtype=bool)
    numbers = np.array([np.nan if v is None else float(v) for v in values])
    low = -np.inf if field.minimum is None else field.minimum
    high = np.inf if field.maximum is None else field.maximum
    return (numbers < low) | (numbers > high)


def _range(field: Field) -> str:
    low = "" if field.minimum is None else f"最小 {field.minimum:g}"
    high = "" if field.maximum is None else f"最大 {field.maximum:g}"
    return f"超出范围（{'，'.join(filter(None, (low, high)))}{field.unit or ''}）"


def _texts(values: np.ndarray) -> list[str | None]:
    """Return texts; None for one with control characters, which PostGIS and spreadsheets refuse."""
    texts = [_text(v) for v in values]
    return [None if CONTROL.search(text) else text for text in texts]


CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _text(value: Any) -> str:
    """Write a value as text; a whole number that a file holds as 3.0 is 3."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _numbers(values: np.ndarray) -> list[float | None]:
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(dtype=float)
    return [float(v) if np.isfinite(v) else None for v in numbers]


def _integers(values: np.ndarray) -> list[int | None]:
    return [int(v) if v is not None and v.is_integer() else None for v in _numbers(values)]


def _booleans(values: np.ndarray) -> list[bool | None]:
    return [BOOLEANS.get(str(v).strip().lower()) for v in values]


BOOLEANS = {
    **dict.fromkeys(("true", "1", "1.0", "是", "有", "yes"), True),
    **dict.fromkeys(("false", "0", "0.0", "否", "无", "no"), False),
}


def _dates(values: np.ndarray) -> list[str | None]:
    return [_date(str(v)) for v in values]


def _date(text: str) -> str | None:
    """Read a day, with or without a time after it; an instant with an offset is that of here."""
    found = DAY.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, time, offset = found.groups()
    try:
        if offset:
            moment = dt.datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{time}{offset}")
            return moment.astimezone(LEGAL_ZONE).date().isoformat()
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ](\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?"
)


READERS = {
    "text": _texts,
    "number": _numbers,
    "integer": _integers,
    "boolean": _booleans,
    "date": _dates,
}
TYPE_NAMES = {
    "text": "文字",
    "number": "数字",
    "integer": "整数",
    "boolean": "是或否",
    "date": "日期（如 2026-05-01）",
}


def _flat(shapes: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the geometries in XY, the elevation of 3D points, and how many others lost theirs."""
    array = np.asarray(shapes, dtype=object)
    high = shapely.has_z(array)
    points = shapely.get_type_id(array) == shapely.GeometryType.POINT
    elevation = np.full(len(array), None, dtype=object)
    z = shapely.get_z(array[high & points])
    elevation[high & points] = [float(v) if np.isfinite(v) else None for v in z]
    return shapely.force_2d(array), elevation, int((high & ~points).sum())


def _refuse_places(
    reasons: list[list[str]],
    shapes: np.ndarray,
    families: frozenset[GeometryFamily],
    place_needed: bool,
) -> None:
    missing = shapely.is_missing(shapes)
    dimension = shapely.get_dimensions(shapes)
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    allowed = np.isin(dimension, [DIMENSIONS[family] for family in families]) & ~mixed
    for row, problem in enumerate(geometry.problems(shapes)):
        if missing[row]:
            if place_needed:
                reasons[row].append("没有坐标，或几何残缺无法读取")
        elif problem:
            reasons[row].append(problem)
        elif not allowed[row]:
            names = "、".join(FAMILY_NAMES[family] for family in sorted(families))
            reasons[row].append(f"几何类型不对：应为{names}")


DIMENSIONS: dict[GeometryFamily, int] = {"point": 0, "line": 1, "polygon": 2}
FAMILY_NAMES: dict[GeometryFamily, str] = {"point": "点", "line": "线", "polygon": "面"}


def _refuse_long(reasons: list[list[str]], keys: np.ndarray) -> None:
    for row, key in enumerate(keys):
        if key is not None and len(key) > LONGEST_CODE:
            reasons[row].append(f"编号超过 {LONGEST_CODE} 个字")


LONGEST_CODE = 100


def _refuse_twice(reasons: list[list[str]], keys: np.ndarray) -> None:
    column = pd.Series(keys, dtype=object)
    column[[bool(why) for why in reasons]] = None  # a row refused for itself takes no other's place
    for row in np.flatnonzero(column.notna() & column.duplicated()):
        reasons[row].append(f"编号「{keys[row]}」在文件里重复，只取了第一行")


def _records(frame: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the columns that no field took, as text, without the blank ones."""
    cleaned = {str(c): _clean(frame[c], len(frame)) for c in columns}
    return [
        {name: _text(values[row]) for name, values in cleaned.items() if values[row] is not None}
        for row in range(len(frame))
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
