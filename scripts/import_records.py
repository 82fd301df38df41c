"""Read a table of records (observations, chemicals, risk items) into their places."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.import_records import import_records
from scripts.cli import columns_option, echo_report, opened, operator, pairs, says_what_is_wrong


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path))
@columns_option
@says_what_is_wrong
def main(kind: str, file: Path, columns: tuple[str, ...]) -> None:
    """Insert or update records of KIND (see data/records) from the table FILE.

    Each row names its place by ``code`` (编号); records have no coordinates of their own.
    """
    report = import_records(opened(), operator(), kind, file, mapping=pairs(columns))
    echo_report(report)


if __name__ == "__main__":
    main()
