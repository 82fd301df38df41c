"""Every value knows its file, row, person and time; every state can be brought back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gis.domain.audit import WORDS
from gis.domain.rights import NOBODY, OPERATOR
from gis.errors import ForbiddenError, NotFoundError, NotLoggedInError
from gis.services.import_areas import import_areas
from gis.services.place_site import place_site
from gis.services.restore_site import preview_restore, restore_site
from gis.services.show_history import show_history
from gis.services.show_site import show_site
from gis.storage import dialect
from gis.storage.tables import hazard, site
from gis.workspace import Workspace
from tests.people import DISTRICT, EAST, TOWN, VISITOR, WEST, village
from tests.register import (
    EAST_POINT,
    WEST_POINT,
    ids,
    logged,
    revision,
    rows,
    take,
    take_case,
)
from tests.samples import VILLAGES, write_geojson

PLANT: dict[str, Any] = {"code": "P", "name": "厂", "tenants": 3, "owner": "秘密负责人"}


def fill(ws: Workspace, folder: Path) -> None:
    """Take in a plant with three versions: taken in, changed, moved to the east with its case."""
    take(ws, folder, [(WEST_POINT, PLANT)], name="first.geojson")
    changed = [(WEST_POINT, {"code": "Q"}), (WEST_POINT, {**PLANT, "tenants": 4})]
    take(ws, folder, changed, name="second.geojson", actor=TOWN)
    take_case(ws, folder, "C", "P")
    moved = {"code": "P", "shifts": 2, "phone": "13900000000"}
    take(ws, folder, [(EAST_POINT, moved)], name="third.geojson")


@pytest.fixture
def office(filled_office: Workspace) -> Workspace:
    """Return the office that ``fill`` filled, this test's own."""
    return filled_office


@pytest.fixture
def plant(office: Workspace) -> int:
    """Return the id of that plant."""
    return ids(office)["P"]


def versions(ws: Workspace, site_id: int) -> list[dict[str, Any]]:
    """Return the versions of a place, newest first."""
    found: list[dict[str, Any]] = show_history(ws, OPERATOR, site_id)["versions"]
    return found


def origins(ws: Workspace, site_id: int) -> dict[str, dict[str, Any]]:
    """Return where each value of a place is from, by field."""
    return {one["name"]: one for one in show_history(ws, OPERATOR, site_id)["origins"]}


def test_a_version_tells_who_when_from_which_row_and_what_changed(
    office: Workspace, plant: int
) -> None:
    third, second, first = versions(office, plant)
    assert [one["number"] for one in (first, second, third)] == [1, 2, 3]
    assert [one["change_title"] for one in (first, second, third)] == ["新增", "更新", "更新"]
    assert (second["actor"], second["file"], second["row"]) == ("town", "second.geojson", 2)
    assert second["at"] < third["at"]
    (change,) = second["differences"]
    assert (change["title"], change["old"], change["new"], change["unit"]) == (
        "承租单位数", 3, 4, "家",
    )  # fmt: skip
    told = {one["name"]: one for one in third["differences"]}
    assert set(told) == {"village", "geom", "shifts"}
    assert told["geom"]["said"] == "移动 5,687 米"
    assert (told["village"]["old"], told["village"]["new"]) == ("村1", "村2")
    assert third["same"]
    assert not first["same"]


def test_every_value_knows_its_row_and_a_personal_one_is_not_told(
    office: Workspace, plant: int
) -> None:
    found = origins(office, plant)
    files = {name: (one["file"], one["row"], one["number"]) for name, one in found.items()}
    assert files == {
        "name": ("first.geojson", 1, 1),
        "tenants": ("second.geojson", 2, 2),
        "village": ("third.geojson", 1, 3),
        "geom": ("third.geojson", 1, 3),
        "shifts": ("third.geojson", 1, 3),
        "owner": ("first.geojson", 1, 1),
        "phone": ("third.geojson", 1, 3),
    }
    assert found["tenants"]["actor"] == "town"
    assert {name for name, one in found.items() if one["personal"]} == {"owner", "phone"}
    assert "秘密负责人" not in repr(show_history(office, OPERATOR, plant))
    assert "13900000000" not in repr(show_history(office, OPERATOR, plant))


def test_only_who_is_in_charge_reads_a_history(office: Workspace, tmp_path: Path) -> None:
    plant = ids(office)["Q"]
    school = take(office, tmp_path, [(WEST_POINT, {"code": "S"})], "school")["S"]
    for actor in (TOWN, DISTRICT, village(WEST), OPERATOR):
        assert show_history(office, actor, plant)["id"] == plant
    assert not show_history(office, DISTRICT, plant)["may_change"]
    for actor in (village(EAST), VISITOR):
        with pytest.raises(NotFoundError):
            show_history(office, actor, plant)
        with pytest.raises(ForbiddenError, match="不在您负责的范围内"):
            show_history(office, actor, school)
        with pytest.raises(NotFoundError):
            show_history(office, actor, 999)
    with pytest.raises(NotLoggedInError):
        show_history(office, NOBODY, school)


def test_restoring_brings_an_earlier_version_back_as_a_new_one(
    office: Workspace, plant: int
) -> None:
    before = rows(office, site)[plant]
    first = versions(office, plant)[-1]
    planned = preview_restore(office, TOWN, plant, first["id"])
    assert rows(office, site)[plant] == before
    done = restore_site(office, TOWN, plant, first["id"])
    assert done == planned
    assert {one["name"] for one in done.differences} == {"village", "geom", "shifts", "tenants"}
    assert done.personal == ("负责人", "联系电话")
    now = rows(office, site)[plant]
    assert now["attrs"] == {"tenants": 3}
    assert (now["village"], now["personal"]) == (WEST, before["personal"])
    newest, *older = versions(office, plant)
    assert len(older) == 3
    assert (newest["change_title"], newest["actor"]) == ("恢复", "town")
    assert newest["note"].startswith("恢复到第 1 版（")
    assert (newest["file"], newest["row"]) == ("first.geojson", 1)
    with dialect.reading(office.engine) as conn:
        assert conn.scalar(sa.select(hazard.c.village)) == WEST
    (entry,) = logged(office, "restore")
    assert set(entry) - {"target"} <= set(WORDS)
    assert (entry["target"], entry["site"], entry["version"]) == ("enterprise", plant, 1)
    assert entry["revision"] == revision(office)


def test_a_restored_value_is_from_the_row_that_first_had_it_and_from_who_brought_it_back(
    office: Workspace, plant: int
) -> None:
    restore_site(office, TOWN, plant, versions(office, plant)[-1]["id"])
    found = origins(office, plant)["tenants"]
    assert (found["file"], found["row"], found["actor"]) == ("first.geojson", 1, "town")


def test_restoring_what_is_the_same_changes_nothing(office: Workspace, plant: int) -> None:
    at = revision(office)
    newest = versions(office, plant)[0]
    assert restore_site(office, TOWN, plant, newest["id"]).differences == []
    assert revision(office) == at
    assert len(versions(office, plant)) == 3
    assert logged(office, "restore") == []


def test_nobody_restores_a_place_out_of_or_into_what_is_not_theirs(
    office: Workspace, plant: int
) -> None:
    first = versions(office, plant)[-1]["id"]
    with pytest.raises(NotFoundError):
        restore_site(office, village(WEST), plant, first)
    with pytest.raises(ForbiddenError, match="村1，不在您负责的范围内"):
        restore_site(office, village(EAST), plant, first)
    with pytest.raises(ForbiddenError):
        restore_site(office, DISTRICT, plant, first)
    assert restore_site(office, village(WEST, EAST), plant, first).differences


def test_a_version_of_another_place_is_not_restored(office: Workspace, plant: int) -> None:
    other = ids(office)["Q"]
    with pytest.raises(NotFoundError, match="没有这个版本"):
        restore_site(office, TOWN, plant, versions(office, other)[0]["id"])


def test_a_place_is_restored_into_the_village_of_todays_boundaries(
    office: Workspace, plant: int, tmp_path: Path
) -> None:
    first = versions(office, plant)[-1]["id"]
    west, east = VILLAGES.values()
    swapped = [
        (shape, {"code": code, "name": f"新村{code[-1]}"})
        for code, shape in ((WEST, east), (EAST, west))
    ]
    import_areas(office, OPERATOR, "village", write_geojson(tmp_path / "v.geojson", swapped))
    assert rows(office, site)[plant]["village"] == WEST
    restore_site(office, TOWN, plant, first)
    assert rows(office, site)[plant]["village"] == EAST


def test_a_file_of_boundaries_moves_a_place_without_a_row_of_its_own(
    office: Workspace, plant: int, tmp_path: Path
) -> None:
    west, east = VILLAGES.values()
    swapped = [(east, {"code": WEST}), (west, {"code": EAST})]
    import_areas(office, OPERATOR, "village", write_geojson(tmp_path / "v.geojson", swapped))
    newest = versions(office, plant)[0]
    assert (newest["file"], newest["row"]) == ("v.geojson", None)
    assert [one["name"] for one in newest["differences"]] == ["village"]


def test_a_field_that_the_passport_lost_does_not_come_back(office: Workspace, plant: int) -> None:
    kind = office.kind("enterprise")
    fields = tuple(field for field in kind.fields if field.name != "tenants")
    later = replace(office, kinds={**office.kinds, "enterprise": replace(kind, fields=fields)})
    done = restore_site(later, TOWN, plant, versions(office, plant)[1]["id"])
    assert done.gone == ("tenants",)
    assert rows(office, site)[plant]["attrs"] == {}
    assert show_site(office, TOWN, plant)["village"]["code"] == WEST


def test_a_place_that_had_no_position_is_restored_to_none(
    office: Workspace, tmp_path: Path
) -> None:
    plant = take(office, tmp_path, [(None, {"code": "U", "village": "村1"})])["U"]
    unplaced = versions(office, plant)[0]["id"]
    place_site(office, OPERATOR, plant, 119.38, 31.72)
    restore_site(office, TOWN, plant, unplaced)
    now = rows(office, site)[plant]
    assert (now["geom"], now["village"], now["accuracy_m"]) == (None, WEST, None)
