"""A handler's value as a response."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.errors import ResultInvalid, ResultTooLarge
from functions.invoke.outcome import Outcome, of_frame
from functions.models.execution import ExecutionState

LIMIT = 6 << 20


def result(value: Any, limit: int = LIMIT, **more: Any) -> Outcome:
    return of_frame({"type": "result", "value": value, **more}, limit)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("text", "text"),
        ("", ""),
        ("ä\u4e2d\U0001f600", "ä\u4e2d\U0001f600"),
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (2.5, "2.5"),
        ([], "[]"),
        ({}, "{}"),
        ({"a": "ä", "b": [1, None]}, '{"a":"ä","b":[1,null]}'),
        ({"statuscode": 500}, '{"statuscode":500}'),
    ],
)
def test_any_value_becomes_the_body_of_a_200(value: Any, body: str) -> None:
    outcome = result(value)
    assert outcome.response == {"statusCode": 200, "body": body}
    assert outcome.state == ExecutionState.SUCCEEDED


@pytest.mark.parametrize(
    ("value", "response"),
    [
        ({"statusCode": 404, "body": "no"}, {"statusCode": 404, "body": "no"}),
        ({"statusCode": 204}, {"statusCode": 204, "body": ""}),
        ({"statusCode": 200, "body": {"a": 1}}, {"statusCode": 200, "body": '{"a":1}'}),
        ({"statusCode": 200, "body": None}, {"statusCode": 200, "body": "null"}),
        (
            {"statusCode": 201, "body": "aGk=", "headers": {"X": "y"}, "isBase64Encoded": True},
            {"statusCode": 201, "body": "aGk=", "headers": {"X": "y"}, "isBase64Encoded": True},
        ),
        ({"statusCode": 599, "body": "", "more": [1]}, {"statusCode": 599, "body": "", "more": [1]}),
        ({"statusCode": 100}, {"statusCode": 100, "body": ""}),
    ],
)
def test_a_response_keeps_its_keys(value: Any, response: dict[str, Any]) -> None:
    assert result(value).response == response


@pytest.mark.parametrize("status", [True, False, None, "200", 200.0, 99, 600, 0, -1, 10**30, [], {}])
def test_a_status_code_is_a_whole_number_of_http(status: Any) -> None:
    outcome = result({"statusCode": status, "body": ""})
    assert isinstance(outcome.error, ResultInvalid)
    assert "statusCode" in outcome.error.message
    assert outcome.state == ExecutionState.FAILED


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        {"a": [float("inf")]},
        "\ud800",
        {"\udfff": 1},
        {"statusCode": 200, "headers": {"x": float("nan")}},
        {"statusCode": 200, "headers": {"x": "\ud83d"}},
        {"statusCode": 200, "headers": deep(64)},
        deep(100_000),
    ],
)
def test_what_is_no_json_is_refused(value: Any) -> None:
    assert isinstance(result(value).error, ResultInvalid)


def test_a_value_may_be_deep_in_the_body_but_not_in_the_response() -> None:
    body = result(deep(100)).response
    assert body is not None
    assert json.loads(body["body"]) == deep(100)
    assert result({"statusCode": 200, "headers": deep(62)}).response is not None


def test_a_frame_without_a_value_is_refused() -> None:
    assert isinstance(of_frame({"type": "result"}, LIMIT).error, ResultInvalid)


def test_the_limit_is_that_of_the_response_in_bytes_as_utf_8() -> None:
    size = len(b'{"statusCode":200,"body":""}')
    assert result("ä" * 50, size + 100).response is not None
    assert isinstance(result("ä" * 50 + "x", size + 100).error, ResultTooLarge)


@pytest.mark.parametrize(
    ("started", "ended", "ms"),
    [
        (1.5, 4.0, 2.5),
        (1, 2, 1.0),
        (5.0, 1.0, 0.0),
        ("1", 2.0, None),
        (None, None, None),
        (float("nan"), 2.0, None),
        (1.0, float("inf"), None),
        (0, 10**400, None),
        (-1e308, 1e308, None),
    ],
)
def test_the_handler_s_time_is_its_own_word_if_it_is_a_number(started: Any, ended: Any, ms: float | None) -> None:
    outcome = result("x", started_ms=started, ended_ms=ended)
    assert outcome.function_ms == ms
    assert outcome.response is not None


def test_a_refused_result_keeps_its_time() -> None:
    assert result("\ud800", started_ms=1, ended_ms=3).function_ms == 2.0
