"""Read a file of places of one kind into the register."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.import_sites import import_sites
from scripts.cli import echo_report, file_options, opened, operator, pairs, says_what_is_wrong


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path))
@file_options
@says_what_is_wrong
def main(kind: str, file: Path, columns: tuple[str, ...], crs: str | None) -> None:
    """Insert or update places of KIND from FILE (GeoJSON, GeoPackage, shapefile, CSV) by key.

    One transaction; reports rows new, changed, same and rejected with row number and reason.
    """
    echo_report(import_sites(opened(), operator(), kind, file, mapping=pairs(columns), crs=crs))


if __name__ == "__main__":
    main()
