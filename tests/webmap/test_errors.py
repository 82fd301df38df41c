"""Errors: one shape for programs, one page for people, and nothing told about the inside."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import gis.errors
from gis.errors import ConfigError, ForbiddenError, GisError, InvalidDataError
from gis.workspace import Settings
from webmap import api, create_app, errors, pages


def test_every_expected_error_has_a_status() -> None:
    known = {
        cls
        for cls in vars(gis.errors).values()
        if isinstance(cls, type) and issubclass(cls, GisError) and cls is not GisError
    }
    assert set(errors.STATUS) == known


def test_a_child_of_an_expected_error_has_its_status() -> None:
    class OwnError(InvalidDataError):
        """One more."""

    assert errors.status_of(OwnError("x")) == 422
    assert errors.status_of(GisError("x")) == 400


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Return a client of an application whose services fail with what it is told."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return app.test_client()


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let what the list of layers and the table ask for fail."""

    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(api, "list_layers", failing)
    monkeypatch.setattr(pages, "load_properties", failing)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ForbiddenError("不可以"), 403, "forbidden"),
        (InvalidDataError("不可以"), 422, "invalid_data"),
        (ConfigError("不可以"), 503, "config"),
    ],
)
def test_an_expected_error_says_its_text_in_the_form_asked_for(
    broken: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
) -> None:
    fail_with(monkeypatch, error)
    answer = broken.get("/api/layers")
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.get_json()["detail"] == "不可以"
    page = broken.get("/table")
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert "不可以。" in page.get_data(as_text=True)


def test_a_bug_is_logged_and_tells_nothing_about_the_inside(
    broken: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_with(monkeypatch, RuntimeError("secret of the inside"))
    for path in ("/api/layers", "/table"):
        answer = broken.get(path)
        assert answer.status_code == 500
        assert "secret" not in answer.get_data(as_text=True)
        assert "已记入日志" in answer.get_data(as_text=True)
    assert "secret of the inside" in caplog.text


def test_what_is_not_there_is_a_page_with_a_way_back(client: FlaskClient) -> None:
    for path in ("/nowhere", "/sites/999999999", "/areas/village/1", "/table/dragon", "/methods/x"):
        answer = client.get(path)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, answer.mimetype) == (404, "text/html"), path
        assert '<a class="button" href="/">' in page
        assert "模拟数据" in page


def test_a_fragment_that_is_not_there_is_no_whole_page(client: FlaskClient) -> None:
    answer = client.get("/panel/sites/999999999")
    assert answer.status_code == 404
    page = answer.get_data(as_text=True)
    assert "<html" not in page
    assert 'role="alert"' in page


def test_a_wrong_method_is_a_page_too(client: FlaskClient) -> None:
    answer = client.post("/table")
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "GET" in answer.headers["Allow"]


def test_a_database_that_is_not_ready_says_what_to_run(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'new.sqlite'}", data_dir=tmp_path)
    client = create_app(settings).test_client()
    for path in ("/", "/healthz", "/api/layers"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert "scripts." in answer.get_data(as_text=True)
    assert client.get("/healthz").mimetype == "application/problem+json"
