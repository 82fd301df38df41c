"""Whole points for those who do not see every row: they add up, and tell of no single row."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gis.domain.features import replaced
from gis.services import coarse

shares = st.lists(st.floats(0, 60), max_size=20)


@given(shares)
def test_shares_in_whole_points_add_up_to_the_score_in_whole_points(parts: list[float]) -> None:
    score = sum(parts)
    found = coarse.whole_shares(parts, score)
    if parts:
        assert sum(found) == coarse.whole(score)
    assert [own for own in found if own != int(own)] == []
    assert all(abs(own - part) < 1 for own, part in zip(found, parts, strict=True))


@given(st.floats(0, 100), st.sampled_from([20, 35, 50, 65]))
def test_a_score_in_whole_points_stays_in_its_class(score: float, limit: int) -> None:
    found = coarse.whole(score)
    assert found is not None
    if abs(score - limit) > coarse.ROUNDING:
        assert (found >= limit) == (score >= limit)


def test_what_is_not_known_stays_so() -> None:
    assert coarse.whole(None) is None
    (text,) = coarse.features(
        ['{"type":"Feature","id":1,"properties":{"name":"x","score":null},"geometry":null}']
    )
    assert json.loads(text)["properties"]["score"] is None


def test_a_replaced_property_leaves_the_rest_as_it_is_and_safe_in_a_page() -> None:
    said = '{"a":1,"score":34.9,"b":"\\u003c"}'
    text = f'{{"type":"Feature","id":7,"properties":{said},"geometry":null}}'
    found = replaced(text, "score", 34.0)
    assert list(json.loads(found)["properties"]) == ["a", "score", "b"]
    assert json.loads(found)["properties"] == {"a": 1, "score": 34.0, "b": "<"}
    assert json.loads(found)["id"] == 7
    assert "<" not in found
