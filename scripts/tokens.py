"""Manage tokens: keys for GIS clients to read with."""

from __future__ import annotations

import click

from gis.services import manage_tokens
from gis.services.manage_accounts import find_account
from scripts.cli import opened, operator, says_what_is_wrong


@click.group()
def main() -> None:
    """List, make and revoke tokens."""


@main.command("list")
@says_what_is_wrong
def list_() -> None:
    """List all tokens, the newest first; of each only its beginning is known."""
    ws, who = opened(), operator()
    found = manage_tokens.list_tokens(ws, who, everybodys=True)
    valid = {token.id for token in manage_tokens.valid(found)}
    for token in found:
        state = f"至 {token.expires_at:%Y-%m-%d}" if token.id in valid else "无效"
        click.echo(f"{token.id}\t{token.login}\t{token.name}\t{token.hint}…\t{state}")


@main.command()
@click.argument("login")
@click.option("--name", required=True, help="给哪个程序用。")
@click.option("--days", type=click.Choice([str(n) for n in manage_tokens.DAYS]), default="90")
@says_what_is_wrong
def add(login: str, name: str, days: str) -> None:
    """Make a token for the account LOGIN; it is printed once."""
    ws, who = opened(), operator()
    account = find_account(ws, who, login)
    token = manage_tokens.add_token(ws, who, account, name=name, days=int(days))
    click.echo(f"令牌（只显示这一次）：{token}")


@main.command()
@click.argument("token_id", type=int)
@says_what_is_wrong
def revoke(token_id: int) -> None:
    """Revoke the token of that number."""
    manage_tokens.revoke_token(opened(), operator(), token_id)
    click.echo(f"令牌 {token_id} 已撤销")


if __name__ == "__main__":
    main()
