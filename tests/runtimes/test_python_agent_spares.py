"""The Python agent's mode `process`: where the ready processes come from, and what happens when they end too early."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import ECHO, alive, becomes_true, change_agent, children, start


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path / "function")


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def test_a_killed_zygote_is_replaced(function):
    with start(function, "print('loading')\n" + ECHO) as agent:
        assert agent.call(1).value == 1
        (zygote,) = children(agent.process.pid)
        os.kill(zygote, signal.SIGKILL)
        assert becomes_true(lambda: not alive(zygote))
        with ThreadPoolExecutor(4) as callers:
            assert [answer.value for answer in callers.map(agent.call, range(20))] == list(range(20))


FORBIDDING = """
import os
from wf_agent import process
start = process.start
def start_if_allowed(*args):
    if os.path.exists({forbidden!r}):
        open({tried!r}, "w").close()
        raise BlockingIOError("no process to be had")
    return start(*args)
process.start = start_if_allowed
"""


def test_a_killed_zygote_is_replaced_when_there_can_be_a_process_again(function, tmp):
    forbidden, tried = tmp / "forbidden", tmp / "tried"
    change_agent(function, FORBIDDING.format(forbidden=str(forbidden), tried=str(tried)))
    with start(function, ECHO) as agent:
        assert agent.call(1).value == 1
        (zygote,) = children(agent.process.pid)
        assert becomes_true(lambda: len(children(zygote)) == 8)
        forbidden.touch()
        os.kill(zygote, signal.SIGKILL)
        assert becomes_true(tried.exists)
        assert agent.call(2).value == 2
        forbidden.unlink()
        assert [agent.call(number).value for number in range(20)] == list(range(20))


def test_a_process_that_ends_between_ready_and_the_call_is_replaced(function):
    with start(function, ECHO, concurrency=2) as agent:
        first, second = agent.ready()[0], agent.ready()[0]
        (zygote,) = children(agent.process.pid)
        ended = children(zygote)
        for pid in ended:
            os.kill(pid, signal.SIGKILL)
        assert becomes_true(lambda: not any(map(alive, ended)))
        second.close()
        first.send(call_frame(1))
        assert first.answer().value == 1
        assert agent.call(2).value == 2
