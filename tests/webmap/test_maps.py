"""Drawing without a server: Folium's shell, and the rules of cartography."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gis.domain.arrays import Floats
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


def test_a_zone_that_holds_for_hours_only_is_dashed_and_says_so() -> None:
    (rule,) = cartography.rules(info("blast_zone", "site"), KINDS["blast_zone"], None)
    assert rule.mark.dashed
    assert rule.label is not None
    assert "起爆前30分钟" in rule.label.zh
    (road,) = cartography.rules(info("road", "site"), KINDS["road"], None)
    assert not road.mark.dashed


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


def intensity(**style: Any) -> LayerInfo:
    """Return what the services would say of a surface."""
    return info("surface_mine", "surface", limits=(5, 20, 40, 60, 80), **style)


def test_an_intensity_has_bands_of_its_own_that_no_class_looks_like() -> None:
    *bands, unknown = cartography.rules(intensity(), None, None)
    assert [rule.label and rule.label.zh for rule in bands] == [
        "5–20", "20–40", "40–60", "60–80", "80–100",
    ]  # fmt: skip
    assert [dict(rule.where) for rule in bands] == [{"band": n} for n in range(1, 6)]
    assert (unknown.label, unknown.mark.fill) == (cartography.NO_DATA, cartography.HATCH)
    others = {*cartography.CLASS_COLOURS, *cartography.GRADE_COLOURS.values()}
    others |= {*cartography.BAND_COLOURS, *cartography.HEAT_COLOURS, *cartography.TODAY_COLOURS}
    others |= {rule.mark.fill or "" for rule in cartography.RISK_COLOURS.values()}
    assert not {rule.mark.fill for rule in bands} & others
    assert {rule.mark.number for rule in bands} == {None}


def test_an_intensity_gets_darker_band_by_band_in_grey_too() -> None:
    *bands, _ = cartography.rules(intensity(), None, None)
    fills = [rule.mark.fill or "" for rule in bands]
    light = [
        # ITU-R BT.601: what a printer without colours makes of red, green and blue.
        0.299 * int(fill[1:3], 16) + 0.587 * int(fill[3:5], 16) + 0.114 * int(fill[5:7], 16)
        for fill in fills
    ]
    assert all(lighter - darker >= 20 for lighter, darker in pairwise(light))


def test_an_intensity_says_its_grid_its_day_and_what_it_is_not() -> None:
    told = intensity(cell_m=100, as_of="2026-10-31")
    (row,) = layers.rows(layers.switcher([told], kinds=KINDS, levels=LEVELS))
    assert (row.control, row.opens, row.named, row.view, row.value) == (
        "radio", "card", False, None, None,
    )  # fmt: skip
    assert row.note is not None
    for words in ("0–100", "100 米网格", "2026-10-31", "不是级别", "不是法定结论", "不等于安全"):
        assert words in row.note.zh
    for words in ("0–100", "100 m", "2026-10-31", "No class", "nothing statutory", "not safe"):
        assert words in row.note.en


def test_an_intensity_that_was_never_computed_has_no_bands_and_no_note() -> None:
    never = info("surface_mine", "surface")
    (unknown,) = cartography.rules(never, None, None)
    assert unknown.label == cartography.NO_DATA
    (row,) = layers.rows(layers.switcher([never], kinds=KINDS, levels=LEVELS))
    assert row.note is None


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


CONSTANTS: dict[str, Any] = {
    **{"patch_reach_m": 400, "patch_least": 5, "patch_timed_reach_m": 500, "patch_margin_m": 50},
    **{"patch_timed_reach_days": 30, "patch_timed_least": 4},
    **{"moran_neighbours": 8, "moran_least": 100, "moran_q": 0.05},
}


def test_what_is_only_described_says_so_and_how_near_and_how_soon() -> None:
    told = info("hazard_cluster", "patch", **CONSTANTS)
    space, timed = cartography.rules(told, None, None)
    assert (dict(space.where), dict(timed.where)) == ({"how": "空间"}, {"how": "时空"})
    assert (space.mark.dashed, timed.mark.dashed) == (False, True)
    (row,) = layers.rows(layers.switcher([told], kinds=KINDS, levels=LEVELS))
    assert (row.control, row.opens, row.named) == ("checkbox", "card", False)
    assert row.note is not None
    for words in ("描述性，不作统计检验", "400 m 内至少 5 起", "500 m、30 天内至少 4 起"):
        assert words in row.note.zh
    units = {field.name: field.unit for field in row.columns}
    assert (units["events"], units["count"], units["days"]) == ("起", "件", "天")


def test_a_place_that_stands_out_is_ringed_by_a_shape_of_its_finding() -> None:
    told = info("hazard_outlier", "outlier", status="已检验", **CONSTANTS)
    alone, among = cartography.rules(told, None, None)
    assert (dict(alone.where), dict(among.where)) == ({"class": "高-低"}, {"class": "高-高"})
    assert alone.mark.shape != among.mark.shape
    assert alone.mark.fill is among.mark.fill is None
    (row,) = layers.rows(layers.switcher([told], kinds=KINDS, levels=LEVELS))
    assert row.named
    assert row.note is not None
    assert "最近 8 家" in row.note.zh
    assert "q ≤ 0.05" in row.note.en
    few = info("hazard_outlier", "outlier", status="样本不足", **CONSTANTS)
    (row,) = layers.rows(layers.switcher([few], kinds=KINDS, levels=LEVELS))
    assert row.note is not None
    assert row.note.zh.startswith("样本不足")


@pytest.mark.parametrize("register", ["patch", "outlier"])
def test_before_a_run_nothing_is_said_of_how_it_looked(register: str) -> None:
    (row,) = layers.rows(layers.switcher([info("new", register)], kinds=KINDS, levels=LEVELS))
    assert row.note is None


def test_what_is_described_has_the_colour_of_no_class_and_of_nothing_that_was_tested() -> None:
    taken = {
        *cartography.CLASS_COLOURS, *cartography.BAND_COLOURS, *cartography.RATE_COLOURS,
        *cartography.HEAT_COLOURS, *cartography.TODAY_COLOURS, *cartography.GRADE_COLOURS.values(),
        *(rule.mark.fill for rule in cartography.RISK_COLOURS.values()), cartography.FOUND_COLOUR,
    }  # fmt: skip
    assert cartography.PATCH_COLOUR not in taken
    boundaries = [rule.mark.stroke for rule in (cartography.FRAME, cartography.OUTLINE)]
    for other in (cartography.FOUND_COLOUR, *boundaries, *cartography.class_shades()):
        assert _seen_by_the_colour_blind(cartography.PATCH_COLOUR, other) > 30


DEUTERANOPIA = np.array(
    [(0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)]
)
PROTANOPIA = np.array(
    [
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ]
)
"""Machado, Oliveira and Fernandes 2009, table 1, severity 1, on linear RGB."""


def _seen_by_the_colour_blind(one: str, other: str) -> float:
    """Return the smaller difference (CIE 1976, about) of two colours; 2 can just be seen."""
    pairs = [
        [_lab(matrix @ _linear(colour)) for colour in (one, other)]
        for matrix in (DEUTERANOPIA, PROTANOPIA)
    ]
    return min(float(np.linalg.norm(a - b)) for a, b in pairs)


def _linear(colour: str) -> Floats:
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _lab(linear: Floats) -> Floats:
    to_xyz = [(0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)]
    x, y, z = np.cbrt(np.maximum(np.array(to_xyz) @ linear, 1e-3) / (0.9505, 1.0, 1.089))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


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


def test_layers_drawn_alike_share_a_legend_and_others_do_not() -> None:
    infos = [
        info("risk_composite", "risk"),
        info("risk_mine", "risk"),
        load("view"),
        load("hexagon", width_m=500),
        intensity(cell_m=100),
        replace(intensity(cell_m=100), slug="surface_gas"),
        info("hazard_heat", "heat"),
        info("school", "kind"),
    ]
    found = layers.legends(layers.switcher(infos, kinds=KINDS, levels=LEVELS))
    assert [legend.slugs for legend in found] == [
        ("risk_composite", "risk_mine"),
        ("view_layer",),
        ("hexagon_layer",),
        ("surface_mine", "surface_gas"),
        ("hazard_heat",),
    ]
    assert [legend.row.slug for legend in found] == [legend.slugs[0] for legend in found]
