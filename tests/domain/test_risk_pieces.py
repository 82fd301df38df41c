"""Single formulas against the worked values of METHOD 12 (and method_vectors.json)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from gis.domain.risk import consequence, index, load, registry
from gis.domain.risk.constants import number
from gis.domain.risk.pairs import near, pair
from gis.errors import ConfigError, InvalidDataError, NotFoundError
from tests import toyland

GAS = toyland.VALUES["gas"]


@pytest.mark.parametrize(
    ("d_m", "expected"), [(0, 1.0), (100, 0.9216), (250, 0.5625), (400, 0.1296), (500, 0.0)]
)
def test_the_kernel_is_quartic_between_its_radii(d_m: float, expected: float) -> None:
    arrived = load.kernel(np.array([d_m]), np.array([0.0]), np.array([500.0]))
    assert arrived[0] == pytest.approx(expected, abs=1e-12)


def test_the_kernel_is_one_inside_r1_and_falls_within_a_metre_if_r2_is_no_larger() -> None:
    d_m = np.array([0.0, 100.0, 100.5, 101.0])
    arrived = load.kernel(d_m, np.full(4, 100.0), np.full(4, 80.0))
    assert arrived.tolist() == [1.0, 1.0, 0.5625, 0.0]


@pytest.mark.parametrize(
    ("scores", "expected"), [([50, 50], 75.0), ([80, 30, 10], 87.4), ([5] * 20, 64.1514)]
)
def test_the_noisy_or_of_intensities(scores: list[float], expected: float) -> None:
    groups = load.Groups(np.array([0]), np.array([0]), np.array([0]), len(scores))
    assert groups.harm(np.array(scores) / 100)[0] * 100 == pytest.approx(expected, abs=1e-4)


def test_two_open_hazards_lift_70_to_76_42() -> None:
    lifted = load.lifted(np.array([0.7, 0.0, 1.0]), np.array([1.2, 3.0, 1.2]))
    assert lifted.round(4).tolist() == [0.7642, 0.0, 1.0]


@pytest.mark.parametrize(
    ("scores", "weights", "expected"),
    [
        ((8, 2), (0.5, 0.5), 5.787),
        ((9, 1, 1, 1, 1), (0.2,) * 5, 3.7195),
        ((7, 5, 3, 6, 0), (0.3, 0.2, 0.2, 0.15, 0.15), 4.9965),
        ((0, 0, 0), (0.4, 0.3, 0.3), 0.0),
        ((10, 10), (0.5, 0.5), 10.0),
    ],
)
def test_the_aggregate_of_sectors(
    scores: tuple[float, ...], weights: tuple[float, ...], expected: float
) -> None:
    together = index.aggregate(np.array(scores, dtype=float)[:, None], np.array(weights))
    assert together[0] == pytest.approx(expected, abs=1e-3 if expected % 1 else 1e-12)


def test_the_geometric_mean_of_the_dimensions() -> None:
    third = np.full(3, 1 / 3)
    constants = {**toyland.INDEX, "sector_weights": {"IND": 1.0}}
    score = index.sector_score(
        np.array([[1e9]]), np.array([[1.0]]), lref=np.array([1e9]), rho=np.array([1.0])
    )
    assert score[0, 0] == 10.0
    r = index.index(
        np.array([[1e9]]), np.array([[1e9]]), np.array([4.0]), np.array([5.5]),
        constants=constants, exponents=third,
    )[0]  # fmt: skip
    assert r[0] / 10 == pytest.approx((10 * 4.0 * 5.5) ** (1 / 3))


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0, 1), (19.999, 1), (20, 2), (35, 3), (49.9, 3), (50, 4), (65, 5), (100, 5), (np.nan, None)],
)
def test_class_limits_belong_to_the_class_above(score: float, expected: int | None) -> None:
    assert index.index_class(np.array([score]), toyland.INDEX).tolist() == [expected]


def test_nobody_exposed_gives_no_relative_half() -> None:
    score = index.sector_score(
        np.array([[0.0]]), np.array([[0.0]]), lref=np.array([1000.0]), rho=np.array([0.5])
    )
    assert score[0, 0] == 0.0


@pytest.mark.parametrize(
    ("d_mm", "p_mpa", "radius"),
    [
        (508, 6.3, 126.2),
        (813, 10.0, 254.5),
        (1016, 10.0, 318.1),
        (273, 4.0, 54.1),
        (219, 1.6, 27.4),
        (1219, 12.0, 418.1),
    ],
)
def test_potential_impact_radii(d_mm: float, p_mpa: float, radius: float) -> None:
    coefficient = number(GAS, "impact_coefficient")
    found = consequence.impact_radius_m(np.array([d_mm]), np.array([p_mpa]), coefficient)
    assert found[0] == pytest.approx(radius, abs=0.05)


def test_distances_run_from_edge_to_edge() -> None:
    square, point = shapely.box(0, 0, 400, 400), shapely.Point(650, 200)
    i, j, d_m = near([square], [point], 300.0)
    assert (i.tolist(), j.tolist(), d_m.tolist()) == ([0], [0], [250.0])
    assert len(near([square], [point], 249.9)[0]) == 0


def test_pairs_come_sorted_by_the_second_and_then_the_first() -> None:
    points = shapely.points([(0, 0), (10, 0), (20, 0)])
    i, j, _ = near(points, points, np.array([10.0, 30.0, 0.0]))
    assert list(zip(j, i, strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2)]


@pytest.mark.parametrize("reach", [-1.0, np.nan, np.inf])
def test_a_reach_must_be_a_length(reach: float) -> None:
    with pytest.raises(InvalidDataError):
        near([shapely.Point(0, 0)], [shapely.Point(1, 0)], reach)


def test_frames_in_two_systems_are_refused() -> None:
    people = toyland.sources().assign(own=0)
    with pytest.raises(InvalidDataError, match="坐标系"):
        pair(toyland.sources().to_crs("EPSG:4490"), people)


def test_duplicates_of_one_object_count_once_where_each_hits_hardest() -> None:
    here = {"geometry": shapely.Point(0, 0), "object_uid": "same"}
    sources = toyland.source_frame(
        [
            {**here, "site": 1, "intensity": 0.8, "r1_m": 5.0, "r2_m": 10.0},
            {**here, "site": 2, "intensity": 0.5, "r1_m": 50.0, "r2_m": 90.0},
            {**here, "site": 3, "intensity": 0.8, "r1_m": 5.0, "r2_m": 10.0},
        ]
    )
    pairs = pd.DataFrame(
        {"source": [0, 1, 2, 1], "receptor": [0, 0, 0, 1], "d_m": [0.0, 0.0, 0.0, 20.0]}
    )
    assert load.hit(sources, pairs).tolist() == pytest.approx([0.8, 0.0, 0.0, 0.5])


def test_a_sector_without_weight_is_refused_with_the_known_ones() -> None:
    odd = toyland.sources().assign(sector="ODD")
    with pytest.raises(InvalidDataError, match="IND, GAS, HOU"):
        load.sector_numbers(odd, index.sectors(toyland.INDEX))


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="forest_fire, gas, house, industry, mine"):
        registry.model("flood")


def test_the_models_are_found_sorted_by_slug() -> None:
    slugs = [model.slug for model in registry.models()]
    assert slugs == ["forest_fire", "gas", "house", "industry", "mine"]
    assert registry.reads(registry.models())["IND"] == ("enterprise", "gas_station")


def test_every_model_has_its_constants_its_page_and_a_weight() -> None:
    for model in registry.models():
        assert model.constants in toyland.METHODS
        assert model.sector in index.sectors(toyland.INDEX)
        assert (toyland.DATA.parent / "docs" / "methods" / f"{model.slug}.md").is_file()
        assert set(model.kinds) <= set(toyland.KINDS)


def test_a_missing_constant_is_named_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="lref"):
        number(toyland.INDEX, "lreff")
    with pytest.raises(ConfigError, match="数值"):
        number(toyland.INDEX, "idle_use")
