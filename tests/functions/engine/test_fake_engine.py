"""The fake has the interface of the real engine, so that a test with it cannot ask for what there is not."""

from __future__ import annotations

import inspect

from functions.engine.docker import Engine
from tests.functions.fake_engine import FakeEngine


def interface(kind: type) -> dict[str, list[tuple[str, str]]]:
    """Public methods with the names and kinds of their parameters."""
    methods = inspect.getmembers(kind, inspect.isfunction)
    return {
        name: [(parameter.name, str(parameter.kind)) for parameter in inspect.signature(method).parameters.values()]
        for name, method in methods
        if not name.startswith("_")
    }


def test_the_fake_engine_has_the_interface_of_the_real_one() -> None:
    assert interface(FakeEngine) == interface(Engine)
    assert len(interface(Engine)) > 5
