"""Rate the forest for today's weather and store the run."""

from __future__ import annotations

import click

from gis.services.rate_forest_today import rate_forest_today
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@says_what_is_wrong
def main() -> None:
    """Multiply the hazard of every forest cell by today's fire weather; not part of the index."""
    found = rate_forest_today(opened(), operator())
    weather = (
        f"火险天气 {found['fire_class']} 级（{found['by']}，{found['day']}）"
        if found["fire_class"]
        else "没有今天或昨天的火险天气，全部为未知"
    )
    click.echo(
        f"第 {found['run']} 次分析：{found['cells']} 个林地网格，{weather}，"
        f"达到高火险的 {found['high']} 个"
    )


if __name__ == "__main__":
    main()
