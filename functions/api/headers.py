"""A request's headers by their names, without the copy of them all that `request.headers` makes for each request."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.http.request import HttpHeaders

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


def header(request: HttpRequest | Request, name: str, default: str = "") -> str:
    """The header's value, or `default` when the request has none of this name."""
    value: str = request.META.get(_key(name), default)
    return value


@cache
def _key(name: str) -> str:
    return str(HttpHeaders.to_wsgi_name(name))
