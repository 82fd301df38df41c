"""Single places in the browser: history and restoring, placing on a map, merging and undoing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.sync_api import Page, expect

from gis.domain.rights import Role
from gis.workspace import Settings, Workspace, open_workspace
from tests.browser.test_accounts import enter, fits_the_screen
from tests.conftest import Databases
from tests.people import make_account
from tests.register import NEAR_WEST, OTHER_USCC, USCC, WEST_POINT, ids, take
from tests.server import serving

Shot = Callable[[str], Path]

NAMES = {
    "desktop": ("金东水泥有限公司", "江苏金东水泥厂", USCC),
    "phone": ("茅麓五金厂", "茅麓五金加工厂", OTHER_USCC),
}
"""Of a pair of plants that each screen merges itself."""

IDS: dict[str, int] = {}
"""Key to id of every place."""

SCREENS = pytest.mark.parametrize("screen", ["desktop", "phone"])


@pytest.fixture(scope="module")
def live_server(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server on an office with history, gaps and doubles."""
    folder = tmp_path_factory.mktemp("places-server")
    with offices(folder) as url:
        settings = Settings(url, folder / "var")
        ws = open_workspace(settings)
        fill(ws, folder)
        IDS.update(ids(ws))
        make_account(ws, Role.TOWN_OFFICE, "town")
        ws.engine.dispose()
        with serving(settings, folder / "log") as address:
            yield address


def fill(ws: Workspace, folder: Path) -> None:
    """Take in plants with a history, doubles, and places that wait for a position."""
    said: dict[str, Any] = {"tenants": 3, "shifts": 2, "owner": "某人", "source": "2025 年普查"}
    found, moved = [], []
    for screen, (name, other, code) in NAMES.items():
        first = {**said, "code": f"QY-{screen}-1", "name": name, "uscc": code}
        second = {"code": f"QY-{screen}-2", "name": other, "category": "一般", "tenants": 4}
        found += [(WEST_POINT, first), (NEAR_WEST, second)]
        later = {"code": f"QY-{screen}-1", "tenants": 5, "risk_colour": "黄"}
        moved.append((shapely.Point(119.3204, 31.7206), later))
    take(ws, folder, found, name="企业普查.geojson")
    take(ws, folder, moved, name="企业更新.geojson")
    waiting = [
        (None, {"code": f"DL-{i}", "name": f"{name}铸造厂", "village": f"村{1 + i % 2}"})
        for i, name in enumerate(("禾舟", "澄梭", "砚藕", "砂穗", "棠蕨", "青棋"))
    ]
    take(ws, folder, [*waiting, (None, {"code": "DL-x", "name": "不知在哪的厂"})], name="w.geojson")
    take(ws, folder, [(None, {"code": "X", "name": "梧瓦小学", "village": "村1"})], "school")
    take(ws, folder, [(None, {"code": "K", "name": "霁舟露天矿", "village": "村2"})], "mine")


COOKIES: dict[str, Any] = {}
"""Of the one log-in at each server."""


@pytest.fixture(autouse=True)
def entered(page: Page, live_server: str) -> None:
    """Be logged in as the town office."""
    if live_server not in COOKIES:
        enter(page, "town")
        COOKIES[live_server] = page.context.cookies()
    page.context.add_cookies(COOKIES[live_server])


@SCREENS
def test_who_changed_this_is_one_click_away_and_can_be_put_back(
    page: Page, shot: Shot, screen: str
) -> None:
    page.goto(f"/sites/{IDS[f'QY-{screen}-1']}")
    shot("card")
    page.get_by_role("link", name="历史和来源").click()
    newest = page.locator("table").first.locator("tbody tr").first
    expect(newest).to_contain_text("企业更新.geojson，第 ")
    expect(newest).to_contain_text(re.compile(r"承租单位数 3 家 →\s*改为 5 家"))
    expect(page.get_by_role("heading", name="每一项的来源")).to_be_attached()
    assert fits_the_screen(page)
    page.screenshot(path=shot("history"), full_page=True)
    page.get_by_role("link", name="恢复到第 1 版").click()
    expect(page.locator("table.compare")).to_contain_text("移动 77 米")
    assert fits_the_screen(page)
    shot("restore")
    page.get_by_role("button", name="确认恢复").click()
    expect(page.get_by_role("status")).to_contain_text("已恢复")
    expect(page.locator("table").first.locator("tbody tr")).to_have_count(3)
    shot("restored")


@SCREENS
def test_a_place_is_placed_by_a_click_on_the_map(page: Page, shot: Shot, screen: str) -> None:
    page.goto("/unplaced")
    expect(page.locator("table.matrix")).to_contain_text("村2")
    assert fits_the_screen(page)
    page.screenshot(path=shot("unplaced"), full_page=True)
    name = {"desktop": "禾舟铸造厂", "phone": "砚藕铸造厂"}[screen]
    page.get_by_role("link", name=f"在地图上点：{name}").click()
    expect(page.locator(".village-name")).to_have_count(2)
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.4
    page.mouse.click(x, y) if screen == "desktop" else page.touchscreen.tap(x, y)
    expect(page.locator("[name=lon]")).to_have_value(re.compile(r"^119\.3\d{5}$"))
    expect(page.locator("[name=accuracy_m]")).to_have_value(re.compile(r"^\d+$"))
    expect(page.locator("#where")).to_have_text("这个点在村1")
    assert fits_the_screen(page)
    page.screenshot(path=shot("place"), full_page=True)
    page.locator("[name=lon]").fill("119.38")
    expect(page.locator("#where")).to_contain_text("和登记的村1不同")
    page.locator("[name=lon]").fill("119.33")
    page.get_by_role("button", name="就放在这里").click()
    expect(page.get_by_role("status")).to_contain_text(f"已落图：{name} · 村1")
    expect(page.locator("table.waiting")).not_to_contain_text(name)
    shot("placed")


def test_a_place_is_placed_by_keyboard_alone(page: Page) -> None:
    page.goto("/unplaced?kind=enterprise")
    name = "澄梭铸造厂"
    page.get_by_label(f"经度：{name}").fill("119.38, 31.72")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"已落图：{name} · 村2")


@SCREENS
def test_a_double_is_merged_and_taken_apart(page: Page, shot: Shot, screen: str) -> None:
    keep, drop, _ = NAMES[screen]
    page.goto("/duplicates")
    pair = page.locator("section.pair", has_text=drop)
    expect(pair).to_contain_text("米")
    assert fits_the_screen(page)
    page.screenshot(path=shot("duplicates"), full_page=True)
    pair.get_by_role("button", name=f"合并到左边，保留 {keep}").click()
    expect(page.get_by_role("status")).to_contain_text("已合并")
    merged = page.locator("table.stacked tbody tr", has_text=drop)
    expect(merged).to_contain_text("补入：行业类别")
    assert fits_the_screen(page)
    page.screenshot(path=shot("merged"), full_page=True)
    page.goto(f"/sites/{IDS[f'QY-{screen}-2']}")
    expect(page.locator("h2").first).to_have_text(keep)
    page.goto("/duplicates")
    page.get_by_role("button", name=f"撤销合并：{drop}").click()
    expect(page.get_by_role("status")).to_contain_text("两处都恢复到合并以前")
    pair.get_by_role("button", name="不是重复").click()
    expect(page.get_by_role("status")).to_contain_text("以后不再列出")
    expect(pair).to_have_count(0)
    shot("apart")
