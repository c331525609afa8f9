"""The Python agent's mode `process`: where the ready processes come from, and what happens when they end too early."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import ECHO, WITH_THREAD, alive, becomes_true, children, start


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path / "function")


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def test_a_handler_that_starts_threads_is_loaded_for_each_call(function, tmp):
    source = WITH_THREAD + "print('loading')\n" + "def lambda_handler(event, context): return threading.active_count()"
    with start(function, source, tmp=tmp) as agent:
        first = agent.call()
        assert (first.value, first.stdout) == (2, "loading\n")
        assert "has started threads" in first.stderr
        with ThreadPoolExecutor(4) as callers:
            for answer in callers.map(agent.call, range(8)):
                assert (answer.value, answer.stdout, answer.stderr) == (2, "loading\n", "")


def test_a_killed_zygote_is_replaced(function):
    with start(function, "print('loading')\n" + ECHO) as agent:
        assert agent.call(1).value == 1
        (zygote,) = children(agent.process.pid)
        os.kill(zygote, signal.SIGKILL)
        assert becomes_true(lambda: not alive(zygote))
        with ThreadPoolExecutor(4) as callers:
            assert [answer.value for answer in callers.map(agent.call, range(20))] == list(range(20))
