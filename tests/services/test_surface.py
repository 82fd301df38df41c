"""The hazard surface of a run: kept with it, the same for the same register, unknown never low."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import shapely
from shapely.geometry import shape

from gis.domain.rights import GUEST, OPERATOR
from gis.domain.risk import registry, surface
from gis.services.compute_risk import compute_risk
from gis.services.load_layer import SURFACE_PREFIX, list_layers, load_layer
from gis.services.try_scenario import try_scenario
from gis.workspace import Workspace
from tests.conftest import Databases
from tests.people import TOWN
from tests.register import own_copy

SLUGS = [SURFACE_PREFIX + model.slug for model in registry.models()]


@pytest.fixture
def ws(offices: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return a copy of the small office, this test's own."""
    with own_copy(offices, tmp_path / "office") as found:
        yield found


def features(ws: Workspace, slug: str) -> list[dict[str, Any]]:
    """Return the features of a layer."""
    found: list[dict[str, Any]] = json.loads(load_layer(ws, TOWN, slug).read())["features"]
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_every_model_has_a_surface_of_bands_for_viewing_only(demo: Workspace, slug: str) -> None:
    (info,) = (info for info in list_layers(demo, GUEST) if info.slug == slug)
    assert info.style["limits"] == [5, 20, 40, 60, 80]
    assert info.style["cell_m"] == 100
    found = json.loads(load_layer(demo, GUEST, slug).read())
    assert info.style["as_of"] == found["as_of"]
    told = [feature["properties"] for feature in found["features"]]
    assert [row["band"] for row in told][:4] == [1, 2, 3, 4]
    for row in told:
        assert row["use"] == "仅供浏览"
        assert row["synthetic"] is True
        assert "class" not in row
        assert "score" not in row
        assert row["to_intensity"] == {1: 20, 2: 40, 3: 60, 4: 80, 5: 100}.get(row["band"])
        assert (row["band"] is None) == (row["data"] is False)


@pytest.mark.parametrize("slug", SLUGS)
def test_where_a_village_is_unknown_there_is_no_band_but_no_data(
    demo: Workspace, slug: str
) -> None:
    model = slug.removeprefix(SURFACE_PREFIX)
    villages = json.loads(load_layer(demo, GUEST, f"risk_{model}").read())["features"]
    unknown = shapely.union_all(
        [shape(v["geometry"]) for v in villages if v["properties"]["score"] is None]
    )
    assert not unknown.is_empty
    found = json.loads(load_layer(demo, GUEST, slug).read())["features"]
    without = [shape(f["geometry"]) for f in found if not f["properties"]["data"]]
    banded = [shape(f["geometry"]) for f in found if f["properties"]["data"]]
    # Edges bend a little where metres become degrees.
    assert shapely.union_all(without).symmetric_difference(unknown).area < 1e-4 * unknown.area
    assert sum(shapely.area(shapely.intersection(banded, unknown))) < 1e-4 * unknown.area


def test_the_same_register_gives_the_same_bytes(ws: Workspace) -> None:
    def shown() -> list[str]:
        return [
            json.dumps([f["geometry"], {**f["properties"], "run": None}], sort_keys=True)
            for slug in SLUGS
            for f in features(ws, slug)
        ]

    compute_risk(ws, OPERATOR)
    first = shown()
    compute_risk(ws, OPERATOR)
    assert shown() == first
    assert first


def test_what_if_draws_no_surface(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object) -> NoReturn:
        raise AssertionError("a surface was drawn")

    monkeypatch.setattr(surface, "bands", drawn)
    assert try_scenario(ws, TOWN, [])["areas"]
    with pytest.raises(AssertionError, match="a surface was drawn"):
        compute_risk(ws, OPERATOR)
