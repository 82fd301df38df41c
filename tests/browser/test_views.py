"""The load in a real browser: three views of the villages, hexagons, the town.

The fixture ``page`` fails a test that wrote to the console, asked another host or broke the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.test_map import open_map, tick, until

Shot = Callable[[str], Path]

VIEWS = {"绝对数": "当量人", "每平方千米": "当量人/km²", "每千人": "当量人/千人"}


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_the_villages_are_looked_at_in_three_ways_each_with_its_own_legend(
    page: Page, shot: Shot, screen: str
) -> None:
    open_map(page)
    legend = page.locator("#legend")
    if screen == "phone":
        legend.locator("summary").click()
    classes = page.locator(".area-label b").all_inner_texts()
    assert set(classes) <= set("12345")
    seen = [classes]
    for name, unit in VIEWS.items():
        button = legend.get_by_role("button", name=name, exact=True)
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(button).to_be_focused()
        shown = legend.locator("[data-legend]:visible")
        expect(shown).to_have_count(1)
        expect(shown).to_contain_text(f"单位：{unit}。不是级别")
        for words in ("≥", "无数据", "基数小"):
            expect(shown).to_contain_text(words)
        counted = shown.locator("[data-count]").all_inner_texts()
        assert sum(int(text.split()[0]) for text in counted) == 16
        seen.append(page.locator(".area-label b").all_inner_texts())
        shot(f"view-{list(VIEWS).index(name)}")
    assert len({tuple(labels) for labels in seen}) == 4
    page.reload()
    expect(legend.locator("[data-legend=view_per_1000]")).to_be_attached()
    until(
        page, "document.querySelector('#switch [data-fill=view_per_1000]').ariaPressed === 'true'"
    )


def test_a_village_with_small_numbers_is_striped_and_says_so(page: Page) -> None:
    open_map(page, "/#fill=view_per_1000")
    small = [
        feature["properties"]
        for feature in page.request.get("/api/layers/view_per_1000.geojson").json()["features"]
        if feature["properties"]["small"]
    ]
    assert small
    page.locator("#areas button", has_text=small[0]["name"]).click()
    panel = page.locator("#detail")
    expect(panel).to_contain_text(re.compile(r"基数小（常住\d+人，\d+处风险源"))
    expect(panel).to_contain_text("当前图层：负荷：每千人")


def test_hexagons_are_fetched_when_they_are_switched_on_and_carry_no_class(
    page: Page, shot: Shot
) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    open_map(page)
    assert [request.url for request in asked if "hexagon" in request.url] == []
    tick(page, "hexagon")
    legend = page.locator("#legend [data-legend=hexagon]")
    expect(legend).to_be_visible()
    for words in ("当量人/km²", "500 米", "不是级别", "无数据，不是 0"):
        expect(legend).to_contain_text(words)
    expect(page.locator("#switch")).to_be_hidden()
    expect(page.locator(".area-label b")).to_have_count(0)
    assert len([request for request in asked if "hexagon" in request.url]) == 1
    shot("hexagons")
    page.locator(".leaflet-container").click(position={"x": 470, "y": 300})
    panel = page.locator("#detail")
    expect(panel.locator(".facts")).to_contain_text("每平方千米")
    expect(panel.locator("#also")).to_contain_text("村")


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_the_town_says_how_its_villages_stand_and_what_adds_up(
    page: Page, shot: Shot, screen: str
) -> None:
    open_map(page)
    if screen == "phone":
        page.locator(".top-layers").click()
    page.locator("[data-whole]").click()
    panel = page.locator("#detail")
    expect(panel.locator("h2")).to_have_text("薛埠镇")
    expect(panel).to_contain_text("指数不能相加")
    expect(panel).to_contain_text("共 16 个；无数据不等于低")
    parts = re.findall(r"[\d,]+\.\d", panel.locator(".sum").inner_text())
    areas, outside, load, beyond = (float(part.replace(",", "")) for part in parts)
    assert areas + outside == pytest.approx(load + beyond, abs=0.2)
    shot("town")
    page.reload()
    expect(panel.locator("h2")).to_have_text("薛埠镇")


def test_a_view_prints_with_its_legend_and_without_its_switch(page: Page) -> None:
    open_map(page, "/#fill=view_per_km2")
    expect(page.locator("#switch")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#legend [data-legend=view_per_km2]")).to_be_visible()
    expect(page.locator(".print-title")).to_contain_text("负荷：每平方千米")
    expect(page.locator("#switch")).to_be_hidden()


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_an_intensity_is_fetched_when_it_is_switched_on_and_says_what_it_is_not(
    page: Page, shot: Shot, screen: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_map(page)
    assert [url for url in asked if "surface_" in url] == []
    if screen == "phone":
        page.locator(".top-layers").click()
    tick(page, "surface_industry")
    if screen == "phone":
        page.keyboard.press("Escape")
        page.locator("#legend summary").click()
    legend = page.locator("#legend [data-legend~=surface_industry]")
    expect(legend).to_be_visible()
    for words in ("5–20", "80–100", "无数据", "100 米网格", "不是级别", "不等于安全", "仅供浏览"):
        expect(legend).to_contain_text(words)
    expect(page.locator(".area-label b")).to_have_count(0)
    assert len([url for url in asked if "surface_" in url]) == 1
    shot(f"surface-{screen}")
    page.emulate_media(media="print")
    expect(legend).to_be_visible()
    expect(page.locator(".print-title")).to_contain_text("强度：工业企业")
