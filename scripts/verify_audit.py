"""Check the audit log against its hashes and the heads kept outside the database."""

from __future__ import annotations

import click

from gis.services.read_audit import verify_audit
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@says_what_is_wrong
def main() -> None:
    """Find what was changed in the audit log since it was written; exit code 2 if anything was.

    Run it with the data folder of the server: the heads and the key are there.
    """
    verdict = verify_audit(opened(), operator())
    for fault in verdict.faults:
        click.echo(fault, err=True)
    if verdict.faults:
        click.echo(f"改动 {len(verdict.faults)} 处（共核对 {verdict.count} 条）", err=True)
        raise SystemExit(2)
    click.echo(f"审计记录完好：{verdict.count} 条，与库外 {verdict.heads} 个链头相符")
    if verdict.uncovered:
        click.echo(f"最近 {verdict.uncovered} 条之后还没有写链头，下一次写入后才能核对有没有被截尾")


if __name__ == "__main__":
    main()
