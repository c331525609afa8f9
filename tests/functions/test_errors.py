"""The tree of errors: stable codes, messages from docstrings, and the way back from a code."""

from __future__ import annotations

import pytest

from functions import errors
from functions.errors import BuildFailed, ClientError, FunctionFailed, FunctionRaised, NodeSaturated, WorkerFrontError


def tree(kind: type[WorkerFrontError] = WorkerFrontError) -> list[type[WorkerFrontError]]:
    """Every class of functions.errors."""
    below = [found for child in kind.__subclasses__() for found in tree(child)]
    return [kind, *(found for found in below if found.__module__ == errors.__name__)]


SHIPPED = {
    ("bad_request", 400),
    ("build_failed", 502),
    ("build_timeout", 504),
    ("conflict", 409),
    ("cross_site", 403),
    ("database_unavailable", 503),
    ("disk_full", 507),
    ("engine_unavailable", 503),
    ("forbidden", 403),
    ("function_crashed", 502),
    ("function_error", 502),
    ("function_not_found", 404),
    ("function_oom", 502),
    ("function_timeout", 504),
    ("internal", 500),
    ("invalid_name", 400),
    ("length_required", 411),
    ("method_not_allowed", 405),
    ("node_saturated", 503),
    ("not_found", 404),
    ("outcome_unknown", 500),
    ("payload_too_large", 413),
    ("result_invalid", 502),
    ("result_too_large", 502),
    ("runtime_unknown", 502),
    ("source_invalid", 502),
    ("start_timeout", 504),
    ("storage_unavailable", 503),
    ("unauthenticated", 401),
    ("unsupported_media", 415),
}


def test_codes_are_never_renamed_once_shipped() -> None:
    assert {(kind.code, kind.status) for kind in tree()} >= SHIPPED


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_a_docstring_is_the_message_when_none_is_given(kind: type[WorkerFrontError]) -> None:
    message = kind().message
    assert message == str(kind()) == " ".join((kind.__doc__ or "").split())
    assert message.endswith((".", "?"))
    assert "\n" not in message
    assert kind("other").message == "other"


@pytest.mark.parametrize("kind", tree(), ids=lambda kind: kind.__name__)
def test_a_component_is_one_of_six(kind: type[WorkerFrontError]) -> None:
    assert kind.component in {"platform", "client", "function", "engine", "storage", "database"}
    assert kind.function_error in {None, "Handled", "Unhandled", "Timeout", "OutOfMemory"}
    assert (kind.component == "client") is (400 <= kind.status < 500)


@pytest.mark.parametrize("code", sorted({kind.code for kind in tree()}))
def test_a_code_leads_back_to_the_class_that_introduced_it(code: str) -> None:
    kind = errors.by_code(code, BuildFailed)
    assert kind.code == code
    assert all(parent.code != code for parent in kind.__mro__[1:] if issubclass(parent, WorkerFrontError))


def test_the_introducing_class_of_a_shared_code() -> None:
    assert errors.by_code("bad_request", BuildFailed) is ClientError
    assert errors.by_code("function_error", BuildFailed) is FunctionFailed
    assert issubclass(FunctionRaised, FunctionFailed)
    assert errors.by_code("node_saturated", BuildFailed) in NodeSaturated.__mro__


@pytest.mark.parametrize("code", ["", "unknown", "Internal"])
def test_an_unknown_code_is_the_default(code: str) -> None:
    assert errors.by_code(code, BuildFailed) is BuildFailed
