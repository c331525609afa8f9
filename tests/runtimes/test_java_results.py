"""What becomes of a Java handler's value: JSON, or an error of kind result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.runtimes.java_agent import Start

pytest_plugins = ("tests.runtimes.java_agent",)

PEAR = {"name": "Conference", "URL": "https://example.org/pear", "grams": 150, "ripe": True}


@pytest.mark.parametrize(
    ("handler", "value"),
    [
        ("response", {"statusCode": 201, "body": "made"}),
        ("pear", PEAR),
        ("pears", [PEAR, PEAR]),
        ("point", {"x": 1, "label": None, "twice": 2}),
        ("anonymous", {"answer": 42}),
        ("keys", {"1": "number", "true": "boolean", "DAYS": "enum"}),
    ],
)
def test_an_object_shows_its_public_fields_and_getters(start: Start, handler: str, value: object) -> None:
    assert start(f"Results.{handler}").call().value == value


def test_plain_values_become_what_one_expects(start: Start) -> None:
    assert start("Results.plain").call().value == {
        "int": 1,
        "long": -(2**63),
        "float": 0.1,
        "double": 1e300,
        "big": 123456789012345678901234567890,
        "decimal": 1.5,
        "atomic": 5,
        "char": "ü",
        "builder": "built",
        "array": [1, 2],
        "objects": ["a", None, True],
        "enum": "SECONDS",
        "set": ["only"],
    }


def test_well_known_classes_become_text_or_what_they_hold(start: Start) -> None:
    assert start("Results.known").call().value == {
        "instant": "1970-01-01T00:00:00Z",
        "day": "2024-02-29",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "uri": "https://example.org/",
        "path": "/tmp/x",
        "some": "there",
        "none": None,
        "number": 3,
    }


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("nan", "NaN is no JSON number, in result.prices[1]"),
        ("infinity", "-Infinity is no JSON number"),
        ("bytes", "byte[]; make it a String, for example with Base64"),
        ("surrogate", "half a surrogate pair (U+d83c) in a string"),
        ("surrogateKey", "half a surrogate pair (U+df50) in a string, in result.?"),
        ("nullKey", "a key that is null"),
        ("objectKey", "a key that is of main.Pear"),
        ("cycle", "an object of java.util.ArrayList that holds itself, in result[0].ring"),
        ("empty", "main.Results has neither public fields nor getters"),
        ("object", "a value of java.lang.Object"),
        ("thread", "a value of java.lang.Thread"),
        ("zone", "a value of sun.util.calendar.ZoneInfo"),
    ],
)
def test_a_value_that_is_no_json_is_refused_with_its_place(start: Start, handler: str, message: str) -> None:
    error = start(f"Results.{handler}").call().error
    assert (error["kind"], error["errorType"], error["errorMessage"]) == ("result", "ResultNotJson", message)


def test_a_value_of_very_many_levels_is_refused(start: Start) -> None:
    error = start("Results.deep").call().error
    assert (error["kind"], error["errorType"]) == ("result", "ResultNotJson")
    assert error["errorMessage"].startswith("more than 512 levels")


def test_a_getter_that_raises_makes_the_value_unusable(start: Start) -> None:
    error = start("Results.badGetter").call().error
    assert (error["kind"], error["errorType"]) == ("result", "java.lang.IllegalStateException")
    assert "getPrice raised, in result.price: java.lang.IllegalStateException: no price yet" in error["errorMessage"]
    assert error["stackTrace"][0].startswith("at main.Results$")


@pytest.mark.parametrize(("letter", "size"), [("x", 1), ("ü", 2), ("日", 3)])
def test_the_limit_of_a_result_counts_its_bytes(start: Start, letter: str, size: int) -> None:
    quotes = 2
    options = {"letter": letter, "length": 1000}
    below = start("Results.large", result_limit=1000 * size + quotes).call(options)
    assert below.value == letter * 1000
    over = start("Results.large", result_limit=1000 * size + quotes - 1).call(options).error
    assert (over["kind"], over["errorType"]) == ("result", "ResultTooLarge")
    assert over["errorMessage"] == f"the result is larger than {1000 * size + quotes - 1} bytes"


@pytest.mark.parametrize("channel", ["unix", "tcp"])
def test_a_result_of_6_mib_arrives_whole(start: Start, channel: str) -> None:
    length = (6 << 20) - 2
    answer = start("Results.large", channel=channel).call({"letter": "x", "length": length})
    assert answer.value == "x" * length
