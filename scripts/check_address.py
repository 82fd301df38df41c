"""Check that the server may be started at the address that the settings name."""

from __future__ import annotations

import click

from gis.services.serve import refuse_open_address
from scripts.cli import opened, says_what_is_wrong


@click.command()
@says_what_is_wrong
def main() -> None:
    """Refuse to serve an office database where passwords would cross the network readably."""
    refuse_open_address(opened())


if __name__ == "__main__":
    main()
