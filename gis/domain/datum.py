"""From the coordinates that maps and offices use to those of the house, and telling which they are.

Map services of this country show places about 550 m (GCJ-02) or 1,220 m (BD-09) beside where they
are, more than most radii of this system: METHOD 9.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.exceptions import CRSError
from scipy.special import bdtrc

from gis.domain.arrays import Bools, Floats, Geometries, Ints
from gis.domain.crs import STORED
from gis.domain.geometry import LAT_RANGE, LON_RANGE, NORTHINGS
from gis.domain.kinds import Title
from gis.errors import InvalidDataError

Pair = tuple[Floats, Floats]
"""Longitudes and latitudes, degrees, or eastings and northings, metres."""

AXIS_M = 6378245.0
ECCENTRICITY2 = 0.00669342162296594323
"""Of the ellipsoid of Krassowsky, by which GCJ-02 is computed (METHOD 9.3)."""

SHIFTED_LON, SHIFTED_LAT = (72.004, 137.8347), (0.8293, 55.8271)
"""The box outside which nothing is shifted, degrees (METHOD 9.3)."""

BAIDU_TURN = np.pi * 3000.0 / 180.0
BAIDU_LON_DEG, BAIDU_LAT_DEG = 0.0065, 0.006

CLOSE_DEG = 1e-9
"""An inverse is found when its forward is this near: 0.1 mm."""

MOST_STEPS = 20
"""Four suffice in the country; at the edge of the box, where the shift breaks off, none may do."""


def gcj02_of(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Shift CGCS2000 (or WGS 84) degrees to GCJ-02, as Amap and Tencent show them.

    Parameters
    ----------
    lon, lat
        Degrees, any shape. NaN stays NaN; what lies outside the country's box stays as it is.

    Notes
    -----
    METHOD 9.3, forward formulas. Nobody has published the official ones; these are those that
    the packages ``coord-convert`` and ``eviltransform`` use, which agree to 1 cm (METHOD 12.5).
    """
    lon, lat = _floats(lon, lat)
    shifted = _is_shifted(lon, lat)
    # Any place in the box will do for the others, so that nothing is computed of infinity.
    step_lon, step_lat = _gcj02_step(np.where(shifted, lon, 105.0), np.where(shifted, lat, 35.0))
    return np.where(shifted, lon + step_lon, lon), np.where(shifted, lat + step_lat, lat)


def bd09_of(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Shift CGCS2000 (or WGS 84) degrees to BD-09, as Baidu shows them; see ``gcj02_of``."""
    lon, lat = _floats(lon, lat)
    shifted = _is_shifted(lon, lat)
    x, y = gcj02_of(np.where(shifted, lon, 105.0), np.where(shifted, lat, 35.0))
    radius = np.hypot(x, y) + 2e-5 * np.sin(y * BAIDU_TURN)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * BAIDU_TURN)
    bd_lon = radius * np.cos(angle) + BAIDU_LON_DEG
    bd_lat = radius * np.sin(angle) + BAIDU_LAT_DEG
    return np.where(shifted, bd_lon, lon), np.where(shifted, bd_lat, lat)


def from_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Return the CGCS2000 degrees that GCJ-02 shows at these; the inverse of ``gcj02_of``.

    By fixed point (METHOD 9.3): the inverse in one step, which is common, errs 0.9 m here.
    """
    return _inverse(gcj02_of, lon, lat)


def from_bd09(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Pair:
    """Return the CGCS2000 degrees that BD-09 shows at these; the inverse of ``bd09_of``."""
    return _inverse(bd09_of, lon, lat)


def _floats(*values: npt.ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _is_shifted(lon: Floats, lat: Floats) -> Bools:
    return _within(lon, SHIFTED_LON) & _within(lat, SHIFTED_LAT)


def _within(values: Floats, limits: tuple[float, float]) -> Bools:
    """Tell which values lie within the limits; NaN never."""
    return np.asarray((values >= limits[0]) & (values <= limits[1]))


def _gcj02_step(lon: Floats, lat: Floats) -> Pair:
    """Return by how many degrees GCJ-02 shifts places of the country."""
    x, y = lon - 105.0, lat - 35.0
    root, turn = np.sqrt(np.abs(x)), np.pi * x
    both = (20.0 * np.sin(6.0 * turn) + 20.0 * np.sin(2.0 * turn)) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m = north_m + both + _waves(np.pi * y, (20.0, 40.0, 160.0, 320.0))
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m = east_m + both + _waves(turn, (20.0, 40.0, 150.0, 300.0))
    phi = np.radians(lat)
    m = 1.0 - ECCENTRICITY2 * np.sin(phi) ** 2
    meridian_m = AXIS_M * (1.0 - ECCENTRICITY2) / m**1.5
    parallel_m = AXIS_M / np.sqrt(m) * np.cos(phi)
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def _waves(turn: Floats, heights: tuple[float, float, float, float]) -> Floats:
    waves = zip(heights, (1.0, 3.0, 12.0, 30.0), strict=True)
    total: Floats = sum((height * np.sin(turn / part) for height, part in waves), np.zeros(()))
    return total * 2.0 / 3.0


def _inverse(
    forward: Callable[[Floats, Floats], Pair], lon: npt.ArrayLike, lat: npt.ArrayLike
) -> Pair:
    given_lon, given_lat = _floats(lon, lat)
    here_lon, here_lat = given_lon, given_lat
    for _ in range(MOST_STEPS):
        there_lon, there_lat = forward(here_lon, here_lat)
        inside = _is_shifted(here_lon, here_lat)
        # Elsewhere nothing is off: infinity less infinity is no number.
        off_lon = np.subtract(there_lon, given_lon, where=inside, out=np.zeros_like(given_lon))
        off_lat = np.subtract(there_lat, given_lat, where=inside, out=np.zeros_like(given_lat))
        here_lon, here_lat = here_lon - off_lon, here_lat - off_lat
        if (np.maximum(np.abs(off_lon), np.abs(off_lat)) < CLOSE_DEG).all():
            break
    return here_lon, here_lat


@dataclass(frozen=True, slots=True)
class System:
    """A system in which coordinates come; ``projected``: metres, not degrees."""

    slug: str
    title: Title
    projected: bool


def _gauss_kruger(slug: str, meridian: int, zone: int | None) -> System:
    zh = "东坐标不带带号" if zone is None else f"东坐标带带号 {zone}"
    en = "no zone number" if zone is None else f"zone {zone} in the easting"
    title = Title(
        f"CGCS2000 三度带投影，中央经线 {meridian}°E（{zh}）",
        f"CGCS2000 3-degree Gauss-Kruger, CM {meridian}E ({en})",
    )
    return System(slug, title, projected=True)


SYSTEMS: Mapping[str, System] = MappingProxyType(
    {
        system.slug: system
        for system in (
            System(
                STORED,
                Title("经纬度（CGCS2000、WGS84）", "Longitude/latitude (CGCS2000, WGS 84)"),
                projected=False,
            ),
            System(
                "GCJ-02",
                Title("GCJ-02 经纬度（高德、腾讯地图）", "GCJ-02 degrees (Amap, Tencent)"),
                projected=False,
            ),
            System(
                "BD-09", Title("BD-09 经纬度（百度地图）", "BD-09 degrees (Baidu)"), projected=False
            ),
            _gauss_kruger("EPSG:4549", 120, None),
            _gauss_kruger("EPSG:4528", 120, 40),
            _gauss_kruger("EPSG:4548", 117, None),
            _gauss_kruger("EPSG:4527", 117, 39),
            _gauss_kruger("EPSG:4550", 123, None),
            _gauss_kruger("EPSG:4529", 123, 41),
        )
    }
)
"""The systems to choose from, the likeliest first; ``to_stored`` takes others too."""

SHIFTS: Mapping[str, Callable[[npt.ArrayLike, npt.ArrayLike], Pair]] = MappingProxyType(
    {"GCJ-02": from_gcj02, "BD-09": from_bd09}
)

AUTHORITY = re.compile(r"[A-Za-z]+:[0-9A-Za-z]+", re.ASCII)


def to_stored(
    system_slug: str, x: npt.ArrayLike, y: npt.ArrayLike, *, swapped: bool = False
) -> Pair:
    """Convert coordinates of a named system to EPSG:4490 degrees.

    Parameters
    ----------
    system_slug
        One of ``SYSTEMS``, or any other system of the ellipsoid of CGCS2000 or WGS 84 by its
        authority's code (``EPSG:32650``) or in WKT, as files have it.
    x, y
        First and second coordinates, to the east and to the north, in the system's unit, any
        shape.
    swapped
        Whether the first is the one to the north.

    Returns
    -------
    lon, lat
        Degrees; both NaN where one is missing, not finite or has no place in the system. Degrees
        that are not shifted stay as they are: WGS 84 and CGCS2000 differ by less than a metre and
        PROJ has no transformation between them (METHOD 9.1).

    Raises
    ------
    InvalidDataError
        If the system is not known, is no plane one, or has another ellipsoid.
    """
    east, north = _floats(*((y, x) if swapped else (x, y)))
    if system_slug in SHIFTS:
        lon, lat = SHIFTS[system_slug](east, north)
    elif system_slug == STORED or not is_projected(system_slug):
        lon, lat = east, north
    else:
        lon, lat = _floats(*_transformer(system_slug).transform(east, north))
    placed = np.isfinite(lon) & np.isfinite(lat)
    return np.where(placed, lon, np.nan), np.where(placed, lat, np.nan)


def is_projected(system_slug: str) -> bool:
    """Tell whether a system's coordinates are metres; raises what ``to_stored`` raises."""
    if system_slug in SYSTEMS:
        return SYSTEMS[system_slug].projected
    return _other(system_slug).is_projected


@lru_cache(maxsize=64)
def _transformer(slug: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(_other(slug), STORED, always_xy=True)


@lru_cache(maxsize=64)
def _other(slug: str) -> pyproj.CRS:
    """Return a system that PROJ knows, if its numbers can be taken for CGCS2000."""
    # A code or WKT only: PROJ would read other texts as a name, a description or a file.
    if not (AUTHORITY.fullmatch(slug) or "[" in slug):
        raise InvalidDataError(_unknown(slug))
    try:
        found = pyproj.CRS.from_user_input(slug)
    except CRSError as error:
        raise InvalidDataError(_unknown(slug)) from error
    if not (found.is_geographic or found.is_projected):
        raise InvalidDataError(f"坐标系 {found.name} 既不是经纬度也不是投影坐标：请换一个坐标系")
    _refuse_old_datum(found)
    return found


def _unknown(slug: str) -> str:
    return (
        f"不认识的坐标系 {slug[:60]}；可以用：{', '.join(SYSTEMS)}，"
        "或其他 CGCS2000、WGS84 坐标系的 EPSG 编号"
    )


def _refuse_old_datum(crs: pyproj.CRS) -> None:
    """Refuse a system whose ellipsoid is not that of CGCS2000 or WGS 84 (METHOD 9.1).

    PROJ knows no transformation from Beijing 1954 or Xian 1980: the numbers would be taken as
    they are, tens of metres and more beside the truth.
    """
    shape = crs.ellipsoid
    if (
        shape is None
        or abs(shape.semi_major_metre - 6378137.0) > 1
        or abs(shape.inverse_flattening - 298.257) > 0.01
    ):
        raise InvalidDataError(
            f"坐标系 {crs.name} 的椭球不是 CGCS2000 或 WGS84，直接使用会偏移几十米以上："
            "请先由测绘部门转换到 CGCS2000 再导入"
        )


Reason = Literal[
    "as_given",
    "shifted",
    "swapped",
    "projected",
    "undecided",
    "no_names",
    "no_system",
    "no_coordinates",
]
"""Why a system is proposed.

``as_given``
    The rows fall into the villages that they name, fewer would after any conversion.
``shifted``
    They do after the proposed conversion (of swapped coordinates, if the candidate says so).
``swapped``
    Only the other way round they are degrees of this country; not ``certain`` where it stays
    open whether they are shifted as well.
``projected``
    They are metres, and of one system only.
``undecided``
    Too few rows lie where a shift would show, or the villages named do not speak for any.
``no_names``
    No row names a village that is known, and the outer border does not tell either.
``no_system``
    No system puts most of the rows into the country.
``no_coordinates``
    There are none.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to read coordinates, and how many rows fall into the village they name, or into any."""

    system: str
    swapped: bool
    in_named: int
    in_any: int


@dataclass(frozen=True, slots=True)
class Detection:
    """What coordinates are, as far as they tell. It is a proposal: a person decides.

    Attributes
    ----------
    candidates
        The plausible ones, best first.
    proposed
        The one to use; the coordinates as they are, or in their other order, where nothing speaks
        clearly for another; None where none is plausible.
    as_given
        The candidate of degrees in their right order, not shifted; None where not plausible.
    judged
        Rows with coordinates and a village name that is known.
    placed
        Rows with coordinates.
    certain
        Whether the villages named (for metres: the numbers) leave no doubt.
    reason
        See ``Reason``.
    """

    candidates: tuple[Candidate, ...]
    proposed: Candidate | None
    as_given: Candidate | None
    judged: int
    placed: int
    certain: bool
    reason: Reason


OWN_LON, OWN_LAT = (118.5, 121.5), (31.0, 32.5)
"""Where the county's coordinates can be, degrees (METHOD 9.3). As wide as one zone of 3 degrees, so
that no metres can be of two zones."""

BORDER_DEG = 1e-8
"""A point this near to a border lies on it: 1 mm."""

CELL_DEG = 0.01
"""Rows in one square of about 1 km speak with one voice: the shops of one street, beside a border
that is drawn wrong, say one thing a hundred times."""

SHIFTED_P = 5e-3
"""A shift is asked about where chance would show it in one file of two hundred: a needless question
costs a look at the map, one that is not asked moves sixty places by half a kilometre."""

AS_GIVEN_P = 0.01
"""What is as most files are needs less proof."""

MOST, ALL = 0.5, 0.99
"""Parts of the rows that must fall into the village they name (names may be wrong, but then they
speak for nothing), or, where none names one, into any: only files of the town itself are judged by
its outer border, in others more places may lie on one side of it than on the other."""


def detect(x: npt.ArrayLike, y: npt.ArrayLike, named: Ints, areas: Geometries) -> Detection:
    """Tell what system coordinates are in, by their ranges and by the villages that rows name.

    Parameters
    ----------
    x, y
        First and second coordinates as the file has them, shape (N,); NaN where missing.
    named
        Row of the area that each row says it lies in, shape (N,); -1 where unknown.
    areas
        Polygons in EPSG:4490 degrees, shape (A,). May be empty.

    Notes
    -----
    Metres and swapped coordinates show by their ranges. Whether degrees are shifted is a paired
    sign test: of the squares of about 1 km where more rows fall into the village that they name
    by the one reading than by the other, about half would speak for a shift that is not there,
    or fewer; how likely chance alone makes so many is the exact binomial probability, one-sided.
    Wrong names, coarse positions and wrong borders speak for either side alike: they only hide a
    shift. Of both shifts the one counts that puts more rows into the village that they name.
    """
    first, second = _floats(x, y)
    grounds = np.asarray(areas, dtype=object)
    named = np.asarray(named)
    placed = np.isfinite(first) & np.isfinite(second)
    known = placed & (named >= 0) & (named < len(grounds))
    tried = [
        _read(system, swapped, first, second, np.where(known, named, -1), grounds)
        for swapped in (False, True)
        for system in SYSTEMS.values()
    ]
    plausible = [reading for reading in tried if reading is not None]
    plausible.sort(key=lambda r: (-r.in_named.sum(), -r.in_any.sum(), -r.fits.sum()))
    chosen, certain, reason = _choose(plausible, known, placed)
    return Detection(
        candidates=tuple(reading.candidate for reading in plausible),
        proposed=chosen.candidate if chosen else None,
        as_given=next((r.candidate for r in plausible if (r.system, r.swapped) == AS_GIVEN), None),
        judged=int(known.sum()),
        placed=int(placed.sum()),
        certain=certain,
        reason=reason,
    )


AS_GIVEN = (STORED, False)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Coordinates read in one way: row by row whether they fit, and where they fall."""

    system: str
    swapped: bool
    lon: Floats
    lat: Floats
    fits: Bools
    in_named: Bools
    in_any: Bools

    @property
    def candidate(self) -> Candidate:
        return Candidate(
            self.system, self.swapped, int(self.in_named.sum()), int(self.in_any.sum())
        )


def _read(
    system: System,
    swapped: bool,
    first: Floats,
    second: Floats,
    named: Ints,
    grounds: Geometries,
) -> _Reading | None:
    """Read coordinates in one way; None where no row fits it."""
    east, north = (second, first) if swapped else (first, second)
    if system.projected:
        fits = _within(north, NORTHINGS)
    else:
        fits = _within(east, LON_RANGE) & _within(north, LAT_RANGE)
    lon, lat = np.full((2, len(east)), np.nan)
    if fits.any():
        lon[fits], lat[fits] = to_stored(system.slug, east[fits], north[fits])
    if system.projected:
        fits = _within(lon, OWN_LON) & _within(lat, OWN_LAT)
    if not fits.any():
        return None
    in_named, in_any = _fall(lon, lat, np.flatnonzero(fits), named, grounds)
    return _Reading(system.slug, swapped, lon, lat, fits, in_named, in_any)


def _fall(
    lon: Floats, lat: Floats, rows: Ints, named: Ints, grounds: Geometries
) -> tuple[Bools, Bools]:
    """Tell which rows fall into the area that they name, and which into any."""
    in_named, in_any = np.zeros((2, len(lon)), dtype=bool)
    points: Geometries = shapely.points(np.column_stack([lon[rows], lat[rows]]))
    # The areas ask for points and not the other way: GEOS prepares what asks.
    area, point = shapely.STRtree(points).query(grounds, predicate="dwithin", distance=BORDER_DEG)
    in_any[rows[point]] = True
    in_named[rows[point[named[rows[point]] == area]]] = True
    return in_named, in_any


def _choose(
    plausible: Sequence[_Reading], known: Bools, placed: Bools
) -> tuple[_Reading | None, bool, Reason]:
    """Return the reading to propose, whether it is certain, and why."""
    if not placed.any():
        return None, False, "no_coordinates"
    frames = [reading for reading in plausible if reading.system not in SHIFTS]
    frame = max(frames, key=lambda r: r.fits.sum(), default=None)
    if frame is None or frame.fits.sum() <= MOST * placed.sum():
        return None, False, "no_system"
    if SYSTEMS[frame.system].projected:
        return frame, True, "projected"
    shifted = [r for r in plausible if r.system in SHIFTS and r.swapped == frame.swapped]
    found, certain = _tell_shift(frame, shifted, known)
    if found is not None and found is not frame:
        return found, certain, "shifted"
    if frame.swapped:
        return frame, certain, "swapped"
    if found is frame:
        return frame, certain, "as_given"
    return frame, False, "undecided" if known.any() else "no_names"


def _tell_shift(
    frame: _Reading, shifted: Sequence[_Reading], known: Bools
) -> tuple[_Reading | None, bool]:
    """Return which of the readings the villages speak for, None if none; and whether surely."""
    by_name = bool(known.any())
    hits: Callable[[_Reading], Bools] = attrgetter("in_named" if by_name else "in_any")
    enough = MOST * known.sum() if by_name else ALL * frame.fits.sum()
    cell = _cells(frame)

    def doubt(one: _Reading, other: _Reading) -> float:
        return _sign_test(hits(one), hits(other), cell)

    best, second = sorted(shifted, key=lambda r: -hits(r).sum())
    if hits(best).sum() >= enough and doubt(best, frame) <= SHIFTED_P:
        return best, by_name and doubt(best, second) <= AS_GIVEN_P
    if hits(frame).sum() >= enough and max(doubt(frame, r) for r in shifted) <= AS_GIVEN_P:
        return frame, by_name
    return None, False


def _cells(frame: _Reading) -> Ints:
    """Return the number of the square that each row lies in; those that lie nowhere share one."""
    column, row = (
        np.floor(np.where(frame.fits, v, 0.0) / CELL_DEG) for v in (frame.lon, frame.lat)
    )
    return np.asarray(np.unique(column * 1e5 + row, return_inverse=True)[1], dtype=np.int64)


def _sign_test(one: Bools, other: Bools, cell: Ints) -> float:
    """Return how likely chance alone speaks at least so clearly for the one against the other."""
    balance = np.bincount(cell, weights=one.astype(float) - other.astype(float))
    wins, losses = int((balance > 0).sum()), int((balance < 0).sum())
    return float(bdtrc(wins - 1, wins + losses, 0.5)) if wins else 1.0
