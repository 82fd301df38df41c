"""Scenarios are kept with how they came out, tried again, and thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from gis.domain.rights import OPERATOR
from gis.errors import ForbiddenError, InvalidDataError, NotFoundError
from gis.services.import_sites import import_sites
from gis.services.keep_scenario import keep_scenario, list_scenarios, show_scenario, throw_away
from gis.workspace import Workspace
from tests.conftest import Databases
from tests.people import DISTRICT, TOWN, WEST, village
from tests.register import ids, logged, own_copy
from tests.samples import write_geojson


@pytest.fixture
def ws(offices: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return a copy of the small office, this test's own."""
    with own_copy(offices, tmp_path / "office") as found:
        yield found


def test_a_scenario_is_kept_tried_again_and_thrown_away(ws: Workspace, tmp_path: Path) -> None:
    changes = [{"do": "rectify", "site": ids(ws)["P-west"]}]
    number = keep_scenario(ws, TOWN, " 整改西厂 ", changes)
    assert [(s["name"], s["changes"]) for s in list_scenarios(ws, TOWN)] == [("整改西厂", 1)]
    found = show_scenario(ws, TOWN, number)
    assert found["result"] == found["now"]
    row = {"code": "P-west", "name": "west plant", "risk_colour": "蓝"}
    file = write_geojson(tmp_path / "p.geojson", [(shapely.Point(119.32, 31.72), row)])
    import_sites(ws, OPERATOR, "enterprise", file)
    later = show_scenario(ws, TOWN, number)
    assert later["result"] == found["result"]
    west = next(area for area in later["now"]["areas"] if area["code"] == WEST)
    was = next(area for area in later["result"]["areas"] if area["code"] == WEST)
    assert west["score_then"] < was["score_then"]
    throw_away(ws, TOWN, number)
    assert list_scenarios(ws, TOWN) == []
    with pytest.raises(NotFoundError):
        show_scenario(ws, TOWN, number)
    assert logged(ws, "scenario_discard")[0]["name"] == "整改西厂"


def test_a_scenario_without_name_or_change_is_not_kept(ws: Workspace) -> None:
    with pytest.raises(InvalidDataError, match="名称"):
        keep_scenario(ws, TOWN, "", [{"do": "close", "site": ids(ws)["P-west"]}])
    with pytest.raises(InvalidDataError, match="改动"):
        keep_scenario(ws, TOWN, "空的", [])
    with pytest.raises(ForbiddenError):
        keep_scenario(ws, DISTRICT, "区里的", [{"do": "close", "site": ids(ws)["P-west"]}])
    with pytest.raises(ForbiddenError):
        list_scenarios(ws, village(WEST))
    assert list_scenarios(ws, TOWN) == []
