"""Bodies in and out: any content type becomes an event, every answer is strict JSON."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from functions import strict_json
from functions.api.headers import header
from functions.errors import BadRequest, LengthRequired, PayloadTooLarge, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rest_framework.request import Request


CHUNK = 1 << 20
DISCARDED = 64 << 20  # bytes


class AlwaysJSON(BaseContentNegotiation):
    """Clients get JSON whatever they say they accept: old ones say nothing, or text/html."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class StrictJSONRenderer(BaseRenderer):
    """Compact UTF-8 JSON; NaN never leaves."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8 by its own rule

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return strict_json.dumps(data).encode()


class EventParser(BaseParser):
    """The body as an event: JSON is the event itself, anything else {"body", "isBase64Encoded"}."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return {"event": _event(whole_body(stream, parser_context), media_type or "")}


def whole_body(stream: IO[Any], parser_context: Mapping[str, Any] | None) -> bytes:
    """What a parser is given to read. Raises BadRequest when the sender broke off."""
    body: bytes = stream.read()
    if len(body) < _length((parser_context or {})["request"]):
        raise BadRequest("The body ended before its Content-Length.")
    return body


def refuse_unreadable(request: Request) -> None:
    """Raises LengthRequired, PayloadTooLarge or UnsupportedMedia; nothing of such a body is kept."""
    if "chunked" in header(request, "Transfer-Encoding").lower() and not header(request, "Content-Length"):
        raise LengthRequired
    length = _length(request)
    if length > settings.WF_BODY_LIMIT:
        _discard(request, length)
        raise PayloadTooLarge
    if header(request, "Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia


def _length(request: Request) -> int:
    return int(header(request, "Content-Length") or 0)


def _discard(request: Request, length: int) -> None:
    """Most clients read no answer before they have sent all: a body that is not absurdly large is read and dropped."""
    if length > DISCARDED:
        return
    with suppress(UnreadablePostError):
        while request._request.read(CHUNK):  # DRF's own way to the stream would parse it
            pass


def _event(body: bytes, content_type: str) -> Any:
    if is_json(content_type):
        return json_value(body, content_type)
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def is_json(content_type: str) -> bool:
    """Is a body of this type JSON?"""
    media_type = content_type.lower().partition(";")[0].strip()
    return media_type == "application/json" or media_type.endswith("+json")


def json_value(body: bytes, content_type: str) -> Any:
    """The value of a JSON body. Raises BadRequest, UnsupportedMedia."""
    charset = content_type.lower().partition(";")[2].partition("charset=")[2].strip(" \"'")
    if charset not in ("", "utf-8", "utf8"):
        raise UnsupportedMedia
    try:
        return strict_json.loads(body.decode())
    except ValueError as error:
        raise BadRequest(f"The body is not usable JSON: {error}.") from error
