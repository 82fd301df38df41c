"""Make the files of the demonstration town (模拟数据)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from gis.domain.kinds import RecordKind, SiteKind
from gis.workspace import record_kinds, site_kinds
from scripts.demo_town import coverage, small_places, writing
from scripts.demo_town.geotiff import write_geotiff
from scripts.demo_town.make import make
from scripts.demo_town.records import AS_OF, SOURCE, Record
from scripts.demo_town.terrain import terrain

DATA = Path(__file__).resolve().parent.parent / "data"

PREFIX = "模拟_"
"""Of every file whose content is invented."""


def write_town(folder: Path) -> dict[str, int]:
    """Write all files of the town.

    Parameters
    ----------
    folder
        Gets ``boundaries/``, ``sites/``, ``records/`` and ``codes/``.

    Returns
    -------
    File name to number of records, of cells for the relief.
    """
    made = make()
    kinds = site_kinds()
    town, sites = made.town, folder / "sites"
    rows: dict[Path, Sequence[writing.Row]] = {
        folder / "boundaries" / f"{PREFIX}village.geojson": coverage.village_areas(town),
        folder / "boundaries" / f"{PREFIX}town.geojson": [coverage.town_area(town)],
        sites / f"{PREFIX}hazard.geojson": [(c.geometry, c.properties) for c in made.hazards],
    }
    for kind, places in made.places.items():
        rows[sites / f"{PREFIX}{kind}.geojson"] = [
            (place.geometry, _whole(kinds[kind], place.properties)) for place in places
        ]
    for path, features in rows.items():
        writing.write_geojson(path, features)
    for sort, records in made.records.items():
        said = [_said(record_kinds()[sort], record) for record in records]
        writing.write_csv(folder / "records" / f"{PREFIX}{sort}.csv", said)
    relief = terrain(town, made.places["water_source"])
    write_geotiff(folder / "boundaries" / f"{PREFIX}relief.tif", relief)
    writing.write_csv(sites / f"{PREFIX}coverage.csv", coverage.rows(town, list(made.places)))
    writing.write_csv(folder / "codes" / "small_place_type.csv", small_places.type_rows())
    writing.write_text(sites / f"{PREFIX}as_of.txt", AS_OF.isoformat())
    told = {f"{PREFIX}{sort}.csv": len(records) for sort, records in made.records.items()}
    told[f"{PREFIX}relief.tif"] = relief.height_m.size
    return {path.name: len(features) for path, features in rows.items()} | told


def _whole(kind: SiteKind, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a place's properties with every field of its kind, in their order; unknown is None."""
    fields = [field.name for field in kind.fields]
    common = {name: value for name, value in properties.items() if name not in fields}
    return {**common, **{name: properties.get(name) for name in fields}}


def _said(sort: RecordKind, record: Record) -> dict[str, Any]:
    """Return a record with every field of its sort, and that it is invented."""
    fields = {field.name: record.get(field.name) for field in sort.fields}
    return {"code": record["code"], **fields, "source": SOURCE, "synthetic": True}


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    show_default="data/",
    help="写到哪个目录 / folder to write to.",
)
def main(out: Path) -> None:
    """Make the demonstration town's files again; they come out the same, byte for byte."""
    for name, count in write_town(out).items():
        click.echo(f"{name}：{count}")


if __name__ == "__main__":
    main()
