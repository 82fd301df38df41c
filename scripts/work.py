"""Do what waits in the background: try out and import uploaded files."""

from __future__ import annotations

import logging
import os
import signal
from types import FrameType

import click

from gis.services import work
from scripts.cli import opened, says_what_is_wrong


@click.command()
@click.option("--once", is_flag=True, help="做完排队的任务就结束。")
@says_what_is_wrong
def main(once: bool) -> None:
    """Do background jobs until stopped; scripts/start runs it beside the server."""
    logging.basicConfig(level=logging.INFO)
    ws, parent, told = opened(), os.getppid(), []
    if once:
        work.run_waiting(ws)
        return

    def end(_signal: int, _frame: FrameType | None) -> None:
        told.append(True)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    # It ends with whoever started it, however that ended.
    work.work(ws, ended=lambda: bool(told) or os.getppid() != parent)


if __name__ == "__main__":
    main()
