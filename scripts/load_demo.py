"""Make the demonstration database and compute its layers."""

from __future__ import annotations

import click

from gis.services.make_database import is_ready, load_demo, refresh_shown
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@click.option("--if-missing", is_flag=True, help="数据库已经就绪时什么也不做。")
@says_what_is_wrong
def main(if_missing: bool) -> None:
    """Load the demonstration town (模拟数据) into RISKMAP_DATABASE_URL and compute its layers."""
    ws = opened()
    if if_missing and is_ready(ws):
        click.echo("数据库已就绪 / the database is ready")
        if changed := refresh_shown(ws, operator()):
            click.echo(f"类别护照有变，已重做显示内容：{'、'.join(changed)}")
        return
    load_demo(ws, operator(), say=click.echo)


if __name__ == "__main__":
    main()
