"""What is watched, in the browser: shares at a glance, a place for a camera tried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_accounts import fits_the_screen

Shot = Callable[[str], Path]


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_forester_reads_the_shares_and_tries_a_place_for_a_camera(page: Page, shot: Shot) -> None:
    page.goto("/fire-weather")
    page.get_by_role("link", name="监测覆盖").click()
    expect(page.get_by_role("status").first).to_contain_text("高火险林地有人看")
    expect(page.get_by_text("没有候选点。")).to_be_visible()
    assert fits_the_screen(page)
    shot("forest-cover")
    page.get_by_label("候选点，一行一个").fill("119.30, 31.75\n119.28，31.70")
    page.get_by_role("button", name="计算").click()
    expect(page.get_by_role("region", name="候选点排序").get_by_role("row")).to_have_count(3)
    assert fits_the_screen(page)
    shot("forest-cover-candidates")
