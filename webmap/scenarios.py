"""What if: a page to change things on, how the villages would stand, and what was kept."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from gis.errors import InvalidDataError
from gis.services import keep_scenario as kept
from gis.services.access import require_every_row
from gis.services.try_scenario import DOES, try_scenario
from webmap import asked, sending
from webmap.context import about, actor, workspace
from webmap.errors import status_of

bp = Blueprint("scenarios", __name__)

SCENARIO = "/scenarios/<int(max=9223372036854775807):number>"
LONGEST = 200_000
"""Bytes of the changes that a question may hold."""


@bp.get("/scenarios")
def index() -> str:
    """List the scenarios kept."""
    return _render("scenarios", scenarios=kept.list_scenarios(workspace(), actor()))


@bp.route("/scenarios/new", methods=["GET", "POST"])
def new() -> Answer | tuple[str, int]:
    """Change things, one after the other, and see how the villages would stand."""
    require_every_row(actor(), kept.WHAT)
    changes: list[dict[str, Any]] = []
    try:
        changes = _changes(request.form.get("changes", "[]"))
        changes = _after_the_form(changes)
        if "keep" in request.form:
            name = request.form.get("name", "")
            number = kept.keep_scenario(workspace(), actor(), name, changes)
            return redirect(url_for("scenarios.one", number=number))
        found = try_scenario(workspace(), actor(), changes)
    except InvalidDataError as error:
        return _page(_taken_back(changes), problem=str(error)), status_of(error)
    return _page(changes, found=found), 200


@bp.get(SCENARIO)
def one(number: int) -> str:
    """Show a scenario: how it came out, and how it would now."""
    found = kept.show_scenario(workspace(), actor(), number)
    return _render("scenario", scenario=found, changes=_told(found["changes"]))


@bp.post(f"{SCENARIO}/discard")
def discard(number: int) -> Answer:
    """Throw a scenario away."""
    kept.throw_away(workspace(), actor(), number)
    return redirect(url_for("scenarios.index"))


@bp.post("/api/what-if")
def what_if() -> Response:
    """Answer a question of a program: ``{"changes": [...]}``."""
    require_every_row(actor(), kept.WHAT)
    body = _json(request.get_data(cache=False))
    if not (isinstance(body, dict) and isinstance(body.get("changes"), list)):
        raise InvalidDataError('正文应为 JSON：{"changes": [...]}')
    return sending.answer(try_scenario(workspace(), actor(), _objects(body["changes"])))


def _json(text: bytes | str) -> Any:
    if len(text) > LONGEST:
        raise InvalidDataError("设想里的改动太多")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidDataError("改动不是 JSON，页面可能已损坏：请重新打开") from error


def _changes(text: str) -> list[dict[str, Any]]:
    found = _json(text)
    if not isinstance(found, list):
        raise InvalidDataError("改动应为一列")
    return _objects(found)


def _objects(found: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(change, dict) for change in found):
        raise InvalidDataError("每项改动应为一个对象")
    return found


def _after_the_form(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes with what the form adds, or without what it takes out."""
    if "remove" in request.form:
        row = asked.whole(request.form, "remove", 0)
        return [change for at, change in enumerate(changes) if at != row]
    return [*changes, _asked_change()] if "add" in request.form else changes


def _asked_change() -> dict[str, Any]:
    """Read one change from the form."""
    do = request.form.get("do", "")
    change: dict[str, Any] = {"do": do}
    if do == "add":
        change |= {name: request.form.get(name, "").strip() for name in ("kind", "name")}
    elif do in DOES:
        change["site"] = asked.whole(request.form, "site", 0)
    if do == "add" and (drawn := request.form.get("geometry", "").strip()):
        change["geometry"] = drawn
    elif do in ("add", "move"):
        change |= {name: request.form.get(name, "").strip() for name in ("lon", "lat")}
    if do in ("add", "alter"):
        kind = change["kind"] if do == "add" else _told([change])[0].get("of", "")
        change["values"] = _asked_values(request.form.get("values", ""), kind)
    return change


def _asked_values(text: str, kind: str) -> dict[str, str]:
    """Read lines ``field = value``, the field by its name or its Chinese title."""
    passport = workspace().kinds.get(kind)
    titles = {field.title.zh: field.name for field in passport.open_fields} if passport else {}
    values = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, sign, value = line.replace("＝", "=").replace("：", "=").partition("=")
        if not sign:
            raise InvalidDataError(f"“{line}”写法不对，应如：风险等级颜色 = 蓝")
        values[titles.get(name.strip(), name.strip())] = value.strip()
    return values


def _taken_back(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the change that was just added and cannot be; those before it stay."""
    return changes[:-1] if "add" in request.form else changes


def _page(
    changes: list[dict[str, Any]],
    *,
    found: dict[str, Any] | None = None,
    problem: str | None = None,
) -> str:
    if found is None:
        found = _present()
    return _render(
        "try",
        found=found,
        problem=problem,
        changes=_told(changes),
        plain=orjson.dumps(changes).decode(),
        kinds=workspace().kinds,
        filled=request.form if problem else request.args,
    )


def _present() -> dict[str, Any] | None:
    try:
        return try_scenario(workspace(), actor(), [])
    except InvalidDataError:  # there are no areas yet: the page says so
        return None


def _told(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes with the names that people know."""
    return kept.named(workspace(), actor(), changes)


def _render(name: str, **said: object) -> str:
    here = {"scenario": "scenarios", "try": "scenarios"}.get(name, name)
    return render_template(
        f"runs/{name}.html", about=about(), here=here, level=workspace().home_level, **said
    )
