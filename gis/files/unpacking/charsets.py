"""Which encoding a text is in: what it says, else UTF-8 if all of it is, else GB18030."""

from __future__ import annotations

import codecs
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gis.errors import InvalidDataError

READABLE = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    # GB18030 holds all of its elders, and is what is written under their names.
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "cp950",
    "cp950": "cp950",
    "big5hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "euc_jp": "euc_jp",
    "euc_kr": "cp949",
    "cp949": "cp949",
}
"""Encodings that may be asked for, and the codec that reads them."""

BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Charset:
    """A codec, and what to say about how it was chosen."""

    codec: str
    note: str | None = None

    @property
    def name(self) -> str:
        """Return the name that people know."""
        return {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(
            self.codec, self.codec
        )


def known(name: str) -> str | None:
    """Return the codec for a name as programs write it (``GBK``, ``936``, ``ANSI 936``)."""
    digits = re.search(r"\d+$", name)
    for word in (name.strip(), f"cp{digits[0]}" if digits else ""):
        if re.fullmatch(r"[A-Za-z0-9 _-]{1,40}", word):
            try:
                return READABLE.get(codecs.lookup(word).name)
            except LookupError:
                continue
    return None


def decide(path: Path, asked: str | None) -> Charset:
    """Find out the encoding of a text file.

    Parameters
    ----------
    asked
        What somebody says it is; then it is that.

    Raises
    ------
    InvalidDataError
        If the file is no text, or in an encoding that has to be asked for by name.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if not start:
        raise InvalidDataError("文件是空的")
    if asked is not None:
        codec = known(asked)
        if codec is None:
            raise InvalidDataError(f"不认识的文字编码 {asked}；可以用：{'、'.join(READABLE)}")
        return Charset("utf-8-sig" if codec == "utf-8" else codec)
    for mark, codec in MARKS.items():
        if start.startswith(mark):
            return Charset(codec)
    if 0 in start:
        return Charset(_wide(start))
    return _narrow(path)


MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def _wide(start: bytes) -> str:
    """Return which UTF-16 it is: digits, commas and line ends have their zero on one side.

    Where they are fewer than in plain English, the text between them must be no UTF-8.
    """
    even, odd = start[::2].count(0), start[1::2].count(0)
    most = max(even, odd)
    text = most * PLAIN >= len(start) or not _is_utf8(start.replace(b"\0", b""))
    if text and most * FEW >= len(start) and min(even, odd) * FEW <= most:
        return "utf-16-be" if even > odd else "utf-16-le"
    raise InvalidDataError(BINARY)


PLAIN, FEW = 4, 100
BINARY = "文件里有空字节（NUL），不是文字表格：请用原来的程序打开，另存为 CSV（UTF-8）或 xlsx"


def _narrow(path: Path) -> Charset:
    """Return UTF-8 or GB18030, or refuse."""
    seen = _read_as_utf8(path)
    if seen.valid:
        text = seen.sample.decode("utf-8", errors="ignore")
        unlikely = not likely(text) and _is_chinese(seen.sample)
        return Charset("gb18030" if unlikely else "utf-8")
    if seen.continued >= ENOUGH or _is_utf8(seen.sample):
        # Where so much was UTF-8 the rest is damaged: reading on will say in which row.
        return Charset("utf-8")
    if _is_chinese(seen.sample):
        return Charset("gb18030")
    # Most bytes of Big5 or Shift-JIS also mean something in GB18030, only not what was written.
    judge: Any = importlib.import_module("gis.files.unpacking.judge")
    name = judge.guess(seen.sample)
    if name is None or READABLE.get(name) == "gb18030":
        return Charset("gb18030", "文字编码难以判断，按 GB18030 读取：请核对中文是否正确")
    way = "请另存为 UTF-8 再导入" + ("，或写明它的编码" if name in READABLE else "")
    raise InvalidDataError(
        f"文字编码像是 {OTHER_NAMES.get(name, name)}，不是 UTF-8 或 GB18030：{way}"
    )


def likely(text: str) -> bool:
    """Say whether text that is valid UTF-8 was meant so.

    Two bytes of a few Chinese characters in GBK are by chance one of another alphabet; a text of
    ours in UTF-8 has Chinese characters, or beside ASCII only signs such as the degree.
    """
    return any(letter >= "\u0800" for letter in text) or all(letter < "\u0100" for letter in text)


ENOUGH = 30
OTHER_NAMES = {"cp932": "shift_jis", "cp949": "euc_kr", "cp950": "big5"}


@dataclass(slots=True)
class _Seen:
    """How far a file is UTF-8: continuation bytes until the first error, text from where it is."""

    valid: bool = True
    continued: int = 0
    sample: bytes = b""


def _read_as_utf8(path: Path) -> _Seen:
    seen = _Seen()
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while seen.valid and (block := file.read(BLOCK_BYTES)):
            if not seen.sample and not block.isascii():
                seen.sample = _sample(block, file)
            try:
                seen.continued += len(block) - len(decoder.decode(block))
            except UnicodeDecodeError as error:
                seen.continued += error.start - len(error.object[: error.start].decode())
                seen.valid = False
        if seen.valid and decoder.getstate()[0]:
            seen.valid = False
    return seen


def _sample(block: bytes, file: Any) -> bytes:
    """Return a piece from the first byte that is not ASCII."""
    first = HIGH.search(block)
    piece = block[first.start() if first else 0 :][:SAMPLE_BYTES]
    if len(piece) < SAMPLE_BYTES:
        here = file.tell()
        piece += file.read(SAMPLE_BYTES - len(piece))
        file.seek(here)
    return piece


HIGH = re.compile(rb"[\x80-\xff]")


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(sample: bytes) -> bool:
    """Say whether the text, read as GB18030, has the characters that such text is made of.

    Those of GB 2312 are nearly all of any; Big5 read so gives rare ones all over.
    """
    text = sample.decode("gb18030", errors="replace")
    letters = [letter for letter in text if letter > "\x7f"]
    usual = len("".join(letters).encode("gb2312", errors="ignore")) // 2
    broken = text[:-2].count("\ufffd")
    if len(letters) < TOO_SHORT:
        return broken == 0
    return usual >= USUAL * len(letters) and broken * 100 <= len(letters)


TOO_SHORT = 20
USUAL = 0.85


def transcode(path: Path, codec: str, into: Path) -> None:
    """Write a text file in UTF-8."""
    with (
        path.open(encoding=codec, newline="") as source,
        into.open("w", encoding="utf-8", newline="") as target,
    ):
        try:
            while text := source.read(BLOCK_BYTES):
                target.write(text)
        except UnicodeDecodeError as error:
            raise InvalidDataError(
                f"文字不是正确的 {codec}，可能不完整或已损坏：请重新导出"
            ) from error
