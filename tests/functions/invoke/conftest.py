"""Calls for the tests of places."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from functions.invoke.call import Answer, Call
from functions.invoke.invoker import invoke
from functions.upkeep import reaper
from tests.functions.build.packages import package
from tests.functions.conftest import join_background_work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from functions.build.platform import Platform


@pytest.fixture
def call(platform: Platform, source_folder: Path) -> Iterator[Callable[[], Answer]]:
    """Calls of one function, whose image is built; what follows each is done when it returns."""
    package(source_folder, "Hello")

    def call() -> Answer:
        answer = invoke(Call("Hello", None, "call-1", time.monotonic()), platform)
        join_background_work()
        return answer

    assert call().execution.start_type == "built"
    yield call
    reaper.clear_out(platform)
