"""An office in the browser: from the first password to the audit log, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gis.domain.rights import OPERATOR, Role
from gis.services.manage_accounts import add_account, find_account
from gis.services.manage_tokens import add_token
from gis.workspace import Settings, open_workspace
from tests.browser.watch import Watch
from tests.conftest import Databases
from tests.officeland import OWNER
from tests.people import EAST, PASSWORD, WEST, make_account
from tests.server import serving

Shot = Callable[[str], Path]
FIRST: dict[str, str] = {}
"""First passwords of the accounts that each screen changes itself."""


@pytest.fixture(scope="module")
def live_server(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server on the office of ``tests.officeland``."""
    folder = tmp_path_factory.mktemp("office-server")
    with offices(folder) as url:
        settings = Settings(url, folder / "var")
        ws = open_workspace(settings)
        make_account(ws, Role.ADMINISTRATOR, "boss")
        make_account(ws, Role.VILLAGE, "west", villages=[WEST])
        make_account(ws, Role.VISITOR, "visitor")
        add_token(ws, OPERATOR, find_account(ws, OPERATOR, "west"), name="QGIS")
        for screen in ("desktop", "phone"):
            said = {"name": "新来的", "role": Role.TOWN_OFFICE}
            FIRST[screen] = add_account(ws, OPERATOR, login=f"new-{screen}", **said)  # type: ignore[arg-type]  # a name and a role
        ws.engine.dispose()
        with serving(settings, folder / "log") as address:
            yield address


def enter(page: Page, login: str, password: str = PASSWORD) -> None:
    """Log in by the page."""
    page.goto("/login")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(account)?$"))


def fits_the_screen(page: Page) -> bool:
    """Tell whether nothing makes the page itself wider than the screen."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return not wide


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_new_account_changes_its_password_and_then_sees_the_map(
    page: Page, screen: str, shot: Shot, watch: Watch
) -> None:
    page.goto("/table")
    expect(page.locator("h1")).to_have_text("登录")
    shot("login")
    page.locator("[name=login]").fill(f"new-{screen}")
    page.locator("[name=password]").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("登录名或口令不对")
    expect(page.locator("[name=login]")).to_have_value(f"new-{screen}")
    watch.console.clear()  # the browser notes the 401
    page.locator("[name=password]").fill(FIRST[screen])
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    expect(page.locator(".notice")).to_contain_text("别人给您的")
    assert page.locator(".top-nav a").count() == 0
    shot("first-password")
    page.goto("/")
    page.wait_for_url("**/account")
    for name, value in (("old", FIRST[screen]), ("new", PASSWORD), ("again", PASSWORD)):
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="修改口令").click()
    expect(page.get_by_role("status")).to_contain_text("口令已修改")
    assert fits_the_screen(page)
    page.goto("/")
    expect(page.locator("#areas button").first).to_be_attached()
    shot("office-map")
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login")
    page.goto("/table")
    page.wait_for_url("**/login?next=/table")


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_an_administrator_makes_an_account_and_finds_it_in_the_log(
    page: Page, screen: str, shot: Shot
) -> None:
    enter(page, "boss")
    page.goto("/account")
    page.get_by_role("link", name="管理").click()
    page.get_by_role("link", name="新增账号").click()
    shot("new-account")
    login = f"li-{screen}"
    page.locator("[name=login]").fill(login)
    page.locator("[name=name]").fill("李四")
    page.get_by_label("村级用户").check()
    page.locator(f"[name=villages][value='{EAST}']").check()
    page.get_by_role("button", name="新增").click()
    first = page.locator(".secret").inner_text()
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", first)
    shot("first-password-shown")
    page.get_by_role("link", name="已记下").click()
    expect(page.get_by_role("link", name=login)).to_be_visible()
    page.get_by_role("link", name="审计记录").click()
    page.locator("[name=text]").fill(login)
    page.get_by_role("button", name="查找").click()
    expect(page.locator("table.audit tbody tr")).to_have_count(1)
    expect(page.locator("table.audit tbody tr")).to_contain_text("新增账号")
    assert first not in page.content()
    assert fits_the_screen(page)
    shot("audit")
    with page.expect_download() as kept:
        page.get_by_role("link", name="导出 CSV").click()
    assert "新增账号" in kept.value.path().read_text("utf-8-sig")


PAGES = (
    "/", "/table", "/table/school", "/table/gas_pipeline", "/methods/", "/methods/mine",
    f"/areas/village/{EAST}", "/sites/1", "/sites/1/personal", "/near", "/account",
    "/admin/accounts", "/admin/accounts/new", "/admin/accounts/2", "/admin/roles",
    "/admin/tokens", "/admin/sessions", "/admin/audit", "/nowhere",
)  # fmt: skip


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_no_page_asks_for_what_the_policy_forbids_or_is_wider_than_the_screen(
    page: Page, watch: Watch, shot: Shot
) -> None:
    enter(page, "boss")
    for path in PAGES:
        answer = page.goto(path)
        assert answer is not None
        headers = answer.headers
        assert "'unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert fits_the_screen(page), path
        shot("page" + path.replace("/", "-"))
        if path == "/nowhere":
            watch.console.clear()  # the browser notes the 404


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_village_unmasks_a_name_of_its_own_and_sees_squares_for_pipes(
    page: Page, shot: Shot, screen: str
) -> None:
    enter(page, "west")
    expect(page.locator(".part-only").first).to_be_attached()
    if screen == "phone":
        page.locator(".top-layers").click()
    for slug in ("enterprise", "gas_pipeline"):
        page.locator(f'.row[data-layer="{slug}"] input').check()
    expect(page.locator('.row[data-layer="enterprise"] .tally')).to_have_text("1")
    expect(page.locator('.row[data-layer="gas_pipeline"] .keys')).to_contain_text("概化位置")
    if screen == "phone":
        page.locator("#layers [data-toggle-layers]").click()
    page.locator("#search").fill("west plant")
    expect(page.locator("#found [role=option]").first).to_contain_text("west plant")
    page.keyboard.press("Enter")
    expect(page.locator("#detail h2")).to_have_text("west plant")
    assert OWNER not in page.content()
    shot("masked")
    page.locator("#detail a[data-instead]").click()
    expect(page.locator("#detail")).to_contain_text(OWNER)
    expect(page.locator("#detail")).to_contain_text("已记入审计记录")
    shot("unmasked")
    page.locator("#close").click()
    page.locator("#search").fill("east plant")
    expect(page.locator("#found")).to_contain_text("没有")


def test_a_visitor_sees_classes_and_public_places_only(page: Page, shot: Shot) -> None:
    enter(page, "visitor")
    expect(page.locator("#areas button")).to_have_count(2)
    slugs = {row.get_attribute("data-layer") for row in page.locator(".row[data-layer]").all()}
    assert {"school", "gas_pipeline", "risk_composite"} <= slugs
    assert not {"enterprise", "hazard", "hotspot", "self_built_house"} & slugs
    page.locator("#areas button").first.click()
    expect(page.locator("#detail")).to_contain_text("其他来源")
    expect(page.locator("#detail .sum")).to_have_text(re.compile(r"合计 \d+ 分（整分）"))
    shot("visitor")


def test_a_session_that_ended_meanwhile_leads_back_to_the_log_in(
    page: Page, watch: Watch, live_server: str
) -> None:
    enter(page, "west")
    expect(page.locator("#areas button").first).to_be_visible()
    page.context.clear_cookies()
    page.locator("#areas button").first.click()
    expect(page.locator("#detail")).to_contain_text("请先登录")
    page.locator("#detail a[href='/login']").click()
    page.wait_for_url(f"{live_server}/login")
    watch.console.clear()  # the browser notes the 401


def test_a_pipe_on_the_map_opens_a_card_that_warns_against_digging(
    page: Page, live_server: str
) -> None:
    enter(page, "visitor")
    answer = page.request.get(f"{live_server}/api/layers/gas_pipeline.geojson")
    page.goto(f"/sites/{answer.json()['features'][0]['id']}")
    expect(page.locator(".field-error")).to_contain_text("不得用于开挖")
