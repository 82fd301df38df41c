"""What a view needs to know: the open workspace, who is asking, in which language."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, cast

from flask import Flask, current_app, g, request
from flask_babel import Babel, get_locale

from gis.domain.kinds import Title
from gis.domain.rights import NOBODY, Actor, Purpose
from gis.services.describe import DEMONSTRATION_NOTICE, Register, describe, purpose_of
from gis.services.log_in import SignedIn
from gis.services.serve import keep_heads, refuse_open_address
from gis.workspace import Workspace

EXTENSION = "riskmap"
PURPOSE = "riskmap-purpose"
HEADS = "riskmap-heads"
"""What a thread of the server runs, to keep the heads of the audit log."""
LANGUAGES = ("zh", "en")
LANGUAGE_COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600

Language = Literal["zh", "en"]


def init_app(app: Flask, workspace: Workspace) -> None:
    """Give the application its workspace and its languages."""
    app.extensions |= {EXTENSION: workspace, PURPOSE: None}
    app.extensions[HEADS] = partial(keep_heads, workspace)
    Babel(app, default_locale="zh", default_timezone="Asia/Shanghai", locale_selector=_choose)
    app.after_request(_remember)
    app.jinja_env.globals.update(
        lang=lang,
        t=in_language,
        either=either,
        who=actor,
        signed_in=signed_in,
        purpose=lambda: current_app.extensions[PURPOSE],
        DEMONSTRATION_NOTICE=DEMONSTRATION_NOTICE,
    )


def workspace() -> Workspace:
    """Return the open workspace.

    Raises
    ------
    ConfigError
        If its database is not ready, or may not be served at this address; once it is, that is
        not asked again.
    """
    ws = cast(Workspace, current_app.extensions[EXTENSION])
    if current_app.extensions[PURPOSE] is None:
        found = purpose_of(ws)
        refuse_open_address(ws)
        current_app.extensions[PURPOSE] = found
    return ws


def purpose() -> Purpose:
    """Return what the database is for."""
    workspace()
    return cast(Purpose, current_app.extensions[PURPOSE])


def actor() -> Actor:
    """Return who is asking; ``sign_in`` found it out before the view began, if it came so far."""
    return cast(Actor, g.get("actor", NOBODY))


def signed_in() -> SignedIn | None:
    """Return who is logged in with this browser; None for anonymous readers and for tokens."""
    return cast("SignedIn | None", g.get("signed_in"))


def about() -> Register:
    """Return what the page says about the data; read once per request."""
    if "about" not in g:
        g.about = describe(workspace(), actor())
    return cast(Register, g.about)


def about_if_allowed() -> Register | None:
    """Return the same, or None for whoever may read nothing: pages to log in need no data."""
    return about() if actor().may_read else None


def lang() -> Language:
    """Return the language of this answer."""
    return "en" if str(get_locale()) == "en" else "zh"


def in_language(title: Title) -> str:
    """Return a title in the language of this answer."""
    return title.en if lang() == "en" else title.zh


def either(entry: dict[str, Any]) -> str:
    """Return ``title`` or ``title_en`` of what a service gave."""
    return str(entry.get("title_en") if lang() == "en" else entry.get("title"))


def _choose() -> str:
    """Take the address first, then what was chosen before, then what the browser asks for."""
    for asked in (request.args.get("lang"), request.cookies.get(_language_cookie())):
        if asked in LANGUAGES:
            return asked
    return request.accept_languages.best_match(LANGUAGES, default="zh") or "zh"


def _language_cookie() -> str:
    """Return the name of the cookie; the prefix ties it to this host, where there is HTTPS."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    return f"__Host-{LANGUAGE_COOKIE}" if secure else LANGUAGE_COOKIE


def _remember(response: Any) -> Any:
    """Keep a language that was asked for in the address."""
    if response.mimetype != "text/html":
        return response
    response.vary.update(("Accept-Language", "Cookie"))
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(
            _language_cookie(),
            asked,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return response
