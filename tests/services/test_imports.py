"""Imports: by key, in one transaction, with history, and nothing lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa

from gis.domain.rights import OPERATOR
from gis.errors import ConfigError, InvalidDataError, NotFoundError
from gis.services.compute_risk import compute_risk
from gis.services.import_areas import import_areas
from gis.services.import_hazards import import_hazards
from gis.services.import_sites import import_sites
from gis.services.import_tables import import_codes, import_coverage
from gis.services.load_layer import load_layer
from gis.services.make_database import load_demo, make_office
from gis.storage import codes, dialect, sites
from gis.storage.tables import (
    area,
    hazard,
    hazard_event,
    import_batch,
    register,
    site,
    site_shown,
    site_version,
)
from gis.workspace import Workspace
from tests.samples import VILLAGES, write_geojson, write_villages

WEST, EAST = sorted(VILLAGES)
BORDER = 119.35


def rows(ws: Workspace, table: sa.Table, *order: str) -> list[Any]:
    """Return all rows of a table, without geometry."""
    columns = [c for c in table.c if c.name != "geom"]
    with dialect.reading(ws.engine) as conn:
        query = sa.select(*columns).order_by(*(order or ("id",)))
        return list(conn.execute(query).mappings())


def a_school(code: str, lon: float, lat: float = 31.72, **more: Any) -> tuple[Any, dict[str, Any]]:
    """Return a row for ``write_geojson``."""
    return shapely.Point(lon, lat), {"code": code, "name": f"学校{code}", "pupils": 100, **more}


def test_the_second_import_of_a_file_changes_nothing(office: Workspace, tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", 119.32), a_school("2", 119.37)])
    first = import_sites(office, OPERATOR, "school", path)
    second = import_sites(office, OPERATOR, "school", path)
    assert (first.new, first.changed, first.same) == (2, 0, 0)
    assert (second.new, second.changed, second.same) == (0, 0, 2)
    assert len(rows(office, site_version)) == 2


def test_a_changed_row_keeps_its_id_and_its_earlier_version(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "a.geojson"
    import_sites(office, OPERATOR, "school", write_geojson(path, [a_school("1", 119.32)]))
    before = rows(office, site)[0]
    moved = a_school("1", 119.37, pupils=120)
    report = import_sites(office, OPERATOR, "school", write_geojson(path, [moved]))
    assert (report.new, report.changed) == (0, 1)
    after = rows(office, site)[0]
    assert after["id"] == before["id"]
    assert (after["village"], after["attrs"]) == (EAST, {"pupils": 120})
    old, new = rows(office, site_version)
    assert (old["change"], old["village"], old["attrs"]) == ("insert", WEST, {"pupils": 100})
    assert (new["change"], new["known_to"]) == ("update", None)
    assert old["known_to"] == new["known_from"]
    assert new["revision"] > old["revision"]


def test_what_is_shown_follows_every_change(office: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    for pupils in (100, 200):
        row = a_school("1", 119.32, pupils=pupils, phone="000-1")
        import_sites(office, OPERATOR, "school", write_geojson(path, [row]))
    (shown,) = rows(office, site_shown)
    feature = json.loads(shown["feature"])
    assert feature["properties"]["pupils"] == 200
    assert feature["id"] == shown["site"]
    assert "phone" not in shown["feature"]
    assert "000-1" not in json.dumps([dict(v)["attrs"] for v in rows(office, site_version)])


def test_personal_and_unmapped_columns_are_kept_apart(office: Workspace, tmp_path: Path) -> None:
    row = a_school("1", 119.32, phone="000-1", 校长="模拟甲")
    report = import_sites(office, OPERATOR, "school", write_geojson(tmp_path / "a.geojson", [row]))
    assert report.unmapped == ("校长",)
    stored = rows(office, site)[0]
    assert stored["personal"] == {"phone": "000-1"}
    assert stored["unmapped"] == {"校长": "模拟甲"}
    assert stored["attrs"] == {"pupils": 100}


def test_a_rejected_row_does_not_keep_the_others_out(office: Workspace, tmp_path: Path) -> None:
    data = [a_school("1", 119.32), a_school("2", 119.33, pupils=-1), a_school("3", 119.34)]
    report = import_sites(office, OPERATOR, "school", write_geojson(tmp_path / "a.geojson", data))
    assert report.new == 2
    assert [(r.row, "最小 0" in r.reason) for r in report.rejected] == [(2, True)]
    (batch,) = [b for b in rows(office, import_batch) if b["target"] == "school"]
    assert batch["counts"]["rejected"] == 1
    assert len(batch["sha256"]) == 64


def test_a_failure_half_way_leaves_the_register_as_it_was(
    office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", 119.32)])
    before = len(rows(office, import_batch))
    with dialect.writing(office.engine) as conn:
        conn.execute(sa.text("ALTER TABLE site_version RENAME TO gone"))
    with pytest.raises(sa.exc.DBAPIError, match="site_version"):
        import_sites(office, OPERATOR, "school", path)
    assert rows(office, site) == []
    assert len(rows(office, import_batch)) == before


def test_a_place_outside_every_village_is_kept_and_counted(
    office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", 118.0)])
    report = import_sites(office, OPERATOR, "school", path)
    assert (report.new, report.outside) == (1, 1)
    assert rows(office, site)[0]["village"] is None


def test_a_place_on_a_shared_border_belongs_to_the_smaller_code(
    office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", BORDER)])
    import_sites(office, OPERATOR, "school", path)
    assert rows(office, site)[0]["village"] == WEST


def test_new_boundaries_close_the_old_ones_and_move_the_places(
    office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", 119.34), a_school("2", 119.31)])
    import_sites(office, OPERATOR, "school", path)
    moved = [
        (shapely.box(119.30, 31.70, 119.33, 31.75), {"code": WEST, "name": "西"}),
        (shapely.box(119.33, 31.70, 119.40, 31.75), {"code": EAST, "name": "东"}),
    ]
    report = import_areas(office, OPERATOR, "village", write_geojson(tmp_path / "v.geojson", moved))
    assert (report.new, report.changed) == (0, 2)
    villages = {row["key"]: row["village"] for row in rows(office, site)}
    assert villages == {"1": EAST, "2": WEST}
    every = rows(office, area)
    assert [row["valid_to"] is None for row in every] == [False, False, True, True]
    assert (
        json.loads(rows(office, site_shown, "site")[0]["feature"])["properties"]["village"] == EAST
    )
    assert len(rows(office, site_version)) == 3


def test_the_same_boundaries_again_change_nothing(office: Workspace, tmp_path: Path) -> None:
    again = write_villages(tmp_path / "again.geojson")
    assert import_areas(office, OPERATOR, "village", again).same == 2


def test_real_data_is_kept_out_of_a_demonstration_and_the_reverse(
    office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", 119.32, synthetic=True)])
    with pytest.raises(InvalidDataError, match="bash scripts/start"):
        import_sites(office, OPERATOR, "school", path)
    with pytest.raises(ConfigError, match="正式库"):
        load_demo(office, OPERATOR)
    assert not make_office(office, OPERATOR).made


def test_an_unknown_kind_lists_the_known_ones(office: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="school"):
        import_sites(office, OPERATOR, "schol", tmp_path / "a.geojson")


def test_codes_that_are_gone_are_retired_and_not_deleted(office: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code,title_zh,title_en,base_points\nA,甲,A,50\nB,乙,B,20\n", encoding="utf-8")
    import_codes(office, OPERATOR, "small_place_type", path)
    path.write_text("code,title_zh,title_en,base_points\nA,甲,A,55\n", encoding="utf-8")
    counts = import_codes(office, OPERATOR, "small_place_type", path)
    assert (counts["changed"], counts["retired"]) == (1, 1)
    with dialect.reading(office.engine) as conn:
        assert set(codes.allowed(conn)["small_place_type"].values()) == {"A"}
        assert codes.titles(conn, "small_place_type")["B"] == "乙"
        assert codes.numbers(conn)["small_place_type"]["A"] == {"base_points": 55.0}
        frame = sites.load(conn, office.kind("small_place"), codes=codes.numbers(conn))
    assert "place_type_base_points" in frame.columns


def test_a_code_table_that_no_kind_uses_is_refused(office: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="small_place_type"):
        import_codes(office, OPERATOR, "colours", tmp_path / "a.csv")


def test_coverage_is_replaced_row_by_row(office: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "coverage.csv"
    head = "kind,village,status,as_of,source\n"
    path.write_text(head + f"mine,{WEST},none,2026-01-01,镇\n", encoding="utf-8")
    import_coverage(office, OPERATOR, path)
    path.write_text(head + f"mine,{WEST},complete,2026-02-01,镇\n", encoding="utf-8")
    assert import_coverage(office, OPERATOR, path)["complete"] == 1
    with dialect.reading(office.engine) as conn:
        assert codes.load_coverage(conn)["status"].tolist() == ["complete"]


def test_coverage_is_taken_in_chinese_and_in_gbk(office: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "普查.csv"
    head = "类别,村代码,普查情况,截至日期,来源"
    path.write_text(f"{head}\n非煤露天矿山,{WEST},不全,2026-02-01,镇\n", encoding="gb18030")
    assert import_coverage(office, OPERATOR, path) == {"complete": 0, "partial": 1, "none": 0}
    with dialect.reading(office.engine) as conn:
        assert codes.load_coverage(conn)["kind"].tolist() == ["mine"]


def test_a_ring_around_the_town_that_was_surveyed_takes_the_mark_from_its_edge(
    office: Workspace, tmp_path: Path
) -> None:
    import_sites(office, OPERATOR, "mine", write_geojson(tmp_path / "m.geojson", [a_mine()]))

    def marked() -> list[bool]:
        compute_risk(office, OPERATOR)
        document = load_layer(office, OPERATOR, "risk_composite")
        features = json.loads(document.read())["features"]
        return [feature["properties"]["edge_incomplete"] for feature in features]

    assert any(marked())
    path = tmp_path / "普查.csv"
    path.write_text(
        "类别,村代码,普查情况,截至日期,来源\n非煤露天矿山,界外,完整,2026-02-01,邻镇\n", "utf-8"
    )
    import_coverage(office, OPERATOR, path)
    assert not any(marked())


def a_mine() -> tuple[Any, dict[str, Any]]:
    """Return a quarry near the west's outer edge."""
    return shapely.box(119.301, 31.72, 119.302, 31.721), {"code": "K1", "name": "采石场"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"mine,{WEST},maybe,2026-02-01,镇", "status"),
        (f"mime,{WEST},none,2026-02-01,镇", "kind"),
        ("mine,3.20413E+11,none,2026-02-01,镇", "village"),
        (f"mine,{WEST},none,2026-2-1,镇", "不是日期"),
        (f"mine,{WEST},none,2026-02-01,镇\nmine,{WEST},none,2026-02-01,镇", "重复"),
        (f"mine,{WEST},none,2026-02-01,模拟数据", "正式库"),
    ],
)
def test_coverage_that_cannot_be_taken_names_the_row(
    office: Workspace, tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "coverage.csv"
    path.write_text(f"kind,village,status,as_of,source\n{line}\n", encoding="utf-8")
    with pytest.raises(InvalidDataError, match=message):
        import_coverage(office, OPERATOR, path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "一行也没有"),
        ("A,甲,A,nan", "第 2 行"),
        ("A,甲,A,1\nA,乙,B,2", "重复"),
        (",甲,A,1", "空"),
    ],
)
def test_a_code_table_that_cannot_be_taken_leaves_the_old_one(
    office: Workspace, tmp_path: Path, rows: str, message: str
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(f"code,title_zh,title_en,base_points\n{rows}\n", encoding="utf-8")
    with pytest.raises(InvalidDataError, match=message):
        import_codes(office, OPERATOR, "small_place_type", path)
    with dialect.reading(office.engine) as conn:
        assert len(set(codes.allowed(conn)["small_place_type"].values())) == 13


def test_a_file_without_a_column_leaves_the_field_as_it_was(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "a.geojson"
    full = a_school("1", 119.32, phone="000-1", 备注="旧")
    import_sites(office, OPERATOR, "school", write_geojson(path, [full]))
    bare = (full[0], {"code": "1", "staff": 9, "备注二": "新"})
    assert import_sites(office, OPERATOR, "school", write_geojson(path, [bare])).changed == 1
    stored = rows(office, site)[0]
    assert stored["name"] == "学校1"
    assert stored["attrs"] == {"pupils": 100, "staff": 9}
    assert stored["personal"] == {"phone": "000-1"}
    assert stored["unmapped"] == {"备注": "旧", "备注二": "新"}


def test_an_empty_cell_of_a_column_that_is_there_empties_the_field(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "a.geojson"
    import_sites(office, OPERATOR, "school", write_geojson(path, [a_school("1", 119.32)]))
    emptied = a_school("1", 119.32, pupils=None)
    import_sites(office, OPERATOR, "school", write_geojson(path, [emptied]))
    assert rows(office, site)[0]["attrs"] == {}


def test_an_import_that_changes_nothing_leaves_the_revision(
    office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "a.geojson", [a_school("1", 119.32)])
    import_sites(office, OPERATOR, "school", path)
    before = rows(office, register)[0]["revision"]
    import_sites(office, OPERATOR, "school", path)
    assert rows(office, register)[0]["revision"] == before


def test_cases_move_with_their_places_and_with_the_boundaries(
    office: Workspace, tmp_path: Path
) -> None:
    path, cases = tmp_path / "a.geojson", tmp_path / "h.geojson"
    import_sites(office, OPERATOR, "school", write_geojson(path, [a_school("1", 119.32)]))
    tied = a_case("h1", site_kind="school", site_code="1")
    free = a_case("h2", shapely.Point(119.34, 31.72))
    import_hazards(office, OPERATOR, write_geojson(cases, [tied, free]))
    import_sites(office, OPERATOR, "school", write_geojson(path, [a_school("1", 119.37)]))
    assert {h["key"]: h["village"] for h in rows(office, hazard)} == {"h1": EAST, "h2": WEST}
    moved = [
        (shapely.box(119.30, 31.70, 119.33, 31.75), {"code": WEST}),
        (shapely.box(119.33, 31.70, 119.40, 31.75), {"code": EAST}),
    ]
    import_areas(office, OPERATOR, "village", write_geojson(tmp_path / "v.geojson", moved))
    assert {h["key"]: h["village"] for h in rows(office, hazard)} == {"h1": EAST, "h2": EAST}


def test_areas_that_a_whole_file_lacks_are_closed_and_overlaps_are_told(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "v.geojson"
    renumbered = [(VILLAGES[WEST], {"code": "320413109299", "name": "新"})]
    told = import_areas(office, OPERATOR, "village", write_geojson(path, renumbered))
    assert any("互相重叠" in note for note in told.notes)
    again = import_areas(office, OPERATOR, "village", path, whole=True)
    assert again.changed == 2
    current = [row["code"] for row in rows(office, area) if row["valid_to"] is None]
    assert current == ["320413109299"]
    assert not any("互相重叠" in note for note in again.notes)


def a_case(code: str, shape: Any = None, **more: Any) -> tuple[Any, dict[str, Any]]:
    """Return a hazard row for ``write_geojson``."""
    facts = {"title": "消防通道堵塞", "channel": "督导检查", "level": "一般", "state": "整改中"}
    return shape, {"code": code, **facts, "found_on": "2026-01-05", **more}


def test_a_case_takes_the_village_of_its_place_or_of_its_own_position(
    office: Workspace, tmp_path: Path
) -> None:
    import_sites(
        office,
        OPERATOR,
        "school",
        write_geojson(tmp_path / "s.geojson", [a_school("1", 119.32)]),
    )
    data = [
        a_case("h1", site_kind="school", site_code="1"),
        a_case("h2", shapely.Point(119.37, 31.72)),
        a_case("h3"),
        a_case("h4", site_kind="school", site_code="nowhere"),
    ]
    report = import_hazards(office, OPERATOR, write_geojson(tmp_path / "h.geojson", data))
    assert report.new == 2
    assert {r.row: r.reason for r in report.rejected} == {
        3: "既没有场所编号也没有坐标",
        4: "找不到场所 school nowhere",
    }
    with dialect.reading(office.engine) as conn:
        found = sites.by_key(conn, OPERATOR)
    listed = [(h["key"], h["site"], h["village"]) for h in rows(office, hazard)]
    assert listed == [("h1", found["school", "1"].id, WEST), ("h2", None, EAST)]


def test_every_change_of_a_case_is_an_event_of_its_life(office: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "h.geojson"
    here = shapely.Point(119.37, 31.72)
    import_hazards(office, OPERATOR, write_geojson(path, [a_case("h1", here)]))
    closed = a_case("h1", here, state="已销号", closed_on="2026-02-01")
    assert import_hazards(office, OPERATOR, write_geojson(path, [closed])).changed == 1
    first, second = rows(office, hazard_event)
    assert (first["change"], first["facts"]["state"]) == ("insert", "整改中")
    assert (second["change"], second["facts"]["closed_on"]) == ("update", "2026-02-01")
