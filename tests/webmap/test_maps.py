"""Drawing without a server: Folium's shell, and the rules of cartography."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gis.domain.kinds import SiteKind, Title
from gis.files.passports import load_kinds, load_levels
from gis.services.load_layer import LayerInfo
from gis.workspace import DATA
from webmap import cartography, layers, maps

KINDS = load_kinds(DATA / "sites")
LEVELS = load_levels(DATA / "boundaries")


def info(slug: str, register: str, count: int = 1, **style: Any) -> LayerInfo:
    """Return what the services would say of a layer."""
    title, group = Title(slug, slug), Title("组", "Group")
    return LayerInfo(slug, title, group, "polygon", count, None, register, style=style)


def load(register: str, **style: Any) -> LayerInfo:
    """Return what the services would say of a layer of loads per square kilometre."""
    unit = Title("当量人/km²", "equivalent persons/km²")
    slug = f"{register}_layer"
    return info(slug, register, property="per_km2", unit=unit, breaks=(3, 10, 30, 100), **style)


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
        online, planned, down = cartography.rules(info(kind.slug, "kind"), kind, None)
        assert kind.watch is not None
        assert dict(online.where) == {kind.watch.field: kind.watch.online}
        assert dict(planned.where) == {kind.watch.field: kind.watch.planned}
        assert down.mark.fill is planned.mark.fill is None
        assert down.mark.stroke != planned.mark.stroke


def test_a_single_case_in_an_empty_town_does_not_glow() -> None:
    rules = cartography.rules(info("hazard_heat", "heat"), None, None)
    least = [rule.least["from_per_km2"] for rule in rules]
    assert least == sorted(least, reverse=True)
    assert len({rule.mark.fill for rule in rules}) == len(rules)


@pytest.mark.parametrize("register", ["view", "hexagon"])
def test_a_load_has_bands_of_its_own_that_no_class_looks_like(register: str) -> None:
    *bands, unknown = cartography.rules(load(register), None, None)
    assert [rule.label and rule.label.zh for rule in bands] == [
        "0–3", "3–10", "10–30", "30–100", "≥ 100",
    ]  # fmt: skip
    assert [dict(rule.where) for rule in bands] == [{"class_per_km2": n} for n in range(1, 6)]
    assert (unknown.label, unknown.mark.fill) == (cartography.NO_DATA, cartography.HATCH)
    fills = {rule.mark.fill for rule in bands}
    others = {*cartography.CLASS_COLOURS, *cartography.HEAT_COLOURS}
    assert not fills & (others | set(cartography.GRADE_COLOURS.values()))
    assert not {rule.mark.number for rule in bands} & {1, 2, 3, 4, 5}


def test_a_load_that_was_never_computed_has_no_bands() -> None:
    (unknown,) = cartography.rules(info("view_load", "view", property="load"), None, None)
    assert unknown.label == cartography.NO_DATA


def test_the_ways_to_look_at_a_village_are_its_class_and_its_loads() -> None:
    infos = [
        info("risk_composite", "risk"),
        info("risk_mine", "risk"),
        load("view", said=Title("每平方千米", "Per km²")),
        load("hexagon", width_m=500),
    ]
    rows = layers.rows(layers.switcher(infos, kinds=KINDS, levels=LEVELS))
    assert [row.slug for row in rows if row.view] == ["risk_composite", "view_layer"]
    assert {row.control for row in rows} == {"radio"}
    assert [row.value and row.value.name for row in rows] == [None, None, "per_km2", None]
    assert [row.opens for row in rows] == ["area", "area", "area", "card"]


def test_a_rate_says_which_limits_it_lies_beyond_and_what_it_is_over() -> None:
    unit = Title("起/百处", "events per 100 places")
    told = info("hazard_rate", "rate", property="rate", unit=unit, funnel=(0.9, 0.99))
    *known, unknown = cartography.rules(told, None, None)
    assert [rule.label and rule.label.en for rule in known] == [
        "Below the 90% limit", "Within chance", "Above the 90% limit", "Above the 99% limit",
    ]  # fmt: skip
    assert unknown.mark.fill == cartography.HATCH
    (row,) = layers.rows(layers.switcher([told], kinds=KINDS, levels=LEVELS))
    assert (row.control, row.opens, row.value and row.value.name) == ("radio", "area", "rate")
    assert row.note is not None
    assert "起/百处" in row.note.zh


def test_a_cell_says_its_unit_its_width_and_that_it_has_no_class() -> None:
    rows = layers.rows(layers.switcher([load("hexagon", width_m=500)], kinds=KINDS, levels=LEVELS))
    assert rows[0].note is not None
    for words in ("当量人/km²", "500 米", "不是级别", "不是 0"):
        assert words in rows[0].note.zh


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
    assert [rows[slug].opens for slug in ("school", "village", "town")] == ["site", "area", "whole"]
