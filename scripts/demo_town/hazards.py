"""Hazard cases (隐患) from 2023 on: clusters, visits with several finds, a few major ones."""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from scripts.demo_town.dice import Dice
from scripts.demo_town.hazard_subjects import (
    FREE_INDUSTRY,
    FREE_TITLES,
    MOCK_CLAUSE,
    OPEN_MAJORS,
    SUBJECTS,
    OpenMajor,
)
from scripts.demo_town.plane import spot
from scripts.demo_town.records import AS_OF, SOURCE, Codes, Place, days_ago
from scripts.demo_town.villages import UNKNOWN_VILLAGE, Town

CASES = 800
OPEN_CASES = 190
OVERDUE_CASES = 9
"""General cases that missed their deadline; the major ones stand in ``OPEN_MAJORS``."""

TIPS = 12
REFUSED = 20
FREE_CASES = 48
"""Cases that belong to no site."""

FIRST_DAY = dt.date(2023, 1, 4)
PER_SITE = 3
"""Most cases of one site: more would only map the inspectors (METHOD 8.6)."""

FOCI = (
    (119.3860, 31.7110, 1900.0, 7.0),
    (119.4120, 31.7440, 1300.0, 6.0),
)
"""Where cases are dense: degrees, reach in metres, how many times denser than elsewhere.

Wider than one cell of the hotspot grid: Gi* tests a cell together with its neighbours.
"""

OPEN_FOCUS = 1.6
"""How much denser still the open cases are there."""

MODERN_VILLAGES = 0.9
"""In villages this modern no case stays open."""

CLOSED_MAJORS = 19

CHANNELS = {"督导检查": 0.50, "企业自查": 0.38, "群众举报": 0.12}
OPEN_STATES = {"已登记": 0.13, "已下达整改": 0.20, "整改中": 0.42, "延期待批": 0.04,
               "待验收": 0.13, "已复核": 0.08}  # fmt: skip
DUE_STATES = {"已下达整改": 0.35, "整改中": 0.65}
FINDS = {1: 0.60, 2: 0.25, 3: 0.15}
"""Cases found by one visit."""

ARCHIVE_DAYS = 90
"""A case is archived so long after it was closed (METHOD 10.2)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where and when something was found, and by whom."""

    kind: str
    site: Place
    channel: str
    found: dt.date
    inspection: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One case: where (metres, None where it has only its site), and what the file says."""

    geometry: shapely.Point | None
    properties: Mapping[str, Any]


def hazards(town: Town, sites: Mapping[str, Sequence[Place]]) -> list[Case]:
    """Make the cases, oldest first.

    Parameters
    ----------
    sites
        Kind to its places.
    """
    dice = Dice("hazards")
    office = _Office(dice, town, sites)
    cases = [office.open_major(major) for major in OPEN_MAJORS]
    cases += [office.closed_major() for _ in range(CLOSED_MAJORS)]
    cases += itertools.islice(office.overdue(), OVERDUE_CASES)
    cases += itertools.islice(office.open(), OPEN_CASES - OVERDUE_CASES - len(OPEN_MAJORS))
    cases += itertools.islice(office.tips(), TIPS)
    cases += [office.free() for _ in range(FREE_CASES)]
    cases += itertools.islice(office.refused(), REFUSED)
    cases += itertools.islice(office.closed(), CASES - len(cases))
    return _numbered(cases)


def _numbered(cases: Sequence[Case]) -> list[Case]:
    """Return the cases by the day they were found, with their codes."""
    codes = Codes("YH")
    dated = sorted(enumerate(cases), key=lambda case: (case[1].properties["found_on"], case[0]))
    return [Case(case.geometry, {"code": next(codes), **case.properties}) for _, case in dated]


class _Office:
    """Draws cases; knows how often each site was visited."""

    def __init__(self, dice: Dice, town: Town, sites: Mapping[str, Sequence[Place]]) -> None:
        self.dice, self.town = dice, town
        rows = [(kind, place) for kind in SUBJECTS for place in sites[kind]]
        self.rows = [row for row in rows if row[1].village != UNKNOWN_VILLAGE]
        self.foci = [(spot(lon, lat), reach, more) for lon, lat, reach, more in FOCI]
        self.seen: dict[str, int] = {}
        self.visits = 0
        self.past = self._weights(1.0)
        self.present = self._weights(OPEN_FOCUS)

    def open_major(self, major: OpenMajor) -> Case:
        """Return one of ``OPEN_MAJORS``."""
        kind, site = next(
            (kind, place)
            for kind, place in self.rows
            if (kind, place.village) == (major.kind, major.village)
            and major.word in f"{place.properties['name']}{place.properties.get('category')}"
        )
        self._count(site)
        day = AS_OF - dt.timedelta(days=major.found)
        visit = Visit(kind, site, major.channel, day, self._inspection(major.channel, day))
        due = AS_OF - dt.timedelta(days=major.due)
        return self._case(visit, major.state, due, None, title=major.title)

    def closed_major(self) -> Case:
        """Return a major case that was closed."""
        while True:
            kind, site = self._site(self.past)
            if SUBJECTS[kind].major:
                break
        channel = self.dice.weighted(CHANNELS)
        day = self._long_ago(150)
        visit = Visit(kind, site, channel, day, self._inspection(channel, day))
        return self._closed(visit, title=self.dice.pick(SUBJECTS[kind].major))

    def overdue(self) -> Iterator[Case]:
        """Yield open general cases that missed their deadline."""
        for visit in self._visits(self.present, 70, 160):
            due = AS_OF - dt.timedelta(days=self.dice.whole(2, 55))
            yield self._case(visit, self.dice.weighted(DUE_STATES), due, None)

    def open(self) -> Iterator[Case]:
        """Yield open general cases within their deadline."""
        for visit in self._visits(self.present, 1, 55):
            due = AS_OF + dt.timedelta(days=self.dice.whole(0, 40))
            state = self.dice.weighted(OPEN_STATES)
            early = state == "已登记" and self.dice.chance(0.5)
            yield self._case(visit, state, None if early else due, None)

    def tips(self) -> Iterator[Case]:
        """Yield what the public reported and nobody has checked yet."""
        for visit in self._visits(self.present, 0, 9, channel="群众举报"):
            yield self._case(visit, "待核实", None, None)

    def refused(self) -> Iterator[Case]:
        """Yield what turned out to be no hazard."""
        for visit in self._visits(self.past, 20, 1300, channel="群众举报"):
            yield self._case(visit, "不成立", None, None)

    def closed(self) -> Iterator[Case]:
        """Yield general cases that were closed."""
        for visit in self._visits(self.past, 12, (AS_OF - FIRST_DAY).days):
            yield self._closed(visit)

    def free(self) -> Case:
        """Return a case that belongs to no site; most are closed."""
        village = self.dice.pick([v for v in self.town.villages if v.code != UNKNOWN_VILLAGE])
        inside = village.polygon.buffer(-60)
        x0, y0, x1, y1 = inside.bounds
        while True:
            where = shapely.Point(self.dice.between(x0, x1), self.dice.between(y0, y1))
            if inside.contains(where):
                break
        site = Place(where, village.code, {})
        channel = self.dice.weighted({"督导检查": 0.5, "群众举报": 0.5})
        fresh = self.dice.chance(0.2)
        day = dt.date.fromisoformat(days_ago(self.dice, 2, 40)) if fresh else self._long_ago(60)
        visit = Visit("", site, channel, day, self._inspection(channel, day))
        title = self.dice.pick(FREE_TITLES)
        if fresh:
            due = AS_OF + dt.timedelta(days=self.dice.whole(1, 30))
            return self._case(visit, "整改中", due, None, title=title)
        return self._closed(visit, title=title)

    def _weights(self, focus: float) -> list[float]:
        """Return the running sum of the rows' weights, denser around the foci."""
        total, sums = 0.0, []
        for kind, place in self.rows:
            middle = shapely.centroid(place.geometry)
            near = sum(
                more * focus * math.exp(-((math.dist((middle.x, middle.y), where) / reach) ** 2))
                for where, reach, more in self.foci
            )
            total += SUBJECTS[kind].weight * (1 + near)
            sums.append(total)
        return sums

    def _site(self, sums: Sequence[float]) -> tuple[str, Place]:
        """Draw a site that has had fewer than ``PER_SITE`` cases."""
        while True:
            kind, place = self.rows[bisect.bisect_right(sums, self.dice.unit() * sums[-1])]
            if self.seen.get(place.properties["code"], 0) < PER_SITE:
                self._count(place)
                return kind, place

    def _count(self, site: Place) -> None:
        self.seen[site.properties["code"]] = self.seen.get(site.properties["code"], 0) + 1

    def _visits(
        self, sums: Sequence[float], least: int, most: int, channel: str | None = None
    ) -> Iterator[Visit]:
        """Yield one visit per find; what is found by the same inspection shares its number."""
        calm = sums is self.past
        while True:
            kind, site = self._site(sums)
            village = self.town.village(site.village)
            if not calm and village.profile.modern >= MODERN_VILLAGES:
                continue
            by = channel or self.dice.weighted(CHANNELS)
            day = AS_OF - dt.timedelta(days=self.dice.whole(least, most))
            visit = Visit(kind, site, by, day, self._inspection(by, day))
            finds = self.dice.weighted(FINDS) if by == "督导检查" else 1
            room = PER_SITE - self.seen[site.properties["code"]] + 1
            for number in range(min(finds, room)):
                if number:
                    self._count(site)
                yield visit

    def _inspection(self, channel: str, day: dt.date) -> str | None:
        if channel != "督导检查":
            return None
        self.visits += 1
        return f"模拟检查-{day:%Y}-{self.visits:04d}"

    def _long_ago(self, least: int) -> dt.date:
        return AS_OF - dt.timedelta(days=self.dice.whole(least, (AS_OF - FIRST_DAY).days))

    def _closed(self, visit: Visit, *, title: str | None = None) -> Case:
        """Return a case that was closed, most of them in time."""
        due = visit.found + dt.timedelta(days=self.dice.whole(10, 45))
        days = max(1, round(self.dice.skewed(14, 0.7)))
        closed = min(visit.found + dt.timedelta(days=days), AS_OF)
        state = "归档" if (AS_OF - closed).days > ARCHIVE_DAYS else "已销号"
        return self._case(visit, state, due, closed, title=title)

    def _case(
        self,
        visit: Visit,
        state: str,
        due: dt.date | None,
        closed: dt.date | None,
        *,
        title: str | None = None,
    ) -> Case:
        """Return one case; with a title of its own at a site it is a major one."""
        subject = SUBJECTS.get(visit.kind)
        major = title is not None and subject is not None
        properties = {
            "title": title or self.dice.pick(subject.general if subject else FREE_TITLES),
            "site_kind": visit.kind or None,
            "site_code": visit.site.properties.get("code"),
            "accuracy_m": self.dice.weighted({5.0: 0.5, 10.0: 0.3, 30.0: 0.15, None: 0.05}),
            "channel": visit.channel,
            "inspection_id": visit.inspection,
            "level": "重大" if major else "一般",
            "judge_std": subject.standard if major and subject else None,
            "clause": MOCK_CLAUSE if major else None,
            "industry": subject.industry if subject else FREE_INDUSTRY,
            "state": state,
            "found_on": visit.found.isoformat(),
            "due_on": due.isoformat() if due else None,
            "closed_on": closed.isoformat() if closed else None,
            "source": SOURCE,
            "synthetic": True,
        }
        return Case(self._spot(visit), properties)

    def _spot(self, visit: Visit) -> shapely.Point | None:
        """Return where it was found: near the site's middle; a few have only their site."""
        if visit.kind and self.dice.chance(SITE_ONLY):
            return None
        middle = shapely.centroid(visit.site.geometry)
        turn, away = self.dice.between(0, 2 * math.pi), self.dice.between(2, 14)
        return shapely.Point(middle.x + away * math.cos(turn), middle.y + away * math.sin(turn))


SITE_ONLY = 0.05
"""Share of cases that have no position of their own."""
