"""config.json: what a function asks for. Parsed strictly; every refusal is a SourceInvalid with a JSON pointer.

Which runtimes there are is not known here: `environment` is checked for its form, the registry knows the names.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from functions.errors import SourceInvalid
from functions.sources import variables
from functions.sources.limits import MANIFEST_LIMITS, MIB, ManifestLimits, readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.sources.archive import Package

FILE = "config.json"
FILE_LIMIT = 64 << 10  # bytes
MEMORY_MIN = 16 * MIB
HANDLER_LENGTH = 255  # characters, as the database has room for
_RUNTIME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HANDLER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*\.[A-Za-z_$][A-Za-z0-9_$]*")
_MEMORY = re.compile(r"([0-9]{1,12})([kmg])", re.IGNORECASE)
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SHOWN = 60  # characters of a value in a message

Isolation = Literal["container", "process", "shared"]
Network = Literal["egress", "none"]
Dependencies = Literal["auto", "none"]


@dataclass(frozen=True)
class Manifest:
    """What config.json says; None where it says nothing."""

    environment: str | None = None  # a runtime's name
    handler: str | None = None
    timeout: int | None = None  # seconds
    memory: int | None = None  # bytes
    env: dict[str, str] = field(default_factory=dict)
    isolation: Isolation | None = None
    network: Network | None = None
    dependencies: Dependencies = "auto"


def load(package: Package, limits: ManifestLimits = MANIFEST_LIMITS) -> Manifest:
    """The manifest of a package. Raises SourceInvalid."""
    data = package.content(FILE, FILE_LIMIT)
    if data is None:
        raise SourceInvalid(
            f"The package has no {FILE}. It belongs at the root of the zip, or in a top folder of the function's name."
        )
    return parse(data, limits)


def parse(data: bytes, limits: ManifestLimits = MANIFEST_LIMITS) -> Manifest:
    """The manifest in this file content. Raises SourceInvalid."""
    document = _document(data)
    for key in document:
        if key not in _READERS:
            _refuse(_pointer(key), f"unknown key{_nearest(key)}")
    return Manifest(**{key: _READERS[key](_pointer(key), value, limits) for key, value in document.items()})


class _Object(dict[str, Any]):
    """A JSON object that remembers a key which came twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _ in pairs)
        self.twice = next((key for key, count in counts.items() if count > 1), None)


def _document(data: bytes) -> _Object:
    if len(data) > FILE_LIMIT:
        _refuse("", f"is larger than {readable(FILE_LIMIT)}")
    try:
        document = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_Object, parse_constant=_no_number)
    except UnicodeDecodeError:
        _refuse("", "is not UTF-8")
    except RecursionError:
        _refuse("", "is nested too deeply")
    except ValueError as error:
        _refuse("", f"is not JSON: {error}")
    return _checked_object("", document)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _checked_object(pointer: str, value: Any) -> _Object:
    if not isinstance(value, _Object):
        _refuse(pointer, f"must be an object, not {_shown(value)}")
    if value.twice is not None:
        _refuse(pointer + _pointer(value.twice), "is there twice")
    return value


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _nearest(key: str) -> str:
    near = difflib.get_close_matches(key, _READERS, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(_READERS)}"


def _refuse(pointer: str, reason: str) -> NoReturn:
    where = ascii(pointer)[1:-1]  # a key may hold anything
    raise SourceInvalid(f"{FILE}{' ' if where else ''}{where[:_SHOWN]}: {reason}.")


def _text(pointer: str, value: Any, form: re.Pattern[str], wanted: str) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        _refuse(pointer, f"must be {wanted}, not {_shown(value)}")
    return value


def _environment(pointer: str, value: Any, _limits: ManifestLimits) -> str:
    return _text(pointer, value, _RUNTIME, 'the name of a runtime such as "python3.7"')


def _handler(pointer: str, value: Any, _limits: ManifestLimits) -> str:
    handler = _text(pointer, value, _HANDLER, 'a module and a function such as "main.lambda_handler"')
    if ".." in handler or len(handler) > HANDLER_LENGTH:
        _refuse(pointer, f"must be at most {HANDLER_LENGTH} characters without '..', not {_shown(value)}")
    return handler


def _timeout(pointer: str, value: Any, limits: ManifestLimits) -> int:
    if type(value) is not int or not 1 <= value <= limits.timeout_s:  # a JSON true is an int for isinstance
        _refuse(pointer, f"must be a whole number of seconds from 1 to {limits.timeout_s}, not {_shown(value)}")
    return value


def _memory(pointer: str, value: Any, limits: ManifestLimits) -> int:
    match = _MEMORY.fullmatch(value) if isinstance(value, str) else None
    size = int(match[1]) * _UNITS[match[2].lower()] if match else value
    if type(size) is not int:
        _refuse(pointer, f'must be a size such as "256m" or "1g", or a number of bytes, not {_shown(value)}')
    if size < MEMORY_MIN:
        _refuse(pointer, f"must be at least {readable(MEMORY_MIN)} (a number counts bytes), not {_shown(value)}")
    if limits.memory is not None and size > limits.memory:
        _refuse(pointer, f"must be at most {readable(limits.memory)} on this worker, not {_shown(value)}")
    return size


def _env(pointer: str, value: Any, _limits: ManifestLimits) -> dict[str, str]:
    given = _checked_object(pointer, value)
    for name, text in given.items():
        if reason := variables.objection(name, text):
            _refuse(pointer + _pointer(name), reason)
    if variables.is_too_large(given):
        _refuse(pointer, f"is larger than {readable(variables.LIMIT)} in total")
    return dict(given)


def _choice(*choices: str) -> Callable[[str, Any, ManifestLimits], str]:
    def read(pointer: str, value: Any, _limits: ManifestLimits) -> str:
        if not isinstance(value, str) or value not in choices:
            _refuse(pointer, f"must be one of {', '.join(choices)}, not {_shown(value)}")
        return value

    return read


_READERS: dict[str, Callable[[str, Any, ManifestLimits], Any]] = {
    "environment": _environment,
    "handler": _handler,
    "timeout": _timeout,
    "memory": _memory,
    "env": _env,
    "isolation": _choice("container", "process", "shared"),
    "network": _choice("egress", "none"),
    "dependencies": _choice("auto", "none"),
}
