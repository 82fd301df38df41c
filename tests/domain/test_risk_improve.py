"""What closing the cases of a place would do is what an assessment without them gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis.domain.risk.assess import Assessment, assess
from gis.domain.risk.improve import improvements
from tests import toyland

MAJOR = {"level": "重大", "due_on": "2026-01-31"}  # overdue for 150 days: a floor of 5
SHOP = 15


def cases(*rows: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return cases with these codes and sites."""
    return toyland.hazard_frame(rows)


def judged(hazards: gpd.GeoDataFrame) -> Assessment:
    """Return the toy township with a shop beside the plant, and these cases."""
    shop = {"id": SHOP, "name": "店", "patrons": 20, "geometry": shapely.Point(2300, 1000)}
    places = {**toyland.sites(), "small_place": toyland.site_frame("small_place", [shop])}
    return assess(toyland.snapshot(places, hazards), toyland.VALUES)


PLANT, HERE, OTHER = (
    {"code": "1", "site": toyland.PLANT},
    {"code": "2", "site": toyland.PLANT, **MAJOR},
    {"code": "3", "village": "320413109002", **MAJOR},
)


@pytest.mark.parametrize(
    ("rows", "closed", "site"),
    [
        ([PLANT], ["1"], toyland.PLANT),
        ([PLANT, HERE], ["1", "2"], toyland.PLANT),
        ([PLANT, HERE, OTHER], ["1", "2"], toyland.PLANT),
        ([PLANT, HERE, OTHER], ["3"], None),
    ],
)
def test_closing_the_cases_of_a_place_gives_what_an_assessment_without_them_does(
    rows: Sequence[Mapping[str, Any]], closed: Sequence[str], site: int | None
) -> None:
    hazards = cases(*rows)
    now = judged(hazards)
    then = judged(hazards[~hazards["code"].isin(closed)])
    found = improvements(now, hazards, toyland.AS_OF, toyland.INDEX)
    own = found[found["site"].isna() if site is None else found["site"] == site]
    assert len(own)
    coping = now.dimensions["C"].to_numpy() == then.dimensions["C"].to_numpy()
    assert coping.all()  # else R would move for another reason
    for row in own.to_dict("records"):
        assert row["cases"] == closed
        at = int(np.flatnonzero(now.classes["area"] == row["area"])[0])
        fall = now.result.scores["R"].iloc[at] - then.result.scores["R"].iloc[at]
        assert row["points"] == pytest.approx(fall, abs=1e-9)
        assert row["class_then"] == then.classes["shown"].iloc[at]
        assert row["floor_then"] == then.classes["floor"].iloc[at]


def test_the_largest_fall_comes_first_the_class_before_the_points() -> None:
    hazards = cases({**PLANT}, {**OTHER})
    found = improvements(judged(hazards), hazards, toyland.AS_OF, toyland.INDEX)
    of_b = found[found["area"] == toyland.B]
    assert of_b["site"].tolist() == [None, toyland.PLANT]
    assert of_b["points"].iloc[0] == 0
    assert of_b["points"].iloc[1] > 0


def test_an_honest_report_promises_nothing_and_an_area_without_a_score_no_class() -> None:
    honest = cases({**PLANT, "channel": "企业自查"})
    assert improvements(judged(honest), honest, toyland.AS_OF, toyland.INDEX).empty
    unknown = assess(
        toyland.snapshot(toyland.sites(), cases(HERE), toyland.coverage("none")), toyland.VALUES
    )
    assert improvements(unknown, cases(HERE), toyland.AS_OF, toyland.INDEX).empty


def test_without_a_register_there_is_nothing_to_close() -> None:
    bare = assess(toyland.snapshot(toyland.sites()), toyland.VALUES)
    assert improvements(bare, None, toyland.AS_OF, toyland.INDEX).empty
