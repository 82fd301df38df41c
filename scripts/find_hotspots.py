"""Find hotspots of hazards and store the run."""

from __future__ import annotations

import click

from gis.services.find_hotspots import find_hotspots
from scripts.cli import opened, operator, says_what_is_wrong


@click.command()
@says_what_is_wrong
def main() -> None:
    """Test hexagons for clusters of hazards (Getis-Ord Gi*, false-discovery control)."""
    summary = find_hotspots(opened(), operator())
    click.echo(
        f"第 {summary['run']} 次分析：{summary['status']}，{summary['n_cells']} 个网格，"
        f"{summary['n_events']} 起隐患，热点 {summary['hotspots']}，疑似 {summary['suspected']}，"
        f"扫描圆 {summary['circles']}，成片 {summary['patches']}，"
        f"突出场所 {summary['outliers']}（{summary['outlier_status']}）"
    )


if __name__ == "__main__":
    main()
