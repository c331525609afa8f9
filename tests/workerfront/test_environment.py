"""Typed readers of environment variables. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from workerfront.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Callable


def read(reader: str, text: str | None, default: Any, **options: Any) -> Any:
    values = {} if text is None else {"WF_X": text}
    return getattr(Environment(values), reader)("WF_X", default, **options)


@pytest.mark.parametrize(
    ("reader", "default", "options"),
    [
        ("text", "d", {}),
        ("words", ["d"], {}),
        ("boolean", True, {}),
        ("integer", 7, {"minimum": 0, "maximum": 9}),
        ("number", 2.5, {"minimum": 0, "maximum": 9}),
        ("choice", "d", {"among": ("d", "e")}),
        ("path", Path("/d"), {}),
        ("path", None, {}),
    ],
)
@pytest.mark.parametrize("text", [None, ""])
def test_a_missing_or_empty_variable_is_the_default(
    reader: str, default: Any, options: dict[str, Any], text: str | None
) -> None:
    assert read(reader, text, default, **options) == default


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), ("1", True), (" 1 ", True), ("false", False), ("False", False), ("0", False)],
)
def test_a_boolean_is_one_of_four_words(text: str, value: bool) -> None:
    assert read("boolean", text, not value) is value


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "2", "-1", "t", "none"])
def test_another_word_is_no_boolean(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"WF_X must be true, false, 1 or 0, not '{text}'"):
        read("boolean", text, False)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), (" 12 ", 12)])
def test_a_whole_number(text: str, value: int) -> None:
    assert read("integer", text, 1, minimum=0, maximum=12) == value


@pytest.mark.parametrize(
    "text", ["-1", "1.5", "1e3", "x", "0x10", "1 2", " ", "1,000", "1_0", "+1", "٦", "13", "9" * 5000]
)
def test_what_is_no_whole_number_or_out_of_bounds(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WF_X must be a whole number >= 0 and <= 12"):
        read("integer", text, 1, minimum=0, maximum=12)


def test_a_minimum_may_be_negative() -> None:
    assert read("integer", "-1", 60, minimum=-1, maximum=60) == -1
    with pytest.raises(ImproperlyConfigured, match=">= -1"):
        read("integer", "-2", 60, minimum=-1, maximum=60)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("0.5", 0.5), ("3", 3), ("100", 100)])
def test_a_decimal_number(text: str, value: float) -> None:
    assert read("number", text, 1, minimum=0, maximum=100) == value


@pytest.mark.parametrize("text", ["-0.1", "nan", "inf", "-inf", "x", "1,5", "1_0", "1e1", ".5", "100.1"])
def test_what_is_no_decimal_number_or_out_of_bounds(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WF_X must be a number >= 0 and <= 100"):
        read("number", text, 1, minimum=0, maximum=100)


@pytest.mark.parametrize(
    ("text", "value"),
    [("16777216", 16 << 20), ("20000k", 20000 << 10), ("256m", 256 << 20), ("1G", 1 << 30), (" 16m ", 16 << 20)],
)
def test_a_size_counts_bytes_or_powers_of_1024(text: str, value: int) -> None:
    assert read("size", text, "5m") == value


def test_the_default_of_a_size_is_written_the_same_way() -> None:
    assert read("size", None, "5m") == 5 << 20


@pytest.mark.parametrize("text", ["-1", "0", "15m", "1.5g", "1t", "1mb", "m", "1 m", "x", "16_000k", "٩٩m", "2000000g"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WF_X must be a size of at least 16m, such as 256m or 1g"):
        read("size", text, "5m")


def test_a_size_may_have_a_smaller_maximum() -> None:
    assert read("size", "1g", "16m", maximum=1 << 30) == 1 << 30
    with pytest.raises(ImproperlyConfigured, match="and at most 1073741824 bytes, not '1025m'"):
        read("size", "1025m", "16m", maximum=1 << 30)


@pytest.mark.parametrize("text", ["lru", " lru "])
def test_a_choice_is_one_of_its_words(text: str) -> None:
    assert read("choice", text, "fifo", among=("fifo", "lru")) == "lru"


@pytest.mark.parametrize("text", ["LRU", "lr", "lru,fifo", "none"])
def test_another_word_is_no_choice(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"WF_X must be one of fifo, lru, not '{text}'"):
        read("choice", text, "fifo", among=("fifo", "lru"))


def test_a_path_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert read("path", "a/b", None) == tmp_path / "a/b"
    assert read("path", "/a/b", None) == Path("/a/b")
    assert read("path", "~/a", None) == Path("/home/me/a")


def test_words_are_separated_by_commas() -> None:
    assert read("words", "a, b,,c ", []) == ["a", "b", "c"]


READERS: list[Callable[[Environment], object]] = [
    lambda env: env.text("WF_HOME", ""),
    lambda env: env.words("WF_HOME", []),
    lambda env: env.boolean("WF_HOME", False),
    lambda env: env.integer("WF_HOME", 1, minimum=0, maximum=1),
    lambda env: env.number("WF_HOME", 1, minimum=0, maximum=1),
    lambda env: env.choice("WF_HOME", "a", ("a",)),
    lambda env: env.size("WF_HOME", "1"),
    lambda env: env.path("WF_HOME", None),
]


@pytest.mark.parametrize("reader", READERS)
def test_what_was_asked_for_is_known(reader: Callable[[Environment], object]) -> None:
    env = Environment({})
    reader(env)
    env.refuse_unknown("WF_")


def test_an_unknown_name_is_refused_with_the_near_one() -> None:
    env = Environment({"WF_HOEM": "x", "OTHER": "x"})
    env.text("WF_HOME", "")
    with pytest.raises(ImproperlyConfigured, match=r"unknown environment variable WF_HOEM; did you mean WF_HOME\?"):
        env.refuse_unknown("WF_")


def test_an_unknown_name_that_is_near_to_none_is_refused_as_well() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"unknown environment variable WF_QQQQ\Z"):
        Environment({"WF_QQQQ": "x"}).refuse_unknown("WF_")
