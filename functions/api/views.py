"""`/execute`: read the request, ask the invoker, shape the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from functions.api import errors, schema
from functions.api.json import EventParser
from functions.api.view import NodeView
from functions.build.platform import platform
from functions.errors import InvalidName
from functions.invoke.call import Answer, Call
from functions.invoke.invoker import invoke
from functions.models.execution import StartType
from functions.models.names import checked

if TYPE_CHECKING:
    from rest_framework.request import Request

NAME = OpenApiParameter("name", str, required=True, description="The function's name.")


class Execute(NodeView):
    """Runs a function once and answers with its result and timings."""

    parser_classes = [EventParser]

    @extend_schema(operation_id="execute", parameters=[NAME], responses=schema.EXECUTE)
    def get(self, request: Request) -> Response:
        return self._execute(request, _query_event(request))

    @extend_schema(operation_id="execute_with_event", parameters=[NAME], request=schema.EVENT, responses=schema.EXECUTE)
    def post(self, request: Request) -> Response:
        return self._execute(request, {})

    def _execute(self, request: Request, without_body: dict[str, Any]) -> Response:
        name = _name(request)
        body: Any = request.data
        call = Call(name, body.get("event", without_body), request.call_id, request.arrived)  # type: ignore[attr-defined]
        return _response(invoke(call, platform()))


def _name(request: Request) -> str:
    given = request.query_params.getlist("name")
    if len(given) != 1:
        raise InvalidName("Give the function's name once, as in /execute?name=W1.")
    return checked(given[0])


def _query_event(request: Request) -> dict[str, Any]:
    """A GET call's other parameters; one that is given several times is a list."""
    given = {key: request.query_params.getlist(key) for key in request.query_params if key != "name"}
    return {key: values[0] if len(values) == 1 else values for key, values in given.items()}


def _response(answer: Answer) -> Response:
    error, row = answer.outcome.error, answer.execution
    if error:
        return Response(
            errors.body(error, row.call_id),
            status=errors.status_of(error),
            headers={**_headers(answer), **errors.headers(error)},
        )
    return Response(_success(answer), headers=_headers(answer))


def _success(answer: Answer) -> dict[str, Any]:
    return {
        "Result": answer.outcome.response,
        "ExecutionTime": round(answer.stages.total_ms()),
        "InternalExecutionTime": round(answer.outcome.function_ms or 0),
        "Meta": _meta(answer),
    }


def _meta(answer: Answer) -> dict[str, Any]:
    row = answer.execution
    return {
        "ImageBuilt": row.image_built,
        "UsingPooledContainer": row.start_type == StartType.PREWARMED,
        "UsingExistingRestContainer": row.start_type == StartType.WARM,
        "ContainerName": row.container_name,
        "ImageName": row.image_name,
        "ExecutionId": str(row.pk),
        "StartType": row.start_type,
        "Version": row.version,
    }


def _headers(answer: Answer) -> dict[str, str]:
    row, spent = answer.execution, answer.stages.spent_ms
    return {
        "X-Function-Name": row.function_name,
        "X-Function-Version": row.version,
        "X-Start-Type": str(row.start_type),  # a plain str: wsgiref takes no subclass
        "X-Duration-Seconds": f"{answer.stages.total_ms() / 1000:.6f}",
        "Server-Timing": ", ".join(
            f"{stage};dur={spent[stage]:.3f}" for stage in answer.stages.NAMES if stage in spent
        ),
    }
