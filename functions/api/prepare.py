"""`/prepare`: builds every function that the source storage lists, and answers when all are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from functions.api import parameters, schema
from functions.api.view import NodeView
from functions.build import preparing
from functions.build.platform import platform

if TYPE_CHECKING:
    from rest_framework.request import Request

    from functions.build.preparing import Prepared


class Prepare(NodeView):
    """Builds every function that the source storage lists (lists.txt, else all that it has), and waits for it."""

    parser_classes = [parameters.ParametersParser]

    @extend_schema(operation_id="prepare", responses=schema.PREPARE)
    def get(self, request: Request) -> Response:
        return self._prepare(request)

    @extend_schema(operation_id="prepare_by_post", request=None, responses=schema.PREPARE)
    def post(self, request: Request) -> Response:
        return self._prepare(request)

    def _prepare(self, request: Request) -> Response:
        parameters.given(request, known=())
        prepared = preparing.prepare(platform())
        done = sum(1 for one in prepared if one.ready)
        message = f"{done} of {len(prepared)} functions prepared"
        return Response({"Message": message, "Functions": {one.name: _report(one) for one in prepared}})


def _report(prepared: Prepared) -> dict[str, Any]:
    if prepared.ready:
        return {"Prepared": True, "ImageBuilt": prepared.ready.built, "Version": prepared.ready.image.version}
    error = prepared.error
    return {"Prepared": False, "Code": error.code, "Message": error.message} if error else {"Prepared": False}
