"""Fire weather: the day's class, every station, the season, and an aid for exercises."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask import Blueprint, Response, render_template, request

from gis.domain.fire_weather.danger import GAPS
from gis.domain.fire_weather.observations import RECORDS
from gis.domain.kinds import Title
from gis.errors import InvalidDataError
from gis.services.export_fire_weather import export_fire_weather
from gis.services.watch_fire_weather import (
    METHOD,
    OFFICIAL,
    estimate_spread,
    fuels,
    watch_fire_weather,
)
from webmap import asked, season_chart, sending
from webmap.context import about, actor, workspace

bp = Blueprint("fire_weather", __name__)

SAID_OF = {
    OFFICIAL[True]: Title(OFFICIAL[True], "issued by the authority"),
    OFFICIAL[False]: Title(OFFICIAL[False], "computed here (for reference)"),
}

CLASSES = (
    Title("低", "Low"),
    Title("较低", "Fairly low"),
    Title("较高", "Fairly high"),
    Title("高", "High"),
    Title("极高", "Extreme"),
)
"""What the legend calls the classes, in the method's own words."""

SPREAD = (
    ("t_c", Title("气温（℃）", "Temperature (℃)"), -20.0, 45.0, "26"),
    ("rh_pct", Title("相对湿度（%）", "Relative humidity (%)"), 0.0, 100.0, "25"),
    ("wind_ms", Title("风速（m/s）", "Wind (m/s)"), 0.0, 20.0, "4"),
    ("slope_deg", Title("顺风坡度（°）", "Slope along the wind (°)"), 0.0, 45.0, "15"),
)
"""What the aid asks for: name, title, limits, an example."""


@bp.get("/fire-weather")
def index() -> str:
    """Show the day's class, the stations and the season."""
    found = watch_fire_weather(workspace(), actor())
    spread, problem = _spread()
    passport = workspace().record(RECORDS)
    return render_template(
        "fire_weather.html",
        about=about(),
        found=found,
        charts={s["site"]: season_chart.draw(s["series"]) for s in found["stations"]},
        chart=season_chart,
        classes=CLASSES,
        said_of=SAID_OF,
        titles={field.name: field.title for field in passport.fields},
        gaps=GAPS,
        station_kind=workspace().kind(passport.of),
        method=METHOD,
        asks=SPREAD,
        fuels=fuels(workspace(), actor()),
        spread=spread,
        problem=problem,
    )


@bp.get("/fire-weather.csv")
def table() -> Response:
    """Send every day of the season as a table for spreadsheets; it is logged."""
    asked.refuse_other_sites(request)
    return sending.download(export_fire_weather(workspace(), actor()), "fire-weather.csv")


@bp.get("/api/fire-weather")
def listed() -> Response:
    """Send the fire weather of all stations to programs."""
    return sending.answer(watch_fire_weather(workspace(), actor()))


def _spread() -> tuple[dict[str, Any] | None, str | None]:
    """Return what the aid found, or why it could not; neither where nothing was asked."""
    if "fuel" not in request.args:
        return None, None
    try:
        weather = {name: _number(name, title, limits) for name, title, *limits, _ in SPREAD}
        return estimate_spread(workspace(), actor(), weather, request.args["fuel"]), None
    except InvalidDataError as error:
        return None, str(error)


def _number(name: str, title: Title, limits: list[float]) -> float:
    least, most = limits
    text = unicodedata.normalize("NFKC", request.args.get(name, "")).strip()
    if not asked.NUMBER.fullmatch(text):
        raise InvalidDataError(f"{title.zh}要写数字")
    value = float(text)
    if not least <= value <= most:
        raise InvalidDataError(f"{title.zh}应在 {least:g} 至 {most:g} 之间")
    return value
