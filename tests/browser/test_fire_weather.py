"""Fire weather in the browser: the day is read at a glance, on a phone too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accounts import fits_the_screen

Shot = Callable[[str], Path]


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_leader_reads_the_days_class_and_a_clerk_the_season(page: Page, shot: Shot) -> None:
    page.goto("/table")
    page.get_by_role("link", name="火险", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("2026-10-31")
    expect(page.get_by_role("status").first).to_contain_text(re.compile(r"[1-5] \S+\s+本系统计算"))
    expect(page.get_by_role("img")).to_have_count(2)
    assert fits_the_screen(page)
    shot("fire-weather")
    page.get_by_text("按月", exact=True).first.click()
    expect(page.get_by_role("row", name="2026-04").first).to_be_visible()
    with page.expect_download() as kept:
        page.get_by_role("link", name="导出 CSV").click()
    assert "2026-10-31" in kept.value.path().read_text("utf-8-sig")
    page.get_by_label("可燃物").select_option("牧场草原")
    page.get_by_role("button", name="估算").click()
    expect(page.locator("#spread")).to_contain_text("火头蔓延速度")
    assert fits_the_screen(page)
    shot("fire-weather-spread")
