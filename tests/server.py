"""The server as a process of its own, the way ``scripts/start`` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gis.workspace import ROOT, Settings


@contextmanager
def serving(settings: Settings, log: Path) -> Iterator[str]:
    """Run the server on a free port of the loopback address.

    Yields
    ------
    Its address, ``http://127.0.0.1:port``, or ``https://`` where the settings name a certificate.
    What it writes goes into the file ``log``.
    """
    environment = {
        **os.environ,
        "RISKMAP_DATABASE_URL": settings.database_url,
        "RISKMAP_DATA_DIR": str(settings.data_dir),
        "RISKMAP_PORT": "0",
        "RISKMAP_TLS_CERT": str(settings.tls_cert or ""),
        "RISKMAP_TLS_KEY": str(settings.tls_key or ""),
    }
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        yield address_in(log, server)
    finally:
        server.terminate()
        server.wait(timeout=30)


def address_in(log: Path, server: subprocess.Popen[bytes], *, seconds: float = 60) -> str:
    """Wait until the log of a server says where it listens.

    Raises
    ------
    AssertionError
        If the server ends, or the time does; the message holds the log.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        _, says, rest = log.read_text("utf-8", errors="replace").partition("Listening at: ")
        if says and rest.strip():
            return rest.split()[0]
        time.sleep(0.1)
    raise AssertionError("the server does not listen:\n" + log.read_text("utf-8", errors="replace"))
