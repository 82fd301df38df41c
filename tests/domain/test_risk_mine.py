"""Mines: steps of the score, blasts, monitoring, what lies around a quarry, criteria on record."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain.risk import blasting, flags, quarry_zones, registry, slope_alarms
from tests import toyland

MODEL = registry.model("mine")
MINE = toyland.VALUES["mine"]
GOLDEN = Path(__file__).parent.parent / "golden" / "blasting.csv"
ARITHMETIC = {"cbrt": math.cbrt, "max": max}
QUARRY = shapely.box(1000, 500, 1200, 700)
SITES = pd.Series([7])
quick = settings(max_examples=25, deadline=None, derandomize=True)


def _sources(
    records: Mapping[str, list[dict[str, Any]]] | None = None, **mine: Any
) -> gpd.GeoDataFrame:
    return MODEL.sources(_scene({}, records, **mine), MINE)


def _raised(
    others: Mapping[str, list[dict[str, Any]]] | None = None,
    records: Mapping[str, list[dict[str, Any]]] | None = None,
    **mine: Any,
) -> pd.DataFrame:
    """Return the flags that one quarry raises among other places."""
    facts = MODEL.flags(_scene(others or {}, records, **mine), MINE)
    return flags.locate(facts, toyland.areas())


def _scene(
    others: Mapping[str, list[dict[str, Any]]],
    records: Mapping[str, list[dict[str, Any]]] | None,
    **mine: Any,
) -> Any:
    ordinary = {"id": 7, "key": "K-7", "name": "采石场", "geometry": QUARRY, "method": "机械开采"}
    quarry = {**ordinary, "small_hillside": False, **mine}
    sites = {"mine": toyland.site_frame("mine", [quarry])}
    for place, (kind, rows) in enumerate(others.items(), start=1):
        numbered = [{"id": 100 * place + n, "name": kind, **row} for n, row in enumerate(rows)]
        sites[kind] = pd.concat(
            [*([sites[kind]] if kind in sites else []), toyland.site_frame(kind, numbered)],
            ignore_index=True,
        )
    return toyland.scene(
        sites, records={n: toyland.record_frame(n, r) for n, r in (records or {}).items()}
    )


STEPS = [
    # Read off METHOD 2.2: only the term that decides is told.
    ({"method": "爆破开采", "slope_height_m": 60.0, "safety_factor": 1.3, "monitoring": "在线",
      "risk_colour": "黄"}, {"blasting": 70}),
    ({"method": "机械开采", "slope_height_m": 150.0, "safety_factor": 1.05, "monitoring": "无",
      "risk_colour": "黄"}, {"height": 26.25, "safety": 24, "monitoring": 20, "water": 7.5}),
    ({"method": "爆破开采", "slope_height_m": 60.0, "safety_factor": 1.3, "monitoring": "在线",
      "risk_colour": "橙"}, {"colour": 75}),
    ({"method": None}, {"blasting": 70}),
]  # fmt: skip


@pytest.mark.parametrize(("mine", "steps"), STEPS)
def test_a_score_is_told_in_the_steps_of_the_term_that_decides(
    mine: dict[str, Any], steps: dict[str, float]
) -> None:
    told = _sources(**mine)["evidence"][0]["steps"]
    assert told == pytest.approx(steps)


@pytest.mark.parametrize(
    ("rain", "points"), [(0.0, 0.0), (30.0, 4.5), (100.0, 15.0), (240.0, 15.0), (None, 7.5)]
)
def test_rain_on_record_takes_the_place_of_the_static_water(
    rain: float | None, points: float
) -> None:
    slope = {"method": "机械开采", "slope_height_m": 200.0, "risk_colour": "蓝"}
    reading = {"point": "G1", "day": "2026-06-29", "rain_24h_mm": rain}
    told = _sources({"displacement": [reading]}, **slope)["evidence"][0]
    assert told["steps"].get("water", 0.0) == pytest.approx(points)
    assert told.get("rain_24h_mm") == rain


@quick
@given(
    st.floats(1, 400), st.floats(0.5, 2), st.sampled_from(["在线", "人工", "无"]), st.floats(0, 200)
)
def test_a_higher_weaker_less_watched_wetter_slope_never_scores_less(
    height_m: float, factor: float, monitoring: str, rain_mm: float
) -> None:
    def score(rain: float, **change: Any) -> float:
        slope = {"method": "机械开采", "slope_height_m": height_m, "safety_factor": factor,
                 "monitoring": monitoring, "risk_colour": "蓝", **change}  # fmt: skip
        reading = {"point": "G1", "day": "2026-06-30", "rain_24h_mm": rain}
        return float(_sources({"displacement": [reading]}, **slope)["intensity"][0])

    base = score(rain_mm)
    assert score(rain_mm, slope_height_m=height_m + 10) >= base
    assert score(rain_mm, safety_factor=factor - 0.05) >= base
    assert score(rain_mm, monitoring="无") >= base
    assert score(rain_mm + 10) >= base


WATCHED_SLOPE = {"method": "机械开采", "slope_height_m": 200.0, "risk_colour": "蓝"}


@pytest.mark.parametrize(
    ("monitoring", "shut", "last", "points", "why"),
    [
        # METHOD 2.2: 20 x (0 on-line and normal, 0.5 manual, 1 none); as of 30 June.
        ("在线", False, "2026-06-27", 0.0, None),
        ("在线", None, None, 0.0, None),
        ("在线", True, "2026-06-30", 20.0, "边坡监测系统停用或数据不实"),
        ("在线", False, "2026-06-26", 20.0, "边坡监测数据中断"),
        ("人工", None, "2026-06-30", 10.0, None),
        ("人工", None, "2026-06-16", 10.0, None),
        ("人工", None, "2026-06-15", 20.0, "边坡监测数据中断"),
        ("人工", True, None, 20.0, "边坡监测系统停用或数据不实"),
        ("人工", None, "2026-05-01", 20.0, "边坡监测数据中断"),
        ("无", None, None, 20.0, None),
        (None, None, None, 20.0, None),
    ],
)
def test_monitoring_that_is_shut_false_or_silent_counts_as_none(
    monitoring: str | None, shut: bool | None, last: str | None, points: float, why: str | None
) -> None:
    reading = {"point": "G1", "day": last, "displacement_mm": 1.0}
    records = {"displacement": [reading]} if last else {}
    slope = {**WATCHED_SLOPE, "monitoring": monitoring, "monitoring_shut": shut}
    told = _sources(records, **slope)["evidence"][0]
    assert told["steps"].get("monitoring", 0.0) == pytest.approx(points)
    assert told.get("monitoring_failing") == why


def test_the_height_class_of_a_slope_is_told() -> None:
    told = {
        h: _sources(slope_height_m=h)["evidence"][0]["slope_class"] for h in (100.0, 100.1, 501.0)
    }
    assert list(told.values()) == ["低边坡", "中边坡", "超高边坡"]
    assert "slope_class" not in _sources()["evidence"][0]


def _blasts() -> list[Any]:
    lines = GOLDEN.read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return [pytest.param(row, id=row["case"]) for row in rows]


@pytest.mark.parametrize("row", _blasts())
def test_a_blast_asks_for_what_was_worked_by_hand(row: Mapping[str, str]) -> None:
    numbers = (
        "charge_per_delay_kg",
        "vibration_k",
        "vibration_alpha",
        "frequency_hz",
        "charge_total_kg",
    )
    record: dict[str, Any] = {name: float(row[name]) for name in numbers if row[name]}
    record["rock"] = row["rock"] or None
    found = blasting.distances(
        toyland.record_frame("blast", [record]), SITES, toyland.AS_OF, MINE
    ).iloc[0]
    for name in ("civil", "fragile", "shelter"):
        expected = float(row[f"{name}_m"] or "nan")
        assert found[f"{name}_m"] == pytest.approx(expected, abs=0.01, nan_ok=True)


@pytest.mark.parametrize("row", _blasts())
def test_the_expected_distances_follow_from_their_working(row: Mapping[str, str]) -> None:
    for name in ("civil", "fragile", "shelter"):
        if row[f"{name}_worked"]:
            worked = eval(row[f"{name}_worked"], {"__builtins__": {}}, ARITHMETIC)
            assert worked == pytest.approx(float(row[f"{name}_m"]), abs=0.01)
        else:
            assert row[f"{name}_m"] == ""


def test_the_formulas_give_the_worked_values_of_the_method() -> None:
    # METHOD 12.4: K 200, alpha 1.65, v 2.0, Q 500 -> 129.4 m; 25 Q^(1/3) of 25 kg -> 73.1 m.
    safe = blasting.vibration_distance_m(np.array([500.0]), 200.0, 1.65, 2.0)
    assert safe[0] == pytest.approx(129.4, abs=0.05)
    assert blasting.shelter_distance_m(np.array([25.0]), 25.0, 25.0)[0] == pytest.approx(
        73.1, abs=0.05
    )


@quick
@given(st.floats(1, 5000), st.floats(50, 350), st.floats(1.3, 2), st.floats(0.15, 3))
def test_more_charge_or_a_weaker_house_never_asks_for_less(
    charge_kg: float, k: float, alpha: float, limit: float
) -> None:
    def safe(charge: float, bears: float) -> float:
        return float(blasting.vibration_distance_m(np.array([charge]), k, alpha, bears)[0])

    assert safe(charge_kg * 1.1, limit) > safe(charge_kg, limit)
    assert safe(charge_kg, limit / 1.1) > safe(charge_kg, limit)


def test_the_largest_blast_of_the_last_year_counts_and_older_ones_do_not() -> None:
    rows = [
        {"blast": "1", "day": "2025-06-29", "charge_per_delay_kg": 900.0},
        {"blast": "2", "day": "2026-01-10", "charge_per_delay_kg": 300.0},
        {"blast": "3", "day": "2026-08-01", "charge_per_delay_kg": 200.0},
        {"blast": "4", "site": 8, "charge_per_delay_kg": 50.0, "blasting": "裸露药包"},
    ]
    ids = pd.Series([8, 9, 7], index=[4, 5, 6])
    found = blasting.distances(toyland.record_frame("blast", rows), ids, toyland.AS_OF, MINE)
    assert found["charge_kg"].fillna(-1).to_dict() == {4: 50.0, 5: -1.0, 6: 300.0}
    assert found["flyrock_m"].fillna(-1).tolist() == [400.0, -1.0, -1.0]


HOUR = 60


@pytest.mark.parametrize(
    ("clock", "opens", "closes"),
    [
        # METHOD 2.1: from half an hour before it is fired until the all-clear, minutes of the day.
        ({"starts_at": "14:00", "all_clear_at": "15:10"}, 14 * HOUR - 30, 15 * HOUR + 10),
        ({"starts_at": "14:00"}, 14 * HOUR - 30, 24 * HOUR),
        ({"all_clear_at": "15:10"}, 0, 15 * HOUR + 10),
        ({}, 0, 24 * HOUR),
        ({"starts_at": "23:50", "all_clear_at": "00:20"}, 24 * HOUR - 40, 24 * HOUR + 20),
        ({"starts_at": "00:10", "all_clear_at": "00:40"}, 10 - 30, 40),
        ({"starts_at": "noon", "all_clear_at": "15:10"}, 0, 15 * HOUR + 10),
    ],
)
def test_a_warning_is_in_force_from_half_an_hour_before_until_the_all_clear(
    clock: dict[str, str], opens: int, closes: int
) -> None:
    blast = toyland.record_frame("blast", [{"blast": "1", "day": "2026-06-30", **clock}])
    midnight = pd.Timestamp(2026, 6, 30)
    found = blasting.windows(blast, MINE).iloc[0] - midnight
    assert (found / pd.Timedelta(minutes=1)).tolist() == [opens, closes]


def test_a_blast_without_a_day_has_no_window() -> None:
    blast = toyland.record_frame("blast", [{"blast": "1", "starts_at": "14:00"}])
    assert blasting.windows(blast, MINE).isna().all(axis=None)


def test_the_next_window_of_a_mine_is_told() -> None:
    rows = [
        {"blast": "1", "day": "2026-06-29", "starts_at": "14:00", "all_clear_at": "15:00"},
        {"blast": "2", "day": "2026-07-09", "starts_at": "14:00", "all_clear_at": "15:00"},
        {"blast": "3", "day": "2026-07-02", "starts_at": "14:00", "all_clear_at": "15:00"},
        {"blast": "4"},
    ]
    told = _sources({"blast": rows}, method="爆破开采")["evidence"][0]
    assert told["warning_window"] == "2026-07-02 13:30 至 2026-07-02 15:00"
    past = _sources({"blast": rows[:1]}, method="爆破开采")["evidence"][0]
    assert "warning_window" not in past


def _days(last: dt.date, count: int) -> list[str]:
    return [(last - dt.timedelta(days=back)).isoformat() for back in reversed(range(count))]


def _readings(
    moved: Sequence[float], last: dt.date = toyland.AS_OF, point: str = "G1", **fields: Any
) -> list[dict[str, Any]]:
    """Return daily readings of a point up to a day; a field is one value, or one a reading."""
    rows: list[dict[str, Any]] = []
    for n, (day, u) in enumerate(zip(_days(last, len(moved)), moved, strict=True)):
        own = {name: v[n] if isinstance(v, list) else v for name, v in fields.items()}
        rows.append({"point": point, "day": day, "displacement_mm": float(u), **own})
    return rows


def _state(rows: Sequence[Mapping[str, Any]]) -> pd.Series:
    return slope_alarms.alarms(
        toyland.record_frame("displacement", rows), SITES, toyland.AS_OF, MINE
    ).iloc[0]


def _steady(rate: float, count: int = 20) -> list[float]:
    return [rate * n for n in range(count)]


@pytest.mark.parametrize(
    ("rate", "level"),
    [(1.9, 0), (2, 1), (4.9, 1), (5, 2), (9.9, 2), (10, 3), (19.9, 3), (20, 4), (-20, 4)],
)
def test_a_steady_rate_gives_the_level_of_the_table(rate: float, level: int) -> None:
    state = _state(_readings(_steady(rate)))
    assert (state["level"], state["rate_mm_d"]) == (level, pytest.approx(abs(rate)))


@pytest.mark.parametrize(
    ("angles", "level"),
    [
        ([44.9, 44.9, 44.9], 0),
        ([45, 45, 45], 2),
        ([79.9, 79.9, 79.9], 2),
        ([80, 84, 82], 3),
        ([85, 86, 88], 4),
        ([0, 86, 88], 0),
        ([60, 86, 88], 2),
    ],
)
def test_three_readings_in_a_row_must_reach_the_tangent_angle(
    angles: list[float], level: int
) -> None:
    assert _state(_readings([0, 0, 0], tangent_deg=angles))["level"] == level


@pytest.mark.parametrize(
    ("rain", "level"), [(24.9, 0), (25, 1), (50, 2), (100, 3), (149.9, 3), (150, 4)]
)
def test_rain_alone_gives_its_level(rain: float, level: int) -> None:
    state = _state(_readings([0.0], rain_24h_mm=rain))
    assert state["level"] == level
    assert state["cause"] == ("降雨" if level else None)


def _weather(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return observations of stations 100 (nearer to the quarry) and 101."""
    return {"observation": [{"site": 100, **row} for row in rows]}


STATIONS: dict[str, list[dict[str, Any]]] = {
    "weather_station": [
        {"name": "近站", "geometry": shapely.Point(4200, 600)},
        {"name": "远站", "geometry": shapely.Point(9200, 600)},
    ]
}
"""3 and 8 km east of the quarry."""


def _wet(records: dict[str, Any], **mine: Any) -> dict[str, Any]:
    scene = _scene(STATIONS, records, **{**WATCHED_SLOPE, **mine})
    told: dict[str, Any] = MODEL.sources(scene, MINE)["evidence"][0]
    return told


@pytest.mark.parametrize(
    ("rows", "points", "said"),
    [
        # 15 x clip(rain/100); 7.5 where nobody knows. As of 30 June.
        ([{"day": "2026-06-30", "rain_mm": 40.0}], 6.0, "气象站近站，距 3.0 km"),
        ([{"day": "2026-06-29", "rain_mm": 40.0}], 6.0, "气象站近站，距 3.0 km"),
        (
            [{"day": "2026-06-29", "rain_mm": 40.0}, {"day": "2026-06-30", "rain_mm": 0.0}],
            6.0,
            "气象站近站，距 3.0 km",
        ),
        ([{"day": "2026-06-28", "rain_mm": 40.0}], 7.5, None),
        ([{"day": "2026-07-01", "rain_mm": 40.0}], 7.5, None),
        (
            [
                {"day": "2026-06-30"},
                {"day": "2026-06-28", "rain_mm": 90.0},
                {"site": 101, "day": "2026-06-30", "rain_mm": 20.0},
            ],
            3.0,
            "气象站远站，距 8.0 km",
        ),
    ],
)
def test_rain_is_taken_from_the_nearest_station_that_has_it(
    rows: list[dict[str, Any]], points: float, said: str | None
) -> None:
    told = _wet(_weather(*rows))
    assert told["steps"].get("water", 0.0) == pytest.approx(points)
    assert told.get("rain_from") == said


def test_rain_at_the_mine_itself_goes_before_that_of_a_station() -> None:
    reading = {"point": "G1", "day": "2026-06-30", "rain_24h_mm": 10.0}
    records = {**_weather({"day": "2026-06-30", "rain_mm": 90.0}), "displacement": [reading]}
    told = _wet(records)
    assert told["steps"]["water"] == pytest.approx(1.5)
    assert told["rain_from"] == slope_alarms.AT_MINE
    reach = MODEL.reach(_scene(STATIONS, records), MINE)["mine"] if MODEL.reach else None
    assert reach is not None
    assert reach.far_to("weather_station").tolist() == [0.0]


def test_rain_at_a_station_raises_the_alarm_and_names_the_station() -> None:
    scene = _scene(STATIONS, _weather({"day": "2026-06-30", "rain_mm": 120.0}))
    (flag,) = flags.locate(MODEL.flags(scene, MINE), toyland.areas()).to_dict("records")
    assert flag["rule"] == "mine_slope_alarm_3"
    assert flag["evidence"] == {
        "cause": "降雨", "rain_24h_mm": 120.0, "rain_from": "气象站近站，距 3.0 km"
    }  # fmt: skip


def test_rain_of_two_days_ago_is_over() -> None:
    state = _state(_readings([0.0, 0.0, 0.0], rain_24h_mm=[150.0, 0.0, 0.0]))
    assert (state["level"], state["rain_24h_mm"]) == (0, 0.0)


def test_a_rate_that_doubles_over_three_readings_is_red() -> None:
    # Steps of half a millimetre, then 1 2 4 8 16: the weekly means are 5.5/7, 9/7, 16.5/7, 32/7.
    state = _state(_readings(np.cumsum([0.5] * 10 + [1, 2, 4, 8, 16]).tolist()))
    assert state["rate_mm_d"] == pytest.approx(32 / 7)
    assert (state["level"], state["cause"]) == (4, "位移速率倍增")


def test_a_slope_that_hardly_moves_may_double_its_rate() -> None:
    slow = np.cumsum([0.05] * 10 + [0.1, 0.2, 0.4, 0.8, 1.6]).tolist()
    assert _state(_readings(slow))["level"] == 0


@quick
@given(st.integers(1, 18), st.floats(20, 2000), st.floats(0, 1.9), st.booleans())
def test_a_single_jump_is_no_alarm(at: int, jump: float, rate: float, back: bool) -> None:
    moved = np.array(_steady(rate))
    moved[at : at + 1 if back else None] += jump
    assert _state(_readings(moved.tolist()))["level"] == 0


@quick
@given(st.lists(st.floats(-4, 60), min_size=3, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_the_readings_changes_nothing(steps: list[float], random: Any) -> None:
    rows = _readings(np.cumsum(steps).tolist())
    rows += _readings(np.cumsum(steps[::-1]).tolist(), point="G2")
    mixed = rows.copy()
    random.shuffle(mixed)
    assert _state(rows).to_dict() == pytest.approx(_state(mixed).to_dict(), nan_ok=True)


def test_a_step_while_the_device_is_worked_on_does_not_count() -> None:
    moved = [*([0.0] * 10), 300.0, *([300.0] * 5)]
    worked_on = [False] * 10 + [True] + [False] * 5
    assert _state(_readings(moved, maintenance=worked_on))["level"] == 0


def test_a_reading_under_maintenance_breaks_the_row_of_three() -> None:
    moved = _steady(25)
    assert _state(_readings(moved))["level"] == 4
    worked_on = [False] * 18 + [True, False]
    assert _state(_readings(moved, maintenance=worked_on))["level"] == 0


def test_two_readings_are_too_few() -> None:
    assert _state(_readings([0, 50]))["level"] == 0
    assert _state(_readings([0, 50, 100]))["level"] == 0
    assert _state(_readings([0, 50, 100, 150]))["level"] == 4


def test_weekly_readings_by_hand_have_their_rate_too() -> None:
    days = ("2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29")
    rows = [
        {"point": "P", "day": day, "displacement_mm": 42.0 * n} for n, day in enumerate(days)
    ]  # fmt: skip
    state = _state(rows)
    assert (state["level"], state["rate_mm_d"]) == (2, pytest.approx(6.0))


def test_readings_that_stopped_days_ago_are_no_alarm_but_silence() -> None:
    old = _readings(_steady(30), last=dt.date(2026, 6, 26))
    assert _state(old)[["level", "age_d"]].tolist() == [0, 4.0]
    fresh = _readings(_steady(30), last=dt.date(2026, 6, 27))
    assert _state(fresh)[["level", "age_d"]].tolist() == [4, 3.0]
    assert "mine_monitoring_silent" not in set(_raised(records={"displacement": fresh})["rule"])
    raised = _raised(records={"displacement": old})
    assert raised["rule"].tolist() == ["mine_monitoring_silent"]


def test_readings_of_days_to_come_are_not_looked_at() -> None:
    rows = _readings(_steady(30), last=toyland.AS_OF + dt.timedelta(days=20))
    assert _state(rows)["level"] == 0


def test_the_point_that_moves_most_speaks_for_its_mine() -> None:
    rows = [
        *_readings(_steady(3), point="G1"),
        *_readings(_steady(12), point="G2"),
        *[{**row, "site": 8} for row in _readings(_steady(25), point="G3")],
    ]
    state = _state(rows)
    assert state[["level", "point", "cause"]].tolist() == [3, "G2", "位移速率"]
    told = _sources({"displacement": rows})["evidence"][0]
    assert (told["slope_alarm"], told["rate_mm_d"]) == ("橙", 12.0)
    (row,) = told["rows"]
    assert (row["sort"], row["name"], row["said"]) == ("displacement", "G2", "12 mm/d")
    (flag,) = _raised(records={"displacement": rows}).to_dict("records")
    assert (flag["rule"], flag["floor"]) == ("mine_slope_alarm_3", 0)
    assert "仅供参考" in flag["text_zh"]


def test_a_quiet_slope_beside_a_loud_one_is_told_without_gaps_in_its_words() -> None:
    quarry = {"key": "K", "geometry": QUARRY}
    both = toyland.site_frame("mine", [{**quarry, "id": 7}, {**quarry, "id": 8}])
    rows = [{**row, "site": 8} for row in _readings(_steady(12))]
    scene = replace(_scene({}, {"displacement": rows}), sites_m={"mine": both})
    quiet, loud = MODEL.sources(scene, MINE)["evidence"]
    assert "slope_alarm" not in quiet
    assert "slope_alarm_cause" not in quiet
    assert loud["slope_alarm_cause"] == "位移速率"
    assert json.dumps(quiet, allow_nan=False)


def test_an_alarm_changes_no_score() -> None:
    quiet, loud = (
        _sources({"displacement": _readings(_steady(rate))})["intensity"][0] for rate in (0, 40)
    )
    assert quiet == loud


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ({"not_benched": True}, "mine_not_benched"),
        ({"over_design": True}, "mine_over_design"),
        ({"stability_unanalysed": True}, "mine_stability_unanalysed"),
        ({"monitoring_shut": True}, "mine_monitoring_shut"),
        ({"sliding_signs": True}, "mine_sliding_signs"),
        ({"haul_road_over_design": True}, "mine_haul_road_over_design"),
        ({"slope_height_m": 200.0, "monitoring": "人工"}, "mine_slope_unmonitored"),
        ({"dump_height_m": 200.0, "dump_monitoring": False}, "mine_dump_unmonitored"),
        ({"dump_height_m": 200.0}, "mine_dump_unmonitored"),
        ({"closed_pit_depth_m": 30.0, "flood_works": False}, "mine_flood_works"),
        ({"slope_grade": "Ⅱ", "safety_factor": 1.14}, "mine_safety_factor"),
        (
            {"slope_grade": "Ⅰ", "safety_factor": 1.17, "safety_factor_load": "加爆破振动"},
            "mine_safety_factor",
        ),
        ({"licence_valid_to": "2026-06-29"}, "mine_licence_expired"),
        ({"method": "爆破开采", "design_warning_m": 199.0}, "mine_warning_short"),
        (
            {"method": "爆破开采", "design_warning_m": 299.0, "small_hillside": True},
            "mine_warning_short",
        ),
    ],
)
def test_what_is_on_record_of_a_mine_is_noted(field: dict[str, Any], rule: str) -> None:
    found = _raised(**field)
    assert (found["rule"].tolist(), found["floor"].tolist()) == ([rule], [0])


@pytest.mark.parametrize(
    "field",
    [
        {"not_benched": False},
        {"slope_height_m": 199.0, "monitoring": "无"},
        {"slope_height_m": 200.0, "monitoring": "在线"},
        {"dump_height_m": 200.0, "dump_monitoring": True},
        {"closed_pit_depth_m": 29.0, "flood_works": False},
        {"slope_grade": "Ⅱ", "safety_factor": 1.15},
        {"slope_grade": "Ⅱ", "safety_factor": 1.14, "safety_factor_load": "加爆破振动"},
        {"safety_factor": 0.9},
        {"licence_valid_to": "2026-06-30"},
        {"method": "爆破开采", "design_warning_m": 200.0},
        {"method": "爆破开采", "design_warning_m": 300.0, "small_hillside": True},
        {"method": "机械开采", "design_warning_m": 10.0},
    ],
)
def test_what_meets_its_demand_is_no_fact(field: dict[str, Any]) -> None:
    assert len(_raised(**field)) == 0


def test_the_sort_of_blasting_on_record_sets_the_distance_of_flyrock() -> None:
    mine: dict[str, Any] = {"method": "爆破开采", "design_warning_m": 350.0}
    assert len(_raised(**mine)) == 0
    found = _raised(records={"blast": [{"blast": "1", "blasting": "裸露药包"}]}, **mine)
    assert found["rule"].tolist() == ["mine_warning_short"]
    assert found["evidence"][0] == {"design_warning_m": 350.0, "flyrock_m": 400.0}


def _east(d_m: float, **attributes: Any) -> dict[str, Any]:
    """Return a small building so far east of the quarry."""
    return {"geometry": shapely.box(1200 + d_m, 600, 1210 + d_m, 610), **attributes}


@pytest.mark.parametrize(
    ("kind", "building", "rules"),
    [
        ("self_built_house", {}, {"mine_band_dwelling": 4}),
        ("elderly_home", {}, {"mine_band_dwelling": 4}),
        ("building", {"use": "居住"}, {"mine_band_dwelling": 4}),
        ("building", {}, {"mine_band_dwelling_unsure": 0}),
        ("building", {"use": "仓储"}, {}),
        ("building", {"use": "闲置"}, {}),
        ("enterprise", {}, {"mine_band_works": 0}),
        ("gas_station", {}, {"mine_band_works": 0}),
        ("lpg_station", {}, {"mine_band_works": 0}),
        ("installation", {}, {"mine_band_works": 0}),
        ("tenant", {}, {"mine_band_works": 0}),
    ],
)
def test_only_dwellings_in_the_band_raise_the_class(
    kind: str, building: dict[str, Any], rules: dict[str, int]
) -> None:
    found = _raised({kind: [_east(300, **building), _east(301, **building)]}, small_hillside=True)
    assert dict(zip(found["rule"], found["floor"], strict=True)) == rules
    assert all(entry["count"] == 1 for entry in found["evidence"])


@pytest.mark.parametrize(
    ("small", "rules"),
    [
        (True, ["mine_band_quarry"]),
        (None, ["mine_band_quarry_unsure"]),
        (False, []),
    ],
)
def test_a_quarry_of_unknown_sort_may_be_too_close_to_another(
    small: bool | None, rules: list[str]
) -> None:
    other = [_east(300, small_hillside=False, method="机械开采"), _east(301, method="机械开采")]
    near = [{**row, "small_hillside": False} for row in other]
    assert _raised({"mine": near}, small_hillside=small)["rule"].tolist() == rules


def test_a_mine_of_unknown_method_may_blast() -> None:
    others: dict[str, Any] = {
        "school": [_east(200)], "enterprise": [_east(300)], "road": [{"geometry": ACROSS}]
    }  # fmt: skip
    found = _raised(others, method=None)
    assert dict(zip(found["rule"], found["floor"], strict=True)) == {
        "mine_zone_building_unsure": 0,
        "mine_zone_works_unsure": 0,
        "mine_zone_road_unsure": 0,
    }
    assert all("开采方式未登记，待核" in said for said in found["text_zh"])
    pipe = _raised({"gas_pipeline": [{"geometry": ACROSS}]}, method=None)
    assert pipe[["site", "rule"]].to_numpy().tolist() == [[100, "mine_zone_pipeline_unsure"]]


@pytest.mark.parametrize(
    ("zone", "mine", "within"),
    [
        (None, {}, [100, 250, 300]),
        (None, {"design_warning_m": 200.0}, [100]),
        (shapely.box(900, 400, 1460, 800), {}, [100, 250]),
        (shapely.box(900, 400, 1460, 800), {"design_warning_m": 50.0}, [100, 250]),
        (None, {"method": "机械开采"}, []),
        (None, {"method": None}, []),
    ],
)
def test_the_zone_of_the_design_is_preferred_then_its_distance_then_300_m(
    zone: Any, mine: dict[str, Any], within: list[int]
) -> None:
    others: dict[str, Any] = {"small_place": [_east(d) for d in (100, 250, 300, 301)]}
    if zone is not None:
        others["blast_zone"] = [
            {"mine": "K-7", "geometry": zone},
            {"mine": "other", "geometry": QUARRY},
        ]
    found = _raised(others, **{"method": "爆破开采", **mine})
    zones = found[found["rule"] == "mine_zone_building"]
    assert sum(entry["count"] for entry in zones["evidence"]) == len(within)
    assert [entry["nearest_m"] for entry in zones["evidence"]] == within[:1]


ACROSS = shapely.LineString([(1400, -100), (1400, 1900)])


@pytest.mark.parametrize(
    ("kind", "place", "rule"),
    [
        ("road", {"geometry": ACROSS}, "mine_zone_road"),
        ("power_line", {"geometry": ACROSS, "voltage_kv": 10.0}, "mine_zone_power_line"),
        ("power_line", {"geometry": ACROSS}, "mine_zone_power_line"),
        ("power_line", {"geometry": ACROSS, "voltage_kv": 0.4}, None),
        ("enterprise", _east(200), "mine_zone_works"),
        ("school", _east(200), "mine_zone_building"),
        ("mine", _east(200, method="机械开采", small_hillside=False), "mine_zone_mine"),
        ("gas_pipeline", {"geometry": ACROSS}, "mine_zone_pipeline"),
        ("gas_pipeline", {"geometry": ACROSS, "regime": "城镇燃气"}, None),
    ],
)
def test_what_lies_in_the_warning_zone_is_noted(
    kind: str, place: dict[str, Any], rule: str | None
) -> None:
    found = _raised({kind: [place]}, method="爆破开采")
    assert found["rule"].tolist() == ([rule] if rule else [])
    assert found["floor"].tolist() == ([0] if rule else [])


def test_a_line_is_noted_where_it_is_nearest_and_a_pipeline_at_the_pipeline() -> None:
    quarry: dict[str, Any] = {
        "geometry": shapely.box(1800, 500, 1990, 700), "method": "爆破开采"
    }  # fmt: skip
    far = shapely.LineString([(2100, 600), (9000, 600)])
    road = _raised({"road": [{"geometry": far}]}, **quarry)
    assert road[["area", "site"]].to_numpy().tolist() == [[toyland.B, 7]]
    pipe = _raised({"gas_pipeline": [{"geometry": far}]}, **quarry)
    assert pipe[["area", "site"]].to_numpy().tolist() == [[toyland.A, 100]]


def test_a_fragile_house_is_shaken_from_further_away() -> None:
    # Medium rock, 500 kg a delay, 30 Hz: 129.4 m for ordinary houses, 319.4 m for adobe.
    blast = {"blast": "1", "charge_per_delay_kg": 500.0, "rock": "中硬岩石", "frequency_hz": 30.0}
    houses = [_east(129, structure="框架"), _east(130, structure="框架"), _east(319), _east(320)]
    found = _raised({"self_built_house": houses}, {"blast": [blast]})
    assert found["rule"].tolist() == ["mine_vibration_building"]
    assert (found["evidence"][0]["count"], found["evidence"][0]["nearest_m"]) == (2, 129.0)
    told = _sources({"blast": [blast]})["evidence"][0]
    assert told["vibration_civil_m"] == pytest.approx(129.35, abs=0.01)


@pytest.mark.parametrize(
    ("downhill", "reached"),
    [(None, True), (90.0, True), (31.0, True), (29.0, False), (270.0, False)],
)
def test_a_slide_runs_downhill_where_that_is_on_record(
    downhill: float | None, reached: bool
) -> None:
    mine: dict[str, Any] = {"slope_height_m": 40.0, "downhill_deg": downhill}
    found = _raised({"self_built_house": [_east(120), _east(121)]}, **mine)
    assert found["rule"].tolist() == (["mine_run_out_dwelling"] if reached else [])
    if reached:
        assert found["evidence"][0]["count"] == 1


def test_a_slope_of_unknown_height_reaches_nobody_by_record() -> None:
    assert len(_raised({"self_built_house": [_east(10)]})) == 0


@pytest.mark.parametrize(
    ("volume", "height", "rules"),
    [
        # METHOD 2.4: the higher of V 1e6 1e7 1e8 m3 and H 30 60 100 m.
        (999_999.0, 29.9, ["mine_tailings_grade_5"]),
        (1e6, 29.9, ["mine_tailings_grade_4"]),
        (9e5, 30.0, ["mine_tailings_grade_4"]),
        (1e7, 10.0, ["mine_tailings_grade_3"]),
        (1e5, 60.0, ["mine_tailings_grade_3"]),
        (1e8, 10.0, ["mine_tailings_grade_2"]),
        (1e5, 100.0, ["mine_tailings_grade_2"]),
        (None, 60.0, ["mine_tailings_grade_3", "mine_tailings_unmeasured"]),
        (1e6, None, ["mine_tailings_grade_4", "mine_tailings_unmeasured"]),
        (None, None, ["mine_tailings_unmeasured"]),
    ],
)
def test_a_tailings_pond_has_the_higher_grade_of_its_volume_and_its_dam(
    volume: float | None, height: float | None, rules: list[str]
) -> None:
    pond = {"geometry": QUARRY, "volume_m3": volume, "dam_height_m": height}
    found = _raised({"tailings_pond": [pond]})
    assert sorted(found["rule"]) == rules
    assert set(found["floor"]) == {0}
    titles = {"5": "五等", "4": "四等", "3": "三等", "2": "二等"}
    assert all(
        titles.get(r[-1], "待核") in t for r, t in zip(found["rule"], found["text_zh"], strict=True)
    )


@pytest.mark.parametrize(
    ("kind", "place", "counted"),
    [
        ("self_built_house", {}, 1),
        ("enterprise", {}, 1),
        ("school", {}, 1),
        ("self_built_house", {"use": "闲置"}, 0),
        ("road", {}, 0),
    ],
)
def test_people_within_a_kilometre_of_a_tailings_pond_are_told_of(
    kind: str, place: dict[str, Any], counted: int
) -> None:
    near, far = (_east(d, **place) for d in (1000, 1001))
    if kind == "road":
        near, far = ({"geometry": ACROSS}, {"geometry": ACROSS})
    others: dict[str, Any] = {"tailings_pond": [{"geometry": QUARRY}], kind: [near, far]}
    found = _raised(others)
    told = found[found["rule"] == "mine_tailings_people"]
    assert [entry["count"] for entry in told["evidence"]] == [counted] * len(told)
    assert len(told) == min(counted, 1)
    assert all("按四周计" in text for text in told["text_zh"])


def test_everything_that_the_flags_read_is_named() -> None:
    assert set(quarry_zones.KINDS) <= MODEL.reads
    assert {"blast", "displacement"} <= MODEL.reads
