"""The interface for programs: what it answers, and what it says to a wrong question."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from pyproj import Geod

from gis.domain.rights import GUEST
from gis.services.load_layer import list_layers
from gis.workspace import Workspace

CENTRE = {"lon": "119.37", "lat": "31.72"}


def problem(client: FlaskClient, path: str, status: int, **query: str) -> str:
    """Return what an error says; its shape must be that of RFC 9457."""
    answer = client.get(path, query_string=query)
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert answer.status_code == body["status"] == status
    assert set(body) == {"type", "title", "status", "detail", "code", "instance"}
    assert body["instance"].startswith(path)
    return str(body["detail"])


def test_the_list_of_layers_says_where_each_is(client: FlaskClient, demo: Workspace) -> None:
    found = client.get("/api/layers").get_json()["layers"]
    assert [layer["slug"] for layer in found] == [i.slug for i in list_layers(demo, GUEST)]
    for layer in found:
        assert set(layer) >= {"slug", "title", "count", "extent", "href"}
        features = client.get(layer["href"]).get_json()["features"]
        assert len(features) == layer["count"], layer["slug"]
    slugs = {layer["slug"] for layer in found}
    assert slugs >= {"village", "town", "hazard", "hotspot", "risk_composite", *demo.kinds}


def test_a_layer_is_geojson_without_nan(client: FlaskClient) -> None:
    answer = client.get("/api/layers/enterprise.geojson")
    assert answer.mimetype == "application/geo+json"
    collection = json.loads(answer.get_data(as_text=True), parse_constant=pytest.fail)
    assert collection["type"] == "FeatureCollection"
    assert collection["features"][0]["properties"]["synthetic"] is True
    assert not any("phone" in feature["properties"] for feature in collection["features"])


def test_a_layer_is_not_sent_twice(client: FlaskClient) -> None:
    first = client.get("/api/layers/village.geojson")
    tag = first.headers["ETag"]
    again = client.get("/api/layers/village.geojson", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    other = client.get("/api/layers/town.geojson", headers={"If-None-Match": tag})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [("gzip, deflate", "gzip"), ("", None), ("identity", None), ("gzip;q=0", None)],
)
def test_a_layer_is_compressed_for_who_asks(
    client: FlaskClient, accepts: str, encoding: str | None
) -> None:
    path = "/api/layers/self_built_house.geojson"
    plain = client.get(path, headers={"Accept-Encoding": ""})
    answer = client.get(path, headers={"Accept-Encoding": accepts})
    assert answer.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in answer.vary
    body = gzip.decompress(answer.data) if encoding else answer.data
    assert body == plain.data
    assert not encoding or len(answer.data) < len(plain.data) / 4


def test_a_head_request_gets_the_headers_alone(client: FlaskClient) -> None:
    answer = client.head("/api/layers/village.geojson")
    assert (answer.status_code, answer.data) == (200, b"")
    assert "ETag" in answer.headers


def near(client: FlaskClient, **query: str) -> dict[str, Any]:
    """Return the answer to a radius query about the middle of the town."""
    answer = client.get("/api/near", query_string={**CENTRE, "radius_m": "1000", **query})
    assert answer.status_code == 200
    return dict(answer.get_json())


def test_a_radius_query_answers_nearest_first_with_totals(client: FlaskClient) -> None:
    found = near(client, radius_m="1500", limit="10000")
    distances = [feature["properties"]["distance_m"] for feature in found["features"]]
    assert distances == sorted(distances)
    assert 0 <= distances[0] <= distances[-1] <= 1500
    assert sum(found["totals"].values()) == found["number_matched"] == len(distances)


def test_a_distance_is_that_of_an_independent_geodesic(client: FlaskClient) -> None:
    geod = Geod(ellps="GRS80")
    points = [f for f in near(client)["features"] if f["geometry"]["type"] == "Point"]
    assert len(points) > 3
    for feature in points:
        _, _, metres = geod.inv(119.37, 31.72, *feature["geometry"]["coordinates"])
        assert feature["properties"]["distance_m"] == pytest.approx(metres, abs=0.06)


def test_a_radius_query_asks_for_kinds(client: FlaskClient) -> None:
    both = near(client, kinds="school, small_place", radius_m="3000")
    assert set(both["totals"]) == {"school", "small_place"}
    assert near(client, kinds="", radius_m="3000")["totals"].keys() > both["totals"].keys()


def test_full_width_digits_are_digits(client: FlaskClient) -> None:
    plain, wide = near(client), near(client, lon="１１９．３７", radius_m="１０００")
    assert wide["number_matched"] == plain["number_matched"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lon": ""}, "缺少经度"),
        ({"lat": ""}, "缺少纬度"),
        ({"radius_m": ""}, "缺少半径"),
        ({"lon": "abc"}, "不是数字"),
        ({"lat": "31.72.1"}, "不是数字"),
        ({"lon": "1_19"}, "不是数字"),
        ({"radius_m": "500米"}, "不是数字"),
        ({"lon": "31.72", "lat": "119.37"}, "写反了"),
        ({"lon": "200"}, "不在范围内"),
        ({"lat": "-95"}, "不在范围内"),
        ({"radius_m": "0"}, "1 至 50000"),
        ({"radius_m": "-5"}, "1 至 50000"),
        ({"radius_m": "50001"}, "1 至 50000"),
        ({"radius_m": "nan"}, "有限的数字"),
        ({"lon": "inf"}, "有限的数字"),
        ({"lat": "-Infinity"}, "有限的数字"),
        ({"radius_m": "1e999"}, "太大"),
        ({"kinds": "school,dragon"}, "没有类别 dragon；可以用"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1.5"}, "应为整数"),
        ({"limit": "10001"}, "10000"),
    ],
)
def test_a_wrong_radius_query_is_told_what_to_write(
    client: FlaskClient, wrong: dict[str, str], said: str
) -> None:
    query = {**CENTRE, "radius_m": "500", **wrong}
    assert said in problem(client, "/api/near", 422, **query)


def test_an_unknown_kind_is_answered_with_the_known_ones(
    client: FlaskClient, demo: Workspace
) -> None:
    detail = problem(client, "/api/near", 422, **CENTRE, radius_m="5", kinds="dragon")
    assert [slug for slug in demo.kinds if slug not in detail] == []


def test_a_score_comes_with_the_shares_that_add_up_to_it(client: FlaskClient) -> None:
    features = client.get("/api/layers/risk_composite.geojson").get_json()["features"]
    for feature in features:
        said = feature["properties"]
        found = client.get(f"/api/areas/village/{said['code']}/explain").get_json()
        assert found["class"] == said["class"]
        assert found["score"] == pytest.approx(said["score"], abs=0.005)
        shares = [entry["share"] for entry in found["contributions"]]
        if found["score"] is None:
            assert said["class"] is None
        else:
            assert sum(shares) == pytest.approx(found["score"], abs=1e-6)


def test_a_place_has_a_card_without_personal_fields(client: FlaskClient) -> None:
    first = client.get("/api/layers/enterprise.geojson").get_json()["features"][0]
    card = client.get(f"/api/sites/{first['id']}").get_json()
    assert card["name"] == first["properties"]["name"]
    assert {"owner", "phone"}.isdisjoint(field["name"] for field in card["fields"])


def test_the_health_check_says_which_database_and_how_fresh(
    client: FlaskClient, backend: str
) -> None:
    found = client.get("/healthz").get_json()
    assert (found["database"], found["purpose"]) == (backend, "demonstration")
    assert found["schema"]
    assert found["last_run"]["id"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/layers/dragon.geojson", "可以用：risk_composite"),
        ("/api/areas/village/999/explain", "999"),
        ("/api/areas/planet/1/explain", "可以用"),
        ("/api/sites/999999999", "999999999"),
        ("/api/sites/abc", "没有这个地址"),
        ("/api/sites/99999999999999999999", ""),
        ("/api/nowhere", "没有这个地址"),
        ("/api", "没有这个地址"),
    ],
)
def test_what_is_not_there_is_404_and_says_so(client: FlaskClient, path: str, said: str) -> None:
    assert said in problem(client, path, 404)


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.post("/api/layers")
    assert answer.status_code == 405
    assert answer.mimetype == "application/problem+json"
    assert "GET" in answer.headers["Allow"]
    assert re.search("[一-鿿]", answer.get_json()["detail"])
