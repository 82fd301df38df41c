"""Files as offices send them: what is taken, what is refused, and why."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.domain.kinds import Field, GeometryFamily, Title
from gis.errors import InvalidDataError
from gis.files.read import read_places
from tests.samples import write_geojson

Families = frozenset[GeometryFamily]
POINT: Families = frozenset({"point"})
POLYGON: Families = frozenset({"polygon"})
ANY: Families = frozenset({"point", "line", "polygon"})
FIELDS = (
    Field("beds", "integer", Title("床位数", "Beds"), minimum=0, maximum=500),
    Field("grade", "text", Title("等级", "Grade"), values=("甲", "乙")),
    Field("opened_on", "date", Title("开业日期", "Opened on")),
    Field("open", "boolean", Title("营业", "Open")),
)
HERE = shapely.Point(119.37, 31.72)


def test_a_csv_with_chinese_headers_is_read_by_its_titles(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "编号,名称,经度,纬度,床位数,等级,开业日期,营业\nH1,卫生院,119.37,31.72,20,甲,2020/3/1,是\n",
        encoding="utf-8",
    )
    read = read_places(path, FIELDS, POINT)
    row = read.rows.iloc[0]
    assert (row["code"], row["name"], row["beds"], row["grade"]) == ("H1", "卫生院", 20, "甲")
    assert (row["opened_on"], row["open"], row["row"]) == ("2020-03-01", True, 2)
    assert row.geometry.equals(HERE)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_the_encodings_that_offices_use(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号,名称,经度,纬度\nH1,薛埠卫生院,119.37,31.72\n", encoding=encoding)
    assert read_places(path, FIELDS, POINT).rows["name"].tolist() == ["薛埠卫生院"]


def test_every_row_that_cannot_be_taken_is_named_with_its_reasons(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "code,lon,lat,beds,grade,opened_on,open\n"
        "ok,119.37,31.72,1,,,\n"
        ",119.37,31.72,1,,,\n"
        "c,119.37,31.72,many,,,\n"
        "d,119.37,31.72,501,丙,2020-13-01,maybe\n"
        "e,,,1,,,\n"
        "ok,119.37,31.72,1,,,\n"
        "g,31.72,119.37,1,,,\n",
        encoding="utf-8",
    )
    read = read_places(path, FIELDS, POINT)
    assert read.rows["code"].tolist() == ["ok"]
    reasons = {rejection.row: rejection.reason for rejection in read.rejected}
    assert sorted(reasons) == [3, 4, 5, 6, 7, 8]
    assert "编号必须填写" in reasons[3]
    assert "床位数「many」不是整数" in reasons[4]
    assert all(word in reasons[5] for word in ("超出范围", "不在允许值", "不是日期", "不是是或否"))
    assert "没有坐标" in reasons[6]
    assert "重复" in reasons[7]
    assert "反" in reasons[8]


def test_columns_that_no_field_takes_are_kept_beside_the_row(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "a.geojson", [(HERE, {"code": "1", "备注": "老旧", "空": None})]
    )
    read = read_places(path, FIELDS, POINT)
    assert read.unmapped == ("备注", "空")
    assert read.rows["unmapped"].iat[0] == {"备注": "老旧"}


def test_a_mapping_names_the_columns_of_the_file(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", [(HERE, {"id": 7, "title": "甲"})])
    read = read_places(path, FIELDS, POINT, mapping={"code": "id", "name": "title"})
    assert read.rows[["code", "name"]].to_numpy().tolist() == [["7", "甲"]]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [({"code": "nothing"}, "文件里没有列 nothing"), ({"bed": "id"}, "没有字段 bed"), ({}, "编号")],
)
def test_a_mapping_that_cannot_work_says_what_there_is(
    tmp_path: Path, mapping: dict[str, str], message: str
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [(HERE, {"id": 7})])
    with pytest.raises(InvalidDataError, match=message):
        read_places(path, FIELDS, POINT, mapping=mapping)


def test_metres_of_the_towns_grid_become_degrees(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"code": ["1"]}, geometry=[HERE], crs=4490).to_crs(4549)
    frame.to_file(tmp_path / "a.gpkg")
    found = read_places(tmp_path / "a.gpkg", FIELDS, POINT).rows.geometry.iat[0]
    assert shapely.distance(found, HERE) < 1e-9


def test_a_shapefile_in_gbk_without_its_cpg_keeps_its_chinese(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"code": ["1"], "name": ["薛埠镇中心小学"]}, geometry=[HERE], crs=4490)
    frame.to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "a.cpg").unlink()
    read = read_places(tmp_path / "a.shp", FIELDS, POINT)
    assert read.rows["name"].tolist() == ["薛埠镇中心小学"]
    assert "gb18030" in read.notes[0]


def test_a_shapefile_without_prj_asks_for_its_coordinate_system(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"code": ["1"]}, geometry=[HERE], crs=4490).to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(InvalidDataError, match="--crs"):
        read_places(tmp_path / "a.shp", FIELDS, POINT)
    assert len(read_places(tmp_path / "a.shp", FIELDS, POINT, crs="EPSG:4490").rows) == 1


def test_the_height_of_points_is_kept_and_lost_heights_are_said(tmp_path: Path) -> None:
    line = shapely.LineString([(119.3, 31.7, 5), (119.4, 31.7, 6)])
    path = write_geojson(
        tmp_path / "a.geojson",
        [(shapely.Point(119.37, 31.72, 41.5), {"code": "1"}), (line, {"code": "2"})],
    )
    read = read_places(path, FIELDS, ANY)
    assert read.rows["elevation_m"].tolist() == [41.5, None]
    assert not shapely.has_z(read.rows.geometry.array).any()
    assert "1 行" in read.notes[0]


def test_what_cannot_be_mended_and_wrong_geometries_are_refused(tmp_path: Path) -> None:
    spike = shapely.Polygon([(119.3, 31.7), (119.4, 31.7), (119.3, 31.7)])
    path = write_geojson(tmp_path / "a.geojson", [(spike, {"code": "1"}), (HERE, {"code": "2"})])
    read = read_places(path, FIELDS, POLYGON)
    assert len(read.rows) == 0
    assert "几何无效：点数不足，位于（119.3, 31.7）" in read.rejected[0].reason
    assert "应为面" in read.rejected[1].reason


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.geojson", b"", "文件是空的"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea', "可能不完整"),
        ("a.gpkg", b"SQLite format 3\x00cut off", "不完整"),
        ("a.csv", b"name,lon,lat\n1,2,3\n", "没有必须的列：编号"),
        ("a.doc", b"x", "不认识的文件格式"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidDataError, match=message):
        read_places(tmp_path / name, FIELDS, POINT)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match=r"找不到文件 gone\.csv"):
        read_places(tmp_path / "gone.csv", FIELDS, POINT)


def test_coordinates_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("code,lon,lat\n1,nan,31.7\n2,inf,31.7\n", encoding="utf-8")
    read = read_places(path, FIELDS, POINT)
    said = [f"坐标「{x}，31.7」无法识别" for x in ("nan", "inf")]
    assert [r.reason for r in read.rejected] == said
    assert np.isfinite(read.rows.geometry.x).all()
