"""Say which columns a file of a kind may have."""

from __future__ import annotations

import click

from gis.domain.kinds import Field
from gis.services.import_sites import columns_of
from scripts.cli import opened, says_what_is_wrong


@click.command()
@click.argument("kind")
@says_what_is_wrong
def main(kind: str) -> None:
    """List the columns of KIND (by either name), what they may hold, and which are personal."""
    for field in columns_of(opened(), kind):
        click.echo(f"{field.name}\t{field.title.zh}\t{'；'.join(_said(field))}")


def _said(field: Field) -> list[str]:
    """Say what a field may hold."""
    types = {
        "text": "文字",
        "integer": "整数",
        "number": "数字",
        "boolean": "是/否",
        "date": "日期",
    }
    said = [types[field.type] + (f"（{field.unit}）" if field.unit else "")]
    if field.values:
        said.append("、".join(field.values))
    if field.codes:
        said.append(f"代码表 {field.codes}")
    said.append("可留空" if field.unknown else "必填")
    return [*said, "个人信息，不显示"] if field.personal else said


if __name__ == "__main__":
    main()
