"""Measure the main jobs beside the straightforward GeoPandas way, in one run on one machine.

``python -m benchmarks.run`` opens the database of the environment (a loaded demonstration) and
prints a table; ``docs/benchmarks.md`` keeps the newest. No test asserts a time. Every sort of what
if, of every kind, is in ``benchmarks.what_if``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.crs import METRIC, to_metres
from gis.domain.rights import GUEST, OPERATOR, Role, actor_of
from gis.domain.risk import pairs
from gis.services.compute_risk import compute_risk
from gis.services.explain_area import explain_area
from gis.services.export_layer import export_layer, log_export
from gis.services.find_duplicates import find_duplicates
from gis.services.import_sites import import_sites
from gis.services.load_layer import list_layers, load_layer
from gis.services.print_card import print_card
from gis.services.query_near import query_near
from gis.services.try_scenario import try_scenario
from gis.storage import dialect, sites
from gis.workspace import DATA, Settings, Workspace, open_workspace
from webmap.prints import PALETTE

LON, LAT = 119.370, 31.719
RADIUS_M = 500.0
HOUSES = DATA / "sites" / "模拟_self_built_house.geojson"
VILLAGES = DATA / "boundaries" / "模拟_village.geojson"
Job = Callable[[], Any]


VILLAGE = actor_of(Role.VILLAGE, "village", villages=frozenset({"320413109202"}))


@click.command()
@click.option("--repeat", default=9, help="Times each job is run; the median is shown.")
def main(repeat: int) -> None:
    """Print the median of each job, ours and the straightforward one."""
    ws = open_workspace(Settings.from_env())
    click.echo(f"| job ({ws.engine.dialect.name}) | ours, ms | GeoPandas, straightforward, ms |")
    click.echo("|---|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for name, (ours, theirs) in jobs(ws, Path(folder)).items():
            columns = (median_ms(job, repeat) if job else None for job in (ours, theirs))
            ours_ms, theirs_ms = (f"{ms:.1f}" if ms is not None else "" for ms in columns)
            click.echo(f"| {name} | {ours_ms} | {theirs_ms} |")


def jobs(ws: Workspace, folder: Path) -> dict[str, tuple[Job, Job | None]]:
    """Return the jobs: ours, and the straightforward way where there is one."""
    frames = {kind: gpd.read_file(DATA / "sites" / f"模拟_{kind}.geojson") for kind in ws.kinds}
    houses = frames["self_built_house"]
    points_m, people_m = (
        to_metres(frames[kind].to_crs(4490)) for kind in ("enterprise", "self_built_house")
    )
    reach_m = np.full(len(points_m), 200.0)
    return {
        "radius 500 m, all kinds": (
            lambda: read(query_near(ws, GUEST, lon=LON, lat=LAT, radius_m=RADIUS_M)),
            lambda: near_by_frames(frames),
        ),
        "the same as a village, which sees its own houses and squares for pipes": (
            lambda: read(query_near(ws, VILLAGE, lon=LON, lat=LAT, radius_m=RADIUS_M)),
            None,
        ),
        "layer of 3,000 houses as GeoJSON": (
            lambda: read(load_layer(ws, GUEST, "self_built_house")),
            lambda: houses.to_json(default=str),
        ),
        "export of 3,000 houses to GeoPackage": (
            lambda: export_layer(ws, OPERATOR, "self_built_house", "gpkg", folder / "ours.gpkg"),
            lambda: houses.to_file(folder / "theirs.gpkg"),
        ),
        "pairs within 200 m, enterprises x houses": (
            lambda: pairs.near(points_m.geometry.array, people_m.geometry.array, reach_m),
            lambda: gpd.sjoin(
                people_m, points_m.set_geometry(points_m.buffer(200.0)), predicate="intersects"
            ),
        ),
        "list of layers": (lambda: list_layers(ws, GUEST), None),
        "explanation of a village": (
            lambda: explain_area(ws, GUEST, "village", "320413109202"),
            None,
        ),
        "the same as a village, in whole points": (
            lambda: explain_area(ws, VILLAGE, "village", "320413109202"),
            None,
        ),
        "dry run of a file of 3,000 houses": (
            lambda: import_sites(ws, OPERATOR, "self_built_house", HOUSES, dry_run=True),
            lambda: gpd.sjoin(gpd.read_file(HOUSES), gpd.read_file(VILLAGES)),
        ),
        "quality of every place, as the layer of villages": (
            lambda: read(load_layer(ws, GUEST, "quality")),
            None,
        ),
        "possible duplicates among all places": (lambda: find_duplicates(ws, OPERATOR), None),
        "entry of the audit log": (lambda: log_export(ws, GUEST, "benchmark"), None),
        "what if a plant were closed": (lambda: what_if(ws, "enterprise", "close"), None),
        "what if its hazards were rectified": (lambda: what_if(ws, "enterprise", "rectify"), None),
        "card of a village as PDF": (lambda: read(card(ws)), None),
        "risk of the town with 2,000 draws, computed and stored": (
            lambda: compute_risk(ws, OPERATOR),
            None,
        ),
    }


def near_by_frames(frames: dict[str, gpd.GeoDataFrame]) -> str:
    """Answer the radius query as one would write it down first: all in metres, measure, write."""
    centre = gpd.GeoSeries([shapely.Point(LON, LAT)], crs=4490).to_crs(METRIC)
    found = []
    for frame in frames.values():
        distance_m = frame.to_crs(METRIC).distance(centre.iloc[0])
        found.append(frame[distance_m <= RADIUS_M].assign(distance_m=distance_m))
    together = gpd.GeoDataFrame(pd.concat(found, ignore_index=True))
    return str(together.sort_values("distance_m").to_json(default=str))


def what_if(ws: Workspace, kind: str, do: str) -> Any:
    """Try a change of the first place of a kind; the present is warm after the first time."""
    with dialect.reading(ws.engine) as conn:
        first = int(sites.load(conn, ws.kind(kind))["id"].iloc[0])
    return try_scenario(ws, OPERATOR, [{"do": do, "site": first}])


def card(ws: Workspace) -> Any:
    """Print the card of a village."""
    return print_card(ws, GUEST, "village", "320413109203", lang="zh", palette=PALETTE)


def read(document: Any) -> bytes:
    """Return the bytes of a document."""
    return b"".join(document.chunks)


def median_ms(job: Job, repeat: int) -> float:
    """Run a job once to warm up and then some times; return the median in milliseconds."""
    job()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        job()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


if __name__ == "__main__":
    main()
