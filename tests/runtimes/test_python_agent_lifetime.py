"""The Python agent's mode `process`: when it stops listening, and when it ends."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import ECHO, WITH_THREAD, begin, drain, shorten_grace, start


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def function(request: pytest.FixtureRequest, tmp_path: Path) -> PythonFunction:
    return PythonFunction(request.param, tmp_path / "function")


def test_it_ends_when_it_has_had_no_call_for_its_lifetime(function):
    source = "import time\ndef lambda_handler(event, context): time.sleep(event)"
    with start(function, source, lifetime=0.5) as agent:
        assert agent.call(1).frame["type"] == "result"
        ended = time.monotonic()
        agent.ready()[0].close()
        assert agent.wait() == 0
        assert 0.4 < time.monotonic() - ended < 1.5


def test_its_lifetime_can_be_changed_and_0_drains(function):
    source = "import time\ndef lambda_handler(event, context):\n    time.sleep(event)\n    return event"
    with start(function, source, lifetime=600) as agent:
        running = begin(agent, 0.5)
        asking = agent.connect()
        asking.send({"type": "lifetime", "lifetime_s": 0})
        frames = [asking.receive(), asking.receive()]
        assert frames[-1] is None
        asking.close()
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            agent._connected_socket()
        assert running.answer().value == 0.5
        running.close()
        assert agent.wait() == 0
    with start(function, source, lifetime=600) as agent:
        connection, _ = agent.ready()
        connection.send({"type": "call", "id": "1", "lifetime_s": 0.1, "event": 0, "context": call_frame()["context"]})
        assert connection.answer().value == 0
        connection.close()
        assert agent.wait() == 0


def test_callers_wait_for_an_import_that_takes_longer_than_the_lifetime(function):
    shorten_grace(function, 0.2)
    with start(function, "import time\ntime.sleep(1)\n" + ECHO, lifetime=0.1) as agent:
        with ThreadPoolExecutor(2) as callers:
            assert [answer.value for answer in callers.map(agent.call, range(2))] == [0, 1]
        assert agent.wait() == 0


def test_who_had_to_wait_has_the_whole_grace_to_call(function):
    shorten_grace(function, 1)
    with start(function, "import time\ntime.sleep(1.5)\n" + ECHO, lifetime=0.1) as agent:
        connection, _ = agent.ready()
        time.sleep(0.7)  # what the worker does before it calls
        connection.send(call_frame("late"))
        assert connection.answer().value == "late"
        silent, _ = agent.ready()
        assert silent.receive() is None
        assert agent.wait() == 0


def test_who_waits_when_it_is_drained_is_served_however_long_loading_takes(function, tmp_path):
    first = tmp_path / "first"
    first.touch()
    slow = f"import os\nif os.path.exists({str(first)!r}): os.unlink({str(first)!r})\nelse: time.sleep(1)\n"
    shorten_grace(function, 0.2)
    with start(function, WITH_THREAD + slow + ECHO) as agent:
        assert agent.call(1).value == 1
        waiting = agent.connect()
        drain(agent)
        assert waiting.receive()["type"] == "ready"
        waiting.send(call_frame(2))
        assert waiting.answer().value == 2
        waiting.close()
        assert agent.wait() == 0
