"""Who may call: programs on this machine. A browser's page of another site may not."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rest_framework.permissions import BasePermission

from functions.api.headers import header
from functions.errors import CrossSite, Unauthenticated

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

OWN_SITE = ("", "none", "same-origin")


class OwnMachine(BasePermission):
    """Raises Unauthenticated for callers from elsewhere, CrossSite for requests that a foreign web page sent."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not _is_own_machine(request.META.get("REMOTE_ADDR", "")):
            raise Unauthenticated
        origin = header(request, "Origin")
        if header(request, "Sec-Fetch-Site") not in OWN_SITE or (origin and not _is_own(origin, request)):
            raise CrossSite
        return True


@lru_cache(maxsize=1024)
def _is_own_machine(peer: str) -> bool:
    """A peer without an address has come through a socket of this machine."""
    return not peer or ip_address(peer).is_loopback


def _is_own(origin: str, request: Request) -> bool:
    try:
        return urlsplit(origin).netloc == request.get_host()
    except ValueError:  # such as a broken IPv6 address
        return False
