"""Read the audit log: search it, or write it to a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from gis.domain.audit import ACTIONS, Search
from gis.domain.days import LEGAL_ZONE
from gis.services.read_audit import export_audit, search_audit
from scripts.cli import opened, operator, says_what_is_wrong

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--actor", default="", help="谁。")
@click.option("--action", type=click.Choice(list(ACTIONS)), default=None)
@click.option("--text", default="", help="对象或内容里的字。")
@click.option("--since", type=DAY, help="自哪天，北京时间。")
@click.option("--until", type=DAY, help="至哪天，含当天。")
@click.option("--out", type=click.Path(path_type=Path), help="写成 CSV 文件，全部写出。")
@says_what_is_wrong
def main(
    actor: str,
    action: str | None,
    text: str,
    since: dt.datetime | None,
    until: dt.datetime | None,
    out: Path | None,
) -> None:
    """Show the newest entries of the audit log that fit, or write all of them to a CSV file."""
    wanted = Search(
        actor=actor,
        action=action or "",
        text=text,
        since=since.replace(tzinfo=LEGAL_ZONE) if since else None,
        until=until.replace(tzinfo=LEGAL_ZONE) + dt.timedelta(days=1) if until else None,
    )
    ws, who = opened(), operator()
    if out is not None:
        with out.open("wb") as file:
            file.writelines(export_audit(ws, who, wanted).chunks)
        click.echo(f"已写入 {out}")
        return
    page = search_audit(ws, who, wanted)
    for entry in reversed(page.entries):
        at = f"{entry.at.astimezone(LEGAL_ZONE):%Y-%m-%d %H:%M:%S}"
        said = (str(entry.id), at, entry.actor, entry.address or "-", ACTIONS[entry.action])
        click.echo("\t".join((*said, entry.target, entry.detail)))
    click.echo(f"共 {page.count} 条")


if __name__ == "__main__":
    main()
