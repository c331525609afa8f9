"""The Python agent's mode `process`: when it stops listening, and when it ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.runtimes.agent_process import call_frame
from tests.runtimes.python_function import PythonFunction, interpreters
from tests.runtimes.python_process_mode import begin, start


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
