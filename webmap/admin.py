"""Administration: accounts and what they are in charge of, tokens, sessions, the audit log."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gis.domain.audit import ACTIONS, KEPT_DAYS, WORDS, Search
from gis.domain.days import LEGAL_ZONE
from gis.domain.rights import ROLES, SECRECY, Role
from gis.errors import InvalidDataError
from gis.services.access import require_administrator
from gis.services.manage_accounts import (
    add_account,
    change_account,
    choices,
    is_locked,
    list_accounts,
    load_account,
    reset_password,
    unlock,
)
from gis.services.manage_sessions import end_session, list_sessions
from gis.services.manage_tokens import list_tokens, revoke_token
from gis.services.read_audit import export_audit, search_audit
from webmap import asked, sending
from webmap.context import about, actor, workspace
from webmap.errors import status_of

bp = Blueprint("admin", __name__, url_prefix="/admin")

TEXT_LONGEST = 100
"""Of what is looked for; a longer pattern is too complex for SQLite."""

ACCOUNT = "/accounts/<int(max=9223372036854775807):account_id>"


@bp.get("/")
def index() -> Response:
    """Go to the accounts."""
    require_administrator(actor())
    return redirect(url_for("admin.accounts"))


@bp.get("/accounts")
def accounts() -> str:
    """List all accounts."""
    found = list_accounts(workspace(), actor())
    villages, _ = choices(workspace(), actor())
    return _show("accounts", accounts=found, villages=villages)


@bp.get("/roles")
def roles() -> str:
    """Say what each role may see and do."""
    require_administrator(actor())
    kinds = workspace().kinds.values()
    by_secrecy = {s: [kind for kind in kinds if kind.secrecy == s] for s in SECRECY}
    return _show("roles", by_secrecy=by_secrecy)


@bp.route("/accounts/new", methods=["GET", "POST"])
def new_account() -> tuple[str, int]:
    """Make an account; its first password is shown on this page and never again."""
    require_administrator(actor())
    if request.method == "GET":
        return _account_page(None), 200
    try:
        login = request.form.get("login", "")
        password = add_account(workspace(), actor(), login=login, **_asked_account())
    except InvalidDataError as error:
        return _account_page(None, problem=str(error)), status_of(error)
    return _show("password", login=login, password=password), 200


@bp.route(ACCOUNT, methods=["GET", "POST"])
def account(account_id: int) -> Response | tuple[str, int]:
    """Show an account, or change it."""
    require_administrator(actor())
    if request.method == "GET":
        return _account_page(account_id), 200
    try:
        active = "active" in request.form
        change_account(workspace(), actor(), account_id, active=active, **_asked_account())
    except InvalidDataError as error:
        return _account_page(account_id, problem=str(error)), status_of(error)
    return redirect(url_for("admin.accounts"))


@bp.post(f"{ACCOUNT}/password")
def password(account_id: int) -> str:
    """Give an account a new first password, shown on this page and never again."""
    made = reset_password(workspace(), actor(), account_id)
    login = load_account(workspace(), actor(), account_id).login
    return _show("password", login=login, password=made)


@bp.post(f"{ACCOUNT}/unlock")
def unlocked(account_id: int) -> Response:
    """Let an account try to log in again at once."""
    unlock(workspace(), actor(), account_id)
    return redirect(url_for("admin.account", account_id=account_id))


@bp.get("/tokens")
def tokens() -> str:
    """List all tokens."""
    require_administrator(actor())
    return _show("tokens", tokens=list_tokens(workspace(), actor(), everybodys=True))


@bp.post("/tokens/<int(max=9223372036854775807):token_id>/revoke")
def revoke(token_id: int) -> Response:
    """Revoke anybody's token."""
    require_administrator(actor())
    revoke_token(workspace(), actor(), token_id)
    return redirect(url_for("admin.tokens"))


@bp.get("/sessions")
def sessions() -> str:
    """List who is logged in."""
    require_administrator(actor())
    return _show("sessions", sessions=list_sessions(workspace(), actor(), everybodys=True))


@bp.post("/sessions/<int(max=9223372036854775807):session_id>/end")
def end(session_id: int) -> Response:
    """End anybody's session."""
    require_administrator(actor())
    end_session(workspace(), actor(), session_id)
    return redirect(url_for("admin.sessions"))


@bp.get("/audit")
def audit() -> str:
    """Search the audit log."""
    require_administrator(actor())
    page = search_audit(workspace(), actor(), _asked_search())
    kept = {name: value for name, value in request.args.items() if name != "before" and value}
    return _show(
        "audit",
        found=page,
        asked=request.args,
        kept=kept,
        kept_days=KEPT_DAYS,
        words=WORDS,
        kinds=workspace().kinds,
    )


@bp.get("/audit.csv")
def audit_csv() -> Response:
    """Send what fits as a table for spreadsheets."""
    asked.refuse_other_sites(request)
    document = export_audit(workspace(), actor(), _asked_search())
    return sending.download(document, "audit.csv")


def _asked_search() -> Search:
    """Read what to look for; the days are those of the office."""
    since, until = asked.day(request.args, "since"), asked.day(request.args, "until")
    return Search(
        actor=request.args.get("actor", "").strip(),
        action=request.args.get("action", ""),
        text=request.args.get("text", "").strip()[:TEXT_LONGEST],
        since=_begin(since) if since else None,
        until=_begin(until + dt.timedelta(days=1)) if until else None,
        before=asked.whole(request.args, "before", 0) or None,
    )


def _begin(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), LEGAL_ZONE)


def _asked_account() -> dict[str, Any]:
    form = request.form
    try:
        role = Role(form.get("role", ""))
    except ValueError as error:
        raise InvalidDataError("请选一个角色") from error
    return {
        "name": form.get("name", ""),
        "role": role,
        "villages": form.getlist("villages"),
        "industries": form.getlist("industries"),
    }


def _account_page(account_id: int | None, problem: str | None = None) -> str:
    """Show the form of an account: what was typed after an error, else what is stored."""
    ws, who = workspace(), actor()
    found = load_account(ws, who, account_id) if account_id is not None else None
    villages, industries = choices(ws, who)
    typed = request.form if problem else None
    return _show(
        "account",
        account=found,
        locked=is_locked(ws, who, found) if found else False,
        villages=villages,
        industries=industries,
        problem=problem,
        filled={
            "login": typed.get("login", "") if typed else "",
            "name": typed.get("name", "") if typed else (found.name if found else ""),
            "role": typed.get("role", "") if typed else (found.role.value if found else ""),
            "villages": typed.getlist("villages") if typed else (found.villages if found else ()),
            "industries": (
                typed.getlist("industries") if typed else (found.industries if found else ())
            ),
            "active": "active" in typed if typed else (found.active if found else True),
        },
    )


def _show(name: str, **said: Any) -> str:
    return render_template(
        f"admin/{name}.html", about=about(), here=name, roles=ROLES, actions=ACTIONS, **said
    )
