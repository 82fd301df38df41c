"""The pages of imports: who may send how much, and what is made of what they say."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.rights import Role
from gis.services import work
from gis.workspace import Settings, Workspace, open_workspace
from tests.conftest import Databases
from tests.people import enter, form_token, make_account
from webmap import create_app
from webmap.context import EXTENSION
from webmap.security import LARGEST_FORM


@pytest.fixture(scope="module")
def office(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return the application on the office of ``tests.officeland``, with accounts."""
    folder = tmp_path_factory.mktemp("imports")
    with offices(folder) as url:
        ws = open_workspace(Settings(url, folder / "var"))
        make_account(ws, Role.TOWN_OFFICE, "town")
        make_account(ws, Role.VISITOR, "visitor")
        ws.engine.dispose()
        app = create_app(ws.settings)
        app.testing = True
        yield app
        app.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def town(office: Flask) -> FlaskClient:
    """Return a client of the town office."""
    return enter(office.test_client(), "town")


TABLE = "编号,名称,经度,纬度\nN1,新学校,119.32,31.72\nN2,坏学校,,x\n".encode("gb18030")


def send(client: FlaskClient, content: bytes, name: str = "a.csv", kind: str = "school") -> str:
    """Send a file; return where the answer leads."""
    form = {
        "csrf_token": form_token(client, "/account"),
        "kind": kind,
        "file": (io.BytesIO(content), name),
    }
    answer = client.post("/import/", data=form, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return answer.location


def test_a_file_is_tried_out_and_shown(office: Flask, town: FlaskClient) -> None:
    ws: Workspace = office.extensions[EXTENSION]
    where = send(town, TABLE)
    assert town.get(f"{where}/state").get_json()["busy"] is True
    work.run_waiting(ws)
    page = town.get(where).get_data(as_text=True)
    assert "确认导入：新增 1，更新 0" in page
    shown = town.get(f"{where}/preview.geojson").get_json()["features"]
    assert [f["properties"]["name"] for f in shown] == ["新学校"]
    listed = town.get(f"{where}?what=rejected").get_data(as_text=True)
    assert "坐标「x」无法识别" in listed
    book = town.get(f"{where}/rejected.xlsx")
    assert book.get_data()[:2] == b"PK"
    assert "attachment" in book.headers["Content-Disposition"]


def test_what_the_form_leaves_out_stays_as_it_was(office: Flask, town: FlaskClient) -> None:
    ws: Workspace = office.extensions[EXTENSION]
    where = send(town, TABLE)
    work.run_waiting(ws)
    token = form_token(town, where)
    said = {"csrf_token": token, "map-code": "编号", "map-name": "", "place-lon": "经度",
            "place-lat": "纬度", "encoding": "gb18030", "system": "EPSG:4490"}  # fmt: skip
    assert town.post(f"{where}/plan", data=said).status_code == 302
    work.run_waiting(ws)
    town.post(f"{where}/plan", data={"csrf_token": token, "system": "EPSG:4490"})
    work.run_waiting(ws)
    page = town.get(where).get_data(as_text=True)
    assert (
        "<option selected>编号</option>" in page.split('name="map-code"')[1].split("</select>")[0]
    )
    assert "selected" not in page.split('name="map-name"')[1].split("</select>")[0]


@pytest.mark.parametrize("who", ["nobody", "visitor"])
def test_nobodys_large_body_is_read_before_it_is_known_who_sends_it(
    office: Flask, who: str
) -> None:
    client = office.test_client()
    if who != "nobody":
        enter(client, who)
    body = io.BytesIO(b"x" * (LARGEST_FORM * 4))
    answer = client.post("/import/", data={"file": (body, "a.csv")})
    assert answer.status_code == (302 if who == "nobody" else 413)


def test_a_form_without_a_file_and_a_name_that_is_none_are_refused(town: FlaskClient) -> None:
    token = form_token(town, "/account")
    empty = town.post("/import/", data={"csrf_token": token, "kind": "school"})
    assert empty.status_code == 422
    assert "请选择要导入的文件" in empty.get_data(as_text=True)
    bad = {"csrf_token": token, "kind": "sch\0ool"}
    assert town.post("/import/", data=bad).status_code == 400


def test_several_files_must_be_one_shapefile(town: FlaskClient) -> None:
    form = {
        "csrf_token": form_token(town, "/account"),
        "kind": "school",
        "file": [(io.BytesIO(b"x"), name) for name in ("a.csv", "b.csv")],
    }
    answer = town.post("/import/", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "一次导入一个文件" in answer.get_data(as_text=True)
    assert "涉密" in town.get("/import/").get_data(as_text=True)
