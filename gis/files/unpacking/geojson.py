"""GeoJSON, one feature at a time: a collection, a single feature, or one per line.

No library reads it in pieces that fit in memory and says which feature is broken; it is small
enough to be read here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from gis.errors import InvalidDataError
from gis.files.unpacking.charsets import decide, transcode
from gis.files.unpacking.features import Table
from gis.files.unpacking.sink import Found, Job, Sink
from gis.files.unpacking.wkb import KINDS

LONGEST_VALUE = 64 << 20
"""In bytes, of one feature."""

BLOCK_BYTES = 1 << 20
WGS84 = "EPSG:4326"
"""What GeoJSON is in, unless it says otherwise as it could before RFC 7946."""


def read(job: Job, sink: Sink) -> Found:
    """Read features; a row's number is that of its feature, from 1."""
    charset = decide(job.path, job.encoding)
    path = job.path
    if charset.name != "utf-8":
        path = job.path.with_name("utf8.json")
        transcode(job.path, charset.codec, path)
    size = path.stat().st_size
    table = Table(sink)
    with path.open("rb") as file:
        document = _Document(file)
        for number, feature in enumerate(document.features(), 1):
            properties, geometry = _parts(feature, number)
            table.write(number, properties, geometry)
            if number % SAID_EVERY == 0:
                sink.progress(file.tell(), size)
    notes = [] if charset.name == "utf-8" else [f"文字编码：{charset.name}"]
    columns, said = table.finish()
    return Found(
        "GeoJSON",
        columns,
        encoding=charset.name,
        crs=_crs(document.members),
        geometry=True,
        notes=[*notes, *filter(None, [charset.note]), *said],
    )


SAID_EVERY = 20_000


def _parts(feature: Any, number: int) -> tuple[dict[str, Any], Any]:
    """Return what a feature says and where it is."""
    called = feature.get("type") if isinstance(feature, dict) else None
    if called in KINDS:
        return {}, feature
    properties = feature.get("properties") if called == "Feature" else None
    if called != "Feature" or not isinstance(properties, dict | None):
        raise InvalidDataError(f"第 {number} 个要素不是 GeoJSON 的 Feature：{NOT_GEOJSON}")
    properties = properties or {}
    if "id" not in properties and isinstance(feature.get("id"), str | int | float):
        properties["id"] = feature["id"]
    return properties, feature.get("geometry")


NOT_GEOJSON = "请另存为 GeoJSON（TopoJSON、Esri JSON 和普通 JSON 不能导入）"


def _crs(members: dict[str, Any]) -> str | None:
    """Return the system as authority and code; None where the file says that it is unknown."""
    if "crs" not in members:
        return WGS84
    crs = members["crs"]
    try:
        name = crs["properties"]["name"]
    except (TypeError, KeyError):
        return None
    found = CRS.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        return None
    return WGS84 if found[2] == "CRS84" else f"{found[1].upper()}:{found[2]}"


CRS = re.compile(r"(?:urn:ogc:def:crs:)?([A-Za-z]{2,20}):(?:[\d.]*:)?(\w{1,20})")


class _Document:
    """A cursor over the bytes of a JSON file that are in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._buffer = b""
        self._at = 0
        self._count = 0
        self.members: dict[str, Any] = {}

    def features(self) -> Iterator[Any]:
        """Yield the features; afterwards ``members`` holds what stands beside them."""
        if self._peek() == BYTE_ORDER_MARK:
            self._at += 3
        if self._peek() != OPEN:
            raise InvalidDataError(f"这不是 GeoJSON：{NOT_GEOJSON}")
        listed = False
        for key in self._keys():
            if key == "features" and self._peek() == LIST:
                listed = True
                yield from self._elements()
            else:
                self.members[key] = self._load(self._value())
        if not listed:
            self._count += 1
            yield self.members
        while self._peek() is not None:  # one per line
            yield self._next()

    def _keys(self) -> Iterator[str]:
        """Yield the keys of the object that begins here, each time with its value next."""
        self._expect(OPEN)
        while self._peek() != CLOSE:
            key = self._load(self._value())
            self._expect(COLON)
            yield str(key)
            if self._peek() != CLOSE:
                self._expect(COMMA)
        self._expect(CLOSE)

    def _elements(self) -> Iterator[Any]:
        self._expect(LIST)
        while self._peek() != END:
            yield self._next()
            if self._peek() != END:
                self._expect(COMMA)
        self._expect(END)

    def _next(self) -> Any:
        self._count += 1
        return self._load(self._value())

    def _load(self, raw: bytes) -> Any:
        """Return a value; Python's own writer makes NaN, which is no JSON but meant as missing."""
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise self._broken() from error

    def _broken(self) -> InvalidDataError:
        if self._peek() is None:
            return InvalidDataError(
                f"文件在第 {max(self._count, 1)} 个要素处中断，可能不完整：请重新导出或下载"
            )
        return InvalidDataError(
            f"第 {max(self._count, 1)} 个要素附近不是正确的 JSON，或嵌套太深：请重新导出"
        )

    def _peek(self) -> int | None:
        """Return the next byte that is no space, or None at the end."""
        while True:
            found = SPACE.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return None

    def _expect(self, byte: int) -> None:
        if self._peek() != byte:
            raise self._broken()
        self._at += 1

    def _more(self) -> bool:
        """Read on, a block or as much again as is kept: so long values are not read too often."""
        kept = self._buffer[self._at :]
        block = self._file.read(max(BLOCK_BYTES, len(kept)))
        self._buffer, self._at = kept + block, 0
        return bool(block)

    def _value(self) -> bytes:
        """Return the bytes of the value that begins here."""
        first = self._peek()
        if first is None:
            raise self._broken()
        pattern = {OPEN: BRACES, LIST: BRACKETS, QUOTE: STRING}.get(first, SCALAR)
        if pattern is SCALAR and first not in SCALARS:
            raise self._broken()
        depth, seen = 0, 0  # where to look on, counted from where the value begins
        while True:
            for found in pattern.finditer(self._buffer, self._at + seen):
                token = found[0]
                if token == b'"':
                    break  # a text that goes on in the next block
                seen = found.end() - self._at
                depth += DEPTHS.get(token, 0)
                if depth == 0 and (pattern is not SCALAR or found.end() < len(self._buffer)):
                    raw = self._buffer[self._at : found.end()]
                    self._at = found.end()
                    return raw
            if len(self._buffer) - self._at > LONGEST_VALUE:
                raise InvalidDataError(
                    f"第 {max(self._count, 1)} 个要素超过 {LONGEST_VALUE >> 20} MB：请拆分或简化"
                )
            if pattern is SCALAR:
                seen = 0
            if not self._more():
                self._at = len(self._buffer)
                raise self._broken()


TEXT = rb'"(?:[^"\\]++|\\.)*+"|"'
BRACES = re.compile(rb"[{}]|" + TEXT, re.DOTALL)
BRACKETS = re.compile(rb"[{}\[\]]|" + TEXT, re.DOTALL)
STRING = re.compile(TEXT, re.DOTALL)
SCALAR = re.compile(rb"[^\s,\]}]+")
SPACE = re.compile(rb"[ \t\r\n\x1e]*")
DEPTHS = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
OPEN, CLOSE, LIST, END, COLON, COMMA, QUOTE = b'{}[]:,"'
SCALARS = b"-0123456789tfnNI"
"""How numbers and words begin, Python's for what is no number among them."""
BYTE_ORDER_MARK = 0xEF
