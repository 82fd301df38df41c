"""How a file's columns fill the fields of a kind, as far as headings tell and people said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from gis.domain.kinds import Field, Title
from gis.errors import InvalidDataError

Elsewhere = Literal["second", "moved"]
"""What the same operator at another place means: a second place of theirs, or that they moved."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was said of a file; what was not is guessed, or as the file has it.

    Attributes
    ----------
    mapping
        Field to column.
    place
        Where positions stand, role to column: ``lon`` and ``lat``; ``pair`` (both in one text);
        ``wkt``. Empty: in the file's own geometries.
    system
        Coordinate system of the positions (``gis.domain.datum.SYSTEMS``, or any EPSG code);
        None: as the file says, else longitude and latitude.
    swapped
        Whether the second coordinate is the one to the east.
    decided
        Whether somebody looked at this very file and said so: what a profile says of the system
        may have been true of last month's file.
    encoding, layer
        Of the text; sheet or layer, where the file has several.
    elsewhere
        See ``Elsewhere``.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, str] = field(default_factory=dict)
    system: str | None = None
    swapped: bool = False
    decided: bool = False
    encoding: str | None = None
    layer: str | None = None
    elsewhere: Elsewhere = "second"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {**asdict(self), "mapping": dict(self.mapping), "place": dict(self.place)}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Plan:
        """Return what ``as_json`` wrote; entries that no version has any more are left out."""
        return cls(**{name: said[name] for name in cls.__slots__ if name in said})


COMMON = (
    Field(
        "code",
        "text",
        Title("编号", "Code"),
        unknown=False,
        aliases=("编码", "场所编号", "场所编码", "企业编号", "单位编号", "点位编号"),
    ),
    Field(
        "name",
        "text",
        Title("名称", "Name"),
        aliases=("企业名称", "单位名称", "场所名称", "小场所名称", "店名", "学校名称", "全称"),
    ),
    Field("accuracy_m", "number", Title("定位精度", "Positional accuracy"), unit="m", minimum=0),
    Field("verified_on", "date", Title("核实日期", "Verified on")),
    Field("source", "text", Title("来源", "Source")),
    Field("synthetic", "boolean", Title("模拟数据", "Synthetic")),
)
"""The columns that every file may have."""

VILLAGE = Field(
    "village",
    "text",
    Title("所在村", "Village"),
    aliases=("村", "行政村", "所属村", "村居", "村名", "村名称", "所在村居", "社区", "村社区"),
)
"""The village that a row names, by name or code. It is compared with where the row lies, tells
which coordinate system fits, and keeps a row without coordinates; it never moves one."""

SAID_BY_US = ("原行号", "未收原因")
"""Columns of the file of rejected rows that is sent out to be corrected: nobody's field."""

LON = ("lon", "lng", "longitude", "x", "经度", "东经", "经度坐标", "经度值")
LAT = ("lat", "latitude", "y", "纬度", "北纬", "纬度坐标", "纬度值")
PAIR = ("坐标", "经纬度", "经纬度坐标", "坐标位置", "地理坐标", "lonlat", "location", "coordinates")
WKT = ("wkt", "几何", "wkt_geom", "geom_wkt")


def guess_mapping(
    columns: Sequence[str], fields: Iterable[Field], said: Mapping[str, str]
) -> dict[str, str]:
    """Find the column of every field: what was said, else by its name, title or another heading.

    Parameters
    ----------
    columns
        Of the file.
    said
        Field to column, as a person or profile says; an empty column: the field has none.

    Returns
    -------
    Field to column; fields without one are left out. No column serves two fields.

    Raises
    ------
    InvalidDataError
        If what was said names a field or a column that is not there.
    """
    wanted = list(fields)
    _refuse_unknown(said, wanted, columns)
    found = {name: column for name, column in said.items() if column}
    free = {_bare(c): c for c in reversed(columns) if c not in found.values()}
    for field_ in wanted:
        if field_.name in said:
            continue
        named = (field_.name, field_.title.zh, *field_.aliases)
        match = next((free[_bare(name)] for name in named if _bare(name) in free), None)
        if match is not None:
            found[field_.name] = match
            free = {bare: column for bare, column in free.items() if column != match}
    return found


def guess_place(columns: Sequence[str], taken: Iterable[str]) -> dict[str, str]:
    """Find the columns of the positions by their headings; empty where there are none.

    ``taken`` are columns that fill fields: they hold no position.
    """
    bare = {_bare(c): c for c in reversed(columns) if c not in set(taken)}
    lon, lat, pair, wkt = (
        next((bare[name] for name in names if name in bare), None)
        for names in (LON, LAT, PAIR, WKT)
    )
    if lon is not None and lat is not None:
        return {"lon": lon, "lat": lat}
    return {"pair": pair} if pair else {"wkt": wkt} if wkt else {}


def check_place(place: Mapping[str, str], columns: Sequence[str]) -> None:
    """Check that a place names the columns that it needs, and that they are there.

    Raises
    ------
    InvalidDataError
        If it does not.
    """
    if set(place) not in PLACES:
        raise InvalidDataError("位置列要么是经度和纬度两列，要么是一列坐标，要么是一列 WKT")
    for column in place.values():
        if column not in columns:
            raise InvalidDataError(f"文件里没有列 {column}；现有列：{'、'.join(columns)}")


PLACES: tuple[frozenset[str], ...] = tuple(
    map(frozenset, (("lon", "lat"), ("pair",), ("wkt",), ()))
)


def _refuse_unknown(
    said: Mapping[str, str], fields: Sequence[Field], columns: Sequence[str]
) -> None:
    known = {field_.name for field_ in fields}
    for name, column in said.items():
        if name not in known:
            raise InvalidDataError(f"没有字段 {name}；可以用：{', '.join(sorted(known))}")
        if column and column not in columns:
            raise InvalidDataError(f"文件里没有列 {column}；现有列：{'、'.join(columns)}")


def _bare(heading: str) -> str:
    """Return a heading without what offices put around it: units, marks, spaces, width, case."""
    text = unicodedata.normalize("NFKC", heading).strip().lower()
    return MARKS.sub("", text) or text


MARKS = re.compile(r"\([^)]*\)|\[[^\]]*\]|[\s*:#、]|必填|选填|^是否")
"""Of 「* 企业名称（全称）：」 only the words count."""
