"""Tables of records by the page: tried out first, taken whole, told row by row."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.rights import OPERATOR, Role
from gis.services.import_sites import import_sites
from gis.storage import dialect, records
from gis.workspace import Settings, Workspace, open_workspace
from tests.conftest import Databases
from tests.people import enter, form_token, make_account
from tests.register import ids
from tests.samples import write_geojson
from webmap import create_app
from webmap.context import EXTENSION

TABLE = "编号,日期,日最高气温\nWS-1,2026-03-01,12\nWS-1,2026-03-02,99\nWS-9,2026-03-01,3\n"


@pytest.fixture(scope="module")
def office(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return the application on an office with one weather station."""
    folder = tmp_path_factory.mktemp("records")
    with offices(folder) as url:
        ws = open_workspace(Settings(url, folder / "var"))
        station = [(shapely.Point(119.32, 31.72), {"code": "WS-1", "name": "甲站"})]
        import_sites(ws, OPERATOR, "weather_station", write_geojson(folder / "s.geojson", station))
        make_account(ws, Role.TOWN_OFFICE, "town")
        ws.engine.dispose()
        app = create_app(ws.settings)
        app.testing = True
        yield app
        app.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def town(office: Flask) -> FlaskClient:
    """Return a client of the town office."""
    return enter(office.test_client(), "town")


def send(
    client: FlaskClient, table: bytes, do: str, name: str = "观测.csv", kind: str = "observation"
) -> tuple[int, str]:
    """Send a table; return status and page."""
    form = {
        "csrf_token": form_token(client, "/import/records/"),
        "kind": kind,
        "do": do,
        "file": (io.BytesIO(table), name),
    }
    answer = client.post("/import/records/", data=form, content_type="multipart/form-data")
    return answer.status_code, answer.get_data(as_text=True)


def held(app: Flask) -> list[str]:
    """Return the days that are on record."""
    ws: Workspace = app.extensions[EXTENSION]
    with dialect.reading(ws.engine) as conn:
        return list(records.load(conn, ws.record("observation"))["day"])


def test_a_table_is_tried_out_before_it_is_taken(office: Flask, town: FlaskClient) -> None:
    status, page = send(town, TABLE.encode("gb18030"), "try")
    assert status == 200
    assert "库里还没有改动" in page
    assert "<b>1</b> 新增" in page
    assert "<b>2</b> 未收" in page
    assert "找不到编号为「WS-9」的场所" in page
    assert held(office) == []
    status, page = send(town, TABLE.encode("gb18030"), "import")
    assert "已导入" in page
    assert held(office) == ["2026-03-01"]
    _, page = send(town, TABLE.encode("gb18030"), "import")
    assert "<b>1</b> 相同" in page
    uploads = office.extensions[EXTENSION].settings.uploads_dir
    assert list(uploads.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "name", "said"),
    [
        (b"", "a.csv", "空"),
        (TABLE.encode(), "a.pdf", "不认识的文件格式"),
        ("编号,气温\nWS-1,3\n".encode(), "a.csv", "日期"),
        (TABLE.encode(), "", "请选择要导入的文件"),
    ],
    ids=["empty", "pdf", "no day", "no file"],
)
def test_a_table_that_cannot_be_read_is_refused_with_what_to_do(
    town: FlaskClient, table: bytes, name: str, said: str
) -> None:
    status, page = send(town, table, "import", name)
    assert status == 422
    assert said in page.split('role="alert"')[1].split("</p>")[0]


def test_the_page_lists_the_columns_of_each_table(town: FlaskClient) -> None:
    page = town.get("/import/records/").get_data(as_text=True)
    for title in ("化学品", "风险项", "日最高气温", "累计位移", "单段最大药量", "距管道最近距离"):
        assert title in page


def test_a_place_is_told_to_programs_of_who_may_move_it(office: Flask, town: FlaskClient) -> None:
    place = ids(office.extensions[EXTENSION])["WS-1"]
    answer = town.get(f"/api/sites/{place}")
    assert answer.status_code == 200
    assert answer.get_json()["may_place"] is True
