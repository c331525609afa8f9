"""The registry of runtimes: loads every entry point of the group `workerfront.runtimes`.

A plugin that does not load never hides the others: `problems()` names it with its distribution, and asking for one
of its names says so. A name that two entry points claim is served by neither.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from runtimes.base import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

GROUP = "workerfront.runtimes"


class UnknownRuntimeError(LookupError):
    """No runtime of this name can be used; the message lists those that can."""


@dataclass(frozen=True)
class Registry:
    """Runtimes by every name they answer to, and what went wrong with the rest (by entry-point name)."""

    by_name: Mapping[str, Runtime]
    problems: Mapping[str, str]


def _origin(point: EntryPoint) -> str:
    distribution = point.dist.name if point.dist else "an unknown distribution"
    return f"runtime plugin {point.name!r} of {distribution} ({point.value})"


def _load(point: EntryPoint) -> Runtime:
    loaded = point.load()
    runtime = loaded(point.name) if callable(loaded) else loaded
    if not isinstance(runtime, Runtime):
        raise TypeError(f"gives a {type(runtime).__name__}, not a Runtime")
    return runtime


def collect(points: Iterable[EntryPoint]) -> Registry:
    """The registry that these entry points make. Pure but for the imports that loading them means."""
    claims: dict[str, list[tuple[EntryPoint, Runtime]]] = {}
    problems: dict[str, str] = {}
    for point in points:
        try:
            runtime = _load(point)
        except Exception as error:  # noqa: BLE001 -- a plugin may raise anything; the others must still work
            problems[point.name] = f"{_origin(point)} does not load: {type(error).__name__}: {error}"
            continue
        for name in dict.fromkeys((runtime.name, *runtime.aliases)):
            claims.setdefault(name, []).append((point, runtime))
    for name, claimants in claims.items():
        if len(claimants) > 1:
            problems[name] = f"{name!r} is claimed twice: " + " and ".join(_origin(point) for point, _ in claimants)
    return Registry({name: found[0][1] for name, found in claims.items() if len(found) == 1}, problems)


_lock = threading.Lock()
_current: list[Registry] = []


def _registry() -> Registry:
    with _lock:
        if not _current:
            _current.append(collect(entry_points(group=GROUP)))
        return _current[-1]


def get(name: str) -> Runtime:
    """The runtime of this name or alias. Raises UnknownRuntimeError, which lists the known ones."""
    registry = _registry()
    if name in registry.by_name:
        return registry.by_name[name]
    if name in registry.problems:
        raise UnknownRuntimeError(registry.problems[name])
    raise UnknownRuntimeError(f"unknown runtime {name!r}; known: {', '.join(sorted(registry.by_name))}")


def names() -> list[str]:
    """Every runtime's own name, sorted; aliases left out."""
    return sorted({runtime.name for runtime in _registry().by_name.values()})


def problems() -> Mapping[str, str]:
    """What went wrong with plugins, by entry-point or claimed name; empty when all is well."""
    return _registry().problems


@contextmanager
def override(*runtimes: Runtime) -> Iterator[None]:
    """For the time of a `with` block, exactly these runtimes are registered."""
    by_name = {name: runtime for runtime in runtimes for name in (runtime.name, *runtime.aliases)}
    _registry()
    _current.append(Registry(by_name, {}))
    try:
        yield
    finally:
        _current.pop()
