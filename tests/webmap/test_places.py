"""History, places to be placed and places stored twice, by the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.rights import OPERATOR, Role
from gis.services.show_history import show_history
from gis.workspace import Workspace
from tests.conftest import Databases, filled
from tests.people import EAST, enter, form_token, make_account
from tests.register import EAST_POINT, NEAR_WEST, WEST_POINT, ids, own_copy, take
from webmap import create_app
from webmap.context import EXTENSION

PLANTS = [
    (WEST_POINT, {"code": "A", "name": "金东<b>水泥", "tenants": 3, "owner": "秘密负责人"}),
    (NEAR_WEST, {"code": "B", "name": "金东<b>水泥厂", "tenants": 4}),
]
WAITING = [
    (None, {"code": "W", "name": "等<i>厂", "village": "村2"}),
    (None, {"code": "N", "name": "无村厂"}),
]


@dataclass(frozen=True)
class Office:
    """An office with plants, a mine to be placed, and its town office at the browser."""

    client: FlaskClient
    ws: Workspace
    ids: dict[str, int]

    def page(self, path: str) -> str:
        """Return a page."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def post(self, path: str, **said: object) -> tuple[int, str]:
        """Send a form and return the status, and the page that it led to."""
        form = {"csrf_token": form_token(self.client, "/account"), **said}
        answer = self.client.post(path, data=form, follow_redirects=False)
        if answer.status_code == 302:
            return 302, self.page(answer.location)
        return answer.status_code, answer.get_data(as_text=True)


@pytest.fixture(scope="module")
def ready(
    offices: Databases, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Return what makes copies of the office of ``tests.officeland`` with more in it."""
    folder = tmp_path_factory.mktemp("ready")
    with filled(offices, request, folder, lambda ws: _fill(ws, folder)) as copies:
        yield copies


def _fill(ws: Workspace, folder: Path) -> None:
    take(ws, folder, PLANTS)
    take(ws, folder, [(EAST_POINT, {"code": "A", "tenants": 5})], name="later.geojson")
    take(ws, folder, [(WEST_POINT, {"code": "A"})], name="back.geojson")
    take(ws, folder, WAITING, name="waiting.geojson")
    take(ws, folder, [(None, {"code": "M", "village": "村2"})], "mine", "mine.geojson")
    make_account(ws, Role.TOWN_OFFICE, "town")


@pytest.fixture
def office(ready: Databases, tmp_path: Path) -> Iterator[Office]:
    """Return a copy of that office, this test's own, with the town office logged in."""
    with own_copy(ready, tmp_path / "office") as ws:
        app: Flask = create_app(ws.settings)
        app.testing = True
        yield Office(enter(app.test_client(), "town"), ws, ids(ws))
        app.extensions[EXTENSION].engine.dispose()


def rows(page: str) -> list[str]:
    """Return the rows of a page's tables, tags left out."""
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in found]


def test_a_history_says_what_changed_and_a_version_is_restored_after_asking(
    office: Office,
) -> None:
    plant = office.ids["A"]
    page = office.page(f"/sites/{plant}/history")
    assert "金东&lt;b&gt;水泥" in page
    assert "<b>水泥" not in page
    assert "秘密负责人" not in page
    (changed,) = [row for row in rows(page) if row.startswith("2 更新")]
    assert "later.geojson ，第 1 行" in changed
    assert "承租单位数 3 家 → 改为 5 家" in changed
    assert "位置 移动" in changed
    assert any(
        row.startswith("承租单位数 5 家 later.geojson ，第 1 行 命令行") for row in rows(page)
    )
    assert any("个人信息，这里不显示 plants.geojson" in row for row in rows(page))
    first = show_history(office.ws, OPERATOR, plant)["versions"][-1]["id"]
    asking = office.page(f"/sites/{plant}/restore/{first}")
    assert "承租单位数 5 家 3 家" in rows(asking)
    assert "个人信息不进历史" in asking
    status, page = office.post(f"/sites/{plant}/restore/{first}")
    assert status == 302
    assert "已恢复，记为新的一版" in page
    assert "4 恢复" in page.replace('<span class="word">', "")
    _, page = office.post(f"/sites/{plant}/restore/{first}")
    assert "没有改动" in page


def test_a_place_is_placed_from_the_list_and_from_its_map(office: Office) -> None:
    page = office.page("/unplaced")
    assert "等&lt;i&gt;厂" in page
    assert "要有边界或走向" in page
    assert any(row == "村2 1 1 2" for row in rows(page)), rows(page)
    assert "等&lt;i&gt;厂" not in office.page("/unplaced?village=&kind=enterprise")
    assert "这里没有待落图的场所" in office.page("/unplaced?kind=school")
    plant = office.ids["W"]
    status, page = office.post(f"/sites/{plant}/place", lon="１１９．３８，31.72", lat="",
                               kind="enterprise")  # fmt: skip
    assert status == 302
    assert "已落图" in page
    assert "村2" in page
    assert 'name="kind" value="enterprise"' in page
    page = office.page(f"/sites/{plant}/place?back=site")
    assert 'value="119.38"' in page
    assert f'data-village="{EAST}"' in page
    status, page = office.post(f"/sites/{plant}/place", lon="31.72", lat="119.38", back="site")
    assert status == 422
    assert "写反了" in page
    assert 'value="31.72"' in page
    said = {"lon": "119.32", "lat": "31.72", "accuracy_m": "8", "back": "site"}
    status, page = office.post(f"/sites/{plant}/place", **said)
    assert status == 302
    assert "历史和来源" in page
    assert "± 8" in page
    nowhere = office.ids["N"]
    _, page = office.post(f"/sites/{nowhere}/place", lon="119.5", lat="31.72")
    assert "这个点不在任何村的边界里，请核对坐标" in page


def test_what_wants_a_boundary_says_so(office: Office) -> None:
    answer = office.client.get(f"/sites/{office.ids['M']}/place")
    assert answer.status_code == 422
    assert "矿山要有边界" in answer.get_data(as_text=True)


def test_a_pair_is_merged_and_taken_apart_and_kept_apart(office: Office) -> None:
    keep, drop = office.ids["A"], office.ids["B"]
    page = office.page("/duplicates")
    assert "名称相同，相距 28 米" in page
    assert "承租单位数 不同 5 家 4 家" in rows(page)
    status, page = office.post("/duplicates/merge", keep=keep, drop=drop, kind="enterprise")
    assert status == 302
    assert "已合并。" in page
    assert "没有疑似重复" in page
    answer = office.client.get(f"/sites/{drop}")
    assert (answer.status_code, answer.location) == (302, f"/sites/{keep}")
    assert office.client.get(f"/panel/sites/{drop}").location == f"/panel/sites/{keep}"
    assert office.client.get(f"/api/sites/{drop}").location == f"/api/sites/{keep}"
    assert "已并入" in office.client.get(f"/sites/{drop}/personal").get_data(as_text=True)
    assert "请先在“疑似重复”里撤销合并" in office.page(f"/sites/{drop}/history")
    assert f"并入的场所 {drop}" in office.page(f"/sites/{keep}/history")
    status, page = office.post("/duplicates/merge", keep=keep, drop=drop)
    assert status == 422
    assert "请先撤销合并" in page
    _, page = office.post("/duplicates/unmerge", drop=drop)
    assert "两处都恢复到合并以前" in page
    assert office.client.get(f"/sites/{drop}").status_code == 200
    _, page = office.post("/duplicates/apart", one=keep, other=drop)
    assert "以后不再列出" in page
    assert "名称相同" not in page
    _, page = office.post("/duplicates/together", one=drop, other=keep)
    assert "名称相同，相距 28 米" in page


def test_a_form_without_its_token_changes_nothing(office: Office) -> None:
    said = {"keep": office.ids["A"], "drop": office.ids["B"]}
    for path in ("/duplicates/merge", "/duplicates/apart", f"/sites/{said['keep']}/place"):
        assert office.client.post(path, data=said).status_code == 400
    assert "名称相同" in office.page("/duplicates")


def test_a_card_links_to_what_its_reader_may_do(office: Office) -> None:
    plant = office.ids["A"]
    page = office.page(f"/sites/{plant}")
    assert f"/sites/{plant}/history" in page
    assert f"/sites/{plant}/place" in page
    waiting = office.page(f"/sites/{office.ids['W']}")
    assert "在地图上看" not in waiting
    make_account(office.ws, Role.DISTRICT_READER, "district")
    reader = enter(office.client.application.test_client(), "district")
    card = reader.get(f"/sites/{plant}").get_data(as_text=True)
    assert f"/sites/{plant}/history" in card
    assert f"/sites/{plant}/place" not in card
