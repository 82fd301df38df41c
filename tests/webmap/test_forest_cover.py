"""The page of what is watched: shares, what was assumed, blind spots, candidates in their order."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webmap.conftest import tags

PATH = "/forest-cover"


def page(client: FlaskClient, **asked: str) -> str:
    """Return the page as text."""
    answer = client.get(PATH, query_string=asked)
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def test_the_page_tells_shares_devices_and_blind_spots_as_programs_are_told(
    client: FlaskClient,
) -> None:
    text, told = page(client), client.get(f"/api{PATH}").get_json()
    town = told["villages"][-1]
    shown = text.partition("cover-day")[2].partition("</section>")[0]
    assert re.findall(r"<b>(\d+)%</b>", shown) == [
        str(int(100 * town[name])) for name in ("high_seen", "high_twice", "seen", "high_watered")
    ]
    for spot in told["blind"]:
        assert f"{spot['lon']:.5f}, {spot['lat']:.5f}" in text
        assert spot["village"] in text
    for device in told["watching"]:
        assert device["name"] in text
    assert text.count("超过规定") == sum(device["slow"] for device in told["watching"]) > 0
    assert told["as_of"] in text
    assert f"方法 {told['method_version']}" in text
    assert "模拟数据" in text
    assert "没有因能见度打折的设备" in text
    assert "20.8 km" in text
    assert text.partition("</nav>")[2].count('href="/fire-weather"') == 1
    assert f'href="{PATH}"' in client.get("/fire-weather").get_data(as_text=True)


def test_candidates_are_listed_in_the_order_in_which_they_add_most(client: FlaskClient) -> None:
    spot = client.get(f"/api{PATH}").get_json()["blind"][0]
    where = f"{spot['lon']}，{spot['lat']}"  # as Chinese input methods type it
    text = page(client, at=f"119.40,31.66\n\n{where}", mast_m="４０")
    assert "119.40,31.66" in text
    table = text.partition('id="gains"')[2].partition("</table>")[0]
    added = [float(ha) for ha in re.findall(r'<td class="n">([\d.]+\.\d)</td>', table)[::2]]
    assert added == sorted(added, reverse=True)
    assert len(added) == 2
    assert added[0] > 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"at": "<b>1</b>"}, "经度"),
        ({"at": "119.3"}, "缺少纬度"),
        ({"at": "119.3, nan"}, "纬度"),
        ({"at": "31.7, 119.3"}, "离本镇太远"),
        ({"at": "1e300, 31.7"}, "离本镇太远"),
        ({"at": "119.3, 31.7\n" * 21}, "最多试 20 个候选点"),
        ({"at": "119.3, 31.7", "mast_m": "101"}, "杆高（米）应在 0 至 100 之间"),
        ({"mast_m": "-1"}, "杆高（米）应在 0 至 100 之间"),
    ],
)
def test_what_cannot_be_tried_is_said_and_the_page_stays(
    client: FlaskClient, asked: dict[str, str], told: str
) -> None:
    text = page(client, **asked)
    assert told in text.partition('class="field-error" role="alert"')[2].partition("</p>")[0]
    assert 'id="gains"' in text
    assert client.get(f"/api{PATH}", query_string=asked).status_code == 422


def test_the_page_speaks_english_and_needs_no_inline_script(english: Flask) -> None:
    text = page(english.test_client(), lang="en", target="flame", range="careful")
    assert "a flame on the ground of the wood (strict)" in text
    assert "No device counts beyond 3,000 m (careful)." in text
    body = text.partition("<main")[2].partition("</main>")[0]
    spared = re.sub(r'lang="zh-CN"[^>]*>[^<]*<', "<", body)
    spared = re.sub(r"模拟·[\u4e00-\u9fff]+\d*号?", "", spared)
    spared = re.sub(r'<th scope="row">[\u4e00-\u9fff]+</th>', "", spared)  # names of villages
    assert not re.search(r"[\u4e00-\u9fff]", spared)
    assert all("nonce=" in attributes or "src=" in attributes for _, attributes in tags(text))
    assert " style=" not in text
