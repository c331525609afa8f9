"""Strict JSON by the C code of the json package, without the package.

`import json` brings regular expressions and enum with it and costs as much as the rest of the agent together, on
every cold start. The two C functions below are what it calls in the end, with the same arguments.
"""

from _json import encode_basestring, make_encoder, make_scanner

WHITE_SPACE = " \t\r\n"
# Characters in which the first pairs of a frame must lie.
HEAD = 4096


def _refuse_type(value):
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def _refuse_constant(name: str):
    raise ValueError("%s is no JSON" % name)


class _Scan:
    """The options of json.JSONDecoder, as make_scanner reads them."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refuse_constant)


_scan = make_scanner(_Scan())


def encode(value) -> bytes:
    """UTF-8 JSON. NaN, infinity and cycles are a ValueError, as lone surrogates are; unknown types are a TypeError."""
    sort_keys = skipkeys = allow_nan = False
    seen = {}  # where the encoder notes what it is inside of: its guard against cycles
    encoder = make_encoder(seen, _refuse_type, encode_basestring, None, ":", ",", sort_keys, skipkeys, allow_nan)
    return "".join(encoder(value, 0)).encode("utf-8")


def decode(payload: bytes):
    """The value of one JSON text. Anything else is a ValueError."""
    text = payload.decode("utf-8").strip(WHITE_SPACE)
    try:
        value, end = _scan(text, 0)
    except StopIteration as stop:
        raise ValueError("no JSON value at character %s" % stop.value) from None
    if end != len(text):
        raise ValueError("more than one JSON value, the second at character %d" % end)
    return value


def decode_head(payload: bytes, names) -> dict:
    """The first pairs of an object as long as their keys are among `names`; what comes after them is not looked at."""
    text = payload[:HEAD].decode("utf-8", "replace")
    values = {}
    at = _after(text, 0, "{")
    try:
        while at:
            name, at = _scan(text, at)
            if name not in names:
                break
            values[name], at = _scan(text, _after(text, at, ":"))
            at = _after(text, at, ",")
    except (StopIteration, TypeError, ValueError):
        pass  # the end of the object, or of what is looked at
    return values


def _after(text: str, at: int, mark: str) -> int:
    """The place behind `mark` and the white space around it; 0 when the mark is not there."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at : at + 1] == mark else 0


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in WHITE_SPACE:
        at += 1
    return at
