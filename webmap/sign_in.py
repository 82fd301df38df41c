"""Who is asking: found out before any view, by session, by token, or by nothing.

Flask-Login keeps the secret of a session in the signed cookie; the session itself is a row of
the database, so that it can be ended from elsewhere. A token comes with each request of a program
(Bearer, or Basic as the password), over HTTPS, to read; it leaves no cookie.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from flask import Flask, Request, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.exceptions import BadRequest, SecurityError

from gis.domain.rights import NOBODY
from gis.errors import ForbiddenError, NotLoggedInError
from gis.services import log_in as service
from gis.services.log_in import SignedIn
from gis.services.manage_tokens import actor_of_token
from webmap.context import EXTENSION, purpose, workspace
from webmap.security import LARGEST_BODIES

OPEN_TO_ALL = frozenset({"static", "accounts.log_in", "api.health"})
"""Endpoints that need no right to read: nothing of the data is in them."""

OPEN_TO_NEW = OPEN_TO_ALL | {"accounts.own", "accounts.password", "accounts.log_out"}
"""Endpoints open to whoever must change their first password before all else."""

FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded")
"""What proxies say; where none is named, nobody's address is known who comes through one."""

FOR_TOKENS = "/api/"
"""Where a token is good for something: addresses for programs."""


class User(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """What Flask-Login carries through a request."""

    def __init__(self, secret: str, found: SignedIn) -> None:
        self.secret, self.found = secret, found

    def get_id(self) -> str:
        """Return what the cookie holds: the secret of the session, never the account's id."""
        return self.secret


def init_app(app: Flask) -> None:
    """Find out who asks before every view, and turn away whoever may read nothing."""
    manager = LoginManager(app)
    # A session is ended by its row; a phone that changes its address must not lose it.
    manager.session_protection = None
    manager.user_loader(_load)
    app.before_request(_refuse_unreadable)
    app.before_request(_refuse_plain)
    app.before_request(_find_out)


def begin(secret: str) -> None:
    """Put a new session into the browser's cookie, and nothing of an earlier one."""
    found = service.resume(workspace(), secret, address=address())
    if found is None:
        raise NotLoggedInError("登录没有成功，请再试一次")
    earlier = g.get("signed_in")
    if earlier:
        service.log_out(workspace(), earlier)
    session.clear()
    login_user(User(secret, found))
    g.signed_in, g.actor = found, found.actor


def renew(secret: str) -> None:
    """Put the new session of the same account in the place of the one that has just ended."""
    g.pop("signed_in", None)
    begin(secret)


def end() -> None:
    """Take the session out of the browser's cookie."""
    logout_user()
    session.clear()


def address() -> str:
    """Return where the browser or program is; behind a named proxy, what that says."""
    return request.remote_addr or "?"


def by_token() -> bool:
    """Tell whether a program asks, with a token."""
    return bool(g.get("by_token"))


def _load(secret: str) -> User | None:
    found = service.resume(workspace(), secret, address=address())
    return User(secret, found) if found else None


def _find_out() -> None:
    g.actor = replace(NOBODY, address=address())
    if request.endpoint == "static":
        return
    token = _token(request)
    if token is not None:
        g.actor = actor_of_token(workspace(), token, address=address())
        g.by_token = True
        return
    if current_user.is_authenticated:
        g.signed_in = current_user.found
        g.actor = current_user.found.actor
    else:
        g.actor = service.anonymous(workspace(), address())
    allowed = OPEN_TO_NEW if g.get("signed_in") else OPEN_TO_ALL
    if not g.actor.may_read and request.endpoint not in allowed:
        raise NotLoggedInError("请先登录")
    if request.endpoint in LARGEST_BODIES and g.actor.powers.changes:
        # Nobody's is read before it is known who sends it.
        request.max_content_length = LARGEST_BODIES[request.endpoint]


def _token(asked: Request) -> str | None:
    """Return the token of a request; None where it shows none.

    Raises
    ------
    ForbiddenError
        If it comes where, how or for what no token is taken.
    """
    shown = asked.authorization
    if "Authorization" not in asked.headers:
        return None
    if not asked.is_secure:
        raise ForbiddenError("令牌只能经 HTTPS 使用；在代理后面请设置 RISKMAP_PROXY")
    if asked.method not in ("GET", "HEAD"):
        raise ForbiddenError("令牌只能用来读取（GET）")
    if not asked.path.startswith(FOR_TOKENS):
        raise ForbiddenError("令牌只能读取 /api/ 下的地址；网页请登录后看")
    if shown is None or shown.type not in ("bearer", "basic"):
        raise NotLoggedInError("Authorization 要写 Bearer 令牌，或用 Basic 把令牌作为口令")
    return (shown.token if shown.type == "bearer" else shown.password) or ""


def _refuse_unreadable() -> None:
    """Refuse an address of another host, and text that is none: no view should meet it."""
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:
        request.query_string = b""  # so that the page that says so can be made
        raise BadRequest from error
    # A form that carries a file is read when it is known who sends it.
    typed = () if request.endpoint in LARGEST_BODIES else request.form.values()
    given = (request.path, *request.args.values(), *typed)
    if any("\0" in text for text in given):
        raise BadRequest


def _refuse_plain() -> None:
    """Refuse an office's page to another machine without HTTPS: passwords would be readable.

    A proxy that is not named is not believed who the caller is, nor for tokens; but a browser that
    comes to this server directly does not say what proxies say.
    """
    if request.is_secure or request.endpoint == "api.health":
        return
    settings = current_app.extensions[EXTENSION].settings
    unnamed_proxy = settings.speaks_https and not settings.tls_cert and not settings.proxies
    if unnamed_proxy and request.headers.get("X-Forwarded-Proto") == "https":
        return
    forwarded = any(name in request.headers for name in FORWARDED) and not settings.proxies
    direct = _is_loopback(address()) and not unnamed_proxy and not forwarded
    if direct or purpose() != "office":
        return
    if forwarded:
        raise ForbiddenError("前面有代理：请用 RISKMAP_PROXY 写明它的地址，并让它使用 HTTPS")
    raise ForbiddenError("请用 https:// 开头的地址打开")


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
