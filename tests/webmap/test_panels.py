"""The pieces of HTML for the panel: the answer first, the parts that add up, then the sources."""

from __future__ import annotations

import html
import re
from typing import Any

from flask.testing import FlaskClient

from webmap.panels import MOST, TOP


def areas(client: FlaskClient) -> list[dict[str, Any]]:
    """Return what the composite layer says of each village."""
    features = client.get("/api/layers/risk_composite.geojson").get_json()["features"]
    return [feature["properties"] for feature in features]


def panel(client: FlaskClient, path: str) -> str:
    """Return a fragment that must be there."""
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "<html" not in page
    return page


def test_a_village_starts_with_its_class_in_number_and_word(client: FlaskClient) -> None:
    words = ["无数据", "低", "较低", "中", "较高", "高"]
    for area in areas(client):
        page = panel(client, f"/panel/areas/village/{area['code']}")
        number = area["class"] or 0
        chip = re.findall(r'class-chip-large">(?:<b>(\d)</b> )?(\w+)</span>', page)
        assert chip == [(str(number or ""), words[number])]
        told = client.get(f"/api/areas/village/{area['code']}/explain").get_json()
        assert html.escape(told["sentence"]["zh"]) in page
        assert f"grade-{area['data_quality']}" in page


def test_the_parts_that_are_shown_add_up_to_the_score(client: FlaskClient) -> None:
    for area in areas(client):
        page = panel(client, f"/panel/areas/village/{area['code']}")
        parts = re.findall(r'share-points">([\d.,]+) 分', page)
        if area["score"] is None:
            assert parts == []
            assert "没有分数不等于风险低" in page
        else:
            assert 1 <= len(parts) <= 4
            total = round(sum(map(float, parts)), 1)
            assert -0.01 < area["score"] - total < 0.11  # one is cut, the other rounded
            whole = int(re.findall(r"<b>(\d+)</b> 分（满分 100）", page)[0])
            assert whole == int(area["score"]) == int(total)
            assert f"合计 {whole} 分（各部分取到 0.1 分" in page
            heads = re.findall(r"<summary>这 ([\d.,]+) 分怎么来的", page)
            assert heads[: len(parts) - 1] == parts[: len(heads)]


def test_the_panel_lists_the_largest_sources_and_the_page_all(client: FlaskClient) -> None:
    area = max(areas(client), key=lambda area: area["score"] or 0)
    found = client.get(f"/api/areas/village/{area['code']}/explain").get_json()
    count = len(found["contributions"])
    assert count > MOST
    short = panel(client, f"/panel/areas/village/{area['code']}")
    page = client.get(f"/areas/village/{area['code']}").get_data(as_text=True)
    rows = [text.split("<tbody>")[1].split("</tbody>")[0].count("<tr>") for text in (short, page)]
    assert rows == [MOST, count]
    assert len(short) < 80_000


def test_a_village_without_data_is_nowhere_called_low(client: FlaskClient) -> None:
    unknown = [area for area in areas(client) if area["class"] is None]
    assert unknown
    for area in unknown:
        head = panel(client, f"/panel/areas/village/{area['code']}").split("</header>")[0]
        assert "class-none" in head
        assert not re.search(r"class-[1-5]", head)


def test_a_place_shows_units_accuracy_and_what_is_not_known(client: FlaskClient) -> None:
    features = client.get("/api/layers/enterprise.geojson").get_json()["features"]
    lacking = next(f for f in features if f["properties"]["workers_max_shift"] is None)
    page = panel(client, f"/panel/sites/{lacking['id']}")
    assert re.search(r'class="unknown"><dt>最大班人数（不含承租单位）</dt><dd>未知</dd>', page)
    assert "位置精度" in page
    assert "核实日期" in page
    assert "个人信息已遮盖" in page
    owner = client.get(f"/api/sites/{lacking['id']}").get_json()
    assert owner["name"] in page


def test_a_place_shows_the_newest_of_its_records_and_says_how_many_there_are(
    client: FlaskClient,
) -> None:
    features = client.get("/api/layers/mine.geojson").get_json()["features"]
    watched = next(f for f in features if f["properties"]["monitoring"] == "在线")
    told = client.get(f"/api/sites/{watched['id']}").get_json()["records"]
    slopes = next(sort for sort in told if sort["slug"] == "displacement")
    day = [field["name"] for field in slopes["fields"]].index("day")
    days = [row[day] for row in slopes["rows"]]
    assert days == sorted(days, reverse=True)
    page = panel(client, f"/panel/sites/{watched['id']}")
    assert f"共 {slopes['count']} 条，只列 {len(days)} 条" in page
    assert "累计位移" in page


def test_a_radius_answer_groups_by_kind_and_links_the_same_query(client: FlaskClient) -> None:
    asked = "lon=119.37&lat=31.72&radius_m=1500&kinds=school&kinds=small_place"
    page = panel(client, f"/panel/near?{asked}")
    address = re.findall(r'data-answer="([^"]+)"', page)[0].replace("&amp;", "&")
    found = client.get(address).get_json()
    assert set(found["totals"]) <= {"school", "small_place"}
    assert f"1,500 米内共 {found['number_matched']} 处" in page
    assert page.count("data-go=") == found["number_returned"]


def test_a_wrong_question_keeps_what_was_written(client: FlaskClient) -> None:
    answer = client.get("/panel/near?lon=31.72&lat=119.37&radius_m=700")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "写反了" in page
    assert 'value="119.37"' in page
    assert 'value="700"' in page


def test_the_form_alone_asks_nothing(client: FlaskClient) -> None:
    page = panel(client, "/panel/near")
    assert "data-answer" not in page
    assert "field-error" not in page


def test_a_radius_answer_lists_sensitive_places_first_and_folds_the_rest(
    client: FlaskClient,
) -> None:
    page = panel(client, "/panel/near?lon=119.37&lat=31.72&radius_m=3000")
    listed = re.findall(r'data-go="(\w+)/', page)
    assert len(listed) > 200
    assert listed[0] in {"school", "hospital", "elderly_home"}
    assert re.search(r"其余 \d+ 处", page)
    head = panel(client, f"/panel/areas/village/{areas(client)[0]['code']}").split("</header>")[0]
    assert head.index("综合风险") < head.index("class-chip-large")


def test_a_village_says_its_score_by_day_by_night_and_on_holidays(client: FlaskClient) -> None:
    area = next(area for area in areas(client) if area["class"])
    page = panel(client, f"/panel/areas/village/{area['code']}")
    told = client.get(f"/api/areas/village/{area['code']}/explain").get_json()
    (section,) = re.findall(r'<dl class="facts occasions">(.*?)</dl>', page, re.DOTALL)
    scores = [int(text) for text in re.findall(r"<dd>(\d+) 分</dd>", section)]
    wanted = [told["score"], *(told["occasions"][name] for name in ("day", "night", "holiday"))]
    assert scores == [int(score + 1e-6) for score in wanted]


def test_a_village_whose_edge_lacks_data_says_so_and_others_do_not(client: FlaskClient) -> None:
    marked = {area["code"]: area["edge_incomplete"] for area in areas(client)}
    assert set(marked.values()) == {True, False}
    for code, incomplete in marked.items():
        page = panel(client, f"/panel/areas/village/{code}")
        assert ("<strong>边界外资料不全</strong>" in page) is incomplete


def test_a_town_shows_its_villages_by_class_and_no_score(client: FlaskClient) -> None:
    page = panel(client, "/panel/areas/town/320413109")
    assert "指数不能相加" in page
    assert "class-chip-large" not in page
    shown = [area["class"] for area in areas(client)]
    counted = [int(text) for text in re.findall(r'sector-score">(\d+)</span>', page)]
    assert counted == [shown.count(number) for number in (5, 4, 3, 2, 1, None)]
    assert page.count("至少 ") == 5  # one village has no data, so no sector is known everywhere


def test_places_that_a_rule_is_about_are_named_some_in_the_panel_all_on_the_page(
    client: FlaskClient,
) -> None:
    told = 0
    for village in areas(client):
        where = f"/areas/village/{village['code']}"
        flags = client.get(f"/api{where}/explain").get_json()["flags"]
        places = [flag["evidence"].get("places", []) for flag in flags]
        links = [f'data-site="{place["site"]}"' for place in max(places, key=len, default=[])]
        whole = client.get(where).get_data(as_text=True)
        short = panel(client, f"/panel{where}")
        assert all(link in whole for link in links)
        assert all(link in short for link in links[:TOP])
        told += len(links) > TOP
    assert told
