"""Logging in and out, and one's own account: password, tokens, sessions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gis.domain.rights import ROLES
from gis.errors import GisError, InvalidDataError, NotLoggedInError, TooManyTriesError
from gis.services import log_in as service
from gis.services.log_in import SignedIn
from gis.services.manage_sessions import end_session, list_sessions
from gis.services.manage_tokens import DAYS, add_token, list_tokens, revoke_token
from webmap import asked, sign_in
from webmap.context import about_if_allowed, actor, signed_in, workspace
from webmap.errors import status_of

bp = Blueprint("accounts", __name__)


@bp.route("/login", methods=["GET", "POST"])
def log_in() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Ask for name and password, and begin a session."""
    back = asked.local_path(request.values.get("next"))
    if request.method == "GET":
        if signed_in():
            return redirect(_first_page(back))
        return _log_in_page(back), 200
    try:
        secret = service.log_in(
            workspace(),
            request.form.get("login", ""),
            request.form.get("password", ""),
            address=sign_in.address(),
            agent=request.user_agent.string,
        )
        sign_in.begin(secret)
    except (NotLoggedInError, TooManyTriesError) as error:
        page = _log_in_page(back, problem=str(error))
        wait = error.seconds if isinstance(error, TooManyTriesError) else None
        return page, status_of(error), {"Retry-After": str(wait)} if wait else {}
    return redirect(_first_page(back))


def _first_page(back: str) -> str:
    """Return where to go after the log-in: to one's own account while the password must change."""
    return back if actor().may_read else url_for("accounts.own")


def _log_in_page(back: str, problem: str | None = None) -> str:
    return render_template(
        "login.html",
        about=about_if_allowed(),
        back=back,
        login=request.form.get("login", ""),
        problem=problem,
    )


@bp.post("/logout")
def log_out() -> Response:
    """End the session that this browser is in."""
    found = signed_in()
    if found:
        service.log_out(workspace(), found)
    sign_in.end()
    return redirect(url_for("accounts.log_in"))


@bp.get("/account")
def own() -> str:
    """Show one's own account."""
    return _own_page()


@bp.post("/account/password")
def password() -> Response | tuple[str, int]:
    """Change one's own password; all other sessions end."""
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise InvalidDataError("两次输入的新口令不一样")
        old = request.form.get("old", "")
        sign_in.renew(service.change_password(workspace(), _me(), old, new))
    except (InvalidDataError, TooManyTriesError) as error:
        return _own_page(problem=error, of="password"), status_of(error)
    return redirect(url_for("accounts.own", done="password"))


@bp.post("/account/tokens")
def new_token() -> tuple[str, int]:
    """Make a token for oneself; it is shown on this page and never again."""
    name, days = request.form.get("name", ""), asked.whole(request.form, "days", DAYS[1])
    try:
        service.confirm(workspace(), _me(), request.form.get("password", ""))
        made = add_token(workspace(), actor(), _me().account, name=name, days=days)
    except (InvalidDataError, TooManyTriesError) as error:
        return _own_page(problem=error, of="token"), status_of(error)
    return _own_page(token=made), 200


@bp.post("/account/tokens/<int(max=9223372036854775807):token_id>/revoke")
def revoke(token_id: int) -> Response:
    """Revoke one of one's own tokens."""
    revoke_token(workspace(), actor(), token_id)
    return redirect(url_for("accounts.own", done="revoked"))


@bp.post("/account/sessions/<int(max=9223372036854775807):session_id>/end")
def end(session_id: int) -> Response:
    """End another of one's own sessions."""
    end_session(workspace(), actor(), session_id)
    return redirect(url_for("accounts.own", done="ended"))


def _me() -> SignedIn:
    """Return who is logged in; a guest has no account to show."""
    found = signed_in()
    if found is None:
        abort(404)
    return found


def _own_page(**said: Any) -> str:
    me, who, ws = _me(), actor(), workspace()
    reads = who.may_read
    problem: GisError | None = said.pop("problem", None)
    return render_template(
        "account.html",
        about=about_if_allowed(),
        me=me,
        role=ROLES[me.account.role],
        tokens=list_tokens(ws, who) if reads else [],
        sessions=list_sessions(ws, who) if reads else [],
        days=DAYS,
        problem=str(problem) if problem else None,
        done=request.args.get("done"),
        **said,
    )
