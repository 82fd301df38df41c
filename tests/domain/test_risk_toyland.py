"""The worked township of METHOD 12.7, and what else a whole evaluation must show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gis.domain.risk import explain, register
from gis.domain.risk.evaluate import Result, evaluate
from gis.domain.risk.receptors import receptors
from tests import toyland


@pytest.fixture(scope="module")
def result() -> Result:
    lifts = register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    return _evaluate(register.apply(toyland.sources(), lifts))


def test_the_scores_are_those_worked_by_hand(result: Result) -> None:
    assert result.scores["R"].round(2).tolist() == [34.68, 18.27, 29.14]
    assert result.scores["HE"].round(3).tolist() == [2.690, 0.964, 1.551]
    assert result.scores["E"].round(2).tolist() == [514.74, 548.80, 384.74]
    assert result.scores["index_class"].tolist() == [2, 1, 2]


@pytest.mark.parametrize(
    ("area", "sector", "load", "score"),
    [
        (toyland.A, "IND", 140.50, 6.314),
        (toyland.B, "IND", 22.01, 2.671),
        (toyland.C, "GAS", 86.97, 5.500),
    ],
)
def test_the_sector_loads_are_those_worked_by_hand(
    result: Result, area: int, sector: str, load: float, score: float
) -> None:
    row = _sector(result, area, sector)
    assert round(row["L"], 2) == load
    assert round(row["HE"], 3) == score


def test_a_hazard_across_the_border_counts_as_one_inside(result: Result) -> None:
    only_own = _evaluate(toyland.sources().iloc[1:])
    assert only_own.scores["R"][0] == 0.0
    assert result.scores["R"][0] > 34
    nearest = result.loads[result.loads["area"] == toyland.A].iloc[0]
    assert nearest["site"] == toyland.PLANT
    assert nearest["d_m"] == 150.0
    assert nearest["receptor_site"] == toyland.SCHOOL


def test_the_shares_add_up_to_the_score(result: Result) -> None:
    shares = result.loads.groupby("area")["share"].sum()
    assert np.abs(shares.to_numpy() - result.scores["R"].to_numpy()).max() < 1e-9


def test_the_loads_add_up_to_the_sectors_load(result: Result) -> None:
    loads = result.loads.groupby(["area", "sector"])["load"].sum()
    sectors = result.sectors.set_index(["area", "sector"])["L"]
    assert np.allclose(loads, sectors.reindex(loads.index), rtol=1e-12)
    assert (sectors.drop(loads.index) == 0).all()


def test_two_open_hazards_lift_the_intensity_to_76(result: Result) -> None:
    plant = result.sources.iloc[0]
    assert plant["uplift"] == pytest.approx(1.2)
    assert plant["evidence"]["open_hazards"] == {"general": 2, "major": 0, "overdue": 0}


def test_five_hundred_unexposed_residents_lower_the_relative_half() -> None:
    sites = toyland.sites()
    more = {"id": 99, "residents": 500, "geometry": sites["self_built_house"].geometry[0]}
    rows = pd.concat(
        [sites["self_built_house"], toyland.site_frame("self_built_house", [more])],
        ignore_index=True,
    )
    sites["self_built_house"] = rows
    lifts = register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    people = receptors(sites, toyland.KINDS, toyland.areas(), toyland.INDEX)
    result = _evaluate(register.apply(toyland.sources(), lifts), people)
    assert round(result.scores["R"][0], 2) == 30.78


def _evaluate(sources: pd.DataFrame, people: pd.DataFrame | None = None) -> Result:
    areas = toyland.areas()
    if people is None:
        people = receptors(toyland.sites(), toyland.KINDS, areas, toyland.INDEX)
    return evaluate(
        sources,
        people,
        areas,
        constants=toyland.INDEX,
        vulnerability=toyland.VULNERABILITY,
        coping=toyland.COPING,
    )


def _sector(result: Result, area: int, sector: str) -> pd.Series:
    rows = result.sectors
    return rows[(rows["area"] == area) & (rows["sector"] == sector)].iloc[0]


def test_what_goes_if_a_source_goes_is_what_an_evaluation_without_it_gives(
    result: Result,
) -> None:
    lifts = register.uplift(toyland.hazards(), toyland.AS_OF, toyland.INDEX)
    rest = register.apply(toyland.sources().iloc[1:], lifts)
    fallen = result.scores["R"] - _evaluate(rest).scores["R"]
    told = result.loads[result.loads["site"] == toyland.PLANT].set_index("area")["without"]
    assert told[toyland.A] == pytest.approx(fallen[0], abs=1e-9)
    assert told[toyland.B] == pytest.approx(fallen[1], abs=1e-9)


def test_the_steps_of_a_source_share_its_points_with_its_hazards() -> None:
    parts = explain.by_step(12.0, {"colour": 75.0, "control": -5.0}, 0.7, 1.2)
    # I = 0.7, I' = 0.7642 (METHOD 7.3): the lift takes 0.0642 / 0.7642 of the points.
    assert parts["hazards"] == pytest.approx(12.0 * 0.0642 / 0.7642, abs=2e-3)
    assert parts["colour"] / parts["control"] == pytest.approx(-15.0)
    assert sum(parts.values()) == pytest.approx(12.0, abs=1e-12)


def test_what_goes_if_hazards_are_closed_is_what_an_evaluation_without_them_gives(
    result: Result,
) -> None:
    fallen = result.scores["R"] - _evaluate(toyland.sources()).scores["R"]
    told = result.loads[result.loads["site"] == toyland.PLANT].set_index("area")["closing"]
    assert told[toyland.A] == pytest.approx(fallen[0], abs=1e-9)
    assert told[toyland.B] == pytest.approx(fallen[1], abs=1e-9)
