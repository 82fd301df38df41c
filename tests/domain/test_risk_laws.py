"""Laws that hold for the engine and for every registered model, on random townships."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis.domain.risk import index, load, registry
from gis.domain.risk.assess import Assessment, assess
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.flags import FACTS
from gis.domain.risk.model import RELIEF, Model
from gis.domain.risk.pairs import halo, pair
from gis.domain.risk.receptors import COLUMNS as RECEPTOR_COLUMNS
from gis.domain.risk.receptors import receptors
from gis.domain.risk.sources import COLUMNS as SOURCE_COLUMNS
from gis.domain.risk.sources import LIMIT, PARTS
from tests import toyland

SEEDS = st.integers(0, 2**32 - 1)
SECTORS = index.sectors(toyland.INDEX)
ROUNDING = 1e-9
quick = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
quicker = settings(quick, max_examples=6)
models = pytest.mark.parametrize("model", registry.models(), ids=lambda model: str(model.slug))


@quick
@given(SEEDS)
def test_one_more_source_lowers_no_score(seed: int) -> None:
    sources, people = _township(seed)
    fewer = _evaluate(sources.iloc[:-1], people)
    more = _evaluate(sources, people)
    assert (more.scores["R"] >= fewer.scores["R"] - ROUNDING).all()
    assert (more.sectors["L"] >= fewer.sectors["L"] - ROUNDING).all()


@quick
@given(SEEDS)
def test_more_intensity_lowers_no_score(seed: int) -> None:
    sources, people = _township(seed)
    rng = np.random.default_rng(seed)
    stronger = np.minimum(1.0, sources["intensity"] + rng.uniform(0, 0.5, len(sources)))
    before = _evaluate(sources, people)
    after = _evaluate(sources.assign(intensity=stronger), people)
    assert (after.scores["R"] >= before.scores["R"] - ROUNDING).all()


@quick
@given(SEEDS)
def test_one_more_receptor_lowers_no_load(seed: int) -> None:
    sources, people = _township(seed)
    fewer = _evaluate(sources, people.iloc[:-1])
    more = _evaluate(sources, people)
    assert (more.sectors["L"] >= fewer.sectors["L"] - ROUNDING).all()


@quick
@given(SEEDS)
def test_permuted_rows_give_the_same_bits(seed: int) -> None:
    sources, people = _township(seed)
    rng = np.random.default_rng(seed)
    shuffled = _evaluate(
        sources.iloc[rng.permutation(len(sources))],
        people.iloc[rng.permutation(len(people))],
        toyland.areas().iloc[[2, 0, 1]],
    )
    _assert_same_bits(_evaluate(sources, people), shuffled, (toyland.A, toyland.B, toyland.C))


@quick
@given(SEEDS, st.sets(st.sampled_from([toyland.A, toyland.B, toyland.C]), min_size=1))
def test_a_closed_part_gives_the_same_bits_as_the_whole(seed: int, part: set[int]) -> None:
    sources, people = _township(seed)
    areas = toyland.areas()
    inside = people[people["area"].isin(part)]
    reaching = sources[halo(sources, inside.sort_values(["uid", "area"]))]
    closed = _evaluate(reaching, inside, areas[areas["area"].isin(part)])
    _assert_same_bits(_evaluate(sources, people), closed, tuple(sorted(part)))


@quick
@given(SEEDS)
def test_the_inputs_are_left_untouched(seed: int) -> None:
    sources, people = _township(seed)
    areas = toyland.areas()
    before = [_print(frame) for frame in (sources, people, areas)]
    _evaluate(sources, people, areas)
    assert [_print(frame) for frame in (sources, people, areas)] == before


@quick
@given(SEEDS)
def test_shares_sum_to_the_score(seed: int) -> None:
    result = _evaluate(*_township(seed))
    shares = result.loads.groupby("area")["share"].sum().reindex(result.scores["area"]).fillna(0.0)
    assert np.abs(shares.to_numpy() - result.scores["R"].to_numpy()).max() < ROUNDING
    loads = result.loads.groupby(["area", "sector"])["load"].sum()
    whole = result.sectors.set_index(["area", "sector"])["L"]
    assert np.allclose(whole, loads.reindex(whole.index, fill_value=0.0), rtol=1e-9)


@quick
@given(SEEDS)
def test_draws_give_what_each_draw_gives_alone(seed: int) -> None:
    sources, people = _township(seed)
    sources, people = sources.sort_values("uid"), people.sort_values(["uid", "area"])
    rng = np.random.default_rng(seed)
    strength = np.minimum(1.0, sources["intensity"].to_numpy()[:, None] * rng.uniform(0.5, 2, 3))
    reach = sources["r2_m"].to_numpy()[:, None] * np.array([0.8, 1.0, 1.9])
    weight = people["weight"].to_numpy()[:, None] * np.array([1.0, 0.5, 2.0])
    pairs = pair(sources, people, margin=2.0)
    ids = np.array([1, 2, 3])
    hits = load.hit(sources, pairs, intensity=strength, r2_m=reach)
    loads, exposed = load.load(
        hits, sources, people, pairs, areas=ids, sectors=SECTORS, weight=weight
    )
    drawn = index.index(
        loads, exposed, toyland.VULNERABILITY, toyland.COPING, constants=toyland.INDEX
    )[0]
    for draw in range(3):
        one = sources.assign(intensity=strength[:, draw], r2_m=reach[:, draw])
        alone = _evaluate(one, people.assign(weight=weight[:, draw]))
        assert np.allclose(drawn[:, draw], alone.scores["R"], rtol=1e-9, atol=1e-9)


@models
@quicker
@given(seed=SEEDS)
def test_every_source_of_a_model_is_in_range(model: Model, seed: int) -> None:
    sources = _sources(model, _sites(model, seed))
    assert tuple(sources.columns) == SOURCE_COLUMNS
    assert sources["uid"].is_monotonic_increasing
    assert sources["uid"].is_unique
    assert sources["intensity"].between(0, 1).all()
    assert (sources["r1_m"] >= 0).all()
    assert np.isfinite(sources["r2_m"]).all()
    assert set(sources["model"]) <= {model.slug}
    assert set(sources["sector"]) <= {model.sector}
    for sigma, evidence in zip(sources["sigma"], sources["evidence"], strict=True):
        assert sigma == (0.35 if evidence["dq"] else 0.15)
        assert evidence["clause"]
        assert evidence["basis"]
        assert json.dumps(evidence, allow_nan=False)


@models
@quicker
@given(seed=SEEDS)
def test_one_more_site_lowers_no_score_of_a_model(model: Model, seed: int) -> None:
    sites = _sites(model, seed)
    fewer_sites = {kind: frame.iloc[1:] for kind, frame in sites.items()}
    fewer_sources, more_sources = (_sources(model, found) for found in (fewer_sites, sites))
    people = _people(seed, sites)
    people = people[people["own"].isin([0, *fewer_sources["uid"]])]
    fewer, more = (_evaluate(found, people) for found in (fewer_sources, more_sources))
    assert (more.scores["R"] >= fewer.scores["R"] - ROUNDING).all()


@models
@quicker
@given(seed=SEEDS)
def test_a_model_keeps_its_bits_when_rows_are_permuted(model: Model, seed: int) -> None:
    sites = _sites(model, seed)
    rng = np.random.default_rng(seed)
    mixed = {kind: frame.iloc[rng.permutation(len(frame))] for kind, frame in sites.items()}
    straight, shuffled = (_assess(model, found) for found in (sites, mixed))
    _assert_same_bits(straight.result, shuffled.result, (1, 2, 3))
    pd.testing.assert_frame_equal(straight.flags, shuffled.flags)
    assert json.dumps(straight.flags["evidence"].tolist(), allow_nan=False)


@models
@quicker
@given(seed=SEEDS)
def test_the_steps_of_a_score_are_known_and_add_up_to_it(model: Model, seed: int) -> None:
    sources = _sources(model, _sites(model, seed))
    steps = pd.DataFrame([entry["steps"] for entry in sources["evidence"]])
    assert set(steps.columns) <= {*model.steps, LIMIT}
    total = steps.sum(axis=1).to_numpy()
    assert np.abs(total - 100 * sources["intensity"].to_numpy()).max() < 1e-9


@models
def test_the_steps_of_a_model_name_fields_and_constants_that_are_there(model: Model) -> None:
    fields = {field.name for kind in toyland.KINDS.values() for field in kind.fields}
    fields |= {field.name for record in toyland.RECORDS.values() for field in record.fields}
    for step in model.steps.values():
        assert set(step.fields) <= fields
        assert set(step.constants) <= set(toyland.METHODS[model.constants].constants)


@models
def test_a_model_reads_only_what_it_names(model: Model) -> None:
    rng = np.random.default_rng(11)
    sites = {
        kind: toyland.random_sites(kind, rng, 40, first_id=1 + 1000 * place)
        for place, kind in enumerate(toyland.KINDS)
    }
    people = toyland.scene(sites).people
    values = toyland.VALUES[model.constants]
    whole = replace(toyland.scene(sites), people=people, relief=toyland.relief())
    named = {kind: frame for kind, frame in sites.items() if kind in model.reads}
    seen = whole.relief if RELIEF in model.reads else None
    part = replace(toyland.scene(named), people=people, relief=seen)
    pd.testing.assert_frame_equal(model.sources(whole, values), model.sources(part, values))
    pd.testing.assert_frame_equal(model.flags(whole, values), model.flags(part, values))


@models
@quicker
@given(seed=SEEDS)
def test_a_model_leaves_its_inputs_untouched(model: Model, seed: int) -> None:
    sites = _sites(model, seed)
    before = {kind: _print(frame) for kind, frame in sites.items()}
    _assess(model, sites)
    assert {kind: _print(frame) for kind, frame in sites.items()} == before


@models
def test_a_model_works_with_no_rows_and_with_no_kinds(model: Model) -> None:
    for sites in (toyland.empty_sites(), {}):
        scene = toyland.scene(sites)
        sources = model.sources(scene, toyland.VALUES[model.constants])
        facts = model.flags(scene, toyland.VALUES[model.constants])
        assert len(sources) == 0
        assert tuple(sources.columns) == SOURCE_COLUMNS
        assert len(facts) == 0
        assert tuple(facts.columns) == FACTS
        assert sources.crs == toyland.areas().crs


def test_an_evaluation_of_nothing_has_all_its_columns() -> None:
    people = receptors(toyland.empty_sites(), toyland.KINDS, toyland.areas(), toyland.INDEX)
    assert tuple(people.columns) == RECEPTOR_COLUMNS
    nothing = evaluate(toyland.source_frame([]), people, toyland.areas(), constants=toyland.INDEX)
    something = _evaluate(*_township(1))
    for name in ("scores", "sectors", "loads", "pairs"):
        assert list(getattr(nothing, name).columns) == list(getattr(something, name).columns)
    assert nothing.scores["R"].isna().all()


def _township(seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return random sources (some of them the same object) and the receptors they meet."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 14))
    rows = [
        {
            "site": 100 + row,
            "geometry": _anywhere(rng),
            "intensity": float(rng.choice([0.0, 1.0, rng.random()])),
            "uplift": float(rng.uniform(1, 3)),
            "r1_m": float(rng.uniform(0, 300)),
            "r2_m": float(rng.uniform(0, 1500)),
            "sector": str(rng.choice(["IND", "GAS", "FOR"])),
            "object_uid": f"object {rng.integers(n)}",
        }
        for row in range(n)
    ]
    sources = toyland.source_frame(rows)
    people = _people(seed, {})
    # The last source has no asset of its own: the law of one more source is about it.
    own = sources["uid"].to_numpy()[: min(len(sources) - 1, len(people))]
    assets = people.iloc[: len(own)].assign(own=own, uid=own + 1)
    assets["weight"] = rng.uniform(1, 100, len(assets))
    mixed = pd.concat([assets, people]).sample(frac=1, random_state=int(rng.integers(1000)))
    return sources, mixed


def _people(seed: int, sites: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return random houses and schools as receptors, and those of the sites."""
    rng = np.random.default_rng(seed + 1)
    given = {
        kind: toyland.random_sites(kind, rng, int(rng.integers(1, 10)), first_id=start)
        for kind, start in (("self_built_house", 10_000), ("school", 20_000))
    }
    return receptors({**given, **sites}, toyland.KINDS, toyland.areas(a=900), toyland.INDEX)


def _anywhere(rng: np.random.Generator) -> shapely.Geometry:
    x, y = rng.uniform(-500, 6500), rng.uniform(-500, 2500)
    width, height = rng.uniform(1, 800, size=2)
    box = shapely.box(x, y, x + width, y + height)
    return (box, box.exterior, box.centroid)[rng.integers(3)]


def _sites(model: Model, seed: int) -> dict[str, gpd.GeoDataFrame]:
    rng = np.random.default_rng(seed)
    return {
        kind: toyland.random_sites(kind, rng, int(rng.integers(1, 12)), first_id=1 + 1000 * place)
        for place, kind in enumerate(model.kinds)
    }


def _sources(model: Model, sites: dict[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    return model.sources(toyland.scene(sites), toyland.VALUES[model.constants])


def _assess(model: Model, sites: dict[str, gpd.GeoDataFrame]) -> Assessment:
    snapshot = toyland.snapshot({**BESIDE, **sites}, a=900, b=100)
    return assess(snapshot, toyland.VALUES, models=[model])


BESIDE = {
    kind: toyland.random_sites(kind, np.random.default_rng(7), 6, first_id=start)
    for kind, start in (("self_built_house", 30_000), ("mine", 40_000), ("enterprise", 50_000))
}
"""Places beside the model's own, so that its flags have something to join."""


def _evaluate(
    sources: gpd.GeoDataFrame, people: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None = None
) -> Result:
    found = (toyland.areas() if areas is None else areas).assign(residents=0.0)
    rows = found.sort_values("code")["area"].to_numpy() - 1
    return evaluate(
        sources,
        people,
        found,
        constants=toyland.INDEX,
        vulnerability=toyland.VULNERABILITY[rows],
        coping=toyland.COPING[rows],
    )


def _assert_same_bits(whole: Result, other: Result, areas: tuple[int, ...]) -> None:
    for name, keys in (
        ("scores", ["area"]),
        ("sectors", ["area", "sector"]),
        ("loads", ["area", "source"]),
    ):
        expected, found = (
            frame[frame["area"].isin(areas)].sort_values(keys).reset_index(drop=True)
            for frame in (getattr(whole, name), getattr(other, name))
        )
        pd.testing.assert_frame_equal(expected, found, check_exact=True)


def _print(frame: gpd.GeoDataFrame) -> str:
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    return repr((plain.to_dict("split"), shapely.to_wkt(frame.geometry).tolist()))


def test_uids_of_assets_and_people_do_not_meet() -> None:
    forest = toyland.site_frame("forest", [{"id": 5, "geometry": shapely.box(1900, 0, 2100, 100)}])
    people = receptors({"forest": forest}, toyland.KINDS, toyland.areas(), toyland.INDEX)
    assert people["uid"].tolist() == [5 * PARTS + 1 + toyland.A, 5 * PARTS + 1 + toyland.B]
