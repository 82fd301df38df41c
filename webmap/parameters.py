"""The method's constants: what is in force, where each is from, and what this office sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from gis.domain.risk import parameters
from gis.domain.risk.constants import Constant, Value
from gis.errors import InvalidDataError, NotFoundError
from gis.services.access import require_administrator
from gis.services.edit_parameters import save_parameters, show_parameters
from webmap import asked, methods
from webmap.context import about, actor, lang, workspace
from webmap.errors import status_of

bp = Blueprint("parameters", __name__, url_prefix="/admin/parameters")


@bp.get("/")
def index() -> str:
    """List the methods, and every version of what the office sets."""
    require_administrator(actor())
    found = show_parameters(workspace(), actor())
    return _render("parameters", **found, named=_titles(found["own"]))


@bp.route("/<slug>", methods=["GET", "POST"])
def one(slug: str) -> Response | tuple[str, int]:
    """Show the constants of a method and take a new version of them."""
    require_administrator(actor())
    found = show_parameters(workspace(), actor())
    if slug not in found["own"]:
        raise NotFoundError(f"没有方法 {slug}；可以用：{'、'.join(found['own'])}")
    if request.method == "GET":
        return _form(slug, found), 200
    try:
        values = _asked(slug, found)
        save_parameters(
            workspace(),
            actor(),
            values,
            reason=request.form.get("reason", ""),
            based_on=asked.whole(request.form, "based_on", 0) or None,
        )
    except InvalidDataError as error:
        return _form(slug, found, problem=str(error)), status_of(error)
    return redirect(url_for("parameters.index"))


def _form(slug: str, found: Mapping[str, Any], problem: str | None = None) -> str:
    now = found["now"].methods[slug].constants
    own = found["own"][slug].constants
    rows = [
        {
            "name": name,
            "constant": constant,
            "parts": _parts(constant),
            "own": _parts(own[name]),
            "changed": constant.value != own[name].value,
            "told": said(found["now"].values[slug]) if (said := parameters.TOLD.get(name)) else "",
        }
        for name, constant in now.items()
    ]
    return _render(
        "parameter_form",
        slug=slug,
        rows=rows,
        version=found["now"].version,
        problem=problem,
        filled=request.form if problem else {},
        title=_titles(found["own"])[slug],
    )


def _parts(constant: Constant) -> list[tuple[str, str]]:
    """Return the inputs of a constant: their names (empty for a single value) and texts."""
    value = constant.value
    if isinstance(value, Mapping):
        return [(name, _written(entry)) for name, entry in value.items()]
    if isinstance(value, tuple):
        return [(str(at), _written(entry)) for at, entry in enumerate(value, start=1)]
    return [("", _written(value))]


def _written(value: Any) -> str:
    """Write a value so that reading it gives the same number to the last bit."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _asked(slug: str, found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all that the office sets, with this method's values from the form."""
    methods_now = found["now"].methods
    values = {name: method.as_json() for name, method in methods_now.items() if name != slug}
    own = found["own"][slug].constants
    values[slug] = {name: _asked_value(name, constant.value) for name, constant in own.items()}
    return parameters.differing(found["own"], values)


def _asked_value(name: str, own: Value) -> Any:
    if isinstance(own, Mapping):
        return {part: _number(f"{name}.{part}") for part in own}
    if isinstance(own, tuple):
        texts = bool(own) and isinstance(own[0], str)
        read = _text if texts else _number
        return [read(f"{name}.{at}") for at in range(1, len(own) + 1)]
    return _text(f"{name}.") if isinstance(own, str) else _number(f"{name}.")


def _text(name: str) -> str:
    return request.form.get(name, "").strip()


def _number(name: str) -> float:
    text = _text(name)
    try:
        return float(text)
    except ValueError as error:
        raise InvalidDataError(f"{name.rstrip('.')} 写的是“{text}”，应为数值") from error


def _titles(own: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of each method: the heading of its page, where it has one."""
    known = methods.titles(english=lang() == "en")
    return {slug: known.get(slug, slug) for slug in own}


def _render(name: str, **said: object) -> str:
    return render_template(f"admin/{name}.html", about=about(), here="parameters", **said)
