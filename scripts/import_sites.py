"""Read a file of places of one kind into the register."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.import_sites import import_sites
from gis.services.uploads import find_profile
from scripts.cli import echo_report, file_options, opened, operator, pairs, says_what_is_wrong


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path))
@file_options
@click.option("--profile", metavar="NAME", help="按网页上记住的导入方案读取。")
@click.option("--dry-run", is_flag=True, help="只试算，不改动库里的数据。")
@says_what_is_wrong
def main(
    kind: str,
    file: Path,
    columns: tuple[str, ...],
    crs: str | None,
    profile: str | None,
    dry_run: bool,
) -> None:
    """Insert or update places of KIND from FILE (a table, spreadsheet or GIS file) by key.

    One transaction; reports rows new, changed, same and rejected with row number and reason.
    """
    ws, who = opened(), operator()
    plan = find_profile(ws, who, kind, profile) if profile else None
    echo_report(
        import_sites(
            ws, who, kind, file, mapping=pairs(columns), crs=crs, plan=plan, dry_run=dry_run
        )
    )


if __name__ == "__main__":
    main()
