"""Every model against its table of cases worked by hand (tests/golden)."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gis.domain.risk import registry
from tests import toyland

GOLDEN = Path(__file__).parent.parent / "golden"
ARITHMETIC = {"exp": math.exp, "sqrt": math.sqrt, "cbrt": math.cbrt, "min": min, "max": max}
SHAPES = {
    "point": shapely.Point(0, 0),
    "line": shapely.LineString([(0, 0), (100, 0)]),
    "polygon": shapely.box(0, 0, 10, 10),
}


def _cases() -> list[Any]:
    cases = []
    for model in registry.models():
        lines = (GOLDEN / f"{model.slug}.csv").read_text("utf-8").splitlines()
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            cases.append(pytest.param(model.slug, row, id=f"{model.slug}: {row['case']}"))
    return cases


@pytest.mark.parametrize(("slug", "row"), _cases())
def test_the_model_gives_what_was_worked_by_hand(slug: str, row: dict[str, str]) -> None:
    model = registry.model(slug)
    site = {"id": 7, "key": "7", "name": row["case"], **_attributes(row)}
    kind = toyland.KINDS[row["kind"]]
    site["geometry"] = SHAPES[max(kind.geometry)]
    sites = {row["kind"]: toyland.site_frame(row["kind"], [site])}
    source = model.sources(toyland.scene(sites), toyland.VALUES[model.constants]).iloc[0]
    assert source["intensity"] * 100 == pytest.approx(float(row["score"]), abs=1e-4)
    assert source["r1_m"] == pytest.approx(float(row["r1_m"]), abs=1e-3)
    assert source["r2_m"] == pytest.approx(float(row["r2_m"]), abs=1e-3)
    assert sorted(source["evidence"]["dq"]) == row["dq"].split()
    assert source["sigma"] == (0.35 if row["dq"] else 0.15)


@pytest.mark.parametrize(("slug", "row"), _cases())
def test_the_expected_numbers_follow_from_their_working(slug: str, row: dict[str, str]) -> None:
    assert registry.model(slug)
    for worked, result in (("score_worked", "score"), ("r1_worked", "r1_m"), ("r2_worked", "r2_m")):
        value = eval(row[worked], {"__builtins__": {}}, ARITHMETIC)
        assert value == pytest.approx(float(row[result]), abs=1e-4)


def test_every_model_is_tried_with_nothing_known() -> None:
    rows = [case.values for case in _cases()]
    unknown = {slug for slug, row in rows if not _attributes(row)}
    assert unknown == {model.slug for model in registry.models()}


def _attributes(row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in toyland.KINDS[row["kind"]].open_fields:
        written = row.get(field.name, "")
        if written == "":
            continue
        if field.type in ("integer", "number"):
            found[field.name] = np.float64(written)
        elif field.type == "boolean":
            found[field.name] = written == "true"
        else:
            found[field.name] = written
    return found
