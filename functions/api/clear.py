"""`/clear`: idle containers go now, busy ones after their call; images too when that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from functions.api import parameters, schema
from functions.api.serializers import ClearOptions
from functions.api.view import NodeView
from functions.build.platform import platform
from functions.upkeep import clearing, reaper

if TYPE_CHECKING:
    from rest_framework.request import Request

BODY = {"application/json": ClearOptions, parameters.FORM: ClearOptions}


class Clear(NodeView):
    """Removes idle containers, busy ones after their call; with reset_images images too. No call fails."""

    parser_classes = [parameters.ParametersParser]

    @extend_schema(operation_id="clear", parameters=[ClearOptions], responses=schema.CLEAR)
    def get(self, request: Request) -> Response:
        return self._clear(request)

    @extend_schema(operation_id="clear_by_post", parameters=[ClearOptions], request=BODY, responses=schema.CLEAR)
    def post(self, request: Request) -> Response:
        return self._clear(request)

    def _clear(self, request: Request) -> Response:
        given = parameters.given(request, ClearOptions().fields)
        options = parameters.validated(ClearOptions(data=given), given)
        cleared = clearing.clear(platform(), reset_images=options["reset_images"])
        if options["reset_images"]:
            reaper.ask()  # layers that no image stands on any more
        return Response(
            {
                "Message": "cleared",
                "Containers": cleared.containers,
                "Images": cleared.images,
                "ImagesInUse": cleared.images_in_use,
            }
        )
