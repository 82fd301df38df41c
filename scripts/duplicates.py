"""Find places that may be stored twice; merge them, take that back, or say that they are two."""

from __future__ import annotations

import click

from gis.services import merge_sites as merging
from gis.services.find_duplicates import find_duplicates
from gis.services.keep_apart import keep_apart, undo_apart
from gis.services.merge_sites import Merged
from scripts.cli import opened, operator, says_what_is_wrong


@click.group()
def main() -> None:
    """List, merge and keep apart places that look alike; undo a merge."""


@main.command("list")
@click.option("--kind", metavar="KIND", help="只看一类。")
@says_what_is_wrong
def list_(kind: str | None) -> None:
    """Print the pairs that may be one place: their numbers, names, kind and why."""
    ws, who = opened(), operator()
    found = find_duplicates(ws, who, kind, per_page=None)
    for pair in found.pairs:
        one, other = pair["one"], pair["other"]
        numbers = (str(one["id"]), str(other["id"]))
        click.echo("\t".join((*numbers, one["name"], other["name"], pair["title"], pair["why"])))
    click.echo(f"共 {found.matched} 对疑似重复", err=True)


@main.command()
@click.argument("keep", type=int)
@click.argument("drop", type=int)
@says_what_is_wrong
def merge(keep: int, drop: int) -> None:
    """Let the place KEEP stand for DROP too, which leaves layers, counts and risk."""
    done = merging.merge_sites(opened(), operator(), keep, drop)
    click.echo(f"“{done.drop}”已并入“{done.keep}”，补入：{_fields(done)}；隐患 {done.cases} 件")


@main.command()
@click.argument("drop", type=int)
@says_what_is_wrong
def undo(drop: int) -> None:
    """Take the place DROP out of the one that it was merged into."""
    done = merging.undo_merge(opened(), operator(), drop)
    how = "两处都恢复到合并以前" if done.exact else f"此后有改动，只收回：{_fields(done)}"
    click.echo(f"“{done.drop}”不再并入“{done.keep}”，{how}；隐患 {done.cases} 件")


def _fields(done: Merged) -> str:
    return "、".join(done.fields) or "无"


@main.command()
@click.argument("one", type=int)
@click.argument("other", type=int)
@click.option("--undo", "back", is_flag=True, help="收回：两处重新比对。")
@says_what_is_wrong
def apart(one: int, other: int, back: bool) -> None:
    """Say that ONE and OTHER are two places: they are not listed again."""
    act = undo_apart if back else keep_apart
    new = act(opened(), operator(), one, other)
    said = "已收回" if back else "已记下：不是重复"
    click.echo(said if new else "没有改动：本来就是这样")


if __name__ == "__main__":
    main()
