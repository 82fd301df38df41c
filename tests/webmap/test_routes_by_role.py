"""Every route as every role, from one table. A new route that is missing from it fails.

The table says which status each of PEOPLE gets. ``own`` is a village in charge of the west only:
the places asked for lie in the east. ``trade`` is a department in charge of the plants. ``new``
has a first password still to be changed. ``guest`` is anonymous in a demonstration; all others
are in an office.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.rights import OPERATOR, Role
from gis.services import manage_accounts
from gis.services.manage_tokens import add_token, list_tokens
from gis.services.show_history import show_history
from gis.storage import dialect, sites
from gis.workspace import Settings, Workspace, open_workspace
from tests.conftest import Databases
from tests.people import EAST, WEST, enter, form_token, make_account
from webmap import create_app
from webmap.context import EXTENSION

PEOPLE = ("nobody", "new", "visitor", "own", "trade", "district", "town", "admin", "guest")


@dataclass(frozen=True)
class Route:
    """A line of the table.

    Attributes
    ----------
    rule
        As Flask has it, with its method: ``GET /table/<slug>``.
    path
        An address of it; ``{plant}``, ``{house}``, ``{pipe}`` and so on stand for ids.
    expected
        Statuses in the order of PEOPLE.
    form
        What is sent along.
    """

    rule: str
    path: str
    expected: tuple[int, ...]
    form: tuple[tuple[str, str], ...] = ()


RUN = "<int(max=9223372036854775807):number>"
BEFORE = "<int(max=9223372036854775807):before>"
SITE = "<int(max=9223372036854775807):site_id>"
VERSION = "<int(max=9223372036854775807):version_id>"
UPLOAD = "<int(max=9223372036854775807):upload_id>"
ACCOUNT = "<int(max=9223372036854775807):account_id>"
TOKEN = "<int(max=9223372036854775807):token_id>"
SESSION = "<int(max=9223372036854775807):session_id>"

PAGE = (302, 302, 200, 200, 200, 200, 200, 200, 200)
PROGRAM = (401, 401, 200, 200, 200, 200, 200, 200, 200)
"""What everybody may read who may read at all; a page leads to the log-in, a program is told."""

CLOSED_PAGE = (302, 302, 404, 404, 200, 200, 200, 200, 200)
CLOSED_PROGRAM = (401, 401, 404, 404, 200, 200, 200, 200, 200)
"""A plant of the east: not for visitors and other villages."""

CASES = (401, 401, 404, 200, 200, 200, 200, 200, 200)
ALL_ROWS = (401, 401, 404, 404, 404, 200, 200, 200, 200)
PERSONAL_PAGE = (302, 302, 404, 404, 200, 403, 200, 200, 200)
PERSONAL = (401, 401, 404, 404, 200, 403, 200, 200, 200)

EVERY_ROW_PAGE = (302, 302, 403, 403, 403, 200, 200, 200, 200)
"""What tells of every row: for those who see all of them."""

ADMIN = (302, 302, 403, 403, 403, 403, 403, 200, 403)
ADMIN_DOES = (302, 302, 403, 403, 403, 403, 403, 302, 403)
OWN = (302, 200, 200, 200, 200, 200, 200, 200, 404)
OWN_DOES = (302, 302, 404, 404, 404, 404, 404, 302, 404)
"""Asked of somebody else's token or session: only an administrator ends those."""

IMPORTS = (302, 302, 403, 200, 200, 403, 200, 200, 403)
"""For whoever may change something; a guest of a demonstration changes nothing."""

NO_UPLOAD = (302, 302, 403, 404, 404, 403, 404, 404, 403)
"""Asked of an upload that is not one's own."""

CHANGED_PLANT = (302, 302, 404, 404, 200, 403, 200, 200, 403)
PLANT_CHANGES = (302, 302, 404, 404, 302, 403, 302, 302, 403)
"""Of a plant of the east, for whoever is in charge of it and may change something."""

TWO_KINDS = (302, 302, 404, 404, 404, 403, 422, 422, 403)
"""Said of a plant and a house of the east, which cannot be one place."""

ROUTES = (
    Route("GET /static/<path:filename>", "/static/css/base.css", (200,) * 9),
    Route("GET /login", "/login", (200, *(302,) * 7, 200)),
    Route("POST /login", "/login", (401,) * 9, (("login", "not-{person}"), ("password", "y"))),
    Route("GET /healthz", "/healthz", (200,) * 9),
    # Pages
    Route("GET /", "/", PAGE),
    Route("GET /table", "/table", PAGE),
    Route("GET /table/<slug>", "/table/school", PAGE),
    Route("GET /table/<slug>", "/table/gas_pipeline", PAGE),
    Route("GET /table/<slug>", "/table/enterprise", (302, 302, 404, *(200,) * 6)),
    Route("GET /table/<slug>", "/table/hotspot", (302, 302, 404, 404, 404, *(200,) * 4)),
    Route("GET /methods/", "/methods/", PAGE),
    Route("GET /methods/<slug>", "/methods/mine", PAGE),
    Route("GET /areas/<level>/<code>", "/areas/village/{east}", PAGE),
    Route("GET /areas/<level>/<code>/card.pdf", "/areas/village/{east}/card.pdf", PAGE),
    Route("GET /panel/areas/<level>/<code>", "/panel/areas/village/{east}", PROGRAM),
    Route(f"GET /sites/{SITE}", "/sites/{school}", PAGE),
    Route(f"GET /sites/{SITE}", "/sites/{plant}", CLOSED_PAGE),
    Route(f"GET /sites/{SITE}", "/sites/{house}", (302, 302, 404, 404, 404, *(200,) * 4)),
    Route(f"GET /sites/{SITE}", "/sites/{pipe}", PAGE),
    Route(f"GET /panel/sites/{SITE}", "/panel/sites/{plant}", CLOSED_PROGRAM),
    Route(f"GET /sites/{SITE}/personal", "/sites/{plant}/personal", PERSONAL_PAGE),
    Route(f"GET /panel/sites/{SITE}/personal", "/panel/sites/{plant}/personal", PERSONAL),
    Route(f"GET /panel/sites/{SITE}/personal", "/panel/sites/{school}/personal",
          (401, 401, 403, 403, 403, 403, 200, 200, 200)),
    Route("GET /near", "/near?lon=119.38&lat=31.72&radius_m=500", PAGE),
    Route("GET /panel/near", "/panel/near", PROGRAM),
    # How good the register is
    Route("GET /quality", "/quality", PAGE),
    Route("GET /quality", "/quality?village={east}&kind=school", PAGE),
    Route("GET /quality", "/quality?kind=enterprise", (302, 302, 404, *(200,) * 6)),
    Route("GET /quality", "/quality?kind=gas_pipeline", (302, 302, 404, 404, 404, *(200,) * 4)),
    Route("GET /quality.csv", "/quality.csv", PAGE),
    Route("GET /panel/quality/<code>", "/panel/quality/{east}", PROGRAM),
    Route("GET /fire-weather", "/fire-weather", PAGE),
    Route("GET /fire-weather.csv", "/fire-weather.csv", PAGE),
    Route("GET /forest-cover", "/forest-cover", EVERY_ROW_PAGE),
    Route("GET /forest-cover", "/forest-cover?target=flame&at=119.3,31.7", EVERY_ROW_PAGE),
    # Programs
    Route("GET /api/forest-cover", "/api/forest-cover",
          (401, 401, 403, 403, 403, 200, 200, 200, 200)),
    Route("GET /api/forest-cover", "/api/forest-cover?at=9,9",
          (401, 401, 403, 403, 403, 422, 422, 422, 422)),
    Route("GET /api/fire-weather", "/api/fire-weather", PROGRAM),
    Route("GET /api/layers", "/api/layers", PROGRAM),
    Route("GET /api/layers/<slug>.geojson", "/api/layers/risk_composite.geojson", PROGRAM),
    Route("GET /api/layers/<slug>.geojson", "/api/layers/gas_pipeline.geojson", PROGRAM),
    Route("GET /api/layers/<slug>.geojson", "/api/layers/quality.geojson", PROGRAM),
    Route("GET /api/layers/<slug>.geojson", "/api/layers/hazard.geojson", CASES),
    Route("GET /api/layers/<slug>.geojson", "/api/layers/hazard_heat.geojson", ALL_ROWS),
    Route("GET /api/near", "/api/near?lon=119.38&lat=31.72&radius_m=500", PROGRAM),
    Route("GET /api/areas/<level>/<code>/explain", "/api/areas/village/{east}/explain", PROGRAM),
    Route(f"GET /api/sites/{SITE}", "/api/sites/{plant}", CLOSED_PROGRAM),
    Route(f"GET /api/sites/{SITE}", "/api/sites/999999", (401, 401, *(404,) * 7)),
    # Computations and what if
    Route("GET /runs", "/runs", PAGE),
    Route("POST /runs", "/runs", (302, 302, 403, 403, 403, 403, 302, 302, 403)),
    Route("POST /runs/cancel", "/runs/cancel", (302, 302, 403, 403, 403, 403, 302, 302, 403)),
    Route("GET /runs/state", "/runs/state", PAGE),
    Route(f"GET /runs/{RUN}", "/runs/1", PAGE),
    Route("GET /runs/compare", "/runs/compare", PAGE),
    Route("GET /api/runs", "/api/runs", PROGRAM),
    Route(f"GET /api/runs/{RUN}", "/api/runs/1", PROGRAM),
    Route(f"GET /api/runs/{BEFORE}/compare/{RUN}", "/api/runs/1/compare/999",
          (401, 401, *(404,) * 7)),
    Route("GET /scenarios", "/scenarios", EVERY_ROW_PAGE),
    Route("GET /scenarios/new", "/scenarios/new", EVERY_ROW_PAGE),
    Route("POST /scenarios/new", "/scenarios/new", EVERY_ROW_PAGE),
    Route(f"GET /scenarios/{RUN}", "/scenarios/999", (302, 302, 403, 403, 403, *(404,) * 4)),
    Route(f"POST /scenarios/{RUN}/discard", "/scenarios/999/discard",
          (302, 302, 403, 403, 403, 403, 404, 404, 403)),
    Route("POST /api/what-if", "/api/what-if", (401, 401, 403, 403, 403, *(422,) * 4)),
    # Single places: history, to be placed, stored twice
    Route(f"GET /sites/{SITE}/history", "/sites/{plant}/history", CLOSED_PAGE),
    Route(f"GET /sites/{SITE}/history", "/sites/{school}/history",
          (302, 302, 403, 403, 403, 200, 200, 200, 200)),
    Route(f"GET /sites/{SITE}/restore/{VERSION}", "/sites/{plant}/restore/{version}",
          CHANGED_PLANT),
    Route(f"POST /sites/{SITE}/restore/{VERSION}", "/sites/{plant}/restore/{version}",
          PLANT_CHANGES),
    Route("GET /unplaced", "/unplaced", IMPORTS),
    Route(f"GET /sites/{SITE}/place", "/sites/{plant}/place", CHANGED_PLANT),
    Route(f"POST /sites/{SITE}/place", "/sites/{plant}/place",
          (302, 302, 404, 404, 422, 403, 422, 422, 403)),
    Route("GET /duplicates", "/duplicates", IMPORTS),
    Route("POST /duplicates/merge", "/duplicates/merge", TWO_KINDS,
          (("keep", "{plant}"), ("drop", "{house}"))),
    Route("POST /duplicates/unmerge", "/duplicates/unmerge",
          (302, 302, 404, 404, 422, 403, 422, 422, 403), (("drop", "{plant}"),)),
    Route("POST /duplicates/apart", "/duplicates/apart", TWO_KINDS,
          (("one", "{plant}"), ("other", "{house}"))),
    Route("POST /duplicates/together", "/duplicates/together", TWO_KINDS,
          (("one", "{plant}"), ("other", "{house}"))),
    # Files of places in
    Route("GET /import/", "/import/", IMPORTS),
    Route("POST /import/", "/import/", (302, 302, 403, 422, 422, 403, 422, 422, 403),
          (("kind", "enterprise"),)),
    Route("GET /import/records/", "/import/records/", IMPORTS),
    Route("POST /import/records/", "/import/records/",
          (302, 302, 403, 422, 422, 403, 422, 422, 403), (("kind", "chemical"),)),
    Route(f"GET /import/{UPLOAD}", "/import/999999", NO_UPLOAD),
    Route(f"GET /import/{UPLOAD}/state", "/import/999999/state", NO_UPLOAD),
    Route(f"GET /import/{UPLOAD}/preview.geojson", "/import/999999/preview.geojson", NO_UPLOAD),
    Route(f"GET /import/{UPLOAD}/rejected.xlsx", "/import/999999/rejected.xlsx", NO_UPLOAD),
    Route(f"POST /import/{UPLOAD}/plan", "/import/999999/plan", NO_UPLOAD),
    Route(f"POST /import/{UPLOAD}/confirm", "/import/999999/confirm", NO_UPLOAD),
    Route(f"POST /import/{UPLOAD}/cancel", "/import/999999/cancel", NO_UPLOAD),
    Route(f"POST /import/{UPLOAD}/discard", "/import/999999/discard", NO_UPLOAD),
    Route("POST /import/profiles/<int(max=9223372036854775807):profile_id>/forget",
          "/import/profiles/999999/forget", NO_UPLOAD),
    # One's own account
    Route("GET /account", "/account", OWN),
    Route("POST /account/password", "/account/password", (302, *(422,) * 7, 404)),
    Route("POST /account/tokens", "/account/tokens", (302, 302, *(422,) * 6, 404)),
    Route(f"POST /account/tokens/{TOKEN}/revoke", "/account/tokens/{token}/revoke", OWN_DOES),
    Route(f"POST /account/sessions/{SESSION}/end", "/account/sessions/999999/end",
          (302, 302, *(404,) * 7)),
    # Administration
    Route("GET /admin/", "/admin/", ADMIN_DOES),
    Route("GET /admin/accounts", "/admin/accounts", ADMIN),
    Route("GET /admin/roles", "/admin/roles", ADMIN),
    Route("GET /admin/accounts/new", "/admin/accounts/new", ADMIN),
    Route("POST /admin/accounts/new", "/admin/accounts/new", (302, 302, *(403,) * 5, 422, 403)),
    Route(f"GET /admin/accounts/{ACCOUNT}", "/admin/accounts/{spare}", ADMIN),
    Route(f"POST /admin/accounts/{ACCOUNT}", "/admin/accounts/{spare}",
          (302, 302, *(403,) * 5, 422, 403)),
    Route(f"POST /admin/accounts/{ACCOUNT}/password", "/admin/accounts/{spare}/password", ADMIN),
    Route(f"POST /admin/accounts/{ACCOUNT}/unlock", "/admin/accounts/{spare}/unlock", ADMIN_DOES),
    Route("GET /admin/tokens", "/admin/tokens", ADMIN),
    Route(f"POST /admin/tokens/{TOKEN}/revoke", "/admin/tokens/{token}/revoke", ADMIN_DOES),
    Route("GET /admin/sessions", "/admin/sessions", ADMIN),
    Route(f"POST /admin/sessions/{SESSION}/end", "/admin/sessions/999999/end",
          (302, 302, *(403,) * 5, 404, 403)),
    Route("GET /admin/parameters/", "/admin/parameters/", ADMIN),
    Route("GET /admin/parameters/<slug>", "/admin/parameters/index", ADMIN),
    Route("POST /admin/parameters/<slug>", "/admin/parameters/index",
          (302, 302, *(403,) * 5, 422, 403)),
    Route("GET /admin/audit", "/admin/audit", ADMIN),
    Route("GET /admin/audit.csv", "/admin/audit.csv", ADMIN),
    # Last, since nobody is logged in afterwards
    Route("POST /logout", "/logout", (302,) * 9),
)  # fmt: skip
"""The table."""


@pytest.fixture(scope="module")
def office(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return the application on the office of ``tests.officeland`` with an account of each sort."""
    folder = tmp_path_factory.mktemp("roles")
    with offices(folder) as url:
        ws = open_workspace(Settings(url, folder / "var"))
        make_account(ws, Role.VISITOR, "visitor")
        make_account(ws, Role.VILLAGE, "own", villages=[WEST])
        make_account(ws, Role.DEPARTMENT, "trade", industries=["工贸"])
        make_account(ws, Role.DISTRICT_READER, "district")
        make_account(ws, Role.TOWN_OFFICE, "town")
        make_account(ws, Role.ADMINISTRATOR, "administrator")
        make_account(ws, Role.VISITOR, "spare")
        app = create_app(ws.settings)
        app.testing = True
        yield app
        app.extensions[EXTENSION].engine.dispose()
        ws.engine.dispose()


@pytest.fixture(scope="module")
def clients(office: Flask, app: Flask) -> dict[str, FlaskClient]:
    """Return a client of each of PEOPLE."""
    ws: Workspace = office.extensions[EXTENSION]
    add = manage_accounts.add_account
    first = add(ws, OPERATOR, login="new", name="new", role=Role.TOWN_OFFICE)
    found = {"nobody": office.test_client(), "guest": app.test_client()}
    found["new"] = enter(office.test_client(), "new", first)
    for login in ("visitor", "own", "trade", "district", "town"):
        found[login] = enter(office.test_client(), login)
    found["admin"] = enter(office.test_client(), "administrator")
    return found


@pytest.fixture(scope="module")
def named(office: Flask, app: Flask) -> dict[str, dict[str, str]]:
    """Return what the names in paths stand for, in the office and in the demonstration."""
    in_office = _named(office.extensions[EXTENSION])
    with dialect.reading(app.extensions[EXTENSION].engine) as conn:
        places = sites.by_key(conn, OPERATOR)
    of_kind = {kind: str(place.id) for (kind, _), place in reversed(places.items())}
    in_demo = {
        "plant": of_kind["enterprise"],
        "house": of_kind["self_built_house"],
        "school": of_kind["school"],
        "pipe": of_kind["gas_pipeline"],
        "east": "320413109202",
        "token": "1",
        "spare": "1",
        "version": "1",
    }
    return {person: in_demo if person == "guest" else in_office for person in PEOPLE}


def _named(ws: Workspace) -> dict[str, str]:
    with dialect.reading(ws.engine) as conn:
        ids = {key: str(place.id) for (_, key), place in sites.by_key(conn, OPERATOR).items()}
    spare = manage_accounts.find_account(ws, OPERATOR, "spare")
    add_token(ws, OPERATOR, spare, name="x")
    (token,) = list_tokens(ws, OPERATOR, everybodys=True)
    return {
        "plant": ids["P-east"],
        "house": ids["H-east"],
        "school": ids["S-east"],
        "pipe": ids["G-east"],
        "east": EAST,
        "token": str(token.id),
        "spare": str(spare.id),
        "version": str(show_history(ws, OPERATOR, int(ids["P-east"]))["versions"][0]["id"]),
    }


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.rule} {route.path}")
def test_every_role_gets_what_the_table_says(
    clients: dict[str, FlaskClient], named: dict[str, dict[str, str]], route: Route
) -> None:
    method = route.rule.partition(" ")[0]
    found = {}
    for person in PEOPLE:
        client = clients[person]
        path = route.path.format(**named[person])
        if method == "POST":
            names = {"person": person, **named[person]}
            said = {name: value.format(**names) for name, value in route.form}
            said["csrf_token"] = _token(client)
            answer = client.post(path, data=said)
        else:
            answer = client.get(path)
        found[person] = answer.status_code
        if (
            answer.status_code == 302
            and person in ("nobody", "new")
            and route.rule != "POST /logout"
        ):
            where = "/login" if person == "nobody" else "/account"
            assert answer.location.startswith(where), person
        answer.close()
    assert found == dict(zip(PEOPLE, route.expected, strict=True))


def _token(client: FlaskClient) -> str:
    """Return the token of a form: of one's account, or of the log-in."""
    page = "/account" if client.get("/login").status_code == 302 else "/login"
    return form_token(client, page)


def test_the_table_has_every_route(office: Flask) -> None:
    there = {
        f"{method} {rule.rule}"
        for rule in office.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {
        "missing": there - {r.rule for r in ROUTES},
        "gone": {r.rule for r in ROUTES} - there,
    } == {
        "missing": set(),
        "gone": set(),
    }


def test_a_path_of_the_table_is_of_its_route(
    office: Flask, named: dict[str, dict[str, str]]
) -> None:
    match: Callable[..., object] = office.url_map.bind("localhost").match
    for route in ROUTES:
        method, _, rule = route.rule.partition(" ")
        path = route.path.format(**named["town"]).partition("?")[0]
        found = match(path, method=method, return_rule=True)
        assert str(found[0]) == rule, route  # type: ignore[index]


def test_an_unknown_address_is_not_told_from_a_known_one_to_nobody(
    clients: dict[str, FlaskClient],
) -> None:
    nobody = clients["nobody"]
    assert nobody.get("/nowhere").status_code == nobody.get("/table").status_code == 302
    assert nobody.get("/api/nowhere").status_code == nobody.get("/api/layers").status_code == 401
    assert clients["guest"].get("/nowhere").status_code == 404


def test_the_log_in_page_of_an_office_says_nothing_of_its_data(
    clients: dict[str, FlaskClient],
) -> None:
    page = clients["nobody"].get("/login").get_data(as_text=True)
    assert "数据截至" not in page
    assert "west" not in page
    assert "方法" not in page
    assert clients["nobody"].get("/healthz").get_json() == {"status": "ok"}
