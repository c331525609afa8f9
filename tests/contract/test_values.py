"""Events and results: every JSON value in, every JSON value out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.conftest import ContractFunction

MIB = 1 << 20
OBJECTS = {
    "empty": {},
    "nested": {"a": [1, {"b": [None, True, False, -1.5, []]}, "c"], "d": {"e": {}}},
    "text": {"grüße": "Ünïcode, 日本語, \U0001f350\U0001f468\u200d\U0001f469", "control": "\u0000\t\n\u001f\u2028"},
    "numbers": {"big": 2**53 - 1, "small": -(2**31), "fraction": 0.1, "tiny": 1e-7},
}
OTHERS = {"null": None, "number": 7, "string": "just text ü", "list": [1, "two", None], "false": False}
VALUES = {"null": None, "true": True, "number": 12, "fraction": 1.5, "list": [1, [2]], "object": {"a": {"b": "ü"}}}


def test_a_handler_sees_an_object_as_it_was_sent(function: ContractFunction) -> None:
    event = {"kinds": OBJECTS, **OTHERS}
    assert function.echo(event) == event


def test_an_empty_object_is_an_empty_event(function: ContractFunction) -> None:
    assert function.echo({}) == {}


@pytest.mark.parametrize("event", [pytest.param(value, id=name) for name, value in OTHERS.items() if name != "null"])
def test_an_event_that_is_no_object_arrives(function: ContractFunction, event: Any) -> None:
    seen = function.echo(event)
    assert seen == ({"event": event} if function.runtime.startswith("java") else event)


def test_an_event_of_null_is_not_taken_for_no_event(function: ContractFunction) -> None:
    reply = function.worker.request(f"/execute?name={function.name}", b"null", Content_Type="application/json")
    seen = json.loads(reply.json["Result"]["body"])["echo"]
    assert seen == ({"event": None} if function.runtime.startswith("java") else None)


def test_a_mebibyte_goes_each_way(function: ContractFunction) -> None:
    text = "ü" * (MIB // 2)
    assert function.echo({"text": text}) == {"text": text}


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in VALUES.items()])
def test_a_value_of_any_kind_becomes_the_body_as_json(function: ContractFunction, value: Any) -> None:
    result = function.call("value", value=value).json["Result"]
    assert result["statusCode"] == 200
    assert json.loads(result["body"]) == value
    assert set(result) == {"statusCode", "body"}


def test_a_string_becomes_the_body_as_it_is(function: ContractFunction) -> None:
    result = function.call("value", value='"quoted" ü').json["Result"]
    assert result == {"statusCode": 200, "body": '"quoted" ü'}


def test_a_response_keeps_its_status_headers_and_encoding(function: ContractFunction) -> None:
    response = {"statusCode": 418, "body": "dGVh", "headers": {"X-Tea": "grün"}, "isBase64Encoded": True}
    assert function.call("value", value=response).json["Result"] == response


@pytest.mark.parametrize("status", ["200", True, 99, 600, 200.5, None])
def test_a_status_code_that_is_none_is_an_invalid_result(function: ContractFunction, status: Any) -> None:
    reply = function.call("value", value={"statusCode": status, "body": ""})
    assert (reply.status, reply.json["Code"]) == (502, "result_invalid")
    assert "statusCode" in reply.json["Message"]


@pytest.mark.parametrize("case", ["nan", "cycle", "unserialisable"])
def test_a_value_that_is_no_json_is_an_invalid_result(function: ContractFunction, case: str) -> None:
    reply = function.call(case)
    assert (reply.status, reply.json["Code"]) == (502, "result_invalid")
    assert reply.json["FunctionError"]["errorMessage"]
    assert function.record(reply)["state"] == "FAILED"


def test_half_of_a_surrogate_pair_is_an_invalid_result(function: ContractFunction) -> None:
    reply = function.call("surrogate")
    assert (reply.status, reply.json["Code"]) == (502, "result_invalid")


def test_a_result_over_the_limit_is_refused_and_one_below_it_arrives(function: ContractFunction) -> None:
    reply = function.call("large", length=6 * MIB + 1)
    assert (reply.status, reply.json["Code"]) == (502, "result_too_large")
    below = function.call("large", length=6 * MIB - 100)
    assert len(below.json["Result"]["body"]) == 6 * MIB - 100
