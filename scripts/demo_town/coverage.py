"""How complete each register is in each village, and how many people live there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.records import AS_OF, SOURCE
from scripts.demo_town.villages import (
    TOWN_CODE,
    TOWN_NAME,
    TOWN_RESIDENTS,
    UNKNOWN_VILLAGE,
    Town,
    Village,
)

UNKNOWN_BUT = {"school": "complete", "enterprise": "partial", "self_built_house": "partial"}
"""What is known of the unknown village; everything else is ``none``."""

PARTIAL = (
    ("320413109208", "self_built_house"), ("320413109208", "small_place"),
    ("320413109219", "enterprise"), ("320413109219", "gas_pipeline"),
    ("320413109219", "water_source"),
)  # fmt: skip
"""Villages and kinds of which the register is not complete."""


def rows(town: Town, kinds: Sequence[str]) -> list[dict[str, str]]:
    """Return kind, village, status, as_of and source for every kind and village."""
    return [
        {
            "kind": kind,
            "village": village.code,
            "status": _status(village.code, kind),
            "as_of": AS_OF.isoformat(),
            "source": SOURCE,
        }
        for kind in kinds
        for village in town.villages
    ]


def _status(village: str, kind: str) -> str:
    if village == UNKNOWN_VILLAGE:
        return UNKNOWN_BUT.get(kind, "none")
    return "partial" if (village, kind) in PARTIAL else "complete"


def village_areas(town: Town) -> list[tuple[shapely.Polygon, dict[str, Any]]]:
    """Return polygon (metres) and properties of each village."""
    dice = Dice("people")
    return [(village.polygon, _village(dice, village)) for village in town.villages]


def town_area(town: Town) -> tuple[shapely.Polygon, dict[str, Any]]:
    """Return polygon (metres) and properties of the town."""
    properties = _area(TOWN_CODE, TOWN_NAME, TOWN_RESIDENTS, 0.239, 0.118)
    return town.outline, properties


def _village(dice: Dice, village: Village) -> dict[str, Any]:
    profile = village.profile
    shaken = 1 + dice.between(-0.04, 0.04)
    people = profile.residents
    besides = {
        "disabled": None if people is None else round(people * 0.021 * shaken),
        "drill_share": None if people is None else round(0.55 + 6 * (shaken - 1), 2),
    }
    area = _area(
        village.code,
        village.name,
        profile.residents,
        profile.aged_65 * shaken,
        profile.aged_14 * (2 - shaken),
    )
    return {**area, **besides}


def _area(
    code: str, name: str, residents: int | None, aged_65: float, aged_14: float
) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "residents": residents,
        "aged_65": None if residents is None else round(residents * aged_65),
        "aged_14": None if residents is None else round(residents * aged_14),
        "source": SOURCE,
        "synthetic": True,
    }
