"""A URLconf whose views raise, beside the worker's own: what becomes of each error on its way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from rest_framework import exceptions
from rest_framework.views import APIView

from functions import errors
from workerfront import urls

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

FAULT = errors.FunctionFault("ValueError", "no", ("line 1",))


def tree(kind: type[errors.WorkerFrontError] = errors.WorkerFrontError) -> list[type[errors.WorkerFrontError]]:
    """Every class of functions.errors."""
    below = [found for child in kind.__subclasses__() for found in tree(child)]
    return [kind, *(found for found in below if found.__module__ == errors.__name__)]


OURS = {kind.__name__: kind for kind in tree()}
FOREIGN: dict[str, Exception] = {
    "Http404": Http404("/secret"),
    "PermissionDenied": PermissionDenied("/secret"),
    "RequestDataTooBig": RequestDataTooBig("/secret"),
    "SuspiciousOperation": SuspiciousOperation("/secret"),
    "OperationalError": OperationalError("/secret"),
    "IntegrityError": IntegrityError("/secret"),
    "ParseError": exceptions.ParseError("/secret"),
    "UnsupportedMediaType": exceptions.UnsupportedMediaType("/secret"),
    "ZeroDivisionError": ZeroDivisionError("/secret"),
}


class Raise(APIView):
    def get(self, request: Request, name: str) -> Response:
        if name in FOREIGN:
            raise FOREIGN[name]
        raise OURS[name]("said so", fault=FAULT if OURS[name].function_error else None)


def plain(_request: HttpRequest, name: str) -> HttpResponse:
    raise FOREIGN[name]


def number(_request: HttpRequest) -> Any:
    return HttpResponse("not reached")


urlpatterns = [
    path("raise/<str:name>", Raise.as_view()),
    path("plain/<str:name>", plain),
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
