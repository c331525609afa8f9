"""Typed readers of environment variables. A wrong value, or an unknown WF_ name, stops the start and names itself."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
N = TypeVar("N", int, float)

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
SMALLEST = 16 << 20  # bytes: less memory starts no container
LARGEST = 1 << 50  # bytes: far more than a machine has, and far from the end of 64 bits
_INTEGER = re.compile(r"-?[0-9]{1,19}")  # plain digits: no +1, 1_000 or digits of another script
_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,19})?")
_SIZE = re.compile(r"([0-9]{1,19})([kmg]?)")


class Environment:
    """Reads variables and remembers which names were asked for, so that `refuse_unknown` can find typing errors."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.known: set[str] = set()

    def text(self, name: str, default: str) -> str:
        """The value, or the default when the variable is missing or empty."""
        self.known.add(name)
        return self._values.get(name) or default

    def words(self, name: str, default: list[str]) -> list[str]:
        """A list, separated by commas."""
        return [word.strip() for word in self.text(name, "").split(",") if word.strip()] or default

    def boolean(self, name: str, default: bool) -> bool:
        """true, false, 1 or 0, whatever the case."""
        return self._parsed(name, default, lambda text: _BOOLEANS[text.lower()], "true, false, 1 or 0")

    def integer(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """A whole number in these bounds."""
        wanted = f"a whole number >= {minimum} and <= {maximum}"
        return self._parsed(name, default, lambda text: _between(int(_of(_INTEGER, text)), minimum, maximum), wanted)

    def number(self, name: str, default: float, *, minimum: float, maximum: float) -> float:
        """A decimal number in these bounds."""
        wanted = f"a number >= {minimum} and <= {maximum}"
        return self._parsed(name, default, lambda text: _between(float(_of(_NUMBER, text)), minimum, maximum), wanted)

    def matching(self, name: str, default: str, pattern: re.Pattern[str], wanted: str) -> str:
        """A text of this form. A default that the machine gives must have it as well."""
        text = self.text(name, default)
        if not pattern.fullmatch(text):
            raise ImproperlyConfigured(f"{name} must be {wanted}, not {text!r}")
        return text

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        """One of these words."""
        return self._parsed(name, default, lambda text: among[among.index(text)], f"one of {', '.join(among)}")

    def size(self, name: str, default: str, *, maximum: int = LARGEST) -> int:
        """Bytes, at least 16 MiB: a whole number with an optional k, m or g (powers of 1024)."""
        wanted = f"a size of at least 16m, such as 256m or 1g, and at most {maximum} bytes"
        return self._parsed(name, _bytes(default), lambda text: _between(_bytes(text), SMALLEST, maximum), wanted)

    def path(self, name: str, default: Path | None) -> Path | None:
        """An absolute path; a relative value counts from the working directory."""
        return self._parsed(name, default, lambda text: Path(text).expanduser().absolute(), "a path")

    def file(self, name: str, default: Path | None) -> Path | None:
        """The path of a file that exists."""
        path = self.path(name, default)
        if path is not None and not path.is_file():
            raise ImproperlyConfigured(f"{name} must name a file; there is none at {str(path)!r}")
        return path

    def refuse_unknown(self, prefix: str) -> None:
        """Raises ImproperlyConfigured for variables that begin with `prefix` and were never asked for."""
        for name in sorted(self._values):
            if name.startswith(prefix) and name not in self.known:
                near = difflib.get_close_matches(name, self.known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ImproperlyConfigured(f"unknown environment variable {name}{hint}")

    def _parsed(self, name: str, default: T, parse: Callable[[str], T], wanted: str) -> T:
        text = self.text(name, "")
        if not text:
            return default
        try:
            return parse(text.strip())
        except (ValueError, KeyError) as error:
            raise ImproperlyConfigured(f"{name} must be {wanted}, not {text!r}") from error


def _of(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _between(value: N, minimum: N, maximum: N) -> N:
    if not minimum <= value <= maximum:
        raise ValueError(value)
    return value


def _bytes(text: str) -> int:
    match = _SIZE.fullmatch(text.lower())
    if not match:
        raise ValueError(text)
    return int(match[1]) * _UNITS[match[2]]
