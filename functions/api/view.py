"""What the views of the node API have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.views import APIView

from functions.api.json import refuse_unreadable

if TYPE_CHECKING:
    from rest_framework.request import Request


class NodeView(APIView):
    """Whoever may not call is told so first, and a body that cannot be read is refused before anything happens."""

    http_method_names = ["get", "post"]  # a HEAD or OPTIONS request must not run or change anything

    def perform_authentication(self, request: Request) -> None:
        """There is nobody to find out: callers have no names."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_unreadable(request)
