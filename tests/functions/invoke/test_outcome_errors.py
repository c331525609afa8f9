"""Error frames and dead containers as errors, each of the right kind."""

from __future__ import annotations

from typing import Any

import pytest

from functions.engine.docker import ContainerState
from functions.errors import (
    FunctionCrashed,
    FunctionFault,
    FunctionOutOfMemory,
    FunctionRaised,
    FunctionTimeout,
    OutcomeUnknown,
    ResultInvalid,
    ResultTooLarge,
    WorkerFrontError,
)
from functions.invoke.outcome import Outcome, of_death, of_frame, of_nonsense
from functions.models.execution import ExecutionState


def failure(**frame: Any) -> WorkerFrontError:
    outcome = of_frame({"type": "error", **frame}, 1000)
    assert outcome.error
    assert outcome.response is None
    assert outcome.state == ExecutionState.FAILED
    return outcome.error


def ended(exit_code: int = 1, *, oom: bool = False, running: bool = False) -> ContainerState:
    return ContainerState(running, exit_code, oom, "")


@pytest.mark.parametrize(
    ("frame", "kind", "said"),
    [
        ({"kind": "handler"}, FunctionRaised, "The handler raised ValueError: no"),
        ({"kind": "init"}, FunctionRaised, "could not be loaded: no"),
        ({"kind": "result"}, ResultInvalid, "is not JSON: no"),
        ({"kind": "result", "errorType": "ResultTooLarge"}, ResultTooLarge, "larger than 6 MiB"),
        ({"kind": "exit"}, FunctionCrashed, "process ended: no"),
        ({"kind": "exit", "oom": False}, FunctionCrashed, "process ended"),
        ({"kind": "exit", "oom": True}, FunctionOutOfMemory, "more memory"),
        ({"kind": "handler", "oom": True}, FunctionRaised, "raised"),
        ({"kind": "of the future"}, FunctionRaised, "raised"),
        ({}, FunctionRaised, "raised"),
    ],
)
def test_each_kind_of_error_frame(frame: dict[str, Any], kind: type[WorkerFrontError], said: str) -> None:
    error = failure(**{"errorType": "ValueError", "errorMessage": "no", "stackTrace": ["a", "b"], **frame})
    assert type(error) is kind
    assert said in error.message
    assert error.fault
    assert error.fault.stack_trace == ("a", "b")


def test_a_fault_is_shown_in_the_function_s_own_words() -> None:
    error = failure(kind="handler", errorType="E", errorMessage="ä", stackTrace=["one", "two"])
    assert error.fault
    assert error.fault.as_json() == {"errorType": "E", "errorMessage": "ä", "stackTrace": ["one", "two"]}


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        ({}, FunctionFault("Error", "", ())),
        ({"errorType": 1, "errorMessage": None, "stackTrace": "text"}, FunctionFault("1", "None", ())),
        (
            {"errorType": "a\x00", "errorMessage": "\ud800", "stackTrace": [1, "\x00"]},
            FunctionFault("a\ufffd", "?", ("1", "\ufffd")),
        ),
    ],
)
def test_a_forged_fault_is_text_that_everything_can_hold(frame: dict[str, Any], fault: FunctionFault) -> None:
    assert failure(kind="handler", **frame).fault == fault


def test_an_error_frame_keeps_the_handler_s_time() -> None:
    assert of_frame({"type": "error", "kind": "handler", "started_ms": 1, "ended_ms": 4}, 1000).function_ms == 3.0


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (0, "exit status 0"),
        (1, "exit status 1"),
        (128, "exit status 128"),
        (137, "signal 9"),
        (139, "signal 11"),
        (192, "signal 64"),
        (193, "exit status 193"),
        (255, "exit status 255"),
    ],
)
def test_a_container_that_ended_is_told_by_its_status(exit_code: int, words: str) -> None:
    error = of_death(ended(exit_code), "line\n" * 30 + "last").error
    assert type(error) is FunctionCrashed
    assert words in error.message
    assert error.fault
    assert (error.fault.error_type, error.fault.error_message) == ("ProcessExit", words)
    assert len(error.fault.stack_trace) == 20
    assert error.fault.stack_trace[-1] == "last"


def test_a_container_out_of_memory() -> None:
    assert type(of_death(ended(137, oom=True), "").error) is FunctionOutOfMemory


def test_a_container_that_was_taken_away() -> None:
    error = of_death(None, "").error
    assert type(error) is FunctionCrashed
    assert "removed while it ran" in error.message


def test_a_container_that_lives_on_without_its_connection() -> None:
    error = of_death(ended(running=True), "").error
    assert type(error) is FunctionCrashed
    assert "broke off" in error.message


def test_a_channel_that_speaks_nonsense() -> None:
    assert type(of_nonsense().error) is FunctionCrashed


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, ExecutionState.SUCCEEDED),
        (FunctionTimeout(), ExecutionState.TIMED_OUT),
        (FunctionRaised(), ExecutionState.FAILED),
        (WorkerFrontError(), ExecutionState.FAILED),
        (OutcomeUnknown(), ExecutionState.ABANDONED),
    ],
)
def test_the_terminal_state_follows_from_the_error(error: WorkerFrontError | None, state: ExecutionState) -> None:
    assert Outcome(error=error).state == state
