"""What every record of the town has in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry

from scripts.demo_town.dice import Dice
from scripts.demo_town.names import person, phone

AS_OF = dt.date(2026, 10, 31)
"""The town's own today."""

SOURCE = "模拟数据"

UNVERIFIED = 0.07
"""Share of records that nobody went to see."""


@dataclass(frozen=True, slots=True)
class Place:
    """One record of the town.

    Attributes
    ----------
    geometry
        In metres (EPSG:4549).
    village
        Code of the village it was made for.
    properties
        What the file says, in the file's order.
    """

    geometry: BaseGeometry
    village: str
    properties: Mapping[str, Any]


Record = Mapping[str, Any]
"""A record of a place: its code, and the fields of its sort (``data/records``)."""


class Codes:
    """Numbers the records of one kind: MN-QY-0001 and so on (MN for 模拟)."""

    def __init__(self, letters: str) -> None:
        """Begin at 1; ``letters`` name the kind."""
        self._numbers = self._count(letters)

    def __next__(self) -> str:
        """Return the next code."""
        return next(self._numbers)

    @staticmethod
    def _count(letters: str) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield f"MN-{letters}-{number:04d}"


def common(dice: Dice, code: str, name: str, accuracy_m: float | None) -> dict[str, Any]:
    """Return the properties that every place begins with.

    ``accuracy_m`` is the positional accuracy in metres, None where unknown.
    """
    return {
        "code": code,
        "name": name,
        "accuracy_m": accuracy_m,
        "verified_on": dice.unless(UNVERIFIED, days_ago(dice, 20, 700)),
        "source": SOURCE,
        "synthetic": True,
    }


def days_ago(dice: Dice, least: int, most: int) -> str:
    """Return an ISO date so many days before ``AS_OF``."""
    return (AS_OF - dt.timedelta(days=dice.whole(least, most))).isoformat()


def contact(dice: Dice, *, missing: float = 0.08) -> dict[str, str | None]:
    """Return who is in charge and how to reach them, both invented."""
    return {"owner": dice.unless(missing, person(dice)), "phone": dice.unless(missing, phone(dice))}
