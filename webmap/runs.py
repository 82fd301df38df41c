"""Computations: the list, one as it was, two compared, the next one."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from gis.services import queue_computation
from gis.services.compare_runs import compare_runs
from gis.services.show_runs import find_earlier, list_runs, show_run
from webmap import asked, sending
from webmap.context import about, actor, workspace

bp = Blueprint("runs", __name__)

RUN = "<int(max=9223372036854775807):number>"


@bp.get("/runs")
def index() -> str:
    """List computations, the newest first."""
    found = list_runs(workspace(), actor(), before=_before())
    computation = queue_computation.show_computation(workspace(), actor())
    since_then = find_earlier(workspace(), actor())
    return _show("list", runs=found, computation=computation, since_then=since_then)


@bp.post("/runs")
def compute() -> Answer:
    """Have risk computed from what the register holds now."""
    queue_computation.start_computation(workspace(), actor())
    return redirect(url_for("runs.index"))


@bp.post("/runs/cancel")
def cancel() -> Answer:
    """Stop what is being computed."""
    queue_computation.cancel_computation(workspace(), actor())
    return redirect(url_for("runs.index"))


@bp.get("/runs/state")
def state() -> Response:
    """Say whether something is being computed; how far it is, nobody knows."""
    found = queue_computation.show_computation(workspace(), actor())
    return sending.answer({"busy": found is not None and found.busy, "progress": None})


@bp.get(f"/runs/{RUN}")
def one(number: int) -> str:
    """Show a computation as it was."""
    found = show_run(workspace(), actor(), number)
    found["areas"].sort(key=lambda row: (-(row["class"] or 0), -(row["score"] or 0), row["code"]))
    return _show("run", run=found, level=workspace().home_level)


@bp.get("/runs/compare")
def compare() -> str:
    """Show two computations side by side; without numbers, the newest and the one before."""
    before, after = asked.whole(request.args, "before", 0), asked.whole(request.args, "after", 0)
    if not (before and after):
        newest = [run["id"] for run in list_runs(workspace(), actor())[:2]]
        if len(newest) < 2:
            return _show("compare", found=None, runs=[], level=workspace().home_level)
        after, before = newest
    found = compare_runs(workspace(), actor(), before, after)
    offered = {run["id"]: run for run in list_runs(workspace(), actor())}
    offered |= {run["id"]: run for run in (found["before"], found["after"])}
    return _show(
        "compare",
        found=found,
        runs=[run for _, run in sorted(offered.items(), reverse=True)],
        level=workspace().home_level,
    )


@bp.get("/api/runs")
def listed() -> Response:
    """List computations for programs."""
    return sending.answer({"runs": list_runs(workspace(), actor(), before=_before())})


@bp.get(f"/api/runs/{RUN}")
def shown(number: int) -> Response:
    """Send a computation with the scores of its areas."""
    return sending.answer(show_run(workspace(), actor(), number))


@bp.get(f"/api/runs/<int(max=9223372036854775807):before>/compare/{RUN}")
def compared(before: int, number: int) -> Response:
    """Send two computations compared."""
    return sending.answer(compare_runs(workspace(), actor(), before, number))


def _before() -> int | None:
    return asked.whole(request.args, "before", 0) or None


def _show(name: str, **said: object) -> str:
    here = {"run": "list"}.get(name, name)
    return render_template(f"runs/{name}.html", about=about(), here=here, **said)
