"""`/configure`: reads, changes as a whole, and refuses whatever is not exactly right by its name and value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings

from functions.api.serializers import ConfigurationOptions
from functions.models import Configuration
from tests.functions.conftest import join_background_work

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import Settings

    from functions.build.platform import Platform
    from tests.functions.fake_engine import FakeEngine

pytestmark = pytest.mark.django_db

FIELDS = ConfigurationOptions.Meta.fields
MIB = 1 << 20
HUGE = "9" * 30
UPLOAD = '--b\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n6\r\n--b--'
FORM = "application/x-www-form-urlencoded"
FIRST = {
    "UserCodeSizeLimit": -1,
    "ContainerPoolLimit": -1,
    "ContainerPoolNum": 6,
    "UsingRestMode": False,
    "RestContainerLifeTime": 10,
}


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> None:
    settings.WF_FUNCTION_MEMORY, settings.WF_POOL_MEMORY = 256 * MIB, 30 * 256 * MIB


def stored() -> dict[str, Any]:
    row = Configuration.objects.of(django_settings.WF_NODE)
    return {name: getattr(row, name) for name in FIELDS}


def refused(response: Any, *words: str) -> None:
    """400, each of these words in the message, and everything as it was."""
    body = response.json()
    assert (response.status_code, body["Code"], body["Error"]) == (400, "invalid_option", True), body
    assert [word for word in words if word not in body["Message"]] == [], body["Message"]
    assert tuple(stored().values()) == tuple(FIRST.values())


# --- reading ---


@pytest.mark.parametrize("method", ["get", "post", "patch"])
@pytest.mark.parametrize("query", ["", "?lb=round_robin", "?lb=1&lb=2"])
def test_without_parameters_of_ours_it_only_reads(client: Client, method: str, query: str) -> None:
    response = getattr(client, method)(f"/configure{query}")
    assert response.status_code == 200
    assert response.json() == {"Message": "nothing changed", "State": FIRST}
    assert [type(value) for value in response.json()["State"].values()] == [int, int, int, bool, int]


def test_the_values_that_hold_already_change_nothing(client: Client) -> None:
    before = Configuration.objects.of(django_settings.WF_NODE).changed_at
    response = client.get("/configure?container_pool_num=6&using_rest_mode=false&user_code_size_limit=-1")
    assert response.json() == {"Message": "nothing changed", "State": FIRST}
    assert Configuration.objects.get().changed_at == before


@pytest.mark.parametrize("method", ["head", "options", "put", "delete"])
@pytest.mark.parametrize("path", ["/configure?using_rest_mode=true", "/clear", "/prepare"])
def test_other_methods_change_nothing(client: Client, method: str, path: str) -> None:
    assert getattr(client, method)(path).status_code == 405
    assert stored()["using_rest_mode"] is False


@pytest.mark.parametrize("path", ["/configure?using_rest_mode=true", "/clear", "/prepare"])
def test_a_page_of_another_site_changes_nothing(client: Client, path: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for method in (client.get, client.post):
            response = method(path, headers=headers)
            assert (response.status_code, response.json()["Code"]) == (403, "cross_site")
    assert client.get(path, REMOTE_ADDR="10.0.0.1").status_code == 401
    assert stored()["using_rest_mode"] is False


# --- changing ---

ALL = {
    "user_code_size_limit": 5000,
    "container_pool_limit": 3,
    "container_pool_num": 4,
    "using_rest_mode": True,
    "rest_container_life_time": 77,
}
QUERY = "user_code_size_limit=5000&container_pool_limit=3&container_pool_num=4&using_rest_mode=TRUE"
FORM_BODY = f"{QUERY}&rest_container_life_time=77"
WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("get", f"/configure?{FORM_BODY}&lb=x", {}),
    ("post", f"/configure?{FORM_BODY}", {}),
    ("post", "/configure", {"data": ALL, "content_type": "application/json"}),
    ("patch", "/configure?lb=x", {"data": json.dumps(ALL), "content_type": "application/json; charset=utf-8"}),
    ("post", "/configure", {"data": ALL}),  # multipart/form-data
    ("post", "/configure", {"data": FORM_BODY, "content_type": FORM}),
    ("post", "/configure", {"data": {k: str(v) for k, v in ALL.items()}, "content_type": "application/json"}),
    ("patch", f"/configure?{QUERY}", {"data": '{"rest_container_life_time": 77}', "content_type": "application/json"}),
]


@pytest.mark.parametrize(("method", "path", "sent"), WAYS)
@pytest.mark.usefixtures("settled", "platform")
def test_a_change_comes_in_any_of_these_ways(client: Client, method: str, path: str, sent: dict[str, Any]) -> None:
    response = getattr(client, method)(path, **sent)
    state = dict(zip(FIRST, ALL.values(), strict=True))
    assert response.json() == {"Message": "configure changed", "State": state}
    assert stored() == ALL
    assert client.get("/configure").json() == {"Message": "nothing changed", "State": state}


@pytest.mark.usefixtures("settled")
def test_a_sweep_follows_a_change_and_only_a_change(
    client: Client, platform: Platform, fake_engine: FakeEngine
) -> None:
    client.get("/configure?container_pool_num=6")
    client.get("/configure?container_pool_num=x")
    join_background_work()
    assert "containers" not in fake_engine.history
    client.get("/configure?container_pool_num=7")
    join_background_work()
    assert "containers" in fake_engine.history


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "1", "false", "False", "FALSE", "0"])
@pytest.mark.usefixtures("settled", "platform")
def test_a_switch_has_these_words(client: Client, word: str) -> None:
    response = client.get(f"/configure?using_rest_mode={word}")
    assert response.json()["State"]["UsingRestMode"] is (word.lower() in ("true", "1"))


@pytest.mark.parametrize(
    ("name", "smallest", "largest"),
    [
        ("user_code_size_limit", -1, 1 << 50),
        ("container_pool_limit", -1, 10_000),
        ("container_pool_num", 1, 1000),
        ("rest_container_life_time", 1, 604_800),
    ],
)
@pytest.mark.usefixtures("settled", "platform")
def test_the_bounds_of_a_number(client: Client, settings: Settings, name: str, smallest: int, largest: int) -> None:
    settings.WF_POOL_MEMORY = 1 << 62
    for wrong in (smallest - 1, largest + 1):
        refused(client.get(f"/configure?{name}={wrong}"), f'{name}="{wrong}"', str(smallest if wrong < 1 else largest))
    for right in (smallest, largest):
        assert client.get(f"/configure?{name}={right}").status_code == 200
        assert stored()[name] == right


# --- bad values ---

NO_NUMBERS = [
    "",
    "banana",
    "6.0",
    "6.5",
    "1e3",
    "+6",
    "1_000",
    "0x10",
    " 6",
    "6\n",
    "٦",
    "6,7",
    "-",
    "--6",
    HUGE,
    "null",
]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_whole_number_is_refused_for_each_field(client: Client, value: str) -> None:
    for name in FIELDS:
        refused(client.get("/configure", {name: value}), f"{name}={json.dumps(value, ensure_ascii=False)}")


@pytest.mark.parametrize("value", ["banana", "yes", "on", "t", "-1", "2", "truefalse"])
def test_what_is_no_switch_is_refused(client: Client, value: str) -> None:
    refused(client.get(f"/configure?using_rest_mode={value}"), f'using_rest_mode="{value}"')


@pytest.mark.parametrize("value", [None, 6.0, 6.5, 1e3, 2**63, -(10**40), [6], {"a": 6}, "6.0", "", [], 1.5])
def test_json_of_another_type_is_refused_for_each_field(client: Client, value: Any) -> None:
    for name in FIELDS:
        response = client.post("/configure", {name: value}, content_type="application/json")
        refused(response, f"{name}={json.dumps(value)[:60]}")


def test_true_is_no_number(client: Client) -> None:
    response = client.post("/configure", {"container_pool_num": True}, content_type="application/json")
    refused(response, "container_pool_num=true")


@pytest.mark.parametrize(
    "body", ["[]", "[1]", "6", '"container_pool_num"', "null", "true", '[{"container_pool_num": 7}]']
)
def test_json_of_another_shape_is_refused(client: Client, body: str) -> None:
    refused(client.post("/configure", body, content_type="application/json"), body)


def test_a_long_value_is_shown_in_part(client: Client) -> None:
    response = client.get(f"/configure?container_pool_num={'x' * 3000}")
    refused(response, "container_pool_num", "xxx...")
    assert len(response.json()["Message"]) < 300


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("container_pool_nun", "container_pool_num"),
        ("ContainerPoolLimit", "container_pool_limit"),
        ("USING_REST_MODE", "using_rest_mode"),
        ("rest_mode", "using_rest_mode"),
        ("lifetime", "rest_container_life_time"),
        ("code_size", "user_code_size_limit"),
        ("LB", ""),
        ("", ""),
        ("x" * 3000, ""),
        ("reset_images", ""),
    ],
)
def test_an_unknown_parameter_is_named_with_the_nearest_known_one(client: Client, name: str, nearest: str) -> None:
    for response in (
        client.get(f"/configure?{name}=6&container_pool_num=7"),
        client.post("/configure", {name: 6, "container_pool_num": 7}, content_type="application/json"),
    ):
        refused(response, json.dumps(name)[:60], f"Did you mean '{nearest}" if nearest else "Did you mean")


@pytest.mark.parametrize(
    "values", ["container_pool_num=7&container_pool_num=8", "container_pool_num=7&container_pool_num=7"]
)
def test_a_repeated_parameter_is_refused(client: Client, values: str) -> None:
    words = ("container_pool_num", "2 times", '"7"')
    refused(client.get(f"/configure?{values}"), *words)
    refused(client.post("/configure", values, content_type=FORM), *words)


def test_a_parameter_in_the_query_and_the_body_is_refused(client: Client) -> None:
    path = "/configure?container_pool_num=7"
    refused(
        client.post(path, {"container_pool_num": 7}, content_type="application/json"), "container_pool_num", "2 times"
    )
    refused(client.post(path, "container_pool_num=8", content_type=FORM), "container_pool_num", "2 times", '"7", "8"')


def test_a_repeated_member_of_a_json_object_is_refused(client: Client) -> None:
    body = '{"container_pool_num": 7, "container_pool_num": 8}'
    refused(client.post("/configure", body, content_type="application/json"), "container_pool_num", "2 times")


def test_of_a_half_valid_set_nothing_is_applied_and_every_fault_is_named(client: Client) -> None:
    response = client.get(
        "/configure?container_pool_limit=2&container_pool_num=-3&using_rest_mode=true&rest_container_life_time=soon"
    )
    refused(response, 'container_pool_num="-3"', 'rest_container_life_time="soon"')


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ('{"container_pool_num": NaN}', "application/json", 400),
        (f'{{"container_pool_num": {"9" * 5000}}}', "application/json", 400),
        ("[" * 200 + "]" * 200, "application/json", 400),
        ('{"container_pool_num": "\\ud800"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        ("{}", "application/json; charset=latin-1", 415),
        ("container_pool_num=7", "text/plain", 415),
        ("<a/>", "application/xml", 415),
        ("container_pool_num=7", "multipart/form-data", 400),
        (UPLOAD, "multipart/form-data; boundary=b", 415),
        ("a=1&" * 2000, FORM, 400),
    ],
)
def test_a_body_that_cannot_be_read_changes_nothing(
    client: Client, body: str | bytes, content_type: str, status: int
) -> None:
    response = client.post("/configure?container_pool_num=7", body, content_type=content_type)
    assert response.status_code == status
    assert response.json()["Error"] is True
    assert stored()["container_pool_num"] == 6


# --- the pool and the memory ---


def test_a_pool_beyond_the_memory_is_refused_with_the_numbers(client: Client) -> None:
    for query in ("container_pool_limit=6", "container_pool_limit=31&container_pool_num=1"):
        response = client.get(f"/configure?{query}")
        refused(response, "container_pool_limit", str(256 * MIB), str(30 * 256 * MIB), "WF_POOL_MEMORY")
    refused(client.get("/configure?container_pool_limit=6&container_pool_num=6"), "6 x 6", str(36 * 256 * MIB))


@pytest.mark.usefixtures("settled", "platform")
def test_a_pool_is_measured_with_what_holds_already(client: Client) -> None:
    assert client.get("/configure?container_pool_limit=5").status_code == 200
    response = client.get("/configure?container_pool_num=7&rest_container_life_time=20")
    assert "5 x 7" in response.json()["Message"]
    assert stored()["rest_container_life_time"] == 10
    assert client.get("/configure?container_pool_num=30&container_pool_limit=1").status_code == 200


@pytest.mark.usefixtures("settled", "platform")
def test_a_pool_that_the_variables_made_too_large_does_not_forbid_other_changes(
    client: Client, settings: Settings
) -> None:
    settings.CONTAINER_POOL_LIMIT = 1000
    assert client.get("/configure?rest_container_life_time=20").status_code == 200
    assert client.get("/configure?container_pool_num=7").status_code == 400


@pytest.mark.parametrize("name", [*FIELDS, "reset_images", "lb"])
def test_each_parameter_is_described(name: str) -> None:
    assert f"`{name}`" in (Path(__file__).resolve().parents[3] / "docs/api.md").read_text()
