"""From a request to an event: JSON is the event, no body is {} or the query, anything else is wrapped."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from functions.models import Execution
from tests.functions.build.packages import package
from tests.functions.fake_engine import FakeEngine, soon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.http import HttpResponse
    from django.test import Client

    from functions.build.platform import Platform

pytestmark = pytest.mark.usefixtures("settled")

MIB = 1 << 20


@pytest.fixture
def event_of(
    client: Client, platform: Platform, fake_engine: FakeEngine, source_folder: Path
) -> Callable[..., HttpResponse]:
    """Sends a request; the answer's Result is the event that the function got, as JSON text."""

    def agent(channel: Any) -> None:
        channel.send({"type": "ready"}, soon())
        channel.send({"type": "result", "value": json.dumps(channel.receive(soon())["event"])}, soon())

    fake_engine.agent = agent
    package(source_folder, "W1")

    def send(method: str, query: str = "", body: bytes = b"", content_type: str = "", **extra: Any) -> HttpResponse:
        return client.generic(method, f"/execute?name=W1{query}", body, content_type, **extra)

    return send


def event(response: HttpResponse) -> Any:
    assert response.status_code == 200, response.content
    return json.loads(response.json()["Result"]["body"])


def refused(response: HttpResponse) -> tuple[int, str]:
    assert not Execution.objects.exists()  # nothing has happened
    return response.status_code, response.json()["Code"]


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True]}, [], "text", 0, None, False, {"ä": "\U0001f600"}])
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/JSON; charset=UTF-8", "application/a.b+json"]
)
def test_a_json_body_is_the_event(event_of: Callable[..., HttpResponse], value: Any, content_type: str) -> None:
    assert event(event_of("POST", "", json.dumps(value).encode(), content_type)) == value


def test_json_that_is_not_ascii_is_the_same_escaped_or_not(event_of: Callable[..., HttpResponse]) -> None:
    assert event(event_of("POST", "", '{"k":"ä"}'.encode(), "application/json")) == {"k": "ä"}
    assert event(event_of("POST", "", b'{"k":"\\u00e4"}', "application/json")) == {"k": "ä"}


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain"])
def test_no_body_is_an_empty_object(event_of: Callable[..., HttpResponse], content_type: str) -> None:
    assert event(event_of("POST", "", b"", content_type)) == {}
    assert event(event_of("GET")) == {}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
    ],
)
def test_any_other_body_is_wrapped(event_of: Callable[..., HttpResponse], content_type: str) -> None:
    text = event(event_of("POST", "", "a=b&c=ä".encode(), content_type))
    assert text == {"body": "a=b&c=ä", "isBase64Encoded": False}
    raw = event(event_of("POST", "", b"\xff\x00\xfe", content_type))
    assert raw["isBase64Encoded"] is True
    assert base64.b64decode(raw["body"]) == b"\xff\x00\xfe"


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("&a=1", {"a": "1"}),
        ("&a=1&b=&a=2", {"a": ["1", "2"], "b": ""}),
        ("&x=%C3%A4%20%2B", {"x": "ä +"}),
        ("&lb=random", {"lb": "random"}),
    ],
)
def test_the_query_is_the_event_of_a_get_without_a_body(
    event_of: Callable[..., HttpResponse], query: str, value: Any
) -> None:
    assert event(event_of("GET", query)) == value


def test_the_query_is_no_event_where_there_is_a_body_or_a_post(event_of: Callable[..., HttpResponse]) -> None:
    assert event(event_of("POST", "&a=1")) == {}
    assert event(event_of("POST", "&a=1", b"[1]", "application/json")) == [1]
    assert event(event_of("GET", "&a=1", b"[1]", "application/json")) == [1]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a': 1}",
        b"\xff\xfe",
        b"NaN",
        b"[Infinity]",
        b"[1e999]",
        b'"\\ud800"',
        b"[" * 65 + b"]" * 65,
        b"[" * 10**5,
        b"1" * 5000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_json_that_is_not_usable(event_of: Callable[..., HttpResponse], body: bytes) -> None:
    assert refused(event_of("POST", "", body, "application/json")) == (400, "bad_request")


def test_sixty_four_levels_are_usable(event_of: Callable[..., HttpResponse]) -> None:
    assert event(event_of("POST", "", b"[" * 64 + b"]" * 64, "application/json"))


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", '"latin1"'])
def test_json_in_another_charset(event_of: Callable[..., HttpResponse], charset: str) -> None:
    assert refused(event_of("POST", "", b"{}", f"application/json; charset={charset}")) == (415, "unsupported_media")


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
def test_a_compressed_body(event_of: Callable[..., HttpResponse], encoding: str) -> None:
    response = event_of("POST", "", b"{}", "application/json", HTTP_CONTENT_ENCODING=encoding)
    assert refused(response) == (415, "unsupported_media")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_chunked_body_is_not_taken_for_none(event_of: Callable[..., HttpResponse], method: str) -> None:
    assert refused(event_of(method, HTTP_TRANSFER_ENCODING="chunked")) == (411, "length_required")


def test_a_body_of_six_mebibytes_and_not_a_byte_more(event_of: Callable[..., HttpResponse]) -> None:
    too_large = event_of("POST", "", b"x" * (6 * MIB + 1), "text/plain")
    assert refused(too_large) == (413, "payload_too_large")
    absurd = event_of("POST", "", b"x", "text/plain", CONTENT_LENGTH=str(1 << 40))
    assert refused(absurd) == (413, "payload_too_large")
    text = "x" * (6 * MIB - 2)
    response = event_of("POST", "", json.dumps(text).encode(), "application/json")
    assert response.status_code in (200, 502)  # it is read; its echo is larger than a result may be
    assert Execution.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "invalid_name"),
        ("name=", "invalid_name"),
        ("name=W1&name=W1", "invalid_name"),
        ("name=../x", "invalid_name"),
        ("name=W%001", "invalid_name"),
        ("name=1", "invalid_name"),
        ("Name=W1", "invalid_name"),
        ("&".join(f"p{n}=1" for n in range(2000)), "bad_request"),
    ],
)
def test_a_call_names_one_function(client: Client, query: str, code: str) -> None:
    response = client.get(f"/execute?{query}")
    assert refused(response) == (400, code)
