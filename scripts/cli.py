"""What every command shares: opening the workspace, expected errors as one line, reports."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, TypeVar

import click
from sqlalchemy.exc import SQLAlchemyError

from gis.domain.audit import WORDS
from gis.domain.rights import OPERATOR, Actor
from gis.errors import GisError, InvalidDataError
from gis.services.changes import Report
from gis.workspace import Settings, Workspace, open_workspace

P = ParamSpec("P")
R = TypeVar("R")

MOST_SHOWN = 50
"""Rejected rows printed; the rest are counted."""


def operator() -> Actor:
    """Return who runs this command, with the name they have on this machine."""
    return replace(OPERATOR, name=f"{OPERATOR.name}（{getpass.getuser()}）")


def opened() -> Workspace:
    """Open the workspace that the environment names; it is closed when the command ends."""
    ws = open_workspace(Settings.from_env())
    click.get_current_context().call_on_close(ws.engine.dispose)
    return ws


def says_what_is_wrong(command: Callable[P, R]) -> Callable[P, R]:
    """Turn an expected error into one line on stderr and exit code 1.

    A database that fails is told by its own first line only: what follows could quote rows.
    """

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GisError as error:
            raise click.ClickException(str(error)) from error
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", error)).strip().splitlines()
            raise click.ClickException(
                f"数据库出错，本次操作没有留下任何改动：{cause[0] if cause else error!r}"
            ) from None

    return wrapped


def pairs(values: tuple[str, ...]) -> dict[str, str]:
    """Turn ``field=column`` options into a mapping."""
    mapping = {}
    for value in values:
        name, equals, column = value.partition("=")
        if not (name and equals and column):
            raise InvalidDataError(f"--map {value} 写法不对，应为 --map 字段=列名")
        mapping[name] = column
    return mapping


def columns_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add the option that says which column fills a field."""
    option = click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="字段=文件里的列名，可多次。",
    )
    return option(command)


def file_options(command: Callable[P, R]) -> Callable[P, R]:
    """Add the options of every command that reads a file of places."""
    crs = click.option(
        "--crs", help="文件没有写明坐标系时用，例如 EPSG:4549；坐标偏移时写 GCJ-02 或 BD-09。"
    )
    return columns_option(crs(command))


def echo_password(login: str, password: str) -> None:
    """Print a first password: the only time that anybody sees it."""
    click.echo(f"登录名：{login}")
    click.echo(f"首次口令（只显示这一次，登录后必须先改）：{password}")


def echo_report(report: Report) -> None:
    """Print what an import did; exit code 2 if rows were rejected, so that scripts notice."""
    counted = [f"{WORDS[name]} {count}" for name, count in report.counts.items()]
    click.echo(f"{report.target}：{'，'.join(counted)}")
    for note in report.notes:
        click.echo(f"  说明：{note}")
    if report.unmapped:
        click.echo(f"  以下列没有对应字段，已随行保存但不显示：{'、'.join(report.unmapped)}")
    for rejection in report.rejected[:MOST_SHOWN]:
        click.echo(f"  第 {rejection.row} 行未收：{rejection.reason}", err=True)
    if report.refused > MOST_SHOWN:
        click.echo(f"  …… 另有 {report.refused - MOST_SHOWN} 行未收", err=True)
    if report.refused:
        raise SystemExit(2)
