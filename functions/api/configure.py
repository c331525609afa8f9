"""`/configure`: shows this node's configuration, and changes it as a whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from functions.api import parameters, schema
from functions.api.serializers import ConfigurationOptions
from functions.api.view import NodeView
from functions.errors import Conflict
from functions.models import Configuration
from functions.upkeep import reaper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

KNOWN = ConfigurationOptions.Meta.fields
IGNORED = ("lb",)  # for the load balancer, which passes its whole query on
TRIES = 100  # each of which failed because somebody else's change came through
QUERY: list[OpenApiParameter | type[ConfigurationOptions]] = [ConfigurationOptions]
BODY = {"application/json": ConfigurationOptions, parameters.FORM: ConfigurationOptions}


class Configure(NodeView):
    """Shows the configuration; with parameters, in the query or the body, changes it as a whole or not at all."""

    parser_classes = [parameters.ParametersParser]
    http_method_names = ["get", "post", "patch"]

    @extend_schema(operation_id="configuration", parameters=QUERY, responses=schema.CONFIGURE)
    def get(self, request: Request) -> Response:
        return self._configure(request)

    @extend_schema(operation_id="configure", parameters=QUERY, request=BODY, responses=schema.CONFIGURE)
    def post(self, request: Request) -> Response:
        return self._configure(request)

    @extend_schema(operation_id="change_configuration", parameters=QUERY, request=BODY, responses=schema.CONFIGURE)
    def patch(self, request: Request) -> Response:
        return self._configure(request)

    def _configure(self, request: Request) -> Response:
        changed, state = _change(parameters.given(request, KNOWN, IGNORED))
        if changed:
            reaper.ask()  # what is kept follows at once
        return Response({"Message": "configure changed" if changed else "nothing changed", "State": state})


def _change(given: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    """Did it change anything, and what holds then. Raises InvalidOption, Conflict."""
    for _ in range(TRIES):
        seen = Configuration.objects.of(settings.WF_NODE)
        before = {name: getattr(seen, name) for name in KNOWN}
        wanted = parameters.validated(ConfigurationOptions(seen, data=given, partial=True), given)
        differing = {name: value for name, value in wanted.items() if value != before[name]}
        if not differing or Configuration.objects.change(seen, **differing):
            return bool(differing), _state({**before, **differing})
    raise Conflict("The configuration is being changed by many at once. Nothing was changed.")


def _state(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.title().replace("_", ""): value for name, value in values.items()}
