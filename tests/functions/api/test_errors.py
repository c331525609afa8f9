"""Every error of the tree as an answer: status, headers, and one JSON object of the contract's shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.functions.api import raising

if TYPE_CHECKING:
    from django.http import HttpResponse
    from pytest_django import Settings

    from functions.errors import WorkerFrontError

pytestmark = pytest.mark.urls("tests.functions.api.raising")

KEYS = {"Error", "Message", "Code", "CallId", "Retryable"}


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def told(response: HttpResponse) -> dict[str, Any]:
    """The error object; fails unless the answer is one of the contract's shape."""
    assert response["Content-Type"] == "application/json"
    body: dict[str, Any] = json.loads(response.content)
    assert set(body) - {"FunctionError"} == KEYS
    assert body["Error"] is True
    assert body["CallId"] == response["X-Call-Id"]
    assert ("X-Function-Error" in response) is not ("X-Worker-Front-Error" in response)
    assert "secret" not in response.content.decode() + str(response.headers)
    return body


@pytest.mark.parametrize("kind", raising.OURS.values(), ids=raising.OURS)
def test_each_class_of_the_tree(client: Client, kind: type[WorkerFrontError]) -> None:
    response = client.get(f"/raise/{kind.__name__}")
    body = told(response)
    assert response.status_code == kind.status
    assert (body["Code"], body["Message"], body["Retryable"]) == (kind.code, "said so", kind.retryable)
    assert response.get("Retry-After") == (None if kind.retry_after_s is None else str(kind.retry_after_s))
    assert response.get("X-Function-Error") == kind.function_error
    assert response.get("X-Worker-Front-Error") == (None if kind.function_error else kind.component)
    assert ("FunctionError" in body) is (kind.function_error is not None)


@pytest.mark.parametrize("kind", raising.OURS.values(), ids=raising.OURS)
def test_what_can_be_tried_again_says_when_if_the_node_is_short_of_something(kind: type[WorkerFrontError]) -> None:
    assert (kind.status in (429, 503)) is (kind.retry_after_s is not None)
    assert kind.retryable or kind.status != 503


def test_the_function_s_own_words_are_in_the_answer(client: Client) -> None:
    body = told(client.get("/raise/FunctionRaised"))
    assert body["FunctionError"] == {"errorType": "ValueError", "errorMessage": "no", "stackTrace": ["line 1"]}


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("Http404", 404, "not_found"),
        ("PermissionDenied", 403, "forbidden"),
        ("RequestDataTooBig", 413, "payload_too_large"),
        ("SuspiciousOperation", 400, "bad_request"),
        ("OperationalError", 503, "database_unavailable"),
        ("IntegrityError", 503, "database_unavailable"),
        ("ParseError", 400, "bad_request"),
        ("UnsupportedMediaType", 415, "unsupported_media"),
        ("ZeroDivisionError", 500, "internal"),
    ],
)
def test_foreign_errors_become_ours_without_their_details(client: Client, name: str, status: int, code: str) -> None:
    response = client.get(f"/raise/{name}")
    assert (response.status_code, told(response)["Code"]) == (status, code)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("Http404", 404, "not_found"),
        ("PermissionDenied", 403, "forbidden"),
        ("SuspiciousOperation", 400, "bad_request"),
        ("ZeroDivisionError", 500, "internal"),
        ("OperationalError", 500, "internal"),
    ],
)
def test_errors_outside_of_the_api_s_views_are_json_as_well(client: Client, name: str, status: int, code: str) -> None:
    response = client.get(f"/plain/{name}")
    assert (response.status_code, told(response)["Code"]) == (status, code)


@pytest.mark.parametrize("path", ["/", "/nothing", "/execute/", "/%00", "/%ff", "/../etc/passwd", "/execute%0a"])
def test_an_unknown_address(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, told(response)["Code"]) == (404, "not_found")


def test_a_foreign_host_name(client: Client) -> None:
    response = client.get("/execute?name=W1", headers={"Host": "rebound.example"})
    assert (response.status_code, told(response)["Code"]) == (400, "bad_request")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_another_method_runs_nothing(client: Client, method: str) -> None:
    response = client.generic(method, "/execute?name=W1")
    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) == {"GET", "POST"}
    if method != "HEAD":
        assert told(response)["Code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/raise/FunctionNotFound", "/raise/FunctionTimeout", "/raise/Http404", "/nothing"])
def test_old_clients_know_one_status_for_every_failure(client: Client, settings: Settings, path: str) -> None:
    settings.WF_LEGACY_STATUS = True
    response = client.get(path)
    assert response.status_code == 500
    assert told(response)["Code"] != "internal"
