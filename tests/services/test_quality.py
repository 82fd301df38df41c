"""Quality of the register as different people see it, on both databases."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from gis.domain import quality
from gis.domain.audit import Search
from gis.domain.rights import NOBODY, OPERATOR, Actor
from gis.errors import InvalidDataError, NotFoundError, NotLoggedInError
from gis.services import load_layer as layers
from gis.services.assess_quality import assess_quality, survey, worst_records
from gis.services.export_quality import HEADER, export_quality
from gis.services.load_layer import list_layers, load_layer
from gis.services.read_audit import search_audit
from gis.services.show_site import show_site
from gis.workspace import Workspace
from tests.officeland import change
from tests.people import ADMINISTRATOR, DISTRICT, EAST, VISITOR, WEST, department, village

PUBLIC = {
    "cemetery", "elderly_home", "fire_monitor", "fire_station", "forest", "hospital", "road",
    "school", "water_source", "weather_station",
}  # fmt: skip


def registered(ws: Workspace) -> list[str]:
    """Return the kinds that people register."""
    return [slug for slug, kind in ws.kinds.items() if kind.registered]


def counts(ws: Workspace, actor: Actor) -> tuple[dict[str, int], dict[str, int]]:
    """Return records by kind and by village, without the kinds that have none."""
    found = assess_quality(ws, actor)
    kinds = {row["kind"]: row["records"] for row in found.kinds if row["records"]}
    return kinds, {row["village"]: row["records"] for row in found.villages}


def test_everybody_counts_the_rows_that_they_see_as_they_are(own_office: Workspace) -> None:
    whole = {"enterprise": 2, "gas_pipeline": 2, "school": 2, "self_built_house": 2}
    assert counts(own_office, DISTRICT) == (whole, {WEST: 4, EAST: 4})
    own = {"enterprise": 1, "school": 2, "self_built_house": 1}
    assert counts(own_office, village(WEST)) == (own, {WEST: 3, EAST: 1})
    trade = {"enterprise": 2, "school": 2}
    assert counts(own_office, department("工贸")) == (trade, {WEST: 2, EAST: 2})
    assert counts(own_office, VISITOR) == ({"school": 2}, {WEST: 1, EAST: 1})


def test_of_a_kind_that_somebody_cannot_see_not_even_zero_is_told(own_office: Workspace) -> None:
    def kinds(actor: Actor) -> set[str]:
        return {row["kind"] for row in assess_quality(own_office, actor).kinds}

    assert kinds(VISITOR) == PUBLIC
    assert kinds(village(WEST)) == set(registered(own_office)) - {"gas_pipeline"}
    assert kinds(department("工贸")) == PUBLIC | {"enterprise", "installation", "tenant"}
    assert kinds(DISTRICT) == set(registered(own_office))
    for slug in ("gas_pipeline", "enterprise", "no_such_kind"):
        with pytest.raises(NotFoundError, match=slug) as refused:
            worst_records(own_office, VISITOR, kind=slug)
        assert str(refused.value).count("enterprise") == (slug == "enterprise")


def test_the_parts_add_up_to_the_whole(own_office: Workspace) -> None:
    change(own_office, "H-east", village=None)
    found = assess_quality(own_office, OPERATOR)
    for name in ("records", *quality.FRESHNESS, *quality.POSITIONS):
        whole = found.total[name]
        for rows in (found.kinds, found.villages, found.cells):
            assert sum(row[name] for row in rows) == whole, name
    assert found.whole(None, None) == found.total
    for village_, kind, expected in (
        (None, "school", 2),
        (WEST, None, 4),
        (WEST, "school", 1),
        (WEST, "mine", 0),
        (quality.OUTSIDE, None, 1),
        (quality.OUTSIDE, "self_built_house", 1),
    ):
        assert found.whole(village_, kind)["records"] == expected
        if kind:
            assert found.whole(village_, kind)["title"] == own_office.kinds[kind].title.zh
    assert [row["records"] for row in found.villages_of("self_built_house")] == [1, 0, 1]
    assert [row["kind"] for row in found.kinds_in(EAST)] == registered(own_office)


def test_a_village_without_a_record_is_no_data_and_never_good(office: Workspace) -> None:
    found = assess_quality(office, OPERATOR)
    assert [row["grade"] for row in found.villages] == [None, None]
    assert [row["records"] for row in found.villages] == [0, 0]
    assert found.total == {**found.total, "records": 0, "grade": None, "completeness": None}
    (first, _) = orjson.loads(load_layer(office, OPERATOR, "quality").read())["features"]
    told = first["properties"]
    assert (told["grade"], told["records"], told["completeness_pct"]) == (None, 0, None)
    assert worst_records(office, OPERATOR).rows == ()
    assert export_quality(office, OPERATOR).read().count(b"\r\n") == 1


def test_what_is_not_placed_or_lies_in_no_village_is_counted_apart(own_office: Workspace) -> None:
    change(own_office, "P-west", geom=None)
    change(own_office, "H-east", village=None)
    change(own_office, "S-east", village="999999999999")
    found = assess_quality(own_office, OPERATOR)
    *_, outside = found.villages
    assert (outside["village"], outside["name"], outside["records"]) == (quality.OUTSIDE, None, 2)
    assert found.whole(WEST, "enterprise")["unplaced"] == 1
    assert found.total["unplaced"] == 1
    assert found.total["records"] == 8
    listed = worst_records(own_office, OPERATOR, village=quality.OUTSIDE)
    assert {row["key"] for row in listed.rows} == {"H-east", "S-east"}
    assert {row["village_name"] for row in listed.rows} == {None}
    (unplaced,) = (r for r in worst_records(own_office, OPERATOR).rows if r["key"] == "P-west")
    assert (unplaced["position"], unplaced["grade"]) == ("unplaced", "D")
    # Whoever is in charge of the west does not see what lies in no village, unless it is public.
    assert counts(own_office, village(WEST))[1] == {WEST: 3, EAST: 0, quality.OUTSIDE: 1}


def test_the_list_says_who_must_verify_what_the_most_overdue_first(own_office: Workspace) -> None:
    as_of = assess_quality(own_office, OPERATOR).as_of
    for key, days in (("P-west", 400), ("P-east", 900), ("H-west", 500), ("S-west", 1)):
        change(own_office, key, verified_on=as_of.fromordinal(as_of.toordinal() - days))
    listed = worst_records(own_office, OPERATOR, limit=3)
    assert (listed.count, listed.last, len(listed.rows)) == (7, 3, 3)
    assert {row["freshness"] for row in listed.rows} == {"never"}
    keys = [
        row["key"]
        for page in (1, 2, 3)
        for row in worst_records(own_office, OPERATOR, page=page, limit=3).rows
    ]
    assert keys[-3:] == ["P-east", "H-west", "P-west"]
    (plant,) = worst_records(own_office, OPERATOR, kind="enterprise", village=WEST).rows
    assert (plant["village_name"], plant["industry"], plant["title"]) == ("村1", "工贸", "企业")
    assert (plant["days_since_verified"], plant["overdue_days"]) == (400, 35)
    assert "统一社会信用代码" in {title.zh for title in plant["missing"]}
    own = {row["key"] for row in worst_records(own_office, village(WEST)).rows}
    assert own == {"P-west", "H-west", "S-east"}
    for page in (0, 4):
        with pytest.raises(InvalidDataError, match="1 至 3"):
            worst_records(own_office, OPERATOR, page=page, limit=3)
    with pytest.raises(NotFoundError, match="320400000000"):
        worst_records(own_office, OPERATOR, village="320400000000")


def test_the_page_s_parts_are_of_one_reading(own_office: Workspace) -> None:
    found, listed = survey(own_office, village(WEST), village=None, kind=None, page=1)
    assert listed.count == found.total["stale"] + found.total["never"]
    assert found == assess_quality(own_office, village(WEST))
    assert listed == worst_records(own_office, village(WEST))


def test_nobody_reads_nothing(own_office: Workspace) -> None:
    for ask in (assess_quality, worst_records, export_quality):
        with pytest.raises(NotLoggedInError):
            ask(own_office, NOBODY)


def test_the_layer_holds_what_the_reader_sees_under_a_tag_of_their_own(
    own_office: Workspace,
) -> None:
    def layer(actor: Actor) -> tuple[str, dict[str, Any]]:
        document = load_layer(own_office, actor, "quality")
        features = orjson.loads(document.read())["features"]
        return document.etag, {f["properties"]["code"]: f["properties"] for f in features}

    tags, told = zip(*map(layer, (DISTRICT, village(WEST), village(EAST), VISITOR)), strict=True)
    assert len(set(tags)) == 4
    assert [found[WEST]["records"] for found in told] == [4, 3, 1, 1]
    assert [found[EAST]["to_verify"] for found in told] == [4, 1, 3, 1]
    assert load_layer(own_office, VISITOR, "quality").etag == tags[-1]


def test_listing_the_layers_judges_no_record(
    own_office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_said: object) -> None:
        raise AssertionError("a record was judged")

    monkeypatch.setattr(layers, "assess_open", refuse)
    (info,) = (info for info in list_layers(own_office, VISITOR) if info.register == "quality")
    assert (info.slug, info.count) == ("quality", 2)
    assert info.extent is not None


def test_there_is_one_query_a_kind(own_office: Workspace) -> None:
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_said: object) -> None:
        asked.append(statement)

    sa.event.listen(own_office.engine, "before_cursor_execute", note)
    survey(own_office, OPERATOR, village=None, kind=None, page=1)
    sa.event.remove(own_office.engine, "before_cursor_execute", note)
    of_places = [statement for statement in asked if "FROM site \n" in statement]
    assert len(of_places) == len(registered(own_office))
    assert len(asked) < len(own_office.kinds) + 12


def test_the_table_is_of_own_rows_says_what_it_is_and_is_logged(own_office: Workspace) -> None:
    content = export_quality(own_office, village(WEST), kind="enterprise").read()
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert tuple(header) == HEADER
    (row,) = (dict(zip(header, row, strict=True)) for row in rows)
    assert (row["名称"], row["所在村"], row["行业"]) == ("west plant", "村1", "工贸")
    assert (row["距核实天数"], row["超期天数"]) == ("从未核实", "从未核实")
    assert row["说明"]
    newest, *_ = search_audit(own_office, ADMINISTRATOR, Search(action="export")).entries
    assert (newest.actor, newest.target) == ("village", "quality")
    assert newest.facts == {"format": "csv", "count": 1, "kinds": ["enterprise"]}


def test_the_card_says_what_its_record_lacks(own_office: Workspace) -> None:
    ids = {row["key"]: row["id"] for row in worst_records(own_office, OPERATOR).rows}
    found = show_site(own_office, village(WEST), ids["P-west"])["quality"]
    assert found["filled"] < found["fields"]
    assert len(found["missing"]) == found["fields"] - found["filled"]
    assert (found["freshness"], found["verify_days"], found["grade"]) == ("never", 365, "D")
    assert show_site(own_office, village(WEST), ids["G-west"])["quality"] is None
