"""JSON as it may enter and leave the worker: UTF-8, no NaN, no lone surrogates, at most so many levels."""

from __future__ import annotations

import json
from typing import Any, NoReturn

MAX_DEPTH = 64


def loads(text: bytes | str) -> Any:
    """The value. Raises ValueError, which says what is wrong."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from error
    check(value)
    return value


def dumps(value: Any) -> str:
    """Compact text, non-ASCII left as it is. Raises ValueError for what is no JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def check(value: Any) -> None:
    """Raises ValueError when a parsed value is too deep or holds a lone surrogate."""
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
    try:
        dumps(value).encode()
    except UnicodeEncodeError as error:
        raise ValueError("a string has half of a surrogate pair") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} is too large")
    return value
