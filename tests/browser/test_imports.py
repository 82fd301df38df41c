"""The wizard in the browser: a shifted file from another system, and next month two clicks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gis.domain.rights import Role
from gis.workspace import Settings, open_workspace
from tests.browser.test_accounts import enter, fits_the_screen
from tests.conftest import Databases
from tests.people import WEST, make_account
from tests.server import serving
from tests.services.test_import_files import FIRM, HEADER, OTHER, shifted_schools, write_csv

Shot = Callable[[str], Path]


@pytest.fixture(scope="module")
def live_server(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server, with its worker, on the office of ``tests.officeland``."""
    folder = tmp_path_factory.mktemp("import-server")
    with offices(folder) as url:
        settings = Settings(url, folder / "var")
        ws = open_workspace(settings)
        for screen in ("desktop", "phone"):
            make_account(ws, Role.TOWN_OFFICE, f"clerk-{screen}")
        make_account(ws, Role.VILLAGE, "west", villages=[WEST])
        ws.engine.dispose()
        with serving(settings, folder / "log") as address:
            yield address


def upload(page: Page, kind: str, file: Path) -> None:
    """Send a file, and wait until it was tried out."""
    page.locator("#new [name=kind]").select_option(kind)
    page.locator("#new [name=file]").set_input_files(file)
    page.locator("#new button").click()
    page.wait_for_url(re.compile(r"/import/\d+$"))
    expect(page.locator(".chip-checked")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_shifted_file_is_put_right_by_one_click_and_next_month_takes_two(
    page: Page, screen: str, shot: Shot, tmp_path: Path
) -> None:
    enter(page, f"clerk-{screen}")
    page.goto("/account")
    page.get_by_role("link", name="数据", exact=True).click()
    expect(page.locator(".notice")).to_contain_text("禁止导入涉密数据")
    shot("import")
    path, _ = shifted_schools(tmp_path / f"schools-{screen}.csv")
    # Of each screen its own system: the same rows, under other codes and headings.
    text = path.read_text("utf-8").replace("\nS", f"\n{screen}-").replace("编号", "点位编号")
    path.write_text(text.replace("所在村", "村居" if screen == "phone" else "所属村"), "utf-8")
    upload(page, "school", path)
    expect(page.locator(".ask")).to_contain_text("坐标可能偏移")
    expect(page.locator(".ask")).to_contain_text("行落在所填的村")
    expect(page.locator("#preview path.leaflet-interactive")).to_have_count(40)
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    assert fits_the_screen(page)
    shot("import-shifted")
    page.get_by_role("button", name="整个文件按 GCJ-02").click()
    confirm = page.get_by_role("button", name="确认导入：新增 300，更新 0")
    expect(confirm).to_be_visible(timeout=30_000)
    page.locator("[name=remember_as]").fill(f"教育系统 {screen}")
    shot("import-ready")
    confirm.click()
    expect(page.locator(".done")).to_contain_text("已导入", timeout=30_000)
    shot("import-done")
    page.goto("/import/")
    again = page.locator(".again", has_text=f"教育系统 {screen}")
    again.locator("[name=file]").set_input_files(path)
    shot("import-again")
    again.get_by_role("button", name="上传并试算").click()
    expect(page.locator(".chip-checked")).to_be_visible(timeout=30_000)
    expect(page.locator(".ask")).to_have_count(0)
    expect(page.locator(".tile-same")).to_contain_text("300")
    expect(page.locator(".tile-new")).to_contain_text("0")
    expect(page.locator(".notice")).to_contain_text("完全相同")
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_what_was_not_taken_is_shown_row_by_row_and_comes_back_as_a_spreadsheet(
    page: Page, screen: str, shot: Shot, tmp_path: Path
) -> None:
    enter(page, f"clerk-{screen}")
    page.goto("/import/")
    hostile = "<img src=x onerror=alert(1)>${7*7}`"
    data: list[list[Any]] = [
        ["甲厂", FIRM, "村1", 119.31, 31.71, "张三"],
        [hostile, OTHER, "村2", "", "", ""],
        ["丙厂", FIRM[:-1] + "4", "村1", 119.33, 31.73, ""],
        ["丁厂", FIRM, "村1", 119.38, 31.73, ""],
    ]
    upload(page, "enterprise", write_csv(tmp_path / "firms.csv", HEADER, data, "gb18030"))
    for name, count in (("new", 3), ("rejected", 1), ("unplaced", 1), ("astray", 1)):
        expect(page.locator(f".tile-{name} b")).to_have_text(str(count))
    page.locator(".tile-rejected a").click()
    expect(page.locator("#rows tbody tr")).to_contain_text("统一社会信用代码")
    assert fits_the_screen(page)
    shot("import-rejected")
    with page.expect_download() as kept:
        page.get_by_role("link", name="下载未收的行").click()
    assert kept.value.suggested_filename.endswith(".xlsx")
    page.locator("details.block summary").click()
    expect(page.locator("#map-owner")).to_have_value("负责人")
    page.locator("#map-owner").select_option("")
    assert fits_the_screen(page)
    shot("import-columns")
    page.get_by_role("button", name="照此重新试算").click()
    expect(page.locator(".chip-checked")).to_be_visible(timeout=30_000)
    page.locator("details.block summary").click()
    expect(page.locator("#map-owner")).to_have_value("")
    page.get_by_role("button", name="删除上传的文件").click()
    page.wait_for_url("**/import/")
    expect(page.locator("tbody tr").first).to_contain_text("已取消")


def test_an_import_is_cancelled_while_it_runs(page: Page, tmp_path: Path) -> None:
    enter(page, "west")
    page.goto("/import/")
    lines = (f"X{i},119.31,31.71" for i in range(60_000))
    path = tmp_path / "many.csv"
    path.write_text("编号,经度,纬度\n" + "\n".join(lines), encoding="utf-8")
    page.locator("#new [name=kind]").select_option("school")
    page.locator("#new [name=file]").set_input_files(path)
    page.locator("#new button").click()
    page.get_by_role("button", name="取消").click()
    expect(page.locator(".field-error")).to_contain_text("已取消", timeout=30_000)
    expect(page.locator(".chip-failed")).to_be_visible()
