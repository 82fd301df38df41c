"""KML, one placemark at a time.

GDAL's driver makes underscores of the names of Chinese fields, as many for one name as for another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from gis.errors import InvalidDataError
from gis.files.unpacking.charsets import decide, transcode
from gis.files.unpacking.features import Table
from gis.files.unpacking.sink import Found, Job, Sink

DEEPEST = 100


@dataclass(slots=True)
class Node:
    """An element inside a placemark."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return what is written directly inside."""
        return "".join(self.texts).strip()

    def all(self, tag: str) -> Iterator[Node]:
        """Yield the children of one tag."""
        return (child for child in self.children if child.tag == tag)

    def inner(self, *tags: str) -> Node | None:
        """Return the first of the innermost tag, one within the other."""
        node: Node | None = self
        for tag in tags:
            node = next(node.all(tag), None) if node else None
        return node


Take = Callable[[str, Node], None]


def read(job: Job, sink: Sink) -> Found:
    """Read the placemarks of one folder; a folder is a layer, a row's number counts in it."""
    charset = decide(job.path, job.encoding)
    path = job.path
    if charset.name != "utf-8":
        path = job.path.with_name("utf8.kml")
        transcode(job.path, charset.codec, path)
    counts: dict[str, int] = {}

    def count(folder: str, _: Node) -> None:
        counts[folder] = counts.get(folder, 0) + 1

    links = _Parser(path, count).run()
    layer = _choose(counts, job.layer, links)
    table = Table(sink)

    def write(folder: str, placemark: Node) -> None:
        if folder == layer:
            table.write(sink.count + 1, _properties(placemark), _geometry_of(placemark))
            if sink.count % SAID_EVERY == 0:
                sink.progress(sink.count, counts[layer])

    _Parser(path, write).run()
    columns, notes = table.finish()
    if links:
        notes.append(f"有 {links} 个网络链接（NetworkLink），它们指向的内容没有读取")
    return Found(
        "KML",
        columns,
        encoding=charset.name,
        crs="EPSG:4326",
        geometry=True,
        layers=list(counts),
        layer=layer,
        notes=notes,
    )


SAID_EVERY = 5_000


def _choose(counts: dict[str, int], asked: str | None, links: int) -> str:
    if not counts:
        if links:
            raise InvalidDataError("KML 里只有网络链接，没有地标：请在原来的软件里把地标另存为 KML")
        raise InvalidDataError("KML 里没有地标")
    names = "、".join(f"{name}（{count}）" for name, count in counts.items())
    if asked is not None:
        if asked not in counts:
            raise InvalidDataError(f"没有图层「{asked}」；有：{names}")
        return asked
    if len(counts) > 1:
        raise InvalidDataError(
            f"KML 里有 {len(counts)} 个文件夹（{names}）：请指明一个图层，或分开保存"
        )
    return next(iter(counts))


class _Parser:
    """Walks through a file, and gives away every placemark with the folder it is in."""

    def __init__(self, path: Path, take: Take) -> None:
        self._path = path
        self._take = take
        self._open: list[Node] = []  # the elements that are open
        self._placemark = 0  # how many are open with the placemark, 0 outside
        self._links = 0

    def run(self) -> int:
        """Parse the file; return how many links to other files it has."""
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        try:
            with self._path.open("rb") as file:
                parser.ParseFile(file)
        except expat.ExpatError as error:
            raise InvalidDataError(
                f"KML 在第 {error.lineno} 行处中断或不是正确的 XML，可能不完整：请重新导出或下载"
            ) from error
        return self._links

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if not self._open and tag != "kml":
            raise InvalidDataError(f"这不是 KML（文件里是 {tag[:40]}）")
        if len(self._open) > DEEPEST:
            raise InvalidDataError("KML 嵌套太深：请重新导出")
        node = Node(tag, attributes)
        if self._placemark:
            self._open[-1].children.append(node)
        self._open.append(node)
        if tag == "Placemark" and not self._placemark:
            self._placemark = len(self._open)
        self._links += tag == "NetworkLink"

    def _text(self, text: str) -> None:
        node = self._open[-1]
        if self._placemark or (node.tag == "name" and len(node.texts) < 2):
            node.texts.append(text)

    def _end(self, _: str) -> None:
        node = self._open.pop()
        if len(self._open) + 1 == self._placemark:
            self._placemark = 0
            self._take(self._folder(), node)
        elif not self._placemark and node.tag == "name":
            self._open[-1].attributes["name"] = node.text[:100]

    def _folder(self) -> str:
        """Return the names of the folders around, or that of the document."""
        folders = [node for node in self._open if node.tag == "Folder"]
        around = folders or [node for node in self._open if node.tag == "Document"][-1:]
        return "/".join(node.attributes.get("name") or "未命名" for node in around) or "未命名"


def _refuse_doctype(*_: Any) -> None:
    raise InvalidDataError("KML 里有 DOCTYPE 声明（可以用来藏入别的内容），没有打开：请重新导出")


def _properties(placemark: Node) -> dict[str, str]:
    """Return what a placemark says of itself, and its extended data."""
    said: dict[str, str] = {}
    if "id" in placemark.attributes:
        said["id"] = placemark.attributes["id"]
    for tag in ("name", "description", "address", "phoneNumber"):
        node = placemark.inner(tag)
        if node:
            said[tag] = node.text
    for tags in (("TimeStamp", "when"), ("TimeSpan", "begin"), ("TimeSpan", "end")):
        node = placemark.inner(*tags)
        if node:
            said[tags[-1]] = node.text
    for name, value in _extended(placemark):
        said[f"{name}_2" if said.get(name, value) != value else name] = value
    return said


def _extended(placemark: Node) -> Iterator[tuple[str, str]]:
    for data in placemark.all("ExtendedData"):
        for item in data.all("Data"):
            value = item.inner("value")
            yield item.attributes.get("name", ""), value.text if value else ""
        for schema in data.all("SchemaData"):
            for item in schema.all("SimpleData"):
                yield item.attributes.get("name", ""), item.text


def _geometry_of(placemark: Node) -> dict[str, Any] | None:
    found = [g for child in placemark.children if (g := _geometry(child))]
    return found[0] if found else None


def _geometry(node: Node) -> dict[str, Any] | None:
    """Return a geometry in GeoJSON's form, or None for what is none."""
    if node.tag == "Point":
        positions = _coordinates(node)
        return {"type": "Point", "coordinates": positions[0] if positions else None}
    if node.tag in ("LineString", "LinearRing"):
        return {"type": "LineString", "coordinates": _coordinates(node)}
    if node.tag == "Polygon":
        rings = [
            _coordinates(ring)
            for boundary in (*node.all("outerBoundaryIs"), *node.all("innerBoundaryIs"))
            for ring in boundary.all("LinearRing")
        ]
        return {"type": "Polygon", "coordinates": rings or None}
    if node.tag == "Track":
        return {"type": "LineString", "coordinates": _track(node)}
    if node.tag in ("MultiGeometry", "MultiTrack"):
        return _together([g for child in node.children if (g := _geometry(child))])
    return None


def _coordinates(node: Node) -> list[list[float]] | None:
    """Return the positions; a height of 0 everywhere is how KML says that there is none."""
    inner = node.inner("coordinates")
    if inner is None:
        return None
    try:
        words = COMMA.sub(",", inner.text).split()
        positions = [[float(number) for number in word.split(",")] for word in words]
    except ValueError:
        return None
    if all(len(position) > HEIGHT and position[HEIGHT] == 0 for position in positions):
        return [position[:HEIGHT] for position in positions]
    return positions


COMMA = re.compile(r"\s*,\s*")
HEIGHT = 2


def _track(node: Node) -> list[list[float]] | None:
    try:
        return [[float(number) for number in item.text.split()] for item in node.all("coord")]
    except ValueError:
        return None


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = {part["type"] for part in parts}
    if kinds in ({"Point"}, {"LineString"}, {"Polygon"}):
        return {"type": f"Multi{kinds.pop()}", "coordinates": [p["coordinates"] for p in parts]}
    return {"type": "GeometryCollection", "geometries": parts}
