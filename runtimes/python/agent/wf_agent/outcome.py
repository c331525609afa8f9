"""The frame that ends a call, made where the handler ran: its value, or what went wrong. Never raises."""

from time import perf_counter, time

from wf_agent.codec import encode
from wf_agent.frames import LIMIT
from wf_agent.paths import is_agents

MESSAGE_LIMIT = 65536
TRACE_LIMIT = 100
# Room in a frame for everything but the value.
ENVELOPE = 4096


class ResultTooLarge(Exception):
    """The value is JSON, but of more bytes than the worker takes."""


class Clock:
    """Started and ended in Unix milliseconds. The length comes from a clock that nobody can set back."""

    def __init__(self):
        self._mark = perf_counter()  # before: a pause between the two must not make the end too early
        self._started = time()

    def stop(self) -> dict:
        took = perf_counter() - self._mark
        return {"started_ms": round(self._started * 1000, 3), "ended_ms": round((self._started + took) * 1000, 3)}


def result_frame(value, times: dict, limit: int) -> bytes:
    """The result as a frame's payload, or the error that it cannot be one."""
    try:
        text = encode(value)
    except BaseException as error:
        return error_frame("result", error)
    if len(text) > min(limit, LIMIT - ENVELOPE):
        message = "the result has %d bytes as JSON; the limit is %d" % (len(text), limit)
        return error_frame("result", ResultTooLarge(message))
    head = encode({"type": "result", **times})
    return head[:-1] + b',"value":' + text + b"}"


def error_frame(kind: str, error: BaseException, **times: float) -> bytes:
    frame = {
        "type": "error",
        "kind": kind,
        "errorType": _clean(type(error).__name__),
        "errorMessage": _message(error),
        "stackTrace": _stack_trace(error),
        **times,
    }
    return encode(frame)


def _message(error: BaseException) -> str:
    try:
        return _clean(str(error)[:MESSAGE_LIMIT])
    except BaseException:  # user code: the exception's own __str__
        return "(the exception cannot be shown as text)"


def _stack_trace(error: BaseException) -> list:
    """One text for each of the user's frames, the innermost last; empty when user code has broken `traceback`."""
    try:
        from traceback import extract_tb, format_list

        entries = extract_tb(error.__traceback__, limit=-TRACE_LIMIT)
        lines = format_list([entry for entry in entries if not is_agents(entry.filename)])
        return [_clean(line.strip()[:MESSAGE_LIMIT]) for line in lines + _syntax_line(error)]
    except BaseException:
        return []


def _syntax_line(error: BaseException) -> list:
    """Where a syntax error is: no frame of its traceback says so."""
    if not isinstance(error, SyntaxError) or not error.filename:
        return []
    return ['File "%s", line %s\n    %s' % (error.filename, error.lineno, (error.text or "").strip())]


def _clean(text: str) -> str:
    """Lone surrogates as the text of their escapes: nothing else of a str is unfit for UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
