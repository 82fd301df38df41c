"""Where people live and drive: hamlets, roads between them, streets."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from scripts.demo_town.dice import Dice
from scripts.demo_town.ground import Ground
from scripts.demo_town.hills import BAND_M
from scripts.demo_town.plane import Spot, polar, spot, wiggled
from scripts.demo_town.villages import Town, Village

ESTATE_PITCH_M = 82.0
"""Distance of the lots of an industrial estate."""

ESTATE_SHARE = 0.82
"""Share of a village's enterprises that stand in its estates."""

SPARE = 1.25
"""Room for lots that a road takes away."""

HAMLET_SPACING_M = 430.0
BORDER_CLEAR_M = 170.0
"""How far the middle of a hamlet stays from the village's border."""

LONG_LINE = (
    (119.3960, 31.7880), (119.3985, 31.7760), (119.4080, 31.7640), (119.4145, 31.7545),
    (119.4200, 31.7360), (119.4235, 31.7240), (119.4190, 31.7000), (119.4205, 31.6760),
    (119.4195, 31.6620), (119.4050, 31.6400), (119.3970, 31.6285),
)  # fmt: skip
"""The schematic long-distance gas line, north to south, degrees: invented."""

LONG_LINE_CLEAR_M = 230.0
"""No hamlet so near to the long-distance line: it stays a class-1 location (METHOD 5.4)."""

STREETS = {"320413109202": 11, "320413109229": 4}
"""Town streets by village; every other village has one street."""

STREET_M = 420.0
SHORTCUT_M = 4300.0
"""Villages nearer than this are joined even where the tree does not need it."""

BOWS = (0.0, 0.08, -0.08, 0.16, -0.16, 0.28, -0.28, 0.4, -0.4)


@dataclass(frozen=True, slots=True)
class Hamlet:
    """A cluster of houses: its middle (metres), how its rows lie (radians), how many houses."""

    village: str
    centre: Spot
    angle: float
    houses: int


@dataclass(frozen=True, slots=True)
class Road:
    """A way between two places; ``main`` between villages, else to a hamlet. Metres."""

    line: shapely.LineString
    main: bool


@dataclass(frozen=True, slots=True)
class Estate:
    """An industrial estate: its village and the disc that its lots fill, metres."""

    village: str
    disc: shapely.Polygon


@dataclass(frozen=True, slots=True)
class Settlements:
    """Hamlets, roads and the streets of each village, in metres (EPSG:4549)."""

    hamlets: Sequence[Hamlet]
    roads: Sequence[Road]
    streets: Sequence[tuple[str, shapely.LineString]]
    long_line: shapely.LineString


def estates(town: Town) -> list[Estate]:
    """Return the industrial estates, large enough for the share of plants that stands there."""
    found = []
    for village in town.villages:
        profile = village.profile
        for lon, lat in profile.estates:
            lots = ESTATE_SHARE * profile.enterprises / len(profile.estates)
            radius = ESTATE_PITCH_M * math.sqrt(lots * SPARE / math.pi)
            found.append(Estate(village.code, shapely.Point(spot(lon, lat)).buffer(radius)))
    return found


def settle(
    town: Town, ground: Ground, estates: Sequence[Estate], quarries: Sequence[BaseGeometry]
) -> Settlements:
    """Lay out hamlets, roads and streets, and take the land of the roads and streets.

    ``quarries`` are the mines' licence polygons, metres; no hamlet lies near them.
    """
    dice = Dice("settlements")
    long_line = _long_line(dice)
    discs = [estate.disc for estate in estates]
    away = shapely.union_all(
        [
            long_line.buffer(LONG_LINE_CLEAR_M),
            *(disc.buffer(90) for disc in discs),
            *(quarry.buffer(BAND_M + 130) for quarry in quarries),
        ]
    )
    hamlets = [h for v in town.villages for h in _hamlets(dice, v, ground, away)]
    barriers = [*ground.taken, *discs]
    roads = _roads(dice, town, hamlets, barriers)
    streets = [pair for village in town.villages for pair in _streets(dice, village)]
    ground.claim([long_line, *(road.line for road in roads), *(line for _, line in streets)])
    return Settlements(hamlets, roads, streets, long_line)


def _long_line(dice: Dice) -> shapely.LineString:
    corners = [spot(lon, lat) for lon, lat in LONG_LINE]
    vertices: list[tuple[float, ...]] = [corners[0]]
    for pair in itertools.pairwise(corners):
        leg = wiggled(dice, pair, step_m=380, amplitude_m=18)
        vertices += list(leg.coords)[1:]
    return shapely.LineString(vertices)


def _hamlets(dice: Dice, village: Village, ground: Ground, away: BaseGeometry) -> list[Hamlet]:
    profile = village.profile
    free = shapely.difference(village.polygon.buffer(-BORDER_CLEAR_M), away)
    if not free.contains(shapely.Point(village.centre)):
        raise RuntimeError(f"{village.name}: its main hamlet lies in the way of something")
    centres = [village.centre]
    while len(centres) < profile.hamlets:
        rest = shapely.difference(free, shapely.MultiPoint(centres).buffer(HAMLET_SPACING_M))
        far = math.sqrt(village.polygon.area / math.pi)
        centres.append(ground.dart(dice, rest, village.centre, (400, far), 95))
    middle = math.sqrt(STREETS.get(village.code, 1))
    shares = [dice.between(1.4, 1.8) * middle] + [dice.between(0.6, 1.2) for _ in centres[1:]]
    counts = [int(profile.houses * share / sum(shares)) for share in shares]
    counts[0] += profile.houses - sum(counts)
    return [
        Hamlet(village.code, centre, dice.between(-0.35, 0.35), count)
        for centre, count in zip(centres, counts, strict=True)
    ]


def _roads(
    dice: Dice, town: Town, hamlets: Sequence[Hamlet], barriers: Sequence[BaseGeometry]
) -> list[Road]:
    """Join the villages by the shortest tree and a few more, and each hamlet to its village."""
    tree = shapely.STRtree(barriers)
    inside = town.outline.buffer(-30)
    centres = [village.centre for village in town.villages]
    links = _spanning(centres, inside)
    links += _shortcuts(centres, links, inside)
    main = [Road(_way(dice, pair, inside, tree), True) for pair in links]
    small = []
    for village in town.villages:
        own = [hamlet.centre for hamlet in hamlets if hamlet.village == village.code]
        small += [Road(_way(dice, pair, inside, tree), False) for pair in _spanning(own, inside)]
    return [*main, *small]


def _spanning(places: Sequence[Spot], inside: BaseGeometry) -> list[tuple[Spot, Spot]]:
    """Return the links of the shortest tree over the places, whose links stay in the town."""
    joined, links = [0], []
    while len(joined) < len(places):
        _, a, b = min(
            (
                math.dist(places[a], places[b])
                + 1e5 * (not inside.contains(shapely.LineString([places[a], places[b]]))),
                a,
                b,
            )
            for a in joined
            for b in range(len(places))
            if b not in joined
        )
        joined.append(b)
        links.append((places[a], places[b]))
    return links


def _shortcuts(
    places: Sequence[Spot], links: Sequence[tuple[Spot, Spot]], inside: BaseGeometry
) -> list[tuple[Spot, Spot]]:
    """Return further links between neighbours, so that the roads are a net and not a tree."""
    known = {frozenset(link) for link in links}
    pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    return [
        (a, b)
        for a, b in pairs
        if frozenset((a, b)) not in known
        and math.dist(a, b) < SHORTCUT_M
        and inside.contains(shapely.LineString([a, b]))
    ]


def _way(
    dice: Dice, ends: tuple[Spot, Spot], inside: BaseGeometry, barriers: shapely.STRtree
) -> shapely.LineString:
    """Return a bent way around the barriers, or the least bad one."""
    ways = [wiggled(dice, ends, step_m=170, amplitude_m=20, bow=bow) for bow in BOWS]
    return min(ways, key=lambda way: _trouble(way, inside, barriers))


def _trouble(
    way: shapely.LineString, inside: BaseGeometry, barriers: shapely.STRtree
) -> tuple[float, float]:
    hit = barriers.query(way, predicate="intersects")
    crossed = sum(shapely.intersection(way, barriers.geometries[i]).length for i in hit)
    return round(crossed + shapely.difference(way, inside).length * 10, 3), way.length


def _streets(dice: Dice, village: Village) -> list[tuple[str, shapely.LineString]]:
    """Lay parallel streets through the village's middle, with one across."""
    count = STREETS.get(village.code, 1)
    angle = dice.between(-0.25, 0.25)
    length = STREET_M * (1.35 if count > 1 else 0.6)
    across = polar((0.0, 0.0), angle + math.pi / 2, 1.0)
    lines = []
    for number in range(count):
        offset = (number - (count - 1) / 2) * 96.0
        x, y = village.centre[0] + across[0] * offset, village.centre[1] + across[1] * offset
        ends = polar((x, y), angle, -length / 2), polar((x, y), angle, length / 2)
        lines.append((village.code, shapely.LineString(ends)))
    return lines
