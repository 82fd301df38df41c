"""Names that try to get out of their place on a page, put into an office database."""

from __future__ import annotations

from pathlib import Path

import shapely

from gis.domain.rights import OPERATOR, Role
from gis.services.compute_risk import compute_risk
from gis.services.import_areas import import_areas
from gis.services.import_hazards import import_hazards
from gis.services.import_sites import import_sites
from gis.services.make_database import make_office
from gis.workspace import Workspace
from tests.people import make_account
from tests.samples import VILLAGES, write_geojson

NAMES = (
    "${document.title='run'}",
    "{{ 7 * 7 }}{% raw %}",
    "</script><script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "\"'><svg onload=document.title='run'>",
    "C:\\2019\\u0041",
    "`${document.title='run'}`",
    "<!--<script>",
    "javascript:document.title='run'",
)


def fill(ws: Workspace, folder: Path) -> Workspace:
    """Make an office whose villages, plants and hazards all have such names, and compute it."""
    make_office(ws, OPERATOR, "admin")
    areas = [
        (shape, {"code": code, "name": name, "residents": 1000})
        for (code, shape), name in zip(VILLAGES.items(), NAMES[2:], strict=False)
    ]
    import_areas(ws, OPERATOR, "village", write_geojson(folder / "areas.geojson", areas))
    plants = [
        (shapely.Point(119.32 + 0.005 * row, 31.72), {"code": f"{row}", "name": name})
        for row, name in enumerate(NAMES)
    ]
    plants = [
        (shape, {**said, "ext_safety_doc": said["name"], "risk_colour": "红"})
        for shape, said in plants
    ]
    import_sites(ws, OPERATOR, "enterprise", write_geojson(folder / "plants.geojson", plants))
    cases = [
        (
            shapely.Point(119.32 + 0.005 * row, 31.721),
            {
                "code": f"H{row}",
                "title": name,
                "channel": "督导检查",
                "level": "重大",
                "clause": name,
                "state": "整改中",
                "found_on": "2026-01-01",
                "due_on": "2026-02-01",
            },
        )
        for row, name in enumerate(NAMES)
    ]
    import_hazards(ws, OPERATOR, write_geojson(folder / "cases.geojson", cases))
    compute_risk(ws, OPERATOR)
    make_account(ws, Role.TOWN_OFFICE)
    return ws
