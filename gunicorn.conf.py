"""How the server runs; gunicorn reads this file by itself in the folder it is started in."""

import os
import subprocess
import sys
import threading
import time
from typing import Any

wsgi_app = "webmap:create_app()"
bind = f"{os.environ.get('RISKMAP_HOST') or '127.0.0.1'}:{os.environ.get('RISKMAP_PORT') or 8000}"

# With both, the server itself speaks HTTPS.
certfile = os.environ.get("RISKMAP_TLS_CERT") or None
keyfile = os.environ.get("RISKMAP_TLS_KEY") or None

# TLS 1.2 with authenticated encryption, or 1.3, which has no other.
ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

# Nobody is believed who says that a request came by HTTPS: the application believes the proxies
# that RISKMAP_PROXY names, and gunicorn would believe whatever runs on this machine.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}

# A request waits for the database or computes in NumPy; both let other threads run.
worker_class = "gthread"
workers = 2
threads = 8

timeout = 120
graceful_timeout = 15
keepalive = 5


def post_worker_init(worker: Any) -> None:
    """Let a clock keep the head of the audit log, so that no work waits for the next change."""
    keep = worker.wsgi.extensions["riskmap-heads"]
    threading.Thread(target=keep, name="heads of the audit log", daemon=True).start()


def when_ready(server: Any) -> None:
    """Start the process that does what waits in the background; it ends with this one."""
    threading.Thread(target=keep_working, args=(server,), daemon=True).start()


def keep_working(server: Any) -> None:
    """Keep the background process running: one that died is started again."""
    while not getattr(server, "riskmap_ends", False):
        server.riskmap_worker = subprocess.Popen([sys.executable, "-m", "scripts.work"])
        server.riskmap_worker.wait()
        time.sleep(5)


def on_exit(server: Any) -> None:
    """End the background process; what it was doing leaves the register as it was."""
    server.riskmap_ends = True
    worker = getattr(server, "riskmap_worker", None)
    if worker is not None:
        worker.terminate()


# The office has no use for a second way in, and two servers would quarrel over its default place.
control_socket_disable = True
