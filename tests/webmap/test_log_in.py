"""Logging in by the page: forms, cookies, tokens, and what somebody might try."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.audit import Search
from gis.domain.rights import OPERATOR, Role
from gis.errors import ConfigError
from gis.services.manage_accounts import find_account, unlock
from gis.services.manage_tokens import add_token, list_tokens, revoke_token
from gis.services.read_audit import search_audit
from gis.workspace import Settings, Workspace
from tests import officeland
from tests.people import PASSWORD, WEST, enter, form_token, make_account
from webmap import asked, create_app
from webmap.context import EXTENSION

HTTPS = "https://map.example.cn"
NEW = "another-lantern-otter"


@pytest.fixture
def ws(own_office: Workspace) -> Workspace:
    """Return the office of ``tests.officeland`` with a town office and a village."""
    make_account(own_office, Role.TOWN_OFFICE, "town")
    make_account(own_office, Role.VILLAGE, "west", villages=[WEST])
    return own_office


@pytest.fixture
def office(ws: Workspace) -> Iterator[Flask]:
    """Return its application."""
    yield from serve(ws.settings)


@pytest.fixture
def secure(ws: Workspace) -> Iterator[Flask]:
    """Return its application as it is behind a named proxy that speaks HTTPS."""
    settings = replace(ws.settings, public_url=HTTPS, proxies=frozenset({"127.0.0.1"}))
    yield from serve(settings)


def serve(settings: Settings) -> Iterator[Flask]:
    """Yield an application."""
    app = create_app(settings)
    app.testing = True
    yield app
    app.extensions[EXTENSION].engine.dispose()


def behind(app: Flask, caller: str = "10.0.0.9", scheme: str = "https") -> FlaskClient:
    """Return a client whose requests come through the proxy."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
    client.environ_base["HTTP_REFERER"] = f"{HTTPS}/login"  # as a browser sends it with a form
    for name, value in (("FOR", caller), ("PROTO", scheme), ("HOST", "map.example.cn")):
        client.environ_base[f"HTTP_X_FORWARDED_{name}"] = value
    return client


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    """Send a form with its token."""
    page = "/account" if client.get("/login").status_code == 302 else "/login"
    return client.post(path, data={"csrf_token": form_token(client, page), **form})


# ---- The form --------------------------------------------------------------------------------


def test_after_the_log_in_one_is_where_one_wanted_to_go(office: Flask) -> None:
    client = office.test_client()
    first = client.get("/table/school?page=1")
    assert first.location == "/login?next=/table/school?page%3D1"
    token = form_token(client, first.location)
    assert 'name="next" value="/table/school?page=1"' in client.get(first.location).text
    said = {"csrf_token": token, "login": "town", "password": PASSWORD}
    answer = client.post("/login", data={**said, "next": "/table/school?page=1"})
    assert answer.location == "/table/school?page=1"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)",
     "/\nSet-Cookie: x", "\\\\evil", " /", ""],
)  # fmt: skip
def test_nobody_is_sent_to_another_server(office: Flask, path: str) -> None:
    assert asked.local_path(path) == "/"
    client = office.test_client()
    assert post(client, "/login", login="town", password=PASSWORD, next=path).location == "/"


def test_a_wrong_password_and_a_wrong_name_get_the_same_page(office: Flask) -> None:
    pages = []
    for login in ("town", "nobody"):
        answer = post(office.test_client(), "/login", login=login, password="wrong-password")
        assert answer.status_code == 401
        assert "wrong-password" not in answer.text
        pages.append(re.sub(r'(value|nonce)="[^"]*"', "", answer.text))
    assert pages[0] == pages[1]
    assert all("登录名或口令不对" in page for page in pages)


def test_after_five_wrong_passwords_the_page_says_how_long_to_wait(
    office: Flask, ws: Workspace
) -> None:
    client = office.test_client()
    for _ in range(5):
        assert post(client, "/login", login="town", password="wrong").status_code == 401
    answer = post(client, "/login", login="town", password=PASSWORD)
    assert answer.status_code == 429
    assert "15 分钟" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    unlock(ws, OPERATOR, find_account(ws, OPERATOR, "town").id)
    assert post(client, "/login", login="town", password=PASSWORD).status_code == 302


# ---- Forms of somebody else's making ---------------------------------------------------------


FORMS = ("/login", "/logout", "/account/password", "/account/tokens", "/admin/accounts/new",
         "/account/tokens/1/revoke", "/account/sessions/1/end")  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_is_refused_and_does_nothing(office: Flask, path: str) -> None:
    client = enter(office.test_client(), "town")
    said = {"old": PASSWORD, "new": NEW, "again": NEW, "login": "town", "password": PASSWORD}
    for token in (None, "", "forged", form_token(office.test_client())):
        form = said if token is None else {**said, "csrf_token": token}
        answer = client.post(path, data=form)
        assert answer.status_code == 400
        assert "刷新后再提交" in answer.text
        assert client.get("/account").status_code == 200
    assert enter(office.test_client(), "town")


def test_nothing_is_changed_by_a_get(office: Flask) -> None:
    rules = list(office.url_map.iter_rules())
    pages = {rule.rule for rule in rules if "GET" in (rule.methods or ())}
    for rule in rules:
        if "POST" in (rule.methods or ()) and rule.rule not in pages:
            path = re.sub(r"<[^>]+>", "1", rule.rule)
            assert enter(office.test_client(), "town").get(path).status_code in (404, 405), path


# ---- The cookie ------------------------------------------------------------------------------


def cookie_of(client: FlaskClient, app: Flask) -> str:
    """Return the session cookie that a client holds."""
    found = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert found is not None
    return found.value


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(secure: Flask) -> None:
    client = behind(secure)
    answer = client.get("/login")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-riskmap=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Expires" not in cookie
    assert "Secure" in client.get("/login?lang=en").headers.getlist("Set-Cookie")[-1]


def test_a_cookie_planted_before_the_log_in_is_worth_nothing_after_it(office: Flask) -> None:
    victim = office.test_client()
    token = form_token(victim)
    planted = cookie_of(victim, office)
    said = {"csrf_token": token, "login": "town", "password": PASSWORD}
    assert victim.post("/login", data=said).status_code == 302
    assert cookie_of(victim, office) != planted
    attacker = office.test_client()
    attacker.set_cookie(office.config["SESSION_COOKIE_NAME"], planted)
    assert attacker.get("/").status_code == 302
    assert attacker.get("/").location == "/login"
    assert form_token(victim, "/account") != token


def test_each_log_in_has_a_session_of_its_own(office: Flask) -> None:
    one, two = (enter(office.test_client(), "town") for _ in range(2))
    assert cookie_of(one, office) != cookie_of(two, office)
    assert post(one, "/logout").status_code == 302
    assert one.get("/").location == "/login"
    assert two.get("/").status_code == 200


def test_a_cookie_kept_from_before_the_log_out_opens_nothing(office: Flask) -> None:
    client = enter(office.test_client(), "town")
    kept = cookie_of(client, office)
    post(client, "/logout")
    thief = office.test_client()
    thief.set_cookie(office.config["SESSION_COOKIE_NAME"], kept)
    assert thief.get("/table").location.startswith("/login")


@pytest.mark.parametrize("change", ["flip", "unsigned", "empty"])
def test_a_changed_cookie_is_nobody(office: Flask, change: str) -> None:
    client = enter(office.test_client(), "town")
    value = cookie_of(client, office)
    changed = {
        "flip": ("A" if value[5] != "A" else "B").join([value[:5], value[6:]]),
        "unsigned": value.rpartition(".")[0],
        "empty": "",
    }[change]
    other = office.test_client()
    other.set_cookie(office.config["SESSION_COOKIE_NAME"], changed)
    assert other.get("/").location == "/login"


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(office: Flask) -> None:
    here, elsewhere = (enter(office.test_client(), "town") for _ in range(2))
    answer = post(here, "/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.location == "/account?done=password"
    assert "其他地方的登录都已退出" in here.get(answer.location).text
    assert elsewhere.get("/").location == "/login"
    assert post(office.test_client(), "/login", login="town", password=PASSWORD).status_code == 401
    assert enter(office.test_client(), "town", NEW)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"old": PASSWORD, "new": NEW, "again": "x"}, "不一样"),
        ({"old": "wrong", "new": NEW, "again": NEW}, "现在的口令不对"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "太短"),
        ({}, "不对"),
    ],
)
def test_a_password_that_cannot_be_taken_says_why(
    office: Flask, form: dict[str, str], said: str
) -> None:
    answer = post(enter(office.test_client(), "town"), "/account/password", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert PASSWORD not in answer.text


def test_what_somebody_may_see_stays_in_no_cache(office: Flask) -> None:
    client = enter(office.test_client(), "town")
    for path in ("/", "/table", "/account", "/api/layers/enterprise.geojson", "/api/layers", "/x"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path
    assert office.test_client().get("/login").headers["Cache-Control"] == "no-store"
    with client.get("/static/css/base.css") as answer:
        assert "no-store" not in answer.headers["Cache-Control"]


# ---- HTTPS and proxies -----------------------------------------------------------------------


def test_a_proxy_that_is_not_named_must_say_https(ws: Workspace) -> None:
    for app in serve(replace(ws.settings, host="0.0.0.0", public_url=HTTPS)):
        client = behind(app, caller="10.0.0.9")
        client.environ_base["HTTP_HOST"] = "map.example.cn"
        for peer in ("10.0.0.2", "127.0.0.1"):
            client.environ_base["REMOTE_ADDR"] = peer
            assert client.get("/login").status_code == 200
            direct = app.test_client()
            direct.environ_base |= {"REMOTE_ADDR": peer, "HTTP_HOST": "map.example.cn"}
            assert direct.get("/login").status_code == 403


def test_browsers_are_told_to_come_by_https_only(secure: Flask) -> None:
    policy = behind(secure).get("/login").headers["Strict-Transport-Security"]
    assert policy == "max-age=31536000; includeSubDomains"


def test_another_machine_without_https_is_refused(office: Flask, secure: Flask) -> None:
    client = office.test_client()
    client.environ_base["REMOTE_ADDR"] = "10.0.0.9"
    assert client.get("/login").status_code == 403
    assert "https" in client.get("/login").text
    assert client.get("/healthz").status_code == 200
    assert behind(secure, scheme="http").get("/login").status_code == 403


def test_who_is_no_named_proxy_is_not_believed(office: Flask, secure: Flask) -> None:
    for app in (office, secure):
        client = behind(app)
        client.environ_base["REMOTE_ADDR"] = "10.0.0.66"
        assert client.get("/login").status_code == 403
    assert "Strict-Transport-Security" not in behind(office).get("/login").headers


def test_the_log_names_the_address_that_the_proxy_tells(secure: Flask, ws: Workspace) -> None:
    enter(behind(secure, caller="10.0.0.42"), "town")
    entry = search_audit(ws, OPERATOR, Search(action="login")).entries[0]
    assert (entry.actor, entry.address) == ("town", "10.0.0.42")


def test_a_host_that_is_not_ours_is_refused(secure: Flask) -> None:
    client = behind(secure)
    client.environ_base["HTTP_X_FORWARDED_HOST"] = "evil.example"
    assert client.get("/login").status_code == 400


@pytest.mark.parametrize("query", ["x=%FF", "x=\xff", "x=%00"])
def test_a_query_that_is_no_text_is_refused_with_the_headers_of_every_answer(
    office: Flask, query: str
) -> None:
    for path in ("/", "/api/layers", "/healthz", "/panel/near"):
        answer = office.test_client().get(path, environ_overrides={"QUERY_STRING": query})
        expected = 400 if query != "x=%FF" else answer.status_code
        assert answer.status_code == expected < 500
        assert "Content-Security-Policy" in answer.headers


def test_what_was_refused_is_written_down_and_not_without_end(
    office: Flask, secure: Flask, ws: Workspace
) -> None:
    client = enter(office.test_client(), "west")
    assert client.get("/admin/audit").status_code == 403
    behind(secure, caller="10.0.0.9").get("/api/layers", headers=bearer("xrm_wrong"))
    client.post("/account/password", data={"csrf_token": "x"})
    found = search_audit(ws, OPERATOR, Search(action="refused")).entries
    said = [(entry.actor, entry.address, entry.target) for entry in reversed(found)]
    assert said == [
        ("west", "127.0.0.1", "/admin/audit"),
        ("未登录", "10.0.0.9", "/api/layers"),
        ("west", "127.0.0.1", "/account/password"),
    ]
    for _ in range(40):
        assert client.get("/admin/audit").status_code == 403
    assert search_audit(ws, OPERATOR, Search(action="refused")).count == 31


def test_a_link_on_another_site_writes_no_look_into_the_log(office: Flask, ws: Workspace) -> None:
    client = enter(office.test_client(), "west")
    for site in ("cross-site", "same-site"):
        answer = client.get("/sites/1/personal", headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert search_audit(ws, OPERATOR, Search(action="personal")).count == 0


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-13-01", "x"])
def test_a_day_that_cannot_be_is_a_clear_error(office: Flask, day: str, ws: Workspace) -> None:
    make_account(ws, Role.ADMINISTRATOR, "boss")
    client = enter(office.test_client(), "boss")
    for name in ("since", "until"):
        assert client.get(f"/admin/audit?{name}={day}").status_code == 422
    assert client.get("/admin/audit?text=%00").status_code == 400


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"host": "localhost"}, True),
        ({"host": "::1"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "10.0.0.1"}, False),
        ({"host": "map.example.cn"}, False),
        ({"host": "0.0.0.0", "public_url": "http://map.example.cn"}, False),
        ({"host": "0.0.0.0", "public_url": HTTPS}, True),
        ({"host": "0.0.0.0", "proxies": frozenset({"10.0.0.2"})}, True),
        ({"host": "0.0.0.0", "tls_cert": Path("c"), "tls_key": Path("k")}, True),
        ({"tls_cert": Path("c")}, False),
    ],
)
def test_an_office_is_served_elsewhere_only_by_https(
    ws: Workspace, change: dict[str, Any], allowed: bool
) -> None:
    settings = replace(ws.settings, **change)
    if allowed:
        create_app(settings).extensions[EXTENSION].engine.dispose()
    else:
        with pytest.raises(ConfigError, match="RISKMAP_TLS_CERT"):
            create_app(settings)


def test_a_demonstration_may_be_served_anywhere(demo: Workspace) -> None:
    app = create_app(replace(demo.settings, host="0.0.0.0"))
    assert app.test_client().get("/healthz").status_code == 200
    app.extensions[EXTENSION].engine.dispose()


# ---- Tokens ----------------------------------------------------------------------------------


@pytest.fixture
def key(ws: Workspace) -> str:
    """Return a token of the village."""
    return add_token(ws, OPERATOR, find_account(ws, OPERATOR, "west"), name="QGIS")


def bearer(key: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {key}"}


def basic(key: str, user: str = "west") -> dict[str, str]:
    """Return the header of a client that knows only names and passwords."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


@pytest.mark.parametrize("shown", [bearer, basic])
def test_a_token_reads_what_its_owner_may_and_leaves_no_cookie(
    secure: Flask, key: str, shown: Any
) -> None:
    client = behind(secure)
    for path in ("/api/layers", "/api/layers/enterprise.geojson", "/api/sites/1"):
        answer = client.get(path, headers=shown(key))
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    features = client.get("/api/layers/enterprise.geojson", headers=shown(key)).get_json()
    assert [f["properties"]["code"] for f in features["features"]] == ["P-west"]
    assert client.get("/api/sites/2", headers=shown(key)).status_code == 404
    assert client.head("/api/layers", headers=shown(key)).status_code == 200


def test_a_token_is_taken_by_https_only(office: Flask, key: str) -> None:
    for shown in (bearer, basic):
        answer = office.test_client().get("/api/layers", headers=shown(key))
        assert answer.status_code == 403
        assert "HTTPS" in answer.get_json()["detail"]


def test_a_token_changes_nothing_and_opens_no_page(secure: Flask, key: str) -> None:
    client = behind(secure)
    for path in (
        "/",
        "/account",
        "/panel/sites/1/personal",
        "/sites/1/personal",
        "/admin/accounts",
    ):
        assert client.get(path, headers=bearer(key)).status_code == 403
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.open("/api/layers", method=method, headers=bearer(key))
        assert answer.status_code == 403
    assert client.post("/logout", headers=bearer(key)).status_code == 403


@pytest.mark.parametrize(
    "header", ["Bearer xrm_wrong", "Bearer", "Basic !!!", "Digest x", "Basic eA==", "x", ""]
)
def test_a_token_that_does_not_hold_is_refused_and_told_how(
    secure: Flask, key: str, header: str
) -> None:
    answer = behind(secure).get("/api/layers", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert "Basic" in answer.headers["WWW-Authenticate"]
    assert key not in answer.text


def test_a_browser_is_not_asked_for_a_password_in_a_window_of_its_own(office: Flask) -> None:
    answer = office.test_client().get("/api/layers", headers={"Sec-Fetch-Mode": "cors"})
    assert answer.status_code == 401
    assert "WWW-Authenticate" not in answer.headers


def test_a_token_beside_a_cookie_counts_and_not_the_cookie(secure: Flask, key: str) -> None:
    client = enter(behind(secure), "town")
    features = client.get("/api/layers/enterprise.geojson", headers=bearer(key)).get_json()
    assert len(features["features"]) == 1
    assert client.get("/api/layers", headers=bearer("xrm_wrong")).status_code == 401


def test_a_revoked_token_is_refused_at_once(secure: Flask, ws: Workspace, key: str) -> None:
    client = behind(secure)
    assert client.get("/api/layers", headers=bearer(key)).status_code == 200
    (found,) = list_tokens(ws, OPERATOR, everybodys=True)
    revoke_token(ws, OPERATOR, found.id)
    assert client.get("/api/layers", headers=bearer(key)).status_code == 401


def test_a_token_is_shown_once_on_the_page_that_makes_it(office: Flask) -> None:
    client = enter(office.test_client(), "west")
    assert post(client, "/account/tokens", name="QGIS", days="30").status_code == 422
    made = post(client, "/account/tokens", name="QGIS", days="30", password=PASSWORD)
    (key,) = re.findall(r"xrm_[\w-]{40,}", made.text)
    page = client.get("/account").text
    assert key not in page
    assert key[:10] in page
    (number,) = re.findall(r"/account/tokens/(\d+)/revoke", page)
    assert post(client, f"/account/tokens/{number}/revoke").status_code == 302
    assert "已撤销" in client.get("/account").text


# ---- What is written down --------------------------------------------------------------------


def test_a_layer_that_leaves_is_logged_and_one_that_is_drawn_is_not(
    office: Flask, ws: Workspace
) -> None:
    client = enter(office.test_client(), "west")
    drawn = {"Sec-Fetch-Dest": "empty"}
    path = "/api/layers/enterprise.geojson"
    client.get(path, headers=drawn).get_data()
    assert search_audit(ws, OPERATOR, Search(action="export")).count == 0
    client.get(f"{path}?download=1", headers=drawn).get_data()
    client.get(path).get_data()
    near = "/api/near?lon=119.32&lat=31.72&radius_m=500"
    client.get(near, headers=drawn).get_data()
    kept = client.get(f"{near}&download=1")
    assert kept.headers["Content-Disposition"] == "attachment; filename=near.geojson"
    found = search_audit(ws, OPERATOR, Search(action="export")).entries
    assert [entry.target for entry in found] == ["near", "enterprise", "enterprise"]
    assert {entry.actor for entry in found} == {"west"}
    assert found[0].facts["radius_m"] == 500


def test_a_program_cannot_pass_itself_off_as_the_map(
    secure: Flask, ws: Workspace, key: str
) -> None:
    drawn = {"Sec-Fetch-Dest": "empty", **bearer(key)}
    behind(secure).get("/api/layers/enterprise.geojson", headers=drawn).get_data()
    assert search_audit(ws, OPERATOR, Search(action="export")).count == 1


def test_what_a_token_reads_is_logged_with_its_name(secure: Flask, ws: Workspace, key: str) -> None:
    client = behind(secure)
    client.get("/api/layers/enterprise.geojson", headers=bearer(key)).get_data()
    client.get("/api/near?lon=119.32&lat=31.72&radius_m=500", headers=bearer(key)).get_data()
    found = search_audit(ws, OPERATOR, Search(action="export")).entries
    assert [entry.actor for entry in found] == ["west（令牌 QGIS）"] * 2


def test_a_look_at_a_name_is_logged_and_the_card_itself_holds_none(
    office: Flask, ws: Workspace
) -> None:
    client = enter(office.test_client(), "west")
    card = client.get("/sites/1").text
    assert officeland.OWNER not in card
    assert "/sites/1/personal" in card
    assert officeland.OWNER in client.get("/panel/sites/1/personal").text
    (entry,) = search_audit(ws, OPERATOR, Search(action="personal")).entries
    assert (entry.actor, entry.target, entry.facts["site"]) == ("west", "enterprise", 1)
    assert "personal" not in client.get("/sites/6").text  # a school of the other village
