"""The table of a shapefile (dBASE III): texts of fixed width in an encoding that is seldom said."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gis.errors import InvalidDataError
from gis.files.unpacking.charsets import likely
from gis.files.unpacking.sink import Value

SAID_BY_BYTE = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "cp950", 0x78: "cp950"}
"""Language bytes that only programs set that mean them."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column: where it stands in a record."""

    raw_name: bytes
    letter: str
    start: int
    size: int
    decimals: int


class Dbf:
    """The head of a table, and its records one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(32)
            if len(head) < 32:
                raise InvalidDataError(BROKEN)
            self.count, self._start, self._record = struct.unpack_from("<IHH", head, 4)
            self.language = head[29]
            self.fields = _fields(file.read(max(self._start - 32, 0)))
        ends = self.fields[-1].start + self.fields[-1].size if self.fields else 1
        if ends > self._record:
            raise InvalidDataError(BROKEN)
        if self._start + self.count * self._record > size:
            raise InvalidDataError("属性表（.dbf）不完整，文件可能在中途断开：请重新导出或下载")

    def is_utf8(self) -> bool:
        """Say whether every text is UTF-8, cut off at the end of its field or not."""
        texts = [field for field in self.fields if field.letter == "C"]
        letters: set[str] = set()
        try:
            for field in self.fields:
                letters.update(_decoded(field.raw_name, "utf-8", cut=True))
            for record in self._records():
                for field in texts:
                    raw = record[field.start : field.start + field.size]
                    if not raw.isascii():
                        letters.update(_decoded(raw, "utf-8", cut=True))
        except UnicodeDecodeError:
            return False
        return likely("".join(letters))

    def names(self, codec: str) -> list[str]:
        """Return the names of the columns; ten bytes hold three Chinese characters and a piece."""
        try:
            return [_decoded(field.raw_name, codec, cut=True) for field in self.fields]
        except UnicodeDecodeError as error:
            raise InvalidDataError(f"属性表的列名不是 {codec}：{ASK}") from error

    def rows(self, codec: str) -> Iterator[list[Value] | None]:
        """Yield the values of every record, None for one that was deleted."""
        for number, record in enumerate(self._records(), 1):
            if record[:1] == b"*":
                yield None
                continue
            try:
                yield [_value(record, field, codec) for field in self.fields]
            except UnicodeDecodeError as error:
                raise InvalidDataError(f"属性表第 {number} 行的文字不是 {codec}：{ASK}") from error

    def _records(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            file.seek(self._start)
            for _ in range(self.count):
                yield file.read(self._record)


BROKEN = "属性表（.dbf）无法读取，可能不完整或已损坏：请重新导出"
ASK = "请写明它的编码（如 GB18030、UTF-8），或在原来的软件里重新导出"


def _fields(described: bytes) -> list[Field]:
    fields = []
    start = 1
    for at in range(0, len(described) - 31, 32):
        if described[at] in (0x0D, 0):
            break
        name, letter, size, decimals = struct.unpack_from("<11sc4xBB", described, at)
        name = name.partition(b"\0")[0]
        fields.append(Field(name, letter.decode("latin-1"), start, size, decimals))
        start += size
    return fields


def _decoded(raw: bytes, codec: str, *, cut: bool = False) -> str:
    """Return a text; one that fills its field may end in a piece of a character."""
    trimmed = raw.rstrip(b" \0")
    try:
        return trimmed.decode(codec).strip()
    except UnicodeDecodeError as error:
        if cut and error.end >= len(trimmed) and error.start >= len(trimmed) - PIECE_BYTES:
            return trimmed[: error.start].decode(codec).strip()
        raise


PIECE_BYTES = 3


def _value(record: bytes, field: Field, codec: str) -> Value:
    raw = record[field.start : field.start + field.size]
    if field.letter == "C":
        return _decoded(raw, codec, cut=True) or None
    text = raw.strip(b" \0").decode("ascii", errors="replace")
    if field.letter in "NF":
        return _number(text, whole=field.decimals == 0)
    if field.letter == "D":
        return _day(text)
    if field.letter == "L":
        return {"T": True, "Y": True, "F": False, "N": False}.get(text.upper())
    return None


def _number(text: str, *, whole: bool) -> Value:
    """Return a number; asterisks mean that it had no room."""
    try:
        return int(text) if whole and "." not in text and "e" not in text.lower() else float(text)
    except ValueError:
        return None


def _day(text: str) -> Value:
    if len(text) == len("20260501") and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}" if text.strip("0") else None
    return text or None
