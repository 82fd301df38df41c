"""Outside text becomes a typed value here, or an error that says what to write instead."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from gis.errors import ForbiddenError, InvalidDataError

Args = MultiDict[str, str]

DEFAULT_LIMIT = 200
YEARS = range(2000, 2101)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Near:
    """A radius query as it was asked: degrees, metres, kinds (None: all), how many at most."""

    lon: float
    lat: float
    radius_m: float
    kinds: tuple[str, ...] | None
    limit: int


@dataclass(frozen=True, slots=True)
class Position:
    """A point as it was typed: degrees, and how far off it may be, metres (None: not said)."""

    lon: float
    lat: float
    accuracy_m: float | None


def position(args: Args) -> Position:
    """Read a point from a form: ``lon``, ``lat`` and, if known, ``accuracy_m``.

    Both may stand in ``lon``, as maps copy them: ``119.37, 31.72``.

    Raises
    ------
    InvalidDataError
        If one is missing or no number. Ranges are the service's matter.
    """
    said = _plain(args.get("accuracy_m", ""))
    both = re.split(r"[,;\s]+", _plain(args.get("lon", "")))
    if len(both) == len(("lon", "lat")) and not _plain(args.get("lat", "")):
        args = MultiDict({**args, "lon": both[0], "lat": both[1]})
    return Position(
        lon=_number(args, "lon", "经度", "119.37"),
        lat=_number(args, "lat", "纬度", "31.72"),
        accuracy_m=_number(args, "accuracy_m", "定位精度（米）", "10") if said else None,
    )


def near(args: Args, kinds: Collection[str]) -> Near:
    """Read a radius query from the address.

    Parameters
    ----------
    args
        ``lon``, ``lat``, ``radius_m`` and, if wanted, ``kinds`` (separated by commas, or
        repeated) and ``limit``.
    kinds
        The known kinds.

    Raises
    ------
    InvalidDataError
        If one is missing or no number, or a kind is unknown. Ranges are the service's matter.
    """
    return Near(
        lon=_number(args, "lon", "经度", "119.37"),
        lat=_number(args, "lat", "纬度", "31.72"),
        radius_m=_number(args, "radius_m", "半径（米）", "500"),
        kinds=_kinds(args, kinds),
        limit=whole(args, "limit", DEFAULT_LIMIT),
    )


def between(
    args: Args, name: str, title: str, example: str, limits: tuple[float, float]
) -> float | None:
    """Read a number that may be left out; InvalidDataError if it is none, or beyond the limits."""
    if not _plain(args.get(name, "")):
        return None
    value, (least, most) = _number(args, name, title, example), limits
    if not least <= value <= most:
        raise InvalidDataError(f"{title}应在 {least:g} 至 {most:g} 之间")
    return value


def local_path(text: str | None) -> str:
    """Return where to go after a form: a path of this server, or the map for anything else."""
    path = text or "/"
    bad = not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable()
    return "/" if bad else path


def day(args: Args, name: str) -> dt.date | None:
    """Read a date that may be left out; InvalidDataError if it is something else."""
    text = _plain(args.get(name, ""))
    try:
        found = dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidDataError(
            f"参数 {name} 写的是“{text}”，应为日期，例如 {name}=2026-01-31"
        ) from error
    if found is not None and found.year not in YEARS:
        raise InvalidDataError(f"日期 {found} 不在 {YEARS[0]} 至 {YEARS[-1]} 年之间")
    return found


def as_file(request: Request) -> bool:
    """Tell whether an answer was asked for as a file to keep."""
    return "download" in request.args


def by_the_map(request: Request) -> bool:
    """Tell whether a page of ours fetches something to show it.

    A browser says so itself, and no script can make it lie; whoever uses another program can,
    and gets no more than they may see.
    """
    return request.headers.get("Sec-Fetch-Dest") == "empty" and not as_file(request)


def refuse_other_sites(request: Request) -> None:
    """Refuse what a page of another site makes a browser fetch: only people of ours write the log.

    Raises
    ------
    ForbiddenError
        If the browser says so; programs do not say where they come from.
    """
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise ForbiddenError("请从本系统的页面打开")


def refuse_zero_bytes(request: Request) -> None:
    """Refuse text that is none, in a form that carries a file; ``sign_in`` looks at the others.

    Raises
    ------
    BadRequest
        If a field or the name of a file holds a zero byte.
    """
    names = (file.filename or "" for file in request.files.values())
    if any("\0" in text for text in (*request.form.values(), *names)):
        raise BadRequest


def whole(args: Args, name: str, default: int) -> int:
    """Read a whole number that may be left out; InvalidDataError if it is something else."""
    text = _plain(args.get(name, ""))
    if not text:
        return default
    if not re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
        raise InvalidDataError(f"参数 {name} 写的是“{text}”，应为整数，例如 {name}={default}")
    return int(text)


def _number(args: Args, name: str, title: str, example: str) -> float:
    text = _plain(args.get(name, ""))
    if not text:
        raise InvalidDataError(f"缺少{title}：请加上参数 {name}，例如 {name}={example}")
    if NOT_FINITE.fullmatch(text):
        raise InvalidDataError(f"{title}要是有限的数字，不能是“{text}”，例如 {name}={example}")
    if not NUMBER.fullmatch(text):
        raise InvalidDataError(
            f"{title}写的是“{text}”，不是数字；请改为数字，例如 {name}={example}"
        )
    value = float(text)
    if not math.isfinite(value):
        raise InvalidDataError(f"{title}“{text}”太大；请改为实际的数字，例如 {name}={example}")
    return value


def _kinds(args: Args, known: Collection[str]) -> tuple[str, ...] | None:
    """Return the kinds asked for; all where the parameter is missing or empty."""
    asked = [part.strip() for part in ",".join(args.getlist("kinds")).split(",")]
    asked = [part for part in asked if part]
    strange = [slug for slug in asked if slug not in known]
    if strange:
        raise InvalidDataError(f"没有类别 {'、'.join(strange)}；可以用：{', '.join(known)}")
    return tuple(dict.fromkeys(asked)) or None


def _plain(text: str) -> str:
    """Take full-width digits and signs, which Chinese input methods type, for what they mean."""
    return unicodedata.normalize("NFKC", text).strip()[:60]
