"""People who ask: one of every role, as the tests need them."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from gis.domain.rights import OPERATOR, Actor, Role, actor_of
from gis.services.log_in import change_password, log_in, log_out, resume
from gis.services.manage_accounts import add_account
from gis.workspace import Workspace
from tests.samples import VILLAGES

WEST, EAST = VILLAGES
"""Codes of the two villages of ``tests.samples``."""

ADMINISTRATOR = actor_of(Role.ADMINISTRATOR, "admin")
TOWN = actor_of(Role.TOWN_OFFICE, "town")
DISTRICT = actor_of(Role.DISTRICT_READER, "district")
VISITOR = actor_of(Role.VISITOR, "visitor")


def department(*industries: str) -> Actor:
    """Return a department in charge of some industries."""
    return actor_of(Role.DEPARTMENT, "department", industries=frozenset(industries))


def village(*codes: str) -> Actor:
    """Return a village, or several, by code."""
    return actor_of(Role.VILLAGE, "village", villages=frozenset(codes))


PASSWORD = "gravel-otter-lantern-47"
"""Of every account that the tests make."""


def make_account(ws: Workspace, role: Role, login: str | None = None, **scope: list[str]) -> str:
    """Make an account that has changed its first password to ``PASSWORD``; return its log-in."""
    name = login or role.value
    first = add_account(ws, OPERATOR, login=name, name=name, role=role, **scope)
    secret = log_in(ws, name, first, address="127.0.0.1", agent="")
    found = resume(ws, secret, address=None)
    assert found is not None
    renewed = resume(ws, change_password(ws, found, first, PASSWORD), address=None)
    assert renewed is not None
    log_out(ws, renewed)
    return name


def form_token(client: FlaskClient, path: str = "/login") -> str:
    """Return the token that a form on a page carries."""
    page = client.get(path).get_data(as_text=True)
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', page)[0])


def enter(client: FlaskClient, login: str, password: str = PASSWORD) -> FlaskClient:
    """Log a client in, by the page."""
    said = {"csrf_token": form_token(client), "login": login, "password": password}
    answer = client.post("/login", data=said)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return client
