"""Drawing without a server: Folium's shell, and the rules of cartography."""

from __future__ import annotations

import re

import pytest

from gis.domain.kinds import SiteKind, Title
from gis.files.passports import load_kinds, load_levels
from gis.services.load_layer import LayerInfo
from gis.workspace import DATA
from webmap import cartography, layers, maps

KINDS = load_kinds(DATA / "sites")
LEVELS = load_levels(DATA / "boundaries")


def info(slug: str, register: str, count: int = 1) -> LayerInfo:
    """Return what the services would say of a layer."""
    return LayerInfo(
        slug, Title(slug, slug), Title("组", "Group"), "polygon", count, None, register
    )


@pytest.fixture
def shell() -> maps.Shell:
    """Return a map."""
    return maps.shell(
        (119.2, 31.6, 119.5, 31.9), leaflet_js="/l.js", leaflet_css="/l.css", nonce="abc"
    )


def test_the_map_links_this_server_only(shell: maps.Shell) -> None:
    assert re.findall(r'(?:src|href)="([^"]+)"', shell.head) == ["/l.js", "/l.css"]
    assert "//" not in shell.head + shell.script + shell.body


def test_inline_pieces_of_the_map_carry_the_nonce(shell: maps.Shell) -> None:
    for tag in re.findall(r"<(?:script|style)[^>]*>", shell.head):
        assert 'nonce="abc"' in tag
    assert "<script" not in shell.script + shell.body


def test_the_map_lets_readers_zoom_the_page_and_leaves_its_frame_alone(shell: maps.Shell) -> None:
    assert "user-scalable" not in shell.head
    assert "html, body" not in shell.head


def test_the_scale_counts_metres_only(shell: maps.Shell) -> None:
    assert "imperial: false" in shell.script


def test_an_empty_database_has_a_map_too() -> None:
    made = maps.shell(None, leaflet_js="/l.js", leaflet_css="/l.css", nonce="abc")
    assert "fitBounds" not in made.script
    assert "window.riskmap" in made.script


def test_the_class_colours_are_those_of_the_plan_of_the_look() -> None:
    marks = [rule.mark for rule in cartography.class_rules()]
    assert [mark.fill for mark in marks] == [
        "#ffffb2",
        "#fecc5c",
        "#fd8d3c",
        "#f03b20",
        "#bd0026",
        "hatch",
    ]
    assert [mark.number for mark in marks] == [1, 2, 3, 4, 5, None]
    assert {mark.opacity for mark in marks[:5]} == {0.65}


def test_only_a_class_of_its_own_gets_a_class_colour() -> None:
    *known, unknown = cartography.class_rules()
    assert [dict(rule.where) for rule in known] == [{"class": n} for n in (1, 2, 3, 4, 5)]
    assert (dict(unknown.where), unknown.mark.fill) == ({}, cartography.HATCH)


def test_the_limits_of_the_classes_stand_in_the_legend_where_known() -> None:
    notes = [rule.note for rule in cartography.class_rules((20, 35, 50, 65))]
    assert notes == ["0–20", "20–35", "35–50", "50–65", "65–100", ""]


def test_the_four_risk_colours_differ_in_shape_too() -> None:
    marks = [rule.mark for rule in cartography.RISK_COLOURS.values()]
    assert [mark.shape for mark in marks] == ["diamond", "triangle", "square", "circle"]
    assert [mark.fill for mark in marks] == ["#d7191c", "#f08c00", "#ffd400", "#2b7bba"]
    assert cartography.NOT_GRADED.mark.shape not in {mark.shape for mark in marks}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.slug)
def test_every_kind_is_drawn_and_its_last_rule_takes_what_is_left(kind: SiteKind) -> None:
    rules = cartography.rules(info(kind.slug, "kind"), kind, None)
    assert dict(rules[-1].where) == dict(rules[-1].least) == {}
    assert len(rules) == 1 or all(rule.label for rule in rules)


def test_a_device_that_is_down_does_not_look_like_one_that_works() -> None:
    for kind in (kind for kind in KINDS.values() if kind.watch):
        online, down = cartography.rules(info(kind.slug, "kind"), kind, None)
        assert kind.watch is not None
        assert dict(online.where) == {kind.watch.field: kind.watch.online}
        assert down.mark.fill is None


def test_a_single_case_in_an_empty_town_does_not_glow() -> None:
    rules = cartography.rules(info("hazard_heat", "heat"), None, None)
    least = [rule.least["from_per_km2"] for rule in rules]
    assert least == sorted(least, reverse=True)
    assert len({rule.mark.fill for rule in rules}) == len(rules)


def test_at_most_one_fill_is_on_and_points_lie_above_areas() -> None:
    infos = [
        info("risk_composite", "risk"),
        info("risk_mine", "risk"),
        info("hazard_heat", "heat"),
        info("hazard", "hazard"),
        *(info(slug, "kind") for slug in KINDS),
        *(info(slug, "area") for slug in LEVELS),
    ]
    rows = {
        row.slug: row for row in layers.rows(layers.switcher(infos, kinds=KINDS, levels=LEVELS))
    }
    assert [slug for slug, row in rows.items() if row.control == "radio" and row.on] == [
        "risk_composite"
    ]
    assert {row.control for row in rows.values() if row.register in ("risk", "heat")} == {"radio"}
    assert rows["risk_composite"].rank < rows["town"].rank < rows["forest"].rank
    assert rows["forest"].rank < rows["hazard"].rank


def test_what_a_click_means_is_the_place_before_the_village_before_its_frame() -> None:
    infos = [info("risk_composite", "risk"), info("school", "kind")]
    infos += [info("village", "area"), info("town", "area")]
    rows = {
        row.slug: row for row in layers.rows(layers.switcher(infos, kinds=KINDS, levels=LEVELS))
    }
    assert rows["school"].meant < rows["village"].meant == rows["risk_composite"].meant
    assert rows["village"].meant < rows["town"].meant
    assert [rows[slug].opens for slug in ("school", "village", "town")] == ["site", "area", "card"]
