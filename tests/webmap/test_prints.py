"""The village card on paper: one page, fonts in it, hostile names as they are, the same bytes."""

from __future__ import annotations

import datetime as dt
import io

import pypdf
from flask.testing import FlaskClient

from gis.files.typeset import typeset

FIRST = "320413109202"


def card(client: FlaskClient, **asked: str) -> bytes:
    """Fetch the card of a village of the demonstration."""
    answer = client.get(f"/areas/village/{FIRST}/card.pdf", query_string=asked)
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return answer.get_data()


def test_the_card_is_one_page_that_says_what_it_is_and_that_it_is_invented(
    client: FlaskClient,
) -> None:
    reader = pypdf.PdfReader(io.BytesIO(card(client)))
    (page,) = reader.pages
    assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]  # A4 in points
    text = page.extract_text()
    for said in ("模拟数据", "村级安全风险卡", "数据截至", "方法", "分数来自哪里", "规则标志"):
        assert said in text


def test_every_font_of_the_card_is_embedded(client: FlaskClient) -> None:
    (page,) = pypdf.PdfReader(io.BytesIO(card(client))).pages
    fonts = page["/Resources"]["/Font"]  # type: ignore[index]
    assert fonts
    for font in fonts.values():
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        described = descendant["/FontDescriptor"].get_object()
        assert "/FontFile2" in described or "/FontFile3" in described


def test_the_same_computation_gives_the_same_bytes(client: FlaskClient) -> None:
    assert card(client) == card(client)


def test_the_card_speaks_english_to_who_asks_for_it(client: FlaskClient) -> None:
    reader = pypdf.PdfReader(io.BytesIO(card(client, lang="en")))
    assert "Safety risk card" in reader.pages[0].extract_text()


def test_hostile_names_are_printed_as_they_are() -> None:
    name = '#import "x" $a^2$ </script> \\u{41} "quoted" `code` ${7*7} *b* _i_'
    pdf = typeset("plain", {"text": name}, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    text = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "".join(text.split()) == "".join(name.split())


def test_the_card_says_that_nothing_is_known_beyond_the_boundary(client: FlaskClient) -> None:
    asked = client.get("/api/layers/risk_composite.geojson").get_json()["features"]
    code = next(f["properties"]["code"] for f in asked if f["properties"]["edge_incomplete"])
    printed = client.get(f"/areas/village/{code}/card.pdf").get_data()
    text = pypdf.PdfReader(io.BytesIO(printed)).pages[0].extract_text()
    assert "边界外资料不全" in "".join(text.split())


def test_a_town_has_a_page_and_no_card_for_it_has_no_class(client: FlaskClient) -> None:
    assert client.get("/areas/town/320413109").status_code == 200
    answer = client.get("/areas/town/320413109/card.pdf")
    assert answer.status_code == 404
    assert "不评级" in answer.get_data(as_text=True)
