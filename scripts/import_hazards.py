"""Read a file of hazard cases into the hazard register."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.import_hazards import import_hazards
from scripts.cli import echo_report, file_options, opened, operator, pairs, says_what_is_wrong


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@file_options
@says_what_is_wrong
def main(file: Path, columns: tuple[str, ...], crs: str | None) -> None:
    """Insert or update hazard cases from FILE by code."""
    echo_report(import_hazards(opened(), operator(), file, mapping=pairs(columns), crs=crs))


if __name__ == "__main__":
    main()
