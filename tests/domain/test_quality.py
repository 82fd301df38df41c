"""Quality of the register: the worked example, the limits, and laws on random places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.domain import quality
from tests.toyland import KINDS, random_sites, site_frame

AS_OF = dt.date(2026, 10, 31)
HERE = shapely.Point(0, 0)
VILLAGES = ("01", "02", "03")

PLANT: Mapping[str, Any] = {
    "id": 1,
    "key": "QY-1",
    "name": "plant",
    "village": "01",
    "geometry": HERE,
    "verified_on": "2025-10-01",
    "accuracy_m": 30.0,
    "uscc": "91320413MA1234567X",
    "category": "一般",
    "risk_colour": "蓝",
    "mhi_level": "不构成",
    "workers_max_shift": 20,
    "shifts": 1,
    "monitoring": "不需要",
}
"""The plant of docs/methods/quality.md."""


def judge(kind: str, *rows: Mapping[str, Any]) -> pd.DataFrame:
    """Judge places of a kind."""
    return quality.assess(site_frame(kind, rows), KINDS[kind], AS_OF)


def one(kind: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Judge one place."""
    return {str(name): value for name, value in judge(kind, row).iloc[0].items()}


def test_the_plant_of_the_method_page() -> None:
    found = one("enterprise", PLANT)
    assert (found["fields"], found["filled"]) == (9, 7)
    assert found["completeness"] == 7 / 9
    assert found["missing"] == "risk_reported_on standardisation"
    assert (found["days_since_verified"], found["overdue_days"]) == (395, 30)
    assert (found["freshness"], found["position"]) == ("stale", "within_50")
    assert found["grade"] == "B"
    assert one("enterprise", {**PLANT, "accuracy_m": None})["grade"] == "C"


def test_the_village_of_the_method_page() -> None:
    records = pd.concat([judge("enterprise", PLANT)] * 8, ignore_index=True)
    records["grade"] = list("AABBBBCD")
    assert quality.summarise(records, ["village"])["grade"].tolist() == ["B"]
    more = pd.concat([records, records[-1:]], ignore_index=True)
    assert quality.summarise(more, ["village"])["grade"].tolist() == ["C"]


SCHOOL: Mapping[str, Any] = {
    "id": 1,
    "village": "01",
    "geometry": HERE,
    "verified_on": "2026-10-31",
    "accuracy_m": 10.0,
    "stage": "小学",
    "pupils": 300,
    "staff": 20,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("fresh", "within_10", "A")),
        ({"verified_on": "2026-05-04"}, ("fresh", "within_10", "A")),
        ({"verified_on": "2026-05-03"}, ("stale", "within_10", "B")),
        ({"verified_on": "2025-11-05"}, ("stale", "within_10", "B")),
        ({"verified_on": "2025-11-04"}, ("stale", "within_10", "C")),
        ({"verified_on": "2025-05-09"}, ("stale", "within_10", "C")),
        ({"verified_on": "2025-05-08"}, ("stale", "within_10", "D")),
        ({"verified_on": None}, ("never", "within_10", "D")),
        ({"verified_on": "2026-11-01"}, ("never", "within_10", "D")),
        ({"accuracy_m": 10.1}, ("fresh", "within_50", "B")),
        ({"accuracy_m": 50.0}, ("fresh", "within_50", "B")),
        ({"accuracy_m": 50.1}, ("fresh", "worse", "C")),
        ({"accuracy_m": None}, ("fresh", "accuracy_unknown", "C")),
        ({"geometry": None}, ("fresh", "unplaced", "D")),
        ({"staff": None}, ("fresh", "within_10", "C")),
        ({"staff": None, "pupils": None}, ("fresh", "within_10", "D")),
        ({"stage": ""}, ("fresh", "within_10", "C")),
    ],
)
def test_the_worst_of_three_limits_makes_the_grade(
    changes: Mapping[str, Any], expected: tuple[str, str, str]
) -> None:
    found = one("school", {**SCHOOL, **changes})
    assert (found["freshness"], found["position"], found["grade"]) == expected


def test_a_field_counts_where_it_applies_or_nobody_knows_whether_it_does() -> None:
    def plant(**said: Any) -> tuple[int, int]:
        row = {"id": 1, "geometry": HERE, "mhi_level": "不构成", **said}
        found = one("enterprise", row)
        return found["filled"], found["fields"]

    assert plant(category="一般") == (2, 9)
    assert plant(category="其他金属粉尘") == (2, 12)
    assert plant() == (1, 15)
    assert plant(category="一般", dust_workers=4) == (3, 10)


def test_personal_fields_count_nowhere() -> None:
    names = {field.name for field in KINDS["enterprise"].personal_fields}
    assert names
    missing = one("enterprise", {"id": 1, "geometry": HERE})["missing"].split()
    assert not names & set(missing)


def test_what_must_be_verified_begins_with_what_never_was() -> None:
    dates = ("2026-01-01", None, "2025-01-01", "2026-10-30", None, "2025-01-01")
    rows = [{**SCHOOL, "id": 9 - at, "verified_on": date} for at, date in enumerate(dates)]
    assert quality.to_verify(judge("school", *rows))["id"].tolist() == [5, 8, 4, 7, 9]


def test_overdue_days_are_those_of_the_records() -> None:
    dates = ["2026-10-01", "2026-01-01", None, "2027-01-01"]
    late = quality.overdue_days(dates, 180, AS_OF)
    assert late.tolist()[:2] == [0, 123]
    assert np.isnan(late[2:]).all()


def test_nothing_adds_up_to_nothing() -> None:
    empty = quality.within(quality.join([]), VILLAGES)
    assert tuple(empty.columns) == quality.COLUMNS == tuple(judge("school", SCHOOL).columns)
    assert judge("school").empty
    assert quality.summarise(empty, ["village", "kind"]).empty
    assert quality.to_verify(empty).empty


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.slug)
def test_what_a_field_applies_to_is_said_in_the_passport_s_own_words(kind: Any) -> None:
    assert 30 <= kind.verify_days <= 730
    for field in kind.open_fields:
        for name, values in (field.applies or {}).items():
            other = kind.field(name)
            assert not other.personal
            assert other.name != field.name
            assert other.applies is None, "a chain of conditions"
            assert values
            assert other.codes or set(values) < set(other.values)


# ---- Laws ----

SOME = ("enterprise", "school", "self_built_house", "gas_pipeline", "fire_monitor")


def places(seed: int, kind: str, n: int, first_id: int = 1) -> gpd.GeoDataFrame:
    """Return random places; dates, accuracies, villages and positions are missing at times."""
    rng = np.random.default_rng([seed, SOME.index(kind)])
    frame = random_sites(kind, rng, n, first_id)
    days = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(-20, 1500, n), unit="D")
    dates = pd.Series(days.strftime("%Y-%m-%d"), dtype=object)
    frame["verified_on"] = dates.mask(rng.random(n) < 0.2, None)
    frame["accuracy_m"] = np.where(rng.random(n) < 0.2, np.nan, rng.uniform(0, 80, n))
    frame["village"] = rng.choice(np.array([*VILLAGES, "elsewhere", None], dtype=object), n)
    frame.loc[rng.random(n) < 0.1, "geometry"] = None
    return frame


def judged(seed: int, n: int) -> pd.DataFrame:
    """Return random records of several kinds."""
    frames = [
        quality.assess(places(seed, kind, n, 1 + n * at), KINDS[kind], AS_OF)
        for at, kind in enumerate(SOME)
        if n
    ]
    return quality.within(quality.join(frames), VILLAGES)


seeds = st.integers(0, 2**32 - 1)
ONES = settings(max_examples=8)


@ONES
@given(seed=seeds, kind=st.sampled_from(SOME), n=st.integers(1, 12))
def test_one_more_record_changes_no_other(seed: int, kind: str, n: int) -> None:
    more = places(seed, kind, n + 1)
    before, after = (quality.assess(f, KINDS[kind], AS_OF) for f in (more[:n], more))
    pd.testing.assert_frame_equal(before, after[:n])


@ONES
@given(seed=seeds, n=st.integers(0, 12))
def test_villages_and_what_lies_in_none_add_up_to_the_kinds(seed: int, n: int) -> None:
    records = judged(seed, n)
    cells = quality.summarise(records, ["kind", "village"])
    counts = ["records", *quality.FRESHNESS, *quality.POSITIONS]
    for by in ("kind", "village"):
        whole = quality.summarise(records, [by])
        pd.testing.assert_frame_equal(
            cells[counts].groupby(level=by).sum(), whole[counts], check_dtype=False
        )
        parts = cells["completeness"] * cells["records"]
        mean = parts.groupby(level=by).sum() / whole["records"]
        pd.testing.assert_series_equal(mean, whole["completeness"], check_names=False)
    assert cells["records"].sum() == n * len(SOME)
    for parts_of in (quality.FRESHNESS, quality.POSITIONS):
        assert (cells[list(parts_of)].sum(axis=1) == cells["records"]).all()


@ONES
@given(seed=seeds, n=st.integers(1, 12))
def test_the_order_of_the_rows_changes_nothing(seed: int, n: int) -> None:
    records = judged(seed, n)
    mixed = records.sample(frac=1, random_state=seed)
    for by in (["kind"], ["village"], ["village", "kind"]):
        pd.testing.assert_frame_equal(quality.summarise(records, by), quality.summarise(mixed, by))
    pd.testing.assert_frame_equal(quality.to_verify(records), quality.to_verify(mixed))


@ONES
@given(seed=seeds, kind=st.sampled_from(SOME), n=st.integers(1, 12))
def test_one_more_value_or_a_verification_never_makes_a_record_worse(
    seed: int, kind: str, n: int
) -> None:
    before = places(seed, kind, n)
    known = random_sites(kind, np.random.default_rng(seed), n)
    after = before.copy()
    for field in KINDS[kind].open_fields:
        learnt = before[field.name].isna() & (np.random.default_rng(seed).random(n) < 0.5)
        after[field.name] = before[field.name].where(~learnt, known[field.name])
    old, new = (quality.assess(frame, KINDS[kind], AS_OF) for frame in (before, after))
    assert (new["completeness"] >= old["completeness"]).all()
    assert (new["grade"] <= old["grade"]).all()
    today = quality.assess(after.assign(verified_on=AS_OF.isoformat()), KINDS[kind], AS_OF)
    assert (today["grade"] <= new["grade"]).all()


@ONES
@given(seed=seeds, n=st.integers(1, 12))
def test_enough_records_of_a_village_have_its_grade_and_too_few_a_better_one(
    seed: int, n: int
) -> None:
    records = judged(seed, n)
    for village, row in quality.summarise(records, ["village"]).iterrows():
        grades = records.loc[records["village"] == village, "grade"]
        assert (grades <= row["grade"]).mean() >= quality.SHARE_LIMIT
        assert (grades < row["grade"]).mean() < quality.SHARE_LIMIT
