"""Why a score moved: each cause alone is found as itself, and the causes add up."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
import shapely

from gis.domain.risk import constants as given
from gis.domain.risk import register, registry
from gis.domain.risk.assess import assess
from gis.domain.risk.compare import CAUSES, Ran, causes
from gis.domain.risk.constants import Constants
from gis.domain.risk.evaluate import evaluate
from gis.domain.risk.receptors import receptors
from gis.domain.risk.sources import join
from tests import toyland


def ran(**residents: float) -> Ran:
    """Return the toy township as a run kept it."""
    sources = register.apply(
        toyland.sources(), register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    )
    people = receptors(toyland.sites(), toyland.KINDS, toyland.areas(**residents), toyland.INDEX)
    result = evaluate(
        sources, people, toyland.areas(), constants=toyland.INDEX,
        vulnerability=toyland.VULNERABILITY, coping=toyland.COPING,
    )  # fmt: skip
    return Ran(join([sources]), people, result.scores, result.sectors, toyland.VALUES)


def moved(
    before: Ran, after: Ran, *, touched: Collection[int] = (), same: bool = False
) -> dict[str, list[float]]:
    """Return cause to points of the three villages, rounded; causes that move nothing left out."""
    found = causes(before, after, touched=touched, sensitive=SENSITIVE, same=same)
    total = found[list(CAUSES)].sum(axis=1)
    assert np.abs(total - (found["after"] - found["before"])).max() < 1e-9
    rounded = {cause: found[cause].round(2).tolist() for cause in CAUSES}
    return {cause: points for cause, points in rounded.items() if any(points)}


SENSITIVE = [
    slug for slug, kind in toyland.KINDS.items() if any(group.sensitive for group in kind.people)
]


def computed(values: Mapping[str, Constants], c: float = np.nan) -> Ran:
    """Return the township, C with so many residents, as a computation with these constants."""
    shop = {"id": 15, "name": "店", "geometry": shapely.Point(2300, 1000)}  # of unknown people
    places = {**toyland.sites(), "small_place": toyland.site_frame("small_place", [shop])}
    found = assess(toyland.snapshot(places, toyland.hazards(), c=c), values)
    result = found.result
    frames = result.sources, result.receptors, result.scores, result.sectors
    return Ran(*frames, values, found.indicators)


def changed(method: str, **values: given.Value) -> dict[str, Constants]:
    """Return the constants with some of a method set otherwise."""
    return {**toyland.VALUES, method: {**toyland.VALUES[method], **values}}


def heavier(name: str) -> dict[str, float]:
    """Return an indicator's constants with its worst anchor nearer and ten times the weight."""
    usual = given.table(toyland.VALUES["exposure"], name)
    return {**usual, "a10": usual["a0"] + 0.1 * (usual["a10"] - usual["a0"]), "weight": 1.0}


def test_nothing_moves_between_a_run_and_itself() -> None:
    assert moved(ran(), ran()) == {}


def test_closed_hazards_lower_the_villages_they_reached() -> None:
    after = ran()
    closed = replace(after, sources=after.sources.assign(uplift=1.0))
    found = moved(ran(), closed)
    assert list(found) == ["hazards"]
    assert found["hazards"][0] < 0
    assert found["hazards"][1] < 0
    assert found["hazards"][2] == 0


def test_a_place_that_goes_is_not_taken_for_a_hazard_that_was_closed() -> None:
    after = ran()
    gone = replace(after, sources=after.sources[after.sources["site"] != toyland.PLANT])
    found = moved(ran(), gone)
    assert list(found) == ["sources"]
    assert found["sources"][:2] == [-34.68, -18.27]  # METHOD 12.7: all that A and B have


def test_more_people_are_people() -> None:
    assert list(moved(ran(), ran(c=900))) == ["people"]


def test_other_constants_of_the_index_are_parameters() -> None:
    other = {**toyland.VALUES, "index": {**toyland.INDEX, "rho": dict.fromkeys(RHO, 1.0)}}
    assert list(moved(ran(), replace(ran(), constants=other))) == ["parameters"]


RHO = given.table(toyland.INDEX, "rho")


OTHERWISE = {
    "the lift by hazards": changed(
        "index", uplift_per_hazard={"general": 0.4, "major": 1.0, "overdue": 0.5}
    ),
    "the weight of sensitive places": changed("index", sensitive_factor=3.0),
    "what stands for an unknown number": changed("index", unknown_people=500.0),
    "the anchors and the weight of an indicator": changed(
        "exposure", sensitive_places=heavier("sensitive_places")
    ),
    "what a model makes of its places": changed("industry", unknown_colour=90.0),
}


@pytest.fixture(scope="module")
def usual() -> Ran:
    """Return the township as a computation with the usual constants keeps it."""
    return computed(toyland.VALUES)


@pytest.mark.parametrize("values", OTHERWISE.values(), ids=list(OTHERWISE))
def test_what_other_constants_change_is_put_down_to_parameters(
    usual: Ran, values: Mapping[str, Constants]
) -> None:
    after = computed(values)
    assert list(moved(usual, after)) == ["parameters"]
    assert moved(usual, after, same=True) == moved(usual, after)


def test_other_constants_do_not_hide_people_or_hazards() -> None:
    before = computed(toyland.VALUES, c=300)
    more = computed(OTHERWISE["the weight of sensitive places"], c=900)
    after = replace(more, sources=more.sources.assign(uplift=1.0))
    found = moved(before, after)
    assert list(found) == ["hazards", "people", "parameters"]
    alone = moved(before, computed(toyland.VALUES, c=900))
    assert found["people"][2] == alone["people"][2]  # no hazard reaches C, nor does the plant
    assert found["hazards"] == moved(before, replace(before, sources=after.sources))["hazards"]


def test_the_lift_by_hazards_is_told_from_the_constants_of_the_lift(usual: Ran) -> None:
    values = OTHERWISE["the lift by hazards"]
    one = register.uplift(toyland.hazards().head(1), toyland.AS_OF, values["index"])
    more = computed(values)
    after = replace(more, sources=register.apply(more.sources, one))
    found = moved(usual, after)
    assert list(found) == ["hazards", "parameters"]
    still = register.uplift(toyland.hazards().head(1), toyland.AS_OF, toyland.INDEX)
    rectified = replace(usual, sources=register.apply(usual.sources, still))
    assert found["hazards"] == moved(usual, rectified)["hazards"]


def test_a_source_that_differs_by_another_methods_constants_is_put_down_to_parameters() -> None:
    forest = ran().sources.assign(model="forest_fire", intensity=0.3)
    before = replace(ran(), sources=forest)
    after = replace(before, sources=forest.assign(intensity=0.5))
    other = replace(after, constants=changed("fire_weather", unknown_dry_days=1.0))
    assert list(moved(before, other)) == ["parameters"]
    assert list(moved(before, after)) == ["sources"]


def test_models_say_whose_constants_they_take() -> None:
    asked: list[str] = []

    class Asked(dict[str, Constants]):
        def __getitem__(self, method: str) -> Constants:
            asked.append(method)
            return super().__getitem__(method)

        def __iter__(self) -> Iterator[str]:
            asked.extend(super().__iter__())
            return super().__iter__()

    rng = np.random.default_rng(7)
    sites = {
        slug: toyland.random_sites(slug, rng, 4, 1 + 100 * n)
        for n, slug in enumerate(toyland.KINDS)
    }
    for model in registry.models():
        asked.clear()
        scene = replace(
            toyland.scene(sites), relief=toyland.relief(), methods=Asked(toyland.VALUES)
        )
        constants = toyland.VALUES[model.constants]
        model.sources(scene, constants)
        model.flags(scene, constants)
        assert set(asked) <= set(model.science)


@pytest.mark.parametrize(("touched", "cause"), [((), "parameters"), ((toyland.PLANT,), "sources")])
def test_a_source_that_differs_by_its_models_constants_is_told_from_a_corrected_one(
    touched: tuple[int, ...], cause: str
) -> None:
    other = {**toyland.VALUES, "industry": {**toyland.VALUES["industry"], "unknown_colour": 20.0}}
    after = ran()
    sources = after.sources.copy()
    sources.loc[sources["site"] == toyland.PLANT, "intensity"] = 0.3
    found = moved(ran(), replace(after, sources=sources, constants=other), touched=touched)
    assert list(found) == [cause]


def test_a_village_that_became_known_did_not_move() -> None:
    before = ran()
    sectors = before.sectors.copy()
    sectors.loc[sectors["area"] == toyland.A, "known"] = False
    found = causes(replace(before, sectors=sectors), ran())
    assert found["before"].isna().tolist() == [True, False, False]
    assert found.loc[0, list(CAUSES)].isna().all()
    assert not found.loc[1:, list(CAUSES)].isna().any(axis=None)
