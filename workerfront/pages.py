"""Middleware of the admin's pages. A call of the node API has no session, no user and no cookie, and passes it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGES = "/admin/"


class _ForPages:
    """Comes before the middleware that it keeps from other requests."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        is_page = request.path_info.startswith(PAGES)
        return super().__call__(request) if is_page else self.get_response(request)  # type: ignore[misc]


class Sessions(_ForPages, SessionMiddleware):
    pass


class Csrf(_ForPages, CsrfViewMiddleware):
    """Its look at a view passes the views of the API, which are exempt."""


class Users(_ForPages, AuthenticationMiddleware):
    pass


class Messages(_ForPages, MessageMiddleware):
    pass


class Frames(_ForPages, XFrameOptionsMiddleware):
    pass
