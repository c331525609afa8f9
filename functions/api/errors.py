"""Errors as the contract shapes them: one JSON object with the original's keys and ours; never a page or a trace."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from functions import strict_json
from functions.errors import (
    BadRequest,
    DatabaseUnavailable,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    UnsupportedMedia,
    WorkerFrontError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

logger = logging.getLogger(__name__)

_TRANSLATED: dict[type[Exception], type[WorkerFrontError]] = {
    Http404: NotFound,
    UnreadablePostError: BadRequest,
    PermissionDenied: Forbidden,
    RequestDataTooBig: PayloadTooLarge,
    SuspiciousOperation: BadRequest,
    DatabaseError: DatabaseUnavailable,
    exceptions.MethodNotAllowed: MethodNotAllowed,
    exceptions.UnsupportedMediaType: UnsupportedMedia,
    exceptions.ParseError: BadRequest,
}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook: any exception of a view as an answer."""
    known = error if isinstance(error, WorkerFrontError) else _translate(error)
    response = Response(body(known, context["request"].call_id), status=status_of(known), headers=headers(known))
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


def _translate(error: Exception) -> WorkerFrontError:
    for kind, translated in _TRANSLATED.items():
        if isinstance(error, kind):
            return translated()
    logger.error("a request failed inside the worker", exc_info=error)
    return WorkerFrontError()


def body(error: WorkerFrontError, call_id: str) -> dict[str, Any]:
    """The contract's error object."""
    known = {
        "Error": True,
        "Message": error.message,
        "Code": error.code,
        "CallId": call_id,
        "Retryable": error.retryable,
    }
    return {**known, "FunctionError": error.fault.as_json()} if error.fault else known


def headers(error: WorkerFrontError) -> dict[str, str]:
    """Who is at fault, and when to come back."""
    found = {}
    if error.function_error:
        found["X-Function-Error"] = error.function_error
    else:
        found["X-Worker-Front-Error"] = error.component
    if error.retry_after_s is not None:
        found["Retry-After"] = str(error.retry_after_s)
    return found


def status_of(error: WorkerFrontError) -> int:
    """The HTTP status; 500 for everything when the operator's clients know no other."""
    return HTTPStatus.INTERNAL_SERVER_ERROR if settings.WF_LEGACY_STATUS else error.status


def _plain(request: HttpRequest, error: WorkerFrontError) -> HttpResponse:
    call_id: str = getattr(request, "call_id", "")
    content = strict_json.dumps(body(error, call_id)).encode()
    return HttpResponse(content, content_type="application/json", status=status_of(error), headers=headers(error))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, BadRequest())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, NotFound())


def internal(request: HttpRequest) -> HttpResponse:
    return _plain(request, WorkerFrontError())
