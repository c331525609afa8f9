"""What a Java handler prints: log frames, in order, up to the limit, and never anything else."""

from __future__ import annotations

from contextlib import closing
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.agent_process import call_frame

if TYPE_CHECKING:
    from tests.runtimes.agent_process import Answer
    from tests.runtimes.java_agent import Start

pytest_plugins = ("tests.runtimes.java_agent",)

LOADING = "loading\n"
FRAME_LIMIT = 64 << 10


def joined(answer: Answer) -> list[tuple[str, str]]:
    """The logs as runs of one stream: how much goes in a frame depends on the time between two lines."""
    return [(name, "".join(data for _, data in run)) for name, run in groupby(answer.logs, key=lambda log: log[0])]


def test_both_streams_arrive_in_the_order_of_printing(start: Start) -> None:
    assert joined(start("Output.both").call()) == [
        ("stdout", LOADING + "out 0 ü 🍐\n"),
        ("stderr", "err 0\n"),
        ("stdout", "out 1 ü 🍐\n"),
        ("stderr", "err 1\n"),
        ("stdout", "out 2 ü 🍐\n"),
        ("stderr", "err 2\n"),
    ]


def test_a_character_that_is_printed_in_pieces_arrives_whole(start: Start) -> None:
    assert start("Output.pieces").call().stdout == LOADING + "ü🍐"


def test_bytes_that_are_no_text_are_replaced(start: Start) -> None:
    assert start("Output.noText").call().stdout == LOADING + "a\ufffdb\ufffd"


def test_a_log_of_exactly_the_limit_is_not_cut(start: Start) -> None:
    answer = start("Output.text", log_limit=len(LOADING) + 10).call({"text": "0123456789"})
    assert joined(answer) == [("stdout", LOADING + "0123456789")]


def test_a_log_over_the_limit_is_cut_with_a_notice(start: Start) -> None:
    answer = start("Output.text", log_limit=len(LOADING) + 9).call({"text": "0123456789"})
    assert joined(answer) == [("stdout", LOADING + "012345678"), ("stderr", "[log cut at 17 bytes]\n")]
    assert answer.value is None


def test_a_cut_inside_a_character_leaves_a_replacement(start: Start) -> None:
    answer = start("Output.text", log_limit=len(LOADING) + 2).call({"text": "a🍐"})
    assert answer.stdout == LOADING + "a\ufffd"


def test_a_handler_that_prints_very_much_is_not_held_up(start: Start) -> None:
    answer = start("Output.many").call({"lines": 200_000, "line": "x" * 99})
    assert answer.value is None
    assert len(answer.stdout.encode()) == 262144
    assert answer.logs[-1] == ("stderr", "[log cut at 262144 bytes]\n")


@pytest.mark.parametrize("line", ["ü" * 50_000, "日" * 50_000, "🍐" * 50_000], ids=["two", "three", "four"])
def test_no_log_frame_is_larger_than_64_kib(start: Start, line: str) -> None:
    answer = start("Output.text", log_limit=1 << 20).call({"text": line})
    assert answer.stdout == LOADING + line
    assert max(len(data.encode()) for _, data in answer.logs) <= FRAME_LIMIT


def test_a_frame_on_stdout_is_text(start: Start) -> None:
    answer = start("Output.forge").call()
    assert answer.value == "the true result"
    assert "a forged result" in answer.stdout


def test_closing_stdout_closes_nothing_else(start: Start) -> None:
    answer = start("Output.close").call()
    assert (answer.value, answer.stdout, answer.stderr) == ("closed", LOADING + "before\n", "still open\n")


def test_replacing_stdout_is_the_handlers_affair(start: Start) -> None:
    answer = start("Output.replace").call()
    assert (answer.value, answer.stdout) == ("caught", LOADING)


def test_stdin_is_empty(start: Start) -> None:
    assert start("Output.input").call().value == -1


def test_a_thread_that_goes_on_printing_changes_nothing_after_the_result(start: Start) -> None:
    agent = start("Output.later")
    connection, _ = agent.ready()
    with closing(connection):
        connection.send(call_frame())
        assert connection.answer().value is None
        assert connection.receive() is None
    assert agent.wait() == 0


def test_an_interrupted_thread_may_print(start: Start) -> None:
    answer = start("Output.fromInterruptedThread").call()
    assert (answer.value, answer.stdout) == (None, LOADING + "interrupted\n")


def test_a_log_arrives_while_the_handler_runs(start: Start) -> None:
    connection, _ = start("Output.hang").ready()
    with closing(connection):
        connection.send(call_frame())
        seen = ""
        while "hanging" not in seen:
            frame = connection.receive()
            assert frame is not None
            seen += frame["data"]
