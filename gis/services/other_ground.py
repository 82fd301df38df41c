"""A computation on other ground than its areas: the levels around them, hexagons, a fine grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.engine import Connection

from gis.domain.crs import to_metres
from gis.domain.hexagons import Ground
from gis.domain.risk import registry, rollup, surface
from gis.domain.risk.assess import Assessment, Snapshot
from gis.domain.risk.constants import EXPOSURE, INDEX, Constants, numbers
from gis.services.load_layer import HEXAGON, HOTSPOTS
from gis.storage import areas
from gis.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A computation on other ground.

    Attributes
    ----------
    rolled
        Loads and totals by level, the hexagons' (``HEXAGON``) too; without those that have no
        data.
    cells
        All hexagons of the town, EPSG:4549: as of ``rollup.hexagon_cells``.
    surface
        Bands of intensity by sector, as of ``surface.bands``.
    edge
        As of ``rollup.edge_incomplete``.
    classes
        Level around the areas and code to how many of them show which class.
    """

    rolled: rollup.Rolled
    cells: gpd.GeoDataFrame
    surface: gpd.GeoDataFrame
    edge: pd.DataFrame
    classes: Mapping[tuple[str, str], Mapping[str, int]]

    @property
    def width_m(self) -> int:
        """Return the width of the hexagons, flat to flat, metres."""
        return int(self.cells["width_m"].iloc[0])


def load_wholes(conn: Connection, ws: Workspace) -> dict[str, gpd.GeoDataFrame]:
    """Return the areas, in metres, of every level that has no score of its own, if it has any."""
    crs = ws.home_level.metric_crs
    found = {
        level.slug: areas.load(conn, level) for level in ws.levels.values() if not level.scored
    }
    return {slug: to_metres(frame, crs) for slug, frame in found.items() if len(frame)}


def put(
    found: Assessment,
    snapshot: Snapshot,
    wholes: Mapping[str, gpd.GeoDataFrame],
    constants: Mapping[str, Constants],
    *,
    level: str,
) -> Elsewhere:
    """Put an assessment on the levels around its areas, on hexagons, and on a grid to look at.

    ``level`` is that of the areas themselves.
    """
    result = found.result
    town_m = cast(Ground, shapely.union_all(snapshot.areas_m.geometry.array))
    shown = np.concatenate([result.receptors.geometry.array, result.sources.geometry.array])
    count = result.receptors["site"].nunique()
    cells = rollup.hexagon_cells(town_m, shown, count, constants[HOTSPOTS])
    rolled = rollup.roll_up(
        result,
        {**wholes, HEXAGON: cells[cells["data"]]},
        snapshot.areas_m,
        constants[EXPOSURE],
        level=level,
    )
    origin_m = numbers(constants[HOTSPOTS], "grid_origin_m")
    bands = surface.bands(result, snapshot.areas_m, constants[INDEX], origin_m)
    known = rollup.sectors_beyond(registry.reads(registry.models()), snapshot.coverage)
    edge = rollup.edge_incomplete(snapshot.areas_m, town_m, result.sources, known_beyond=known)
    return Elsewhere(rolled, cells, bands, edge, _classes(found, snapshot, wholes))


def hexagons(found: Elsewhere, constants: Mapping[str, Constants]) -> gpd.GeoDataFrame:
    """Return all hexagons with what is known of them; those without data have nothing else."""
    loads = rollup.summed(found.rolled, HEXAGON, constants[EXPOSURE])
    return found.cells.merge(loads, on="code", how="left")


def totals(found: Elsewhere) -> list[dict[str, Any]]:
    """Return the rows of the table ``rolled``."""
    return [
        {**row, "classes": found.classes.get((row["level"], row["code"]))}
        for row in _plain(found.rolled.totals)
    ]


def loads(found: Elsewhere) -> list[dict[str, Any]]:
    """Return the rows of the table ``rolled_load``."""
    return _plain(found.rolled.loads)


def _classes(
    found: Assessment, snapshot: Snapshot, wholes: Mapping[str, gpd.GeoDataFrame]
) -> dict[tuple[str, str], dict[str, int]]:
    by_area = found.classes.set_index("area")["shown"]
    shown = by_area.loc[snapshot.areas_m["area"]].tolist()
    return {
        (level, code): counts
        for level, cells in wholes.items()
        for code, counts in rollup.distributions(shown, snapshot.areas_m, cells).items()
    }


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
