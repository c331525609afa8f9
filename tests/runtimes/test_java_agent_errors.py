"""How a Java function fails: to load, by raising, by exiting, by want of memory."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runtimes.java_agent import Start

pytest_plugins = ("tests.runtimes.java_agent",)

SMALL = {"JAVA_TOOL_OPTIONS": "-Xmx32m"}


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("Nowhere.handler", "java.lang.ClassNotFoundException", "there is no class main.Nowhere in the "),
        ("Output.absent", "HandlerNotFound", "main.Output has no method absent that takes (), "),
        (
            "Signatures.text",
            "HandlerNotFound",
            "it has public static java.lang.Object main.Signatures.text(java.lang.S",
        ),
        ("Unloadable.handler", "java.lang.IllegalArgumentException", "nothing there"),
        ("Unmakeable.handler", "java.lang.IllegalArgumentException", "not today"),
    ],
)
def test_a_handler_that_cannot_be_loaded_is_explained(
    start: Start, handler: str, error_type: str, message: str
) -> None:
    agent = start(handler)
    error = agent.call().error
    assert (error["kind"], error["errorType"]) == ("init", error_type)
    assert message in error["errorMessage"]
    assert agent.wait() == 0


def test_a_class_file_of_another_name_is_explained(start: Start, home: Path, tmp_path: Path) -> None:
    (tmp_path / "main").mkdir()
    (tmp_path / "main/Wrong.class").write_bytes((home / "classes/main/Pear.class").read_bytes())
    error = start("Wrong.handler").call().error
    assert (error["kind"], error["errorType"]) == ("init", "java.lang.NoClassDefFoundError")
    assert (
        "main.Wrong needs a class that is missing or has another name: main/Wrong (wrong name" in error["errorMessage"]
    )


def test_an_error_while_loading_has_its_output_and_its_place(start: Start) -> None:
    answer = start("Unloadable.handler").call()
    assert answer.stdout == "looking\n"
    assert answer.error["stackTrace"] == [
        "at main.Unloadable.missing(Unloadable.java:9)",
        "at main.Unloadable.<clinit>(Unloadable.java:5)",
    ]


def test_an_exception_is_described_without_the_agents_part(start: Start) -> None:
    error = start("Failures.raise").call().error
    assert (error["kind"], error["errorType"]) == ("handler", "java.lang.IllegalStateException")
    assert error["errorMessage"] == "the pear is too ripe: 🍐"
    assert error["started_ms"] <= error["ended_ms"]
    assert error["stackTrace"] == [
        "at main.Failures.raise(Failures.java:12)",
        "Caused by: java.lang.RuntimeException: too warm",
        "at main.Failures.raise(Failures.java:12)",
    ]


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("checked", "java.lang.Exception", ""),
        ("surrogate", "java.lang.IllegalStateException", "half a pair: ?"),
        ("speechless", "main.Failures$1", "(its message cannot be read: java.lang.IllegalStateException)"),
        ("noThreads", "java.lang.OutOfMemoryError", "unable to create native thread: possibly out of memory or proce"),
    ],
)
def test_whatever_is_raised_is_told(start: Start, handler: str, error_type: str, message: str) -> None:
    error = start(f"Failures.{handler}").call().error
    assert (error["kind"], error["errorType"]) == ("handler", error_type)
    assert error["errorMessage"].startswith(message)


def test_a_message_of_megabytes_is_cut(start: Start) -> None:
    assert len(start("Failures.longMessage").call().error["errorMessage"]) < 70_000


def test_a_stack_that_overflows_is_the_handlers_error(start: Start) -> None:
    error = start("Failures.recurse").call().error
    assert (error["kind"], error["errorType"]) == ("handler", "java.lang.StackOverflowError")
    assert len(error["stackTrace"]) == 101


@pytest.mark.parametrize("status", [0, 3])
def test_a_handler_that_exits_is_told_with_what_it_printed(start: Start, status: int) -> None:
    agent = start("Failures.leave")
    answer = agent.call({"status": status})
    assert (answer.error["kind"], answer.error["errorType"]) == ("exit", "ProcessEnded")
    assert answer.error["errorMessage"] == "the handler called System.exit"
    assert answer.error["stackTrace"][1:] == ["at main.Failures.leave(Failures.java:47)"]
    assert answer.stdout == "some last words\n"
    assert agent.wait() == status


@pytest.mark.parametrize("handler", ["leaveElsewhere", "leaveWithOutputLocked"])
def test_a_handler_may_exit_in_any_way(start: Start, handler: str) -> None:
    agent = start(f"Failures.{handler}")
    assert agent.call().error["kind"] == "exit"
    assert agent.wait() == 3


def test_a_class_that_exits_while_it_is_loaded_leaves_its_words_in_the_containers_log(start: Start) -> None:
    agent = start("Leaving.handler")
    with closing(agent.connect()) as connection:
        assert connection.receive() is None
    assert agent.wait() == 5
    assert agent.output() == "some first and last words\n"


def test_a_handler_that_halts_ends_the_stream(start: Start) -> None:
    agent = start("Failures.halt")
    assert agent.call().frame is None
    assert agent.wait() == 4


@pytest.mark.parametrize("handler", ["eat", "eatAndKeep"])
def test_a_handler_that_wants_more_than_there_is_is_out_of_memory(start: Start, handler: str) -> None:
    error = start(f"Failures.{handler}", env=SMALL).call().error
    assert (error["kind"], error["errorType"], error["oom"]) == ("exit", "java.lang.OutOfMemoryError", True)


def test_what_was_printed_before_the_memory_ran_out_arrives(start: Start) -> None:
    assert start("Failures.eat", env=SMALL).call().stdout == "eating\n"


def test_a_result_that_does_not_fit_in_memory_is_out_of_memory(start: Start) -> None:
    options = {"letter": "x", "length": 8 << 20}
    error = start("Results.large", env=SMALL, result_limit=16 << 20).call(options).error
    assert (error["kind"], error["oom"]) == ("exit", True)


def test_an_event_that_does_not_fit_in_memory_is_out_of_memory(start: Start) -> None:
    error = start("Signatures.event", env=SMALL).call("x" * (10 << 20)).error
    assert (error["kind"], error["oom"]) == ("exit", True)


def test_threads_that_are_left_do_not_keep_the_process(start: Start) -> None:
    agent = start("Failures.leaveThreads")
    assert agent.call().value == "threads are left"
    assert agent.wait() == 0


def test_a_handler_that_interrupts_itself_still_answers(start: Start) -> None:
    answer = start("Failures.interruptItself").call()
    assert (answer.value, answer.stdout) == ("still here", "interrupted\n")
