"""What a call came to: the agent's last frame, or the way its container died, as a value or an error. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions import strict_json
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
from functions.models.execution import ExecutionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.engine.docker import ContainerState

Response = dict[str, Any]
KEPT_TEXT, KEPT_LINES = 16 << 10, 100  # characters of an error message or line, and lines of a stack trace
SIGNALLED, LAST_SIGNAL = 128, 64  # an exit code may be a signal's number added to the first


@dataclass(frozen=True)
class Outcome:
    """Either a response, with its JSON, or an error; `function_ms` is the handler's own time by its agent's word."""

    response: Response | None = None
    text: str = ""
    error: WorkerFrontError | None = None
    function_ms: float | None = None

    @property
    def state(self) -> ExecutionState:
        """The terminal state of the call's row."""
        match self.error:
            case None:
                return ExecutionState.SUCCEEDED
            case FunctionTimeout():
                return ExecutionState.TIMED_OUT
            case OutcomeUnknown():
                return ExecutionState.ABANDONED
            case _:
                return ExecutionState.FAILED


def of_frame(frame: Mapping[str, Any], limit: int) -> Outcome:
    """The outcome that a `result` or `error` frame tells; a response of more than `limit` bytes is refused."""
    function_ms = _duration(frame)
    if frame.get("type") == "error":
        return Outcome(error=_error(frame), function_ms=function_ms)
    try:
        response = as_response(frame["value"])
        text = strict_json.checked(response)
    except (ValueError, KeyError, RecursionError) as error:
        return Outcome(error=ResultInvalid(f"The handler's result is not usable: {error}."), function_ms=function_ms)
    if len(text.encode()) > limit:
        return Outcome(error=ResultTooLarge(), function_ms=function_ms)
    return Outcome(response=response, text=text, function_ms=function_ms)


def of_nonsense() -> Outcome:
    """The outcome of a container whose agent does not keep to its protocol: user code has got hold of the channel."""
    return Outcome(error=FunctionCrashed("The function's process wrote something on its channel that is no frame."))


def of_death(state: ContainerState | None, output: str) -> Outcome:
    """The outcome of a container that ended without a word; `output` is what it wrote last."""
    if state is None:
        return Outcome(error=FunctionCrashed("The function's container was removed while it ran."))
    if state.out_of_memory:
        return Outcome(error=FunctionOutOfMemory())
    if state.running:
        return Outcome(error=FunctionCrashed("The function's process broke off its connection."))
    fault = FunctionFault("ProcessExit", _exit_words(state.exit_code), tuple(output.splitlines()[-20:]))
    return Outcome(error=FunctionCrashed(f"The function's process ended: {fault.error_message}.", fault=fault))


def as_response(value: Any) -> Response:
    """A handler's value as a response: one that already is keeps its keys, anything else becomes the body."""
    if not (isinstance(value, dict) and "statusCode" in value):
        return {"statusCode": 200, "body": _body(value)}
    status = value["statusCode"]
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:  # noqa: PLR2004 -- HTTP's range
        raise ValueError("statusCode must be a whole number from 100 to 599")
    return {**value, "body": _body(value.get("body", ""))}


def _body(value: Any) -> str:
    return value if isinstance(value, str) else strict_json.dumps(value)


def _duration(frame: Mapping[str, Any]) -> float | None:
    started, ended = frame.get("started_ms"), frame.get("ended_ms")
    if not isinstance(started, int | float) or not isinstance(ended, int | float):
        return None
    try:
        duration = float(ended - started)
    except OverflowError:  # JSON's whole numbers have no end
        return None
    return max(0.0, duration) if math.isfinite(duration) else None


def _error(frame: Mapping[str, Any]) -> WorkerFrontError:
    fault = _fault(frame)
    match frame.get("kind"):
        case "exit" if frame.get("oom") is True:
            return FunctionOutOfMemory(fault=fault)
        case "exit":
            return FunctionCrashed(f"The function's process ended: {fault.error_message}.", fault=fault)
        case "result" if fault.error_type == "ResultTooLarge":
            return ResultTooLarge(fault=fault)
        case "result":
            return ResultInvalid(f"The handler's result is not JSON: {fault.error_message}", fault=fault)
        case "init":
            return FunctionRaised(f"The handler could not be loaded: {fault.error_message}", fault=fault)
        case _:
            return FunctionRaised(f"The handler raised {fault.error_type}: {fault.error_message}", fault=fault)


def _fault(frame: Mapping[str, Any]) -> FunctionFault:
    trace = frame.get("stackTrace")
    lines = tuple(map(_clean, trace[:KEPT_LINES])) if isinstance(trace, list) else ()
    return FunctionFault(_clean(frame.get("errorType", "Error")), _clean(frame.get("errorMessage", "")), lines)


def _clean(text: object) -> str:
    """Text that every database and every client can hold."""
    return str(text)[:KEPT_TEXT].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _exit_words(code: int) -> str:
    is_signal = SIGNALLED < code <= SIGNALLED + LAST_SIGNAL
    return f"signal {code - SIGNALLED}" if is_signal else f"exit status {code}"
