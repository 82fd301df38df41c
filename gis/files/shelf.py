"""The folder of one upload: the file as it came, what it was unpacked to, what became of its rows.

It also carries what must not wait for the database: how far the work is, and the wish to stop it.
While an import is being committed, an embedded database takes nobody else's writes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from gis.errors import InvalidDataError
from gis.files.unpacking.formats import PARTS

PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of one upload."""

    folder: Path

    @property
    def unpacked(self) -> Path:
        """Return where the file is unpacked to."""
        return self.folder / "unpacked"

    @property
    def outcome(self) -> Path:
        """Return the list of what should be known of its rows."""
        return self.folder / "outcome.jsonl"

    @property
    def preview(self) -> Path:
        """Return the first rows as they would lie on the map."""
        return self.folder / "preview.json"

    @classmethod
    def new(cls, folder: Path) -> Shelf:
        """Return an empty one in a folder, that nobody else has."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(Path(tempfile.mkdtemp(prefix="new-", dir=folder)))

    def move(self, to: Shelf) -> None:
        """Become another one; what was left in the place of that is gone."""
        to.clear()
        self.folder.rename(to.folder)

    def keep(
        self, files: Iterable[tuple[str, IO[bytes]]], endings: Collection[str], most_bytes: int
    ) -> Path:
        """Keep what was uploaded, under names of our own; return the file to open.

        Parameters
        ----------
        files
            Names as their owner calls them, and contents. Several files are the parts of one
            shapefile.
        endings
            What files may be called; the other parts of a shapefile besides.
        most_bytes
            All of them together may have.

        Raises
        ------
        InvalidDataError
            If there is no file, too much of it, or several that are not one shapefile.
        """
        given = [(Path(name).suffix.lower(), content) for name, content in files if name]
        if not given:
            raise InvalidDataError("请选择要导入的文件")
        found = [ending for ending, _ in given]
        if len(given) == 1 and found[0] not in endings:
            raise InvalidDataError(
                f"不认识的文件格式 {found[0][:20]}（Word、PDF 不行，表格请另存为 Excel 或 CSV）；"
                f"可以用：{', '.join(endings)}"
            )
        if len(given) > 1 and (found.count(".shp") != 1 or len(set(found)) != len(found)):
            raise InvalidDataError(
                "一次导入一个文件；shapefile 请同时选中 .shp、.dbf、.shx、.prj 各一个"
            )
        if len(given) > 1:
            given = [(ending, content) for ending, content in given if ending in PARTS]
        left = most_bytes
        for ending, content in given:
            size = _save(content, self.folder / f"data{ending}", left)
            if size > left:
                raise InvalidDataError(
                    f"文件超过 {most_bytes >> 20} MB：请拆成几个文件，一次导入一个"
                )
            left -= size
        return self.folder / f"data{'.shp' if len(found) > 1 else found[0]}"

    def file(self) -> Path:
        """Return the file to open.

        Raises
        ------
        InvalidDataError
            If it is no longer kept.
        """
        kept = sorted(self.folder.glob("data.*"))
        if not kept:
            raise InvalidDataError("上传的文件已清理，请重新上传")
        return next((path for path in kept if path.suffix == ".shp"), kept[0])

    def say_progress(self, part: float) -> None:
        """Write down how much is done, 0 to 1."""
        made = self.folder / "progress.new"
        made.write_text(f"{part:.3f}", encoding="ascii")
        made.replace(self.folder / "progress")

    def progress(self) -> float:
        """Return how much is done."""
        path = self.folder / "progress"
        return float(path.read_text("ascii")) if path.exists() else 0.0

    def wish_to_stop(self) -> None:
        """Ask whoever works on it to stop."""
        (self.folder / "stop").touch()

    def begin(self) -> None:
        """Forget earlier progress and wishes: work begins."""
        (self.folder / "stop").unlink(missing_ok=True)
        self.say_progress(0.0)

    def should_stop(self) -> bool:
        """Tell whether somebody asked to stop."""
        return (self.folder / "stop").exists()

    def clear(self) -> None:
        """Delete all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def clear_unpacked(self) -> None:
        """Delete what the file was unpacked to: it will be opened otherwise."""
        shutil.rmtree(self.unpacked, ignore_errors=True)


def _save(content: IO[bytes], path: Path, most_bytes: int) -> int:
    """Copy a file, not much more than so many bytes of it; return how many."""
    size = 0
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        while size <= most_bytes and (piece := content.read(PIECE_BYTES)):
            size += file.write(piece)
    return size


def add_lines(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add entries to a file as JSON, one a line."""
    with path.open("ab") as file:
        file.writelines(orjson.dumps(entry, default=str) + b"\n" for entry in entries)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what ``add_lines`` wrote; nothing where nothing was."""
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                yield orjson.loads(line)
