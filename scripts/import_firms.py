"""Read a table of satellite heat (NASA FIRMS) into the register."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.import_satellite_heat import import_satellite_heat
from scripts.cli import echo_report, opened, operator, says_what_is_wrong


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只试算，不改动库里的数据。")
@says_what_is_wrong
def main(file: Path, dry_run: bool) -> None:
    """Insert the detections of the FIRMS table FILE (CSV; MODIS or VIIRS) around the town.

    They come up to three hours late and are not for first reports.
    """
    echo_report(import_satellite_heat(opened(), operator(), file, dry_run=dry_run))


if __name__ == "__main__":
    main()
