"""Names that try to run as script, on the real page of an office full of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from gis.workspace import Settings, open_workspace
from tests.conftest import Databases
from tests.people import PASSWORD
from tests.server import serving
from tests.webmap import hostile


@pytest.fixture(scope="module")
def live_server(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server whose every name is hostile, in place of the demonstration."""
    folder = tmp_path_factory.mktemp("hostile")
    with databases(folder) as url:
        settings = Settings(database_url=url, data_dir=folder / "var")
        ws = open_workspace(settings)
        hostile.fill(ws, folder)
        ws.engine.dispose()
        with serving(settings, folder / "log") as address:
            yield address


@pytest.fixture(autouse=True)
def entered(page: Page) -> None:
    """Log in: an office shows nothing to whoever has not."""
    page.goto("/login")
    page.locator("[name=login]").fill("town_office")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def nothing_ran(page: Page) -> bool:
    """Tell whether the title is still ours, and no dialog and no image came of a name."""
    page.wait_for_timeout(100)
    return page.title() != "run" and page.locator("img, svg[onload]").count() == 0


def test_a_name_is_text_wherever_it_is_shown(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto("/")
    expect(page.locator(".area-label i")).to_have_count(2)
    for slug in ("enterprise", "hazard"):
        page.locator(f'.row[data-layer="{slug}"] input').check()
    page.locator("#areas button").first.click()
    expect(page.locator("#detail h2")).to_be_visible()
    for name in hostile.NAMES:
        page.locator("#search").fill(name)
        entry = page.locator("#found [role=option]").first
        expect(entry.locator("span").first).to_have_text(name)
        page.keyboard.press("Enter")
        expect(page.locator("#detail h2")).to_have_text(name)
        assert nothing_ran(page), name
    for case in page.locator("#strip [data-feature]").all():
        case.click()
        expect(page.locator("#detail dl.facts")).to_be_visible()
    page.mouse.move(700, 300)
    page.locator("[data-tool=near]").click()
    form = page.locator("#detail form")
    form.locator("[name=lon]").fill("119.34")
    form.locator("[name=lat]").fill("31.72")
    form.locator("[name=radius_m]").fill("5000")
    page.keyboard.press("Enter")
    expect(page.locator("#detail [data-go]")).to_have_count(len(hostile.NAMES))
    assert nothing_ran(page)


@pytest.mark.parametrize("path", ["/table", "/table/enterprise", "/table/hazard", "/table/village"])
def test_a_table_shows_the_name_itself(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("table.wide")).to_be_visible()
    assert nothing_ran(page)
