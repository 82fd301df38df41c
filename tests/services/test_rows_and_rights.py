"""Somebody tries to reach rows that are not theirs, by every way there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis.domain.audit import Search
from gis.domain.document import Document
from gis.domain.rights import NOBODY, OPERATOR, Actor, Role
from gis.domain.risk import registry
from gis.errors import ForbiddenError, NotFoundError, NotLoggedInError, TooManyTriesError
from gis.services import make_database, manage_accounts, manage_sessions, manage_tokens
from gis.services.compute_risk import compute_risk
from gis.services.describe import describe
from gis.services.explain_area import OTHER, explain_area
from gis.services.export_layer import FORMATS, export_layer
from gis.services.find_hotspots import find_hotspots
from gis.services.import_areas import import_areas
from gis.services.import_hazards import import_hazards
from gis.services.import_sites import import_sites
from gis.services.import_tables import import_codes, import_coverage
from gis.services.load_layer import list_layers, load_layer
from gis.services.query_near import query_near
from gis.services.read_audit import search_audit
from gis.services.show_personal import show_personal
from gis.services.show_site import show_site
from gis.services.summarise import summarise
from gis.storage import dialect, hazards, rights, sites
from gis.storage.tables import site, site_shown
from gis.workspace import Settings, Workspace, open_workspace
from tests import officeland
from tests.conftest import Databases
from tests.officeland import OWNER, PHONE
from tests.people import (
    ADMINISTRATOR,
    DISTRICT,
    EAST,
    TOWN,
    VISITOR,
    WEST,
    department,
    make_account,
    village,
)
from tests.samples import write_geojson, write_villages

ONLY_WEST = village(WEST)
PEOPLE = {
    "administrator": ADMINISTRATOR,
    "town": TOWN,
    "district": DISTRICT,
    "gas": department("燃气"),
    "works": department("工贸", "房屋建筑"),
    "west": ONLY_WEST,
    "both": village(WEST, EAST),
    "visitor": VISITOR,
    "nobody": NOBODY,
}


@pytest.fixture(scope="module")
def office(offices: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Return the office of ``tests.officeland``: only to be read."""
    folder = tmp_path_factory.mktemp("to-read")
    with offices(folder) as url:
        ws = open_workspace(Settings(url, folder / "var"))
        yield ws
        ws.engine.dispose()


def read(document: Document) -> dict[str, Any]:
    """Return what a document holds."""
    return dict(json.loads(document.read()))


def ids(ws: Workspace) -> dict[str, int]:
    """Return key to id of every place."""
    with dialect.reading(ws.engine) as conn:
        return {key: place.id for (_, key), place in sites.by_key(conn, OPERATOR).items()}


@pytest.mark.parametrize("name", PEOPLE)
def test_the_database_and_the_table_of_rights_say_the_same_of_every_row(
    office: Workspace, name: str
) -> None:
    actor = PEOPLE[name]
    with dialect.reading(office.engine) as conn:
        rows = conn.execute(
            site.select().with_only_columns(
                site.c.id, site.c.secrecy, site.c.village, site.c.industry
            )
        ).all()
        true = set(conn.scalars(rights.ids_of_true_places(actor)))
        shown = conn.scalars(
            site_shown.select().with_only_columns(site_shown.c.site).where(rights.shown(actor))
        ).all()
    expected = {
        row.id
        for row in rows
        if actor.may_read
        and (row.secrecy == "public" or actor.in_charge(row.secrecy, row.village, row.industry))
    }
    assert true == expected
    assert len(shown) == len(set(shown))
    others = {row.id for row in rows if row.secrecy == "restricted"} if actor.may_read else set()
    assert set(shown) == expected | others


def test_whoever_is_not_logged_in_is_refused_by_every_service(
    office: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "x.geojson"
    asks: list[Any] = [
        lambda: describe(office, NOBODY),
        lambda: list_layers(office, NOBODY),
        lambda: load_layer(office, NOBODY, "village"),
        lambda: load_layer(office, NOBODY, "nowhere"),
        lambda: query_near(office, NOBODY, lon=119.32, lat=31.72, radius_m=500),
        lambda: query_near(office, NOBODY, lon=1e9, lat=31.72, radius_m=500),
        lambda: explain_area(office, NOBODY, "village", WEST),
        lambda: explain_area(office, NOBODY, "nowhere", WEST),
        lambda: show_site(office, NOBODY, 1),
        lambda: show_personal(office, NOBODY, 1),
        lambda: summarise(office, NOBODY),
        lambda: export_layer(office, NOBODY, "village", "geojson", tmp_path / "out"),
        lambda: compute_risk(office, NOBODY),
        lambda: find_hotspots(office, NOBODY),
        lambda: import_areas(office, NOBODY, "village", path),
        lambda: import_sites(office, NOBODY, "school", path),
        lambda: import_hazards(office, NOBODY, path),
        lambda: import_codes(office, NOBODY, "small_place_type", path),
        lambda: import_coverage(office, NOBODY, path),
    ]
    for ask in asks:
        with pytest.raises(NotLoggedInError):
            ask()


# ---- Another village's rows --------------------------------------------------------------

HIDDEN = ("P-east", "H-east")
"""Places that a user of the west must learn nothing of."""


def test_by_id_it_is_not_found_in_the_words_of_one_that_is_not_there(office: Workspace) -> None:
    known = ids(office)
    for key in HIDDEN:
        for ask in (show_site, show_personal):
            with pytest.raises(NotFoundError) as hidden:
                ask(office, ONLY_WEST, known[key])
            with pytest.raises(NotFoundError) as absent:
                ask(office, ONLY_WEST, 10**9)
            words = str(hidden.value).replace(str(known[key]), "N")
            assert words == str(absent.value).replace(str(10**9), "N")
    assert show_site(office, ONLY_WEST, known["P-west"])["name"] == "west plant"


def test_by_layer_export_and_format_it_is_in_none(office: Workspace, tmp_path: Path) -> None:
    for info in list_layers(office, ONLY_WEST):
        text = load_layer(office, ONLY_WEST, info.slug).read().decode()
        assert "east plant" not in text
        assert "east house" not in text
        assert "east P case" not in text
        assert len(json.loads(text)["features"]) == info.count
        for format_ in FORMATS:
            out = tmp_path / f"{info.slug}.{format_}"
            export_layer(office, ONLY_WEST, info.slug, format_, out)
            content = out.read_bytes()
            assert b"east plant" not in content
            assert b"east house" not in content
            assert OWNER.encode() not in content
            assert PHONE.encode() not in content


def near(ws: Workspace, actor: Actor, lon: float, radius_m: float, **more: Any) -> dict[str, Any]:
    """Ask what lies around a place."""
    return read(query_near(ws, actor, lon=lon, lat=31.72, radius_m=radius_m, **more))


def test_by_box_radius_and_distance_it_is_not_there(office: Workspace) -> None:
    east = officeland.SIDES["east"][0]
    for radius_m in (1, 10, 500, 50_000):
        found = near(office, ONLY_WEST, east, radius_m)
        names = {feature["properties"].get("name") for feature in found["features"]}
        assert not names & {"east plant", "east house"}
        assert found["totals"].get("enterprise", 0) == (1 if radius_m == 50_000 else 0)
        assert found["number_matched"] == sum(found["totals"].values())
    asked = near(office, ONLY_WEST, east, 500, kinds=["enterprise", "self_built_house"])
    assert (asked["features"], asked["totals"], asked["number_matched"]) == ([], {}, 0)
    assert near(office, TOWN, east, 500, kinds=["enterprise"])["totals"] == {"enterprise": 1}


def test_by_count_it_is_not_counted(office: Workspace) -> None:
    counts = {info.slug: info.count for info in list_layers(office, ONLY_WEST)}
    assert counts["enterprise"] == counts["self_built_house"] == counts["hazard"] == 1
    assert counts["school"] == counts["gas_pipeline"] == 2
    assert len(summarise(office, ONLY_WEST)["open_major"]) == 1
    assert len(summarise(office, TOWN)["open_major"]) == 4
    east = officeland.SIDES["east"][0]
    extent = next(i.extent for i in list_layers(office, ONLY_WEST) if i.slug == "enterprise")
    assert extent is not None
    assert extent[2] < east


def test_what_is_counted_over_all_rows_is_for_those_who_see_all_rows(office: Workspace) -> None:
    counted = {"hotspot", "hazard_heat", "hazard_cluster", "hazard_outlier"}
    for actor in (ONLY_WEST, department("工贸"), VISITOR):
        assert not counted & {i.slug for i in list_layers(office, actor)}
        for slug in counted:
            with pytest.raises(NotFoundError):
                load_layer(office, actor, slug)
    assert counted <= {i.slug for i in list_layers(office, DISTRICT)}


def test_a_surface_shows_where_sources_lie_only_to_those_who_see_them_all(
    office: Workspace,
) -> None:
    slugs = {f"surface_{model.slug}" for model in registry.models()}
    assert len(slugs) == 5
    for actor in (ONLY_WEST, department("工贸"), VISITOR):
        assert not slugs & {i.slug for i in list_layers(office, actor)}
        with pytest.raises(NotFoundError):
            load_layer(office, actor, "surface_gas")
    counts = {i.slug: i.count for i in list_layers(office, DISTRICT) if i.slug in slugs}
    assert set(counts) == slugs
    assert counts["surface_gas"] > 0


def test_by_explanation_it_folds_into_other_sources_without_place_or_distance(
    office: Workspace,
) -> None:
    whole = explain_area(office, TOWN, "village", EAST)
    less = explain_area(office, ONLY_WEST, "village", EAST)
    assert less["score"] == int(whole["score"])
    assert less["class"] == whole["class"]
    assert sum(c["share"] for c in less["contributions"]) == less["score"]
    assert sum(c["share"] for c in whole["contributions"]) == pytest.approx(whole["score"])
    (other,) = less["contributions"]
    assert (other["title"], other["site"], other["distance_m"]) == (OTHER, None, None)
    text = json.dumps(less, ensure_ascii=False)
    assert not [word for word in ("east plant", "east house", "east pipe", "C-P") if word in text]
    assert [flag["site"] for flag in less["flags"]] == [None] * len(less["flags"])
    assert [flag["evidence"] for flag in less["flags"]] == [{}] * len(less["flags"])
    rules = [(flag["rule"], flag["floor"]) for flag in less["flags"]]
    assert len(rules) == len(set(rules))
    assert all(floor > 0 for _, floor in rules)


def test_by_reason_of_a_class_no_place_number_or_distance_is_told(office: Workspace) -> None:
    for feature in read(load_layer(office, VISITOR, "risk_composite"))["features"]:
        reason = feature["properties"]["class_reason"]
        assert not [word for word in ("east", "west", "处", "米") if word in reason]


def numbers(value: Any) -> Iterator[float]:
    """Yield every number in an answer."""
    if isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from numbers(entry)
    elif isinstance(value, float):
        yield value


def test_no_number_of_a_score_is_fine_enough_to_find_a_hidden_place_by(office: Workspace) -> None:
    for actor in (ONLY_WEST, VISITOR, department("燃气"), department("工贸")):
        for code in (WEST, EAST):
            found = explain_area(office, actor, "village", code)
            assert found["exact"] is False
            said = [found["score"], found["population"]]
            said += [{**sector, "class": None} for sector in found["sectors"]]
            said += [[part["share"], part["load"]] for part in found["contributions"]]
            assert [number for number in numbers(said) if number != int(number)] == []
        for info in list_layers(office, actor):
            if info.register == "risk":
                for feature in read(load_layer(office, actor, info.slug))["features"]:
                    score = feature["properties"]["score"]
                    assert score is None or score == int(score)
        assert [w["score"] for w in summarise(office, actor)["worst"] if w["score"] % 1] == []
    assert explain_area(office, DISTRICT, "village", EAST)["exact"] is True


def test_a_rule_about_a_pipe_is_told_to_those_in_charge_of_the_pipe(
    own_office: Workspace, tmp_path: Path
) -> None:
    line = shapely.LineString([(119.379, 31.7203), (119.384, 31.7207)])
    pipe = {"code": "G-east", "name": "east pipe", "regime": "城镇燃气", "encroached": True}
    path = write_geojson(tmp_path / "g.geojson", [(line, pipe)])
    import_sites(own_office, OPERATOR, "gas_pipeline", path)
    compute_risk(own_office, OPERATOR)
    rules = {f["rule"] for f in explain_area(own_office, TOWN, "village", EAST)["flags"]}
    assert "gas_encroached_recorded" in rules
    for actor in (VISITOR, ONLY_WEST, village(EAST)):
        said = json.dumps(
            [
                explain_area(own_office, actor, "village", EAST),
                summarise(own_office, actor)["worst"],
                read(load_layer(own_office, actor, "risk_gas")),
                read(load_layer(own_office, actor, "risk_composite")),
            ],
            ensure_ascii=False,
        )
        assert "占压" not in said
        assert "encroached" not in said
    gas = read(load_layer(own_office, VISITOR, "risk_gas"))["features"]
    reasons = {f["properties"]["code"]: f["properties"]["class_reason"] for f in gas}
    assert "燃气与油气管道的安全规则" in reasons[EAST]
    told = explain_area(own_office, department("燃气"), "village", EAST)["flags"]
    assert "管道登记有占压" in {flag["text"] for flag in told}


def test_a_distance_to_somebody_elses_house_is_not_told(
    own_office: Workspace, tmp_path: Path
) -> None:
    forest = (shapely.box(119.3495, 31.719, 119.3499, 31.721), {"code": "F", "name": "forest"})
    path = write_geojson(tmp_path / "f.geojson", [forest])
    import_sites(own_office, OPERATOR, "forest", path)
    house = (shapely.Point(119.3501, 31.72), {"code": "H-border", "name": "border house"})
    path = write_geojson(tmp_path / "h.geojson", [house])
    import_sites(own_office, OPERATOR, "self_built_house", path)
    compute_risk(own_office, OPERATOR)

    def distances(actor: Actor) -> list[float | None]:
        parts = explain_area(own_office, actor, "village", EAST)["contributions"]
        return [p["distance_m"] for p in parts if p["site"] and p["site"]["name"] == "forest"]

    (told,) = distances(TOWN)
    assert told is not None
    assert 5 < told < 50
    assert distances(ONLY_WEST) == [None]
    assert distances(VISITOR) == [None]


def test_a_case_at_a_public_place_is_known_only_to_those_in_charge(
    own_office: Workspace, tmp_path: Path
) -> None:
    said = {"channel": "督导检查", "level": "重大", "state": "整改中", "found_on": "2026-01-01"}
    case = {**said, "code": "C-S", "title": "x", "site_kind": "school", "site_code": "S-east"}
    import_hazards(own_office, OPERATOR, write_geojson(tmp_path / "c.geojson", [(None, case)]))
    compute_risk(own_office, OPERATOR)
    school = ids(own_office)["S-east"]
    assert len(show_site(own_office, TOWN, school)["open_hazards"]) == 1
    assert len(show_site(own_office, department("教育"), school)["open_hazards"]) == 1
    for actor in (ONLY_WEST, VISITOR, department("燃气")):
        assert show_site(own_office, actor, school)["open_hazards"] == []
        flags = explain_area(own_office, actor, "village", EAST)["flags"]
        assert not [flag for flag in flags if flag["site"] and flag["site"]["id"] == school]
    flags = explain_area(own_office, TOWN, "village", EAST)["flags"]
    assert [flag for flag in flags if flag["site"] and flag["site"]["id"] == school]


# ---- Pipelines ---------------------------------------------------------------------------


def test_a_pipe_is_squares_for_others_the_same_in_every_answer(
    office: Workspace, tmp_path: Path
) -> None:
    pipe = ids(office)["G-west"]

    def of_layer(actor: Actor) -> dict[str, Any]:
        features = read(load_layer(office, actor, "gas_pipeline"))["features"]
        return dict(next(f for f in features if f["id"] == pipe))

    true = of_layer(TOWN)
    assert true["geometry"]["type"] == "LineString"
    assert of_layer(department("燃气")) == true
    squares = of_layer(VISITOR)
    line, area = (shapely.from_geojson(json.dumps(f["geometry"])) for f in (true, squares))
    assert area.geom_type == "Polygon"
    assert area.covers(line)
    assert squares["properties"] == {
        "kind": "gas_pipeline",
        "name": "燃气与油气管道",
        "accuracy_m": 2000.0,
        "generalised": True,
        "synthetic": False,
        "regime": "城镇燃气",
    }
    for actor in (VISITOR, ONLY_WEST, department("工贸")):
        assert of_layer(actor) == squares
        found = near(office, actor, officeland.SIDES["west"][0], 3000, kinds=["gas_pipeline"])
        (of_radius,) = [f for f in found["features"] if f["id"] == pipe]
        for name in ("distance_m", "bearing_deg"):
            of_radius["properties"].pop(name)
        assert of_radius == squares
        out = tmp_path / "pipes.geojson"
        export_layer(office, actor, "gas_pipeline", "geojson", out)
        (exported,) = [f for f in json.loads(out.read_text())["features"] if f["id"] == pipe]
        assert exported["geometry"] == squares["geometry"]
        card = show_site(office, actor, pipe)
        assert card["generalised"]
        assert (card["code"], card["village"], card["open_hazards"]) == (None, None, [])
        assert [field["name"] for field in card["fields"]] == ["regime"]


def test_the_cases_of_a_pipe_are_for_those_in_charge_of_the_pipe(office: Workspace) -> None:
    def titles(actor: Actor) -> set[str]:
        with dialect.reading(office.engine) as conn:
            return set(hazards.load(conn, reader=actor)["title"])

    assert titles(ONLY_WEST) == {"west P case"}
    assert titles(department("燃气")) == {"west G case", "east G case"}
    assert titles(department("工贸")) == {"west P case", "east P case"}
    assert titles(VISITOR) == titles(NOBODY) == set()
    assert len(titles(DISTRICT)) == 4


def test_a_case_of_somebody_elses_place_does_not_tell_where_that_is(
    own_office: Workspace, tmp_path: Path
) -> None:
    said = {"channel": "督导检查", "level": "重大", "state": "整改中", "found_on": "2026-01-01"}
    at = {"site_kind": "gas_pipeline", "site_code": "G-east", "industry": "工贸"}
    rows = [
        (None, {**said, **at, "code": "C-1", "title": "1"}),
        (shapely.Point(119.3801, 31.7204), {**said, **at, "code": "C-2", "title": "2"}),
    ]
    import_hazards(own_office, OPERATOR, write_geojson(tmp_path / "c.geojson", rows))

    def told(actor: Actor) -> list[tuple[Any, ...]]:
        features = read(load_layer(own_office, actor, "hazard"))["features"]
        mine = [f for f in features if f["properties"]["code"] in ("C-1", "C-2")]
        return [
            (f["geometry"] is None, f["properties"]["site"], f["properties"]["located_by"])
            for f in mine
        ]

    pipe = ids(own_office)["G-east"]
    assert told(TOWN) == [(False, pipe, "site"), (False, pipe, "own")]
    assert told(department("工贸")) == [(True, None, None)] * 2
    assert told(department("燃气")) == []
    listed = summarise(own_office, department("工贸"))["open_major"]
    assert {case["site"] for case in listed if case["title"] in ("1", "2")} == {None}
    extents = {
        name: next(i.extent for i in list_layers(own_office, actor) if i.slug == "hazard")
        for name, actor in (("town", TOWN), ("works", department("工贸")))
    }
    assert extents["town"] is not None
    assert extents["works"] is None


# ---- Personal fields ---------------------------------------------------------------------


def test_personal_fields_are_told_one_by_one_to_those_in_charge_and_each_look_is_logged(
    own_office: Workspace,
) -> None:
    known = ids(own_office)
    plant = known["P-west"]
    for actor in (TOWN, ADMINISTRATOR, ONLY_WEST, department("工贸")):
        assert show_site(own_office, actor, plant)["may_unmask"]
        values = {f["name"]: f["value"] for f in show_personal(own_office, actor, plant)}
        assert values == {"owner": OWNER, "phone": PHONE}
    found = search_audit(own_office, ADMINISTRATOR, Search(action="personal"))
    assert [entry.actor for entry in found.entries] == ["department", "village", "admin", "town"]
    assert found.entries[0].facts == {"site": plant, "fields": ["owner", "phone"]}
    assert not [e for e in found.entries if OWNER in e.detail or PHONE in e.detail]
    assert not show_site(own_office, DISTRICT, plant)["may_unmask"]
    for actor, error in (
        (DISTRICT, ForbiddenError),
        (TOWN.reading_only("token"), ForbiddenError),
        (VISITOR, NotFoundError),
        (village(EAST), NotFoundError),
        (department("燃气"), NotFoundError),
    ):
        with pytest.raises(error):
            show_personal(own_office, actor, plant)
    school = known["S-west"]
    assert not show_site(own_office, village(EAST), school)["may_unmask"]
    with pytest.raises(ForbiddenError):
        show_personal(own_office, village(EAST), school)
    assert search_audit(own_office, ADMINISTRATOR, Search(action="personal")).count == 4


def test_nobody_copies_the_register_of_names_place_by_place(own_office: Workspace) -> None:
    plant = ids(own_office)["P-west"]
    for _ in range(60):
        show_personal(own_office, ONLY_WEST, plant)
    with pytest.raises(TooManyTriesError, match="60"):
        show_personal(own_office, ONLY_WEST, plant)
    assert show_personal(own_office, TOWN, plant)


def test_no_personal_value_is_in_any_answer_to_anybody(office: Workspace) -> None:
    for actor in (ADMINISTRATOR, TOWN, ONLY_WEST, VISITOR):
        texts = [
            load_layer(office, actor, i.slug).read().decode() for i in list_layers(office, actor)
        ]
        texts += [
            json.dumps(near(office, actor, 119.35, 50_000), ensure_ascii=False),
            json.dumps(summarise(office, actor), ensure_ascii=False),
            json.dumps(explain_area(office, actor, "village", WEST), ensure_ascii=False),
            json.dumps(show_site(office, actor, ids(office)["S-west"]), ensure_ascii=False),
        ]
        assert not [text for text in texts if OWNER in text or PHONE in text]


# ---- Changing what is not theirs ---------------------------------------------------------


def plant(code: str, lon: float, **more: Any) -> tuple[shapely.Geometry, dict[str, Any]]:
    """Return a row of a plant."""
    return shapely.Point(lon, 31.73), {"code": code, "name": code, **more}


def test_a_village_changes_its_own_rows_and_no_others(
    own_office: Workspace, tmp_path: Path
) -> None:
    west, east = (officeland.SIDES[side][0] for side in ("west", "east"))
    rows = [
        plant("P-west", west),  # theirs, and stays
        plant("P-new", west),
        plant("P-east", west),  # somebody else's, taken over
        plant("P-far", east),  # into the other village
    ]
    path = write_geojson(tmp_path / "p.geojson", rows)
    report = import_sites(own_office, ONLY_WEST, "enterprise", path)
    assert (report.new, report.changed) == (1, 1)
    reasons = {rejection.row: rejection.reason for rejection in report.rejected}
    assert reasons == {3: "不在您负责的范围内", 4: "不在您负责的范围内"}
    found = {
        f["properties"]["code"]
        for f in read(load_layer(own_office, TOWN, "enterprise"))["features"]
    }
    assert found == {"P-west", "P-east", "P-new"}
    away = write_geojson(tmp_path / "away.geojson", [plant("P-west", east)])
    assert len(import_sites(own_office, ONLY_WEST, "enterprise", away).rejected) == 1


@pytest.mark.parametrize("name", ["west", "gas", "works", "district", "visitor"])
def test_what_the_town_shares_is_changed_by_the_town(
    own_office: Workspace, tmp_path: Path, name: str
) -> None:
    actor = PEOPLE[name]
    table = tmp_path / "t.csv"
    for ask in (
        lambda: import_areas(own_office, actor, "village", write_villages(tmp_path / "v.geojson")),
        lambda: import_codes(own_office, actor, "small_place_type", table),
        lambda: import_coverage(own_office, actor, table),
        lambda: compute_risk(own_office, actor),
        lambda: find_hotspots(own_office, actor),
    ):
        with pytest.raises(ForbiddenError, match="镇级用户"):
            ask()


def test_a_kind_is_changed_only_by_those_who_can_be_in_charge_of_it(
    own_office: Workspace, tmp_path: Path
) -> None:
    path = write_geojson(tmp_path / "p.geojson", [plant("P-new", 119.32)])
    for actor, kind in (
        (department("燃气"), "enterprise"),
        (DISTRICT, "enterprise"),
        (VISITOR, "school"),
        (TOWN.reading_only("token"), "enterprise"),
        (ONLY_WEST, "gas_pipeline"),
    ):
        with pytest.raises(ForbiddenError):
            import_sites(own_office, actor, kind, path)
    assert import_sites(own_office, department("工贸"), "enterprise", path).new == 1


def test_a_case_is_not_taken_away_from_a_place_that_one_is_not_in_charge_of(
    own_office: Workspace, tmp_path: Path
) -> None:
    said = {"channel": "督导检查", "level": "一般", "state": "已登记", "found_on": "2026-01-01"}
    at = {"site_kind": "gas_pipeline", "site_code": "G-east"}
    case = {**said, **at, "code": "C-1", "title": "x", "industry": "教育"}
    import_hazards(own_office, OPERATOR, write_geojson(tmp_path / "1.geojson", [(None, case)]))
    school = {"site_kind": "school", "site_code": "S-west"}

    def taken(actor: Actor, code: str, **place: Any) -> bool:
        row = {**said, "industry": case["industry"], **place, "code": code, "title": "taken"}
        path = write_geojson(tmp_path / "2.geojson", [(shapely.Point(119.32, 31.72), row)])
        return not import_hazards(own_office, actor, path).rejected

    assert not taken(department("教育"), "C-1", **school)
    assert not taken(department("燃气"), "C-G-east", **school, industry="燃气")
    assert taken(TOWN, "C-G-east", **school, industry="燃气")


def test_a_file_that_names_no_places_leaves_a_case_at_its_place(
    own_office: Workspace, tmp_path: Path
) -> None:
    said = {"channel": "督导检查", "level": "一般", "state": "整改中", "found_on": "2026-01-01"}
    row = (shapely.Point(119.38, 31.72), {**said, "code": "C-P-west", "title": "later"})
    path = write_geojson(tmp_path / "c.geojson", [row])
    assert import_hazards(own_office, TOWN, path).changed == 1
    plant = ids(own_office)["P-west"]
    with dialect.reading(own_office.engine) as conn:
        (case,) = hazards.load(conn, of_site=plant).to_dict("records")
    assert (case["title"], case["village"]) == ("later", WEST)


def test_a_token_of_somebody_changes_nothing_of_theirs_in_the_services(
    own_office: Workspace,
) -> None:
    make_account(own_office, Role.TOWN_OFFICE, "town")
    owner = manage_accounts.find_account(own_office, OPERATOR, "town")
    key = manage_tokens.add_token(own_office, OPERATOR, owner, name="QGIS")
    actor = manage_tokens.actor_of_token(own_office, key, address=None)
    (held,) = manage_tokens.list_tokens(own_office, OPERATOR, everybodys=True)
    with pytest.raises(NotFoundError):
        manage_tokens.add_token(own_office, actor, owner, name="child")
    with pytest.raises(NotFoundError):
        manage_tokens.revoke_token(own_office, actor, held.id)
    assert manage_tokens.list_tokens(own_office, actor) == []
    assert manage_sessions.list_sessions(own_office, actor) == []


def test_only_administrators_make_databases_and_change_what_is_shown(
    own_office: Workspace,
) -> None:
    for actor in (TOWN, VISITOR):
        for ask in (
            lambda actor=actor: make_database.make_office(own_office, actor, "evil"),
            lambda actor=actor: make_database.load_demo(own_office, actor),
            lambda actor=actor: make_database.refresh_shown(own_office, actor),
        ):
            with pytest.raises(ForbiddenError):
                ask()


def test_a_kind_that_becomes_closed_is_a_change_that_browsers_notice(
    own_office: Workspace,
) -> None:
    before = load_layer(own_office, VISITOR, "school").etag
    closed = replace(own_office.kinds["school"], secrecy="internal")
    later = replace(own_office, kinds={**own_office.kinds, "school": closed})
    assert make_database.refresh_shown(later, OPERATOR) == ["school"]
    assert load_layer(later, TOWN, "school").etag != before
    with pytest.raises(NotFoundError):
        load_layer(later, VISITOR, "school")
    entry = search_audit(later, OPERATOR, Search()).entries[0]
    assert (entry.action, entry.facts["kinds"]) == ("refresh", ["school"])


def test_a_case_is_changed_only_by_those_in_charge_of_it(
    own_office: Workspace, tmp_path: Path
) -> None:
    said = {"channel": "督导检查", "level": "一般", "state": "已登记", "found_on": "2026-01-01"}

    def at(code: str, plant: str) -> tuple[None, dict[str, Any]]:
        named = {"site_kind": "enterprise", "site_code": plant}
        return None, {**said, **named, "code": code, "title": "x"}

    rows: list[tuple[shapely.Geometry | None, dict[str, Any]]] = [
        at("C-P-west", "P-west"),
        at("C-P-east", "P-west"),  # somebody else's, taken over
        at("C-x", "P-east"),
        at("C-y", "nowhere"),
        (shapely.Point(119.38, 31.72), {**said, "code": "C-z", "title": "e"}),
        (shapely.Point(119.32, 31.72), {**said, "code": "C-w", "title": "f"}),
    ]
    report = import_hazards(own_office, ONLY_WEST, write_geojson(tmp_path / "h.geojson", rows))
    reasons = {rejection.row: rejection.reason for rejection in report.rejected}
    assert reasons == {
        2: "不在您负责的范围内",
        3: "找不到场所 enterprise P-east",
        4: "找不到场所 enterprise nowhere",
        5: "不在您负责的范围内",
    }
    assert (report.new, report.changed) == (1, 1)
    for actor in (VISITOR, DISTRICT):
        with pytest.raises(ForbiddenError):
            import_hazards(own_office, actor, tmp_path / "h.geojson")
