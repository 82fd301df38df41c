"""Real office files: every row comes in, or says why not; nothing is lost and nothing shifted."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xlsxwriter

from gis.domain import datum
from gis.domain.plans import Plan
from gis.domain.rights import OPERATOR
from gis.errors import InvalidDataError
from gis.files import sandbox
from gis.services.compute_risk import compute_risk
from gis.services.explain_area import explain_area
from gis.services.import_areas import import_areas
from gis.services.import_sites import ask, import_sites, try_out
from gis.services.load_layer import list_layers
from gis.services.merge_sites import merge_sites
from gis.services.query_near import query_near
from gis.storage import dialect, sites
from gis.storage.tables import audit, site, site_version
from gis.workspace import Workspace
from tests.people import EAST, WEST, village
from tests.samples import VILLAGES, write_geojson, write_villages
from tests.services.test_imports import a_school, rows

HEADER = ["单位名称", "统一社会信用代码", "所在村", "经度", "纬度", "负责人"]


def write_csv(
    path: Path, header: Sequence[Any], data: Sequence[Sequence[Any]], encoding: str = "utf-8"
) -> Path:
    """Write a table as office systems export it."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *data])
    return path


FIRM, OTHER = "91350100M000100Y43", "91110000600037341L"
"""The example of GB 32100-2015, and a published one: their check characters are right."""


def keys(ws: Workspace) -> dict[str, Any]:
    """Return what is stored of every place, by code."""
    return {row["key"]: row for row in rows(ws, site)}


def test_firms_without_codes_are_told_by_credit_code_and_place(
    office: Workspace, tmp_path: Path
) -> None:
    data = [
        ["甲厂", FIRM, "村1", 119.32, 31.72, "张三"],
        ["甲厂二分厂", FIRM, "村2", 119.37, 31.72, "李四"],
        ["乙厂", OTHER, "村1", 119.33, 31.72, ""],
    ]
    path = write_csv(tmp_path / "export.csv", HEADER, data, "gb18030")
    first = import_sites(office, OPERATOR, "enterprise", path)
    assert (first.new, first.second, first.refused) == (3, 0, 0)
    assert set(keys(office)) == {FIRM, f"{FIRM}#2", OTHER}
    again = import_sites(office, OPERATOR, "enterprise", path)
    assert (again.new, again.changed, again.same) == (0, 0, 3)
    data.append(["丙仓库", OTHER, "村2", 119.39, 31.73, ""])
    more = import_sites(office, OPERATOR, "enterprise", write_csv(path, HEADER, data))
    assert (more.new, more.second, more.same) == (1, 1, 3)


def test_the_same_operator_elsewhere_can_be_said_to_have_moved(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    for lon in (119.32, 119.38):
        write_csv(path, HEADER, [["甲厂", FIRM, "", lon, 31.72, ""]])
        plan = Plan(elsewhere="moved")
        import_sites(office, OPERATOR, "enterprise", path, plan=plan)
    (stored,) = keys(office).values()
    assert (stored["key"], stored["village"]) == (FIRM, EAST)


def test_a_wrong_credit_code_is_refused_with_the_reason(office: Workspace, tmp_path: Path) -> None:
    data: list[list[Any]] = [
        ["甲厂", FIRM[:-1] + "4", "", 119.32, 31.72, ""],
        ["乙", "9.11E+17", "", 119.3, 31.7, ""],
    ]
    report = import_sites(
        office, OPERATOR, "enterprise", write_csv(tmp_path / "a.csv", HEADER, data)
    )
    assert report.refused == 2
    assert all("统一社会信用代码" in r.reason for r in report.rejected)


def test_a_row_without_coordinates_waits_to_be_placed_in_its_village(
    office: Workspace, tmp_path: Path
) -> None:
    data: list[list[Any]] = [
        ["甲厂", FIRM, "村1", "", "", ""],
        ["乙厂", OTHER, "哪里", 0, 0, ""],
        ["丙厂", "91330000142927960N", "", 119.38, 31.72, ""],
    ]
    path = write_csv(tmp_path / "a.csv", HEADER, data)
    report = import_sites(office, OPERATOR, "enterprise", path)
    assert (report.new, report.unplaced, report.outside, report.refused) == (3, 2, 0, 0)
    assert {row["village"] for row in keys(office).values()} == {WEST, EAST, None}
    with dialect.reading(office.engine) as conn:
        assert sites.count_unplaced(conn) == {("enterprise", WEST): 1, ("enterprise", ""): 1}
    layer = next(i for i in list_layers(office, OPERATOR) if i.slug == "enterprise")
    assert layer.count == 1
    found = query_near(office, OPERATOR, lon=119.32, lat=31.72, radius_m=50_000)
    assert b'"number_matched":1' in found.read()
    placed = write_csv(path, HEADER, [["甲厂", FIRM, "村1", 119.32, 31.72, ""]])
    assert import_sites(office, OPERATOR, "enterprise", placed).changed == 1
    without = write_csv(path, HEADER, [["甲厂", FIRM, "村1", "", "", ""]])
    assert import_sites(office, OPERATOR, "enterprise", without).same == 1
    assert keys(office)[FIRM]["village"] == WEST


def test_a_village_where_a_place_waits_for_its_position_does_not_count_as_surveyed(
    own_office: Workspace, tmp_path: Path
) -> None:
    """A village whose plant has no position must not look like one without that plant."""
    data = [["甲厂", FIRM, "村1", "", "", ""]]
    import_sites(own_office, OPERATOR, "enterprise", write_csv(tmp_path / "a.csv", HEADER, data))
    compute_risk(own_office, OPERATOR)
    west, east = (
        str(explain_area(own_office, OPERATOR, "village", code)["data_quality"])
        for code in (WEST, EAST)
    )
    assert "企业普查不全" in west
    assert "企业普查不全" not in east


def test_coordinates_that_are_none_are_refused_and_not_taken_for_missing(
    office: Workspace, tmp_path: Path
) -> None:
    data = [["甲厂", FIRM, "村1", "不详", "31.72", ""]]
    path = write_csv(tmp_path / "a.csv", HEADER, data)
    (rejection,) = import_sites(office, OPERATOR, "enterprise", path).rejected
    assert "坐标「不详，31.72」无法识别" in rejection.reason


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (["编号", "坐标"], ["119.32, 31.72"]),
        (["编号", "坐标"], ["31.72，119.32"]),
        (["编号", "坐标"], ["东经119°19′12″ 北纬31°43′12″"]),
        (["编号", "经度", "纬度"], ["119°19'12\"", "31°43'12\""]),
        (["编号", "WKT"], ["POINT (119.32 31.72)"]),
    ],
)
def test_positions_are_read_however_they_are_written(
    office: Workspace, tmp_path: Path, header: list[str], cells: list[str]
) -> None:
    path = write_csv(tmp_path / "a.csv", header, [["1", *cells]])
    assert import_sites(office, OPERATOR, "school", path).new == 1
    with dialect.reading(office.engine) as conn:
        place = sites.load(conn, office.kind("school")).geometry.iloc[0]
    assert place.distance(shapely.Point(119.32, 31.72)) < 1e-9


def test_metres_of_the_grid_are_recognised_and_asked_about(
    office: Workspace, tmp_path: Path
) -> None:
    points = gpd.GeoSeries([shapely.Point(119.32, 31.72)], crs=4490).to_crs(4549)
    data = [["1", "村1", points.x.iloc[0], points.y.iloc[0]]]
    path = write_csv(tmp_path / "a.csv", ["编号", "所在村", "X", "Y"], data)
    with pytest.raises(InvalidDataError, match="EPSG:4549"):
        import_sites(office, OPERATOR, "school", path)
    assert import_sites(office, OPERATOR, "school", path, crs="EPSG:4549").new == 1
    assert keys(office)["1"]["village"] == WEST


def shifted_schools(path: Path, count: int = 300) -> tuple[Path, np.ndarray]:
    """Write schools with their villages in GCJ-02; return the file and where they really are."""
    dice = np.random.default_rng(1)
    true = np.column_stack([dice.uniform(119.30, 119.40, count), dice.uniform(31.70, 31.75, count)])
    lon, lat = datum.gcj02_of(*true.T)
    names = np.where(true[:, 0] < 119.35, "村1", "村2")
    data = [[f"S{i}", names[i], lon[i], lat[i]] for i in range(count)]
    return write_csv(path, ["编号", "所在村", "经度", "纬度"], data), true


def test_a_file_in_gcj02_is_not_taken_until_somebody_decides(
    office: Workspace, tmp_path: Path
) -> None:
    path, true = shifted_schools(tmp_path / "a.csv")
    with pytest.raises(InvalidDataError, match="GCJ-02") as refused:
        import_sites(office, OPERATOR, "school", path)
    assert "行落在所填的村" in str(refused.value)
    assert rows(office, site) == []
    report = import_sites(office, OPERATOR, "school", path, crs="GCJ-02")
    assert (report.new, report.astray) == (len(true), 0)
    with dialect.reading(office.engine) as conn:
        found = sites.load(conn, office.kind("school"))
        entries = conn.execute(audit.select().where(audit.c.action == "convert")).mappings().all()
    order = found["key"].str[1:].astype(int).to_numpy()
    found_at = np.column_stack([found.geometry.x, found.geometry.y])
    assert np.abs(found_at - true[order]).max() < 0.5 / 111_000
    assert "GCJ-02" in entries[0]["detail"]
    as_given = import_sites(office, OPERATOR, "school", path, crs="EPSG:4490")
    assert as_given.astray > 0


def test_a_bow_tie_is_mended_with_a_log_of_what_changed(office: Workspace, tmp_path: Path) -> None:
    tie = shapely.Polygon([(119.31, 31.71), (119.32, 31.72), (119.32, 31.71), (119.31, 31.72)])
    spike = shapely.Polygon([(119.31, 31.71), (119.32, 31.71), (119.31, 31.71)])
    path = write_geojson(tmp_path / "a.geojson", [(tie, {"code": "1"}), (spike, {"code": "2"})])
    report = import_sites(office, OPERATOR, "forest", path)
    assert (report.new, report.repaired, report.refused) == (1, 1, 1)
    (version,) = rows(office, site_version)
    assert "自相交，位于（119.315, 31.715）" in version["note"]
    assert "几何无效" in report.rejected[0].reason
    assert import_sites(office, OPERATOR, "forest", path).same == 1


def test_a_measured_line_and_a_mixed_file_keep_what_fits(office: Workspace, tmp_path: Path) -> None:
    shapes = [
        shapely.from_wkt("LINESTRING ZM (119.31 31.71 5 1, 119.32 31.72 6 2)"),
        shapely.from_wkt("LINESTRING M (119.31 31.71 1, 119.33 31.72 2)"),
        shapely.Point(119.31, 31.71),
    ]
    path = tmp_path / "a.csv"
    write_csv(path, ["编号", "WKT"], [[i, shapely.to_wkt(s)] for i, s in enumerate(shapes)])
    report = import_sites(office, OPERATOR, "gas_pipeline", path)
    assert (report.new, report.refused) == (2, 1)
    assert "应为线" in report.rejected[0].reason
    with dialect.reading(office.engine) as conn:
        assert not shapely.has_z(sites.load(conn, office.kind("gas_pipeline")).geometry).any()


def test_a_spreadsheet_with_a_title_above_its_headings_is_read(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("导出")
        sheet.write_row(0, 0, ["薛埠镇学校一览表"])
        sheet.write_row(1, 0, ["编号", "学校名称", "在校学生数", "经度", "纬度"])
        sheet.write_row(2, 0, [7, "=1+1 小学", 120, 119.32, 31.72])
    report = import_sites(office, OPERATOR, "school", path, mapping={"pupils": "在校学生数"})
    assert report.new == 1
    stored = keys(office)["7"]
    assert stored["attrs"] == {"pupils": 120}
    assert rows(office, site_version)[0]["source_row"] == 3


def test_a_dry_run_says_what_would_be_and_changes_nothing(
    office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", 119.32), a_school("1", 119.33)])
    tried = import_sites(office, OPERATOR, "school", path, dry_run=True)
    assert (tried.new, tried.refused) == (1, 1)
    assert rows(office, site) == []
    assert import_sites(office, OPERATOR, "school", path).counts == tried.counts


def test_a_village_takes_only_rows_that_lie_in_it(office: Workspace, tmp_path: Path) -> None:
    data = [["甲", FIRM, "村1", 119.32, 31.72, ""], ["乙", OTHER, "村1", 119.38, 31.72, ""]]
    path = write_csv(tmp_path / "a.csv", HEADER, data)
    report = import_sites(office, village(WEST), "enterprise", path)
    assert (report.new, report.refused, report.rejected[0].row) == (1, 1, 3)


def test_a_file_without_positions_leaves_places_and_villages_as_they_were(
    office: Workspace, tmp_path: Path
) -> None:
    data: list[list[Any]] = [
        ["甲", FIRM, "村1", "", "", ""],
        ["乙", OTHER, "村1", 119.32, 31.72, ""],
    ]
    import_sites(office, OPERATOR, "enterprise", write_csv(tmp_path / "a.csv", HEADER, data))
    bare = write_csv(tmp_path / "b.csv", HEADER[:2], [["甲甲", FIRM], ["乙乙", OTHER]])
    report = import_sites(office, village(WEST), "enterprise", bare)
    assert (report.changed, report.refused) == (2, 0)
    assert {row["village"] for row in keys(office).values()} == {WEST}
    assert {row["name"] for row in keys(office).values()} == {"甲甲", "乙乙"}


def test_a_merged_place_keeps_its_code_and_its_row_changes_nothing(
    office: Workspace, tmp_path: Path
) -> None:
    lons = (119.32, 119.37, 119.39)
    data = [[f"厂{lon}", FIRM, "", lon, 31.72, ""] for lon in lons]
    path = write_csv(tmp_path / "a.csv", HEADER, data)
    import_sites(office, OPERATOR, "enterprise", path)
    ids = {key: row["id"] for key, row in keys(office).items()}
    merge_sites(office, OPERATOR, ids[FIRM], ids[f"{FIRM}#2"])
    again = import_sites(office, OPERATOR, "enterprise", path)
    assert (again.new, again.changed, again.same, again.merged) == (0, 0, 3, 1)
    more = write_csv(path, HEADER, [["新厂", FIRM, "", 119.345, 31.74, ""]])
    assert import_sites(office, OPERATOR, "enterprise", more).new == 1
    assert keys(office)[f"{FIRM}#4"]["name"] == "新厂"


def test_a_firm_stored_by_its_credit_code_is_not_doubled_when_files_have_codes_later(
    office: Workspace, tmp_path: Path
) -> None:
    row = ["甲厂", FIRM, "", 119.32, 31.72, ""]
    import_sites(office, OPERATOR, "enterprise", write_csv(tmp_path / "a.csv", HEADER, [row]))
    coded = [["A1", "甲厂改名", *row[1:]], ["A2", "二厂", FIRM, "", 119.38, 31.72, ""]]
    path = write_csv(tmp_path / "b.csv", ["编号", *HEADER], coded)
    report = import_sites(office, OPERATOR, "enterprise", path)
    assert (report.new, report.changed) == (1, 1)
    assert {key: r["name"] for key, r in keys(office).items()} == {FIRM: "甲厂改名", "A2": "二厂"}
    assert import_sites(office, OPERATOR, "enterprise", path).same == 2


def test_a_village_learns_nothing_of_the_places_of_a_firm_elsewhere(
    office: Workspace, tmp_path: Path
) -> None:
    secret = write_csv(
        tmp_path / "a.csv", ["编号", *HEADER], [["SECRET-7", "甲", FIRM, "", 119.38, 31.72, ""]]
    )
    import_sites(office, OPERATOR, "enterprise", secret)
    own = write_csv(tmp_path / "b.csv", HEADER, [["甲", FIRM, "", 119.32, 31.72, ""]])
    said: list[str] = []
    for actor in (OPERATOR, village(WEST)):
        source = sandbox.unpack_file(own, tmp_path / actor.name)
        asked = ask(office, actor, "enterprise", source, Plan())
        try_out(office, actor, asked, journal=lambda found: said.extend(t for *_, t in found.said))
    assert ["SECRET-7" in text for text in said] == [True, False]


def test_the_titles_of_codes_are_as_good_as_the_codes(office: Workspace, tmp_path: Path) -> None:
    header = ["编号", "场所类型", "经度", "纬度"]
    data = [
        ["1", "餐饮", 119.32, 31.72],
        ["2", "catering", 119.33, 31.72],
        ["3", "?", 119.3, 31.72],
    ]
    path = write_csv(tmp_path / "a.csv", header, data)
    report = import_sites(office, OPERATOR, "small_place", path)
    assert (report.new, report.refused) == (2, 1)
    assert {row["attrs"]["place_type"] for row in keys(office).values()} == {"catering"}
    assert "餐饮" in report.rejected[0].reason


def test_every_personal_field_knows_the_change_that_it_is_from(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    for owner, risk in (("张三", "红"), ("张三", "橙"), ("李四", "橙")):
        header = [*HEADER, "风险等级颜色"]
        write_csv(path, header, [["甲", FIRM, "", 119.32, 31.72, owner, risk]])
        import_sites(office, OPERATOR, "enterprise", path)
    (stored,) = rows(office, site)
    revisions = [version["revision"] for version in rows(office, site_version)]
    assert stored["personal_since"] == {"owner": revisions[-1]}
    assert len(revisions) == 3


def test_points_on_every_border_are_in_one_village_and_counts_add_up(
    office: Workspace, tmp_path: Path
) -> None:
    edges = shapely.get_coordinates(
        shapely.segmentize([shape.exterior for shape in VILLAGES.values()], 0.005)
    )
    data = [a_school(f"B{i}", *at) for i, at in enumerate(edges)]
    report = import_sites(office, OPERATOR, "school", write_geojson(tmp_path / "a.geojson", data))
    stored = [row["village"] for row in keys(office).values()]
    assert report.outside == 0
    assert stored.count(WEST) + stored.count(EAST) == len(data)
    shared = [
        row["village"] for row, at in zip(rows(office, site), edges, strict=True) if at[0] == 119.35
    ]
    assert set(shared) == {WEST}


def test_new_boundaries_recompute_and_old_results_keep_theirs(
    office: Workspace, tmp_path: Path
) -> None:
    first = compute_risk(office, OPERATOR)
    path = write_villages(tmp_path / "villages.geojson", residents=2000)
    report = import_areas(office, OPERATOR, "village", path)
    assert "已按新边界重新计算" in " ".join(report.notes)
    with dialect.reading(office.engine) as conn:
        runs = conn.exec_driver_sql(
            "SELECT s.run, count(DISTINCT a.valid_to) FROM score s JOIN area a ON a.id = s.area"
            " GROUP BY s.run ORDER BY s.run"
        ).all()
    assert [run for run, _ in runs] == [first["run"], first["run"] + 1]
    assert [closed for _, closed in runs] == [1, 0]
