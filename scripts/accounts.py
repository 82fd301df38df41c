"""Manage accounts: who may log in, as what, and in charge of what."""

from __future__ import annotations

import click

from gis.domain.accounts import Account
from gis.domain.rights import ROLES, Role
from gis.services import manage_accounts
from scripts.cli import echo_password, opened, operator, says_what_is_wrong

ROLE = click.Choice([role.value for role in Role])


@click.group()
def main() -> None:
    """List, add and change accounts; give new passwords; open what is locked."""


@main.command("list")
@says_what_is_wrong
def list_() -> None:
    """List all accounts."""
    for account in manage_accounts.list_accounts(opened(), operator()):
        click.echo("\t".join(_said(account)))


@main.command()
@click.argument("login")
@click.option("--name", required=True, help="姓名或单位。")
@click.option("--role", type=ROLE, required=True)
@click.option("--village", "villages", multiple=True, metavar="CODE", help="负责的村，可多次。")
@click.option("--industry", "industries", multiple=True, metavar="NAME", help="负责的行业。")
@says_what_is_wrong
def add(
    login: str, name: str, role: str, villages: tuple[str, ...], industries: tuple[str, ...]
) -> None:
    """Make an account; its first password is printed once."""
    password = manage_accounts.add_account(
        opened(),
        operator(),
        login=login,
        name=name,
        role=Role(role),
        villages=villages,
        industries=industries,
    )
    echo_password(login, password)


@main.command()
@click.argument("login")
@click.option("--name")
@click.option("--role", type=ROLE)
@click.option("--village", "villages", multiple=True, metavar="CODE")
@click.option("--industry", "industries", multiple=True, metavar="NAME")
@click.option("--active/--inactive", default=None, help="可以登录，或停用。")
@says_what_is_wrong
def change(
    login: str,
    name: str | None,
    role: str | None,
    villages: tuple[str, ...],
    industries: tuple[str, ...],
    active: bool | None,
) -> None:
    """Change an account; what is not said stays as it is."""
    ws, who = opened(), operator()
    found = manage_accounts.find_account(ws, who, login)
    manage_accounts.change_account(
        ws,
        who,
        found.id,
        name=name or found.name,
        role=Role(role) if role else found.role,
        villages=villages or found.villages,
        industries=industries or found.industries,
        active=found.active if active is None else active,
    )
    click.echo("\t".join(_said(manage_accounts.find_account(ws, who, login))))


@main.command("reset-password")
@click.argument("login")
@says_what_is_wrong
def reset_password(login: str) -> None:
    """Give an account a new first password, printed once; all its log-ins end."""
    ws, who = opened(), operator()
    found = manage_accounts.find_account(ws, who, login)
    echo_password(found.login, manage_accounts.reset_password(ws, who, found.id))


@main.command()
@click.argument("login")
@says_what_is_wrong
def unlock(login: str) -> None:
    """Let an account try to log in again at once."""
    ws, who = opened(), operator()
    manage_accounts.unlock(ws, who, manage_accounts.find_account(ws, who, login).id)
    click.echo(f"{login}：可以再试")


@main.command()
def roles() -> None:
    """Say which roles there are, and what each needs to be told."""
    for role, info in ROLES.items():
        click.echo(f"{role.value}\t{info.title.zh}\t{info.scope}")


def _said(account: Account) -> list[str]:
    scope = (*account.villages, *account.industries)
    state = "可用" if account.active else "停用"
    return [account.login, account.name, ROLES[account.role].title.zh, "、".join(scope), state]


if __name__ == "__main__":
    main()
