"""Read a code table, or how complete each kind is in each village."""

from __future__ import annotations

from pathlib import Path

import click

from gis.services.import_tables import import_codes, import_coverage
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@click.argument("table")
@click.argument("file", type=click.Path(path_type=Path))
@says_what_is_wrong
def main(table: str, file: Path) -> None:
    """Read TABLE from FILE (CSV, UTF-8 or GBK).

    TABLE is ``coverage`` (kind, village, status complete|partial|none, as_of, source; or 类别,
    村代码, 普查情况 完整|不全|未普查, 截至日期, 来源): its rows replace those of the same kind
    and village. Or the name of a code table such as ``small_place_type`` (code, title_zh, title_en,
    numbers...), which holds the rows of FILE afterwards: codes that are gone are retired, never
    deleted.
    """
    ws = opened()
    if table == "coverage":
        counts = import_coverage(ws, operator(), file)
    else:
        counts = import_codes(ws, operator(), table, file)
    click.echo(f"{table}：" + "，".join(f"{name} {count}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
