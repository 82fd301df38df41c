"""Files that others can open: every format whole or not at all."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from gis.domain.features import feature_texts
from gis.errors import InvalidDataError
from gis.files.write import WRITERS, write

MEMBERS = {"title": "学校", "notice": "边界示意，不作划界依据", "synthetic": True, "run": None}
POINTS = [shapely.Point(119.37 + i / 1000, 31.72) for i in range(3)]
MIXED = [shapely.Point(119.37, 31.72), shapely.box(119.3, 31.7, 119.4, 31.8), None]


def places(shapes: Sequence[shapely.Geometry | None]) -> gpd.GeoDataFrame:
    """Return three rows with a column of every sort and gaps in each."""
    return gpd.GeoDataFrame(
        {
            "id": [11, 12, 13],
            "name": ["甲", 'a\nb"c",d', None],
            "n": [1.5, np.nan, -2.0],
            "residents": [3.0, np.nan, 5.0],
            "ok": np.array([True, None, False], dtype=object),
            "day": ["2026-05-01", None, "2026-05-02"],
            "unknown": np.array([None] * 3, dtype=object),
        },
        geometry=shapes,
        crs="EPSG:4490",
    )


def texts(shapes: Sequence[shapely.Geometry | None]) -> list[str]:
    table = places(shapes)
    columns = ["name", "n", "residents", "ok", "day", "unknown"]
    return feature_texts(table, table["id"], columns, integers=["residents"])


def ogrinfo(path: Path, *more: str) -> str:
    """Return what GDAL says of a file; a warning is a failure."""
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo (gdal-bin) is not here")
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("CPL_")}
    done = subprocess.run(
        ["ogrinfo", "-ro", "-al", *more, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**quiet, "CPL_DEBUG": "OFF"},
    )
    assert done.stderr == ""
    assert "warning" not in done.stdout.lower()
    return done.stdout


@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize("shapes", [POINTS, MIXED], ids=["points", "mixed"])
def test_gdal_opens_every_format_and_counts_the_same(
    format_: str, shapes: Sequence[shapely.Geometry | None], tmp_path: Path
) -> None:
    path = tmp_path / f"a.{format_}"
    count = write(format_, texts(shapes), path, name="school", members=MEMBERS)
    said = ogrinfo(path)
    assert count == 3
    assert "Feature Count: 3" in said
    assert said.count("\nOGRFeature") == 3
    assert "甲" in said


@pytest.mark.parametrize("format_", WRITERS)
def test_a_frame_gives_the_same_file_as_its_texts(format_: str, tmp_path: Path) -> None:
    one, other = tmp_path / "one" / f"a.{format_}", tmp_path / "two" / f"a.{format_}"
    for path in (one, other):
        path.parent.mkdir()
    table = places(MIXED).drop(columns="residents")
    columns = [c for c in table.columns if c not in ("id", "geometry")]
    write(format_, table, one, name="x", members={})
    write(format_, feature_texts(table, table["id"], columns), other, name="x", members={})
    said = [ogrinfo(path).replace(str(path), "") for path in (one, other)]
    assert said[0] == said[1]


def test_geojson_says_what_it_is_before_its_features(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    write("geojson", iter(texts(MIXED)), path, name="school", members=MEMBERS)
    found = json.loads(path.read_text("utf-8"))
    assert list(found) == ["type", "name", *MEMBERS, "features"]
    assert found["notice"] == MEMBERS["notice"]
    assert [feature["id"] for feature in found["features"]] == [11, 12, 13]


def test_geojsonl_has_one_feature_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.geojsonl"
    write("geojsonl", iter(texts(MIXED)), path, name="school", members=MEMBERS)
    assert path.read_text("utf-8").splitlines() == texts(MIXED)


def test_a_geopackage_keeps_types_gaps_notice_and_crs(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write("gpkg", texts(MIXED), path, name="学校", members=MEMBERS)
    found = gpd.read_file(path, layer="学校")
    assert found.crs.to_epsg() == 4490
    assert found["id"].tolist() == [11, 12, 13]
    assert found["n"].tolist()[::2] == [1.5, -2.0]
    assert math.isnan(found["n"][1])
    assert found["geometry"].isna().tolist() == [False, False, True]
    info = pyogrio.read_info(path)
    assert dict(zip(info["fields"], info["ogr_types"], strict=True)) == {
        "id": "OFTInteger64",
        "name": "OFTString",
        "n": "OFTReal",
        "residents": "OFTInteger64",
        "ok": "OFTInteger",
        "day": "OFTString",
        "unknown": "OFTString",
    }
    assert info["ogr_subtypes"][4] == "OFSTBoolean"
    assert info["layer_metadata"]["notice"] == MEMBERS["notice"]
    assert "run" not in info["layer_metadata"]


def test_a_geopackage_takes_properties_named_like_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    table = gpd.GeoDataFrame({"FID": ["a"], "geom": ["b"]}, geometry=POINTS[:1], crs=4490)
    write("gpkg", table, path, name="x", members={})
    found = gpd.read_file(path)
    assert found[["FID", "geom"]].iloc[0].tolist() == ["a", "b"]


def rows(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_of_points_has_longitude_and_latitude(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write("csv", texts([*POINTS[:2], None]), path, name="x", members=MEMBERS)
    found = rows(path)
    assert list(found[0])[-2:] == ["lon", "lat"]
    assert [(row["lon"], row["lat"]) for row in found] == [
        ("119.37", "31.72"),
        ("119.371", "31.72"),
        ("", ""),
    ]
    assert [row["residents"] for row in found] == ["3", "", "5"]
    assert [row["ok"] for row in found] == ["true", "", "false"]
    assert [row["name"] for row in found] == ["甲", 'a\nb"c",d', ""]
    assert found[2]["n"] == "-2.0"  # a negative number is no formula


def test_csv_of_anything_else_has_wkt(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write("csv", texts(MIXED), path, name="x", members={})
    found = rows(path)
    assert found[0]["WKT"] == "POINT (119.37 31.72)"
    assert shapely.equals(shapely.from_wkt(found[1]["WKT"]), MIXED[1])
    assert found[2]["WKT"] == ""


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_no_text_runs_as_a_formula(sign: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    name = f'{sign}HYPERLINK("http://x","y")'
    table = gpd.GeoDataFrame(
        {"id": [1], "name": [name], sign: ["b"]}, geometry=POINTS[:1], crs=4490
    )
    write("csv", table, path, name="x", members={})
    (row,) = rows(path)
    assert row["name"] == f"'{name}"
    assert f"'{sign}" in row


@pytest.mark.parametrize("format_", WRITERS)
def test_an_empty_layer_is_a_file_too(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{format_}"
    assert write(format_, [], path, name="x", members=MEMBERS) == 0
    assert path.exists()
    if format_ in ("geojson", "gpkg"):
        assert "Feature Count: 0" in ogrinfo(path)


def failing() -> Iterator[str]:
    yield texts(POINTS)[0]
    raise RuntimeError("the database went away")


@pytest.mark.parametrize("format_", WRITERS)
def test_a_failure_leaves_the_earlier_file_and_nothing_else(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{format_}"
    path.write_bytes(b"earlier")
    with pytest.raises(RuntimeError, match="went away"):
        write(format_, failing(), path, name="x", members={})
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format_", WRITERS)
def test_an_earlier_file_is_replaced_whole(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{format_}"
    write(format_, texts(POINTS), path, name="x", members={})
    write(format_, texts(POINTS)[:1], path, name="x", members={})
    assert "Feature Count: 1" in ogrinfo(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format_", WRITERS)
def test_the_name_of_the_file_does_not_matter(format_: str, tmp_path: Path) -> None:
    assert write(format_, texts(POINTS), tmp_path / "学校 一.bak", name="x", members={}) == 3


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match=r"dwg.*geojson, geojsonl, gpkg, csv"):
        write("dwg", [], tmp_path / "a.dwg", name="x", members={})


@pytest.mark.parametrize("format_", WRITERS)
def test_a_place_that_cannot_be_written_to_says_so(format_: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="没有文件夹"):
        write(format_, [], tmp_path / "none" / "a", name="x", members={})
    with pytest.raises(InvalidDataError, match="是文件夹"):
        write(format_, [], tmp_path, name="x", members={})
