"""Draws of the index: the worked township, a second simulation beside ours, and laws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gis.domain.arrays import Floats
from gis.domain.risk import register, uncertainty
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.receptors import receptors
from gis.domain.risk.stability import sector_drops, summarise
from gis.domain.risk.uncertainty import (
    DATA_PARTS,
    EXPONENTS,
    INDICATORS,
    INTENSITY,
    PARTS,
    PEOPLE,
    RADIUS,
    WEIGHTS,
    draw,
    monte_carlo,
)
from tests import toyland

SEED = 20240601
SEEDS = st.integers(0, 2**32 - 1)
CONSTANTS = toyland.VALUES
quick = settings(max_examples=12, deadline=None, derandomize=True)

STILL = {
    "weights_concentration": 0.0,
    "exponents_concentration": 0.0,
    "radius_sigma": 0.0,
    "lref_factor": (1.0, 1.0),
    "rho_factor": (1.0, 1.0),
    "indicator_sigma": 0.0,
}
"""Constants with which nothing moves but by the sigmas of sources and receptors."""


def test_the_worked_township_gives_the_probabilities_of_the_plan() -> None:
    # METHOD 12.7: weights and exponents only, plan 20240601, N 2000.
    drawn = monte_carlo(toy(), CONSTANTS, seed=SEED, vary=(WEIGHTS, EXPONENTS))
    assert drawn.shape == (3, 2000)
    found = summarise(AREAS, drawn, CONSTANTS).set_index("area")
    assert found.loc[toyland.A, "p_first"] == pytest.approx(0.83, abs=0.03)
    assert found["classes"][toyland.A][1:3] == pytest.approx([0.53, 0.47], abs=0.03)
    assert found.loc[toyland.A, "shown_zh"] == "较低—中"
    assert found.loc[toyland.A, "shown"] == [2, 3]
    assert not found.loc[toyland.A, "stable"]
    assert found.loc[toyland.A, "first"]


@pytest.mark.parametrize("vary", [PARTS, DATA_PARTS, (INTENSITY,), (RADIUS,), (PEOPLE,)], ids=str)
def test_a_second_simulation_in_plain_numpy_gives_the_same_spread(vary: tuple[str, ...]) -> None:
    ours = monte_carlo(toy(), CONSTANTS, seed=1, draws=40_000, vary=vary)
    theirs = simulated(np.random.default_rng(7), 80_000, vary)
    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        at = np.quantile(theirs, level, axis=1)
        assert np.quantile(ours, level, axis=1) == pytest.approx(at, abs=0.15), level
    assert ours.std(axis=1) == pytest.approx(theirs.std(axis=1), rel=0.06, abs=0.01)
    assert np.corrcoef(ours) == pytest.approx(np.corrcoef(theirs), abs=0.03)
    first = [(rows == rows.max(axis=0)).mean(axis=1) for rows in (ours, theirs)]
    assert first[0] == pytest.approx(first[1], abs=0.01)


def test_repeating_gives_the_same_bits_and_another_seed_others() -> None:
    first, again, other = (monte_carlo(toy(), CONSTANTS, seed=seed, draws=50) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not (first == other).any()


@quick
@given(SEEDS, st.integers(1, 400_000))
def test_how_many_draws_are_made_at_a_time_changes_no_bit(seed: int, memory: int) -> None:
    result = evaluated(*township(seed))
    whole = monte_carlo(result, CONSTANTS, seed=seed, draws=40)
    part = monte_carlo(result, CONSTANTS, seed=seed, draws=40, memory_bytes=memory)
    assert np.array_equal(whole, part, equal_nan=True)
    assert np.array_equal(whole[:, :9], monte_carlo(result, CONSTANTS, seed=seed, draws=9))


@quick
@given(SEEDS)
def test_permuted_rows_change_no_bit(seed: int) -> None:
    sources, people = township(seed)
    rng = np.random.default_rng(seed)
    shuffled = evaluated(
        sources.iloc[rng.permutation(len(sources))],
        people.iloc[rng.permutation(len(people))],
        toyland.areas().iloc[[2, 0, 1]],
    )
    first, second = (
        monte_carlo(result, CONSTANTS, seed=seed, draws=20)
        for result in (evaluated(sources, people), shuffled)
    )
    assert np.array_equal(first, second)


@quick
@given(SEEDS)
def test_a_source_far_away_changes_no_bit(seed: int) -> None:
    sources, people = township(seed)
    far = toyland.source_frame(
        [{"site": 1, "intensity": 0.9, "r1_m": 10.0, "r2_m": 900.0,
          "geometry": shapely.Point(90_000, 0)}]
    )  # fmt: skip
    first, second = (
        monte_carlo(evaluated(rows, people), CONSTANTS, seed=seed, draws=20)
        for rows in (sources, pd.concat([far, sources], ignore_index=True))
    )
    assert np.array_equal(first, second)


@quick
@given(SEEDS)
def test_a_closed_part_has_the_draws_of_the_whole(seed: int) -> None:
    sources, people = township(seed)
    areas = toyland.areas()
    whole = monte_carlo(evaluated(sources, people), CONSTANTS, seed=seed, draws=20)
    inside = people[people["area"] == toyland.B]
    part = evaluated(sources, inside, areas[areas["area"] == toyland.B])
    assert np.array_equal(monte_carlo(part, CONSTANTS, seed=seed, draws=20), whole[1:2])


@quick
@given(SEEDS)
def test_without_any_spread_every_draw_is_the_score(seed: int) -> None:
    sources, people = township(seed)
    certain = evaluated(sources.assign(sigma=0.0), people.assign(sigma=0.0))
    drawn = monte_carlo(certain, changed(**STILL), seed=seed, draws=7)
    assert np.abs(drawn - certain.scores[["R"]].to_numpy()).max() <= 1e-12
    unmoved = monte_carlo(evaluated(sources, people), CONSTANTS, seed=seed, draws=7, vary=())
    assert np.abs(unmoved - certain.scores[["R"]].to_numpy()).max() <= 1e-12


@quick
@given(st.lists(st.floats(0, 1.5), min_size=2, max_size=4), st.floats(0.05, 1.0), SEEDS)
def test_a_wider_sigma_never_narrows_the_interval_of_a_single_source(
    sigmas: list[float], intensity: float, seed: int
) -> None:
    widths = []
    for sigma in sorted(sigmas):
        alone = toyland.sources().iloc[:1].assign(sigma=sigma, intensity=intensity)
        drawn = monte_carlo(evaluated(alone), CONSTANTS, seed=seed, draws=200, vary=(INTENSITY,))
        low, high = np.quantile(drawn[0], [0.05, 0.95])
        widths.append(high - low)
    assert (np.diff(widths) >= -1e-9).all()


@quick
@given(SEEDS)
def test_draws_of_the_data_are_those_of_everything_with_the_method_standing(seed: int) -> None:
    result = evaluated(*township(seed))
    both = draw(result, CONSTANTS, seed=seed, draws=15)
    assert np.array_equal(both.scores, monte_carlo(result, CONSTANTS, seed=seed, draws=15))
    data = monte_carlo(result, CONSTANTS, seed=seed, draws=15, vary=DATA_PARTS)
    assert np.array_equal(both.data, data)


def test_what_errs_with_its_kind_has_half_the_variance_in_common() -> None:
    uid, kind = np.arange(40), np.repeat(np.array(["mine", "gas"], dtype=object), 20)
    found = uncertainty.errors(uid, kind, np.arange(20_000), 1, INTENSITY, 0.5)
    together = np.atleast_2d(np.corrcoef(found))
    same = kind[:, None] == kind[None, :]
    assert found.std(axis=1) == pytest.approx(np.ones(40), abs=0.03)
    assert together[same & ~np.eye(40, dtype=bool)] == pytest.approx(0.5, abs=0.03)
    assert together[~same] == pytest.approx(0.0, abs=0.03)


def test_a_radius_is_drawn_no_farther_than_the_pairs_reach() -> None:
    uid = np.arange(400)
    cut = evaluated(
        toyland.source_frame(
            [{"site": 20 + n, "intensity": 0.6, "r1_m": 0.0, "r2_m": 400.0,
              "geometry": shapely.Point(2000, 10 * n)} for n in uid.tolist()]
        )
    )  # fmt: skip
    town = uncertainty._Town.of(cut, CONSTANTS, 3, PARTS, None)
    drawn = town._r2_m(np.arange(2000))
    assert drawn is not None
    assert drawn.max() == pytest.approx(400 * np.exp(0.75))
    assert drawn.min() == pytest.approx(400 * np.exp(-0.75))
    assert np.median(drawn) == pytest.approx(400, rel=0.02)


def test_an_area_without_a_score_stays_unknown_in_every_draw() -> None:
    blank = replace(toy(), sectors=toy().sectors.assign(known=toy().sectors["area"] != toyland.B))
    drawn = monte_carlo(blank, CONSTANTS, seed=1, draws=100)
    assert np.isnan(drawn[1]).all()
    assert np.isfinite(drawn[[0, 2]]).all()
    found = summarise(AREAS, drawn, CONSTANTS).set_index("area").loc[toyland.B]
    assert found.isna().all()
    both = summarise(AREAS, drawn, CONSTANTS).set_index("area")
    assert both.loc[[toyland.A, toyland.C], "rank_high"].max() == 2


def test_a_town_without_sources_is_certain_that_there_is_no_load() -> None:
    drawn = monte_carlo(evaluated(toyland.sources().iloc[:0]), CONSTANTS, seed=1, draws=30)
    assert np.array_equal(drawn, np.zeros((3, 30)))


def test_ignorance_of_an_indicator_widens_the_interval() -> None:
    result, rows = toy(), indicator_rows(known=True)
    known, unknown = (
        monte_carlo(result, CONSTANTS, seed=1, draws=4000, vary=(INDICATORS,), indicators=frame)
        for frame in (rows, rows.assign(known=rows["known"] & (rows["name"] != "b")))
    )
    assert known.std(axis=1).max() < 1e-9
    # V = (0.5 x 4 + 0.5 x 5) = 4.5; b is unknown, counts 5 and is drawn with sigma 2.9: R goes with
    # V^0.25, so its relative deviation is about 0.25 x 0.5 x 2.9 / 4.5, less what the ends cut.
    relative = unknown.std(axis=1) / unknown.mean(axis=1)
    assert relative == pytest.approx(np.full(3, 0.25 * 0.5 * 2.6 / 4.5), rel=0.15)


def test_an_indicator_drawn_is_as_often_worse_as_better_than_what_stands_for_it() -> None:
    rows = indicator_rows(known=False).assign(least=7.0, score=np.nan)
    town = uncertainty._Town.of(toy(), CONSTANTS, 1, PARTS, rows)
    drawn = town._drawn(rows, np.arange(4000))
    assert drawn.min() == 0.0
    assert drawn.max() == 10.0
    assert np.median(drawn) == pytest.approx(7.0, abs=0.1)


@quick
@given(SEEDS)
def test_the_classes_of_a_summary_are_those_of_the_draws(seed: int) -> None:
    drawn = monte_carlo(evaluated(*township(seed)), CONSTANTS, seed=seed, draws=60)
    found = summarise(AREAS, drawn, CONSTANTS)
    limits = [0, 20, 35, 50, 65, 101]
    counted = np.array([np.histogram(scores, limits)[0] / 60 for scores in drawn])
    shares = np.array(found["classes"].tolist())
    assert shares.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-12)
    assert shares == pytest.approx(counted)
    assert (found["low"] <= found["median"]).all()
    assert (found["median"] <= found["high"]).all()
    assert (found["rank_low"] <= found["rank_high"]).all()
    assert found["stable"].tolist() == (shares.max(axis=1) >= 0.8).tolist()


def test_a_summary_is_what_a_hand_counts() -> None:
    # Ten draws: A 34 x 5, 36 x 5; B 10 always; C 34 in the first five draws (a tie), else 30.
    drawn = np.array([[34.0] * 5 + [36.0] * 5, [10.0] * 10, [34.0] * 5 + [30.0] * 5])
    found = summarise(AREAS, drawn, CONSTANTS)
    assert found["classes"].tolist() == [[0, 0.5, 0.5, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0]]
    assert found["shown"].tolist() == [[2, 3], [1], [2]]
    assert found["shown_zh"].tolist() == ["较低—中", "低", "较低"]
    assert found["stable"].tolist() == [False, True, True]
    assert found["p_first"].tolist() == [0.5, 0.0, 0.0]  # who shares a rank is not first
    assert found["p_top"].tolist() == [1.0, 1.0, 1.0]
    assert found["first"].tolist() == [False, False, False]
    assert found[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 2], [3, 3], [1, 2]]


def test_a_floor_lets_no_draw_show_a_lower_class() -> None:
    drawn = np.array([[10.0] * 9 + [70.0], [30.0] * 10, [30.0] * 10])
    found = summarise(AREAS, drawn, CONSTANTS, floors=np.array([4, 0, 2]))
    assert found["classes"].tolist() == [
        [0, 0, 0, 0.9, 0.1], [0, 1, 0, 0, 0], [0, 1, 0, 0, 0],
    ]  # fmt: skip
    assert found["shown"].tolist() == [[4], [2], [2]]


def test_leaving_a_sector_out_is_evaluating_without_it() -> None:
    result = evaluated(*township(13))
    found = sector_drops(result, CONSTANTS).set_index("sector")
    weights = CONSTANTS["index"]["sector_weights"]
    assert isinstance(weights, Mapping)
    rest = {name: 0.0 if name == "IND" else weight for name, weight in weights.items()}
    without = evaluated(*township(13), constants={**CONSTANTS["index"], "sector_weights": rest})
    pair = [evaluation.scores["R"].to_numpy(float) for evaluation in (result, without)]
    assert found.loc["IND", "correlation"] == pytest.approx(stats.spearmanr(*pair).statistic)
    # R 43.5, 39.8, 59.9: B is last; without IND it is the first.
    assert int(np.argmin(pair[0])) == 1
    assert int(np.argmax(pair[1])) == 1
    moves = found[["correlation", "moved", "area"]].to_dict("index")
    assert (moves["IND"]["moved"], moves["IND"]["area"]) == (2, toyland.B)
    assert moves["HOU"] == {"correlation": 1.0, "moved": 0, "area": None}


def test_no_order_of_areas_that_are_all_the_same() -> None:
    found = sector_drops(evaluated(toyland.sources().iloc[:0]), CONSTANTS)
    assert found["correlation"].isna().all()
    assert (found["moved"] == 0).all()


AREAS = np.array([toyland.A, toyland.B, toyland.C])


def toy() -> Result:
    """Return the evaluation of METHOD 12.7."""
    lifts = register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    return evaluated(register.apply(toyland.sources(), lifts))


def evaluated(
    sources: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame | None = None,
    areas: gpd.GeoDataFrame | None = None,
    constants: Mapping[str, Any] = toyland.INDEX,
) -> Result:
    areas = toyland.areas() if areas is None else areas
    if people is None:
        people = receptors(toyland.sites(), toyland.KINDS, toyland.areas(), toyland.INDEX)
    rows = areas.sort_values("code")["area"].to_numpy() - 1
    return evaluate(
        sources, people, areas, constants=constants,
        vulnerability=toyland.VULNERABILITY[rows], coping=toyland.COPING[rows],
    )  # fmt: skip


def township(seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return random sources, some of them one object, and people and an asset around them."""
    rng = np.random.default_rng(seed)
    rows = []
    for row in range(int(rng.integers(2, 10))):
        x, y = rng.uniform(-300, 6300), rng.uniform(-300, 2300)
        rows.append(
            {
                "site": 100 + row,
                "geometry": shapely.box(x, y, x + rng.uniform(1, 500), y + rng.uniform(1, 500)),
                "intensity": float(rng.choice([0.0, 1.0, rng.random()])),
                "uplift": float(rng.uniform(1, 3)),
                "r1_m": float(rng.uniform(0, 200)),
                "r2_m": float(rng.uniform(0, 1200)),
                "sector": str(rng.choice(["IND", "GAS", "FOR"])),
                "model": str(rng.choice(["industry", "gas"])),
                "object_uid": f"object {rng.integers(8)}",
                "sigma": float(rng.choice([0.15, 0.35])),
            }
        )
    given_sites = {
        kind: toyland.random_sites(kind, rng, 6, first_id=start)
        for kind, start in (("self_built_house", 10_000), ("school", 20_000))
    }
    people = pd.concat(
        [
            receptors(sites, toyland.KINDS, toyland.areas(), toyland.INDEX)
            for sites in (toyland.sites(), given_sites)
        ]
    )
    sources = toyland.source_frame(rows)
    asset = people.iloc[:1].assign(uid=1, own=sources["uid"].to_numpy()[:1])
    return sources, pd.concat([people, asset], ignore_index=True)


def changed(**values: Any) -> dict[str, Any]:
    """Return the constants with other ones of ``uncertainty``."""
    return {**CONSTANTS, "uncertainty": {**CONSTANTS["uncertainty"], **values}}


def indicator_rows(*, known: bool) -> pd.DataFrame:
    """Return two indicators of each dimension and village: a scores 4, b 5."""
    rows = [
        {"area": area, "dimension": dimension, "name": name, "value": 0.0, "score": score,
         "weight": 0.5, "known": known, "least": 0.0, "dq": ""}
        for area in AREAS.tolist()
        for dimension in ("V", "C")
        for name, score in (("a", 4.0), ("b" if dimension == "V" else "c", 5.0))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def simulated(rng: np.random.Generator, n: int, vary: tuple[str, ...]) -> Floats:
    """Draw R of the toy township by the formulas of METHOD 7, with numpy's own generators.

    Written out place by place, with the distances and people of METHOD 12.7; every source is the
    only one of its model, houses share half of the variance of their numbers.
    """

    def z(part: str) -> Floats:
        return rng.standard_normal(n) if part in vary else np.zeros(n)

    everything = tuple(vary) == PARTS
    plant = 1 - (1 - np.minimum(1, 0.7 * np.exp(0.15 * z(INTENSITY)))) ** 1.2
    line = np.minimum(1, 0.6 * np.exp(0.15 * z(INTENSITY)))
    plant_m = 500 * np.exp(0.25 * np.clip(z(RADIUS), -3, 3))
    line_m = 126.2 * np.exp(0.25 * np.clip(z(RADIUS), -3, 3))
    in_common = z(PEOPLE)
    homes = [np.exp(0.1 * (in_common + z(PEOPLE)) / np.sqrt(2)) for _ in range(3)]
    people = {
        "A": (500 * 0.65 * homes[0], 300 * 0.2 * np.sqrt(10) * np.exp(0.1 * z(PEOPLE))),
        "B": (800 * 0.65 * homes[1], 120 * 0.24 * np.exp(0.1 * z(PEOPLE))),
        "C": (300 * 0.65 * homes[2], 60 * np.sqrt(10) * np.exp(0.1 * z(PEOPLE))),
    }
    hit = {
        "A": [plant * fallen(d, 100, plant_m) for d in (1050, 150)],
        "B": [plant * fallen(d, 100, plant_m) for d in (750, 0)],
        "C": [line * fallen(d, 5, line_m) for d in (50, 150)],
    }
    weight = rng.dirichlet(50 * np.array([0.33, 0.22, 0.19, 0.14, 0.12]), n).T
    power = rng.dirichlet(50 * np.array([0.5, 0.25, 0.25]), n).T
    lref, rho = 1000 * rng.uniform(0.5, 2, n), 0.5 * rng.uniform(0.6, 1.67, n)
    if not everything:
        weight, power = np.array([[0.33], [0.22]]), np.array([[0.5], [0.25], [0.25]])
        lref, rho = np.full(n, 1000.0), np.full(n, 0.5)
    rows = []
    for name, v, c in (("A", 4, 5), ("B", 3, 4), ("C", 6, 5)):
        load = sum(h * e for h, e in zip(hit[name], people[name], strict=True))
        share = load / sum(people[name])
        sector = 5 * np.minimum(1, np.log(1 + load) / np.log(1 + lref)) + 5 * np.minimum(
            1, share / rho
        )
        left = ((10 - sector) / 10 * 9 + 1) ** weight[1 if name == "C" else 0]
        rest = 10 ** (1 - weight[1 if name == "C" else 0])
        he = (10 - left * rest) / 9 * 10
        rows.append(10 * he ** power[0] * v ** power[1] * c ** power[2])
    return np.array(rows)


def fallen(d_m: float, r1_m: float, r2_m: Floats) -> Floats:
    """Return the kernel of METHOD 7.2."""
    way = (d_m - r1_m) / (r2_m - r1_m)
    return np.where(d_m <= r1_m, 1.0, np.where(d_m >= r2_m, 0.0, (1 - way**2) ** 2))
