"""An office database with two villages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gis.domain.rights import OPERATOR
from gis.services.import_areas import import_areas
from gis.services.make_database import make_office
from gis.workspace import Settings, Workspace, open_workspace
from tests.conftest import Databases, filled
from tests.register import own_copy
from tests.samples import write_villages


@pytest.fixture(scope="session")
def two_villages(
    databases: Databases, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Databases, Path]]:
    """Return what makes copies of an office with two villages, and the folder of its keys."""
    folder = tmp_path_factory.mktemp("two-villages")

    def fill(ws: Workspace) -> None:
        make_office(ws, OPERATOR, "admin")
        import_areas(ws, OPERATOR, "village", write_villages(folder / "villages.geojson"))

    with filled(databases, request, folder, fill) as copies:
        yield copies, folder / "var"


@pytest.fixture
def office(two_villages: tuple[Databases, Path], tmp_path: Path) -> Iterator[Workspace]:
    """Return an office database that holds the two villages of ``tests.samples``."""
    copies, keys = two_villages
    folder = tmp_path / "office"
    folder.mkdir()
    shutil.copytree(keys, folder / "var")
    with copies(folder) as url:
        ws = open_workspace(Settings(url, folder / "var"))
        yield ws
        ws.engine.dispose()


@pytest.fixture(scope="module")
def ready(
    two_villages: tuple[Databases, Path],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Databases]:
    """Return what makes copies of an office that the test module's ``fill`` filled once."""
    folder = tmp_path_factory.mktemp("ready")
    fill = request.module.fill
    with filled(two_villages[0], request, folder, lambda ws: fill(ws, folder)) as copies:
        yield copies


@pytest.fixture
def filled_office(ready: Databases, tmp_path: Path) -> Iterator[Workspace]:
    """Return a copy of that office, this test's own."""
    with own_copy(ready, tmp_path / "office") as ws:
        yield ws
