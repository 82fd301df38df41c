"""Which places are suspected of being one, and which names are not."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings

from gis.domain import duplicates
from gis.domain.crs import METRIC
from gis.domain.duplicates import NEAR_M, core_names, explain, find

TOWN = ("薛埠镇", "薛埠")


def places(*rows: tuple[Any, ...]) -> gpd.GeoDataFrame:
    """Return places; each row is (id, name, operator, x or None), on a line, in metres."""
    ids, names, operators, xs = zip(*rows, strict=True)
    shapes = [None if x is None else shapely.Point(x, 0) for x in xs]
    data = {
        "id": np.array(ids, dtype=np.int64),
        "name": np.array(names, dtype=object),
        "operator": np.array(operators, dtype=object),
    }
    return gpd.GeoDataFrame(data, geometry=np.array(shapes, dtype=object), crs=METRIC)


def alike(a: str, b: str) -> bool:
    """Tell whether two places at one spot are suspected for their names alone."""
    return len(find(places((1, a, None, 0), (2, b, None, 0)), TOWN)) == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("金东水泥", "江苏金东水泥有限公司"),
        ("金东水泥厂", "金东水泥（有限公司）"),
        ("金东水泥", "金东新型水泥"),
        ("国营茅东林场", "薛埠镇茅东林场"),
        ("薛埠第一小学", "薛埠镇第１小学"),
        ("小张饭店", "小张大饭店"),
        ("建昌金属制品有限公司", "建昌金属制造有限公司"),
        ("ABC五金", "abc 五金"),
        ("常州公司", "常州有限公司"),
        ("西阳路十二号出租屋", "西阳路12号出租屋"),
    ],
)
def test_names_of_one_place_are_alike(a: str, b: str) -> None:
    assert alike(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # What all firms have in common makes none of them the same.
        ("江苏顺发五金有限公司", "江苏宏达五金有限公司"),
        ("常州市金坛区薛埠镇顺发五金有限责任公司", "常州市金坛区薛埠镇宏达五金有限责任公司"),
        ("常州顺发精密机械制造有限公司", "常州宏发精密机械制造有限公司"),
        # Neighbours.
        ("老王饭店", "老李饭店"),
        ("王建国自建房", "王建军自建房"),
        # What tells one of a row from the next.
        ("薛埠第一小学", "薛埠第二小学"),
        ("上阳自建房0001", "上阳自建房0002"),
        ("红星超市", "红星超市二店"),
        ("茅麓东区仓库", "茅麓西区仓库"),
        ("厂房A座仓库", "厂房B座仓库"),
        # The same trade in two villages; a part of a place.
        ("上阳村卫生室", "西旸村卫生室"),
        ("上阳水泥厂", "上阳水泥厂宿舍"),
        ("···", "……"),
    ],
)
def test_names_of_two_places_are_not_alike(a: str, b: str) -> None:
    assert not alike(a, b)


def test_a_name_keeps_what_is_its_own() -> None:
    assert core_names(["薛埠镇", "有限公司", "薛埠饭店", "模拟·禾舟机械厂"], TOWN) == [
        "薛埠镇",
        "有限公司",
        "饭店",
        "禾舟机械",
    ]


def test_each_rule_finds_its_pairs_likeliest_first() -> None:
    found = find(
        places(
            (1, "金东水泥", "X", 0),
            (2, "全不相干", "X", 90),  # the same operator, near
            (3, "金东水泥", "X", 500),  # the same operator, too far
            (4, "金东水泥", None, 540),  # a name alike, near 3
            (5, "金东水泥厂", "X", None),  # the same operator and a name alike, not placed
            (6, "全不相干", None, None),  # a name alone says nothing of where
        )
    )
    pairs = [(row.one, row.other) for row in found.itertuples()]
    assert pairs == [(1, 5), (3, 5), (1, 2), (3, 4)]
    assert found["distance_m"].tolist()[2:] == [90.0, 40.0]
    assert found["distance_m"].isna().tolist() == [True, True, False, False]


def test_a_distance_is_between_edges() -> None:
    frame = places((1, "金东水泥", None, 0), (2, "金东水泥", None, 0))
    boxes = [shapely.box(0, 0, 300, 300), shapely.box(399, 0, 700, 300)]
    found = find(frame.set_geometry(gpd.GeoSeries(boxes, crs=METRIC)))
    assert found["distance_m"].tolist() == [99.0]


def test_a_pair_is_explained_in_words() -> None:
    assert explain(False, 92.3, 12.2) == "名称相似 92 %，相距 12 米"
    code = "统一社会信用代码"
    assert explain(True, 100.0, 0.0, code) == "统一社会信用代码相同，名称相同，相距 0 米"
    assert explain(True, 85.0, float("nan"), code) == (
        "统一社会信用代码相同，名称相似 85 %，其中有还没落图的"
    )


def test_nothing_is_suspected_where_nothing_is() -> None:
    empty = places((1, "a", None, 0)).iloc[:0]
    assert find(empty).columns.tolist() == list(duplicates.COLUMNS)
    assert len(find(empty)) == len(find(places((1, "a", "X", 0)))) == 0


NAMES = st.sampled_from(["金东水泥", "金东水泥厂", "金东新型水泥", "顺发五金", "顺发", "第一小学"])
ROWS = st.lists(
    st.tuples(
        NAMES,
        st.sampled_from([None, "X", "Y"]),
        st.one_of(st.none(), st.integers(0, 400)),
    ),
    min_size=1,
    max_size=12,
)


def numbered(rows: list[tuple[Any, ...]]) -> gpd.GeoDataFrame:
    """Return places with the ids 1, 2, 3 ..."""
    return places(*((i, *row) for i, row in enumerate(rows, 1)))


@settings(max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[Any, ...]], random: Any) -> None:
    frame = numbered(rows)
    order = list(range(len(frame)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(find(frame), find(frame.iloc[order]))


@settings(max_examples=40)
@given(ROWS)
def test_which_of_two_has_the_smaller_id_changes_nothing(rows: list[tuple[Any, ...]]) -> None:
    frame = numbered(rows)
    turned = frame.assign(id=100 - frame["id"])
    there, back = find(frame), find(turned)
    measures = ["same_operator", "similarity", "distance_m"]
    assert _pairs(there, lambda id_: id_, measures) == _pairs(back, lambda id_: 100 - id_, measures)


def _pairs(found: pd.DataFrame, name: Any, measures: list[str]) -> set[Any]:
    return {
        (frozenset((name(row["one"]), name(row["other"]))), *map(str, (row[m] for m in measures)))
        for row in found.to_dict("records")
    }


@settings(max_examples=40)
@given(ROWS)
def test_no_pair_is_farther_than_the_limit_and_each_is_of_a_rule(
    rows: list[tuple[Any, ...]],
) -> None:
    frame = numbered(rows)
    found = find(frame)
    of = frame.set_index("id")
    for row in found.to_dict("records"):
        one, other = of.loc[row["one"]], of.loc[row["other"]]
        assert row["one"] < row["other"]
        if np.isnan(row["distance_m"]):
            assert one["operator"] == other["operator"] is not None
            assert one["geometry"] is None or other["geometry"] is None
        else:
            assert row["distance_m"] <= NEAR_M
            assert row["distance_m"] == one["geometry"].distance(other["geometry"])
        assert row["same_operator"] or row["similarity"] >= duplicates.ALIKE
    assert not found.duplicated(["one", "other"]).any()
