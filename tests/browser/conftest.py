"""A real Chromium that reaches this machine only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.watch import Watch

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Blocked below the page: routing in Playwright would switch the browser's cache off.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]

SCREENS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}

TIMEOUT_MS = 60_000


ONE_DATABASE = pytest.mark.parametrize("backend", ["spatialite"], indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)  # before the fixture offers both
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Drive the browser on one database: what differs between them is tested below the pages."""
    if "backend" in metafunc.fixturenames:
        metafunc.definition.add_marker(ONE_DATABASE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a running Chromium."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed: run bash scripts/install test"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def screen() -> str:
    """Return which of SCREENS ``page`` has; ``parametrize("screen", ["phone"])`` sets another."""
    return "desktop"


@pytest.fixture
def language() -> str:
    """Return the language that the browser asks for; ``parametrize`` sets another."""
    return "zh-CN"


@pytest.fixture
def watch(live_server: str) -> Watch:
    """Return the watch over ``page``."""
    return Watch(urlsplit(live_server).netloc)


@pytest.fixture
def page(
    browser: Browser, live_server: str, watch: Watch, screen: str, language: str
) -> Iterator[Page]:
    """Return an empty page with ``live_server`` as its base: ``page.goto("/")``.

    In the end nothing may have been asked of another host, nothing written to the console, no
    exception left uncaught and nothing refused by the Content-Security-Policy.
    """
    context = browser.new_context(
        base_url=live_server, locale=language, timezone_id="Asia/Shanghai", **SCREENS[screen]
    )
    context.set_default_timeout(TIMEOUT_MS)
    watch.over(context)
    yield context.new_page()
    context.close()
    assert watch.found() == {}


@pytest.fixture
def shot(page: Page, screen: str, tmp_path: Path) -> Callable[[str], Path]:
    """Return what saves a screenshot of ``page`` by name, for people to look at.

    Into the folder RISKMAP_SCREENSHOTS, or the test's temporary folder.
    """
    folder = Path(os.environ.get("RISKMAP_SCREENSHOTS") or tmp_path)

    def save(name: str) -> Path:
        path = folder / f"{name}-{screen}.png"
        page.screenshot(path=path)
        return path

    return save


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
