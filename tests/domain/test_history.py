"""What changed between versions, and which version a value is from."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
import shapely
from hypothesis import given

from gis.domain import history, merging
from gis.domain.history import GEOMETRY, PLAIN

HERE = shapely.to_wkb(shapely.Point(119.32, 31.72))
FENCE = shapely.to_wkb(shapely.box(119.32, 31.72, 119.321, 31.721))


def version(revision: int = 1, change: str = "update", **known: Any) -> dict[str, Any]:
    """Return a version; what is not said is not known."""
    attrs = known.pop("attrs", {})
    plain = dict.fromkeys(PLAIN) | {"name": "厂"} | known
    return {**plain, "attrs": attrs, "id": revision, "revision": revision, "change": change}


def test_a_first_version_is_new_in_all_that_it_knows() -> None:
    first = version(village="A", attrs={"tenants": 3})
    found = {one.field: (one.old, one.new) for one in history.differences(None, first)}
    assert found == {"name": (None, "厂"), "village": (None, "A"), "tenants": (None, 3)}


def test_a_value_that_went_is_told_with_what_it_was() -> None:
    (one,) = history.differences(version(attrs={"tenants": 3}), version(attrs={}))
    assert (one.field, one.old, one.new) == ("tenants", 3, None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, HERE, "从无到有"),
        (HERE, None, "从有到无"),
        (HERE, shapely.to_wkb(shapely.Point(119.33, 31.72)), "移动 948 米"),
        (HERE, shapely.to_wkb(shapely.Point(119.320001, 31.72)), "移动不到半米"),
        (HERE, FENCE, "形状改变：点 → 10,510 平方米，中心移动 73 米"),
        (
            shapely.to_wkb(shapely.LineString([(119.32, 31.72), (119.32, 31.73)])),
            shapely.to_wkb(shapely.LineString([(119.32, 31.72), (119.32, 31.74)])),
            "形状改变：1,109 米 → 2,218 米，中心移动 554 米",
        ),
    ],
    ids=["placed", "taken away", "moved", "hardly moved", "point to fence", "line made longer"],
)
def test_a_geometry_is_told_in_metres(old: bytes | None, new: bytes | None, said: str) -> None:
    # 0.01 degrees of longitude at 31.72 N are 948 m on GRS80, of latitude 1,109 m.
    assert history.moved(old, new) == said
    (one,) = history.differences(version(geom=old), version(geom=new))
    assert (one.field, one.said) == (GEOMETRY, said)


def test_a_value_is_from_the_version_since_which_it_stands() -> None:
    versions = [
        version(1, attrs={"tenants": 3, "shifts": 1}),
        version(2, attrs={"tenants": 4, "shifts": 1}),
        version(3, attrs={"tenants": 3, "shifts": 1}, village="A"),
    ]
    assert history.origins(versions) == {"name": 0, "shifts": 0, "tenants": 2, "village": 2}


VALUES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 2))


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_an_origin_has_the_value_and_the_version_before_it_has_not(
    rows: list[dict[str, int]],
) -> None:
    versions = [version(i, attrs=attrs) for i, attrs in enumerate(rows)]
    now = history.facts(versions[-1])
    found = history.origins(versions)
    assert set(found) == set(now)
    for name, since in found.items():
        assert all(history.facts(one)[name] == now[name] for one in versions[since:])
        assert since == 0 or history.facts(versions[since - 1]).get(name) != now[name]


@given(VALUES, VALUES)
def test_what_differs_one_way_differs_the_other_way(a: dict[str, int], b: dict[str, int]) -> None:
    there = history.differences(version(attrs=a), version(attrs=b))
    back = history.differences(version(attrs=b), version(attrs=a))
    assert {(one.field, one.old, one.new) for one in there} == {
        (one.field, one.new, one.old) for one in back
    }


def test_a_value_that_came_by_a_merge_is_traced_to_the_other_place() -> None:
    kept = [version(1), version(5, "merge", attrs={"tenants": 3}, source="普查")]
    others = [version(2, attrs={"tenants": 3}), version(3, attrs={"tenants": 3}, source="普查")]
    found = history.traced(kept, {5: others})
    assert found["tenants"] is others[0]
    assert found["source"] is others[1]
    assert found["name"] is kept[0]


def test_what_is_restored_is_neither_the_village_nor_a_field_that_is_gone() -> None:
    old = version(village="A", merged_into=7, geom=HERE, attrs={"tenants": 3, "gone": 1})
    found = history.restorable(old, ["tenants"])
    assert found["attrs"] == {"tenants": 3}
    assert found[GEOMETRY] == HERE
    assert not {"village", "merged_into"} & set(found)


def test_a_merge_fills_what_is_missing_and_changes_nothing_else() -> None:
    kept = version(attrs={"a": 1, "b": ""}, village="A", geom=HERE)
    dropped = version(attrs={"a": 2, "b": 3, "c": 4}, source="普查", accuracy_m=5.0, geom=FENCE)
    assert merging.filled(kept, dropped, ["a", "b"]) == {
        "source": "普查",
        "attrs": {"a": 1, "b": 3},
    }


def test_a_position_comes_with_how_exact_it_is() -> None:
    kept = version(village="A", accuracy_m=900.0)
    dropped = version(village="B", accuracy_m=5.0, geom=HERE)
    found = merging.filled(kept, dropped, [])
    assert found == {"geom": HERE, "accuracy_m": 5.0, "elevation_m": None, "village": "B"}
    nowhere = merging.filled(version(), version(village="B"), [])
    assert nowhere == {"village": "B"}


FIELDS = ["a", "b", "c"]


@given(VALUES, VALUES, st.sampled_from([None, HERE]), st.sampled_from([None, HERE, FENCE]))
def test_what_a_merge_filled_in_is_taken_back_whole(
    a: dict[str, int], b: dict[str, int], here: bytes | None, there: bytes | None
) -> None:
    kept, dropped = version(1, attrs=a, geom=here), version(2, attrs=b, geom=there, source="x")
    merged = {**kept, **merging.filled(kept, dropped, FIELDS), "revision": 3}
    back = merging.taken_back([kept, merged], 1)
    assert history.facts({**merged, **back}) == history.facts(kept)


@given(VALUES, VALUES, VALUES)
def test_what_was_changed_since_a_merge_stays(
    a: dict[str, int], b: dict[str, int], c: dict[str, int]
) -> None:
    kept, dropped = version(1, attrs=a), version(2, attrs=b)
    merged = {**kept, **merging.filled(kept, dropped, FIELDS), "revision": 3}
    later = {**merged, "attrs": {**merged["attrs"], **c}, "revision": 4}
    found = history.facts({**later, **merging.taken_back([kept, merged, later], 1)})
    for name in FIELDS:
        given_by_merge = name in b and name not in a
        changed = later["attrs"].get(name) != merged["attrs"].get(name)
        expected = later["attrs"].get(name) if changed or not given_by_merge else None
        assert found.get(name) == expected


def test_how_exact_a_position_is_stays_with_one_that_was_changed_since() -> None:
    before = version(1, village="A")
    merged = version(2, village="B", geom=HERE, accuracy_m=5.0)
    later = version(3, village="B", geom=FENCE, accuracy_m=5.0)
    assert merging.taken_back([before, merged, later], 1) == {}
