"""The pages: what stands on them without a click, in both languages, and nothing inlined."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gis.domain.rights import GUEST
from gis.services.describe import describe
from gis.services.load_layer import list_layers, load_layer
from gis.workspace import Workspace
from webmap import assets, layers, methods

MAP_BYTES = 200_000
"""The first page, besides libraries that the browser keeps."""


def text(client: FlaskClient, path: str) -> str:
    """Return a page that must be there."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    return answer.get_data(as_text=True)


def test_the_map_says_what_it_shows_without_a_click(client: FlaskClient, demo: Workspace) -> None:
    page = text(client, "/")
    about = describe(demo, GUEST)
    assert about.last_run is not None
    needed = ["模拟数据", "边界示意，不作划界依据", about.as_of.isoformat(), "无数据", "来源："]
    needed += [f"方法 {about.last_run['method_version']}", "综合风险", "较高", "/methods/"]
    assert [words for words in needed if words not in page] == []


def test_every_layer_has_a_row_and_none_is_listed_by_hand(
    client: FlaskClient, demo: Workspace
) -> None:
    page = text(client, "/")
    rows = re.findall(r'class="row" data-layer="([^"]+)"', page)
    infos = list_layers(demo, GUEST)
    assert sorted(rows) == sorted(info.slug for info in infos)
    fills = re.findall(r'type="radio" name="fill" value="(\w+)"', page)
    assert fills == [row.slug for row in in_order(demo) if row.register in layers.FILLS]


def in_order(ws: Workspace) -> list[layers.Row]:
    """Return the rows of the switcher."""
    return layers.rows(layers.switcher(list_layers(ws, GUEST), kinds=ws.kinds, levels=ws.levels))


def test_the_map_opens_on_the_composite_and_the_outline_of_the_town(demo: Workspace) -> None:
    assert [row.slug for row in in_order(demo) if row.on] == ["risk_composite", "town"]


def test_the_first_page_is_small_and_holds_no_data(client: FlaskClient, demo: Workspace) -> None:
    page = text(client, "/")
    own = ["js/map.js", "css/base.css", "css/map.css"]
    files = Path(assets.__file__).parent / "static"
    assert len(page.encode()) + sum((files / name).stat().st_size for name in own) < MAP_BYTES
    assert '"coordinates"' not in page
    for slug in ("enterprise", "self_built_house", "school"):
        features = json.loads(load_layer(demo, GUEST, slug).read())["features"]
        names = [feature["properties"]["name"] for feature in features[:50]]
        assert len(names) > 10
        assert [name for name in names if name in page] == []


def test_the_village_table_lists_all_and_calls_no_data_by_its_name(
    client: FlaskClient,
) -> None:
    page = text(client, "/table")
    rows = re.findall(r'<th scope="row"><a href="([^"]+)">', page)
    assert len(rows) == 16
    assert "无数据" in page
    assert len([row for row in rows if client.get(row).status_code == 200]) == 16
    last = page.rindex('<th scope="row">')
    assert "无数据" in page[last:]


def test_every_layer_is_also_a_table(client: FlaskClient, demo: Workspace) -> None:
    for info in list_layers(demo, GUEST):
        page = text(client, f"/table/{info.slug}")
        assert f"共 {info.count} 条" in page
        assert "模拟数据" in page


def test_a_long_table_has_pages(client: FlaskClient) -> None:
    last = text(client, "/table/small_place?page=10")
    assert "/table/small_place?page=9" in unescape(last)
    assert client.get("/table/small_place?page=11").status_code == 422
    assert client.get("/table/small_place?page=x").status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/table",
        "/table/hazard",
        "/areas/village/320413109201",
        "/near",
        "/near?lon=119.37&lat=31.72&radius_m=500",
        "/methods/",
    ],
)
def test_every_page_carries_the_notices_the_date_and_the_watermark(
    client: FlaskClient, demo: Workspace, path: str
) -> None:
    page = text(client, path)
    as_of = describe(demo, GUEST).as_of.isoformat()
    needed = ["模拟数据", "边界示意，不作划界依据", as_of, 'class="watermark"', "<title>"]
    assert [words for words in needed if words not in page] == []


CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_page_of_the_method_is_there_in_both_languages() -> None:
    files = sorted(file.name for file in methods.FOLDER.iterdir())
    assert files == sorted(f"{slug}{end}" for slug in methods.slugs() for end in (".md", ".en.md"))
    for slug in methods.slugs():
        assert CHINESE.match(methods.title(slug, english=False)), slug
        assert not CHINESE.match(methods.title(slug, english=True)), slug


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_method_is_shown_in_the_language_of_the_page(
    client: FlaskClient, language: str
) -> None:
    titles = methods.titles(english=language == "en")
    assert list(titles) == [methods.FIRST, *sorted(set(methods.slugs()) - {methods.FIRST})]
    listed = unescape(text(client, f"/methods/?lang={language}"))
    assert [title for title in titles.values() if f">{title}</a>" not in listed] == []
    for slug, title in titles.items():
        page = unescape(text(client, f"/methods/{slug}?lang={language}"))
        assert f"<title>{title} · " in page
        heading = re.findall(r'<article class="prose"><h1>(.*?)</h1>', page)
        assert [re.sub("</?code>", "", found) for found in heading] == [title]
        links = re.findall(r'href="([^"/?#]+)"', page)
        assert set(links) <= set(methods.slugs())


def test_a_chinese_line_goes_on_without_a_space(client: FlaskClient) -> None:
    for slug in methods.slugs():
        article = text(client, f"/methods/{slug}?lang=zh").partition("<article")[2]
        assert re.findall(r"[\u4e00-\u9fff、，；。]\n[\u4e00-\u9fff]", article) == []


def test_the_method_has_only_the_pages_that_are_there(client: FlaskClient) -> None:
    for path in ("/methods/..%2F..%2FREADME", "/methods/index.en"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "headers", "language"),
    [
        ("/", {}, "zh-CN"),
        ("/", {"Accept-Language": "en-GB,en;q=0.9"}, "en"),
        ("/", {"Accept-Language": "fr"}, "zh-CN"),
        ("/?lang=en", {"Accept-Language": "zh-CN"}, "en"),
        ("/?lang=zh", {"Accept-Language": "en"}, "zh-CN"),
        ("/?lang=xx", {}, "zh-CN"),
    ],
)
def test_the_language_is_that_of_the_address_and_then_of_the_browser(
    client: FlaskClient, path: str, headers: dict[str, str], language: str
) -> None:
    page = client.get(path, headers=headers).get_data(as_text=True)
    assert f'<html lang="{language}">' in page


def test_a_chosen_language_is_kept(client: FlaskClient) -> None:
    client.get("/?lang=en", headers={"Accept-Language": "zh-CN"})
    page = client.get("/table", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert '<html lang="en">' in page


def test_files_with_a_version_are_kept_and_others_asked_for_again(client: FlaskClient) -> None:
    versioned = re.findall(r'src="(/static/js/map\.js\?v=\w+)"', text(client, "/"))[0]
    with client.get(versioned) as kept, client.get("/static/js/map.js") as bare:
        assert kept.cache_control.max_age == assets.A_YEAR
        assert bare.cache_control.max_age == assets.A_DAY
        tag = bare.headers["ETag"]
    with client.get("/static/js/map.js", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304


def test_every_linked_file_is_served(client: FlaskClient) -> None:
    linked = set()
    for path in ("/", "/table", "/areas/village/320413109201"):
        linked |= set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text(client, path)))
    for url in linked:
        with client.get(url) as answer:
            assert answer.status_code == 200, url


def test_a_page_in_english_says_nothing_in_chinese_but_the_data(english: Flask) -> None:
    page = english.test_client().get("/?lang=en").get_data(as_text=True)
    page = re.sub(r'<(\w+)[^>]* lang="zh-CN"[^>]*>.*?</\1>', "", page, flags=re.DOTALL)
    page = re.sub(r'<div class="watermark".*?</div>', "", page, flags=re.DOTALL)
    page = re.sub(r'<details class="strip".*?</details>', "", page, flags=re.DOTALL)
    layers_ = re.sub(r'<script type="application/json".*?</script>', "", page, flags=re.DOTALL)
    assert re.findall(r"[\u4e00-\u9fff]+", layers_) == []
