"""Why a score moved: each cause alone is found as itself, and the causes add up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from gis.domain.risk import constants as given
from gis.domain.risk import register
from gis.domain.risk.compare import CAUSES, Ran, causes
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


def moved(before: Ran, after: Ran, *, touched: Collection[int] = ()) -> dict[str, list[float]]:
    """Return cause to points of the three villages, rounded; causes that move nothing left out."""
    found = causes(before, after, touched=touched)
    total = found[list(CAUSES)].sum(axis=1)
    assert np.abs(total - (found["after"] - found["before"])).max() < 1e-9
    rounded = {cause: found[cause].round(2).tolist() for cause in CAUSES}
    return {cause: points for cause, points in rounded.items() if any(points)}


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
