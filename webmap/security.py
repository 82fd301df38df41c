"""What a browser may do with our pages: nothing that this server did not put there itself."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from gis.services import upload_records, uploads
from gis.services.serve import session_key
from gis.workspace import Settings, Workspace
from webmap.context import EXTENSION

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'nonce-{nonce}'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No inline script or style without this answer's nonce; no other host for anything."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

HTTPS_ONLY = "max-age=31536000; includeSubDomains"
"""For a year, once a browser has come by HTTPS."""

LARGEST_FORM = 64 * 1024
"""Bytes of a request's body: there are only small forms, but for those that carry a file."""

LARGEST_BODIES = {
    "imports.upload": uploads.MOST_BYTES + LARGEST_FORM,
    "records.send": upload_records.MOST_BYTES + LARGEST_FORM,
}
"""Endpoint to bytes of the body that carries a file, from somebody who may import one."""


def init_app(app: Flask, ws: Workspace) -> None:
    """Put the headers on every answer, set up cookies, and ask every form for its token."""
    settings = ws.settings
    app.session_interface = Sessions()
    secure = settings.speaks_https or bool(settings.proxies)
    app.config.update(
        SECRET_KEY=session_key(ws),
        # The prefix makes the browser refuse a cookie that another host of the domain set.
        SESSION_COOKIE_NAME="__Host-riskmap" if secure else "riskmap",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    if settings.public_url:
        app.config["TRUSTED_HOSTS"] = _hosts(settings)
    if settings.proxies:
        app.wsgi_app = NamedProxies(app.wsgi_app, settings.proxies)  # type: ignore[method-assign]
    app.after_request(_harden)
    app.jinja_env.globals["nonce"] = nonce


def protect_forms(app: Flask) -> None:
    """Refuse a POST without the token of a form of ours; after ``sign_in``, which goes first."""
    CSRFProtect(app)


class Sessions(SecureCookieSessionInterface):
    """Signs cookies with HMAC-SHA-256; Flask itself with HMAC-SHA-1."""

    digest_method = staticmethod(hashlib.sha256)


class NamedProxies:
    """Believes what a request says of its caller where a named proxy sends it, and nowhere else."""

    def __init__(self, app: Callable[..., Iterable[bytes]], proxies: frozenset[str]) -> None:
        self._direct, self._proxies = app, proxies
        self._behind = ProxyFix(app, x_for=1, x_proto=1, x_host=1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        named = environ.get("REMOTE_ADDR") in self._proxies
        return (self._behind if named else self._direct)(environ, start_response)


def nonce() -> str:
    """Return the number used once that marks the inline scripts and styles of this answer."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce())
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure or current_app.extensions[EXTENSION].settings.speaks_https:
        response.headers["Strict-Transport-Security"] = HTTPS_ONLY
    if g.get("signed_in") or request.endpoint == "accounts.log_in":
        # What somebody may see must not stay in the browser of a shared machine.
        response.headers["Cache-Control"] = "no-store"
    return response


def _hosts(settings: Settings) -> list[str]:
    """Return the names under which the server may be addressed."""
    named = urlsplit(settings.public_url or "").hostname or ""
    return [named, "127.0.0.1", "localhost", "[::1]"]
