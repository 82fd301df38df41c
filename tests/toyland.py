"""The toy township of METHOD 12.7, and random places for the laws.

Three villages A, B, C of 2 x 2 km stand side by side. A plant in B lies 150 m from a school
in A; a gas line crosses C. All coordinates are metres in the town's grid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.crs import METRIC
from gis.domain.kinds import Field, SiteKind
from gis.domain.relief import Relief
from gis.domain.risk.assess import Snapshot
from gis.domain.risk.model import Scene
from gis.domain.risk.pairs import near
from gis.domain.risk.receptors import receptors
from gis.domain.risk.sources import COLUMNS, PARTS
from gis.files.methods import load_methods
from gis.files.passports import load_kinds, load_records

DATA = Path(__file__).parent.parent / "data"
KINDS: Mapping[str, SiteKind] = load_kinds(DATA / "sites")
RECORDS = load_records(DATA / "records", KINDS)
METHODS = load_methods(DATA / "methods")
VALUES = {slug: method.values for slug, method in METHODS.items()}
INDEX = VALUES["index"]

AS_OF = dt.date(2026, 6, 30)
A, B, C = 1, 2, 3
PLANT, SCHOOL, LINE = 11, 12, 13
VULNERABILITY = np.array([4.0, 3.0, 6.0])
COPING = np.array([5.0, 4.0, 5.0])
BASE_POINTS = {"01": 50.0, "02": 55.0, "03": 35.0, "99": 25.0}


def areas(**residents: float) -> gpd.GeoDataFrame:
    """Return the three villages; residents by name (a=, b=, c=), unknown by default."""
    names = ("A", "B", "C")
    people = [residents.get(name.lower(), np.nan) for name in names]
    boxes = [shapely.box(x, 0, x + 2000, 2000) for x in (0, 2000, 4000)]
    data = {
        "area": np.array([A, B, C]),
        "code": [f"32041310900{number}" for number in (1, 2, 3)],
        "name": list(names),
        "level": "village",
        "residents": people,
        "aged_65": np.nan,
        "aged_14": np.nan,
        "disabled": np.nan,
        "drill_share": np.nan,
    }
    return gpd.GeoDataFrame(data, geometry=boxes, crs=METRIC)


def site_frame(kind: str, rows: Sequence[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Return a site frame of a kind with all its columns; what a row does not say is unknown."""
    plain = ("id", "key", "name", "village", "accuracy_m", "verified_on", "source")
    data: dict[str, Any] = {
        name: np.array([row.get(name) for row in rows], dtype=object) for name in plain
    }
    data["id"] = data["id"].astype(np.int64)
    data["accuracy_m"] = _floats([row.get("accuracy_m") for row in rows])
    data["kind"] = np.full(len(rows), kind, dtype=object)
    for field in KINDS[kind].open_fields:
        data.update(_column(field, [row.get(field.name) for row in rows]))
    shapes = np.array([row["geometry"] for row in rows], dtype=object)
    return gpd.GeoDataFrame(data, geometry=shapes, crs=METRIC)


def record_frame(slug: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return records of a sort as the database gives them; what a row does not say is unknown."""
    data: dict[str, Any] = {"site": np.array([row.get("site", 7) for row in rows], dtype=np.int64)}
    for field in RECORDS[slug].fields:
        values = [row.get(field.name) for row in rows]
        number = field.type in ("integer", "number")
        data[field.name] = np.array(
            [np.nan if number and value is None else value for value in values],
            dtype=float if number else object,
        )
    return pd.DataFrame(data)


def scene(
    sites: Mapping[str, gpd.GeoDataFrame],
    *,
    records: Mapping[str, pd.DataFrame] | None = None,
) -> Scene:
    """Return what models see of the places: their people, and the day of all tests."""
    people = receptors(sites, KINDS, areas(), INDEX)
    return Scene(sites, people, AS_OF, near, records or {}, methods=VALUES)


def snapshot(
    sites: Mapping[str, gpd.GeoDataFrame],
    hazards_m: gpd.GeoDataFrame | None = None,
    coverage_of: pd.DataFrame | None = None,
    records: Mapping[str, pd.DataFrame] | None = None,
    **residents: float,
) -> Snapshot:
    """Return the township with these places as the register knows it; residents as ``areas``."""
    return Snapshot(sites, hazards_m, areas(**residents), KINDS, coverage_of, AS_OF, records or {})


def empty_sites() -> dict[str, gpd.GeoDataFrame]:
    """Return an empty frame of every kind."""
    return {slug: site_frame(slug, []) for slug in KINDS}


def sites() -> dict[str, gpd.GeoDataFrame]:
    """Return the people and the plant of the toy township."""
    point = shapely.Point
    houses = [
        {"id": 1, "name": "A", "residents": 500, "geometry": point(1000, 1000)},
        {"id": 2, "name": "B", "residents": 800, "geometry": point(3000, 1000)},
        {"id": 3, "name": "C", "residents": 300, "geometry": point(5000, 1000)},
    ]
    school = {"id": SCHOOL, "name": "小学", "pupils": 300, "staff": 0}
    home = {"id": 14, "name": "养老院", "residents": 60, "staff": 0}
    plant = {"id": PLANT, "name": "厂", "workers_max_shift": 120, "shifts": 1}
    return {
        **empty_sites(),
        "self_built_house": site_frame("self_built_house", houses),
        "school": site_frame("school", [{**school, "geometry": point(1900, 1000)}]),
        "elderly_home": site_frame("elderly_home", [{**home, "geometry": point(5100, 1000)}]),
        "enterprise": site_frame(
            "enterprise", [{**plant, "geometry": shapely.box(2050, 900, 2250, 1100)}]
        ),
    }


def sources() -> gpd.GeoDataFrame:
    """Return the plant (I 70, r1 100, r2 500) and the gas line (I 60, r1 5, r2 126.2)."""
    return source_frame(
        [
            {
                "site": PLANT,
                "sector": "IND",
                "model": "industry",
                "intensity": 0.7,
                "r1_m": 100.0,
                "r2_m": 500.0,
                "geometry": shapely.box(2050, 900, 2250, 1100),
            },
            {
                "site": LINE,
                "sector": "GAS",
                "model": "gas",
                "intensity": 0.6,
                "r1_m": 5.0,
                "r2_m": 126.2,
                "geometry": shapely.LineString([(4950, 0), (4950, 2000)]),
            },
        ]
    )


def source_frame(rows: Sequence[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Return a sources frame; what a row does not say takes an ordinary value."""
    ordinary = {"part": 0, "uplift": 1.0, "sigma": 0.15, "model": "industry", "sector": "IND"}
    filled = [
        {
            **ordinary,
            "uid": row["site"] * PARTS,
            "object_uid": f"object {row['site']}",
            "evidence": {"dq": []},
            **row,
        }
        for row in rows
    ]
    data = {name: [row[name] for row in filled] for name in COLUMNS}
    return gpd.GeoDataFrame(data, geometry="geometry", crs=METRIC)


def hazards() -> gpd.GeoDataFrame:
    """Return two open general hazards at the plant, found by inspection."""
    return hazard_frame([{"code": "1", "site": PLANT}, {"code": "2", "site": PLANT}])


def hazard_frame(rows: Sequence[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Return a hazards frame; an ordinary case is general, open and found by inspection."""
    ordinary = {
        "code": "1", "site": np.nan, "village": None, "channel": "督导检查", "level": "一般",
        "state": "整改中", "found_on": "2026-06-01", "due_on": "2026-07-31", "closed_on": None,
        "geometry": None,
    }  # fmt: skip
    data: dict[str, Any] = {name: [{**ordinary, **row}[name] for row in rows] for name in ordinary}
    data["site"] = np.array(data["site"], dtype=np.float64)
    frame = gpd.GeoDataFrame(data, geometry="geometry", crs=METRIC)
    text = ["code", "village", "channel", "level", "state", "found_on", "due_on", "closed_on"]
    return frame.astype(dict.fromkeys(text, object))


def random_sites(
    kind: str, rng: np.random.Generator, n: int, first_id: int = 1
) -> gpd.GeoDataFrame:
    """Return n random places of a kind in and around the township; a quarter is unknown."""
    fields = KINDS[kind].open_fields
    rows = [
        {
            "id": first_id + row,
            "key": f"{kind}-{first_id + row}",
            "name": f"{kind} {row}",
            "geometry": _shape(KINDS[kind], rng),
            **{f.name: _value(f, rng) for f in fields if rng.random() > 0.25},
        }
        for row in range(n)
    ]
    return site_frame(kind, rows)


def relief() -> Relief:
    """Return hills under and around the township, on cells of 50 m."""
    x, y = np.meshgrid(np.arange(-475.0, 6500.0, 50.0), np.arange(2475.0, -500.0, -50.0))
    hills = 60.0 + 40.0 * np.sin(x / 700.0) * np.cos(y / 500.0)
    return Relief(-500.0, 2500.0, 50.0, hills, "toy", synthetic=True)


def coverage(status: str = "complete", **other: str) -> pd.DataFrame:
    """Return one row per kind and village; other statuses as kind="partial"."""
    codes = areas()["code"]
    rows = [(kind, code, other.get(kind, status)) for kind in KINDS for code in codes]
    return pd.DataFrame(rows, columns=["kind", "village", "status"])


def _column(field: Field, values: list[Any]) -> dict[str, Any]:
    if field.type in ("integer", "number"):
        return {field.name: _floats(values)}
    column = {field.name: np.array(values, dtype=object)}
    if field.codes is not None:
        numbers = [BASE_POINTS.get(value) for value in values]
        column[f"{field.name}_base_points"] = _floats(numbers)
    return column


def _floats(values: list[Any]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _value(field: Field, rng: np.random.Generator) -> Any:
    if field.codes is not None:
        return str(rng.choice(list(BASE_POINTS)))
    if field.values:
        return str(rng.choice(list(field.values)))
    if field.type == "boolean":
        return bool(rng.random() < 0.5)
    if field.type == "date":
        return f"{rng.integers(2022, 2028)}-0{rng.integers(1, 10)}-15"
    if field.type == "text":
        return f"text {rng.integers(100)}"
    low = 0.0 if field.minimum is None else field.minimum
    high = low + 100.0 if field.maximum is None else min(field.maximum, low + 2000.0)
    drawn = rng.uniform(low, high)
    return float(np.round(drawn)) if field.type == "integer" else float(drawn)


def _shape(kind: SiteKind, rng: np.random.Generator) -> Any:
    x, y = rng.uniform(-300, 6300), rng.uniform(-300, 2300)
    family = str(rng.choice(sorted(kind.geometry)))
    if family == "polygon":
        width, height = rng.uniform(5, 600, size=2)
        return shapely.box(x, y, x + width, y + height)
    if family == "line":
        return shapely.LineString(rng.uniform(-300, 6300, size=(4, 2)))
    return shapely.Point(x, y)
