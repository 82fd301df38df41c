"""Places that wait for a position: listed to those in charge, and placed by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa

from gis.domain.audit import WORDS
from gis.domain.rights import NOBODY, OPERATOR
from gis.errors import ForbiddenError, InvalidDataError, NotFoundError, NotLoggedInError
from gis.services.load_layer import list_layers
from gis.services.place_site import list_unplaced, place_site, show_placing
from gis.services.show_history import show_history
from gis.storage import dialect
from gis.storage.tables import hazard, site
from gis.workspace import Workspace
from tests.people import DISTRICT, EAST, TOWN, VISITOR, WEST, department, village
from tests.register import WEST_POINT, ids, logged, revision, rows, take, take_case

WAITING = [
    (None, {"code": "P1", "name": "一厂", "village": "村1"}),
    (None, {"code": "P2", "name": "二厂", "village": "村2"}),
    (None, {"code": "P3", "name": "三厂"}),
]


def fill(ws: Workspace, folder: Path) -> None:
    """Take in four plants: three wait, in the west, in the east and nowhere."""
    take(ws, folder, [(WEST_POINT, {"code": "P4"})], name="placed.geojson")
    take(ws, folder, WAITING)


@pytest.fixture
def office(filled_office: Workspace) -> Workspace:
    """Return the office that ``fill`` filled, this test's own."""
    return filled_office


@pytest.fixture
def plants(office: Workspace) -> dict[str, int]:
    """Return key to id."""
    return ids(office)


def codes(ws: Workspace, *asked: Any, **said: Any) -> list[str]:
    """Return the codes of the places that somebody is told to place."""
    return [one["code"] for one in list_unplaced(ws, *asked, **said).places]


def counted(ws: Workspace) -> int:
    """Return how many plants the layer counts."""
    return {info.slug: info.count for info in list_layers(ws, OPERATOR)}["enterprise"]


def test_what_waits_is_listed_per_village_and_kind_to_those_in_charge(
    office: Workspace, tmp_path: Path
) -> None:
    take(office, tmp_path, [(None, {"code": "S", "village": "村1"})], "school", "s.geojson")
    found = list_unplaced(office, TOWN)
    assert [(one["village_name"], one["kind"], one["count"]) for one in found.groups] == [
        (None, "enterprise", 1),
        ("村1", "enterprise", 1),
        ("村1", "school", 1),
        ("村2", "enterprise", 1),
    ]
    assert codes(office, TOWN) == ["P3", "P1", "S", "P2"]
    assert codes(office, TOWN, "enterprise") == ["P3", "P1", "P2"]
    assert codes(office, TOWN, "enterprise", "") == ["P3"]
    assert codes(office, TOWN, None, WEST) == ["P1", "S"]
    assert list_unplaced(office, TOWN, "school").matched == 1
    assert codes(office, TOWN, page=2) == []
    assert codes(office, village(WEST)) == ["P1", "S"]
    assert codes(office, department("工贸")) == ["P3", "P1", "P2"]
    for actor in (DISTRICT, VISITOR):
        with pytest.raises(ForbiddenError):
            list_unplaced(office, actor)
    with pytest.raises(NotLoggedInError):
        list_unplaced(office, NOBODY)
    with pytest.raises(NotFoundError):
        list_unplaced(office, TOWN, "nothing")


def test_a_placed_place_is_on_the_map_and_its_case_with_it(
    office: Workspace, plants: dict[str, int], tmp_path: Path
) -> None:
    take_case(office, tmp_path, "C", "P2")
    before = revision(office)
    assert counted(office) == 1
    done = place_site(office, TOWN, plants["P2"], 119.32, 31.72, 15.0)
    assert done.changed
    assert done.village == "村1"
    assert done.notes == ("登记的村是村2，这个点在村1：已按点的位置归村1，请核对",)
    now = rows(office, site)[plants["P2"]]
    assert shapely.from_wkb(now["geom"]) == shapely.Point(119.32, 31.72)
    assert (now["village"], now["accuracy_m"], now["note"]) == (WEST, 15.0, done.notes[0])
    assert counted(office) == 2
    assert revision(office) == before + 1
    with dialect.reading(office.engine) as conn:
        assert conn.scalar(sa.select(hazard.c.village)) == WEST
    newest = show_history(office, TOWN, plants["P2"])["versions"][0]
    assert (newest["change_title"], newest["actor"]) == ("落图", "town")
    assert (newest["file"], newest["row"]) == (None, None)
    (entry,) = logged(office, "place")
    assert set(entry) - {"target"} <= set(WORDS)
    assert (entry["site"], entry["lon"], entry["lat"]) == (plants["P2"], 119.32, 31.72)
    assert codes(office, TOWN) == ["P3", "P1"]


def test_a_point_can_be_corrected_and_the_same_one_changes_nothing(
    office: Workspace, plants: dict[str, int]
) -> None:
    place_site(office, TOWN, plants["P1"], 119.32, 31.72)
    at = revision(office)
    assert not place_site(office, TOWN, plants["P1"], 119.32, 31.72).changed
    assert revision(office) == at
    assert place_site(office, TOWN, plants["P1"], 119.38, 31.72).notes == ()
    found = show_placing(office, TOWN, plants["P1"])
    assert (found["lon"], found["lat"], found["village"]) == (119.38, 31.72, EAST)


def test_a_point_outside_all_villages_is_taken_and_told(
    office: Workspace, plants: dict[str, int]
) -> None:
    done = place_site(office, TOWN, plants["P1"], 119.50, 31.72)
    assert done.village is None
    assert done.notes == ("这个点不在任何村的边界里，请核对坐标",)


@pytest.mark.parametrize(
    ("lon", "lat", "accuracy_m", "said"),
    [
        (31.72, 119.32, None, "写反了"),
        (0.0, 31.72, None, "不在范围内"),
        (float("nan"), 31.72, None, "有限的数字"),
        (119.32, 31.72, -1.0, "定位精度"),
        (119.32, 31.72, float("inf"), "定位精度"),
    ],
)
def test_a_number_out_of_range_is_told(
    office: Workspace, lon: float, lat: float, accuracy_m: float | None, said: str
) -> None:
    with pytest.raises(InvalidDataError, match=said):
        place_site(office, TOWN, 1, lon, lat, accuracy_m)


def test_what_needs_a_boundary_is_placed_by_a_file(office: Workspace, tmp_path: Path) -> None:
    mine = take(office, tmp_path, [(None, {"code": "M", "village": "村1"})], "mine")["M"]
    by_hand = {one["kind"]: one["by_hand"] for one in list_unplaced(office, TOWN).groups}
    assert by_hand == {"enterprise": True, "mine": False}
    for ask in (lambda: show_placing(office, TOWN, mine),
                lambda: place_site(office, TOWN, mine, 119.32, 31.72)):  # fmt: skip
        with pytest.raises(InvalidDataError, match=r"矿山要有边界（面），一个点不够：.*导入"):
            ask()
    fence = shapely.box(119.32, 31.72, 119.321, 31.721)
    plant = take(office, tmp_path, [(fence, {"code": "F"})], name="f.geojson")["F"]
    with pytest.raises(InvalidDataError, match="改成一个点会丢掉它"):
        place_site(office, TOWN, plant, 119.32, 31.72)


def test_nobody_places_what_is_not_theirs_or_into_another_village(
    office: Workspace, plants: dict[str, int]
) -> None:
    for actor in (village(EAST), VISITOR):
        with pytest.raises(NotFoundError):
            place_site(office, actor, plants["P1"], 119.38, 31.72)
    with pytest.raises(ForbiddenError, match="村2，不在您负责的范围内"):
        place_site(office, village(WEST), plants["P1"], 119.38, 31.72)
    with pytest.raises(ForbiddenError, match="任何村的边界之外"):
        place_site(office, village(WEST), plants["P1"], 119.50, 31.72)
    with pytest.raises(ForbiddenError):
        place_site(office, DISTRICT, plants["P1"], 119.32, 31.72)
    assert place_site(office, village(WEST), plants["P1"], 119.32, 31.72).changed
