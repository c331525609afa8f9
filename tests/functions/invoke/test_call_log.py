"""A call's log: kept up to a limit of bytes, whatever comes."""

from __future__ import annotations

import pytest

from functions.invoke.log import CallLog

CUT = "\n[log cut at 10 bytes]\n"


def logged(*texts: str) -> str:
    log = CallLog(10)
    for text in texts:
        log.add(text)
    return log.text()


def test_what_fits_is_kept_in_order() -> None:
    assert logged("abc", "", "def\n") == "abcdef\n"
    assert logged("0123456789") == "0123456789"
    assert logged("01234", "56789", "") == "0123456789"


@pytest.mark.parametrize("texts", [["0123456789x"], ["0123456789", "x"], ["0123456", "789xyz", "more"]])
def test_the_rest_is_cut_with_one_notice(texts: list[str]) -> None:
    assert logged(*texts) == "0123456789" + CUT


def test_the_limit_counts_bytes_and_halves_no_character() -> None:
    assert logged("ä" * 5) == "ä" * 5
    assert logged("x" + "ä" * 5) == "x" + "ä" * 4 + CUT


def test_the_text_fits_every_database() -> None:
    assert logged("a\x00b\ud800") == "a\ufffdb?"


def test_a_log_of_hundred_megabytes_costs_ten_bytes() -> None:
    log = CallLog(10)
    for _ in range(100):
        log.add("x" * (1 << 20))
    assert log.text() == "x" * 10 + CUT
