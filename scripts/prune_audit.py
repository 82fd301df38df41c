"""Delete old entries of the audit log, behind a signed checkpoint."""

from __future__ import annotations

import datetime as dt

import click

from gis.services.read_audit import prune_audit
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), required=True, help="哪天以前的。")
@says_what_is_wrong
def main(before: dt.datetime) -> None:
    """Delete the entries before a day at least 180 days ago; a checkpoint stays in their place.

    Write them to a file first: python -m scripts.audit --until DAY --out FILE.
    """
    left = prune_audit(opened(), operator(), before.date())
    if left is None:
        click.echo("没有这么早的记录，什么也没有删")
    else:
        click.echo(f"已删到第 {left.upto} 条（共 {left.count} 条），检查点已签名留存")


if __name__ == "__main__":
    main()
