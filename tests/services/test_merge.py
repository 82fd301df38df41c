"""Two records of one place become one, and two again, as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from gis.domain.audit import WORDS
from gis.domain.rights import NOBODY, OPERATOR, Actor
from gis.errors import (
    ForbiddenError,
    InvalidDataError,
    MergedError,
    NotFoundError,
    NotLoggedInError,
)
from gis.services.compute_risk import compute_risk
from gis.services.explain_area import explain_area
from gis.services.find_duplicates import find_duplicates, list_decided
from gis.services.keep_apart import keep_apart, undo_apart
from gis.services.load_layer import list_layers
from gis.services.merge_sites import merge_sites, undo_merge
from gis.services.place_site import list_unplaced, place_site, show_placing
from gis.services.query_near import query_near
from gis.services.restore_site import preview_restore, restore_site
from gis.services.show_history import show_history
from gis.services.show_personal import show_personal
from gis.services.show_site import show_site
from gis.storage import dialect, rights, sites
from gis.storage.tables import hazard, site
from gis.workspace import Workspace
from tests.people import DISTRICT, EAST, TOWN, VISITOR, WEST, department, village
from tests.register import (
    EAST_POINT,
    NEAR_WEST,
    OTHER_USCC,
    USCC,
    WEST_POINT,
    everything,
    ids,
    logged,
    revision,
    rows,
    take,
    take_case,
)

OLD = {"code": "A", "name": "金东水泥有限公司", "uscc": USCC, "tenants": 3, "owner": "甲",
       "verified_on": "2026-01-05"}  # fmt: skip
NEW = {"code": "B", "name": "江苏金东水泥", "shifts": 2, "tenants": 9, "phone": "13900001234",
       "source": "普查"}  # fmt: skip


def fill(ws: Workspace, folder: Path) -> None:
    """Take in two records of one plant, each with what the other lacks, and a case at each."""
    take(ws, folder, [(WEST_POINT, OLD)], name="old.geojson")
    take(ws, folder, [(NEAR_WEST, NEW)], name="new.geojson")
    take_case(ws, folder, "at A", "A")
    take_case(ws, folder, "at B", "B")


@pytest.fixture
def office(filled_office: Workspace) -> Workspace:
    """Return the office that ``fill`` filled, this test's own."""
    return filled_office


@pytest.fixture
def pair(office: Workspace) -> tuple[int, int]:
    """Return the ids of the two records."""
    found = ids(office)
    return found["A"], found["B"]


def cases(ws: Workspace) -> dict[str, int | None]:
    """Return key to place of every case."""
    with dialect.reading(ws.engine) as conn:
        return dict(conn.execute(sa.select(hazard.c.key, hazard.c.site)).all())


def seen(ws: Workspace, actor: Actor = OPERATOR) -> tuple[int, int]:
    """Return how many plants the layer and the radius query count."""
    layer = {info.slug: info.count for info in list_layers(ws, actor)}["enterprise"]
    near = query_near(ws, actor, lon=119.32, lat=31.72, radius_m=1000, kinds=["enterprise"])
    return layer, near.read().count(b'"type":"Feature"')


def test_the_kept_place_stands_for_both(office: Workspace, pair: tuple[int, int]) -> None:
    keep, drop = pair
    before, at = rows(office, site), revision(office)
    assert seen(office) == (2, 2)
    done = merge_sites(office, TOWN, keep, drop)
    assert done.fields == ("来源", "班次数", "联系电话")
    assert (done.keep, done.drop, done.cases) == ("金东水泥有限公司", "江苏金东水泥", 1)
    assert seen(office) == (1, 1)
    now = rows(office, site)
    assert now[keep]["attrs"] == {"uscc": USCC, "tenants": 3, "shifts": 2}
    assert now[keep]["personal"] == {"owner": "甲", "phone": "13900001234"}
    assert now[keep]["geom"] == before[keep]["geom"]
    assert now[drop]["merged_into"] == keep
    assert now[drop]["attrs"] == before[drop]["attrs"]
    assert cases(office) == {"at A": keep, "at B": keep}
    assert revision(office) == at + 1
    (entry,) = logged(office, "merge")
    assert (entry["site"], entry["into"], entry["cases"]) == (drop, keep, 1)
    assert "13900001234" not in repr(entry)
    assert set(entry) - {"target"} <= set(WORDS)


def test_a_merged_place_is_gone_for_everybody_and_leads_to_the_kept_one(
    office: Workspace, pair: tuple[int, int], tmp_path: Path
) -> None:
    keep, drop = pair
    compute_risk(office, OPERATOR)
    merge_sites(office, TOWN, keep, drop)
    with pytest.raises(MergedError, match="已并入") as error:
        show_site(office, TOWN, drop)
    assert error.value.site_id == keep
    for actor in (village(EAST), VISITOR):
        with pytest.raises(NotFoundError) as hidden:
            show_site(office, actor, drop)
        assert not isinstance(hidden.value, MergedError)
    with dialect.reading(office.engine) as conn:
        assert sites.by_key(conn, OPERATOR)["enterprise", "B"].id == keep
        assert sites.names(conn, [drop], OPERATOR)[drop]["name"] == "金东水泥有限公司"
    take_case(office, tmp_path, "later", "B")
    assert cases(office)["later"] == keep
    before = explain_area(office, OPERATOR, "village", WEST)["contributions"]
    named = {one["site"]["id"]: one["site"]["name"] for one in before}
    assert named == {keep: "金东水泥有限公司", drop: "金东水泥有限公司"}
    compute_risk(office, OPERATOR)
    listed = explain_area(office, OPERATOR, "village", WEST)["contributions"]
    assert drop not in {one["site"]["id"] for one in listed if one["site"]}


def test_undoing_restores_both_and_their_cases_exactly(
    office: Workspace, pair: tuple[int, int]
) -> None:
    before = everything(office)
    merge_sites(office, TOWN, *pair)
    assert everything(office) != before
    at = revision(office)
    done = undo_merge(office, TOWN, pair[1])
    assert done.exact
    assert done.cases == 1
    assert everything(office) == before
    assert revision(office) == at + 1
    (entry,) = logged(office, "unmerge")
    assert (entry["site"], entry["into"]) == pair[::-1]
    words = [one["change_title"] for one in show_history(office, TOWN, pair[0])["versions"]]
    assert words == ["撤销合并", "合并", "新增"]


def test_undoing_restores_exactly_where_the_kept_place_got_its_position(
    office: Workspace, tmp_path: Path
) -> None:
    waits = {**OLD, "code": "X", "uscc": OTHER_USCC, "village": "村2"}
    take(office, tmp_path, [(None, waits)], name="waits.geojson")
    lies = {**NEW, "code": "Y", "accuracy_m": 7}
    found = take(office, tmp_path, [(NEAR_WEST, lies)], name="lies.geojson")
    take_case(office, tmp_path, "at X", "X")
    before = everything(office)
    done = merge_sites(office, TOWN, found["X"], found["Y"])
    assert done.fields == ("位置", "来源", "班次数", "联系电话")
    now = rows(office, site)[found["X"]]
    assert (now["village"], now["accuracy_m"]) == (WEST, 7.0)
    undo_merge(office, TOWN, found["Y"])
    assert everything(office) == before


def test_undoing_later_takes_back_only_what_still_stands(
    office: Workspace, pair: tuple[int, int], tmp_path: Path
) -> None:
    keep, drop = pair
    before = rows(office, site)
    merge_sites(office, TOWN, keep, drop)
    changed = {"code": "A", "shifts": 4, "melt_charge_t": 5, "phone": "138"}
    take(office, tmp_path, [(EAST_POINT, changed)], name="later.geojson")
    take_case(office, tmp_path, "later", "A")
    take_case(office, tmp_path, "at B", "B", state="已销号")
    done = undo_merge(office, TOWN, drop)
    assert not done.exact
    assert done.fields == ("来源",)
    now = rows(office, site)
    assert now[keep]["attrs"] == {"uscc": USCC, "tenants": 3, "shifts": 4, "melt_charge_t": 5}
    assert now[keep]["personal"] == {"owner": "甲", "phone": "138"}
    assert (now[keep]["source"], now[keep]["village"]) == (None, EAST)
    assert now[drop] == before[drop]
    assert cases(office) == {"at A": keep, "later": keep, "at B": drop}


def test_two_merges_are_undone_in_any_order(
    office: Workspace, pair: tuple[int, int], tmp_path: Path
) -> None:
    keep, first = pair
    third = {"code": "C", "name": "金东水泥厂", "melt_charge_t": 8, "shifts": 3}
    second = take(office, tmp_path, [(WEST_POINT, third)], name="c.geojson")["C"]
    before = rows(office, site)
    merge_sites(office, TOWN, keep, first)
    merge_sites(office, TOWN, keep, second)
    assert rows(office, site)[keep]["attrs"]["shifts"] == 2
    undo_merge(office, TOWN, first)
    assert rows(office, site)[keep]["attrs"] == {"uscc": USCC, "tenants": 3, "melt_charge_t": 8}
    undo_merge(office, TOWN, second)
    told = ("note", "import_batch", "source_row")
    without = [{k: v for k, v in row.items() if k not in told}
               for of in (rows(office, site), before) for row in of.values()]  # fmt: skip
    assert without[:3] == without[3:]
    assert list_decided(office, TOWN).merged == []


def test_a_merge_again_after_undoing_is_undone_again(
    office: Workspace, pair: tuple[int, int]
) -> None:
    before = everything(office)
    for keep, drop in (pair, pair[::-1], pair):
        merge_sites(office, TOWN, keep, drop)
        assert undo_merge(office, TOWN, drop).exact
        assert everything(office) == before


def test_a_value_filled_in_is_from_the_row_of_the_other_place(
    office: Workspace, pair: tuple[int, int]
) -> None:
    keep, drop = pair
    merge_sites(office, TOWN, keep, drop)
    found = show_history(office, TOWN, keep)
    origins = {one["name"]: (one["file"], one["of"]) for one in found["origins"]}
    assert origins["shifts"] == origins["source"] == origins["phone"] == ("new.geojson", drop)
    assert origins["tenants"] == origins["owner"] == ("old.geojson", None)
    assert found["versions"][0]["other"] == drop
    assert found["versions"][0]["note"] == (
        f"场所 {drop} 并入，补入：来源、班次数、联系电话；转来隐患 1 件"
    )
    assert "13900001234" not in repr(found)
    gone = show_history(office, TOWN, drop)
    assert gone["merged_into"] == keep
    assert not gone["may_change"]
    assert gone["versions"][0]["differences"][0]["new"] == f"场所 {keep}"


def test_what_cannot_be_merged_is_told(office: Workspace, tmp_path: Path) -> None:
    plants = [(WEST_POINT, {"code": code}) for code in "CDE"]
    found = take(office, tmp_path, plants)
    school = take(office, tmp_path, [(WEST_POINT, {"code": "S"})], "school", "s.geojson")["S"]
    a, b, c = (found[code] for code in "CDE")

    def refused(keep: int, drop: int, said: str) -> None:
        with pytest.raises(InvalidDataError, match=said):
            merge_sites(office, TOWN, keep, drop)

    refused(a, a, "同一个场所")
    refused(a, school, "同类才能合并")
    merge_sites(office, TOWN, a, b)
    refused(a, b, "已并入场所")
    refused(b, c, "已并入场所")
    refused(c, a, "请反过来合并")
    with pytest.raises(InvalidDataError, match="没有可撤销的"):
        undo_merge(office, TOWN, c)
    with pytest.raises(InvalidDataError, match="请先撤销合并"):
        place_site(office, TOWN, b, 119.32, 31.72)
    version = show_history(office, TOWN, b)["versions"][-1]["id"]
    with pytest.raises(InvalidDataError, match="请先撤销合并"):
        restore_site(office, TOWN, b, version)


def test_a_village_merges_nothing_of_another_village(office: Workspace, tmp_path: Path) -> None:
    found = take(office, tmp_path, [(EAST_POINT, {"code": "C"})])
    a, b = found["A"], found["C"]
    for keep, drop in ((a, b), (b, a)):
        for actor, error in ((village(WEST), NotFoundError), (DISTRICT, ForbiddenError),
                             (VISITOR, NotFoundError)):  # fmt: skip
            with pytest.raises(error):
                merge_sites(office, actor, keep, drop)
            with pytest.raises(error):
                keep_apart(office, actor, keep, drop)
    merge_sites(office, village(WEST, EAST), a, b)
    for actor in (village(WEST), village(EAST)):
        with pytest.raises(NotFoundError):
            undo_merge(office, actor, b)
        assert list_decided(office, actor).merged == []
    undo_merge(office, village(WEST, EAST), b)
    assert list_decided(office, TOWN).merged == []


def test_suspects_are_those_in_ones_charge_with_why(
    office: Workspace, pair: tuple[int, int], tmp_path: Path
) -> None:
    far = {"code": "Z", "name": "金东水泥", "uscc": OTHER_USCC}
    take(office, tmp_path, [(EAST_POINT, far)], name="z.geojson")
    schools = [(WEST_POINT, {"code": code, "name": "薛埠第一小学"}) for code in ("S1", "S2")]
    take(office, tmp_path, schools, "school", "s.geojson")
    found = find_duplicates(office, TOWN)
    assert found.counts == {"enterprise": 1, "school": 1}
    assert find_duplicates(office, TOWN, "school").matched == 1
    assert find_duplicates(office, TOWN, page=2).pairs == []
    (plant,) = find_duplicates(office, TOWN, "enterprise").pairs
    assert (plant["one"]["id"], plant["other"]["id"]) == pair
    assert plant["why"] == "名称相同，相距 28 米"
    told = {one["name"]: (one["one"], one["other"], one["compared"]) for one in plant["rows"]}
    assert told["tenants"] == (3, 9, "conflict")
    assert told["shifts"] == (None, 2, "missing")
    assert told["village"] == ("村1", "村1", "same")
    assert not {"name", "owner", "phone", "melt_charge_t"} & set(told)
    assert find_duplicates(office, village(EAST)).pairs == []
    with pytest.raises(ForbiddenError):
        find_duplicates(office, DISTRICT)
    merge_sites(office, TOWN, *pair)
    assert find_duplicates(office, TOWN, "enterprise").pairs == []
    (merged,) = list_decided(office, TOWN).merged
    assert (merged["id"], merged["kept"], merged["since"]) == (pair[1], pair[0], False)


def test_the_same_credit_code_nearby_is_suspected_whatever_the_name(
    office: Workspace, tmp_path: Path
) -> None:
    both = [
        (EAST_POINT, {"code": "C", "name": "甲", "uscc": OTHER_USCC}),
        (shapely.Point(119.3803, 31.72), {"code": "D", "name": "乙", "uscc": OTHER_USCC}),
    ]
    take(office, tmp_path, both)
    found, _ = find_duplicates(office, TOWN).pairs
    assert found["why"] == "统一社会信用代码相同，名称相似 0 %，相距 28 米"


def test_a_pair_that_is_two_is_suspected_no_more_until_that_is_taken_back(
    office: Workspace, pair: tuple[int, int]
) -> None:
    at = revision(office)
    assert keep_apart(office, TOWN, pair[1], pair[0])
    assert not keep_apart(office, TOWN, *pair)
    assert find_duplicates(office, TOWN).pairs == []
    (said,) = list_decided(office, TOWN).apart
    assert (said["one_id"], said["other_id"], said["actor"]) == (*pair, "town")
    assert undo_apart(office, TOWN, *pair)
    assert not undo_apart(office, TOWN, *pair)
    assert len(find_duplicates(office, TOWN).pairs) == 1
    assert [entry.get("undone") for entry in logged(office, "apart")] == [True, None]
    assert revision(office) == at
    with pytest.raises(InvalidDataError, match="同一个"):
        keep_apart(office, TOWN, pair[0], pair[0])
    with pytest.raises(NotFoundError):
        keep_apart(office, TOWN, pair[0], 999)


def test_a_personal_value_is_filled_in_and_shown_as_any_other(
    office: Workspace, pair: tuple[int, int]
) -> None:
    merge_sites(office, TOWN, *pair)
    found = {one["name"]: one["value"] for one in show_personal(office, TOWN, pair[0])}
    assert found == {"owner": "甲", "phone": "13900001234"}


def test_whoever_is_not_logged_in_is_refused_by_every_service(
    office: Workspace, pair: tuple[int, int]
) -> None:
    asks: list[Callable[[], object]] = [
        lambda: show_history(office, NOBODY, pair[0]),
        lambda: preview_restore(office, NOBODY, pair[0], 1),
        lambda: restore_site(office, NOBODY, pair[0], 1),
        lambda: list_unplaced(office, NOBODY),
        lambda: show_placing(office, NOBODY, pair[0]),
        lambda: place_site(office, NOBODY, pair[0], 119.32, 31.72),
        lambda: place_site(office, NOBODY, pair[0], 0, 0),
        lambda: find_duplicates(office, NOBODY),
        lambda: list_decided(office, NOBODY),
        lambda: merge_sites(office, NOBODY, *pair),
        lambda: undo_merge(office, NOBODY, pair[1]),
        lambda: keep_apart(office, NOBODY, *pair),
        lambda: undo_apart(office, NOBODY, *pair),
    ]
    for ask in asks:
        with pytest.raises(NotLoggedInError):
            ask()


@pytest.mark.parametrize(
    "actor",
    [TOWN, DISTRICT, VISITOR, NOBODY, village(WEST), village(), department("工贸")],
    ids=lambda actor: actor.name,
)
def test_the_database_and_the_table_of_rights_agree_on_who_is_in_charge(
    office: Workspace, pair: tuple[int, int], tmp_path: Path, actor: Actor
) -> None:
    take(office, tmp_path, [(EAST_POINT, {"code": "S"})], "school", "s.geojson")
    take(office, tmp_path, [(None, {"code": "N"})], name="nowhere.geojson")
    merge_sites(office, OPERATOR, *pair)
    with dialect.reading(office.engine) as conn:
        found = set(conn.scalars(sa.select(site.c.id).where(rights.in_charge(actor))))
    assert found == {
        id_
        for id_, row in rows(office, site).items()
        if actor.in_charge(row["secrecy"], row["village"], row["industry"])
    }
