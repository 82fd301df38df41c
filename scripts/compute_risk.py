"""Compute the risk of every village and store the run."""

from __future__ import annotations

import click

from gis.services.compute_risk import compute_risk
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@says_what_is_wrong
def main() -> None:
    """Compute risk per village from what the register holds now, and store the run."""
    summary = compute_risk(opened(), operator())
    click.echo(
        f"第 {summary['run']} 次计算：{summary['sources']} 个风险源，"
        f"{summary['receptors']} 个承灾体，{summary['pairs']} 对"
    )
    for name, count in summary["classes"].items():
        click.echo(f"  {name}：{count} 个村")


if __name__ == "__main__":
    main()
