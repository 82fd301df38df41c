"""Runs, comparisons, scenarios and parameters, by the page."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from gis.domain.rights import OPERATOR, Role
from gis.services import work
from gis.services.compute_risk import compute_risk
from gis.services.show_runs import list_runs
from gis.storage import dialect
from gis.storage.tables import account, run
from gis.workspace import Workspace
from tests.conftest import Databases
from tests.people import WEST, enter, form_token, make_account
from tests.register import ids, own_copy, revision
from webmap import create_app
from webmap.context import EXTENSION


@pytest.fixture
def ws(offices: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return a copy of the small office with a town office and an administrator."""
    with own_copy(offices, tmp_path / "office") as found:
        make_account(found, Role.TOWN_OFFICE, "town")
        make_account(found, Role.ADMINISTRATOR, "administrator")
        yield found


@pytest.fixture
def browser(ws: Workspace) -> Iterator[FlaskClient]:
    """Return a client of that office, not logged in."""
    app = create_app(ws.settings)
    app.testing = True
    yield app.test_client()
    app.extensions[EXTENSION].engine.dispose()


def page(client: FlaskClient, path: str) -> str:
    """Return a page."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def post(client: FlaskClient, path: str, **said: str) -> tuple[int, str]:
    """Send a form; return the status and the page, or where it leads."""
    answer = client.post(path, data={"csrf_token": form_token(client, "/account"), **said})
    text = answer.location if answer.status_code == 302 else answer.get_data(as_text=True)
    return answer.status_code, text


def changes(text: str) -> str:
    """Return the changes that a page of a scenario carries."""
    return html.unescape(re.findall(r'name="changes" value="([^"]*)"', text)[0])


def test_a_scenario_is_made_step_by_step_kept_and_thrown_away(
    ws: Workspace, browser: FlaskClient
) -> None:
    town, before = enter(browser, "town"), revision(ws)
    plant = str(ids(ws)["P-west"])
    status, text = post(town, "/scenarios/new", do="rectify", site=plant, add="1")
    assert status == 200
    assert "west plant" in text
    status, text = post(
        town, "/scenarios/new", changes=changes(text), do="alter", site=plant,
        values="风险等级颜色 = 蓝", add="1",
    )  # fmt: skip
    assert status == 200
    assert changes(text).count('"do"') == 2
    assert '"risk_colour":"蓝"' in changes(text)
    _, fewer = post(town, "/scenarios/new", changes=changes(text), remove="0")
    assert changes(fewer).count('"do"') == 1
    status, where = post(town, "/scenarios/new", changes=changes(text), name="西厂<b>", keep="1")
    assert status == 302
    shown = page(town, where)
    assert "西厂&lt;b&gt;" in shown
    assert revision(ws) == before
    assert post(town, f"{where}/discard")[0] == 302
    assert town.get(where).status_code == 404


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"do": "close", "site": "999999", "add": "1"}, "999999"),
        ({"do": "alter", "site": "1", "values": "颜色蓝", "add": "1"}, "写法不对"),
        ({"changes": "[1]", "add": "1", "do": "close", "site": "1"}, "对象"),
        ({"changes": "{", "add": "1"}, "JSON"),
    ],
)
def test_a_change_that_cannot_be_is_told_and_those_before_it_stay(
    ws: Workspace, browser: FlaskClient, said: dict[str, str], told: str
) -> None:
    status, text = post(enter(browser, "town"), "/scenarios/new", **said)
    assert status == 422
    assert told in text
    assert ids(ws)


def test_computing_again_and_comparing_shows_both_runs(ws: Workspace, browser: FlaskClient) -> None:
    town = enter(browser, "town")
    assert post(town, "/runs") == (302, "/runs")
    assert post(town, "/runs") == (302, "/runs")  # it waits already: nothing is added
    assert "正在计算" in page(town, "/runs")
    assert town.get("/runs/state").get_json()["busy"] is True
    work.run_waiting(ws)
    assert town.get("/runs/state").get_json()["busy"] is False
    number = max(int(found) for found in re.findall(r'href="/runs/(\d+)"', page(town, "/runs")))
    assert WEST in page(town, f"/runs/{number}")
    compared = page(town, "/runs/compare")
    assert "第 1 次" in compared
    assert f"第 {number} 次" in compared
    found = town.get(f"/api/runs/1/compare/{number}").get_json()
    assert [area["moved"] for area in found["areas"]] == [0, 0]


def test_a_computation_that_waits_can_be_taken_back(ws: Workspace, browser: FlaskClient) -> None:
    town = enter(browser, "town")
    assert post(town, "/runs/cancel") == (302, "/runs")  # there is nothing to stop
    before = page(town, "/runs").count('scope="row"')
    assert post(town, "/runs")[0] == 302
    assert post(town, "/runs/cancel") == (302, "/runs")
    work.run_waiting(ws)
    text = page(town, "/runs")
    assert "计算已取消" in text
    assert text.count('scope="row"') == before


def test_a_computation_that_cannot_be_says_why(ws: Workspace, browser: FlaskClient) -> None:
    town = enter(browser, "town")
    assert post(town, "/runs")[0] == 302
    with dialect.writing(ws.engine) as conn:
        conn.execute(account.update().where(account.c.login == "town").values(active=False))
    work.run_waiting(ws)
    assert "账号已停用" in page(enter(browser.application.test_client(), "administrator"), "/runs")


def test_a_parameter_is_set_by_the_page_and_shown_with_what_it_was(browser: FlaskClient) -> None:
    boss = enter(browser, "administrator")
    form = page(boss, "/admin/parameters/index")
    fields = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input name="([^"]+)" value="([^"]*)" size', form)
    }
    path = "/admin/parameters/index"
    refused, text = post(
        boss, path, **{**fields, "uplift_max.": "-1"}, reason="试试看吧", based_on="0"
    )
    assert refused == 422
    assert "不能小于 0" in text
    assert 'value="-1"' in text  # what was typed stays
    done, where = post(
        boss, path, **{**fields, "uplift_max.": "2.5"}, reason="镇里讨论决定", based_on="0"
    )
    assert done == 302
    assert "镇里讨论决定" in page(boss, where)
    shown = page(boss, "/methods/index")
    assert "原为 3（M" in shown


def test_the_page_of_computations_says_what_to_compare_with_or_that_there_is_nothing(
    browser: FlaskClient, ws: Workspace
) -> None:
    enter(browser, "town")
    assert page(browser, "/runs").count("以前没有计算") == 3
    first = list_runs(ws, OPERATOR)[0]["id"]
    newest = compute_risk(ws, OPERATOR)["run"]
    with ws.engine.begin() as conn:
        for number, day in {first: dt.date(2025, 5, 2), newest: dt.date(2026, 8, 15)}.items():
            conn.execute(sa.update(run).where(run.c.id == number).values(as_of=day))
    text = page(browser, "/runs")
    assert text.count(f"/runs/compare?before={first}&amp;after={newest}") == 3
    assert "以前没有计算" not in text


def test_a_computation_shows_its_parameters_and_what_hangs_on_a_sector(
    browser: FlaskClient, ws: Workspace
) -> None:
    enter(browser, "town")
    number = list_runs(ws, OPERATOR)[0]["id"]
    text = page(browser, f"/runs/{number}")
    assert "参数：随软件，本单位没有改动" in text
    assert "去掉一个行业，排位还一样吗" in text
    assert "参数：随软件，本单位没有改动" in page(browser, f"/areas/village/{WEST}")
    told = browser.get(f"/api/runs/{number}").get_json()
    assert told["parameters"]["version"] is None
    assert len(told["drops"]) == 5
