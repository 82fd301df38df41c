"""A PostGIS cluster of the tests' own: made in a temporary folder, gone when they end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SUPERUSER = "postgres"

SETTINGS = {
    # Only a socket in the cluster's own folder: no port to quarrel over, nobody else gets in.
    "listen_addresses": "",
    # What is lost in a crash is thrown away anyway.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Statistics come when a test asks for them, so that query plans do not depend on the clock.
    "autovacuum": "off",
    # An office's own: an instant stored without its offset would come back eight hours wrong.
    "timezone": "Asia/Shanghai",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster.

    Attributes
    ----------
    folder
        Where it lives and listens.
    """

    folder: Path

    def url(self, database: str) -> str:
        """Return the address of a database, as RISKMAP_DATABASE_URL has it."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database as a copy of another, to which nobody may be connected.

        Returns
        -------
        The new database's address.
        """
        self._run("CREATE DATABASE {} TEMPLATE {}", database, template)
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def _run(self, statement: str, *names: str) -> None:
        query = sql.SQL(statement).format(*map(sql.Identifier, names))
        host = str(self.folder)
        with psycopg.connect(host=host, user=SUPERUSER, dbname="postgres", autocommit=True) as conn:
            conn.execute(query)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Make and start a cluster; stop and remove it in the end.

    PostgreSQL refuses to run as root: root runs it as another user.

    Raises
    ------
    FileNotFoundError
        If PostgreSQL with PostGIS is not installed.
    """
    found = programs()
    account: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="riskmap-pg-"))
    if os.geteuid() == 0:
        name = _unprivileged()
        shutil.chown(folder, name)
        account = {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [found / program, "-D", folder / "data", *arguments],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, **account,
        )  # fmt: skip

    settings = {**SETTINGS, "unix_socket_directories": str(folder)}
    options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
    try:
        run("initdb", "-U", SUPERUSER, "--auth=trust", "--locale=C.UTF-8", "--no-sync")
        try:
            run("pg_ctl", "-l", str(folder / "log"), "-o", options, "-w", "start")
        except subprocess.CalledProcessError as error:
            error.add_note((folder / "log").read_text("utf-8"))
            raise
        try:
            yield Cluster(folder)
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


def programs() -> Path:
    """Return the folder of the newest installed PostgreSQL's programs that has PostGIS.

    Raises
    ------
    FileNotFoundError
        If there is none; the message says what to do.
    """
    for pair in _installed():
        if (pair[0] / "initdb").exists() and (pair[1] / "extension" / "postgis.control").exists():
            return pair[0]
    raise FileNotFoundError("no PostgreSQL with PostGIS found: run bash scripts/install test")


def _installed() -> Iterator[tuple[Path, Path]]:
    """Yield folders of programs and of shared files: Debian's, newest first, then pg_config's."""
    for programs in sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name),
        reverse=True,
    ):
        yield programs, Path("/usr/share/postgresql", programs.parent.name)
    if command := shutil.which("pg_config"):
        answers = (
            subprocess.run([command, asked], capture_output=True, text=True, check=True).stdout
            for asked in ("--bindir", "--sharedir")
        )
        programs, shared = (Path(answer.strip()) for answer in answers)
        yield programs, shared


def _unprivileged() -> str:
    """Return the name of an account that is not root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return SUPERUSER if SUPERUSER in names else "nobody"
