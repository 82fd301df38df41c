"""The page of the fire weather: the day is told, the colours are its own, empty says how."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.rights import Role
from tests.conftest import Databases
from tests.people import enter, make_account
from tests.register import own_copy
from tests.webmap.conftest import tags
from webmap import create_app, season_chart
from webmap.context import EXTENSION

PATH = "/fire-weather"


@pytest.fixture
def bare(offices: Databases, tmp_path: Path) -> Iterator[FlaskClient]:
    """Return a town office's client of an office without a weather station."""
    with own_copy(offices, tmp_path / "office") as ws:
        make_account(ws, Role.TOWN_OFFICE, "town")
        app = create_app(ws.settings)
        app.testing = True
        yield enter(app.test_client(), "town")
        app.extensions[EXTENSION].engine.dispose()


def page(client: FlaskClient, path: str = PATH) -> str:
    """Return a page as text."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return unescape(answer.get_data(as_text=True))


def test_the_day_its_class_and_whose_it_is_stand_first(client: FlaskClient) -> None:
    text = page(client)
    told = client.get("/api/fire-weather").get_json()
    banner = text.partition('class="fire-day')[2].partition("</section>")[0]
    assert told["town"]["day"] == told["as_of"] == "2026-10-31"
    assert "2026-10-31" in banner
    assert f"<b>{told['town']['class']}</b> {told['town']['name']}" in banner
    assert "本系统计算（参考）" in banner
    assert "距今" not in banner
    for station in told["stations"]:
        assert station["name"] in text
        assert f"{station['latest']['fwi']:.1f}" in text


def test_its_colours_are_its_own_and_never_alone(client: FlaskClient) -> None:
    text = page(client)
    key = text.partition('class="fire-key"')[2].partition("</p>")[0]
    assert re.findall(r"<b>(\d)</b> (\w+)", key) == [
        ("1", "低"), ("2", "较低"), ("3", "较高"), ("4", "高"), ("5", "极高"),
    ]  # fmt: skip
    assert "无数据" in key
    for number, colour in enumerate(season_chart.COLOURS, start=1):
        assert f"--fire-{number}: {colour};" in text
    assert "class-chip" not in text.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("number", range(5))
def test_what_is_written_on_a_colour_can_be_read(number: int) -> None:
    light, dark = sorted(
        (_luminance(season_chart.COLOURS[number]), _luminance(season_chart.INKS[number])),
        reverse=True,
    )
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_nothing_on_the_page_needs_an_inline_script_or_style(client: FlaskClient) -> None:
    text = page(client)
    assert all("nonce=" in attributes or "src=" in attributes for _, attributes in tags(text))
    assert " style=" not in text
    assert not re.search(r"\son\w+=", text)


def test_an_office_without_stations_is_told_how_to_begin(bare: FlaskClient) -> None:
    text = page(bare)
    assert "还没有气象站：不知道，不等于没有火险。" in text
    assert "/import/" in text
    assert "scripts.import_records observation" in text
    assert "<svg" not in text.partition("<main")[2]
    assert bare.get("/api/fire-weather").get_json()["town"] is None
    rows = list(csv.reader(io.StringIO(bare.get(f"{PATH}.csv").get_data().decode("utf-8-sig"))))
    assert len(rows) == 1


def test_the_page_speaks_english(english: Flask) -> None:
    text = page(english.test_client(), f"{PATH}?lang=en")
    assert "computed here (for reference)" in text
    assert "Strongest wind m/s" in text
    assert "Lowest humidity %<" in text
    body = text.partition("<main")[2].partition("</main>")[0]
    spared = re.sub(r'lang="zh-CN"[^>]*>[^<]*<', "<", body)
    spared = re.sub(r"模拟·[\u4e00-\u9fff]+", "", spared)
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r'value="[^"]*"', "", spared))


def test_the_aid_estimates_and_says_what_it_is_for(client: FlaskClient) -> None:
    asked = "t_c=26&rh_pct=25&wind_ms=４&slope_deg=15&fuel=平铺针叶"
    text = page(client, f"{PATH}?{asked}")
    assert "火头蔓延速度 4.36 m/min（每小时约 261 米）" in text
    assert "仅供演练" in text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("t_c=x", "气温"),
        ("t_c=nan", "气温"),
        ("rh_pct=101", "相对湿度"),
        ("slope_deg=80", "坡度"),
        ("fuel=<b>", "没有可燃物“<b>”"),
    ],
)
def test_the_aid_refuses_what_it_cannot_estimate(client: FlaskClient, said: str, told: str) -> None:
    usual = {"t_c": "26", "rh_pct": "25", "wind_ms": "4", "slope_deg": "15", "fuel": "平铺针叶"}
    name, _, value = said.partition("=")
    answer = client.get(PATH, query_string={**usual, name: value})
    text = answer.get_data(as_text=True)
    problem = text.partition('class="field-error" role="alert"')[2].partition("</p>")[0]
    assert told in unescape(problem)
    assert "<b>”" not in text
    assert "m/min（" not in text


def day(number: int, **values: Any) -> dict[str, Any]:
    """Return a row of a series in May."""
    plain = {"shown_class": 2, "official": False, "fwi": 5.0, "gap_days": 0}
    return {"day": f"2026-05-{number:02d}", **plain, **values}


def test_a_chart_has_a_bar_a_stretch_as_high_as_its_class_and_gaps_where_nothing_is_known() -> None:
    series = [
        day(1), day(2), day(3, shown_class=4, official=True),
        day(4, shown_class=None, fwi=None, gap_days=4), day(5, fwi=25.0),
    ]  # fmt: skip
    chart = season_chart.draw(series)
    assert [(bar.level, bar.first, bar.last) for bar in chart.bars] == [
        (2, "2026-05-01", "2026-05-02"), (4, "2026-05-03", "2026-05-03"),
        (2, "2026-05-05", "2026-05-05"),
    ]  # fmt: skip
    low, high, _ = chart.bars
    assert high.height == 2 * low.height
    assert low.y + low.height == high.y + high.height == chart.floor
    assert low.width == 2 * high.width
    assert len(chart.lines) == 2
    assert len(chart.gaps) == len(chart.issued) == 1
    assert [tick.label for tick in chart.levels] == ["0", "15", "30"]
    points = [float(point.split(",")[1]) for line in chart.lines for point in line.split()]
    assert points[-1] < points[0]  # the higher, the nearer to the top
    assert all(0 <= y <= chart.height for y in points)


def test_a_season_without_a_day_is_an_empty_chart() -> None:
    chart = season_chart.draw([])
    assert (chart.bars, chart.lines, chart.gaps) == ((), (), ())
