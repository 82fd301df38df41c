"""Data quality in the browser: what is unknown is seen without a click, and who verifies what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gis.domain.rights import OPERATOR, Role
from gis.services.assess_quality import assess_quality
from gis.workspace import Settings, open_workspace
from tests.browser.test_accounts import enter, fits_the_screen
from tests.conftest import Databases
from tests.officeland import change
from tests.people import EAST, WEST, make_account
from tests.server import serving

Shot = Callable[[str], Path]
SCREENS = pytest.mark.parametrize("screen", ["desktop", "phone"])

"""Both databases answer alike (``tests.services.test_quality``); the browser needs one."""


@pytest.fixture(scope="module")
def live_server(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server on an office whose east has no place that is public."""
    folder = tmp_path_factory.mktemp("quality-server")
    with offices(folder) as url:
        settings = Settings(url, folder / "var")
        ws = open_workspace(settings)
        as_of = assess_quality(ws, OPERATOR).as_of
        for key, days in (("P-west", 400), ("H-west", 20), ("S-west", 20), ("G-west", 900)):
            verified_on = as_of.fromordinal(as_of.toordinal() - days)
            change(ws, key, verified_on=verified_on, accuracy_m=5.0)
        change(ws, "S-east", village=None)
        make_account(ws, Role.TOWN_OFFICE, "town")
        make_account(ws, Role.VISITOR, "visitor")
        ws.engine.dispose()
        with serving(settings, folder / "log") as address:
            yield address


@SCREENS
def test_a_clerk_finds_what_must_be_verified_and_takes_the_list_along(
    page: Page, shot: Shot
) -> None:
    enter(page, "town")
    page.goto("/quality")
    expect(page.locator(".lead")).to_contain_text("登记 8 处，要核实 6 处")
    assert fits_the_screen(page)
    shot("quality")
    page.get_by_role("link", name="不在任何村").click()
    expect(page.locator("h1")).to_have_text("数据质量 · 不在任何村")
    expect(page.locator(".records tbody tr")).to_have_count(1)
    page.locator("[name=village]").select_option(WEST)
    page.locator("[name=kind]").select_option("enterprise")
    page.get_by_role("button", name="查看").click()
    expect(page.locator("h1")).to_contain_text("企业")
    row = page.locator(".records tbody tr")
    expect(row).to_contain_text("村1 · 工贸")
    expect(row).to_contain_text("35 天")
    assert fits_the_screen(page)
    shot("quality-filtered")
    with page.expect_download() as kept:
        page.get_by_role("link", name="导出 CSV").click()
    assert "west plant" in kept.value.path().read_text("utf-8-sig")
    row.get_by_role("link").click()
    expect(page.locator("article")).to_contain_text("已超过 365 天未核实")
    assert fits_the_screen(page)
    shot("quality-card")


@SCREENS
def test_a_village_of_which_nothing_is_known_is_hatched_and_not_good(
    page: Page, shot: Shot, screen: str
) -> None:
    enter(page, "visitor")
    page.goto("/#fill=quality")
    expect(page.locator(".area-label", has_text="村1")).to_contain_text(re.compile("[A-D]"))
    expect(page.locator(".area-label", has_text="村2")).to_contain_text("无数据")
    expect(page.locator(".legend [data-mini=quality]")).to_be_visible(visible=screen == "phone")
    legend = page.locator('[data-legend="quality"]')
    expect(legend.locator('[data-class=""] [data-count]')).to_have_text("1 个")
    assert fits_the_screen(page)
    shot("quality-map")
    if screen == "phone":
        page.locator(".top-layers").click()
    last = page.locator("#areas button").last
    expect(last.locator(".class-none")).to_have_text("无数据")
    last.click()
    line = page.locator("#detail [data-layer-now]")
    expect(line).to_have_text("当前图层：登记数据质量 无数据")
    page.locator(f'#detail a[data-instead="/panel/quality/{EAST}"]').click()
    expect(page.locator("#detail .part")).to_contain_text("不等于没有场所")
    shot("quality-panel")
