"""Compare two surveys of the ground: what changed beyond the boundary of a mining licence."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.compare_relief import compare_relief
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="写出的文件，.csv 或 .geojson / file to write, .csv or .geojson.",
)
@says_what_is_wrong
def main(before: Path, after: Path, out: Path | None) -> None:
    """List what changed between BEFORE and AFTER, GeoTIFFs of heights, beyond every mine.

    Both must have the same height datum. What is listed is to be looked at on site.
    """
    found = compare_relief(opened(), operator(), before, after, out)
    for note in found.notes:
        click.echo(note)
    for row in found.patches.itertuples():
        click.echo(f"  {row.mine}：{row.area_m2:.0f} 平方米，平均 {row.change_m:+.1f} 米")


if __name__ == "__main__":
    main()
