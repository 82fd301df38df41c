"""An office on its first day: nothing is there yet, and every page says how to get it there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from gis.domain.rights import OPERATOR, Role
from gis.services.make_database import make_office
from gis.workspace import Workspace
from tests.people import enter, make_account
from webmap import create_app
from webmap.context import EXTENSION


@pytest.fixture
def client(workspace: Workspace) -> Iterator[FlaskClient]:
    """Return a client of an application on an empty office database."""
    make_office(workspace, OPERATOR, "admin")
    app = create_app(workspace.settings)
    app.testing = True
    yield enter(app.test_client(), make_account(workspace, Role.TOWN_OFFICE))
    app.extensions[EXTENSION].engine.dispose()


def test_the_map_opens_and_says_what_to_run(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assert "scripts.compute_risk" in page
    assert "尚未计算风险" in page
    assert "模拟数据" not in page
    assert "边界示意，不作划界依据" in page


def test_the_tables_are_empty_and_say_so(client: FlaskClient) -> None:
    assert "导入村界" in client.get("/table").get_data(as_text=True)
    assert "这一层还没有数据" in client.get("/table/school").get_data(as_text=True)
    quality = client.get("/quality").get_data(as_text=True)
    assert "导入场所以后" in quality
    assert "先导入村界" in quality
    assert "无数据" in quality


def test_the_api_answers_with_nothing(client: FlaskClient) -> None:
    for layer in client.get("/api/layers").get_json()["layers"]:
        assert layer["count"] == 0
        assert layer["extent"] is None
        assert client.get(layer["href"]).get_json()["features"] == []
    near = client.get("/api/near?lon=119.37&lat=31.72&radius_m=500").get_json()
    assert (near["number_matched"], near["totals"]) == (0, {})
    assert client.get("/healthz").get_json()["last_run"] is None


def test_no_place_near_is_not_called_safe(client: FlaskClient) -> None:
    page = client.get("/near?lon=119.37&lat=31.72&radius_m=500").get_data(as_text=True)
    assert "没有登记不等于没有" in page
