"""What we do not know: listed by what it would tell, and better than visits at random."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gis.domain.arrays import Floats
from gis.domain.risk import registry
from gis.domain.risk.doubt import UNSCORED, doubt
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.gains import PLACE
from gis.domain.risk.receptors import receptors
from gis.domain.risk.uncertainty import Draws, draw
from tests import toyland

SEED = 7
CONSTANTS = {
    **toyland.VALUES,
    "uncertainty": {**toyland.VALUES["uncertainty"], "shared_variance": 0.0},
}
"""Constants with which errors are each place's own, so that a second way of reckoning is plain."""


def town(rng: np.random.Generator, count: int = 60) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return random sources, half of them with a missing field, and hamlets around them."""
    spots = rng.uniform([100, 100], [5900, 1900], (count, 2))
    rows = [
        {
            "site": 100 + n,
            "geometry": shapely.Point(*spot),
            "intensity": float(rng.uniform(0.05, 0.5)),
            "r1_m": 50.0,
            "r2_m": float(rng.uniform(150, 500)),
            "sigma": 0.35 if n % 2 else 0.15,
            "evidence": {"dq": ["risk_colour"] if n % 2 else [], "steps": {}},
        }
        for n, spot in enumerate(spots)
    ]
    hamlets = [
        {"id": 1 + n, "key": str(n), "residents": float(rng.integers(20, 400)), "storeys": 2.0,
         "use": "自住", "geometry": shapely.Point(*rng.uniform([100, 100], [5900, 1900]))}
        for n in range(25)
    ]  # fmt: skip
    sites = {"self_built_house": toyland.site_frame("self_built_house", hamlets)}
    people = receptors(sites, toyland.KINDS, toyland.areas(), toyland.INDEX)
    return toyland.source_frame(rows), people


def judged(sources: gpd.GeoDataFrame, people: gpd.GeoDataFrame) -> Result:
    """Return the evaluation of the township with these sources and people."""
    return evaluate(
        sources, people, toyland.areas(), constants=toyland.INDEX,
        vulnerability=toyland.VULNERABILITY, coping=toyland.COPING,
    )  # fmt: skip


def listed(result: Result, **said: Any) -> tuple[pd.DataFrame, Draws]:
    """Return the list, and the draws it is made of."""
    draws = draw(result, CONSTANTS, seed=SEED, draws=2000)
    models = registry.models()
    found = doubt(result, draws, CONSTANTS, seed=SEED, kinds=toyland.KINDS, models=models, **said)
    return found, draws


def test_places_with_missing_fields_are_listed_the_most_telling_first() -> None:
    sources, people = town(np.random.default_rng(1))
    found, _ = listed(judged(sources, people))
    assert 0 < len(found) <= 10
    assert set(found["sort"]) == {PLACE}
    assert set(found["site"]) <= {100 + n for n in range(60) if n % 2}
    assert found["points"].is_monotonic_decreasing
    assert found["share"].between(0, 1).all()
    assert all("risk_colour" in fields for fields in found["fields"])


def test_a_village_without_a_score_comes_first() -> None:
    sources, people = town(np.random.default_rng(2))
    coverage = toyland.coverage()
    nobody_looked = coverage["village"] == toyland.areas()["code"].iloc[1]
    coverage.loc[nobody_looked, "status"] = "none"
    result = evaluate(
        sources, people, toyland.areas(), constants=toyland.INDEX, coverage=coverage,
        reads=registry.reads(registry.models()),
    )  # fmt: skip
    found, _ = listed(result, coverage=coverage)
    assert found["sort"].iloc[0] == UNSCORED
    assert found["area"].iloc[0] == toyland.B
    assert found["text_zh"].iloc[0].startswith(toyland.areas()["name"].iloc[1] + "没有得分")


def test_the_share_is_what_draws_with_the_field_known_give() -> None:
    sources, people = town(np.random.default_rng(3), count=8)
    result = judged(sources, people)
    found, draws = listed(result)
    first = found.iloc[0]
    known = sources.copy()
    known.loc[known["site"] == first["site"], "sigma"] = 0.15
    after = draw(judged(known, people), CONSTANTS, seed=SEED, draws=2000)
    row = int(np.flatnonzero(result.scores["area"] == first["area"])[0])
    fallen = 1 - after.data[row].var() / draws.data[row].var()
    assert fallen > 0.02
    assert first["share"] == pytest.approx(fallen, abs=0.08)


def test_visiting_what_is_listed_tells_more_than_visits_at_random() -> None:
    better = []
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        sources, people = town(rng)
        error = np.exp(sources["sigma"].to_numpy() * rng.standard_normal(len(sources)))
        truth = np.minimum(sources["intensity"].to_numpy() * error, 1.0)
        real = judged(sources.assign(intensity=truth), people).scores["R"].to_numpy()
        found, _ = listed(judged(sources, people))
        unsure = sources.loc[sources["sigma"] == 0.35, "site"].to_numpy()
        chance = [
            _off(sources, truth, people, real, rng.choice(unsure, len(found), replace=False))
            for _ in range(5)
        ]
        ours = _off(sources, truth, people, real, found["site"].to_numpy(dtype=np.int64))
        better.append(float(np.mean(chance)) - ours)
    assert np.mean(better) > 0
    assert np.mean(np.array(better) > 0) >= 0.7


def _off(
    sources: gpd.GeoDataFrame, truth: Floats, people: gpd.GeoDataFrame, real: Floats, visits: Any
) -> float:
    """Return how far scores are off after some places were visited, points, on average."""
    seen = sources["site"].isin(visits).to_numpy()
    known = sources.assign(intensity=np.where(seen, truth, sources["intensity"]))
    return float(np.abs(judged(known, people).scores["R"].to_numpy() - real).mean())


def test_the_list_is_the_same_every_time_and_in_any_order() -> None:
    sources, people = town(np.random.default_rng(5))
    straight, _ = listed(judged(sources, people))
    mixed, _ = listed(judged(sources.sample(frac=1, random_state=1), people))
    pd.testing.assert_frame_equal(straight, mixed)
