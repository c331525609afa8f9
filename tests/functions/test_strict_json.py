"""JSON as it may enter and leave the worker."""

from __future__ import annotations

from typing import Any

import pytest

from functions import strict_json

GOOD = ["null", "true", "0", "-1.5e3", '""', '"ä\\u00e4\\ud83d\\ude00"', "[]", '{"a":{"b":[1,null]}}', "1" * 4000]
BAD = [
    ("", "Expecting value"),
    ("{", "Expecting"),
    ("[1,]", "Expecting|Illegal trailing comma"),
    ("{} {}", "Extra data"),
    ("NaN", "NaN is no JSON"),
    ('{"a": Infinity}', "Infinity is no JSON"),
    ("[-Infinity]", "-Infinity is no JSON"),
    ("1e400", "too large"),
    ("-1e400", "too large"),
    ("1" * 5000, "4300 digits|limit"),
    ('"\\ud800"', "surrogate"),
    ('{"\\udc00": 1}', "surrogate"),
    ("[" * 65 + "]" * 65, "deeper than 64"),
    ('{"a":' * 65 + "1" + "}" * 65, "deeper than 64"),
    ("[" * 100_000, "deeper than 64"),
    ("\ufeff{}", "BOM"),
]


@pytest.mark.parametrize("text", GOOD, ids=lambda text: text[:20])
def test_json_comes_back_as_it_went(text: str) -> None:
    value = strict_json.loads(text)
    assert strict_json.loads(strict_json.dumps(value)) == value


@pytest.mark.parametrize(("text", "said"), BAD, ids=[text[:20] for text, _ in BAD])
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        strict_json.loads(text)


def test_sixty_four_levels_are_the_most() -> None:
    assert strict_json.loads("[" * 64 + "]" * 64) is not None


def test_a_wide_value_is_not_deep() -> None:
    assert len(strict_json.loads("[" + "[]," * 10_000 + "[]]")) == 10_001


@pytest.mark.parametrize(
    ("value", "text"),
    [({"a": [1, "ä"]}, '{"a":[1,"ä"]}'), ("\u2028</script>", '"\u2028</script>"'), ("\x00", '"\\u0000"')],
)
def test_text_is_compact_and_left_as_it_is(value: Any, text: str) -> None:
    assert strict_json.dumps(value) == text


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": float("-inf")}])
def test_what_is_no_json_does_not_leave(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        strict_json.dumps(value)
