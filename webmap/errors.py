"""From an error to an answer: problem details for programs, one page for people."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any, Literal

from flask import Flask, Response, current_app, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from gis.errors import (
    ConfigError,
    ForbiddenError,
    GisError,
    InvalidDataError,
    MergedError,
    NotFoundError,
    NotLoggedInError,
    TooManyTriesError,
)
from gis.services.refusals import note_refusal
from webmap import context

STATUS: dict[type[GisError], int] = {
    NotFoundError: 404,
    MergedError: 404,
    InvalidDataError: 422,
    ForbiddenError: 403,
    NotLoggedInError: 401,
    TooManyTriesError: 429,
    ConfigError: 503,
}
"""Status of each expected error; a new error is a class and a line here."""

PROBLEM = "application/problem+json"
FOR_PROGRAMS = ("/api/", "/healthz")
FRAGMENTS = "/panel/"


def init_app(app: Flask) -> None:
    """Answer expected errors, HTTP errors and bugs, each in the caller's own form."""
    app.register_error_handler(GisError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def status_of(error: GisError) -> int:
    """Return the status of an expected error: that of its nearest class in the table."""
    return next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 400)


def _expected(error: GisError) -> BaseResponse:
    if isinstance(error, NotLoggedInError) and _is_page():
        return redirect(_where_to_log_in())
    knocks = isinstance(error, NotLoggedInError) and "Authorization" in request.headers
    many = isinstance(error, TooManyTriesError) and context.signed_in() is not None
    if isinstance(error, ForbiddenError) or knocks or many:
        _note(str(error))
    code = re.sub(r"(?<=.)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()
    response = _answer(status_of(error), code, str(error))
    if isinstance(error, TooManyTriesError):
        response.headers["Retry-After"] = str(error.seconds)
    if isinstance(error, NotLoggedInError) and "Sec-Fetch-Mode" not in request.headers:
        # A program is told how; a browser would ask in a window of its own, where no help is.
        response.headers["WWW-Authenticate"] = 'Bearer realm="riskmap", Basic realm="riskmap"'
    return response


def _is_page() -> bool:
    """Tell whether a person opened the address: neither a program nor a part of a page."""
    return not f"{request.path}/".startswith((*FOR_PROGRAMS, FRAGMENTS))


def _where_to_log_in() -> str:
    """Return the page to go to first; afterwards back to this one, if it can be read again."""
    if context.signed_in():
        return url_for("accounts.own")
    back = _asked() if request.method == "GET" else None
    return url_for("accounts.log_in", next=None if back == "/" else back)


def _http(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response(request.environ)
    if isinstance(error, CSRFError):
        _note("form without its token")
    said = _say("form" if isinstance(error, CSRFError) else error.code)
    response = _answer(error.code, "http", said)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _note(why: str) -> None:
    """Write down that somebody was refused; if that fails, they are refused all the same."""
    try:
        note_refusal(context.workspace(), context.actor(), request.path, why)
    except (GisError, SQLAlchemyError):
        current_app.logger.exception("a refusal was not written down")


def _bug(error: Exception) -> Response:
    current_app.logger.error("%r %r", request.method, request.path, exc_info=error)
    return _answer(500, "bug", _say(500))


def _say(status: int | Literal["form"]) -> str:
    """Return what happened and what to do, in words."""
    said = {
        "form": gettext("这个页面放得太久或不是从本系统打开的。请返回，刷新后再提交。"),
        404: gettext("没有这个地址。请从地图或村表重新进入。"),
        405: gettext("这个地址不接受这种请求；请只用读取（GET）。"),
        500: gettext("服务器出错，已记入日志。请稍后再试；再次出现时把时间告诉管理员。"),
    }
    return str(said.get(status) or gettext("请求没有被接受（%(status)s）。", status=status))


def _answer(status: int, code: str, detail: str) -> Response:
    if f"{request.path}/".startswith(FOR_PROGRAMS):
        return _problem(status, code, detail)
    if request.routing_exception is not None and request.url_rule is None and status == BAD:
        # Asked under a name that is not ours: no page of ours is to appear there.
        return Response(detail, status, mimetype="text/plain")
    return _page(status, detail)


BAD = HTTPStatus.BAD_REQUEST


def _asked() -> str:
    """Return the address that was asked for, without the host; whatever is no text is replaced."""
    query = request.query_string.decode("utf-8", "replace")
    return f"{request.path}?{query}" if query else request.path


def _problem(status: int, code: str, detail: str) -> Response:
    """Return RFC 9457 problem details; ``code`` is ours, for programs to branch on."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": _asked(),
    }
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype=PROBLEM)


def _page(status: int, detail: str) -> Response:
    fragment = request.path.startswith(FRAGMENTS)
    try:
        about = None if fragment else context.about_if_allowed()
    except Exception:  # the page about an error must not fail for the same reason
        about = None
    page = render_template(
        "error.html", about=about, fragment=fragment, status=status, detail=detail
    )
    return Response(page, status)
