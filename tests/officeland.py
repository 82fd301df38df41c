"""A small office: two villages with the same things in each, so that one has what the other hides.

West and east each have a plant and a house (internal), a school (public), a gas pipe
(restricted), a case at the plant and one at the pipe. Names say where a thing is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import shapely
import sqlalchemy as sa

from gis.domain.rights import OPERATOR
from gis.services.compute_risk import compute_risk
from gis.services.find_hotspots import find_hotspots
from gis.services.import_areas import import_areas
from gis.services.import_hazards import import_hazards
from gis.services.import_sites import import_sites
from gis.services.import_tables import import_coverage
from gis.services.make_database import make_office
from gis.storage.tables import site, site_shown
from gis.workspace import Workspace
from tests.people import EAST, WEST
from tests.samples import write_geojson, write_villages

SIDES = {"west": (119.32, WEST), "east": (119.38, EAST)}
OWNER, PHONE = "秘密负责人", "13900000000"


def fill(ws: Workspace, folder: Path) -> Workspace:
    """Make the office and compute it."""
    make_office(ws, OPERATOR, "admin")
    import_areas(ws, OPERATOR, "village", write_villages(folder / "villages.geojson"))
    for kind, rows in places().items():
        import_sites(ws, OPERATOR, kind, write_geojson(folder / f"{kind}.geojson", rows))
    import_hazards(ws, OPERATOR, write_geojson(folder / "cases.geojson", cases()))
    table = folder / "coverage.csv"
    lines = [
        f"{kind},{code},complete,2026-01-05,普查" for kind in ws.kinds for code in (WEST, EAST)
    ]
    table.write_text("\n".join(["kind,village,status,as_of,source", *lines]), encoding="utf-8")
    import_coverage(ws, OPERATOR, table)
    compute_risk(ws, OPERATOR)
    find_hotspots(ws, OPERATOR)
    return ws


def change(ws: Workspace, key: str, **values: Any) -> None:
    """Change a place behind the services' back, and what its shown row has of it."""
    of_place = sa.select(site.c.id).where(site.c.key == key).scalar_subquery()
    shown = {name: value for name, value in values.items() if name in site_shown.c}
    with ws.engine.begin() as conn:
        if shown:
            conn.execute(sa.update(site_shown).where(site_shown.c.site == of_place).values(shown))
        conn.execute(sa.update(site).where(site.c.key == key).values(values))


def places() -> dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]]:
    """Return rows of places by kind."""
    personal = {"owner": OWNER, "phone": PHONE}
    found: dict[str, list[tuple[shapely.Geometry, dict[str, Any]]]] = {
        kind: [] for kind in ("enterprise", "self_built_house", "school", "gas_pipeline")
    }
    for side, (lon, _) in SIDES.items():
        plant = {"code": f"P-{side}", "name": f"{side} plant", "risk_colour": "红", **personal}
        house = {"code": f"H-{side}", "name": f"{side} house", "safety_grade": "D", **personal}
        school = {"code": f"S-{side}", "name": f"{side} school", **personal}
        pipe = {"code": f"G-{side}", "name": f"{side} pipe", "regime": "城镇燃气"}
        found["enterprise"].append((shapely.Point(lon, 31.72), plant))
        found["self_built_house"].append((shapely.Point(lon + 0.001, 31.72), house))
        found["school"].append((shapely.Point(lon + 0.002, 31.721), school))
        line = shapely.LineString([(lon - 0.001, 31.7203), (lon + 0.004, 31.7207)])
        found["gas_pipeline"].append((line, pipe))
    return found


def cases() -> list[tuple[shapely.Geometry | None, dict[str, Any]]]:
    """Return rows of cases: in each village one at the plant and one at the pipe."""
    said = {
        "channel": "督导检查",
        "level": "重大",
        "state": "整改中",
        "found_on": "2026-01-01",
        "due_on": "2026-02-01",
    }
    at = (("enterprise", "P"), ("gas_pipeline", "G"))
    return [
        (
            None,
            {
                **said,
                "code": f"C-{letter}-{side}",
                "title": f"{side} {letter} case",
                "site_kind": kind,
                "site_code": f"{letter}-{side}",
            },
        )
        for side in SIDES
        for kind, letter in at
    ]
