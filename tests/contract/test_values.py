"""Events and results: every JSON value in, every JSON value out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.contract.conftest import value_of

if TYPE_CHECKING:
    from tests.contract.conftest import ContractFunction

MIB = 1 << 20
OBJECTS = {
    "empty": {},
    "full": {
        "nested": {"a": [1, {"b": [None, True, False, -1.5, []]}, "c"], "d": {"e": {}}},
        "grüße": "Ünïcode, 日本語, \U0001f350\U0001f468\u200d\U0001f469",
        "control": "\u0000\t\n\u001f\u2028",
        "numbers": [2**53 - 1, -(2**31), 0.1, 1e-7],
    },
    "large": {"text": "ü" * (MIB // 2)},
}
OTHERS = {"null": None, "number": 7, "string": "just text ü", "list": [1, "two", None]}
VALUES = {"null": None, "fraction": 1.5, "list": [1, [True]], "object": {"a": {"b": "ü"}}}
ODD_STATUS = {"text": "200", "low": 99, "fraction": 200.5}


def test_a_handler_sees_an_object_as_it_was_sent(function: ContractFunction) -> None:
    replies = function.send_all(OBJECTS)
    assert {name: value_of(reply)["echo"] for name, reply in replies.items()} == OBJECTS


def test_an_event_that_is_no_object_arrives_too(function: ContractFunction) -> None:
    replies = function.send_all(OTHERS)
    seen = {name: value_of(reply)["echo"] for name, reply in replies.items()}
    is_java = function.runtime.startswith("java")
    assert seen == {name: {"event": event} if is_java else event for name, event in OTHERS.items()}


def test_a_value_of_any_kind_becomes_the_body_as_json(function: ContractFunction) -> None:
    replies = function.send_all({name: {"case": "value", "value": value} for name, value in VALUES.items()})
    for name, reply in replies.items():
        result = reply.json["Result"]
        assert set(result) == {"statusCode", "body"}
        assert (result["statusCode"], json.loads(result["body"])) == (200, VALUES[name])


def test_a_string_becomes_the_body_as_it_is(function: ContractFunction) -> None:
    result = function.call("value", value='"quoted" ü').json["Result"]
    assert result == {"statusCode": 200, "body": '"quoted" ü'}


def test_a_response_keeps_its_status_headers_and_encoding(function: ContractFunction) -> None:
    response = {"statusCode": 418, "body": "dGVh", "headers": {"X-Tea": "grün"}, "isBase64Encoded": True}
    reply = function.call("value", value=response)
    assert reply.status == 200
    assert reply.json["Result"] == response


def test_a_status_code_that_is_none_is_an_invalid_result(function: ContractFunction) -> None:
    responses = {name: {"statusCode": status, "body": ""} for name, status in ODD_STATUS.items()}
    replies = function.send_all({name: {"case": "value", "value": value} for name, value in responses.items()})
    assert _codes(replies) == dict.fromkeys(ODD_STATUS, (502, "result_invalid"))
    assert all("statusCode" in reply.json["Message"] for reply in replies.values())


def test_a_value_that_is_no_json_is_an_invalid_result(function: ContractFunction) -> None:
    cases = ("nan", "cycle", "unserialisable", "surrogate")
    replies = function.send_all({case: {"case": case} for case in cases})
    assert _codes(replies) == dict.fromkeys(cases, (502, "result_invalid"))
    assert all(reply.json["FunctionError"]["errorMessage"] for reply in replies.values())
    assert {function.record(reply)["state"] for reply in replies.values()} == {"FAILED"}


def test_a_result_over_the_limit_is_refused_and_one_below_it_arrives(function: ContractFunction) -> None:
    replies = function.send_all(
        {"over": {"case": "large", "length": 6 * MIB + 1}, "below": {"case": "large", "length": 6 * MIB - 100}}
    )
    assert (replies["over"].status, replies["over"].json["Code"]) == (502, "result_too_large")
    assert len(replies["below"].json["Result"]["body"]) == 6 * MIB - 100


def _codes(replies: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {name: (reply.status, reply.json.get("Code", "")) for name, reply in replies.items()}
