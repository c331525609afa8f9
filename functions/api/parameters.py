"""Parameters of `/configure`, `/clear` and `/prepare`: in the query, a form or a JSON object; known, and given once."""

from __future__ import annotations

import io
import json
from difflib import get_close_matches
from typing import IO, TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.parsers import BaseParser, MultiPartParser

from functions.api.json import is_json, json_value, whole_body
from functions.errors import InvalidOption, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rest_framework.request import Request
    from rest_framework.serializers import Serializer

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
SHOWN = 60  # characters of a wrong value in a message


class ParametersParser(BaseParser):
    """The body as parameters, each with all the values that it was given."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> MultiValueDict[str, Any]:
        body, content_type = whole_body(stream, parser_context), media_type or ""
        if is_json(content_type):
            return _members(json_value(body, content_type), body)
        if content_type.lower().startswith(FORM):
            return QueryDict(body)
        if content_type.lower().startswith(MULTIPART):
            return _fields(body, content_type, parser_context)
        raise UnsupportedMedia("Parameters are in the query, in a form or in a JSON object.")


def _fields(body: bytes, content_type: str, parser_context: Mapping[str, Any] | None) -> MultiValueDict[str, Any]:
    form: Any = MultiPartParser().parse(io.BytesIO(body), content_type, parser_context)
    if form.files:
        raise UnsupportedMedia("A parameter is no file.")
    fields: MultiValueDict[str, Any] = form.data
    return fields


def _members(value: Any, body: bytes) -> MultiValueDict[str, Any]:
    """The members of a JSON object, those that are repeated too."""
    if not isinstance(value, dict):
        raise InvalidOption(f'Parameters are a JSON object like {{"name": value}}, not {shown(value)}.')
    found: MultiValueDict[str, Any] = MultiValueDict()
    for name, _value in json.loads(body, object_pairs_hook=list):
        found.appendlist(name, value[name])
    return found


def given(request: Request, known: Collection[str], ignored: Collection[str] = ()) -> dict[str, Any]:
    """The values by name. Raises InvalidOption for a name that is not known, or is given more than once."""
    query, body = request.query_params, _body(request)
    values = {name: query.getlist(name) + body.getlist(name) for name in (*query, *body) if name not in ignored}
    for name, several in values.items():
        if name not in known:
            raise InvalidOption(_unknown(name, known))
        if len(several) > 1:
            raise InvalidOption(f"{name} is given {len(several)} times, as {shown(several)}. Give it once.")
    return {name: several[0] for name, several in values.items()}


def _body(request: Request) -> MultiValueDict[str, Any]:
    data: Any = request.data  # the parser's word; a plain dict when there is no body
    return data if isinstance(data, MultiValueDict) else MultiValueDict()


def _unknown(name: str, known: Collection[str]) -> str:
    there_is_none = f"There is no parameter {shown(name)}."
    nearest = get_close_matches(name.lower()[:SHOWN], known, n=1, cutoff=0)
    return f"{there_is_none} Did you mean {nearest[0]!r}?" if nearest else there_is_none


def validated(serializer: Serializer[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the serializer makes of these values. Raises InvalidOption, which names each that is wrong."""
    if not serializer.is_valid():
        raise InvalidOption(" ".join(_objection(name, texts, values) for name, texts in serializer.errors.items()))
    options: dict[str, Any] = serializer.validated_data
    return options


def _objection(name: str, texts: list[str], values: Mapping[str, Any]) -> str:
    about = f"{name}={shown(values[name])}: " if name in values else ""
    return about + " ".join(texts)


def shown(value: Any) -> str:
    """A value for a message."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
