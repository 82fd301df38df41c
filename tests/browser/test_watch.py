"""The watch over the pages notices what it is there for; without this it could be blind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from tests.browser.watch import Watch

POLICY = "default-src 'self'; script-src 'nonce-n'; connect-src *; img-src *"


class Answer(BaseHTTPRequestHandler):
    """Answers every address with one page."""

    def __init__(self, *arguments: object, page: str) -> None:
        self.page = page
        super().__init__(*arguments)  # type: ignore[arg-type]  # as the server gives them

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def html() -> str:
    """Return the page that the server sends; ``parametrize`` sets another."""
    return "<!doctype html><meta name=viewport content='width=device-width'><h1>薛埠</h1>"


@pytest.fixture
def live_server(html: str) -> Iterator[str]:
    """Return the address of a server of one page, in place of the application's."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Answer, page=html)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_a_quiet_page_leaves_nothing_behind(page: Page, watch: Watch, screen: str) -> None:
    page.goto("/")
    assert page.locator("h1").inner_text() == "薛埠"
    assert page.evaluate("[navigator.language, innerWidth]") == [
        "zh-CN",
        {"desktop": 1280, "phone": 390}[screen],
    ]
    assert watch.found() == {}


FETCH = "<script nonce=n>fetch('{}').catch(() => {{}})</script>"


@pytest.mark.parametrize(
    ("html", "noted"),
    [
        (FETCH.format("http://outside.example/a"), "outside"),
        (FETCH.format("http://192.0.2.1/a"), "outside"),
        (FETCH.format("http://localhost:9/a"), "outside"),
        ("<img src=http://outside.example/a.png>", "outside"),
        ("<script nonce=n>console.warn('hm')</script>", "console"),
        ("<script nonce=n>throw new Error('oh')</script>", "errors"),
        ("<script>document.title = 'run'</script>", "violations"),
        ("<img src=/a.png onerror=\"document.title = 'run'\">", "violations"),
    ],
)
def test_what_a_page_should_not_do_is_noted(page: Page, watch: Watch, noted: str) -> None:
    page.goto("/")
    for _ in range(50):
        if noted in watch.found():
            break
        page.wait_for_timeout(100)
    assert noted in watch.found()
    assert page.title() != "run"
    watch.clear()


def test_another_host_cannot_be_reached(page: Page, watch: Watch) -> None:
    page.goto("/")
    answer = page.evaluate(
        "fetch('http://localhost:' + location.port).then(() => 'reached', () => 'refused')"
    )
    assert answer == "refused"
    watch.clear()
