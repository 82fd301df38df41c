"""Write a layer to a file that any GIS opens."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.export_layer import FORMATS, export_layer
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@click.argument("slug")
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("out", type=click.Path(path_type=Path))
@says_what_is_wrong
def main(slug: str, format: str, out: Path) -> None:
    """Write layer SLUG as FORMAT to OUT; an unfinished file never takes its place."""
    count = export_layer(opened(), operator(), slug, format, out)
    click.echo(f"{out}：{count} 个要素")


if __name__ == "__main__":
    main()
