"""Requests at the edge of what HTTP and JSON allow, on a raw connection: served as they are meant, or refused whole."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.contract import records
from tests.contract.records import header
from tests.docker.functions import node
from tests.worker import Reply

if TYPE_CHECKING:
    from tests.worker import Worker

HEAD = b"Host: localhost\r\nConnection: close\r\n"
JSON = HEAD + b"Content-Type: application/json\r\n"
REFUSED = {
    "no-host": (b"GET /execute?name=Edge HTTP/1.1\r\n\r\n", 400, "bad_request"),
    "host-no-ascii": (b"GET /execute?name=Edge HTTP/1.1\r\nHost: \xff\r\n\r\n", 400, "bad_request"),
    "path-no-utf8": (b"GET /%ff%fe HTTP/1.1\r\n" + HEAD + b"\r\n", 404, "not_found"),
    "path-nul": (b"GET /a%00b HTTP/1.1\r\n" + HEAD + b"\r\n", 404, "not_found"),
    "path-slash": (b"GET /execute/?name=Edge HTTP/1.1\r\n" + HEAD + b"\r\n", 404, "not_found"),
    "static-parent": (b"GET /static/%2e%2e/%2e%2e/manage.py HTTP/1.1\r\n" + HEAD + b"\r\n", 404, "not_found"),
    "method": (b"BREW /execute?name=Edge HTTP/1.1\r\n" + HEAD + b"\r\n", 405, "method_not_allowed"),
    "origin-broken": (b"GET /execute?name=Edge HTTP/1.1\r\n" + HEAD + b"Origin: http://[::\r\n\r\n", 403, "cross_site"),
    "origin-null": (b"GET /execute?name=Edge HTTP/1.1\r\n" + HEAD + b"Origin: null\r\n\r\n", 403, "cross_site"),
    "origin-port": (
        b"GET /execute?name=Edge HTTP/1.1\r\n" + HEAD + b"Origin: http://localhost:1\r\n\r\n",
        403,
        "cross_site",
    ),
    "same-site": (
        b"GET /execute?name=Edge HTTP/1.1\r\n" + HEAD + b"Sec-Fetch-Site: same-site\r\n\r\n",
        403,
        "cross_site",
    ),
    "length-and-chunks": (
        b"POST /execute?name=Edge HTTP/1.1\r\n"
        + JSON
        + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        411,
        "length_required",
    ),
    "2000-fields": (b"GET /execute?name=Edge" + b"&a=1" * 2000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", 400, "bad_request"),
    "byte-order-mark": (
        b"POST /execute?name=Edge HTTP/1.1\r\n" + JSON + b"Content-Length: 5\r\n\r\n\xef\xbb\xbf{}",
        400,
        "bad_request",
    ),
}
CALL_IDS = {b"a b": False, b"\xff": False, b"x" * 129: False, b"": False, b"x" * 128: True, b"A.z_0-9": True}


@pytest.fixture(scope="module", autouse=True)
def edge(worker: Worker) -> None:
    """The function that these requests are after."""
    worker.deploy("Edge", node("return event;", network="none"))
    assert worker.execute("Edge", {}).status == 200


def _raw(worker: Worker, request: bytes, *, is_cut: bool = False) -> Reply:
    with socket.create_connection(("127.0.0.1", worker.port), timeout=60) as connection:
        connection.sendall(request)
        if is_cut:
            connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return Reply(answer.status, dict(answer.headers), answer.read())


def _post(length: int, body: bytes, kind: bytes = b"application/json") -> bytes:
    head = b"POST /execute?name=Edge HTTP/1.1\r\n" + HEAD + b"Content-Type: " + kind
    return head + b"\r\nContent-Length: %d\r\n\r\n" % length + body


@pytest.mark.parametrize(("request_", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused(worker: Worker, request_: bytes, status: int, code: str) -> None:
    before = records.executions(worker)
    reply = _raw(worker, request_)
    assert (reply.status, reply.json["Code"]) == (status, code)
    assert reply.json["CallId"] == header(reply, "X-Call-Id")
    assert not any(word in reply.body.decode() for word in ("Traceback", "/work", "/tmp", "/home", "/root", ".py"))
    assert records.executions(worker) == before


@pytest.mark.parametrize("kind", [b"application/json", b"text/plain"])
def test_a_body_that_is_cut_off_never_becomes_an_event(worker: Worker, kind: bytes) -> None:
    before = records.executions(worker)
    reply = _raw(worker, _post(5, b"12", kind), is_cut=True)
    assert (reply.status, reply.json["Code"]) == (400, "bad_request")
    assert records.executions(worker) == before


def test_sixty_four_levels_are_served(worker: Worker) -> None:
    event = b"[" * 64 + b"]" * 64
    assert _raw(worker, _post(128, event)).json["Result"]["body"] == event.decode()


def test_a_body_wins_over_the_query_and_the_query_over_nothing(worker: Worker) -> None:
    line = b"GET /execute?name=Edge&a=1&b=2&b=3 HTTP/1.1\r\n"
    assert _event(_raw(worker, line + HEAD + b"\r\n")) == {"a": "1", "b": ["2", "3"]}
    assert _event(_raw(worker, line + JSON + b"Content-Length: 7\r\n\r\n" + b'{"c":4}')) == {"c": 4}


def test_a_client_that_waits_for_100_continue_is_served(worker: Worker) -> None:
    request = b"POST /execute?name=Edge HTTP/1.1\r\n" + JSON + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection(("127.0.0.1", worker.port), timeout=60) as connection:
        connection.sendall(request)
        assert b" 100 " in connection.recv(4096)
        connection.sendall(b"{}")
        assert b" 200 " in connection.recv(4096).splitlines()[0]


@pytest.mark.parametrize(("given", "is_kept"), CALL_IDS.items())
def test_a_call_id_is_kept_or_replaced(worker: Worker, given: bytes, is_kept: bool) -> None:
    reply = _raw(worker, b"GET /execute?name=Nobody HTTP/1.1\r\n" + HEAD + b"X-Call-Id: " + given + b"\r\n\r\n")
    call_id = header(reply, "X-Call-Id")
    assert (call_id.encode("latin-1") == given) is is_kept
    assert call_id == reply.json["CallId"] != ""


def _event(reply: Reply) -> object:
    assert reply.status == 200, reply.body
    found: object = json.loads(reply.json["Result"]["body"])
    return found
