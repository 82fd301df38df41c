"""What a browser may do with an answer: the headers, the nonce, and names that stay names."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.people import enter
from tests.webmap.conftest import tags
from tests.webmap.hostile import NAMES

PATHS = ["/", "/table", "/nowhere", "/api/layers", "/api/nowhere", "/static/js/map.js", "/healthz"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    policy = dict(
        directive.split(" ", 1) for directive in headers["Content-Security-Policy"].split("; ")
    )
    nonce = policy.pop("script-src").removeprefix("'self' ")
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", nonce)
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'self' {nonce}",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers


def test_every_inline_script_and_style_has_the_nonce_of_its_answer(client: FlaskClient) -> None:
    for path in ("/", "/table", "/near", "/areas/village/320413109201"):
        answer = client.get(path)
        nonce = re.findall(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])[0]
        found = tags(answer.get_data(as_text=True))
        assert found
        inline = [attributes for _, attributes in found if " src=" not in attributes]
        assert [attributes for attributes in inline if f'nonce="{nonce}"' not in attributes] == []


def test_no_two_answers_share_a_nonce(client: FlaskClient) -> None:
    policies = {client.get("/").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


@pytest.mark.parametrize("path", ["/", "/table", "/near", "/areas/village/320413109201"])
def test_a_page_links_no_other_host_and_has_no_inline_handler_or_style(
    client: FlaskClient, path: str
) -> None:
    page = client.get(path).get_data(as_text=True)
    assert re.findall(r"(?:src|href|action)=\"?(?:https?:)?//[^\"\s>]+", page) == []
    assert re.findall(r"<[^>]+\s(?:on\w+|style)=", page) == []


def hostile_paths(client: FlaskClient) -> list[str]:
    """Return every page and fragment that shows a hostile name."""
    features = client.get("/api/layers/enterprise.geojson").get_json()["features"]
    sites = [f"{way}/{feature['id']}" for feature in features for way in ("/sites", "/panel/sites")]
    areas = [
        f"{way}/village/{code}"
        for code in ("320413109201", "320413109202")
        for way in ("/areas", "/panel/areas")
    ]
    near = "?lon=119.34&lat=31.72&radius_m=5000"
    tables = ["/table", "/table/enterprise", "/table/hazard", "/table/village", "/quality"]
    return ["/", *tables, *areas, *sites, f"/near{near}", f"/panel/near{near}"]


class Elements(HTMLParser):
    """Collects what a browser would see of a page: start tags and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a start tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def test_a_hostile_name_is_only_ever_text(hostile_app: Flask) -> None:
    client = enter(hostile_app.test_client(), "town_office")
    seen = set()
    for path in hostile_paths(client):
        answer = client.get(path)
        assert answer.status_code == 200, path
        found = Elements(answer.get_data(as_text=True))
        seen |= {name for name in NAMES if name in found.text}
        for tag, attributes in found.tags:
            assert tag != "img", path
            assert not any(name.startswith("on") for name in attributes), (path, attributes)
            assert not str(attributes.get("href")).startswith("javascript:"), path
            if tag == "script":
                ours = str(attributes.get("src")).startswith("/static/")
                assert ours or attributes.get("nonce"), path
    assert seen == set(NAMES)


def test_a_hostile_question_is_only_ever_text(client: FlaskClient) -> None:
    name = "<script>alert(1)</script>"
    for path in ("/near", "/panel/near"):
        page = client.get(path, query_string={"lon": name, "lat": "31.7", "radius_m": name})
        assert page.status_code == 422
        assert name not in page.get_data(as_text=True)
    answer = client.get(f"/table/{name}")
    assert answer.status_code == 404
    assert name not in answer.get_data(as_text=True)
