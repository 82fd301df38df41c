"""Make an empty office database."""

from __future__ import annotations

import click

from gis.services.make_database import make_office
from scripts.cli import echo_password, opened, operator, says_what_is_wrong


@click.command()
@click.option("--administrator", metavar="LOGIN", help="第一个管理员的登录名；新库必须写。")
@says_what_is_wrong
def main(administrator: str | None) -> None:
    """Make an empty office database (正式库) where RISKMAP_DATABASE_URL says, or update its schema.

    It holds the kinds, the default code tables and the first administrator, whose first password
    is printed once; it takes real data only, and nobody reads it without the right to.
    """
    office = make_office(opened(), operator(), administrator)
    click.echo("正式库已建好" if office.made else "正式库已在，结构已更新到最新")
    if office.password:
        echo_password(str(office.administrator), office.password)
        click.echo("下一步：python -m scripts.import_areas village 村界文件，再导入各类场所")


if __name__ == "__main__":
    main()
