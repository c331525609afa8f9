"""Every request gets a call id and the time of its arrival; every answer carries the id."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING

from functions.api.headers import header

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

CALL_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")


class CallMiddleware:
    """Sets `request.call_id` and `request.arrived` (`time.monotonic()` seconds), and the header X-Call-Id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.arrived = time.monotonic()  # type: ignore[attr-defined]
        request.call_id = _call_id(request)  # type: ignore[attr-defined]
        response = self._get_response(request)
        response["X-Call-Id"] = request.call_id  # type: ignore[attr-defined]
        return response


def _call_id(request: HttpRequest) -> str:
    for name in ("X-Call-Id", "X-Request-Id"):
        given = header(request, name)
        if CALL_ID.fullmatch(given):
            return given
    return uuid.uuid4().hex
