"""The page about the quality of the data: who reads what, filters, pages, the table to keep."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.rights import OPERATOR, Role
from gis.services.assess_quality import worst_records
from gis.workspace import Settings, Workspace, open_workspace
from tests.conftest import Databases
from tests.officeland import change
from tests.people import EAST, WEST, enter, make_account
from webmap import create_app
from webmap.context import EXTENSION

pytestmark = pytest.mark.parametrize("backend", ["spatialite"], indirect=True, scope="session")
"""Both databases answer alike (``tests.services.test_quality``); the pages need one."""


@pytest.fixture(scope="module")
def office(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return the application on the office of ``tests.officeland``; nothing in it is verified."""
    folder = tmp_path_factory.mktemp("quality")
    with offices(folder) as url:
        ws = open_workspace(Settings(url, folder / "var"))
        make_account(ws, Role.TOWN_OFFICE, "town")
        make_account(ws, Role.VILLAGE, "west", villages=[WEST])
        make_account(ws, Role.VISITOR, "visitor")
        app = create_app(ws.settings)
        app.testing = True
        yield app
        app.extensions[EXTENSION].engine.dispose()
        ws.engine.dispose()


@pytest.fixture(scope="module")
def town(office: Flask) -> FlaskClient:
    """Return a client of the town office."""
    return enter(office.test_client(), "town")


def text(client: FlaskClient, path: str) -> str:
    """Return a page."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def names(page: str) -> set[str]:
    """Return the names in the list of what must be verified."""
    return set(re.findall(r'<a href="/sites/\d+">([^<]+)</a>', page))


def test_everybody_reads_the_rows_that_they_may_see(office: Flask, town: FlaskClient) -> None:
    west = enter(office.test_client(), "west")
    visitor = enter(office.test_client(), "visitor")
    everything = {
        f"{side} {what}"
        for side in ("west", "east")
        for what in ["plant", "house", "school", "pipe"]
    }
    assert names(text(town, "/quality")) == everything
    own = text(west, "/quality")
    assert names(own) == {"west plant", "west house", "west school", "east school"}
    assert "燃气与油气管道" not in own
    assert "只含您有权查看的数据" in own
    public = text(visitor, "/quality")
    assert names(public) == {"west school", "east school"}
    assert "企业" not in public
    assert visitor.get("/quality?kind=enterprise").status_code == 404
    assert visitor.get("/quality.csv?kind=enterprise").status_code == 404


def test_the_page_begins_with_the_answer_and_says_of_which_day_it_is(town: FlaskClient) -> None:
    page = text(town, "/quality")
    assert "登记 8 处，要核实 8 处：超期 0 处，从未核实 8 处。" in page
    assert "数据截至" in page
    assert '<a href="/methods/quality">' in page
    assert 'aria-current="page"' in page


def test_filters_keep_to_a_village_and_a_kind(town: FlaskClient) -> None:
    assert names(text(town, f"/quality?village={EAST}")) == {
        "east plant", "east house", "east school", "east pipe",
    }  # fmt: skip
    both = text(town, f"/quality?village={EAST}&kind=school")
    assert names(both) == {"east school"}
    assert "登记 1 处" in both
    assert f'href="/quality.csv?village={EAST}&amp;kind=school"' in both
    nothing = text(town, f"/quality?village={EAST}&kind=mine")
    assert "不等于没有场所" in nothing
    assert "没有可以核实的登记" in nothing
    assert names(text(town, "/quality?village=outside")) == set()
    for path in ("/quality?village=320400000000", "/quality?kind=nonsense"):
        assert town.get(path).status_code == 404
    for path in ("/quality?page=2", "/quality?page=0", "/quality?page=x"):
        assert town.get(path).status_code == 422


def test_the_list_has_pages(town: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis.services.assess_quality.PER_PAGE", 3)
    first, second = (text(town, f"/quality?kind=&page={page}") for page in (1, 2))
    assert "第 1 页，共 3 页" in first
    assert 'rel="next" href="/quality?page=2#list"' in first
    assert 'rel="prev" href="/quality?page=1#list"' in second
    assert len(names(first) | names(second)) == 6


def test_the_table_to_keep_has_all_pages_and_no_cache_holds_it(town: FlaskClient) -> None:
    answer = town.get("/quality.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=quality.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert len(rows) == 8
    assert {row["距核实天数"] for row in rows} == {"从未核实"}
    elsewhere = town.get("/quality.csv", headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403


def test_a_village_s_panel_counts_its_records_by_kind(office: Flask, town: FlaskClient) -> None:
    part = text(town, f"/panel/quality/{EAST}")
    assert "登记 4 处，要核实 4 处" in part
    assert "燃气与油气管道" in part
    assert "<html" not in part
    visitor = enter(office.test_client(), "visitor")
    assert "登记 1 处" in text(visitor, f"/panel/quality/{EAST}")
    assert "企业" not in text(visitor, f"/panel/quality/{EAST}")
    assert town.get("/panel/quality/320400000000").status_code == 404
    assert f'data-instead="/panel/quality/{EAST}"' in text(town, f"/areas/village/{EAST}")


def test_cards_and_tables_of_a_kind_say_what_must_be_verified(
    office: Flask, town: FlaskClient
) -> None:
    ws: Workspace = office.extensions[EXTENSION]
    listed = worst_records(ws, OPERATOR)
    ids = {row["name"]: row["id"] for row in listed.rows}
    old = listed.as_of.fromordinal(listed.as_of.toordinal() - 400)
    card = text(town, f"/sites/{ids['west plant']}")
    assert "从未核实" in card
    assert "应填" in card
    assert "个人信息" in card
    table = text(town, "/table/enterprise")
    assert table.count("从未核实") == 2
    change(ws, "P-west", verified_on=old, accuracy_m=0.5)
    card = text(town, f"/sites/{ids['west plant']}")
    assert "已超过 365 天未核实" in card
    assert "400 天前核实" in card
    assert "± 0.5 米" in card
    assert "从未核实" not in text(town, "/table/gas_station")
    squares = enter(office.test_client(), "visitor")
    assert "从未核实" not in text(squares, "/table/gas_pipeline")
    assert "登记数据质量" not in text(squares, f"/sites/{ids['west pipe']}")
    change(ws, "P-west", verified_on=None, accuracy_m=None)


def test_the_map_offers_the_villages_by_grade(town: FlaskClient) -> None:
    page = text(town, "/")
    assert 'data-legend="quality"' in page
    assert "登记的好坏，不是风险高低" in page
    table = text(town, "/table/quality")
    assert "村1" in table
    assert "完整率" in table
