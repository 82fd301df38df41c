"""Read a file of areas of one level into the register."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.import_areas import import_areas
from scripts.cli import echo_report, file_options, opened, operator, pairs, says_what_is_wrong


@click.command()
@click.argument("level")
@click.argument("file", type=click.Path(path_type=Path))
@file_options
@click.option("--whole", is_flag=True, help="文件是全部的面：文件里没有的面到今天为止。")
@says_what_is_wrong
def main(level: str, file: Path, columns: tuple[str, ...], crs: str | None, whole: bool) -> None:
    """Insert or update areas of LEVEL from FILE by code; places then find their home village."""
    mapping = pairs(columns)
    echo_report(
        import_areas(opened(), operator(), level, file, mapping=mapping, crs=crs, whole=whole)
    )


if __name__ == "__main__":
    main()
