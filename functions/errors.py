"""The one tree of errors: a stable code, an HTTP status, and whose fault it is.

A class's docstring is its message when the one who raises gives none. Codes are never renamed once shipped
(docs/errors.md lists them; a test compares). Standard library only: everything else imports this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FunctionFault:
    """What went wrong inside the user's function, in its own words."""

    error_type: str
    error_message: str
    stack_trace: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "errorType": self.error_type,
            "errorMessage": self.error_message,
            "stackTrace": list(self.stack_trace),
        }


class WorkerFrontError(Exception):
    """Something went wrong inside the worker. It is in the worker's log; please report it."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    component: ClassVar[str] = "platform"  # whose fault: platform, client, function, engine, storage or database
    retryable: ClassVar[bool] = False
    retry_after_s: ClassVar[int | None] = None
    function_error: ClassVar[str | None] = None  # X-Function-Error: Handled, Unhandled, Timeout or OutOfMemory

    def __init__(self, message: str | None = None, *, fault: FunctionFault | None = None) -> None:
        self.message = message or " ".join((self.__doc__ or "").split())
        self.fault = fault
        super().__init__(self.message)


class ClientError(WorkerFrontError):
    """The request cannot be served as it is."""

    code = "bad_request"
    status = 400
    component = "client"


class BadRequest(ClientError):
    """The request is malformed."""


class InvalidName(ClientError):
    """A function name is a letter followed by at most 63 letters, digits, '_' or '-'."""

    code = "invalid_name"


class InvalidOption(ClientError):
    """A parameter is unknown or has a value that it may not have. Nothing was changed."""

    code = "invalid_option"


class Unauthenticated(ClientError):
    """This worker answers only callers on its own machine."""

    code = "unauthenticated"
    status = 401


class Forbidden(ClientError):
    """This is not allowed."""

    code = "forbidden"
    status = 403


class CrossSite(ClientError):
    """A web page of another site may not call this worker."""

    code = "cross_site"
    status = 403


class NotFound(ClientError):
    """There is nothing at this address."""

    code = "not_found"
    status = 404


class FunctionNotFound(ClientError):
    """No function of this name is registered or lies in the source storage."""

    code = "function_not_found"
    status = 404


class MethodNotAllowed(ClientError):
    """This method is not served here."""

    code = "method_not_allowed"
    status = 405


class Conflict(ClientError):
    """The thing is in use or was changed at the same time. Try again."""

    code = "conflict"
    status = 409


class LengthRequired(ClientError):
    """A body needs a Content-Length; chunked bodies are not read."""

    code = "length_required"
    status = 411


class PayloadTooLarge(ClientError):
    """The body is larger than 6 MiB."""

    code = "payload_too_large"
    status = 413


class UnsupportedMedia(ClientError):
    """The body's encoding is not supported: send it uncompressed, JSON as UTF-8."""

    code = "unsupported_media"
    status = 415


class FunctionFailed(WorkerFrontError):
    """The function failed."""

    code = "function_error"
    status = 502
    component = "function"
    function_error = "Unhandled"


class FunctionRaised(FunctionFailed):
    """The handler raised an error."""

    function_error = "Handled"


class FunctionCrashed(FunctionFailed):
    """The function's process ended before it gave a result."""

    code = "function_crashed"


class FunctionOutOfMemory(FunctionFailed):
    """The function needed more memory than it may use. Raise 'memory' in config.json."""

    code = "function_oom"
    function_error = "OutOfMemory"


class FunctionTimeout(FunctionFailed):
    """The function ran longer than its timeout and was ended."""

    code = "function_timeout"
    status = 504
    function_error = "Timeout"


class ResultInvalid(FunctionFailed):
    """The handler's result is not a JSON value."""

    code = "result_invalid"


class ResultTooLarge(FunctionFailed):
    """The handler's result is larger than 6 MiB."""

    code = "result_too_large"


class SourceInvalid(WorkerFrontError):
    """The function's package cannot be used."""

    code = "source_invalid"
    status = 502
    component = "function"


class RuntimeUnknown(WorkerFrontError):
    """The function asks for a runtime that is not registered."""

    code = "runtime_unknown"
    status = 502
    component = "function"


class BuildFailed(WorkerFrontError):
    """The function's image could not be built."""

    code = "build_failed"
    status = 502
    component = "function"


class BuildTimeout(WorkerFrontError):
    """The function's image was not built within the build limit."""

    code = "build_timeout"
    status = 504
    retryable = True


class StartTimeout(WorkerFrontError):
    """The function's container was not ready within the boot limit. Its code may have begun to load."""

    code = "start_timeout"
    status = 504


class OutcomeUnknown(WorkerFrontError):
    """The worker lost sight of the call after it had started. It was not run again."""

    code = "outcome_unknown"


class Unavailable(WorkerFrontError):
    """The worker cannot serve this now. Try again later."""

    code = "node_saturated"
    status = 503
    retryable = True
    retry_after_s = 1


class NodeSaturated(Unavailable):
    """All of the worker's call slots were taken for as long as a call may wait."""


class FunctionBusy(Unavailable):
    """The function's container serves as many calls as it may; none of them ended in time. Come back a little later."""

    code = "function_busy"
    status = 429
    component = "client"


class Draining(Unavailable):
    """The worker is being stopped: it ends the calls that it has and takes no new ones."""

    code = "draining"


class EngineUnavailable(Unavailable):
    """The Docker engine does not answer. Is it running, and may this user reach its socket?"""

    code = "engine_unavailable"
    component = "engine"
    retry_after_s = 5


class StorageUnavailable(Unavailable):
    """The source storage does not answer."""

    code = "storage_unavailable"
    component = "storage"
    retry_after_s = 5


class DatabaseUnavailable(Unavailable):
    """The worker's database does not answer."""

    code = "database_unavailable"
    component = "database"
    retry_after_s = 5


class DiskFull(WorkerFrontError):
    """The disk of the worker or of its engine is full."""

    code = "disk_full"
    status = 507


def by_code(code: str, default: type[WorkerFrontError]) -> type[WorkerFrontError]:
    """The class that introduced this code, or the default when none did."""
    pending: list[type[WorkerFrontError]] = [WorkerFrontError]
    while pending:
        kind = pending.pop(0)
        if kind.code == code:
            return kind
        pending.extend(kind.__subclasses__())
    return default
