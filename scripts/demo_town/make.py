"""Make the whole town, in the order in which its parts take their land."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import shapely

from scripts.demo_town import (
    fire_watch,
    gas,
    gathering,
    hazards,
    hills,
    houses,
    infrastructure,
    plant_records,
    plants,
    settlements,
    small_places,
    weather,
    workings,
)
from scripts.demo_town.ground import Ground
from scripts.demo_town.records import Place, Record
from scripts.demo_town.villages import Town, lay_out


@dataclass(frozen=True, slots=True)
class Made:
    """The town, its places by kind (slugs sorted), their records by sort, its hazard cases."""

    town: Town
    places: Mapping[str, Sequence[Place]]
    records: Mapping[str, Sequence[Record]]
    hazards: Sequence[hazards.Case]


def make() -> Made:
    """Make the town; the same one every time."""
    town, ground = lay_out(), Ground()
    mines = hills.mines(town, ground)
    pits = [place.geometry for place in mines]
    estates = settlements.estates(town)
    reserved = shapely.union_all([estate.disc for estate in estates]).buffer(60)
    water = hills.reservoirs(town, ground, reserved)
    forest = hills.forest(town, ground)
    settled = settlements.settle(town, ground, estates, pits)
    places = {
        "mine": mines,
        "water_source": water,
        "forest": forest,
        "gas_pipeline": gas.pipelines(town, settled),
        "school": gathering.schools(town, ground, settled),
        "hospital": gathering.hospitals(town, ground, settled),
        "elderly_home": gathering.elderly_homes(town, ground, settled),
        "gas_station": gas.gas_stations(town, ground, settled),
        "lpg_station": gas.lpg_stations(town, ground, settled),
        "enterprise": plants.enterprises(town, ground, settled, estates, pits),
        "self_built_house": houses.houses(town, ground, settled, hills.inhabited(mines)),
        "small_place": small_places.small_places(town, settled),
        "fire_monitor": fire_watch.monitors(town, forest),
    }
    ordered = {kind: places[kind] for kind in sorted(places)}
    cases = hazards.hazards(town, ordered)
    buildings = infrastructure.buildings(places["enterprise"])
    besides = {
        "road": infrastructure.roads(town, settled),
        "fire_station": infrastructure.fire_stations(town),
        "cemetery": infrastructure.cemeteries(town, forest),
        "power_line": infrastructure.power_lines(town, settled),
        "weather_station": infrastructure.weather_stations(town, forest),
        "wildfire": infrastructure.wildfires(town, forest),
        "blast_zone": infrastructure.blast_zones(town, mines),
        "tailings_pond": infrastructure.tailings_ponds(mines),
        "building": buildings,
        "tenant": infrastructure.tenants(buildings),
        "installation": infrastructure.installations(places["enterprise"]),
    }
    everything = {**ordered, **besides}
    told = _told(everything)
    return Made(town, {kind: everything[kind] for kind in sorted(everything)}, told, cases)


def _told(places: Mapping[str, Sequence[Place]]) -> dict[str, Sequence[Record]]:
    """Return the records of the places."""
    return {
        "blast": workings.blasts(places["mine"]),
        "chemical": plant_records.chemicals(places["enterprise"], places["installation"]),
        "displacement": workings.displacements(places["mine"]),
        "observation": weather.observations(places["weather_station"]),
        "pipeline_works": workings.pipeline_works(places["gas_pipeline"]),
        "risk_item": plant_records.risk_items(places["enterprise"]),
    }
