"""Say how a place came to be what it is, and put it back to an earlier version."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from gis.domain.days import LEGAL_ZONE
from gis.errors import NotFoundError
from gis.services.restore_site import restore_site
from gis.services.show_history import show_history
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@click.argument("site", type=int)
@click.option("--restore", type=int, metavar="VERSION", help="恢复到第几版。")
@says_what_is_wrong
def main(site: int, restore: int | None) -> None:
    """Print the versions of the place with the number SITE, newest first, or restore one."""
    ws, who = opened(), operator()
    found = show_history(ws, who, site)
    if restore is None:
        click.echo(f"{found['name']}\t{found['title']}\t{found['code']}")
        for version in found["versions"]:
            _echo(version)
        return
    chosen = (one["id"] for one in found["versions"] if one["number"] == restore)
    version_id = next(chosen, None)
    if version_id is None:
        raise NotFoundError(
            f"场所 {site} 没有第 {restore} 版；最后是第 {len(found['versions'])} 版"
        )
    done = restore_site(ws, who, site, version_id)
    changed = "、".join(one["title"] for one in done.differences)
    said = f"已恢复到第 {restore} 版，改动：{changed}" if changed else "与现在相同，没有改动"
    click.echo(f"{found['name']}：{said}")


def _echo(version: dict[str, Any]) -> None:
    at = dt.datetime.fromisoformat(version["at"]).astimezone(LEGAL_ZONE)
    row = f" 第 {version['row']} 行" if version["row"] else ""
    file = f"{version['file']}{row}" if version["file"] else "-"
    head = (f"第 {version['number']} 版", f"{at:%Y-%m-%d %H:%M}", version["actor"])
    click.echo("\t".join((*head, version["change_title"], file)))
    if version["note"]:
        click.echo(f"  {version['note']}")
    for one in version["differences"]:
        click.echo(f"  {one['title']}：{one['said'] or _change(one)}")


def _change(one: dict[str, Any]) -> str:
    old, new = ("空" if one[side] is None else one[side] for side in ("old", "new"))
    return f"{old} → {new}"


if __name__ == "__main__":
    main()
