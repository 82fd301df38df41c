"""Satellite heat: the table that FIRMS publishes, pixels on the ground, what each may be.

METHOD 4.5. Fields as published by NASA (MODIS C6.1, VIIRS 375 m): a row is a pixel that was hotter
than its surroundings, its centre and size, when in UTC, and how sure the algorithm is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.domain.arrays import Bools, Geometries, Objects
from gis.domain.crs import STORED, to_metres
from gis.domain.risk.attributes import texts
from gis.domain.risk.constants import Constants, number, numbers
from gis.domain.risk.pairs import near
from gis.errors import InvalidDataError

NEEDED = ("latitude", "longitude", "scan", "track", "acq_date", "acq_time", "satellite",
          "instrument", "confidence")  # fmt: skip
BRIGHTNESS = {"brightness_k": ("brightness", "bright_ti4"),
              "background_k": ("bright_t31", "bright_ti5")}  # fmt: skip
"""Columns of MODIS and of VIIRS."""

KNOWN = frozenset(
    {
        *NEEDED,
        *(name for of in BRIGHTNESS.values() for name in of),
        "frp",
        "daynight",
        "type",
        "version",
    }
)
"""Columns that mean something; a table saved by others may end in more."""

FIRST = pd.Timestamp("2000-01-01")
"""Before that none of these satellites flew."""

INSTRUMENTS = ("MODIS", "VIIRS")
LOW, NOMINAL, HIGH = "低", "中", "高"
WORDS = {"l": LOW, "low": LOW, "n": NOMINAL, "nominal": NOMINAL, "h": HIGH, "high": HIGH}
DAY_NIGHT = {"d": "白天", "n": "夜间"}
TYPES = {0.0: "植被", 1.0: "火山", 2.0: "固定陆地热源", 3.0: "离岸"}
STATIC_TYPE = TYPES[2.0]

IN_FOREST, ELSEWHERE, STATIC, UNSURE = "林区热点", "林区以外", "固定热源", "置信度低"
"""What a detection is judged to be; the first alone is for somebody to look at."""

PLAIN = r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,19}"
"""What names of satellites and versions are made of."""

SIZES_KM = (0.05, 10.0)
HOURS_AHEAD = 8
"""Beijing's clock before UTC; China has no summer time."""

REFUSALS = (
    ("cut", "这一行不完整：文件可能没有下载完"),
    ("swapped", "纬度超出 ±90°：经纬度可能写反了"),
    ("place", "经纬度不是数字或超出范围"),
    ("time", "日期或时间不对：应为 2026-03-04 和 UTC 时分 0530"),
    ("size", "像元大小（scan、track）不对：应在 0.05 至 10 km 之间"),
    ("satellite", "卫星名称不对"),
    ("instrument", "仪器应为 MODIS 或 VIIRS"),
)
"""Why a row is not taken; the first that holds is told."""


def columns(names: Iterable[str]) -> dict[str, str]:
    """Find the columns of a FIRMS table, whatever the case of their headings.

    Raises
    ------
    InvalidDataError
        If one that is needed is missing.
    """
    found = {name.strip().lower(): name for name in names}
    if missing := [name for name in NEEDED if name not in found]:
        raise InvalidDataError(
            f"这不是 FIRMS 的热点表：缺少列 {'、'.join(missing)}，现有列：{'、'.join(found)}"
        )
    return found


def read(
    table: Mapping[str, Sequence[object]], constants: Constants, until: dt.datetime
) -> tuple[pd.DataFrame, Objects]:
    """Read rows of a FIRMS table.

    Parameters
    ----------
    table
        Column to values of equal number, text or numbers, None where missing; columns as FIRMS
        names them, in the file's order. Those of ``NEEDED`` are there.
    constants
        The values of ``forest_fire.toml``.
    until
        A day after now, UTC: what is said to be later is a mistake.

    Returns
    -------
    One row each: ``latitude``, ``longitude`` (degrees), and fields of the passport
    ``satellite_heat`` but ``judged``, with ``code`` (the same satellite, time and place have the
    same) and ``name``; and why a row is not to be taken, None where it is, shape (N,).
    """
    words = {name: _words(pd.Series(values, dtype=object)) for name, values in table.items()}
    at = _instants(words["acq_date"], words["acq_time"])
    here = at + pd.Timedelta(hours=HOURS_AHEAD)
    satellite, instrument = words["satellite"], words["instrument"].str.upper()
    spot = {name: _number(words, name) for name in ("latitude", "longitude")}
    sizes = {"scan_km": _number(words, "scan"), "track_km": _number(words, "track")}
    level, percent = _confidence(words["confidence"], instrument, constants)
    found = pd.DataFrame(
        {
            **spot,
            "code": satellite
            + at.dt.strftime("-%Y%m%d%H%M-")
            + spot["latitude"].map("{:.5f}".format)
            + spot["longitude"].map(",{:.5f}".format),
            "name": instrument + here.dt.strftime(" %Y-%m-%d %H:%M"),
            "acquired_on": here.dt.strftime("%Y-%m-%d"),
            "acquired_at": here.dt.strftime("%Y-%m-%d %H:%M"),
            "satellite": satellite,
            "instrument": instrument,
            "confidence": level,
            "confidence_pct": percent,
            "frp_mw": _within(_number(words, "frp"), 0.0, 100_000.0),
            **{name: _within(_number(words, *of), 0.0, 2000.0) for name, of in BRIGHTNESS.items()},
            **sizes,
            "day_night": _first(words, "daynight").str.lower().map(DAY_NIGHT),
            "heat_type": _number(words, "type").map(TYPES),
            "version": _plain(_first(words, "version")),
        }
    )
    return found, _refusals(found, words, at, pd.Timestamp(until.replace(tzinfo=None)))


def footprints(found: pd.DataFrame, crs: str) -> gpd.GeoDataFrame:
    """Return the pixels as rectangles in the metric CRS, scan by track around the centre.

    Parameters
    ----------
    found
        Rows of ``read`` that are to be taken.
    crs
        The metric CRS.

    Notes
    -----
    The fire may be anywhere in its pixel. Scan lies across the flight, which goes nearly north and
    south: the rectangle's sides are put along the axes.
    """
    centres = gpd.GeoDataFrame(
        found.drop(columns=["latitude", "longitude"]),
        geometry=shapely.points(found[["longitude", "latitude"]].to_numpy(dtype=np.float64)),
        crs=STORED,
    )
    metric = to_metres(centres, crs)
    x_m, y_m = shapely.get_coordinates(metric.geometry.to_numpy()).T
    wide_m, long_m = (500.0 * found[name].to_numpy() for name in ("scan_km", "track_km"))
    return metric.set_geometry(
        gpd.GeoSeries(
            shapely.box(x_m - wide_m, y_m - long_m, x_m + wide_m, y_m + long_m),
            index=metric.index,
            crs=metric.crs,
        )
    )


def judge(pixels_m: gpd.GeoDataFrame, forest: Geometries, constants: Constants) -> Objects:
    """Tell what each detection may be, shape (N,): one of the passport's words.

    Parameters
    ----------
    pixels_m
        All detections on record in metres: ``instrument``, ``confidence``, ``heat_type``,
        ``acquired_on`` and geometry. Those that are not for alarms tell of standing heat too.
    forest
        Polygons in the same CRS.
    constants
        The values of ``forest_fire.toml``.
    """
    shapes = pixels_m.geometry.to_numpy()
    wooded = np.zeros(len(shapes), dtype=bool)
    wooded[near(forest, shapes, number(constants, "firms_forest_m"))[1]] = True
    kind = texts(pixels_m["instrument"]), texts(pixels_m["confidence"])
    unsure = (kind[0] == INSTRUMENTS[1]) & (kind[1] == LOW)
    stays = standing(pixels_m, constants) | (texts(pixels_m["heat_type"]) == STATIC_TYPE)
    found: Objects = np.select(
        [stays, unsure, wooded], [STATIC, UNSURE, IN_FOREST], ELSEWHERE
    ).astype(object)
    return found


def standing(pixels_m: gpd.GeoDataFrame, constants: Constants) -> Bools:
    """Tell which detections recur so often about one place that it is no fire, shape (N,).

    At least ``firms_static_count``, itself among them, in ``firms_static_months`` different months
    (of any year), their centres within ``firms_static_m`` of it.
    """
    centres = shapely.centroid(pixels_m.geometry.to_numpy())
    month = pd.factorize(pixels_m["acquired_on"].str[:7])[0]
    one, other, _ = near(centres, centres, number(constants, "firms_static_m"))
    pairs = pd.DataFrame({"one": one, "month": month[other]})
    by_one = pairs.groupby("one")["month"].agg(["size", "nunique"])
    by_one = by_one.reindex(range(len(centres)), fill_value=0)
    found: Bools = (
        (by_one["size"] >= number(constants, "firms_static_count"))
        & (by_one["nunique"] >= number(constants, "firms_static_months"))
    ).to_numpy()
    return found


def _words(values: pd.Series) -> pd.Series:
    """Return values as texts without blanks around; missing where there is nothing."""
    found = values.where(values.notna(), "").astype(str).str.strip()
    return found.where(found != "", None).astype(object)


def _first(words: Mapping[str, pd.Series], *names: str) -> pd.Series:
    """Return the first of these columns that has a value, missing where none has."""
    empty = pd.Series(None, index=words["latitude"].index, dtype=object)
    for name in names:
        if name in words:
            empty = empty.where(empty.notna(), words[name])
    return empty.astype("string")


def _number(words: Mapping[str, pd.Series], *names: str) -> pd.Series:
    values = pd.to_numeric(_first(words, *names).astype(object), errors="coerce")
    found: pd.Series = values.astype(np.float64)
    return found.where(np.isfinite(found))


def _within(values: pd.Series, least: float, most: float) -> pd.Series:
    return values.where((values >= least) & (values <= most))


def _plain(values: pd.Series) -> pd.Series:
    return values.where(values.str.fullmatch(PLAIN).fillna(False).astype(bool))


def _instants(days: pd.Series, times: pd.Series) -> pd.Series:
    """Return instants of UTC; spreadsheets cut 0005 to 5. Missing where it is no date and time."""
    clock = times.astype("string").str.replace(":", "", regex=False)
    digits = clock.str.extract(r"^(\d{1,4})(?:\.0)?$", expand=False).str.zfill(4)
    return pd.to_datetime(
        days.astype("string").str[:10] + digits, format="%Y-%m-%d%H%M", errors="coerce"
    )


def _confidence(
    words: pd.Series, instrument: pd.Series, constants: Constants
) -> tuple[Objects, pd.Series]:
    """Return low, nominal or high, missing where it is neither, and the percentage of MODIS."""
    percent = pd.to_numeric(words, errors="coerce").astype(np.float64)
    percent = _within(percent, 0.0, 100.0).where(instrument == INSTRUMENTS[0])
    low, high = numbers(constants, "firms_modis_limits")
    by_number = np.select(
        [percent < low, percent < high, percent >= high], [LOW, NOMINAL, HIGH], ""
    ).astype(object)
    by_word = words.astype("string").str.lower().map(WORDS).to_numpy(dtype=object)
    level: Objects = np.where(instrument == INSTRUMENTS[0], by_number, by_word)
    level[pd.isna(level) | (level == "")] = None
    return level, percent


def _refusals(
    found: pd.DataFrame, words: Mapping[str, pd.Series], at: pd.Series, until: pd.Timestamp
) -> Objects:
    """Return why rows are not to be taken, None where they are, shape (N,)."""
    spot = found[["latitude", "longitude"]].to_numpy(dtype=np.float64)
    sizes = found[["scan_km", "track_km"]].to_numpy(dtype=np.float64)
    named = found["satellite"].astype("string").str.fullmatch(PLAIN).fillna(False).astype(bool)
    wrong = {
        "cut": words[[name for name in words if name in KNOWN][-1]].isna(),
        "swapped": (np.abs(spot[:, 0]) > 90.0) & (np.abs(spot[:, 1]) <= 90.0),
        "place": ~(np.abs(spot) <= (90.0, 180.0)).all(axis=1),
        "time": ~at.between(FIRST, until),
        "size": ~((sizes >= SIZES_KM[0]) & (sizes <= SIZES_KM[1])).all(axis=1),
        "satellite": ~named,
        "instrument": ~found["instrument"].isin(INSTRUMENTS),
    }
    reasons = np.select(
        [np.asarray(wrong[name], dtype=bool) for name, _ in REFUSALS],
        [reason for _, reason in REFUSALS],
        "",
    ).astype(object)
    reasons[reasons == ""] = None
    return reasons
