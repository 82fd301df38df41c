"""Computations are kept, repeatable to the byte, and compared: who moved, and because of what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from gis.domain.rights import OPERATOR
from gis.errors import ForbiddenError, InvalidDataError, NotFoundError
from gis.services import clock, work
from gis.services.compare_runs import compare_runs
from gis.services.compute_risk import compute_risk
from gis.services.edit_parameters import save_parameters, show_parameters
from gis.services.explain_area import explain_area
from gis.services.find_hotspots import find_hotspots
from gis.services.import_sites import import_sites
from gis.services.queue_computation import cancel_computation, start_daily
from gis.services.show_runs import find_earlier, list_runs, show_run
from gis.storage import dialect, jobs, runs
from gis.storage.tables import hazard, job, register, run, run_shown
from gis.workspace import Workspace
from tests.conftest import Databases
from tests.people import ADMINISTRATOR, TOWN, WEST, village
from tests.register import own_copy
from tests.samples import write_geojson


@pytest.fixture
def ws(offices: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return a copy of the small office, this test's own."""
    with own_copy(offices, tmp_path / "office") as found:
        yield found


def shown(ws: Workspace, number: int) -> list[tuple[str, str]]:
    """Return layer and text of every feature of a computation, without the computation's number."""
    with dialect.reading(ws.engine) as conn:
        query = sa.select(run_shown.c.layer, run_shown.c.feature).where(run_shown.c.run == number)
        rows = conn.execute(query.order_by(run_shown.c.id)).all()
    return [(layer, text.replace(f'"run":{number}', "")) for layer, text in rows]


def test_the_same_register_and_constants_give_the_same_bytes(ws: Workspace) -> None:
    first, second = (compute_risk(ws, OPERATOR)["run"] for _ in range(2))
    assert shown(ws, first) == shown(ws, second)
    with dialect.reading(ws.engine) as conn:
        assert runs.load_input(conn, first) == runs.load_input(conn, second)


def test_an_earlier_computation_is_shown_as_it_was(ws: Workspace) -> None:
    before = list_runs(ws, TOWN)[0]
    was = {area["code"]: area["score"] for area in show_run(ws, TOWN, before["id"])["areas"]}
    close_all_cases(ws)
    after = compute_risk(ws, OPERATOR)["run"]
    assert {a["code"]: a["score"] for a in show_run(ws, TOWN, before["id"])["areas"]} == was
    assert show_run(ws, TOWN, after)["areas"][0]["score"] < was[WEST]
    told = explain_area(ws, TOWN, "village", WEST, run=before["id"])
    assert (told["run"]["id"], told["score"]) == (before["id"], was[WEST])
    with pytest.raises(NotFoundError, match="99"):
        explain_area(ws, TOWN, "village", WEST, run=99)


def test_closed_cases_are_named_as_the_cause(ws: Workspace) -> None:
    before = list_runs(ws, TOWN)[0]["id"]
    close_all_cases(ws)
    after = compute_risk(ws, OPERATOR)["run"]
    found = compare_runs(ws, TOWN, before, after)
    for area in found["areas"]:
        assert area["moved"] < 0
        assert area["by"]["hazards"] == pytest.approx(area["moved"], abs=1e-9)
        assert sum(area["by"].values()) == pytest.approx(area["moved"], abs=1e-9)
    names = [place["name"] for place in found["areas"][0]["places"]]
    assert "west plant" in names


def test_a_new_plant_and_a_new_constant_are_told_apart(ws: Workspace, tmp_path: Path) -> None:
    before = list_runs(ws, TOWN)[0]["id"]
    row = (shapely.Point(119.321, 31.7202), {"code": "P-new", "name": "new", "risk_colour": "红"})
    import_sites(ws, OPERATOR, "enterprise", write_geojson(tmp_path / "new.geojson", [row]))
    middle = compute_risk(ws, OPERATOR)["run"]
    version = show_parameters(ws, ADMINISTRATOR)["now"].version
    doubled = {"index": {"uplift_per_hazard": {"general": 0.2, "major": 1.0, "overdue": 0.5}}}
    save_parameters(ws, ADMINISTRATOR, doubled, reason="试行加倍", based_on=version)
    after = compute_risk(ws, OPERATOR)["run"]
    west = {a["code"]: a for a in compare_runs(ws, TOWN, before, middle)["areas"]}[WEST]
    assert west["by"]["sources"] > 0
    assert west["by"]["parameters"] == 0
    assert west["places"][0]["name"] == "new"
    found = compare_runs(ws, TOWN, middle, after)
    assert found["after"]["parameter_set"] == 1
    assert found["before"]["parameter_set"] is None
    for area in found["areas"]:
        assert area["by"]["parameters"] == pytest.approx(area["moved"], abs=1e-9)
    assert max(area["moved"] for area in found["areas"]) > 0


def test_who_does_not_see_every_row_learns_of_no_place_and_no_decimals(ws: Workspace) -> None:
    before = list_runs(ws, TOWN)[0]["id"]
    close_all_cases(ws)
    after = compute_risk(ws, OPERATOR)["run"]
    for area in compare_runs(ws, village(WEST), before, after)["areas"]:
        assert area["places"] == []
        assert set(area["by"].values()) == {None}
        assert area["moved"] == int(area["moved"])


def test_a_computation_is_not_compared_with_itself(ws: Workspace) -> None:
    number = list_runs(ws, TOWN)[0]["id"]
    with pytest.raises(InvalidDataError):
        compare_runs(ws, TOWN, number, number)
    with pytest.raises(NotFoundError):
        compare_runs(ws, TOWN, number, 99)


def test_parameters_are_versions_with_an_author_and_a_reason(ws: Workspace) -> None:
    assert show_parameters(ws, ADMINISTRATOR)["versions"] == []
    lower = {"index": {"class_limits": [10, 20, 30, 40]}}
    assert save_parameters(ws, ADMINISTRATOR, lower, reason="镇里讨论决定", based_on=None) == 1
    number = compute_risk(ws, OPERATOR)["run"]
    with dialect.reading(ws.engine) as conn:
        kept = runs.load_one(conn, number)
    assert kept is not None
    assert kept["parameters"]["index"]["class_limits"] == [10, 20, 30, 40]
    assert kept["parameter_set"] == 1
    version = show_parameters(ws, ADMINISTRATOR)["versions"][0]
    assert (version["actor"], version["reason"]) == ("admin", "镇里讨论决定")
    with pytest.raises(InvalidDataError, match="别人"):
        save_parameters(ws, ADMINISTRATOR, {}, reason="改回去吧", based_on=None)
    assert save_parameters(ws, ADMINISTRATOR, {}, reason="改回去吧", based_on=1) == 2
    assert show_parameters(ws, ADMINISTRATOR)["now"].values["index"]["class_limits"] == (
        20, 35, 50, 65,
    )  # fmt: skip


def test_a_computation_says_whose_parameters_it_had_and_why(ws: Workspace) -> None:
    first = list_runs(ws, TOWN)[0]["id"]
    lower = {"index": {"class_limits": [10, 20, 30, 40]}}
    save_parameters(ws, ADMINISTRATOR, lower, reason="镇里讨论决定", based_on=None)
    second = compute_risk(ws, OPERATOR)["run"]
    nothing = {"version": None, "author": None, "at": None, "reason": None}
    assert show_run(ws, TOWN, first)["parameters"] == nothing
    told = show_run(ws, TOWN, second)["parameters"]
    assert (told["version"], told["author"], told["reason"]) == (1, "admin", "镇里讨论决定")
    assert told["at"]
    assert explain_area(ws, TOWN, "village", WEST)["parameters"] == told


def test_a_computation_says_what_a_sector_does_to_the_order_to_who_sees_every_row(
    ws: Workspace,
) -> None:
    number = list_runs(ws, TOWN)[0]["id"]
    told = show_run(ws, TOWN, number)["drops"]
    assert [row["sector"] for row in told] == ["IND", "GAS", "HOU", "FOR", "MIN"]
    for row in told:
        assert row["correlation"] is None  # of two villages there is no order to speak of
        assert (row["name"] is None) == (row["moved"] == 0)
    assert show_run(ws, village(WEST), number)["drops"] == []


def test_the_last_computation_up_to_a_day_is_found_however_many_came_since(ws: Workspace) -> None:
    first = list_runs(ws, TOWN)[0]["id"]
    newest = compute_risk(ws, OPERATOR)["run"]
    assert [entry["run"] for entry in find_earlier(ws, TOWN)["earlier"]] == [None, None, None]
    with ws.engine.begin() as conn:
        days = {first: dt.date(2026, 4, 2), newest: dt.date(2026, 8, 15)}
        for number, day in days.items():
            conn.execute(sa.update(run).where(run.c.id == number).values(as_of=day))
    found = find_earlier(ws, TOWN)
    assert found["newest"]["id"] == newest
    assert [(entry["day"], entry["run"]) for entry in found["earlier"]] == [
        ("2026-07-31", first), ("2026-06-30", first), ("2025-08-15", None),
    ]  # fmt: skip


def test_hotspots_use_the_constants_that_an_administrator_set(ws: Workspace) -> None:
    wider = {"hotspots": {"trend_months": 24}}
    save_parameters(ws, ADMINISTRATOR, wider, reason="看两年的趋势", based_on=None)
    number = find_hotspots(ws, OPERATOR)["run"]
    with dialect.reading(ws.engine) as conn:
        kept = runs.load_one(conn, number, runs.HOTSPOTS)
    assert kept is not None
    assert kept["parameters"]["hotspots"]["trend_months"] == 24
    assert kept["summary"]["period"] is None
    all_found = {"hotspots": {"period_months": 12, "cell_width_m": 1500}}
    save_parameters(ws, ADMINISTRATOR, all_found, reason="看一年发现的", based_on=1)
    summary = find_hotspots(ws, OPERATOR)
    last = dt.date.fromisoformat(summary["period"][1])
    assert last == kept["as_of"]
    assert dt.date.fromisoformat(summary["period"][0]) == (
        last.replace(year=last.year - 1) + dt.timedelta(days=1)
    )
    assert summary["width_m"] == 1500


def test_parameters_that_nothing_can_be_computed_with_are_not_kept(ws: Workspace) -> None:
    beyond = {"index": {"exponents": {"he": 0.5, "v": 2.0, "c": 2.0}}}
    with pytest.raises(InvalidDataError, match="没有保存"):
        save_parameters(ws, ADMINISTRATOR, beyond, reason="指数改得太大", based_on=None)
    assert show_parameters(ws, ADMINISTRATOR)["versions"] == []


def test_a_new_day_is_computed_unasked_and_once(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list_runs(ws, TOWN)[0]
    start_daily(ws)
    work.run_waiting(ws)
    assert list_runs(ws, TOWN)[0]["id"] == first["id"]
    tomorrow = dt.date.fromisoformat(first["as_of"]) + dt.timedelta(days=1)
    monkeypatch.setattr(clock, "today", lambda _register: tomorrow)
    start_daily(ws)
    start_daily(ws)
    work.run_waiting(ws)
    start_daily(ws)
    work.run_waiting(ws)
    newest = list_runs(ws, TOWN)
    assert (newest[0]["as_of"], newest[0]["actor"]) == (tomorrow.isoformat(), "每日计算")
    assert newest[1]["id"] == first["id"]


def test_a_days_computation_that_was_cancelled_is_not_begun_again(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list_runs(ws, TOWN)[0]
    monkeypatch.setattr(clock, "today", lambda _register: clock.legal_date(clock.now()))
    with dialect.writing(ws.engine) as conn:
        conn.execute(sa.update(run).values(as_of=dt.date(2020, 1, 1)))
    start_daily(ws)
    cancel_computation(ws, ADMINISTRATOR)
    start_daily(ws)
    work.run_waiting(ws)
    assert list_runs(ws, TOWN)[0]["id"] == first["id"]


def test_where_nothing_was_ever_computed_a_new_day_begins_nothing(own_office: Workspace) -> None:
    with dialect.writing(own_office.engine) as conn:
        conn.execute(sa.delete(job))
    start_daily(own_office)
    with dialect.reading(own_office.engine) as conn:
        assert not jobs.waiting(conn)


def test_only_an_administrator_sets_parameters_and_says_why(ws: Workspace) -> None:
    lower = {"index": {"class_limits": [10, 20, 30, 40]}}
    with pytest.raises(ForbiddenError):
        save_parameters(ws, TOWN, lower, reason="镇里讨论决定", based_on=None)
    with pytest.raises(InvalidDataError, match="为什么"):
        save_parameters(ws, ADMINISTRATOR, lower, reason=" ", based_on=None)
    with pytest.raises(InvalidDataError, match="没有改动"):
        save_parameters(ws, ADMINISTRATOR, {}, reason="没有什么", based_on=None)
    assert show_parameters(ws, ADMINISTRATOR)["versions"] == []


def close_all_cases(ws: Workspace) -> None:
    """Close the cases behind the services' back, as a revision of the register."""
    with ws.engine.begin() as conn:
        conn.execute(sa.update(hazard).values(state="已销号"))
        conn.execute(sa.update(register).values(revision=register.c.revision + 1))
