"""What every test may ask for: databases, workspaces, the demonstration, the web application.

A test that takes ``backend``, directly or through another fixture, runs on both databases. What
only some rooms need is imported by its fixture, so that the others' tests start without it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pyogrio  # noqa: F401 - before SpatiaLite: loaded after it, its GDAL crashes on writing
import pytest
from argon2 import PasswordHasher
from sqlalchemy.engine import make_url

from gis.domain.rights import OPERATOR
from gis.services import passwords
from gis.storage.dialect import open_engine
from gis.storage.schema import upgrade
from gis.workspace import ROOT, Settings, Workspace, open_workspace
from tests.postgis import Cluster, running_cluster
from tests.server import serving

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

SHARED = ROOT.parent / "shared" / "data"
"""Real data that the project may not hold; not everybody has them."""

Databases = Callable[[Path], AbstractContextManager[str]]
"""Given an empty folder, opens the address of a fresh database of the newest schema."""

# The same examples every time: a test that fails on one machine fails on all.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tests")

# Thousands of log-ins; what a real hash costs has a test of its own.
REAL_HASHER = passwords._HASHER
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._NOBODYS = passwords._HASHER.hash("nobody's")

for _name in [name for name in os.environ if name.startswith("RISKMAP_")]:
    if _name != "RISKMAP_SCREENSHOTS":
        # What somebody set for their own database must not reach a test.
        del os.environ[_name]


@pytest.hookimpl(tryfirst=True)  # before the plugin reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a database together: two processes take one database each.

    What needs no database goes to whichever has time.
    """
    for item in items:
        call = getattr(item, "callspec", None)
        if call is not None and "backend" in call.params:
            item.add_marker(pytest.mark.xdist_group(call.params["backend"]))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return a running PostGIS cluster of our own."""
    with running_cluster() as running:
        yield running


@pytest.fixture(
    scope="session",
    params=["spatialite", pytest.param("postgis", marks=pytest.mark.postgis)],
)
def backend(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def databases(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Return what makes fresh databases: copies of one that was migrated once."""
    if backend == "spatialite":
        ready = tmp_path_factory.mktemp("ready") / "ready.sqlite"
        _migrate(f"sqlite:///{ready}")
        yield _spatialite_copies(ready)
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        _migrate(cluster.create("ready"))
        yield _postgis_copies(cluster, "ready")
        cluster.drop("ready")


@pytest.fixture(scope="session")
def offices(
    databases: Databases,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Databases]:
    """Return what makes copies of the office of ``tests.officeland``, filled once."""
    from tests import officeland

    folder = tmp_path_factory.mktemp("officeland")
    with filled(databases, request, folder, lambda ws: officeland.fill(ws, folder)) as copies:
        yield copies


@contextmanager
def filled(
    databases: Databases,
    request: pytest.FixtureRequest,
    folder: Path,
    fill: Callable[[Workspace], object],
) -> Iterator[Databases]:
    """Fill a database once, and yield what makes copies of it; its keys lie in ``folder/var``."""
    with databases(folder) as url:
        embedded = url.startswith("sqlite")
        with _opened(url, folder / "var") as ws:
            fill(ws)
            if embedded:
                with ws.engine.connect() as conn:
                    conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        if embedded:
            yield _spatialite_copies(Path(url.removeprefix("sqlite:///")))
        else:
            cluster: Cluster = request.getfixturevalue("cluster")
            yield _postgis_copies(cluster, make_url(url).database or "")


@pytest.fixture
def own_office(offices: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return the office of ``tests.officeland``, this test's own."""
    folder = tmp_path / "office"
    folder.mkdir()
    with offices(folder) as url, _opened(url, folder / "var") as ws:
        yield ws


def _spatialite_copies(ready: Path) -> Databases:
    @contextmanager
    def fresh(folder: Path) -> Iterator[str]:
        yield f"sqlite:///{shutil.copyfile(ready, folder / 'riskmap.sqlite')}"

    return fresh


def _postgis_copies(cluster: Cluster, ready: str) -> Databases:
    @contextmanager
    def fresh(folder: Path) -> Iterator[str]:
        name = f"of_{folder.parent.name}_{folder.name}"[-63:]
        cluster.drop(name)
        try:
            yield cluster.create(name, template=ready)
        finally:
            cluster.drop(name)

    return fresh


def _migrate(url: str) -> None:
    engine = open_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


@pytest.fixture
def database_url(databases: Databases, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty database of the newest schema, this test's own."""
    with databases(tmp_path) as url:
        yield url


@pytest.fixture
def workspace(database_url: str, tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace on ``database_url``; the database has no purpose yet."""
    with _opened(database_url, tmp_path / "var") as ws:
        yield ws


@pytest.fixture(scope="session")
def demo(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Return the demonstration, loaded and computed once for all tests: only to be read."""
    from gis.services.make_database import load_demo

    folder = tmp_path_factory.mktemp("demo")
    with databases(folder) as url, _opened(url, folder / "var") as ws:
        load_demo(ws, OPERATOR)
        yield ws


@contextmanager
def _opened(url: str, data_dir: Path) -> Iterator[Workspace]:
    ws = open_workspace(Settings(database_url=url, data_dir=data_dir))
    try:
        yield ws
    finally:
        ws.engine.dispose()


@pytest.fixture(scope="session")
def app(demo: Workspace) -> Iterator[Flask]:
    """Return the web application on the demonstration."""
    from webmap import create_app
    from webmap.context import EXTENSION

    application = create_app(demo.settings)
    application.testing = True
    yield application
    application.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of ``app``, with no cookies."""
    return app.test_client()


@pytest.fixture(scope="session")
def live_server(demo: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address (``http://127.0.0.1:port``) of the real server on the demonstration."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(demo.settings, log) as address:
        yield address


@pytest.fixture
def shared_data(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the real data; the test is skipped, by name, where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"{request.node.nodeid}: ../shared/data is not here")
    return SHARED
