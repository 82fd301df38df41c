"""Measure what if: each sort of change, of each kind of place; median and worst of several places.

``python -m benchmarks.what_if`` opens the database of the environment (a loaded demonstration)
and prints a table; ``docs/benchmarks.md`` keeps the newest.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import click
import geopandas as gpd
import shapely

from gis.domain.hazards import is_open
from gis.domain.kinds import SiteKind
from gis.domain.rights import OPERATOR
from gis.services.try_scenario import DOES, Change, try_scenario
from gis.storage import dialect, hazards, sites
from gis.workspace import Settings, Workspace, open_workspace

SHIFT_DEG = 0.001
"""A moved place goes so far east: about 95 m."""


@click.command()
@click.option("--places", default=9, help="So many places of each kind are tried.")
@click.option("--kind", "only", multiple=True, help="Only these kinds.")
@click.option("--cpu", is_flag=True, help="Processor time, where the machine has other work.")
def main(places: int, only: tuple[str, ...], cpu: bool) -> None:
    """Print median and worst of each sort of change for each kind, in milliseconds."""
    clock = time.process_time if cpu else time.perf_counter
    ws = open_workspace(Settings.from_env())
    try_scenario(ws, OPERATOR, [])  # the present is made once
    click.echo(f"| kind ({ws.engine.dialect.name}) | {' | '.join(DOES)} |")
    click.echo(f"|---|{'---:|' * len(DOES)}")
    every: list[float] = []
    for kind in sorted(set(ws.kinds) & set(only or ws.kinds)):
        took = {
            do: _took(ws, changes, clock) for do, changes in changes_of(ws, kind, places).items()
        }
        every += [ms for times in took.values() for ms in times]
        click.echo(f"| {kind} | {' | '.join(_cell(took[do]) for do in DOES)} |")
    click.echo(f"all: median {statistics.median(every):.0f} ms, worst {max(every):.0f} ms")


def changes_of(ws: Workspace, slug: str, places: int) -> dict[str, list[Change]]:
    """Return changes of each sort to places of a kind, as far as it has such."""
    kind = ws.kinds[slug]
    with dialect.reading(ws.engine) as conn:
        frame, cases = sites.load(conn, kind), hazards.load(conn)
    spread = frame.iloc[:: max(1, len(frame) // places)].head(places)
    of_open = set(cases.loc[is_open(cases), "site"])
    ids = [int(id_) for id_ in spread["id"]]
    middles = shapely.get_coordinates(shapely.centroid(spread.geometry.to_numpy()))
    moved = [{"lon": lon + SHIFT_DEG, "lat": lat} for lon, lat in middles.tolist()]
    held = [int(id_) for id_ in frame["id"] if id_ in of_open][:places]
    return {
        "close": [{"do": "close", "site": id_} for id_ in ids],
        "alter": list(_alterations(kind, frame, ids)),
        "move": [{"do": "move", "site": id_, **at} for id_, at in zip(ids, moved, strict=True)],
        "add": [{"do": "add", "kind": slug, "name": "新", **at} for at in moved]
        if "point" in kind.geometry
        else [],
        "rectify": [{"do": "rectify", "site": id_} for id_ in held],
    }


def _alterations(kind: SiteKind, frame: gpd.GeoDataFrame, ids: list[int]) -> Iterator[Change]:
    """Alter one field of each place after the other to a value that another place has."""
    fields = [
        field.name
        for field in kind.open_fields
        if (field.values or field.codes or field.type not in ("text", "date"))
        and frame[field.name].notna().any()
    ]
    by_id = frame.set_index("id")
    for number, id_ in enumerate(ids if fields else []):
        name = fields[number % len(fields)]
        others = by_id[name].dropna()
        others = others[others != by_id.loc[id_, name]]
        if len(others):
            yield {"do": "alter", "site": id_, "values": {name: _plain(others.iloc[0])}}


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _took(ws: Workspace, changes: list[Change], clock: Callable[[], float]) -> list[float]:
    """Return how long each question takes, ms."""
    times = []
    for change in changes:
        start = clock()
        try_scenario(ws, OPERATOR, [change])
        times.append(1000 * (clock() - start))
    return times


def _cell(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {max(times):.0f}" if times else ""


if __name__ == "__main__":
    main()
