"""Tell which forest is watched and has water, by village."""

from __future__ import annotations

import click

from gis.services.show_forest_cover import show_forest_cover
from scripts.cli import opened, operator, says_what_is_wrong

MOST_BLIND = 10
"""Blind spots told."""

SHARES = ("seen", "high_seen", "high_twice", "high_watered")


@click.command()
@says_what_is_wrong
def main() -> None:
    """Print what working devices see of the forest, what water reaches, and the blind spots."""
    found = show_forest_cover(opened(), operator())
    click.echo(f"在用设备 {found['devices']} 台；地形数据：{found['relief'] or '无'}")
    if found["said"]:
        click.echo(f"注意：{found['said']}")
    click.echo("村\t森林公顷\t高火险公顷\t森林看到\t高火险看到\t两台看到\t高火险有水")
    for row in found["villages"]:
        shares = ("—" if row[name] is None else f"{row[name]:.0%}" for name in SHARES)
        numbers = (f"{row['forest_ha']:.0f}", f"{row['high_ha']:.0f}")
        click.echo("\t".join((row["name"], *numbers, *shares)))
    for spot in found["blind"][:MOST_BLIND]:
        click.echo(
            f"盲区 {spot['area_ha']:.0f} 公顷（高火险 {spot['high_ha']:.0f}），"
            f"{spot['lon']:.5f}，{spot['lat']:.5f} 一带"
        )


if __name__ == "__main__":
    main()
