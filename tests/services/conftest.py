"""An office database with two villages."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.domain.rights import OPERATOR
from gis.services.import_areas import import_areas
from gis.services.make_database import make_office
from gis.workspace import Workspace
from tests.samples import write_villages


@pytest.fixture
def office(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Return an office database that holds the two villages of ``tests.samples``."""
    make_office(workspace, OPERATOR, "admin")
    import_areas(workspace, OPERATOR, "village", write_villages(tmp_path / "villages.geojson"))
    return workspace
