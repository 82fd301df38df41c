"""The one GeoJSON encoder: RFC 7946, null and never NaN, safe inside a page."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gis.domain.document import Document
from gis.domain.features import CHUNK_CHARACTERS, collection, feature_texts, splice

HOSTILE = [
    "${alert(1)}",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "C:\\2019",
    "`${1}`",
    "a\u2028b\u2029c",
    "]]>&amp;",
    '"quoted"',
    "\x00\x1f\x7f",
    "茅山·𠮷",
]


def frame(shapes: Sequence[shapely.Geometry | None], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4490")


def encode(shape: shapely.Geometry | None, **properties: Any) -> dict[str, Any]:
    """Encode one feature and read it by a strict parser."""
    columns = {name: pd.Series([value], dtype=object) for name, value in properties.items()}
    (text,) = feature_texts(frame([shape], **columns), [7], list(columns))
    return strict(text)


def strict(text: str | bytes) -> dict[str, Any]:
    """Parse JSON as RFC 8259 has it: NaN, Infinity and double names are errors."""

    def refuse(what: str) -> None:
        raise AssertionError(what)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    found: dict[str, Any] = json.loads(text, parse_constant=refuse, object_pairs_hook=once)
    return found


def gather(texts: Iterable[str], **members: Any) -> bytes:
    return b"".join(collection(texts, name="school", members=members))


def test_a_feature_has_its_members_in_a_fixed_order() -> None:
    (text,) = feature_texts(frame([shapely.Point(119.37, 31.72)], code=["a"]), [7], ["code"])
    assert text == (
        '{"type":"Feature","id":7,"properties":{"code":"a"},'
        '"geometry":{"type":"Point","coordinates":[119.37,31.72]}}'
    )


def test_longitude_comes_first_and_there_is_no_crs() -> None:
    found = encode(shapely.Point(119.37, 31.72))
    assert found["geometry"]["coordinates"] == [119.37, 31.72]
    assert "crs" not in found


def test_metres_are_refused() -> None:
    metres = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(440_288, 3_510_977)], crs=4549)
    with pytest.raises(ValueError, match="EPSG:4549"):
        feature_texts(metres, [1], ["a"])


RINGS = [
    shapely.Polygon([(119, 31), (119, 32), (120, 32), (120, 31)]),
    shapely.MultiPolygon([shapely.box(119, 31, 120, 32), shapely.box(121, 31, 122, 32).reverse()]),
    shapely.GeometryCollection([shapely.box(119, 31, 120, 32, ccw=False), shapely.Point(119, 31)]),
    shapely.Polygon(
        [(119, 31), (119, 32), (120, 32), (120, 31)],
        [[(119.2, 31.2), (119.4, 31.2), (119.4, 31.4), (119.2, 31.4)]],
    ),
]


@pytest.mark.parametrize("shape", RINGS, ids=lambda shape: shape.geom_type)
def test_rings_are_right_handed(shape: shapely.Geometry) -> None:
    found = shapely.from_geojson(json.dumps(encode(shape)["geometry"]))
    polygons = [p for p in shapely.get_parts(found) if p.geom_type == "Polygon"]
    assert polygons
    for polygon in polygons:
        assert polygon.exterior.is_ccw
        assert not any(hole.is_ccw for hole in polygon.interiors)
    assert shapely.equals(found, shape)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(73, 136), st.floats(3, 54)), min_size=2, max_size=30))
def test_coordinates_have_seven_decimals_and_are_the_nearest(xy: list[tuple[float, float]]) -> None:
    (text,) = feature_texts(frame([shapely.LineString(xy)]), [1], [])
    assert not re.search(r"\.\d{8}", text)
    found = strict(text)["geometry"]["coordinates"]
    assert np.abs(np.array(found) - np.array(xy)).max() <= 0.5000001e-7


def test_coordinates_that_the_library_writes_too_long_are_mended() -> None:
    shape = shapely.Point(122.6972448, 108.4818517)
    assert "122.69724480000001" in shapely.to_geojson(shape)
    (text,) = feature_texts(frame([shape]), [1], [])
    assert "[122.6972448,108.4818517]" in text


def test_heights_are_left_out() -> None:
    line = shapely.LineString([(119, 31, 5), (120, 32, 6)])
    assert encode(line)["geometry"]["coordinates"] == [[119, 31], [120, 32]]


@pytest.mark.parametrize("shape", [None, shapely.Point(), shapely.Polygon(), shapely.MultiPoint()])
def test_no_place_is_null(shape: shapely.Geometry | None) -> None:
    assert encode(shape)["geometry"] is None


@pytest.mark.parametrize(
    "missing",
    [None, math.nan, math.inf, -math.inf, pd.NA, pd.NaT, np.float32("nan"), decimal.Decimal("NaN")],
    ids=repr,
)
def test_what_is_missing_is_null(missing: Any) -> None:
    assert encode(None, a=missing)["properties"] == {"a": None}


def test_nan_inside_a_table_is_null_too() -> None:
    assert encode(None, a={"b": [1.5, math.nan]})["properties"]["a"] == {"b": [1.5, None]}


def test_numbers_are_numbers_and_truth_is_truth() -> None:
    found = encode(
        None, a=True, b=np.bool_(False), c=3, d=np.int64(4), e=0.1, f=np.float64(2.0), g="3"
    )["properties"]
    assert found == {"a": True, "b": False, "c": 3, "d": 4, "e": 0.1, "f": 2.0, "g": "3"}
    assert found["a"] is True
    assert found["b"] is False
    assert isinstance(found["d"], int)


def test_whole_numbers_of_integer_columns_are_written_whole() -> None:
    table = frame([None, None, None], a=[3.0, np.nan, 2.5], b=[3.0, 4.0, 5.0])
    texts = feature_texts(table, [1, 2, 3], ["a", "b"], integers=["a"])
    assert ['"a":3,"b":3.0' in texts[0], '"a":null' in texts[1], '"a":2.5' in texts[2]] == [
        True
    ] * 3


def test_numbers_too_large_for_json_stay_numbers() -> None:
    assert encode(None, a=2**70, b=-(2**63))["properties"] == {"a": 2.0**70, "b": -(2**63)}


def test_dates_are_iso_text() -> None:
    found = encode(None, a=dt.date(2026, 5, 1), b=pd.Timestamp("2026-05-01 08:30"), c="2026-05-01")
    assert found["properties"] == {"a": "2026-05-01", "b": "2026-05-01T08:30:00", "c": "2026-05-01"}


def test_a_column_of_days_has_no_time_of_day() -> None:
    days = pd.to_datetime(pd.Series(["2026-05-01", None]))
    instants = pd.to_datetime(["2026-05-01T08:30:00+00:00", "2026-05-01T00:00:00+00:00"])
    table = frame([None, None], day=days, instant=instants)
    texts = feature_texts(table, [1, 2], ["day", "instant"])
    assert [strict(text)["properties"]["day"] for text in texts] == ["2026-05-01", None]
    assert strict(texts[1])["properties"]["instant"] == "2026-05-01T00:00:00+00:00"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_survive_and_cannot_leave_their_text(name: str) -> None:
    (text,) = feature_texts(frame([None], **{"name": [name], name: [1]}), [1], ["name", name])
    assert strict(text)["properties"] == {"name": name, name: 1}
    assert not set(text) & set("<>&\u2028\u2029\n\r")
    assert strict(splice(text, {"x": name}))["properties"]["x"] == name
    assert not set(gather([text], notice=name).decode()) & set("<>&\u2028\u2029")


def test_half_a_surrogate_pair_becomes_a_replacement_mark() -> None:
    found = encode(None, name="a\ud800b", more={"c": ["\udfff"]})["properties"]
    assert found == {"name": "a\ufffdb", "more": {"c": ["\ufffd"]}}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    TEXTS,
    st.floats(allow_nan=False, allow_infinity=False),
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(TEXTS.filter(lambda name: name != "geometry"), PLAIN, max_size=6))
def test_properties_come_back_as_they_were(properties: dict[str, Any]) -> None:
    assert encode(shapely.Point(119, 31), **properties)["properties"] == properties


@settings(deadline=None)
@given(arrays(float, 5, elements=st.floats()))
def test_no_float_makes_invalid_json(values: np.ndarray) -> None:
    for text in feature_texts(frame([None] * 5, a=values), range(5), ["a"], integers=["a"]):
        strict(text)


@settings(deadline=None)
@given(
    st.dictionaries(TEXTS.filter(lambda name: name != "geometry"), PLAIN, max_size=4),
    st.dictionaries(
        st.sampled_from(["distance_m", "bearing_deg"]), st.one_of(st.none(), st.floats())
    ),
)
def test_spliced_properties_come_first(properties: dict[str, Any], first: dict[str, Any]) -> None:
    columns = {name: pd.Series([value], dtype=object) for name, value in properties.items()}
    (text,) = feature_texts(frame([shapely.Point(119, 31)], **columns), [7], list(columns))
    before, after = strict(text), strict(splice(text, first))
    finite = {k: v if v is not None and math.isfinite(v) else None for k, v in first.items()}
    assert after["properties"] == finite | before["properties"]
    assert list(after["properties"]) == [*first, *properties]
    assert after["geometry"] == before["geometry"]


def test_a_property_named_like_the_mark_does_not_mislead_the_splice() -> None:
    (text,) = feature_texts(frame([None], a=['"properties":{']), [1], ["a"])
    assert strict(splice(text, {"d": 1}))["properties"] == {"d": 1, "a": '"properties":{'}


def test_a_collection_says_first_what_it_is() -> None:
    texts = feature_texts(frame([shapely.Point(119, 31)], a=[1]), [1], ["a"])
    data = gather(texts, notice="边界示意", synthetic=True, as_of=dt.date(2026, 5, 1), run=None)
    found = strict(data)
    assert list(found) == ["type", "name", "notice", "synthetic", "as_of", "run", "features"]
    assert (found["type"], found["name"], found["as_of"]) == (
        "FeatureCollection",
        "school",
        "2026-05-01",
    )
    assert found["features"] == [strict(texts[0])]


def test_an_empty_collection_is_valid() -> None:
    assert strict(gather([]))["features"] == []
    empty = gpd.GeoDataFrame({"a": []}, geometry=[], crs=4490)
    assert feature_texts(empty, [], ["a"]) == []


def test_a_member_cannot_replace_the_features() -> None:
    with pytest.raises(ValueError, match="features"):
        gather([], features=[])


def test_a_member_that_is_not_finite_is_null() -> None:
    assert strict(gather([], x=math.nan, y={"z": math.inf}))["x"] is None


def test_chunks_are_sent_while_the_features_are_being_made() -> None:
    made = 0
    points = frame([shapely.Point(119, 31)] * 5000, a=["x" * 40] * 5000)
    ready = feature_texts(points, range(5000), ["a"])

    def texts() -> Iterator[str]:
        nonlocal made
        for text in ready:
            made += 1
            yield text

    chunks = collection(texts(), name="many", members={})
    first = next(chunks)
    assert made < 1000
    assert CHUNK_CHARACTERS <= len(first) < CHUNK_CHARACTERS + 1000
    assert len(strict(first + b"".join(chunks))["features"]) == 5000


def test_geopandas_reads_back_what_was_written(tmp_path: Path) -> None:
    shapes = [shapely.Point(119.37, 31.72), shapely.box(119.3, 31.7, 119.4, 31.8), None]
    table = frame(
        shapes, name=["甲", "</script>", None], n=[1.5, np.nan, 2.0], ok=[True, False, None]
    )
    path = tmp_path / "a.geojson"
    path.write_bytes(gather(feature_texts(table, [4, 5, 6], ["name", "n", "ok"]), notice="x"))
    found = gpd.read_file(path)
    assert found.crs.to_epsg() == 4326  # GeoJSON knows no other
    assert found["name"].tolist()[:2] == ["甲", "</script>"]
    assert found["n"].isna().tolist() == [False, True, False]
    assert [
        None if s is None else shapely.equals(s, t)
        for s, t in zip(found.geometry, shapes, strict=True)
    ] == [True, True, None]


def test_a_document_gives_its_bytes_once() -> None:
    document = Document("application/geo+json", "tag", iter([b"a", b"b"]))
    assert document.read() == b"ab"
    assert document.read() == b""
    with pytest.raises(FrozenInstanceError):
        document.etag = "other"  # type: ignore[misc]  # what is tested
