"""JSON as it may enter and leave the worker: UTF-8, no NaN, no lone surrogates, at most so many levels."""

from __future__ import annotations

import json
from typing import Any, NoReturn

MAX_DEPTH = 64


def loads(text: str) -> Any:
    """The value. Raises ValueError, which says what is wrong."""
    if text.startswith("\ufeff"):
        raise ValueError("it begins with a BOM")
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from error
    checked(value)
    return value


def dumps(value: Any) -> str:
    """Compact text, non-ASCII left as it is. Raises ValueError for what is no JSON."""
    return _ENCODER.encode(value)


def checked(value: Any) -> str:
    """A parsed value's text. Raises ValueError when it is too deep or holds a lone surrogate."""
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
    text = dumps(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a string has half of a surrogate pair") from error
    return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


# The functions of the module `json` make one anew at each call that wants more than the defaults.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
