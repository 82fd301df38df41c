"""The map in a real browser: what a clerk, a leader and a planner do with it.

The fixture ``page`` fails a test that wrote to the console, asked another host or broke the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.watch import Watch

COLOURS_SEEN = """() => {
  const canvas = document.querySelector('.leaflet-overlay-pane canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = {};
  for (let i = 0; i < data.length; i += 4 * 29) {
    const key = [data[i], data[i + 1], data[i + 2], data[i + 3]].join();
    seen[key] = (seen[key] || 0) + 1;
  }
  const many = Object.entries(seen).filter(([key, n]) => n > 50 && !key.endsWith(',0'));
  return many.map(([key]) => key);
}"""

Shot = Callable[[str], Path]


def open_map(page: Page, address: str = "/") -> None:
    """Open the map and wait until the villages are drawn."""
    page.goto(address)
    expect(page.locator(".area-label i")).to_have_count(16)


def until(page: Page, expression: str) -> None:
    """Wait until it is true on the page; Playwright's own way needs eval, which ours forbids."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


def tick(page: Page, slug: str) -> Locator:
    """Switch a layer on and return its row when it is there."""
    row = page.locator(f'.row[data-layer="{slug}"]')
    row.locator("input").check()
    expect(row).not_to_have_attribute("aria-busy", "true")
    return row


def village(page: Page, name: str) -> tuple[float, float]:
    """Return a point of the screen inside a village, beside its label."""
    box = page.locator(".area-label span", has_text=name).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] - 6


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_the_map_says_what_it_is_without_a_click(page: Page, shot: Shot, screen: str) -> None:
    open_map(page)
    colours = page.evaluate(COLOURS_SEEN)
    # The five classes, each 65 % of its colour; the hatch gives white and grey.
    assert len(colours) >= 6, (screen, colours)
    assert "255,255,255,255" in colours
    for words in ("综合风险", "无数据", "模拟数据", "边界示意，不作划界依据"):
        assert page.get_by_text(words).locator("visible=true").count() > 0, words
    shot("map")


def test_a_layer_switches_and_its_legend_with_it(page: Page) -> None:
    open_map(page)
    legend = page.locator("#legend")
    expect(legend).to_contain_text("因标志调高")
    before = page.locator(".area-label b").all_inner_texts()
    tick(page, "risk_mine")
    expect(legend.locator("summary")).to_contain_text("矿")
    expect(legend.locator("[data-legend~=risk_mine]")).to_be_visible()
    expect(legend.locator("[data-legend]:visible")).to_have_count(1)
    assert page.locator(".area-label b").all_inner_texts() != before
    assert page.locator('input[name="fill"]:checked').count() == 1
    counted = legend.locator("[data-legend~=risk_mine] [data-count]").all_inner_texts()
    assert sum(int(text.split()[0]) for text in counted) == 16


def test_at_most_one_surface_is_filled(page: Page, shot: Shot) -> None:
    open_map(page)
    tick(page, "hazard_heat")
    expect(page.locator("#legend")).to_contain_text("仅供浏览")
    expect(page.locator(".area-label b")).to_have_count(0)
    expect(page.locator(".area-label i")).to_have_count(16)
    shot("heat")
    tick(page, "risk_composite")
    expect(page.locator("#legend")).not_to_contain_text("仅供浏览", use_inner_text=True)


def test_every_layer_can_be_shown(page: Page, shot: Shot) -> None:
    open_map(page)
    boxes = page.locator(".row input[type=checkbox]")
    listed = page.request.get("/api/layers").json()["layers"]
    counts = {layer["slug"]: layer["count"] for layer in listed}
    for slug in [str(box.get_attribute("value")) for box in boxes.all()]:
        row = tick(page, slug)
        expect(row.locator(".row-state")).to_be_visible(visible=counts[slug] == 0)
    assert page.locator(".row-state.failed").count() == 0
    shot("everything")


def test_a_row_says_what_was_not_tested_and_what_a_run_did_not_find(page: Page) -> None:
    open_map(page)
    expect(tick(page, "hazard_cluster")).to_contain_text("描述性，不作统计检验")
    # In the demonstration most enterprises have no hazard: none stands out from its neighbours.
    state = tick(page, "hazard_outlier").locator(".row-state")
    expect(state).to_have_text("最近一次计算没有找到。")


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_click_on_a_village_says_why(page: Page, shot: Shot, screen: str) -> None:
    open_map(page)
    x, y = village(page, "东窑村")
    page.mouse.click(x, y) if screen == "desktop" else page.touchscreen.tap(x, y)
    panel = page.locator("#detail")
    expect(panel.locator("h2")).to_be_focused()
    expect(panel.locator(".class-chip-large")).to_have_text(
        re.compile(r"[1-5] (低|较低|中|较高|高)")
    )
    assert panel.locator(".shares > li").count() == 4
    parts = [float(text.split()[0]) for text in panel.locator(".share-points").all_inner_texts()]
    assert f"合计 {int(round(sum(parts), 1))} 分" in panel.inner_text()
    expect(panel).to_contain_text("数据质量")
    shot("village")
    panel.get_by_text("处来源").click()
    expect(panel.locator(".rows").first).to_be_visible()


def test_the_panel_is_left_as_it_was_come_to(page: Page) -> None:
    open_map(page)
    button = page.locator("#areas button").first
    button.focus()
    page.keyboard.press("Enter")
    panel = page.locator("#detail")
    expect(panel.locator("h2")).to_have_text(button.locator("span").first.inner_text())
    expect(button).to_have_attribute("aria-current", "true")
    panel.locator(".shares a").first.click()
    expect(panel).to_contain_text("登记内容")
    page.locator("#back").click()
    expect(panel.locator(".class-chip-large")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(button).to_be_focused()


def test_a_place_is_found_by_its_name_and_shows_its_card(page: Page, shot: Shot) -> None:
    open_map(page)
    tick(page, "school")
    page.locator("#search").fill("学")
    expect(page.locator("#found [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    panel = page.locator("#detail")
    expect(panel).to_contain_text("在校人数")
    expect(panel).to_contain_text("位置精度")
    expect(panel).to_contain_text("未销号隐患")
    shot("place")
    panel.get_by_text("查它周围").click()
    expect(panel.locator("[data-answer]")).to_be_visible()


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_planner_asks_what_lies_around_a_point(page: Page, shot: Shot, screen: str) -> None:
    open_map(page)
    page.locator("[data-tool=near]").click()
    panel = page.locator("#detail")
    expect(panel.locator("form")).to_be_visible()
    x, y = village(page, "茅东村")  # not under the sheet
    page.mouse.click(x, y) if screen == "desktop" else page.touchscreen.tap(x, y)
    answer = panel.locator("[data-answer]")
    expect(answer).to_contain_text("500 米内共")
    panel.get_by_role("button", name="3,000").click()
    expect(answer).to_contain_text("3,000 米内共")
    rows = answer.locator("[data-go]")
    assert rows.count() > 20
    shot("near")
    zoom = page.evaluate("window.riskmap.map.getZoom()")
    rows.first.click()
    until(page, f"window.riskmap.map.getZoom() > {zoom}")


def test_coordinates_can_be_typed_and_wrong_ones_are_explained(page: Page, watch: Watch) -> None:
    open_map(page)
    page.locator("[data-tool=near]").click()
    form = page.locator("#detail form")
    form.locator("[name=lon]").fill("31.72")
    form.locator("[name=lat]").fill("119.37")
    form.locator("button[type=submit]").click()
    expect(page.locator(".field-error")).to_contain_text("写反了")
    watch.clear()  # the browser writes every 422 to its console
    form.locator("[name=lon]").fill("119.37")
    form.locator("[name=lat]").fill("31.72")
    form.locator("[name=radius_m]").fill("1234")
    page.keyboard.press("Enter")
    expect(page.locator("[data-answer]")).to_contain_text("1,234 米内共")
    expect(page.locator(".field-error")).to_have_count(0)


def test_the_view_is_in_the_address(page: Page) -> None:
    open_map(page)
    tick(page, "risk_gas")
    tick(page, "school")
    page.locator("#areas button").nth(2).click()
    name = page.locator("#detail h2").inner_text()
    page.evaluate("window.riskmap.map.setZoom(12, {animate: false})")
    page.reload()
    expect(page.locator("#detail h2")).to_have_text(name)
    expect(page.locator("#legend [data-legend~=risk_gas]")).to_be_visible()
    expect(page.locator('.row[data-layer="school"] input')).to_be_checked()
    assert page.evaluate("window.riskmap.map.getZoom()") == 12


def test_a_page_leads_to_the_same_thing_on_the_map(page: Page) -> None:
    page.goto("/areas/village/320413109201")
    name = page.locator("h2").inner_text()
    page.get_by_role("link", name="在地图上看").click()
    expect(page.locator("#detail h2")).to_have_text(name)
    page.goto("/near?lon=119.37&lat=31.72&radius_m=800&kinds=school")
    page.get_by_role("link", name="在地图上看").click()
    expect(page.locator("#detail [data-answer]")).to_contain_text("800 米内共")
    expect(page.locator("#detail [name=kinds]:checked")).to_have_count(1)


def test_a_layer_that_fails_says_so_and_can_be_asked_again(page: Page, watch: Watch) -> None:
    open_map(page)
    page.route("**/api/layers/school.geojson", lambda route: route.abort())
    row = tick(page, "school")
    expect(row.locator(".row-state")).to_contain_text("没有取到")
    expect(page.locator(".area-label i")).to_have_count(16)
    watch.clear()  # the browser writes every failed request to its console
    page.unroute("**/api/layers/school.geojson")
    row.get_by_role("button", name="再试一次").click()
    expect(row.locator(".row-state")).to_be_hidden()


def test_a_panel_that_fails_can_be_asked_again(page: Page, watch: Watch) -> None:
    open_map(page)
    page.route("**/panel/**", lambda route: route.abort())
    page.locator("#areas button").first.click()
    expect(page.locator("#detail [role=alert]")).to_contain_text("没有取到")
    watch.clear()
    page.unroute("**/panel/**")
    page.locator("#detail").get_by_role("button", name="再试一次").click()
    expect(page.locator("#detail .class-chip-large")).to_be_visible()


def test_the_three_lines_below_the_map_open_what_they_name(page: Page) -> None:
    open_map(page)
    strip = page.locator("#strip")
    assert strip.locator("section").count() == 3
    for kind in ("area", "feature", "site"):
        strip.locator(f"[data-{kind}]").first.click()
        expect(page.locator("#detail .card h2")).to_be_visible()
        page.keyboard.press("Escape")
    strip.locator("summary").click()
    expect(strip.locator(".strip-brief")).to_contain_text("重大隐患未销号")


@pytest.mark.parametrize("screen", ["phone"])
def test_on_a_phone_panels_come_from_below_and_targets_are_large(page: Page, shot: Shot) -> None:
    open_map(page)
    page.locator(".top-layers").click()
    sheet = page.locator("#layers")
    expect(sheet).to_be_visible()
    shot("layers")
    small = page.evaluate(TOO_SMALL)
    sheet.get_by_role("button", name="收起图层").click()
    expect(sheet).to_be_hidden()
    small += page.evaluate(TOO_SMALL)
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


TOO_SMALL = """() => {
  const targets = 'button, summary, label, select, input[type=search], a';
  const shown = [...document.querySelectorAll(targets)];
  const sizes = shown.filter((node) => node.checkVisibility() && !node.closest('.skip'))
    .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()]);
  return sizes.filter(([, box]) => box.width > 0 && box.height < 43.5).map(([html]) => html);
}"""


@pytest.mark.parametrize("language", ["en-GB"])
def test_the_page_speaks_english_to_who_asks(page: Page, shot: Shot) -> None:
    open_map(page)
    assert page.evaluate("document.documentElement.lang") == "en"
    page.locator("#areas button").first.click()
    expect(page.locator("#detail h2")).to_be_visible()
    shot("english")
    page.get_by_text("中文").click()
    until(page, "document.documentElement.lang === 'zh-CN'")
    expect(page.locator("#detail h2")).to_be_visible()


def test_the_map_prints_on_one_sheet_and_comes_back(page: Page, tmp_path: Path) -> None:
    open_map(page)
    size = page.evaluate("JSON.stringify(window.riskmap.map.getSize())")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    (tmp_path / "map.pdf").write_bytes(printed)
    assert printed.count(b"/Type /Page\n") == 1 or printed.count(b"/Type /Pages") == 1
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert box is not None
    assert [round(float(side) / 72 * 25.4) for side in box.groups()] == [297, 210]
    until(page, f"JSON.stringify(window.riskmap.map.getSize()) === '{size}'")
    page.emulate_media(media="print")
    for selector in (".watermark", ".print-head", ".north", ".leaflet-control-scale"):
        expect(page.locator(selector).first).to_be_visible()
    expect(page.locator("#layers")).to_be_hidden()


def test_a_second_visit_fetches_no_library_again(page: Page) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    open_map(page)
    page.wait_for_load_state("networkidle")
    libraries = {request.url for request in asked if "/vendor/" in request.url}
    assert len(libraries) > 3
    asked.clear()
    open_map(page, "/?lang=zh")
    page.wait_for_load_state("networkidle")
    again = [request for request in asked if request.url in libraries]
    assert [request.url for request in again if request.sizes()["responseBodySize"] > 0] == []
