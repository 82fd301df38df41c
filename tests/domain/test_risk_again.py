"""Making again what little differs gives what making all of it gives, whatever differs."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gis.domain.risk import part, registry
from gis.domain.risk.assess import Snapshot, assess, judge
from gis.domain.risk.difference import CASES
from gis.domain.risk.made import Made, make, make_again
from gis.domain.risk.model import Model
from gis.domain.risk.scenario import Scenario, imagine
from tests import toyland

SEEDS = st.integers(0, 2**32 - 1)
MANY = {"self_built_house": 40, "gas_pipeline": 6, "enterprise": 8, "building": 8, "road": 6}
"""Of other kinds there are four places."""
quick = settings(
    max_examples=6, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
"""A township is much to shrink: the seed tells enough."""

models = pytest.mark.parametrize(
    "model",
    [model for model in registry.models() if model.reach is not None],
    ids=lambda model: str(model.slug),
)


@quick
@given(SEEDS)
def test_what_differs_gives_what_everything_made_anew_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = make(town(rng), toyland.VALUES, registry.models())
    snapshot, difference = imagine(before.snapshot, scenario(before.snapshot, rng))
    again = make_again(before, snapshot, difference, toyland.VALUES, registry.models())
    assert_same(again, make(snapshot, toyland.VALUES, registry.models()))


@settings(quick, max_examples=3)
@given(SEEDS)
def test_one_difference_after_the_other_gives_what_everything_made_anew_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = make(town(rng), toyland.VALUES, registry.models())
    for _ in range(2):
        snapshot, difference = imagine(made.snapshot, scenario(made.snapshot, rng, new=False))
        made = make_again(made, snapshot, difference, toyland.VALUES, registry.models())
    assert_same(made, make(made.snapshot, toyland.VALUES, registry.models()))


def test_rectifying_a_case_that_is_not_open_changes_nothing() -> None:
    hazards = toyland.hazards()
    done = hazards.assign(state="不成立", closed_on=None)
    snapshot = toyland.snapshot(toyland.sites(), done)
    imagined, _ = imagine(snapshot, Scenario(rectified=frozenset(hazards["code"])))
    assert imagined.hazards_m is not None
    assert imagined.hazards_m["state"].tolist() == ["不成立"] * len(hazards)
    assert imagined.hazards_m["closed_on"].isna().all()


def test_a_place_that_is_closed_takes_its_records_with_it() -> None:
    told = pd.DataFrame({"site": [toyland.PLANT, toyland.PLANT + 1], "name": ["a", "b"]})
    snapshot = toyland.snapshot(toyland.sites(), records={"risk_item": told})
    imagined, difference = imagine(snapshot, Scenario(gone=frozenset({toyland.PLANT})))
    assert imagined.records["risk_item"]["name"].tolist() == ["b"]
    assert "risk_item" in difference.kinds


def test_a_building_in_one_plant_that_names_another_far_away_stays_the_others() -> None:
    dusty = {"category": "铝镁金属粉尘", "workers_max_shift": 20}
    plants = [
        {"id": 1, "key": "P", "geometry": shapely.box(500, 500, 700, 700), **dusty},
        {"id": 2, "key": "Q", "geometry": shapely.box(9000, 500, 9200, 700), **dusty},
    ]
    block = {"id": 3, "geometry": shapely.box(550, 550, 600, 600), "use": "生产",
             "enterprise": "Q", "height_m": 60.0}  # fmt: skip
    sites = {
        **toyland.empty_sites(),
        "enterprise": toyland.site_frame("enterprise", plants),
        "building": toyland.site_frame("building", [block]),
    }
    before = make(toyland.snapshot(sites), toyland.VALUES, registry.models())
    scenario = Scenario(altered={1: {"workers_max_shift": 30}})
    snapshot, difference = imagine(before.snapshot, scenario)
    again = make_again(before, snapshot, difference, toyland.VALUES, registry.models())
    assert_same(again, make(snapshot, toyland.VALUES, registry.models()))
    assert again.answers["industry"].sources["r1_m"].tolist() == [60.0, 90.0]


def test_a_place_that_is_closed_ends_its_open_cases_and_their_floor() -> None:
    hazards = toyland.hazards()
    site = int(hazards["site"].iloc[0])
    worst = hazards.assign(level="重大", due_on="2020-01-01", state="整改中")
    snapshot = toyland.snapshot(toyland.sites(), worst)
    now = assess(snapshot, toyland.VALUES).flags
    assert (now["rule"].str.startswith("hazard_major")).any()
    imagined, difference = imagine(snapshot, Scenario(gone=frozenset({site})))
    assert CASES in difference.kinds
    then = assess(imagined, toyland.VALUES).flags
    assert hazards["site"].eq(site).all()
    assert not (then["rule"].str.startswith("hazard_major")).any()


@pytest.mark.parametrize(
    ("scenario", "points"),
    [
        # 15 x clip(rain/100) of a slope of 200 m: of the nearest station left with rain on record.
        (Scenario(), 1.5),
        (Scenario(gone=frozenset({8})), 4.5),
        (Scenario(moved={8: shapely.Point(90_000, 600)}), 4.5),
        (Scenario(moved={9: shapely.Point(1300, 600)}), 4.5),
        (Scenario(moved={10: shapely.Point(1300, 600)}), 1.5),
        (Scenario(gone=frozenset({8, 9})), 7.5),
    ],
)
def test_a_station_that_goes_or_moves_changes_the_rain_of_mines(
    scenario: Scenario, points: float
) -> None:
    mine = {"id": 7, "geometry": shapely.box(1000, 500, 1200, 700), "slope_height_m": 200.0,
            "method": "机械开采", "risk_colour": "蓝"}  # fmt: skip
    stations = [{"id": 8 + n, "geometry": shapely.Point(4200 + 3000 * n, 600)} for n in range(3)]
    rain = [{"site": 8 + n, "day": "2026-06-30", "rain_mm": 10.0 + 20.0 * n} for n in range(2)]
    sites = {
        **toyland.empty_sites(),
        "mine": toyland.site_frame("mine", [mine]),
        "weather_station": toyland.site_frame("weather_station", stations),
    }
    records = {"observation": toyland.record_frame("observation", rain)}
    before = make(toyland.snapshot(sites, records=records), toyland.VALUES, registry.models())
    snapshot, difference = imagine(before.snapshot, scenario)
    again = make_again(before, snapshot, difference, toyland.VALUES, registry.models())
    assert_same(again, make(snapshot, toyland.VALUES, registry.models()))
    steps = again.answers["mine"].sources["evidence"][0]["steps"]
    assert steps["water"] == pytest.approx(points)


@models
@quick
@given(SEEDS)
def test_what_lies_beyond_the_reach_of_places_changes_nothing_of_them(
    model: Model, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    made = make(town(rng), toyland.VALUES, [model])
    assert model.reach is not None
    constants = toyland.VALUES[model.constants]
    scene = made.snapshot.scene(made.people, toyland.VALUES)
    reach = model.reach(scene, constants)
    known = np.concatenate([scene.sites_m[kind]["id"].to_numpy(np.int64) for kind in reach])
    places = rng.choice(known, size=min(5, len(known)), replace=False)
    cut = part.part(model, scene, reach, made.snapshot.kinds, places)
    for ask, column in ((model.sources, "site"), (model.flags, "by")):
        whole, alone = ask(scene, constants), ask(cut, constants)
        assert_rows(whole[whole[column].isin(places)], alone[alone[column].isin(places)])


def town(rng: np.random.Generator) -> Snapshot:
    """Return a township with places of all kinds, more or less close, that name one another."""
    sites: dict[str, gpd.GeoDataFrame] = {}
    closer = rng.uniform(1.0, 5.0)
    for number, kind in enumerate(toyland.KINDS):
        frame = toyland.random_sites(kind, rng, MANY.get(kind, 4), 1 + 100 * number)
        shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: 1000.0 + xy / closer)
        sites[kind] = frame.set_geometry(shapes, crs=frame.crs)
    for kind, frame in sites.items():
        for field in toyland.KINDS[kind].open_fields:
            if field.refers is not None:
                codes = [*sites[field.refers]["key"], None]
                sites[kind] = sites[kind].assign(
                    **{field.name: rng.choice(np.array(codes, dtype=object), len(frame))}
                )
    ids = np.concatenate([frame["id"].to_numpy() for frame in sites.values()])
    cases = [
        {
            "code": str(n),
            "site": float(rng.choice(ids)),
            "level": rng.choice(["一般", "重大"]),
            "due_on": rng.choice(["2026-05-01", "2026-07-31"]),
        }
        for n in range(12)
    ]
    records = {"observation": _observations(sites["weather_station"], rng.spawn(1)[0])}
    return toyland.snapshot(
        sites, toyland.hazard_frame(cases), toyland.coverage(), records, a=900, b=300
    )


def _observations(stations: gpd.GeoDataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the rain of today, of yesterday, or not at all, of each station."""
    days = rng.choice(["2026-06-28", "2026-06-29", "2026-06-30"], len(stations))
    rows = [
        {"site": id_, "day": day, "rain_mm": float(rng.uniform(0, 80))}
        for id_, day in zip(stations["id"], days, strict=True)
    ]
    return toyland.record_frame("observation", rows)


def scenario(snapshot: Snapshot, rng: np.random.Generator, *, new: bool = True) -> Scenario:
    """Draw what is otherwise: some places gone, altered, moved or new, some cases closed."""
    frames = {kind: frame for kind, frame in snapshot.sites_m.items() if len(frame)}
    gone, moved, altered = set(), {}, {}
    for kind in rng.choice(list(frames), size=3, replace=False):
        row = frames[kind].iloc[int(rng.integers(len(frames[kind])))]
        do, id_ = rng.integers(3), int(row["id"])
        if do == 0:
            gone.add(id_)
        elif do == 1:
            moved[id_] = shapely.transform(row["geometry"], lambda xy: xy + rng.normal(0, 200, 2))
        else:
            altered[id_] = _altered(kind, frames[kind], rng)
    added: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
    if new:
        kind = rng.choice([k for k, kind in toyland.KINDS.items() if "point" in kind.geometry])
        spot = shapely.Point(*(1500.0 + 1500.0 * rng.random(2)))
        added[str(kind)] = [(spot, {"name": "new", **_altered(kind, frames[kind], rng)})]
    cases = snapshot.hazards_m
    assert cases is not None
    closed = frozenset(rng.choice(cases["code"].to_numpy(dtype=object), size=2))
    return Scenario(frozenset(gone), altered, moved, added, closed)


def _altered(kind: str, frame: gpd.GeoDataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Return values of another place for three fields."""
    other = frame.iloc[int(rng.integers(len(frame)))]
    names = [field.name for field in toyland.KINDS[kind].open_fields]
    return {str(name): other[name] for name in rng.choice(names, size=min(3, len(names)))}


def assert_same(again: Made, anew: Made) -> None:
    """Assert that all that was made is the same, and the judgement too."""
    pd.testing.assert_frame_equal(again.people, anew.people, rtol=0, atol=1e-12)
    pd.testing.assert_frame_equal(again.indicators, anew.indicators, rtol=0, atol=1e-12)
    for slug, said in again.answers.items():
        assert_rows(said.sources, anew.answers[slug].sources)
    told = [judge(made, toyland.VALUES, registry.models()) for made in (again, anew)]
    assert told[0].flags.to_dict("records") == told[1].flags.to_dict("records")
    for one, other in (
        (told[0].classes, told[1].classes),
        (told[0].dimensions, told[1].dimensions),
        (told[0].weighed.scores, told[1].weighed.scores),
    ):
        pd.testing.assert_frame_equal(one, other, rtol=0, atol=1e-12)


def assert_rows(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> None:
    """Assert that two frames have the same rows, in whatever order."""
    rows = []
    for frame in (one, other):
        plain = pd.DataFrame(frame.drop(columns="geometry"))
        at = shapely.to_wkb(frame.geometry.to_numpy(), hex=True)
        rows.append(sorted(plain.assign(at=at).astype(str).itertuples(index=False, name=None)))
    assert rows[0] == rows[1]
