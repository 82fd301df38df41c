"""A score taken apart, a card, and what a leader asks first."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from gis.domain.rights import GUEST, OPERATOR
from gis.errors import NotFoundError
from gis.services import coarse
from gis.services.compute_risk import compute_risk
from gis.services.describe import describe
from gis.services.explain_area import OTHER, explain_area
from gis.services.import_areas import import_areas
from gis.services.import_sites import import_sites
from gis.services.import_tables import import_coverage
from gis.services.show_site import show_site
from gis.services.summarise import summarise
from gis.workspace import Workspace
from tests.people import VISITOR
from tests.samples import VILLAGES, write_geojson, write_villages

CODES = (
    *(f"3204131092{n:02}" for n in (1, 2, 3, 4, 8, 9, 10, 11, 12, 16, 17, 18, 19, 21, 26, 29)),
)


@pytest.mark.parametrize("code", CODES)
def test_the_shares_add_up_to_the_score(demo: Workspace, code: str) -> None:
    found = explain_area(demo, GUEST, "village", code)
    shares = [c["share"] for c in found["contributions"]]
    if found["score"] is None:
        assert found["class"] is None
        assert set(shares) <= {None}
        return
    assert sum(shares) == pytest.approx(found["score"], abs=1e-9)
    assert sum(s["share"] for s in found["sectors"]) == pytest.approx(found["score"], abs=1e-9)
    assert shares == sorted(shares, reverse=True)
    assert found["class"] == max(found["index_class"], found["floor"])
    for part in found["contributions"]:
        assert part["site"]["name"]
        assert part["distance_m"] >= 0
        assert part["evidence"]["clause"]


def is_closed(ws: Workspace, kind: str) -> bool:
    """Tell whether only those in charge see a kind."""
    return ws.kinds[kind].secrecy != "public"


def test_what_the_reader_may_not_see_folds_into_one_share(demo: Workspace) -> None:
    for code in CODES:
        whole = explain_area(demo, GUEST, "village", code)
        less = explain_area(demo, VISITOR, "village", code)
        hidden = [c for c in whole["contributions"] if is_closed(demo, c["site"]["kind"])]
        folded = [c for c in less["contributions"] if c["title"] == OTHER]
        assert less["score"] == coarse.whole(whole["score"])
        if whole["score"] is not None and hidden:
            assert len(folded) == 1
            assert folded[0]["site"] is None
            assert folded[0]["distance_m"] is None
            total = sum(c["share"] for c in hidden)
            assert folded[0]["share"] == pytest.approx(total, abs=1)
            assert sum(c["share"] for c in less["contributions"]) == less["score"]


def test_the_three_largest_improvements_are_told_to_who_sees_every_row_alone(
    demo: Workspace,
) -> None:
    told = 0
    for code in CODES:
        found = explain_area(demo, GUEST, "village", code)
        assert explain_area(demo, VISITOR, "village", code)["improvements"] == []
        falls = [(row["class_then"], -row["points"]) for row in found["improvements"]]
        assert len(falls) <= 3
        assert falls == sorted(falls)
        for row in found["improvements"]:
            assert row["cases"]
            assert row["floor_then"] <= row["class_then"] <= found["class"]
        told += len(falls)
    assert told >= 1


def test_every_village_is_told_in_one_sentence_that_names_no_hidden_place(
    demo: Workspace,
) -> None:
    for code in CODES:
        whole = explain_area(demo, GUEST, "village", code)
        less = explain_area(demo, VISITOR, "village", code)
        assert whole["sentence"]["zh"].startswith(whole["name"])
        hidden = {
            place["name"]
            for entry in whole["contributions"]
            for place in (entry["site"], entry["receptor"])
            if place and is_closed(demo, place["kind"])
        }
        assert not [name for name in hidden if name in str(less)]
        for place in (entry["receptor"] for entry in less["contributions"]):
            assert place is None or not is_closed(demo, place["kind"])


def test_a_source_tells_others_only_what_is_registered_of_itself(demo: Workspace) -> None:
    # What a rule makes of places around, with decimals, would tell where a hidden one lies.
    listed = [
        source
        for code in CODES
        for source in explain_area(demo, VISITOR, "village", code)["contributions"]
        if source["site"]
    ]
    assert "forest" in {source["site"]["kind"] for source in listed}
    for source in listed:
        fields = {field.name for field in demo.kind(source["site"]["kind"]).open_fields}
        assert set(source["evidence"]) <= fields | coarse.PLAIN
        assert 100 * source["intensity"] == pytest.approx(round(100 * source["intensity"]))


def test_quality_and_coverage_stand_beside_every_score(demo: Workspace) -> None:
    for code in CODES:
        quality = explain_area(demo, GUEST, "village", code)["data_quality"]
        assert quality["grade"] in {"A", "B", "C", "D"}
        assert quality["notes"]
        surveyed = {slug for slug, kind in demo.kinds.items() if kind.registered}
        assert {c["kind"] for c in quality["coverage"]} == surveyed


def test_an_unknown_area_or_level_is_not_found(demo: Workspace) -> None:
    with pytest.raises(NotFoundError, match="320413109999"):
        explain_area(demo, GUEST, "village", "320413109999")
    with pytest.raises(NotFoundError, match="village"):
        explain_area(demo, GUEST, "hamlet", "1")


def test_an_area_of_a_level_without_scores_says_so(demo: Workspace) -> None:
    found = explain_area(demo, GUEST, "town", "320413109")
    assert (found["score"], found["class"], found["index_class"]) == (None, None, None)
    assert found["contributions"] == found["sectors"] == found["flags"] == []


def test_a_card_shows_every_open_field_and_no_personal_one(demo: Workspace) -> None:
    part = next(
        c
        for code in CODES
        for c in explain_area(demo, GUEST, "village", code)["contributions"]
        if c["site"]["kind"] == "enterprise"
    )
    card = show_site(demo, GUEST, part["site"]["id"])
    kind = demo.kinds["enterprise"]
    assert [f["name"] for f in card["fields"]] == [f.name for f in kind.open_fields]
    assert card["masked"] == ["负责人", "联系电话"]
    assert card["synthetic"] is True
    assert "模拟数据" in card["notice"]


def test_a_place_that_may_not_be_seen_is_not_found_like_one_that_is_not_there(
    demo: Workspace,
) -> None:
    restricted = next(
        c["site"]["id"]
        for code in CODES
        for c in explain_area(demo, GUEST, "village", code)["contributions"]
        if c["site"]["kind"] == "enterprise"
    )
    assert show_site(demo, GUEST, restricted)["kind"] == "enterprise"
    with pytest.raises(NotFoundError) as hidden:
        show_site(demo, VISITOR, restricted)
    with pytest.raises(NotFoundError) as absent:
        show_site(demo, VISITOR, 10**9)
    assert str(hidden.value).replace(str(restricted), "") == str(absent.value).replace(
        str(10**9), ""
    )


def test_a_leader_sees_the_worst_villages_and_the_devices_that_are_down(demo: Workspace) -> None:
    said = summarise(demo, GUEST)
    classes = [w["class"] for w in said["worst"]]
    assert classes[0] == 5
    assert classes == sorted(classes, reverse=True)
    assert said["unknown"] >= 1
    (watched,) = said["monitors"]
    assert watched["total"] == 40
    assert watched["online"] + len(watched["down"]) == 40
    assert watched["down"]
    assert all(case["overdue_days"] > 0 for case in said["overdue_major"])
    assert len(said["overdue_major"]) <= len(said["open_major"])


def test_the_demonstration_says_what_it_is_and_has_its_own_today(demo: Workspace) -> None:
    about = describe(demo, GUEST)
    assert about.purpose == "demonstration"
    assert about.as_of.isoformat() == "2026-10-31"
    assert about.last_run is not None
    assert about.last_run["stale"] is False
    assert [n.zh for n in about.notices] == ["模拟数据", "边界示意，不作划界依据"]


def test_a_village_whose_population_changed_is_computed_anew_at_once(
    office: Workspace, tmp_path: Path
) -> None:
    head = "kind,village,status,as_of,source\n"
    path = tmp_path / "coverage.csv"
    codes = sorted(VILLAGES)
    lines = [f"{kind},{code},complete,2026-01-01,镇" for kind in office.kinds for code in codes]
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    import_coverage(office, OPERATOR, path)
    houses = [
        (shapely.Point(119.32, 31.72), {"code": "1", "grade": "D", "residents": 4}),
        (shapely.Point(119.37, 31.72), {"code": "2", "grade": "A", "residents": 4}),
    ]
    import_sites(
        office, OPERATOR, "self_built_house", write_geojson(tmp_path / "h.geojson", houses)
    )
    compute_risk(office, OPERATOR)
    before = explain_area(office, GUEST, "village", codes[0])
    assert before["score"] is not None
    changed = write_villages(tmp_path / "v.geojson", residents=1100)
    report = import_areas(office, OPERATOR, "village", changed)
    assert any("重新计算" in note for note in report.notes)
    after = explain_area(office, GUEST, "village", codes[0])
    assert after["run"]["id"] == before["run"]["id"] + 1
    assert (after["score"] != before["score"], after["run"]["stale"]) == (True, False)
    assert len(summarise(office, GUEST)["worst"]) == 2
