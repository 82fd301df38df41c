"""Archives: checked as a whole before anything is taken out, and then only what is needed."""

from __future__ import annotations

import errno
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from gis.errors import InvalidDataError
from gis.files.unpacking.charsets import likely
from gis.files.unpacking.formats import PARTS, own_name
from gis.files.unpacking.sink import Job

MOST_ENTRIES = 1_000
MOST_BYTES = 1 << 30
"""Of all entries together, uncompressed."""

MOST_RATIO = 100
RATIO_FROM_BYTES = 10 << 20
"""Small files may shrink as they like."""

WHOLE = (".gpkg", ".geojson", ".geojsonl", ".geojsons", ".ndjson", ".kml", ".csv", ".tsv", ".xlsx",
         ".xls", ".ods")  # fmt: skip
PERHAPS = (".json", ".txt")
"""Data where nothing else in the archive is; else somebody's notes."""


def extract(job: Job) -> tuple[Job, list[str], str]:
    """Take the one data set out of an archive.

    Returns
    -------
    job
        For the file taken out, under a name of our own beside the archive.
    sets
        The data sets in the archive, of which one may be asked for as a layer.
    name
        Which one it was.

    Raises
    ------
    InvalidDataError
        If the archive is not sound in any way, or holds no data set, or several and none is
        asked for.
    """
    with _opened(job.path) as archive:
        entries = _checked(archive)
        sets = _data_sets(entries)
        name = _choose(sets, job.layer, job.suffix)
        inner = PurePosixPath(name).suffix.lower()
        target = job.path.with_name(own_name(inner))
        wanted = {suffix: entries[name] for suffix, name in sets[name].items()}
        for suffix, entry in wanted.items():
            _write(archive, entry, job.path.with_name(own_name(suffix)))
    # Inside the one chosen another layer may be asked for by its own name.
    layer = None if job.layer in sets else job.layer
    return Job(target, inner, job.encoding, layer), list(sets), name


def check_office(path: Path) -> None:
    """Refuse a spreadsheet, which is an archive too, that grows too much or is damaged."""
    with _opened(path) as archive:
        _check_sizes(archive)
        for entry in archive.infolist():
            _refuse_methods(entry)
        broken = archive.testzip()
    if broken is not None:
        raise InvalidDataError(DAMAGED)


DAMAGED = "压缩的内容不完整或已损坏：请重新下载，或重新压缩、另存"
LOCKED = "压缩包有密码：请取消密码再导入"


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(path) as archive:
            yield archive
    except (BadZipFile, zlib.error, EOFError) as error:
        with path.open("rb") as file:
            if file.read(2) != b"PK":
                raise InvalidDataError("这不是 zip 压缩包（rar、7z 请改用 zip）") from error
        raise InvalidDataError(DAMAGED) from error
    except (NotImplementedError, ValueError, OverflowError) as error:
        raise InvalidDataError(DAMAGED) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # what an entry that begins before the file makes of it
            raise
        raise InvalidDataError(DAMAGED) from error


def _checked(archive: ZipFile) -> dict[str, ZipInfo]:
    """Return the files by their names, after every entry has been looked at."""
    _check_sizes(archive)
    entries: dict[str, ZipInfo] = {}
    seen: set[str] = set()
    codec = _codec(archive)
    for entry in archive.infolist():
        name = _name(entry, codec)
        _refuse_tricks(entry, name)
        if name.casefold() in seen:
            raise InvalidDataError(f"压缩包里有同名的两项「{name[:80]}」：请重新压缩")
        seen.add(name.casefold())
        if not name.endswith("/") and not LITTER.search(name):
            entries[name] = entry
    return entries


LITTER = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$)", re.IGNORECASE)
"""What systems leave in archives."""


def _check_sizes(archive: ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise InvalidDataError(f"压缩包里超过 {MOST_ENTRIES} 项：请只压缩一个数据集")
    size = sum(entry.file_size for entry in entries)
    if size > MOST_BYTES:
        raise InvalidDataError(f"压缩包解开后超过 {MOST_BYTES >> 30} GB：请拆分后再导入")
    packed = sum(entry.compress_size for entry in entries)
    if _grows(size, packed) or any(_grows(e.file_size, e.compress_size) for e in entries):
        raise InvalidDataError(
            f"压缩包解开后大到 {MOST_RATIO} 倍以上，像是「压缩炸弹」，没有打开：请拆分或另存为 CSV"
        )


def _grows(size: int, packed: int) -> bool:
    return size > RATIO_FROM_BYTES and size > MOST_RATIO * packed


def _codec(archive: ZipFile) -> str:
    """Return what names are written in that do not say it: GBK by Chinese Windows, else UTF-8."""
    silent = [e.orig_filename for e in archive.infolist() if not e.flag_bits & SAYS_UTF8]
    try:
        text = "".join(silent).encode("cp437").decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8" if likely(text) else "gb18030"


def _name(entry: ZipInfo, codec: str) -> str:
    """Return a name as it was written, where the library knows no better than the old PCs' one."""
    if entry.flag_bits & SAYS_UTF8:
        return entry.orig_filename
    return entry.orig_filename.encode("cp437").decode(codec, errors="replace")


SAYS_UTF8 = 0x800


def _refuse_tricks(entry: ZipInfo, name: str) -> None:
    """Refuse names and kinds of entries that no packing program makes of plain files."""
    parts = name.removesuffix("/").split("/")
    odd = (
        not name
        or "\\" in name
        or ":" in name
        or any(ord(letter) < ord(" ") for letter in name)
        or any(part in ("", ".", "..") for part in parts)
        or any(DEVICE.fullmatch(part) for part in parts)
    )
    if odd:
        raise InvalidDataError(f"压缩包里有不正常的文件名「{name[:80]!r}」，没有打开：请重新压缩")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InvalidDataError(f"压缩包里「{name[:80]}」是链接或设备，不是文件：请重新压缩")
    if name.lower().endswith(NESTED):
        raise InvalidDataError(f"压缩包里还有压缩包「{name[:80]}」：请只压缩一层")
    _refuse_methods(entry)


DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
NESTED = (
    ".zip", ".kmz", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".cab", ".iso",
    ".jar",
)  # fmt: skip


def _refuse_methods(entry: ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise InvalidDataError(LOCKED)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidDataError("压缩包用了少见的压缩方式：请用普通的 zip 重新压缩")


def _data_sets(entries: dict[str, ZipInfo]) -> dict[str, dict[str, str]]:
    """Return the data sets: name of the main file to the names of all its files by suffix."""
    sets: dict[str, dict[str, str]] = {}
    weak: dict[str, dict[str, str]] = {}
    for name in sorted(entries):
        suffix = PurePosixPath(name).suffix.lower()
        if suffix == ".shp":
            sets[name] = _parts(name, entries)
        elif suffix in WHOLE:
            sets[name] = {suffix: name}
        elif suffix in PERHAPS:
            weak[name] = {suffix: name}
    return sets or weak


def _parts(main: str, entries: dict[str, ZipInfo]) -> dict[str, str]:
    stem = main[: -len(".shp")].casefold()
    return {
        suffix: name
        for name in entries
        if (suffix := PurePosixPath(name).suffix.lower()) in PARTS
        and name[: -len(suffix)].casefold() == stem
    }


def _choose(sets: dict[str, dict[str, str]], asked: str | None, suffix: str) -> str:
    if suffix == ".kmz":
        sets = {name: parts for name, parts in sets.items() if name.lower().endswith(".kml")}
        main = next((name for name in sets if name.lower() == "doc.kml"), None)
        if main is not None:
            return main
    if not sets:
        raise InvalidDataError(
            f"压缩包里没有可以导入的数据；可以是一个 shapefile（{'、'.join(PARTS)}），"
            f"或：{'、'.join(WHOLE)}"
        )
    if asked in sets:
        return asked
    if len(sets) > 1:
        names = "、".join(list(sets)[:20])
        raise InvalidDataError(
            f"压缩包里有 {len(sets)} 个数据集（{names}）：请指明一个，或分开压缩"
        )
    return next(iter(sets))


def _write(archive: ZipFile, entry: ZipInfo, target: Path) -> None:
    """Write one entry; the library stops at the size that the entry says it has."""
    with archive.open(entry) as source, target.open("xb") as file:
        while block := source.read(1 << 20):
            file.write(block)
