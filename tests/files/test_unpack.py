"""Files that people send: every format in one plain form, and nothing but the file itself."""

from __future__ import annotations

import datetime as dt
import json
import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import xlsxwriter

from gis.errors import InvalidDataError
from gis.files import sandbox
from gis.files.sandbox import Unpacked, run, unpack_file
from gis.files.unpacking import confine
from gis.files.unpacking.charsets import BLOCK_BYTES
from gis.files.unpacking.formats import SUFFIXES
from tests.files.hostile_files import (
    gpkg_blob,
    kml,
    placemark,
    vrt,
    write_gpkg,
    write_link_zip,
    write_ods,
    write_shapefile,
    write_xls,
    write_xlsx,
    write_zip,
    zipped,
)

HERE = shapely.Point(119.37, 31.72)
POINT = "<Point><coordinates>119.37,31.72,0</coordinates></Point>"
SECRET = "机密内容"
FORMATS = (".csv", ".xlsx", ".xls", ".geojson", ".gpkg", ".kml", ".shp")


def unpacked(path: Path, **options: Any) -> Unpacked:
    """Unpack a file into a folder beside it."""
    return unpack_file(path, path.parent / "unpacked", **options)


def refusal(path: Path, **options: Any) -> str:
    """Return the words with which a file is refused."""
    with pytest.raises(InvalidDataError) as caught:
        unpacked(path, **options)
    return str(caught.value)


def values(found: Unpacked) -> dict[str, list[Any]]:
    """Return the columns of all rows."""
    chunks = list(found.chunks(2))
    return {c: [v for chunk in chunks for v in chunk.columns[c]] for c in found.columns}


def rows(found: Unpacked) -> list[int]:
    """Return the numbers of all rows."""
    return [int(row) for chunk in found.chunks() for row in chunk.rows]


def shapes(found: Unpacked) -> list[Any]:
    """Return the geometries of all rows."""
    return [s for chunk in found.chunks() if chunk.shapes is not None for s in chunk.shapes]


def text_file(tmp_path: Path, text: str, *, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    """Write a text file."""
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def frame() -> gpd.GeoDataFrame:
    """Return two places with what a table of places has."""
    return gpd.GeoDataFrame(
        {"编号": ["H1", "H2"], "床位": [20, 5], "面积": [1.5, 2.0]},
        geometry=[HERE, shapely.Point(119.38, 31.73)],
        crs="EPSG:4490",
    )


# Formats


def test_a_csv_is_text_with_the_row_numbers_of_a_spreadsheet(tmp_path: Path) -> None:
    text = '编号,名称,备注\nH1,"卫\n生院",\n\nH2,=1+1,-5\n'
    found = unpacked(text_file(tmp_path, text))
    assert (found.format, found.encoding, found.crs) == ("CSV", "utf-8", None)
    assert not found.geometry
    assert values(found) == {
        "编号": ["H1", "H2"],
        "名称": ["卫\n生院", "=1+1"],
        "备注": [None, "-5"],
    }
    assert rows(found) == [2, 4]
    assert (found.count, found.skipped_rows) == (2, 1)
    assert [chunk.shapes for chunk in found.chunks()] == [None]


@pytest.mark.parametrize(
    ("name", "delimiter"),
    [("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t"), ("a.tsv", ","), ("a.txt", "|")],
)
def test_the_delimiter_is_found(tmp_path: Path, name: str, delimiter: str) -> None:
    text = f"编号{delimiter}名称\nH1{delimiter}a，b\nH2{delimiter}c、d\n"
    found = unpacked(text_file(tmp_path, text, name=name))
    assert values(found) == {"编号": ["H1", "H2"], "名称": ["a，b", "c、d"]}


def test_a_table_of_one_column_has_no_delimiter(tmp_path: Path) -> None:
    assert values(unpacked(text_file(tmp_path, "编号\nH1\nH2\n"))) == {"编号": ["H1", "H2"]}


@pytest.mark.parametrize(
    ("encoding", "mark", "said"),
    [
        ("utf-8", "", "utf-8"),
        ("utf-8-sig", "", "utf-8"),
        ("gb18030", "", "gb18030"),
        ("utf-16-le", "\ufeff", "utf-16"),
        ("utf-16-be", "\ufeff", "utf-16"),
        ("utf-16-le", "", "utf-16"),
        ("utf-16-be", "", "utf-16"),
    ],
)
def test_the_encoding_of_a_csv_is_found(
    tmp_path: Path, encoding: str, mark: str, said: str
) -> None:
    text = f"{mark}编号,名称\r\nH1,薛埠卫生院\r\n"
    found = unpacked(text_file(tmp_path, text, encoding=encoding))
    assert values(found) == {"编号": ["H1"], "名称": ["薛埠卫生院"]}
    assert (found.encoding, found.notes) == (said, (f"文字编码：{said}",))


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("big5", "編號,名稱,地址\nH1,衛生院,薛埠鎮東進路一號\nH2,養老院,村委會旁邊的老學校\n"),
        ("shift_jis", "番号,名称,住所\n1,病院,東京都千代田区丸の内\n2,ホテル,大阪市北区梅田\n"),
    ],
)
def test_an_encoding_of_elsewhere_is_named_and_read_when_asked_for(
    tmp_path: Path, encoding: str, text: str
) -> None:
    path = text_file(tmp_path, text, encoding=encoding)
    assert f"像是 {encoding}" in refusal(path)
    found = unpacked(path, encoding=encoding)
    assert list(values(found)) == text.split("\n")[0].split(",")


def test_an_unknown_encoding_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    path = text_file(tmp_path, "a,b\n1,2\n")
    for wrong in ("klingon", "rot13", "../x"):
        assert "gb18030" in refusal(path, encoding=wrong)


def test_a_bad_byte_late_in_a_large_file_is_found_and_its_row_named(tmp_path: Path) -> None:
    path = text_file(tmp_path, "编号,名称\n")
    line = ("H1," + "薛埠卫生院" * 20 + "\n").encode()
    count = 2 * BLOCK_BYTES // len(line)
    path.write_bytes(path.read_bytes() + line * count + b"H2,\xff\n" + line)
    assert f"第 {count + 2} 行有不属于 utf-8 的字节" in refusal(path)


def test_one_chinese_word_late_in_a_large_file_decides_its_encoding(tmp_path: Path) -> None:
    line = "H1," + "a" * 96 + "\n"
    text = "code,name\n" + line * (6 * BLOCK_BYTES // 5 // len(line)) + "H2,薛埠"
    path = text_file(tmp_path, text, encoding="gb18030")
    found = unpacked(path)
    assert found.encoding == "gb18030"
    assert list(found.chunks())[-1].columns["name"][-1] == "薛埠"


@pytest.mark.parametrize("write", [lambda p, r: write_xlsx(p, {"甲": r}), write_xls])
def test_a_spreadsheet_keeps_types_and_counts_rows_as_people_do(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    table = [["编号", "床位", "比例", "有"], ["H1", 20.0, 0.5, True], [], ["H2", 5.0]]
    suffix = ".xls" if write is write_xls else ".xlsx"
    found = unpacked(write(tmp_path / f"a{suffix}", table))
    assert values(found) == {
        "编号": ["H1", "H2"],
        "床位": [20, 5],
        "比例": [0.5, None],
        "有": [True, None],
    }
    assert rows(found) == [2, 4]
    assert (found.layers, found.layer, found.skipped_rows) == (("甲",), "甲", 1)


def test_dates_of_a_spreadsheet_are_iso_text(tmp_path: Path) -> None:
    moments = [dt.date(2026, 5, 1), dt.datetime(2026, 5, 1, 8, 30), dt.time(8, 30)]  # noqa: DTZ001
    pd.DataFrame({"编号": ["a", "b", "c"], "日期": moments}).to_excel(
        tmp_path / "a.xlsx", index=False, engine="xlsxwriter"
    )
    found = unpacked(tmp_path / "a.xlsx")
    assert values(found)["日期"] == ["2026-05-01", "2026-05-01T08:30:00", "08:30:00"]


def test_an_opendocument_spreadsheet_is_read(tmp_path: Path) -> None:
    found = unpacked(write_ods(tmp_path / "a.ods", [["编号", "名称"], ["H1", "=1+1"]]))
    assert values(found) == {"编号": ["H1"], "名称": ["=1+1"]}
    assert found.format == "ODS"


def test_titles_above_the_header_are_skipped_and_said(tmp_path: Path) -> None:
    table = [["薛埠镇养老机构一览表"], [], ["编号", "名称"], ["H1", "a"]]
    found = unpacked(write_xlsx(tmp_path / "a.xlsx", {"甲": table}))
    assert (found.columns, rows(found)) == (("编号", "名称"), [4])
    assert "列名在第 3 行，上面的标题没有读取" in found.notes
    text = "薛埠镇养老机构一览表,\n,\n编号,名称\nH1,a\n"
    found = unpacked(text_file(tmp_path, text))
    assert (found.columns, rows(found)) == (("编号", "名称"), [4])
    assert "列名在第 3 行，上面的标题没有读取" in found.notes


def test_the_first_sheet_with_anything_is_read_unless_another_is_asked_for(
    tmp_path: Path,
) -> None:
    table = [["编号", "名称"], ["H1", "a"]]
    sheets: dict[str, Any] = {
        "空": [],
        ".藏": table,
        "甲": table,
        "乙": [["编号", "名称"], ["H2", "b"]],
    }
    path = write_xlsx(tmp_path / "a.xlsx", sheets)
    found = unpacked(path)
    assert (found.layer, found.layers) == ("甲", ("空", "藏", "甲", "乙"))
    assert any("没有读取：空、藏、乙" in note for note in found.notes)
    assert values(unpacked(path, layer="乙"))["编号"] == ["H2"]
    assert "有：空、藏、甲、乙" in refusal(path, layer="丙")


def test_numbers_that_a_spreadsheet_has_rounded_are_noted(tmp_path: Path) -> None:
    table: list[list[object]] = [["编号", "号码"], ["H1", 320481199003074578]]
    found = unpacked(write_xlsx(tmp_path / "a.xlsx", {"甲": table}))
    assert any("第 2 行有超过 15 位的数字" in note for note in found.notes)


def test_a_table_may_begin_further_down(tmp_path: Path) -> None:
    table = [*[[]] * 20, ["编号", "名称"], ["H1", "a"]]
    found = unpacked(write_xlsx(tmp_path / "a.xlsx", {"甲": table}))
    assert (found.columns, rows(found)) == (("编号", "名称"), [22])
    assert rows(unpacked(text_file(tmp_path, "\n" * 20 + "编号,名称\nH1,a\n"))) == [22]


def test_columns_without_a_name_or_with_one_of_another_get_their_own(tmp_path: Path) -> None:
    found = unpacked(text_file(tmp_path, "编号,名称,,名称\nH1,a,b,c\n"))
    assert values(found) == {"编号": ["H1"], "名称": ["a"], "列3": ["b"], "名称_2": ["c"]}
    assert sum("列名" in note for note in found.notes) == 2


def test_a_geojson_keeps_each_value_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    frame().to_file(path, driver="GeoJSON")
    found = unpacked(path)
    assert values(found) == {"编号": ["H1", "H2"], "床位": [20, 5], "面积": [1.5, 2.0]}
    assert (found.format, found.crs, rows(found)) == ("GeoJSON", "EPSG:4490", [1, 2])
    assert shapes(found)[0].equals(HERE)


def geojson(*features: object, **members: object) -> str:
    """Return a collection of features."""
    return json.dumps({"type": "FeatureCollection", "features": features, **members})


def feature(geometry: object = None, **properties: object) -> dict[str, object]:
    """Return a feature."""
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def test_features_with_different_fields_share_the_columns_of_all(tmp_path: Path) -> None:
    text = geojson(feature(a=1), {**feature(b=[1, "甲"]), "id": 7}, feature(a=float("nan"), b=None))
    found = unpacked(text_file(tmp_path, text, name="a.geojson"))
    assert values(found) == {
        "a": [1, None, None],
        "b": [None, '[1,"甲"]', None],
        "id": [None, 7, None],
    }


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("a.geojson", "utf-8"), ("a.json", "utf-8-sig"), ("a.ndjson", "gb18030"),
     ("a.geojsonl", "utf-16")],
)  # fmt: skip
def test_features_on_a_line_each_are_read_whatever_the_name_and_encoding(
    tmp_path: Path, name: str, encoding: str
) -> None:
    lines = "".join(json.dumps(feature(名=f"薛埠{i}"), ensure_ascii=False) + "\n" for i in range(3))
    found = unpacked(text_file(tmp_path, lines, name=name, encoding=encoding))
    assert values(found) == {"名": ["薛埠0", "薛埠1", "薛埠2"]}


def test_a_single_feature_or_geometry_is_a_geojson_too(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    for text in (json.dumps(feature(point)), json.dumps(point, indent=2)):
        assert shapes(unpacked(text_file(tmp_path, text, name="a.json"))) == [shapely.Point(1, 2)]


@pytest.mark.parametrize(
    ("crs", "read"),
    [
        ("urn:ogc:def:crs:EPSG::4549", "EPSG:4549"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("EPSG:4490", "EPSG:4490"),
        ("somewhere", None),
    ],
)
def test_the_crs_of_an_old_geojson_is_read(tmp_path: Path, crs: str, read: str | None) -> None:
    text = geojson(feature(a=1), crs={"type": "name", "properties": {"name": crs}})
    assert unpacked(text_file(tmp_path, text, name="a.json")).crs == read
    assert unpacked(text_file(tmp_path, geojson(feature(a=1)), name="a.json")).crs == "EPSG:4326"


WKT = [
    "POINT (1 2)",
    "POINT Z (1 2 3)",
    "LINESTRING (0 0, 1 1)",
    "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",  # a bow-tie
    "POLYGON Z ((0 0 1, 4 0 1, 4 4 1, 0 0 1), (1 0.5 1, 2 0.5 1, 2 1 1, 1 0.5 1))",
    "MULTIPOINT ((0 0), (1 1))",
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
    "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
]


def test_every_sort_of_geometry_comes_out_of_a_geojson_as_it_is(tmp_path: Path) -> None:
    given = shapely.from_wkt(WKT)
    text = geojson(*(feature(json.loads(shapely.to_geojson(g))) for g in given), feature(None))
    found = unpacked(text_file(tmp_path, text, name="a.json"))
    *read, missing = shapes(found)
    assert [shapely.to_wkt(g) for g in read] == [shapely.to_wkt(g) for g in given]
    assert missing is None


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": ["a", 2]},
        {"type": "Point", "coordinates": None},
        {"type": "LineString", "coordinates": [[0, 0]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 0], [3, 0]]]},
        {"type": "Circle", "coordinates": [0, 0]},
        [],
    ],
)
def test_a_geometry_that_cannot_be_is_left_out_and_its_row_named(
    tmp_path: Path, geometry: object
) -> None:
    text = geojson(feature({"type": "Point", "coordinates": [1, 2]}, a=1), feature(geometry, a=2))
    found = unpacked(text_file(tmp_path, text, name="a.json"))
    assert (values(found), shapes(found)[1]) == ({"a": [1, 2]}, None)
    assert any("第 2 行的几何" in note for note in found.notes)


def test_a_geopackage_gives_every_row_whatever_count_it_states(tmp_path: Path) -> None:
    path = write_gpkg(tmp_path / "a.gpkg", [gpkg_blob(HERE.wkb), None, gpkg_blob(HERE.wkb)])
    found = unpacked(path)
    assert (found.format, found.crs, found.layer) == ("GeoPackage", "EPSG:4490", "甲")
    assert (values(found), rows(found)) == ({"n": [0, 1, 2]}, [1, 2, 3])
    assert [shape is None for shape in shapes(found)] == [False, True, False]


def test_a_geopackage_keeps_types(tmp_path: Path) -> None:
    places = frame().to_crs("EPSG:4549")
    places["开"] = pd.array([True, None], dtype="boolean")
    places["长"] = pd.array([9007199254740993, None], dtype="Int64")
    places["日"] = [dt.date(2026, 5, 1), None]
    places.to_file(tmp_path / "a.gpkg")
    found = unpacked(tmp_path / "a.gpkg")
    assert found.crs == "EPSG:4549"
    assert values(found) == {
        "编号": ["H1", "H2"],
        "床位": [20, 5],
        "面积": [1.5, 2.0],
        "开": [True, None],
        "长": [9007199254740993, None],
        "日": ["2026-05-01", None],
    }


def test_heights_and_measures_are_kept_and_curves_are_not(tmp_path: Path) -> None:
    measured = struct.pack("<BI4d", 1, 3001, 0, 1, 2, 3)
    curve = struct.pack("<BII6d", 1, 8, 3, 0, 0, 1, 1, 2, 0)
    cut = HERE.wkb[:-1]
    blobs = [gpkg_blob(wkb) for wkb in (measured, curve, cut)]
    found = unpacked(write_gpkg(tmp_path / "a.gpkg", [*blobs, b"GP", HERE.wkb]))
    first, *others = shapes(found)
    assert shapely.to_wkt(first) == "POINT ZM (0 1 2 3)"
    assert others == [None] * 4
    assert any("第 2、3、4、5 行的几何" in note for note in found.notes)


def test_one_of_several_layers_has_to_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    frame().to_file(path, layer="甲")
    frame()[:0].to_file(path, layer="空", mode="a")
    assert unpacked(path).layer == "甲"
    frame()[:1].to_file(path, layer="乙", mode="a")
    assert "2 个图层（甲、乙）" in refusal(path)
    found = unpacked(path, layer="乙")
    assert (found.layer, found.count, found.layers) == ("乙", 1, ("甲", "空", "乙"))
    assert "有：甲、空、乙" in refusal(path, layer="丙")


def test_a_kml_keeps_chinese_fields_and_says_that_links_were_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.kml"
    secret.write_text(kml(placemark(SECRET, POINT)), encoding="utf-8")
    link = f"<NetworkLink><Link><href>{secret.as_uri()}</href></Link></NetworkLink>"
    body = kml(
        link, placemark("卫生院", POINT, 编号="H1", 名称="a"), "<Folder><name>空</name></Folder>"
    )
    found = unpacked(text_file(tmp_path, body, name="a.kml"))
    assert values(found) == {"name": ["卫生院"], "编号": ["H1"], "名称": ["a"]}
    assert (found.format, found.crs, found.layers) == ("KML", "EPSG:4326", ("文档",))
    assert shapes(found) == [HERE]
    assert any("1 个网络链接" in note for note in found.notes)
    assert "只有网络链接" in refusal(text_file(tmp_path, kml(link), name="a.kml"))


def test_the_folders_of_a_kml_are_its_layers(tmp_path: Path) -> None:
    inner = f"<Folder><name>内</name>{placemark('b', POINT)}</Folder>"
    body = kml(f"<Folder><name>一村</name>{placemark('a', POINT)}{inner}</Folder>")
    path = text_file(tmp_path, body, name="a.kml")
    assert "一村（1）、一村/内（1）" in refusal(path)
    assert values(unpacked(path, layer="一村/内"))["name"] == ["b"]


def test_every_sort_of_geometry_comes_out_of_a_kml(tmp_path: Path) -> None:
    ring = "<LinearRing><coordinates>0,0,0 4,0,0 4,4,0 0,0,0</coordinates></LinearRing>"
    hole = "<LinearRing><coordinates>2,1 3,1 3, 2 2,1</coordinates></LinearRing>"
    line = "<LineString><coordinates>0,0,5\n1,1,6</coordinates></LineString>"
    polygon = (
        f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs>"
        f"<innerBoundaryIs>{hole}</innerBoundaryIs></Polygon>"
    )
    wanted = {
        line: "LINESTRING Z (0 0 5, 1 1 6)",
        polygon: "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))",
        f"<MultiGeometry>{POINT}{POINT}</MultiGeometry>": (
            "MULTIPOINT ((119.37 31.72), (119.37 31.72))"
        ),
        f"<MultiGeometry>{POINT}{line}</MultiGeometry>": (
            "GEOMETRYCOLLECTION Z (POINT (119.37 31.72), LINESTRING Z (0 0 5, 1 1 6))"
        ),
        "<Model/>": None,
        "<Point><coordinates>here</coordinates></Point>": None,
    }
    body = kml(*(placemark(str(i), shape) for i, shape in enumerate(wanted)))
    found = unpacked(text_file(tmp_path, body, name="a.kml"))
    read = [None if s is None else shapely.to_wkt(s, trim=True) for s in shapes(found)]
    assert read == list(wanted.values())
    assert any("第 6 行的几何" in note for note in found.notes)


def test_a_shapefile_without_cpg_is_read_in_gbk(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, frame().to_crs("EPSG:4549"))
    path.with_suffix(".cpg").unlink()
    found = unpacked(path)
    assert values(found) == {"编号": ["H1", "H2"], "床位": [20, 5], "面积": [1.5, 2.0]}
    assert (found.format, found.crs, found.encoding) == ("Shapefile", "EPSG:4549", "gb18030")
    assert any("请核对中文" in note for note in found.notes)
    assert shapes(found)[0].distance(frame().to_crs("EPSG:4549").geometry[0]) < 1e-6
    assert rows(found) == [1, 2]


def test_a_shapefile_is_found_out_to_be_utf8_though_its_texts_are_cut(tmp_path: Path) -> None:
    places = frame()[["geometry"]].assign(n=["x" * 254, "茅麓"])
    table = write_shapefile(tmp_path, places, encoding="utf-8").with_suffix(".dbf")
    name, text = "单位名称".encode()[:10], ("薛" * 85).encode()[:254]
    content = table.read_bytes().replace(b"x" * 254, text)
    table.write_bytes(content[:32] + name + content[42:])
    table.with_suffix(".cpg").unlink()
    found = unpacked(table.with_suffix(".shp"))
    assert found.encoding == "utf-8"
    assert values(found) == {"单位名": ["薛" * 84, "茅麓"]}


def test_the_encoding_of_a_shapefile_can_be_asked_for(tmp_path: Path) -> None:
    places = frame()
    places["编号"] = ["編號甲", "編號乙"]
    path = write_shapefile(
        tmp_path, places.rename(columns={"编号": "a"})[["a", "geometry"]], encoding="big5"
    )
    path.with_suffix(".cpg").unlink()
    assert values(unpacked(path, encoding="big5"))["a"] == ["編號甲", "編號乙"]
    assert "不是 utf-8" in refusal(path, encoding="utf-8")


def test_a_shapefile_keeps_dates_booleans_and_what_has_no_place(tmp_path: Path) -> None:
    places = frame()
    places["d"] = [dt.date(2026, 5, 1), None]
    places["n"] = pd.array([1, None], dtype="Int64")
    places.loc[1, "geometry"] = None
    found = unpacked(write_shapefile(tmp_path, places))
    assert values(found)["d"] == ["2026-05-01", None]
    assert values(found)["n"] == [1, None]
    assert shapes(found) == [HERE, None]


def test_a_shapefile_without_prj_has_no_crs(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, frame())
    path.with_suffix(".prj").unlink()
    assert unpacked(path).crs is None


def test_measures_of_a_shapefile_are_dropped_and_that_is_said(tmp_path: Path) -> None:
    found = unpacked(write_shapefile(tmp_path, frame(), kind="POINTM"))
    assert shapes(found)[0].equals(HERE)
    assert "几何的测量值（M）没有读取" in found.notes


def test_a_shapefile_is_read_however_its_names_are_written(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, frame())
    for part in list(tmp_path.glob("图.*")):
        if part != path:
            part.rename(part.with_name(part.name.upper()))
    assert unpacked(path).count == 2


def test_a_shapefile_needs_its_neighbours(tmp_path: Path) -> None:
    path = write_shapefile(tmp_path, frame())
    stored = tmp_path / "upload"
    stored.write_bytes(path.read_bytes())
    assert "缺少 .shx、.dbf" in refusal(stored, name="图.shp")


@pytest.mark.parametrize(("folder", "gbk"), [("", True), ("数据/图层/", True), ("数据/", False)])
def test_a_zipped_shapefile_is_read_wherever_it_lies(
    tmp_path: Path, folder: str, gbk: bool
) -> None:
    path = zipped(tmp_path / "a.zip", write_shapefile(tmp_path, frame()), folder=folder, gbk=gbk)
    found = unpacked(path)
    assert values(found)["编号"] == ["H1", "H2"]
    assert f"压缩包里读取的是：{folder}图.shp" in found.notes
    assert not list(found.folder.glob("**/*.shp"))


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".geojson", ".gpkg", ".kml"])
def test_a_zip_may_hold_any_other_format_and_litter(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        text_file(tmp_path, "编号,名称\nH1,a\n")
    elif suffix == ".xlsx":
        write_xlsx(path, {"甲": [["编号", "名称"], ["H1", "a"]]})
    elif suffix == ".kml":
        text_file(tmp_path, kml(placemark("a", POINT, 编号="H1")), name="a.kml")
    else:
        frame()[:1].to_file(path)
    litter = [("__MACOSX/._a.csv", b"x"), ("说明.txt", b"x"), (".DS_Store", b"x")]
    found = unpacked(write_zip(tmp_path / "a.zip", [(path.name, path.read_bytes()), *litter]))
    assert values(found)["编号"] == ["H1"]


def test_one_of_several_data_sets_in_a_zip_has_to_be_asked_for(tmp_path: Path) -> None:
    entries = [("a/甲.csv", b"a,b\n1,2\n"), ("a/乙.csv", b"a,b\n3,4\n")]
    path = write_zip(tmp_path / "a.zip", entries)
    assert "2 个数据集（a/乙.csv、a/甲.csv）" in refusal(path)
    found = unpacked(path, layer="a/甲.csv")
    assert (values(found)["a"], found.layer) == (["1"], "a/甲.csv")
    assert "没有可以导入的数据" in refusal(write_zip(path, [("a.pdf", b"x")]))


def test_a_kmz_is_a_zip_with_a_kml(tmp_path: Path) -> None:
    body = kml(placemark("a", POINT)).encode()
    path = write_zip(tmp_path / "a.kmz", [("files/x.png", b"x"), ("doc.kml", body)])
    assert values(unpacked(path)) == {"name": ["a"]}


def test_the_name_that_people_see_decides_the_format(tmp_path: Path) -> None:
    path = text_file(tmp_path, "编号,名称\nH1,a\n", name="upload")
    assert unpacked(path, name="养老院.CSV").count == 1
    assert "可以用：.geojson" in refusal(path)
    assert "可以用：.geojson" in refusal(path, name="a.exe")


def test_the_digest_is_that_of_the_file_as_it_was_sent(tmp_path: Path) -> None:
    path = text_file(tmp_path, "a,b\n1,2\n")
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True)
    assert unpacked(path).sha256 == digest.stdout.split()[0]


def test_what_was_unpacked_can_be_opened_again(tmp_path: Path) -> None:
    found = unpacked(text_file(tmp_path, "a,b\n1,2\n"))
    assert sandbox.reopen(found.folder) == found
    words = refusal(text_file(tmp_path, "a,b\n"))
    for cleared in (False, True):
        if cleared:
            (found.folder / "unpacked.json").unlink()
        with pytest.raises(InvalidDataError, match="重新上传" if cleared else words):
            sandbox.reopen(found.folder)


def test_progress_is_told_as_a_share(tmp_path: Path) -> None:
    path = text_file(tmp_path, "a,b\n" + "1,2\n" * 50_000)
    said: list[float] = []
    unpacked(path, on_progress=said.append)
    assert len(said) == 2
    assert said == sorted(said)
    assert 0 < said[0] <= said[-1] <= 1


# Tables that are not as they should be


def test_cells_beyond_the_columns_are_refused_unless_they_are_empty(tmp_path: Path) -> None:
    assert values(unpacked(text_file(tmp_path, "a,b\n1,2,,\n"))) == {"a": ["1"], "b": ["2"]}
    assert "第 3 行有 3 格，列名只有 2 个" in refusal(text_file(tmp_path, "a,b\n1,2\n1,2,3\n"))


def test_missing_cells_are_empty_and_that_is_said(tmp_path: Path) -> None:
    found = unpacked(text_file(tmp_path, "a,b,c,d\n1,2,3,4\n1\n1,2,3,4\n"))
    assert values(found)["d"] == ["4", None, "4"]
    assert any("第 3 行的格子比列名少" in note for note in found.notes)


def test_rows_that_a_line_break_has_torn_apart_are_refused(tmp_path: Path) -> None:
    text = "编号,名称,地址,备注\n1,a,b,c\n2,a,第一行\n第二行,c\n"
    assert "第 3、4 行像是被换行断开的" in refusal(text_file(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("编号,名称\n", "只有列名"),
        ("编号,名称", "只有列名"),
        ("\n\n", "空的"),
        ('编号,名称\nH1,"a', "第 2 行的引号没有结束"),
        ("编号,名称\nH1,a\0b\n", "空字节"),
        ("编号,名称\nH1,a\nH2", "最后一行（第 3 行）不完整"),
        (f"编号,名称\nH1,{'x' * 100_001}\n", "第 2 行无法按表格读取"),
        (",".join("abcdefghij" * 51) + "\n1\n", "超过 500 列"),
        ("<html><table></table></html>", "网页"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, text: str, word: str) -> None:
    assert word in refusal(text_file(tmp_path, text))


def test_a_nul_far_down_is_found_and_its_row_named(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * 20_000 + "1,\0\n"
    assert "第 20002 行有空字节" in refusal(text_file(tmp_path, text))


@pytest.mark.parametrize("name", [f"a{suffix}" for suffix in SUFFIXES])
def test_an_empty_file_is_refused_in_every_format(tmp_path: Path, name: str) -> None:
    assert "空" in refusal(text_file(tmp_path, "", name=name))


@pytest.mark.parametrize("name", [f"a{suffix}" for suffix in [*FORMATS, ".zip"]])
def test_bytes_of_nothing_are_refused_in_every_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(0).bytes(3000))
    for part in (".shx", ".dbf"):
        path.with_suffix(part).write_bytes(path.read_bytes())
    assert refusal(path)


@pytest.mark.parametrize("write", [lambda p, r: write_xlsx(p, {"甲": r}), write_xls])
def test_a_spreadsheet_without_rows_says_so(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = tmp_path / ("a.xls" if write is write_xls else "a.xlsx")
    assert "只有列名" in refusal(write(path, [["编号", "名称"]]))
    assert "空的" in refusal(write(path, []))


def test_a_web_page_with_the_name_of_a_spreadsheet_is_told_from_one(tmp_path: Path) -> None:
    path = text_file(tmp_path, "<html><table></table></html>", name="a.xls")
    assert "网页" in refusal(path)
    table = [["编号", "名称"], ["H1", "a"]]
    write_xlsx(path, {"甲": table})
    assert "改成 .xlsx" in refusal(path)
    assert "旧格式" in refusal(write_xls(tmp_path / "a.xlsx", table))


@pytest.mark.parametrize(
    "text",
    ["{}", "[]", "3", '{"type":"Topology","objects":{}}', '{"features":[{"attributes":{}}]}'],
)
def test_json_that_is_no_geojson_is_refused(tmp_path: Path, text: str) -> None:
    assert "请另存为 GeoJSON" in refusal(text_file(tmp_path, text, name="a.json"))


@pytest.mark.parametrize("text", ["{,}", '{"a":}', '{"a" 1}', '{"type":"Feature",x}'])
def test_broken_json_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    assert "第 1 个要素附近不是正确的 JSON" in refusal(text_file(tmp_path, text, name="a.json"))


def test_collections_of_nothing_are_refused(tmp_path: Path) -> None:
    assert "没有要素" in refusal(text_file(tmp_path, geojson(), name="a.geojson"))
    assert "没有地标" in refusal(text_file(tmp_path, kml(), name="a.kml"))
    assert "没有要素" in refusal(write_gpkg(tmp_path / "a.gpkg", []))
    assert "没有要素" in refusal(write_shapefile(tmp_path, frame()[:0]))


# Files that were cut off


def whole(tmp_path: Path, suffix: str) -> Path:
    """Write a sound file of some size, in one format."""
    many = pd.concat([frame()] * 50, ignore_index=True)
    table = [["编号", "名称"], *[[f"H{i}", f"名称{i}"] for i in range(200)]]
    path = tmp_path / f"a{suffix}"
    if suffix == ".xlsx":
        return write_xlsx(path, {"甲": table})
    if suffix == ".xls":
        return write_xls(path, table)
    if suffix == ".ods":
        return write_ods(path, [[str(cell) for cell in row] for row in table])
    if suffix == ".kml":
        body = kml(*(placemark(str(i), POINT, 编号=f"H{i}") for i in range(50)))
        return text_file(tmp_path, body, name="a.kml")
    if suffix == ".csv":
        return text_file(tmp_path, "".join(f'"{a}","{b}"\n' for a, b in table))
    if suffix in (".zip", ".shp", ".dbf", ".shx"):
        shapefile = write_shapefile(tmp_path, many)
        return zipped(path, shapefile) if suffix == ".zip" else shapefile.with_suffix(suffix)
    many.to_file(path)
    return path


@pytest.mark.parametrize(
    ("suffix", "share"),
    [*((suffix, 0.6) for suffix in [*FORMATS, ".ods", ".dbf", ".shx", ".zip"]),
     *((suffix, 0.97) for suffix in (".xlsx", ".xls", ".gpkg", ".zip"))],
)  # fmt: skip
def test_a_file_that_was_cut_off_is_refused_as_incomplete(
    tmp_path: Path, suffix: str, share: float
) -> None:
    path = whole(tmp_path, suffix)
    content = path.read_bytes()
    end = int(len(content) * share)
    if suffix == ".csv":
        end = content.index(b',"', end) + 3  # within a cell
    path.write_bytes(content[:end])
    main = path.with_suffix(".shp") if suffix in (".dbf", ".shx") else path
    assert "不完整" in refusal(main)


# Files that were made to harm


@pytest.mark.parametrize("name", ["a.geojson", "a.csv", "a.kml", "a.gpkg", "a.shp"])
def test_a_file_that_names_another_does_not_show_it(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.gpkg"
    frame().assign(编号=SECRET).to_file(secret)
    path = text_file(tmp_path, vrt(secret), name=name)
    for part in (".shx", ".dbf"):
        path.with_suffix(part).write_bytes(path.read_bytes())
    assert SECRET not in refusal(path)
    assert not (tmp_path / "unpacked" / "rows.jsonl").exists()


def test_a_file_of_another_format_is_not_what_its_name_says(tmp_path: Path) -> None:
    frame().to_file(tmp_path / "a.geojson")
    for name in ("a.gpkg", "a.kml", "a.xlsx", "a.zip"):
        assert refusal(tmp_path / "a.geojson", name=name)
    frame().to_file(tmp_path / "b.gpkg")
    for name in ("b.geojson", "b.kml", "b.csv", "b.xls", "b.zip"):
        assert refusal(tmp_path / "b.gpkg", name=name)


def test_a_database_without_layers_is_no_geopackage(tmp_path: Path) -> None:
    program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('CREATE TABLE a (b)')"
    subprocess.run([sys.executable, "-c", program, tmp_path / "a.gpkg"], check=True)
    assert "不是 GeoPackage" in refusal(tmp_path / "a.gpkg")


@pytest.mark.parametrize(
    "name",
    [
        "../a.csv",
        "/a.csv",
        "a/../../a.csv",
        "..\\a.csv",
        "C:/a.csv",
        "a//b.csv",
        "con.csv",
        "a\x01.csv",
    ],
)
def test_a_zip_with_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    entries = [("good.csv", b"a,b\n1,2\n"), (name, b"a,b\n1,2\n")]
    assert "不正常的文件名" in refusal(write_zip(tmp_path / "a.zip", entries))
    assert not (tmp_path / "a.csv").exists()


def test_links_twins_and_archives_within_a_zip_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    assert "链接或设备" in refusal(write_link_zip(path, "a.csv", "/etc/passwd"))
    twins = [("a.csv", b"a,b\n1,2\n"), ("A.csv", b"a,b\n3,4\n")]
    assert "同名" in refusal(write_zip(path, twins))
    inner = write_zip(tmp_path / "b.zip", [("a.csv", b"a,b\n1,2\n")]).read_bytes()
    assert "还有压缩包" in refusal(write_zip(path, [("a.csv", b"a,b\n1,2\n"), ("b.zip", inner)]))
    assert "不是 zip" in refusal(text_file(tmp_path, "Rar!", name="a.zip"))


@pytest.mark.parametrize("name", ["a.zip", "a.xlsx"])
def test_an_archive_that_grows_too_much_is_not_opened(tmp_path: Path, name: str) -> None:
    bomb = write_zip(tmp_path / name, [("a.csv", bytes(12 << 20))])
    assert "压缩炸弹" in refusal(bomb)


def test_an_archive_that_lies_about_sizes_is_refused(tmp_path: Path) -> None:
    content = bytes(12 << 20)
    path = write_zip(tmp_path / "a.zip", [("a.csv", content)])
    size = struct.pack("<I", len(content))
    assert path.read_bytes().count(size) == 2
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 1000)))
    assert "损坏" in refusal(path)


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", [(f"{i}.csv", b"a") for i in range(1001)])
    assert "超过 1000 项" in refusal(path)


def test_a_locked_archive_asks_for_it_to_be_unlocked(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", [("a.csv", b"a,b\n1,2\n")])
    content = path.read_bytes()
    head, central = content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8
    locked = bytearray(content)
    locked[head] |= 1
    locked[central] |= 1
    path.write_bytes(locked)
    assert "有密码" in refusal(path)


def test_a_sheet_that_would_fill_the_memory_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["编号", "名称"])
        sheet.write(1_048_575, 16_383, "far")
    assert "超出限制" in refusal(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":' + "[" * 9999 + "]" * 9999 + "}", "嵌套太深"),
        ('{"a":' * 9999, "可能不完整"),
        (geojson(feature(a="x" * 100_001)), "超过 100000 个字"),
        (geojson(feature(**{str(i): 1 for i in range(501)})), "超过 500 列"),
    ],
    ids=["deep", "deep and cut off", "long text", "many fields"],
)
def test_a_geojson_beyond_all_measure_is_refused(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(text_file(tmp_path, text, name="a.geojson"))


def test_a_collection_nested_without_end_is_one_unreadable_geometry(tmp_path: Path) -> None:
    inner = '{"type":"Point","coordinates":[0,0]}'
    for _ in range(60):
        inner = f'{{"type":"GeometryCollection","geometries":[{inner}]}}'
    text = f'{{"type":"Feature","properties":{{"a":1}},"geometry":{inner}}}'
    assert shapes(unpacked(text_file(tmp_path, text, name="a.geojson"))) == [None]


def test_a_kml_that_defines_entities_is_refused(tmp_path: Path) -> None:
    secret = text_file(tmp_path, SECRET, name="secret.txt")
    head = f'<!DOCTYPE kml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    path = text_file(tmp_path, kml(placemark("&x;", POINT), head=head), name="a.kml")
    assert "DOCTYPE" in refusal(path)
    deep = "<kml>" + "<Folder>" * 200
    assert "嵌套太深" in refusal(text_file(tmp_path, deep, name="a.kml"))


def test_what_a_child_leaves_is_not_believed(tmp_path: Path) -> None:
    found = unpacked(text_file(tmp_path, "a,b\n1,2\n"))
    for line in (
        '[1,["a"],"x"]',
        '[1,["a"],null',
        '["1",[],null]',
        "[1,[[2]],null]",
        "{}",
        "[1,[],7]",
    ):
        (found.folder / "rows.jsonl").write_text(line + "\n")
        with pytest.raises(InvalidDataError):
            list(found.chunks())


# The child


def probe(folder: Path, *bodies: str) -> list[str]:
    """Return what a confined child makes of some expressions, or the names of what they raise."""
    program = (
        "import os, socket, subprocess, sys\n"
        "from pathlib import Path\n"
        "from gis.files.unpacking.confine import confine\n"
        "confine(readable=[], writable=Path.cwd(), parent=os.getppid())\n"
        "for body in sys.argv[1:]:\n"
        "    try:\n"
        "        print(eval(body))\n"
        "    except (OSError, MemoryError) as error:\n"
        "        print(type(error).__name__)\n"
    )
    lines: list[bytes] = []
    ended = run(program, *bodies, folder=folder, on_line=lines.append)
    assert (ended.code, ended.words) == (0, "")
    return [line.decode().strip() for line in lines]


FORBIDDEN = (
    "socket.socket()",
    "socket.socket(socket.AF_UNIX)",
    "socket.socketpair()",
    "socket.create_connection(('127.0.0.1', 9))",
    "subprocess.run(['true'])",
    "os.posix_spawn('/usr/bin/true', ['true'], {})",
    "os.execv('/usr/bin/true', ['true'])",
    "os.fork()",
    "os.kill(os.getppid(), 0)",
    "os.pidfd_open(os.getppid())",
)


def test_a_child_reaches_no_network_no_program_and_no_process(tmp_path: Path) -> None:
    assert probe(tmp_path, *FORBIDDEN) == ["PermissionError"] * len(FORBIDDEN)


def test_a_child_writes_in_its_folder(tmp_path: Path) -> None:
    assert probe(tmp_path, "Path('a').write_text('x')") == ["1"]


def test_a_child_sees_no_other_files_where_the_kernel_can_hide_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    hides = confine._LIBC.syscall(confine.LANDLOCK_CREATE, None, 0, 1) > 0
    others = ("open('/etc/passwd').read(1)", "os.listdir('/proc')", "Path('../b').write_text('x')",
              "os.symlink('/etc/passwd', 'c')")  # fmt: skip
    for said in probe(tmp_path / "a", *others):
        assert (said == "PermissionError") == hides


def test_a_child_has_little_memory(tmp_path: Path) -> None:
    assert probe(tmp_path, "len(bytearray(2 << 30))") == ["MemoryError"]


def test_a_child_knows_nothing_of_our_environment_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISKMAP_DATABASE_URL", SECRET)
    lines: list[bytes] = []
    with (tmp_path / "a").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        program = "import os, sys; print(sorted(os.environ), os.listdir('/proc/self/fd'), sys.argv)"
        run(program, folder=tmp_path, on_line=lines.append)
    said = b"".join(lines).decode()
    assert "OMP_NUM_THREADS" in said
    assert "RISKMAP" not in said
    assert "'0', '1', '2', '3']" in said  # the last is the folder being listed


def test_where_a_child_cannot_be_confined_the_file_stays_closed(tmp_path: Path) -> None:
    path = text_file(tmp_path, "a,b\n1,2\n")
    other = (
        "import os, types; from gis.files.unpack import main; "
        "os.uname = lambda: types.SimpleNamespace(machine='abacus'); main()"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "UNPACK", replace(sandbox.UNPACK, program=other))
        assert "请联系管理员" in refusal(path)
    assert not (tmp_path / "unpacked" / "rows.jsonl").exists()


@pytest.mark.parametrize(
    "program", ["import os; os.abort()", "raise SystemExit(3)", "raise MemoryError", "1 / 0"]
)
def test_however_a_child_ends_there_is_a_clear_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sandbox, "UNPACK", replace(sandbox.UNPACK, program=program))
    assert "结构异常" in refusal(text_file(tmp_path, "a,b\n1,2\n"))


def test_a_child_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    ended = run("import time; time.sleep(60)", folder=tmp_path, longest_s=0.2)
    assert ended.code == -9


WAITING = (
    "import os, time; from pathlib import Path; from gis.files.unpacking.confine import confine; "
    "confine(readable=[], writable=Path.cwd(), parent=os.getppid()); "
    "print(os.getpid(), flush=True); time.sleep(60)"
)


def test_a_child_ends_when_whoever_waits_gives_up(tmp_path: Path) -> None:
    pids: list[int] = []

    def give_up(line: bytes) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(WAITING, folder=tmp_path, on_line=give_up)
    assert is_gone(pids[0])


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from gis.files.sandbox import run; "
        f"run({WAITING!r}, folder=Path(sys.argv[1]), on_line=lambda l: print(int(l), flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], cwd=sandbox.ROOT, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    for _ in range(100):
        if is_gone(child):
            return
        time.sleep(0.05)
    pytest.fail("the child lives on")


def is_gone(pid: int) -> bool:
    """Say whether a process has ended, though nobody may have asked for its end yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_only_one_driver_is_left_in_gdal(tmp_path: Path) -> None:
    program = (
        "from gis.files.unpack import _load; _load('gdal').allow_only('ESRI Shapefile'); "
        "import pyogrio; print(list(pyogrio.list_drivers()))"
    )
    lines: list[bytes] = []
    run(program, folder=tmp_path, on_line=lines.append)
    assert lines == [b"['ESRI Shapefile']\n"]


@pytest.mark.parametrize(
    ("suffix", "unneeded"),
    [(".csv", "numpy"), (".xlsx", "numpy"), (".gpkg", "numpy"), (".shp", "pandas")],
)
def test_a_child_imports_only_what_its_format_needs(
    tmp_path: Path, suffix: str, unneeded: str
) -> None:
    path = whole(tmp_path, suffix)
    spy = (
        "import atexit, sys; "
        f"atexit.register(lambda: print(sys.modules.get({unneeded!r}) is not None)); "
    )
    lines: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sandbox, "UNPACK", replace(sandbox.UNPACK, program=spy + sandbox.UNPACK.program)
        )
        patch.setattr(sandbox, "_teller", lambda _: lines.append)
        unpacked(path)
    assert lines[-1] == b"False\n"


def test_a_truncated_stream_within_a_zip_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", [("a.csv", b"a,b\n" + b"1,2\n" * 999)])
    content = bytearray(path.read_bytes())
    packed = zlib.compress(b"a")[2:]
    content[60 : 60 + len(packed)] = packed
    path.write_bytes(content)
    assert "损坏" in refusal(path)
