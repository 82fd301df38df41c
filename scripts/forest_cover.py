"""Tell which forest is watched and has water, by village."""

from __future__ import annotations

import click

from gis.services.show_forest_cover import Look, show_forest_cover
from scripts.cli import opened, operator, says_what_is_wrong

MOST_BLIND = 10
"""Blind spots told."""

SHARES = ("seen", "high_seen", "high_twice", "high_watered")


@click.command()
@click.option("--flame", is_flag=True, help="从严：看地面明火，不是林冠以上的烟柱。")
@click.option("--careful", is_flag=True, help="保守：任何设备都不超过保守半径。")
@click.option(
    "--at", "spots", multiple=True, nargs=2, type=float, metavar="LON LAT", help="候选点，可多次。"
)
@says_what_is_wrong
def main(flame: bool, careful: bool, spots: tuple[tuple[float, float], ...]) -> None:
    """Print what working devices see of the forest, what water reaches, and the blind spots.

    Candidate places, planned or given by --at, are ranked by what each adds.
    """
    found = show_forest_cover(opened(), operator(), Look(flame, careful, spots))
    click.echo(f"在用设备 {found['devices']} 台；地形数据：{found['relief'] or '无'}")
    if found["said"]:
        click.echo(f"注意：{found['said']}")
    if found["hazed"]:
        click.echo(f"注意：能见度低，{found['hazed']} 台设备的监测半径打折")
    if found["unknown_visibility"]:
        click.echo(f"注意：{found['unknown_visibility']} 台设备附近的能见度未知，没有打折")
    for row in found["watching"]:
        if row["slow"]:
            click.echo(
                f"注意：{row['name'] or row['code']} 巡检周期 {row['patrol_cycle_min']:g} 分钟"
            )
    click.echo("村\t森林公顷\t高火险公顷\t森林看到\t高火险看到\t两台看到\t高火险有水")
    for row in found["villages"]:
        numbers = (f"{row['forest_ha']:.0f}", f"{row['high_ha']:.0f}")
        click.echo("\t".join((row["name"], *numbers, *(_share(row[name]) for name in SHARES))))
    for spot in found["blind"][:MOST_BLIND]:
        click.echo(
            f"盲区 {spot['area_ha']:.0f} 公顷（高火险 {spot['high_ha']:.0f}），"
            f"{spot['lon']:.5f}，{spot['lat']:.5f} 一带"
        )
    for number, spot in enumerate(found["gains"], start=1):
        click.echo(
            f"候选 {number}：{spot['name']}，多看到高火险 {spot['high_ha']:.0f} 公顷，"
            f"森林 {spot['all_ha']:.0f} 公顷，高火险看到 {_share(spot['high_seen'])}"
        )


def _share(part: float | None) -> str:
    return "—" if part is None else f"{part:.0%}"


if __name__ == "__main__":
    main()
