"""Make an empty office database."""

from __future__ import annotations

import click

from gis.domain.rights import OPERATOR
from gis.services.make_database import make_office
from scripts.cli import opened, says_what_is_wrong


@click.command()
@says_what_is_wrong
def main() -> None:
    """Make an empty office database (正式库) where RISKMAP_DATABASE_URL says, or update its schema.

    It holds the kinds and the default code tables, and takes real data only.
    """
    ws = opened()
    click.echo(make_office(ws, OPERATOR))
    click.echo("下一步：python -m scripts.import_areas village 村界文件，再导入各类场所")


if __name__ == "__main__":
    main()
