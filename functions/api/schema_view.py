"""The OpenAPI description as JSON."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from drf_spectacular.views import SpectacularJSONAPIView

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_one_at_a_time = threading.Lock()


class Schema(SpectacularJSONAPIView):
    """One request at a time: drf-spectacular loads its extensions at the first one, without a lock of its own."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with _one_at_a_time:
            return super().dispatch(request, *args, **kwargs)
