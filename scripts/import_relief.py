"""Read a GeoTIFF of heights as the relief of the land around the town."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from gis.services.import_relief import import_relief
from scripts.cli import echo_report, opened, operator, says_what_is_wrong


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--source",
    required=True,
    help="数据来源：产品名称、分辨率、版本 / product, resolution, version.",
)
@click.option(
    "--surveyed-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="测量日期 / when the land was measured.",
)
@says_what_is_wrong
def main(file: Path, source: str, surveyed_on: dt.datetime | None) -> None:
    """Take the heights of FILE, a GeoTIFF of one band in metres with its coordinate system.

    They are cut to the villages and 2 km around them and take the place of the earlier relief.
    """
    day = surveyed_on.date() if surveyed_on else None
    echo_report(import_relief(opened(), operator(), file, source=source, surveyed_on=day))


if __name__ == "__main__":
    main()
