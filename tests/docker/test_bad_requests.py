"""Bad requests through the real server: a clear JSON error of the contract's shape, and nothing has happened."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.contract import records
from tests.contract.records import header
from tests.docker.functions import node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker import Reply, Worker

JSON = {"Content_Type": "application/json"}
PATHS = {
    "empty-name": ("/execute?name=", 400, "invalid_name"),
    "no-name": ("/execute", 400, "invalid_name"),
    "parent": ("/execute?name=../x", 400, "invalid_name"),
    "newline": ("/execute?name=W1%0A", 400, "invalid_name"),
    "nul": ("/execute?name=W1%00", 400, "invalid_name"),
    "not-utf8": ("/execute?name=%ff", 400, "invalid_name"),
    "long": (f"/execute?name={'a' * 300}", 400, "invalid_name"),
    "twice": ("/execute?name=Target&name=Target", 400, "invalid_name"),
    "unknown": ("/execute?name=Nobody", 404, "function_not_found"),
    "elsewhere": ("/executed", 404, "not_found"),
    "root": ("/", 404, "not_found"),
}
BODIES = {
    "cut": (b'{"a": ', 400, "bad_request"),
    "too-deep": (b"[" * 65 + b"]" * 65, 400, "bad_request"),
    "far-too-deep": (b"[" * 200_000, 400, "bad_request"),
    "half-surrogate": (b'{"a": "\\ud800"}', 400, "bad_request"),
    "infinite": (b"1e999", 400, "bad_request"),
    "nan": (b"NaN", 400, "bad_request"),
    "many-digits": (b"9" * 5000, 400, "bad_request"),
    "not-utf8": (b'"\xff"', 400, "bad_request"),
    "large": (b" " * (7 << 20), 413, "payload_too_large"),
}
HEADERS = {
    "packed": ({"Content_Encoding": "gzip"}, 415, "unsupported_media"),
    "latin": ({"Content_Type": "application/json; charset=latin-1"}, 415, "unsupported_media"),
    "foreign-origin": ({"Origin": "http://evil.example"}, 403, "cross_site"),
    "foreign-page": ({"Sec_Fetch_Site": "cross-site"}, 403, "cross_site"),
    "foreign-host": ({"Host": "evil.example"}, 400, "bad_request"),
}


@pytest.fixture(scope="module", autouse=True)
def target(worker: Worker) -> None:
    """The function that none of the refused requests may reach."""
    worker.deploy("Target", node("return event;"))
    assert worker.execute("Target", {}).status == 200


@pytest.fixture(autouse=True)
def nothing_happens(worker: Worker) -> Iterator[None]:
    """No refused request leaves a row."""
    before = records.executions(worker)
    yield
    assert records.executions(worker) == before


def _assert_refused(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.json["Code"]) == (status, code)
    assert reply.json["Error"] is True
    assert {"Message", "CallId", "Retryable"} <= reply.json.keys()
    assert header(reply, "Content-Type") == "application/json"
    assert header(reply, "X-Call-Id") == reply.json["CallId"]
    assert "Traceback" not in reply.json["Message"]


@pytest.mark.parametrize(("path", "status", "code"), PATHS.values(), ids=PATHS)
def test_a_bad_address_is_refused(worker: Worker, path: str, status: int, code: str) -> None:
    _assert_refused(worker.request(path), status, code)


@pytest.mark.parametrize(("body", "status", "code"), BODIES.values(), ids=BODIES)
def test_a_bad_body_is_refused(worker: Worker, body: bytes, status: int, code: str) -> None:
    _assert_refused(worker.request("/execute?name=Target", body, **JSON), status, code)


@pytest.mark.parametrize(("headers", "status", "code"), HEADERS.values(), ids=HEADERS)
def test_a_bad_header_is_refused(worker: Worker, headers: dict[str, str], status: int, code: str) -> None:
    _assert_refused(worker.request("/execute?name=Target", b"{}", **{**JSON, **headers}), status, code)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_run_nothing(worker: Worker, method: str) -> None:
    reply = worker.request("/execute?name=Target", method=method)
    _assert_refused(reply, 405, "method_not_allowed")
    assert header(reply, "Allow") == "GET, POST"


def test_a_head_request_runs_nothing(worker: Worker) -> None:
    assert worker.request("/execute?name=Target", method="HEAD").status == 405


def test_a_chunked_body_is_never_taken_for_an_empty_event(worker: Worker) -> None:
    request = (
        b"POST /execute?name=Target HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n'
    )
    with socket.create_connection(("127.0.0.1", worker.port), timeout=30) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 411 " in head.splitlines()[0]
    assert json.loads(body)["Code"] == "length_required"
