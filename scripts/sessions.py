"""Say who is logged in, and end log-ins."""

from __future__ import annotations

import click

from gis.services.manage_sessions import end_session, list_sessions
from scripts.cli import opened, operator, says_what_is_wrong


@click.group()
def main() -> None:
    """List and end sessions."""


@main.command("list")
@says_what_is_wrong
def list_() -> None:
    """List the sessions that hold, the one used last first; times are UTC."""
    for one in list_sessions(opened(), operator(), everybodys=True):
        click.echo(f"{one.id}\t{one.login}\t{one.seen_at:%Y-%m-%d %H:%M}\t{one.address}")


@main.command()
@click.argument("session_id", type=int)
@says_what_is_wrong
def end(session_id: int) -> None:
    """End the session of that number."""
    end_session(opened(), operator(), session_id)
    click.echo(f"会话 {session_id} 已结束")


if __name__ == "__main__":
    main()
